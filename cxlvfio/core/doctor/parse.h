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
 * between quotes belong to it, quotes around all of it do not.
 */
size_t cxv_next_parameter(const char **text, const char **parameter);
/*
 * The value of PARAMETER if its name is NAME, NULL otherwise; the kernel takes '-' for '_'. Of a
 * parameter without a value that is its end.
 */
const char *cxv_parameter_value(const char *parameter, size_t length, const char *name);
/* How long that is without quotes around it, which *VALUE moves behind; the kernel takes both. */
size_t cxv_parameter_unquote(const char *parameter, size_t length, const char **value);
/* Parameter NAME, a bool, is there and says yes, as it does without a value; the last counts. */
bool cxv_parameter_is_yes(const char *command_line, const char *name);
/*
 * Interrupts are not remapped by what COMMAND_LINE says: intremap= and nointremap, of which each
 * word counts, in their order. The parameter that did it last is *LENGTH bytes at *TEXT.
 */
bool cxv_parameter_unmaps(const char *command_line, const char **text, size_t *length);

/* What drivers know a device by; a subsystem's id of -1 is not known. */
struct cxv_pci_ids {
	unsigned int vendor, device, subsystem_vendor, subsystem_device, class;
};
/*
 * The first of LENGTH bytes of "1e98:e2e2,10de:ffffffff", ids= of vfio-pci, that means DEVICE, as
 * pci_match_one_device() would have it; its length, 0: none does.
 */
size_t cxv_ids_find(const char *ids, size_t length, const struct cxv_pci_ids *device,
		    const char **item);
/* TEXT writes driver_override, by itself or by driverctl, and not to cxl-vfio-pci. */
bool cxv_overrides_driver(const char *text, size_t length);

/* Whether a line of configuration gives a device to another driver. */
enum cxv_takes {
	CXV_TAKES_NOT,
	CXV_TAKES_PERHAPS,	/* it depends on what is not understood here */
	CXV_TAKES,		/* it means the device by its address or its ids */
};

/* A line of udev(7), of the device at ADDRESS. */
enum cxv_takes cxv_udev_rule_takes(const char *line, size_t length, const char *address,
				   const struct cxv_pci_ids *device);
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
