// SPDX-License-Identifier: GPL-2.0-or-later
#include <linux/pci_regs.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "test_support.h"

static uint64_t fixture_clock(void *context)
{
	return ((struct fixture *)context)->now;
}

int fixture_setup(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	if (!fixture)
		return -1;
	endpoint_default_options(&fixture->options);
	fixture->now = 1;
	fixture->memory = -1;
	*state = fixture;
	return 0;
}

int fixture_teardown(void **state)
{
	struct fixture *fixture = *state;

	if (fixture->memory >= 0)
		endpoint_destroy(&fixture->endpoint);
	close_descriptor(&fixture->memory);
	free(fixture);
	return 0;
}

void start(struct fixture *fixture)
{
	const struct endpoint_clock clock = { fixture_clock, fixture };

	fixture->memory = memfd_create("memory", MFD_CLOEXEC);
	assert_true(fixture->memory >= 0);
	assert_int_equal(ftruncate(fixture->memory, (off_t)fixture->options.window_size), 0);
	assert_int_equal(endpoint_create(&fixture->endpoint, &fixture->options, &clock,
					 fixture->memory, 0), 0);
	enable_memory(&fixture->endpoint);
}

void advance(struct fixture *fixture, uint64_t milliseconds)
{
	fixture->now += milliseconds * NANOSECONDS_PER_MS;
	endpoint_run_timers(&fixture->endpoint);
}

uint32_t read_register(struct endpoint *endpoint, uint32_t region, uint64_t offset, size_t width)
{
	uint8_t data[4] = { 0 };

	assert_int_equal(endpoint_read(endpoint, region, offset, data, width), 0);
	return data[0] | (uint32_t)data[1] << 8 | (uint32_t)data[2] << 16 |
	       (uint32_t)data[3] << 24;
}

void write_register(struct endpoint *endpoint, uint32_t region, uint64_t offset, size_t width,
		    uint32_t value)
{
	const uint8_t data[4] = { (uint8_t)value, (uint8_t)(value >> 8), (uint8_t)(value >> 16),
				  (uint8_t)(value >> 24) };

	assert_int_equal(endpoint_write(endpoint, region, offset, data, width), 0);
}

uint32_t config32(struct endpoint *endpoint, uint64_t offset)
{
	return read_register(endpoint, REGION_CONFIG, offset, 4);
}

void set_config16(struct endpoint *endpoint, uint64_t offset, uint32_t value)
{
	write_register(endpoint, REGION_CONFIG, offset, 2, value);
}

void set_config32(struct endpoint *endpoint, uint64_t offset, uint32_t value)
{
	write_register(endpoint, REGION_CONFIG, offset, 4, value);
}

uint32_t component32(struct endpoint *endpoint, uint64_t offset)
{
	return read_register(endpoint, REGION_COMPONENT, offset, 4);
}

void set_component32(struct endpoint *endpoint, uint64_t offset, uint32_t value)
{
	write_register(endpoint, REGION_COMPONENT, offset, 4, value);
}

void enable_memory(struct endpoint *endpoint)
{
	set_config16(endpoint, PCI_COMMAND, PCI_COMMAND_MEMORY);
}

void flr(struct endpoint *endpoint)
{
	set_config16(endpoint, CAPABILITY_EXPRESS + PCI_EXP_DEVCTL, PCI_EXP_DEVCTL_BCR_FLR);
	enable_memory(endpoint);
}

void cxl_reset(struct endpoint *endpoint)
{
	uint32_t control2 = CAPABILITY_CXL_DEVICE + CXL_DEVICE_CONTROL2;
	uint32_t value = read_register(endpoint, REGION_CONFIG, control2, 2);

	set_config16(endpoint, control2, value | CXL_DEVICE_CONTROL2_INITIATE_RESET);
	enable_memory(endpoint);
}

uint32_t decoder_control(struct endpoint *endpoint, uint32_t index)
{
	return component32(endpoint, HDM + CXL_HDM_DECODER(index) + CXL_HDM_DECODER_CONTROL);
}

void write_decoder_control(struct endpoint *endpoint, uint32_t index, uint32_t value)
{
	set_component32(endpoint, HDM + CXL_HDM_DECODER(index) + CXL_HDM_DECODER_CONTROL, value);
}

void program_decoder(struct endpoint *endpoint, uint32_t index, uint64_t base, uint64_t size)
{
	const uint32_t decoder = HDM + CXL_HDM_DECODER(index);

	set_component32(endpoint, decoder + CXL_HDM_DECODER_BASE_LOW, (uint32_t)base);
	set_component32(endpoint, decoder + CXL_HDM_DECODER_BASE_HIGH, (uint32_t)(base >> 32));
	set_component32(endpoint, decoder + CXL_HDM_DECODER_SIZE_LOW, (uint32_t)size);
	set_component32(endpoint, decoder + CXL_HDM_DECODER_SIZE_HIGH, (uint32_t)(size >> 32));
}
