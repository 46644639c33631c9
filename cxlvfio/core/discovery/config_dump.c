// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/discovery/config_dump.h"

#include <ctype.h>
#include <errno.h>
#include <linux/pci_regs.h>
#include <stdio.h>
#include <string.h>

#include "core/base/pci_address.h"
#include "core/discovery/pci_config.h"

#define HEADER_TYPE_MASK	0x7f
#define LINE_BYTES		16

/* A text in the making: which bytes of the function that is being read are known. */
struct parser {
	struct cxv_config_dump *dump;
	bool known[CXV_CONFIG_SIZE];
	bool has_function;		/* an address, or bytes without one, came */
};

static int fail(struct cxv_config_dump *dump, const char *problem)
{
	dump->problem = problem;
	return -EINVAL;
}

static struct cxv_dump_function *current(const struct parser *parser)
{
	return &parser->dump->functions[parser->dump->count - 1];
}

static int add_function(struct cxv_config_dump *dump, const char *host, size_t length)
{
	struct cxv_dump_function *function;
	char address[CXV_PCI_ADDRESS_MAX];

	if (dump->count == CXV_DUMP_FUNCTIONS_MAX)
		return fail(dump, "there are too many functions in it");
	function = cxv_array_add(dump->functions, dump->count);
	if (!function)
		return -ENOMEM;
	/* lspci leaves out domain 0 when there is no other. */
	if (length == strlen("BB:DD.F"))
		strcpy(function->host, "0000:");
	strncat(function->host, host, length);
	/* Capitals and long domains, as other tools and people write them. */
	if (cxv_pci_take_address(function->host, address))
		snprintf(function->host, sizeof(function->host), "%s", address);
	return 0;
}

/* The bytes that are known from the start; a function without any is dropped. */
static void end_function(struct parser *parser)
{
	struct cxv_dump_function *function;

	if (!parser->has_function)
		return;
	function = current(parser);
	while (function->size < CXV_CONFIG_SIZE && parser->known[function->size])
		function->size++;
	for (size_t i = function->size; i < CXV_CONFIG_SIZE; i++)
		function->gap |= parser->known[i];
	if (!function->image)
		parser->dump->count--;
	memset(parser->known, 0, sizeof(parser->known));
	parser->has_function = false;
}

static int begin_function(struct parser *parser, const char *host, size_t length)
{
	int error;

	end_function(parser);
	error = add_function(parser->dump, host, length);
	parser->has_function = !error;
	return error;
}

static size_t hex_digits(const char *text, const char *end)
{
	size_t count = 0;

	while (text + count < end && isxdigit((unsigned char)text[count]))
		count++;
	return count;
}

/* Characters of the PCI address at TEXT, "6b:00.0" or "0000:6b:00.0"; 0: it is none. */
static size_t address_length(const char *text, const char *end)
{
	const char *start = text;
	size_t digits = hex_digits(text, end);

	if (digits >= 4 && digits <= 8 && text + digits < end && text[digits] == ':') {
		text += digits + 1;
		digits = hex_digits(text, end);
	}
	if (digits != 2 || end - text < (ptrdiff_t)strlen("BB:DD.F") || text[2] != ':' ||
	    hex_digits(text + 3, end) != 2 || text[5] != '.' || text[6] < '0' || text[6] > '7')
		return 0;
	text += strlen("BB:DD.F");
	return text == end || isspace((unsigned char)*text) ? text - start : 0;
}

static unsigned int hex_value(const char *text, size_t digits)
{
	unsigned int value = 0;

	for (; digits; digits--, text++)
		value = value << 4 | (isdigit((unsigned char)*text) ?
				      *text - '0' : tolower((unsigned char)*text) - 'a' + 10);
	return value;
}

static int put_byte(struct parser *parser, size_t offset, uint8_t value)
{
	uint8_t *image = current(parser)->image;

	if (offset >= CXV_CONFIG_SIZE)
		return fail(parser->dump, "configuration space has no such offset");
	if (parser->known[offset] && image[offset] != value)
		return fail(parser->dump, "an offset is given twice, with different bytes");
	parser->known[offset] = true;
	image[offset] = value;
	return 0;
}

