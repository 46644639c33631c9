// SPDX-License-Identifier: GPL-2.0-or-later
/* The life of the emulator's process: start, connections, control socket, timers, end. */
#include <errno.h>
#include <fcntl.h>
#include <linux/pci_regs.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>

#include "test_client.h"
#include "test_support.h"

#define ANSWER_SPACE	16384
#define DEVICE_CONTROL_HIGH (CAPABILITY_EXPRESS + PCI_EXP_DEVCTL + 1)

static const char *const no_options[] = { NULL };

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Waits for another process: the only place where real time passes. */
static void wait_for_byte(const uint8_t *byte, uint8_t expected)
{
	const struct timespec pause = { 0, 1000000 };
	double end = seconds() + 200;

	while (__atomic_load_n(byte, __ATOMIC_ACQUIRE) != expected) {
		if (seconds() > end)
			fail_msg("byte stays 0x%02x for 200 s, expected 0x%02x", *byte,
				 expected);
		nanosleep(&pause, NULL);
	}
}

static void test_state_outlives_connections(void **state)
{
	struct server_process server;
	uint32_t value = 0;
	int client;

	(void)state;
	server_start(&server, no_options);
	client = connect_client(&server);
	assert_int_equal(write_region(client, REGION_CONFIG, PCI_COMMAND, 2, "\x02"), 0);
	assert_int_equal(write_region(client, REGION_DEVICE, CXL_EMULATED_DEVICE_SCRATCH, 4,
				      "keep"), 0);
	close(client);
	client = connect_client(&server);
	assert_int_equal(read_region(client, REGION_DEVICE, CXL_EMULATED_DEVICE_SCRATCH, 4,
				     &value), 0);
	assert_memory_equal(&value, "keep", 4);
	close(client);
	assert_int_equal(server_stop(&server), 0);
}

static void test_second_connection_is_refused(void **state)
{
	static struct reply reply;
	struct server_process server;
	int first, second;
	uint32_t value;

	(void)state;
	server_start(&server, no_options);
	first = connect_client(&server);
	second = connect_to(server.socket);
	assert_false(receive_reply(second, &reply));
	assert_int_equal(read_region(first, REGION_CONFIG, 0, 4, &value), 0);
	close(first);
	close(second);
	assert_int_equal(server_stop(&server), 0);
}

static void test_once(void **state)
{
	static const char *const options[] = { "--once", NULL };
	struct server_process server;
	siginfo_t information;

	(void)state;
	server_start(&server, options);
	close(connect_client(&server));
	/* It ends by itself; server_stop() collects the status. */
	assert_int_equal(waitid(P_PID, (id_t)server.pid, &information, WEXITED | WNOWAIT), 0);
	assert_int_equal(server_stop(&server), 0);
}

/* The guest's FLR hides the window, and the timer, not a message, shows it again. */
static void test_delayed_readiness(void **state)
{
	static const char *const options[] = { "--ready-delay", "50", NULL };
	struct server_process server;
	char log[2048];
	int client;

	(void)state;
	server_start(&server, options);
	client = connect_client(&server);
	memset(server.window, 0x31, 4096);
	assert_int_equal(write_region(client, REGION_CONFIG, DEVICE_CONTROL_HIGH, 1, "\x80"), 0);
	/* On a loaded machine it may be over already: the log tells that it was hidden. */
	wait_for_byte(&server.window[0], 0x31);
	wait_for_byte(&server.window[WINDOW_BYTES - 1], 0);
	server_log(&server, log, sizeof(log));
	assert_non_null(strstr(log, "window: not decoded"));
	assert_non_null(strstr(log, "media ready"));
	close(client);
	assert_int_equal(server_stop(&server), 0);
}

static void test_fault_at_start(void **state)
{
	static const char *const options[] = { "--fault", "decoder-lost@2", "--fault",
					       "commit-error", NULL };
	struct server_process server;
	int client;

	(void)state;
	server_start(&server, options);
	client = connect_client(&server);
	assert_int_equal(write_region(client, REGION_CONFIG, DEVICE_CONTROL_HIGH, 1, "\x80"), 0);
	assert_int_equal(server.window[0], 0);
	assert_int_equal(write_region(client, REGION_CONFIG, DEVICE_CONTROL_HIGH, 1, "\x80"), 0);
	assert_int_equal(server.window[0], 0xff);
	close(client);
	assert_int_equal(server_stop(&server), 0);
}

static void test_control_clients(void **state)
{
	char answer[ANSWER_SPACE], line[2000];
	struct server_process server;
	int clients[8], client, i;

	(void)state;
	server_start(&server, no_options);
	for (i = 0; i < 8; i++) {
		clients[i] = connect_to(server.control);
		control_line(clients[i], "state", answer, sizeof(answer));
		assert_non_null(strstr(answer, "\"connected\":false"));
	}
	/* The ninth finds no place. */
	client = connect_to(server.control);
	assert_int_equal(recv(client, answer, 1, 0), 0);
	close(client);
	/* Half a line, then the rest; two lines at once; a line that is too long; a NUL. */
	send_bytes(clients[0], "cou", 3, NULL, 0);
	control_line(clients[0], "nts", answer, sizeof(answer));
	assert_non_null(strstr(answer, "\"connections\":0"));
	send_bytes(clients[0], "help\n", 5, NULL, 0);
	control_line(clients[0], "faults", answer, sizeof(answer));
	assert_non_null(strstr(answer, "\"commands\""));
	control_line(clients[0], "", answer, sizeof(answer));
	assert_non_null(strstr(answer, "\"faults\""));
	memset(line, 'x', sizeof(line) - 1);
	line[sizeof(line) - 1] = '\0';
	control_line(clients[1], line, answer, sizeof(answer));
	assert_string_equal(answer, "{\"error\":\"line is too long\"}");
	send_bytes(clients[1], "state\0", 6, NULL, 0);
	control_line(clients[1], "", answer, sizeof(answer));
	assert_memory_equal(answer, "{\"error\":", 9);
	control_line(clients[1], "counts", answer, sizeof(answer));
	assert_non_null(strstr(answer, "\"resets\""));
	for (i = 0; i < 8; i++)
		close(clients[i]);
	assert_int_equal(server_stop(&server), 0);
}

