// SPDX-License-Identifier: GPL-2.0-or-later
/* doctor: what firmware's CEDT says, and what the kernel made of it. */
#include <errno.h>
#include <inttypes.h>

#include "core/base/format.h"
#include "core/doctor/checks.h"

#define CEDT_PATH	"/sys/firmware/acpi/tables/CEDT"

/* What Type-2 endpoints need of a window. */
#define NEEDED		(CXV_CEDT_DEVICE_COHERENT | CXV_CEDT_VOLATILE)

/* 1: there is a table to look at; else the check is done. */
static int has_cedt(const struct cxv_doctor_facts *facts, struct cxv_doctor_check *check)
{
	if (!facts->cedt_error)
		return cxv_doctor_show(check, CEDT_PATH, NULL) ?: 1;
	if (facts->cedt_error == ENOENT)
		return cxv_doctor_say(check, CXV_DOCTOR_SKIPPED,
				      cxv_doctor_sees_firmware(facts) ? "there is no CEDT" :
				      "the CEDT is not visible here, like firmware's other tables");
	return cxv_doctor_unread(check, facts->cedt_error, CEDT_PATH);
}

int cxv_doctor_cedt(const struct cxv_doctor_facts *facts, struct cxv_doctor_check *check)
{
	int ret = has_cedt(facts, check);

	if (ret < 0 || check->result == CXV_DOCTOR_UNKNOWN)
		return ret;
	if (!ret && facts->topology && facts->topology->window_count)
		return cxv_doctor_say(check, CXV_DOCTOR_SKIPPED, "the CEDT is not visible here: "
				      "the kernel has %zu of its windows",
				      facts->topology->window_count);
	if (!ret && !cxv_doctor_sees_firmware(facts))
		return 0;
	if (!ret)
		return cxv_doctor_say(check, CXV_DOCTOR_PROBLEM,
				      "there is no CEDT: firmware describes no CXL");
	if (facts->cedt.damage)
		return cxv_doctor_say(check, CXV_DOCTOR_PROBLEM, "%s", facts->cedt.damage);
	return cxv_doctor_say(check, CXV_DOCTOR_OK, "the CEDT has %zu windows and %zu host bridges",
			      facts->cedt.window_count, facts->cedt.bridge_count);
}

static bool is_for_type2(const struct cxv_cedt_window *window)
{
	return (window->restrictions & NEEDED) == NEEDED;
}

int cxv_doctor_cedt_windows(const struct cxv_doctor_facts *facts, struct cxv_doctor_check *check)
{
	const struct cxv_cedt *cedt = &facts->cedt;
	size_t fitting = 0;
	int ret = has_cedt(facts, check);

	if (ret <= 0)
		return ret;
	for (size_t i = 0; i < cedt->window_count; i++)
		fitting += is_for_type2(&cedt->windows[i]);
	if (!fitting)
		return cxv_doctor_say(check, CXV_DOCTOR_PROBLEM, "none of %zu windows is for "
				      "device-coherent, volatile memory", cedt->window_count);
	for (size_t i = 0; i < cedt->window_count; i++)
		if (!cxv_cedt_window_is_aligned(&cedt->windows[i]))
			return cxv_doctor_say(check, CXV_DOCTOR_WARNING, "the window of %s at "
					      "0x%" PRIx64 " is not aligned to 256 MiB times its "
					      "ways", cxv_size(cedt->windows[i].size).text,
					      cedt->windows[i].base);
	return cxv_doctor_say(check, CXV_DOCTOR_OK, "%zu of %zu windows are for device-coherent, "
			      "volatile memory", fitting, cedt->window_count);
}

int cxv_doctor_cedt_bridges(const struct cxv_doctor_facts *facts, struct cxv_doctor_check *check)
{
	const struct cxv_cedt *cedt = &facts->cedt;
	int ret = has_cedt(facts, check);

	if (ret <= 0)
		return ret;
	for (size_t i = 0; i < cedt->window_count; i++) {
		const struct cxv_cedt_window *window = &cedt->windows[i];

		if (!window->ways)
			return cxv_doctor_say(check, CXV_DOCTOR_WARNING, "the window at 0x%" PRIx64
					      " has an impossible number of ways", window->base);
		for (unsigned int way = 0; way < window->ways; way++)
			if (!cxv_cedt_find_bridge(cedt, window->targets[way]))
				return cxv_doctor_say(check, CXV_DOCTOR_WARNING, "the window at 0x%"
						      PRIx64 " leads to host bridge %" PRIu32
						      ", which is not in the table",
						      window->base, window->targets[way]);
	}
	return cxv_doctor_say(check, CXV_DOCTOR_OK, "the CEDT has every host bridge");
}

