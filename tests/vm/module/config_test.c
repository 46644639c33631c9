// SPDX-License-Identifier: GPL-2.0-only
/*
 * Has the kernel read other values than there are in the configuration space of one function, for
 * as long as it is loaded: QEMU freezes the lists of capabilities, so no device behind it can lie
 * about them. Each value is a dword; reads of a byte or a word get their part of it. Reads for
 * user space, by setpci or through VFIO, go another way in the kernel and get the truth. Test
 * machines only.
 *
 *	modprobe config_test device=0000:0d:00.0 offset=0x200,0x204 value=0x24010023,0x01001234
 */
#include <linux/kprobes.h>
#include <linux/module.h>
#include <linux/pci.h>

#define MAXIMUM		1024	/* dwords: all of configuration space */

static char *device;
module_param(device, charp, 0444);
static unsigned int offset[MAXIMUM], offsets;
module_param_array(offset, uint, &offsets, 0444);
static unsigned int value[MAXIMUM], values;
module_param_array(value, uint, &values, 0444);

static struct pci_dev *pdev;

struct call {
	unsigned int offset;
	void *result;
};

static int enter(struct kretprobe_instance *instance, struct pt_regs *regs)
{
	struct call *call = (struct call *)instance->data;

	if ((struct pci_bus *)regs_get_kernel_argument(regs, 0) != pdev->bus ||
	    (unsigned int)regs_get_kernel_argument(regs, 1) != pdev->devfn)
		return 1;
	call->offset = regs_get_kernel_argument(regs, 2);
	call->result = (void *)regs_get_kernel_argument(regs, 3);
	return 0;
}

/* What the lies say at @at, or false where they are silent. */
static bool find_lie(unsigned int at, u32 *lie)
{
	unsigned int i;

	for (i = 0; i < offsets; i++) {
		if (offset[i] == ALIGN_DOWN(at, 4)) {
			*lie = value[i] >> 8 * (at % 4);
			return true;
		}
	}
	return false;
}

static int leave_byte(struct kretprobe_instance *instance, struct pt_regs *regs)
{
	struct call *call = (struct call *)instance->data;
	u32 lie;

	if (find_lie(call->offset, &lie))
		*(u8 *)call->result = lie;
	return 0;
}

static int leave_word(struct kretprobe_instance *instance, struct pt_regs *regs)
{
	struct call *call = (struct call *)instance->data;
	u32 lie;

	if (find_lie(call->offset, &lie))
		*(u16 *)call->result = lie;
	return 0;
}

static int leave_dword(struct kretprobe_instance *instance, struct pt_regs *regs)
{
	struct call *call = (struct call *)instance->data;
	u32 lie;

	if (find_lie(call->offset, &lie))
		*(u32 *)call->result = lie;
	return 0;
}

#define PROBE(width) {							\
	.kp.symbol_name = "pci_bus_read_config_" #width,		\
	.entry_handler = enter,						\
	.handler = leave_##width,					\
	.data_size = sizeof(struct call),				\
	.maxactive = 64,						\
}

static struct kretprobe probes[] = { PROBE(byte), PROBE(word), PROBE(dword) };
static struct kretprobe *all[] = { &probes[0], &probes[1], &probes[2] };

static int __init config_test_init(void)
{
	unsigned int domain, bus, slot, function, i;
	int ret;

	if (!device || sscanf(device, "%x:%x:%x.%x", &domain, &bus, &slot, &function) != 4)
		return -EINVAL;
	if (!offsets || offsets != values)
		return -EINVAL;
	for (i = 0; i < offsets; i++)
		if (offset[i] % 4 || offset[i] >= PCI_CFG_SPACE_EXP_SIZE)
			return -EINVAL;
	pdev = pci_get_domain_bus_and_slot(domain, bus, PCI_DEVFN(slot, function));
	if (!pdev)
		return -ENODEV;
	ret = register_kretprobes(all, ARRAY_SIZE(all));
	if (ret)
		pci_dev_put(pdev);
	return ret;
}
module_init(config_test_init);

static void __exit config_test_exit(void)
{
	unsigned int i;

	unregister_kretprobes(all, ARRAY_SIZE(all));
	/* A read that got the truth is a test that tested less than it says. */
	for (i = 0; i < ARRAY_SIZE(probes); i++)
		WARN_ON(probes[i].nmissed);
	pci_dev_put(pdev);
}
module_exit(config_test_exit);

MODULE_DESCRIPTION("Lies about configuration space, for tests");
MODULE_LICENSE("GPL");
