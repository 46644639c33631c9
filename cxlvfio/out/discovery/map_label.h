/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the map says in words, the same in every picture. */
#ifndef CXLVFIO_OUT_DISCOVERY_MAP_LABEL_H
#define CXLVFIO_OUT_DISCOVERY_MAP_LABEL_H

#include "core/discovery/map.h"
#include "out/base/text.h"

/* Size of FIRST to LAST, rounded down: "15.9T". */
void cxv_map_size(char text[static CXV_TEXT_MAX], uint64_t first, uint64_t last);
/* The same, exact: "1792M". */
void cxv_map_exact_size(char text[static CXV_TEXT_MAX], uint64_t first, uint64_t last);
/* TEXT in ASCII without control characters. NULL: out of memory. */
char *cxv_map_ascii(const char *text);
/* Up to WIDTH characters of TEXT, to the end of a word if there is one. */
int cxv_map_piece(const char *text, int width);
/* "region0 (ram, commit)" in ASCII. The caller's to free; NULL: out of memory. */
char *cxv_map_item_text(const struct cxv_map_item *item);
/*
 * "one row is 64M", and which mark means that a row is not to scale. The caller's to free; NULL:
 * out of memory.
 */
char *cxv_map_scale(const struct cxv_map_stretch *stretch);
/* What is not in the picture: so many sentences, and each. NULL: out of memory. */
size_t cxv_map_remark_count(const struct cxv_map *map);
char *cxv_map_remark(const struct cxv_map *map, size_t number);

#endif
