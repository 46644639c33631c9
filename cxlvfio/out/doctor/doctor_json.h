/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CXLVFIO_OUT_DOCTOR_DOCTOR_JSON_H
#define CXLVFIO_OUT_DOCTOR_DOCTOR_JSON_H

#include "core/doctor/doctor.h"
#include "out/base/document.h"

/* "checks", with every one of them. */
void cxv_json_doctor(struct cxv_document *document, const struct cxv_doctor *doctor);

#endif
