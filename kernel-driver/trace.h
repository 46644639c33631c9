/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tracepoints: events/cxl_vfio in tracefs. Durations are in nanoseconds and are measured only while
 * the event is enabled. Addresses are offsets in the window: they say nothing of physical memory.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM cxl_vfio

#if !defined(CXL_VFIO_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define CXL_VFIO_TRACE_H

#include <linux/mm.h>
#include <linux/pci.h>
#include <linux/tracepoint.h>

/*
 * A page of the window was touched. @index: of the view, a region's or a BAR's; @order: 0, or that
 * of a huge page; @result: VM_FAULT_*.
 */
TRACE_EVENT(cxl_vfio_fault,
	TP_PROTO(const struct pci_dev *pdev, unsigned int index, u64 offset, unsigned int order,
		 vm_fault_t result, u64 duration_ns),
	TP_ARGS(pdev, index, offset, order, result, duration_ns),
	TP_STRUCT__entry(
		__string(device, pci_name(pdev))
		__field(unsigned int, index)
		__field(u64, offset)
		__field(unsigned int, order)
		__field(unsigned int, result)
		__field(u64, duration_ns)
	),
	TP_fast_assign(
		__assign_str(device);
		__entry->index = index;
		__entry->offset = offset;
		__entry->order = order;
		__entry->result = (__force unsigned int)result;
		__entry->duration_ns = duration_ns;
	),
	TP_printk("%s index=%u offset=%#llx order=%u result=%s duration_ns=%llu",
		  __get_str(device), __entry->index, __entry->offset, __entry->order,
		  __print_flags(__entry->result, "|", VM_FAULT_RESULT_TRACE),
		  __entry->duration_ns)
);

/* Every mapping of the window was taken away. */
TRACE_EVENT(cxl_vfio_zap,
	TP_PROTO(const struct pci_dev *pdev, const char *path, u64 generation, u64 duration_ns),
	TP_ARGS(pdev, path, generation, duration_ns),
	TP_STRUCT__entry(
		__string(device, pci_name(pdev))
		__string(path, path)
		__field(u64, generation)
		__field(u64, duration_ns)
	),
	TP_fast_assign(
		__assign_str(device);
		__assign_str(path);
		__entry->generation = generation;
		__entry->duration_ns = duration_ns;
	),
	TP_printk("%s path=%s generation=%llu duration_ns=%llu", __get_str(device),
		  __get_str(path), __entry->generation, __entry->duration_ns)
);

/* Dma-bufs followed the gate: @count of them can be mapped now, or cannot any more. */
TRACE_EVENT(cxl_vfio_dmabuf,
	TP_PROTO(const struct pci_dev *pdev, bool open, unsigned int count, u64 duration_ns),
	TP_ARGS(pdev, open, count, duration_ns),
	TP_STRUCT__entry(
		__string(device, pci_name(pdev))
		__field(bool, open)
		__field(unsigned int, count)
		__field(u64, duration_ns)
	),
	TP_fast_assign(
		__assign_str(device);
		__entry->open = open;
		__entry->count = count;
		__entry->duration_ns = duration_ns;
	),
	TP_printk("%s open=%d count=%u duration_ns=%llu", __get_str(device), __entry->open,
		  __entry->count, __entry->duration_ns)
);

/* The gate changed its state. @duration_ns: how long it was in the one before. */
TRACE_EVENT(cxl_vfio_gate,
	TP_PROTO(const struct pci_dev *pdev, const char *state, const char *verdict,
		 const char *path, u64 generation, u64 duration_ns),
	TP_ARGS(pdev, state, verdict, path, generation, duration_ns),
	TP_STRUCT__entry(
		__string(device, pci_name(pdev))
		__string(state, state)
		__string(verdict, verdict)
		__string(path, path)
		__field(u64, generation)
		__field(u64, duration_ns)
	),
	TP_fast_assign(
		__assign_str(device);
		__assign_str(state);
		__assign_str(verdict);
		__assign_str(path);
		__entry->generation = generation;
		__entry->duration_ns = duration_ns;
	),
	TP_printk("%s state=%s verdict=\"%s\" path=%s generation=%llu duration_ns=%llu",
		  __get_str(device), __get_str(state), __get_str(verdict), __get_str(path),
		  __entry->generation, __entry->duration_ns)
);

/* The hardware was read, and repaired where it could be. */
TRACE_EVENT(cxl_vfio_revalidate,
	TP_PROTO(const struct pci_dev *pdev, const char *verdict, bool repaired,
		 u64 duration_ns),
	TP_ARGS(pdev, verdict, repaired, duration_ns),
	TP_STRUCT__entry(
		__string(device, pci_name(pdev))
		__string(verdict, verdict)
		__field(bool, repaired)
		__field(u64, duration_ns)
	),
	TP_fast_assign(
		__assign_str(device);
		__assign_str(verdict);
		__entry->repaired = repaired;
		__entry->duration_ns = duration_ns;
	),
	TP_printk("%s verdict=\"%s\" repaired=%d duration_ns=%llu", __get_str(device),
		  __get_str(verdict), __entry->repaired, __entry->duration_ns)
);

/* The window was zeroed, or part of it before something stopped that. */
TRACE_EVENT(cxl_vfio_scrub,
	TP_PROTO(const struct pci_dev *pdev, u64 bytes, bool done, u64 duration_ns),
	TP_ARGS(pdev, bytes, done, duration_ns),
	TP_STRUCT__entry(
		__string(device, pci_name(pdev))
		__field(u64, bytes)
		__field(bool, done)
		__field(u64, duration_ns)
	),
	TP_fast_assign(
		__assign_str(device);
		__entry->bytes = bytes;
		__entry->done = done;
		__entry->duration_ns = duration_ns;
	),
	TP_printk("%s bytes=%llu done=%d duration_ns=%llu", __get_str(device), __entry->bytes,
		  __entry->done, __entry->duration_ns)
);

#endif

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
