// SPDX-License-Identifier: GPL-2.0-or-later
/* Messages as they should be, and as they should not, against the built emulator. */
#include <errno.h>
#include <linux/pci_regs.h>
#include <linux/vfio.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "test_client.h"
#include "test_support.h"

#define MANY_MAPPINGS	100000u
#define CONFIG		REGION_CONFIG

static const char *const no_options[] = { NULL };
static struct reply reply;

static int setup(void **state)
{
	static struct server_process server;

	server_start(&server, no_options);
	*state = &server;
	return 0;
}

static int teardown(void **state)
{
	return server_stop(*state);
}

static void test_information(void **state)
{
	static const uint64_t sizes[VFIO_PCI_NUM_REGIONS] = { [0] = 0x40000, [2] = 0x1000,
							      [7] = 4096 };
	_cleanup_close_ int client = connect_client(*state);
	struct vfio_region_info region = { .argsz = sizeof(region) };
	struct vfio_irq_info interrupt = { .argsz = sizeof(interrupt) };
	const uint32_t query[4] = { 16 };
	uint32_t information[4];

	assert_int_equal(request(client, VFIO_USER_DEVICE_GET_INFO, query, 16, &reply), 0);
	assert_int_equal(reply.length, 16);
	memcpy(information, reply.payload, 16);
	assert_int_equal(information[1], VFIO_DEVICE_FLAGS_RESET | VFIO_DEVICE_FLAGS_PCI);
	assert_int_equal(information[2], VFIO_PCI_NUM_REGIONS);
	assert_int_equal(information[3], VFIO_PCI_NUM_IRQS);
	for (; region.index < VFIO_PCI_NUM_REGIONS; region.index++) {
		struct vfio_region_info answer;

		assert_int_equal(request(client, VFIO_USER_DEVICE_GET_REGION_INFO, &region,
					 sizeof(region), &reply), 0);
		memcpy(&answer, reply.payload, sizeof(answer));
		assert_int_equal(answer.index, region.index);
		assert_int_equal(answer.size, sizes[region.index]);
		assert_int_equal(answer.flags, sizes[region.index] ? 3 : 0);
	}
	assert_int_equal(request(client, VFIO_USER_DEVICE_GET_REGION_INFO, &region, sizeof(region),
				 &reply), EINVAL);
	for (; interrupt.index < VFIO_PCI_NUM_IRQS; interrupt.index++) {
		struct vfio_irq_info answer;

		assert_int_equal(request(client, VFIO_USER_DEVICE_GET_IRQ_INFO, &interrupt,
					 sizeof(interrupt), &reply), 0);
		memcpy(&answer, reply.payload, sizeof(answer));
		assert_int_equal(answer.count, 0);
	}
	assert_int_equal(request(client, VFIO_USER_DEVICE_GET_IRQ_INFO, &interrupt,
				 sizeof(interrupt), &reply), EINVAL);
}

static void test_set_irqs(void **state)
{
	_cleanup_close_ int client = connect_client(*state);
	struct vfio_irq_set set = { .argsz = sizeof(set), .index = VFIO_PCI_MSI_IRQ_INDEX };

	/* QEMU disables with no interrupt and no descriptor. */
	set.flags = VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_ACTION_TRIGGER;
	assert_int_equal(request(client, VFIO_USER_DEVICE_SET_IRQS, &set, sizeof(set), &reply), 0);
	set.flags = VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER;
	set.count = 1;
	assert_int_equal(request(client, VFIO_USER_DEVICE_SET_IRQS, &set, sizeof(set), &reply),
			 EINVAL);
}

