// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Run a command and send it a signal right before one of its system calls:
 *
 *	end_at SIGNAL CALL[:ARGUMENT=VALUE] N COMMAND [ARG...]
 *
 * before its Nth CALL, as the kernel numbers calls, of those with VALUE as the argument with this
 * number from 0. Calls of its threads and children do not count, and it stops at nothing but such
 * calls, so that it is as fast as without: strace can do either, not both. A call that says "not
 * yet" does not count, since it is asked again for as long as that takes: the signal comes before
 * the first time it is asked. Ends once all of its processes have, by the signal that ended the
 * command, or with its exit status.
 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

struct point {
	unsigned int call;
	bool any;			/* whatever its arguments are */
	unsigned int argument;
	unsigned long long value;
	unsigned long number;
};

static void die(const char *what)
{
	perror(what);
	exit(125);
}

static void stop_at(unsigned int call)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRACE),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { .len = sizeof(filter) / sizeof(filter[0]), .filter = filter };

	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program))
		die("seccomp");
}

static pid_t start(unsigned int call, char **command)
{
	pid_t pid = fork();
	int status;

	if (pid < 0)
		die("fork");
	if (!pid) {
		if (ptrace(PTRACE_TRACEME, 0, NULL, NULL))
			die("ptrace");
		raise(SIGSTOP);
		stop_at(call);
		execvp(command[0], command);
		die(command[0]);
	}
	/* Others of its processes have the filter, too, and a call without a tracer would fail. */
	if (waitpid(pid, &status, 0) != pid || !WIFSTOPPED(status) ||
	    ptrace(PTRACE_SETOPTIONS, pid, NULL, PTRACE_O_TRACESECCOMP | PTRACE_O_TRACEFORK |
		   PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC |
		   PTRACE_O_TRACESYSGOOD) ||
	    ptrace(PTRACE_CONT, pid, NULL, NULL))
		die("ptrace");
	return pid;
}

static struct __ptrace_syscall_info call_of(pid_t pid)
{
	struct __ptrace_syscall_info info = { 0 };

	if (ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof(info), &info) < 0)
		die("PTRACE_GET_SYSCALL_INFO");
	return info;
}

/* Whether PID is about to make a call of this kind. */
static bool is_such_call(pid_t pid, const struct point *point)
{
	return point->any || call_of(pid).seccomp.args[point->argument] == point->value;
}

/* Whether the call that PID has made is one that will be made again. */
static bool is_not_yet(pid_t pid, const struct point *point)
{
	long long result = call_of(pid).exit.rval;

	if (point->call == SYS_wait4 && !result)
		return true;
	/* From 512 on: a signal came, and the kernel itself makes it again. */
	return result == -EAGAIN || result == -EBUSY || result == -EINTR ||
	       (result <= -512 && result >= -516);
}

static bool is_end_of_call(int status)
{
	return WSTOPSIG(status) == (SIGTRAP | 0x80);
}

/*
 * The signal that STATUS stops for and that is to be delivered. None for a stop of the tracing
 * itself, of which SIGSTOP is how a process begins that was attached to at its birth.
 */
static int signal_of(int status)
{
	if (status >> 16 || is_end_of_call(status) || WSTOPSIG(status) == SIGSTOP)
		return 0;
	return WSTOPSIG(status);
}

/* Until the last process has ended; the wait status of the first. */
static int follow(pid_t first, int signal, const struct point *point)
{
	unsigned long count = 0;
	bool in_call = false;	/* and the first is to stop at the end of it */
	int status, result = 0;
	pid_t pid;

	while ((pid = waitpid(-1, &status, __WALL)) > 0) {
		if (!WIFSTOPPED(status)) {
			if (pid == first)
				result = status;
			continue;
		}
		if (pid == first && status >> 16 == PTRACE_EVENT_SECCOMP &&
		    is_such_call(pid, point)) {
			in_call = count + 1 < point->number;
			if (count + 1 == point->number) {
				count++;
				kill(first, signal);
			}
		} else if (pid == first && in_call && is_end_of_call(status)) {
			in_call = false;
			count += !is_not_yet(pid, point);
		}
		ptrace(pid == first && in_call ? PTRACE_SYSCALL : PTRACE_CONT, pid, NULL,
		       signal_of(status));
	}
	return result;
}

static struct point parse(const char *call, const char *number)
{
	struct point point = { .number = strtoul(number, NULL, 10) };

	point.any = sscanf(call, "%u:%u=%llu", &point.call, &point.argument, &point.value) != 3;
	if (point.argument > 5)
		exit(2);
	return point;
}

int main(int argc, char **argv)
{
	const struct rlimit no_core = { 0, 0 };
	struct point point;
	int status;

	if (argc < 5) {
		fprintf(stderr,
			"usage: end_at SIGNAL CALL[:ARGUMENT=VALUE] N COMMAND [ARG...]\n");
		return 2;
	}
	point = parse(argv[2], argv[3]);
	status = follow(start(point.call, argv + 4), atoi(argv[1]), &point);
	if (!WIFSIGNALED(status))
		return WEXITSTATUS(status);
	setrlimit(RLIMIT_CORE, &no_core);
	raise(WTERMSIG(status));
	return 128 + WTERMSIG(status);
}
