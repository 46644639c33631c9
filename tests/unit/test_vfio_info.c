// SPDX-License-Identifier: GPL-2.0-or-later
/* Region information from a driver: capabilities in any order, and every way to be malformed. */
#include <errno.h>
#include <linux/vfio.h>
#include <string.h>

#include "core/base/util.h"
#include "core/discovery/vfio_info.h"
#include "cxl_vfio.h"
#include "unit.h"

/* An answer under construction. */
struct answer {
	_Alignas(8) uint8_t bytes[512];
	size_t size;
};

static struct vfio_region_info *info_of(struct answer *answer)
{
	return (struct vfio_region_info *)answer->bytes;
}

static struct answer begin(void)
{
	struct answer answer = { .size = sizeof(struct vfio_region_info) };
	struct vfio_region_info *info = info_of(&answer);

	info->argsz = answer.size;
	info->index = 9;
	info->flags = VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_CAPS;
	info->size = 0x10000000;
	info->offset = 9ull << 40;
	return answer;
}

/* Append a capability; LINK is where its offset belongs. Returns where the next one's does. */
static uint32_t *add(struct answer *answer, uint32_t *link, uint16_t id, const void *payload,
		     size_t size)
{
	struct vfio_info_cap_header *header =
		(struct vfio_info_cap_header *)(answer->bytes + answer->size);

	header->id = id;
	header->version = 1;
	if (size)
		memcpy(header + 1, payload, size);
	*link = answer->size;
	answer->size += sizeof(*header) + size;
	info_of(answer)->argsz = answer->size;
	return &header->next;
}

static const uint32_t memory_type[] = { CXL_VFIO_REGION_TYPE, CXL_VFIO_REGION_SUBTYPE_MEMORY };
static const uint32_t component_type[] = {
	CXL_VFIO_REGION_TYPE, CXL_VFIO_REGION_SUBTYPE_COMPONENT,
};
static const struct cxl_vfio_region_info_component component = { .bar = 2, .offset = 0x11000 };

static int decode(struct answer *answer, struct cxv_region_info *region)
{
	size_t needed = 0;

	return cxv_region_info_decode(answer->bytes, answer->size, region, &needed);
}

static void test_plain(void **state)
{
	struct answer answer = begin();
	struct cxv_region_info region;

	info_of(&answer)->flags = VFIO_REGION_INFO_FLAG_READ;
	assert_int_equal(decode(&answer, &region), 0);
	assert_int_equal(region.index, 9);
	assert_int_equal(region.size, 0x10000000);
	assert_true(region.offset == 9ull << 40);
	assert_int_equal(region.type, 0);
	assert_false(region.has_component);
	assert_int_equal(region.capability_count, 0);
	cxv_region_info_clear(&region);
}

static void test_any_order(void **state)
{
	struct cxv_region_info region;
	struct answer answer = begin();
	uint32_t *link;

	link = add(&answer, &info_of(&answer)->cap_offset, VFIO_REGION_INFO_CAP_TYPE,
		   component_type, sizeof(component_type));
	link = add(&answer, link, 0x1234, "unknown", 8);
	add(&answer, link, CXL_VFIO_REGION_INFO_CAP_COMPONENT, &component, sizeof(component));
	assert_int_equal(decode(&answer, &region), 0);
	assert_int_equal(region.subtype, CXL_VFIO_REGION_SUBTYPE_COMPONENT);
	assert_true(region.has_component);
	assert_int_equal(region.component_bar, 2);
	assert_int_equal(region.component_offset, 0x11000);
	assert_string_equal(cxv_region_name(&region), "cxl_component");
	/* Also one that means nothing to us, in the order of the chain. */
	assert_int_equal(region.capability_count, 3);
	assert_string_equal(cxv_region_capability_name(&region, &region.capabilities[0]), "type");
	assert_int_equal(region.capabilities[1].id, 0x1234);
	assert_int_equal(region.capabilities[1].version, 1);
	assert_null(cxv_region_capability_name(&region, &region.capabilities[1]));
	assert_string_equal(cxv_region_capability_name(&region, &region.capabilities[2]),
			    "component");
	cxv_region_info_clear(&region);

	answer = begin();
	link = add(&answer, &info_of(&answer)->cap_offset, CXL_VFIO_REGION_INFO_CAP_COMPONENT,
		   &component, sizeof(component));
	add(&answer, link, VFIO_REGION_INFO_CAP_TYPE, component_type, sizeof(component_type));
	assert_int_equal(decode(&answer, &region), 0);
	assert_true(region.has_component);
	cxv_region_info_clear(&region);
}

