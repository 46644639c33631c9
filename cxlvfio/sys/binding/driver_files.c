// SPDX-License-Identifier: GPL-2.0-or-later
#include "sys/binding/driver_files.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/format.h"
#include "cxl_vfio.h"
#include "sys/base/attribute.h"
#include "sys/binding/modules.h"

#define MODULES		"lib/modules"
#define FILE_MAX_BYTES	(64 << 20)	/* a module of ours has less than one MiB */
#define INDEX_MAX	(16 << 20)
#define KERNEL_MAX	1024
#define FILE_NAME	CXL_VFIO_MODULE_NAME ".ko"

/* Where make install and DKMS put it; looked at where modules.dep does not have it. */
static const char *const places[] = { "updates/dkms", "updates", "extra", "weak-updates",
				      "kernel/drivers/vfio/pci/cxl_vfio_pci" };
static const char *const suffixes[] = { "", ".xz", ".zst", ".gz" };

/* FILE_NAME in modules.dep: its path, relative to the kernel's directory or absolute; or NULL. */
static char *find_in_index(char *index)
{
	char *state = NULL, *name;

	for (char *line = strtok_r(index, "\n", &state); line;
	     line = strtok_r(NULL, "\n", &state)) {
		line[strcspn(line, ":")] = '\0';
		name = strrchr(line, '/');
		name = name ? name + 1 : line;
		if (cxv_starts_with(name, FILE_NAME) &&
		    (!name[strlen(FILE_NAME)] || name[strlen(FILE_NAME)] == '.'))
			return line;
	}
	return NULL;
}

struct cxv_number cxv_driver_is_builtin(const struct cxv_host *host, const char *kernel)
{
	_cleanup_free_ char *index = NULL;
	size_t length;
	int error;

	if (!kernel)
		return (struct cxv_number) { 0 };
	error = cxv_host_read_file(host, &index, &length, INDEX_MAX, MODULES "/%s/modules.builtin",
				   kernel);
	if (error == -ENOENT)
		return cxv_known(false);
	return error < 0 ? cxv_unknown(error) : cxv_known(find_in_index(index) != NULL);
}

static int keep_words(struct cxv_names *names, char *words, const char *separators)
{
	char *state = NULL;
	int error = 0;

	for (char *word = strtok_r(words, separators, &state); word && !error;
	     word = strtok_r(NULL, separators, &state))
		error = cxv_names_add(names, word);
	return error;
}

static int keep_depends(struct cxv_module_file *file, const char *value)
{
	_cleanup_free_ char *copy = strdup(value);

	return copy ? keep_words(&file->depends, copy, ",") : -ENOMEM;
}

/* One pair of .modinfo or of the signature. A key that was there already stays as it was. */
static int keep_info(const char *key, const char *value, void *argument)
{
	struct cxv_module_file *file = argument;
	const struct {
		const char *key;
		struct cxv_text *text;
	} texts[] = {
		{ "version", &file->version },
		{ "srcversion", &file->srcversion },
		{ "vermagic", &file->vermagic },
		{ "signer", &file->signer },
		{ "sig_key", &file->sig_key },
		{ "sig_hashalgo", &file->sig_hashalgo },
	};

	if (!strcmp(key, "sig_id"))
		file->is_signed = cxv_known(true);
	if (!strcmp(key, "depends") && !file->depends.count)
		return keep_depends(file, value);
	if (!strcmp(key, "softdep"))
		return cxv_names_add(&file->softdeps, value);
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		if (!strcmp(key, texts[i].key) && !texts[i].text->value)
			return cxv_text_set(texts[i].text, value);
	return 0;
}

static void unavailable(struct cxv_module_file *file, int error)
{
	cxv_fields_unavailable(file, &cxv_module_file_fields, error);
	file->depends.error = file->softdeps.error = abs(error);
}

/* A regular file of a size that a module can have: libkmod takes all of it into memory. */
static int open_module(const struct cxv_host *host, const char *path)
{
	struct stat status;
	int error = 0, file = cxv_host_open_file(host, O_RDONLY | O_NONBLOCK, "%s", path);

	if (file < 0)
		return file;
	if (fstat(file, &status))
		error = -errno;
	else if (!S_ISREG(status.st_mode))
		error = -EINVAL;
	else if (status.st_size > FILE_MAX_BYTES)
		error = -EFBIG;
	if (!error)
		return file;
	close(file);
	return error;
}

/*
 * A signature is behind the module (Linux scripts/sign-file.c): of one that was compressed before
 * it was signed the kernel unpacks the module without it, and libkmod takes it for damage.
 */
static bool is_signed_behind(int file, const char *path)
{
	static const char mark[] = "~Module signature appended~\n";
	const char *suffix = strrchr(path, '.');
	char end[sizeof(mark) - 1];
	struct stat status;

	if (!suffix || !strcmp(suffix, ".ko") || fstat(file, &status) ||
	    status.st_size < (off_t)sizeof(end))
		return false;
	return pread(file, end, sizeof(end), status.st_size - sizeof(end)) == sizeof(end) &&
	       !memcmp(end, mark, sizeof(end));
}

