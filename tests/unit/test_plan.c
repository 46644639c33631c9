// SPDX-License-Identifier: GPL-2.0-or-later
/* What bind and unbind decide, from facts alone. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/binding/plan.h"
#include "cxl_vfio.h"
#include "unit.h"

#define TARGET		"0000:0d:00.0"
#define DEVICE		"sys/bus/pci/devices/" TARGET "/"
#define OURS		CXL_VFIO_DRIVER_NAME
#define OURS_UNBIND	"sys/bus/pci/drivers/" OURS "/unbind"
#define FLUSH		"sys/bus/cxl/flush"

static const struct cxv_bind_wishes loading = { .load_module = true };
static const struct cxv_bind_wishes careful = { .load_module = false };

struct expected_step {
	enum cxv_step_kind kind;
	const char *path;
	const char *value;
};

/* An endpoint that nothing keeps from being bound. */
static struct cxv_bind_facts good_facts(void)
{
	return (struct cxv_bind_facts) {
		.target = TARGET,
		.iommu_group = "6",
		.module = CXV_MODULE_AVAILABLE,
		.module_path = "lib/modules/7.3.4/updates/cxl_vfio_pci.ko",
		.missing_modules = "vfio cxl_vfio_pci",
		.kernel = "7.3.4",
	};
}

static struct cxv_bind_facts bound_facts(void)
{
	struct cxv_bind_facts facts = good_facts();

	facts.module = CXV_MODULE_LOADED;
	strcpy(facts.now.driver, OURS);
	strcpy(facts.now.driver_override, OURS);
	return facts;
}

static struct cxv_opener opener(int pid, char *command, char *path)
{
	return (struct cxv_opener) {
		.pid = cxv_known(pid), .command.value = command, .path.value = path,
	};
}

static void remember(struct cxv_bind_facts *facts, const char *driver, const char *override)
{
	facts->remembered = true;
	strcpy(facts->record.driver, driver);
	strcpy(facts->record.driver_override, override);
}

/* A driver is waited for because of the step that gives it the endpoint. */
static void assert_giver(const struct cxv_plan *plan, const struct cxv_step *wait)
{
	enum cxv_step_kind kind = plan->steps[wait->giver].kind;

	assert_true(kind == CXV_STEP_PROBE || kind == CXV_STEP_BIND_DRIVER);
	assert_int_equal(plan->steps[wait->giver].undo, wait->undo);
}

static void assert_steps(const struct cxv_plan *plan, size_t first,
			 const struct expected_step *expected, size_t count)
{
	assert_int_equal(plan->count - first, count);
	for (size_t i = 0; i < count; i++) {
		const struct cxv_step *step = &plan->steps[first + i];

		assert_string_equal(cxv_step_name(step->kind), cxv_step_name(expected[i].kind));
		assert_string_equal(step->path, expected[i].path);
		assert_string_equal(step->value, expected[i].value);
		assert_int_equal(step->result, CXV_STEP_PLANNED);
		assert_int_equal(step->undo, first > 0);
		if (step->kind == CXV_STEP_WAIT_DRIVER)
			assert_giver(plan, step);
	}
}

/* Bind FACTS, expect a refusal with CODE whose sentence holds WORDS. */
static void assert_refused(struct cxv_bind_facts facts, bool load_module, enum cxv_code code,
			   int error, const char *words)
{
	struct cxv_errors errors = { 0 };
	struct cxv_plan plan;

	assert_int_equal(cxv_plan_bind(&facts, load_module ? &loading : &careful, &errors, &plan),
			 -error);
	assert_int_equal(errors.error_count, 1);
	assert_string_equal(cxv_code_name(errors.errors[0].code), cxv_code_name(code));
	assert_string_equal(errors.errors[0].target, TARGET);
	assert_non_null(errors.errors[0].hint);
	assert_non_null(strstr(errors.errors[0].text, words));
	assert_int_equal(plan.count, 0);
	cxv_errors_clear(&errors);
}

static void bind_from_nothing(void **state)
{
	static const struct expected_step expected[] = {
		{ CXV_STEP_LOAD_MODULE, "lib/modules/7.3.4/updates/cxl_vfio_pci.ko",
		  "cxl_vfio_pci" },
		{ CXV_STEP_REMEMBER, "run/cxlvfio/" TARGET, "" },
		{ CXV_STEP_SET_OVERRIDE, DEVICE "driver_override", OURS },
		{ CXV_STEP_FLUSH, FLUSH, "1" },
		{ CXV_STEP_PROBE, "sys/bus/pci/drivers_probe", TARGET },
		{ CXV_STEP_WAIT_DRIVER, DEVICE "driver", OURS },
		{ CXV_STEP_WAIT_NODE, "dev/vfio/6", "" },
		{ CXV_STEP_READ_STATE, DEVICE "cxl_vfio/state", "" },
	};
	struct cxv_bind_facts facts = good_facts();
	struct cxv_errors errors = { 0 };
	struct cxv_plan plan;

	(void)state;
	assert_int_equal(cxv_plan_bind(&facts, &loading, &errors, &plan), 0);
	assert_int_equal(errors.error_count, 0);
	assert_steps(&plan, 0, expected, ARRAY_SIZE(expected));
	assert_false(cxv_plan_already(&plan));
}

