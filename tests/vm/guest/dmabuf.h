/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dma-bufs of the device, and the peer of tests/vm/module/importer_test.c, which must be loaded. */
#ifndef GUEST_DMABUF_H
#define GUEST_DMABUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A descriptor, or -errno; -ENOTTY: a kernel without. */
int export_dmabuf(uint32_t index, uint64_t offset, uint64_t length);
/* 0, or -errno of the command. */
int importer(const char *command);
/* Its state, as importer_test.c describes it. */
void importer_state(char *state, size_t size);
/* Does its state begin so? */
bool importer_is(const char *expected);

#endif
