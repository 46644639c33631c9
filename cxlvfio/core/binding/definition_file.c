// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The text of a definition: two sections, eight keys. A library that reads any INI file is too lax
 * for what root acts upon, and would be longer than this.
 */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "core/base/format.h"
#include "core/base/pci_address.h"
#include "core/binding/definition.h"
#include "core/binding/plan.h"
#include "cxl_vfio.h"

#define LINE_MAX_LENGTH		150
#define DRIVER_LENGTH_MAX	64
#define BLANKS			" \t"

struct parser {
	unsigned int line;
	const char *section;	/* "": none yet */
	struct cxv_definition *definition;
	unsigned int seen;	/* bits of keys[] */
	bool failed;
	bool out_of_memory;
};

int cxv_definition_set_problem(struct cxv_definition *definition, unsigned int line,
			       const char *format, ...)
{
	va_list arguments;
	char *text;

	va_start(arguments, format);
	text = cxv_vformat(format, arguments);
	va_end(arguments);
	if (!text)
		return -ENOMEM;
	free(definition->problem.value);
	definition->problem.value = text;
	definition->line = line ? cxv_known(line) : (struct cxv_number) { 0 };
	return 0;
}

/* The first problem is the one that is told. Returns false. */
#define FAIL(parser, ...)							\
	({									\
		if (!(parser)->failed &&					\
		    cxv_definition_set_problem((parser)->definition, (parser)->line,	\
					       __VA_ARGS__) < 0)		\
			(parser)->out_of_memory = true;				\
		(parser)->failed = true;					\
		false;								\
	})

/* "0x1e98", with no more than DIGITS digits: not what strtoull(3) takes. */
static bool parse_hex(const char *text, size_t digits, struct cxv_number *number)
{
	size_t length;

	if (strncasecmp(text, "0x", 2))
		return false;
	text += 2;
	length = strspn(text, "0123456789abcdefABCDEF");
	if (!length || length > digits || text[length])
		return false;
	*number = cxv_known(strtoull(text, NULL, 16));
	return true;
}

static bool set_id(struct parser *parser, const char *value, struct cxv_number *number)
{
	return parse_hex(value, 4, number) ||
	       FAIL(parser, "'%s' is not an id of up to 4 digits, as 0x1e98 is", value);
}

static bool set_vendor(struct parser *parser, const char *value)
{
	return set_id(parser, value, &parser->definition->vendor);
}

static bool set_device(struct parser *parser, const char *value)
{
	return set_id(parser, value, &parser->definition->device);
}

static bool set_serial(struct parser *parser, const char *value)
{
	uint64_t serial;

	if (!cxv_serial_parse(value, &serial))
		return FAIL(parser, "'%s' is not a serial number of 64 bits: 0x1000, or as lspci "
			    "prints it: 00-00-00-00-00-00-10-00, or decimal: 4096", value);
	if (!serial || serial == UINT64_MAX)
		return FAIL(parser, "'%s' is what devices without a serial number have", value);
	parser->definition->serial = cxv_known(serial);
	return true;
}

static bool set_text(struct parser *parser, struct cxv_text *text, const char *value)
{
	parser->out_of_memory = cxv_text_set(text, value) < 0;
	return !parser->out_of_memory;
}

static bool set_address(struct parser *parser, const char *value)
{
	char address[CXV_PCI_ADDRESS_MAX];

	if (!cxv_pci_take_address(value, address))
		return FAIL(parser, "'%s' is not a PCI address, as 0000:0d:00.0 is", value);
	return set_text(parser, &parser->definition->address, address);
}

static bool is_word(const char *text, size_t length_max)
{
	size_t length = 0;

	for (; text[length]; length++)
		if (!isascii((unsigned char)text[length]) ||
		    (!isalnum((unsigned char)text[length]) && !strchr("_-.:", text[length])))
			return false;
	return length && length <= length_max && *text != '.' && *text != '-';
}

static char fold(char c)
{
	return c == '_' ? '-' : tolower((unsigned char)c);
}

static bool is_folded(const char *name, const char *driver)
{
	while (*name && fold(*name) == fold(*driver)) {
		name++;
		driver++;
	}
	return !*name && !*driver;
}

