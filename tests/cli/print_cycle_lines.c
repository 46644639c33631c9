// SPDX-License-Identifier: GPL-2.0-or-later
/* Lines of --ndjson from cycles that are made up, for ndjson.py. */
#include <errno.h>
#include <stdio.h>

#include "core/base/util.h"
#include "out/proof/reset_json.h"

static void print(struct cxv_run *run, struct cxv_cycle *cycle)
{
	cycle->number++;
	if (cxv_run_add(run, cycle) < 0 || cxv_print_cycle_line(run, cycle, stdout) < 0)
		exit(1);
}

int main(void)
{
	struct cxv_run run = { .target = "0000:0d:00.0", .verify = true };
	struct cxv_cycle *cycle = calloc(1, sizeof(*cycle));

	if (!cycle)
		return 1;
	/* Only reset. */
	print(&run, cycle);
	cycle->verify = true;
	cycle->check_count = CXV_CHECK_COUNT;
	cycle->readiness = CXV_READY;
	cycle->reset_duration = 100000000;
	cycle->mappings[CXV_MAPPING_WHOLE].after = (struct cxv_pass) { .made = true, .pages = 512 };
	print(&run, cycle);
	/* What a device may say must not end the line, nor the string. */
	cycle->reset_error = ENOTTY;
	cycle->verdict = CXV_FAIL;
	cycle->checks[CXV_CHECK_ZAPPED] = (struct cxv_check) {
		.verdict = CXV_FAIL, .observed = "a\nb\r\"\\ \xff </script>", .expected = "{}\n  x",
		.detail = "two\n\n  lines",
	};
	print(&run, cycle);
	cxv_run_clear(&run);
	free(cycle);
	return 0;
}
