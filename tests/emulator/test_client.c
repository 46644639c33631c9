// SPDX-License-Identifier: GPL-2.0-or-later
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "test_client.h"
#include "test_support.h"

#define PROPOSAL "{\"capabilities\": {\"max_msg_fds\": 8, \"max_data_xfer_size\": 1048576, " \
		 "\"migration\": {\"pgsize\": 4096}, \"write_multiple\": true}}"

const char *emulator_path;

pid_t spawn(const char *const *arguments, int output, int log)
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid)
		return pid;
	/* A test that fails leaves no process behind. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	dup2(output, STDOUT_FILENO);
	dup2(log, STDERR_FILENO);
	execv(emulator_path, (char *const *)arguments);
	_exit(127);
}

static int wait_for(pid_t pid)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int server_exit_status(const char *const *arguments)
{
	_cleanup_close_ int nowhere = open("/dev/null", O_RDWR | O_CLOEXEC);

	return wait_for(spawn(arguments, nowhere, nowhere));
}

static void expect_listening(int output, const char *path)
{
	char expected[128], line[128] = "";
	size_t length = 0;

	snprintf(expected, sizeof(expected), "listening on %s\n", path);
	while (length < strlen(expected)) {
		assert_int_equal(read(output, line + length, 1), 1);
		length++;
	}
	assert_string_equal(line, expected);
}

void server_start(struct server_process *server, const char *const *more)
{
	const char *arguments[MAX_SERVER_ARGUMENTS] = { "emulator" };
	_cleanup_close_ int output_end = -1;
	char memory[64];
	int output[2];
	size_t count = 1;

	memset(server, 0, sizeof(*server));
	strcpy(server->directory, "/tmp/emulator-XXXXXX");
	assert_non_null(mkdtemp(server->directory));
	snprintf(server->socket, sizeof(server->socket), "%s/socket", server->directory);
	snprintf(server->control, sizeof(server->control), "%s/control", server->directory);
	server->memory = memfd_create("memory", MFD_CLOEXEC);
	server->log = memfd_create("log", MFD_CLOEXEC);
	assert_true(server->memory >= 0 && server->log >= 0);
	assert_int_equal(ftruncate(server->memory, WINDOW_BYTES), 0);
	server->window = mmap(NULL, WINDOW_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED,
			      server->memory, 0);
	assert_ptr_not_equal(server->window, MAP_FAILED);
	snprintf(memory, sizeof(memory), "/proc/%d/fd/%d", getpid(), server->memory);
	arguments[count++] = "--socket";
	arguments[count++] = server->socket;
	arguments[count++] = "--control";
	arguments[count++] = server->control;
	arguments[count++] = "--memory";
	arguments[count++] = memory;
	for (; *more && count + 1 < MAX_SERVER_ARGUMENTS; more++)
		arguments[count++] = *more;
	assert_int_equal(pipe2(output, O_CLOEXEC), 0);
	server->pid = spawn(arguments, output[1], server->log);
	close(output[1]);
	output_end = output[0];
	expect_listening(output_end, server->socket);
}

int server_stop(struct server_process *server)
{
	int status;

	kill(server->pid, SIGTERM);
	status = wait_for(server->pid);
	munmap(server->window, WINDOW_BYTES);
	close(server->memory);
	close(server->log);
	/* Fails when the emulator left a socket behind. */
	assert_int_equal(rmdir(server->directory), 0);
	return status;
}

void server_log(struct server_process *server, char *text, size_t space)
{
	ssize_t got = pread(server->log, text, space - 1, server->log_read);

	assert_true(got >= 0);
	text[got] = '\0';
	server->log_read += got;
}

unsigned int server_descriptors(const struct server_process *server)
{
	unsigned int count = 0;
	char path[64];
	DIR *directory;

	snprintf(path, sizeof(path), "/proc/%d/fd", server->pid);
	directory = opendir(path);
	assert_non_null(directory);
	while (readdir(directory))
		count++;
	closedir(directory);
	return count;
}

int connect_to(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct timeval limit = { .tv_sec = 20 };
	int descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(descriptor >= 0);
	strncpy(address.sun_path, path, sizeof(address.sun_path) - 1);
	assert_int_equal(connect(descriptor, (struct sockaddr *)&address, sizeof(address)), 0);
	/* A test that waits in vain fails instead of hanging. */
	setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	return descriptor;
}

void send_bytes(int socket, const void *bytes, size_t length, const int *descriptors,
		size_t count)
{
	char control[CMSG_SPACE(64 * sizeof(int))] __attribute__((aligned(8))) = { 0 };
	struct iovec vector = { (void *)bytes, length };
	struct msghdr message = { .msg_iov = &vector, .msg_iovlen = 1 };
	struct cmsghdr *header;

	if (count) {
		assert_in_range(count, 1, 64);
		message.msg_control = control;
		message.msg_controllen = CMSG_SPACE(count * sizeof(int));
		header = CMSG_FIRSTHDR(&message);
		header->cmsg_level = SOL_SOCKET;
		header->cmsg_type = SCM_RIGHTS;
		header->cmsg_len = CMSG_LEN(count * sizeof(int));
		memcpy(CMSG_DATA(header), descriptors, count * sizeof(int));
	}
	assert_int_equal(sendmsg(socket, &message, MSG_NOSIGNAL), length);
}