static void test_regions(void **state)
{
	_cleanup_close_ int client = connect_client(*state);
	uint8_t config[4096];
	uint32_t value = 0;

	assert_int_equal(read_region(client, CONFIG, 0, 4096, config), 0);
	assert_int_equal(config[0] | config[1] << 8, 0x1e98);
	assert_int_equal(write_region(client, CONFIG, PCI_COMMAND, 2, "\x02"), 0);
	assert_int_equal(write_region(client, REGION_DEVICE, CXL_EMULATED_DEVICE_SCRATCH, 4,
				      "abcd"), 0);
	assert_int_equal(read_region(client, REGION_DEVICE, CXL_EMULATED_DEVICE_SCRATCH, 4,
				     &value), 0);
	assert_memory_equal(&value, "abcd", 4);
	assert_int_equal(request(client, VFIO_USER_DEVICE_RESET, NULL, 0, &reply), 0);
	assert_int_equal(read_region(client, CONFIG, PCI_COMMAND, 2, &value), 0);
	assert_int_equal((uint16_t)value, 0);
	/* Wrong, but well formed: an error, and the connection goes on. */
	assert_int_equal(read_region(client, CONFIG, 4094, 4, &value), EINVAL);
	assert_int_equal(read_region(client, CONFIG, UINT64_MAX, 4, &value), EINVAL);
	assert_int_equal(read_region(client, 1, 0, 4, &value), EINVAL);
	assert_int_equal(read_region(client, 4000000000u, 0, 4, &value), EINVAL);
	assert_int_equal(write_region(client, REGION_DEVICE, 4095, 2, "ab"), EINVAL);
	assert_int_equal(read_region(client, CONFIG, 0, 0, &value), EINVAL);
	assert_int_equal(request(client, 16, &value, 4, &reply), EOPNOTSUPP);
	assert_int_equal(request(client, VFIO_USER_DMA_READ, NULL, 0, &reply), EOPNOTSUPP);
	assert_int_equal(request(client, 0xffff, NULL, 0, &reply), EOPNOTSUPP);
}

static void test_largest_read(void **state)
{
	_cleanup_close_ int client = connect_client(*state);
	static uint8_t data[65536];

	assert_int_equal(write_region(client, CONFIG, PCI_COMMAND, 2, "\x02"), 0);
	assert_int_equal(read_region(client, REGION_COMPONENT, 0, sizeof(data), data), 0);
	assert_int_equal(data[CM], CXL_CM_ID_ARRAY);
}

static void test_write_multi_and_no_reply(void **state)
{
	_cleanup_close_ int client = connect_client(*state);
	struct {
		uint64_t count;
		struct vfio_user_region_write_one writes[2];
	} multi = { 2, { { PCI_COMMAND, CONFIG, 2, "\x02" },
			 { CXL_EMULATED_DEVICE_SCRATCH, REGION_DEVICE, 4, "wxyz" } } };
	uint32_t value;

	send_request(client, VFIO_USER_REGION_WRITE_MULTI, VFIO_USER_FLAGS_NO_REPLY, &multi,
		     sizeof(multi));
	/* The next reply is that of the read, or read_region() fails. */
	assert_int_equal(read_region(client, REGION_DEVICE, CXL_EMULATED_DEVICE_SCRATCH, 4,
				     &value), 0);
	assert_memory_equal(&value, "wxyz", 4);
}

static void test_io_fds(void **state)
{
	_cleanup_close_ int client = connect_client(*state);
	struct vfio_user_region_io_fds query = { .argsz = 1024 };

	assert_int_equal(request(client, VFIO_USER_DEVICE_GET_REGION_IO_FDS, &query, sizeof(query),
				 &reply), 0);
	memcpy(&query, reply.payload, sizeof(query));
	assert_int_equal(query.count, 0);
}

/* A message may come in any number of pieces. */
static void test_pieces(void **state)
{
	_cleanup_close_ int client = connect_client(*state);
	struct {
		struct vfio_user_header header;
		struct vfio_user_region_access access;
	} message = { { 77, VFIO_USER_REGION_READ, sizeof(message), 0, 0 }, { 0, CONFIG, 2 } };
	size_t i;

	for (i = 0; i < sizeof(message); i++)
		send_bytes(client, (uint8_t *)&message + i, 1, NULL, 0);
	assert_true(receive_reply(client, &reply));
	assert_int_equal(reply.length, sizeof(message.access) + 2);
}

