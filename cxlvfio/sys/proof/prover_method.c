// SPDX-License-Identifier: GPL-2.0-or-later
/* Which methods a run may use, which one a cycle uses, and the reset itself. */
#include <errno.h>
#include <linux/pci_regs.h>
#include <stdio.h>
#include <string.h>

#include "core/base/util.h"
#include "sys/base/rights.h"
#include "sys/discovery/pci.h"
#include "sys/proof/prover.h"
#include "sys/proof/vfio_hot.h"

static bool uses(const struct cxv_prover *prover, enum cxv_method method, enum cxv_via via)
{
	for (size_t i = 0; i < prover->options.way_count; i++)
		if (prover->options.ways[i].method == method && prover->options.ways[i].via == via)
			return true;
	return false;
}

/* Whether the kernel looks into reset_method for it. */
static bool uses_reset_method(enum cxv_method method)
{
	return method != CXV_METHOD_HOT && !cxv_method_kinds[method].no_reset;
}

static bool needs_reset_method(const struct cxv_prover *prover)
{
	for (size_t i = 0; i < prover->options.way_count; i++)
		if (!cxv_method_kinds[prover->options.ways[i].method].no_reset)
			return true;
	return false;
}

/* The FLR bit that --via config writes, where the function has it. */
static int find_express(struct cxv_prover *prover)
{
	struct cxv_observation *observation;
	uint32_t capability;

	if (!uses(prover, CXV_METHOD_FLR, CXV_VIA_CONFIG))
		return 0;
	observation = calloc(1, sizeof(*observation));
	if (!observation)
		return cxv_prover_fail(prover, CXV_OUT_OF_MEMORY, ENOMEM, NULL, "free some memory",
				       "cannot look for the function's FLR");
	cxv_observation_config(&prover->sources.observation, observation);
	prover->method.express = cxv_config_capability(observation, PCI_CAP_ID_EXP);
	capability = cxv_config_field(observation, prover->method.express + PCI_EXP_DEVCAP, 4);
	free(observation);
	if (!prover->method.express || !(capability & PCI_EXP_DEVCAP_FLR))
		return cxv_prover_fail(prover, CXV_UNSUPPORTED, EOPNOTSUPP, NULL, "use --via vfio",
				       "the function's PCI Express capability offers no FLR");
	return 0;
}

/* The kernel's own list, which must not be longer than what was shown before. */
static int check_hot_reach(struct cxv_prover *prover)
{
	_cleanup_free_ char (*hosts)[CXV_HOT_HOST_SIZE] = NULL;
	char text[128];
	size_t count = 0;
	int ret = cxv_vfio_hot_reset_reach(&prover->vfio, &hosts, &count);

	if (ret < 0)
		return cxv_prover_fail(prover, CXV_UNSUPPORTED, ret, prover->vfio.node,
				       "use --method flr",
				       "VFIO can reset neither its slot nor its bus");
	for (size_t i = 0; i < count; i++) {
		if (cxv_scope_has(prover->options.scope, hosts[i]))
			continue;
		snprintf(text, sizeof(text), "the hot reset would reset %s, too, which was not "
			 "there before", hosts[i]);
		return cxv_prover_fail(prover, CXV_DEVICE_BUSY, EBUSY, NULL, "begin again", text);
	}
	return 0;
}

int cxv_prover_check_methods(struct cxv_prover *prover)
{
	char hint[160];
	int ret;

	ret = cxv_host_read_string(prover->host, &prover->method.offered,
				   CXV_PCI_DEVICES "/%s/reset_method", prover->endpoint->host);
	if (ret == -ENOENT && !needs_reset_method(prover))
		return 0;
	snprintf(hint, sizeof(hint), CXV_RESET_METHOD_HINT, prover->endpoint->host);
	if (ret < 0)
		return cxv_prover_fail(prover,
				       ret == -ENOENT ? CXV_UNSUPPORTED : cxv_code_of_errno(ret),
				       ret, "reset_method", hint,
				       "cannot read which reset methods the function offers");
	for (size_t i = 0; i < prover->options.way_count && !ret; i++) {
		const struct cxv_way *way = &prover->options.ways[i];

		if (way->method == CXV_METHOD_HOT)
			ret = check_hot_reach(prover);
		else
			ret = cxv_scope_check_word(prover->endpoint->host, prover->method.offered,
						   way, "reset", prover->errors);
	}
	return ret ?: find_express(prover);
}

