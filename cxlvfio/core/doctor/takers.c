// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/doctor/takers.h"

#include <fnmatch.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/pci_address.h"
#include "core/base/util.h"
#include "cxl_vfio.h"

static bool is_id(unsigned int wanted, unsigned int id)
{
	return wanted == UINT_MAX || id == UINT_MAX || wanted == id;
}

size_t cxv_ids_find(const char *ids, size_t length, const struct cxv_device_ids *device,
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
				  const struct cxv_device_ids *device)
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
				 const char *address, const struct cxv_device_ids *device)
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

/* By its own name or by that of anything above it, up to "pci0000:0c". */
static enum meets meets_above(const char *pattern, size_t length, const char *address,
			      const char *devpath)
{
	_cleanup_free_ char *copy = devpath ? strdup(devpath) : NULL;
	char *rest = copy, *one;

	while ((one = strsep(&rest, "/")))
		if (strchr(one, ':') && matches(pattern, length, one))
			return MEETS;
	return meets_text(pattern, length, address);
}

static enum meets meets(const char *key, const char *pattern, size_t length, const char *address,
			const char *devpath, const struct cxv_device_ids *device)
{
	if (!strcmp(key, "KERNEL"))
		return meets_text(pattern, length, address);
	if (!strcmp(key, "KERNELS"))
		return meets_above(pattern, length, address, devpath);
	if (!strcmp(key, "SUBSYSTEM") || !strcmp(key, "SUBSYSTEMS"))
		return matches(pattern, length, "pci") ? MEETS_ANY : MEETS_NOT;
	if (!strcmp(key, "ACTION") || !strcmp(key, "DRIVER") || !strcmp(key, "DRIVERS"))
		return MEETS_ANY;
	if (cxv_starts_with(key, "ATTR"))
		return meets_attribute(key, pattern, length, device);
	if (cxv_starts_with(key, "ENV{"))
		return meets_variable(key, pattern, length, address, device);
	if (!strcmp(key, "DEVPATH") && devpath)
		return meets_text(pattern, length, devpath);
	return MEETS_PERHAPS;
}

/* With "!=" a device that is not meant is as good as any. */
static enum meets negated(const char *key, enum meets meets)
{
	if (cxv_starts_with(key, "SUBSYSTEM"))
		return meets == MEETS_ANY ? MEETS_NOT : MEETS_ANY;
	/* Something above it has another name, always. */
	if (!strcmp(key, "KERNELS"))
		return MEETS_ANY;
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
				   const char *devpath, const struct cxv_device_ids *device)
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
			result = meets(pair.key, pair.value, pair.length, address, devpath,
				       device);
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
