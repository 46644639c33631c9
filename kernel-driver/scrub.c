// SPDX-License-Identifier: GPL-2.0-only
/*
 * The tenant boundary: what one user left in the window, the next one must not read. Under policy
 * "zero" the window is zeroed when the device is closed, after the core has reset the function and
 * nobody can map it. When the hardware does not allow that (a refused decoder, a reset meanwhile),
 * the scrub is owed: gate.c opens the gate for nobody before it is made up for.
 */
#include <linux/cpumask.h>
#include <linux/moduleparam.h>
#include <linux/sched/isolation.h>
#include <linux/sched/signal.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/topology.h>
#include <linux/unroll.h>
#include <linux/workqueue.h>

#ifdef CONFIG_X86_64
#include <asm/cpufeature.h>
#include <asm/fpu/api.h>
#include <asm/fpu/xcr.h>
#endif

#include "cxl_vfio_pci.h"
#include "trace.h"

/* Between two looks at whether to go on: a few milliseconds. */
#define SCRUB_CHUNK	(16UL << 20)

/*
 * What one memcpy_flushcache() zeroes. On x86 one of 16 bytes, known to the compiler, is inlined as
 * two non-temporal stores of a register; elsewhere it is a call, which shall be worth it.
 */
#define SCRUB_PIECE	(IS_ENABLED(CONFIG_X86_64) ? 16UL : SZ_4K)

/* One scrub under way. Each of its threads takes the next chunk, and finishes what it took. */
struct scrub_job {
	struct cxl_vfio_device *device;
	u64 generation;			/* of the gate; another one ends the scrub */
	atomic64_t next;		/* offset of the first chunk that nobody took */
	bool stop;
};

struct scrub_helper {
	struct work_struct work;
	struct scrub_job *job;
};

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

/* The other half of a node's CPUs stays for those who work there. */
static unsigned int cpu_share = 50;

static int set_cpu_share(const char *value, const struct kernel_param *parameter)
{
	return param_set_uint_minmax(value, parameter, 1, 100);
}

static const struct kernel_param_ops cpu_share_ops = {
	.set = set_cpu_share,
	.get = param_get_uint,
};
module_param_cb(scrub_cpus, &cpu_share_ops, &cpu_share, 0644);
MODULE_PARM_DESC(scrub_cpus,
		 "CPUs of the device's node that zero its memory, in percent (50), at least one");

const char *cxl_vfio_scrub_policy_name(const struct cxl_vfio_scrub *scrub)
{
	return policy_names[READ_ONCE(scrub->policy)];
}

const char *cxl_vfio_scrub_result_name(enum cxl_vfio_scrub_result result)
{
	return result_names[result];
}

/* Nobody knows what was in the window before we were bound. */
void cxl_vfio_scrub_init(struct cxl_vfio_scrub *scrub)
{
	scrub->policy = READ_ONCE(default_policy);
	scrub->dirty = true;
}

/* A user comes: whose bytes there are now are not his. */
void cxl_vfio_scrub_user_came(struct cxl_vfio_scrub *scrub)
{
	WRITE_ONCE(scrub->due, READ_ONCE(scrub->dirty));
}

/*
 * A user leaves. He had the device's registers, also where the gate never opened: what its engines
 * wrote for him may be anywhere in the window, be it where a scrub was before.
 */
void cxl_vfio_scrub_user_left(struct cxl_vfio_scrub *scrub)
{
	WRITE_ONCE(scrub->due, true);
	WRITE_ONCE(scrub->dirty, true);
	atomic64_set(&scrub->done, 0);
}

/* The gate opens: a reset of this user's own must not take the bytes, but the next boundary. */
void cxl_vfio_scrub_in_use(struct cxl_vfio_scrub *scrub)
{
	WRITE_ONCE(scrub->due, false);
	WRITE_ONCE(scrub->dirty, true);
	atomic64_set(&scrub->done, 0);
}

/* A reset or an open: nothing is known of what was zeroed before. */
void cxl_vfio_scrub_from_start(struct cxl_vfio_scrub *scrub)
{
	atomic64_set(&scrub->done, 0);
}

