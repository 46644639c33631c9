// SPDX-License-Identifier: GPL-2.0-or-later
#include "sys/discovery/pci_names.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "core/base/util.h"

#define FILE_SIZE_MAX	(16 << 20)	/* ten times the size of today's */

/* Debian's, and Fedora's and what others follow. */
static const char *const paths[] = { "usr/share/misc/pci.ids", "usr/share/hwdata/pci.ids" };

static int read_file(const struct cxv_host *host, const char *path, struct cxv_pci_names *names)
{
	_cleanup_close_ int descriptor = -1;
	struct stat status;

	descriptor = cxv_host_open_file(host, O_RDONLY | O_NONBLOCK, "%s", path);
	if (descriptor < 0)
		return descriptor;
	if (fstat(descriptor, &status) < 0)
		return -errno;
	if (!S_ISREG(status.st_mode))
		return -EINVAL;
	if (status.st_size > FILE_SIZE_MAX)
		return -EFBIG;
	names->file = malloc(status.st_size + 1);
	if (!names->file)
		return -ENOMEM;
	while (names->size < (size_t)status.st_size) {
		ssize_t got = read(descriptor, names->file + names->size,
				   status.st_size - names->size);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return got < 0 ? -errno : 0;
		names->size += got;
	}
	return 0;
}

static void read_names(const struct cxv_host *host, struct cxv_pci_names *names)
{
	int error = -ENOENT;

	for (size_t i = 0; i < ARRAY_SIZE(paths) && error == -ENOENT; i++)
		error = read_file(host, paths[i], names);
	names->read = true;
	names->error = -error;
	if (error < 0) {
		free(names->file);
		names->file = NULL;
		names->size = 0;
	}
}

/* *FOUND refers to the file. */
static int find_kind(struct cxv_pci_names *names, const struct cxv_pci_ids_key *key,
		     struct cxv_pci_ids *found)
{
	struct cxv_pci_kind *bigger, *kind;

	for (size_t i = 0; i < names->kind_count; i++) {
		kind = &names->kinds[i];
		if (!memcmp(&kind->key, key, sizeof(*key))) {
			*found = kind->names;
			return 0;
		}
	}
	bigger = reallocarray(names->kinds, names->kind_count + 1, sizeof(*bigger));
	if (!bigger)
		return -ENOMEM;
	names->kinds = bigger;
	kind = &bigger[names->kind_count++];
	kind->key = *key;
	cxv_pci_ids_find(names->file, names->size, key, &kind->names);
	*found = kind->names;
	return 0;
}

static struct cxv_pci_ids_key key_of(const struct cxv_pci *pci)
{
	struct cxv_pci_ids_key key;

	/* The padding is compared too. */
	memset(&key, 0, sizeof(key));
	key.vendor = pci->vendor.value;
	key.device = pci->device.value;
	key.subsystem_vendor = pci->subsystem_vendor.value;
	key.subsystem_device = pci->subsystem_device.value;
	key.class = pci->class.value;
	return key;
}

int cxv_pci_names_fill(const struct cxv_host *host, struct cxv_pci_names *names,
		       struct cxv_pci *pci)
{
	struct cxv_pci_ids_key key = key_of(pci);
	struct cxv_pci_ids found = { 0 };
	/* A name belongs to an id, and that to another's: none of an id that is not known. */
	const struct {
		struct cxv_text *text;
		const struct cxv_pci_name *name;
		const struct cxv_number *id, *parent;
	} members[] = {
		{ &pci->vendor_name, &found.vendor, &pci->vendor, &pci->vendor },
		{ &pci->device_name, &found.device, &pci->device, &pci->vendor },
		{ &pci->subsystem_vendor_name, &found.subsystem_vendor, &pci->subsystem_vendor,
		  &pci->subsystem_vendor },
		{ &pci->subsystem_name, &found.subsystem, &pci->subsystem_device,
		  &pci->subsystem_vendor },
		{ &pci->class_name, &found.class, &pci->class, &pci->class },
		{ &pci->prog_if_name, &found.prog_if, &pci->class, &pci->class },
	};

	if (!names->read)
		read_names(host, names);
	if (!names->error && find_kind(names, &key, &found) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < ARRAY_SIZE(members); i++) {
		const struct cxv_pci_name *name = members[i].name;
		struct cxv_text *text = members[i].text;

		text->error = members[i].id->error ?: members[i].parent->error ?: names->error;
		if (text->error || !name->text)
			continue;
		text->value = strndup(name->text, name->length);
		if (!text->value)
			return -ENOMEM;
	}
	return 0;
}

void cxv_pci_names_clear(struct cxv_pci_names *names)
{
	free(names->file);
	free(names->kinds);
	*names = (struct cxv_pci_names) { 0 };
}
