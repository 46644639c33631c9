/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The model of a CXL Type-2 endpoint: configuration space, component and device registers, HDM
 * window, resets and faults. It knows no protocol and no real time: the clock is handed in.
 */
#ifndef EMULATOR_ENDPOINT_H
#define EMULATOR_ENDPOINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "damage.h"
#include "faults.h"
#include "registers.h"
#include "window.h"

#define CONFIG_SPACE_SIZE	4096u
#define COMPONENT_SIZE		4096u	/* the CXL.cache and CXL.mem registers of the block */
#define NANOSECONDS_PER_MS	UINT64_C(1000000)

/* Deadlines, in nanoseconds of the clock. */
#define DEADLINE_NONE		UINT64_C(0)
#define DEADLINE_NEVER		UINT64_MAX

enum reset_kind { RESET_FLR, RESET_CXL, RESET_VFIO, RESET_KINDS };

/* COMPONENT_FULL: the block is all of its BAR. */
enum component_place { COMPONENT_START, COMPONENT_MIDDLE, COMPONENT_END, COMPONENT_FULL };

enum content_policy { CONTENT_RETAINED, CONTENT_CLEARED, CONTENT_CORRUPTED };

/* Regions by the numbers that VFIO gives them. */
enum endpoint_region {
	REGION_COMPONENT = 0, REGION_DEVICE = 2, REGION_MIRROR = 4, REGION_CONFIG = 7
};

struct endpoint_options {
	uint64_t window_base;
	uint64_t window_size;
	uint64_t serial;
	uint32_t decoders;
	uint16_t vendor;
	uint16_t device;
	enum component_place component;
	enum content_policy content;
	bool flr_clears;		/* FLR uncommits the decoders that are not locked */
	bool locked;			/* firmware locks decoder 0 */
	bool config_locked;		/* and the registers of the device DVSEC that can be */
	bool advanced_features;		/* a second way to an FLR, as for conventional PCI */
	bool mirror;			/* the device registers in BAR 4 too */
	uint32_t msix_vectors;		/* 0: no MSI-X capability */
	bool firmware_recommits;	/* after a bus reset too, not only at the start */
	uint64_t ready_delay_ms;
	uint32_t active_timeout;	/* 4^n seconds */
	uint64_t cxl_reset_delay_ms;
	bool no_cxl_reset;		/* the DVSEC offers none */
	bool empty_decoders;		/* firmware commits and locks the others with zero size */
};

/* May the guest's processors access the window now, as far as the endpoint knows? */
enum window_access { ACCESS_ALLOWED, ACCESS_MEMORY_OFF, ACCESS_UNDECODED, WINDOW_ACCESSES };

/* Who sees accesses that are not allowed; without @set nobody does. */
struct endpoint_watch {
	/* From now on they are allowed, or not; how many of those that are not were seen so far. */
	uint64_t (*set)(void *context, bool allowed);
	bool (*is_there)(void *context);
	void *context;
};

struct endpoint_clock {
	uint64_t (*now)(void *context);	/* nanoseconds, never 0 */
	void *context;
};

struct endpoint_counts {
	uint64_t resets[RESET_KINDS];
	uint64_t resets_ignored;
	uint64_t config_reads;
	uint64_t config_writes;
	uint64_t register_reads;
	uint64_t register_writes;
	uint64_t dma_maps;
	uint64_t dma_unmaps;
	uint64_t connections;
	uint64_t commits;
	uint64_t commit_errors;
	uint64_t accesses[WINDOW_ACCESSES];	/* of the window, by why they are not allowed */
};

struct endpoint {
	struct endpoint_options options;
	struct endpoint_clock clock;
	struct register_word config[CONFIG_SPACE_SIZE / 4];
	struct register_word component[COMPONENT_SIZE / 4];
	uint32_t scratch;
	uint32_t scratch_kept;		/* fault scratch-kept: as it was before the reset */
	uint32_t resets_done;
	struct window window;
	struct endpoint_watch watch;
	enum window_access access;	/* as the watch was told */
	enum window_access forbidden;	/* the last that was not ACCESS_ALLOWED */
	uint64_t accesses_seen;
	bool decoders_lost;		/* since the window was last decoded */
	uint64_t media_ready_at;
	uint64_t reset_complete_at;
	bool reset_fails;		/* the CXL reset under way ends with an error */
	uint64_t all_ones_until;
	struct fault faults[FAULT_COUNT];
	struct damage damage;
	struct endpoint_counts counts;
};

/* The window is the options' size at MEMORY_OFFSET of MEMORY, which must stay open; -errno. */
int endpoint_create(struct endpoint *endpoint, const struct endpoint_options *options,
		    const struct endpoint_clock *clock, int memory, uint64_t memory_offset);
void endpoint_destroy(struct endpoint *endpoint);

