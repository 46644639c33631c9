/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The map of the address space as a picture: ASCII, 80 columns, low addresses first. */
#ifndef CXLVFIO_OUT_DISCOVERY_MAP_TEXT_H
#define CXLVFIO_OUT_DISCOVERY_MAP_TEXT_H

#include <stdbool.h>
#include <stdio.h>

#include "core/discovery/map.h"

/* 0 or -ENOMEM. */
int cxv_map_print(const struct cxv_map *map, bool color, FILE *stream);

#endif
