// SPDX-License-Identifier: GPL-2.0-or-later
#include "sys/proof/ladder.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "sys/base/state_file.h"

static void read_word(const struct cxv_host *host, const char *path,
		      char word[static CXV_LADDER_WORD_MAX])
{
	_cleanup_free_ char *text = NULL;
	size_t length = 0;

	if (!cxv_host_read_string(host, &text, "%s", path))
		length = strlen(text);
	/* A blank would end it early in the record. */
	if (!length || length >= CXV_LADDER_WORD_MAX || strcspn(text, " \t\n") != length)
		snprintf(word, CXV_LADDER_WORD_MAX, CXV_PLATFORM_UNKNOWN);
	else
		memcpy(word, text, length + 1);
}

static void read_platform(const struct cxv_host *host, struct cxv_platform *platform)
{
	if (platform->machine[0])
		return;
	read_word(host, "etc/machine-id", platform->machine);
	/* Before its first boot, machine-id(5). */
	if (!strcmp(platform->machine, "uninitialized"))
		strcpy(platform->machine, CXV_PLATFORM_UNKNOWN);
	read_word(host, "proc/sys/kernel/osrelease", platform->kernel);
}

static void read_boot(const struct cxv_host *host, struct cxv_platform *platform)
{
	if (!platform->boot[0])
		read_word(host, "proc/sys/kernel/random/boot_id", platform->boot);
}

/* Why it is not known whether there is a serial number: positive errno, 0 if it is. */
static int serial_error(const struct cxv_endpoint *endpoint)
{
	return endpoint->serial.error == ENOENT ? 0 : endpoint->serial.error;
}

/*
 * "10de:2e12:1000", and ":1" behind it for function 1, since those of a device share its serial
 * number; without one, "10de:2e12@0000:0d:00.0".
 */
static void name_endpoint(const struct cxv_endpoint *endpoint,
			  char name[static CXV_LADDER_WORD_MAX])
{
	/* cxv_pci_is_address(): it ends with the function. */
	const char function = endpoint->host[strlen(endpoint->host) - 1];
	int length = snprintf(name, CXV_LADDER_WORD_MAX, "%04" PRIx64 ":%04" PRIx64,
			      endpoint->pci.vendor.value, endpoint->pci.device.value);

	if (endpoint->serial.value)
		length += snprintf(name + length, CXV_LADDER_WORD_MAX - length, ":%" PRIx64,
				   endpoint->serial.value);
	if (endpoint->serial.value && function != '0')
		snprintf(name + length, CXV_LADDER_WORD_MAX - length, ":%c", function);
	else if (!endpoint->serial.value)
		snprintf(name + length, CXV_LADDER_WORD_MAX - length, "@%s", endpoint->host);
}

void cxv_ladder_path(const struct cxv_endpoint *endpoint, char path[static CXV_LADDER_PATH_MAX])
{
	char name[CXV_LADDER_WORD_MAX];

	name_endpoint(endpoint, name);
	snprintf(path, CXV_LADDER_PATH_MAX, "/" CXV_LASTING_DIRECTORY "/" CXV_LADDER_FILE "%s",
		 name);
}

/* 0, -ENOENT: there is none, -EINVAL: it is damaged, or -errno. */
static int read_record(const struct cxv_host *host, const struct cxv_endpoint *endpoint,
		       struct cxv_ladder_record *record)
{
	_cleanup_free_ char *text = NULL;
	char path[CXV_LADDER_PATH_MAX];
	size_t length;
	int ret;

	*record = (struct cxv_ladder_record) { 0 };
	cxv_ladder_path(endpoint, path);
	ret = cxv_host_read_file(host, &text, &length, CXV_LADDER_TEXT_MAX - 1, "%s", path + 1);
	if (ret < 0)
		return ret == -EFBIG ? -EINVAL : ret;
	return strlen(text) == length ? cxv_ladder_parse(text, record) : -EINVAL;
}

/* When PROCESS began, in ticks since the boot; 0: there is no such process. */
static uint64_t start_of(const struct cxv_host *host, unsigned int process)
{
	_cleanup_free_ char *text = NULL;
	const char *here;
	uint64_t start = 0;

	if (cxv_host_read_string(host, &text, "proc/%u/stat", process) < 0)
		return 0;
	/* "PID (NAME) STATE ...", the 22nd word of it; the name may have anything in it. */
	here = strrchr(text, ')');
	for (unsigned int word = 2; here && word < 22; word++) {
		here = strchr(here, ' ');
		here = here ? here + 1 : NULL;
	}
	if (here)
		sscanf(here, "%" SCNu64, &start);
	return start;
}

