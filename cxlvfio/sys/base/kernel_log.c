// SPDX-License-Identifier: GPL-2.0-or-later
#include "sys/base/kernel_log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define RECORD_SIZE	8192	/* the kernel's longest record with its escapes */
#define RECORD_MAX	10000	/* a storm of messages must not keep us here */
#define PRIORITY_MASK	7
#define PRIORITY_WARNING	4
#define PRIORITY_NOTICE	5
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

/* What follows "NAME TARGET: " in MESSAGE, NULL where it does not begin so. NAME NULL is any. */
static char *after_device(char *message, const char *name, const char *target)
{
	size_t length = name ? strlen(name) : strcspn(message, " ");

	if (!length || (name && strncmp(message, name, length) != 0) || message[length] != ' ')
		return NULL;
	message += length + 1;
	length = strlen(target);
	if (strncmp(message, target, length) != 0 || strncmp(message + length, ": ", 2) != 0)
		return NULL;
	return message + length + 2;
}

/*
 * MESSAGE where it is of the loading of one of MODULES: "NAME: what is wrong", or the kernel's that
 * it takes no unsigned ones (module_sig_check() and lockdown name none).
 */
static char *of_module(char *message, const char *modules)
{
	size_t length = strcspn(message, ":");

	if (strstr(message, "unsigned module") || strstr(message, "module with unavailable key"))
		return message;
	for (const char *name = modules; *name; name += strspn(name, " ")) {
		size_t end = strcspn(name, " ");

		if (end == length && !strncmp(name, message, length))
			return message;
		name += end;
	}
	return NULL;
}

static void keep_reason(struct cxv_kernel_verdict *verdict, const char *message)
{
	snprintf(verdict->reason, sizeof(verdict->reason), "%.*s",
		 (int)sizeof(verdict->reason) - 1, message);
}

/* What the driver's probe came to; a later warning is not the reason. */
static void keep_of_probe(char *message, unsigned int priority, struct cxv_kernel_verdict *verdict)
{
	char *failed = strstr(message, "failed with error -");

	if (strncmp(message, "probe with driver ", 18) == 0 && failed) {
		verdict->refused = true;
		sscanf(failed, "failed with error -%d", &verdict->error);
	} else if (strncmp(message, REFUSED, strlen(REFUSED)) == 0) {
		verdict->refused = true;
		keep_reason(verdict, message + strlen(REFUSED));
	} else if (!verdict->refused && priority <= PRIORITY_WARNING) {
		keep_reason(verdict, message);
	}
}

void cxv_kernel_log_record(char *record, const struct cxv_kernel_speaker *speaker,
			   struct cxv_kernel_verdict *verdict)
{
	char *message = strchr(record, ';');
	unsigned int priority;

	if (!message || sscanf(record, "%u,", &priority) != 1)
		return;
	priority &= PRIORITY_MASK;
	message++;
	message[strcspn(message, "\n")] = '\0';
	message = speaker->modules ? of_module(message, speaker->modules) :
				     after_device(message, speaker->driver, speaker->target);
	if (!message)
		return;
	if (speaker->driver)
		keep_of_probe(message, priority, verdict);
	else if (priority <= PRIORITY_NOTICE)
		keep_reason(verdict, message);
}

/* The kernel gives one record at a time, a fixture's file many. Lines with a blank are details. */
static void read_records(char *text, const struct cxv_kernel_speaker *speaker,
			 struct cxv_kernel_verdict *verdict)
{
	char *state = NULL;

	for (char *line = strtok_r(text, "\n", &state); line; line = strtok_r(NULL, "\n", &state))
		if (line[0] != ' ')
			cxv_kernel_log_record(line, speaker, verdict);
}

void cxv_kernel_log_read(int log, const struct cxv_kernel_speaker *speaker,
			 struct cxv_kernel_verdict *verdict)
{
	char text[RECORD_SIZE];

	for (unsigned int i = 0; log >= 0 && i < RECORD_MAX; i++) {
		ssize_t size = read(log, text, sizeof(text) - 1);

		/* EPIPE: records were overwritten before they were read; the next read goes on. */
		if (size < 0 && (errno == EPIPE || errno == EINTR))
			continue;
		if (size <= 0)
			return;
		text[size] = '\0';
		read_records(text, speaker, verdict);
	}
}

void cxv_kernel_log_count(int log, const char *target, struct cxv_kernel_words *words)
{
	char record[RECORD_SIZE];

	for (unsigned int i = 0; i < RECORD_MAX; i++) {
		ssize_t size = read(log, record, sizeof(record) - 1);

		if (size < 0 && errno == EINTR)
			continue;
		if (size < 0 && errno == EPIPE) {
			words->lost++;
			continue;
		}
		if (size <= 0)
			return;
		record[size] = '\0';
		cxv_kernel_record_count(record, target, words);
	}
}