/* 1: the kernel has WINDOW; 0: it has not; -EACCES: addresses are hidden. */
static int kernel_has(const struct cxv_topology *topology, const struct cxv_cedt_window *window)
{
	int hidden = 0;

	for (size_t i = 0; i < topology->window_count; i++) {
		const struct cxv_decoder *decoder = topology->windows[i];

		if (!decoder->resource.known || !decoder->size.known)
			hidden = -EACCES;
		/* It may be shortened by a cache that extends it, never moved. */
		else if (decoder->resource.value == window->base &&
			 decoder->size.value == window->size)
			return 1;
	}
	return hidden;
}

int cxv_doctor_kernel_windows(const struct cxv_doctor_facts *facts, struct cxv_doctor_check *check)
{
	int ret = has_cedt(facts, check);

	if (ret <= 0)
		return ret;
	if (!facts->modules[CXV_DOCTOR_CXL_ACPI].loaded)
		return cxv_doctor_say(check, CXV_DOCTOR_SKIPPED, "cxl_acpi is not loaded");
	for (size_t i = 0; i < facts->cedt.window_count; i++) {
		const struct cxv_cedt_window *window = &facts->cedt.windows[i];

		ret = facts->topology ? kernel_has(facts->topology, window) : 0;
		if (ret < 0)
			return cxv_doctor_unread(check, ret, "/sys/bus/cxl/devices");
		if (!ret)
			return cxv_doctor_say(check, CXV_DOCTOR_PROBLEM, "the kernel has no root "
					      "decoder for %s at 0x%" PRIx64,
					      cxv_size(window->size).text, window->base) ?:
			       cxv_doctor_show(check, "/sys/bus/cxl/devices", NULL);
	}
	return cxv_doctor_say(check, CXV_DOCTOR_OK, "the kernel has every window") ?:
	       cxv_doctor_show(check, "/sys/bus/cxl/devices", NULL);
}

/* How many of the bytes from FIRST to LAST are in WINDOW. */
static uint64_t overlap(const struct cxv_cedt_window *window, uint64_t first, uint64_t last)
{
	uint64_t end = cxv_last(window->base, window->size);

	if (!window->size || window->base > last || end < first)
		return 0;
	return cxv_smaller(end, last) - cxv_larger(window->base, first) + 1;
}

/* None has all of it. */
static int tell_missing(const struct cxv_doctor_facts *facts, uint64_t base, uint64_t size,
			struct cxv_doctor_check *check)
{
	const struct cxv_cedt *cedt = &facts->cedt;
	const struct cxv_cedt_window *window = NULL;
	uint64_t last = cxv_last(base, size);
	size_t count = 0;

	for (size_t i = 0; i < cedt->window_count; i++)
		if (overlap(&cedt->windows[i], base, last)) {
			window = &cedt->windows[i];
			count++;
		}
	if (!window)
		return cxv_doctor_say(check, CXV_DOCTOR_PROBLEM, "%s at 0x%" PRIx64 " are in no "
				      "window", cxv_size(size).text, base);
	check->hint = "a hole in the platform's memory map, or firmware is wrong: ask the "
		      "platform's vendor for firmware that moves the window or the hole";
	if (count > 1)
		return cxv_doctor_say(check, CXV_DOCTOR_PROBLEM, "%s at 0x%" PRIx64 " lie in %zu "
				      "windows: none has all of them", cxv_size(size).text, base,
				      count);
	return cxv_doctor_say(check, CXV_DOCTOR_PROBLEM, "of %s at 0x%" PRIx64 " only %s are in a "
			      "window, that of %s at 0x%" PRIx64, cxv_size(size).text, base,
			      cxv_size(overlap(window, base, last)).text,
			      cxv_size(window->size).text, window->base);
}

int cxv_doctor_window_in_cedt(const struct cxv_doctor_facts *facts,
			      const struct cxv_doctor_endpoint *one, struct cxv_doctor_check *check)
{
	const struct cxv_number *base = &one->endpoint->resource, *size = &one->endpoint->size;
	const struct cxv_cedt_window *window;
	int ret = has_cedt(facts, check);

	if (ret > 0)
		ret = cxv_doctor_has_window(one->endpoint, check);
	if (ret <= 0)
		return ret;
	window = cxv_cedt_find(&facts->cedt, base->value, size->value);
	if (!window)
		return tell_missing(facts, base->value, size->value, check);
	return cxv_doctor_say(check, is_for_type2(window) ? CXV_DOCTOR_OK : CXV_DOCTOR_PROBLEM,
			      is_for_type2(window) ? "it is in the window at 0x%" PRIx64 :
			      "the window at 0x%" PRIx64 " is not for device-coherent, volatile "
							 "memory",
			      window->base);
}