/* NAME becomes DRIVER by at most SLIPS of a character: missing, too many, another, two swapped. */
static bool is_near(const char *name, const char *driver, unsigned int slips)
{
	while (*name && fold(*name) == *driver) {
		name++;
		driver++;
	}
	if (!*name && !*driver)
		return true;
	if (!slips--)
		return false;
	return (*name && is_near(name + 1, driver, slips)) ||
	       (*driver && is_near(name, driver + 1, slips)) ||
	       (*name && *driver && is_near(name + 1, driver + 1, slips)) ||
	       (name[0] && name[1] && driver[0] && fold(name[0]) == driver[1] &&
		fold(name[1]) == driver[0] && is_near(name + 2, driver + 2, slips));
}

/* What NAME should be: capitals, underscores for dashes, or a slip. NULL: it may be a driver's. */
static const char *find_meant(const char *name)
{
	/* As sysfs has them: many have their module's underscores. */
	static const char *const drivers[] = {
		CXL_VFIO_DRIVER_NAME, "vfio-pci", "pci-stub", "uio_pci_generic", "mlx5_vfio_pci",
		"hisi_acc_vfio_pci", "pds_vfio_pci", "nvgrace_gpu_vfio_pci", "virtio_vfio_pci",
		"qat_vfio_pci", "xe_vfio_pci",
	};
	/*
	 * Slips are looked for in the first ones only: names such as xe_vfio_pci are a few
	 * characters away from those of other drivers.
	 */
	static const size_t distinct = 3;

	for (size_t i = 0; i < ARRAY_SIZE(drivers); i++)
		if (!strcmp(name, drivers[i]))
			return NULL;
	for (size_t i = 0; i < ARRAY_SIZE(drivers); i++)
		if (is_folded(name, drivers[i]) || (i < distinct && is_near(name, drivers[i], 2)))
			return drivers[i];
	return NULL;
}

static bool is_module_file(const char *name)
{
	const char *suffix = strstr(name, ".ko");

	return suffix && (!suffix[3] || suffix[3] == '.');
}

/*
 * At boot driver_override gets the name: with one that no driver has the device stays without any.
 * Those that are written here are known; others may be of drivers that are not loaded yet.
 */
static bool set_driver(struct parser *parser, const char *value)
{
	const char *meant = find_meant(value);

	if (!is_word(value, DRIVER_LENGTH_MAX))
		return FAIL(parser, "'%s' cannot be the name of a driver", value);
	if (!strcmp(value, CXV_HELD_OVERRIDE))
		return FAIL(parser, "'%s' is cxlvfio's own mark, no driver: did you mean "
			    CXL_VFIO_DRIVER_NAME "?", value);
	if (is_module_file(value))
		return FAIL(parser, "'%s' is the file of a module, no driver: see "
			    "/sys/bus/pci/drivers for the name that it has there", value);
	if (meant)
		return FAIL(parser, "there is no driver '%s': did you mean %s?", value, meant);
	return set_text(parser, &parser->definition->driver, value);
}

static bool set_auto(struct parser *parser, const char *value)
{
	if (strcmp(value, "yes") && strcmp(value, "no"))
		return FAIL(parser, "auto is yes or no, not '%s'", value);
	parser->definition->automatic = cxv_known(!strcmp(value, "yes"));
	return true;
}

/* PART of what it is to offer. */
static bool set_offer(struct parser *parser, enum cxv_offer_part part, struct cxv_text *text,
		     const char *value)
{
	struct cxv_offer offer = { 0 };

	if (cxv_offer_set(&offer, part, value) < 0)
		return FAIL(parser, "%s is one of: %s; not '%s'", cxv_offer_name(part),
			    cxv_offer_words(part), value);
	return set_text(parser, text, value);
}

static bool set_view(struct parser *parser, const char *value)
{
	return set_offer(parser, CXV_OFFER_VIEW, &parser->definition->view, value);
}

static bool set_interface(struct parser *parser, const char *value)
{
	return set_offer(parser, CXV_OFFER_INTERFACE, &parser->definition->interface, value);
}

static const struct key {
	const char *section, *name;
	bool (*set)(struct parser *parser, const char *value);
} keys[] = {
	{ "match", "vendor", set_vendor },
	{ "match", "device", set_device },
	{ "match", "serial", set_serial },
	{ "match", "address", set_address },
	{ "bind", "driver", set_driver },
	{ "bind", "view", set_view },
	{ "bind", "interface", set_interface },
	{ "bind", "auto", set_auto },
};