/* The number may come to mean something else: only a region of our type has it. */
static void test_foreign_component(void **state)
{
	struct cxv_region_info region;
	struct answer answer = begin();

	add(&answer, &info_of(&answer)->cap_offset, CXL_VFIO_REGION_INFO_CAP_COMPONENT, &component,
	    sizeof(component));
	assert_int_equal(decode(&answer, &region), 0);
	assert_false(region.has_component);
	assert_int_equal(region.capability_count, 1);
	assert_null(cxv_region_capability_name(&region, &region.capabilities[0]));
	cxv_region_info_clear(&region);
}

/* NR areas of 0x1000 bytes; the header's fields are what the kernel has before them. */
static size_t make_sparse(uint8_t bytes[static 256], uint32_t nr)
{
	struct vfio_region_sparse_mmap_area area = { 0 };

	memset(bytes, 0, 256);
	memcpy(bytes, &nr, sizeof(nr));
	for (uint32_t i = 0; i < nr; i++) {
		area.offset = 0x2000 * i;
		area.size = 0x1000;
		memcpy(bytes + 8 + i * sizeof(area), &area, sizeof(area));
	}
	return 8 + nr * sizeof(area);
}

static void test_sparse(void **state)
{
	struct cxv_region_info region;
	struct answer answer = begin();
	uint8_t sparse[256];
	uint32_t *link;

	info_of(&answer)->index = 0;
	link = add(&answer, &info_of(&answer)->cap_offset, VFIO_REGION_INFO_CAP_SPARSE_MMAP,
		   sparse, make_sparse(sparse, 3));
	add(&answer, link, VFIO_REGION_INFO_CAP_MSIX_MAPPABLE, NULL, 0);
	assert_int_equal(decode(&answer, &region), 0);
	assert_string_equal(cxv_region_name(&region), "bar0");
	assert_int_equal(region.capability_count, 2);
	assert_int_equal(region.capabilities[0].area_count, 3);
	assert_int_equal(region.capabilities[0].areas[2].offset, 0x4000);
	assert_int_equal(region.capabilities[0].areas[2].size, 0x1000);
	assert_string_equal(cxv_region_capability_name(&region, &region.capabilities[0]),
			    "sparse_mmap");
	assert_string_equal(cxv_region_capability_name(&region, &region.capabilities[1]),
			    "msix_mappable");
	cxv_region_info_clear(&region);

	answer = begin();
	add(&answer, &info_of(&answer)->cap_offset, VFIO_REGION_INFO_CAP_SPARSE_MMAP, sparse,
	    make_sparse(sparse, 0));
	assert_int_equal(decode(&answer, &region), 0);
	assert_int_equal(region.capabilities[0].area_count, 0);
	cxv_region_info_clear(&region);
}

static void test_bad_sparse(void **state)
{
	static const uint32_t counts[] = { 4, 0x10000000, UINT32_MAX };
	struct cxv_region_info region;
	uint8_t sparse[256];

	for (size_t i = 0; i < ARRAY_SIZE(counts); i++) {
		struct answer answer = begin();
		size_t size = make_sparse(sparse, 3);

		memcpy(sparse, &counts[i], sizeof(counts[i]));
		add(&answer, &info_of(&answer)->cap_offset, VFIO_REGION_INFO_CAP_SPARSE_MMAP,
		    sparse, size);
		assert_int_equal(decode(&answer, &region), -EILSEQ);
	}
}

/* Areas that lie in one another: each fits, all together do not. */
static void test_sparse_overlap(void **state)
{
	struct vfio_info_cap_header inner = {
		.id = VFIO_REGION_INFO_CAP_SPARSE_MMAP,
		.version = 1,
	};
	struct cxv_region_info region;
	struct answer answer = begin();
	uint32_t *first = &info_of(&answer)->cap_offset, *link, count = 9;
	uint8_t sparse[256];
	size_t size = make_sparse(sparse, 15);

	memcpy(sparse + 16, &inner, sizeof(inner));
	memcpy(sparse + 16 + sizeof(inner), &count, sizeof(count));
	link = add(&answer, first, VFIO_REGION_INFO_CAP_SPARSE_MMAP, sparse, size);
	assert_int_equal(decode(&answer, &region), 0);
	cxv_region_info_clear(&region);
	*link = *first + sizeof(inner) + 16;
	assert_int_equal(decode(&answer, &region), -EILSEQ);
	assert_null(region.capabilities);
}

