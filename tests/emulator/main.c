// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "cxl_regs.h"
#include "hdm.h"
#include "options.h"
#include "server.h"
#include "util.h"

#define EXIT_USAGE 2

/* A descriptor, or -errno after one line on standard error. */
static int open_memory(const struct options *options)
{
	uint64_t needed = options->memory_offset + options->endpoint.window_size;
	_cleanup_close_ int memory = open(options->memory, O_RDWR | O_CLOEXEC);
	struct stat status;
	int result;

	if (memory < 0 || fstat(memory, &status)) {
		result = -errno;
		log_event("memory file %s: cannot open: %s; create it first (truncate -s SIZE)",
			  options->memory, strerror(-result));
		return result;
	}
	if ((uint64_t)status.st_size < needed) {
		log_event("memory file %s: %" PRIu64 " bytes are too few, the window ends at %"
			  PRIu64 "; make it as large as the guest's RAM", options->memory,
			  (uint64_t)status.st_size, needed);
		return -EINVAL;
	}
	result = memory;
	memory = -1;
	return result;
}

static int inject_faults(const struct options *options, struct endpoint *endpoint)
{
	const char *reason = NULL;
	unsigned int i;

	for (i = 0; i < options->fault_count; i++) {
		if (faults_inject(endpoint, options->faults[i], &reason)) {
			log_event("--fault \"%s\": %s", options->faults[i], reason);
			return -EINVAL;
		}
	}
	return 0;
}

static int serve(const struct options *options, struct endpoint *endpoint)
{
	static struct server server;
	struct watch watch = {
		.path = options->watch,
		.socket = -1,
		.offset = options->memory_offset,
		.size = options->endpoint.window_size,
	};
	int rc;

	endpoint->watch = (struct endpoint_watch){ watch_set, watch_is_there, &watch };
	rc = server_open(&server, endpoint, options->socket, options->control, &watch,
			 options->once);
	if (!rc) {
		printf("listening on %s\n", options->socket);
		fflush(stdout);
		rc = server_run(&server);
	}
	server_close(&server);
	watch_disconnect(&watch);
	endpoint->watch = (struct endpoint_watch){ 0 };
	return rc ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int run(const struct options *options)
{
	static const struct endpoint_clock clock = { .now = server_clock };
	static struct endpoint endpoint;
	_cleanup_close_ int memory = open_memory(options);
	int rc;

	if (memory < 0)
		return EXIT_FAILURE;
	rc = endpoint_create(&endpoint, &options->endpoint, &clock, memory,
			     options->memory_offset);
	if (rc) {
		log_event("memory file %s: cannot map the window: %s", options->memory,
			  strerror(-rc));
		return EXIT_FAILURE;
	}
	if (options->damaged)
		damage_begin(&endpoint.damage, options->damage, HDM_OFFSET,
			     cxl_hdm_length(options->endpoint.decoders));
	rc = inject_faults(options, &endpoint) ? EXIT_USAGE : serve(options, &endpoint);
	endpoint_destroy(&endpoint);
	return rc;
}

int main(int argc, char **argv)
{
	struct options options;

	if (options_parse(&options, argc, argv))
		return EXIT_USAGE;
	if (options.help) {
		options_print_help();
		return EXIT_SUCCESS;
	}
	return run(&options);
}
