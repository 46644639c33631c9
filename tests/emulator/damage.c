// SPDX-License-Identifier: GPL-2.0-or-later
#include <inttypes.h>
#include <string.h>

#include "config_space.h"
#include "cxl_regs.h"
#include "damage.h"
#include "util.h"

/* What is worth to be damaged, dword by dword: [start, end) of one space. */
struct target {
	enum damage_space space;
	uint32_t start;
	uint32_t end;
};

enum strategy { FEW_FIELDS, ONE_WORD, WHOLE_BLOCK, ONES_LATER, VARYING, ANYTHING, STRATEGIES };

/* splitmix64, in the public domain: equal on every machine, unlike rand(). */
static uint64_t next_random(struct damage *damage)
{
	uint64_t z = damage->random += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

static uint32_t below(struct damage *damage, uint32_t limit)
{
	return (uint32_t)(next_random(damage) % limit);
}

/*
 * A length that is another one at every read would only show that vfio-pci-core of Linux 7.3 reads
 * it without a bound: no driver can look at it before in a way that lasts.
 */
static bool may_vary(const struct target *target, uint32_t offset)
{
	return target->space != DAMAGE_CONFIG ||
	       (offset != CAPABILITY_CXL_DEVICE + CXL_DVSEC_HEADER1 &&
		offset != CAPABILITY_FLEX_BUS + CXL_DVSEC_HEADER1 &&
		offset != CAPABILITY_REGISTER_LOCATOR + CXL_DVSEC_HEADER1);
}

/* Values that parsers stumble over, as often as random ones. */
static uint32_t nasty_value(struct damage *damage)
{
	static const uint32_t values[] = {
		0, UINT32_MAX, 1, 0x80000000, 0x7fffffff, 0xffff0000, 0x0000ffff, 0x10000000,
		0x0000ff00, 0x00000f00, 0xfffffff0, 0x000000ff,
	};

	if (below(damage, 2))
		return (uint32_t)next_random(damage);
	return values[below(damage, ARRAY_SIZE(values))];
}

static void add(struct damage *damage, enum damage_space space, uint32_t offset, uint32_t value,
		bool varies)
{
	if (damage->count == DAMAGE_MAXIMUM)
		return;
	damage->words[damage->count++] = (struct damaged_word){ space, offset, value, varies };
}

static void add_random(struct damage *damage, const struct target *target, bool varies)
{
	uint32_t offset = target->start + 4 * below(damage, (target->end - target->start) / 4);

	add(damage, target->space, offset, nasty_value(damage),
	    varies && may_vary(target, offset));
}

static void add_block(struct damage *damage, const struct target *target)
{
	bool ones = below(damage, 3) == 0;
	uint32_t offset;

	for (offset = target->start; offset < target->end; offset += 4)
		add(damage, target->space, offset, ones ? UINT32_MAX : nasty_value(damage),
		    false);
}

void damage_begin(struct damage *damage, uint64_t seed, uint32_t hdm_offset, uint32_t hdm_length)
{
	const struct target targets[] = {
		{ DAMAGE_CONFIG, CAPABILITY_CXL_DEVICE + 4,
		  CAPABILITY_CXL_DEVICE + CXL_DEVICE_DVSEC_LENGTH },
		{ DAMAGE_CONFIG, CAPABILITY_FLEX_BUS + 4,
		  CAPABILITY_FLEX_BUS + CXL_FLEX_BUS_DVSEC_LENGTH },
		{ DAMAGE_CONFIG, CAPABILITY_REGISTER_LOCATOR + 4,
		  CAPABILITY_REGISTER_LOCATOR + CXL_REGISTER_LOCATOR_ENTRY(1) },
		{ DAMAGE_COMPONENT, CXL_CM_HEADER, CXL_CM_ENTRY(2) },
		{ DAMAGE_COMPONENT, hdm_offset, hdm_offset + hdm_length },
	};
	const struct target *target;
	uint32_t i, times;

	*damage = (struct damage){ .active = true, .seed = seed, .random = seed,
				   .accesses_left = UINT64_MAX };
	target = &targets[below(damage, ARRAY_SIZE(targets))];
	switch (below(damage, STRATEGIES)) {
	case FEW_FIELDS:
		for (times = 1 + below(damage, 3), i = 0; i < times; i++)
			add_random(damage, target, false);
		break;
	case ONE_WORD:
		add_random(damage, target, false);
		break;
	case WHOLE_BLOCK:
		add_block(damage, target);
		break;
	case ONES_LATER:
		/* Not for ever: after a reset Linux would wait a minute for the device. */
		damage->accesses_left = 1 + below(damage, 200);
		damage->ones_left = 1 + below(damage, 10);
		break;
	case VARYING:
		for (times = 1 + below(damage, 4), i = 0; i < times; i++)
			add_random(damage, target, true);
		break;
	default:
		for (times = 1 + below(damage, 12), i = 0; i < times; i++)
			add_random(damage, &targets[below(damage, ARRAY_SIZE(targets))],
				   below(damage, 4) == 0);
	}
}

void damage_end(struct damage *damage)
{
	damage->active = false;
}

static void overlay(struct damage *damage, const struct damaged_word *word, uint32_t offset,
		    uint8_t *data, size_t count)
{
	uint32_t value = word->varies ? nasty_value(damage) : word->value;
	uint32_t byte;

	for (byte = 0; byte < 4; byte++) {
		uint32_t place = word->offset + byte;

		if (place >= offset && place - offset < count)
			data[place - offset] = (uint8_t)(value >> 8 * byte);
	}
}

void damage_apply(struct damage *damage, enum damage_space space, uint32_t offset, uint8_t *data,
		  size_t count)
{
	size_t i;

	if (!damage->active)
		return;
	if (!damage->accesses_left) {
		memset(data, 0xff, count);
		if (!--damage->ones_left)
			damage->accesses_left = UINT64_MAX;
		return;
	}
	if (damage->accesses_left != UINT64_MAX)
		damage->accesses_left--;
	for (i = 0; i < damage->count; i++)
		if (damage->words[i].space == space)
			overlay(damage, &damage->words[i], offset, data, count);
}

void damage_write_json(const struct damage *damage, FILE *stream)
{
	static const char *const spaces[] = { "config", "component" };
	const struct damaged_word *word;
	size_t i;

	fprintf(stream, "{\"seed\":%" PRIu64 ",\"ones_after\":", damage->seed);
	if (damage->accesses_left == UINT64_MAX)
		fputs("null", stream);
	else
		fprintf(stream, "%" PRIu64, damage->accesses_left);
	fputs(",\"words\":[", stream);
	for (i = 0; i < damage->count; i++) {
		word = &damage->words[i];
		fprintf(stream, "%s\"%s %#x: ", i ? "," : "", spaces[word->space], word->offset);
		if (word->varies)
			fputs("varies\"", stream);
		else
			fprintf(stream, "%#x\"", word->value);
	}
	fputs("]}", stream);
}
