// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/discovery/pci_ids.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Small enough to stay in the processor's cache; a line of the real file has 200 bytes at most. */
#define PIECE	((size_t)32 << 10)

enum block { BLOCK_OTHER, BLOCK_VENDOR, BLOCK_CLASS, BLOCK_SUBSYSTEM };

/* Where in the file the walk is: a line belongs to the less indented ones before it. */
struct walk {
	const struct cxv_pci_ids_key *key;
	struct cxv_pci_ids *names;
	char *generic;			/* of the subsystem, in a block "S" */
	char *same;			/* of the device whose ids the subsystem has */
	char *base_class;
	bool out_of_memory;
	enum block block;
	uint32_t id;			/* vendor, base class or subsystem vendor of the block */
	bool matters;			/* something below it may be wanted */
	uint32_t child;			/* device or subclass */
};

struct line {
	const char *at, *end;
};

static bool is_blank(char byte)
{
	return byte == ' ' || byte == '\t';
}

static int digit(char byte)
{
	if (byte >= '0' && byte <= '9')
		return byte - '0';
	if (byte >= 'a' && byte <= 'f')
		return byte - 'a' + 10;
	return byte >= 'A' && byte <= 'F' ? byte - 'A' + 10 : -1;
}

/* DIGITS hexadecimal digits and a blank, or the end of the line. */
static bool take_id(struct line *line, int digits, uint32_t *id)
{
	*id = 0;
	for (int i = 0; i < digits; i++) {
		int value = line->at < line->end ? digit(*line->at++) : -1;

		if (value < 0)
			return false;
		*id = *id << 4 | value;
	}
	if (line->at == line->end)
		return true;
	return is_blank(*line->at++);
}

/* The rest of the line; the first of two lines with the same ids counts. */
static void take_name(struct walk *walk, struct line line, char **name)
{
	while (line.at < line.end && is_blank(*line.at))
		line.at++;
	if (*name || line.at == line.end)
		return;
	*name = strndup(line.at, line.end - line.at);
	walk->out_of_memory = walk->out_of_memory || !*name;
}

static void begin_block(struct walk *walk, struct line line)
{
	bool lettered = line.end - line.at >= 2 && *line.at >= 'A' && *line.at <= 'Z' &&
			line.at[1] == ' ';
	char letter = lettered ? *line.at : 0;

	walk->matters = false;
	walk->block = letter == 'C' ? BLOCK_CLASS : letter == 'S' ? BLOCK_SUBSYSTEM :
		      letter ? BLOCK_OTHER : BLOCK_VENDOR;
	line.at += lettered ? 2 : 0;
	if (walk->block == BLOCK_OTHER ||
	    !take_id(&line, walk->block == BLOCK_CLASS ? 2 : 4, &walk->id)) {
		walk->block = BLOCK_OTHER;
		return;
	}
	walk->matters = walk->id == (walk->block == BLOCK_CLASS ? walk->key->class >> 16 :
				     walk->block == BLOCK_VENDOR ? walk->key->vendor :
				     walk->key->subsystem_vendor);
	if (walk->block == BLOCK_CLASS && walk->matters)
		take_name(walk, line, &walk->base_class);
	if (walk->block == BLOCK_VENDOR && walk->matters)
		take_name(walk, line, &walk->names->vendor);
	if (walk->block == BLOCK_VENDOR && walk->id == walk->key->subsystem_vendor)
		take_name(walk, line, &walk->names->subsystem_vendor);
}

static bool is_device(const struct walk *walk)
{
	return walk->block == BLOCK_VENDOR && walk->id == walk->key->vendor &&
	       walk->child == walk->key->device;
}

static bool is_subclass(const struct walk *walk)
{
	return walk->block == BLOCK_CLASS && (walk->id << 8 | walk->child) == walk->key->class >> 8;
}

