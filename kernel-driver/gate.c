// SPDX-License-Identifier: GPL-2.0-only
/*
 * The gate in front of the window: shut and zap on every way down, ask the hardware on the only
 * way up.
 */
#include <linux/memregion.h>
#include <linux/mm.h>
#include <linux/mutex.h>

#include "cxl_vfio_pci.h"

#define CREATE_TRACE_POINTS
#include "trace.h"

/* While pending: most media is ready at once, and 100 polls a second hurt nobody. */
#define POLL_MS		10

/* A close holds up other functions of the same slot: what takes longer is done at the next open. */
#define CLOSE_SCRUB_MS	(60 * MSEC_PER_SEC)

static const char *const state_names[] = {
	[CXL_VFIO_CLOSED] = CXL_VFIO_STATE_CLOSED,
	[CXL_VFIO_ACTIVE] = CXL_VFIO_STATE_ACTIVE,
	[CXL_VFIO_PENDING] = CXL_VFIO_STATE_PENDING,
	[CXL_VFIO_REFUSED] = CXL_VFIO_STATE_REFUSED,
};

/* Read by operators through sysfs: words, no addresses, since the attribute is world-readable. */
static const char *const verdict_names[] = {
	[CXL_VFIO_OK] = "ok",
	[CXL_VFIO_NOT_OPEN] = CXL_VFIO_VERDICT_NOT_OPEN,
	[CXL_VFIO_IN_RESET] = "reset or configuration write in progress",
	[CXL_VFIO_FROZEN] = "PCI error recovery under way or failed",
	[CXL_VFIO_MEMORY_SPACE_OFF] = "memory space disabled in the command register",
	[CXL_VFIO_POWER_STATE] = "not in power state D0",
	[CXL_VFIO_NO_ANSWER] = "configuration space reads all ones",
	[CXL_VFIO_DVSEC_CHANGED] = "CXL device DVSEC changed or gone",
	[CXL_VFIO_MEDIA_NOT_READY] = "media not ready",
	[CXL_VFIO_MEM_ENABLE_OFF] = "CXL.mem disabled and cannot be enabled",
	[CXL_VFIO_RANGE_CHANGED] = "a DVSEC range changed its size",
	[CXL_VFIO_REGISTERS_LOST] = "HDM decoder registers read all ones",
	[CXL_VFIO_HDM_DISABLED] = "HDM decoders globally disabled",
	[CXL_VFIO_NOT_COMMITTED] = "decoder 0 not committed",
	[CXL_VFIO_LOCKED_UNCOMMITTED] = "decoder 0 locked but not committed",
	[CXL_VFIO_COMMIT_ERROR] = "decoder 0 not committed: commit error",
	[CXL_VFIO_BASE_CHANGED] = "decoder 0 changed its base",
	[CXL_VFIO_SIZE_CHANGED] = "decoder 0 changed its size",
	[CXL_VFIO_CONTROL_CHANGED] = "decoder 0 changed its interleave or target type",
	[CXL_VFIO_OTHER_DECODER] = "a decoder besides decoder 0 is committed",
	[CXL_VFIO_SCRUBBING] = "the last user's bytes are being zeroed",
	[CXL_VFIO_WINDOW_TAKEN] = "another driver claimed the window during a reset",
};

static const char *const path_names[] = {
	[CXL_VFIO_PATH_NONE] = "none",
	[CXL_VFIO_PATH_OPEN] = "open",
	[CXL_VFIO_PATH_CLOSE] = "close",
	[CXL_VFIO_PATH_RESET] = "reset",
	[CXL_VFIO_PATH_RESET_FAILED] = "reset_failed",
	[CXL_VFIO_PATH_CONFIG_WRITE] = "config_write",
	[CXL_VFIO_PATH_ERROR] = "error",
};

static const char *const flush_names[] = {
	[CXL_VFIO_FLUSH_NOT_DUE] = "none",
	[CXL_VFIO_FLUSHED] = "done",
	[CXL_VFIO_FLUSH_UNSUPPORTED] = "unsupported",
};

static_assert(ARRAY_SIZE(verdict_names) == CXL_VFIO_VERDICT_COUNT);
static_assert(ARRAY_SIZE(path_names) == CXL_VFIO_PATH_COUNT);
static_assert(ARRAY_SIZE(flush_names) == CXL_VFIO_FLUSH_RESULT_COUNT);

