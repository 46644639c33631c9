// SPDX-License-Identifier: GPL-2.0-or-later
/* Receives messages, checks their frame, and sends replies; the commands are in commands.c. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "commands.h"
#include "util.h"
#include "vfio_user.h"

/* So many messages in a row, then the other sockets have their turn. */
#define MESSAGES_PER_TURN 64

void vfio_user_init(struct vfio_user *vfio_user, struct endpoint *endpoint)
{
	memset(vfio_user, 0, sizeof(*vfio_user));
	vfio_user->endpoint = endpoint;
	vfio_user->socket = -1;
}

void vfio_user_connect(struct vfio_user *vfio_user, int socket)
{
	struct endpoint *endpoint = vfio_user->endpoint;

	vfio_user_init(vfio_user, endpoint);
	vfio_user->socket = socket;
	endpoint->counts.connections++;
	log_event("connection: accepted");
}

static void close_descriptors(struct vfio_user *vfio_user)
{
	while (vfio_user->descriptor_count)
		close_descriptor(&vfio_user->descriptors[--vfio_user->descriptor_count]);
}

void vfio_user_disconnect(struct vfio_user *vfio_user, const char *reason)
{
	log_event("connection: closed: %s", reason);
	close_descriptors(vfio_user);
	close_descriptor(&vfio_user->socket);
}

short vfio_user_events(const struct vfio_user *vfio_user)
{
	/* One reply at a time: who does not read replies is not served. */
	return vfio_user->reply_length ? POLLOUT : POLLIN;
}

