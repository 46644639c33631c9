/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CXLVFIO_SYS_BASE_RANDOM_SEED_H
#define CXLVFIO_SYS_BASE_RANDOM_SEED_H

#include <stdint.h>

/* Never 0. Differs from call to call; nothing secret may depend on it. */
uint64_t cxv_random_seed(void);

#endif
