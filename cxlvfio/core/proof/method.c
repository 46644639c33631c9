// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/proof/method.h"

#include <errno.h>
#include <string.h>

#include "core/base/util.h"
#include "core/base/words.h"

#define VIA(name)	(1u << CXV_VIA_##name)

/*
 * Only an FLR is known to leave the memory alone: a secondary bus reset takes the decoders, too,
 * and what the memory holds then is undefined (CXL 3.1 9.4).
 */
const struct cxv_method_kind cxv_method_kinds[CXV_METHOD_COUNT] = {
	[CXV_METHOD_FLR] = {
		.name = "flr", .words = { "flr", "af_flr" }, .flr = true,
		.reach = CXV_REACH_FUNCTION, .expect = CXV_EXPECT_RETAINED,
		.memory = "kept", .decoders = "kept",
		.vias = VIA(VFIO) | VIA(CONFIG) | VIA(SYSFS),
	},
	/*
	 * No word of Linux 7.3; proposed patches have this one. It resets all CXL functions. The
	 * kernel programs the decoders again that are not locked.
	 */
	[CXV_METHOD_CXL] = {
		.name = "cxl", .words = { "cxl_reset" },
		.reach = CXV_REACH_BUS, .expect = CXV_EXPECT_ANY,
		.memory = "undefined", .decoders = "restored",
		.vias = VIA(VFIO) | VIA(SYSFS),
	},
	/* "bus" is refused below a CXL port that masks it; "cxl_bus" unmasks it first. */
	[CXV_METHOD_BUS] = {
		.name = "bus", .words = { "cxl_bus", "bus" },
		.reach = CXV_REACH_BUS, .expect = CXV_EXPECT_ANY,
		.memory = "undefined", .decoders = "lost",
		.vias = VIA(VFIO) | VIA(SYSFS),
	},
	[CXV_METHOD_HOT] = {
		.name = "hot", .reach = CXV_REACH_BUS, .expect = CXV_EXPECT_ANY,
		.vias = VIA(VFIO),
	},
	[CXV_METHOD_AUTO] = {
		.name = "auto", .reach = CXV_REACH_FUNCTION, .expect = CXV_EXPECT_ANY,
		.vias = VIA(VFIO) | VIA(SYSFS),
	},
	/* What guests do while they size BARs, and drivers when they let go of a function. */
	[CXV_METHOD_MEMORY] = {
		.name = "memory", .no_reset = true,
		.reach = CXV_REACH_FUNCTION, .expect = CXV_EXPECT_RETAINED,
		.vias = VIA(CONFIG),
	},
};

static const char *const via_names[CXV_VIA_COUNT] = {
	[CXV_VIA_VFIO] = "vfio",
	[CXV_VIA_CONFIG] = "config",
	[CXV_VIA_SYSFS] = "sysfs",
};

static const char *const expect_names[] = {
	[CXV_EXPECT_RETAINED] = "retained",
	[CXV_EXPECT_ZERO] = "zero",
	[CXV_EXPECT_ANY] = "any",
};

const char *cxv_method_name(enum cxv_method method)
{
	return cxv_method_kinds[method].name;
}

const char *cxv_via_name(enum cxv_via via)
{
	return via_names[via];
}

const char *cxv_expect_name(enum cxv_expect expect)
{
	return expect_names[expect];
}

int cxv_method_find(const char *name, size_t length)
{
	for (int i = 0; i < CXV_METHOD_COUNT; i++)
		if (!cxv_word_index(name, length, &cxv_method_kinds[i].name, 1))
			return i;
	return -EINVAL;
}

int cxv_via_find(const char *name, size_t length)
{
	return cxv_word_index(name, length, via_names, ARRAY_SIZE(via_names));
}

int cxv_expect_find(const char *name, size_t length)
{
	return cxv_word_index(name, length, expect_names, ARRAY_SIZE(expect_names));
}

const char *cxv_reach_name(enum cxv_reach reach)
{
	return reach == CXV_REACH_BUS ? "bus" : "function";
}

bool cxv_method_can(enum cxv_method method, enum cxv_via via)
{
	return cxv_method_kinds[method].vias & (1u << via);
}

enum cxv_via cxv_method_via(enum cxv_method method)
{
	enum cxv_via via = CXV_VIA_VFIO;

	while (!cxv_method_can(method, via))
		via++;
	return via;
}

bool cxv_method_has_word(enum cxv_method method)
{
	return cxv_method_kinds[method].words[0];
}

/* Whether NAME is one of the words in METHODS, which are separated by spaces. */
static bool is_offered(const char *methods, const char *name)
{
	size_t length = strlen(name);

	while (*methods) {
		size_t word = strcspn(methods, " \n");

		if (word == length && !strncmp(methods, name, length))
			return true;
		methods += word + strspn(methods + word, " \n");
	}
	return false;
}

const char *cxv_method_word(enum cxv_method method, const char *methods)
{
	const char *const *words = cxv_method_kinds[method].words;

	for (size_t i = 0; i < CXV_METHOD_WORDS && words[i]; i++)
		if (is_offered(methods, words[i]))
			return words[i];
	return NULL;
}

/* The method that the first word in METHODS belongs to; NULL: an unknown word. */
static const struct cxv_method_kind *first_kind(const char *methods)
{
	size_t first = strcspn(methods, " \n");

	for (enum cxv_method i = 0; i < CXV_METHOD_AUTO; i++) {
		const char *const *words = cxv_method_kinds[i].words;

		for (size_t j = 0; j < CXV_METHOD_WORDS && words[j]; j++)
			if (strlen(words[j]) == first && !strncmp(methods, words[j], first))
				return &cxv_method_kinds[i];
	}
	return NULL;
}

const char *cxv_method_memory(const char *word)
{
	const struct cxv_method_kind *kind = first_kind(word);

	return kind ? kind->memory : "unknown";
}

const char *cxv_method_decoders(const char *word)
{
	const struct cxv_method_kind *kind = first_kind(word);

	return kind ? kind->decoders : "unknown";
}

enum cxv_reach cxv_method_reach(enum cxv_method method, const char *methods)
{
	const struct cxv_method_kind *kind;

	if (method != CXV_METHOD_AUTO)
		return cxv_method_kinds[method].reach;
	kind = first_kind(methods);
	return kind ? kind->reach : CXV_REACH_FUNCTION;
}

static int parse_way(const char *text, size_t length, struct cxv_way *way)
{
	const char *colon = memchr(text, ':', length);
	size_t name = colon ? (size_t)(colon - text) : length;
	int method = cxv_method_find(text, name);
	int via = 0;

	if (method >= 0)
		via = colon ? cxv_via_find(colon + 1, length - name - 1) :
			      (int)cxv_method_via(method);
	if (method < 0 || via < 0)
		return -EINVAL;
	*way = (struct cxv_way) { .method = method, .via = via };
	return cxv_method_can(way->method, way->via) ? 0 : -EOPNOTSUPP;
}

int cxv_ways_parse(const char *list, struct cxv_way *ways, size_t size, const char **bad)
{
	size_t count = 0, length;

	while (cxv_next_word(&list, bad, &length)) {
		int ret;

		if (count == size)
			return -E2BIG;
		ret = parse_way(*bad, length, &ways[count++]);
		if (ret < 0)
			return ret;
	}
	return (int)count;
}
