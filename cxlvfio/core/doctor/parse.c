// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/base/pci_address.h"
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

/* What one match of a rule's line says of a device. */
enum meets {
	MEETS_NOT,
	MEETS,			/* and of few others: it is by ids or by address */
	MEETS_ANY,		/* as it would of any */
	MEETS_PERHAPS,		/* nobody here knows */
};

static enum meets meets_text(const char *pattern, size_t length, const char *text)
{
	return matches(pattern, length, text) ? MEETS : MEETS_NOT;
}

static enum meets meets_id(const char *pattern, size_t length, unsigned int id, int digits)
{
	char text[16];

	if (id == UINT_MAX)
		return MEETS_PERHAPS;
	snprintf(text, sizeof(text), "0x%0*x", digits, id);
	return meets_text(pattern, length, text);
}

/* ATTR{vendor}, ATTRS{vendor} */
static enum meets meets_attribute(const char *key, const char *pattern, size_t length,
				  const struct cxv_pci_ids *device)
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

	key = strchr(key, '{') ?: "";
	for (size_t i = 0; i < ARRAY_SIZE(attributes); i++)
		if (!strcmp(key, attributes[i].key))
			return meets_id(pattern, length, attributes[i].id, attributes[i].digits);
	return MEETS_PERHAPS;
}

/* What pci_uevent() of the kernel says of the device. */
static enum meets meets_variable(const char *key, const char *pattern, size_t length,
				 const char *address, const struct cxv_pci_ids *device)
{
	bool subsystem = device->subsystem_vendor != UINT_MAX &&
			 device->subsystem_device != UINT_MAX;
	char text[80] = "";

	if (!strcmp(key, "ENV{PCI_SLOT_NAME}"))
		return meets_text(pattern, length, address);
	if (!strcmp(key, "ENV{PCI_ID}"))
		snprintf(text, sizeof(text), "%04X:%04X", device->vendor, device->device);
	else if (!strcmp(key, "ENV{PCI_SUBSYS_ID}") && subsystem)
		snprintf(text, sizeof(text), "%04X:%04X", device->subsystem_vendor,
			 device->subsystem_device);
	else if (!strcmp(key, "ENV{PCI_CLASS}"))
		snprintf(text, sizeof(text), "%X", device->class);
	else if (!strcmp(key, "ENV{MODALIAS}") && subsystem)
		snprintf(text, sizeof(text), "pci:v%08Xd%08Xsv%08Xsd%08Xbc%02Xsc%02Xi%02X",
			 device->vendor, device->device, device->subsystem_vendor,
			 device->subsystem_device, device->class >> 16 & 0xff,
			 device->class >> 8 & 0xff, device->class & 0xff);
	return *text ? meets_text(pattern, length, text) : MEETS_PERHAPS;
}

/* Of "/devices/pci0000:0c/0000:0c:00.0/0000:0d:00.0" the end alone is known. */
static enum meets meets_path(const char *pattern, size_t length, const char *address)
{
	const char *last = memrchr(pattern, '/', length);
	size_t rest = last ? pattern + length - ++last : 0;

	if (!rest || memchr(pattern, '|', length) || !memchr(last, ':', rest))
		return MEETS_PERHAPS;
	return meets_text(last, rest, address);
}

static enum meets meets(const char *key, const char *pattern, size_t length, const char *address,
			const struct cxv_pci_ids *device)
{
	if (!strcmp(key, "KERNEL") || !strcmp(key, "KERNELS"))
		return meets_text(pattern, length, address);
	if (!strcmp(key, "SUBSYSTEM") || !strcmp(key, "SUBSYSTEMS"))
		return matches(pattern, length, "pci") ? MEETS_ANY : MEETS_NOT;
	if (!strcmp(key, "ACTION") || !strcmp(key, "DRIVER") || !strcmp(key, "DRIVERS"))
		return MEETS_ANY;
	if (cxv_starts_with(key, "ATTR"))
		return meets_attribute(key, pattern, length, device);
	if (cxv_starts_with(key, "ENV{"))
		return meets_variable(key, pattern, length, address, device);
	if (!strcmp(key, "DEVPATH"))
		return meets_path(pattern, length, address);
	return MEETS_PERHAPS;
}

