// SPDX-License-Identifier: GPL-2.0-or-later
#include "out/proof/ladder_text.h"

static void print_steps(enum cxv_rung first, enum cxv_rung last, const char *word, FILE *stream)
{
	for (enum cxv_rung rung = first; rung <= last; rung++)
		fprintf(stream, "  %-12s %-10s %s\n", word, cxv_rung_name(rung),
			cxv_rung_about(rung));
}

static const char *where(const struct cxv_ladder *ladder)
{
	return cxv_ladder_by_slot(ladder) ? " (without a serial number: in this slot)" : "";
}

void cxv_print_ladder(const char *target, const struct cxv_ladder *ladder, FILE *stream)
{
	fprintf(stream, "%s: %s%s\n", target, cxv_ladder_is(ladder, CXV_LADDER_PROVEN) ?
		"proven on this machine" : "not proven on this machine", where(ladder));
	print_steps(CXV_RUNG_REGISTERS, ladder->reached, "survived", stream);
	print_steps(ladder->reached + 1, CXV_RUNG_REST, "not known", stream);
}

void cxv_print_ladder_plan(const char *target, const struct cxv_ladder *ladder, bool anew,
			   FILE *stream)
{
	enum cxv_rung first = anew || ladder->tried ? CXV_RUNG_REGISTERS : ladder->reached + 1;

	if (first > CXV_RUNG_REST)
		return;
	fprintf(stream, "%s: first contact%s, each step on record before it is tried\n", target,
		where(ladder));
	print_steps(first, CXV_RUNG_REST, "would try", stream);
}
