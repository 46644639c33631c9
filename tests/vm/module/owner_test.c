// SPDX-License-Identifier: GPL-2.0-only
/*
 * Owns physical memory for as long as it is loaded, as other drivers would: kind "claim" requests
 * the range, as dax does; "wait" does so in the moment in which nobody has it; "ram" adds it to
 * System RAM, as dax's kmem does. Test machines only.
 *
 *	modprobe owner_test kind=claim start=0x140000000 size=0x10000000
 */
#include <linux/delay.h>
#include <linux/ioport.h>
#include <linux/kthread.h>
#include <linux/memory_hotplug.h>
#include <linux/module.h>

static char *kind = "claim";
module_param(kind, charp, 0444);
static unsigned long start;
module_param(start, ulong, 0444);
static unsigned long size;
module_param(size, ulong, 0444);

/* A slow machine has time for nothing else if it is much less. */
#define POLL_US	100

static struct task_struct *waiter;
static bool claimed;

static int wait_and_claim(void *unused)
{
	while (!kthread_should_stop()) {
		if (claimed) {
			msleep(20);
			continue;
		}
		claimed = request_mem_region(start, size, "owner_test");
		usleep_range(POLL_US, 2 * POLL_US);
	}
	return 0;
}

static int __init owner_test_init(void)
{
	if (!strcmp(kind, "wait")) {
		waiter = kthread_run(wait_and_claim, NULL, "owner_test");
		return PTR_ERR_OR_ZERO(waiter);
	}
	if (!strcmp(kind, "claim")) {
		claimed = request_mem_region(start, size, "owner_test");
		return claimed ? 0 : -EBUSY;
	}
	if (!strcmp(kind, "ram"))
		return add_memory_driver_managed(0, start, size, "System RAM (owner_test)",
						 MHP_NONE);
	return -EINVAL;
}
module_init(owner_test_init);

static void __exit owner_test_exit(void)
{
	if (waiter)
		kthread_stop(waiter);
	if (claimed)
		release_mem_region(start, size);
	if (!strcmp(kind, "ram"))
		WARN_ON(offline_and_remove_memory(start, size));
}
module_exit(owner_test_exit);

MODULE_DESCRIPTION("Owns physical memory, for tests");
MODULE_LICENSE("GPL");
