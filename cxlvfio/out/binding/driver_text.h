/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The driver's module for people. */
#ifndef CXLVFIO_OUT_BINDING_DRIVER_TEXT_H
#define CXLVFIO_OUT_BINDING_DRIVER_TEXT_H

#include <stdio.h>

#include "core/binding/driver.h"

/* 0 or -ENOMEM. HUMAN: sizes with units. */
int cxv_print_driver(const struct cxv_driver_status *status, bool human, FILE *stream);

#endif
