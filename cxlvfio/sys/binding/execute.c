// SPDX-License-Identifier: GPL-2.0-or-later
#include "sys/binding/execute.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/base/pci_address.h"
#include "core/base/util.h"
#include "cxl_vfio.h"
#include "sys/base/rights.h"
#include "sys/base/udev.h"
#include "sys/binding/steps.h"

/* Taking back must end too, whatever little time the user gave the way forth. */
#define UNDO_MS		10000

static bool is_gone(const struct cxv_step_run *run)
{
	return !cxv_host_exists(run->execution->host, CXV_PCI_DEVICES "/%s",
				run->plan->target);
}

static enum cxv_code code_of(const struct cxv_step_run *run, int error)
{
	if (is_gone(run))
		return CXV_DEVICE_LOST;
	switch (error) {
	case -ECONNREFUSED:
		return CXV_BIND_REFUSED;
	case -ECANCELED:
	case -ENOPKG:
		return CXV_NO_MODULE;
	case -EBUSY:
		return CXV_DEVICE_BUSY;
	case -ETIMEDOUT:
		return CXV_TIMEOUT;
	case -ENODEV:
	case -ENXIO:
		return CXV_FAILED;	/* the device is there: a driver said so */
	default:
		return cxv_code_of_errno(error);
	}
}

#define IMPORT_KEY								\
	"this kernel loads only modules signed with a trusted key. Enrol DKMS's key: "		\
	"mokutil --import /var/lib/dkms/mok.pub, then reboot"

static const char *hint_of_module(int error)
{
	if (error == -ECANCELED)
		return "modprobe.d(5) has an install command, which cxlvfio does not run: load "
		       "the module with modprobe, then use --no-modprobe";
	if ((error == -EACCES || error == -EPERM) && geteuid())
		return "run it as root";
	/* module_sig_check(): EKEYREJECTED by sig_enforce, EPERM by lockdown, as Secure Boot. */
	if (error == -EKEYREJECTED)
		return IMPORT_KEY;
	if (error == -EPERM)
		return IMPORT_KEY "; in a container, have the host load it";
	return "dmesg says why; dkms rebuilds a module that is built for another kernel";
}

static const char *hint_of_unbind(int error)
{
	if (error == -EBUSY)
		return "somebody has it open, perhaps where /proc does not show it: end that "
		       "program (fuser -v /dev/vfio/*)";
	if (error == -ETIMEDOUT)
		return "the kernel still waits for its last user: see dmesg";
	return "see dmesg";
}

/* The CXL core has one queue for all memdevs, so another one may be what it waits for. */
static const char *hint_of_flush(int error)
{
	if (error == -ETIMEDOUT)
		return "the CXL core is blocked, usually by a program that still has a CXL "
		       "endpoint open through VFIO (see dmesg): end it, then run this again";
	return "see dmesg";
}

static const char *hint_of_wait(const struct cxv_step_run *run, int error)
{
	if (error == -ENOPKG)
		return "somebody removed its module meanwhile: run this again";
	if (error != -ETIMEDOUT)
		return "see dmesg";
	if (run->log < 0)
		return "the kernel log could not be read: see dmesg";
	return "it may be waiting for another driver (is cxl_acpi loaded?): see "
	       "/sys/kernel/debug/devices_deferred, or give it more time with --wait";
}

static const char *hint_of_offer(int error)
{
	switch (error) {
	case -EBUSY:
		return "somebody has it open, perhaps where /proc does not show it: end that "
		       "program (fuser -v /dev/vfio/*)";
	case -EINVAL:
		return "view region does not go with interface none, nor bar with 2: choose both, "
		       "--view and --interface";
	case -EOPNOTSUPP:
		return "--view region with --interface current goes with every function: see "
		       "cxlvfio-bind(1), and dmesg for the driver's reason";
	default:
		return "see dmesg";
	}
}

