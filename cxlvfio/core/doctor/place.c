// SPDX-License-Identifier: GPL-2.0-or-later
/* doctor: what the command runs in, as much as that tells of itself. */
#include <errno.h>
#include <string.h>

#include "core/base/util.h"
#include "core/doctor/checks.h"

bool cxv_doctor_in_container(const struct cxv_doctor_facts *facts)
{
	return facts->place.container.value;
}

/*
 * What hypervisors and clouds call their machines, as vendor or as product. Azure and Hyper-V have
 * "Virtual Machine", which is anywhere in the product's name; Oracle's cloud has QEMU.
 */
static bool has_name_of_vm(const char *name)
{
	static const char *const prefixes[] = {
		"Alibaba Cloud ECS", "Apple Virtualization", "BHYVE", "Bochs", "Google Compute",
		"KVM", "KubeVirt", "OpenStack", "Parallels", "QEMU", "VMW", "VMware", "VirtualBox",
		"Xen", "innotek GmbH",
	};

	for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++)
		if (cxv_starts_with(name, prefixes[i]))
			return true;
	return strstr(name, "Virtual Machine");
}

/*
 * x86 processors have a flag for it. Elsewhere only the names tell it, and not all of them: a whole
 * machine of a cloud has the cloud's name, too.
 */
bool cxv_doctor_in_vm(const struct cxv_doctor_facts *facts)
{
	const char *vendor = facts->place.vendor.value ?: "";
	const char *product = facts->place.product.value ?: "";

	return facts->place.hypervisor.value || has_name_of_vm(vendor) ||
	       has_name_of_vm(product) ||
	       (!strcmp(vendor, "Amazon EC2") && !strstr(product, ".metal"));
}

int cxv_doctor_environment(const struct cxv_doctor_facts *facts, struct cxv_doctor_check *check)
{
	const struct cxv_doctor_place *place = &facts->place;
	const struct cxv_doctor_text *const texts[] = {
		&place->container, &place->hypervisor, &place->vendor, &place->product,
	};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		if (texts[i]->value && cxv_doctor_show_text(check, texts[i]) < 0)
			return -ENOMEM;
	if (cxv_doctor_in_container(facts))
		return cxv_doctor_say(check, CXV_DOCTOR_INFO, "it runs in a container (%s): of "
				      "hardware, nodes and modules it sees what it was given",
				      place->container.value);
	/* cpu_cache_has_invalidate_memregion() says no there. */
	if (place->hypervisor.value && facts->endpoint_count) {
		check->hint = "if bind fails for it: QEMU hides the flag with -cpu "
			      "MODEL,-hypervisor";
		return cxv_doctor_say(check, CXV_DOCTOR_WARNING, "it runs in a virtual machine, "
				      "and the CXL core commits no region where it cannot flush "
				      "the processor's caches");
	}
	return cxv_doctor_say(check, CXV_DOCTOR_OK, cxv_doctor_in_vm(facts) ?
			      "it runs in a virtual machine, which has what its host gives it" :
			      "nothing tells of a container or a virtual machine");
}