const char *cxl_vfio_state_name(enum cxl_vfio_state state)
{
	return state_names[state];
}

const char *cxl_vfio_verdict_name(enum cxl_vfio_verdict verdict)
{
	return verdict_names[verdict];
}

const char *cxl_vfio_path_name(enum cxl_vfio_path path)
{
	return path_names[path];
}

const char *cxl_vfio_flush_name(enum cxl_vfio_flush_result result)
{
	return flush_names[result];
}

static void unmap_view(struct cxl_vfio_device *device, unsigned int index)
{
	if (!cxl_vfio_wrong_view(device, index))
		unmap_mapping_range(device->core.vdev.inode->i_mapping,
				    VFIO_PCI_INDEX_TO_OFFSET(index),
				    cxl_vfio_window_size(device->hdm), true);
}

/* Every view: the core zaps BARs only, never a device region, and not on all of our ways down. */
static void zap(struct cxl_vfio_device *device, u64 generation, enum cxl_vfio_path path)
{
	u64 start = trace_cxl_vfio_zap_enabled() ? ktime_get_ns() : 0;

	if (!cxl_vfio_wrong_zap(device)) {
		if (cxl_vfio_offers_region(device))
			unmap_view(device, device->memory_index);
		if (cxl_vfio_offers_bar(device))
			unmap_view(device, device->hdm->view_bar);
	}
	cxl_vfio_dmabuf_follow_gate(device);
	trace_cxl_vfio_zap(device->core.pdev, path_names[path], generation,
			   start ? ktime_get_ns() - start : 0);
}

static struct cxl_vfio_device *gate_device(struct cxl_vfio_gate *gate)
{
	return container_of(gate, struct cxl_vfio_device, gate);
}

/* Why the gate must stay shut whatever the hardware says; CXL_VFIO_OK when nothing does. */
static enum cxl_vfio_verdict must_stay_shut(const struct cxl_vfio_gate *gate)
{
	if (!gate->open)
		return CXL_VFIO_NOT_OPEN;
	if (gate->channel != CXL_VFIO_RUNNING)
		return CXL_VFIO_FROZEN;
	if (gate->holds)
		return CXL_VFIO_IN_RESET;
	return CXL_VFIO_OK;
}

/* Whether registers may be read, whatever the state of the window. */
bool cxl_vfio_gate_may_ask(const struct cxl_vfio_gate *gate)
{
	lockdep_assert_held(&gate->lock);
	return !must_stay_shut(gate);
}

static void set_state(struct cxl_vfio_gate *gate, enum cxl_vfio_state state,
		      enum cxl_vfio_verdict verdict)
{
	u64 now = ktime_get_ns();

	lockdep_assert_held_write(&gate->lock);
	trace_cxl_vfio_gate(gate_device(gate)->core.pdev, state_names[state],
			    verdict_names[verdict], path_names[gate->last_path], gate->generation,
			    now - gate->since);
	if (state != gate->state)
		gate->since = now;
	WRITE_ONCE(gate->state, state);
	gate->verdict = verdict;
	if (state != CXL_VFIO_PENDING)
		wake_up_all(&gate->wait);
	cxl_vfio_uevent_changed(gate_device(gate));
}

/* Returns whether there may be mappings to zap. */
static bool shut(struct cxl_vfio_gate *gate, enum cxl_vfio_path path, u64 *generation)
{
	lockdep_assert_held_write(&gate->lock);
	*generation = ++gate->generation;
	gate->last_path = path;
	set_state(gate, CXL_VFIO_CLOSED, must_stay_shut(gate));
	if (!gate->open)
		return false;
	gate->zaps++;
	return true;
}

/* Whoever still asks the hardware on our behalf is done; later ones see that the gate is shut. */
static void drain(struct cxl_vfio_gate *gate)
{
	mutex_lock(&gate->asking);
	mutex_unlock(&gate->asking);
}

/**
 * cxl_vfio_gate_shut - no access from here on, until the matching cxl_vfio_gate_release()
 * @device: the device
 * @path: why, for the operator
 *
 * When it returns no user mapping of the window exists and none can appear, and nobody reads or
 * repairs decoder registers for us. Calls nest.
 * Context: may sleep; with or without memory_lock and device_lock.
 */