/* Must the window be zeroed before a user may see it? */
bool cxl_vfio_scrub_is_due(const struct cxl_vfio_scrub *scrub)
{
	return READ_ONCE(scrub->due) && READ_ONCE(scrub->policy) == CXL_VFIO_SCRUB_ZERO;
}

#ifdef CONFIG_X86_64
/*
 * With the widest stores past the caches that a module has: eight bytes at a time, as
 * memcpy_flushcache() has them, leave a seventh of the bandwidth where the processor and not the
 * memory is what limits it. Preemption is off for a piece of them, some 20 us.
 */
static bool zero_wide(void *memory, u64 length)
{
	void *end = memory + length;

	if (!boot_cpu_has(X86_FEATURE_AVX) ||
	    !cpu_has_xfeatures(XFEATURE_MASK_SSE | XFEATURE_MASK_YMM, NULL))
		return false;
	while (memory < end) {
		void *stop = min(memory + SZ_64K, end);

		kernel_fpu_begin();
		asm volatile("vpxor %%xmm0, %%xmm0, %%xmm0\n"
			     "1:\n\t"
			     "vmovntdq %%ymm0, (%0)\n\t"
			     "vmovntdq %%ymm0, 32(%0)\n\t"
			     "vmovntdq %%ymm0, 64(%0)\n\t"
			     "vmovntdq %%ymm0, 96(%0)\n\t"
			     "add $128, %0\n\t"
			     "cmp %1, %0\n\t"
			     "jb 1b\n\t"
			     "vzeroupper"
			     : "+r" (memory) : "r" (stop) : "memory", "cc");
		kernel_fpu_end();
	}
	return true;
}
#else
static bool zero_wide(void *memory, u64 length)
{
	return false;
}
#endif

/*
 * Past the caches, which the memory of others needs more, where the architecture can, and out to
 * the device: a decoder that is lost later must not take dirty lines with it. Whole lines are
 * written and none is read, so that a poisoned one raises no machine check.
 */
static void zero(void *memory, u64 length)
{
	static const u8 zeros[SZ_4K] __aligned(sizeof(u64));
	void *end = memory + length;

	if (zero_wide(memory, length))
		memory = end;
	for (; memory < end; memory += 16 * SCRUB_PIECE) {
		unrolled_count(16)
		for (unsigned int i = 0; i < 16; i++)
			memcpy_flushcache(memory + i * SCRUB_PIECE, zeros, SCRUB_PIECE);
	}
	pmem_wmb();
}

static bool zero_next_chunk(struct scrub_job *job)
{
	struct cxl_vfio_device *device = job->device;
	u64 size = cxl_vfio_window_size(device->hdm), start, length;

	if (READ_ONCE(job->stop) || !cxl_vfio_gate_is_unchanged(device, job->generation))
		return false;
	start = atomic64_fetch_add(SCRUB_CHUNK, &job->next);
	if (start >= size)
		return false;
	length = min_t(u64, size - start, SCRUB_CHUNK);
	zero(device->hdm->memory + start, length);
	atomic64_add(length, &device->scrub.done);
	cond_resched();
	return true;
}

static void scrub_help(struct work_struct *work)
{
	struct scrub_helper *helper = container_of(work, struct scrub_helper, work);

	while (zero_next_chunk(helper->job))
		;
}

/* Those of the device's node that are online; all, where the node is unknown or has none. */
static const struct cpumask *near_cpus(struct cxl_vfio_device *device)
{
	int node = dev_to_node(&device->core.pdev->dev);

	if (node == NUMA_NO_NODE || !cpumask_intersects(cpumask_of_node(node), cpu_online_mask))
		return cpu_online_mask;
	return cpumask_of_node(node);
}

/* The queue is an unbound one: what is queued on a CPU that is isolated runs elsewhere. */
static bool may_help(unsigned int cpu)
{
	return cpu_online(cpu) && housekeeping_test_cpu(cpu, HK_TYPE_DOMAIN) &&
	       housekeeping_test_cpu(cpu, HK_TYPE_WQ);
}

