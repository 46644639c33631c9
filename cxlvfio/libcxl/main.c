// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cxlvfio-libcxl memdevs|all: what libcxl knows, for cxlvfio, which starts it. A program of its own
 * because the library may wait, write and crash: each of its walks writes /sys/bus/cxl/flush, and
 * then waits up to five seconds for udev, if it may. Here it may not, or it is not asked at all.
 *
 * On standard output are strings that end with a NUL, four of them a fact: the kind of an object,
 * its name, the key that cxl-list(1) has for it, and the value as JSON has it, without quotes. The
 * first names the library's file. The last is "end", an empty name, and what was asked for:
 * whatever ends otherwise is not complete. What libcxl does not know is left out: it has a number
 * for that.
 */
#include <dlfcn.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cxl/libcxl.h>

#include "libcxl_status.h"
#include "sealed.h"

#define FLUSH		"/sys/bus/cxl/flush"
#define NAME_SIZE	256
/* CXL 3.1 section 7.7: fabrics are not this deep. */
#define DEPTH_MAX	16

/* One that has no value, or none that stands on one line, says nothing. */
static void say(const char *kind, const char *name, const char *key, const char *value)
{
	if (!value || !*value)
		return;
	for (const char *c = value; *c; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			return;
	printf("%s%c%s%c%s%c%s%c", kind, 0, name, 0, key, 0, value, 0);
}

static void say_number(const char *kind, const char *name, const char *key,
		       unsigned long long value)
{
	char text[24];

	snprintf(text, sizeof(text), "%llu", value);
	say(kind, name, key, text);
}

/* For numbers that are all ones where libcxl could not read them. */
static void say_long(const char *kind, const char *name, const char *key, unsigned long long value)
{
	if (value != ULLONG_MAX)
		say_number(kind, name, key, value);
}

/* For those that are 0 then. */
static void say_positive(const char *kind, const char *name, const char *key,
			 unsigned long long value)
{
	if (value)
		say_long(kind, name, key, value);
}

/* For those that are negative then, or UINT_MAX. */
static void say_int(const char *kind, const char *name, const char *key, int value)
{
	if (value >= 0)
		say_number(kind, name, key, value);
}

static void say_flag(const char *kind, const char *name, const char *key, bool value)
{
	say(kind, name, key, value ? "true" : "false");
}

static void say_state(const char *kind, const char *name, int enabled)
{
	say(kind, name, "state", enabled ? "enabled" : "disabled");
}

static void tell_memdev(struct cxl_memdev *memdev)
{
	const char *name = cxl_memdev_get_devname(memdev);

	say("memdev", name, "memdev", name);
	say("memdev", name, "host", cxl_memdev_get_host(memdev));
	say_state("memdev", name, cxl_memdev_is_enabled(memdev));
	say_long("memdev", name, "serial", cxl_memdev_get_serial(memdev));
	say_positive("memdev", name, "ram_size", cxl_memdev_get_ram_size(memdev));
	say_int("memdev", name, "ram_qos_class", cxl_memdev_get_ram_qos_class(memdev));
	say_positive("memdev", name, "pmem_size", cxl_memdev_get_pmem_size(memdev));
	say_int("memdev", name, "pmem_qos_class", cxl_memdev_get_pmem_qos_class(memdev));
	say_int("memdev", name, "numa_node", cxl_memdev_get_numa_node(memdev));
	say("memdev", name, "firmware_version", cxl_memdev_get_firmware_version(memdev));
}

/* Of a device with two names, one of ACPI's, the other one. */
static const char *alias(const char *name, const char *firmware, const char *physical)
{
	const char *other = firmware ?: physical;

	return name && other && strcmp(name, other) ? other : NULL;
}

/* "decoder0.0/1", "port1/0000:0c:00.0": objects that have no name of their own. */
static void name_part(char part[static NAME_SIZE], const char *whole, const char *name)
{
	snprintf(part, NAME_SIZE, "%s/%s", whole, name ?: "");
}

static void name_number(char part[static NAME_SIZE], const char *whole, unsigned int number)
{
	snprintf(part, NAME_SIZE, "%s/%u", whole, number);
}

static void tell_mapping(const char *region, struct cxl_memdev_mapping *mapping)
{
	struct cxl_decoder *decoder = cxl_mapping_get_decoder(mapping);
	struct cxl_memdev *memdev = decoder ? cxl_decoder_get_memdev(decoder) : NULL;
	unsigned int position = cxl_mapping_get_position(mapping);
	char name[NAME_SIZE];

	name_number(name, region, position);
	say_number("mapping", name, "position", position);
	if (decoder)
		say("mapping", name, "decoder", cxl_decoder_get_devname(decoder));
	if (memdev)
		say("mapping", name, "memdev", cxl_memdev_get_devname(memdev));
}

static void tell_region(struct cxl_region *region)
{
	const char *name = cxl_region_get_devname(region);
	enum cxl_decoder_mode mode = cxl_region_get_mode(region);
	struct cxl_memdev_mapping *mapping;

	say("region", name, "region", name);
	say_positive("region", name, "resource", cxl_region_get_resource(region));
	say_positive("region", name, "size", cxl_region_get_size(region));
	if (mode != CXL_DECODER_MODE_NONE)
		say("region", name, "type", cxl_decoder_mode_name(mode));
	say_positive("region", name, "interleave_ways", cxl_region_get_interleave_ways(region));
	say_positive("region", name, "interleave_granularity",
		     cxl_region_get_interleave_granularity(region));
	say("region", name, "decode_state",
	    cxl_region_decode_is_committed(region) ? "commit" : "reset");
	say_state("region", name, cxl_region_is_enabled(region));
	say_flag("region", name, "qos_class_mismatch", cxl_region_qos_class_mismatch(region));
	cxl_mapping_foreach(region, mapping)
		tell_mapping(name, mapping);
}

static void tell_target(const char *decoder, struct cxl_target *target)
{
	const char *device = cxl_target_get_devname(target);
	char name[NAME_SIZE];

	name_number(name, decoder, cxl_target_get_position(target));
	say("target", name, "target", device);
	say("target", name, "alias", alias(device, cxl_target_get_firmware_node(target),
					   cxl_target_get_physical_node(target)));
	say_int("target", name, "position", cxl_target_get_position(target));
	say_number("target", name, "id", cxl_target_get_id(target));
}

/* A window of the host. */
static void tell_root_decoder(const char *name, struct cxl_decoder *decoder)
{
	struct cxl_region *region;

	say_long("decoder", name, "max_available_extent",
		 cxl_decoder_get_max_available_extent(decoder));
	say_flag("decoder", name, "pmem_capable", cxl_decoder_is_pmem_capable(decoder));
	say_flag("decoder", name, "volatile_capable", cxl_decoder_is_volatile_capable(decoder));
	say_flag("decoder", name, "accelmem_capable", cxl_decoder_is_accelmem_capable(decoder));
	say_int("decoder", name, "qos_class", cxl_root_decoder_get_qos_class(decoder));
	cxl_region_foreach(decoder, region)
		tell_region(region);
}

/* One of a switch, a host bridge or an endpoint. */
static void tell_lower_decoder(const char *name, struct cxl_decoder *decoder)
{
	enum cxl_decoder_target_type type = cxl_decoder_get_target_type(decoder);
	struct cxl_region *region = cxl_decoder_get_region(decoder);

	if (region)
		say("decoder", name, "region", cxl_region_get_devname(region));
	if (type != CXL_DECODER_TTYPE_UNKNOWN)
		say("decoder", name, "target_type",
		    type == CXL_DECODER_TTYPE_EXPANDER ? "expander" : "accelerator");
}

static void tell_endpoint_decoder(const char *name, struct cxl_decoder *decoder)
{
	enum cxl_decoder_mode mode = cxl_decoder_get_mode(decoder);

	say_long("decoder", name, "dpa_resource", cxl_decoder_get_dpa_resource(decoder));
	say_long("decoder", name, "dpa_size", cxl_decoder_get_dpa_size(decoder));
	if (mode != CXL_DECODER_MODE_NONE)
		say("decoder", name, "mode", cxl_decoder_mode_name(mode));
}

static void tell_decoder(struct cxl_port *port, struct cxl_decoder *decoder)
{
	const char *name = cxl_decoder_get_devname(decoder);
	unsigned long long size = cxl_decoder_get_size(decoder);
	struct cxl_target *target;

	say("decoder", name, "decoder", name);
	say_long("decoder", name, "resource", cxl_decoder_get_resource(decoder));
	say_long("decoder", name, "size", size);
	/* As cxl-list(1) has it: one that decodes nothing is disabled. */
	if (size != ULLONG_MAX)
		say_state("decoder", name, !!size);
	say_int("decoder", name, "interleave_ways", cxl_decoder_get_interleave_ways(decoder));
	say_int("decoder", name, "interleave_granularity",
		cxl_decoder_get_interleave_granularity(decoder));
	say_flag("decoder", name, "locked", cxl_decoder_is_locked(decoder));
	if (cxl_port_is_root(port))
		tell_root_decoder(name, decoder);
	else
		tell_lower_decoder(name, decoder);
	if (cxl_port_is_endpoint(port)) {
		tell_endpoint_decoder(name, decoder);
		return;
	}
	say_int("decoder", name, "nr_targets", cxl_decoder_get_nr_targets(decoder));
	cxl_target_foreach(decoder, target)
		tell_target(name, target);
}

static void tell_dport(const char *port, struct cxl_dport *dport)
{
	const char *device = cxl_dport_get_devname(dport);
	char name[NAME_SIZE];

	name_part(name, port, device);
	say("dport", name, "dport", device);
	say("dport", name, "alias", alias(device, cxl_dport_get_firmware_node(dport),
					  cxl_dport_get_physical_node(dport)));
	say_int("dport", name, "id", cxl_dport_get_id(dport));
}

static void tell_dports(const char *kind, const char *name, struct cxl_port *port)
{
	struct cxl_dport *dport;

	say_int(kind, name, "nr_dports", cxl_port_get_nr_dports(port));
	cxl_dport_foreach(port, dport)
		tell_dport(name, dport);
}

static void tell_decoders(struct cxl_port *port)
{
	struct cxl_decoder *decoder;

	cxl_decoder_foreach(port, decoder)
		tell_decoder(port, decoder);
}

/* What ports and endpoints have. */
static void tell_place(const char *kind, const char *name, struct cxl_port *port)
{
	struct cxl_dport *above = cxl_port_get_parent_dport(port);

	say(kind, name, kind, name);
	say(kind, name, "host", cxl_port_get_host(port));
	if (above)
		say(kind, name, "parent_dport", cxl_dport_get_devname(above));
	say_int(kind, name, "depth", cxl_port_get_depth(port));
	say_int(kind, name, "decoders_committed", cxl_port_decoders_committed(port));
}

static void tell_endpoint(struct cxl_endpoint *endpoint)
{
	struct cxl_port *port = cxl_endpoint_get_port(endpoint);
	const char *name = cxl_endpoint_get_devname(endpoint);

	tell_place("endpoint", name, port);
	say_state("endpoint", name, cxl_endpoint_is_enabled(endpoint));
	tell_decoders(port);
}

/* PORT's endpoints and the ports below it. */
static void tell_below(struct cxl_port *port, unsigned int depth)
{
	struct cxl_endpoint *endpoint;
	struct cxl_port *below;

	cxl_endpoint_foreach(port, endpoint)
		tell_endpoint(endpoint);
	if (depth == DEPTH_MAX)
		return;
	cxl_port_foreach(port, below) {
		const char *name = cxl_port_get_devname(below);

		tell_place("port", name, below);
		say_state("port", name, cxl_port_is_enabled(below));
		tell_dports("port", name, below);
		tell_decoders(below);
		tell_below(below, depth + 1);
	}
}

static void tell_bus(struct cxl_bus *bus)
{
	const char *name = cxl_bus_get_devname(bus);
	struct cxl_port *root = cxl_bus_get_port(bus);

	say("bus", name, "bus", name);
	say("bus", name, "provider", cxl_bus_get_provider(bus));
	tell_dports("bus", name, root);
	tell_decoders(root);
	tell_below(root, 0);
}

/* The file that was loaded, whatever name it was asked for by. */
static void tell_library(void)
{
	Dl_info info;
	char path[PATH_MAX];

	if (dladdr((void *)cxl_new, &info) && info.dli_fname && realpath(info.dli_fname, path))
		say("library", "libcxl", "file", path);
}

static void tell_all(struct cxl_ctx *context, bool memdevs_only)
{
	struct cxl_memdev *memdev;
	struct cxl_bus *bus;

	cxl_memdev_foreach(context, memdev)
		tell_memdev(memdev);
	if (memdevs_only)
		return;
	cxl_bus_foreach(context, bus)
		tell_bus(bus);
}

int main(int argc, char **argv)
{
	bool memdevs_only = argc == 2 && !strcmp(argv[1], "memdevs");
	/* Never freed: the program ends. */
	static struct cxl_ctx *context;

	if (argc != 2 || (!memdevs_only && strcmp(argv[1], "all"))) {
		fputs("cxlvfio-libcxl: cxlvfio starts it; see cxlvfio(1)\n", stderr);
		return CXV_LIBCXL_EXIT_USAGE;
	}
	if (cxv_seal() < 0 || cxv_prove_sealed(FLUSH) < 0)
		return CXV_LIBCXL_EXIT_NOT_SEALED;
	tell_library();
	if (cxl_new(&context) < 0)
		return CXV_LIBCXL_EXIT_FAILED;
	tell_all(context, memdevs_only);
	printf("end%c%c%s%c%c", 0, 0, argv[1], 0, 0);
	return fflush(stdout) || ferror(stdout) ? CXV_LIBCXL_EXIT_FAILED : CXV_LIBCXL_EXIT_DONE;
}
