// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/proof/ladder.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/base/format.h"

#define FIRST_LINE	"cxlvfio ladder 1"

static const struct {
	const char *name, *about;
} rungs[CXV_RUNG_COUNT] = {
	[CXV_RUNG_NONE] = { "none", "nothing" },
	[CXV_RUNG_REGISTERS] = { "registers", "opening it and reading its registers" },
	[CXV_RUNG_LINE] = { "line", "reading one line of the window" },
	[CXV_RUNG_PAGE] = { "page", "reading one page of the window" },
	[CXV_RUNG_WRITE] = { "write", "writing one page of the window and restoring it" },
	[CXV_RUNG_REST] = { "rest", "the rest: the whole window, resets, the scrub at the close" },
};

static const char *const state_names[CXV_LADDER_STATE_COUNT] = {
	[CXV_LADDER_UNPROVEN] = "unproven",
	[CXV_LADDER_PROVEN] = "proven",
	[CXV_LADDER_RUNNING] = "running",
	[CXV_LADDER_INTERRUPTED] = "interrupted",
	[CXV_LADDER_NOT_SURVIVED] = "not_survived",
	[CXV_LADDER_FOREIGN] = "foreign",
	[CXV_LADDER_DAMAGED] = "damaged",
};

CXV_TABLE(cxv_ladder,
	CXV_FIELD(cxv_ladder, WORD, state),
	CXV_FIELD(cxv_ladder, WORD, survived),
	CXV_FIELD(cxv_ladder, WORD, step),
	CXV_FIELD(cxv_ladder, TEXT, kernel),
	CXV_FIELD(cxv_ladder, WORD, key),
);

const char *cxv_rung_name(enum cxv_rung rung)
{
	return rungs[rung].name;
}

const char *cxv_rung_about(enum cxv_rung rung)
{
	return rungs[rung].about;
}

const char *cxv_ladder_state_name(enum cxv_ladder_state state)
{
	return state_names[state];
}

bool cxv_ladder_by_slot(const struct cxv_ladder *ladder)
{
	return ladder->key.value && !strcmp(ladder->key.value, CXV_LADDER_KEY_SLOT);
}

bool cxv_ladder_is(const struct cxv_ladder *ladder, enum cxv_ladder_state state)
{
	return ladder->state.value && !strcmp(ladder->state.value, state_names[state]);
}

static char *say_step(const struct cxv_ladder *ladder, const char *what)
{
	return cxv_format("%s \"%s\" of its first contact (%s), under kernel %s", what,
			  ladder->step.value, cxv_rung_about(ladder->tried), ladder->kernel.value);
}

bool cxv_ladder_record_unreadable(const struct cxv_ladder *ladder)
{
	return ladder->key.value && ladder->state.error && ladder->state.error != EACCES;
}

int cxv_ladder_sentence(const struct cxv_ladder *ladder, char **sentence)
{
	*sentence = NULL;
	if (cxv_ladder_is(ladder, CXV_LADDER_NOT_SURVIVED))
		*sentence = say_step(ladder, "this machine did not survive step");
	else if (cxv_ladder_is(ladder, CXV_LADDER_INTERRUPTED))
		*sentence = say_step(ladder, "the command was killed (the machine kept running) in "
				     "step");
	else if (cxv_ladder_is(ladder, CXV_LADDER_DAMAGED))
		*sentence = strdup("the record of its first contact is damaged, and does not "
				   "count");
	else if (cxv_ladder_is(ladder, CXV_LADDER_FOREIGN))
		*sentence = strdup("the record of its first contact is another machine's, and "
				   "does not count");
	else if (cxv_ladder_record_unreadable(ladder))
		*sentence = cxv_format("the record of its first contact cannot be read: %s",
				       strerror(ladder->state.error));
	else
		return 0;
	return *sentence ? 0 : -ENOMEM;
}

/* A line of up to COUNT words behind KEY, at *TEXT, which moves on. 0 or -EINVAL. */
static int take_line(const char **text, const char *key, size_t count,
		     char words[][CXV_LADDER_WORD_MAX])
{
	size_t length = strlen(key);
	const char *here = *text + length;

	if (!cxv_starts_with(*text, key))
		return -EINVAL;
	for (size_t i = 0; i < count; i++) {
		if (*here++ != ' ')
			return -EINVAL;
		length = strcspn(here, " \n");
		if (!length || length >= CXV_LADDER_WORD_MAX)
			return -EINVAL;
		memcpy(words[i], here, length);
		words[i][length] = '\0';
		here += length;
	}
	if (*here != '\n')
		return -EINVAL;
	*text = here + 1;
	return 0;
}

static int parse_rung(const char *word, enum cxv_rung *rung)
{
	for (*rung = CXV_RUNG_REGISTERS; *rung < CXV_RUNG_COUNT; ++*rung)
		if (!strcmp(word, rungs[*rung].name))
			return 0;
	return -EINVAL;
}

static int parse_number(const char *word, uint64_t limit, uint64_t *number)
{
	char *end;

	if (*word < '0' || *word > '9')
		return -EINVAL;
	errno = 0;
	*number = strtoull(word, &end, 10);
	return errno || *end || *number > limit ? -EINVAL : 0;
}

