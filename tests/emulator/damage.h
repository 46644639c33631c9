/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A hostile or broken device, from a seed: what reads of the CXL capabilities in configuration
 * space and of the component registers return is not what the registers hold. The model below
 * stays intact, writes reach it, and the end of the damage shows it again.
 */
#ifndef EMULATOR_DAMAGE_H
#define EMULATOR_DAMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define DAMAGE_MAXIMUM	64

enum damage_space { DAMAGE_CONFIG, DAMAGE_COMPONENT };

struct damaged_word {
	enum damage_space space;
	uint32_t offset;		/* of a dword, in its space */
	uint32_t value;
	bool varies;			/* another value at every read */
};

struct damage {
	bool active;
	uint64_t seed;
	uint64_t random;		/* the generator's state */
	uint64_t accesses_left;		/* UINT64_MAX, or reads until all of them are ones */
	uint64_t ones_left;		/* and then for so many */
	size_t count;
	struct damaged_word words[DAMAGE_MAXIMUM];
};

/* The same seed does the same damage to the same endpoint. */
void damage_begin(struct damage *damage, uint64_t seed, uint32_t hdm_offset,
		  uint32_t hdm_length);
void damage_end(struct damage *damage);

/* COUNT bytes that were read at OFFSET of SPACE, as the guest gets them. */
void damage_apply(struct damage *damage, enum damage_space space, uint32_t offset, uint8_t *data,
		  size_t count);

/* The list of what is damaged, as JSON. */
void damage_write_json(const struct damage *damage, FILE *stream);

#endif /* EMULATOR_DAMAGE_H */