void cxl_vfio_gate_shut(struct cxl_vfio_device *device, enum cxl_vfio_path path)
{
	struct cxl_vfio_gate *gate = &device->gate;
	u64 generation;
	bool mapped;

	scoped_guard(rwsem_write, &gate->lock) {
		gate->holds++;
		mapped = shut(gate, path, &generation);
	}
	if (mapped)
		zap(device, generation, path);
	drain(gate);
}

/**
 * cxl_vfio_gate_hold - nobody asks the hardware, until the matching cxl_vfio_gate_release()
 * @device: the device
 *
 * For a configuration write that cannot stop decoding: the gate stays as it is, so that whoever
 * waits for one that is pending goes on waiting, but no register is read or repaired meanwhile.
 * Context: as cxl_vfio_gate_shut().
 */
void cxl_vfio_gate_hold(struct cxl_vfio_device *device)
{
	struct cxl_vfio_gate *gate = &device->gate;

	scoped_guard(rwsem_write, &gate->lock)
		gate->holds++;
	drain(gate);
}

/**
 * cxl_vfio_gate_shut_active - shut the gate if it is active, else hold it as it is
 * @device: the device
 * @path: why, for the operator
 *
 * For a configuration write that may stop decoding or not. Ends with cxl_vfio_gate_release().
 * Context: as cxl_vfio_gate_shut().
 */
void cxl_vfio_gate_shut_active(struct cxl_vfio_device *device, enum cxl_vfio_path path)
{
	struct cxl_vfio_gate *gate = &device->gate;
	bool mapped = false;
	u64 generation;

	scoped_guard(rwsem_write, &gate->lock) {
		gate->holds++;
		if (gate->state == CXL_VFIO_ACTIVE)
			mapped = shut(gate, path, &generation);
	}
	if (mapped)
		zap(device, generation, path);
	drain(gate);
}

/* What the hardware's answer means. */
static void decide(struct cxl_vfio_device *device, enum cxl_vfio_verdict verdict)
{
	struct cxl_vfio_gate *gate = &device->gate;

	lockdep_assert_held_write(&gate->lock);
	switch (verdict) {
	case CXL_VFIO_OK:
		gate->reactivations++;
		gate->warned = CXL_VFIO_OK;
		cxl_vfio_scrub_in_use(&device->scrub);
		set_state(gate, CXL_VFIO_ACTIVE, verdict);
		return;
	case CXL_VFIO_SCRUBBING:
		set_state(gate, CXL_VFIO_PENDING, verdict);
		mod_delayed_work(system_dfl_long_wq, &gate->poll, 0);
		return;
	case CXL_VFIO_MEMORY_SPACE_OFF:
	case CXL_VFIO_POWER_STATE:
		/* The user did it and will undo it with a configuration write, which asks again. */
		set_state(gate, CXL_VFIO_CLOSED, verdict);
		return;
	case CXL_VFIO_NO_ANSWER:
	case CXL_VFIO_MEDIA_NOT_READY:
	case CXL_VFIO_REGISTERS_LOST:
		/* A device on its way back from a reset may say so: it gets its time, once. */
		if (time_before(jiffies, gate->deadline)) {
			set_state(gate, CXL_VFIO_PENDING, verdict);
			mod_delayed_work(system_dfl_long_wq, &gate->poll,
					 msecs_to_jiffies(POLL_MS));
			return;
		}
		fallthrough;
	default:
		gate->refusals++;
		gate->refusal = verdict;
		set_state(gate, CXL_VFIO_REFUSED, verdict);
		/* A user may reset as often as he likes: one line, until it worked or says else. */
		if (gate->warned != verdict)
			dev_warn_ratelimited(&device->core.pdev->dev,
					     "memory refused after %s: %s\n",
					     path_names[gate->last_path], verdict_names[verdict]);
		gate->warned = verdict;
	}
}

/*
 * The decoder was lost and is back: what the caches hold of the window may be older than it. Only
 * then, since on x86 this stops every CPU for a wbinvd, and a guest cannot do it at all.
 */
static enum cxl_vfio_flush_result flush_caches(const struct cxl_vfio_hdm *hdm)
{
	if (!cpu_cache_has_invalidate_memregion() ||
	    cpu_cache_invalidate_memregion(hdm->decoder.base, hdm->decoder.size))
		return CXL_VFIO_FLUSH_UNSUPPORTED;
	return CXL_VFIO_FLUSHED;
}

