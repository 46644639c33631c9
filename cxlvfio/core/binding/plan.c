// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/binding/plan.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/base/pci_address.h"
#include "core/base/words.h"
#include "core/binding/driver.h"
#include "cxl_vfio.h"

#define LIST_SIZE		512

#define STEP_NAME(KIND, name, sentence, problem)	[CXV_STEP_##KIND] = #name,
#define STEP_SENTENCE(KIND, name, sentence, problem)	[CXV_STEP_##KIND] = sentence,
#define STEP_PROBLEM(KIND, name, sentence, problem)	[CXV_STEP_##KIND] = problem,

static const char *const step_names[] = { CXV_STEPS(STEP_NAME) };
static const char *const step_sentences[] = { CXV_STEPS(STEP_SENTENCE) };
static const char *const step_problems[] = { CXV_STEPS(STEP_PROBLEM) };

static const char *const result_names[CXV_STEP_RESULT_COUNT] = {
	[CXV_STEP_PLANNED] = "planned",
	[CXV_STEP_DONE] = "done",
	[CXV_STEP_ALREADY] = "already",
	[CXV_STEP_FAILED] = "failed",
};

const char *cxv_step_name(enum cxv_step_kind kind)
{
	return step_names[kind];
}

const char *cxv_step_sentence(enum cxv_step_kind kind)
{
	return step_sentences[kind];
}

const char *cxv_step_problem(enum cxv_step_kind kind)
{
	return step_problems[kind];
}

const char *cxv_step_result_name(enum cxv_step_result result)
{
	return result_names[result];
}

void cxv_bind_facts_clear(struct cxv_bind_facts *facts)
{
	free(facts->members);
	cxv_openers_clear(&facts->openers);
	free(facts->window_users);
	memset(facts, 0, sizeof(*facts));
}

bool cxv_plan_already(const struct cxv_plan *plan)
{
	return plan->count == 1 && plan->steps[0].result == CXV_STEP_ALREADY;
}

bool cxv_is_mark(const char *driver_override)
{
	return cxv_driver_is_ours(driver_override) ||
	       strcmp(driver_override, CXV_HELD_OVERRIDE) == 0;
}

/*
 * What the endpoint was before anybody changed it for this driver. Where the driver's mark is on
 * it, a run before this one put it there, and only that run's record knows. A record without the
 * mark and without a driver is of an unbind that was cut short: the driver has yet to come back.
 * A mark without a record is somebody else's: it stays, unless it would keep a driver from that.
 */
static struct cxv_binding binding_before(const struct cxv_bind_facts *facts)
{
	struct cxv_binding before = facts->now;

	if (facts->remembered &&
	    (cxv_driver_is_ours(facts->now.driver) || cxv_is_mark(facts->now.driver_override)))
		before = facts->record;
	else if (facts->remembered && !facts->now.driver[0])
		memcpy(before.driver, facts->record.driver, sizeof(before.driver));
	if (cxv_driver_is_ours(before.driver))
		before.driver[0] = '\0';
	if (cxv_is_mark(before.driver_override) && before.driver[0])
		before.driver_override[0] = '\0';
	return before;
}

static struct cxv_step new_step(enum cxv_step_kind kind, const char *value)
{
	struct cxv_step step = { .kind = kind };

	snprintf(step.value, sizeof(step.value), "%s", value);
	return step;
}

/* A step on a file whose path needs no name in it. */
static void add_step(struct cxv_plan *plan, enum cxv_step_kind kind, const char *path,
		     const char *value)
{
	struct cxv_step step = new_step(kind, value);

	snprintf(step.path, sizeof(step.path), "%s", path);
	plan->steps[plan->count++] = step;
}

/* A step on an attribute of the endpoint itself. */
static void add_device_step(struct cxv_plan *plan, enum cxv_step_kind kind, const char *attribute,
			    const char *value)
{
	struct cxv_step step = new_step(kind, value);

	snprintf(step.path, sizeof(step.path), CXV_PCI_DEVICES "/%s/%s", plan->target,
		 attribute);
	plan->steps[plan->count++] = step;
}

