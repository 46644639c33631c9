/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Errors that no device event tells of, corrected ones above all: the kernel's trace events of AER
 * and CXL, in a trace instance of our own, through libtracefs. They only say that something
 * happened.
 */
#ifndef CXLVFIO_SYS_MONITOR_TRACE_H
#define CXLVFIO_SYS_MONITOR_TRACE_H

struct cxv_trace;

/* NULL: the library or the files are not there, or not for this user. */
struct cxv_trace *cxv_trace_open(void);
/*
 * Before each reading: the CXL core is a module, whose events are unknown until it is loaded, and
 * off when it is loaded again. Changes nothing where they are on.
 */
void cxv_trace_enable(struct cxv_trace *trace);
/* Takes the instance away. */
void cxv_trace_close(struct cxv_trace *trace);
/* For poll(2); -1 for NULL. */
int cxv_trace_descriptor(const struct cxv_trace *trace);
void cxv_trace_drain(struct cxv_trace *trace);

#endif