/* Read the hardware, repair what may be repaired, and account for it. */
static enum cxl_vfio_verdict ask(struct cxl_vfio_device *device, bool force_memory_space)
{
	struct cxl_vfio_gate *gate = &device->gate;
	u64 start = trace_cxl_vfio_revalidate_enabled() ? ktime_get_ns() : 0;
	enum cxl_vfio_verdict verdict;
	bool repaired = false;

	lockdep_assert_held(&gate->asking);
	/* What is not ours is not repaired either. */
	verdict = cxl_vfio_window_is_owned(device->hdm) ?
		  cxl_vfio_hdm_check(device->hdm, force_memory_space, &repaired) :
		  CXL_VFIO_WINDOW_TAKEN;
	verdict = cxl_vfio_wrong_verdict(device, verdict);
	trace_cxl_vfio_revalidate(device->core.pdev, verdict_names[verdict], repaired,
				  start ? ktime_get_ns() - start : 0);
	if (repaired) {
		enum cxl_vfio_flush_result flush = flush_caches(device->hdm);

		guard(rwsem_write)(&gate->lock);
		gate->repairs++;
		gate->flush = flush;
	}
	return verdict;
}

/* Has nobody shut the gate since @generation, and does nobody hold it? */
bool cxl_vfio_gate_is_unchanged(struct cxl_vfio_device *device, u64 generation)
{
	guard(rwsem_read)(&device->gate.lock);
	return device->gate.generation == generation && !device->gate.holds;
}

/* How thoroughly to ask, and what may be done about it. */
#define ASK_AFTER_RESET		BIT(0)	/* turn memory space on for it where it is off */
#define ASK_MAY_TAKE_LONG	BIT(1)	/* no lock is held, nobody waits: scrub */

/*
 * Ask the hardware outside gate->lock, one at a time, then decide under it, and only if nothing
 * shut the gate meanwhile: the generation tells. One that comes late must not touch the hardware
 * at all: its repair could uncommit the decoder behind an open gate.
 */
static void revalidate(struct cxl_vfio_device *device, u64 generation, unsigned int how)
{
	struct cxl_vfio_gate *gate = &device->gate;
	enum cxl_vfio_verdict verdict;

	guard(mutex)(&gate->asking);
	scoped_guard(rwsem_read, &gate->lock) {
		if (gate->generation != generation || must_stay_shut(gate) ||
		    gate->state == CXL_VFIO_ACTIVE)
			return;
	}
	verdict = ask(device, how & ASK_AFTER_RESET);
	if (!verdict && cxl_vfio_scrub_is_due(&device->scrub) &&
	    (!(how & ASK_MAY_TAKE_LONG) || !cxl_vfio_scrub_run(device, generation, 0)))
		verdict = CXL_VFIO_SCRUBBING;

	scoped_guard(rwsem_write, &gate->lock) {
		if (gate->generation == generation && !must_stay_shut(gate))
			decide(device, verdict);
	}
	cxl_vfio_dmabuf_follow_gate(device);
}

/**
 * cxl_vfio_gate_scrub - the device was closed: leave nothing for the next user
 * @device: the device, with nobody able to open it meanwhile
 * @was_reset: the function was; the core only tries, and without it the device may still write
 *
 * What cannot be done now stays owed, and the gate opens for nobody before it is done.
 */
void cxl_vfio_gate_scrub(struct cxl_vfio_device *device, bool was_reset)
{
	struct cxl_vfio_gate *gate = &device->gate;
	struct cxl_vfio_scrub *scrub = &device->scrub;
	u64 generation;
	bool may_ask;

	guard(mutex)(&gate->asking);
	cxl_vfio_scrub_user_left(scrub);
	if (!cxl_vfio_scrub_is_due(scrub)) {
		WRITE_ONCE(scrub->result, CXL_VFIO_SCRUB_NOT_DUE);
		return;
	}
	if (!was_reset) {
		WRITE_ONCE(scrub->result, CXL_VFIO_SCRUB_OWED);
		return;
	}
	scoped_guard(rwsem_read, &gate->lock) {
		generation = gate->generation;
		may_ask = !gate->holds && gate->channel == CXL_VFIO_RUNNING;
	}
	if (!may_ask || ask(device, true))
		WRITE_ONCE(scrub->result, CXL_VFIO_SCRUB_OWED);
	else
		cxl_vfio_scrub_run(device, generation, CLOSE_SCRUB_MS);
}

