// SPDX-License-Identifier: GPL-2.0-only
/*
 * Makes one ioremap or memremap of cxl_vfio_pci return NULL, as it does when there is no room for
 * a mapping: the one numbered @call since this module was loaded. Test machines only.
 *
 *	modprobe remap_test call=1
 */
#include <linux/atomic.h>
#include <linux/kallsyms.h>
#include <linux/kprobes.h>
#include <linux/module.h>

static int call = 1;
module_param(call, int, 0444);

static atomic_t calls;

static noinline void *no_room(void)
{
	return NULL;
}

static int count_call(struct kprobe *probe, struct pt_regs *regs)
{
	char caller[KSYM_SYMBOL_LEN];

	sprint_symbol(caller, regs_get_kernel_stack_nth(regs, 0));
	if (!strstr(caller, "[cxl_vfio_pci]") || atomic_inc_return(&calls) != call)
		return 0;
	/* Nothing of the function has run: this one returns to its caller instead. */
	instruction_pointer_set(regs, (unsigned long)no_room);
	return 1;
}

/* Its presence keeps the probe from being optimised into a jump, which could not be diverted. */
static void no_jump(struct kprobe *probe, struct pt_regs *regs, unsigned long flags)
{
}

static struct kprobe probes[] = {
	{ .symbol_name = "devm_ioremap", .pre_handler = count_call, .post_handler = no_jump },
	{ .symbol_name = "memremap", .pre_handler = count_call, .post_handler = no_jump },
};
static struct kprobe *all[] = { &probes[0], &probes[1] };

static int __init remap_test_init(void)
{
	return register_kprobes(all, ARRAY_SIZE(all));
}
module_init(remap_test_init);

static void __exit remap_test_exit(void)
{
	unregister_kprobes(all, ARRAY_SIZE(all));
}
module_exit(remap_test_exit);

MODULE_DESCRIPTION("Fails one mapping of cxl_vfio_pci, for tests");
MODULE_LICENSE("GPL");
