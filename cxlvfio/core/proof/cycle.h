/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One reset cycle as numbers: what was done, what was seen before and after, and what verify.c
 * concludes from it. Filled by sys/proof/cycle.c, printed by out/proof/. All times in nanoseconds.
 */
#ifndef CXLVFIO_CORE_PROOF_CYCLE_H
#define CXLVFIO_CORE_PROOF_CYCLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/kernel_record.h"
#include "core/discovery/dvsec.h"
#include "core/proof/cycle_pages.h"
#include "core/proof/memory_type.h"
#include "core/proof/method.h"
#include "core/proof/timeline.h"
#include "core/proof/traffic.h"
#include "core/proof/views.h"
#include "core/proof/watch.h"

#define CXV_HDM_DWORDS		((0x10 + 0x20 * 10) / 4)	/* the largest capability */

/* Mappings of the window, all made before the first reset and never made again. */
enum cxv_mapping_id {
	/* Through the first view: */
	CXV_MAPPING_WHOLE,	/* all of it */
	CXV_MAPPING_OFFSET,	/* mapped at an offset that is not 0 */
	CXV_MAPPING_SPLIT,	/* cut in two by munmap(2) of a page in its middle */
	CXV_MAPPING_INHERITED,	/* the whole one in a child process */
	/* Through the BAR, where that is a second view: */
	CXV_MAPPING_BAR_WHOLE,
	CXV_MAPPING_BAR_OFFSET,
	CXV_MAPPING_COUNT
};

/* Reading every page of a mapping once. */
struct cxv_pass {
	bool made;
	uint64_t pages;
	uint64_t faults;		/* minor faults of the touching thread, nothing else's */
	uint64_t refused;		/* pages that raised SIGBUS; a large page does as a whole */
	uint64_t poisoned;		/* of these, for a hardware memory error */
	uint64_t retained;		/* readable pages that hold their tag ... */
	uint64_t zero;
	uint64_t all_ones;
	uint64_t other;			/* ... or anything else */
	uint64_t first_other;		/* window offset of the first page that lost its tag */
	/* Compared with the expected faults of each 2 MiB, where the page size is known: */
	uint64_t missing_faults;	/* pages that were still mapped */
	uint64_t first_missing;		/* window offset of the first 2 MiB that lacks faults */
	uint64_t extra_faults;		/* faults that the mapping does not account for */
	uint64_t duration;
	uint64_t first;			/* of it, for the first page; 0: none was touched */
};

struct cxv_mapping_result {
	const char *unavailable;	/* why there is no such mapping; NULL: there is */
	struct cxv_pass populate;	/* the first touch of the new mapping, before all cycles */
	struct cxv_pass before;		/* right before the reset, unless the window was shut */
	struct cxv_pass after;		/* right after it */
	uint64_t page_size;		/* what populating showed; 0: no single size explains it */
	uint64_t page_size_after;	/* what the touch after the reset showed */
	uint64_t expected_faults;	/* of touching it all when unmapped; 0: unknown */
};

/* An attribute file's content. */
struct cxv_attribute {
	char *name;
	char *value;
};

struct cxv_attributes {
	struct cxv_attribute *items;
	size_t count;
};

/* The driver's own word, from its sysfs group. */
struct cxv_driver_account {
	bool present;
	char state[32];
	char verdict[128];
	char last_path[32];
	uint64_t generation;
	uint64_t zap_count;
	uint64_t reactivate_count;
};

/* What the system says about the function at one moment. Errors are positive errno values. */
struct cxv_observation {
	uint8_t config[CXV_CONFIG_SIZE];
	size_t config_size;		/* bytes read */
	bool config_live;		/* from the hardware, not from the driver's virtual one */
	int config_error;
	uint32_t hdm[CXV_HDM_DWORDS];	/* the component register region of the VFIO device */
	size_t hdm_count;		/* dwords read */
	int hdm_error;			/* ENOENT: no such region */
	struct cxv_attributes decoders;	/* the CXL core's decoders and region of this endpoint */
	struct cxv_attributes aer;	/* error counters */
	struct cxv_driver_account driver;
	uint64_t duration;
};

/* A device register that an FLR must clear. */
struct cxv_witness {
	bool known;			/* such a register is known for this device */
	uint32_t written;
	uint32_t before;		/* read back before the reset */
	uint32_t after;
	int error;			/* positive errno value; 0: all accesses went well */
};

/* read(2) and write(2) on the device's file, compared with what a mapping shows. */
struct cxv_read_write {
	bool made;
	bool writes;			/* not only read */
	uint64_t transfers;
	uint64_t wrong;			/* of these */
	const char *what;		/* the first: what was wrong with it */
	uint64_t offset, length;
	int error;			/* positive errno value; 0: it went through */
	uint64_t duration;
};

/* What the device itself said of its memory when the window answered after the reset. */
struct cxv_media {
	bool known;
	uint32_t range_low[2];		/* the DVSEC's range size low, with the status bits */
	unsigned int ranges;
};

/* Mapping the window as a dma-buf in an iommufd. Errors are positive errno values. */
struct cxv_dma_buf_result {
	bool made;			/* the driver exported one, and the kernel maps it */
	const char *unavailable;	/* why not, static */
	int export_error;		/* beside that; 0: none */
	int before, after;		/* of mapping it before the reset and after it */
};