/* A write of the endpoint's name to a file of a driver. */
static void add_driver_step(struct cxv_plan *plan, enum cxv_step_kind kind, const char *driver,
			    const char *file)
{
	struct cxv_step step = new_step(kind, plan->target);

	snprintf(step.path, sizeof(step.path), "sys/bus/pci/drivers/%s/%s", driver, file);
	plan->steps[plan->count++] = step;
}

/* Until DRIVER took the endpoint, which the step before gives to it. */
static void add_wait_step(struct cxv_plan *plan, const char *driver)
{
	add_device_step(plan, CXV_STEP_WAIT_DRIVER, "driver", driver);
	plan->steps[plan->count - 1].giver = plan->count - 2;
}

static void add_record_step(struct cxv_plan *plan, enum cxv_step_kind kind, const char *value)
{
	struct cxv_step step = new_step(kind, value);

	snprintf(step.path, sizeof(step.path), "run/cxlvfio/%s", plan->target);
	plan->steps[plan->count++] = step;
}

/* The module's parameters are the defaults of devices bound later. */
static void add_parameter_step(struct cxv_plan *plan, enum cxv_step_kind kind, const char *name,
			       const char *value)
{
	struct cxv_step step = new_step(kind, value);

	snprintf(step.path, sizeof(step.path), "sys/module/" CXL_VFIO_MODULE_NAME "/parameters/%s",
		 name);
	plan->steps[plan->count++] = step;
}

static void add_attribute_step(struct cxv_plan *plan, enum cxv_step_kind kind, const char *name,
			       const char *value)
{
	char attribute[64];

	snprintf(attribute, sizeof(attribute), CXL_VFIO_SYSFS_GROUP "/%s", name);
	add_device_step(plan, kind, attribute, value);
}

/*
 * When a driver lets the device go, the CXL core removes the memdev in work of its own, and the
 * first thing that this does is to release the function from its driver: from the next one, if that
 * came meanwhile (detach_memdev() in drivers/cxl/core/memdev.c). So no driver gets the function
 * before that work is done, whoever's unbind it is of.
 */
static void add_flush_step(struct cxv_plan *plan)
{
	add_step(plan, CXV_STEP_FLUSH, "sys/bus/cxl/flush", "1");
}

static void add_node_step(struct cxv_plan *plan, const char *group)
{
	struct cxv_step step = new_step(CXV_STEP_WAIT_NODE, "");

	snprintf(step.path, sizeof(step.path), "dev/vfio/%s", group);
	plan->steps[plan->count++] = step;
}

static void start_plan(struct cxv_plan *plan, const struct cxv_bind_facts *facts)
{
	memset(plan, 0, sizeof(*plan));
	memcpy(plan->target, facts->target, sizeof(plan->target));
	plan->before = binding_before(facts);
	memcpy(plan->modules, facts->missing_modules, sizeof(plan->modules));
	plan->offer_before = facts->offer;
}

static int refuse_lost(const struct cxv_bind_facts *facts, struct cxv_errors *errors)
{
	struct cxv_place place = {
		.operation = "bind", .target = facts->target, .hint = CXV_MEND_LOST,
	};

	if (facts->state != CXV_STATE_LOST)
		return 0;
	return cxv_error(errors, CXV_DEVICE_LOST, ENODEV, place, "%s", facts->state_reason);
}