static void bind_from_another_driver(void **state)
{
	static const struct expected_step expected[] = {
		{ CXV_STEP_REMEMBER, "run/cxlvfio/" TARGET, "accelerator" },
		{ CXV_STEP_SET_OVERRIDE, DEVICE "driver_override", OURS },
		{ CXV_STEP_UNBIND_DRIVER, "sys/bus/pci/drivers/accelerator/unbind", TARGET },
		{ CXV_STEP_FLUSH, FLUSH, "1" },
		{ CXV_STEP_PROBE, "sys/bus/pci/drivers_probe", TARGET },
		{ CXV_STEP_WAIT_DRIVER, DEVICE "driver", OURS },
		{ CXV_STEP_WAIT_NODE, "dev/vfio/6", "" },
		{ CXV_STEP_READ_STATE, DEVICE "cxl_vfio/state", "" },
	};
	struct cxv_bind_facts facts = good_facts();
	struct cxv_errors errors = { 0 };
	struct cxv_plan plan;

	(void)state;
	facts.module = CXV_MODULE_LOADED;
	strcpy(facts.now.driver, "accelerator");
	strcpy(facts.now.driver_override, "accelerator");
	assert_int_equal(cxv_plan_bind(&facts, &careful, &errors, &plan), 0);
	assert_steps(&plan, 0, expected, ARRAY_SIZE(expected));
	assert_string_equal(plan.before.driver, "accelerator");
	assert_string_equal(plan.before.driver_override, "accelerator");
}

static void bind_of_a_bound_one_changes_nothing(void **state)
{
	struct cxv_bind_facts facts = bound_facts();
	struct cxv_errors errors = { 0 };
	struct cxv_plan plan;

	(void)state;
	/* Not even what would be refused otherwise matters. */
	facts.iommu_group[0] = '\0';
	assert_int_equal(cxv_plan_bind(&facts, &loading, &errors, &plan), 0);
	assert_true(cxv_plan_already(&plan));
	assert_int_equal(plan.steps[0].kind, CXV_STEP_WAIT_DRIVER);
	assert_string_equal(cxv_step_result_name(plan.steps[0].result), "already");
}

/* A run that was killed left the mark of the driver: only its record knows what was before. */
static void bind_goes_on_after_a_killed_one(void **state)
{
	struct cxv_bind_facts facts = good_facts();
	struct cxv_errors errors = { 0 };
	struct cxv_plan plan;

	(void)state;
	facts.module = CXV_MODULE_LOADED;
	strcpy(facts.now.driver_override, OURS);
	remember(&facts, "accelerator", "");
	assert_int_equal(cxv_plan_bind(&facts, &loading, &errors, &plan), 0);
	assert_string_equal(plan.before.driver, "accelerator");
	assert_string_equal(plan.before.driver_override, "");
	assert_string_equal(plan.steps[0].value, "accelerator");

	/* The unbind of a run before was cut short: nobody has the endpoint. */
	facts.now.driver_override[0] = '\0';
	assert_int_equal(cxv_plan_bind(&facts, &loading, &errors, &plan), 0);
	assert_string_equal(plan.before.driver, "accelerator");

	/* Somebody has it, and without the driver's mark: the record is of some earlier time. */
	strcpy(facts.now.driver, "other");
	assert_int_equal(cxv_plan_bind(&facts, &loading, &errors, &plan), 0);
	assert_string_equal(plan.before.driver, "other");
}

static void bind_refuses_what_the_driver_would(void **state)
{
	struct cxv_bind_facts facts = good_facts();

	(void)state;
	strcpy(facts.state_reason, "no HDM decoder of 1 is committed");
	facts.state = CXV_STATE_NOT_COMMITTED;
	assert_refused(facts, true, CXV_BIND_REFUSED, EIO, "no HDM decoder of 1 is committed");
	strcpy(facts.state_reason, "configuration space reads all ones");
	facts.state = CXV_STATE_LOST;
	assert_refused(facts, true, CXV_DEVICE_LOST, ENODEV, "reads all ones");
}

static void bind_refuses_without_iommu(void **state)
{
	struct cxv_bind_facts facts = good_facts();

	(void)state;
	facts.iommu_group[0] = '\0';
	assert_refused(facts, true, CXV_NO_IOMMU, ENODEV, "no IOMMU group");
}

static void bind_refuses_a_direct_mapping(void **state)
{
	struct cxv_bind_facts facts = good_facts();

	(void)state;
	strcpy(facts.direct_range, "0x1000-0x1fff");
	assert_refused(facts, true, CXV_UNSUPPORTED, EIO,
		       "firmware wants 0x1000-0x1fff mapped 1:1");
}

