// SPDX-License-Identifier: GPL-2.0-or-later
#include "sys/snapshot/redact.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/util.h"
#include "core/discovery/dvsec.h"
#include "sys/base/state_file.h"
#include "sys/proof/ladder.h"
#include "sys/snapshot/evidence.h"

#define HOSTNAME	"proc/sys/kernel/hostname"
#define MACHINE_ID	"etc/machine-id"
/* Smaller ones are no secret, and other numbers would be taken for them. */
#define SERIAL_IN_TEXT	((uint64_t)1 << 24)
/* "01-23-45-67-89-ab-cd-ef", as lspci(8) and the kernel print it. */
#define DASHED_LENGTH	23

struct redaction {
	struct cxv_tree *tree;
	uint64_t *serials;	/* the pseudonym is the index, and one */
	size_t count;
	char *host_names[3];	/* whole, without its domain, and the machine's id */
};

/* 0: not one of them. */
static uint64_t pseudonym(const struct redaction *redaction, uint64_t serial)
{
	for (size_t i = 0; i < redaction->count; i++)
		if (redaction->serials[i] == serial)
			return i + 1;
	return 0;
}

/* None, and a device that does not answer, are no serial numbers. */
static int add_serial(struct redaction *redaction, uint64_t serial)
{
	uint64_t *added;

	if (!serial || serial == UINT64_MAX || pseudonym(redaction, serial))
		return 0;
	added = cxv_array_add(redaction->serials, redaction->count);
	if (!added)
		return -ENOMEM;
	*added = serial;
	return 0;
}

static bool is_config(const struct cxv_node *node)
{
	return node->kind == CXV_NODE_FILE && !strcmp(node->name, "config");
}

static bool is_serial(const struct cxv_node *node)
{
	return node->kind == CXV_NODE_FILE && (!strcmp(node->name, "serial") ||
					       !strcmp(node->name, "serial_number"));
}

static bool parse_dashed(const char *word, size_t length, uint64_t *value)
{
	*value = 0;
	if (length != DASHED_LENGTH)
		return false;
	for (size_t i = 0; i < length; i++) {
		char digit[2] = { word[i] };

		if (i % 3 == 2 ? word[i] != '-' : !isxdigit((unsigned char)word[i]))
			return false;
		if (i % 3 != 2)
			*value = *value << 4 | strtoul(digit, NULL, 16);
	}
	return true;
}

static bool parse_plain(const char *word, size_t length, int base, uint64_t *value)
{
	char copy[32], *end;

	if (!length || length >= sizeof(copy) || !isxdigit((unsigned char)*word))
		return false;
	memcpy(copy, word, length);
	copy[length] = '\0';
	errno = 0;
	*value = strtoull(copy, &end, base);
	return !errno && !*end;
}

static int print_dashed(uint64_t value, FILE *stream)
{
	int length = 0;

	for (int shift = 56; shift >= 0; shift -= 8)
		length += fprintf(stream, "%02x%s", (unsigned int)(value >> shift) & 0xff,
				  shift ? "-" : "");
	return length;
}

/* WORD's pseudonym in the same notation. 0: it is no serial number, and nothing was written. */
static size_t replace_word(const struct redaction *redaction, const char *word, size_t length,
			   uint64_t minimum, FILE *stream)
{
	uint64_t value;

	if (parse_dashed(word, length, &value) && value >= minimum &&
	    pseudonym(redaction, value))
		return print_dashed(pseudonym(redaction, value), stream);
	if (length > 2 && word[0] == '0' && tolower((unsigned char)word[1]) == 'x')
		return parse_plain(word + 2, length - 2, 16, &value) && value >= minimum &&
		       pseudonym(redaction, value) ?
		       fprintf(stream, "0x%" PRIx64, pseudonym(redaction, value)) : 0;
	if (parse_plain(word, length, 10, &value) && value >= minimum &&
	    pseudonym(redaction, value))
		return fprintf(stream, "%" PRIu64, pseudonym(redaction, value));
	if (parse_plain(word, length, 16, &value) && value >= minimum &&
	    pseudonym(redaction, value))
		return fprintf(stream, "%0*" PRIx64, (int)length, pseudonym(redaction, value));
	return 0;
}

static int collect_serial(struct cxv_node *node, void *context)
{
	struct redaction *redaction = context;
	uint64_t serial;
	size_t length;

	if (is_config(node) &&
	    !cxv_config_serial((const uint8_t *)node->bytes, node->size, &serial))
		return add_serial(redaction, serial);
	if (!is_serial(node))
		return 0;
	length = strcspn(node->bytes, "\n");
	if (parse_dashed(node->bytes, length, &serial) ||
	    (!strncmp(node->bytes, "0x", 2) &&
	     parse_plain(node->bytes + 2, length - 2, 16, &serial)) ||
	    parse_plain(node->bytes, length, 10, &serial))
		return add_serial(redaction, serial);
	return 0;
}

