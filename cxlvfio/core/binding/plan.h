/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What bind and unbind will do to one endpoint, decided before anything is touched: facts go in, a
 * list of steps or a refusal comes out. --dry-run prints the list, a run executes the same list.
 */
#ifndef CXLVFIO_CORE_BINDING_PLAN_H
#define CXLVFIO_CORE_BINDING_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/errors.h"
#include "core/binding/offer.h"
#include "core/discovery/endpoint.h"

#define CXV_STEP_MAX		32
#define CXV_STEP_PATH_SIZE	320	/* "sys/bus/pci/drivers/", NAME_MAX, "/unbind" */
#define CXV_STEP_VALUE_SIZE	256

/*
 * While driver_override has this name, which no driver has, no driver binds to the endpoint. Ours
 * must not before the module's parameters say what it is to offer.
 */
#define CXV_HELD_OVERRIDE	"cxl-vfio-pci-held"

/*
 * Every kind of step: STEP(KIND, name, sentence, problem). JSON has the name, the function that
 * carries it out too (sys/binding/steps.c). The sentence is what --dry-run prints, a format of path
 * and value, and the problem what is said where it fails.
 */
#define CXV_STEPS(STEP)									\
	/* path: the module file, value: the module */					\
	STEP(LOAD_MODULE, load_module,							\
	     "load module %2$s and what it depends on: /%1$s",				\
	     "cannot load the module")							\
	/* path: the note, value: as they are: "view=both" */				\
	STEP(NOTE_PARAMETERS, note_parameters,						\
	     "note the module's parameters in /%1$s",					\
	     "cannot record the module's parameters")					\
	/* path: the record, value: the driver that had the endpoint */			\
	STEP(REMEMBER, remember, "remember its driver (%2$s) in /%1$s",			\
	     "cannot record what the endpoint was before")				\
	/* value: the driver, "" clears */						\
	STEP(SET_OVERRIDE, set_override, CXV_STEP_WRITE,				\
	     "cannot write driver_override")						\
	/* path: the driver's unbind file, value: the endpoint */			\
	STEP(UNBIND_DRIVER, unbind_driver, CXV_STEP_WRITE,				\
	     "cannot unbind it from its driver")					\
	/* path: the file of the CXL core's bus, value: what is written there */	\
	STEP(FLUSH, flush, "wait for the CXL core's work: " CXV_STEP_WRITE,		\
	     "the CXL core has not finished removing memdevs")				\
	/* path: the root decoder's file, value: the region */				\
	STEP(DELETE_REGION, delete_region, CXV_STEP_WRITE,				\
	     "cannot delete the region that a failed bind left")			\
	/* path: the module's parameter, value: what the driver offers */		\
	STEP(SET_PARAMETER, set_parameter, CXV_STEP_WRITE,				\
	     "cannot tell the driver what to offer")					\
	/* value: the endpoint */							\
	STEP(PROBE, probe, CXV_STEP_WRITE, "cannot ask the kernel to find its driver")	\
	/* path: the driver's bind file, value: the endpoint */				\
	STEP(BIND_DRIVER, bind_driver, CXV_STEP_WRITE,					\
	     "cannot bind it to its former driver")					\
	/* path: the driver link, value: the driver it must name */			\
	STEP(WAIT_DRIVER, wait_driver, "wait for driver %2$s: /%1$s",			\
	     "the driver did not bind to it")						\
	/* path: the note, which goes; value: as they are again */			\
	STEP(RESTORE_PARAMETERS, restore_parameters,					\
	     "put the module's parameters back, and remove /%1$s",			\
	     "cannot put the module's parameters back")					\
	/* path: the bound endpoint's attribute, value: what it offers */		\
	STEP(SET_ATTRIBUTE, set_attribute, CXV_STEP_WRITE,				\
	     "cannot change what it offers")						\
	/* path: the attribute, value: what it must say */				\
	STEP(CHECK_OFFER, check_offer, "check that /%1$s says \"%2$s\"",		\
	     "the driver does not offer what was asked for")				\
	/* path: the VFIO device node */						\
	STEP(WAIT_NODE, wait_node, "wait for the VFIO device node: /%1$s",		\
	     "it has no VFIO device node")						\
	/* path: the driver's verdict */						\
	STEP(READ_STATE, read_state, "read the driver's verdict from /%1$s",		\
	     "cannot read the driver's state")						\
	/* path: the record */								\
	STEP(FORGET, forget, "remove /%1$s",						\
	     "cannot remove the record of what the endpoint was before")

#define CXV_STEP_WRITE	"write \"%2$s\" to /%1$s"

#define CXV_STEP_KIND(KIND, name, sentence, problem)	CXV_STEP_##KIND,

enum cxv_step_kind { CXV_STEPS(CXV_STEP_KIND) };

enum cxv_step_result {
	CXV_STEP_PLANNED,
	CXV_STEP_DONE,
	CXV_STEP_ALREADY,	/* nothing had to be done */
	CXV_STEP_FAILED,
	CXV_STEP_RESULT_COUNT
};

