// SPDX-License-Identifier: GPL-2.0-or-later
/* A file of a definition with anything in it: the first byte is its name's length, then both. */
#include "core/binding/definition.h"
#include "fuzz.h"
#include "out/binding/definition_json.h"
#include "out/binding/definition_text.h"

/* Not understood means nothing: half a definition would bind the wrong device. */
static void check(const struct cxv_definition *definition)
{
	const bool empty = !definition->vendor.known && !definition->device.known &&
			   !definition->serial.known && !definition->address.value &&
			   !definition->driver.value && !definition->automatic.known;

	fuzz_check(empty == (definition->masked || definition->problem.value));
	fuzz_check(!definition->masked || !definition->problem.value);
	if (empty)
		return;
	fuzz_check(definition->vendor.value <= UINT16_MAX &&
		   definition->device.value <= UINT16_MAX);
	fuzz_check(definition->serial.known || definition->address.value);
	fuzz_check(!definition->serial.known || (definition->serial.value &&
						 definition->serial.value != UINT64_MAX));
	/* It becomes a line of udev properties, and of a sysfs attribute. */
	for (const char *c = definition->driver.value; *c; c++)
		fuzz_check((*c >= '0' && *c <= '9') || (*c >= 'a' && *c <= 'z') ||
			   (*c >= 'A' && *c <= 'Z') || strchr("-_.:", *c));
}

/* What is written is read as what it was. */
static void check_format(const struct cxv_definition *definition)
{
	struct cxv_definition again = { 0 };
	char *text, *second;

	if (!definition->driver.value)
		return;
	text = cxv_definition_format(definition);
	fuzz_check(text && strlen(text) <= CXV_DEFINITION_SIZE_MAX);
	fuzz_check(!cxv_definition_parse(text, strlen(text), &again) && !again.problem.value);
	second = cxv_definition_format(&again);
	fuzz_check(second && !strcmp(text, second));
	cxv_definition_clear(&again);
	free(second);
	free(text);
}

static char *print(const struct cxv_definitions *definitions)
{
	struct cxv_document document = { 0 };
	size_t length;
	char *text = NULL;
	FILE *stream = open_memstream(&text, &length);

	fuzz_check(stream);
	cxv_document_init(&document);
	cxv_json_definitions(&document, definitions);
	fuzz_check(!cxv_document_print(&document, stream));
	cxv_document_clear(&document);
	fputc(FUZZ_SEPARATOR, stream);
	fuzz_check(!cxv_print_definitions(definitions, stream));
	fuzz_check(!fclose(stream));
	return text;
}

static char *parse(const uint8_t *data, size_t size, const char *name)
{
	struct cxv_definition definition = { .name.value = strdup(name) };
	struct cxv_definitions definitions = { &definition, 1 };
	char *text;

	fuzz_check(definition.name.value);
	if (asprintf(&definition.file.value, "/etc/cxlvfio.d/%s", name) < 0)
		abort();
	fuzz_check(!cxv_definition_parse((const char *)data, size, &definition));
	check(&definition);
	check_format(&definition);
	fuzz_check(!cxv_definitions_decide(&definitions, NULL, NULL, 0));
	text = print(&definitions);
	cxv_definition_clear(&definition);
	return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char name[256] = "";
	char *first = NULL;
	size_t length;

	if (!size || size - 1 < data[0])
		return 0;
	length = data[0];
	memcpy(name, data + 1, length);
	if (cxv_definition_is_name(name))
		fuzz_check(!strchr(name, '/') && name[0] != '.' &&
			   strlen(name) <= CXV_DEFINITION_NAME_MAX);
	data += 1 + length;
	size -= 1 + length;
	for (enum fuzz_copy kind = 0; kind < FUZZ_COPIES; kind++) {
		uint8_t *file = fuzz_copy(data, size, kind);

		fuzz_same(&first, parse(file, size, name));
		free(file);
	}
	fuzz_finish(first);
	return 0;
}
