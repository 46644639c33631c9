// SPDX-License-Identifier: GPL-2.0-or-later
#include "sys/discovery/pci_names.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/util.h"

#define FILE_SIZE_MAX	(16 << 20)	/* ten times the size of today's */

/* Debian's, and Fedora's and what others follow. */
static const char *const paths[] = { "usr/share/misc/pci.ids", "usr/share/hwdata/pci.ids" };

static int open_file(const struct cxv_host *host, const char *path)
{
	int file = cxv_host_open_file(host, O_RDONLY | O_NONBLOCK, "%s", path), error = 0;
	struct stat status;

	if (file < 0)
		return file;
	if (fstat(file, &status) < 0)
		error = -errno;
	else if (!S_ISREG(status.st_mode))
		error = -EINVAL;
	else if (status.st_size > FILE_SIZE_MAX)
		error = -EFBIG;
	if (!error)
		return file;
	close(file);
	return error;
}

static void open_names(const struct cxv_host *host, struct cxv_pci_names *names)
{
	names->opened = true;
	names->file = -ENOENT;
	for (size_t i = 0; i < ARRAY_SIZE(paths) && names->file == -ENOENT; i++)
		names->file = open_file(host, paths[i]);
	names->error = names->file < 0 ? -names->file : 0;
}

struct pass {
	int file;
	off_t offset;
};

static ssize_t read_piece(void *argument, char *buffer, size_t size)
{
	struct pass *pass = argument;
	ssize_t got;

	do
		got = pread(pass->file, buffer, size, pass->offset);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return -errno;
	pass->offset += got;
	return got;
}

/* The strings stay with NAMES. */
static int find_kind(struct cxv_pci_names *names, const struct cxv_pci_ids_key *key,
		     struct cxv_pci_ids *found)
{
	struct pass pass = { .file = names->file };
	struct cxv_pci_kind *kind;
	int error;

	for (size_t i = 0; i < names->kind_count; i++) {
		kind = &names->kinds[i];
		if (!memcmp(&kind->key, key, sizeof(*key))) {
			*found = kind->names;
			return 0;
		}
	}
	kind = cxv_array_add(names->kinds, names->kind_count);
	if (!kind)
		return -ENOMEM;
	kind->key = *key;
	error = cxv_pci_ids_find(key, read_piece, &pass, &kind->names);
	*found = kind->names;
	if (error < 0)
		names->error = -error;
	return error == -ENOMEM ? error : 0;
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
		char *const *name;
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

	if (!names->opened)
		open_names(host, names);
	if (!names->error && find_kind(names, &key, &found) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < ARRAY_SIZE(members); i++) {
		const char *name = *members[i].name;
		struct cxv_text *text = members[i].text;

		text->error = members[i].id->error ?: members[i].parent->error ?: names->error;
		if (text->error || !name)
			continue;
		text->value = strdup(name);
		if (!text->value)
			return -ENOMEM;
	}
	return 0;
}

void cxv_pci_names_clear(struct cxv_pci_names *names)
{
	if (names->opened && names->file >= 0)
		close(names->file);
	for (size_t i = 0; i < names->kind_count; i++)
		cxv_pci_ids_clear(&names->kinds[i].names);
	free(names->kinds);
	*names = (struct cxv_pci_names) { 0 };
}
