// SPDX-License-Identifier: GPL-2.0-only
/*
 * Makes a scrub take long: each of its pieces, before which it looks whether it may go on, waits so
 * many milliseconds. Load it behind the driver. Test machines only.
 *
 *	echo 500 > /sys/module/slow_scrub_test/parameters/ms
 */
#include <linux/delay.h>
#include <linux/kprobes.h>
#include <linux/module.h>

static unsigned int ms;
module_param(ms, uint, 0644);

static int wait(struct kprobe *probe, struct pt_regs *regs)
{
	/* Nobody may sleep here. */
	mdelay(READ_ONCE(ms));
	return 0;
}

static struct kprobe probe = {
	.symbol_name = "cxl_vfio_gate_is_unchanged",
	.pre_handler = wait,
};

static int __init slow_scrub_test_init(void)
{
	return register_kprobe(&probe);
}
module_init(slow_scrub_test_init);

static void __exit slow_scrub_test_exit(void)
{
	unregister_kprobe(&probe);
}
module_exit(slow_scrub_test_exit);

MODULE_DESCRIPTION("Makes the scrub of cxl_vfio_pci take long, for tests");
MODULE_LICENSE("GPL");
