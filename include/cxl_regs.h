/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * CXL registers that a Type-2 endpoint has and this project reads, shared by the command, the
 * driver and the emulator. Offsets are in bytes, fields are masks of the register they follow:
 * take one out with cxl_field(). Numbers are those of the CXL specification 3.1, sections 8.1
 * (configuration space) and 8.2 (component registers). Only what linux/pci_regs.h or the CXL
 * core's public headers lack under these names stands here; nothing below needs an include.
 */
#ifndef CXL_REGS_H
#define CXL_REGS_H

/* The value of field MASK in REGISTER, moved down to bit 0. */
#define cxl_field(register_value, mask)		(((register_value) & (mask)) / ((mask) & -(mask)))
/* VALUE moved up into field MASK. */
#define cxl_field_prepare(mask, value)		(((value) * ((mask) & -(mask))) & (mask))

#define CXL_VENDOR_ID				0x1e98

/* Designated vendor-specific extended capability header (PCIe base specification 7.9.6). */
#define CXL_DVSEC_HEADER1			0x04	/* 32 bit */
#define   CXL_DVSEC_HEADER1_VENDOR		0x0000ffffu
#define   CXL_DVSEC_HEADER1_REVISION		0x000f0000u
#define   CXL_DVSEC_HEADER1_LENGTH		0xfff00000u
#define CXL_DVSEC_HEADER2			0x08	/* 16 bit: DVSEC id */

/* DVSEC ids under CXL_VENDOR_ID (8.1.1, table 8-2). */
#define CXL_DVSEC_ID_DEVICE			0
#define CXL_DVSEC_ID_PORT_EXTENSION		3
#define CXL_DVSEC_ID_FLEX_BUS_PORT		7
#define CXL_DVSEC_ID_REGISTER_LOCATOR		8

