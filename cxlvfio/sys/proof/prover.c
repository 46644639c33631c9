// SPDX-License-Identifier: GPL-2.0-or-later
#include "sys/proof/prover.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/pci_regs.h>
#include <linux/vfio.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "cxl_emulated_endpoint.h"
#include "cxl_vfio.h"
#include "sys/base/deadline.h"
#include "sys/base/kernel_log.h"
#include "sys/base/random_seed.h"
#include "sys/base/rights.h"
#include "sys/base/state_file.h"
#include "sys/binding/record.h"
#include "sys/proof/memory_type.h"
#include "sys/proof/reset_method.h"
#include "sys/proof/window_views.h"

#define LOCK_TIMEOUT_MS		2000
/* Further mappings are about their form, not their size. */
#define OFFSET_MAPPING_START	CXV_BLOCK_SIZE
#define OFFSET_MAPPING_LENGTH	(64 << 20)
#define BAR_OFFSET_MAPPING_LENGTH	(8 << 20)

int cxv_prover_fail(struct cxv_prover *prover, enum cxv_code code, int error, const char *path,
		    const char *hint, const char *text)
{
	return cxv_error(prover->errors, code, error,
			 (struct cxv_place) { .operation = "reset", .path = path, .hint = hint,
					      .target = prover->endpoint->host }, "%s", text);
}

static bool changes_method(const struct cxv_prover *prover)
{
	for (size_t i = 0; i < prover->options.way_count; i++)
		if (cxv_method_has_word(prover->options.ways[i].method))
			return true;
	return false;
}

static int take_lock(struct cxv_prover *prover)
{
	struct cxv_deadline deadline = cxv_deadline_after(LOCK_TIMEOUT_MS);
	char text[96];
	pid_t owner;

	prover->lock = cxv_record_lock(prover->host, prover->endpoint->host, &deadline, &owner);
	if (prover->lock >= 0)
		return 0;
	if (prover->lock == -EBUSY) {
		snprintf(text, sizeof(text), "another cxlvfio (pid %d) works on it", (int)owner);
		return cxv_prover_fail(prover, CXV_DEVICE_BUSY, EBUSY, NULL, "wait for it to end",
				       text);
	}
	/* A user who may not take the lock cannot change what it protects, and need not. */
	if (prover->lock == -EACCES && !changes_method(prover))
		return 0;
	return cxv_prover_fail(prover, cxv_code_of_errno(prover->lock), prover->lock,
			       "/" CXV_STATE_DIRECTORY,
			       prover->lock == -EACCES && geteuid() ?
			       "run it as root, or take --method auto" :
			       cxv_rights_hint(prover->host, prover->lock),
			       "cannot take the endpoint's lock");
}

static int recover_borrowed(struct cxv_prover *prover)
{
	if (prover->lock < 0)
		return 0;
	return cxv_borrowed_put_back(prover->host, prover->endpoint->host, "reset", true,
				     prover->errors);
}

/* Once; what an earlier run left is put back before this one borrows anything. */
static int lock(struct cxv_prover *prover)
{
	int ret = prover->lock < 0 ? take_lock(prover) : 0;

	return ret || prover->contact.climbing ? ret : recover_borrowed(prover);
}

/* What no VFIO driver has is not touched: opening it says why. */
static int begin_climb(struct cxv_prover *prover)
{
	const struct cxv_endpoint *endpoint = prover->endpoint;
	int ret;

	if (cxv_ladder_is(&endpoint->ladder, CXV_LADDER_PROVEN) && !prover->options.prove)
		return 0;
	if (prover->host->fixture || (!endpoint->vfio.group.value && !endpoint->vfio.cdev.value))
		return 0;
	ret = lock(prover);
	if (ret < 0)
		return ret;
	prover->contact.climbing = true;
	return cxv_prover_climb_begin(prover);
}

/* Memory space off would make VFIO refuse every access: an open device may have it so. */
static int enable_memory(struct cxv_prover *prover)
{
	uint16_t command;
	int ret;

	prover->regions.config = cxv_vfio_pci_region(&prover->vfio, VFIO_PCI_CONFIG_REGION_INDEX);
	if (!prover->regions.config)
		return cxv_prover_fail(prover, CXV_UNSUPPORTED, ENODEV, prover->vfio.node,
				       "see the kernel log", "the VFIO device is no PCI device");
	ret = cxv_vfio_read(&prover->vfio, prover->regions.config, PCI_COMMAND, &command,
			    sizeof(command));
	if (!ret && !(command & PCI_COMMAND_MEMORY)) {
		command |= PCI_COMMAND_MEMORY;
		ret = cxv_vfio_write(&prover->vfio, prover->regions.config, PCI_COMMAND, &command,
				     sizeof(command));
	}
	if (ret < 0)
		return cxv_prover_fail(prover, cxv_code_of_errno(ret), ret, prover->vfio.node,
				       "see the kernel log",
				       "cannot enable the function's memory space");
	return 0;
}

