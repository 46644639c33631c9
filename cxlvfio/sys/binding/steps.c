// SPDX-License-Identifier: GPL-2.0-or-later
#include "sys/binding/steps.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "core/base/pci_address.h"
#include "core/base/util.h"
#include "cxl_vfio.h"
#include "sys/binding/bind_facts.h"
#include "sys/binding/modules.h"
#include "sys/binding/parameters.h"
#include "sys/binding/record.h"
#include "sys/discovery/openers.h"

struct write_job {
	int file;
	const char *value;
};

static int do_write(void *argument)
{
	const struct write_job *job = argument;
	ssize_t written = write(job->file, job->value, strlen(job->value));

	if (written < 0)
		return -errno;
	return (size_t)written == strlen(job->value) ? 0 : -EIO;
}

/* The child that works has the run's locks as long as it lives, and FILE (-1: none). */
static int run_bounded(struct cxv_step_run *run, int file, int (*work)(void *argument),
		       void *argument)
{
	const struct cxv_execution *execution = run->execution;
	const int keep[] = { file, execution->lock, execution->parameters_lock };
	int ret = cxv_run_bounded(&run->deadline, keep, ARRAY_SIZE(keep), work, argument);

	run->left_behind = run->left_behind || ret == -ETIMEDOUT || ret == -EINTR;
	return ret;
}

/* Every one of these files may take a lock that somebody else's unbind sleeps with. */
static int write_bounded(struct cxv_step_run *run, const char *path, const char *value)
{
	const struct cxv_host *host = run->execution->host;
	_cleanup_close_ int file = cxv_host_open_file(host, O_WRONLY | O_TRUNC, "%s", path);
	struct write_job job = { .file = file, .value = value };
	int ret;

	if (file < 0)
		return file;
	ret = run_bounded(run, file, do_write, &job);
	if (host->trace)
		host->trace("write", path, value, ret);
	return ret;
}

static int do_load(void *argument)
{
	return cxv_module_load(argument);
}

static int load_module(struct cxv_step_run *run, struct cxv_step *step)
{
	/* A fixture shows another machine; its modules are not for this kernel. */
	if (run->execution->host->fixture)
		return -EOPNOTSUPP;
	return run_bounded(run, -1, do_load, step->value);
}

static int remember(struct cxv_step_run *run, struct cxv_step *step)
{
	(void)step;
	return cxv_record_write(run->execution->host, run->plan->target, run->execution->identity,
				&run->plan->before);
}

static int forget(struct cxv_step_run *run, struct cxv_step *step)
{
	(void)step;
	return cxv_record_remove(run->execution->host, run->plan->target);
}

static int set_override(struct cxv_step_run *run, struct cxv_step *step)
{
	_cleanup_free_ char *now = NULL;
	int ret = cxv_host_read_string(run->execution->host, &now, "%s", step->path);

	if (ret < 0)
		return ret;
	if (strcmp(now, step->value) == 0 || (!step->value[0] && strcmp(now, "(null)") == 0))
		return 1;
	/* An empty write never reaches the kernel; a line end alone clears. */
	return write_bounded(run, step->path, step->value[0] ? step->value : "\n");
}

/* 1 where PATH says VALUE already. */
static int set_word(struct cxv_step_run *run, const char *path, const char *value)
{
	_cleanup_free_ char *now = NULL;
	int ret = cxv_host_read_string(run->execution->host, &now, "%s", path);

	if (ret < 0)
		return ret;
	return strcmp(now, value) ? write_bounded(run, path, value) : 1;
}

static int set_parameter(struct cxv_step_run *run, struct cxv_step *step)
{
	return set_word(run, step->path, step->value);
}

static int set_attribute(struct cxv_step_run *run, struct cxv_step *step)
{
	return set_word(run, step->path, step->value);
}

