/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CXLVFIO_OUT_DOCTOR_DOCTOR_TEXT_H
#define CXLVFIO_OUT_DOCTOR_DOCTOR_TEXT_H

#include <stdio.h>

#include "core/doctor/doctor.h"

/* What is not well, by groups, and a line that sums up; ALL: every check with what was read. */
void cxv_print_doctor(const struct cxv_doctor *doctor, bool all, FILE *stream);

#endif