/* A register that every reset clears is known for the endpoint that the tests emulate. */
static void find_witness(struct cxv_prover *prover)
{
	const struct cxv_region_info *bar;
	uint16_t identity[2];
	uint32_t magic;

	if (cxv_vfio_read(&prover->vfio, prover->regions.config, PCI_VENDOR_ID, identity,
			  sizeof(identity)) < 0 ||
	    identity[0] != CXL_EMULATED_VENDOR_ID || identity[1] != CXL_EMULATED_DEVICE_ID)
		return;
	bar = cxv_vfio_pci_region(&prover->vfio,
				  VFIO_PCI_BAR0_REGION_INDEX + CXL_EMULATED_DEVICE_BAR);
	if (bar && !cxv_vfio_read(&prover->vfio, bar, CXL_EMULATED_DEVICE_MAGIC, &magic,
				  sizeof(magic)) && magic == CXL_EMULATED_DEVICE_MAGIC_VALUE)
		prover->regions.witness = bar;
}

const struct cxv_window *cxv_prover_window(const struct cxv_prover *prover)
{
	return &prover->window.windows[prover->views.first];
}

const struct cxv_window *cxv_prover_bar_window(const struct cxv_prover *prover)
{
	return cxv_views_both(&prover->views) ? &prover->window.windows[CXV_WINDOW_BAR] : NULL;
}

/* What is mapped, and which part of it is touched: the same part in every view. */
static int choose_window(struct cxv_prover *prover)
{
	uint64_t size = cxv_views_first(&prover->views)->bytes, blocks = prover->options.sample;
	uint64_t base = cxv_window_base(&prover->endpoint->resource, size);
	int ret;

	if (!blocks)
		blocks = size / CXV_BLOCK_SIZE > CXV_SAMPLE_ABOVE ? CXV_SAMPLE_DEFAULT :
								    CXV_SAMPLE_ALL;
	ret = cxv_sample_choose(base, size, blocks, cxv_random_seed(), &prover->window.sample);
	if (ret < 0)
		return cxv_prover_fail(prover, CXV_OUT_OF_MEMORY, ret, NULL, "free some memory",
				       "cannot choose which part of the window to touch");
	for (enum cxv_window_view view = 0; view < CXV_WINDOW_VIEWS; view++)
		prover->window.windows[view] = (struct cxv_window) {
			.file = prover->vfio.device,
			.file_offset = prover->views.views[view].file_offset,
			.base = base,
			.size = prover->views.views[view].bytes,
			.sample = &prover->window.sample,
			.pages = cxv_host_page_sizes(),
		};
	return 0;
}

static int find_memory(struct cxv_prover *prover)
{
	const struct cxv_shown_view *first;

	if (prover->options.verify && !cxv_host_page_sizes())
		return cxv_prover_fail(prover, CXV_UNSUPPORTED, EOPNOTSUPP, NULL,
				       "getconf PAGESIZE prints it; prove nothing: --no-verify",
				       "this kernel's pages have neither 4, 16 nor 64 KiB: "
				       "faults cannot be accounted for");
	cxv_window_views_read(prover->host, prover->endpoint, &prover->vfio, &prover->views);
	first = cxv_views_first(&prover->views);
	if (first)
		prover->regions.memory = cxv_vfio_pci_region(&prover->vfio, first->index);
	if (!prover->options.verify || first)
		return prover->options.verify ? choose_window(prover) : 0;
	return cxv_prover_fail(prover, CXV_UNSUPPORTED, EOPNOTSUPP, prover->vfio.node,
			       "bind it to " CXL_VFIO_DRIVER_NAME ", or prove nothing: --no-verify",
			       "its driver offers no HDM memory that can be mapped, so that "
			       "nothing can be proven");
}

static uint64_t offset_of(const struct cxv_window *window)
{
	return window->size > 2 * OFFSET_MAPPING_START ? OFFSET_MAPPING_START :
							 window->pages->base;
}

/*
 * What the driver offers and cannot be mapped is no view, and the check of that name says so,
 * unless it is us who have no room for it. The part at an offset is about that, not about its
 * length.
 */
