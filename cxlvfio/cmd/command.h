/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A command: its name, its options as data, and the function that runs it. The table of options is
 * the one truth: getopt_long(3), --help, the man page's OPTIONS and the completions come from it.
 */
#ifndef CXLVFIO_CMD_COMMAND_H
#define CXLVFIO_CMD_COMMAND_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>

#include "core/base/errors.h"
#include "core/base/value.h"
#include "sys/base/host.h"

/* What a shell may complete after an option or as an operand. */
enum cxv_complete {
	CXV_COMPLETE_NOTHING,
	CXV_COMPLETE_TARGET,	/* live endpoints */
	CXV_COMPLETE_FILE,
	CXV_COMPLETE_DIRECTORY,
	CXV_COMPLETE_WORDS,	/* one of .words */
	CXV_COMPLETE_COLUMNS,	/* a column of list */
	CXV_COMPLETE_COMMAND,
};

struct cxv_option {
	char letter;			/* 0: long name only */
	const char *name;
	const char *argument;		/* "SEC"; NULL: takes none */
	const char *help;		/* one sentence, lower case, no full stop */
	enum cxv_complete complete;
	const char *words;		/* CXV_COMPLETE_WORDS: "flr bus auto" */
};

/* The global options and what a command may use; made by main(), one a process. */
struct cxv_context {
	struct cxv_host host;
	const char *snapshot;		/* --from: the file that the host was read from, or NULL */
	struct cxv_number redacted;	/* whether it is, as far as it says so */
	struct cxv_errors errors;
	bool json;			/* one JSON document on stdout, whatever happens */
	bool json_lines;		/* --ndjson, with json: the document takes one line */
	bool human;			/* units in tables, unless --bytes was given */
	bool quiet;
	unsigned int verbose;
	bool color;			/* on terminals, unless --no-color was given */
	bool help;			/* --help was given: main() prints it instead of running */
	bool version;			/* the same of --version */
	bool document_printed;		/* cxv_document_finish() was called */
	int stdout_error;		/* -errno of a document that could not be printed */
	char **arguments;		/* argv of the program, for the record */
	const struct cxv_command *command;
	bool signals_held;		/* cxv_hold_until_finished(); main() releases them */
	sigset_t signals_before;
};

/* What the first operand of a command that does several things can be: "persist add". */
struct cxv_action {
	const char *name;
	const char *summary;
	const char *operands;		/* "TARGET..." or NULL */
	enum cxv_complete operand_complete;	/* when operands are no targets */
};

/* What it means if "all" matches no endpoint. */
enum cxv_all_of_none {
	CXV_NONE_IS_SAID,	/* a warning: nothing was to be done */
	CXV_NONE_FAILS,		/* a proof or a bind of nothing is no success */
	CXV_NONE_IS_FINE,	/* the command tells of it in its own words */
};

struct cxv_command {
	const char *name;
	const char *summary;		/* one line for the command list */
	const struct cxv_action *actions;	/* NULL: it does one thing */
	size_t action_count;
	const char *operands;		/* "TARGET..." or NULL */
	enum cxv_complete operand_complete;	/* when operands are no targets */
	enum cxv_all_of_none all_of_none;
	const char *arrays;		/* its own ones in the JSON document, or NULL */
	const struct cxv_option *options;
	size_t option_count;
	enum cxv_libcxl_scope libcxl;	/* what it asks libcxl for */
	/*
	 * argv[0] is the command's name. Prints its payload itself (table, or the JSON envelope
	 * through out/discovery/envelope.h); errors go into context->errors, said by main(). The
	 * exit status is the returned one.
	 */
	enum cxv_exit (*run)(struct cxv_context *context, int argc, char **argv);
};

/* Every command in the order of the help, and the options that each of them takes. */
extern const struct cxv_command *const cxv_commands[];
extern const size_t cxv_command_count;
extern const struct cxv_option cxv_global_options[];
extern const size_t cxv_global_option_count;

/* Exact names only; NULL for any other. */
const struct cxv_command *cxv_find_command(const char *name);
/* Commands for scripts and completions only: not in the help. */
bool cxv_command_hidden(const struct cxv_command *command);

/* Each command's file ends with its own: */
extern const struct cxv_command cxv_command_list;
extern const struct cxv_command cxv_command_show;
extern const struct cxv_command cxv_command_monitor;
extern const struct cxv_command cxv_command_metrics;
extern const struct cxv_command cxv_command_bind;
extern const struct cxv_command cxv_command_unbind;
extern const struct cxv_command cxv_command_persist;
extern const struct cxv_command cxv_command_reset;
extern const struct cxv_command cxv_command_verify;
extern const struct cxv_command cxv_command_driver;
extern const struct cxv_command cxv_command_doctor;
extern const struct cxv_command cxv_command_snapshot;
extern const struct cxv_command cxv_command_help;
extern const struct cxv_command cxv_command_version;
extern const struct cxv_command cxv_command_metadata;
extern const struct cxv_command cxv_command_targets;
extern const struct cxv_command cxv_command_persist_match;

/* One option as cxv_next_option() met it. */
struct cxv_option_value {
	const struct cxv_option *option;
	const char *value;		/* NULL when it takes none */
};

/*
 * Walk a command's options with getopt_long(3): returns 1 with VALUE filled, 0 at the end (optind
 * is the first operand), or -errno after keeping an error that names the option; a command then
 * returns CXV_EXIT_USAGE. Global options (--json, --sysroot, -u, -q, -v, --no-color, --help) are
 * accepted anywhere and handled here. Long names are exact: no abbreviations.
 */
int cxv_next_option(struct cxv_context *context, int argc, char **argv,
		    struct cxv_option_value *value);
/*
 * The action that argv[optind], after the options, names exactly; optind moves on to the operands.
 * NULL with a usage error kept: it is missing or unknown, or takes no operand and there is one.
 */
const struct cxv_action *cxv_take_action(struct cxv_context *context, int argc, char **argv);
/* For the end of a chain of words: an option of the table that no code takes. -EINVAL. */
int cxv_unknown_option(struct cxv_context *context, const struct cxv_option_value *value);
/* Keep a usage error with the hint to read this command's --help. Returns CXV_EXIT_USAGE. */
enum cxv_exit cxv_usage_error(struct cxv_context *context, const char *format, ...) _printf_(2, 3);

#endif