/* DVSEC 0, PCIe DVSEC for CXL devices (8.1.3). */
#define CXL_DEVICE_DVSEC_LENGTH			0x3c
#define CXL_DEVICE_CAPABILITY			0x0a	/* 16 bit */
#define   CXL_DEVICE_CAPABILITY_CACHE		0x0001u
#define   CXL_DEVICE_CAPABILITY_IO		0x0002u
#define   CXL_DEVICE_CAPABILITY_MEM		0x0004u
#define   CXL_DEVICE_CAPABILITY_MEM_HWINIT	0x0008u
#define   CXL_DEVICE_CAPABILITY_HDM_COUNT	0x0030u
#define   CXL_DEVICE_CAPABILITY_WBI		0x0040u	/* cache write-back and invalidate */
#define   CXL_DEVICE_CAPABILITY_RESET		0x0080u
#define   CXL_DEVICE_CAPABILITY_RESET_TIMEOUT	0x0700u	/* 10 ms * 10^n */
#define   CXL_DEVICE_CAPABILITY_RESET_MEM_CLEAR	0x0800u
#define   CXL_DEVICE_CAPABILITY_TSP		0x1000u	/* trusted execution, revision 3 */
#define   CXL_DEVICE_CAPABILITY_MLD		0x2000u	/* multiple logical devices */
#define   CXL_DEVICE_CAPABILITY_VIRAL		0x4000u
#define   CXL_DEVICE_CAPABILITY_PM_INIT_REPORT	0x8000u
#define CXL_DEVICE_CONTROL			0x0c	/* 16 bit, locked by CONFIG_LOCK */
#define   CXL_DEVICE_CONTROL_CACHE_ENABLE	0x0001u
#define   CXL_DEVICE_CONTROL_IO_ENABLE		0x0002u
#define   CXL_DEVICE_CONTROL_MEM_ENABLE		0x0004u
#define   CXL_DEVICE_CONTROL_SF_COVERAGE	0x00f8u	/* of the snoop filter: 2^(n + 15) bytes */
#define   CXL_DEVICE_CONTROL_SF_GRANULARITY	0x0700u	/* 64 bytes * 2^n, 7 is reserved */
#define   CXL_DEVICE_CONTROL_CLEAN_EVICTION	0x0800u	/* 1: not needed */
#define   CXL_DEVICE_CONTROL_DIRECT_P2P_MEM	0x1000u	/* revision 3 */
#define   CXL_DEVICE_CONTROL_VIRAL_ENABLE	0x4000u
#define CXL_DEVICE_STATUS			0x0e	/* 16 bit */
#define   CXL_DEVICE_STATUS_VIRAL		0x4000u	/* write 1 to clear */
#define CXL_DEVICE_CONTROL2			0x10	/* 16 bit */
#define   CXL_DEVICE_CONTROL2_DISABLE_CACHING	0x0001u
#define   CXL_DEVICE_CONTROL2_INITIATE_WBI	0x0002u	/* reads 0 */
#define   CXL_DEVICE_CONTROL2_INITIATE_RESET	0x0004u	/* reads 0 */
#define   CXL_DEVICE_CONTROL2_RESET_MEM_CLEAR	0x0008u
#define   CXL_DEVICE_CONTROL2_PRESERVE_HDM	0x0010u	/* across a hot reset, revision 2 */
#define   CXL_DEVICE_CONTROL2_MODIFIED_COMPLETION 0x0020u
#define CXL_DEVICE_STATUS2			0x12	/* 16 bit */
#define   CXL_DEVICE_STATUS2_CACHE_INVALID	0x0001u
#define   CXL_DEVICE_STATUS2_RESET_COMPLETE	0x0002u
#define   CXL_DEVICE_STATUS2_RESET_ERROR	0x0004u
/* Volatile HDM was not preserved; sticky, write 1 to clear. */
#define   CXL_DEVICE_STATUS2_PRESERVATION_ERROR	0x0008u
#define   CXL_DEVICE_STATUS2_PM_INIT_COMPLETE	0x8000u
#define CXL_DEVICE_LOCK				0x14	/* 16 bit */
#define   CXL_DEVICE_LOCK_CONFIG_LOCK		0x0001u	/* conventional reset clears */
#define CXL_DEVICE_CAPABILITY2			0x16	/* 16 bit */
#define   CXL_DEVICE_CAPABILITY2_CACHE_UNIT	0x000fu	/* 0: not reported, 1: 64 KiB, 2: 1 MiB */
#define   CXL_DEVICE_CAPABILITY2_FALLBACK	0x0030u	/* none, PCIe, Type 1, Type 3 */
#define   CXL_DEVICE_CAPABILITY2_MODIFIED_COMPLETION 0x0040u
#define   CXL_DEVICE_CAPABILITY2_NO_CLEAN_WRITEBACK 0x0080u
#define   CXL_DEVICE_CAPABILITY2_CACHE_SIZE	0xff00u
#define CXL_DEVICE_RANGE(n)			(0x18 + 0x10 * (n))	/* n is 0 or 1 */
#define   CXL_DEVICE_RANGE_SIZE_HIGH		0x00	/* 32 bit, from CXL_DEVICE_RANGE(n) */
#define   CXL_DEVICE_RANGE_SIZE_LOW		0x04
#define     CXL_DEVICE_RANGE_INFO_VALID		0x00000001u
#define     CXL_DEVICE_RANGE_ACTIVE		0x00000002u
#define     CXL_DEVICE_RANGE_MEDIA_TYPE		0x0000001cu	/* volatile, non-volatile, CDAT */
#define     CXL_DEVICE_RANGE_MEMORY_CLASS	0x000000e0u	/* memory, storage, CDAT */
#define     CXL_DEVICE_RANGE_DESIRED_INTERLEAVE	0x00001f00u
#define     CXL_DEVICE_RANGE_ACTIVE_TIMEOUT	0x0000e000u	/* 4^n seconds, n up to 4 */
#define     CXL_DEVICE_RANGE_ACTIVE_DEGRADED	0x00010000u
#define     CXL_DEVICE_RANGE_SIZE_LOW_MASK	0xf0000000u
#define   CXL_DEVICE_RANGE_BASE_HIGH		0x08
#define   CXL_DEVICE_RANGE_BASE_LOW		0x0c	/* CONFIG_LOCK locks the base */
#define     CXL_DEVICE_RANGE_BASE_LOW_MASK	0xf0000000u
#define CXL_DEVICE_CAPABILITY3			0x38	/* 16 bit, from DVSEC revision 2 on */
#define   CXL_DEVICE_CAPABILITY3_COLD_CLEARS	0x0001u	/* volatile HDM, before it is active */
#define   CXL_DEVICE_CAPABILITY3_WARM_CLEARS	0x0002u
#define   CXL_DEVICE_CAPABILITY3_HOT_CLEARS	0x0004u
#define   CXL_DEVICE_CAPABILITY3_HOT_CONFIGURABLE 0x0008u
#define   CXL_DEVICE_CAPABILITY3_DIRECT_P2P_MEM	0x0010u	/* revision 3 */