static void bind_refuses_a_shared_group(void **state)
{
	struct cxv_group_member members[] = {
		{ "0000:0d:00.1", "" },
		{ "0000:0c:00.0", "pcieport" },
		{ "0000:0d:00.2", "nvgrace-gpu-vfio-pci" },
		{ "0000:0d:00.3", "pci-stub" },
		{ "0000:0d:00.4", "nvme" },
	};
	struct cxv_bind_facts facts = good_facts();
	struct cxv_errors errors = { 0 };
	struct cxv_plan plan;

	(void)state;
	facts.members = members;
	facts.member_count = 4;
	assert_int_equal(cxv_plan_bind(&facts, &loading, &errors, &plan), 0);
	facts.member_count = 5;
	assert_refused(facts, true, CXV_DEVICE_BUSY, EBUSY, ": 0000:0d:00.4 (driver nvme)");
}

/* However many there are, the sentence ends, and says that it is not all. */
static void bind_refusal_names_what_fits(void **state)
{
	struct cxv_group_member members[64] = { 0 };
	struct cxv_bind_facts facts = good_facts();

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(members); i++) {
		snprintf(members[i].target, sizeof(members[i].target), "0000:%02zx:00.0", i);
		memset(members[i].driver, 'd', i < 32 ? 8 : sizeof(members[i].driver) - 1);
	}
	facts.members = members;
	facts.member_count = ARRAY_SIZE(members);
	assert_refused(facts, true, CXV_DEVICE_BUSY, EBUSY, "0000:00:00.0 (driver dddddddd), ");
	assert_refused(facts, true, CXV_DEVICE_BUSY, EBUSY, ", ...");
}

static void bind_refuses_an_open_device(void **state)
{
	struct cxv_opener openers[] = {
		opener(4242, "qemu-system-x86", "/dev/vfio/6"),
		opener(4243, "spdk", "/dev/vfio/devices/vfio0"),
	};
	struct cxv_bind_facts facts = good_facts();

	(void)state;
	strcpy(facts.now.driver, "vfio-pci");
	facts.openers = (struct cxv_openers) { openers, 2 };
	assert_refused(facts, true, CXV_DEVICE_BUSY, EBUSY,
		       "process 4242 (qemu-system-x86) has /dev/vfio/6 open, "
		       "process 4243 (spdk) has /dev/vfio/devices/vfio0 open");
}

static void bind_refuses_memory_in_use(void **state)
{
	struct cxv_window_user user = { 0x140000000, 0x14fffffff, "System RAM (kmem)" };
	struct cxv_bind_facts facts = good_facts();

	(void)state;
	facts.window_users = &user;
	facts.window_user_count = 1;
	assert_refused(facts, true, CXV_DEVICE_BUSY, EBUSY,
		       "System RAM (kmem) at 0x140000000-0x14fffffff");
}

static void bind_refuses_without_a_module(void **state)
{
	struct cxv_bind_facts facts = good_facts();

	(void)state;
	assert_refused(facts, false, CXV_NO_MODULE, ENOENT, "not loaded");
	facts.module = CXV_MODULE_OTHER_KERNEL;
	assert_refused(facts, true, CXV_NO_MODULE, ENOEXEC, "a kernel other than 7.3.4");
	facts.module = CXV_MODULE_MISSING;
	assert_refused(facts, true, CXV_NO_MODULE, ENOENT, "for kernel 7.3.4");
}

/* Every refusal has the exit status that the manual gives it. */
static void refusals_have_their_exit_status(void **state)
{
	(void)state;
	assert_int_equal(cxv_code_exit(CXV_NO_IOMMU), CXV_EXIT_UNSUPPORTED);
	assert_int_equal(cxv_code_exit(CXV_NO_MODULE), CXV_EXIT_UNSUPPORTED);
	assert_int_equal(cxv_code_exit(CXV_DEVICE_BUSY), CXV_EXIT_BUSY);
	assert_int_equal(cxv_code_exit(CXV_PERMISSION_DENIED), CXV_EXIT_PERMISSION);
	assert_int_equal(cxv_code_exit(CXV_TIMEOUT), CXV_EXIT_TIMEOUT);
	assert_int_equal(cxv_code_exit(CXV_DEVICE_LOST), CXV_EXIT_LOST);
}

/* The index of the step of KIND. */
static size_t find_step(const struct cxv_plan *plan, enum cxv_step_kind kind)
{
	for (size_t i = 0; i < plan->count; i++)
		if (plan->steps[i].kind == kind)
			return i;
	fail_msg("no step %s", cxv_step_name(kind));
	return 0;
}

static size_t roll_back_from(enum cxv_step_kind failed, struct cxv_plan *plan)
{
	struct cxv_bind_facts facts = good_facts();
	struct cxv_errors errors = { 0 };

	strcpy(facts.now.driver, "accelerator");
	assert_int_equal(cxv_plan_bind(&facts, &loading, &errors, plan), 0);
	return cxv_plan_rollback(plan, find_step(plan, failed), false);
}

