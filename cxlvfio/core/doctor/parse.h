/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What doctor takes out of texts of the kernel and its configuration: any bytes may be in them. */
#ifndef CXLVFIO_CORE_DOCTOR_PARSE_H
#define CXLVFIO_CORE_DOCTOR_PARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The kernel's .config: 'y', 'm', or 'n' where it is not set. OPTION without "CONFIG_". */
char cxv_config_option(const char *config, const char *option);

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

/* libcxl.so.1.0.8 is of ndctl 81. 0: it is no such name. */
unsigned int cxv_ndctl_release(const char *file);

#endif