/* "e00: 23 00 81 e3": TEXT is behind the colon. */
static int parse_bytes(struct parser *parser, size_t offset, const char *text, const char *end)
{
	struct cxv_dump_function *function;
	size_t count = 0;
	int error = parser->has_function ? 0 : begin_function(parser, "", 0);

	if (error)
		return error;
	function = current(parser);
	if (!function->image)
		function->image = calloc(1, CXV_CONFIG_SIZE);
	if (!function->image)
		return -ENOMEM;
	for (; text < end; text += 2) {
		if (*text != ' ')
			return fail(parser->dump, "a byte is two hexadecimal digits");
		while (text < end && *text == ' ')
			text++;
		if (text == end)
			break;
		if (hex_digits(text, end) != 2)
			return fail(parser->dump, "a byte is two hexadecimal digits");
		if (count == LINE_BYTES)
			return fail(parser->dump, "a line has 16 bytes at most");
		error = put_byte(parser, offset + count++, hex_value(text, 2));
		if (error)
			return error;
	}
	return count ? 0 : fail(parser->dump, "a line has no byte");
}

static int parse_line(struct parser *parser, const char *line, const char *end)
{
	size_t digits = hex_digits(line, end), length;

	while (end > line && isspace((unsigned char)end[-1]))
		end--;
	/* Two or three digits, a colon and a space: no address of a function looks like this. */
	if ((digits == 2 || digits == 3) && end - line > (ptrdiff_t)digits &&
	    line[digits] == ':' && (end - line == (ptrdiff_t)digits + 1 || line[digits + 1] == ' '))
		return parse_bytes(parser, hex_value(line, digits), line + digits + 1, end);
	length = address_length(line, end);
	/* Everything else is what lspci says in words. */
	return length ? begin_function(parser, line, length) : 0;
}

/* What stands before the text in a line, of a mail that quotes it or a report that indents it. */
static size_t margin_of(const char *line, const char *end)
{
	size_t margin = 0;

	while (line + margin < end && strchr(" \t>", line[margin]))
		margin++;
	return margin;
}

/* The margin of the first line of bytes: what lspci says in words is indented more than that. */
static size_t find_margin(const char *text, const char *end)
{
	static const char first[] = "00: ";

	while (text < end) {
		const char *line_end = memchr(text, '\n', end - text) ?: end;
		size_t margin = margin_of(text, line_end);

		if (line_end - text > (ptrdiff_t)(margin + strlen(first)) &&
		    !strncmp(text + margin, first, strlen(first)))
			return margin;
		text = line_end + 1;
	}
	return 0;
}

static int parse_text(const char *text, size_t size, struct cxv_config_dump *dump)
{
	struct parser parser = { .dump = dump };
	const char *end = text + size;
	size_t margin = find_margin(text, end);
	int error = 0;

	while (text < end && !error) {
		const char *newline = memchr(text, '\n', end - text);
		const char *line_end = newline ?: end;

		size_t blanks = margin_of(text, line_end);

		dump->line++;
		error = parse_line(&parser, text + (blanks < margin ? blanks : margin), line_end);
		text = line_end + 1;
	}
	if (error)
		return error;
	dump->line = 0;
	end_function(&parser);
	return dump->count ? 0 : fail(dump, "there is no hexadecimal line in it");
}

static int parse_raw(const uint8_t *data, size_t size, struct cxv_config_dump *dump)
{
	struct cxv_dump_function *function;
	int error;

	if (size > CXV_CONFIG_SIZE)
		return fail(dump, "it is neither text nor an image of at most 4096 bytes");
	error = add_function(dump, "", 0);
	if (error)
		return error;
	function = &dump->functions[0];
	function->image = calloc(1, CXV_CONFIG_SIZE);
	if (!function->image)
		return -ENOMEM;
	memcpy(function->image, data, size);
	function->size = size;
	return 0;
}

/* Text has no control characters but white space. An image without any has no newline either. */
static bool is_text(const uint8_t *data, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (iscntrl(data[i]) && !isspace(data[i]))
			return false;
	return memchr(data, '\n', size) || data[0] < 0x80;
}