/* What its registers say already: the driver would refuse it too, after it was taken away. */
static int refuse_state(const struct cxv_bind_facts *facts, bool force, struct cxv_errors *errors)
{
	struct cxv_place place = { .operation = "bind", .target = facts->target };
	/* A reason beside "no driver": its decoders are not as the driver takes them. */
	bool would_refuse = facts->state == CXV_STATE_NOT_COMMITTED ||
		(facts->state == CXV_STATE_NO_DRIVER && facts->state_reason[0]);

	if (!would_refuse || force)
		return 0;
	place.hint = "firmware must enable CXL.mem and put the memory into HDM decoder 0, and it "
		     "alone, before Linux starts: cxlvfio show tells what it left";
	return cxv_error(errors, CXV_BIND_REFUSED, 0, place, "the driver would refuse it: %s",
			 facts->state_reason);
}

static int refuse_iommu(const struct cxv_bind_facts *facts, struct cxv_errors *errors)
{
	struct cxv_place place = {
		.operation = "bind",
		.target = facts->target,
		.hint = CXV_ENABLE_IOMMU,
	};

	if (facts->iommu_group[0])
		return 0;
	return cxv_error(errors, CXV_NO_IOMMU, ENODEV, place,
			 "no IOMMU group: nothing would keep a VFIO user out of the host's memory");
}

static int refuse_direct(const struct cxv_bind_facts *facts, struct cxv_errors *errors)
{
	struct cxv_place place = {
		.operation = "bind",
		.target = facts->target,
		.hint = CXV_AVOID_DIRECT_MAPPING,
	};

	if (!facts->direct_range[0])
		return 0;
	return cxv_error(errors, CXV_UNSUPPORTED, 0, place, CXV_DIRECT_MAPPING,
			 facts->direct_range);
}

/* Append NAME to the list in TEXT, or ", ..." where it does not fit. */
static void append(char *text, const char *name)
{
	size_t used = strlen(text);
	const char *separator = used ? ", " : "";

	if (used + strlen(separator) + strlen(name) + sizeof(", ...") > LIST_SIZE) {
		if (used < 3 || strcmp(text + used - 3, "...") != 0)
			snprintf(text + used, LIST_SIZE - used, "%s...", separator);
		return;
	}
	snprintf(text + used, LIST_SIZE - used, "%s%s", separator, name);
}

static int refuse_members(const struct cxv_bind_facts *facts, struct cxv_errors *errors)
{
	struct cxv_place place = {
		.operation = "bind",
		.target = facts->target,
		.hint = "a group goes to VFIO as a whole: unbind the others' drivers first, or "
			"name them too if they are endpoints",
	};
	char text[LIST_SIZE] = "";

	for (size_t i = 0; i < facts->member_count; i++) {
		const struct cxv_group_member *member = &facts->members[i];
		char name[sizeof(member->target) + sizeof(member->driver) + 16];

		if (member->selected || cxv_driver_shares_group(member->driver))
			continue;
		snprintf(name, sizeof(name), "%s (driver %s)", member->target, member->driver);
		append(text, name);
	}
	if (!text[0])
		return 0;
	return cxv_error(errors, CXV_DEVICE_BUSY, EBUSY, place,
			 "IOMMU group %s is shared with devices in use by the host: %s",
			 facts->iommu_group, text);
}

static int refuse_openers(const struct cxv_bind_facts *facts, const char *operation,
			  const char *hint, struct cxv_errors *errors)
{
	struct cxv_place place = { .operation = operation, .target = facts->target, .hint = hint };
	char text[LIST_SIZE] = "";

	for (size_t i = 0; i < facts->openers.count; i++) {
		const struct cxv_opener *opener = &facts->openers.items[i];
		char name[192];

		snprintf(name, sizeof(name), "process %" PRIu64 " (%.63s) has %.63s open",
			 opener->pid.value, opener->command.value, opener->path.value);
		append(text, name);
	}
	if (!text[0])
		return 0;
	return cxv_error(errors, CXV_DEVICE_BUSY, EBUSY, place, "in use: %s", text);
}

