// SPDX-License-Identifier: GPL-2.0-only
/*
 * Plays PCI error recovery to a driver: its callbacks in the order, and with the locks and channel
 * states, of drivers/pci/pcie/err.c, for AER and DPC alike. aer_inject would do it whole, but
 * breaks lockdep's rules itself, and reaches neither a failed recovery nor one that another
 * driver's vote ends early. Test machines only.
 *
 *	echo "0000:0d:00.0 fatal" > /sys/module/recovery_test/parameters/play
 *
 * Plays: fatal, nonfatal, failed (the link did not come back), abandoned (nobody calls back). And
 * those of a reset, of which there is none: prepare, done.
 */
#include <linux/module.h>
#include <linux/pci.h>

static void report(struct pci_dev *pdev, pci_channel_state_t state)
{
	device_lock(&pdev->dev);
	pdev->error_state = state;
	if (pdev->driver && pdev->driver->err_handler)
		pdev->driver->err_handler->error_detected(pdev, state);
	device_unlock(&pdev->dev);
}

static void finish(struct pci_dev *pdev, bool slot_reset)
{
	const struct pci_error_handlers *handlers;

	device_lock(&pdev->dev);
	pdev->error_state = pci_channel_io_normal;
	handlers = pdev->driver ? pdev->driver->err_handler : NULL;
	if (handlers && !slot_reset)
		handlers->mmio_enabled(pdev);
	if (handlers && slot_reset)
		handlers->slot_reset(pdev);
	if (handlers)
		handlers->resume(pdev);
	device_unlock(&pdev->dev);
}

static void reset(struct pci_dev *pdev, bool prepare)
{
	const struct pci_error_handlers *handlers;

	device_lock(&pdev->dev);
	handlers = pdev->driver ? pdev->driver->err_handler : NULL;
	if (handlers && prepare)
		handlers->reset_prepare(pdev);
	else if (handlers)
		handlers->reset_done(pdev);
	device_unlock(&pdev->dev);
}

static int play(struct pci_dev *pdev, const char *what)
{
	if (!strcmp(what, "nonfatal")) {
		report(pdev, pci_channel_io_normal);
		finish(pdev, false);
	} else if (!strcmp(what, "fatal")) {
		report(pdev, pci_channel_io_frozen);
		finish(pdev, true);
	} else if (!strcmp(what, "failed")) {
		report(pdev, pci_channel_io_frozen);
		report(pdev, pci_channel_io_perm_failure);
		/* Or the PCI core would not touch the device again, not even to reset it. */
		pdev->error_state = pci_channel_io_normal;
	} else if (!strcmp(what, "abandoned")) {
		report(pdev, pci_channel_io_frozen);
		pdev->error_state = pci_channel_io_normal;
	} else if (!strcmp(what, "prepare") || !strcmp(what, "done")) {
		reset(pdev, !strcmp(what, "prepare"));
	} else {
		return -EINVAL;
	}
	return 0;
}

static int set_play(const char *value, const struct kernel_param *parameter)
{
	unsigned int domain, bus, slot, function;
	struct pci_dev *pdev;
	char what[16];
	int ret;

	if (sscanf(value, "%x:%x:%x.%x %15s", &domain, &bus, &slot, &function, what) != 5)
		return -EINVAL;
	pdev = pci_get_domain_bus_and_slot(domain, bus, PCI_DEVFN(slot, function));
	if (!pdev)
		return -ENODEV;
	ret = play(pdev, what);
	pci_dev_put(pdev);
	return ret;
}

static const struct kernel_param_ops play_ops = { .set = set_play };
module_param_cb(play, &play_ops, NULL, 0200);

static int __init recovery_test_init(void)
{
	return 0;
}
module_init(recovery_test_init);

static void __exit recovery_test_exit(void)
{
}
module_exit(recovery_test_exit);

MODULE_DESCRIPTION("Plays PCI error recovery, for tests");
MODULE_LICENSE("GPL");
