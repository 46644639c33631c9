/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where the capabilities are in configuration space. */
#ifndef EMULATOR_CONFIG_SPACE_H
#define EMULATOR_CONFIG_SPACE_H

#define CAPABILITY_EXPRESS		0x40
#define CAPABILITY_POWER		0x80
#define CAPABILITY_ADVANCED_FEATURES	0x90	/* where the options want them */
#define CAPABILITY_MSIX			0xa0
#define CAPABILITY_SERIAL		0x100
#define CAPABILITY_CXL_DEVICE		0x110
#define CAPABILITY_FLEX_BUS		0x150
#define CAPABILITY_REGISTER_LOCATOR	0x180
#define CAPABILITY_ERRORS		0x1a0

#endif /* EMULATOR_CONFIG_SPACE_H */
