// SPDX-License-Identifier: GPL-2.0-only
/* State for the operator: the cxl_vfio group of the PCI device, see ABI/sysfs-cxl_vfio. */
#include <linux/sysfs.h>

#include "cxl_vfio_pci.h"

static struct cxl_vfio_device *from_device(struct device *dev)
{
	struct vfio_pci_core_device *core = dev_get_drvdata(dev);

	return container_of(core, struct cxl_vfio_device, core);
}

static ssize_t abi_version_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%d\n", CXL_VFIO_ABI_VERSION);
}
static DEVICE_ATTR_RO(abi_version);

static ssize_t state_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	struct cxl_vfio_gate *gate = &from_device(dev)->gate;

	guard(rwsem_read)(&gate->lock);
	return sysfs_emit(buf, "%s\n", cxl_vfio_state_name(cxl_vfio_wrong_state(gate->state)));
}
static DEVICE_ATTR_RO(state);

static ssize_t verdict_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	struct cxl_vfio_gate *gate = &from_device(dev)->gate;

	guard(rwsem_read)(&gate->lock);
	return sysfs_emit(buf, "%s\n", cxl_vfio_verdict_name(gate->verdict));
}
static DEVICE_ATTR_RO(verdict);

static ssize_t last_path_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	struct cxl_vfio_gate *gate = &from_device(dev)->gate;

	guard(rwsem_read)(&gate->lock);
	return sysfs_emit(buf, "%s\n", cxl_vfio_path_name(gate->last_path));
}
static DEVICE_ATTR_RO(last_path);

#define COUNTER_ATTRIBUTE(_name, _field)							\
static ssize_t _name##_show(struct device *dev, struct device_attribute *attr, char *buf)	\
{												\
	struct cxl_vfio_gate *gate = &from_device(dev)->gate;					\
												\
	guard(rwsem_read)(&gate->lock);								\
	return sysfs_emit(buf, "%llu\n", gate->_field);						\
}												\
static DEVICE_ATTR_RO(_name)

COUNTER_ATTRIBUTE(generation, generation);
COUNTER_ATTRIBUTE(zap_count, zaps);
COUNTER_ATTRIBUTE(reactivate_count, reactivations);
COUNTER_ATTRIBUTE(refuse_count, refusals);
COUNTER_ATTRIBUTE(repair_count, repairs);

static ssize_t flush_result_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	struct cxl_vfio_gate *gate = &from_device(dev)->gate;

	guard(rwsem_read)(&gate->lock);
	return sysfs_emit(buf, "%s\n", cxl_vfio_flush_name(gate->flush));
}
static DEVICE_ATTR_RO(flush_result);

static ssize_t scrub_policy_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%s\n", cxl_vfio_scrub_policy_name(&from_device(dev)->scrub));
}

static ssize_t scrub_policy_store(struct device *dev, struct device_attribute *attr,
				  const char *buf, size_t count)
{
	enum cxl_vfio_scrub_policy policy;
	int ret = cxl_vfio_scrub_parse(buf, &policy);

	if (ret)
		return ret;
	WRITE_ONCE(from_device(dev)->scrub.policy, policy);
	return count;
}
static DEVICE_ATTR_RW(scrub_policy);

static ssize_t view_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%s\n", cxl_vfio_view_name(READ_ONCE(from_device(dev)->view)));
}

static ssize_t view_store(struct device *dev, struct device_attribute *attr, const char *buf,
			  size_t count)
{
	return cxl_vfio_views_set(from_device(dev), buf, NULL) ?: count;
}
static DEVICE_ATTR_RW(view);

static ssize_t view_bar_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	int bar = from_device(dev)->hdm->view_bar;

	if (bar < 0)
		return sysfs_emit(buf, "%s\n", CXL_VFIO_VIEW_BAR_NONE);
	return sysfs_emit(buf, "%d\n", bar);
}
static DEVICE_ATTR_RO(view_bar);

static ssize_t interface_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	enum cxl_vfio_interface interface = READ_ONCE(from_device(dev)->interface);

	return sysfs_emit(buf, "%s\n", cxl_vfio_interface_name(interface));
}

static ssize_t interface_store(struct device *dev, struct device_attribute *attr, const char *buf,
			       size_t count)
{
	return cxl_vfio_views_set(from_device(dev), NULL, buf) ?: count;
}
static DEVICE_ATTR_RW(interface);

static ssize_t scrub_result_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	enum cxl_vfio_scrub_result result = READ_ONCE(from_device(dev)->scrub.result);

	return sysfs_emit(buf, "%s\n", cxl_vfio_scrub_result_name(result));
}
static DEVICE_ATTR_RO(scrub_result);

static ssize_t scrub_bytes_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%llu\n", READ_ONCE(from_device(dev)->scrub.bytes));
}
static DEVICE_ATTR_RO(scrub_bytes);

static const char *const reset_result_names[] = {
	[CXL_VFIO_RESET_NONE] = CXL_VFIO_RESET_RESULT_NONE,
	[CXL_VFIO_RESET_DONE] = CXL_VFIO_RESET_RESULT_DONE,
	[CXL_VFIO_RESET_FAILED] = CXL_VFIO_RESET_RESULT_FAILED,
};

static_assert(ARRAY_SIZE(reset_result_names) == CXL_VFIO_RESET_RESULT_COUNT);

static ssize_t reset_result_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%s\n",
			  reset_result_names[READ_ONCE(from_device(dev)->reset_result)]);
}
static DEVICE_ATTR_RO(reset_result);

static ssize_t scrub_progress_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%lld\n", atomic64_read(&from_device(dev)->scrub.done));
}
static DEVICE_ATTR_RO(scrub_progress);

static ssize_t machine_check_count_show(struct device *dev, struct device_attribute *attr,
					char *buf)
{
	return sysfs_emit(buf, "%lld\n", atomic64_read(&from_device(dev)->machine_checks));
}
static DEVICE_ATTR_RO(machine_check_count);

/* A physical address: for root only, as the CXL core's own. */
static ssize_t window_base_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%#llx\n", from_device(dev)->hdm->decoder.base);
}
static DEVICE_ATTR_ADMIN_RO(window_base);

static ssize_t window_size_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%#llx\n", from_device(dev)->hdm->decoder.size);
}
static DEVICE_ATTR_RO(window_size);

static struct attribute *cxl_vfio_attrs[] = {
	&dev_attr_abi_version.attr,
	&dev_attr_state.attr,
	&dev_attr_verdict.attr,
	&dev_attr_last_path.attr,
	&dev_attr_generation.attr,
	&dev_attr_zap_count.attr,
	&dev_attr_reactivate_count.attr,
	&dev_attr_refuse_count.attr,
	&dev_attr_repair_count.attr,
	&dev_attr_flush_result.attr,
	&dev_attr_view.attr,
	&dev_attr_view_bar.attr,
	&dev_attr_interface.attr,
	&dev_attr_scrub_policy.attr,
	&dev_attr_scrub_result.attr,
	&dev_attr_scrub_bytes.attr,
	&dev_attr_reset_result.attr,
	&dev_attr_scrub_progress.attr,
	&dev_attr_machine_check_count.attr,
	&dev_attr_window_base.attr,
	&dev_attr_window_size.attr,
	NULL
};

static const struct attribute_group cxl_vfio_group = {
	.name = CXL_VFIO_SYSFS_GROUP,
	.attrs = cxl_vfio_attrs,
};

const struct attribute_group *cxl_vfio_groups[] = {
	&cxl_vfio_group,
	NULL
};