/* What is noted here is what will be put back; a driver that has none is too old. */
static int note_parameters(struct cxv_step_run *run, struct cxv_step *step)
{
	struct cxv_offer *before = &run->plan->offer_before;
	int ret = cxv_parameters_read(run->execution->host, before);
	char text[CXV_OFFER_TEXT_SIZE];

	if (!ret)
		ret = cxv_parameters_note(run->execution->host, before);
	if (ret < 0) {
		*before = (struct cxv_offer) { 0 };
		return ret == -ENOENT ? -EOPNOTSUPP : ret;
	}
	cxv_offer_format(before, text);
	snprintf(step->value, sizeof(step->value), "%s", text);
	return 0;
}

static int restore_parameters(struct cxv_step_run *run, struct cxv_step *step)
{
	const struct cxv_offer *before = &run->plan->offer_before;
	char path[CXV_STEP_PATH_SIZE], text[CXV_OFFER_TEXT_SIZE];
	int ret = 0;

	for (enum cxv_offer_part part = 0; part < CXV_OFFER_PARTS && ret >= 0; part++) {
		snprintf(path, sizeof(path), "sys/module/" CXL_VFIO_MODULE_NAME "/parameters/%s",
			 cxv_offer_name(part));
		if (before->words[part][0])
			ret = set_word(run, path, before->words[part]);
	}
	if (ret < 0)
		return ret;
	cxv_offer_format(before, text);
	snprintf(step->value, sizeof(step->value), "%s", text);
	/* What a child still changes is for the next run to put back. */
	return run->left_behind ? 0 : cxv_parameters_forget(run->execution->host);
}

/* The driver's own words on what the attribute says instead. */
static int check_offer(struct cxv_step_run *run, struct cxv_step *step)
{
	const struct cxv_host *host = run->execution->host;
	_cleanup_free_ char *now = NULL, *bar = NULL;
	int ret = cxv_host_read_string(host, &now, "%s", step->path);

	if (ret < 0)
		return ret;
	if (!strcmp(now, step->value))
		return 0;
	ret = cxv_host_read_string(host, &bar, CXV_PCI_DEVICES "/%s/" CXL_VFIO_SYSFS_GROUP
				   "/view_bar", run->plan->target);
	snprintf(run->verdict.reason, sizeof(run->verdict.reason), "it is %.32s%s", now,
		 !ret && !strcmp(bar, CXL_VFIO_VIEW_BAR_NONE) ?
		 ", as the function leaves no pair of BARs for the window" : "");
	return -EOPNOTSUPP;
}

/* The driver whose directory the step's file is in. */
static void driver_of(const struct cxv_step *step, char driver[static CXV_STEP_VALUE_SIZE])
{
	const char *end = strrchr(step->path, '/'), *start = end;

	while (start > step->path && start[-1] != '/')
		start--;
	snprintf(driver, CXV_STEP_VALUE_SIZE, "%.*s", (int)(end - start), start);
}

static int is_without_driver(void *argument)
{
	const struct cxv_step_run *run = argument;
	char driver[CXV_STEP_VALUE_SIZE];
	int ret = cxv_bound_driver(run->execution->host, run->plan->target, driver);

	return ret < 0 ? ret : !driver[0];
}

/* The kernel would let the write to "unbind" sleep, for ever if need be, while a user is left. */
static int refuse_while_open(const struct cxv_step_run *run)
{
	_cleanup_(cxv_openers_clear) struct cxv_openers openers = { 0 };
	const struct cxv_host *host = run->execution->host;
	char device[32];
	int ret = cxv_vfio_device_name(host, run->plan->target, device, sizeof(device));

	if (!ret)
		ret = cxv_find_openers(host, run->plan->target, run->execution->iommu_group,
				       device, &openers);
	if (ret < 0)
		return ret;
	return openers.count ? -EBUSY : 0;
}

struct claim {
	const struct cxv_step_run *run;
	int group;		/* -1: there is nothing to claim */
};

/*
 * A group is open once at most, and the kernel counts every descriptor and mapping of its devices
 * as its opening. So it is still taken while a process that /proc shows nothing of any more is
 * closing the device, which includes a reset.
 */