static void rollback_undoes_what_was_tried(void **state)
{
	static const struct expected_step all[] = {
		{ CXV_STEP_UNBIND_DRIVER, OURS_UNBIND, TARGET },
		{ CXV_STEP_FLUSH, FLUSH, "1" },
		{ CXV_STEP_SET_OVERRIDE, DEVICE "driver_override", "" },
		{ CXV_STEP_BIND_DRIVER, "sys/bus/pci/drivers/accelerator/bind", TARGET },
		{ CXV_STEP_WAIT_DRIVER, DEVICE "driver", "accelerator" },
		{ CXV_STEP_FORGET, "run/cxlvfio/" TARGET, "" },
	};
	static const enum cxv_step_kind after_probe[] = {
		CXV_STEP_PROBE, CXV_STEP_WAIT_DRIVER, CXV_STEP_WAIT_NODE, CXV_STEP_READ_STATE,
	};
	struct cxv_plan plan;
	size_t first;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(after_probe); i++) {
		first = roll_back_from(after_probe[i], &plan);
		assert_steps(&plan, first, all, ARRAY_SIZE(all));
	}
	first = roll_back_from(CXV_STEP_UNBIND_DRIVER, &plan);
	assert_steps(&plan, first, &all[1], ARRAY_SIZE(all) - 1);
	first = roll_back_from(CXV_STEP_SET_OVERRIDE, &plan);
	assert_steps(&plan, first, &all[1], ARRAY_SIZE(all) - 1);
	first = roll_back_from(CXV_STEP_FLUSH, &plan);
	assert_steps(&plan, first, &all[1], ARRAY_SIZE(all) - 1);
	first = roll_back_from(CXV_STEP_REMEMBER, &plan);
	assert_steps(&plan, first, &all[5], 1);
	/* The module stays loaded. */
	first = roll_back_from(CXV_STEP_LOAD_MODULE, &plan);
	assert_steps(&plan, first, NULL, 0);
}

static const struct cxv_bind_wishes forcing = { .load_module = true, .force = true };

/* --force is for these two, and for nothing else. */
static void force_binds_what_may_work_later(void **state)
{
	struct cxv_group_member member = { "0000:0d:00.1", "e1000e" };
	struct cxv_bind_facts facts = good_facts();
	struct cxv_errors errors = { 0 };
	struct cxv_plan plan;

	(void)state;
	facts.members = &member;
	facts.member_count = 1;
	assert_refused(facts, true, CXV_DEVICE_BUSY, EBUSY, "e1000e");
	assert_int_equal(cxv_plan_bind(&facts, &forcing, &errors, &plan), 0);
	facts.state = CXV_STATE_NOT_COMMITTED;
	assert_int_equal(cxv_plan_bind(&facts, &forcing, &errors, &plan), 0);
	assert_int_equal(errors.error_count, 0);
}

static void force_changes_nothing_else(void **state)
{
	struct cxv_opener one = opener(4242, "qemu", "/dev/vfio/6");
	struct cxv_window_user user = { 0x140000000, 0x14fffffff, "System RAM" };
	struct cxv_bind_facts bad[6];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		bad[i] = good_facts();
	bad[0].state = CXV_STATE_LOST;
	bad[1].iommu_group[0] = '\0';
	bad[2].openers = (struct cxv_openers) { &one, 1 };
	bad[3].window_users = &user;
	bad[3].window_user_count = 1;
	bad[4].module = CXV_MODULE_OTHER_KERNEL;
	bad[5].module = CXV_MODULE_MISSING;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct cxv_errors errors = { 0 };
		struct cxv_plan plan;

		assert_true(cxv_plan_bind(&bad[i], &forcing, &errors, &plan) < 0);
		assert_int_equal(errors.error_count, 1);
		cxv_errors_clear(&errors);
	}
}

static void bind_needs_no_force_for_those_bound_with_it(void **state)
{
	struct cxv_group_member members[] = {
		{ "0000:0d:00.1", "accelerator", .selected = true },
		{ "0000:0d:00.2", "e1000e" },
	};
	struct cxv_bind_facts facts = good_facts();
	struct cxv_errors errors = { 0 };
	struct cxv_plan plan;

	(void)state;
	facts.members = members;
	facts.member_count = 1;
	assert_int_equal(cxv_plan_bind(&facts, &loading, &errors, &plan), 0);
	facts.member_count = 2;
	assert_refused(facts, true, CXV_DEVICE_BUSY, EBUSY, ": 0000:0d:00.2 (driver e1000e)");
}

static void rollback_restores_the_override(void **state)
{
	struct cxv_bind_facts facts = good_facts();
	struct cxv_errors errors = { 0 };
	struct cxv_plan plan;
	size_t first;

	(void)state;
	strcpy(facts.now.driver_override, "other");
	assert_int_equal(cxv_plan_bind(&facts, &loading, &errors, &plan), 0);
	first = cxv_plan_rollback(&plan, find_step(&plan, CXV_STEP_WAIT_DRIVER), false);
	assert_int_equal(plan.count - first, 4);
	assert_int_equal(plan.steps[first + 2].kind, CXV_STEP_SET_OVERRIDE);
	assert_string_equal(plan.steps[first + 2].value, "other");
}

static void rollback_of_a_lost_device_forgets(void **state)
{
	static const struct expected_step expected[] = {
		{ CXV_STEP_FORGET, "run/cxlvfio/" TARGET, "" },
	};
	struct cxv_bind_facts facts = good_facts();
	struct cxv_errors errors = { 0 };
	struct cxv_plan plan;
	size_t first;

	(void)state;
	assert_int_equal(cxv_plan_bind(&facts, &loading, &errors, &plan), 0);
	first = cxv_plan_rollback(&plan, find_step(&plan, CXV_STEP_WAIT_DRIVER), true);
	assert_steps(&plan, first, expected, ARRAY_SIZE(expected));
}

