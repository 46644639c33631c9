// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <time.h>

#include "server.h"
#include "util.h"

#define NANOSECONDS_PER_SECOND UINT64_C(1000000000)

enum poll_place {
	POLL_SIGNALS, POLL_TIMER, POLL_CONNECTION, POLL_LISTENER, POLL_CONTROL, POLL_CLIENTS,
	POLL_COUNT = POLL_CLIENTS + MAX_CONTROL_CLIENTS,
};

uint64_t server_clock(void *context)
{
	struct timespec now;

	(void)context;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * NANOSECONDS_PER_SECOND + (uint64_t)now.tv_nsec;
}

/* A socket file that nobody listens at is left over from a process that was killed. */
static int remove_stale(const struct sockaddr_un *address)
{
	_cleanup_close_ int probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct stat status;

	if (probe < 0)
		return -errno;
	if (lstat(address->sun_path, &status))
		return errno == ENOENT ? 0 : -errno;
	if (!S_ISSOCK(status.st_mode))
		return -EEXIST;
	if (!connect(probe, (const struct sockaddr *)address, sizeof(*address)))
		return -EADDRINUSE;
	if (errno != ECONNREFUSED)
		return -errno;
	return unlink(address->sun_path) ? -errno : 0;
}

static int listen_at(const char *path, int *listener, const char **owned_path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	_cleanup_close_ int descriptor = -1;
	int rc;

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	rc = remove_stale(&address);
	if (rc) {
		log_event("socket %s: %s; stop the process that uses it or name another path",
			  path, strerror(-rc));
		return rc;
	}
	descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (descriptor < 0 ||
	    bind(descriptor, (const struct sockaddr *)&address, sizeof(address))) {
		rc = -errno;
		log_event("socket %s: cannot bind: %s; check that its directory exists", path,
			  strerror(-rc));
		return rc;
	}
	*owned_path = path;
	if (listen(descriptor, MAX_CONTROL_CLIENTS)) {
		rc = -errno;
		log_event("socket %s: cannot listen: %s", path, strerror(-rc));
		return rc;
	}
	*listener = descriptor;
	descriptor = -1;
	return 0;
}

static int open_events(struct server *server)
{
	sigset_t signals;
	int rc;

	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	server->signals = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
	server->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (server->signals >= 0 && server->timer >= 0)
		return 0;
	rc = -errno;
	log_event("cannot create signal and timer descriptors: %s", strerror(-rc));
	return rc;
}

int server_open(struct server *server, struct endpoint *endpoint, const char *socket_path,
		const char *control_path, struct watch *watch, bool once)
{
	size_t i;
	int rc;

	memset(server, 0, sizeof(*server));
	server->endpoint = endpoint;
	server->once = once;
	server->watch = watch;
	server->listener = -1;
	server->control_listener = -1;
	server->signals = -1;
	server->timer = -1;
	vfio_user_init(&server->vfio_user, endpoint);
	for (i = 0; i < MAX_CONTROL_CLIENTS; i++)
		server->clients[i].socket = -1;
	rc = open_events(server);
	if (!rc)
		rc = listen_at(control_path, &server->control_listener, &server->control_path);
	if (!rc)
		rc = listen_at(socket_path, &server->listener, &server->socket_path);
	return rc;
}

void server_close(struct server *server)
{
	size_t i;

	if (server->vfio_user.socket >= 0)
		vfio_user_disconnect(&server->vfio_user, "the emulator ends");
	for (i = 0; i < MAX_CONTROL_CLIENTS; i++)
		close_descriptor(&server->clients[i].socket);
	if (server->socket_path)
		unlink(server->socket_path);
	if (server->control_path)
		unlink(server->control_path);
	close_descriptor(&server->listener);
	close_descriptor(&server->control_listener);
	close_descriptor(&server->signals);
	close_descriptor(&server->timer);
}