static void send_message(int socket, uint16_t command, uint32_t flags, const void *payload,
			 size_t length, const int *descriptors, size_t count)
{
	_cleanup_free_ uint8_t *bytes = malloc(sizeof(struct vfio_user_header) + length);
	const struct vfio_user_header header = {
		.id = 77, .command = command, .flags = flags,
		.size = (uint32_t)(sizeof(header) + length),
	};

	assert_non_null(bytes);
	memcpy(bytes, &header, sizeof(header));
	if (length)
		memcpy(bytes + sizeof(header), payload, length);
	send_bytes(socket, bytes, sizeof(header) + length, descriptors, count);
}

void send_request(int socket, uint16_t command, uint32_t flags, const void *payload,
		  size_t length)
{
	send_message(socket, command, flags, payload, length, NULL, 0);
}

void send_request_with(int socket, uint16_t command, const void *payload, size_t length,
		       const int *descriptors, size_t count)
{
	send_message(socket, command, 0, payload, length, descriptors, count);
}

static bool receive_all(int socket, void *bytes, size_t length)
{
	ssize_t got;

	while (length) {
		got = recv(socket, bytes, length, 0);
		if (got < 0 && errno != ECONNRESET)
			fail_msg("no answer: %s", strerror(errno));
		if (got <= 0)
			return false;
		bytes = (uint8_t *)bytes + got;
		length -= (size_t)got;
	}
	return true;
}

bool receive_reply(int socket, struct reply *reply)
{
	if (!receive_all(socket, &reply->header, sizeof(reply->header)))
		return false;
	assert_in_range(reply->header.size, sizeof(reply->header),
			sizeof(reply->header) + REPLY_SPACE);
	assert_int_equal(reply->header.flags & VFIO_USER_FLAGS_TYPE, VFIO_USER_FLAGS_REPLY);
	assert_int_equal(reply->header.id, 77);
	reply->length = reply->header.size - sizeof(reply->header);
	return receive_all(socket, reply->payload, reply->length);
}

int request(int socket, uint16_t command, const void *payload, size_t length,
	    struct reply *reply)
{
	send_request(socket, command, 0, payload, length);
	assert_true(receive_reply(socket, reply));
	assert_int_equal(reply->header.command, command);
	if (!(reply->header.flags & VFIO_USER_FLAGS_ERROR))
		return 0;
	/* An error is only a header. */
	assert_int_equal(reply->length, 0);
	return (int)reply->header.error;
}

void negotiate(int socket)
{
	static struct reply reply;
	struct __attribute__((packed)) {
		struct vfio_user_version version;
		char text[sizeof(PROPOSAL)];
	} proposal = { { VFIO_USER_MAJOR, VFIO_USER_MINOR }, PROPOSAL };

	assert_int_equal(request(socket, VFIO_USER_VERSION, &proposal, sizeof(proposal), &reply),
			 0);
	assert_int_equal(reply.payload[reply.length - 1], 0);
	/* A subset of the proposal, and what QEMU insists on: not longer than it. */
	assert_string_equal((char *)reply.payload + sizeof(proposal.version),
			    "{\"capabilities\":{\"max_msg_fds\":16,"
			    "\"max_data_xfer_size\":65536,\"write_multiple\":true}}");
	assert_in_range(reply.length, 0, sizeof(proposal));
}

int connect_client(const struct server_process *server)
{
	int socket = connect_to(server->socket);

	negotiate(socket);
	return socket;
}

int read_region(int socket, uint32_t region, uint64_t offset, uint32_t count, void *data)
{
	static struct reply reply;
	const struct vfio_user_region_access access = { offset, region, count };
	int error = request(socket, VFIO_USER_REGION_READ, &access, sizeof(access), &reply);

	if (error)
		return error;
	assert_int_equal(reply.length, sizeof(access) + count);
	assert_memory_equal(reply.payload, &access, sizeof(access));
	memcpy(data, reply.payload + sizeof(access), count);
	return 0;
}

int write_region(int socket, uint32_t region, uint64_t offset, uint32_t count, const void *data)
{
	static struct reply reply;
	uint8_t payload[sizeof(struct vfio_user_region_access) + 64];
	const struct vfio_user_region_access access = { offset, region, count };

	assert_in_range(count, 0, 64);
	memcpy(payload, &access, sizeof(access));
	memcpy(payload + sizeof(access), data, count);
	return request(socket, VFIO_USER_REGION_WRITE, payload, sizeof(access) + count, &reply);
}

void control_line(int socket, const char *line, char *answer, size_t space)
{
	size_t length = 0;

	send_bytes(socket, line, strlen(line), NULL, 0);
	send_bytes(socket, "\n", 1, NULL, 0);
	do {
		assert_in_range(length, 0, space - 1);
		assert_true(receive_all(socket, answer + length, 1));
	} while (answer[length++] != '\n');
	answer[length - 1] = '\0';
}