/* DVSEC 3, CXL extensions for ports (8.1.5). */
#define CXL_PORT_EXTENSION_DVSEC_LENGTH		0x28
#define CXL_PORT_EXTENSION_STATUS		0x0a	/* 16 bit */
#define   CXL_PORT_EXTENSION_STATUS_PM_INIT	0x0001u
#define   CXL_PORT_EXTENSION_STATUS_VIRAL	0x4000u	/* write 1 to clear */
#define CXL_PORT_EXTENSION_CONTROL		0x0c	/* 16 bit */
#define   CXL_PORT_EXTENSION_CONTROL_UNMASK_SBR	0x0001u
#define   CXL_PORT_EXTENSION_CONTROL_UNMASK_LINK_DISABLE 0x0002u
#define   CXL_PORT_EXTENSION_CONTROL_ALT_MEMORY	0x0004u
#define   CXL_PORT_EXTENSION_CONTROL_ALT_BME	0x0008u
#define   CXL_PORT_EXTENSION_CONTROL_UIO_TO_HDM	0x0010u
#define   CXL_PORT_EXTENSION_CONTROL_VIRAL	0x4000u
#define CXL_PORT_EXTENSION_BUS_BASE		0x0e	/* 8 bit */
#define CXL_PORT_EXTENSION_BUS_LIMIT		0x0f	/* 8 bit */
#define CXL_PORT_EXTENSION_MEMORY_BASE		0x10	/* 16 bit each, address bits 31:20 */
#define CXL_PORT_EXTENSION_MEMORY_LIMIT		0x12
#define CXL_PORT_EXTENSION_PREFETCHABLE_BASE	0x14
#define CXL_PORT_EXTENSION_PREFETCHABLE_LIMIT	0x16
#define   CXL_PORT_EXTENSION_ADDRESS		0xfff0u	/* of these four */
#define CXL_PORT_EXTENSION_PREFETCHABLE_BASE_HIGH 0x18	/* 32 bit */
#define CXL_PORT_EXTENSION_PREFETCHABLE_LIMIT_HIGH 0x1c	/* 32 bit */
#define CXL_PORT_EXTENSION_RCRB_BASE		0x20	/* 32 bit */
#define   CXL_PORT_EXTENSION_RCRB_ENABLE	0x00000001u
#define   CXL_PORT_EXTENSION_RCRB_ADDRESS	0xffffe000u
#define CXL_PORT_EXTENSION_RCRB_BASE_HIGH	0x24	/* 32 bit */

