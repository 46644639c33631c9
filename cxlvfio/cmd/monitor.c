// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <getopt.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/helper_filter.h"
#include "cmd/helper_from.h"
#include "cmd/helper_number.h"
#include "cmd/helper_output.h"
#include "cmd/helper_targets.h"
#include "out/base/messages.h"
#include "out/monitor/changes.h"
#include "sys/base/clock.h"
#include "sys/base/deadline.h"
#include "sys/base/rights.h"
#include "sys/discovery/collect.h"
#include "sys/monitor/hints.h"

#define COUNT_MAX	1000000000
#define TIMEOUT_MAX	2592000		/* seconds: 30 days, which fit as milliseconds */

/* What belongs together comes together: a bind is a dozen events of the kernel. */
#define SETTLE_NS	50000000u

static const struct cxv_option options[] = {
	{ 'a', "all", NULL, "also follow CXL devices that are not Type-2 endpoints" },
	CXV_OPTIONS_FILTER,
	{ 0, "once", NULL, "print the present state and end" },
	{ 0, "count", "N", "end after N events, not counting those of the present state" },
	{ 0, "timeout", "SEC", "end after SEC seconds; with --count: fail if fewer events came" },
	CXV_OPTION_FROM,
};

struct monitor {
	struct cxv_context *context;
	struct cxv_filter filter;
	bool all;
	bool once;
	unsigned int count;		/* 0: no limit */
	unsigned int timeout;		/* seconds, 0: none */
	struct cxv_deadline deadline;	/* its end */
	const char *from;
	struct cxv_hints *hints;	/* NULL: --once */
	struct cxv_changes changes;
	uint64_t sequence;
	uint64_t told;			/* events that count */
	bool found;			/* an endpoint was read, whether it is told of or not */
	uint64_t duration_ns;		/* of the last reading */
	int result;			/* ENOUGH or -errno: why that was ended */
	bool reader_gone;
	bool said_unfollowed;
};

/* What print_event() returns when nobody wants more; no errno is 1 as a positive number. */
#define ENOUGH	1

static int parse_option(struct cxv_context *context, const struct cxv_option_value *value,
			struct monitor *monitor)
{
	const char *name = value->option->name;
	int taken = cxv_parse_filter(context, value, &monitor->filter);

	if (taken)
		return taken < 0 ? taken : 0;
	if (!strcmp(name, "count"))
		return cxv_parse_number(context, value, 1, COUNT_MAX, &monitor->count);
	if (!strcmp(name, "timeout"))
		return cxv_parse_number(context, value, 1, TIMEOUT_MAX, &monitor->timeout);
	if (!strcmp(name, "all"))
		monitor->all = true;
	else if (!strcmp(name, "once"))
		monitor->once = true;
	else if (!strcmp(name, "from"))
		monitor->from = value->value;
	else
		return cxv_unknown_option(context, value);
	return 0;
}

static int check(struct cxv_context *context, const struct monitor *monitor)
{
	if (monitor->once && (monitor->count || monitor->timeout)) {
		cxv_usage_error(context, "--once waits for nothing: it cannot be combined with "
				"--count or --timeout");
		return -EINVAL;
	}
	if ((monitor->from || context->host.fixture) && !monitor->once) {
		cxv_usage_error(context, "files do not change: with --from or --sysroot there is "
				"only --once");
		return -EINVAL;
	}
	return cxv_check_filter(context, &monitor->filter);
}

static int parse(struct cxv_context *context, int argc, char **argv, struct monitor *monitor)
{
	struct cxv_option_value value;
	int result;

	while ((result = cxv_next_option(context, argc, argv, &value)) > 0) {
		result = parse_option(context, &value, monitor);
		if (result < 0)
			return result;
	}
	if (result < 0)
		return result;
	if (optind < argc) {
		cxv_usage_error(context,
				"takes no operand: --serial and its like choose endpoints");
		return -EINVAL;
	}
	return check(context, monitor);
}

/* NULL: there is none. */
static const struct cxv_deadline *deadline_of(const struct monitor *monitor)
{
	return monitor->timeout ? &monitor->deadline : NULL;
}

static int print_line(const char *line, size_t length)
{
	errno = 0;
	return fwrite(line, 1, length, stdout) == length ? 0 : -(errno ?: EIO);
}

static int write_line(const struct monitor *monitor, const char *line, size_t length)
{
	int error = !monitor->hints ? print_line(line, length) :
		    cxv_hints_write(monitor->hints, deadline_of(monitor), STDOUT_FILENO, line,
				    length);

	/* Said by cxv_finish(), but for an end that is none of stdout's. */
	if (error < 0 && error != -EINTR && error != -ETIMEDOUT)
		monitor->context->stdout_error = error;
	return error;
}

