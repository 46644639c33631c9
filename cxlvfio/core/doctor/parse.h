/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What doctor takes out of texts of the kernel and its configuration: any bytes may be in them. */
#ifndef CXLVFIO_CORE_DOCTOR_PARSE_H
#define CXLVFIO_CORE_DOCTOR_PARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* "7.3.4-1-amd64" is at least MAJOR.MINOR. -1: it is no release. */
int cxv_release_is_at_least(const char *release, unsigned int major, unsigned int minor);

/* The kernel's .config: 'y', 'm',
or 'n' for an option that is not set. OPTION without "CONFIG_". */
char cxv_config_option(const char *config, const char *option);

/*
 * The next of the kernel's parameters at *TEXT, which moves on: its length, 0 at the end. Blanks
 * between quotes belong to it.
 */
size_t cxv_next_parameter(const char **text, const char **parameter);
/*
 * The value of PARAMETER if its name is NAME, NULL otherwise; the kernel takes '-' for '_'. Of a
 * parameter without a value that is its end.
 */
const char *cxv_parameter_value(const char *parameter, size_t length, const char *name);
/* Parameter NAME is there, with any value or none. */
bool cxv_parameter_is_there(const char *command_line, const char *name);
/*
 * The first of LENGTH bytes of "1e98:e2e2,10de:1234:10de:1", ids= of vfio-pci, that means VENDOR
 * and DEVICE; its length, 0: none does. What follows the first two ids only makes it mean less.
 */
size_t cxv_ids_find(const char *ids, size_t length, unsigned int vendor, unsigned int device,
		    const char **item);
/* Parameter NAME has WORD in its list, which commas separate; the last one of that name counts. */
bool cxv_parameter_has(const char *command_line, const char *name, const char *word);
/* The text of that parameter, "memmap=1G!4G", the caller's to free. NULL: there is none. */
char *cxv_parameter_with(const char *command_line, const char *name, const char *word);

/* One memmap= that makes memory of a range which may be the host's: '@' RAM, '!' and '#' too. */
struct cxv_memmap {
	char kind;
	uint64_t base, size;
};
/* The next of them in *TEXT, which moves on. */
bool cxv_next_memmap(const char **text, struct cxv_memmap *memmap);

/* "Max locked memory" of /proc/PID/limits, in bytes; UINT64_MAX is unlimited. */
bool cxv_limits_locked_memory(const char *limits, uint64_t *bytes);
/* Whether CapEff of /proc/PID/status has capability NUMBER. -1: it does not say. */
int cxv_status_has_capability(const char *status, unsigned int number);
/* Whether the flags of the first processor in /proc/cpuinfo, which only x86 has, have FLAG. */
bool cxv_cpuinfo_has(const char *cpuinfo, const char *flag);
/*
 * "docker" for NAME "container" in "A=b\0container=docker\0", SIZE bytes of /proc/PID/environ with
 * a NUL after them. NULL: it is not set.
 */
const char *cxv_environment_value(const char *environment, size_t size, const char *name);
/* The word between brackets in /sys/kernel/security/lockdown; its length, 0 for none. */
size_t cxv_lockdown_word(const char *text, const char **word);

/*
 * A line of modprobe.d(5): "blacklist NAME", or "install PATTERN ...", where libkmod takes "cxl_*"
 * for each of them. Dashes and underscores are the same.
 */
bool cxv_modprobe_line_is(const char *line, size_t length, const char *command,
			  const char *name);

/* libcxl.so.1.0.8 is of ndctl 81. 0: it is no such name. */
unsigned int cxv_ndctl_release(const char *file);

#endif
