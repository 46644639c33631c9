/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a bug report needs besides what list and show read. */
#ifndef CXLVFIO_SYS_SNAPSHOT_EVIDENCE_H
#define CXLVFIO_SYS_SNAPSHOT_EVIDENCE_H

#include "core/discovery/endpoint.h"
#include "sys/base/host.h"

/* Where the lines of the kernel log are, in the tree. */
#define CXV_EVIDENCE_LOG	"kernel.log"

/*
 * Copies it into the tree of CAPTURE (capture.h), after cxv_collect() has filled INVENTORY
 * from there. What cannot be read says so in the tree. 0, -ENOMEM or -EFBIG.
 */
int cxv_evidence_collect(const struct cxv_host *capture, const struct cxv_inventory *inventory);

/* Exported for tests: lines of a log in the format of /dev/kmsg that matter, as dmesg has them. */
int cxv_evidence_log_lines(const char *records, const struct cxv_inventory *inventory,
			   char **lines);
/* Exported for tests: of pci.ids only what the configuration spaces in the tree name. */
int cxv_evidence_pci_ids(const char *file, size_t size, const struct cxv_host *capture,
			 char **excerpt);

#endif