static int refuse_window_users(const struct cxv_bind_facts *facts, struct cxv_errors *errors)
{
	struct cxv_place place = {
		.operation = "bind",
		.target = facts->target,
		.path = "/proc/iomem",
		.hint = "take the memory offline or unbind its dax device (daxctl) first",
	};
	const struct cxv_window_user *user = facts->window_users;

	if (!facts->window_user_count)
		return 0;
	return cxv_error(errors, CXV_DEVICE_BUSY, EBUSY, place,
			 "the host uses its memory: %s at 0x%llx-0x%llx", user->name,
			 (unsigned long long)user->first, (unsigned long long)user->last);
}

static int refuse_module(const struct cxv_bind_facts *facts, bool load_module,
			 struct cxv_errors *errors)
{
	struct cxv_place place = { .operation = "bind", .target = facts->target };
	char path[CXV_STEP_PATH_SIZE + 1];

	switch (facts->module) {
	case CXV_MODULE_LOADED:
		return 0;
	case CXV_MODULE_AVAILABLE:
		if (load_module)
			return 0;
		place.hint = "run modprobe " CXL_VFIO_MODULE_NAME ", or leave out --no-modprobe";
		return cxv_error(errors, CXV_NO_MODULE, ENOENT, place,
				 "module " CXL_VFIO_MODULE_NAME " is not loaded");
	case CXV_MODULE_OTHER_KERNEL:
		snprintf(path, sizeof(path), "/%s", facts->module_path);
		place.path = path;
		place.hint = cxv_driver_needs_newer(facts->kernel) ? CXV_BOOT_NEWER :
			     "build it for the running kernel: dkms autoinstall, then depmod";
		return cxv_error(errors, CXV_NO_MODULE, ENOEXEC, place,
				 "module " CXL_VFIO_MODULE_NAME
				 " is built for a kernel other than %s", facts->kernel);
	case CXV_MODULE_MISSING:
		break;
	}
	place.hint = cxv_driver_needs_newer(facts->kernel) ?
		     CXV_BOOT_NEWER ", and install the driver there" :
		     "install it: dkms status tells whether it was built for this kernel; run "
		     "depmod after copying a module by hand";
	return cxv_error(errors, CXV_NO_MODULE, ENOENT, place,
			 "no module " CXL_VFIO_MODULE_NAME " is installed for kernel %s",
			 facts->kernel);
}

/* Known of a driver that is loaded; of one that is to be loaded a step of the plan finds out. */
static int refuse_old_driver(const struct cxv_bind_facts *facts, struct cxv_errors *errors)
{
	struct cxv_place place = {
		.operation = "bind",
		.target = facts->target,
		.hint = "install the driver of this release, unbind every endpoint, then: modprobe "
			"-r " CXL_VFIO_MODULE_NAME "; or leave out --view and --interface",
	};

	if (!facts->without_views)
		return 0;
	return cxv_error(errors, CXV_UNSUPPORTED, EOPNOTSUPP, place,
			 "the loaded driver is too old for --view and --interface: it offers the "
			 "window as a region only");
}

static int refuse_offer(const struct cxv_bind_facts *facts, const struct cxv_offer *wanted,
			struct cxv_errors *errors)
{
	struct cxv_place place = {
		.operation = "bind",
		.target = facts->target,
		.hint = "--view " CXL_VFIO_VIEW_REGION " is all that it can offer, to clients "
			"that know regions of CXL: see cxlvfio-bind(1)",
	};
	const char *view = wanted->words[CXV_OFFER_VIEW];

	if (cxv_offer_is_empty(wanted))
		return 0;
	if (facts->without_views)
		return refuse_old_driver(facts, errors);
	if (!facts->without_bar || !view[0] || !strcmp(view, CXL_VFIO_VIEW_REGION))
		return 0;
	return cxv_error(errors, CXV_UNSUPPORTED, EOPNOTSUPP, place,
			 "the function leaves no pair of BARs free in which to show the window "
			 "(view %s)", view);
}

static int refuse_bind(const struct cxv_bind_facts *facts, const struct cxv_bind_wishes *wishes,
		       struct cxv_errors *errors)
{
	int ret = refuse_state(facts, wishes->force, errors);

