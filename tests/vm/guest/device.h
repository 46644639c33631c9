/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the guest's test programs share: TAP, one open VFIO device and its regions, touching that
 * survives SIGBUS, fault counts. Everything that cannot be done ends the program with "Bail out!".
 */
#ifndef GUEST_DEVICE_H
#define GUEST_DEVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <linux/vfio.h>

#include "cxl_regs.h"
#include "cxl_vfio.h"
#include "sys/discovery/vfio_uapi.h"

#define PAGE		4096UL
#define HUGE		(2UL << 20)
/* Seconds until what must come has not come: much longer than it takes, the machine may be busy. */
#define PATIENCE	120

struct region {
	uint32_t index;
	uint32_t flags;
	uint64_t offset;
	uint64_t size;
};

extern const char *bdf;
extern int device;
/*
 * @memory is the window: the region, or with VIEW=bar in the environment the BAR, which is as good
 * for every test. @window_bar is the BAR whatever VIEW says, of no size where there is none.
 */
extern struct region memory, window_bar, component, config;

/*
 * TAP: one numbered line each; finish() prints the plan and returns the exit status. Behind a check
 * that fails stand its condition, errno, what was noted since the one before, and what the driver
 * says.
 */
#define check(condition, what) check_at(condition, what, #condition, __FILE__, __LINE__)
void check_at(bool good, const char *what, const char *condition, const char *file, int line);
void bail(const char *what);
int finish(void);
/* What was observed, for the next check if that fails; tell() prints it anyhow. errno stays. */
void note(const char *format, ...) __attribute__((format(printf, 1, 2)));
void tell(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Of this thread, for another that has its own. */
const char *last_note(void);
/* CONDITION; noted where it is false: for a check of several, or of all that a loop saw. */
#define holds(condition) holds_at(condition, #condition, __FILE__, __LINE__)
bool holds_at(bool good, const char *condition, const char *file, int line);

/* 1 and the word read or written, or 0 after SIGBUS. Needs catch_bus_errors() once. */
void catch_bus_errors(void);
int touch(volatile uint64_t *word, uint64_t *value);
int store(volatile uint64_t *word, uint64_t value);
/* The word there can be touched and is EXPECTED. */
bool shows(const char *place, uint64_t expected);

/* Minor faults of this thread so far. */
long faults(void);
/* Faults taken by touching every page; -1 when one of them gave SIGBUS. */
long touch_all(char *map, uint64_t size);

/* Opens @bdf through its group, which both kernels have. close_device() lets go of all of it. */
int open_device(void);
void close_device(void);
/* As open_device(), but -errno when the driver refuses; in two steps, the second may. */
int try_open_device(void);
void open_group(void);
int get_device(void);
/* The group's descriptor, which a hot reset has to show. */
int group_descriptor(void);
/* Opens @bdf as @device and finds its regions. */
void open_regions(void);
void find_regions(uint32_t regions);
/* MAP_FAILED, or SIZE bytes from OFFSET, at a multiple of HUGE: of @memory, or by another view. */
char *map_window(uint64_t offset, uint64_t size);
char *map_view(const struct region *view, uint64_t offset, uint64_t size);

/* As pread(2), pwrite(2) and ioctl(2) of @device, with a note of what they return. */
ssize_t device_read(void *buffer, size_t size, uint64_t offset);
ssize_t device_write(const void *buffer, size_t size, uint64_t offset);
int device_ioctl(unsigned long request, void *argument);

uint32_t config_read(uint64_t offset, size_t size);
/* What the hardware has there, whatever the user of the device is shown. */
uint32_t hardware_read(uint64_t offset);
ssize_t config_write(uint64_t offset, uint32_t value, size_t size);
/* Offset of a capability, 0 when there is none. */
uint32_t find_capability(uint32_t id);
/* Offset of the CXL DVSEC, or the end of the program. */
uint64_t find_dvsec(uint32_t id);

/*
 * Every page of MAP, which covers the window, carries its own offset, so that a page that is stale
 * or shows another place is seen.
 */
void tag(char *map);
bool tags_kept(char *map);
/* After a way down and up: every huge page faults again, the tags are there, state is active. */
void expect_reactivated(char *map, const char *path);
/* Up to PATIENCE for the driver's attribute to have a value. */
bool wait_attribute(const char *name, const char *value);
/* Writes one word to a file; -errno. */
int write_file(const char *path, const char *text);
/* The kernel's trace, and an end to what it has. */
#define TRACING		"/sys/kernel/tracing/"
void clear_trace(void);
/* A line for the device server; the end of the program where it refuses. */
void endpointctl(const char *line);
/* Resets of a kind that the device saw: "flr", "vfio", which is a bus reset, or another count. */
uint64_t resets_seen(const char *kind);
/*
 * With driver_override set: bound, or false; unbound, or -errno. Both end when nothing of the
 * unbind is left to be done.
 */
bool bind_driver(void);
int unbind_driver(void);
/* A file of @bdf in sysfs. */
const char *device_path(const char *name);

/* An attribute of the driver's group, without its newline. */
void attribute(const char *name, char *value, size_t size);
bool attribute_is(const char *name, const char *expected);
uint64_t attribute_number(const char *name);

#endif
