// SPDX-License-Identifier: GPL-2.0-or-later
/* The first contact, from the least to the most: each step is on disk before it is tried. */
#include "sys/proof/prover.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/base/pci_address.h"
#include "cxl_vfio.h"

#define LINE_SIZE	64

static struct cxv_place place_of(const struct cxv_prover *prover, const char *path,
				 const char *hint)
{
	return (struct cxv_place) {
		.operation = "first contact", .target = prover->endpoint->host, .path = path,
		.hint = hint,
	};
}

/* Which record is the endpoint's, or what it says, is hidden from this user. */
static int tell_unreadable(struct cxv_prover *prover, int error)
{
	const struct cxv_place place = place_of(prover, NULL, CXV_LADDER_UNREADABLE_HINT);

	if (!prover->options.yes)
		return cxv_error(prover->errors, cxv_code_of_errno(error), error, place,
				 CXV_LADDER_UNREADABLE);
	prover->contact.climb.recording = false;
	cxv_warning(prover->errors, cxv_code_of_errno(error), error,
		    place_of(prover, NULL, NULL), CXV_LADDER_UNREADABLE);
	return 0;
}

/* Without a record it would stay unknown what stopped the machine: ask for consent. */
static int tell_unrecorded(struct cxv_prover *prover, int error)
{
	char path[CXV_LADDER_PATH_MAX];

	if (prover->endpoint->ladder.state.error)
		return tell_unreadable(prover, error);
	cxv_ladder_path(prover->endpoint, path);
	if (!prover->options.yes)
		return cxv_error(prover->errors, cxv_code_of_errno(error), error,
				 place_of(prover, path, "make it writable, as root; or go on "
					  "without a record: --yes"),
				 "cannot write the record that would show, after a crash, which "
				 "step caused it");
	prover->contact.climb.recording = false;
	cxv_warning(prover->errors, cxv_code_of_errno(error), error, place_of(prover, path, NULL),
		    "the first contact is not recorded: the endpoint stays unproven here");
	return 0;
}

static int try(struct cxv_prover *prover, enum cxv_rung rung)
{
	int ret = cxv_climb_try(&prover->contact.climb, rung);

	return ret < 0 ? tell_unrecorded(prover, ret) : 0;
}

static bool has_word(const struct cxv_prover *prover, const char *attribute, const char *word)
{
	_cleanup_free_ char *value = NULL;

	return !cxv_host_read_string(prover->host, &value, CXV_PCI_DEVICES "/%s/%s",
				     prover->endpoint->host, attribute) && !strcmp(value, word);
}

static bool is_scrubbed(const struct cxv_prover *prover)
{
	return has_word(prover, CXV_SCRUB_POLICY, CXL_VFIO_SCRUB_POLICY_ZERO);
}

/*
 * Before the first access after a bind the driver zeroes the whole window, the most there is. It is
 * put off to the close: the policy is back before that, or where a step could not be made behind
 * it. Nobody else can open a device that is open; who opens it in the moment before us finds what
 * the user before left, as with policy none. Not where the device is in use.
 */
static int put_scrub_off(struct cxv_prover *prover)
{
	static const char what[] = "cannot put the scrub off: the driver zeroes the whole window "
				   "first";
	int ret;

	/* Zeroed at its last close or not, it is again before the first access. */
	if (!is_scrubbed(prover) || !has_word(prover, CXL_VFIO_SYSFS_GROUP "/verdict", "not open"))
		return 0;
	ret = cxv_borrowed_set(prover->host, prover->endpoint->host, CXV_SCRUB_POLICY,
			       CXL_VFIO_SCRUB_POLICY_NONE, &prover->contact.scrub);
	if (ret >= 0)
		return 0;
	if (!prover->options.yes)
		return cxv_error(prover->errors, cxv_code_of_errno(ret), ret,
				 place_of(prover, CXV_SCRUB_POLICY, "run it as root; or go on: "
					  "--yes"), what);
	cxv_warning(prover->errors, cxv_code_of_errno(ret), ret,
		    place_of(prover, CXV_SCRUB_POLICY, NULL), what);
	return 0;
}

/* What is on record now; it was asked for consent with what was there before the lock was ours. */
static int check_crash(struct cxv_prover *prover)
{
	char path[CXV_LADDER_PATH_MAX];

	if (!prover->contact.climb.crashed || prover->options.yes)
		return 0;
	cxv_ladder_path(prover->endpoint, path);
	return cxv_error(prover->errors, CXV_DEVICE_BUSY, EBUSY,
			 place_of(prover, path, "cxlvfio show says which; --yes tries again"),
			 "this machine did not survive a step of it");
}

int cxv_prover_climb_begin(struct cxv_prover *prover)
{
	struct cxv_climb *climb = &prover->contact.climb;
	int ret = cxv_climb_begin(prover->host, prover->endpoint, prover->options.prove, climb);

	if (ret < 0)
		ret = tell_unrecorded(prover, ret);
	else
		ret = check_crash(prover);
	if (!ret)
		ret = try(prover, CXV_RUNG_REGISTERS);
	return ret ?: put_scrub_off(prover);
}

static int read_window(struct cxv_prover *prover, void *buffer, size_t size)
{
	return cxv_vfio_read(&prover->vfio, prover->regions.memory, 0, buffer, size);
}