	if (!ret)
		ret = refuse_iommu(facts, errors);
	if (!ret)
		ret = refuse_direct(facts, errors);
	if (!ret && !wishes->force)
		ret = refuse_members(facts, errors);
	if (!ret)
		ret = refuse_openers(facts, "bind", "end the program that uses it first", errors);
	if (!ret)
		ret = refuse_window_users(facts, errors);
	if (!ret)
		ret = refuse_module(facts, wishes->load_module, errors);
	if (!ret)
		ret = refuse_offer(facts, &wishes->offer, errors);
	return ret;
}

static void add_offer_checks(struct cxv_plan *plan, const struct cxv_offer *wanted)
{
	for (enum cxv_offer_part part = 0; part < CXV_OFFER_PARTS; part++)
		if (wanted->words[part][0])
			add_attribute_step(plan, CXV_STEP_CHECK_OFFER, cxv_offer_name(part),
					   wanted->words[part]);
}

static void add_note_of_parameters(struct cxv_plan *plan, enum cxv_step_kind kind)
{
	add_step(plan, kind, "run/cxlvfio/parameters", "");
}

/* The driver takes them when it probes the endpoint, before anybody can open it. */
static void add_parameter_steps(struct cxv_plan *plan, const struct cxv_offer *wanted)
{
	for (enum cxv_offer_part part = 0; part < CXV_OFFER_PARTS; part++)
		if (wanted->words[part][0])
			add_parameter_step(plan, CXV_STEP_SET_PARAMETER, cxv_offer_name(part),
					   wanted->words[part]);
}

/* What WANTED says, and for the rest what is there. */
static struct cxv_offer merged(const struct cxv_offer *wanted, const struct cxv_offer *now)
{
	struct cxv_offer offer = *now;

	for (enum cxv_offer_part part = 0; part < CXV_OFFER_PARTS; part++)
		if (wanted->words[part][0])
			memcpy(offer.words[part], wanted->words[part], sizeof(offer.words[part]));
	return offer;
}

/* Not every view goes with every interface, and one is written first: both goes with all. */
static void add_attribute_steps(struct cxv_plan *plan, const struct cxv_offer *now,
				const struct cxv_offer *then)
{
	const char *view = then->words[CXV_OFFER_VIEW];
	const char *interface = then->words[CXV_OFFER_INTERFACE];
	const bool new_view = strcmp(view, now->words[CXV_OFFER_VIEW]);
	const bool new_interface = strcmp(interface, now->words[CXV_OFFER_INTERFACE]);

	if (new_view && new_interface && strcmp(now->words[CXV_OFFER_VIEW], CXL_VFIO_VIEW_BOTH))
		add_attribute_step(plan, CXV_STEP_SET_ATTRIBUTE, "view", CXL_VFIO_VIEW_BOTH);
	if (new_interface)
		add_attribute_step(plan, CXV_STEP_SET_ATTRIBUTE, "interface", interface);
	if (new_view)
		add_attribute_step(plan, CXV_STEP_SET_ATTRIBUTE, "view", view);
}

/* What is bound already: only what it offers may have to change, while nobody has it open. */
static int plan_bound(const struct cxv_bind_facts *facts, const struct cxv_offer *wanted,
		      struct cxv_errors *errors, struct cxv_plan *plan)
{
	struct cxv_offer then = merged(wanted, &facts->offer);
	int ret = refuse_offer(facts, wanted, errors);

	if (!ret && !cxv_offer_is_met(wanted, &facts->offer))
		ret = refuse_openers(facts, "bind", "what it offers is fixed while it is open: end "
				     "that program first", errors);
	if (ret)
		return ret;
	add_device_step(plan, CXV_STEP_WAIT_DRIVER, "driver", CXL_VFIO_DRIVER_NAME);
	plan->steps[0].result = CXV_STEP_ALREADY;
	if (!cxv_offer_is_met(wanted, &facts->offer)) {
		plan->offer_after = then;
		add_attribute_steps(plan, &facts->offer, &then);
		add_offer_checks(plan, wanted);
	}
	return 0;
}

