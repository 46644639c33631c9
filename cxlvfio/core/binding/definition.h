/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A definition: which device is to have which driver, kept in a file for every boot to come. What a
 * file says, which devices of this machine it matches, and where two of them disagree.
 */
#ifndef CXLVFIO_CORE_BINDING_DEFINITION_H
#define CXLVFIO_CORE_BINDING_DEFINITION_H

#include "core/base/value.h"
#include "core/binding/plan.h"
#include "core/discovery/endpoint.h"
#include "core/discovery/finding_list.h"

#define CXV_DEFINITION_SUFFIX	".conf"
#define CXV_DEFINITION_SIZE_MAX	4096	/* bytes of a file */
#define CXV_DEFINITION_NAME_MAX	96	/* of a file's name, with its suffix */

/* Of a PCI address: which driver driverctl(8) gives it to at every boot. */
#define CXV_DRIVERCTL_FILE	"etc/driverctl.d/pci-%s"

/* Where a file is; the first one of a name wins. */
enum cxv_definition_source {
	CXV_DEFINITION_ETC,
	CXV_DEFINITION_RUN,
	CXV_DEFINITION_VENDOR,
	CXV_DEFINITION_SOURCES
};

enum cxv_definition_state {
	CXV_DEFINITION_ABSENT,		/* no device of this machine matches */
	CXV_DEFINITION_BOUND,		/* every device that matches is as it says */
	CXV_DEFINITION_NOT_BOUND,
	CXV_DEFINITION_MASKED,		/* says nothing, and hides the vendor's file of its name */
	CXV_DEFINITION_CONFLICTING,	/* somebody wants another driver for such a device */
	CXV_DEFINITION_INVALID,		/* cannot be read, or is not understood */
	CXV_DEFINITION_UNKNOWN,		/* a device's serial number cannot be read */
	CXV_DEFINITION_STATES
};

struct cxv_definition {
	struct cxv_text name;		/* of the file: "1e98-e2e2-1000.conf" */
	struct cxv_text file;		/* its path */
	struct cxv_text hides;		/* a file of the same name that it takes the place of */
	enum cxv_definition_source source;
	bool masked;
	/* --- what it says --- */
	struct cxv_number vendor, device, serial;
	struct cxv_text address, driver;
	struct cxv_text view, interface;	/* to be offered; none: the driver decides */
	struct cxv_number automatic;	/* at boot, and by "apply" without targets */
	/* --- why it says nothing --- */
	struct cxv_text problem;	/* one sentence without a full stop */
	struct cxv_number line;		/* of the file */
	/* --- cxv_definitions_decide() --- */
	enum cxv_definition_state state;
	struct cxv_names present_at;	/* PCI addresses */
	struct cxv_findings findings;
	/* --- cxv_definitions_look_for_drivers(), before that --- */
	bool no_driver;			/* neither PCI nor this kernel's modules have its driver */
};

/* The id of the finding that the driver is unknown. All others name who else wants the device. */
#define CXV_DEFINITION_NO_DRIVER	"unknown_driver"

/* Of such a driver: for printf(), with its name, and what to do. */
#define CXV_NO_SUCH_DRIVER	"there is no driver %s: neither in /sys/bus/pci/drivers nor a " \
				"module of this kernel"
#define CXV_MEND_DRIVER		"correct the name, or install the driver: until then a " \
				"device that it matches is left alone at boot"

extern const struct cxv_fields cxv_definition_fields;

/* In the order of their names, each name once. */
struct cxv_definitions {
	struct cxv_definition *items;
	size_t count;
};

/* What add and remove do to a file. */
enum cxv_definition_change_kind {
	CXV_DEFINITION_WRITE,
	CXV_DEFINITION_REMOVE,
	CXV_DEFINITION_MASK,
};

struct cxv_definition_change {
	char *target;		/* the device's address, or the name that was given */
	char *path;		/* of the file */
	char *text;		/* that is written, or NULL */
	enum cxv_definition_change_kind kind;
	enum cxv_step_result result;
	int error;		/* positive errno of a failed one */
};

void cxv_definition_change_clear(struct cxv_definition_change *change);
/* "write_definition" */
const char *cxv_definition_change_name(enum cxv_definition_change_kind kind);

void cxv_definition_clear(struct cxv_definition *definition);
void cxv_definitions_clear(struct cxv_definitions *definitions);
/* "not_bound" */
const char *cxv_definition_state_name(enum cxv_definition_state state);
/* "etc" */
const char *cxv_definition_source_name(enum cxv_definition_source source);
/* A name that "add" would give, or a user may: no other is taken for a file's. */
bool cxv_definition_is_name(const char *name);

/*
 * core/binding/definition_file.c: what SIZE bytes of a file say; no bytes at all mask. What is not
 * understood is told by "problem" and "line", and the rest is empty then. 0 or -ENOMEM.
 */
int cxv_definition_parse(const char *text, size_t size, struct cxv_definition *definition);
/* Make the DEFINITION invalid. 0 or -ENOMEM. */
int cxv_definition_set_problem(struct cxv_definition *definition, unsigned int line,
			       const char *format, ...) _printf_(3, 4);
/* The file that says what DEFINITION says. NULL: out of memory. */
char *cxv_definition_format(const struct cxv_definition *definition);

/* What it says of that. */
struct cxv_offer cxv_definition_offer(const struct cxv_definition *definition);
/* 0 or -ENOMEM. */
int cxv_definition_set_offer(struct cxv_definition *definition, const struct cxv_offer *offer);

/*
 * The definition that ENDPOINT is to have: by its serial number, and by its address too where
 * BY_ADDRESS. -ENODATA: it has no serial number, and BY_ADDRESS is not set; another -errno: its
 * identity cannot be read. Clear it.
 */
int cxv_definition_of(const struct cxv_endpoint *endpoint, const char *driver, bool automatic,
		      bool by_address, struct cxv_definition *definition);
/*
 * Another device of the same identity has the name: one with the address, of a definition that has
 * a serial number and an address. 0 or -ENOMEM.
 */
int cxv_definition_name_by_address(struct cxv_definition *definition);

/* 1: ENDPOINT matches; 0: it does not; -errno: its identity is not readable. */
int cxv_definition_matches(const struct cxv_definition *definition,
			   const struct cxv_endpoint *endpoint);
/* The one whose file is called NAME, or NULL. */
struct cxv_definition *cxv_definitions_named(const struct cxv_definitions *definitions,
					     const char *name);
/*
 * The definition that matches ENDPOINT, an automatic one first; NULL without one. *RIVAL is another
 * one that matches it too and names another driver, or NULL.
 */
const struct cxv_definition *cxv_definitions_find(const struct cxv_definitions *definitions,
						  const struct cxv_endpoint *endpoint,
						  const struct cxv_definition **rival);
/*
 * Fill in what the machine makes of them. DRIVERCTL holds the driver that driverctl(8) sets for
 * each of the ENDPOINTS, or NULL. 0 or -ENOMEM.
 */
int cxv_definitions_decide(struct cxv_definitions *definitions,
			   struct cxv_endpoint *const *endpoints, char *const *driverctl,
			   size_t count);

#endif
