// SPDX-License-Identifier: GPL-2.0-or-later
#include <linux/pci_regs.h>
#include <string.h>

#include "damage.h"
#include "test_support.h"

static void begin(struct endpoint *endpoint, uint64_t seed)
{
	damage_begin(&endpoint->damage, seed, HDM_OFFSET, cxl_hdm_length(1));
}

/* All that may be damaged, as the guest reads it. */
static void read_all(struct endpoint *endpoint, uint32_t *words)
{
	uint32_t offset;

	for (offset = 0; offset < CAPABILITY_ERRORS; offset += 4)
		words[offset / 4] = config32(endpoint, offset);
	for (offset = 0; offset < HDM_OFFSET + cxl_hdm_length(1); offset += 4)
		words[(CAPABILITY_ERRORS + offset) / 4] = component32(endpoint, CM + offset);
}

#define WORDS ((CAPABILITY_ERRORS + HDM_OFFSET + 0x100) / 4)

static void test_same_seed_same_damage(void **state)
{
	struct fixture *fixture = *state;
	uint32_t first[WORDS] = { 0 }, second[WORDS] = { 0 };
	uint64_t seed;

	start(fixture);
	enable_memory(&fixture->endpoint);
	for (seed = 0; seed < 200; seed++) {
		begin(&fixture->endpoint, seed);
		read_all(&fixture->endpoint, first);
		begin(&fixture->endpoint, seed);
		read_all(&fixture->endpoint, second);
		assert_memory_equal(first, second, sizeof(first));
	}
}

static void test_every_seed_damages_and_heals(void **state)
{
	struct fixture *fixture = *state;
	struct endpoint *endpoint = &fixture->endpoint;
	uint32_t clean[WORDS] = { 0 }, now[WORDS] = { 0 };
	unsigned int harmless = 0, i;
	bool everything;
	uint64_t seed;

	start(fixture);
	enable_memory(endpoint);
	read_all(endpoint, clean);
	for (seed = 0; seed < 500; seed++) {
		begin(endpoint, seed);
		everything = endpoint->damage.ones_left;
		read_all(endpoint, now);
		/* A random value may be the right one. */
		harmless += !memcmp(clean, now, sizeof(clean));
		/* QEMU, and the guest's PCI core, must survive. */
		for (i = 0; i < CAPABILITY_CXL_DEVICE / 4 && !everything; i++)
			assert_int_equal(now[i], clean[i]);
		damage_end(&endpoint->damage);
		read_all(endpoint, now);
		assert_memory_equal(clean, now, sizeof(clean));
	}
	assert_in_range(harmless, 0, 50);
}

static void test_kinds(void **state)
{
	struct fixture *fixture = *state;
	struct damage *damage = &fixture->endpoint.damage;
	unsigned int later = 0, varying = 0, many = 0, i;
	uint64_t seed;

	start(fixture);
	for (seed = 0; seed < 200; seed++) {
		bool varies = false;

		begin(&fixture->endpoint, seed);
		for (i = 0; i < damage->count; i++)
			varies |= damage->words[i].varies;
		later += damage->accesses_left != UINT64_MAX;
		varying += varies;
		many += damage->count > 4;
	}
	assert_in_range(later, 10, 100);
	assert_in_range(varying, 10, 150);
	assert_in_range(many, 10, 150);
}

static void test_ones_later(void **state)
{
	struct fixture *fixture = *state;
	struct endpoint *endpoint = &fixture->endpoint;

	start(fixture);
	endpoint->damage = (struct damage){ .active = true, .accesses_left = 2, .ones_left = 2 };
	assert_int_not_equal(config32(endpoint, PCI_VENDOR_ID), UINT32_MAX);
	assert_int_not_equal(config32(endpoint, PCI_VENDOR_ID), UINT32_MAX);
	assert_int_equal(config32(endpoint, PCI_VENDOR_ID), UINT32_MAX);
	assert_int_equal(config32(endpoint, PCI_VENDOR_ID), UINT32_MAX);
	assert_int_not_equal(config32(endpoint, PCI_VENDOR_ID), UINT32_MAX);
}

/* The overlay is for readers: a write reaches the register, parts of words are read right. */
static void test_overlay(void **state)
{
	struct fixture *fixture = *state;
	struct endpoint *endpoint = &fixture->endpoint;
	uint32_t control;

	start(fixture);
	enable_memory(endpoint);
	control = decoder_control(endpoint, 0);
	endpoint->damage = (struct damage){
		.active = true, .accesses_left = UINT64_MAX, .count = 2,
		.words = {
			{ DAMAGE_CONFIG, CAPABILITY_CXL_DEVICE + 4, 0x11223344, false },
			{ DAMAGE_COMPONENT, HDM_OFFSET + CXL_HDM_DECODER(0) +
			  CXL_HDM_DECODER_CONTROL, 0x55667788, false },
		},
	};
	assert_int_equal(read_register(endpoint, REGION_CONFIG, CAPABILITY_CXL_DEVICE + 5, 2),
			 0x2233);
	assert_int_equal(decoder_control(endpoint, 0), 0x55667788);
	damage_end(&endpoint->damage);
	assert_int_equal(decoder_control(endpoint, 0), control);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		model_test(test_same_seed_same_damage),
		model_test(test_every_seed_damages_and_heals),
		model_test(test_kinds),
		model_test(test_ones_later),
		model_test(test_overlay),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
