// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the udev rule asks when a PCI function comes: is a definition to bind it, and to which
 * driver? Nothing is changed, and no more read than it takes: it delays the boot.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "cmd/command.h"
#include "core/base/pci_address.h"
#include "core/binding/definition.h"
#include "sys/base/attribute.h"
#include "sys/binding/definitions.h"
#include "sys/discovery/pci.h"

/* The kernel has these without asking the device, which may have to wake up for more. */
static bool may_match(const struct cxv_host *host, const char *address,
		      const struct cxv_definitions *definitions)
{
	uint64_t vendor, device;

	if (cxv_host_read_number(host, &vendor, CXV_PCI_DEVICES "/%s/vendor", address) < 0 ||
	    cxv_host_read_number(host, &device, CXV_PCI_DEVICES "/%s/device", address) < 0)
		return false;
	for (size_t i = 0; i < definitions->count; i++) {
		const struct cxv_definition *item = &definitions->items[i];

		if (item->vendor.known && item->vendor.value == vendor &&
		    item->device.value == device)
			return true;
	}
	return false;
}

static void free_endpoint(struct cxv_endpoint **endpoint)
{
	cxv_endpoint_free(*endpoint);
}

static enum cxv_exit match(struct cxv_context *context, const char *address,
			   const struct cxv_definitions *definitions)
{
	_cleanup_(free_endpoint) struct cxv_endpoint *endpoint =
		cxv_endpoint_new(address);
	const struct cxv_definition *item, *rival;
	bool ours;

	if (!endpoint)
		return CXV_EXIT_FAILED;
	cxv_pci_read_config(&context->host, endpoint);
	if (cxv_endpoint_decide(endpoint) < 0)
		return CXV_EXIT_FAILED;
	item = cxv_definitions_find(definitions, endpoint, &rival);
	if (!item || !cxv_endpoint_is_type2(endpoint) || !item->automatic.value)
		return CXV_EXIT_DONE;
	if (rival) {
		cxv_error(&context->errors, CXV_CONFLICT, EEXIST,
			  (struct cxv_place) { .operation = "persist", .target = address,
					       .path = item->file.value,
					       .hint = "remove one of them" },
			  "it wants driver %s, and %s wants %s", item->driver.value,
			  rival->file.value, rival->driver.value);
		return CXV_EXIT_BUSY;
	}
	/* With a name that no driver has the device would stay without one. */
	if (item->no_driver) {
		cxv_error(&context->errors, CXV_UNSUPPORTED, ENOENT,
			  (struct cxv_place) { .operation = "persist", .target = address,
					       .path = item->file.value,
					       .hint = CXV_MEND_DRIVER },
			  CXV_NO_SUCH_DRIVER, item->driver.value);
		return CXV_EXIT_UNSUPPORTED;
	}
	/*
	 * Whoever loads our driver has it probe what is marked for it, unrecorded, with what it
	 * offers by itself, and also where the machine did not survive that: apply alone gives it.
	 */
	ours = cxv_driver_is_ours(item->driver.value);
	/* All are of letters, digits and "-_.:" only: core/binding/definition_file.c. */
	printf("CXLVFIO_DRIVER=%s\nCXLVFIO_OVERRIDE=%s\nCXLVFIO_DEFINITION=%s\n",
	       item->driver.value, ours ? CXV_HELD_OVERRIDE : item->driver.value, item->file.value);
	return CXV_EXIT_DONE;
}

static enum cxv_exit run(struct cxv_context *context, int argc, char **argv)
{
	_cleanup_(cxv_definitions_clear) struct cxv_definitions definitions = { 0 };
	struct cxv_option_value value;

	if (cxv_next_option(context, argc, argv, &value) < 0)
		return CXV_EXIT_USAGE;
	if (argc - optind != 1 || !cxv_pci_is_address(argv[optind]))
		return cxv_usage_error(context, "takes one PCI address");
	if (cxv_definitions_read(&context->host, &context->errors, &definitions) == -ENOMEM)
		return CXV_EXIT_FAILED;
	if (!may_match(&context->host, argv[optind], &definitions))
		return CXV_EXIT_DONE;
	cxv_definitions_look_for_drivers(&context->host, &definitions);
	return match(context, argv[optind], &definitions);
}

const struct cxv_command cxv_command_persist_match = {
	.name = "__persist-match",
	.summary = "print what a definition says of a PCI address, for udev",
	.operands = "ADDRESS",
	.run = run,
};