static int print_event(const struct cxv_event *event, void *argument)
{
	struct monitor *monitor = argument;
	struct cxv_event_stamp stamp = { .sequence = ++monitor->sequence };
	_cleanup_free_ char *line = NULL;
	size_t length;
	int error;

	clock_gettime(CLOCK_REALTIME, &stamp.time);
	localtime_r(&stamp.time.tv_sec, &stamp.local);
	stamp.monotonic_ns = cxv_clock_now();
	line = monitor->context->json ? cxv_event_json(event, &stamp, &length) :
					cxv_event_text(event, &stamp, &length);
	if (!line)
		return -ENOMEM;
	error = write_line(monitor, line, length);
	if (error < 0 || event->kind == CXV_EVENT_SNAPSHOT)
		return error;
	return ++monitor->told == monitor->count ? ENOUGH : 0;
}

/* At once and not at the end, which may be next year. */
static void say_warnings(const struct cxv_context *context, struct cxv_errors *errors)
{
	struct cxv_messages_style style = {
		.command = context->command->name, .quiet = context->quiet,
		.color = context->color,
	};

	if (errors->error_count)
		return;
	cxv_print_messages(errors, &style, stderr);
	cxv_errors_clear(errors);
}

/* Everything else is told all the same. Once: each reading would say it again. */
static void say_unfollowed(struct monitor *monitor, const char *host, int error)
{
	struct cxv_errors errors = { 0 };

	if (monitor->said_unfollowed)
		return;
	monitor->said_unfollowed = true;
	cxv_warning(&errors, cxv_code_of_errno(error), error,
		    (struct cxv_place) {
			    .operation = "follow", .target = host,
			    .hint = error == -ENOSPC ?
				    "raise fs.inotify.max_user_watches with sysctl(8)" :
				    cxv_rights_hint(&monitor->context->host, error),
		    },
		    "cannot watch it: changes may be reported late, opens and closes not at all");
	say_warnings(monitor->context, &errors);
}

static int follow_endpoint(struct monitor *monitor, const struct cxv_endpoint *endpoint)
{
	int error = cxv_hints_follow(monitor->hints, endpoint);

	if (!error || error == -ENOMEM)
		return error;
	say_unfollowed(monitor, endpoint->host, error);
	return 0;
}

static int read_endpoint(struct cxv_endpoint *endpoint, void *argument)
{
	struct monitor *monitor = argument;
	bool wanted = (monitor->all || cxv_endpoint_is_type2(endpoint)) &&
		      cxv_filter_matches(&monitor->filter, endpoint);
	int error = cxv_changes_read(&monitor->changes, endpoint, wanted);

	monitor->found = monitor->found || monitor->all || cxv_endpoint_is_type2(endpoint);
	if (!error && monitor->hints)
		error = follow_endpoint(monitor, endpoint);
	cxv_endpoint_free(endpoint);
	monitor->result = error;
	return error;
}

/* Every endpoint. 0, or why there will be no more. */
static int read_all(struct monitor *monitor, struct cxv_errors *errors)
{
	_cleanup_(cxv_topology_let_go) struct cxv_topology *topology = NULL;
	uint64_t start = cxv_clock_now();
	int error;

	if (monitor->hints)
		cxv_hints_follow_begin(monitor->hints);
	error = cxv_collect_each(&monitor->context->host, errors, read_endpoint, monitor,
				 &topology);
	/* An end of ours is no failure of the collection. */
	if (monitor->result)
		cxv_errors_clear(errors);
	error = monitor->result ?: error ?: cxv_changes_end(&monitor->changes);
	monitor->duration_ns = cxv_clock_now() - start;
	/* What a reading took is not kept until the next one, which may be tomorrow. */
	malloc_trim(0);
	return error;
}

static int read_first(struct monitor *monitor)
{
	int error;

	monitor->changes.visit = NULL;
	error = read_all(monitor, &monitor->context->errors);
	monitor->changes.hidden = cxv_targets_are_hidden(monitor->context);
	if (!monitor->once)
		say_warnings(monitor->context, &monitor->context->errors);
	monitor->changes.visit = print_event;
	return error ?: cxv_changes_snapshot(&monitor->changes);
}

static int print_once(struct monitor *monitor)
{
	int error = read_first(monitor);

	/* The error is kept for the exit status. */
	if (!error)
		cxv_targets_check_hidden(monitor->context, monitor->found);
	return error;
}

/* Warnings would be those of the first reading, again and again; a failure is said in the end. */
static int read_again(struct monitor *monitor)
{
	struct cxv_errors *errors = &monitor->context->errors;
	int error = read_all(monitor, errors);

	if (!error)
		cxv_errors_clear(errors);
	return error;
}

static int start_over(struct monitor *monitor)
{
	struct cxv_event event = {
		.kind = CXV_EVENT_LOST_EVENTS,
		.message = "events were lost: the state of every endpoint follows",
	};
	int error = print_event(&event, monitor);

	if (error)
		return error;
	cxv_changes_forget(&monitor->changes);
	return read_first(monitor);
}

/*
 * More hints come while one is looked at: what belongs together is read once, and at most half of
 * the time is spent reading.
 */
