/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The server's end of one vfio-user connection. */
#ifndef EMULATOR_VFIO_USER_H
#define EMULATOR_VFIO_USER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "endpoint.h"
#include "vfio_user_protocol.h"

#define VFIO_USER_MAX_DESCRIPTORS	16
#define VFIO_USER_MAX_TRANSFER		65536
#define VFIO_USER_MAX_MESSAGE		(sizeof(struct vfio_user_header) + \
					 sizeof(struct vfio_user_region_access) + \
					 VFIO_USER_MAX_TRANSFER)

struct vfio_user {
	struct endpoint *endpoint;
	int socket;			/* -1 without a connection */
	bool negotiated;
	const char *malformed;		/* why the connection must end */
	size_t received;
	size_t reply_length;
	size_t reply_sent;
	size_t descriptor_count;
	int descriptors[VFIO_USER_MAX_DESCRIPTORS];
	/* Aligned for the structures of the protocol. */
	uint8_t request[VFIO_USER_MAX_MESSAGE] __attribute__((aligned(8)));
	uint8_t reply[VFIO_USER_MAX_MESSAGE] __attribute__((aligned(8)));
};

void vfio_user_init(struct vfio_user *vfio_user, struct endpoint *endpoint);

/* Takes SOCKET, a non-blocking stream socket, over. */
void vfio_user_connect(struct vfio_user *vfio_user, int socket);
void vfio_user_disconnect(struct vfio_user *vfio_user, const char *reason);

/* What to poll() for, and what to do when poll() returns it. */
short vfio_user_events(const struct vfio_user *vfio_user);
void vfio_user_handle(struct vfio_user *vfio_user);

#endif /* EMULATOR_VFIO_USER_H */
