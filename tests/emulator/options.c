// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>

#include "cxl_regs.h"
#include "options.h"
#include "util.h"

enum option_number {
	OPTION_SOCKET = 1, OPTION_CONTROL, OPTION_MEMORY, OPTION_MEMORY_OFFSET, OPTION_WATCH,
	OPTION_WINDOW_BASE, OPTION_WINDOW_SIZE, OPTION_DECODERS, OPTION_SERIAL, OPTION_VENDOR,
	OPTION_DEVICE, OPTION_COMPONENT, OPTION_FLR, OPTION_LOCKED, OPTION_CONTENT,
	OPTION_CONFIG_LOCKED,
	OPTION_READY_DELAY, OPTION_CXL_RESET_DELAY, OPTION_FIRMWARE_RECOMMITS, OPTION_FAULT,
	OPTION_ONCE, OPTION_AF, OPTION_MIRROR, OPTION_MSIX, OPTION_DAMAGE, OPTION_ACTIVE_TIMEOUT,
	OPTION_CXL_RESET, OPTION_EMPTY_DECODERS, OPTION_HELP,
};

static const struct option long_options[] = {
	{ "socket", required_argument, NULL, OPTION_SOCKET },
	{ "control", required_argument, NULL, OPTION_CONTROL },
	{ "memory", required_argument, NULL, OPTION_MEMORY },
	{ "memory-offset", required_argument, NULL, OPTION_MEMORY_OFFSET },
	{ "watch", required_argument, NULL, OPTION_WATCH },
	{ "window-base", required_argument, NULL, OPTION_WINDOW_BASE },
	{ "window-size", required_argument, NULL, OPTION_WINDOW_SIZE },
	{ "decoders", required_argument, NULL, OPTION_DECODERS },
	{ "serial", required_argument, NULL, OPTION_SERIAL },
	{ "vendor", required_argument, NULL, OPTION_VENDOR },
	{ "device", required_argument, NULL, OPTION_DEVICE },
	{ "component", required_argument, NULL, OPTION_COMPONENT },
	{ "flr", required_argument, NULL, OPTION_FLR },
	{ "locked", no_argument, NULL, OPTION_LOCKED },
	{ "config-locked", no_argument, NULL, OPTION_CONFIG_LOCKED },
	{ "content", required_argument, NULL, OPTION_CONTENT },
	{ "ready-delay", required_argument, NULL, OPTION_READY_DELAY },
	{ "cxl-reset-delay", required_argument, NULL, OPTION_CXL_RESET_DELAY },
	{ "firmware-recommits", required_argument, NULL, OPTION_FIRMWARE_RECOMMITS },
	{ "fault", required_argument, NULL, OPTION_FAULT },
	{ "once", no_argument, NULL, OPTION_ONCE },
	{ "af", no_argument, NULL, OPTION_AF },
	{ "mirror", no_argument, NULL, OPTION_MIRROR },
	{ "msix", required_argument, NULL, OPTION_MSIX },
	{ "damage", required_argument, NULL, OPTION_DAMAGE },
	{ "active-timeout", required_argument, NULL, OPTION_ACTIVE_TIMEOUT },
	{ "cxl-reset", required_argument, NULL, OPTION_CXL_RESET },
	{ "empty-decoders", no_argument, NULL, OPTION_EMPTY_DECODERS },
	{ "help", no_argument, NULL, OPTION_HELP },
	{ 0 },
};

static const char help_text[] =
"Usage: " PROGRAM_NAME " --socket PATH --control PATH --memory FILE [OPTION]...\n"
"Serves one CXL Type-2 endpoint over vfio-user.\n"
"\n"
"  --socket PATH            where QEMU's vfio-user-pci connects\n"
"  --control PATH           where line commands are taken and answered with JSON\n"
"  --memory FILE            the file behind the guest's RAM; it must exist\n"
"  --memory-offset BYTES    where in FILE the HDM window's content begins (0)\n"
"  --watch PATH             where QEMU's library listens that counts accesses to the window\n"
"                           while it is not decoded, or memory space is off\n"
"  --window-base ADDRESS    host physical address of the HDM window (0x140000000)\n"
"  --window-size SIZE       a multiple of 256M (256M)\n"
"  --decoders N             1, 2, 4, 6, 8 or 10 (1)\n"
"  --serial N               device serial number (1)\n"
"  --vendor ID              PCI vendor (0x1e98)\n"
"  --device ID              PCI device (0xe2e2)\n"
"  --component PLACE        component block in BAR 0: start, middle, end, or full, the\n"
"                           whole BAR (start)\n"
"  --af                     advanced features capability, with FLR\n"
"  --mirror                 the device registers in BAR 4 too: no pair of BARs is free\n"
"  --msix VECTORS           MSI-X capability, its table in BAR 0\n"
"  --flr preserve|clear     what an FLR does to unlocked decoders (preserve)\n"
"  --locked                 firmware locks decoder 0\n"
"  --config-locked          firmware locks the configuration in the device DVSEC\n"
"  --empty-decoders         firmware commits and locks the others with zero size\n"
"  --content WHAT           retained, cleared or corrupted once lost decoders are back\n"
"                           (retained)\n"
"  --ready-delay MS         the range is valid and active so long after a reset (0)\n"
"  --active-timeout SECONDS what the range says of how long that may take: 1, 4, 16, 64 or\n"
"                           256 (1)\n"
"  --cxl-reset on|off       the device can do a CXL reset (on)\n"
"  --cxl-reset-delay MS     a CXL reset completes after (20)\n"
"  --firmware-recommits on|off\n"
"                           decoder 0 is committed again after a bus reset (on)\n"
"  --fault NAME[=ARGUMENT][@FIRST[xTIMES]]\n"
"                           arms a fault; may be repeated\n"
"  --damage SEED            registers read wrong from the start\n"
"  --once                   exit when QEMU's connection ends\n"
"  --help                   this text\n"
"\n"
"SIZE, BYTES, ADDRESS: decimal or 0x, with an optional K, M or G.\n";

