// SPDX-License-Identifier: GPL-2.0-or-later
#include "registers.h"

static uint32_t width_mask(uint32_t width)
{
	return width >= 4 ? UINT32_MAX : (1u << (8 * width)) - 1;
}

static unsigned int word_shift(uint32_t offset)
{
	return 8 * (offset % 4);
}

void registers_define(struct register_word *words, const struct register_definition *definitions,
		      size_t count)
{
	const struct register_definition *definition;
	struct register_word *word;
	unsigned int shift;

	for (definition = definitions; definition < definitions + count; definition++) {
		word = &words[definition->offset / 4];
		shift = word_shift(definition->offset);
		word->initial |= definition->initial << shift;
		word->writable |= definition->writable << shift;
		word->lockable |= definition->lockable << shift;
		word->write_one_clears |= definition->write_one_clears << shift;
		word->sticky |= definition->sticky << shift;
		word->kept_by_flr |= definition->kept_by_flr << shift;
		word->value = word->initial;
	}
}

uint32_t registers_get(const struct register_word *words, uint32_t offset, uint32_t width)
{
	return words[offset / 4].value >> word_shift(offset) & width_mask(width);
}

void registers_set(struct register_word *words, uint32_t offset, uint32_t width, uint32_t value)
{
	struct register_word *word = &words[offset / 4];
	uint32_t mask = width_mask(width) << word_shift(offset);

	word->value = (word->value & ~mask) | (value << word_shift(offset) & mask);
}

void register_write(struct register_word *word, uint32_t value, uint32_t bytes, bool locked)
{
	uint32_t writable = word->writable & bytes;

	if (locked)
		writable &= ~word->lockable;
	word->value = (word->value & ~writable) | (value & writable);
	word->value &= ~(value & bytes & word->write_one_clears);
}

void register_reset(struct register_word *word, uint32_t kept)
{
	word->value = (word->value & kept) | (word->initial & ~kept);
}

void registers_read_bytes(const struct register_word *words, uint32_t offset, uint8_t *data,
			  size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		data[i] = (uint8_t)registers_get(words, offset + (uint32_t)i, 1);
}

void registers_write_bytes(uint32_t offset, const uint8_t *data, size_t count,
			   register_write_function function, void *context)
{
	uint32_t value = 0, bytes = 0;
	size_t i;

	for (i = 0; i < count; i++, offset++) {
		value |= (uint32_t)data[i] << word_shift(offset);
		bytes |= 0xffu << word_shift(offset);
		if (offset % 4 == 3 || i + 1 == count) {
			function(context, offset & ~3u, value, bytes);
			value = 0;
			bytes = 0;
		}
	}
}
