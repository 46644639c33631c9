// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include "util.h"
#include "watch.h"
#include "window_watch.h"

/* Of an answer that takes a millisecond: QEMU hangs, or was stopped. */
#define ANSWER_SECONDS	60

void watch_connect(struct watch *watch)
{
	const struct timeval limit = { .tv_sec = ANSWER_SECONDS };
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	watch_disconnect(watch);
	if (!watch->path)
		return;
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", watch->path);
	watch->socket = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (watch->socket >= 0 &&
	    !setsockopt(watch->socket, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) &&
	    !connect(watch->socket, (const struct sockaddr *)&address, sizeof(address)))
		return;
	log_event("watch %s: cannot connect: %s; start QEMU with the library", watch->path,
		  strerror(errno));
	watch_disconnect(watch);
}

void watch_disconnect(struct watch *watch)
{
	close_descriptor(&watch->socket);
	watch->ended += watch->seen;
	watch->seen = 0;
}

bool watch_is_there(void *context)
{
	const struct watch *watch = context;

	return watch->socket >= 0;
}

static int ask(const struct watch *watch, bool allowed, struct watch_answer *answer)
{
	const struct watch_request request = { watch->offset, watch->size, allowed };

	if (send(watch->socket, &request, sizeof(request), MSG_NOSIGNAL) < 0)
		return -errno;
	switch (recv(watch->socket, answer, sizeof(*answer), 0)) {
	case sizeof(*answer):
		return -(int)answer->error;
	case -1:
		return -errno;
	default:
		return -ECONNRESET;
	}
}

uint64_t watch_set(void *context, bool allowed)
{
	struct watch *watch = context;
	struct watch_answer answer;
	int rc;

	if (watch->socket < 0)
		return watch->ended;
	rc = ask(watch, allowed, &answer);
	if (rc) {
		log_event("watch %s: %s: nobody watches any more", watch->path, strerror(-rc));
		watch_disconnect(watch);
		return watch->ended;
	}
	if (answer.accesses != watch->seen)
		log_event("window: %" PRIu64 " accesses that were not allowed, the last at 0x%"
			  PRIx64, answer.accesses - watch->seen, answer.last);
	watch->seen = answer.accesses;
	return watch->ended + watch->seen;
}