static void poll_work(struct work_struct *work)
{
	struct cxl_vfio_device *device =
		container_of(to_delayed_work(work), struct cxl_vfio_device, gate.poll);
	struct cxl_vfio_gate *gate = &device->gate;
	u64 generation;

	scoped_guard(rwsem_read, &gate->lock) {
		if (gate->state != CXL_VFIO_PENDING)
			return;
		generation = gate->generation;
	}
	revalidate(device, generation, ASK_AFTER_RESET | ASK_MAY_TAKE_LONG);
}

/* A reset or an open forgets refusals and grants time anew. */
static void start_over(struct cxl_vfio_device *device)
{
	struct cxl_vfio_gate *gate = &device->gate;

	lockdep_assert_held_write(&gate->lock);
	gate->refusal = CXL_VFIO_OK;
	gate->deadline = jiffies + msecs_to_jiffies(device->hdm->ready_timeout_ms);
	cxl_vfio_scrub_from_start(&device->scrub);
}

/* Must the hardware be asked, or is it known why the gate stays as it is? */
static bool must_ask(struct cxl_vfio_gate *gate, u64 *generation)
{
	lockdep_assert_held_write(&gate->lock);
	if (must_stay_shut(gate)) {
		gate->verdict = must_stay_shut(gate);
		cxl_vfio_uevent_changed(gate_device(gate));
		return false;
	}
	if (gate->state == CXL_VFIO_ACTIVE) {
		gate->verdict = CXL_VFIO_OK;
		return false;
	}
	if (gate->refusal) {
		set_state(gate, CXL_VFIO_REFUSED, gate->refusal);
		return false;
	}
	*generation = gate->generation;
	return true;
}

static bool drop_hold(struct cxl_vfio_gate *gate, enum cxl_vfio_path path, u64 *generation)
{
	lockdep_assert_held_write(&gate->lock);
	if (!WARN_ON_ONCE(!gate->holds))
		gate->holds--;
	if (!must_ask(gate, generation))
		return false;
	if (gate->state == CXL_VFIO_CLOSED)
		gate->last_path = path;
	return true;
}

/**
 * cxl_vfio_gate_release - undo one cxl_vfio_gate_shut() or _hold() and let the hardware decide
 * @device: the device
 * @path: as given to cxl_vfio_gate_shut()
 *
 * The last release asks the hardware and opens the gate, or refuses, or polls until the media is
 * ready. It never populates a mapping: the next access faults. A refusal stays until a reset: no
 * configuration write makes the hardware be asked again.
 */
void cxl_vfio_gate_release(struct cxl_vfio_device *device, enum cxl_vfio_path path)
{
	struct cxl_vfio_gate *gate = &device->gate;
	u64 generation;
	bool ask = false;

	scoped_guard(rwsem_write, &gate->lock)
		ask = drop_hold(gate, path, &generation);
	if (ask)
		revalidate(device, generation, 0);
}

/**
 * cxl_vfio_gate_release_after_reset - as cxl_vfio_gate_release(), and what was refused is forgotten
 * @device: the device, after a reset that took place
 *
 * A channel that error recovery gave up is usable again too.
 */
void cxl_vfio_gate_release_after_reset(struct cxl_vfio_device *device)
{
	struct cxl_vfio_gate *gate = &device->gate;
	u64 generation;
	bool ask = false;

	scoped_guard(rwsem_write, &gate->lock) {
		start_over(device);
		if (gate->channel == CXL_VFIO_FAILED)
			gate->channel = CXL_VFIO_RUNNING;
		ask = drop_hold(gate, CXL_VFIO_PATH_RESET, &generation);
	}
	if (ask)
		revalidate(device, generation, ASK_AFTER_RESET);
}

/**
 * cxl_vfio_gate_recheck - a reset that failed may have done anything, or nothing
 * @device: the device
 *
 * The core may have left D3hot for a reset that it then could not do, without a callback. A
 * refusal stays: whether there was a reset is unknown.
 */
void cxl_vfio_gate_recheck(struct cxl_vfio_device *device)
{
	cxl_vfio_gate_shut(device, CXL_VFIO_PATH_RESET_FAILED);
	cxl_vfio_gate_release(device, CXL_VFIO_PATH_RESET_FAILED);
}

/**
 * cxl_vfio_gate_freeze - as shut, but until cxl_vfio_gate_thaw()
 * @device: the device
 * @channel: CXL_VFIO_RECOVERING, or CXL_VFIO_FAILED, which the next reset ends too
 *
 * Error recovery resets the bus without reset_prepare and reset_done, and a user may reset the
 * function while it is under way: that must not open the gate in front of the bus reset.
 */