static const char *hint_of(const struct cxv_step_run *run, const struct cxv_step *step, int error)
{
	if (error == -EINTR)
		return NULL;
	if (step->kind == CXV_STEP_LOAD_MODULE)
		return hint_of_module(error);
	if (cxv_rights_hint(run->execution->host, error))
		return cxv_rights_hint(run->execution->host, error);
	switch (step->kind) {
	case CXV_STEP_NOTE_PARAMETERS:
		return error == -EOPNOTSUPP ? "the driver is too old for --view and --interface: "
		       "install that of this release, or leave them out" : "see dmesg";
	case CXV_STEP_SET_PARAMETER:
	case CXV_STEP_SET_ATTRIBUTE:
	case CXV_STEP_CHECK_OFFER:
		return hint_of_offer(error);
	case CXV_STEP_UNBIND_DRIVER:
		return hint_of_unbind(error);
	case CXV_STEP_FLUSH:
		return hint_of_flush(error);
	case CXV_STEP_BIND_DRIVER:
		return error == -ENOENT ? "it is no longer loaded: load it, then run this again" :
					  "see dmesg";
	case CXV_STEP_WAIT_DRIVER:
		return hint_of_wait(run, error);
	case CXV_STEP_WAIT_NODE:
		return "does udev or devtmpfs make device nodes here? or give it more time: --wait";
	default:
		return error == -ETIMEDOUT ? "see dmesg, or give it more time with --wait" :
					     "see dmesg";
	}
}

/* The sentence: the driver's own words where it said some. */
static void describe(const struct cxv_step_run *run, const struct cxv_step *step, int error,
		     char *text, size_t size)
{
	const char *what = cxv_step_problem(step->kind), *reason = run->verdict.reason;
	/* The number that the flush is asked with tells nobody anything. */
	const char *value = step->kind == CXV_STEP_FLUSH ? "" : step->value;

	if (is_gone(run))
		snprintf(text, size, "the device is gone: %s", what);
	else if (error == -EINTR)
		snprintf(text, size, "interrupted: %s", what);
	else if (error == -ECONNREFUSED)
		snprintf(text, size, "driver %s refused it: %s", step->value,
			 reason[0] ? reason : "it gave no reason");
	else if (error == -ENOPKG && step->kind == CXV_STEP_WAIT_DRIVER)
		snprintf(text, size, "driver %s is no longer loaded", step->value);
	else if (error == -EEXIST && step->kind == CXV_STEP_WAIT_DRIVER)
		snprintf(text, size, "a driver other than %s took it", step->value);
	else
		snprintf(text, size, "%s%s%s%s%s%s", what, value[0] ? " (" : "", value,
			 value[0] ? ")" : "", reason[0] ? ": " : "", reason);
}

static void say(const struct cxv_step_run *run, const struct cxv_step *step, int error,
		const char *outcome)
{
	char path[CXV_STEP_PATH_SIZE + 1], text[768];
	struct cxv_place place = {
		.operation = run->execution->operation,
		.target = run->plan->target,
		.path = path,
		.hint = hint_of(run, step, error),
	};
	enum cxv_code code = code_of(run, error);

	snprintf(path, sizeof(path), "/%s", step->path);
	describe(run, step, error, text, sizeof(text));
	/* A refusal's errno is the driver's, where the kernel told it. */
	if (error == -ECONNREFUSED)
		error = run->verdict.error;
	if (step->undo)
		cxv_warning(run->execution->errors, code, error, place, "taking back: %s", text);
	else
		cxv_error(run->execution->errors, code, error, place, "%s%s", text, outcome);
}

