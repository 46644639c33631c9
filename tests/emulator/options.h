/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef EMULATOR_OPTIONS_H
#define EMULATOR_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "endpoint.h"

#define MAX_START_FAULTS 16

struct options {
	struct endpoint_options endpoint;
	const char *socket;
	const char *control;
	const char *memory;
	const char *watch;
	uint64_t memory_offset;
	const char *faults[MAX_START_FAULTS];
	unsigned int fault_count;
	bool damaged;			/* from the start, by the seed @damage */
	uint64_t damage;
	bool once;
	bool help;
};

/* -EINVAL after one line on standard error. */
int options_parse(struct options *options, int argc, char **argv);
void options_print_help(void);

#endif /* EMULATOR_OPTIONS_H */