/* DVSEC 7, Flex Bus port (8.2.1.3). A bit means the same in each register that has it. */
#define CXL_FLEX_BUS_DVSEC_LENGTH		0x20
#define CXL_FLEX_BUS_CAPABILITY			0x0a	/* 16 bit */
#define CXL_FLEX_BUS_CONTROL			0x0c	/* 16 bit */
#define CXL_FLEX_BUS_STATUS			0x0e	/* 16 bit */
#define   CXL_FLEX_BUS_CACHE			0x0001u
#define   CXL_FLEX_BUS_IO			0x0002u
#define   CXL_FLEX_BUS_MEM			0x0004u
#define   CXL_FLEX_BUS_SYNC_HEADER_BYPASS	0x0008u	/* control and status */
#define   CXL_FLEX_BUS_DRIFT_BUFFER		0x0010u	/* control and status */
#define   CXL_FLEX_BUS_68B_FLIT_VH		0x0020u
#define   CXL_FLEX_BUS_MLD			0x0040u
#define   CXL_FLEX_BUS_256B_FLIT		0x2000u	/* latency-optimized; revision 2 */
#define   CXL_FLEX_BUS_PBR_FLIT			0x4000u	/* revision 2 */
#define   CXL_FLEX_BUS_CONTROL_DISABLE_RCD	0x0080u
#define   CXL_FLEX_BUS_CONTROL_RETIMER1		0x0100u
#define   CXL_FLEX_BUS_CONTROL_RETIMER2		0x0200u
#define   CXL_FLEX_BUS_STATUS_EVEN_HALF_FAILED	0x0080u	/* these six: write 1 to clear */
#define   CXL_FLEX_BUS_STATUS_CORRECTABLE	0x0100u	/* protocol id framing error */
#define   CXL_FLEX_BUS_STATUS_UNCORRECTABLE	0x0200u	/* protocol id framing error */
#define   CXL_FLEX_BUS_STATUS_UNEXPECTED_ID	0x0400u	/* dropped */
#define   CXL_FLEX_BUS_STATUS_RETIMERS_MISMATCH	0x0800u
#define   CXL_FLEX_BUS_STATUS_PHASE2_MISMATCH	0x1000u
#define   CXL_FLEX_BUS_STATUS_IO_THROTTLE	0x8000u	/* required at 64 GT/s; revision 2 */
#define CXL_FLEX_BUS_MODIFIED_TS		0x10	/* 32 bit, revision 1: of phase 1 */
#define   CXL_FLEX_BUS_MODIFIED_TS_DATA		0x00ffffffu
#define CXL_FLEX_BUS_CAPABILITY2		0x14	/* 32 bit, revision 2 */
#define CXL_FLEX_BUS_CONTROL2			0x18	/* 32 bit, revision 2 */
#define   CXL_FLEX_BUS_NOP_HINT			0x00000001u
#define CXL_FLEX_BUS_STATUS2			0x1c	/* 32 bit, revision 2 */
#define   CXL_FLEX_BUS_NOP_HINT_INFO		0x00000003u

/* DVSEC 8, register locator (8.1.9): 8-byte entries from 0x0c to the DVSEC's length. */
#define CXL_REGISTER_LOCATOR_ENTRY(n)		(0x0c + 8 * (n))
#define   CXL_REGISTER_LOCATOR_LOW		0x00	/* 32 bit, from the entry */
#define     CXL_REGISTER_LOCATOR_BIR		0x00000007u
#define     CXL_REGISTER_LOCATOR_BLOCK_ID	0x0000ff00u
#define     CXL_REGISTER_LOCATOR_OFFSET_LOW	0xffff0000u
#define   CXL_REGISTER_LOCATOR_HIGH		0x04	/* offset, upper 32 bits */
#define CXL_REGISTER_BLOCK_EMPTY		0
#define CXL_REGISTER_BLOCK_COMPONENT		1
#define CXL_REGISTER_BLOCK_BAR_VIRTUALIZATION	2
#define CXL_REGISTER_BLOCK_DEVICE		3
#define CXL_REGISTER_BLOCK_CPMU			4
#define CXL_REGISTER_BLOCK_VENDOR		0xff

