// SPDX-License-Identifier: GPL-2.0-or-later
#include "out/doctor/doctor_text.h"

#include <string.h>

#include "out/base/text.h"

#define INDENT	"           "

/* Text of the machine may have anything in it. */
static void print_clean(const char *before, const char *text, FILE *stream)
{
	_cleanup_free_ char *clean = cxv_text_printable(text);

	fprintf(stream, "%s%s", before, clean ?: "?");
}

/* What goes away with it, each name once. */
static void print_consequences(const struct cxv_doctor *doctor,
			       const struct cxv_doctor_check *check, FILE *stream)
{
	const char *before = INDENT "with it: ", *last = "";

	for (size_t i = 0; i < doctor->count; i++) {
		const struct cxv_doctor_check *other = &doctor->checks[i];

		if (!other->follows_from || strcmp(other->follows_from, check->id) ||
		    !strcmp(other->id, last))
			continue;
		fprintf(stream, "%s%s", before, other->id);
		before = ", ";
		last = other->id;
	}
	if (*last)
		fputc('\n', stream);
}

static void print_check(const struct cxv_doctor *doctor, const struct cxv_doctor_check *check,
			FILE *stream)
{
	fprintf(stream, "  %-8s %s: ", cxv_doctor_result_name(check->result), check->id);
	if (check->target)
		fprintf(stream, "%s: ", check->target);
	print_clean("", check->message ?: "?", stream);
	fputc('\n', stream);
	if (cxv_doctor_needs_hint(check))
		fprintf(stream, INDENT "next: %s\n", check->hint);
	print_consequences(doctor, check, stream);
}

static void print_evidence(const struct cxv_doctor_check *check, FILE *stream)
{
	fprintf(stream, INDENT "about: %s\n", check->about);
	for (size_t i = 0; i < check->evidence_count; i++) {
		const struct cxv_doctor_evidence *evidence = &check->evidence[i];

		print_clean(INDENT "read: ", evidence->path, stream);
		if (evidence->value)
			print_clean(": ", evidence->value, stream);
		else if (check->error)
			fprintf(stream, " (%s)", strerrorname_np(check->error) ?: "?");
		fputc('\n', stream);
	}
}

static bool is_shown(const struct cxv_doctor_check *check, bool all)
{
	return all || check->result == CXV_DOCTOR_INFO || check->result > CXV_DOCTOR_UNKNOWN;
}

static void print_group(const struct cxv_doctor *doctor, const char *group, bool all,
			FILE *stream)
{
	bool begun = false;

	for (size_t i = 0; i < doctor->count; i++) {
		const struct cxv_doctor_check *check = &doctor->checks[i];

		if (strcmp(check->group, group) || !is_shown(check, all))
			continue;
		if (!begun)
			fprintf(stream, "%s\n", group);
		begun = true;
		print_check(doctor, check, stream);
		if (all)
			print_evidence(check, stream);
	}
}

static bool is_first_of_group(const struct cxv_doctor *doctor, size_t index)
{
	for (size_t i = 0; i < index; i++)
		if (!strcmp(doctor->checks[i].group, doctor->checks[index].group))
			return false;
	return true;
}

/* An unknown check of which no other has the same way out before. */
static bool is_first_of_hint(const struct cxv_doctor *doctor, size_t index)
{
	const struct cxv_doctor_check *check = &doctor->checks[index];

	if (check->result != CXV_DOCTOR_UNKNOWN)
		return false;
	for (size_t i = 0; i < index; i++)
		if (doctor->checks[i].result == CXV_DOCTOR_UNKNOWN &&
		    !strcmp(doctor->checks[i].hint, check->hint))
			return false;
	return true;
}

static void print_id(const struct cxv_doctor *doctor, size_t index, const char *separator,
		     FILE *stream)
{
	const struct cxv_doctor_check *check = &doctor->checks[index];

	fprintf(stream, "%s%s", separator, check->id);
	if (check->target)
		fprintf(stream, " (%s)", check->target);
}

/* Without privileges there are many for the same reason, which is said once. */
static void print_unknown(const struct cxv_doctor *doctor, FILE *stream)
{
	for (size_t i = 0; i < doctor->count; i++) {
		size_t others = 0;

		if (!is_first_of_hint(doctor, i))
			continue;
		for (size_t j = i + 1; j < doctor->count; j++)
			others += doctor->checks[j].result == CXV_DOCTOR_UNKNOWN &&
				  !strcmp(doctor->checks[j].hint, doctor->checks[i].hint);
		print_clean("unknown: ", doctor->checks[i].message ?: "?", stream);
		print_id(doctor, i, " for ", stream);
		if (others)
			fprintf(stream, " and %zu others", others);
		fprintf(stream, "; next: %s\n", doctor->checks[i].hint);
	}
}

/* Before everything else: whoever reads no further knows what this machine is good for. */
static void print_lines(const struct cxv_doctor *doctor, FILE *stream)
{
	for (size_t i = 0; i < doctor->line_count; i++) {
		fprintf(stream, "%s:", doctor->lines[i].id);
		print_clean(&"         "[strlen(doctor->lines[i].id) + 1], doctor->lines[i].text,
			    stream);
		fputc('\n', stream);
	}
	if (doctor->line_count)
		fputc('\n', stream);
}

static void print_counts(const struct cxv_doctor *doctor, FILE *stream)
{
	const char *separator = ":";

	fprintf(stream, "%zu %s", doctor->count, doctor->count == 1 ? "check" : "checks");
	for (unsigned int i = 0; i < CXV_DOCTOR_RESULTS; i++) {
		size_t count = doctor->results[i];
		bool plural = count > 1 && (i == CXV_DOCTOR_WARNING || i == CXV_DOCTOR_PROBLEM);

		if (!count)
			continue;
		fprintf(stream, "%s %zu %s%s", separator, count, cxv_doctor_result_name(i),
			plural ? "s" : "");
		separator = ",";
	}
	fputc('\n', stream);
}

void cxv_print_doctor(const struct cxv_doctor *doctor, bool all, FILE *stream)
{
	print_lines(doctor, stream);
	for (size_t i = 0; i < doctor->count; i++)
		if (is_first_of_group(doctor, i))
			print_group(doctor, doctor->checks[i].group, all, stream);
	if (!all)
		print_unknown(doctor, stream);
	print_counts(doctor, stream);
}
