/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The HDM decoder capability of the component registers (CXL 3.1, 8.2.4.20). */
#ifndef EMULATOR_HDM_H
#define EMULATOR_HDM_H

#include "endpoint.h"

/* Where the capability is in the component registers. */
#define HDM_OFFSET	0x200u

void hdm_define(struct endpoint *endpoint);

/* What firmware does at power on: decoder 0 over the whole window, committed. */
void hdm_firmware(struct endpoint *endpoint);

/* OFFSET counts from the capability. */
void hdm_write_word(struct endpoint *endpoint, uint32_t offset, uint32_t value, uint32_t bytes);

void hdm_reset_unlocked(struct endpoint *endpoint);	/* all but locked and committed decoders */
void hdm_reset_global_control(struct endpoint *endpoint);
void hdm_reset_all(struct endpoint *endpoint);

bool hdm_enabled(const struct endpoint *endpoint);
bool hdm_covers_window(const struct endpoint *endpoint);
bool hdm_committed(const struct endpoint *endpoint, uint32_t index);
uint32_t hdm_control(const struct endpoint *endpoint, uint32_t index);
uint64_t hdm_base(const struct endpoint *endpoint, uint32_t index);
uint64_t hdm_size(const struct endpoint *endpoint, uint32_t index);

/* For faults: registers change as no write could change them. */
void hdm_lose_decoder(struct endpoint *endpoint, uint32_t index);
void hdm_force_base(struct endpoint *endpoint, uint32_t index, uint64_t base);
void hdm_force_size(struct endpoint *endpoint, uint32_t index, uint64_t size);
void hdm_force_skip(struct endpoint *endpoint, uint32_t index, uint64_t skip);
/* Committed and locked with zero size: it decodes nothing. */
void hdm_commit_empty(struct endpoint *endpoint, uint32_t index);
void hdm_flip_control(struct endpoint *endpoint, uint32_t index, uint32_t bits);
/* The global enable is clear and takes no write, or can be set again. */
void hdm_disable_for_good(struct endpoint *endpoint, bool disabled);
void hdm_force_ways(struct endpoint *endpoint, uint32_t index, uint32_t encoded);

#endif /* EMULATOR_HDM_H */