static void plan_unbind(const struct cxv_bind_facts *facts, struct cxv_plan *plan)
{
	struct cxv_errors errors = { 0 };

	assert_int_equal(cxv_plan_unbind(facts, &errors, plan), 0);
	assert_int_equal(errors.error_count, 0);
}

static void unbind_to_the_driver_before(void **state)
{
	static const struct expected_step expected[] = {
		{ CXV_STEP_UNBIND_DRIVER, OURS_UNBIND, TARGET },
		{ CXV_STEP_FLUSH, FLUSH, "1" },
		{ CXV_STEP_SET_OVERRIDE, DEVICE "driver_override", "" },
		{ CXV_STEP_BIND_DRIVER, "sys/bus/pci/drivers/accelerator/bind", TARGET },
		{ CXV_STEP_WAIT_DRIVER, DEVICE "driver", "accelerator" },
		{ CXV_STEP_FORGET, "run/cxlvfio/" TARGET, "" },
	};
	static const struct expected_step no_override[] = {
		{ CXV_STEP_FLUSH, FLUSH, "1" },
		{ CXV_STEP_BIND_DRIVER, "sys/bus/pci/drivers/accelerator/bind", TARGET },
		{ CXV_STEP_WAIT_DRIVER, DEVICE "driver", "accelerator" },
		{ CXV_STEP_FORGET, "run/cxlvfio/" TARGET, "" },
	};
	struct cxv_bind_facts facts = bound_facts();
	struct cxv_plan plan;

	(void)state;
	remember(&facts, "accelerator", "");
	plan_unbind(&facts, &plan);
	assert_steps(&plan, 0, expected, ARRAY_SIZE(expected));

	/* Killed after each step: the next run does the rest. */
	facts.now.driver[0] = '\0';
	plan_unbind(&facts, &plan);
	assert_steps(&plan, 0, &expected[1], ARRAY_SIZE(expected) - 1);
	facts.now.driver_override[0] = '\0';
	plan_unbind(&facts, &plan);
	assert_steps(&plan, 0, no_override, ARRAY_SIZE(no_override));
	strcpy(facts.now.driver, "accelerator");
	plan_unbind(&facts, &plan);
	assert_steps(&plan, 0, &expected[5], 1);
	facts.remembered = false;
	plan_unbind(&facts, &plan);
	assert_true(cxv_plan_already(&plan));
}

static void unbind_to_none(void **state)
{
	static const struct expected_step expected[] = {
		{ CXV_STEP_UNBIND_DRIVER, OURS_UNBIND, TARGET },
		{ CXV_STEP_FLUSH, FLUSH, "1" },
		{ CXV_STEP_SET_OVERRIDE, DEVICE "driver_override", "" },
	};
	struct cxv_bind_facts facts = bound_facts();
	struct cxv_plan plan;

	(void)state;
	plan_unbind(&facts, &plan);
	assert_steps(&plan, 0, expected, ARRAY_SIZE(expected));
	/* A record that names the driver itself brings back neither it nor its override. */
	remember(&facts, OURS, OURS);
	plan_unbind(&facts, &plan);
	assert_int_equal(plan.count, ARRAY_SIZE(expected) + 1);
	assert_int_equal(plan.steps[--plan.count].kind, CXV_STEP_FORGET);
	assert_steps(&plan, 0, expected, ARRAY_SIZE(expected));
}

static void unbind_after_a_bind_killed_early(void **state)
{
	struct cxv_bind_facts facts = good_facts();
	struct cxv_plan plan;

	(void)state;
	/* Between the override and the old driver's unbind. */
	strcpy(facts.now.driver, "accelerator");
	strcpy(facts.now.driver_override, OURS);
	remember(&facts, "accelerator", "");
	plan_unbind(&facts, &plan);
	assert_int_equal(plan.count, 2);
	assert_int_equal(plan.steps[0].kind, CXV_STEP_SET_OVERRIDE);
	assert_string_equal(plan.steps[0].value, "");
	assert_int_equal(plan.steps[1].kind, CXV_STEP_FORGET);
}

static void unbind_of_an_unbound_one_changes_nothing(void **state)
{
	struct cxv_bind_facts facts = good_facts();
	struct cxv_plan plan;

	(void)state;
	plan_unbind(&facts, &plan);
	assert_true(cxv_plan_already(&plan));
	strcpy(facts.now.driver, "vfio-pci");
	strcpy(facts.now.driver_override, "vfio-pci");
	plan_unbind(&facts, &plan);
	assert_true(cxv_plan_already(&plan));
}