/* Besides the thread that asks for the scrub. */
static unsigned int helpers_wanted(const struct cpumask *cpus)
{
	unsigned int share = READ_ONCE(cpu_share), count = 0, cpu;

	for_each_cpu(cpu, cpus)
		count += may_help(cpu);
	return max(count * share / 100, 1U) - 1;
}

/* Who has not begun when all is done does not begin any more. */
static void run_job(struct scrub_job *job, unsigned int limit_ms)
{
	unsigned long deadline = jiffies + msecs_to_jiffies(limit_ms);
	const struct cpumask *cpus = near_cpus(job->device);
	unsigned int wanted = helpers_wanted(cpus), count = 0, cpu;
	struct scrub_helper *helpers = kcalloc(wanted, sizeof(*helpers), GFP_KERNEL);

	/* Without memory for helpers it takes longer, that is all. */
	for_each_cpu(cpu, cpus) {
		if (ZERO_OR_NULL_PTR(helpers) || count == wanted)
			break;
		if (!may_help(cpu))
			continue;
		INIT_WORK(&helpers[count].work, scrub_help);
		helpers[count].job = job;
		queue_work_on(cpu, system_dfl_long_wq, &helpers[count++].work);
	}
	/* A process that exits takes no signals any more: its scrub goes on. */
	while (!fatal_signal_pending(current) && !READ_ONCE(job->device->scrub.stop) &&
	       (!limit_ms || time_before(jiffies, deadline)) && zero_next_chunk(job))
		;
	WRITE_ONCE(job->stop, true);
	while (count)
		cancel_work_sync(&helpers[--count].work);
	kfree(helpers);
}

/**
 * cxl_vfio_scrub_run - zero the window, or go on where an interrupted scrub was
 * @device: with gate.asking held, its hardware checked, no user able to reach the window
 * @generation: of the gate, when the hardware was asked; another one ends the scrub early
 * @limit_ms: what may be spent on it, or 0
 *
 * A reset waits for gate.asking in its reset_prepare, so no chunk is written to a window that is
 * being taken away. It ends early, too, when the task is being killed, or at an unbind.
 *
 * Return: whether all of the window is zero; if not, the scrub stays owed.
 */
bool cxl_vfio_scrub_run(struct cxl_vfio_device *device, u64 generation, unsigned int limit_ms)
{
	struct cxl_vfio_scrub *scrub = &device->scrub;
	u64 size = cxl_vfio_window_size(device->hdm);
	u64 start = trace_cxl_vfio_scrub_enabled() ? ktime_get_ns() : 0;
	u64 first = atomic64_read(&scrub->done), done;
	struct scrub_job job = { .device = device, .generation = generation };

	lockdep_assert_held(&device->gate.asking);
	WRITE_ONCE(scrub->result, CXL_VFIO_SCRUB_OWED);
	atomic64_set(&job.next, first);
	run_job(&job, limit_ms);

	/* Whatever was taken is done: there are no gaps. */
	done = atomic64_read(&scrub->done);
	if (done == size)
		atomic64_set(&scrub->done, 0);
	WRITE_ONCE(scrub->bytes, scrub->bytes + done - first);
	WRITE_ONCE(scrub->dirty, done < size);
	WRITE_ONCE(scrub->due, done < size);
	WRITE_ONCE(scrub->result, done < size ? CXL_VFIO_SCRUB_OWED : CXL_VFIO_SCRUB_DONE);
	if (done < size && READ_ONCE(scrub->stop))
		pci_warn(device->core.pdev, "unbound during the scrub: only %llu of %llu MiB were zeroed\n",
			 done >> 20, size >> 20);
	trace_cxl_vfio_scrub(device->core.pdev, done - first, done == size,
			     start ? ktime_get_ns() - start : 0);
	return done == size;
}

/**
 * cxl_vfio_scrub_stop - the driver is being unbound: end the scrub of a close that is under way
 * @device: the device
 *
 * The next bind zeroes the window before anybody gets access. A scrub that somebody who opened the
 * device waits for goes on, as the unbind waits for him; so does that of his close.
 */
void cxl_vfio_scrub_stop(struct cxl_vfio_device *device)
{
	guard(rwsem_read)(&device->gate.lock);
	if (!device->gate.open)
		WRITE_ONCE(device->scrub.stop, true);
}