static bool take_pair(struct parser *parser, const char *name, const char *value)
{
	const char *section = parser->section;

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		if (strcmp(section, keys[i].section) || strcmp(name, keys[i].name))
			continue;
		if (parser->seen & 1u << i)
			return FAIL(parser, "%s was given before", name);
		parser->seen |= 1u << i;
		if (strstr(value, " #"))
			return FAIL(parser, "'%s': a comment needs a line of its own", value);
		return keys[i].set(parser, value);
	}
	if (!*section)
		return FAIL(parser, "'%s' stands before any section", name);
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		if (!strcasecmp(name, keys[i].name))
			return FAIL(parser, "there is no key '%s' in section [%s]: did you mean "
				    "%s, in [%s]?", name, section, keys[i].name, keys[i].section);
	return FAIL(parser, "there is no key '%s' in section [%s]", name, section);
}

static bool is_section(const char *line, size_t length)
{
	while (length && (line[length - 1] == ' ' || line[length - 1] == '\t'))
		length--;
	return (length == 7 && !memcmp(line, "[match]", 7)) ||
	       (length == 6 && !memcmp(line, "[bind]", 6));
}

/* What an editor of Windows writes at the start of a file. */
static const char byte_order_mark[] = "\xef\xbb\xbf";

static bool is_comment(const char *line, size_t length)
{
	return length && (*line == '#' || *line == ';');
}

/* Files of old Macs have nothing else at the ends of their lines. */
static bool fail_carriage_return(struct parser *parser)
{
	return FAIL(parser, "a carriage return (0x0d) within the line: each line must end with a "
		    "line feed, as dos2unix -c mac makes it");
}

/* In any language and of any length; but it is printed to terminals by those who look into it. */
static bool check_comment(struct parser *parser, const char *line, size_t length)
{
	if (memchr(line, '\r', length))
		return fail_carriage_return(parser);
	for (size_t i = 0; i < length; i++)
		if ((unsigned char)line[i] < ' ' ? line[i] != '\t' : line[i] == 0x7f)
			return FAIL(parser, "byte 0x%02x, which is not text",
				    (unsigned char)line[i]);
	return true;
}

static bool check_line(struct parser *parser, const char *line, size_t length)
{
	if (is_comment(line, length))
		return check_comment(parser, line, length);
	if (memchr(line, '\r', length))
		return fail_carriage_return(parser);
	if (length > LINE_MAX_LENGTH)
		return FAIL(parser, "the line is longer than %d bytes", LINE_MAX_LENGTH);
	for (size_t i = 0; i < length; i++)
		if ((line[i] < ' ' || line[i] > '~') && (!i || line[i] != '\t'))
			return FAIL(parser, "byte 0x%02x, which is not printable ASCII",
				    (unsigned char)line[i]);
	if (length && *line == ' ')
		return FAIL(parser, "the line begins with a blank");
	if (length && *line == '[' && !is_section(line, length))
		return FAIL(parser, "'%.*s' is not a section: there are [match] and [bind]",
			    (int)length,
			    line);
	return true;
}

static char *strip(char *text)
{
	size_t length;

	text += strspn(text, BLANKS);
	length = strlen(text);
	while (length && strchr(BLANKS, text[length - 1]))
		text[--length] = '\0';
	return text;
}

/* LINE is a good one. */
static bool take_line(struct parser *parser, char *line)
{
	char *comment = strpbrk(line, BLANKS), *separator;

	while (comment && comment[1] != ';')
		comment = strpbrk(comment + 1, BLANKS);
	if (!*line)
		return true;
	if (*line == '[') {
		parser->section = line[1] == 'm' ? "match" : "bind";
		return true;
	}
	if (comment)
		*comment = '\0';
	separator = strpbrk(line, "=:");
	if (!separator)
		return FAIL(parser, "the line is neither a section nor 'key = value'");
	*separator = '\0';
	return take_pair(parser, strip(line), strip(separator + 1));
}