struct cxv_step {
	enum cxv_step_kind kind;
	char path[CXV_STEP_PATH_SIZE];		/* relative to the root of the file system */
	char value[CXV_STEP_VALUE_SIZE];	/* "" where there is none */
	enum cxv_step_result result;
	int error;				/* positive errno value of a failed step */
	bool undo;				/* takes back what an earlier step did */
	size_t giver;				/* WAIT_DRIVER: the step that gives the driver it */
};

/* An endpoint as its driver was before the first change; what unbind and a rollback go back to. */
struct cxv_binding {
	char driver[CXV_STEP_VALUE_SIZE];		/* "": none */
	char driver_override[CXV_STEP_VALUE_SIZE];	/* "": none */
};

struct cxv_plan {
	char target[16];		/* "0000:0d:00.0" */
	struct cxv_binding before;
	char modules[CXV_STEP_VALUE_SIZE];	/* what loading ours inserts: "vfio cxl_vfio_pci" */
	/* As it was: the bound endpoint's, or the module's parameters once they are noted. */
	struct cxv_offer offer_before;
	struct cxv_offer offer_after;	/* what a bound endpoint is to offer */
	struct cxv_step steps[CXV_STEP_MAX];
	size_t count;
};

/* Another function in the endpoint's IOMMU group. */
struct cxv_group_member {
	char target[16];
	char driver[CXV_STEP_VALUE_SIZE];	/* "": none */
	bool selected;			/* the same command binds it too */
};

/* Something else that owns addresses of the HDM window. */
struct cxv_window_user {
	uint64_t first;			/* host physical address */
	uint64_t last;			/* inclusive */
	char name[64];			/* as in /proc/iomem: "System RAM" */
};

enum cxv_module_presence {
	CXV_MODULE_LOADED,
	CXV_MODULE_AVAILABLE,		/* installed for the running kernel */
	CXV_MODULE_MISSING,
	CXV_MODULE_OTHER_KERNEL,	/* a file is there, built for another kernel */
};

/*
 * What the decision on a Type-2 endpoint rests on, read just before it. The arrays are owned:
 * cxv_bind_facts_clear().
 */
struct cxv_bind_facts {
	char target[16];
	enum cxv_state state;
	char state_reason[128];		/* "": none */
	struct cxv_binding now;
	char iommu_group[16];		/* "": none */
	struct cxv_group_member *members;	/* the others of the group */
	size_t member_count;
	struct cxv_openers openers;	/* who has it, or its IOMMU group, open */
	struct cxv_window_user *window_users;
	size_t window_user_count;
	char direct_range[48];	/* which firmware wants mapped 1:1; "": none */
	enum cxv_module_presence module;
	char module_path[CXV_STEP_PATH_SIZE];	/* "" unless a file is there */
	char missing_modules[CXV_STEP_VALUE_SIZE];	/* to load for it, in this order: "a b" */
	bool without_views;		/* the driver is loaded, and too old to have any */
	struct cxv_offer offer;		/* of an endpoint that is bound */
	bool without_bar;		/* it is bound, and has no free pair of BARs */
	char kernel[65];		/* the running kernel's release */
	char identity[64];		/* of the device, whatever its address: "10de:2e12:1000" */
	char left_region[64];		/* of a bind that failed; "": none */
	char left_window[64];		/* the root decoder that it is in */
	bool remembered;		/* a bind of this very device left its record */
	bool record_damaged;
	struct cxv_binding record;
};

void cxv_bind_facts_clear(struct cxv_bind_facts *facts);

struct cxv_bind_wishes {
	bool load_module;
	bool force;		/* although its group is in use, or its registers forbid it */
	struct cxv_offer offer;	/* what it is to offer; what is not said is left as it is */
};

/*
 * The steps that hand the endpoint to the driver, or a refusal kept in ERRORS. 0 or -errno. An
 * endpoint that is bound already gives a plan whose first step has the result "already".
 */
int cxv_plan_bind(const struct cxv_bind_facts *facts, const struct cxv_bind_wishes *wishes,
		  struct cxv_errors *errors, struct cxv_plan *plan);
/* The same back to what the endpoint was before. */
int cxv_plan_unbind(const struct cxv_bind_facts *facts, struct cxv_errors *errors,
		    struct cxv_plan *plan);
/*
 * Append to PLAN what takes back a bind whose step FAILED did not work out. A failed step may have
 * had its effect all the same, so it is taken back too. Of a device that is GONE only the record is
 * left. Returns the index of the first such step.
 */
size_t cxv_plan_rollback(struct cxv_plan *plan, size_t failed, bool gone);

/* True where the endpoint is as it should be. */
bool cxv_plan_already(const struct cxv_plan *plan);

/* Does driver_override name our driver, or keep the endpoint for it? */
bool cxv_is_mark(const char *driver_override);
/* "set_override" */
const char *cxv_step_name(enum cxv_step_kind kind);
/* A format of path and value: "write \"%2$s\" to /%1$s" */
const char *cxv_step_sentence(enum cxv_step_kind kind);
/* "cannot write driver_override" */
const char *cxv_step_problem(enum cxv_step_kind kind);
/* "done" */
const char *cxv_step_result_name(enum cxv_step_result result);

#endif