int cxv_plan_bind(const struct cxv_bind_facts *facts, const struct cxv_bind_wishes *wishes,
		  struct cxv_errors *errors, struct cxv_plan *plan)
{
	const bool chooses = !cxv_offer_is_empty(&wishes->offer);
	int ret;

	start_plan(plan, facts);
	ret = refuse_lost(facts, errors);
	if (ret)
		return ret;
	if (cxv_driver_is_ours(facts->now.driver))
		return plan_bound(facts, &wishes->offer, errors, plan);
	ret = refuse_bind(facts, wishes, errors);
	if (ret)
		return ret;

	/* A driver that is loaded takes what is marked for it at once, with whatever it offers. */
	if (chooses && facts->module != CXV_MODULE_LOADED &&
	    cxv_driver_is_ours(facts->now.driver_override))
		add_device_step(plan, CXV_STEP_SET_OVERRIDE, "driver_override", CXV_HELD_OVERRIDE);
	if (facts->module != CXV_MODULE_LOADED)
		add_step(plan, CXV_STEP_LOAD_MODULE, facts->module_path, CXL_VFIO_MODULE_NAME);
	if (chooses)
		add_note_of_parameters(plan, CXV_STEP_NOTE_PARAMETERS);
	add_record_step(plan, CXV_STEP_REMEMBER, plan->before.driver);
	add_device_step(plan, CXV_STEP_SET_OVERRIDE, "driver_override", CXL_VFIO_DRIVER_NAME);
	if (facts->now.driver[0])
		add_driver_step(plan, CXV_STEP_UNBIND_DRIVER, facts->now.driver, "unbind");
	add_flush_step(plan);
	add_parameter_steps(plan, &wishes->offer);
	add_step(plan, CXV_STEP_PROBE, "sys/bus/pci/drivers_probe", facts->target);
	add_wait_step(plan, CXL_VFIO_DRIVER_NAME);
	if (chooses)
		add_note_of_parameters(plan, CXV_STEP_RESTORE_PARAMETERS);
	add_offer_checks(plan, &wishes->offer);
	add_node_step(plan, facts->iommu_group);
	add_device_step(plan, CXV_STEP_READ_STATE, CXL_VFIO_SYSFS_GROUP "/state", "");
	return 0;
}

/* A driver that is bound may still be setting its region up: that one is not left over. */
static bool leaves_region(const struct cxv_bind_facts *facts)
{
	return facts->left_region[0] && !facts->now.driver[0];
}

static void add_delete_step(struct cxv_plan *plan, const struct cxv_bind_facts *facts)
{
	struct cxv_step step = new_step(CXV_STEP_DELETE_REGION, facts->left_region);

	snprintf(step.path, sizeof(step.path), "sys/bus/cxl/devices/%s/delete_region",
		 facts->left_window);
	plan->steps[plan->count++] = step;
}

/* The driver to give the endpoint back to, "" for none. Another one that has it keeps it. */
static const char *driver_to_restore(const struct cxv_bind_facts *facts,
				     const struct cxv_plan *plan)
{
	return cxv_driver_is_ours(facts->now.driver) || !facts->now.driver[0] ?
	       plan->before.driver : "";
}

/* Never the driver itself: an unbound endpoint that it would take again is not unbound. */
static const char *override_to_restore(const struct cxv_bind_facts *facts,
				       const struct cxv_plan *plan)
{
	if (!cxv_driver_is_ours(facts->now.driver) && !cxv_is_mark(facts->now.driver_override))
		return facts->now.driver_override;
	return cxv_is_mark(plan->before.driver_override) ? "" : plan->before.driver_override;
}

int cxv_plan_unbind(const struct cxv_bind_facts *facts, struct cxv_errors *errors,
		    struct cxv_plan *plan)
{
	const char *driver_override, *driver;
	int ret;