static void settle(const struct monitor *monitor)
{
	cxv_clock_sleep(monitor->duration_ns > SETTLE_NS ? monitor->duration_ns : SETTLE_NS);
}

/* ENOUGH, or -errno: why it ended. */
static int follow(struct monitor *monitor)
{
	int error = read_first(monitor);

	while (!error) {
		/* Nobody was listening yet to what is new. */
		if (cxv_hints_follow_end(monitor->hints)) {
			error = read_again(monitor);
			continue;
		}
		error = cxv_hints_wait(monitor->hints, deadline_of(monitor), STDOUT_FILENO);
		if (error && error != -ENOBUFS)
			break;
		settle(monitor);
		error = error ? start_over(monitor) : read_again(monitor);
	}
	return error;
}

static enum cxv_exit fail(struct cxv_context *context, int error, const char *what,
			  const char *hint)
{
	cxv_error(&context->errors, cxv_code_of_errno(error), error,
		  (struct cxv_place) { .operation = "monitor", .hint = hint }, "%s", what);
	return cxv_errors_exit(&context->errors);
}

/* Of an ERROR to be told of events at all. */
static const char *hint_of(int error)
{
	switch (error) {
	case -EMFILE:
		return "raise fs.inotify.max_user_instances with sysctl(8), or the limit of open "
		       "files with ulimit -n";
	case -ELIBACC:
		return "install libudev (libudev1, systemd-libs): it receives them";
	default:
		return NULL;
	}
}

static enum cxv_exit time_out(const struct monitor *monitor)
{
	struct cxv_context *context = monitor->context;

	if (!monitor->count)
		return CXV_EXIT_DONE;
	cxv_error(&context->errors, CXV_TIMEOUT, 0, (struct cxv_place) { .operation = "monitor" },
		  "%llu of %u events came in %u seconds", (unsigned long long)monitor->told,
		  monitor->count, monitor->timeout);
	return CXV_EXIT_TIMEOUT;
}

static enum cxv_exit end(struct monitor *monitor, int error)
{
	struct cxv_context *context = monitor->context;

	switch (error) {
	case 0:
	case ENOUGH:
	case -EINTR:		/* main() lets the signal through */
		return cxv_errors_exit(&context->errors);
	case -EPIPE:
		monitor->reader_gone = true;
		context->stdout_error = error;
		return CXV_EXIT_FAILED;
	case -ETIMEDOUT:
		return time_out(monitor);
	default:
		if (context->stdout_error)
			return CXV_EXIT_FAILED;
		/* A collection that failed has said why. */
		if (context->errors.error_count)
			return cxv_errors_exit(&context->errors);
		return fail(context, error, "cannot continue to watch", NULL);
	}
}

static enum cxv_exit run_monitor(struct monitor *monitor)
{
	struct cxv_context *context = monitor->context;
	int error;

	if (monitor->from && cxv_from(context, monitor->from) < 0)
		return cxv_errors_exit(&context->errors);
	monitor->deadline = cxv_deadline_after(monitor->timeout * 1000u);
	if (!monitor->once) {
		cxv_hold_until_finished(context);
		error = cxv_hints_open(&context->host, &monitor->hints);
		if (error < 0)
			return fail(context, error, "cannot receive the kernel's events about "
				    "devices: --once prints the present state",
				    hint_of(error));
	}
	if (!context->json) {
		error = write_line(monitor, cxv_event_headings, strlen(cxv_event_headings));
		if (error < 0)
			return end(monitor, error);
	}
	return end(monitor, monitor->once ? print_once(monitor) : follow(monitor));
}

static void monitor_clear(struct monitor *monitor)
{
	cxv_hints_close(monitor->hints);
	monitor->hints = NULL;
	cxv_changes_clear(&monitor->changes);
	cxv_filter_clear(&monitor->filter);
}

static enum cxv_exit run(struct cxv_context *context, int argc, char **argv)
{
	_cleanup_(monitor_clear) struct monitor monitor = { .context = context };
	enum cxv_exit status;
	sighandler_t before;

	monitor.changes.argument = &monitor;
	/* Lines are all that is ever on stdout: a failure has its message on stderr. */
	context->document_printed = true;
	if (parse(context, argc, argv, &monitor) < 0)
		return CXV_EXIT_USAGE;
	/* It would leave a trace instance behind. */
	before = signal(SIGPIPE, SIG_IGN);
	status = run_monitor(&monitor);
	signal(SIGPIPE, before);
	/* As the shell's other filters end: by the signal, where it is not ignored. */
	if (monitor.reader_gone) {
		monitor_clear(&monitor);
		raise(SIGPIPE);
	}
	return status;
}

const struct cxv_command cxv_command_monitor = {
	.name = "monitor",
	.summary = "follow endpoints: their state, then every change of it",
	.options = options,
	.option_count = ARRAY_SIZE(options),
	.libcxl = CXV_LIBCXL_MEMDEVS,
	.run = run,
};
