// SPDX-License-Identifier: GPL-2.0-or-later
#include "fuzz.h"

#include <json-c/json.h>

#include "out/base/text.h"
#include "out/discovery/envelope.h"
#include "out/discovery/screen_text.h"
#include "out/discovery/show_text.h"

#define BEHIND		4096

void *fuzz_copy(const uint8_t *data, size_t size, enum fuzz_copy kind)
{
	/* malloc(0) may be NULL, which is not what a parser of nothing gets. */
	uint8_t *copy = malloc(kind == FUZZ_EXACT ? size ?: 1 : size + BEHIND);

	fuzz_check(copy);
	if (kind != FUZZ_EXACT)
		memset(copy + size, 0xff, BEHIND);
	if (size)
		memcpy(copy, data, size);
	return copy;
}

void fuzz_dirty(void *object, size_t size, enum fuzz_copy kind)
{
	memset(object, kind == FUZZ_EXACT ? 0x5a : 0xff, size);
}

static uint32_t dword_at(const uint8_t *data)
{
	return data[0] | data[1] << 8 | data[2] << 16 | (uint32_t)data[3] << 24;
}

bool fuzz_contains(const uint8_t *data, size_t size, uint32_t first, uint32_t first_mask,
		   uint32_t second, uint32_t second_mask)
{
	for (size_t i = 0; i + 8 <= size; i += 4)
		if ((dword_at(data + i) & first_mask) == first &&
		    (dword_at(data + i + 4) & second_mask) == second)
			return true;
	return false;
}

static void print_json(const struct cxv_endpoint *endpoint, FILE *stream)
{
	struct cxv_envelope_facts facts = { .version = "0" };
	struct cxv_envelope_stream envelope;
	struct cxv_errors errors = { 0 };

	cxv_envelope_stream_begin(&envelope, "list", &facts, stream);
	cxv_envelope_stream_endpoint(&envelope, endpoint);
	fuzz_check(cxv_envelope_stream_end(&envelope, &errors) == 0);
}

void fuzz_json(const char *text)
{
	struct json_tokener *tokener = json_tokener_new();
	char *ascii = strdup(text);
	struct json_object *document;

	fuzz_check(tokener && ascii);
	fuzz_check(cxv_text_is_utf8(text));
	/* json-c 0.18 takes no character beyond ASCII when it is to be strict. */
	for (char *c = ascii; *c; c++)
		*c = *c & 0x80 ? '?' : *c;
	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT);
	/* With its final 0: nothing may come behind the document. */
	document = json_tokener_parse_ex(tokener, ascii, strlen(ascii) + 1);
	fuzz_check(json_tokener_get_error(tokener) == json_tokener_success);
	json_object_put(document);
	json_tokener_free(tokener);
	free(ascii);
}

/* JSON may have a DEL in a string, unescaped: RFC 8259, section 7. */
void fuzz_text(const char *text, bool json)
{
	char *clean = cxv_text_valid_utf8(text);

	fuzz_check(clean && !strcmp(clean, text));
	free(clean);
	for (size_t i = 0; text[i]; i++)
		fuzz_check(text[i] == '\n' ||
			   ((unsigned char)text[i] >= ' ' && (json || text[i] != 0x7f)));
}

char *fuzz_print(const struct cxv_endpoint *endpoint)
{
	size_t length = 0;
	char *text = NULL;
	FILE *stream = open_memstream(&text, &length);

	fuzz_check(stream);
	print_json(endpoint, stream);
	fputc(FUZZ_SEPARATOR, stream);
	fuzz_check(cxv_screen_print(endpoint, &(struct cxv_screen_style) { 0 }, stream) == 0);
	fuzz_check(cxv_show_print(endpoint, CXV_SECTIONS_ALL, false, stream) == 0);
	fuzz_check(!fclose(stream));
	fuzz_check(strlen(text) == length);
	return text;
}

void fuzz_same(char **first, char *printed)
{
	if (!*first) {
		*first = printed;
		return;
	}
	if (strcmp(*first, printed))
		fprintf(stderr, "--- once:\n%s--- and now:\n%s", *first, printed);
	fuzz_check(!strcmp(*first, printed));
	free(printed);
}

void fuzz_finish(char *printed)
{
	char *separator;

	if (!printed)
		return;
	separator = strchr(printed, FUZZ_SEPARATOR);
	fuzz_check(separator);
	*separator = '\0';
	fuzz_json(printed);
	fuzz_text(printed, true);
	fuzz_text(separator + 1, false);
	free(printed);
}
