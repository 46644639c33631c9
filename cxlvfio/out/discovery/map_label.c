// SPDX-License-Identifier: GPL-2.0-or-later
#include "out/discovery/map_label.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/base/format.h"

void cxv_map_size(char text[static CXV_TEXT_MAX], uint64_t first, uint64_t last)
{
	if (last - first == UINT64_MAX)
		snprintf(text, CXV_TEXT_MAX, "16E");
	else
		snprintf(text, CXV_TEXT_MAX, "%s", cxv_size_rounded(last - first + 1).text);
}

void cxv_map_exact_size(char text[static CXV_TEXT_MAX], uint64_t first, uint64_t last)
{
	if (last - first == UINT64_MAX)
		snprintf(text, CXV_TEXT_MAX, "16E");
	else
		snprintf(text, CXV_TEXT_MAX, "%s", cxv_size(last - first + 1).text);
}

char *cxv_map_ascii(const char *text)
{
	char *clean = cxv_text_printable(text);
	size_t length = 0;

	for (const char *from = clean; clean && *from; from++) {
		unsigned char byte = *from;

		/* One "?" for a whole sequence. */
		if ((byte & 0xc0) != 0x80)
			clean[length++] = byte & 0x80 ? '?' : byte;
	}
	if (clean)
		clean[length] = '\0';
	return clean;
}

int cxv_map_piece(const char *text, int width)
{
	int length = strnlen(text, width + 1);

	if (length <= width)
		return length;
	for (int i = width; i > 0; i--)
		if (text[i] == ' ')
			return i;
	return width;
}

char *cxv_map_scale(const struct cxv_map_stretch *stretch)
{
	return cxv_format("one row is %s%s%s", cxv_size_rounded(stretch->unit).text,
			  stretch->enlarged ? "; * is less" : "",
			  stretch->shortened ? "; ~ is more" : "");
}

static char *owner_remark(int error)
{
	if (error == EACCES)
		return strdup("owners are not drawn: /proc/iomem hides addresses from this user; "
			      "root sees them");
	if (error == E2BIG)
		return strdup("not all owners are drawn: /proc/iomem has too many");
	return cxv_format("owners are not drawn: /proc/iomem: %s (%s)", strerror(error),
			  strerrorname_np(error) ?: "unknown error");
}

char *cxv_map_item_text(const struct cxv_map_item *item)
{
	_cleanup_free_ char *text = cxv_format("%s%s%s%s", item->label, item->note ? " (" : "",
					       item->note ?: "", item->note ? ")" : "");

	return text ? cxv_map_ascii(text) : NULL;
}

size_t cxv_map_remark_count(const struct cxv_map *map)
{
	return map->missing_count + !!map->owner_error;
}

char *cxv_map_remark(const struct cxv_map *map, size_t number)
{
	const struct cxv_map_missing *missing;

	if (map->owner_error && number-- == 0)
		return owner_remark(map->owner_error);
	if (number >= map->missing_count)
		return NULL;
	missing = &map->missing[number];
	if (missing->error == EACCES)
		return cxv_format("%s is not drawn: its addresses are hidden from this user; root "
				  "sees them", missing->host);
	if (missing->error)
		return cxv_format("%s is not drawn: its addresses cannot be read: %s (%s)",
				  missing->host, strerror(missing->error),
				  strerrorname_np(missing->error) ?: "unknown error");
	return cxv_format("%s is not drawn: nothing has a window for it", missing->host);
}
