// SPDX-License-Identifier: GPL-2.0-only
/*
 * Poisons one byte of physical memory for copy_mc_to_kernel(): a copy that covers it says that
 * nothing was copied, as it does after a machine check. Test machines only.
 *
 *	modprobe machine_check_test address=0x140a03080
 */
#include <linux/kprobes.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/vmalloc.h>

static unsigned long address;		/* 0: none is poisoned */
module_param(address, ulong, 0644);

static noinline unsigned long nothing_copied(void *to, const void *from, unsigned int length)
{
	return length;
}

static int meet_poison(struct kprobe *probe, struct pt_regs *regs)
{
	void *from = (void *)regs_get_kernel_argument(regs, 1);
	unsigned long length = regs_get_kernel_argument(regs, 2);
	unsigned long start, poison = READ_ONCE(address);

	if (!poison || !is_vmalloc_addr(from))
		return 0;
	start = PFN_PHYS(vmalloc_to_pfn(from)) + offset_in_page(from);
	if (poison < start || poison - start >= length)
		return 0;
	/* Nothing of the function has run: this one returns to its caller instead. */
	instruction_pointer_set(regs, (unsigned long)nothing_copied);
	return 1;
}

/* Its presence keeps the probe from being optimised into a jump, which could not be diverted. */
static void no_jump(struct kprobe *probe, struct pt_regs *regs, unsigned long flags)
{
}

static struct kprobe probe = {
	.symbol_name = "copy_mc_to_kernel",
	.pre_handler = meet_poison,
	.post_handler = no_jump,
};

static int __init machine_check_test_init(void)
{
	return register_kprobe(&probe);
}
module_init(machine_check_test_init);

static void __exit machine_check_test_exit(void)
{
	unregister_kprobe(&probe);
}
module_exit(machine_check_test_exit);

MODULE_DESCRIPTION("Poisons a byte of memory for copies that survive that, for tests");
MODULE_LICENSE("GPL");