static int try_claim(void *argument)
{
	struct claim *claim = argument;
	const struct cxv_execution *execution = claim->run->execution;

	claim->group = cxv_host_open_file(execution->host, O_RDWR, "dev/vfio/%s",
					  execution->iommu_group);
	if (claim->group >= 0 || claim->group == -EBUSY)
		return claim->group != -EBUSY;
	/* No groups in this kernel, or no node: only /proc tells. */
	return refuse_while_open(claim->run) ?: 1;
}

/*
 * Keep new users out while a VFIO driver lets the device go. Returns 0 with *GROUP to be closed
 * when it is gone, or -EBUSY.
 */
static int claim_group(const struct cxv_step_run *run, int *group)
{
	struct claim claim = { .run = run, .group = -1 };
	int ret;

	ret = cxv_wait_until(run->monitor, &run->deadline, try_claim, &claim);
	*group = claim.group;
	return ret == -ETIMEDOUT ? -EBUSY : ret;
}

static int unbind_driver(struct cxv_step_run *run, struct cxv_step *step)
{
	_cleanup_close_ int group = -1;
	char driver[CXV_STEP_VALUE_SIZE], now[CXV_STEP_VALUE_SIZE];
	int ret = cxv_bound_driver(run->execution->host, run->plan->target, now);

	if (ret < 0)
		return ret;
	driver_of(step, driver);
	if (strcmp(now, driver) != 0)
		return 1;
	if (cxv_driver_is_vfio(driver)) {
		ret = claim_group(run, &group);
		if (ret < 0)
			return ret;
	}
	ret = write_bounded(run, step->path, step->value);
	/* ENODEV: somebody else's unbind was first. */
	if (ret < 0 && ret != -ENODEV)
		return ret;
	return cxv_wait_until(run->monitor, &run->deadline, is_without_driver, run);
}

static int flush(struct cxv_step_run *run, struct cxv_step *step)
{
	const struct cxv_host *host = run->execution->host;
	_cleanup_close_ int file = cxv_host_open_file(host, O_WRONLY | O_TRUNC, "%s", step->path);
	struct write_job job = { .file = file, .value = step->value };
	int ret;

	/* There is no CXL core, and no work of its. */
	if (file < 0)
		return file == -ENOENT ? 1 : file;
	/* A child that has to be left changes nothing, and so keeps no lock. */
	ret = cxv_run_bounded(&run->deadline, (int[]){ file }, 1, do_write, &job);
	if (host->trace)
		host->trace("write", step->path, step->value, ret);
	return ret;
}

static int delete_region(struct cxv_step_run *run, struct cxv_step *step)
{
	int ret = write_bounded(run, step->path, step->value);

	/* Somebody else's deletion was first. */
	return ret == -ENODEV || ret == -ENOENT ? 1 : ret;
}

static int probe(struct cxv_step_run *run, struct cxv_step *step)
{
	memset(&run->verdict, 0, sizeof(run->verdict));
	return write_bounded(run, step->path, step->value);
}

static int bind_driver(struct cxv_step_run *run, struct cxv_step *step)
{
	char driver[CXV_STEP_VALUE_SIZE], now[CXV_STEP_VALUE_SIZE];
	int ret = cxv_bound_driver(run->execution->host, run->plan->target, now);

	if (ret < 0)
		return ret;
	driver_of(step, driver);
	if (strcmp(now, driver) == 0)
		return 1;
	memset(&run->verdict, 0, sizeof(run->verdict));
	return write_bounded(run, step->path, step->value);
}

struct awaited {
	struct cxv_step_run *run;
	struct cxv_step *step;
};