/* "KEY RUNG KERNEL" */
static int take_survived(const char **text, const char *key, struct cxv_ladder_survived *survived)
{
	char words[2][CXV_LADDER_WORD_MAX];
	int ret = take_line(text, key, 2, words);

	if (!ret)
		ret = parse_rung(words[0], &survived->rung);
	if (!ret)
		memcpy(survived->kernel, words[1], sizeof(survived->kernel));
	return ret;
}

/* "trying RUNG KERNEL BOOT PROCESS STARTED" */
static int take_trying(const char **text, struct cxv_ladder_record *record)
{
	char words[5][CXV_LADDER_WORD_MAX];
	uint64_t process = 0;
	int ret = take_line(text, "trying", 5, words);

	if (!ret)
		ret = parse_rung(words[0], &record->trying.rung);
	if (!ret)
		ret = parse_number(words[3], INT32_MAX, &process);
	if (!ret)
		ret = parse_number(words[4], UINT64_MAX, &record->started);
	if (ret < 0)
		return ret;
	memcpy(record->trying.kernel, words[1], sizeof(words[1]));
	memcpy(record->boot, words[2], sizeof(words[2]));
	record->process = process;
	return 0;
}

static int parse(const char *text, struct cxv_ladder_record *record)
{
	int ret = take_line(&text, FIRST_LINE, 0, NULL);

	if (!ret)
		ret = take_line(&text, "machine", 1, &record->machine);
	if (!ret)
		ret = take_line(&text, "endpoint", 1, &record->endpoint);
	while (!ret && cxv_starts_with(text, "survived ") && record->count < CXV_LADDER_KERNELS)
		ret = take_survived(&text, "survived", &record->survived[record->count++]);
	while (!ret && cxv_starts_with(text, "crashed ") &&
	       record->crash_count < CXV_LADDER_KERNELS)
		ret = take_survived(&text, "crashed", &record->crashed[record->crash_count++]);
	if (!ret && cxv_starts_with(text, "trying "))
		ret = take_trying(&text, record);
	return ret || *text ? -EINVAL : 0;
}

int cxv_ladder_parse(const char *text, struct cxv_ladder_record *record)
{
	int ret;

	*record = (struct cxv_ladder_record) { 0 };
	ret = parse(text, record);
	if (ret < 0)
		*record = (struct cxv_ladder_record) { 0 };
	return ret;
}

void cxv_ladder_format(const struct cxv_ladder_record *record,
		       char text[static CXV_LADDER_TEXT_MAX])
{
	/* A score of lines of at most six words: there is room. */
	char *end = text + CXV_LADDER_TEXT_MAX;

	text += snprintf(text, end - text, FIRST_LINE "\nmachine %s\nendpoint %s\n",
			 record->machine, record->endpoint);
	for (size_t i = 0; i < record->count; i++)
		text += snprintf(text, end - text, "survived %s %s\n",
				 cxv_rung_name(record->survived[i].rung),
				 record->survived[i].kernel);
	for (size_t i = 0; i < record->crash_count; i++)
		text += snprintf(text, end - text, "crashed %s %s\n",
				 cxv_rung_name(record->crashed[i].rung),
				 record->crashed[i].kernel);
	if (record->trying.rung)
		snprintf(text, end - text, "trying %s %s %s %u %" PRIu64 "\n",
			 cxv_rung_name(record->trying.rung), record->trying.kernel, record->boot,
			 record->process, record->started);
}

bool cxv_ladder_is_ours(const struct cxv_ladder_record *record,
			const struct cxv_platform *platform, const char *endpoint)
{
	return !strcmp(record->machine, platform->machine) &&
	       !strcmp(record->endpoint, endpoint);
}

static enum cxv_rung survived_under(const struct cxv_ladder_record *record, const char *kernel)
{
	for (size_t i = 0; i < record->count; i++)
		if (!strcmp(record->survived[i].kernel, kernel))
			return record->survived[i].rung;
	return CXV_RUNG_NONE;
}

enum cxv_rung cxv_ladder_reached(const struct cxv_ladder_record *record,
				 const struct cxv_platform *platform)
{
	/* A machine without a name may be any. */
	return strcmp(platform->machine, CXV_PLATFORM_UNKNOWN) ?
	       survived_under(record, platform->kernel) : CXV_RUNG_NONE;
}

static bool is_survived(const struct cxv_ladder_record *record, enum cxv_rung rung)
{
	for (size_t i = 0; i < record->count; i++)
		if (record->survived[i].rung >= rung)
			return true;
	return false;
}

const struct cxv_ladder_survived *cxv_ladder_crash(const struct cxv_ladder_record *record,
						   const char *kernel)
{
	for (size_t i = 0; i < record->crash_count; i++)
		if (!strcmp(record->crashed[i].kernel, kernel))
			return &record->crashed[i];
	for (size_t i = 0; i < record->crash_count; i++)
		if (!is_survived(record, record->crashed[i].rung))
			return &record->crashed[i];
	return NULL;
}

