/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The sockets and the loop that serves them. */
#ifndef EMULATOR_SERVER_H
#define EMULATOR_SERVER_H

#include "control.h"
#include "endpoint.h"
#include "vfio_user.h"
#include "watch.h"

#define MAX_CONTROL_CLIENTS 8

struct server {
	struct endpoint *endpoint;
	const char *socket_path;	/* NULL until the socket file is ours */
	const char *control_path;
	int listener;
	int control_listener;
	int signals;
	int timer;
	bool once;
	struct watch *watch;
	struct vfio_user vfio_user;
	struct control_client clients[MAX_CONTROL_CLIENTS];
};

/* -errno after one line on standard error. */
int server_open(struct server *server, struct endpoint *endpoint, const char *socket_path,
		const char *control_path, struct watch *watch, bool once);
/* Returns 0 at SIGTERM, SIGINT, or the end of the only connection with ONCE. */
int server_run(struct server *server);
void server_close(struct server *server);

/* The real clock of the model. */
uint64_t server_clock(void *context);

#endif /* EMULATOR_SERVER_H */