static bool is_alive(const struct cxv_host *host, const struct cxv_platform *platform,
		     const struct cxv_ladder_record *record)
{
	uint64_t started;

	/* A number says nothing about a process of another boot. */
	if (!record->trying.rung || strcmp(record->boot, platform->boot))
		return false;
	started = start_of(host, record->process);
	return started && started == record->started;
}

static int judge(const struct cxv_host *host, struct cxv_platform *platform,
		 const struct cxv_ladder_record *record, const char *name,
		 struct cxv_ladder *ladder)
{
	read_platform(host, platform);
	if (record->trying.rung)
		read_boot(host, platform);
	return cxv_ladder_judge(record, platform, name, is_alive(host, platform, record), ladder);
}

int cxv_ladder_read(const struct cxv_host *host, struct cxv_platform *platform,
		    struct cxv_endpoint *endpoint)
{
	struct cxv_ladder *ladder = &endpoint->ladder;
	struct cxv_ladder_record record;
	char name[CXV_LADDER_WORD_MAX];
	int ret;

	if (serial_error(endpoint)) {
		cxv_fields_unavailable(ladder, &cxv_ladder_fields, serial_error(endpoint));
		return 0;
	}
	ladder->key.value = endpoint->serial.value ? CXV_LADDER_KEY_SERIAL : CXV_LADDER_KEY_SLOT;
	name_endpoint(endpoint, name);
	ret = read_record(host, endpoint, &record);
	if (!ret)
		return judge(host, platform, &record, name, ladder);
	if (ret == -ENOENT)
		ladder->state.value = cxv_ladder_state_name(CXV_LADDER_UNPROVEN);
	else if (ret == -EINVAL)
		ladder->state.value = cxv_ladder_state_name(CXV_LADDER_DAMAGED);
	else
		ladder->state.error = -ret;
	return cxv_fatal(ret);
}

static void begin_record(const struct cxv_platform *platform, const char *name,
			 struct cxv_ladder_record *record)
{
	*record = (struct cxv_ladder_record) { 0 };
	memcpy(record->machine, platform->machine, sizeof(record->machine));
	memcpy(record->endpoint, name, sizeof(record->endpoint));
}

int cxv_climb_begin(const struct cxv_host *host, const struct cxv_endpoint *endpoint, bool anew,
		    struct cxv_climb *climb)
{
	struct cxv_ladder_record *record = &climb->record;
	char name[CXV_LADDER_WORD_MAX];
	int ret;

	*climb = (struct cxv_climb) { .host = host, .endpoint = endpoint };
	if (host->fixture || serial_error(endpoint))
		return -serial_error(endpoint);
	read_platform(host, &climb->platform);
	read_boot(host, &climb->platform);
	name_endpoint(endpoint, name);
	ret = read_record(host, endpoint, record);
	if (ret < 0 && ret != -EINVAL && ret != -ENOENT)
		return ret;
	/* A record that is damaged, or another machine's, is ignored. */
	if (ret < 0 || !cxv_ladder_is_ours(record, &climb->platform, name))
		begin_record(&climb->platform, name, record);
	climb->crashed = cxv_ladder_was_fatal(record, &climb->platform);
	if (!anew && !record->trying.rung && !climb->crashed)
		climb->reached = cxv_ladder_reached(record, &climb->platform);
	climb->recording = climb->reached < CXV_RUNG_REST;
	return 0;
}

static int write_record(const struct cxv_climb *climb)
{
	char path[CXV_LADDER_PATH_MAX], text[CXV_LADDER_TEXT_MAX];

	cxv_ladder_path(climb->endpoint, path);
	cxv_ladder_format(&climb->record, text);
	return cxv_lasting_file_write(climb->host, strrchr(path, '/') + 1, text);
}

int cxv_climb_try(struct cxv_climb *climb, enum cxv_rung rung)
{
	unsigned int process = getpid();

	if (!climb->recording)
		return 0;
	if (climb->trying)
		cxv_ladder_survive(&climb->record);
	climb->trying = true;
	cxv_ladder_try(&climb->record, &climb->platform, rung, process,
		       start_of(climb->host, process));
	return write_record(climb);
}

int cxv_climb_end(struct cxv_climb *climb, bool survived)
{
	if (!climb->recording || !climb->trying)
		return 0;
	climb->trying = false;
	if (survived)
		cxv_ladder_survive(&climb->record);
	else
		cxv_ladder_leave(&climb->record);
	return write_record(climb);
}