/* While a driver has the endpoint it may be the driver's. */
static void unbind_deletes_what_a_bind_left(void **state)
{
	static const struct expected_step expected[] = {
		{ CXV_STEP_FLUSH, FLUSH, "1" },
		{ CXV_STEP_DELETE_REGION, "sys/bus/cxl/devices/decoder0.0/delete_region",
		  "region0" },
	};
	struct cxv_bind_facts facts = good_facts();
	struct cxv_plan plan;

	(void)state;
	strcpy(facts.left_region, "region0");
	strcpy(facts.left_window, "decoder0.0");
	plan_unbind(&facts, &plan);
	assert_steps(&plan, 0, expected, ARRAY_SIZE(expected));
	strcpy(facts.now.driver, "accelerator");
	plan_unbind(&facts, &plan);
	assert_true(cxv_plan_already(&plan));
}

static void unbind_refuses_an_open_device(void **state)
{
	struct cxv_opener one = opener(4242, "qemu-system-x86", "/dev/vfio/6");
	struct cxv_bind_facts facts = bound_facts();
	struct cxv_errors errors = { 0 };
	struct cxv_plan plan;

	(void)state;
	facts.openers = (struct cxv_openers) { &one, 1 };
	assert_int_equal(cxv_plan_unbind(&facts, &errors, &plan), -EBUSY);
	assert_int_equal(errors.errors[0].code, CXV_DEVICE_BUSY);
	assert_string_equal(errors.errors[0].operation, "unbind");
	assert_non_null(strstr(errors.errors[0].text, "process 4242 (qemu-system-x86)"));
	cxv_errors_clear(&errors);
}

/* The longest names there can be still make whole paths, and the longest plan still fits. */
static const struct cxv_bind_wishes choosing = {
	.load_module = true, .offer.words = { "bar", "none" },
};
static const struct cxv_bind_wishes region = { .offer.words = { "region", "2" } };

#define PARAMETERS	"sys/module/cxl_vfio_pci/parameters/"
#define PARAMETER_NOTE	"run/cxlvfio/parameters"

/* The parameters are another's again as soon as the driver has the endpoint. */
static void bind_with_an_offer(void **state)
{
	static const struct expected_step expected[] = {
		{ CXV_STEP_NOTE_PARAMETERS, PARAMETER_NOTE, "" },
		{ CXV_STEP_REMEMBER, "run/cxlvfio/" TARGET, "accelerator" },
		{ CXV_STEP_SET_OVERRIDE, DEVICE "driver_override", OURS },
		{ CXV_STEP_UNBIND_DRIVER, "sys/bus/pci/drivers/accelerator/unbind", TARGET },
		{ CXV_STEP_FLUSH, FLUSH, "1" },
		{ CXV_STEP_SET_PARAMETER, PARAMETERS "view", "bar" },
		{ CXV_STEP_SET_PARAMETER, PARAMETERS "interface", "none" },
		{ CXV_STEP_PROBE, "sys/bus/pci/drivers_probe", TARGET },
		{ CXV_STEP_WAIT_DRIVER, DEVICE "driver", OURS },
		{ CXV_STEP_RESTORE_PARAMETERS, PARAMETER_NOTE, "" },
		{ CXV_STEP_CHECK_OFFER, DEVICE "cxl_vfio/view", "bar" },
		{ CXV_STEP_CHECK_OFFER, DEVICE "cxl_vfio/interface", "none" },
		{ CXV_STEP_WAIT_NODE, "dev/vfio/6", "" },
		{ CXV_STEP_READ_STATE, DEVICE "cxl_vfio/state", "" },
	};
	static const struct expected_step undone[] = {
		{ CXV_STEP_RESTORE_PARAMETERS, PARAMETER_NOTE, "" },
		{ CXV_STEP_UNBIND_DRIVER, OURS_UNBIND, TARGET },
		{ CXV_STEP_FLUSH, FLUSH, "1" },
		{ CXV_STEP_SET_OVERRIDE, DEVICE "driver_override", "" },
		{ CXV_STEP_BIND_DRIVER, "sys/bus/pci/drivers/accelerator/bind", TARGET },
		{ CXV_STEP_WAIT_DRIVER, DEVICE "driver", "accelerator" },
		{ CXV_STEP_FORGET, "run/cxlvfio/" TARGET, "" },
	};
	struct cxv_bind_facts facts = good_facts();
	struct cxv_errors errors = { 0 };
	struct cxv_plan plan, copy;
	size_t restore, first;

	facts.module = CXV_MODULE_LOADED;
	strcpy(facts.now.driver, "accelerator");
	assert_int_equal(cxv_plan_bind(&facts, &choosing, &errors, &plan), 0);
	assert_steps(&plan, 0, expected, ARRAY_SIZE(expected));
	restore = find_step(&plan, CXV_STEP_RESTORE_PARAMETERS);
	copy = plan;
	first = cxv_plan_rollback(&copy, restore, false);
	assert_steps(&copy, first, undone, ARRAY_SIZE(undone));
	/* Of a device that is gone as well: others are to come. */
	copy = plan;
	first = cxv_plan_rollback(&copy, restore - 1, true);
	assert_int_equal(copy.count - first, 2);
	assert_int_equal(copy.steps[first].kind, CXV_STEP_RESTORE_PARAMETERS);
	assert_int_equal(copy.steps[first + 1].kind, CXV_STEP_FORGET);
	/* What was put back is not put back again. */
	plan.steps[restore].result = CXV_STEP_DONE;
	first = cxv_plan_rollback(&plan, restore + 1, false);
	assert_steps(&plan, first, &undone[1], ARRAY_SIZE(undone) - 1);
}