static void test_version_without_data(void **state)
{
	const struct server_process *server = *state;
	_cleanup_close_ int client = connect_to(server->socket);
	const struct vfio_user_version version = { 0, 5 };
	uint32_t value;

	assert_int_equal(request(client, VFIO_USER_VERSION, &version, sizeof(version), &reply), 0);
	assert_int_equal(reply.length, sizeof(version));
	assert_int_equal(read_region(client, CONFIG, 0, 4, &value), 0);
}

static void test_dma(void **state)
{
	struct server_process *server = *state;
	_cleanup_close_ int client = connect_client(server);
	struct vfio_user_dma_map map = { sizeof(map), 3, 0, 0, 1ull << 48 };
	struct vfio_user_dma_unmap unmap = { sizeof(unmap), 0, 0x1000, 0x1000 };
	unsigned int before, i;

	/* Never mapped: no error, and the entry comes back. */
	assert_int_equal(request(client, VFIO_USER_DMA_UNMAP, &unmap, sizeof(unmap), &reply), 0);
	assert_int_equal(reply.length, sizeof(unmap));
	assert_memory_equal(reply.payload, &unmap, sizeof(unmap));
	assert_int_equal(request(client, VFIO_USER_DMA_MAP, &map, sizeof(map), &reply), 0);
	map.address = UINT64_MAX - 0xfff;
	map.size = 0x1000;
	assert_int_equal(request(client, VFIO_USER_DMA_MAP, &map, sizeof(map), &reply), 0);
	map.size = 0x1001;
	assert_int_equal(request(client, VFIO_USER_DMA_MAP, &map, sizeof(map), &reply), EINVAL);
	map.size = 0;
	assert_int_equal(request(client, VFIO_USER_DMA_MAP, &map, sizeof(map), &reply), EINVAL);
	before = server_descriptors(server);
	map.size = 0x1000;
	for (i = 0; i < 1000; i++) {
		send_request_with(client, VFIO_USER_DMA_MAP, &map, sizeof(map), &server->memory, 1);
		assert_true(receive_reply(client, &reply));
		assert_int_equal(reply.header.flags, VFIO_USER_FLAGS_REPLY);
	}
	assert_int_equal(server_descriptors(server), before);
}

static void test_many_mappings(void **state)
{
	struct server_process *server = *state;
	_cleanup_close_ int client = connect_client(server);
	_cleanup_close_ int control = connect_to(server->control);
	struct vfio_user_dma_map map = { sizeof(map), 3, 0, 0, 4096 };
	char answer[2048];
	uint32_t i;

	for (i = 0; i < MANY_MAPPINGS; i++) {
		map.address = (uint64_t)i << 12;
		send_request(client, VFIO_USER_DMA_MAP,
			     i + 1 < MANY_MAPPINGS ? VFIO_USER_FLAGS_NO_REPLY : 0, &map,
			     sizeof(map));
	}
	assert_true(receive_reply(client, &reply));
	assert_int_equal(reply.header.flags, VFIO_USER_FLAGS_REPLY);
	control_line(control, "counts", answer, sizeof(answer));
	assert_non_null(strstr(answer, "\"dma_maps\":100000,"));
}

/* Who does not read its replies is not served; all others are. */
static void test_client_that_does_not_read(void **state)
{
	struct server_process *server = *state;
	_cleanup_close_ int client = connect_client(server);
	_cleanup_close_ int control = connect_to(server->control);
	const struct vfio_user_region_access access = { 0, CONFIG, 4096 };
	char answer[2048];
	unsigned int i, replies = 0;

	for (i = 0; i < 200; i++)
		send_request(client, VFIO_USER_REGION_READ, 0, &access, sizeof(access));
	control_line(control, "state", answer, sizeof(answer));
	assert_non_null(strstr(answer, "\"connected\":true"));
	while (replies < 200 && receive_reply(client, &reply))
		replies++;
	assert_int_equal(replies, 200);
}

