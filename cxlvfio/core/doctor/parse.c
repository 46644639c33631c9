// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/doctor/parse.h"

#include <ctype.h>
#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/util.h"

#define BLANKS	" \t\n\v\f\r"

int cxv_release_is_at_least(const char *release, unsigned int major, unsigned int minor)
{
	unsigned int found_major, found_minor;
	int end = 0;

	if (!isdigit((unsigned char)*release) ||
	    sscanf(release, "%5u.%5u%n", &found_major, &found_minor, &end) != 2 || !end)
		return -1;
	return found_major != major ? found_major > major : found_minor >= minor;
}

char cxv_config_option(const char *config, const char *option)
{
	size_t length = strlen(option);

	for (const char *line = config; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, "CONFIG_", 7) || strncmp(line + 7, option, length) ||
		    line[7 + length] != '=')
			continue;
		return line[8 + length] == 'm' ? 'm' : line[8 + length] == 'n' ? 'n' : 'y';
	}
	return 'n';
}

size_t cxv_next_parameter(const char **text, const char **parameter)
{
	bool quoted = false;
	size_t length = 0;

	*parameter = *text + strspn(*text, BLANKS);
	while ((*parameter)[length] && (quoted || !strchr(BLANKS, (*parameter)[length])))
		quoted ^= (*parameter)[length++] == '"';
	*text = *parameter + length;
	return length;
}

const char *cxv_parameter_value(const char *parameter, size_t length, const char *name)
{
	size_t i;

	for (i = 0; name[i] && i < length; i++)
		if (name[i] != parameter[i] && !(name[i] == '_' && parameter[i] == '-'))
			return NULL;
	if (name[i] || (i < length && parameter[i] != '='))
		return NULL;
	return parameter + i + (i < length);
}

bool cxv_parameter_is_there(const char *command_line, const char *name)
{
	const char *parameter;
	size_t length;

	while ((length = cxv_next_parameter(&command_line, &parameter)))
		if (cxv_parameter_value(parameter, length, name))
			return true;
	return false;
}

size_t cxv_ids_find(const char *ids, size_t length, unsigned int vendor, unsigned int device,
		    const char **item)
{
	for (const char *end = ids + length; ids < end; ids++) {
		const char *comma = memchr(ids, ',', end - ids) ?: end;
		char text[64];
		unsigned int one, other;

		snprintf(text, sizeof(text), "%.*s", (int)(comma - ids), ids);
		*item = ids;
		if (sscanf(text, "%x:%x", &one, &other) == 2 && one == vendor && other == device)
			return comma - ids;
		ids = comma;
	}
	return 0;
}

static bool list_has(const char *list, const char *end, const char *word)
{
	size_t length = strlen(word);

	while (list < end) {
		size_t item = 0;

		while (list + item < end && list[item] != ',')
			item++;
		if (item == length && !strncmp(list, word, length))
			return true;
		list += item + 1;
	}
	return false;
}

char *cxv_parameter_with(const char *command_line, const char *name, const char *word)
{
	const char *parameter, *found = NULL;
	size_t length, found_length = 0;

	while ((length = cxv_next_parameter(&command_line, &parameter))) {
		const char *value = cxv_parameter_value(parameter, length, name);

		if (!value || !list_has(value, parameter + length, word))
			continue;
		found = parameter;
		found_length = length;
	}
	return found ? strndup(found, found_length) : NULL;
}

bool cxv_parameter_has(const char *command_line, const char *name, const char *word)
{
	const char *parameter;
	size_t length;
	bool has = false;

	while ((length = cxv_next_parameter(&command_line, &parameter))) {
		const char *value = cxv_parameter_value(parameter, length, name);

		if (value)
			has = list_has(value, parameter + length, word);
	}
	return has;
}

/* As the kernel's memparse(). */
static uint64_t parse_size(const char **text)
{
	char *end;
	uint64_t value;
	const char *unit;

	if (!isdigit((unsigned char)**text))
		return 0;
	value = strtoull(*text, &end, 0);
	unit = *end ? strchr("KMGTPE", toupper((unsigned char)*end)) : NULL;
	if (unit) {
		value <<= 10 * (unit - "KMGTPE" + 1);
		end++;
	}
	*text = end;
	return value;
}