/* With "!=" a device that is not meant is as good as any. */
static enum meets negated(const char *key, enum meets meets)
{
	if (cxv_starts_with(key, "SUBSYSTEM"))
		return meets == MEETS_ANY ? MEETS_NOT : MEETS_ANY;
	return meets == MEETS ? MEETS_NOT : meets == MEETS_NOT ? MEETS_ANY : meets;
}

/* "driverctl set-override 0000:0d:00.0 vfio-pci": of whom; -1: nobody knows. */
static int names_device(const char *line, size_t length, const char *address)
{
	static const char command[] = "set-override";
	const char *word = memmem(line, length, command, strlen(command));
	char text[CXV_PCI_ADDRESS_MAX], taken[CXV_PCI_ADDRESS_MAX];
	size_t size;

	if (!word)
		return -1;
	word += strlen(command);
	while (word < line + length && *word == ' ')
		word++;
	for (size = 0; word + size < line + length && size < sizeof(text) - 1 &&
	     !strchr(" \"'", word[size]); size++)
		text[size] = word[size];
	text[size] = '\0';
	return cxv_pci_take_address(text, taken) ? !strcmp(taken, address) : -1;
}

/* Before LINE's END is the next match or assignment: its key without blanks. */
struct pair {
	char key[48];
	const char *operator, *value;
	size_t length;
};

static bool next_pair(const char **line, const char *end, struct pair *pair)
{
	const char *key = *line + strspn(*line, ", \t"), *quote, *close;
	size_t length;

	if (key >= end)
		return false;
	pair->operator = key + strcspn(key, "=!+-:\n");
	quote = memchr(key, '"', end - key);
	close = quote ? quote + 1 : NULL;
	while (close && close < end && (*close != '"' || close[-1] == '\\'))
		close++;
	if (!close || close >= end || pair->operator >= quote)
		return false;
	length = pair->operator - key;
	while (length && key[length - 1] == ' ')
		length--;
	snprintf(pair->key, sizeof(pair->key), "%.*s", (int)length, key);
	pair->value = quote + 1;
	pair->length = close - quote - 1;
	*line = close + 1;
	return true;
}

/* What our own rule writes: what persist's definitions say, which are looked at themselves. */
static bool is_ours(const struct pair *pair)
{
	static const char value[] = "$env{CXLVFIO_OVERRIDE}";

	return !strcmp(pair->key, "ATTR{driver_override}") && pair->length == strlen(value) &&
	       !strncmp(pair->value, value, pair->length);
}

enum cxv_takes cxv_udev_rule_takes(const char *line, size_t length, const char *address,
				   const struct cxv_pci_ids *device)
{
	const char *end = line + length;
	enum cxv_takes takes = CXV_TAKES_NOT;
	int named = names_device(line, length, address);
	struct pair pair;

	line += strspn(line, " \t");
	if (line >= end || *line == '#' || !cxv_overrides_driver(line, end - line) || !named)
		return CXV_TAKES_NOT;
	while (next_pair(&line, end, &pair)) {
		enum meets result = MEETS_ANY;

		if (pair.operator[1] == '=' && (*pair.operator == '=' || *pair.operator == '!'))
			result = meets(pair.key, pair.value, pair.length, address, device);
		if (*pair.operator == '!')
			result = negated(pair.key, result);
		if (result == MEETS_NOT || is_ours(&pair))
			return CXV_TAKES_NOT;
		takes = result == MEETS || takes == CXV_TAKES || named > 0 ? CXV_TAKES :
									     CXV_TAKES_PERHAPS;
	}
	return takes;
}

bool cxv_overrides_driver(const char *text, size_t length)
{
	static const char *const words[] = { "driver_override", "set-override" };

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (memmem(text, length, words[i], strlen(words[i])))
			return !memmem(text, length, CXL_VFIO_DRIVER_NAME,
				       strlen(CXL_VFIO_DRIVER_NAME));
	return false;
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