/* Also the last reply, with no message behind it, is sent once there is room. */
static void test_late_reader(void **state)
{
	struct server_process *server = *state;
	_cleanup_close_ int control = connect_to(server->control);
	const struct vfio_user_region_access access = { 0, REGION_COMPONENT, 65536 };
	unsigned int count, i;
	char answer[4096];

	for (count = 1; count <= 8; count++) {
		_cleanup_close_ int client = connect_client(server);

		for (i = 0; i < count; i++)
			send_request(client, VFIO_USER_REGION_READ, 0, &access, sizeof(access));
		/* Answered after the emulator has sent what it can. */
		control_line(control, "state", answer, sizeof(answer));
		for (i = 0; i < count; i++)
			assert_true(receive_reply(client, &reply));
	}
}

struct malformed_message {
	const char *expected;		/* in the emulator's log */
	bool negotiated;
	uint16_t command;
	uint32_t size;			/* in the header; 0: the true one */
	uint32_t flags;
	size_t length;			/* of the payload */
	const char *payload;		/* NULL: zeroes */
	size_t descriptors;
	bool cut_header;		/* the client goes away within the header */
	bool leaves;			/* the client goes away afterwards */
};

#define VERSION_DATA(text) \
	.length = sizeof(struct vfio_user_version) + sizeof(text), .payload = "\0\0\0\0" text

static const struct malformed_message malformed_messages[] = {
	{ "smaller than the header", true, VFIO_USER_DEVICE_RESET, .size = 15 },
	{ "smaller than the header", false, VFIO_USER_VERSION, .size = 1 },
	{ "too large", true, VFIO_USER_DEVICE_RESET, .size = 0x7fffffff },
	{ "too large", true, VFIO_USER_DEVICE_RESET, .size = UINT32_MAX },
	{ "ends inside a header", true, VFIO_USER_DEVICE_RESET, .cut_header = true },
	{ "ends inside a message", true, VFIO_USER_REGION_READ, .size = 32, .leaves = true },
	{ "first message is not VERSION", false, VFIO_USER_DEVICE_RESET, .length = 0 },
	{ "second VERSION", true, VFIO_USER_VERSION, .length = 4 },
	{ "not a command", true, VFIO_USER_DEVICE_RESET, .flags = VFIO_USER_FLAGS_REPLY },
	{ "not a command", true, VFIO_USER_DEVICE_RESET, .flags = 0xf },
	{ "too short", false, VFIO_USER_VERSION, .length = 3 },
	{ "major version", false, VFIO_USER_VERSION, .length = 4, .payload = "\1\0\0\0" },
	{ "end with a NUL", false, VFIO_USER_VERSION, .length = 6, .payload = "\0\0\0\0{}" },
	{ "not a JSON object", false, VFIO_USER_VERSION, VERSION_DATA("{\"capabilities\":") },
	{ "not a JSON object", false, VFIO_USER_VERSION, VERSION_DATA("") },
	{ "not a JSON object", false, VFIO_USER_VERSION, VERSION_DATA("{}\0{}") },
	{ "unexpected file", false, VFIO_USER_VERSION, VERSION_DATA("{}"), .descriptors = 1 },
	{ "too short", true, VFIO_USER_DMA_MAP, .length = 31 },
	{ "too long", true, VFIO_USER_DMA_MAP, .length = 33 },
	{ "unexpected file", true, VFIO_USER_DMA_MAP, .length = 32, .descriptors = 2 },
	{ "unexpected file", true, VFIO_USER_DMA_UNMAP, .length = 24, .descriptors = 1 },
	{ "too many file", true, VFIO_USER_DEVICE_SET_IRQS, .length = 20, .descriptors = 17 },
	{ "too many file", true, VFIO_USER_DEVICE_SET_IRQS, .length = 20, .descriptors = 64 },
	{ "too short", true, VFIO_USER_DMA_UNMAP, .length = 23 },
	{ "too short", true, VFIO_USER_DEVICE_GET_INFO, .length = 3 },
	{ "too short", true, VFIO_USER_DEVICE_GET_REGION_INFO, .length = 31 },
	{ "too short", true, VFIO_USER_DEVICE_GET_IRQ_INFO, .length = 15 },
	{ "too short", true, VFIO_USER_DEVICE_SET_IRQS, .length = 19 },
	{ "without DATA_EVENTFD", true, VFIO_USER_DEVICE_SET_IRQS, .length = 20,
	  .descriptors = 1 },
	{ "more file descriptors than interrupts", true, VFIO_USER_DEVICE_SET_IRQS, .length = 20,
	  .payload = "\x14\0\0\0\x24\0\0\0\1\0\0\0\0\0\0\0\1\0\0", .descriptors = 2 },
	{ "too long", true, VFIO_USER_DEVICE_GET_REGION_IO_FDS, .length = 17 },
	{ "too short", true, VFIO_USER_REGION_READ, .length = 15 },
	{ "too long", true, VFIO_USER_REGION_READ, .length = 17 },
	{ "larger than negotiated", true, VFIO_USER_REGION_READ, .length = 16,
	  .payload = "\0\0\0\0\0\0\0\0\0\0\0\0\1\0\1" },
	{ "does not match", true, VFIO_USER_REGION_WRITE, .length = 20 },
	{ "does not match", true, VFIO_USER_REGION_WRITE, .length = 20,
	  .payload = "\0\0\0\0\0\0\0\0\7\0\0\0\5\0\0\0abc" },
	{ "does not match", true, VFIO_USER_REGION_WRITE, .length = 20,
	  .payload = "\0\0\0\0\0\0\0\0\7\0\0\0\xff\xff\xff\xff" "abc" },
	{ "too short", true, VFIO_USER_REGION_WRITE_MULTI, .length = 7 },
	{ "does not match", true, VFIO_USER_REGION_WRITE_MULTI, .length = 32 },
	{ "does not match", true, VFIO_USER_REGION_WRITE_MULTI, .length = 8,
	  .payload = "\xff\xff\xff\xff\xff\xff\xff" },
	/* So many that their size wraps around to nothing. */
	{ "does not match", true, VFIO_USER_REGION_WRITE_MULTI, .length = 8,
	  .payload = "\0\0\0\0\0\0\0\x20" },
	{ "larger than its data", true, VFIO_USER_REGION_WRITE_MULTI, .length = 32,
	  .payload = "\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\7\0\0\0\x09\0\0\0" "abcdefg" },
	{ "too long", true, VFIO_USER_DEVICE_RESET, .length = 1 },
};

