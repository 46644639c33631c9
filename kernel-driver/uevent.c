// SPDX-License-Identifier: GPL-2.0-only
/*
 * A KOBJ_CHANGE uevent of the PCI device tells programs when the state of the gate changes. Only
 * states that last are reported: the shutting and opening that belong to a reset are not, but the
 * state in which a series of changes ends always is. poll(2) on cxl_vfio/state returns after each
 * change.
 */
#include <linux/jiffies.h>
#include <linux/kobject.h>
#include <linux/math.h>
#include <linux/sysfs.h>

#include "cxl_vfio_pci.h"

/* A state that ends sooner is not reported. */
#define SETTLE		msecs_to_jiffies(100)
/* The least time between two events of a device, since udev starts programs for each. */
#define INTERVAL	msecs_to_jiffies(1000)
/* A shorter wait for the media is not reported: after a reset it is normal. */
#define PENDING_LONG_NS	NSEC_PER_SEC

/*
 * Updates @told, except for what is about to change anyway. Then it returns true, and the caller
 * has to call it again: not everything that ends such a state calls cxl_vfio_uevent_changed().
 */
static bool observe(struct cxl_vfio_device *device, struct cxl_vfio_told *told)
{
	struct cxl_vfio_gate *gate = &device->gate;
	bool scrubs = mutex_is_locked(&gate->asking);

	guard(rwsem_read)(&gate->lock);
	/* While a scrub runs its result is "owed": wait for the end. */
	if (!scrubs)
		told->scrub = READ_ONCE(device->scrub.result);
	/* During error recovery the state is frozen, whatever a guest's resets do meanwhile. */
	if (gate->open && gate->channel != CXL_VFIO_RUNNING) {
		told->state = CXL_VFIO_CLOSED;
		told->verdict = CXL_VFIO_FROZEN;
		return scrubs;
	}
	/* In reset also when nothing holds the gate: the hardware is still being read. */
	if (gate->holds || gate->verdict == CXL_VFIO_IN_RESET ||
	    (gate->state == CXL_VFIO_PENDING && ktime_get_ns() - gate->since < PENDING_LONG_NS))
		return true;
	told->state = gate->state;
	told->verdict = gate->verdict;
	return scrubs;
}

static bool is_same(const struct cxl_vfio_told *a, const struct cxl_vfio_told *b)
{
	return a->state == b->state && a->verdict == b->verdict && a->scrub == b->scrub;
}

static void tell(struct cxl_vfio_device *device, const struct cxl_vfio_told *told)
{
	char state[32], verdict[96], scrub[32];
	char *environment[4] = { state, verdict, scrub };

	snprintf(state, sizeof(state), CXL_VFIO_UEVENT_STATE "=%s",
		 cxl_vfio_state_name(told->state));
	snprintf(verdict, sizeof(verdict), CXL_VFIO_UEVENT_VERDICT "=%s",
		 cxl_vfio_verdict_name(told->verdict));
	snprintf(scrub, sizeof(scrub), CXL_VFIO_UEVENT_SCRUB "=%s",
		 cxl_vfio_scrub_result_name(told->scrub));
	/* An event lost for want of memory is no error: the attribute has the state. */
	kobject_uevent_env(&device->core.pdev->dev.kobj, KOBJ_CHANGE, environment);
}

/**
 * cxl_vfio_uevent_changed - something changed that may have to be told
 * @device: the device
 *
 * A change that comes before the work looks is seen by it, one that comes later queues it again.
 * Context: any.
 */
void cxl_vfio_uevent_changed(struct cxl_vfio_device *device)
{
	struct cxl_vfio_uevent *uevent = &device->uevent;
	unsigned long due = READ_ONCE(uevent->last) + INTERVAL, delay = SETTLE;

	if (time_after(due, jiffies + delay))
		delay = due - jiffies;
	/* jiffies may have advanced between the comparison and the subtraction. */
	queue_delayed_work(system_dfl_wq, &uevent->work, min(delay, INTERVAL));
}

static void uevent_work(struct work_struct *work)
{
	struct cxl_vfio_uevent *uevent =
		container_of(to_delayed_work(work), struct cxl_vfio_uevent, work);
	struct cxl_vfio_device *device = container_of(uevent, struct cxl_vfio_device, uevent);
	struct cxl_vfio_told now = uevent->told;

	bool again = observe(device, &now), news = !is_same(&now, &uevent->told);

	WRITE_ONCE(uevent->last, jiffies);
	/* Also when the state is as before: a reader may have seen another one in between. */
	if (news || !again)
		sysfs_notify(&device->core.pdev->dev.kobj, CXL_VFIO_SYSFS_GROUP, "state");
	if (news) {
		uevent->told = now;
		tell(device, &now);
	}
	if (again)
		cxl_vfio_uevent_changed(device);
}

void cxl_vfio_uevent_init(struct cxl_vfio_device *device)
{
	struct cxl_vfio_uevent *uevent = &device->uevent;

	INIT_DELAYED_WORK(&uevent->work, uevent_work);
	/* A bind has an event of its own. */
	uevent->told = (struct cxl_vfio_told) { CXL_VFIO_CLOSED, CXL_VFIO_NOT_OPEN,
						CXL_VFIO_SCRUB_NOT_DUE };
	uevent->last = jiffies - INTERVAL;
}

/* The driver is being unbound, which has an event of its own; nothing changes any more. */
void cxl_vfio_uevent_stop(struct cxl_vfio_device *device)
{
	disable_delayed_work_sync(&device->uevent.work);
}
