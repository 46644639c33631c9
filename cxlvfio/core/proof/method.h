/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ways to take an endpoint's memory away and give it back, in one table: what the kernel calls
 * them, how far they reach, and what may be expected of the memory afterwards.
 */
#ifndef CXLVFIO_CORE_PROOF_METHOD_H
#define CXLVFIO_CORE_PROOF_METHOD_H

#include <stdbool.h>
#include <stddef.h>

enum cxv_method {
	CXV_METHOD_FLR,
	CXV_METHOD_CXL,		/* the CXL reset of the device DVSEC */
	CXV_METHOD_BUS,		/* secondary bus reset by the bridge above */
	CXV_METHOD_HOT,		/* the same through VFIO, of all functions together */
	CXV_METHOD_AUTO,	/* whatever the kernel's order of methods does first */
	CXV_METHOD_MEMORY,	/* no reset: memory space off and on in the command register */
	CXV_METHOD_COUNT
};

enum cxv_via {
	CXV_VIA_VFIO,		/* VFIO_DEVICE_RESET, VFIO_DEVICE_PCI_HOT_RESET */
	CXV_VIA_CONFIG,		/* the FLR bit or the command register, written through VFIO */
	CXV_VIA_SYSFS,		/* the function's "reset" attribute */
	CXV_VIA_COUNT
};

/* What the window must hold after the reset. */
enum cxv_expect {
	CXV_EXPECT_RETAINED,
	CXV_EXPECT_ZERO,
	CXV_EXPECT_ANY,
};

enum cxv_reach {
	CXV_REACH_FUNCTION,
	CXV_REACH_BUS,		/* everything below the bridge above the function */
};

#define CXV_METHOD_WORDS	2

struct cxv_method_kind {
	const char *name;
	/* In reset_method (Linux drivers/pci/pci.c pci_reset_fn_methods), the best first. */
	const char *words[CXV_METHOD_WORDS];
	bool flr;
	bool no_reset;			/* nothing of the device is reset */
	enum cxv_reach reach;
	enum cxv_expect expect;		/* unless the user knows better */
	/* What it leaves of each: "kept", "undefined"; "kept", "restored", "lost". */
	const char *memory, *decoders;
	unsigned int vias;		/* 1 << CXV_VIA_... for each that can do it */
};

extern const struct cxv_method_kind cxv_method_kinds[CXV_METHOD_COUNT];

/* One turn of a run: METHOD[:VIA]. */
struct cxv_way {
	enum cxv_method method;
	enum cxv_via via;
};

const char *cxv_method_name(enum cxv_method method);
const char *cxv_via_name(enum cxv_via via);
const char *cxv_expect_name(enum cxv_expect expect);
/* The one that the LENGTH characters at NAME name exactly, or -EINVAL. */
int cxv_method_find(const char *name, size_t length);
int cxv_via_find(const char *name, size_t length);
int cxv_expect_find(const char *name, size_t length);
/* "function" */
const char *cxv_reach_name(enum cxv_reach reach);
bool cxv_method_can(enum cxv_method method, enum cxv_via via);
/* The path that is meant where none is named: vfio where it can be. */
enum cxv_via cxv_method_via(enum cxv_method method);
/* The method is chosen by a word of reset_method, and not by the way to ask for it. */
bool cxv_method_has_word(enum cxv_method method);
/* The word of METHODS ("flr cxl_bus") that does METHOD; NULL: none is offered, or none needed. */
const char *cxv_method_word(enum cxv_method method, const char *methods);
/*
 * What the reset that the kernel calls WORD leaves of the memory and of the decoders: a word of
 * struct cxv_method_kind, or "unknown" where that is up to the device or to its driver.
 */
const char *cxv_method_memory(const char *word);
const char *cxv_method_decoders(const char *word);
/* What follows where the kernel has no reset for a function, or the one that it takes fails. */
#define CXV_NO_RESET	"an open resets nothing, a close at most its bus, VFIO_DEVICE_RESET is " \
			"refused, and the next user may find what the last one left in the device"
/* How far METHOD reaches on a function that offers METHODS: auto as far as what comes first. */
enum cxv_reach cxv_method_reach(enum cxv_method method, const char *methods);

/*
 * "flr,bus,flr:config": the ways into WAYS. How many, -EINVAL where a part is not understood (*BAD
 * points to it), -EOPNOTSUPP where its path cannot do it, -E2BIG.
 */
int cxv_ways_parse(const char *list, struct cxv_way *ways, size_t size, const char **bad);

/* The next step where reset_method cannot be read, with the function's address. */
#define CXV_RESET_METHOD_HINT						\
	"see /sys/bus/pci/devices/%s/reset_method: where it is missing, the kernel "	\
	"knows no reset of the function"

#endif