int cxv_prover_choose_method(struct cxv_prover *prover, unsigned int number)
{
	const char *methods = prover->method.offered, *word;
	char text[192];
	int ret;

	prover->method.way = prover->options.ways[(number - 1) % prover->options.way_count];
	prover->method.word = cxv_method_word(prover->method.way.method, methods);
	/* In its own order, unless an earlier turn has changed that. */
	word = prover->method.word ?: methods;
	if (!uses_reset_method(prover->method.way.method) ||
	    (!prover->method.word && !prover->method.borrowed.saved))
		return 0;
	/* It is read right before the reset: a change in between is found, and is a finding. */
	if (prover->method.word_set && prover->options.verify && !prover->options.pauses &&
	    !strcmp(prover->method.word_set, word))
		return 0;
	ret = cxv_borrowed_set(prover->host, prover->endpoint->host, CXV_RESET_METHOD, word,
			       &prover->method.borrowed);
	prover->method.word_set = ret ? NULL : word;
	if (!ret)
		return 0;
	snprintf(text, sizeof(text), "cannot choose \"%s\" as the reset method", word);
	return cxv_prover_fail(prover, cxv_code_of_errno(ret), ret, "reset_method",
			       cxv_rights_hint(prover->host, ret) ?: "see the kernel log", text);
}

static int flr_by_config(struct cxv_prover *prover)
{
	uint64_t offset = prover->method.express + PCI_EXP_DEVCTL;
	uint16_t control;
	int ret;

	ret = cxv_vfio_read(&prover->vfio, prover->regions.config, offset, &control,
			    sizeof(control));
	if (ret < 0)
		return ret;
	control |= PCI_EXP_DEVCTL_BCR_FLR;
	return cxv_vfio_write(&prover->vfio, prover->regions.config, offset, &control,
			      sizeof(control));
}

static int write_command(struct cxv_prover *prover, uint16_t command)
{
	return cxv_vfio_write(&prover->vfio, prover->regions.config, PCI_COMMAND, &command,
			      sizeof(command));
}

/*
 * As a guest does it. When the write returns, no mapping may be left and none may come back: no
 * time has to pass, and nothing depends on when a thread gets to run. The memory itself does not
 * care (CXL.mem has its own enable), so that a wrong access is seen, and harms nothing.
 */
static int memory_space_off_and_on(struct cxv_prover *prover)
{
	uint16_t command;
	int ret;

	ret = cxv_vfio_read(&prover->vfio, prover->regions.config, PCI_COMMAND, &command,
			    sizeof(command));
	if (ret < 0)
		return ret;
	cxv_watcher_look(&prover->window.watcher, false);
	ret = write_command(prover, command & ~PCI_COMMAND_MEMORY);
	if (ret < 0)
		return ret;
	cxv_watcher_look(&prover->window.watcher, true);
	ret = write_command(prover, command | PCI_COMMAND_MEMORY);
	cxv_watcher_look(&prover->window.watcher, false);
	return ret;
}

int cxv_prover_reset(struct cxv_prover *prover, unsigned int *retries)
{
	uint64_t timeout = prover->options.timeout * NS_PER_SEC;

	/* Through sysfs it would wait for the lock of those who wait for us. */
	if (cxv_vfio_request_came(&prover->vfio))
		return -EAGAIN;
	if (prover->method.way.method == CXV_METHOD_HOT)
		return cxv_vfio_hot_reset(&prover->vfio, timeout, retries);
	if (prover->method.way.method == CXV_METHOD_MEMORY)
		return memory_space_off_and_on(prover);
	switch (prover->method.way.via) {
	case CXV_VIA_CONFIG:
		return flr_by_config(prover);
	case CXV_VIA_SYSFS:
		return cxv_host_write_string(prover->host, "1", CXV_PCI_DEVICES "/%s/reset",
					     prover->endpoint->host);
	default:
		return cxv_vfio_reset(&prover->vfio, timeout, retries);
	}
}
