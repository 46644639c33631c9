/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A register file of 32-bit words with the access rules of each bit. Accesses of any width at any
 * offset become whole words with a mask of the bytes that are really written.
 */
#ifndef EMULATOR_REGISTERS_H
#define EMULATOR_REGISTERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct register_word {
	uint32_t value;
	uint32_t initial;		/* what a reset loads */
	uint32_t writable;		/* RW; all other bits are read only */
	uint32_t lockable;		/* RWL: of the writable ones, read only while locked */
	uint32_t write_one_clears;	/* RW1C */
	uint32_t sticky;		/* no reset changes these */
	uint32_t kept_by_flr;		/* a function-level reset does not change these */
};

/* Some bits of one register: a WIDTH of 1, 2 or 4 bytes at OFFSET, naturally aligned. */
struct register_definition {
	uint32_t offset;
	uint32_t width;
	uint32_t initial;
	uint32_t writable;
	uint32_t lockable;
	uint32_t write_one_clears;
	uint32_t sticky;
	uint32_t kept_by_flr;
};

typedef void (*register_write_function)(void *context, uint32_t offset, uint32_t value,
					uint32_t bytes);

/* Adds COUNT definitions to WORDS and loads their initial values. */
void registers_define(struct register_word *words, const struct register_definition *definitions,
		      size_t count);

/* Field access from inside the device: no access rule applies. */
uint32_t registers_get(const struct register_word *words, uint32_t offset, uint32_t width);
void registers_set(struct register_word *words, uint32_t offset, uint32_t width, uint32_t value);

/* A write from outside; BYTES masks the bytes of VALUE that were written. */
void register_write(struct register_word *word, uint32_t value, uint32_t bytes, bool locked);

/* Loads the initial value except for the bits in KEPT. */
void register_reset(struct register_word *word, uint32_t kept);

/* The caller has checked that COUNT bytes at OFFSET exist. */
void registers_read_bytes(const struct register_word *words, uint32_t offset, uint8_t *data,
			  size_t count);

/* Calls FUNCTION for every word that COUNT bytes at OFFSET touch, lowest first. */
void registers_write_bytes(uint32_t offset, const uint8_t *data, size_t count,
			   register_write_function function, void *context);

#endif /* EMULATOR_REGISTERS_H */
