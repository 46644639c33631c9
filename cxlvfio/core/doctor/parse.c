// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/doctor/parse.h"

#include <ctype.h>
#include <errno.h>
#include <fnmatch.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/util.h"
#include "cxl_vfio.h"

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
	if (length > 2 && **parameter == '"') {
		length -= 1 + ((*parameter)[length - 1] == '"');
		++*parameter;
	}
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

size_t cxv_parameter_unquote(const char *parameter, size_t length, const char **value)
{
	size_t size = parameter + length - *value;

	if (!size || **value != '"')
		return size;
	++*value;
	size--;
	return size && (*value)[size - 1] == '"' ? size - 1 : size;
}

/* As the kernel's kstrtobool(). */
static bool is_yes(const char *value, size_t length)
{
	return !length || strchr("YyTt1", *value) ||
	       (length > 1 && strchr("Oo", *value) && strchr("Nn", value[1]));
}

bool cxv_parameter_is_yes(const char *command_line, const char *name)
{
	const char *parameter;
	size_t length;
	bool yes = false;

	while ((length = cxv_next_parameter(&command_line, &parameter))) {
		const char *value = cxv_parameter_value(parameter, length, name);

		if (value) {
			length = cxv_parameter_unquote(parameter, length, &value);
			yes = is_yes(value, length);
		}
	}
	return yes;
}

/* 1: the words of intremap= end with it off, 0: with it on, -1: they say nothing of that. */
static int remaps_not(const char *words, const char *end)
{
	int off = -1;

	/* setup_irqremap() in drivers/iommu/irq_remapping.c compares how each begins. */
	while (words < end) {
		if (end - words >= 2 && !strncmp(words, "on", 2))
			off = 0;
		else if (end - words >= 3 && !strncmp(words, "off", 3))
			off = 1;
		words = memchr(words, ',', end - words) ?: end;
		words += words < end;
	}
	return off;
}

bool cxv_parameter_unmaps(const char *command_line, const char **text, size_t *text_length)
{
	const char *parameter;
	size_t length;
	bool unmapped = false;

	/* What is behind "--" is for init. */
	while ((length = cxv_next_parameter(&command_line, &parameter)) &&
	       (length != 2 || strncmp(parameter, "--", 2))) {
		const char *value = cxv_parameter_value(parameter, length, "intremap");
		int off = !!cxv_parameter_value(parameter, length, "nointremap");

		if (value) {
			size_t size = cxv_parameter_unquote(parameter, length, &value);

			off = remaps_not(value, value + size);
		} else if (!off) {
			continue;
		}
		if (off < 0)
			continue;
		unmapped = off;
		*text = parameter;
		*text_length = length;
	}
	return unmapped;
}

static bool is_id(unsigned int wanted, unsigned int id)
{
	return wanted == UINT_MAX || id == UINT_MAX || wanted == id;
}

size_t cxv_ids_find(const char *ids, size_t length, const struct cxv_pci_ids *device,
		    const char **item)
{
	for (const char *end = ids + length; ids < end; ids++) {
		const char *comma = memchr(ids, ',', end - ids) ?: end;
		unsigned int vendor, one, subvendor = UINT_MAX, subdevice = UINT_MAX;
		unsigned int class = 0, mask = 0;
		char text[80];

		snprintf(text, sizeof(text), "%.*s", (int)(comma - ids), ids);
		*item = ids;
		if (sscanf(text, "%x:%x:%x:%x:%x:%x", &vendor, &one, &subvendor, &subdevice,
			   &class, &mask) >= 2 &&
		    is_id(vendor, device->vendor) && is_id(one, device->device) &&
		    is_id(subvendor, device->subsystem_vendor) &&
		    is_id(subdevice, device->subsystem_device) &&
		    !((class ^ device->class) & mask))
			return comma - ids;
		ids = comma;
	}
	return 0;
}

/* PATTERN of udev(7), with alternatives, means TEXT. */
static bool matches(const char *pattern, size_t length, const char *text)
{
	_cleanup_free_ char *copy = strndup(pattern, length);
	char *rest = copy, *one;

	while ((one = strsep(&rest, "|")))
		if (!fnmatch(one, text, 0))
			return true;
	return false;
}

/* KEY of a rule's line and what it is to be; of a device the line must mean. */
static bool is_met(const char *key, size_t key_length, bool equal, const char *value,
		   size_t length, const char *address, const struct cxv_pci_ids *device,
		   bool *specific)
{
	const struct {
		const char *key;
		unsigned int id;
		int digits;
	} attributes[] = {
		{ "{vendor}", device->vendor, 4 },
		{ "{device}", device->device, 4 },
		{ "{subsystem_vendor}", device->subsystem_vendor, 4 },
		{ "{subsystem_device}", device->subsystem_device, 4 },
		{ "{class}", device->class, 6 },
	};
	size_t prefix = key_length > 4 && key[4] == 'S' ? 5 : 4;
	char text[16];

	if ((key_length == 6 || key_length == 7) && !strncmp(key, "KERNELS", key_length)) {
		*specific = *specific || equal;
		return matches(value, length, address) == equal;
	}
	if (key_length < prefix || strncmp(key, "ATTRS", prefix))
		return true;
	key += prefix;
	key_length -= prefix;
	for (size_t i = 0; i < ARRAY_SIZE(attributes); i++) {
		if (key_length != strlen(attributes[i].key) ||
		    strncmp(key, attributes[i].key, key_length))
			continue;
		*specific = *specific || equal;
		if (attributes[i].id == UINT_MAX)
			return true;
		snprintf(text, sizeof(text), "0x%0*x", attributes[i].digits, attributes[i].id);
		return matches(value, length, text) == equal;
	}
	return true;
}

bool cxv_udev_rule_takes(const char *line, size_t length, const char *address,
			 const struct cxv_pci_ids *device)
{
	const char *end = line + length;
	bool specific = false;

	line += strspn(line, " \t");
	if (line >= end || *line == '#' ||
	    !memmem(line, end - line, "driver_override", strlen("driver_override")) ||
	    memmem(line, end - line, CXL_VFIO_DRIVER_NAME, strlen(CXL_VFIO_DRIVER_NAME)))
		return false;
	while (line < end) {
		const char *key = line + strspn(line, ", \t"), *operator, *quote, *close;

		if (key >= end)
			break;
		operator = key + strcspn(key, "=!+-:\n");
		quote = memchr(key, '"', end - key);
		close = quote ? quote + 1 : NULL;
		while (close && close < end && (*close != '"' || close[-1] == '\\'))
			close++;
		if (!close || close >= end || operator >= quote)
			break;
		if ((operator[0] == '=' || operator[0] == '!') && operator[1] == '=' &&
		    !is_met(key, operator - key - (operator > key && operator[-1] == ' '),
			    *operator == '=', quote + 1, close - quote - 1, address, device,
			    &specific))
			return false;
		line = close + 1;
	}
	return specific;
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
		size_t size = value ? cxv_parameter_unquote(parameter, length, &value) : 0;

		if (!value || !list_has(value, value + size, word))
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

		if (value) {
			length = cxv_parameter_unquote(parameter, length, &value);
			has = list_has(value, value + length, word);
		}
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
