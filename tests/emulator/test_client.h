/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Starts the built emulator and speaks with it as QEMU and as an operator would. */
#ifndef EMULATOR_TEST_CLIENT_H
#define EMULATOR_TEST_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "vfio_user_protocol.h"

#define REPLY_SPACE		(128u << 10)
#define WINDOW_BYTES		(256u << 20)
#define MAX_SERVER_ARGUMENTS	24

struct server_process {
	pid_t pid;
	int memory;
	uint8_t *window;
	int log;			/* its standard error, a file */
	off_t log_read;
	char directory[32];
	char socket[64];
	char control[64];
};

struct reply {
	struct vfio_user_header header;
	size_t length;			/* of the payload */
	uint8_t payload[REPLY_SPACE];
};

/* The path of the emulator, from the test's command line. */
extern const char *emulator_path;

/* Runs it with standard output to OUTPUT, standard error to LOG; it ends with the test at last. */
pid_t spawn(const char *const *arguments, int output, int log);
/* MORE ends with NULL. Waits for "listening on". */
void server_start(struct server_process *server, const char *const *more);
/* Runs it without the usual arguments; its exit status. */
int server_exit_status(const char *const *arguments);
/* Sends SIGTERM; its exit status. */
int server_stop(struct server_process *server);
/* What the emulator has said on standard error since the last call; cut to SPACE. */
void server_log(struct server_process *server, char *text, size_t space);
unsigned int server_descriptors(const struct server_process *server);

int connect_to(const char *path);
void send_bytes(int socket, const void *bytes, size_t length, const int *descriptors,
		size_t count);
void send_request(int socket, uint16_t command, uint32_t flags, const void *payload,
		  size_t length);
void send_request_with(int socket, uint16_t command, const void *payload, size_t length,
		       const int *descriptors, size_t count);
/* False at the end of the connection. */
bool receive_reply(int socket, struct reply *reply);
/* Sends and receives; the reply's errno. */
int request(int socket, uint16_t command, const void *payload, size_t length,
	    struct reply *reply);
void negotiate(int socket);
/* A negotiated connection. */
int connect_client(const struct server_process *server);

int read_region(int socket, uint32_t region, uint64_t offset, uint32_t count, void *data);
int write_region(int socket, uint32_t region, uint64_t offset, uint32_t count, const void *data);

/* Sends LINE and a newline; the answer without its newline. */
void control_line(int socket, const char *line, char *answer, size_t space);

#endif /* EMULATOR_TEST_CLIENT_H */