/* The exit status of an emulator that shall use PATH as its socket. */
static int status_with_socket(const struct server_process *server, const char *path)
{
	char memory[64], control[64];
	const char *const arguments[] = { "emulator", "--socket", path, "--control", control,
					  "--memory", memory, NULL };
	struct stat status;
	int result;

	snprintf(memory, sizeof(memory), "/proc/%d/fd/%d", getpid(), server->memory);
	snprintf(control, sizeof(control), "%s/other", server->directory);
	result = server_exit_status(arguments);
	/* Its other socket is gone, that file is as it was. */
	assert_int_equal(stat(control, &status), -1);
	assert_int_equal(stat(path, &status), 0);
	return result;
}

/* A socket in use, and what is no socket for us, is never replaced. */
static void test_socket_files(void **state)
{
	struct server_process server;
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	char path[64];
	int other;

	(void)state;
	server_start(&server, no_options);
	assert_int_equal(status_with_socket(&server, server.socket), 1);
	close(connect_client(&server));
	assert_int_equal(status_with_socket(&server, server.directory), 1);
	snprintf(path, sizeof(path), "%s/file", server.directory);
	other = open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0600);
	assert_int_equal(status_with_socket(&server, path), 1);
	assert_int_equal(unlink(path), 0);
	close(other);
	strncpy(address.sun_path, path, sizeof(address.sun_path) - 1);
	other = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(other, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(status_with_socket(&server, path), 1);
	assert_int_equal(unlink(path), 0);
	close(other);
	assert_int_equal(server_stop(&server), 0);
}

/* Until the emulator of PID has bound its sockets anew, nobody listens at the old ones. */
static void wait_for_listener(const char *path, pid_t pid)
{
	const struct timespec pause = { 0, 1000000 };
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	siginfo_t information;
	int probe, rc;

	strncpy(address.sun_path, path, sizeof(address.sun_path) - 1);
	do {
		nanosleep(&pause, NULL);
		information.si_pid = 0;
		waitid(P_PID, (id_t)pid, &information, WEXITED | WNOHANG | WNOWAIT);
		assert_int_equal(information.si_pid, 0);
		probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
		rc = connect(probe, (struct sockaddr *)&address, sizeof(address));
		close(probe);
	} while (rc);
}

static void test_killed_emulator_is_replaced(void **state)
{
	struct server_process server;
	char memory[64];
	const char *const arguments[] = { "emulator", "--socket", server.socket, "--control",
					  server.control, "--memory", memory, NULL };
	pid_t killed;

	(void)state;
	server_start(&server, no_options);
	snprintf(memory, sizeof(memory), "/proc/%d/fd/%d", getpid(), server.memory);
	killed = server.pid;
	kill(killed, SIGKILL);
	assert_int_equal(waitpid(killed, NULL, 0), killed);
	server.pid = spawn(arguments, STDERR_FILENO, STDERR_FILENO);
	wait_for_listener(server.socket, server.pid);
	close(connect_client(&server));
	assert_int_equal(server_stop(&server), 0);
}

static void test_exit_status(void **state)
{
	const char *const help[] = { "emulator", "--help", NULL };
	const char *const unknown[] = { "emulator", "--nothing", NULL };
	const char *const fault[] = { "emulator", "--socket", "/tmp/s", "--control", "/tmp/c",
				      "--memory", "/dev/null", "--fault", "nothing", NULL };
	const char *const missing[] = { "emulator", "--socket", "/tmp/s", "--control", "/tmp/c",
					"--memory", "/nonexistent/file", NULL };

	(void)state;
	assert_int_equal(server_exit_status(help), 0);
	assert_int_equal(server_exit_status(unknown), 2);
	assert_int_equal(server_exit_status(missing), 1);
	/* A file that is too small. */
	assert_int_equal(server_exit_status(fault), 1);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_state_outlives_connections),
		cmocka_unit_test(test_second_connection_is_refused),
		cmocka_unit_test(test_once),
		cmocka_unit_test(test_delayed_readiness),
		cmocka_unit_test(test_fault_at_start),
		cmocka_unit_test(test_control_clients),
		cmocka_unit_test(test_socket_files),
		cmocka_unit_test(test_killed_emulator_is_replaced),
		cmocka_unit_test(test_exit_status),
	};

	if (argc != 2) {
		fprintf(stderr, "usage: %s EMULATOR\n", argv[0]);
		return 2;
	}
	emulator_path = argv[1];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
