/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Everything that reset cycles on one endpoint share: the open device, the mappings that are made
 * once and must survive every reset, the tags, and what must be put back at the end.
 */
#ifndef CXLVFIO_SYS_PROOF_PROVER_H
#define CXLVFIO_SYS_PROOF_PROVER_H

#include "core/base/errors.h"
#include "core/discovery/endpoint.h"
#include "core/proof/cycle.h"
#include "core/proof/scope.h"
#include "sys/base/borrowed.h"
#include "sys/base/kept_file.h"
#include "sys/discovery/vfio_request.h"
#include "sys/proof/ladder.h"
#include "sys/proof/mapping.h"
#include "sys/proof/observation.h"
#include "sys/proof/touch_child.h"
#include "sys/proof/traffic.h"
#include "sys/proof/watch.h"

#define CXV_WAYS_MAX	16
/* More than this is not touched as a whole unless asked for: 16 GiB in blocks of 2 MiB. */
#define CXV_SAMPLE_ABOVE	8192
/* But so many blocks of it. */
#define CXV_SAMPLE_DEFAULT	4096
/* struct cxv_prover_options.sample: every page of the window, however large. */
#define CXV_SAMPLE_ALL		UINT64_MAX

struct cxv_prover_options {
	struct cxv_way ways[CXV_WAYS_MAX];	/* the cycles take turns through them */
	size_t way_count;
	const struct cxv_scope *scope;	/* for a hot reset: what it may reach */
	bool expect_given;
	enum cxv_expect expect;		/* where it was given; else what the method does */
	enum cxv_interface interface;
	bool verify;
	bool read_only;			/* write nothing into the window */
	unsigned int threads, processes;	/* that access the window all the time */
	uint64_t sample;		/* blocks of 2 MiB to touch; 0: by the window's size */
	unsigned int timeout;		/* seconds until the window must answer again */
	bool pauses;			/* between two cycles: others have time to change things */
	bool prove;			/* the ladder alone, all of it, on all of the window */
	bool yes;			/* go on where the first contact cannot be recorded */
};

struct cxv_prover {
	/* Given when it is opened. */
	const struct cxv_host *host;
	const struct cxv_endpoint *endpoint;
	struct cxv_errors *errors;
	struct cxv_prover_options options;
	int lock;			/* of the endpoint, among all commands; -1: not taken */

	/* Opened once, and what the open device is found to have. */
	struct cxv_vfio_device vfio;
	struct cxv_views views;
	struct {
		const struct cxv_region_info *memory;	/* of the first view; NULL: there is none */
		const struct cxv_region_info *config;
		const struct cxv_region_info *witness;	/* BAR with a register that FLR clears */
	} regions;

	/* Opened once, read in every cycle. */
	struct {
		struct cxv_observation_source observation;
		struct cxv_kept_file reset_method, memory_types;
		int kernel_log;		/* descriptor, or -errno */
	} sources;

	/* While the device is opened: prover_climb.c. */
	struct {
		struct cxv_climb climb;
		struct cxv_borrowed scrub;
		bool climbing;		/* this is, or may be, the first contact */
		bool climbed;		/* every rung below the rest */
		bool waited;		/* in vain, for the window to answer */
	} contact;

	/* What can reset it, and how this cycle does: prover_method.c. */
	struct {
		char *offered;		/* reset_method as it was found */
		size_t express;		/* offset of the PCI Express capability */
		struct cxv_borrowed borrowed;	/* reset_method */
		const char *word_set;	/* what it is, as far as is known; or NULL */
		struct cxv_way way;
		const char *word;	/* of reset_method that does it, static; NULL: none */
	} method;

	/* Made once, when all is open; every reset must leave it usable. */
	struct {
		struct cxv_sample sample;	/* which part of the window is touched */
		struct cxv_window windows[CXV_WINDOW_VIEWS];	/* of those that are shown */
		struct cxv_mapping mappings[CXV_MAPPING_COUNT];	/* INHERITED: not used */
		struct cxv_mapping_result results[CXV_MAPPING_COUNT];	/* what all cycles share */
		struct cxv_touch_child child;
		struct cxv_watcher watcher;
		struct cxv_dma_buf dma_buf;
		struct cxv_dma_buf_result dma_buf_made;	/* what all cycles share of it */
		struct cxv_traffic_run *traffic;	/* NULL: there is none */
		uint64_t *originals;	/* a word of every touched page before the tags */
		size_t originals_size;
		bool touching;		/* cxv_touch_begin() was called */
		bool counting_works;
	} window;