static bool parse_lines(struct parser *parser, const char *text, const char *end)
{
	char line[LINE_MAX_LENGTH + 1];

	while (text < end) {
		const char *newline = memchr(text, '\n', end - text) ?: end;
		size_t length = newline - text;

		parser->line++;
		/* Windows ends lines with two characters. */
		length -= length && text[length - 1] == '\r';
		if (!check_line(parser, text, length))
			return false;
		if (is_comment(text, length))
			length = 0;
		memcpy(line, text, length);
		line[length] = '\0';
		if (!take_line(parser, line))
			return false;
		text = newline + 1;
	}
	return true;
}

static void check_whole(struct parser *parser)
{
	struct cxv_definition *definition = parser->definition;
	struct cxv_offer offer = cxv_definition_offer(definition);

	parser->line = 0;
	if (!definition->vendor.known || !definition->device.known)
		FAIL(parser, "section [match] needs vendor and device");
	else if (!definition->serial.known && !definition->address.value)
		FAIL(parser, "section [match] needs serial, or address for a device without one");
	else if (!definition->driver.value)
		FAIL(parser, "section [bind] needs driver");
	else if (!cxv_offer_is_empty(&offer) &&
		 !cxv_driver_is_ours(definition->driver.value))
		FAIL(parser, "view and interface are for driver " CXL_VFIO_DRIVER_NAME " alone");
	else if (cxv_offer_problem(&offer))
		FAIL(parser, "%s", cxv_offer_problem(&offer));
}

/* Half of what a file says is nothing. */
static void forget(struct cxv_definition *definition)
{
	free(definition->address.value);
	free(definition->driver.value);
	free(definition->view.value);
	free(definition->interface.value);
	definition->address = definition->driver = definition->view = definition->interface =
		(struct cxv_text) { 0 };
	definition->vendor = definition->device = definition->serial = definition->automatic =
		(struct cxv_number) { 0 };
}

int cxv_definition_parse(const char *text, size_t size, struct cxv_definition *definition)
{
	struct parser parser = { .section = "", .definition = definition };
	const char *begin = text;

	if (!size) {
		definition->masked = true;
		return 0;
	}
	definition->automatic = cxv_known(true);
	if (size >= 2 && (!memcmp(text, "\xff\xfe", 2) || !memcmp(text, "\xfe\xff", 2))) {
		parser.line = 1;
		FAIL(&parser, "it is UTF-16: save it as UTF-8");
	}
	if (size >= strlen(byte_order_mark) &&
	    !memcmp(text, byte_order_mark, strlen(byte_order_mark)))
		begin += strlen(byte_order_mark);
	if (!parser.failed && parse_lines(&parser, begin, text + size))
		check_whole(&parser);
	if (parser.failed || parser.out_of_memory)
		forget(definition);
	return parser.out_of_memory ? -ENOMEM : 0;
}

char *cxv_definition_format(const struct cxv_definition *definition)
{
	char *text = NULL;
	size_t size;
	FILE *stream = open_memstream(&text, &size);

	if (!stream)
		return NULL;
	fprintf(stream, "# Written by cxlvfio persist add: see cxlvfio-persist(1).\n"
		"[match]\nvendor = 0x%04" PRIx64 "\ndevice = 0x%04" PRIx64 "\n",
		definition->vendor.value, definition->device.value);
	if (definition->serial.known)
		fprintf(stream, "serial = 0x%" PRIx64 "\n", definition->serial.value);
	if (definition->address.value)
		fprintf(stream, "address = %s\n", definition->address.value);
	fprintf(stream, "\n[bind]\ndriver = %s\n", definition->driver.value);
	if (definition->view.value)
		fprintf(stream, "view = %s\n", definition->view.value);
	if (definition->interface.value)
		fprintf(stream, "interface = %s\n", definition->interface.value);
	fprintf(stream, "auto = %s\n", definition->automatic.value ? "yes" : "no");
	if (fclose(stream)) {
		free(text);
		return NULL;
	}
	return text;
}

bool cxv_definition_is_name(const char *name)
{
	const size_t suffix = strlen(CXV_DEFINITION_SUFFIX);
	size_t length = strlen(name);

	return length > suffix && !strcmp(name + length - suffix, CXV_DEFINITION_SUFFIX) &&
	       is_word(name, CXV_DEFINITION_NAME_MAX);
}