/* Component register block (8.2.3) and its CXL.cache and CXL.mem capability array (8.2.4.1). */
#define CXL_COMPONENT_BLOCK_SIZE		0x10000
#define CXL_COMPONENT_CM_OFFSET			0x1000
#define CXL_CM_BLOCK_SIZE			0x1000
#define CXL_CM_HEADER				0x00	/* 32 bit, from CXL_COMPONENT_CM_OFFSET */
#define   CXL_CM_HEADER_ID			0x0000ffffu
#define   CXL_CM_HEADER_VERSION			0x000f0000u
#define   CXL_CM_HEADER_CACHE_MEM_VERSION	0x00f00000u
#define   CXL_CM_HEADER_ARRAY_SIZE		0xff000000u	/* entries after the header */
#define CXL_CM_ENTRY(n)				(0x04 + 4 * (n))
#define   CXL_CM_ENTRY_ID			0x0000ffffu
#define   CXL_CM_ENTRY_VERSION			0x000f0000u
#define   CXL_CM_ENTRY_POINTER			0xfff00000u	/* from CXL_COMPONENT_CM_OFFSET */
/* Capability ids (8.2.4, table 8-22). */
#define CXL_CM_ID_NULL				0
#define CXL_CM_ID_ARRAY				1
#define CXL_CM_ID_RAS				2
#define CXL_CM_ID_SECURITY			3
#define CXL_CM_ID_LINK				4
#define CXL_CM_ID_HDM				5
#define CXL_CM_ID_EXTENDED_SECURITY		6
#define CXL_CM_ID_IDE				7
#define CXL_CM_ID_SNOOP_FILTER			8
#define CXL_CM_ID_TIMEOUT_ISOLATION		9
#define CXL_CM_ID_EXTENDED_REGISTER		10
#define CXL_CM_ID_BI_ROUTE_TABLE		11
#define CXL_CM_ID_BI_DECODER			12
#define CXL_CM_ID_CACHE_ID_ROUTE_TABLE		13
#define CXL_CM_ID_CACHE_ID_DECODER		14
#define CXL_CM_ID_EXTENDED_HDM			15
#define CXL_CM_ID_EXTENDED_METADATA		16

/* RAS capability (8.2.4.17). Status registers: write 1 to clear, sticky. */
#define CXL_RAS_LENGTH				0x58
#define CXL_RAS_UNCORRECTABLE_STATUS		0x00
#define CXL_RAS_UNCORRECTABLE_MASK		0x04
#define CXL_RAS_UNCORRECTABLE_SEVERITY		0x08
#define   CXL_RAS_UNCORRECTABLE_BITS		0x0001cfffu
#define CXL_RAS_CORRECTABLE_STATUS		0x0c
#define CXL_RAS_CORRECTABLE_MASK		0x10
#define   CXL_RAS_CORRECTABLE_BITS		0x0000007fu
#define CXL_RAS_CONTROL				0x14
#define   CXL_RAS_CONTROL_FIRST_ERROR		0x0000003fu
#define   CXL_RAS_CONTROL_MULTIPLE_HEADERS	0x00000200u	/* can record them */
#define   CXL_RAS_CONTROL_POISON_ENABLED	0x00002000u
#define CXL_RAS_HEADER_LOG			0x18	/* 64 bytes */