static int map_bar(struct cxv_prover *prover)
{
	const char *unavailable = prover->views.first == CXV_WINDOW_BAR ?
				  "the BAR is the only view: all other mappings are through it" :
				  "the window is not shown as a BAR";
	struct cxv_shown_view *view = &prover->views.views[CXV_WINDOW_BAR];
	const struct cxv_window *window = cxv_prover_bar_window(prover);
	struct cxv_mapping *mappings = prover->window.mappings;
	int ret = 0;

	if (window) {
		uint64_t offset = offset_of(window);

		unavailable = NULL;
		ret = cxv_mapping_create(window, 0, window->size,
					 &mappings[CXV_MAPPING_BAR_WHOLE]);
		if (!ret)
			ret = cxv_mapping_create(window, offset,
						 cxv_smaller(window->size - offset,
							     BAR_OFFSET_MAPPING_LENGTH),
						 &mappings[CXV_MAPPING_BAR_OFFSET]);
	}
	if (ret == -ENOMEM)
		return ret;
	if (ret < 0) {
		*view = (struct cxv_shown_view) {
			.offered = view->offered, .problem = "it cannot be mapped", .error = -ret,
		};
		unavailable = "the window cannot be mapped through the BAR";
	}
	prover->window.results[CXV_MAPPING_BAR_WHOLE].unavailable = unavailable;
	prover->window.results[CXV_MAPPING_BAR_OFFSET].unavailable = unavailable;
	return 0;
}

static int map_window(struct cxv_prover *prover)
{
	const struct cxv_window *window = cxv_prover_window(prover);
	uint64_t offset = offset_of(window);
	/* Wherever it begins, two large pages have room for one that is aligned. */
	uint64_t length = cxv_larger(OFFSET_MAPPING_LENGTH, 2 * window->pages->pmd);
	struct cxv_mapping *mappings = prover->window.mappings;
	int ret;

	ret = map_bar(prover);
	if (!ret)
		ret = cxv_mapping_create(window, 0, window->size, &mappings[CXV_MAPPING_WHOLE]);
	if (!ret)
		ret = cxv_mapping_create(window, offset,
					 cxv_smaller(window->size - offset, length),
					 &mappings[CXV_MAPPING_OFFSET]);
	if (!ret)
		ret = cxv_watcher_create(window, cxv_prover_bar_window(prover),
					 &prover->window.watcher);
	if (!ret)
		ret = cxv_mapping_create_split(window, &mappings[CXV_MAPPING_SPLIT]);
	if (ret < 0)
		return cxv_prover_fail(prover, cxv_code_of_errno(ret), ret, prover->vfio.node,
				       "see ulimit -v for the address space, and the kernel log",
				       "cannot map the HDM window");
	return 0;
}

/*
 * Populated before anything is counted, so that keeping a word never takes a fault; shared, since
 * the child compares with it, and a fork would have every page of ours copied at its next write.
 */
static int make_originals(struct cxv_prover *prover)
{
	size_t size = cxv_sample_slots(&prover->window.sample, cxv_prover_window(prover)->size) *
		      sizeof(uint64_t);
	void *memory;

	memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED)
		return -errno;
	madvise(memory, size, MADV_NOHUGEPAGE);
	memset(memory, 0xff, size);
	prover->window.originals = memory;
	prover->window.originals_size = size;
	return 0;
}

static void start_child(struct cxv_prover *prover)
{
	if (cxv_touch_child_start(&prover->window.mappings[CXV_MAPPING_WHOLE],
				  prover->window.originals, prover->window.originals_size,
				  &prover->window.child) < 0)
		prover->window.results[CXV_MAPPING_INHERITED].unavailable =
			"no child process could be started";
}

static int begin_touching(struct cxv_prover *prover)
{
	int ret;

	ret = make_originals(prover);
	if (!ret)
		start_child(prover);
	if (!ret)
		ret = cxv_traffic_run_create(cxv_prover_window(prover),
					     cxv_prover_bar_window(prover),
					     prover->window.originals, !prover->options.read_only,
					     prover->options.threads, prover->options.processes,
					     &prover->window.traffic);
	if (!ret)
		ret = cxv_touch_begin(&prover->window.counting_works);
	prover->window.touching = !ret;
	if (!ret)
		ret = cxv_traffic_run_start(prover->window.traffic);
	if (ret < 0)
		/* EAGAIN: no room for a thread or process; nobody else has the device. */
		return cxv_prover_fail(prover,
				       ret == -EAGAIN ? CXV_OUT_OF_MEMORY : cxv_code_of_errno(ret),
				       ret, NULL,
				       "free some memory, or take fewer --threads and --processes",
				       "cannot prepare the touching of the window");
	return 0;
}

/* What is read in every cycle. */
static int open_sources(struct cxv_prover *prover)
{
	int ret = cxv_observation_source_init(prover->host, prover->endpoint, &prover->vfio,
					      &prover->sources.observation);

	if (!ret)
		ret = cxv_memory_type_init(&prover->sources.memory_types);
	if (!ret)
		ret = cxv_reset_method_file(prover->endpoint->host, &prover->sources.reset_method);
	if (ret < 0)
		return cxv_prover_fail(prover, CXV_OUT_OF_MEMORY, ret, NULL, "free some memory",
				       "cannot prepare to look at the endpoint");
	return 0;
}

