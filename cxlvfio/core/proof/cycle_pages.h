/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pages of a mapped window: how many faults a touch of all of them must take, and their tags. */
#ifndef CXLVFIO_CORE_PROOF_CYCLE_PAGES_H
#define CXLVFIO_CORE_PROOF_CYCLE_PAGES_H

#include <stddef.h>
#include <stdint.h>

/* What is touched, tagged and counted as a page, however large the kernel's are. */
#define CXV_PAGE_4K	0x1000ull

/*
 * With which pages a kernel maps a window, by its architecture and configuration (Linux:
 * PAGE_SIZE, PMD_SIZE, PUD_SIZE; a table has as many entries of 8 bytes as fit in a page).
 */
struct cxv_page_sizes {
	uint64_t base;
	uint64_t pmd;
	uint64_t pud;		/* 0: none that maps memory */
};

/* Those of a kernel whose smallest pages have BASE bytes; NULL: there is none that we know. */
const struct cxv_page_sizes *cxv_page_sizes(uint64_t base);

/* A piece of address space that shows a piece of the window. All are multiples of a base page. */
struct cxv_extent {
	uint64_t address;	/* virtual */
	uint64_t offset;	/* in the window */
	uint64_t physical;	/* window base + offset: huge pages need it congruent to ADDRESS */
	uint64_t length;
	const struct cxv_page_sizes *pages;
};

/*
 * Faults that touching every page of EXTENT between the offsets BEGIN and END (from its start, in
 * ascending order, nothing mapped) takes where the kernel maps with pages of up to PAGE_SIZE
 * wherever alignment and the extent's ends allow it. A page that began before BEGIN counts there.
 */
uint64_t cxv_expected_faults(const struct cxv_extent *extent, uint64_t page_size, uint64_t begin,
			     uint64_t end);

/*
 * The page with which the kernel maps ADDRESS of EXTENT where it uses pages of up to PAGE_SIZE: all
 * of it is mapped, or nothing.
 */
uint64_t cxv_page_size_at(const struct cxv_extent *extent, uint64_t page_size, uint64_t address);

/* "4 KiB", "2 MiB", ...; "unknown" if no kernel has such pages */
const char *cxv_page_size_name(uint64_t page_size);

/* What page PAGE of the window holds under SEED; never 0 or all ones. */
uint64_t cxv_tag(uint64_t seed, uint64_t page);

#endif