void options_print_help(void)
{
	fputs(help_text, stdout);
}

static int reject(int number, const char *value, const char *expected)
{
	log_event("--%s \"%s\": expected %s", long_options[number - 1].name, value, expected);
	return -EINVAL;
}

static int number_option(int number, const char *value, uint64_t maximum, uint64_t *result)
{
	char expected[64];

	if (!parse_number(value, result) && *result <= maximum)
		return 0;
	if (maximum == UINT64_MAX)
		return reject(number, value, "a number");
	snprintf(expected, sizeof(expected), "a number up to %#llx", (unsigned long long)maximum);
	return reject(number, value, expected);
}

static int small_option(int number, const char *value, uint16_t *result)
{
	uint64_t wide = 0;
	int rc = number_option(number, value, UINT16_MAX, &wide);

	*result = (uint16_t)wide;
	return rc;
}

static int choice_option(int number, const char *value, const char *const *choices, size_t count,
			 const char *expected, unsigned int *result)
{
	size_t i;

	for (i = 0; i < count; i++) {
		if (strcmp(choices[i], value))
			continue;
		*result = (unsigned int)i;
		return 0;
	}
	return reject(number, value, expected);
}

static int path_option(int number, const char *value, const char **path)
{
	if (!*value || strlen(value) >= sizeof(((struct sockaddr_un *)0)->sun_path))
		return reject(number, value, "a path of 1 to 107 bytes");
	*path = value;
	return 0;
}

static int decoders_option(int number, const char *value, uint32_t *decoders)
{
	uint64_t count = 0;

	if (parse_number(value, &count) || !count || count > CXL_HDM_MAX_DECODERS ||
	    (count > 1 && count % 2))
		return reject(number, value, "1, 2, 4, 6, 8 or 10");
	*decoders = (uint32_t)count;
	return 0;
}

static int msix_option(int number, const char *value, uint32_t *vectors)
{
	uint64_t count = 0;

	if (parse_number(value, &count) || !count || count > 256)
		return reject(number, value, "1 to 256 vectors, that fit a page");
	*vectors = (uint32_t)count;
	return 0;
}

/* The field holds a power of 4. */
static int active_timeout_option(int number, const char *value, uint32_t *power)
{
	static const char *const seconds[] = { "1", "4", "16", "64", "256" };

	return choice_option(number, value, seconds, ARRAY_SIZE(seconds), "1, 4, 16, 64 or 256",
			     power);
}

static int fault_option(struct options *options, const char *value)
{
	if (options->fault_count == MAX_START_FAULTS)
		return reject(OPTION_FAULT, value, "no more than 16 faults");
	options->faults[options->fault_count++] = value;
	return 0;
}

static int choose(struct endpoint_options *endpoint, int number, const char *value)
{
	static const char *const places[] = { "start", "middle", "end", "full" };
	static const char *const contents[] = { "retained", "cleared", "corrupted" };
	static const char *const effects[] = { "preserve", "clear" };
	static const char *const switches[] = { "off", "on" };
	unsigned int choice = 0;
	int rc;

	switch (number) {
	case OPTION_COMPONENT:
		rc = choice_option(number, value, places, 4, "start, middle, end or full",
				   &choice);
		endpoint->component = choice;
		return rc;
	case OPTION_CONTENT:
		rc = choice_option(number, value, contents, 3, "retained, cleared or corrupted",
				   &choice);
		endpoint->content = choice;
		return rc;
	case OPTION_FLR:
		rc = choice_option(number, value, effects, 2, "preserve or clear", &choice);
		endpoint->flr_clears = choice;
		return rc;
	case OPTION_CXL_RESET:
		rc = choice_option(number, value, switches, 2, "on or off", &choice);
		endpoint->no_cxl_reset = !choice;
		return rc;
	default:
		rc = choice_option(number, value, switches, 2, "on or off", &choice);
		endpoint->firmware_recommits = choice;
		return rc;
	}
}

