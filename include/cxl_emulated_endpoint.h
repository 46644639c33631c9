/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The device registers of the Type-2 endpoint that tests/emulator serves. The command knows them
 * as it would know a real device's: a register that FLR must clear tells that an FLR happened.
 */
#ifndef CXL_EMULATED_ENDPOINT_H
#define CXL_EMULATED_ENDPOINT_H

#define CXL_EMULATED_VENDOR_ID			0x1e98	/* the CXL consortium's */
#define CXL_EMULATED_DEVICE_ID			0xe2e2	/* not assigned */
#define CXL_EMULATED_CLASS			0x120000	/* processing accelerator */

/* BAR 0, 64 bit, 256 KiB: the component register block at its start, middle or end. */
#define CXL_EMULATED_COMPONENT_BAR		0
#define CXL_EMULATED_COMPONENT_BAR_SIZE		0x40000

/* BAR 2, 64 bit, 4 KiB: device registers, 32 bit each. */
#define CXL_EMULATED_DEVICE_BAR			2
#define CXL_EMULATED_DEVICE_BAR_SIZE		0x1000
#define CXL_EMULATED_DEVICE_MAGIC		0x00	/* read only */
#define   CXL_EMULATED_DEVICE_MAGIC_VALUE	0x324c5843	/* "CXL2" */
#define CXL_EMULATED_DEVICE_SCRATCH		0x04	/* read and write; every reset clears it */
#define CXL_EMULATED_DEVICE_RESET_COUNT		0x08	/* read only; resets since the start */

#endif /* CXL_EMULATED_ENDPOINT_H */