/* A probe that fails is no error of the write that asked for it: the missing link tells. */
static int has_driver(void *argument)
{
	const struct awaited *awaited = argument;
	struct cxv_step_run *run = awaited->run;
	const struct cxv_kernel_speaker speaker = {
		.driver = awaited->step->value, .target = run->plan->target,
	};
	char driver[CXV_STEP_VALUE_SIZE];
	int ret = cxv_bound_driver(run->execution->host, run->plan->target, driver);

	if (ret < 0)
		return ret;
	if (driver[0])
		return strcmp(driver, awaited->step->value) == 0 ? 1 : -EEXIST;
	cxv_kernel_log_read(run->log, &speaker, &run->verdict);
	if (run->verdict.refused)
		return -ECONNREFUSED;
	/* Somebody took its module away: it cannot come any more. */
	return cxv_host_exists(run->execution->host, "sys/bus/pci/drivers/%s", speaker.driver) ?
	       0 : -ENOPKG;
}

static int wait_driver(struct cxv_step_run *run, struct cxv_step *step)
{
	struct awaited awaited = { .run = run, .step = step };

	return cxv_wait_until(run->monitor, &run->deadline, has_driver, &awaited);
}

/* Is the device node at PATH there, with the number that sysfs says? 1, 0 or -errno. */
static int node_exists(const struct cxv_host *host, const char *attribute, const char *path)
{
	_cleanup_free_ char *number = NULL;
	_cleanup_close_ int node = -1;
	unsigned int major_number, minor_number;
	struct stat status;
	int ret = cxv_host_read_string(host, &number, "%s", attribute);

	if (ret < 0)
		return ret == -ENOENT ? 0 : ret;
	node = cxv_host_open_file(host, O_PATH | O_NOFOLLOW, "%s", path);
	if (node < 0)
		return node == -ENOENT ? 0 : node;
	if (host->fixture)	/* it cannot hold device nodes */
		return 1;
	if (sscanf(number, "%u:%u", &major_number, &minor_number) != 2 || fstat(node, &status))
		return -EIO;
	return S_ISCHR(status.st_mode) && status.st_rdev == makedev(major_number, minor_number);
}

/* Either interface will do: a container may have been given one of the two. */
static int has_node(void *argument)
{
	const struct awaited *awaited = argument;
	const struct cxv_execution *execution = awaited->run->execution;
	char device[32], attribute[128], path[64];
	int ret = cxv_vfio_device_name(execution->host, awaited->run->plan->target, device,
				       sizeof(device));

	if (ret < 0 || !device[0])
		return ret;
	snprintf(attribute, sizeof(attribute), "sys/class/vfio/%s/dev", execution->iommu_group);
	snprintf(path, sizeof(path), "dev/vfio/%s", execution->iommu_group);
	ret = node_exists(execution->host, attribute, path);
	if (!ret) {
		snprintf(attribute, sizeof(attribute), "sys/class/vfio-dev/%s/dev", device);
		snprintf(path, sizeof(path), "dev/vfio/devices/%s", device);
		ret = node_exists(execution->host, attribute, path);
	}
	if (ret > 0)
		snprintf(awaited->step->path, sizeof(awaited->step->path), "%s", path);
	return ret;
}

static int wait_node(struct cxv_step_run *run, struct cxv_step *step)
{
	struct awaited awaited = { .run = run, .step = step };

	return cxv_wait_until(run->monitor, &run->deadline, has_node, &awaited);
}

static int read_state(struct cxv_step_run *run, struct cxv_step *step)
{
	_cleanup_free_ char *state = NULL;
	int ret = cxv_host_read_string(run->execution->host, &state, "%s", step->path);

	if (ret < 0)
		return ret;
	snprintf(step->value, sizeof(step->value), "%.*s", (int)sizeof(step->value) - 1, state);
	return 0;
}

#define STEP_FUNCTION(KIND, name, sentence, problem)	[CXV_STEP_##KIND] = name,

int cxv_step_run(struct cxv_step_run *run, struct cxv_step *step)
{
	static int (*const functions[])(struct cxv_step_run *run, struct cxv_step *step) = {
		CXV_STEPS(STEP_FUNCTION)
	};

	return functions[step->kind](run, step);
}