static int read_line(struct cxv_prover *prover)
{
	char line[LINE_SIZE];

	prover->contact.waited = cxv_prover_wait_ready(prover) != CXV_READY;
	return prover->contact.waited ? -EIO : read_window(prover, line, sizeof(line));
}

static int read_page(struct cxv_prover *prover)
{
	char page[CXV_PAGE_4K];

	return read_window(prover, page, sizeof(page));
}

/* 0, or -EIO where the page holds something else afterwards. */
static int write_and_compare(struct cxv_prover *prover, const char *page)
{
	char found[CXV_PAGE_4K];
	int ret = cxv_vfio_write(&prover->vfio, prover->regions.memory, 0, page, CXV_PAGE_4K);

	if (!ret)
		ret = read_window(prover, found, sizeof(found));
	return ret ?: memcmp(page, found, sizeof(found)) ? -EIO : 0;
}

/* Every bit of it, and back. */
static int write_page(struct cxv_prover *prover)
{
	char before[CXV_PAGE_4K], inverted[CXV_PAGE_4K];
	int ret = read_window(prover, before, sizeof(before)), restored;

	if (ret < 0)
		return ret;
	for (size_t i = 0; i < sizeof(inverted); i++)
		inverted[i] = ~before[i];
	ret = write_and_compare(prover, inverted);
	restored = write_and_compare(prover, before);
	return ret ?: restored;
}

static int (*const steps[])(struct cxv_prover *prover) = {
	[CXV_RUNG_LINE] = read_line,
	[CXV_RUNG_PAGE] = read_page,
	[CXV_RUNG_WRITE] = write_page,
};

/*
 * The machine survived it, but it was not done. Where the driver keeps the window shut it does so
 * for all that follows, too, and the proof will say why. Hardware that decodes and does not do as
 * it should is nothing to go on with.
 */
static int tell_undone(struct cxv_prover *prover, enum cxv_rung rung, int error)
{
	static const char what[] = "step \"%s\" cannot be made: %s";
	int ret = cxv_climb_end(&prover->contact.climb, false);

	if (ret < 0)
		return tell_unrecorded(prover, ret);
	prover->contact.climbed = false;
	if (!prover->options.prove && prover->contact.waited)
		return 0;
	if (prover->options.prove || !prover->options.yes)
		return cxv_error(prover->errors, CXV_FAILED, error,
				 place_of(prover, prover->vfio.node, "see the driver's verdict: "
					  "cxlvfio show; and the kernel log"), what,
				 cxv_rung_name(rung), cxv_rung_about(rung));
	cxv_warning(prover->errors, CXV_FAILED, error, place_of(prover, prover->vfio.node, NULL),
		    what, cxv_rung_name(rung), cxv_rung_about(rung));
	return 0;
}

static int climb_window(struct cxv_prover *prover)
{
	const bool writes = !prover->options.read_only;
	enum cxv_rung rung = prover->contact.climb.reached;
	int ret = 0;

	if (rung < CXV_RUNG_REGISTERS)
		rung = CXV_RUNG_REGISTERS;
	/* What was not written is not known to be survived. */
	prover->contact.climbed = writes;
	while (!ret && (rung = cxv_ladder_next(rung, CXV_RUNG_WRITE, writes))) {
		ret = try(prover, rung);
		if (ret < 0)
			return ret;
		ret = steps[rung](prover);
		if (ret < 0)
			return tell_undone(prover, rung, ret);
	}
	return 0;
}

/* A reset without a proof does not access the memory, unless it is zeroed at the close. */
static bool touches_window(const struct cxv_prover *prover)
{
	return prover->regions.memory && (prover->options.verify || prover->contact.scrub.saved ||
				  is_scrubbed(prover));
}

int cxv_prover_climb(struct cxv_prover *prover)
{
	int ret = 0;

	if (!prover->contact.climbing)
		return 0;
	if (touches_window(prover))
		ret = climb_window(prover);
	/* On record before the policy lets the close do it, however that comes. */
	if (!ret)
		ret = try(prover, CXV_RUNG_REST);
	if (ret < 0)
		return ret;
	ret = cxv_borrowed_restore(prover->host, &prover->contact.scrub);
	if (ret < 0)
		return cxv_error(prover->errors, cxv_code_of_errno(ret), ret,
				 place_of(prover, CXV_SCRUB_POLICY, "write "
					  CXL_VFIO_SCRUB_POLICY_ZERO " to it by hand"),
				 "cannot set scrub_policy back to " CXL_VFIO_SCRUB_POLICY_ZERO
				 ": nothing is zeroed between users");
	return 0;
}

/*
 * Reading is less than writing, and a sample less than the window: what was not written as a whole,
 * by us or by the driver's scrub, is not known to be survived.
 */
static bool is_survived(const struct cxv_prover *prover)
{
	if (!prover->contact.climbed)
		return false;
	return prover->content.written || (is_scrubbed(prover) &&
				   has_word(prover, CXL_VFIO_SYSFS_GROUP "/scrub_result",
					    CXL_VFIO_SCRUB_RESULT_DONE));
}

void cxv_prover_climb_end(struct cxv_prover *prover)
{
	int ret = cxv_climb_end(&prover->contact.climb, is_survived(prover));
	char path[CXV_LADDER_PATH_MAX];

	if (ret >= 0)
		return;
	cxv_ladder_path(prover->endpoint, path);
	cxv_warning(prover->errors, cxv_code_of_errno(ret), ret,
		    place_of(prover, path, "the next reset tries again"),
		    "what this machine survived cannot be recorded");
}