/* The machine survived everything that was tried in this boot, even if the process ended. */
static bool is_of_this_boot(const struct cxv_ladder_record *record,
			    const struct cxv_platform *platform)
{
	return strcmp(platform->boot, CXV_PLATFORM_UNKNOWN) &&
	       !strcmp(record->boot, platform->boot);
}

bool cxv_ladder_was_fatal(const struct cxv_ladder_record *record,
			  const struct cxv_platform *platform)
{
	return (record->trying.rung && !is_of_this_boot(record, platform)) ||
	       cxv_ladder_crash(record, platform->kernel);
}

static enum cxv_ladder_state state_of(const struct cxv_ladder_record *record,
				      const struct cxv_platform *platform, bool alive,
				      const struct cxv_ladder_survived **about)
{
	const bool now = record->trying.rung && is_of_this_boot(record, platform);

	*about = &record->trying;
	if (now && alive)
		return CXV_LADDER_RUNNING;
	if (record->trying.rung && !now)
		return CXV_LADDER_NOT_SURVIVED;
	*about = cxv_ladder_crash(record, platform->kernel);
	if (*about)
		return CXV_LADDER_NOT_SURVIVED;
	*about = now ? &record->trying : NULL;
	if (now)
		return CXV_LADDER_INTERRUPTED;
	return cxv_ladder_reached(record, platform) == CXV_RUNG_REST ?
	       CXV_LADDER_PROVEN : CXV_LADDER_UNPROVEN;
}

int cxv_ladder_judge(const struct cxv_ladder_record *record, const struct cxv_platform *platform,
		     const char *endpoint, bool alive, struct cxv_ladder *ladder)
{
	const struct cxv_ladder_survived *about;

	if (!cxv_ladder_is_ours(record, platform, endpoint)) {
		ladder->state.value = state_names[CXV_LADDER_FOREIGN];
		return 0;
	}
	ladder->state.value = state_names[state_of(record, platform, alive, &about)];
	ladder->reached = cxv_ladder_reached(record, platform);
	if (ladder->reached)
		ladder->survived.value = cxv_rung_name(ladder->reached);
	if (!about)
		return 0;
	ladder->tried = about->rung;
	ladder->step.value = cxv_rung_name(about->rung);
	ladder->kernel.value = strdup(about->kernel);
	return ladder->kernel.value ? 0 : -ENOMEM;
}

/* In front; in place of what is known of this kernel, or of the oldest. */
static void remember(struct cxv_ladder_survived list[static CXV_LADDER_KERNELS], size_t *count,
		     struct cxv_ladder_survived now)
{
	size_t at = 0;

	while (at < *count && strcmp(list[at].kernel, now.kernel) != 0)
		at++;
	if (at == CXV_LADDER_KERNELS)
		at--;
	if (at == *count)
		++*count;
	memmove(&list[1], &list[0], at * sizeof(now));
	list[0] = now;
}

static void forget(struct cxv_ladder_survived list[static CXV_LADDER_KERNELS], size_t *count,
		   size_t at)
{
	memmove(&list[at], &list[at + 1], (--*count - at) * sizeof(*list));
}

static void crash(struct cxv_ladder_record *record)
{
	const struct cxv_ladder_survived fatal = record->trying;

	remember(record->crashed, &record->crash_count, fatal);
	for (size_t i = record->count; i-- > 0;) {
		if (record->survived[i].rung >= fatal.rung)
			record->survived[i].rung = fatal.rung - 1;
		if (!record->survived[i].rung)
			forget(record->survived, &record->count, i);
	}
}

void cxv_ladder_try(struct cxv_ladder_record *record, const struct cxv_platform *platform,
		    enum cxv_rung rung, unsigned int process, uint64_t started)
{
	if (record->trying.rung && !is_of_this_boot(record, platform))
		crash(record);
	record->trying.rung = rung;
	memcpy(record->trying.kernel, platform->kernel, sizeof(platform->kernel));
	memcpy(record->boot, platform->boot, sizeof(platform->boot));
	record->process = process;
	record->started = started;
}

void cxv_ladder_survive(struct cxv_ladder_record *record)
{
	struct cxv_ladder_survived now = record->trying;
	enum cxv_rung reached = survived_under(record, now.kernel);

	for (size_t i = record->crash_count; i-- > 0;)
		if (record->crashed[i].rung <= now.rung &&
		    !strcmp(record->crashed[i].kernel, now.kernel))
			forget(record->crashed, &record->crash_count, i);
	record->trying.rung = CXV_RUNG_NONE;
	if (reached > now.rung)
		now.rung = reached;
	remember(record->survived, &record->count, now);
}

void cxv_ladder_leave(struct cxv_ladder_record *record)
{
	record->trying.rung = CXV_RUNG_NONE;
}

enum cxv_rung cxv_ladder_next(enum cxv_rung reached, enum cxv_rung top, bool writes)
{
	enum cxv_rung next = reached + 1;

	if (next == CXV_RUNG_WRITE && !writes)
		next++;
	return next <= top ? next : CXV_RUNG_NONE;
}
