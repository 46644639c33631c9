// SPDX-License-Identifier: GPL-2.0-only
/*
 * Owns physical memory for as long as it is loaded, as other drivers would: kind "claim" requests
 * the range, as dax does; "ram" adds it to System RAM, as dax's kmem does. Test machines only.
 *
 *	modprobe owner_test kind=claim start=0x140000000 size=0x10000000
 */
#include <linux/ioport.h>
#include <linux/memory_hotplug.h>
#include <linux/module.h>

static char *kind = "claim";
module_param(kind, charp, 0444);
static unsigned long start;
module_param(start, ulong, 0444);
static unsigned long size;
module_param(size, ulong, 0444);

static int __init owner_test_init(void)
{
	if (!strcmp(kind, "claim"))
		return request_mem_region(start, size, "owner_test") ? 0 : -EBUSY;
	if (!strcmp(kind, "ram"))
		return add_memory_driver_managed(0, start, size, "System RAM (owner_test)",
						 MHP_NONE);
	return -EINVAL;
}
module_init(owner_test_init);

static void __exit owner_test_exit(void)
{
	if (!strcmp(kind, "claim"))
		release_mem_region(start, size);
	else
		WARN_ON(offline_and_remove_memory(start, size));
}
module_exit(owner_test_exit);

MODULE_DESCRIPTION("Owns physical memory, for tests");
MODULE_LICENSE("GPL");
