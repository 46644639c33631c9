/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Words as people type them: one of a list of names; or several with commas or blanks between them,
 * or both. And errors about them that several commands share.
 */
#ifndef CXLVFIO_CORE_BASE_WORDS_H
#define CXLVFIO_CORE_BASE_WORDS_H

#include <stdbool.h>
#include <stddef.h>

/* What to do without an IOMMU, of whatever maker. */
#define CXV_ENABLE_IOMMU	"enable VT-d, AMD-Vi or the SMMU in firmware's setup; on Intel " \
				"also boot with intel_iommu=on"
/* What to do about a device whose configuration space reads all ones. */
#define CXV_MEND_LOST		"it is hung, without power or gone: see the kernel log, then " \
				"reset its slot"

/* Why VFIO refuses a device with EPERM, and what to do. */
#define CXV_NO_REMAPPING	"the platform has no interrupt remapping, without which VFIO " \
				"attaches no device"
#define CXV_ENABLE_REMAPPING	"switch interrupt remapping on, in firmware's setup, and boot " \
				"without intremap=off and nointremap: see cxlvfio doctor"
/* Why it refuses one with EINVAL: for printf(), with the range. */
#define CXV_DIRECT_MAPPING	"firmware wants %s mapped 1:1 for it, and the kernel gives such " \
				"a device to no user of VFIO (reserved_regions: direct)"
#define CXV_AVOID_DIRECT_MAPPING "look in firmware's setup (DMA protection before boot, legacy " \
				"devices), update firmware, or ask the platform's vendor"

/*
 * The next word of *LIST, of LENGTH characters; *LIST moves on, and is NULL behind the last one.
 * False: there is no other. A list without any has one of no characters.
 */
bool cxv_next_word(const char **list, const char **word, size_t *length);
/* The index of the LENGTH characters at WORD among COUNT NAMES, or -EINVAL. */
int cxv_word_index(const char *word, size_t length, const char *const *names, size_t count);

#endif
