// SPDX-License-Identifier: GPL-2.0-or-later
#include "sys/kernel_log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define RECORD_SIZE	8192	/* the kernel's longest record with its escapes */
#define RECORD_MAX	10000	/* a storm of messages must not keep us here */
#define PRIORITY_MASK	7
#define PRIORITY_WARNING	4
#define REFUSED		"refused: "

int cxv_kernel_log_open(const struct cxv_host *host)
{
	int log = cxv_host_open_file(host, O_RDONLY | O_NONBLOCK | O_CLOEXEC, "dev/kmsg");
	int error;

	if (log < 0 || lseek(log, 0, SEEK_END) >= 0)
		return log;
	error = errno;
	close(log);
	return -error;
}

/* What follows "DRIVER TARGET: " in MESSAGE, NULL where it does not begin so. */
static char *after_prefix(char *message, const char *driver, const char *target)
{
	size_t length = strlen(driver);

	if (strncmp(message, driver, length) != 0 || message[length] != ' ')
		return NULL;
	message += length + 1;
	length = strlen(target);
	if (strncmp(message, target, length) != 0 || strncmp(message + length, ": ", 2) != 0)
		return NULL;
	return message + length + 2;
}

static void keep_reason(struct cxv_kernel_verdict *verdict, const char *message)
{
	snprintf(verdict->reason, sizeof(verdict->reason), "%.*s",
		 (int)sizeof(verdict->reason) - 1, message);
}

void cxv_kernel_log_record(char *record, const char *driver, const char *target,
			   struct cxv_kernel_verdict *verdict)
{
	char *message = strchr(record, ';'), *failed;
	unsigned int priority;

	if (!message || sscanf(record, "%u,", &priority) != 1)
		return;
	message++;
	message[strcspn(message, "\n")] = '\0';
	message = after_prefix(message, driver, target);
	if (!message)
		return;
	failed = strstr(message, "failed with error -");
	if (strncmp(message, "probe with driver ", 18) == 0 && failed) {
		verdict->refused = true;
		sscanf(failed, "failed with error -%d", &verdict->error);
	} else if (strncmp(message, REFUSED, strlen(REFUSED)) == 0) {
		/* The driver says why in one line; a later warning is not the reason. */
		verdict->refused = true;
		keep_reason(verdict, message + strlen(REFUSED));
	} else if (!verdict->refused && (priority & PRIORITY_MASK) <= PRIORITY_WARNING) {
		keep_reason(verdict, message);
	}
}

void cxv_kernel_log_read(int log, const char *driver, const char *target,
			 struct cxv_kernel_verdict *verdict)
{
	char record[RECORD_SIZE];

	for (unsigned int i = 0; log >= 0 && i < RECORD_MAX; i++) {
		ssize_t size = read(log, record, sizeof(record) - 1);

		/* EPIPE: records were overwritten before they were read; the next read goes on. */
		if (size < 0 && (errno == EPIPE || errno == EINTR))
			continue;
		if (size <= 0)
			return;
		record[size] = '\0';
		cxv_kernel_log_record(record, driver, target, verdict);
	}
}
