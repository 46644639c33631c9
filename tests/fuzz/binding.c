// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What bind and unbind read from files: the first byte says which, the rest is the text. 0: a
 * record in /run/cxlvfio, 1: a note of modules, 2: the kernel log about a device, 3: about modules,
 * 4: the kernel log about a probe, 5: /proc/iomem, 6: a parameter of the module as it is printed,
 * 7: a note of parameters.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "core/binding/offer.h"
#include "core/discovery/iomem.h"
#include "fuzz.h"
#include "out/base/text.h"
#include "sys/base/kernel_log.h"
#include "sys/binding/bind_facts.h"
#include "sys/binding/record.h"

#define TARGET		"0000:0d:00.0"
#define WINDOW_FIRST	0x140000000
#define WINDOW_LAST	0x14fffffff

/* SIZE bytes of DATA in a string of its own; a NUL among them ends it. */
static char *text_of(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	fuzz_check(text);
	if (size)
		memcpy(text, data, size);
	text[size] = '\0';
	return text;
}

/* It becomes part of a path. */
static void check_name(const char *name)
{
	fuzz_check(strlen(name) < CXV_STEP_VALUE_SIZE && !strchr(name, '/'));
	fuzz_check(strcmp(name, ".") && strcmp(name, ".."));
}

static void parse_record(char *text, size_t size, enum fuzz_copy kind, FILE *stream)
{
	struct cxv_binding binding;
	char identity[64];
	int ret;

	(void)size;
	fuzz_dirty(&binding, sizeof(binding), kind);
	fuzz_dirty(identity, sizeof(identity), kind);
	ret = cxv_record_parse(text, identity, sizeof(identity), &binding);
	fuzz_check(!ret || ret == -EINVAL);
	if (ret)
		return;
	check_name(binding.driver);
	check_name(binding.driver_override);
	fuzz_check(memchr(identity, '\0', sizeof(identity)));
	fprintf(stream, "%s %s %s\n", identity, binding.driver, binding.driver_override);
}

static void parse_log(char *text, size_t size, const struct cxv_kernel_speaker *speaker,
		      FILE *stream)
{
	struct cxv_kernel_verdict verdict = { 0 };
	_cleanup_free_ char *before = text_of((uint8_t *)text, size);

	cxv_kernel_log_record(text, speaker, &verdict);
	fuzz_check(memchr(verdict.reason, '\0', sizeof(verdict.reason)));
	/* Only words that stand there, and no refusal unless a probe is asked about. */
	fuzz_check(strstr(before, verdict.reason));
	fuzz_check(!strchr(verdict.reason, '\n'));
	fuzz_check(speaker->driver || !verdict.refused);
	fprintf(stream, "%d %d %s\n", verdict.refused, verdict.error, verdict.reason);
}

static void parse_device_log(char *text, size_t size, enum fuzz_copy kind, FILE *stream)
{
	(void)kind;
	parse_log(text, size, &(struct cxv_kernel_speaker) { .target = TARGET }, stream);
}

static void parse_module_log(char *text, size_t size, enum fuzz_copy kind, FILE *stream)
{
	(void)kind;
	parse_log(text, size, &(struct cxv_kernel_speaker) { .modules = "vfio cxl_vfio_pci" },
		  stream);
}

static void parse_probe_log(char *text, size_t size, enum fuzz_copy kind, FILE *stream)
{
	(void)kind;
	parse_log(text, size, &(struct cxv_kernel_speaker) {
		.driver = "cxl-vfio-pci", .target = TARGET }, stream);
}

static void parse_iomem(char *text, size_t size, enum fuzz_copy kind, FILE *stream)
{
	_cleanup_(cxv_iomem_clear) struct cxv_iomem iomem;
	_cleanup_free_ struct cxv_window_user *users = NULL;
	size_t count = 0;

	(void)kind;
	fuzz_check(!cxv_iomem_parse(strndup(text, size), strnlen(text, size), &iomem));
	fuzz_check(!cxv_window_users_find(&iomem, WINDOW_FIRST, WINDOW_LAST, &users, &count));
	for (size_t i = 0; i < count; i++) {
		fuzz_check(users[i].first <= WINDOW_LAST && users[i].last >= WINDOW_FIRST);
		fuzz_check(memchr(users[i].name, '\0', sizeof(users[i].name)));
		fprintf(stream, "%#" PRIx64 " %#" PRIx64 " %s\n", users[i].first, users[i].last,
			users[i].name);
	}
}

static void print_parameter(char *text, size_t size, enum fuzz_copy kind, FILE *stream)
{
	_cleanup_free_ char *shown = cxv_text_printable(text), *json = cxv_text_valid_utf8(text);

	(void)size, (void)kind;
	fuzz_check(shown && json && strlen(shown) <= strlen(text));
	fuzz_check(cxv_text_is_utf8(shown) && cxv_text_is_utf8(json));
	for (const char *c = shown; *c; c++)
		fuzz_check((unsigned char)*c >= ' ' && *c != 0x7f);
	fprintf(stream, "%s\n", shown);
}

/* What it says goes to the kernel, and stands in it. */
static void parse_parameters(char *text, size_t size, enum fuzz_copy kind, FILE *stream)
{
	char shown[CXV_OFFER_TEXT_SIZE];
	struct cxv_offer offer, again;

	(void)size;
	fuzz_dirty(&offer, sizeof(offer), kind);
	if (cxv_offer_parse(text, &offer))
		return;
	fuzz_check(!cxv_offer_is_empty(&offer));
	for (enum cxv_offer_part part = 0; part < CXV_OFFER_PARTS; part++)
		fuzz_check(strstr(text, offer.words[part]));
	cxv_offer_format(&offer, shown);
	fuzz_check(!cxv_offer_parse(shown, &again) && !memcmp(&offer, &again, sizeof(offer)));
	fprintf(stream, "%s\n", shown);
}

static void (*const parsers[])(char *text, size_t size, enum fuzz_copy kind, FILE *stream) = {
	parse_record, parse_device_log, parse_module_log, parse_probe_log, parse_iomem,
	print_parameter, parse_parameters,
};

static char *parse(const uint8_t *data, size_t size, enum fuzz_copy kind)
{
	_cleanup_free_ char *text = text_of(data + 1, size - 1);
	char *printed = NULL;
	size_t length;
	FILE *stream = open_memstream(&printed, &length);

	fuzz_check(stream);
	parsers[data[0]](text, size - 1, kind, stream);
	fuzz_check(!fclose(stream));
	return printed;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *first = NULL;

	if (!size || data[0] >= ARRAY_SIZE(parsers))
		return 0;
	for (enum fuzz_copy kind = 0; kind < FUZZ_COPIES; kind++)
		fuzz_same(&first, parse(data, size, kind));
	free(first);
	return 0;
}
