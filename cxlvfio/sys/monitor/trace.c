// SPDX-License-Identifier: GPL-2.0-or-later
#include "sys/monitor/trace.h"

#include <stddef.h>

#ifdef CXLVFIO_LIBTRACEFS

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <tracefs.h>

#include "core/base/util.h"
#include "sys/base/library.h"

#define LIBRARY		"libtracefs.so.1"
#define FUNCTIONS(F)									\
	F(tracefs_instance_alloc) F(tracefs_instance_create) F(tracefs_instance_destroy)	\
	F(tracefs_instance_file_open) F(tracefs_instance_file_write)				\
	F(tracefs_instance_free) F(tracefs_instances) F(tracefs_list_free)

CXV_LIBRARY_NOTE(LIBRARY, "trace", "Errors that monitor is told of at once");

static struct {
	FUNCTIONS(CXV_FUNCTION_POINTER)
} lib;

#define FUNCTION(name)	{ #name, (void **)&lib.name },

static const struct cxv_function functions[] = { FUNCTIONS(FUNCTION) };

#define PREFIX		"cxlvfio-monitor-"

struct cxv_trace {
	struct tracefs_instance *instance;
	int pipe;
};

/* One that was killed could not take its own away. */
static void remove_left_over(void)
{
	/* With an expression the library would leak what it makes of it. */
	char **instances = lib.tracefs_instances(NULL);

	for (size_t i = 0; instances && instances[i]; i++) {
		struct tracefs_instance *instance;
		long process;

		if (strncmp(instances[i], PREFIX, strlen(PREFIX)))
			continue;
		process = strtol(instances[i] + strlen(PREFIX), NULL, 10);
		if (process <= 0 || !kill(process, 0) || errno != ESRCH)
			continue;
		instance = lib.tracefs_instance_alloc(NULL, instances[i]);
		if (!instance)
			continue;
		lib.tracefs_instance_destroy(instance);
		lib.tracefs_instance_free(instance);
	}
	if (instances)
		lib.tracefs_list_free(instances);
}

struct cxv_trace *cxv_trace_open(void)
{
	struct cxv_trace *trace;
	char name[64];

	if (cxv_library_load(LIBRARY, functions, ARRAY_SIZE(functions)) < 0)
		return NULL;
	trace = calloc(1, sizeof(*trace));
	if (!trace)
		return NULL;
	trace->pipe = -1;
	remove_left_over();
	snprintf(name, sizeof(name), PREFIX "%d", (int)getpid());
	trace->instance = lib.tracefs_instance_create(name);
	if (trace->instance) {
		/* That something happened is all that is wanted: a page for each processor. */
		lib.tracefs_instance_file_write(trace->instance, "buffer_size_kb", "4");
		trace->pipe = lib.tracefs_instance_file_open(trace->instance, "trace_pipe",
							     O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	}
	if (trace->pipe >= 0)
		return trace;
	cxv_trace_close(trace);
	return NULL;
}

void cxv_trace_enable(struct cxv_trace *trace)
{
	if (!trace)
		return;
	/* Either may be unknown: not built into the kernel, or a module that is not loaded yet. */
	lib.tracefs_instance_file_write(trace->instance, "events/ras/aer_event/enable", "1");
	lib.tracefs_instance_file_write(trace->instance, "events/cxl/enable", "1");
}

void cxv_trace_close(struct cxv_trace *trace)
{
	if (!trace)
		return;
	if (trace->pipe >= 0)
		close(trace->pipe);
	if (trace->instance) {
		lib.tracefs_instance_destroy(trace->instance);
		lib.tracefs_instance_free(trace->instance);
	}
	free(trace);
}

int cxv_trace_descriptor(const struct cxv_trace *trace)
{
	return trace ? trace->pipe : -1;
}

void cxv_trace_drain(struct cxv_trace *trace)
{
	char events[4096];

	while (read(trace->pipe, events, sizeof(events)) > 0)
		;
}

#else /* built without it */

struct cxv_trace *cxv_trace_open(void)
{
	return NULL;
}

void cxv_trace_close(struct cxv_trace *trace)
{
	(void)trace;
}

void cxv_trace_enable(struct cxv_trace *trace)
{
	(void)trace;
}

int cxv_trace_descriptor(const struct cxv_trace *trace)
{
	(void)trace;
	return -1;
}

void cxv_trace_drain(struct cxv_trace *trace)
{
	(void)trace;
}

#endif