/* Where the next element of a memmap= begins, of which each has a list; NULL: there is none. */
static const char *next_element(const char *text)
{
	const char *at = text;

	if (*text == ',')
		return text + 1;
	while ((at = strstr(at, "memmap="))) {
		bool begins = at == text || strchr(BLANKS, at[-1]);

		at += strlen("memmap=");
		if (begins)
			return at;
	}
	return NULL;
}

bool cxv_next_memmap(const char **text, struct cxv_memmap *memmap)
{
	const char *at;

	while ((at = next_element(*text))) {
		memmap->size = parse_size(&at);
		memmap->kind = *at;
		*text = at;
		if (!memmap->size || !*at || !strchr("@!#$", *at))
			continue;
		at++;
		memmap->base = parse_size(&at);
		*text = at;
		return true;
	}
	return false;
}

bool cxv_limits_locked_memory(const char *limits, uint64_t *bytes)
{
	static const char name[] = "Max locked memory";
	const char *line = strstr(limits, name);

	if (!line)
		return false;
	line += strlen(name);
	line += strspn(line, " ");
	*bytes = UINT64_MAX;
	if (cxv_starts_with(line, "unlimited"))
		return true;
	if (!isdigit((unsigned char)*line))
		return false;
	*bytes = strtoull(line, NULL, 10);
	return true;
}

int cxv_status_has_capability(const char *status, unsigned int number)
{
	const char *line = strstr(status, "\nCapEff:");

	if (!line)
		return -1;
	line += strlen("\nCapEff:");
	line += strspn(line, "\t ");
	if (!isxdigit((unsigned char)*line))
		return -1;
	return strtoull(line, NULL, 16) >> number & 1;
}

bool cxv_cpuinfo_has(const char *cpuinfo, const char *flag)
{
	const char *line = cxv_starts_with(cpuinfo, "flags") ? cpuinfo : strstr(cpuinfo, "\nflags");
	size_t length = strlen(flag);

	if (!line)
		return false;
	line += *line == '\n';
	line += strcspn(line, ":\n");
	while (*line && *line != '\n') {
		line += 1 + strspn(line + 1, " \t");
		if (!strncmp(line, flag, length) && strchr(" \t\n", line[length]))
			return true;
		line += strcspn(line, " \t\n");
	}
	return false;
}

const char *cxv_environment_value(const char *environment, size_t size, const char *name)
{
	const char *end = environment + size;
	size_t length = strlen(name);

	for (const char *one = environment; one < end; one += strlen(one) + 1)
		if (!strncmp(one, name, length) && one[length] == '=')
			return one + length + 1;
	return NULL;
}

size_t cxv_lockdown_word(const char *text, const char **word)
{
	const char *open = strchr(text, '[');
	const char *close = open ? strchr(open, ']') : NULL;

	*word = open ? open + 1 : text;
	return close ? close - open - 1 : 0;
}

static size_t next_word(const char **at, const char *end, const char **word)
{
	while (*at < end && strchr(" \t\r", **at))
		++*at;
	*word = *at;
	while (*at < end && !strchr(" \t\r", **at))
		++*at;
	return *at - *word;
}

/* Of a blacklist it is a name, of other commands a pattern; none of ours is so long. */
static bool means_module(const char *word, size_t size, bool is_pattern, const char *name)
{
	char text[64];

	if (size >= sizeof(text))
		return false;
	for (size_t i = 0; i < size; i++)
		text[i] = word[i] == '-' ? '_' : word[i];
	text[size] = '\0';
	return is_pattern ? !fnmatch(text, name, 0) : !strcmp(text, name);
}

bool cxv_modprobe_line_is(const char *line, size_t length, const char *command, const char *name)
{
	const char *end = line + length, *word;
	size_t size = next_word(&line, end, &word);

	if (size != strlen(command) || strncmp(word, command, size))
		return false;
	size = next_word(&line, end, &word);
	return means_module(word, size, strcmp(command, "blacklist"), name);
}

/* ndctl 80 has libcxl.so.1.0.7: one more each release. */
unsigned int cxv_ndctl_release(const char *file)
{
	unsigned int age;
	int end = 0;

	if (sscanf(file, "libcxl.so.1.0.%4u%n", &age, &end) != 1 || !end || file[end])
		return 0;
	return age + 73;
}
