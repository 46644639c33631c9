/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A fixture for tests of the model: an endpoint on an anonymous file, with a clock set by hand. */
#ifndef EMULATOR_TEST_SUPPORT_H
#define EMULATOR_TEST_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "config_space.h"
#include "cxl_emulated_endpoint.h"
#include "cxl_regs.h"
#include "endpoint.h"
#include "hdm.h"
#include "util.h"

#define WINDOW_BASE	0x140000000ull
#define WINDOW_SIZE	(256ull << 20)
#define CM		CXL_COMPONENT_CM_OFFSET	/* with the block at the start of its BAR */
#define HDM		(CM + HDM_OFFSET)
#define COMMITTED_BITS	(CXL_HDM_DECODER_COMMIT | CXL_HDM_DECODER_COMMITTED)

struct fixture {
	struct endpoint_options options;
	struct endpoint endpoint;
	uint64_t now;
	int memory;
};

/* The options may be changed before start(). */
int fixture_setup(void **state);
int fixture_teardown(void **state);
void start(struct fixture *fixture);
/* Lets time pass and runs the timers, as the server does. */
void advance(struct fixture *fixture, uint64_t milliseconds);

uint32_t read_register(struct endpoint *endpoint, uint32_t region, uint64_t offset, size_t width);
void write_register(struct endpoint *endpoint, uint32_t region, uint64_t offset, size_t width,
		    uint32_t value);

uint32_t config32(struct endpoint *endpoint, uint64_t offset);
void set_config16(struct endpoint *endpoint, uint64_t offset, uint32_t value);
void set_config32(struct endpoint *endpoint, uint64_t offset, uint32_t value);
uint32_t component32(struct endpoint *endpoint, uint64_t offset);
void set_component32(struct endpoint *endpoint, uint64_t offset, uint32_t value);

void enable_memory(struct endpoint *endpoint);
void flr(struct endpoint *endpoint);
void cxl_reset(struct endpoint *endpoint);
uint32_t decoder_control(struct endpoint *endpoint, uint32_t index);
void program_decoder(struct endpoint *endpoint, uint32_t index, uint64_t base, uint64_t size);
void write_decoder_control(struct endpoint *endpoint, uint32_t index, uint32_t value);

#define model_test(function) \
	cmocka_unit_test_setup_teardown(function, fixture_setup, fixture_teardown)

#endif /* EMULATOR_TEST_SUPPORT_H */
