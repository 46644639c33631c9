// SPDX-License-Identifier: GPL-2.0-only
/*
 * The tenant boundary: what one user left in the window, the next one must not read. Under policy
 * "zero" the window is zeroed when the device is closed, after the core has reset the function and
 * nobody can map it. When the hardware does not allow that (a refused decoder, a reset meanwhile),
 * the scrub is owed: gate.c opens the gate for nobody before it is made up for.
 */
#include <linux/libnvdimm.h>
#include <linux/moduleparam.h>
#include <linux/string.h>

#include "cxl_vfio_pci.h"
#include "trace.h"

/* Between two looks at whether to go on: a few milliseconds of memset. */
#define SCRUB_CHUNK	(16UL << 20)

static const char *const policy_names[] = {
	[CXL_VFIO_SCRUB_NONE] = CXL_VFIO_SCRUB_POLICY_NONE,
	[CXL_VFIO_SCRUB_ZERO] = CXL_VFIO_SCRUB_POLICY_ZERO,
};

static const char *const result_names[] = {
	[CXL_VFIO_SCRUB_NOT_DUE] = CXL_VFIO_SCRUB_RESULT_NONE,
	[CXL_VFIO_SCRUB_DONE] = CXL_VFIO_SCRUB_RESULT_DONE,
	[CXL_VFIO_SCRUB_OWED] = CXL_VFIO_SCRUB_RESULT_OWED,
};

static enum cxl_vfio_scrub_policy default_policy = CXL_VFIO_SCRUB_ZERO;

/* @name may end with a newline. */
int cxl_vfio_scrub_parse(const char *name, enum cxl_vfio_scrub_policy *policy)
{
	int match = sysfs_match_string(policy_names, name);

	if (match < 0)
		return match;
	*policy = match;
	return 0;
}

static int set_default_policy(const char *value, const struct kernel_param *parameter)
{
	enum cxl_vfio_scrub_policy policy;
	int ret = cxl_vfio_scrub_parse(value, &policy);

	if (ret)
		return ret;
	WRITE_ONCE(default_policy, policy);
	return 0;
}

static int get_default_policy(char *buffer, const struct kernel_param *parameter)
{
	return sysfs_emit(buffer, "%s\n", policy_names[READ_ONCE(default_policy)]);
}

static const struct kernel_param_ops policy_ops = {
	.set = set_default_policy,
	.get = get_default_policy,
};
module_param_cb(scrub, &policy_ops, NULL, 0644);
MODULE_PARM_DESC(scrub,
		 "memory between two users: zero (default) or none; for devices bound later");

const char *cxl_vfio_scrub_policy_name(const struct cxl_vfio_scrub *scrub)
{
	return policy_names[READ_ONCE(scrub->policy)];
}

const char *cxl_vfio_scrub_result_name(const struct cxl_vfio_scrub *scrub)
{
	return result_names[READ_ONCE(scrub->result)];
}

/* Nobody knows what was in the window before we were bound. */
void cxl_vfio_scrub_init(struct cxl_vfio_scrub *scrub)
{
	scrub->policy = READ_ONCE(default_policy);
	scrub->dirty = true;
}

/* A user comes or goes: whose bytes there are now are not the next one's. */
void cxl_vfio_scrub_at_boundary(struct cxl_vfio_scrub *scrub)
{
	WRITE_ONCE(scrub->due, READ_ONCE(scrub->dirty));
}

/* The gate opens: a reset of this user's own must not take the bytes, but the next boundary. */
void cxl_vfio_scrub_in_use(struct cxl_vfio_scrub *scrub)
{
	WRITE_ONCE(scrub->due, false);
	WRITE_ONCE(scrub->dirty, true);
	WRITE_ONCE(scrub->done, 0);
}

/* A reset or an open: nothing is known of what was zeroed before. */
void cxl_vfio_scrub_from_start(struct cxl_vfio_scrub *scrub)
{
	WRITE_ONCE(scrub->done, 0);
}

/* Must the window be zeroed before a user may see it? */
bool cxl_vfio_scrub_is_due(const struct cxl_vfio_scrub *scrub)
{
	return READ_ONCE(scrub->due) && READ_ONCE(scrub->policy) == CXL_VFIO_SCRUB_ZERO;
}

/**
 * cxl_vfio_scrub_run - zero the window, or go on where an interrupted scrub was
 * @device: with gate.asking held, its hardware checked, no user able to reach the window
 * @generation: of the gate, when the hardware was asked; another one ends the scrub early
 * @limit_ms: what may be spent on it, or 0
 *
 * A reset waits for gate.asking in its reset_prepare, so no chunk is written to a window that is
 * being taken away.
 *
 * Return: whether all of the window is zero; if not, the scrub stays owed.
 */
bool cxl_vfio_scrub_run(struct cxl_vfio_device *device, u64 generation, unsigned int limit_ms)
{
	struct cxl_vfio_scrub *scrub = &device->scrub;
	u64 size = cxl_vfio_window_size(device->hdm);
	u64 start = trace_cxl_vfio_scrub_enabled() ? ktime_get_ns() : 0;
	unsigned long deadline = jiffies + msecs_to_jiffies(limit_ms);
	u64 first = scrub->done, done = first, length;

	lockdep_assert_held(&device->gate.asking);
	while (done < size && cxl_vfio_gate_is_unchanged(device, generation) &&
	       (!limit_ms || time_before(jiffies, deadline))) {
		length = min_t(u64, size - done, SCRUB_CHUNK);
		memset(device->hdm->memory + done, 0, length);
		/* A decoder that is lost later must not take dirty cache lines with it. */
		arch_wb_cache_pmem(device->hdm->memory + done, length);
		done += length;
		cond_resched();
	}
	WRITE_ONCE(scrub->done, done < size ? done : 0);
	WRITE_ONCE(scrub->bytes, scrub->bytes + done - first);
	WRITE_ONCE(scrub->dirty, done < size);
	WRITE_ONCE(scrub->due, done < size);
	WRITE_ONCE(scrub->result, done < size ? CXL_VFIO_SCRUB_OWED : CXL_VFIO_SCRUB_DONE);
	trace_cxl_vfio_scrub(device->core.pdev, done - first, done == size,
			     start ? ktime_get_ns() - start : 0);
	return done == size;
}