static void arm_timer(struct server *server)
{
	uint64_t deadline = endpoint_next_deadline(server->endpoint);
	struct itimerspec setting = {
		.it_value = {
			.tv_sec = (time_t)(deadline / NANOSECONDS_PER_SECOND),
			.tv_nsec = (long)(deadline % NANOSECONDS_PER_SECOND),
		},
	};

	timerfd_settime(server->timer, TFD_TIMER_ABSTIME, &setting, NULL);
}

static void fill_poll(const struct server *server, struct pollfd *places)
{
	size_t i;

	places[POLL_SIGNALS] = (struct pollfd){ server->signals, POLLIN, 0 };
	places[POLL_TIMER] = (struct pollfd){ server->timer, POLLIN, 0 };
	places[POLL_CONNECTION] = (struct pollfd){
		server->vfio_user.socket, vfio_user_events(&server->vfio_user) | POLLRDHUP, 0 };
	places[POLL_LISTENER] = (struct pollfd){ server->listener, POLLIN, 0 };
	places[POLL_CONTROL] = (struct pollfd){ server->control_listener, POLLIN, 0 };
	for (i = 0; i < MAX_CONTROL_CLIENTS; i++)
		places[POLL_CLIENTS + i] = (struct pollfd){ server->clients[i].socket, POLLIN, 0 };
}

static int accept_from(int listener)
{
	return accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

/* LEAVING: the present client is gone, but some of its messages are still to be read. */
static void accept_connection(struct server *server, bool leaving)
{
	_cleanup_close_ int socket = -1;

	if (server->vfio_user.socket >= 0 && leaving)
		return;
	socket = accept_from(server->listener);
	if (socket < 0)
		return;
	if (server->vfio_user.socket >= 0) {
		log_event("connection: refused: there is one already");
		return;
	}
	vfio_user_connect(&server->vfio_user, socket);
	socket = -1;
	watch_connect(server->watch);
	endpoint_watch_window(server->endpoint, true);
}

static void accept_client(struct server *server)
{
	_cleanup_close_ int socket = accept_from(server->control_listener);
	size_t i;

	if (socket < 0)
		return;
	for (i = 0; i < MAX_CONTROL_CLIENTS; i++) {
		if (server->clients[i].socket >= 0)
			continue;
		control_connect(&server->clients[i], socket);
		socket = -1;
		return;
	}
	log_event("control: refused: there are %d clients already", MAX_CONTROL_CLIENTS);
}

/* True when the emulator shall end. The listener comes last: a client may leave and come back. */
static bool serve(struct server *server, const struct pollfd *places)
{
	bool leaving = places[POLL_CONNECTION].revents & (POLLRDHUP | POLLHUP | POLLERR);
	bool connected = server->vfio_user.socket >= 0;
	uint64_t expirations;
	size_t i;

	if (places[POLL_SIGNALS].revents)
		return true;
	if (places[POLL_TIMER].revents &&
	    read(server->timer, &expirations, sizeof(expirations)) > 0)
		endpoint_run_timers(server->endpoint);
	if (places[POLL_CONNECTION].revents)
		vfio_user_handle(&server->vfio_user);
	/* Its end would be reported for ever while nothing more can be done. */
	if (leaving && server->vfio_user.socket >= 0 && server->vfio_user.reply_length)
		vfio_user_disconnect(&server->vfio_user, "client left and does not read");
	if (server->once && connected && server->vfio_user.socket < 0)
		return true;
	for (i = 0; i < MAX_CONTROL_CLIENTS; i++)
		if (places[POLL_CLIENTS + i].revents)
			control_handle(&server->clients[i], server->endpoint,
				       server->vfio_user.socket >= 0);
	if (places[POLL_LISTENER].revents)
		accept_connection(server, leaving);
	if (places[POLL_CONTROL].revents)
		accept_client(server);
	return false;
}

int server_run(struct server *server)
{
	struct pollfd places[POLL_COUNT];
	int rc;

	for (;;) {
		arm_timer(server);
		fill_poll(server, places);
		if (poll(places, POLL_COUNT, -1) < 0) {
			if (errno == EINTR)
				continue;
			rc = -errno;
			log_event("poll: %s", strerror(-rc));
			return rc;
		}
		if (serve(server, places))
			return 0;
	}
}
