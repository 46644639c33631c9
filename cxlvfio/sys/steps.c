// SPDX-License-Identifier: GPL-2.0-or-later
#include "sys/steps.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "core/util.h"
#include "sys/bind_facts.h"
#include "sys/holders.h"
#include "sys/modules.h"
#include "sys/record.h"

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

/* Every one of these files may take a lock that somebody else's unbind sleeps with. */
static int write_bounded(const struct cxv_step_run *run, const char *path, const char *value)
{
	const struct cxv_host *host = run->execution->host;
	_cleanup_close_ int file = cxv_host_open_file(host, O_WRONLY | O_TRUNC, "%s", path);
	struct write_job job = { .file = file, .value = value };
	const int keep[] = { file, run->execution->lock };
	int ret;

	if (file < 0)
		return file;
	ret = cxv_run_bounded(&run->deadline, keep, ARRAY_SIZE(keep), do_write, &job);
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
	return cxv_run_bounded(&run->deadline, &run->execution->lock, 1, do_load, step->value);
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
	_cleanup_free_ struct cxv_holder *holders = NULL;
	const struct cxv_host *host = run->execution->host;
	char device[32];
	size_t count;
	int ret = cxv_vfio_device_name(host, run->plan->target, device, sizeof(device));

	if (!ret)
		ret = cxv_find_holders(host, run->plan->target, run->execution->iommu_group,
				       device, &holders, &count);
	if (ret < 0)
		return ret;
	return count ? -EBUSY : 0;
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
	int ret = refuse_while_open(claim->run);

	if (ret < 0)
		return ret;
	claim->group = cxv_host_open_file(execution->host, O_RDWR, "dev/vfio/%s",
					  execution->iommu_group);
	return claim->group != -EBUSY;
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
	if (strstr(driver, "vfio")) {
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
	char driver[CXV_STEP_VALUE_SIZE];
	int ret = cxv_bound_driver(run->execution->host, run->plan->target, driver);

	if (ret < 0)
		return ret;
	if (driver[0])
		return strcmp(driver, awaited->step->value) == 0 ? 1 : -EEXIST;
	cxv_kernel_log_read(run->log, awaited->step->value, run->plan->target, &run->verdict);
	return run->verdict.refused ? -ECONNREFUSED : 0;
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

static int (*const step_functions[CXV_STEP_KIND_COUNT])(struct cxv_step_run *run,
							 struct cxv_step *step) = {
	[CXV_STEP_LOAD_MODULE] = load_module,
	[CXV_STEP_REMEMBER] = remember,
	[CXV_STEP_SET_OVERRIDE] = set_override,
	[CXV_STEP_UNBIND_DRIVER] = unbind_driver,
	[CXV_STEP_PROBE] = probe,
	[CXV_STEP_BIND_DRIVER] = bind_driver,
	[CXV_STEP_WAIT_DRIVER] = wait_driver,
	[CXV_STEP_WAIT_NODE] = wait_node,
	[CXV_STEP_READ_STATE] = read_state,
	[CXV_STEP_FORGET] = forget,
};

int cxv_step_run(struct cxv_step_run *run, struct cxv_step *step)
{
	return step_functions[step->kind](run, step);
}
