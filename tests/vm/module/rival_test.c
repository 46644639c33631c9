// SPDX-License-Identifier: GPL-2.0-only
/*
 * Takes the emulated endpoints as a driver of their vendor would, and does nothing with them. No
 * module alias: who wants udev to load it for them says so in modprobe.d. Test machines only.
 */
#include <linux/module.h>
#include <linux/pci.h>

static const struct pci_device_id rival_test_ids[] = {
	{ PCI_DEVICE(0x1e98, 0xe2e2) },
	{ }
};

static int rival_test_probe(struct pci_dev *device, const struct pci_device_id *id)
{
	pci_info(device, "rival_test has it\n");
	return 0;
}

static struct pci_driver rival_test_driver = {
	.name = "rival_test",
	.id_table = rival_test_ids,
	.probe = rival_test_probe,
};
module_pci_driver(rival_test_driver);

MODULE_DESCRIPTION("Takes CXL endpoints, for tests");
MODULE_LICENSE("GPL");