static int apply(struct options *options, int number, const char *value)
{
	struct endpoint_options *endpoint = &options->endpoint;

	switch (number) {
	case OPTION_SOCKET:
		return path_option(number, value, &options->socket);
	case OPTION_CONTROL:
		return path_option(number, value, &options->control);
	case OPTION_MEMORY:
		options->memory = value;
		return 0;
	case OPTION_MEMORY_OFFSET:
		return number_option(number, value, INT64_MAX, &options->memory_offset);
	case OPTION_WATCH:
		return path_option(number, value, &options->watch);
	case OPTION_WINDOW_BASE:
		return number_option(number, value, UINT64_MAX, &endpoint->window_base);
	case OPTION_WINDOW_SIZE:
		return number_option(number, value, INT64_MAX, &endpoint->window_size);
	case OPTION_DECODERS:
		return decoders_option(number, value, &endpoint->decoders);
	case OPTION_SERIAL:
		return number_option(number, value, UINT64_MAX, &endpoint->serial);
	case OPTION_VENDOR:
		return small_option(number, value, &endpoint->vendor);
	case OPTION_DEVICE:
		return small_option(number, value, &endpoint->device);
	case OPTION_LOCKED:
		endpoint->locked = true;
		return 0;
	case OPTION_CONFIG_LOCKED:
		endpoint->config_locked = true;
		return 0;
	case OPTION_EMPTY_DECODERS:
		endpoint->empty_decoders = true;
		return 0;
	case OPTION_READY_DELAY:
		return number_option(number, value, UINT32_MAX, &endpoint->ready_delay_ms);
	case OPTION_ACTIVE_TIMEOUT:
		return active_timeout_option(number, value, &endpoint->active_timeout);
	case OPTION_CXL_RESET_DELAY:
		return number_option(number, value, UINT32_MAX, &endpoint->cxl_reset_delay_ms);
	case OPTION_FAULT:
		return fault_option(options, value);
	case OPTION_MIRROR:
		endpoint->mirror = true;
		return 0;
	case OPTION_AF:
		endpoint->advanced_features = true;
		return 0;
	case OPTION_MSIX:
		return msix_option(number, value, &endpoint->msix_vectors);
	case OPTION_DAMAGE:
		options->damaged = true;
		return number_option(number, value, UINT64_MAX, &options->damage);
	case OPTION_ONCE:
		options->once = true;
		return 0;
	case OPTION_HELP:
		options->help = true;
		return 0;
	default:
		return choose(endpoint, number, value);
	}
}

static int require(const char *value, int number)
{
	if (value)
		return 0;
	log_event("--%s is missing; --help lists the options", long_options[number - 1].name);
	return -EINVAL;
}

static int check_window(const struct options *options)
{
	const struct endpoint_options *endpoint = &options->endpoint;

	if (endpoint->window_base % CXL_HDM_WINDOW_ALIGNMENT) {
		log_event("--window-base %#llx: expected a multiple of 256M",
			  (unsigned long long)endpoint->window_base);
		return -EINVAL;
	}
	if (!endpoint->window_size || endpoint->window_size % CXL_HDM_WINDOW_ALIGNMENT ||
	    endpoint->window_base + endpoint->window_size < endpoint->window_base) {
		log_event("--window-size %#llx: expected a multiple of 256M that ends below 2^64",
			  (unsigned long long)endpoint->window_size);
		return -EINVAL;
	}
	if (options->memory_offset % (uint64_t)sysconf(_SC_PAGESIZE) ||
	    options->memory_offset > INT64_MAX - endpoint->window_size) {
		log_event("--memory-offset %#llx: expected a multiple of the page size",
			  (unsigned long long)options->memory_offset);
		return -EINVAL;
	}
	return 0;
}

static int check(const struct options *options)
{
	if (require(options->socket, OPTION_SOCKET) || require(options->control, OPTION_CONTROL) ||
	    require(options->memory, OPTION_MEMORY))
		return -EINVAL;
	if (!strcmp(options->socket, options->control)) {
		log_event("--control \"%s\": expected another path than --socket",
			  options->control);
		return -EINVAL;
	}
	if (options->endpoint.msix_vectors && options->endpoint.component == COMPONENT_FULL) {
		log_event("--msix: with --component full its table has no place");
		return -EINVAL;
	}
	return check_window(options);
}

int options_parse(struct options *options, int argc, char **argv)
{
	int number;

	memset(options, 0, sizeof(*options));
	endpoint_default_options(&options->endpoint);
	optind = 0;
	opterr = 0;
	while ((number = getopt_long(argc, argv, "+:", long_options, NULL)) != -1) {
		if (number == '?' || number == ':') {
			log_event("%s: %s; --help lists the options", argv[optind - 1],
				  number == ':' ? "value is missing" : "no such option");
			return -EINVAL;
		}
		if (apply(options, number, optarg))
			return -EINVAL;
		if (options->help)
			return 0;
	}
	if (optind < argc) {
		log_event("%s: unexpected argument; --help lists the options", argv[optind]);
		return -EINVAL;
	}
	return check(options);
}
