/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The control socket: one command a line, one line of JSON as the answer. */
#ifndef EMULATOR_CONTROL_H
#define EMULATOR_CONTROL_H

#include <stdbool.h>
#include <stddef.h>

#include "endpoint.h"

#define CONTROL_LINE_LENGTH	512

struct control_client {
	int socket;			/* -1: this place is free */
	bool too_long;			/* skips up to the end of the line */
	size_t length;
	char line[CONTROL_LINE_LENGTH];
};

/* The answer, with its newline, to be freed by the caller; NULL when memory is short. */
char *control_execute(struct endpoint *endpoint, bool connected, const char *line);

/* Takes SOCKET, a non-blocking stream socket, over. */
void control_connect(struct control_client *client, int socket);

/* When poll() says that there is something to read. */
void control_handle(struct control_client *client, struct endpoint *endpoint, bool connected);

#endif /* EMULATOR_CONTROL_H */