/* HDM decoder capability (8.2.4.20), offsets from the capability. */
#define CXL_HDM_CAPABILITY			0x00	/* 32 bit */
#define   CXL_HDM_CAPABILITY_DECODER_COUNT	0x0000000fu	/* 0: 1 decoder, n up to 5: 2n */
#define   CXL_HDM_CAPABILITY_TARGET_COUNT	0x000000f0u
#define   CXL_HDM_CAPABILITY_INTERLEAVE_11_8	0x00000100u
#define   CXL_HDM_CAPABILITY_INTERLEAVE_14_12	0x00000200u
#define   CXL_HDM_CAPABILITY_POISON_ON_ERROR	0x00000400u
#define   CXL_HDM_CAPABILITY_3_6_12_WAYS	0x00000800u
#define   CXL_HDM_CAPABILITY_16_WAYS		0x00001000u
#define   CXL_HDM_CAPABILITY_UIO		0x00002000u
#define   CXL_HDM_CAPABILITY_UIO_COUNT		0x000f0000u
#define   CXL_HDM_CAPABILITY_MEMDATA_NXM	0x00100000u
#define   CXL_HDM_CAPABILITY_COHERENCY		0x00600000u	/* unknown, device, host, both */
#define CXL_HDM_GLOBAL_CONTROL			0x04	/* 32 bit */
#define   CXL_HDM_GLOBAL_CONTROL_POISON		0x00000001u
#define   CXL_HDM_GLOBAL_CONTROL_ENABLE		0x00000002u
#define CXL_HDM_DECODER(n)			(0x10 + 0x20 * (n))
#define   CXL_HDM_DECODER_BASE_LOW		0x00	/* 32 bit each, from CXL_HDM_DECODER(n) */
#define   CXL_HDM_DECODER_BASE_HIGH		0x04
#define   CXL_HDM_DECODER_SIZE_LOW		0x08
#define   CXL_HDM_DECODER_SIZE_HIGH		0x0c
#define     CXL_HDM_DECODER_LOW_MASK		0xf0000000u	/* base and size: 256 MiB units */
#define   CXL_HDM_DECODER_CONTROL		0x10
#define     CXL_HDM_DECODER_GRANULARITY		0x0000000fu	/* 256 bytes * 2^n */
#define     CXL_HDM_DECODER_WAYS		0x000000f0u	/* encoded: 0 is 1 way */
#define     CXL_HDM_DECODER_LOCK_ON_COMMIT	0x00000100u
#define     CXL_HDM_DECODER_COMMIT		0x00000200u
#define     CXL_HDM_DECODER_COMMITTED		0x00000400u	/* read only */
#define     CXL_HDM_DECODER_ERROR		0x00000800u	/* read only: not committed */
#define     CXL_HDM_DECODER_HOST_ONLY		0x00001000u	/* 0: device-coherent */
#define     CXL_HDM_DECODER_CONTROL_BITS	0x00001fffu
#define     CXL_HDM_DECODER_BI			0x00002000u	/* back-invalidate */
#define     CXL_HDM_DECODER_UIO			0x00004000u
#define     CXL_HDM_DECODER_UPSTREAM_GRANULARITY 0x000f0000u	/* these three: with UIO */
#define     CXL_HDM_DECODER_UPSTREAM_WAYS	0x00f00000u
#define     CXL_HDM_DECODER_SET_POSITION	0x0f000000u
#define   CXL_HDM_DECODER_SKIP_LOW		0x14	/* DPA skip on devices, targets on ports */
#define   CXL_HDM_DECODER_SKIP_HIGH		0x18
#define CXL_HDM_MAX_DECODERS			10
#define CXL_HDM_WINDOW_ALIGNMENT		0x10000000ull	/* low bits reserved */

/* Number of decoders that capability register VALUE announces; 0 for a reserved code. */
static inline unsigned int cxl_hdm_decoder_count(unsigned int value)
{
	unsigned int code = cxl_field(value, CXL_HDM_CAPABILITY_DECODER_COUNT);

	if (code > CXL_HDM_MAX_DECODERS / 2)
		return 0;
	return code ? 2 * code : 1;
}

/* CXL 3.1 table 8-121: powers of two up to 16, then 3 times a power of two. 0: reserved. */
static inline unsigned int cxl_interleave_ways(unsigned int code)
{
	if (code <= 4)
		return 1u << code;
	return code >= 8 && code <= 10 ? 3u << (code - 8) : 0;
}

/* Bytes of the HDM decoder capability with COUNT decoders. */
static inline unsigned int cxl_hdm_length(unsigned int count)
{
	return CXL_HDM_DECODER(count);
}

#endif /* CXL_REGS_H */