	/* What is known of the memory behind it; every cycle changes that. */
	struct {
		bool populated;		/* every mapping was touched once */
		uint64_t telling_pages;	/* see struct cxv_cycle */
		uint64_t seed;		/* of the tags in the window; 0: none were written */
		bool shut;		/* the window refused access when last asked */
		bool restored;		/* the tags are gone again */
		bool written;		/* a word of every page of all of the window was */
	} content;

	/* What the last cycle leaves to the next one. */
	struct {
		struct cxv_observation look;	/* at its end, if that holds before the next */
		bool looked;
		struct cxv_driver_account account;	/* else: before the window was touched */
		uint64_t ended;		/* 0: there was none */
	} last;
};

/*
 * Open the endpoint and make the mappings. 0, or -errno with an error kept. Close it in any case.
 */
int cxv_prover_open(const struct cxv_host *host, const struct cxv_endpoint *endpoint,
		    const struct cxv_prover_options *options, struct cxv_errors *errors,
		    struct cxv_prover *prover);

/*
 * One cycle; CYCLE->checks are filled when options.verify. 0, or -errno with an error kept
 * where the cycle could not be made at all.
 */
int cxv_prover_cycle(struct cxv_prover *prover, unsigned int number, struct cxv_cycle *cycle);

/* prover_error.c: keep an error, which ends the run: -ERROR. */
int cxv_prover_fail(struct cxv_prover *prover, enum cxv_code code, int error, const char *path,
		    const char *hint, const char *text);

/*
 * prover_window.c: what the open device shows of the window; map it in every way; begin to touch
 * it, with the traffic and the child. 0 or -errno, an error kept. And put the words back that were
 * tagged, with a warning for those that could not be.
 */
int cxv_prover_find_window(struct cxv_prover *prover);
int cxv_prover_map_window(struct cxv_prover *prover);
int cxv_prover_begin_touching(struct cxv_prover *prover);
void cxv_prover_restore_window(struct cxv_prover *prover);
/* That of the first view, and that of the BAR where it is a second one; else NULL. */
const struct cxv_window *cxv_prover_window(const struct cxv_prover *prover);
const struct cxv_window *cxv_prover_bar_window(const struct cxv_prover *prover);
/* Wait until it answers, or does not. */
enum cxv_readiness cxv_prover_wait_ready(struct cxv_prover *prover);

/* prover_method.c, for prover.c and cycle.c: every way can be taken. 0 or -errno, an error kept. */
int cxv_prover_check_methods(struct cxv_prover *prover);
/* Take the way of cycle NUMBER. 0 or -errno, an error kept. */
int cxv_prover_choose_method(struct cxv_prover *prover, unsigned int number);
/* 0 or -errno. */
int cxv_prover_reset(struct cxv_prover *prover, unsigned int *retries);

/*
 * The last rung without any reset: read a word of every page, and write a tag there, which
 * cxv_prover_restore() takes away. 0, or -EIO where some refused.
 */
int cxv_prover_touch_all(struct cxv_prover *prover);

/*
 * prover_climb.c, for the first two: before the open, with the endpoint's lock; behind it, up to
 * the rest, which is on record then. 0 or -errno, an error kept. And when all is closed.
 */
int cxv_prover_climb_begin(struct cxv_prover *prover);
int cxv_prover_climb(struct cxv_prover *prover);
void cxv_prover_climb_end(struct cxv_prover *prover);

/* Put back the tagged words and reset_method; warnings say what could not be. Once is enough. */
void cxv_prover_restore(struct cxv_prover *prover);
/* Restore, and close: the kernel resets the device then, which takes minutes where it is lost. */
void cxv_prover_close(struct cxv_prover *prover);

#endif
