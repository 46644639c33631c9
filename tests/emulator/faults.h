/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What can go wrong on purpose. A fault is one entry of the table in faults.c and one function.
 * It is injected ("armed") by name and strikes at FLRs and CXL resets, never at a bus reset: those
 * happen at every machine start.
 */
#ifndef EMULATOR_FAULTS_H
#define EMULATOR_FAULTS_H

#include <stdbool.h>
#include <stdint.h>

enum fault_id {
	FAULT_DECODER_LOST,
	FAULT_DECODER_UNCOMMITTED,
	FAULT_BASE_CHANGED,
	FAULT_SIZE_CHANGED,
	FAULT_INTERLEAVED,
	FAULT_COMMIT_ERROR,
	FAULT_MEDIA_NEVER_READY,
	FAULT_MEDIA_READY_AFTER,
	FAULT_ALL_ONES_FOR,
	FAULT_ALL_ONES,
	FAULT_RESET_IGNORED,
	FAULT_CONTENT_CORRUPTED,
	FAULT_CONTENT_ZEROED,
	FAULT_CONTENT_ONES,
	FAULT_PAGE_ZEROED,
	FAULT_BYTE_CHANGED,
	FAULT_PAGES_SWAPPED,
	FAULT_SCRATCH_KEPT,
	FAULT_SKIP_CHANGED,
	FAULT_TARGET_CHANGED,
	FAULT_LOCK_CHANGED,
	FAULT_SECOND_DECODER,
	FAULT_EMPTY_DECODER,
	FAULT_HDM_DISABLED,
	FAULT_MEM_ENABLE_LOST,
	FAULT_CONFIG_LOCKED,
	FAULT_CAPABILITY_CHANGED,
	FAULT_RANGE_SIZE_CHANGED,
	FAULT_RANGE_BASE_CHANGED,
	FAULT_VIRAL,
	FAULT_DEVICE_CONTROL_STUCK,
	FAULT_LINK_CONTROL_STUCK,
	FAULT_ERROR_LOGGED,
	FAULT_CXL_RESET_ERROR,
	FAULT_CXL_RESET_LATE,
	FAULT_WRITE_BACK_STUCK,
	FAULT_COUNT
};

enum fault_argument { ARGUMENT_NONE, ARGUMENT_OPTIONAL, ARGUMENT_REQUIRED };

struct endpoint;
struct fault;

struct fault_definition {
	const char *name;
	enum fault_argument argument;
	const char *argument_name;	/* NULL without an argument */
	const char *description;
	/* Before a reset: true when the reset must not happen. */
	bool (*before_reset)(struct endpoint *endpoint, const struct fault *fault);
	/* After a reset, when all registers have their new values. */
	void (*after_reset)(struct endpoint *endpoint, const struct fault *fault);
	/* When it is cleared after it struck. */
	void (*cleared)(struct endpoint *endpoint);
	/* The window is not decoded afterwards, perhaps only for a while. */
	bool hides_window;
	/* Holds from the injection on: resets, "@" and "x" mean nothing to it. */
	bool immediate;
};

struct fault {
	bool armed;
	bool has_argument;
	uint64_t argument;
	uint64_t first;		/* strikes from this reset on, counted since the injection */
	uint64_t times;		/* at most so often; 0: no limit */
	uint64_t resets;	/* seen since the injection */
	uint64_t struck;	/* times it did its work */
};

extern const struct fault_definition fault_definitions[FAULT_COUNT];

/*
 * SPECIFICATION is NAME[=ARGUMENT][@FIRST[xTIMES]]. On an error nothing is armed and REASON, when
 * not NULL, is set to a sentence; -ENOENT for an unknown name, else -EINVAL.
 */
int faults_inject(struct endpoint *endpoint, const char *specification, const char **reason);

/* One fault, or all of them with "all"; -ENOENT. */
int faults_clear(struct endpoint *endpoint, const char *name);

bool fault_holds(const struct endpoint *endpoint, enum fault_id id);
/* It is armed and has already changed the outcome of a reset. */
bool fault_has_struck(const struct endpoint *endpoint, enum fault_id id);

/* Called by every FLR and CXL reset. */
bool faults_before_reset(struct endpoint *endpoint);
void faults_after_reset(struct endpoint *endpoint);

#endif /* EMULATOR_FAULTS_H */