/* The first line of the file at PATH; false: there is none. */
static bool read_line(const struct redaction *redaction, const char *path, char line[static 256])
{
	ssize_t size = cxv_tree_read(redaction->tree, path, line, 255);

	if (size <= 0)
		return false;
	line[size] = '\0';
	line[strcspn(line, "\n")] = '\0';
	return *line;
}

static int find_host_names(struct redaction *redaction)
{
	char **names = redaction->host_names;
	char line[256];

	if (read_line(redaction, HOSTNAME, line) && strcmp(line, "(none)")) {
		names[0] = strdup(line);
		names[1] = strndup(line, strcspn(line, "."));
		if (!names[0] || !names[1])
			return -ENOMEM;
	}
	if (!read_line(redaction, MACHINE_ID, line))
		return 0;
	names[2] = strdup(line);
	return names[2] ? 0 : -ENOMEM;
}

/* The length of the host's name at WORD, 0: there is another one. */
static size_t host_name_at(const struct redaction *redaction, const char *text, const char *word)
{
	if (word > text && (isalnum((unsigned char)word[-1]) || strchr("_-", word[-1])))
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(redaction->host_names); i++) {
		const char *name = redaction->host_names[i];
		size_t length = name ? strlen(name) : 0;

		if (length && !strncmp(word, name, length) &&
		    !isalnum((unsigned char)word[length]) &&
		    (!word[length] || !strchr("_-", word[length])))
			return length;
	}
	return 0;
}

/* How long the word at TEXT is, of letters and digits, and dashes where they are part of it. */
static size_t word_length(const char *text)
{
	uint64_t value;
	size_t length = 0;

	if (strnlen(text, DASHED_LENGTH) == DASHED_LENGTH &&
	    parse_dashed(text, DASHED_LENGTH, &value) &&
	    !isalnum((unsigned char)text[DASHED_LENGTH]))
		return DASHED_LENGTH;
	while (isalnum((unsigned char)text[length]))
		length++;
	return length;
}

static void copy_text(const struct redaction *redaction, const char *text, uint64_t minimum,
		      FILE *stream)
{
	for (const char *here = text; *here;) {
		size_t length = host_name_at(redaction, text, here);

		if (length) {
			fputs("host", stream);
		} else {
			length = word_length(here);
			if (!length)
				fputc(here[length++], stream);
			else if (!replace_word(redaction, here, length, minimum, stream))
				fwrite(here, 1, length, stream);
		}
		here += length;
	}
}

static bool is_parameter_kept(const char *parameter)
{
	static const char *const prefixes[] = {
		"acpi", "amd_iommu", "cxl", "dax", "default_hugepagesz", "efi=", "hugepages",
		"hmem", "intel_iommu", "iommu", "kvm", "mem=", "memhp", "memmap", "memory_hotplug",
		"modprobe.blacklist", "module", "movable_node", "numa", "pci", "vfio",
	};

	for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++)
		if (cxv_starts_with(parameter, prefixes[i]))
			return true;
	return false;
}

/* A parameter's value may have blanks between quotes. */
static size_t parameter_length(const char *text)
{
	bool quoted = false;
	size_t length = 0;

	for (; text[length] && (quoted || !isspace((unsigned char)text[length])); length++)
		quoted ^= text[length] == '"';
	return length;
}

static void copy_command_line(const char *text, FILE *stream)
{
	const char *separator = "";

	while (*(text += strspn(text, " \t\n"))) {
		size_t length = parameter_length(text);

		if (is_parameter_kept(text)) {
			fprintf(stream, "%s%.*s", separator, (int)length, text);
			separator = " ";
		}
		text += length;
	}
	fputc('\n', stream);
}

/* The kernel repeats its command line in the log. */
static void copy_log(const char *text, FILE *stream)
{
	for (; *text; text += strcspn(text, "\n"), text += *text == '\n') {
		int length = strcspn(text, "\n");

		if (!memmem(text, length, "ommand line", strlen("ommand line")))
			fprintf(stream, "%.*s\n", length, text);
	}
}

/* "Linux version 7.3 (user@host) (gcc ...": who built it, and where. */
static void copy_version(const char *text, FILE *stream)
{
	const char *open = strchr(text, '(');
	const char *close = open ? strchr(open, ')') : NULL;

	if (close && memchr(open, '@', close - open))
		fprintf(stream, "%.*s(builder%s", (int)(open - text), text, close);
	else
		fputs(text, stream);
}

static char *make_text(const struct redaction *redaction, const struct cxv_node *node,
		       const char *path, size_t *size)
{
	_cleanup_free_ char *first = NULL;
	char *second = NULL;
	FILE *stream = open_memstream(&first, size);

	if (!stream)
		return NULL;
	if (!strcmp(path, "proc/cmdline"))
		copy_command_line(node->bytes, stream);
	else if (!strcmp(path, "proc/version"))
		copy_version(node->bytes, stream);
	else if (!strcmp(path, CXV_EVIDENCE_LOG))
		copy_log(node->bytes, stream);
	else
		fputs(node->bytes, stream);
	if (fclose(stream))
		return NULL;
	stream = open_memstream(&second, size);
	if (!stream)
		return NULL;
	copy_text(redaction, first, is_serial(node) ? 1 : SERIAL_IN_TEXT, stream);
	if (!fclose(stream))
		return second;
	free(second);
	return NULL;
}