void endpoint_default_options(struct endpoint_options *options);

/* Bytes of VFIO region INDEX, 0 when there is no such region. */
uint64_t endpoint_region_size(const struct endpoint *endpoint, uint32_t index);

/* The device is pulled out of its slot, or put back as it was. */
void endpoint_set_present(struct endpoint *endpoint, bool present);

/* -EINVAL when the bytes are not all in the region. */
int endpoint_read(struct endpoint *endpoint, uint32_t region, uint64_t offset, uint8_t *data,
		  size_t count);
int endpoint_write(struct endpoint *endpoint, uint32_t region, uint64_t offset,
		   const uint8_t *data, size_t count);

/* When endpoint_run_timers() is due, DEADLINE_NONE when no timer is pending. */
uint64_t endpoint_next_deadline(const struct endpoint *endpoint);
void endpoint_run_timers(struct endpoint *endpoint);

/*
 * Tells the watch what has changed: before the window is hidden, after it is shown, and whenever
 * the command register or the power state may be another. Again: also when nothing has.
 */
void endpoint_watch_window(struct endpoint *endpoint, bool again);

/* Brings the window in line with the registers: call after every change of what decodes. */
void endpoint_update_window(struct endpoint *endpoint);
bool endpoint_decodes(const struct endpoint *endpoint);
bool endpoint_all_ones(const struct endpoint *endpoint);
uint64_t endpoint_now(const struct endpoint *endpoint);
uint64_t endpoint_deadline(const struct endpoint *endpoint, uint64_t milliseconds);

/* reset.c */
extern const char *const reset_kind_names[RESET_KINDS];
void endpoint_reset(struct endpoint *endpoint, enum reset_kind kind);
/* Decoders and DVSECs as firmware leaves them at power on; nothing else changes. */
void endpoint_recommit(struct endpoint *endpoint);

/* config_space.c */
void config_space_define(struct endpoint *endpoint);
void config_space_reset(struct endpoint *endpoint, enum reset_kind kind);
void config_space_write_word(struct endpoint *endpoint, uint32_t offset, uint32_t value,
			     uint32_t bytes);
/* BITS of the register at OFFSET become the opposite and read only; 0: all writable ones again. */
void config_space_stick(struct endpoint *endpoint, uint32_t offset, uint32_t bits);
/* BITS of the AER correctable status are set and stay so; 0: none is, and all can be cleared. */
void config_space_log_error(struct endpoint *endpoint, uint32_t bits);
uint32_t config_space_command(const struct endpoint *endpoint);
uint32_t config_space_power_state(const struct endpoint *endpoint);

/* dvsec.c: the CXL designated vendor-specific extended capabilities */
void dvsec_define(struct endpoint *endpoint);
void dvsec_firmware(struct endpoint *endpoint);
/* All of the CXL DVSECs as before firmware. */
void dvsec_start_over(struct endpoint *endpoint);
void dvsec_cxl_reset(struct endpoint *endpoint);
bool dvsec_owns(uint32_t offset);
void dvsec_write_word(struct endpoint *endpoint, uint32_t offset, uint32_t value, uint32_t bytes);
/* The CXL reset that is under way ends. */
void dvsec_reset_complete(struct endpoint *endpoint);
void dvsec_set_media_ready(struct endpoint *endpoint, bool ready);
void dvsec_disable_mem(struct endpoint *endpoint);
void dvsec_lock_config(struct endpoint *endpoint);
/* BITS of the 32 at OFFSET of the CXL device DVSEC become the opposite. */
void dvsec_flip(struct endpoint *endpoint, uint32_t offset, uint32_t bits);
bool dvsec_media_ready(const struct endpoint *endpoint);
bool dvsec_mem_enabled(const struct endpoint *endpoint);
bool dvsec_config_locked(const struct endpoint *endpoint);
bool dvsec_range_valid(const struct endpoint *endpoint);
uint64_t dvsec_range_base(const struct endpoint *endpoint);
uint64_t dvsec_range_size(const struct endpoint *endpoint);

/* component.c: the component register block in BAR 0 and the device registers in BAR 2 */
uint32_t component_block_offset(const struct endpoint *endpoint);
uint32_t component_bar_size(const struct endpoint *endpoint);
void component_define(struct endpoint *endpoint);
void component_read(struct endpoint *endpoint, uint32_t offset, uint8_t *data, size_t count);
void component_write_word(struct endpoint *endpoint, uint32_t offset, uint32_t value,
			  uint32_t bytes);
void device_registers_read(struct endpoint *endpoint, uint32_t offset, uint8_t *data,
			   size_t count);
void device_registers_write_word(struct endpoint *endpoint, uint32_t offset, uint32_t value,
				 uint32_t bytes);

#endif /* EMULATOR_ENDPOINT_H */