/* A driver that is loaded would have what is marked for it before it is told what to offer. */
static void bind_with_an_offer_holds_what_is_marked(void **state)
{
	struct cxv_bind_facts facts = good_facts();
	struct cxv_errors errors = { 0 };
	struct cxv_plan plan;

	strcpy(facts.now.driver_override, OURS);
	assert_int_equal(cxv_plan_bind(&facts, &choosing, &errors, &plan), 0);
	assert_int_equal(plan.steps[0].kind, CXV_STEP_SET_OVERRIDE);
	assert_string_equal(plan.steps[0].value, CXV_HELD_OVERRIDE);
	assert_int_equal(plan.steps[1].kind, CXV_STEP_LOAD_MODULE);
	assert_int_equal(plan.steps[2].kind, CXV_STEP_NOTE_PARAMETERS);
	assert_int_equal(cxv_plan_bind(&facts, &loading, &errors, &plan), 0);
	assert_int_equal(plan.steps[0].kind, CXV_STEP_LOAD_MODULE);
	/* That mark is ours, too: an unbind leaves none. */
	strcpy(facts.now.driver_override, CXV_HELD_OVERRIDE);
	facts.module = CXV_MODULE_LOADED;
	assert_int_equal(cxv_plan_unbind(&facts, &errors, &plan), 0);
	assert_int_equal(plan.steps[0].kind, CXV_STEP_SET_OVERRIDE);
	assert_string_equal(plan.steps[0].value, "");
}

static const char *const views[] = { "region", "bar", "both" };
static const char *const interfaces[] = { "current", "2", "none" };

/* From every pair to every other one, the driver never has one that it does not take. */
static void offer_is_good_in_between(void **state)
{
	for (size_t i = 0; i < 81; i++) {
		struct cxv_bind_facts facts = bound_facts();
		struct cxv_bind_wishes wishes = { 0 };
		struct cxv_errors errors = { 0 };
		struct cxv_plan plan;

		strcpy(facts.offer.words[CXV_OFFER_VIEW], views[i % 3]);
		strcpy(facts.offer.words[CXV_OFFER_INTERFACE], interfaces[i / 3 % 3]);
		strcpy(wishes.offer.words[CXV_OFFER_VIEW], views[i / 9 % 3]);
		strcpy(wishes.offer.words[CXV_OFFER_INTERFACE], interfaces[i / 27]);
		if (cxv_offer_problem(&facts.offer) || cxv_offer_problem(&wishes.offer))
			continue;
		assert_int_equal(cxv_plan_bind(&facts, &wishes, &errors, &plan), 0);
		for (size_t j = 0; j < plan.count; j++) {
			const struct cxv_step *step = &plan.steps[j];

			if (step->kind != CXV_STEP_SET_ATTRIBUTE)
				continue;
			cxv_offer_set(&facts.offer, cxv_offer_part_of(strrchr(step->path, '/') + 1),
				      step->value);
			assert_null(cxv_offer_problem(&facts.offer));
		}
		assert_true(cxv_offer_is_met(&wishes.offer, &facts.offer));
	}
}

static void offer_of_a_bound_one(void **state)
{
	static const struct expected_step expected[] = {
		{ CXV_STEP_SET_ATTRIBUTE, DEVICE "cxl_vfio/view", "both" },
		{ CXV_STEP_SET_ATTRIBUTE, DEVICE "cxl_vfio/interface", "2" },
		{ CXV_STEP_SET_ATTRIBUTE, DEVICE "cxl_vfio/view", "region" },
		{ CXV_STEP_CHECK_OFFER, DEVICE "cxl_vfio/view", "region" },
		{ CXV_STEP_CHECK_OFFER, DEVICE "cxl_vfio/interface", "2" },
	};
	static const struct expected_step undone[] = {
		{ CXV_STEP_SET_ATTRIBUTE, DEVICE "cxl_vfio/view", "both" },
		{ CXV_STEP_SET_ATTRIBUTE, DEVICE "cxl_vfio/interface", "none" },
		{ CXV_STEP_SET_ATTRIBUTE, DEVICE "cxl_vfio/view", "bar" },
	};
	struct cxv_bind_facts facts = bound_facts();
	struct cxv_errors errors = { 0 };
	struct cxv_plan plan;
	size_t first;

	facts.offer = choosing.offer;
	assert_int_equal(cxv_plan_bind(&facts, &choosing, &errors, &plan), 0);
	assert_true(cxv_plan_already(&plan));
	assert_int_equal(cxv_plan_bind(&facts, &region, &errors, &plan), 0);
	assert_false(cxv_plan_already(&plan));
	assert_int_equal(plan.steps[0].result, CXV_STEP_ALREADY);
	assert_int_equal(plan.count, 1 + ARRAY_SIZE(expected));
	for (size_t i = 0; i < ARRAY_SIZE(expected); i++) {
		assert_int_equal(plan.steps[i + 1].kind, expected[i].kind);
		assert_string_equal(plan.steps[i + 1].path, expected[i].path);
		assert_string_equal(plan.steps[i + 1].value, expected[i].value);
	}
	first = cxv_plan_rollback(&plan, 2, false);
	assert_steps(&plan, first, undone, ARRAY_SIZE(undone));
}