/* What zstd writes of a pipe: a frame without its content's size (RFC 8878, 3.1.1.1). */
static bool is_packed_from_pipe(int file)
{
	static const unsigned char magic[] = { 0x28, 0xb5, 0x2f, 0xfd };
	unsigned char head[sizeof(magic) + 1];

	return pread(file, head, sizeof(head), 0) == sizeof(head) &&
	       !memcmp(head, magic, sizeof(magic)) && !(head[sizeof(magic)] & 0xe0);
}

static int read_file(const struct cxv_host *host, struct cxv_module_file *file)
{
	_cleanup_close_ int descriptor = open_module(host, file->path.value + 1);
	int error = descriptor < 0 ? descriptor :
		    cxv_module_read_info(descriptor, keep_info, file);

	if (error == -EINVAL && descriptor >= 0 && is_signed_behind(descriptor, file->path.value))
		error = -EKEYREJECTED;
	else if (error == -EINVAL && descriptor >= 0 && is_packed_from_pipe(descriptor))
		error = -EOPNOTSUPP;
	if (error < 0) {
		unavailable(file, error);
		return cxv_fatal(error);
	}
	if (!file->is_signed.known)
		file->is_signed = cxv_known(false);
	if (file->vermagic.value)
		file->fits = cxv_known(cxv_vermagic_fits(file->vermagic.value, file->kernel.value));
	return 0;
}

/* *PATH, relative to the root, is the caller's to free. */
static int find_unindexed(const struct cxv_host *host, const char *kernel, char **path)
{
	for (size_t i = 0; i < ARRAY_SIZE(places); i++)
		for (size_t j = 0; j < ARRAY_SIZE(suffixes); j++) {
			_cleanup_free_ char *name = NULL;

			name = cxv_format(MODULES "/%s/%s/" FILE_NAME "%s", kernel, places[i],
					  suffixes[j]);
			if (!name)
				return -ENOMEM;
			if (!cxv_host_exists(host, "%s", name))
				continue;
			*path = name;
			name = NULL;
			return 0;
		}
	return -ENOENT;
}

/* Where KERNEL's file is, and whether modules.dep says so. -ENOENT: there is none. */
static int find_file(const struct cxv_host *host, const char *kernel, char **path,
		     struct cxv_number *indexed)
{
	_cleanup_free_ char *index = NULL;
	const char *line;
	size_t length;
	int error = cxv_host_read_file(host, &index, &length, INDEX_MAX, MODULES "/%s/modules.dep",
				       kernel);

	if (error < 0 && error != -ENOENT) {
		*indexed = cxv_unknown(error);
		return find_unindexed(host, kernel, path);
	}
	line = error ? NULL : find_in_index(index);
	*indexed = cxv_known(line != NULL);
	if (!line)
		return find_unindexed(host, kernel, path);
	/* Absolute where depmod was told to look elsewhere. */
	if (line[0] == '/')
		*path = strdup(line + strspn(line, "/"));
	else
		*path = cxv_format(MODULES "/%s/%s", kernel, line);
	return *path ? 0 : -ENOMEM;
}

static int add_file(const struct cxv_host *host, const char *kernel,
		    struct cxv_driver_status *status)
{
	_cleanup_free_ char *path = NULL;
	struct cxv_number indexed = { 0 };
	struct cxv_module_file *file;
	int error = find_file(host, kernel, &path, &indexed);

	if (error < 0)
		return error == -ENOENT ? 0 : error;
	file = cxv_array_add(status->files, status->file_count);
	if (!file)
		return -ENOMEM;
	file->indexed = indexed;
	if (status->kernel.value)
		file->running = cxv_known(!strcmp(status->kernel.value, kernel));
	file->path.value = cxv_format("/%s", path);
	if (!file->path.value)
		return -ENOMEM;
	error = cxv_text_set(&file->kernel, kernel);
	return error ? error : read_file(host, file);
}

static int read_others(const struct cxv_host *host, char **kernels, size_t count,
		       struct cxv_driver_status *status)
{
	const char *running = status->kernel.value;
	int error = 0;

	for (size_t i = 0; i < count && !error; i++)
		if (!running || strcmp(kernels[i], running))
			error = add_file(host, kernels[i], status);
	return error;
}

int cxv_driver_files_read(const struct cxv_host *host, struct cxv_driver_status *status)
{
	char **kernels;
	size_t count;
	int error = cxv_host_list(host, &kernels, &count, MODULES);

	if (error < 0) {
		status->file_error = error == -ENOENT ? 0 : -error;
		return cxv_fatal(error);
	}
	/* Only a name that is there is trusted to be one. */
	for (size_t i = 0; i < count && !error; i++)
		if (cxv_text_is(&status->kernel, kernels[i]))
			error = add_file(host, kernels[i], status);
	if (!error && count > KERNEL_MAX)
		status->file_error = EFBIG;
	else if (!error)
		error = read_others(host, kernels, count, status);
	cxv_names_free(kernels, count);
	return error;
}