static void test_names(void **state)
{
	struct cxv_region_info region = { .index = VFIO_PCI_CONFIG_REGION_INDEX };

	assert_string_equal(cxv_region_name(&region), "config");
	region.index = VFIO_PCI_NUM_REGIONS;
	assert_null(cxv_region_name(&region));
	region = (struct cxv_region_info) { .index = 0, .type = 0x80008086, .subtype = 1 };
	assert_null(cxv_region_name(&region));
	region.type = CXL_VFIO_REGION_TYPE;
	assert_string_equal(cxv_region_name(&region), "cxl_memory");
	assert_string_equal(cxv_region_flag_name(2), "mmap");
	assert_null(cxv_region_flag_name(4));
	assert_string_equal(cxv_vfio_flag_name(9), "cxl");
	assert_null(cxv_vfio_flag_name(31));
}

static void test_more_to_say(void **state)
{
	struct answer answer = begin();
	struct cxv_region_info region;
	size_t needed = 0;

	info_of(&answer)->argsz = 4096;
	assert_int_equal(cxv_region_info_decode(answer.bytes, answer.size, &region, &needed),
			 -ENOSPC);
	assert_int_equal(needed, 4096);
}

static void test_loops(void **state)
{
	struct cxv_region_info region;
	struct answer answer = begin();
	uint32_t *first = &info_of(&answer)->cap_offset, *link;

	link = add(&answer, first, VFIO_REGION_INFO_CAP_TYPE, memory_type, sizeof(memory_type));
	*link = *first;
	assert_int_equal(decode(&answer, &region), -EILSEQ);

	answer = begin();
	link = add(&answer, first, VFIO_REGION_INFO_CAP_TYPE, memory_type, sizeof(memory_type));
	link = add(&answer, link, 0x1234, "unknown", 8);
	*link = *first;
	assert_int_equal(decode(&answer, &region), -EILSEQ);
}

static void test_offsets(void **state)
{
	static const uint32_t offsets[] = { 1, 8, 31, 32 + 12, 0x1000, UINT32_MAX - 3, UINT32_MAX };
	struct cxv_region_info region;

	for (size_t i = 0; i < ARRAY_SIZE(offsets); i++) {
		struct answer answer = begin();

		add(&answer, &info_of(&answer)->cap_offset, VFIO_REGION_INFO_CAP_TYPE, memory_type,
		    sizeof(memory_type));
		info_of(&answer)->cap_offset = offsets[i];
		assert_int_equal(decode(&answer, &region), -EILSEQ);
	}
}

/* Every prefix of a good answer is either refused or asks for more, and nothing is read past it. */
static void test_short(void **state)
{
	struct cxv_region_info region;
	struct answer answer = begin();
	uint32_t *link;

	link = add(&answer, &info_of(&answer)->cap_offset, VFIO_REGION_INFO_CAP_TYPE, memory_type,
		   sizeof(memory_type));
	add(&answer, link, CXL_VFIO_REGION_INFO_CAP_COMPONENT, &component, sizeof(component));
	for (size_t size = 0; size < answer.size; size++) {
		uint8_t *copy = malloc(size ?: 1);
		size_t needed = 0;
		int ret;

		assert_non_null(copy);
		memcpy(copy, answer.bytes, size);
		ret = cxv_region_info_decode(copy, size, &region, &needed);
		assert_true(ret == -EILSEQ || ret == -ENOSPC);
		/* The same with a length that the driver claims to have kept to. */
		if (size >= sizeof(struct vfio_region_info)) {
			((struct vfio_region_info *)copy)->argsz = size;
			assert_int_equal(cxv_region_info_decode(copy, size, &region, &needed),
					 -EILSEQ);
		}
		free(copy);
	}
}

static void test_impossible_argsz(void **state)
{
	struct answer answer = begin();
	struct cxv_region_info region;

	info_of(&answer)->argsz = 4;
	assert_int_equal(decode(&answer, &region), -EILSEQ);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain),
		cmocka_unit_test(test_any_order),
		cmocka_unit_test(test_foreign_component),
		cmocka_unit_test(test_sparse),
		cmocka_unit_test(test_bad_sparse),
		cmocka_unit_test(test_sparse_overlap),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_more_to_say),
		cmocka_unit_test(test_loops),
		cmocka_unit_test(test_offsets),
		cmocka_unit_test(test_short),
		cmocka_unit_test(test_impossible_argsz),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