static void assert_offer_refused(struct cxv_bind_facts facts, enum cxv_code code, int error,
				 const char *words)
{
	struct cxv_errors errors = { 0 };
	struct cxv_plan plan;

	assert_int_equal(cxv_plan_bind(&facts, &choosing, &errors, &plan), -error);
	assert_int_equal(errors.errors[0].code, code);
	assert_non_null(strstr(errors.errors[0].text, words));
	assert_non_null(errors.errors[0].hint);
	assert_int_equal(plan.count, 0);
	cxv_errors_clear(&errors);
}

static void offers_that_are_refused(void **state)
{
	struct cxv_opener one = opener(4242, "qemu-system-x86", "/dev/vfio/6");
	struct cxv_bind_facts facts = bound_facts();
	struct cxv_errors errors = { 0 };
	struct cxv_plan plan;

	facts.offer = region.offer;
	facts.without_bar = true;
	assert_offer_refused(facts, CXV_UNSUPPORTED, EOPNOTSUPP, "leaves no pair of BARs");
	assert_int_equal(cxv_plan_bind(&facts, &region, &errors, &plan), 0);
	facts.without_bar = false;
	facts.openers = (struct cxv_openers) { &one, 1 };
	assert_offer_refused(facts, CXV_DEVICE_BUSY, EBUSY, "process 4242 (qemu-system-x86)");
	/* What it offers already is no change, and nobody's harm. */
	assert_int_equal(cxv_plan_bind(&facts, &region, &errors, &plan), 0);
	assert_int_equal(cxv_plan_bind(&facts, &loading, &errors, &plan), 0);
	facts.without_views = true;
	assert_offer_refused(facts, CXV_UNSUPPORTED, EOPNOTSUPP, "too old");
	assert_int_equal(cxv_plan_bind(&facts, &loading, &errors, &plan), 0);
	facts = good_facts();
	facts.module = CXV_MODULE_LOADED;
	facts.without_views = true;
	assert_offer_refused(facts, CXV_UNSUPPORTED, EOPNOTSUPP, "too old");
}

static void plans_have_room(void **state)
{
	struct cxv_bind_facts facts = good_facts();
	struct cxv_errors errors = { 0 };
	struct cxv_plan plan;
	const char *end;

	(void)state;
	memset(facts.now.driver, 'd', sizeof(facts.now.driver) - 1);
	strcpy(facts.now.driver_override, OURS);
	assert_int_equal(cxv_plan_bind(&facts, &choosing, &errors, &plan), 0);
	end = strrchr(plan.steps[find_step(&plan, CXV_STEP_UNBIND_DRIVER)].path, '/');
	assert_string_equal(end, "/unbind");
	cxv_plan_rollback(&plan, plan.count - 1, false);
	assert_true(plan.count <= CXV_STEP_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bind_from_nothing),
		cmocka_unit_test(bind_from_another_driver),
		cmocka_unit_test(bind_of_a_bound_one_changes_nothing),
		cmocka_unit_test(bind_goes_on_after_a_killed_one),
		cmocka_unit_test(bind_refuses_what_the_driver_would),
		cmocka_unit_test(bind_refuses_without_iommu),
		cmocka_unit_test(bind_refuses_a_direct_mapping),
		cmocka_unit_test(bind_refuses_a_shared_group),
		cmocka_unit_test(bind_refusal_names_what_fits),
		cmocka_unit_test(bind_refuses_an_open_device),
		cmocka_unit_test(bind_refuses_memory_in_use),
		cmocka_unit_test(bind_refuses_without_a_module),
		cmocka_unit_test(refusals_have_their_exit_status),
		cmocka_unit_test(rollback_undoes_what_was_tried),
		cmocka_unit_test(force_binds_what_may_work_later),
		cmocka_unit_test(force_changes_nothing_else),
		cmocka_unit_test(bind_needs_no_force_for_those_bound_with_it),
		cmocka_unit_test(rollback_restores_the_override),
		cmocka_unit_test(rollback_of_a_lost_device_forgets),
		cmocka_unit_test(unbind_to_the_driver_before),
		cmocka_unit_test(unbind_to_none),
		cmocka_unit_test(unbind_after_a_bind_killed_early),
		cmocka_unit_test(unbind_of_an_unbound_one_changes_nothing),
		cmocka_unit_test(unbind_deletes_what_a_bind_left),
		cmocka_unit_test(unbind_refuses_an_open_device),
		cmocka_unit_test(bind_with_an_offer),
		cmocka_unit_test(bind_with_an_offer_holds_what_is_marked),
		cmocka_unit_test(offer_is_good_in_between),
		cmocka_unit_test(offer_of_a_bound_one),
		cmocka_unit_test(offers_that_are_refused),
		cmocka_unit_test(plans_have_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