/* False when the connection is gone or would block. */
static bool send_reply(struct vfio_user *vfio_user)
{
	size_t left = vfio_user->reply_length - vfio_user->reply_sent;
	ssize_t sent;

	if (!left)
		return true;
	sent = send(vfio_user->socket, vfio_user->reply + vfio_user->reply_sent, left,
		    MSG_NOSIGNAL);
	if (sent < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	if (sent < 0) {
		vfio_user_disconnect(vfio_user, strerror(errno));
		return false;
	}
	vfio_user->reply_sent += (size_t)sent;
	if (vfio_user->reply_sent < vfio_user->reply_length)
		return false;
	vfio_user->reply_length = 0;
	vfio_user->reply_sent = 0;
	return true;
}

static void keep_descriptors(struct vfio_user *vfio_user, struct msghdr *message)
{
	struct cmsghdr *control;
	size_t count, i;
	int descriptor;

	for (control = CMSG_FIRSTHDR(message); control; control = CMSG_NXTHDR(message, control)) {
		if (control->cmsg_level != SOL_SOCKET || control->cmsg_type != SCM_RIGHTS)
			continue;
		count = (control->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (i = 0; i < count; i++) {
			memcpy(&descriptor, CMSG_DATA(control) + i * sizeof(int), sizeof(int));
			if (vfio_user->descriptor_count < VFIO_USER_MAX_DESCRIPTORS) {
				vfio_user->descriptors[vfio_user->descriptor_count++] = descriptor;
			} else {
				close(descriptor);
				vfio_user->malformed = "too many file descriptors";
			}
		}
	}
	if (message->msg_flags & MSG_CTRUNC)
		vfio_user->malformed = "too many file descriptors";
}

static struct vfio_user_header *request_header(struct vfio_user *vfio_user)
{
	return (struct vfio_user_header *)vfio_user->request;
}

static size_t wanted(struct vfio_user *vfio_user)
{
	if (vfio_user->received < sizeof(struct vfio_user_header))
		return sizeof(struct vfio_user_header);
	return request_header(vfio_user)->size;
}

static void check_header(struct vfio_user *vfio_user)
{
	const struct vfio_user_header *header = request_header(vfio_user);

	if (header->size < sizeof(*header))
		vfio_user->malformed = "message size is smaller than the header";
	else if (header->size > VFIO_USER_MAX_MESSAGE)
		vfio_user->malformed = "message size is too large";
	else if ((header->flags & VFIO_USER_FLAGS_TYPE) != VFIO_USER_FLAGS_COMMAND)
		vfio_user->malformed = "message is not a command";
	else if (!vfio_user->negotiated && header->command != VFIO_USER_VERSION)
		vfio_user->malformed = "first message is not VERSION";
	else if (vfio_user->negotiated && header->command == VFIO_USER_VERSION)
		vfio_user->malformed = "second VERSION message";
}

static void end_of_stream(struct vfio_user *vfio_user)
{
	if (!vfio_user->received)
		vfio_user_disconnect(vfio_user, "end of connection");
	else if (vfio_user->received < sizeof(struct vfio_user_header))
		vfio_user_disconnect(vfio_user, "malformed: ends inside a header");
	else
		vfio_user_disconnect(vfio_user, "malformed: ends inside a message");
}

static void end_malformed(struct vfio_user *vfio_user)
{
	const struct vfio_user_header *header = request_header(vfio_user);
	char reason[160];

	snprintf(reason, sizeof(reason), "malformed: %s (command %u, id %u, size %u, flags 0x%x)",
		 vfio_user->malformed, header->command, header->id, header->size, header->flags);
	vfio_user_disconnect(vfio_user, reason);
}

/* Never beyond the end of a message, so descriptors belong to it; false when there is no more. */
static bool receive_part(struct vfio_user *vfio_user)
{
	char control[CMSG_SPACE(sizeof(vfio_user->descriptors))] __attribute__((aligned(8)));
	struct iovec vector = { vfio_user->request + vfio_user->received,
				wanted(vfio_user) - vfio_user->received };
	struct msghdr message = { .msg_iov = &vector, .msg_iovlen = 1, .msg_control = control,
				  .msg_controllen = sizeof(control) };
	ssize_t got;

	got = recvmsg(vfio_user->socket, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	if (got < 0) {
		vfio_user_disconnect(vfio_user, strerror(errno));
		return false;
	}
	keep_descriptors(vfio_user, &message);
	if (!got) {
		end_of_stream(vfio_user);
		return false;
	}
	vfio_user->received += (size_t)got;
	if (vfio_user->received == sizeof(struct vfio_user_header) && !vfio_user->malformed)
		check_header(vfio_user);
	return true;
}

static void prepare_reply(struct vfio_user *vfio_user, int rc, size_t payload_length)
{
	const struct vfio_user_header *request = request_header(vfio_user);
	struct vfio_user_header *reply = (struct vfio_user_header *)vfio_user->reply;

	if (request->flags & VFIO_USER_FLAGS_NO_REPLY)
		return;
	if (rc)
		payload_length = 0;
	*reply = (struct vfio_user_header){
		.id = request->id,
		.command = request->command,
		.size = (uint32_t)(sizeof(*reply) + payload_length),
		.flags = VFIO_USER_FLAGS_REPLY | (rc ? VFIO_USER_FLAGS_ERROR : 0),
		.error = (uint32_t)-rc,
	};
	vfio_user->reply_length = reply->size;
}

/* False when the connection is gone. */
static bool execute(struct vfio_user *vfio_user)
{
	const struct vfio_user_header *header = request_header(vfio_user);
	size_t payload_length = 0;
	int rc;

	rc = command_execute(vfio_user, &payload_length);
	if (vfio_user->malformed) {
		end_malformed(vfio_user);
		return false;
	}
	if (rc)
		log_event("command %u: %s", header->command, strerror(-rc));
	prepare_reply(vfio_user, rc, payload_length);
	close_descriptors(vfio_user);
	vfio_user->received = 0;
	return true;
}

void vfio_user_handle(struct vfio_user *vfio_user)
{
	unsigned int messages = 0;

	while (messages < MESSAGES_PER_TURN && send_reply(vfio_user)) {
		if (!receive_part(vfio_user))
			return;
		if (vfio_user->malformed) {
			end_malformed(vfio_user);
			return;
		}
		if (vfio_user->received < sizeof(struct vfio_user_header) ||
		    vfio_user->received < wanted(vfio_user))
			continue;
		if (!execute(vfio_user))
			return;
		messages++;
	}
	if (vfio_user->socket >= 0)
		send_reply(vfio_user);
}