int cxv_prover_open(const struct cxv_host *host, const struct cxv_endpoint *endpoint,
		    const struct cxv_prover_options *options, struct cxv_errors *errors,
		    struct cxv_prover *prover)
{
	int ret;

	*prover = (struct cxv_prover) {
		.host = host, .endpoint = endpoint, .errors = errors, .options = *options,
		.lock = -1, .sources.kernel_log = -ENOENT,
		.window = { .child.socket = -1, .dma_buf.file = -1 },
		.vfio = { .device = -1, .group = -1, .container = -1, .iommufd = -1,
			  .request = -1 },
	};
	ret = begin_climb(prover);
	if (ret < 0)
		return ret;
	/* Opening says best what stands in the way, so it comes before the lock needs privilege. */
	ret = cxv_vfio_open(host, endpoint->host, options->interface, errors, &prover->vfio);
	if (ret < 0)
		return ret;
	cxv_vfio_request_watch(&prover->vfio);
	ret = lock(prover);
	if (!ret)
		ret = enable_memory(prover);
	if (!ret)
		ret = find_memory(prover);
	if (ret < 0)
		return ret;
	prover->sources.kernel_log = cxv_kernel_log_open(host);
	ret = open_sources(prover);
	if (ret < 0)
		return ret;
	find_witness(prover);
	ret = cxv_prover_check_methods(prover);
	if (!ret)
		ret = cxv_prover_climb(prover);
	if (!ret && options->verify)
		ret = map_window(prover);
	if (!ret && options->verify)
		ret = begin_touching(prover);
	return ret;
}

static void restore_memory(struct cxv_prover *prover)
{
	uint64_t refused = cxv_mapping_pages(&prover->window.mappings[CXV_MAPPING_WHOLE]);

	if (!prover->content.seed)
		return;
	if (!prover->content.shut)
		refused = cxv_touch_restore(&prover->window.mappings[CXV_MAPPING_WHOLE],
					    prover->content.seed, prover->window.originals);
	prover->content.restored = !refused;
	if (refused)
		cxv_warning(prover->errors, CXV_FAILED, 0,
			    (struct cxv_place) { .operation = "reset",
						 .target = prover->endpoint->host },
			    "the first 8 bytes of %" PRIu64
			    " pages could not be put back: the window does not let them through",
			    refused);
}

static void restore(struct cxv_prover *prover, struct cxv_borrowed *borrowed)
{
	int ret = cxv_borrowed_restore(prover->host, borrowed);

	if (ret < 0)
		cxv_warning(prover->errors, cxv_code_of_errno(ret), ret,
			    (struct cxv_place) { .operation = "reset",
						 .path = borrowed->attribute,
						 .target = prover->endpoint->host,
						 .hint = "the next reset tries again" },
			    "it could not be put back as it was");
}

void cxv_prover_restore(struct cxv_prover *prover)
{
	/* First, since everything else touches the memory, which may hang. */
	restore(prover, &prover->method.borrowed);
	restore(prover, &prover->contact.scrub);
	cxv_traffic_run_stop(prover->window.traffic);
	if (!prover->window.touching)
		return;
	restore_memory(prover);
	/* A thread that is still in an access needs the handler. */
	if (!prover->window.traffic || !prover->window.traffic->stuck)
		cxv_touch_end();
	prover->window.touching = false;
}

void cxv_prover_close(struct cxv_prover *prover)
{
	unsigned int i;

	cxv_prover_restore(prover);
	cxv_watcher_destroy(&prover->window.watcher);
	cxv_dma_buf_close(&prover->window.dma_buf);
	cxv_close_descriptor(&prover->sources.kernel_log);
	cxv_observation_source_clear(&prover->sources.observation);
	cxv_observation_clear(&prover->last.look);
	cxv_kept_file_close(&prover->sources.memory_types);
	cxv_kept_file_close(&prover->sources.reset_method);
	cxv_touch_child_stop(&prover->window.child);
	for (i = 0; i < CXV_MAPPING_COUNT; i++)
		cxv_mapping_destroy(&prover->window.mappings[i]);
	if (cxv_traffic_run_destroy(prover->window.traffic) && prover->window.originals)
		munmap(prover->window.originals, prover->window.originals_size);
	cxv_sample_clear(&prover->window.sample);
	cxv_vfio_close(&prover->vfio);
	cxv_prover_climb_end(prover);
	cxv_close_descriptor(&prover->lock);
	free(prover->method.offered);
	prover->method.offered = NULL;
}