/* What the kernel says of a step that failed. The wait for a driver has read on already. */
static void read_log(struct cxv_step_run *run, const struct cxv_step *step)
{
	struct cxv_kernel_speaker speaker = { .target = run->plan->target };

	switch (step->kind) {
	case CXV_STEP_LOAD_MODULE:
		speaker.modules = run->plan->modules;
		break;
	case CXV_STEP_SET_OVERRIDE:
	case CXV_STEP_UNBIND_DRIVER:
	case CXV_STEP_PROBE:
	case CXV_STEP_BIND_DRIVER:
		break;
	default:
		return;
	}
	memset(&run->verdict, 0, sizeof(run->verdict));
	cxv_kernel_log_read(run->log, &speaker, &run->verdict);
}

static int run_step(struct cxv_step_run *run, struct cxv_step *step)
{
	int ret;

	run->deadline = cxv_deadline_after(step->undo ? UNDO_MS : run->execution->step_ms);
	run->deadline.steadfast = step->undo;
	ret = cxv_step_run(run, step);
	if (ret < 0) {
		step->result = CXV_STEP_FAILED;
		step->error = -ret;
		read_log(run, step);
		return ret;
	}
	step->result = ret ? CXV_STEP_ALREADY : CXV_STEP_DONE;
	return 0;
}

/* Also if it timed out: the kernel may still bind it. Skipped or failed: none to wait for. */
static bool is_given(const struct cxv_plan *plan, const struct cxv_step *wait)
{
	const struct cxv_step *giver = &plan->steps[wait->giver];

	if (giver->result == CXV_STEP_PLANNED)
		return false;
	return giver->result != CXV_STEP_FAILED || giver->error == ETIMEDOUT;
}

/* Undo every step, unless the device is gone. The record is kept unless all of it worked. */
static const char *take_back(struct cxv_step_run *run, size_t failed)
{
	const bool gone = is_gone(run);
	size_t first = cxv_plan_rollback(run->plan, failed, gone);
	bool worked = true, settled = true;

	for (size_t i = first; i < run->plan->count; i++) {
		struct cxv_step *step = &run->plan->steps[i];
		int ret;

		/* What a child still changes is for the next run to put back. */
		if (step->kind == CXV_STEP_FORGET && (!worked || (run->left_behind && !gone)))
			continue;
		/* The CXL core would release that driver, too. */
		if (step->kind == CXV_STEP_BIND_DRIVER && !settled)
			continue;
		if (step->kind == CXV_STEP_WAIT_DRIVER && !is_given(run->plan, step))
			continue;
		ret = run_step(run, step);
		if (step->kind == CXV_STEP_FLUSH)
			settled = ret >= 0;
		if (ret < 0)
			say(run, step, ret, "");
		worked = worked && !ret;
	}
	if (is_gone(run))
		return "";
	if (run->left_behind)
		return "; the kernel is still carrying it out: run unbind later to undo it";
	return worked ? "; everything was put back" : "; not everything could be put back";
}

static int run_plan(struct cxv_step_run *run)
{
	const size_t count = run->plan->count;

	for (size_t i = 0; i < count; i++) {
		struct cxv_step *step = &run->plan->steps[i];
		int ret = step->result == CXV_STEP_ALREADY ? 0 : run_step(run, step);

		if (ret < 0) {
			struct cxv_step_run failure = *run;

			say(&failure, step, ret,
			    run->execution->roll_back ? take_back(run, i) : "");
			return ret;
		}
	}
	return 0;
}

int cxv_execute_plan(const struct cxv_execution *execution, struct cxv_plan *plan)
{
	struct cxv_step_run run = { .execution = execution, .plan = plan };
	sigset_t previous;
	int ret;

	if (cxv_plan_already(plan))
		return 0;
	cxv_hold_signals(&previous);
	/* Both before anything is changed, or what they wait for could be over. */
	run.log = cxv_kernel_log_open(execution->host);
	run.monitor = execution->host->fixture ? NULL : cxv_monitor_open(CXV_MONITOR_KERNEL);
	ret = run_plan(&run);
	cxv_monitor_close(run.monitor);
	if (run.log >= 0)
		close(run.log);
	cxv_release_signals(&previous);
	return ret;
}