/* What it is instead of a dump, by its first bytes; NULL: that is to be seen. */
static const char *find_other(const uint8_t *data, size_t size)
{
	static const struct {
		const char *magic;
		size_t length;
		const char *problem;
	} others[] = {
		{ "\x1f\x8b\x08", 3, "it is compressed (gzip): unpack it first" },
		{ "\x28\xb5\x2f\xfd", 4, "it is compressed (zstd): unpack it first" },
		{ "\xfd" "7zXZ", 5, "it is compressed (xz): unpack it first" },
		{ "BZh", 3, "it is compressed (bzip2): unpack it first" },
		{ "PK\x03\x04", 4, "it is compressed (zip): unpack it first" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		if (size >= others[i].length && !memcmp(data, others[i].magic, others[i].length))
			return others[i].problem;
	/* No vendor has the number feff, nor fffe. */
	if (size > 2 && (!memcmp(data, "\xff\xfe", 2) || !memcmp(data, "\xfe\xff", 2)))
		return "it is UTF-16: save it as UTF-8";
	return NULL;
}

int cxv_config_dump_parse(const uint8_t *data, size_t size, struct cxv_config_dump *dump)
{
	static const char byte_order_mark[] = "\xef\xbb\xbf";
	const char *other = find_other(data, size);
	int error;

	*dump = (struct cxv_config_dump) { 0 };
	if (!size)
		return fail(dump, "it is empty");
	if (other)
		return fail(dump, other);
	if (size > strlen(byte_order_mark) &&
	    !memcmp(data, byte_order_mark, strlen(byte_order_mark))) {
		data += strlen(byte_order_mark);
		size -= strlen(byte_order_mark);
	}
	error = is_text(data, size) ? parse_text((const char *)data, size, dump) :
				      parse_raw(data, size, dump);
	for (size_t i = 0; i < dump->count && !error; i++)
		if (dump->functions[i].size < PCI_STD_HEADER_SIZEOF)
			error = fail(dump, "a function's first 64 bytes are not complete");
	return error;
}

void cxv_config_dump_clear(struct cxv_config_dump *dump)
{
	for (size_t i = 0; i < dump->count; i++)
		free(dump->functions[i].image);
	free(dump->functions);
	*dump = (struct cxv_config_dump) { 0 };
}

/*
 * An image that ends where the kernel or a conventional function would end it tells nothing of what
 * is behind: that is not in the dump. One byte more, which nothing reads, says so to the decoders.
 */
static size_t size_to_decode(const struct cxv_dump_function *function)
{
	return function->size <= CXV_CONFIG_SIZE_PCI ? CXV_CONFIG_SIZE_PCI + 1 : function->size;
}

static uint32_t value_at(const struct cxv_dump_function *function, size_t offset, size_t width)
{
	uint32_t value = 0;

	for (size_t i = 0; i < width; i++)
		value |= (uint32_t)function->image[offset + i] << 8 * i;
	return value;
}

static unsigned int header_type(const struct cxv_dump_function *function)
{
	return value_at(function, PCI_HEADER_TYPE, 1) & HEADER_TYPE_MASK;
}

static void decode_identity(const struct cxv_dump_function *function, struct cxv_pci *pci)
{
	if (cxv_config_is_lost(function->image, function->size)) {
		pci->vendor = pci->device = pci->subsystem_vendor = pci->subsystem_device =
			pci->class = pci->revision = pci->memory_enabled = cxv_unknown(ENODEV);
		return;
	}
	cxv_pci_config_decode(function->image, function->size, pci);
	pci->memory_enabled =
		cxv_known(!!(value_at(function, PCI_COMMAND, 2) & PCI_COMMAND_MEMORY));
}

/* 0 or -ENOMEM. */
static int decode_function(const struct cxv_dump_function *function, struct cxv_endpoint *endpoint)
{
	decode_identity(function, &endpoint->pci);
	cxv_aer_registers_decode(function->image, size_to_decode(function), &endpoint->aer);
	if (cxv_config_is_lost(function->image, function->size)) {
		endpoint->bars.error = ENODEV;
		return 0;
	}
	return cxv_pci_power_decode(function->image, function->size,
				    &endpoint->pci.power_state) ?:
	       cxv_bars_decode(function->image, function->size, &endpoint->bars);
}

/* "DDDD:BB:" */
static size_t bus_length(const char *host)
{
	return strlen(host) - strlen("DD.F");
}

/* The bridge whose secondary bus INDEX is on. */
static const struct cxv_dump_function *find_bridge(const struct cxv_config_dump *dump, size_t index)
{
	const char *host = dump->functions[index].host;
	size_t length = *host ? bus_length(host) : 0;

	for (size_t i = 0; i < dump->count && length; i++) {
		const struct cxv_dump_function *bridge = &dump->functions[i];

		if (i != index && header_type(bridge) == PCI_HEADER_TYPE_BRIDGE &&
		    *bridge->host && bus_length(bridge->host) == length &&
		    !strncmp(bridge->host, host, length - strlen("BB:")) &&
		    value_at(bridge, PCI_SECONDARY_BUS, 1) ==
			    hex_value(host + length - strlen("BB:"), 2))
			return bridge;
	}
	return NULL;
}

static int decode_upstream_port(const struct cxv_config_dump *dump, size_t index,
				struct cxv_endpoint *endpoint)
{
	const struct cxv_dump_function *bridge = find_bridge(dump, index);

	endpoint->upstream_port_error = bridge ? 0 : ENODATA;
	if (!bridge)
		return 0;
	endpoint->upstream_port = cxv_upstream_port_new(bridge->host);
	if (!endpoint->upstream_port)
		return -ENOMEM;
	cxv_upstream_port_decode(endpoint->upstream_port, bridge->image, size_to_decode(bridge));
	endpoint->upstream_port->driver.error = ENODATA;
	return 0;
}

static void rest_is_unavailable(struct cxv_endpoint *endpoint)
{
	bool no_errors = !endpoint->aer.uncorrectable_status.known &&
			 !endpoint->aer.uncorrectable_status.error;
	bool no_type = endpoint->dvsec.device_error == ENOENT && !endpoint->cxl_type.known;

	cxv_fields_unavailable(endpoint, &cxv_endpoint_fields, ENODATA);
	if (no_type) {
		endpoint->cxl_type.error = 0;
		endpoint->cxl_type_source.error = 0;
	}
	cxv_fields_unavailable(&endpoint->pci, &cxv_pci_fields, ENODATA);
	cxv_fields_unavailable(&endpoint->aer, &cxv_aer_fields, ENODATA);
	if (no_errors)
		endpoint->aer.correctable_status.error =
			endpoint->aer.uncorrectable_status.error = 0;
	cxv_fields_unavailable(&endpoint->ras, &cxv_ras_fields, ENODATA);
	cxv_fields_unavailable(&endpoint->hdm, &cxv_hdm_fields, ENODATA);
	cxv_fields_unavailable(&endpoint->vfio, &cxv_vfio_fields, ENODATA);
	endpoint->iommu_group_members.error = ENODATA;
	endpoint->reset_methods.error = ENODATA;
	endpoint->owner_error = ENODATA;
	endpoint->vfio.opened_by_error = ENODATA;
	endpoint->vfio.flags_error = ENODATA;
	endpoint->vfio.regions_error = ENODATA;
	endpoint->component.error = ENODATA;
	endpoint->ras.error = ENODATA;
	endpoint->hdm.error = ENODATA;
	endpoint->hdm_source.error = ENODATA;
}

struct cxv_endpoint *cxv_config_dump_endpoint(const struct cxv_config_dump *dump, size_t index)
{
	const struct cxv_dump_function *function = &dump->functions[index];
	struct cxv_endpoint *endpoint = cxv_endpoint_new(*function->host ? function->host : NULL);
	uint64_t serial;
	int error;

	if (!endpoint)
		return NULL;
	cxv_dvsec_decode(function->image, size_to_decode(function), &endpoint->dvsec);
	error = cxv_config_serial(function->image, size_to_decode(function), &serial);
	endpoint->serial = error < 0 ? cxv_unknown(error) : cxv_known(serial);
	error = decode_function(function, endpoint);
	if (!error)
		error = decode_upstream_port(dump, index, endpoint);
	if (!error)
		error = cxv_endpoint_decide_dump(endpoint);
	if (error) {
		cxv_endpoint_free(endpoint);
		return NULL;
	}
	rest_is_unavailable(endpoint);
	return endpoint;
}
