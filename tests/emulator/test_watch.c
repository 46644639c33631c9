// SPDX-License-Identifier: GPL-2.0-or-later
#include <linux/pci_regs.h>

#include "test_support.h"

/* A watch that sees what the test says, and notes what it is told. */
struct witness {
	struct endpoint *endpoint;
	uint64_t seen;
	unsigned int told;
	bool allowed;
	bool hidden;	/* the window, when it was told */
};

static uint64_t witness_set(void *context, bool allowed)
{
	struct witness *witness = context;

	witness->told++;
	witness->allowed = allowed;
	witness->hidden = witness->endpoint->window.hidden;
	return witness->seen;
}

static bool witness_is_there(void *context)
{
	(void)context;
	return true;
}

static void begin(struct fixture *fixture, struct witness *witness)
{
	start(fixture);
	*witness = (struct witness){ .endpoint = &fixture->endpoint };
	fixture->endpoint.watch =
		(struct endpoint_watch){ witness_set, witness_is_there, witness };
	endpoint_watch_window(&fixture->endpoint, true);
	assert_int_equal(witness->told, 1);
	assert_true(witness->allowed);
}

static uint64_t accesses(const struct fixture *fixture, enum window_access why)
{
	return fixture->endpoint.counts.accesses[why];
}

static void test_memory_off(void **state)
{
	struct fixture *fixture = *state;
	struct witness witness;

	begin(fixture, &witness);
	set_config16(&fixture->endpoint, PCI_COMMAND, 0);
	assert_false(witness.allowed);
	assert_int_equal(witness.told, 2);
	/* What does not change anything is not told. */
	set_config16(&fixture->endpoint, PCI_COMMAND, PCI_COMMAND_MASTER);
	assert_int_equal(witness.told, 2);
	witness.seen = 3;
	enable_memory(&fixture->endpoint);
	assert_true(witness.allowed);
	assert_int_equal(accesses(fixture, ACCESS_MEMORY_OFF), 3);
	assert_int_equal(accesses(fixture, ACCESS_UNDECODED), 0);
}

/* Shut before the content goes, open once it is there again. */
static void test_undecoded(void **state)
{
	struct fixture *fixture = *state;
	struct witness witness;

	begin(fixture, &witness);
	write_decoder_control(&fixture->endpoint, 0, 0);
	assert_false(witness.allowed);
	assert_false(witness.hidden);
	assert_true(fixture->endpoint.window.hidden);
	witness.seen = 2;
	program_decoder(&fixture->endpoint, 0, WINDOW_BASE, WINDOW_SIZE);
	write_decoder_control(&fixture->endpoint, 0, CXL_HDM_DECODER_COMMIT);
	assert_true(witness.allowed);
	assert_false(witness.hidden);
	assert_int_equal(accesses(fixture, ACCESS_UNDECODED), 2);
	/* One that was on its way. */
	witness.seen = 3;
	endpoint_watch_window(&fixture->endpoint, true);
	assert_int_equal(accesses(fixture, ACCESS_UNDECODED), 3);
}

/* Late media, and registers that read as ones. */
static void test_resets(void **state)
{
	struct fixture *fixture = *state;
	struct witness witness;
	const char *reason;

	fixture->options.ready_delay_ms = 100;
	begin(fixture, &witness);
	flr(&fixture->endpoint);
	assert_false(witness.allowed);
	witness.seen = 1;
	advance(fixture, 100);
	assert_true(witness.allowed);
	assert_int_equal(accesses(fixture, ACCESS_UNDECODED), 1);

	assert_int_equal(faults_inject(&fixture->endpoint, "all-ones", &reason), 0);
	flr(&fixture->endpoint);
	advance(fixture, 100);
	witness.seen = 5;
	endpoint_watch_window(&fixture->endpoint, true);
	assert_false(witness.allowed);
	assert_int_equal(accesses(fixture, ACCESS_UNDECODED), 5);
}

static void test_pulled_out(void **state)
{
	struct fixture *fixture = *state;
	struct witness witness;

	begin(fixture, &witness);
	endpoint_set_present(&fixture->endpoint, false);
	assert_false(witness.allowed);
	endpoint_set_present(&fixture->endpoint, true);
	assert_true(witness.allowed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		model_test(test_memory_off),
		model_test(test_undecoded),
		model_test(test_resets),
		model_test(test_pulled_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