static void send_malformed(int client, const struct malformed_message *message, int descriptor)
{
	static uint8_t bytes[256];
	int descriptors[64];
	const struct vfio_user_header header = {
		.id = 77, .command = message->command, .flags = message->flags,
		.size = message->size ? message->size :
					(uint32_t)(sizeof(header) + message->length),
	};
	size_t i, length = sizeof(header) + message->length;

	for (i = 0; i < ARRAY_SIZE(descriptors); i++)
		descriptors[i] = descriptor;
	memset(bytes, 0, sizeof(bytes));
	memcpy(bytes, &header, sizeof(header));
	if (message->payload)
		memcpy(bytes + sizeof(header), message->payload, message->length);
	if (message->cut_header)
		length = sizeof(header) / 2;
	send_bytes(client, bytes, length, descriptors, message->descriptors);
}

static unsigned int occurrences(const char *text, const char *part)
{
	unsigned int count = 0;

	while ((text = strstr(text, part))) {
		text += strlen(part);
		count++;
	}
	return count;
}

static void check_malformed(struct server_process *server,
			    const struct malformed_message *message)
{
	_cleanup_close_ int client = connect_to(server->socket);
	_cleanup_close_ int next = -1;
	char log[2048];

	if (message->negotiated)
		negotiate(client);
	server_log(server, log, sizeof(log));
	send_malformed(client, message, server->memory);
	if (message->cut_header || message->leaves)
		close_descriptor(&client);
	else if (receive_reply(client, &reply))
		fail_msg("answered: %s", message->expected);
	/* The next connection works, and the log is written before it is accepted. */
	next = connect_client(server);
	server_log(server, log, sizeof(log));
	if (!strstr(log, message->expected) || occurrences(log, "malformed: ") != 1)
		fail_msg("expected \"%s\" in one line: %s", message->expected, log);
}

