/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What libcxl says of the machine, which is all that cxl list(1) knows. It is asked first, by
 * sys/discovery/libcxl.c; sysfs adds what it does not give, and libcxl_compare.h compares the two.
 * Without an answer nothing is missing but the comparison.
 */
#ifndef CXLVFIO_CORE_DISCOVERY_LIBCXL_H
#define CXLVFIO_CORE_DISCOVERY_LIBCXL_H

#include "core/base/value.h"

enum cxv_libcxl_scope {
	CXV_LIBCXL_NOTHING,	/* it is not asked */
	CXV_LIBCXL_MEMDEVS,
	CXV_LIBCXL_ALL,
};

enum cxv_libcxl_state {
	CXV_LIBCXL_NOT_ASKED,
	CXV_LIBCXL_ANSWERED,
	CXV_LIBCXL_FAILED,	/* asked, and there is no whole answer */
	CXV_LIBCXL_STATE_COUNT
};

/* One fact: the value of KEY of the object of that kind and name. All are strings in the answer. */
struct cxv_record {
	const char *kind, *object, *key, *value;
};

struct cxv_libcxl {
	unsigned int users;
	enum cxv_libcxl_state state;
	bool memdevs_only;		/* there may be more, but it was not asked for */
	char *reason;			/* of no answer, without a full stop; NULL: none */
	int error;			/* positive errno of it, 0: there is none */
	char *text;			/* the answer */
	const char *library;		/* the file that was loaded; NULL: it does not say */
	struct cxv_record *records;	/* by kind and object, else as they came */
	size_t count;
	const struct cxv_record **hosts;	/* the memdevs' hosts, sorted */
	size_t host_count;
};

/* "answered" */
const char *cxv_libcxl_state_name(enum cxv_libcxl_state state);

/*
 * One with one user. REASON is copied and TEXT taken over, in any case; ERROR is positive or
 * negative or 0. NULL: out of memory.
 * For what is not asked and what has failed; and for an answer of LENGTH bytes: four strings that
 * end with a NUL, or a line of four words between tabs, are a record. One that is not whole has
 * failed.
 */
struct cxv_libcxl *cxv_libcxl_silent(enum cxv_libcxl_state state, int error,
				       const char *reason);
struct cxv_libcxl *cxv_libcxl_of_answer(char *text, size_t length);
struct cxv_libcxl *cxv_libcxl_use(struct cxv_libcxl *libcxl);
void cxv_libcxl_release(struct cxv_libcxl *libcxl);

/* The name of the memdev of PCI function HOST, or NULL. */
const char *cxv_libcxl_memdev(const struct cxv_libcxl *libcxl, const char *host);
/* The records of an object, COUNT of them; NULL: it is not known there. */
const struct cxv_record *cxv_libcxl_object(const struct cxv_libcxl *libcxl, const char *kind,
					    const char *name, size_t *count);
#endif
