/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What reset and verify have in common: reset each target again and again, and say what it did. */
#ifndef CXLVFIO_CMD_HELPER_CYCLES_H
#define CXLVFIO_CMD_HELPER_CYCLES_H

#include "cmd/command.h"
#include "cmd/helper_report.h"
#include "sys/proof/prover.h"

struct cxv_cycles_settings {
	struct cxv_prover_options prover;
	unsigned int cycles;		/* 0: no limit */
	unsigned int duration;		/* seconds; 0: no limit */
	unsigned int interval;		/* milliseconds between two cycles */
	const char *report;		/* an HTML file; NULL: none */
	bool via_given;			/* else it is the method's */
	bool yes;			/* also what reaches beyond the function */
	bool dry_run;
	bool prove;			/* the ladder of the first contact alone */
	const char *baseline;		/* a file; NULL: none */
};

/* For the command's table of options; cxv_cycles_parse() knows them. */
#define CXV_CYCLES_METHOD_OPTIONS							\
	{ 'm', "method", "METHOD", "flr, cxl, bus, hot, auto for the kernel's first, "	\
	  "or memory (no reset)", CXV_COMPLETE_WORDS, "flr cxl bus hot auto memory" },	\
	{ 0, "via", "PATH", "reset by vfio, by a config space write, or by sysfs",	\
	  CXV_COMPLETE_WORDS, "vfio config sysfs" }
#define CXV_CYCLES_OPTIONS								\
	{ 'n', "dry-run", NULL, "print what would be reset, and reset nothing" },	\
	{ 'y', "yes", NULL, "do not ask before resets that reach beyond the function, and "	\
	  "try again what the host did not survive, or cannot record" },			\
	{ 0, "interval", "MS", "wait so many milliseconds between two cycles" },	\
	{ 't', "timeout", "SEC",							\
	  "wait so long for the memory to answer again, 70 unless given" },		\
	{ 0, "ndjson", NULL,								\
	  "print a JSON line for each cycle while it runs, then the document" },	\
	{ 0, "baseline", "FILE",							\
	  "compare with an earlier document of --json; it fails if it got worse",	\
	  CXV_COMPLETE_FILE },								\
	{ 0, "interface", "NAME",							\
	  "open the device through its group, its cdev, or what is there",		\
	  CXV_COMPLETE_WORDS, "auto group cdev" },					\
	{ 0, "sample", "N", "touch N blocks of 2 MiB chosen at random, or all; above "	\
	  "16 GiB 4096, unless given" },						\
	{ 0, "read-only", NULL, "write nothing to the memory: what it holds must come back" },	\
	{ 0, "expect", "CONTENT", "what the memory must hold afterwards",		\
	  CXV_COMPLETE_WORDS, "retained zero any" },					\
	CXV_OPTION_REPORT

/* One cycle of flr, proven. */
struct cxv_cycles_settings cxv_cycles_defaults(void);
/* 0, or -EINVAL with a usage error kept. */
int cxv_cycles_parse(struct cxv_context *context, const struct cxv_option_value *value,
		     struct cxv_cycles_settings *settings);
/* What cannot go together: 0, or -EINVAL with a usage error kept. */
int cxv_cycles_check(struct cxv_context *context, const struct cxv_cycles_settings *settings);
/* Every operand's cycles, and what is said of them. */
enum cxv_exit cxv_cycles_run(struct cxv_context *context, char **operands, int count,
			     const struct cxv_cycles_settings *settings);

#endif