static void read_child(struct walk *walk, struct line line)
{
	const struct cxv_pci_ids_key *key = walk->key;

	/* An id that no line below can have a parent in. */
	if (!take_id(&line, walk->block == BLOCK_CLASS ? 2 : 4, &walk->child)) {
		walk->child = UINT32_MAX;
		return;
	}
	if (is_device(walk))
		take_name(walk, line, &walk->names->device);
	if (is_device(walk) && key->vendor == key->subsystem_vendor &&
	    key->device == key->subsystem_device)
		take_name(walk, line, &walk->same);
	if (is_subclass(walk))
		take_name(walk, line, &walk->names->class);
	if (walk->block == BLOCK_SUBSYSTEM && walk->id == key->subsystem_vendor &&
	    walk->child == key->subsystem_device)
		take_name(walk, line, &walk->generic);
}

static void read_grandchild(struct walk *walk, struct line line)
{
	uint32_t id, second;

	if (is_device(walk) && take_id(&line, 4, &id) && take_id(&line, 4, &second) &&
	    id == walk->key->subsystem_vendor && second == walk->key->subsystem_device)
		take_name(walk, line, &walk->names->subsystem);
	if (is_subclass(walk) && take_id(&line, 2, &id) && id == (walk->key->class & 0xff))
		take_name(walk, line, &walk->names->prog_if);
}

static void read_line(struct walk *walk, struct line line)
{
	size_t depth = 0;

	while (line.end > line.at && (is_blank(line.end[-1]) || line.end[-1] == '\r'))
		line.end--;
	while (line.at < line.end && *line.at == '\t') {
		line.at++;
		depth++;
	}
	if (line.at == line.end || *line.at == '#')
		return;
	if (!depth) {
		walk->child = UINT32_MAX;
		begin_block(walk, line);
	} else if (depth == 1) {
		read_child(walk, line);
	} else if (depth == 2) {
		read_grandchild(walk, line);
	}
}

/* The lines that are whole. What is behind them moves to the front: its length. */
static size_t read_lines(struct walk *walk, char *buffer, size_t length)
{
	const char *at = buffer, *end = buffer + length, *newline;

	while ((newline = memchr(at, '\n', end - at))) {
		if (*at != '\t' || walk->matters)
			read_line(walk, (struct line) { at, newline });
		at = newline + 1;
	}
	memmove(buffer, at, end - at);
	return end - at;
}

/* NAME, or what stands in for it. */
static char *name_or(char *name, char *other)
{
	if (!name)
		return other;
	free(other);
	return name;
}

int cxv_pci_ids_find(const struct cxv_pci_ids_key *key, cxv_pci_ids_source *source, void *argument,
		     struct cxv_pci_ids *names)
{
	struct walk walk = { .key = key, .names = names, .child = UINT32_MAX };
	char buffer[PIECE];
	size_t length = 0;
	ssize_t got;

	*names = (struct cxv_pci_ids) { 0 };
	while ((got = source(argument, buffer + length, sizeof(buffer) - length)) > 0)
		length = read_lines(&walk, buffer, length + got);
	/* Without an end. */
	if (!got && length && length < sizeof(buffer))
		read_line(&walk, (struct line) { buffer, buffer + length });
	names->subsystem = name_or(names->subsystem, name_or(walk.generic, walk.same));
	names->class = name_or(names->class, walk.base_class);
	return walk.out_of_memory ? -ENOMEM : got < 0 ? (int)got : 0;
}

void cxv_pci_ids_clear(struct cxv_pci_ids *names)
{
	free(names->vendor);
	free(names->device);
	free(names->subsystem_vendor);
	free(names->subsystem);
	free(names->class);
	free(names->prog_if);
	*names = (struct cxv_pci_ids) { 0 };
}

ssize_t cxv_pci_ids_take(void *argument, char *buffer, size_t size)
{
	struct cxv_pci_ids_bytes *bytes = argument;

	if (size > bytes->left)
		size = bytes->left;
	if (size)
		memcpy(buffer, bytes->at, size);
	bytes->at += size;
	bytes->left -= size;
	return size;
}