static int redact_text(const struct redaction *redaction, struct cxv_node *node)
{
	char path[256], *text;
	size_t size;

	if (!node->size || memchr(node->bytes, '\0', node->size))
		return 0;
	/* Only short paths are special. */
	if (cxv_tree_path(node, path, sizeof(path)) < 0)
		*path = '\0';
	text = make_text(redaction, node, path, &size);
	return text ? cxv_tree_set_file(redaction->tree, node, text, size) : -ENOMEM;
}

static void redact_config(const struct redaction *redaction, struct cxv_node *node)
{
	uint8_t *image = (uint8_t *)node->bytes;
	int offset = cxv_config_serial_offset(image, node->size);
	uint64_t serial, replacement;

	if (offset < 0 || cxv_config_serial(image, node->size, &serial))
		return;
	replacement = pseudonym(redaction, serial);
	for (size_t i = 0; replacement && i < sizeof(serial); i++)
		image[offset + i] = replacement >> (8 * i);
}

static int redact_node(struct cxv_node *node, void *context)
{
	struct redaction *redaction = context;

	if (node->kind != CXV_NODE_FILE)
		return 0;
	if (is_config(node))
		redact_config(redaction, node);
	return redact_text(redaction, node);
}

/* TEXT with every OLD in it as NEW. */
static char *replace_all(const char *text, const char *old, const char *new, size_t *size)
{
	char *result = NULL;
	FILE *stream = open_memstream(&result, size);
	const char *found;

	if (!stream)
		return NULL;
	for (; (found = strstr(text, old)); text = found + strlen(old))
		fprintf(stream, "%.*s%s", (int)(found - text), text, new);
	fputs(text, stream);
	if (!fclose(stream))
		return result;
	free(result);
	return NULL;
}

/* What NODE was, as NEW beside it: its name and its text have the endpoint's serial number. */
static int rename_ladder(const struct redaction *redaction, struct cxv_node *node, const char *new)
{
	const char *old = node->name + strlen(CXV_LADDER_FILE);
	char name[CXV_LADDER_WORD_MAX + sizeof(CXV_LADDER_FILE)], *text;
	struct cxv_node *other;
	size_t size;
	int error;

	snprintf(name, sizeof(name), CXV_LADDER_FILE "%s", new);
	error = cxv_tree_make_child(redaction->tree, node->parent, name, &other);
	if (error < 0)
		return error;
	if (node->kind == CXV_NODE_FILE) {
		text = replace_all(node->bytes, old, new, &size);
		error = text ? cxv_tree_set_file(redaction->tree, other, text, size) : -ENOMEM;
	} else {
		error = cxv_tree_set_unavailable(redaction->tree, other, node->error);
	}
	if (!error)
		cxv_tree_remove(redaction->tree, node);
	return error;
}

static int redact_ladder(const struct redaction *redaction, struct cxv_node *node)
{
	const char *serial = strrchr(node->name, ':');
	char new[CXV_LADDER_WORD_MAX];
	uint64_t value;

	if (!cxv_starts_with(node->name, CXV_LADDER_FILE) || !serial ||
	    (node->kind != CXV_NODE_FILE && node->kind != CXV_NODE_UNAVAILABLE) ||
	    !parse_plain(serial + 1, strlen(serial + 1), 16, &value) ||
	    !pseudonym(redaction, value))
		return 0;
	snprintf(new, sizeof(new), "%.*s:%" PRIx64,
		 (int)(serial - node->name - strlen(CXV_LADDER_FILE)),
		 node->name + strlen(CXV_LADDER_FILE), pseudonym(redaction, value));
	return rename_ladder(redaction, node, new);
}

/* The records of first contacts. */
static int redact_ladders(const struct redaction *redaction)
{
	_cleanup_free_ struct cxv_node **children = NULL;
	struct cxv_node *directory;
	size_t count;
	int error;

	if (cxv_tree_find(redaction->tree, CXV_LASTING_DIRECTORY, CXV_FIND_NODE, &directory) < 0 ||
	    directory->kind != CXV_NODE_DIRECTORY)
		return 0;
	error = cxv_tree_children(directory, &children, &count);
	for (size_t i = 0; !error && i < count; i++)
		error = redact_ladder(redaction, children[i]);
	return error;
}

int cxv_redact(struct cxv_tree *tree)
{
	struct redaction redaction = { .tree = tree };
	int error = find_host_names(&redaction);

	if (!error)
		error = cxv_tree_walk(&tree->root, collect_serial, &redaction);
	if (!error)
		error = redact_ladders(&redaction);
	if (!error)
		error = cxv_tree_walk(&tree->root, redact_node, &redaction);
	free(redaction.serials);
	for (size_t i = 0; i < ARRAY_SIZE(redaction.host_names); i++)
		free(redaction.host_names[i]);
	return error;
}