void cxl_vfio_gate_freeze(struct cxl_vfio_device *device, enum cxl_vfio_channel channel)
{
	struct cxl_vfio_gate *gate = &device->gate;
	u64 generation;
	bool mapped;

	scoped_guard(rwsem_write, &gate->lock) {
		gate->channel = channel;
		mapped = shut(gate, CXL_VFIO_PATH_ERROR, &generation);
	}
	if (mapped)
		zap(device, generation, CXL_VFIO_PATH_ERROR);
	drain(gate);
}

void cxl_vfio_gate_thaw(struct cxl_vfio_device *device)
{
	struct cxl_vfio_gate *gate = &device->gate;
	u64 generation;
	bool ask = false;

	scoped_guard(rwsem_write, &gate->lock) {
		gate->channel = CXL_VFIO_RUNNING;
		start_over(device);
		ask = must_ask(gate, &generation);
	}
	if (ask)
		revalidate(device, generation, ASK_AFTER_RESET);
}

bool cxl_vfio_gate_is_active(struct cxl_vfio_device *device)
{
	struct cxl_vfio_gate *gate = &device->gate;

	guard(rwsem_read)(&gate->lock);
	return gate->state == CXL_VFIO_ACTIVE;
}

/**
 * cxl_vfio_gate_wait - wait while the gate is pending
 * @device: the device
 *
 * Bounded by the readiness timeout: poll_work() ends the pending state. Call without locks.
 *
 * Return: 0, or -EINTR when the task is being killed.
 */
int cxl_vfio_gate_wait(struct cxl_vfio_device *device)
{
	struct cxl_vfio_gate *gate = &device->gate;

	if (wait_event_killable(gate->wait, READ_ONCE(gate->state) != CXL_VFIO_PENDING))
		return -EINTR;
	return 0;
}

/**
 * cxl_vfio_gate_settle - wait while the gate is pending, but not for long
 * @device: the device
 * @limit_ms: at most
 *
 * Return: false when the memory is refused, or error recovery keeps it shut, which may reset it
 * once more; true also when the media is not ready yet, or the user keeps it shut himself.
 */
bool cxl_vfio_gate_settle(struct cxl_vfio_device *device, unsigned int limit_ms)
{
	struct cxl_vfio_gate *gate = &device->gate;

	wait_event_killable_timeout(gate->wait, READ_ONCE(gate->state) != CXL_VFIO_PENDING,
				    msecs_to_jiffies(limit_ms));
	guard(rwsem_read)(&gate->lock);
	return gate->state != CXL_VFIO_REFUSED && gate->verdict != CXL_VFIO_FROZEN;
}

/* The VFIO device is open, its regions are registered: the hardware decides, as after a reset. */
void cxl_vfio_gate_open_device(struct cxl_vfio_device *device)
{
	struct cxl_vfio_gate *gate = &device->gate;
	u64 generation;
	bool ask = false;

	scoped_guard(rwsem_write, &gate->lock) {
		cxl_vfio_scrub_user_came(&device->scrub);
		gate->open = true;
		device->scrub.stop = false;
		gate->last_path = CXL_VFIO_PATH_OPEN;
		start_over(device);
		ask = must_ask(gate, &generation);
	}
	if (ask)
		revalidate(device, generation, ASK_AFTER_RESET);
}

/* The last file is gone and with it every mapping: a zap has nothing to find. */
void cxl_vfio_gate_close_device(struct cxl_vfio_device *device)
{
	struct cxl_vfio_gate *gate = &device->gate;
	u64 generation;

	scoped_guard(rwsem_write, &gate->lock) {
		gate->open = false;
		shut(gate, CXL_VFIO_PATH_CLOSE, &generation);
	}
	cancel_delayed_work_sync(&gate->poll);
	drain(gate);
}

void cxl_vfio_gate_init(struct cxl_vfio_device *device)
{
	struct cxl_vfio_gate *gate = &device->gate;

	init_rwsem(&gate->lock);
	mutex_init(&gate->asking);
	init_waitqueue_head(&gate->wait);
	INIT_DELAYED_WORK(&gate->poll, poll_work);
	gate->verdict = CXL_VFIO_NOT_OPEN;
	gate->since = ktime_get_ns();
}
