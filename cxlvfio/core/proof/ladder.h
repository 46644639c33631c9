/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From the least to the most: the rungs that the first contact with an endpoint climbs, on a
 * machine where a CPU's access to device memory at the wrong moment may stop everything, and the
 * record of those that the machine has survived. It is a file in /var/lib/cxlvfio, for each
 * endpoint one; here is its text and what it means.
 */
#ifndef CXLVFIO_CORE_PROOF_LADDER_H
#define CXLVFIO_CORE_PROOF_LADDER_H

#include "core/base/value.h"

enum cxv_rung {
	CXV_RUNG_NONE,
	CXV_RUNG_REGISTERS,
	CXV_RUNG_LINE,
	CXV_RUNG_PAGE,
	CXV_RUNG_WRITE,
	CXV_RUNG_REST,
	CXV_RUNG_COUNT
};

enum cxv_ladder_state {
	CXV_LADDER_UNPROVEN,		/* not all of it was survived yet */
	CXV_LADDER_PROVEN,
	CXV_LADDER_RUNNING,		/* a process is on it now */
	CXV_LADDER_INTERRUPTED,		/* a process ended on it; the machine did not */
	CXV_LADDER_NOT_SURVIVED,	/* the machine did */
	CXV_LADDER_FOREIGN,		/* the record is another machine's, or another endpoint's */
	CXV_LADDER_DAMAGED,		/* it is not understood */
	CXV_LADDER_STATE_COUNT
};

/* What an endpoint's object in JSON has of it. */
struct cxv_ladder {
	struct cxv_word state;		/* an error: the record could not be read */
	struct cxv_word survived;	/* the highest rung under this kernel; NULL: none */
	struct cxv_word step;		/* the rung of a state that is about one */
	struct cxv_text kernel;		/* and the release under which it was tried */
	struct cxv_word key;		/* CXV_LADDER_KEY_*: what tells the endpoint */
	enum cxv_rung reached, tried;	/* the same as survived and step */
};

#define CXV_LADDER_KEY_SERIAL	"serial"
#define CXV_LADDER_KEY_SLOT	"address"

extern const struct cxv_fields cxv_ladder_fields;

#define CXV_LADDER_KERNELS	8	/* kernels that are remembered, the last one first */
#define CXV_LADDER_TEXT_MAX	4096
#define CXV_LADDER_WORD_MAX	80

struct cxv_ladder_survived {
	enum cxv_rung rung;
	char kernel[CXV_LADDER_WORD_MAX];
};

/* The text of a record: who it is of, what was survived, what is being tried. */
struct cxv_ladder_record {
	char machine[CXV_LADDER_WORD_MAX], endpoint[CXV_LADDER_WORD_MAX];
	struct cxv_ladder_survived survived[CXV_LADDER_KERNELS];
	size_t count;
	/* What was fatal, for each kernel one: until it is survived under the same one. */
	struct cxv_ladder_survived crashed[CXV_LADDER_KERNELS];
	size_t crash_count;
	struct cxv_ladder_survived trying;	/* rung CXV_RUNG_NONE: nothing is being tried */
	char boot[CXV_LADDER_WORD_MAX];		/* of the machine, then */
	unsigned int process;
	uint64_t started;			/* that process; see proc_pid_stat(5) */
};

/* Where we are: words without blanks. A machine may have none. */
#define CXV_PLATFORM_UNKNOWN	"-"
struct cxv_platform {
	char machine[CXV_LADDER_WORD_MAX], kernel[CXV_LADDER_WORD_MAX], boot[CXV_LADDER_WORD_MAX];
};

/* "line"; "reading one line of the window" */
const char *cxv_rung_name(enum cxv_rung rung);
const char *cxv_rung_about(enum cxv_rung rung);
/* "not_survived" */
const char *cxv_ladder_state_name(enum cxv_ladder_state state);
/* Without a serial number the slot identifies it: a replacement is taken for it. */
bool cxv_ladder_by_slot(const struct cxv_ladder *ladder);
bool cxv_ladder_is(const struct cxv_ladder *ladder, enum cxv_ladder_state state);
#define CXV_LADDER_UNREADABLE						\
	"whether this machine has survived a contact with it before cannot be read, nor recorded"
#define CXV_LADDER_UNREADABLE_HINT					\
	"make it readable, as root; or go on without a record: --yes"
/* Not for want of rights, nor since nobody knows which record is the endpoint's. */
bool cxv_ladder_record_unreadable(const struct cxv_ladder *ladder);

/*
 * What there is to say of an endpoint whose LADDER is in a state that somebody should know of,
 * without a full stop: the caller's to free. 0 with *SENTENCE NULL: there is nothing. Or -ENOMEM.
 */
int cxv_ladder_sentence(const struct cxv_ladder *ladder, char **sentence);

/* 0 or -EINVAL: it is not what cxv_ladder_format() makes. */
int cxv_ladder_parse(const char *text, struct cxv_ladder_record *record);
void cxv_ladder_format(const struct cxv_ladder_record *record,
		       char text[static CXV_LADDER_TEXT_MAX]);

/*
 * What RECORD means on PLATFORM for ENDPOINT, into STATE, SURVIVED, STEP and KERNEL of LADDER.
 * ALIVE: the process that the record names is. 0 or -ENOMEM.
 */
int cxv_ladder_judge(const struct cxv_ladder_record *record, const struct cxv_platform *platform,
		     const char *endpoint, bool alive, struct cxv_ladder *ladder);
/* Whether RECORD can be gone on with: it is of this machine and endpoint. */
bool cxv_ladder_is_ours(const struct cxv_ladder_record *record,
			const struct cxv_platform *platform, const char *endpoint);
/* The highest rung that was survived under its kernel; none on a machine that is not known. */
enum cxv_rung cxv_ladder_reached(const struct cxv_ladder_record *record,
				 const struct cxv_platform *platform);
/*
 * What in RECORD was fatal and stands in the way under KERNEL: under its own kernel until it is
 * survived there, under any other until one has survived it. NULL: nothing.
 */
const struct cxv_ladder_survived *cxv_ladder_crash(const struct cxv_ladder_record *record,
						   const char *kernel);

/* The same, or what was being tried when the machine ended. */
bool cxv_ladder_was_fatal(const struct cxv_ladder_record *record,
			  const struct cxv_platform *platform);

/*
 * Before a rung: what the machine did not survive stays remembered as that, whatever PROCESS,
 * which STARTED then, tries now. What was survived of it before that crash counts no more, under
 * any kernel.
 */
void cxv_ladder_try(struct cxv_ladder_record *record, const struct cxv_platform *platform,
		    enum cxv_rung rung, unsigned int process, uint64_t started);
/* After it: it was survived, and so it is forgotten if it was fatal under this kernel before. */
void cxv_ladder_survive(struct cxv_ladder_record *record);
/* Or it was not done: nothing is known of it. */
void cxv_ladder_leave(struct cxv_ladder_record *record);

/*
 * The rung to try after REACHED, up to TOP; CXV_RUNG_NONE: that was it. Without WRITES nothing is
 * written to the window.
 */
enum cxv_rung cxv_ladder_next(enum cxv_rung reached, enum cxv_rung top, bool writes);

#endif