enum cxv_readiness {
	CXV_NOT_WAITED,
	CXV_READY,
	CXV_REFUSED,			/* the driver keeps the window shut, for good */
	CXV_NOT_READY,			/* still pending when the time was over */
};

enum cxv_verdict {
	CXV_PASS,
	CXV_SKIP,
	CXV_INCONCLUSIVE,
	CXV_FAIL,
};

enum cxv_check_id {
	CXV_CHECK_LIVE,
	CXV_CHECK_REAL_FLR,
	CXV_CHECK_ZAPPED,
	CXV_CHECK_REACTIVATED,
	CXV_CHECK_SAME_MEMORY,
	CXV_CHECK_OFFSET_MAPPING,
	CXV_CHECK_SPLIT_MAPPING,
	CXV_CHECK_INHERITED_MAPPING,
	CXV_CHECK_SAME_DECODERS,
	CXV_CHECK_DRIVER_COUNTERS,
	CXV_CHECK_CONFIG_RESTORED,
	CXV_CHECK_AER_UNCHANGED,
	CXV_CHECK_SAME_PAGE_SIZE,
	CXV_CHECK_CLOSED,
	CXV_CHECK_READINESS,
	CXV_CHECK_FD_IO,
	CXV_CHECK_MEMORY_TYPE,
	CXV_CHECK_KERNEL_LOG,
	CXV_CHECK_GENERATION,
	CXV_CHECK_VIEWS,
	CXV_CHECK_BAR_MAPPING,
	CXV_CHECK_BAR_OFFSET_MAPPING,
	CXV_CHECK_DMA_BUF,
	CXV_CHECK_LOAD,			/* the last: only made where traffic was asked for */
	CXV_CHECK_COUNT
};

struct cxv_check {
	enum cxv_verdict verdict;
	char observed[160];
	char expected[160];
	char detail[320];		/* what it means, and where to look; "" when it passed */
	uint64_t duration;		/* gathering the evidence */
};

struct cxv_cycle {
	unsigned int number;		/* from 1 */
	enum cxv_method method;
	enum cxv_via via;
	enum cxv_expect expect;
	const char *method_word;	/* that reset_method was set to, static; NULL: not set */
	bool verify;			/* false: only reset */
	uint16_t vendor, device;
	bool bus_reset_masked;		/* the port above ignores a secondary bus reset */
	char method_during[64];		/* reset_method right before it; "" unknown */
	int reset_error;		/* positive errno value of the reset itself */
	unsigned int reset_retries;	/* after EAGAIN and EBUSY */
	uint64_t reset_duration;
	enum cxv_readiness readiness;
	uint64_t ready_duration;	/* from the reset's return until the window answered */
	bool lost;			/* configuration space reads all ones, or is gone */
	bool counting_works;		/* the kernel counts faults exactly */
	bool read_only;			/* nothing was tagged: pages are compared as found */
	uint64_t telling_pages;		/* pages whose word differs from the page before */
	struct cxv_witness witness;
	struct cxv_watch watch;		/* during the reset */
	struct cxv_traffic traffic;
	struct cxv_media media;
	struct cxv_views views;
	struct cxv_read_write io_before[CXV_WINDOW_VIEWS], io_after[CXV_WINDOW_VIEWS];
	struct cxv_dma_buf_result dma_buf;
	struct cxv_memory_type memory_type;
	struct cxv_kernel_words kernel;
	struct cxv_mapping_result mappings[CXV_MAPPING_COUNT];
	struct cxv_observation before, after;
	struct cxv_check checks[CXV_CHECK_COUNT];
	unsigned int check_count;	/* of these were made */
	enum cxv_verdict verdict;
	uint64_t began;			/* by the monotonic clock */
	uint64_t since;			/* when the one before it ended, or this one began */
	uint64_t ended;
	struct cxv_timeline timeline;
};

_Static_assert(CXV_PHASE_LOOK_AFTER == CXV_PHASE_REFAULT + CXV_MAPPING_COUNT,
	       "a phase a mapping");

void cxv_attributes_clear(struct cxv_attributes *attributes);
/* Copies both strings. 0 or -ENOMEM. */
int cxv_attributes_add(struct cxv_attributes *attributes, const char *name, const char *value);
void cxv_observation_clear(struct cxv_observation *observation);
/* TO, which holds nothing, becomes FROM, of which the attributes are gone then. */
void cxv_observation_move(struct cxv_observation *to, struct cxv_observation *from);
void cxv_cycle_clear(struct cxv_cycle *cycle);

/* What touching the window took: to tag, read and compare it, by all mappings and by read(2). */
uint64_t cxv_cycle_touching(const struct cxv_cycle *cycle);
/* What the cycle took beside that and the reset itself, with all that came since the last one. */
uint64_t cxv_cycle_overhead(const struct cxv_cycle *cycle);

/* A little-endian field of a configuration space image; all ones outside of it. */
uint32_t cxv_config_field(const struct cxv_observation *observation, size_t offset, size_t width);
/* Offsets in the image, 0 where there is no such capability; bounded whatever the image holds. */
size_t cxv_config_capability(const struct cxv_observation *observation, uint8_t id);
/* The CXL device DVSEC. */
size_t cxv_config_device_dvsec(const struct cxv_observation *observation);

#endif