/* The emulator's descriptors when it has seen the last connection end. */
static unsigned int idle_descriptors(struct server_process *server, int control)
{
	char answer[4096];

	do
		control_line(control, "state", answer, sizeof(answer));
	while (!strstr(answer, "\"connected\":false"));
	return server_descriptors(server);
}

static void test_malformed(void **state)
{
	struct server_process *server = *state;
	_cleanup_close_ int control = connect_to(server->control);
	unsigned int before = idle_descriptors(server, control);
	size_t i;

	for (i = 0; i < ARRAY_SIZE(malformed_messages); i++)
		check_malformed(server, &malformed_messages[i]);
	assert_int_equal(idle_descriptors(server, control), before);
}

/* Half closed and not reading: it is let go, and its place is free again. */
static void test_half_closed(void **state)
{
	struct server_process *server = *state;
	_cleanup_close_ int control = connect_to(server->control);
	_cleanup_close_ int client = connect_client(server);
	const struct vfio_user_region_access access = { 0, CONFIG, 4096 };
	unsigned int i;

	for (i = 0; i < 300; i++)
		send_request(client, VFIO_USER_REGION_READ, 0, &access, sizeof(access));
	assert_int_equal(shutdown(client, SHUT_WR), 0);
	idle_descriptors(server, control);
	close(connect_client(server));
}

/* A client may go away with messages on their way, and the next one come at once. */
static void test_hasty_successor(void **state)
{
	const struct server_process *server = *state;
	struct vfio_user_dma_map map = { sizeof(map), 3, 0, 0, 4096 };
	unsigned int round, i;

	for (round = 0; round < 50; round++) {
		_cleanup_close_ int client = connect_client(server);

		for (i = 0; i < 200; i++)
			send_request(client, VFIO_USER_DMA_MAP, VFIO_USER_FLAGS_NO_REPLY, &map,
				     sizeof(map));
	}
	close(connect_client(server));
}

/* Whatever the bytes are, the emulator lives on. */
static void test_random_bytes(void **state)
{
	struct server_process *server = *state;
	uint32_t random = 12345;
	uint8_t bytes[512];
	size_t round, i;

	for (round = 0; round < 500; round++) {
		_cleanup_close_ int client = connect_to(server->socket);

		if (round % 2)
			negotiate(client);
		for (i = 0; i < sizeof(bytes); i++) {
			random = random * 1103515245 + 12345;
			bytes[i] = (uint8_t)(random >> 16);
		}
		/* Half of them with a plausible header, or nothing gets beyond it. */
		if (round % 4 > 1) {
			struct vfio_user_header header = { 77, bytes[0] % 20, sizeof(header) +
							   bytes[1] % 64, 0, 0 };

			memcpy(bytes, &header, sizeof(header));
		}
		send_bytes(client, bytes, sizeof(bytes), NULL, 0);
	}
	close(connect_client(server));
}

#define protocol_test(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		protocol_test(test_information),
		protocol_test(test_set_irqs),
		protocol_test(test_regions),
		protocol_test(test_largest_read),
		protocol_test(test_write_multi_and_no_reply),
		protocol_test(test_io_fds),
		protocol_test(test_pieces),
		protocol_test(test_version_without_data),
		protocol_test(test_dma),
		protocol_test(test_many_mappings),
		protocol_test(test_client_that_does_not_read),
		protocol_test(test_late_reader),
		protocol_test(test_malformed),
		protocol_test(test_half_closed),
		protocol_test(test_hasty_successor),
		protocol_test(test_random_bytes),
	};

	if (argc != 2) {
		fprintf(stderr, "usage: %s EMULATOR\n", argv[0]);
		return 2;
	}
	emulator_path = argv[1];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
