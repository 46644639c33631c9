// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Run a command and send it a signal right before one of its system calls:
 *
 *	end_at SIGNAL CALL N COMMAND [ARG...]
 *
 * before its Nth CALL, both numbers as the kernel has them. Calls of its threads and children do
 * not count, and it stops at nothing but such calls, so that it is as fast as without: strace can
 * do either, not both. Ends once all of its processes have, by the signal that ended the command,
 * or with its exit status.
 */
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

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
		   PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC) ||
	    ptrace(PTRACE_CONT, pid, NULL, NULL))
		die("ptrace");
	return pid;
}

/*
 * The signal that STATUS stops for and that is to be delivered. None for a stop of the tracing
 * itself, of which SIGSTOP is how a process begins that was attached to at its birth.
 */
static int signal_of(int status)
{
	return status >> 16 || WSTOPSIG(status) == SIGSTOP ? 0 : WSTOPSIG(status);
}

/* Until the last process has ended; the wait status of the first. */
static int follow(pid_t first, int signal, unsigned long number)
{
	unsigned long count = 0;
	int status, result = 0;
	pid_t pid;

	while ((pid = waitpid(-1, &status, __WALL)) > 0) {
		if (!WIFSTOPPED(status)) {
			if (pid == first)
				result = status;
			continue;
		}
		if (pid == first && status >> 16 == PTRACE_EVENT_SECCOMP && ++count == number)
			kill(first, signal);
		ptrace(PTRACE_CONT, pid, NULL, signal_of(status));
	}
	return result;
}

int main(int argc, char **argv)
{
	const struct rlimit no_core = { 0, 0 };
	int status;

	if (argc < 5) {
		fprintf(stderr, "usage: end_at SIGNAL CALL N COMMAND [ARG...]\n");
		return 2;
	}
	status = follow(start((unsigned int)atoi(argv[2]), argv + 4), atoi(argv[1]),
			strtoul(argv[3], NULL, 10));
	if (!WIFSIGNALED(status))
		return WEXITSTATUS(status);
	setrlimit(RLIMIT_CORE, &no_core);
	raise(WTERMSIG(status));
	return 128 + WTERMSIG(status);
}
