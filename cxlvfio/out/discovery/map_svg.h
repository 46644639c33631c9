/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The map of the address space as an SVG document that needs nothing else: no script, no font. */
#ifndef CXLVFIO_OUT_DISCOVERY_MAP_SVG_H
#define CXLVFIO_OUT_DISCOVERY_MAP_SVG_H

#include <stdio.h>

#include "core/discovery/map.h"

/* 0 or -ENOMEM; errors of STREAM are its own. */
int cxv_map_write_svg(const struct cxv_map *map, FILE *stream);

#endif