	start_plan(plan, facts);
	driver = driver_to_restore(facts, plan);
	driver_override = override_to_restore(facts, plan);
	if (cxv_driver_is_ours(facts->now.driver)) {
		ret = refuse_openers(facts, "unbind",
				     "end it, or wait until it lets go: cxlvfio unbind --wait SEC",
				     errors);
		if (ret)
			return ret;
		add_driver_step(plan, CXV_STEP_UNBIND_DRIVER, CXL_VFIO_DRIVER_NAME, "unbind");
	}
	if (cxv_driver_is_ours(facts->now.driver) || driver[0] || leaves_region(facts))
		add_flush_step(plan);
	if (leaves_region(facts))
		add_delete_step(plan, facts);
	if (strcmp(facts->now.driver_override, driver_override) != 0)
		add_device_step(plan, CXV_STEP_SET_OVERRIDE, "driver_override", driver_override);
	if (driver[0]) {
		add_driver_step(plan, CXV_STEP_BIND_DRIVER, driver, "bind");
		add_wait_step(plan, driver);
	}
	if (facts->remembered)
		add_record_step(plan, CXV_STEP_FORGET, "");
	if (!plan->count) {
		add_driver_step(plan, CXV_STEP_UNBIND_DRIVER, CXL_VFIO_DRIVER_NAME, "unbind");
		plan->steps[0].result = CXV_STEP_ALREADY;
	}
	return 0;
}

static bool tried(const struct cxv_plan *plan, size_t failed, enum cxv_step_kind kind)
{
	for (size_t i = 0; i <= failed && i < plan->count; i++)
		if (plan->steps[i].kind == kind)
			return true;
	return false;
}

/* The module's own again, unless they are already. */
static void take_parameters_back(struct cxv_plan *plan, size_t failed)
{
	for (size_t i = 0; i <= failed; i++)
		if (plan->steps[i].kind == CXV_STEP_RESTORE_PARAMETERS &&
		    plan->steps[i].result == CXV_STEP_DONE)
			return;
	if (tried(plan, failed, CXV_STEP_NOTE_PARAMETERS))
		add_note_of_parameters(plan, CXV_STEP_RESTORE_PARAMETERS);
}

/* Of an endpoint that stays bound. */
static void take_offer_back(struct cxv_plan *plan, size_t failed)
{
	if (tried(plan, failed, CXV_STEP_SET_ATTRIBUTE))
		add_attribute_steps(plan, &plan->offer_after, &plan->offer_before);
}

static void take_device_back(struct cxv_plan *plan, size_t failed)
{
	const bool probed = tried(plan, failed, CXV_STEP_PROBE);

	if (!tried(plan, failed, CXV_STEP_SET_OVERRIDE))
		return;
	if (probed)
		add_driver_step(plan, CXV_STEP_UNBIND_DRIVER, CXL_VFIO_DRIVER_NAME, "unbind");
	if (probed || plan->before.driver[0])
		add_flush_step(plan);
	add_device_step(plan, CXV_STEP_SET_OVERRIDE, "driver_override",
			plan->before.driver_override);
	if (plan->before.driver[0]) {
		add_driver_step(plan, CXV_STEP_BIND_DRIVER, plan->before.driver, "bind");
		add_wait_step(plan, plan->before.driver);
	}
}

size_t cxv_plan_rollback(struct cxv_plan *plan, size_t failed, bool gone)
{
	const size_t first = plan->count;

	take_parameters_back(plan, failed);
	if (!gone)
		take_offer_back(plan, failed);
	if (!gone)
		take_device_back(plan, failed);
	if (tried(plan, failed, CXV_STEP_REMEMBER))
		add_record_step(plan, CXV_STEP_FORGET, "");
	for (size_t i = first; i < plan->count; i++)
		plan->steps[i].undo = true;
	return first;
}
