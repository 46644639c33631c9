// SPDX-License-Identifier: GPL-2.0-or-later
#include "sys/proof/prover.h"

#include <errno.h>
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
#include "sys/base/state_file.h"
#include "sys/binding/lock.h"
#include "sys/discovery/pci.h"
#include "sys/proof/memory_type.h"

#define LOCK_TIMEOUT_MS		2000

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
	struct cxv_place place = {
		.operation = "reset", .target = prover->endpoint->host,
		.path = "/" CXV_STATE_DIRECTORY,
	};
	pid_t owner;

	prover->lock = cxv_lock(prover->host, prover->endpoint->host, &deadline, &owner);
	/* A user who may not take the lock cannot change what it protects, and need not. */
	if (prover->lock >= 0 || (prover->lock == -EACCES && !changes_method(prover)))
		return 0;
	if (prover->lock == -EBUSY)
		place.hint = "wait until it has ended";
	else if (prover->lock == -EACCES && geteuid())
		place.hint = "run it as root, or take --method auto";
	return cxv_lock_fail(prover->host, prover->errors, place, prover->lock, owner,
			     "is changing it", "the endpoint");
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

/* What is read in every cycle. */
static int open_sources(struct cxv_prover *prover)
{
	int ret = cxv_observation_source_init(prover->host, prover->endpoint, &prover->vfio,
					      &prover->sources.observation);

	if (!ret)
		ret = cxv_memory_type_init(&prover->sources.memory_types);
	if (!ret)
		ret = cxv_kept_file_init(&prover->sources.reset_method,
					 CXV_PCI_DEVICES "/%s/reset_method",
					 prover->endpoint->host);
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
		ret = cxv_prover_find_window(prover);
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
		ret = cxv_prover_map_window(prover);
	if (!ret && options->verify)
		ret = cxv_prover_begin_touching(prover);
	return ret;
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
	cxv_traffic_run_stop(prover->window.traffic);
	if (!prover->window.touching)
		return;
	cxv_prover_restore_window(prover);
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
	/* Where a step could not be made the close does not write all of the window. */
	restore(prover, &prover->contact.scrub);
	cxv_prover_climb_end(prover);
	cxv_close_descriptor(&prover->lock);
	free(prover->method.offered);
	prover->method.offered = NULL;
}
