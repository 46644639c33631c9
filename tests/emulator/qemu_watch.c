// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A library for LD_PRELOAD that lets an unmodified QEMU see accesses to an HDM window while nobody
 * may access it: the guest reaches the window, which is a part of its RAM, without any trap, so the
 * device server has QEMU's mapping of it protected meanwhile. An access raises SIGSEGV then, is
 * counted, and goes through: the page is opened until the next time that all of the window is shut.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "window_watch.h"

#define WINDOWS		8
#define CONNECTIONS	(1 + WINDOWS)	/* and who listens */
#define PAGE		4096ul

/* Read by the signal handler: @start is written last, and never again. */
struct window {
	_Atomic(uintptr_t) start;	/* in QEMU; 0: unused */
	uint64_t offset;
	uint64_t size;
	atomic_uint_fast64_t accesses;
	atomic_uint_fast64_t last;
};

static struct window windows[WINDOWS];
static const char *memory_path;

static struct window *window_at(uintptr_t address)
{
	unsigned int i;

	for (i = 0; i < WINDOWS; i++) {
		uintptr_t start = atomic_load(&windows[i].start);

		if (start && address >= start && address - start < windows[i].size)
			return &windows[i];
	}
	return NULL;
}

static void on_fault(int number, siginfo_t *info, void *context)
{
	uintptr_t address = (uintptr_t)info->si_addr;
	struct window *window = window_at(address);

	(void)context;
	/* Not ours: the instruction is tried again and ends QEMU as it would have. */
	if (!window || mprotect((void *)(address & ~(PAGE - 1)), PAGE, PROT_READ | PROT_WRITE)) {
		signal(number, SIG_DFL);
		return;
	}
	atomic_fetch_add(&window->accesses, 1);
	atomic_store(&window->last, address - window->start);
}

/* Where QEMU has mapped the byte at OFFSET of the memory file; 0: nowhere. */
static uintptr_t find_mapping(uint64_t offset)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	uint64_t start, end, first;
	uintptr_t found = 0;
	char line[4096];

	while (maps && !found && fgets(line, sizeof(line), maps)) {
		line[strcspn(line, "\n")] = '\0';
		if (!strchr(line, '/') || strcmp(strchr(line, '/'), memory_path) ||
		    sscanf(line, "%" SCNx64 "-%" SCNx64 " %*s %" SCNx64, &start, &end, &first) != 3)
			continue;
		if (offset >= first && offset - first < end - start)
			found = (uintptr_t)(start + (offset - first));
	}
	if (maps)
		fclose(maps);
	return found;
}

static struct window *find_window(const struct watch_request *request)
{
	uintptr_t start;
	unsigned int i;

	for (i = 0; i < WINDOWS && windows[i].start; i++)
		if (windows[i].offset == request->offset)
			return &windows[i];
	start = find_mapping(request->offset);
	if (i == WINDOWS || !start)
		return NULL;
	windows[i].offset = request->offset;
	windows[i].size = request->size;
	atomic_store(&windows[i].start, start);
	return &windows[i];
}

static struct watch_answer answer(const struct watch_request *request)
{
	int protection = request->allowed ? PROT_READ | PROT_WRITE : PROT_NONE;
	struct window *window = find_window(request);

	if (!window)
		return (struct watch_answer){ .error = ENOENT };
	if (mprotect((void *)window->start, window->size, protection))
		return (struct watch_answer){ .error = (uint64_t)errno };
	return (struct watch_answer){ 0, window->accesses, window->last };
}

/* False when the device server is gone. */
static bool serve(int connection)
{
	struct watch_request request;
	struct watch_answer reply;

	if (recv(connection, &request, sizeof(request), 0) != sizeof(request))
		return false;
	reply = answer(&request);
	return send(connection, &reply, sizeof(reply), MSG_NOSIGNAL) == sizeof(reply);
}

static void *serve_all(void *listener)
{
	struct pollfd places[CONNECTIONS] = { { (int)(intptr_t)listener, POLLIN, 0 } };
	nfds_t count = 1, i;

	for (;;) {
		if (poll(places, count, -1) < 0)
			continue;
		for (i = count - 1; i; i--) {
			if (!places[i].revents || serve(places[i].fd))
				continue;
			close(places[i].fd);
			places[i] = places[--count];
		}
		if (places[0].revents && count < CONNECTIONS) {
			int connection = accept4(places[0].fd, NULL, NULL, SOCK_CLOEXEC);

			if (connection >= 0)
				places[count++] = (struct pollfd){ connection, POLLIN, 0 };
		}
	}
	return NULL;
}

static int listen_at(const char *path)
{
	int listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	if (listener < 0 || strlen(path) >= sizeof(address.sun_path))
		return -1;
	strcpy(address.sun_path, path);
	unlink(path);
	if (bind(listener, (const struct sockaddr *)&address, sizeof(address)) ||
	    listen(listener, WINDOWS)) {
		close(listener);
		return -1;
	}
	return listener;
}

/* Before QEMU's own main(). Whatever fails here, the device server says that nobody watches. */
__attribute__((constructor)) static void begin(void)
{
	const struct sigaction action = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO };
	const char *path = getenv(WATCH_SOCKET);
	sigset_t all, before;
	pthread_t thread;
	int listener;

	memory_path = getenv(WATCH_MEMORY);
	if (!path || !memory_path)
		return;
	listener = listen_at(path);
	if (listener < 0 || sigaction(SIGSEGV, &action, NULL))
		return;
	/* QEMU's signals are for its own threads. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	if (!pthread_create(&thread, NULL, serve_all, (void *)(intptr_t)listener))
		pthread_detach(thread);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}
