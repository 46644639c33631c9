/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ways in which a device is reset while it is open, once each: 0 or -errno. Those by
 * configuration write take place or not without a word: -EAGAIN is the driver's generation that
 * stands still.
 */
#ifndef GUEST_RESETS_H
#define GUEST_RESETS_H

int reset_vfio(void);
int reset_sysfs(void);
int reset_config(void);
int reset_af(void);
/* As a guest asks for it in the CXL device DVSEC. */
int reset_cxl(void);
/* -EBUSY: somebody is in the window just now. */
int reset_hot(void);
/* Error recovery as tests/vm/module/recovery_test.c plays it: "fatal", "nonfatal", ... */
int play(const char *what);

#endif
