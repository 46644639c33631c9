// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/doctor/parse.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/parameters.h"
#include "core/base/util.h"

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
		bool begins = at == text || strchr(CXV_PARAMETER_BLANKS, at[-1]);

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

/* ndctl 80 has libcxl.so.1.0.7: one more each release. */
unsigned int cxv_ndctl_release(const char *file)
{
	unsigned int age;
	int end = 0;

	if (sscanf(file, "libcxl.so.1.0.%4u%n", &age, &end) != 1 || !end || file[end])
		return 0;
	return age + 73;
}
