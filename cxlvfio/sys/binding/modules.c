// SPDX-License-Identifier: GPL-2.0-or-later
#include "sys/binding/modules.h"

#include <errno.h>
#include <libkmod.h>
#include <stdio.h>
#include <string.h>

#include "core/base/format.h"
#include "core/base/util.h"
#include "sys/base/library.h"

/* That of Debian 13 and its contemporaries. */
#define LIBRARY		"libkmod.so.2"
#define FUNCTIONS(F)									\
	F(kmod_list_next) F(kmod_module_get_dependencies) F(kmod_module_get_info)		\
	F(kmod_module_get_module) F(kmod_module_get_name) F(kmod_module_get_path)		\
	F(kmod_module_info_free_list) F(kmod_module_info_get_key)				\
	F(kmod_module_info_get_value) F(kmod_module_insert_module)				\
	F(kmod_module_new_from_lookup)				\
	F(kmod_module_new_from_path) F(kmod_module_probe_insert_module)				\
	F(kmod_module_ref) F(kmod_module_unref)			\
	F(kmod_module_unref_list) F(kmod_new) F(kmod_set_log_fn) F(kmod_unref)

CXV_LIBRARY_NOTE(LIBRARY, "kmod", "Finding and loading the driver's module");

static struct {
	FUNCTIONS(CXV_FUNCTION_POINTER)
} lib;

#define FUNCTION(name)	{ #name, (void **)&lib.name },

static const struct cxv_function functions[] = { FUNCTIONS(FUNCTION) };

static void unref_context(struct kmod_ctx **context)
{
	if (*context)
		lib.kmod_unref(*context);
}

static void unref_module(struct kmod_module **module)
{
	if (*module)
		lib.kmod_module_unref(*module);
}

/* libkmod writes to stderr by itself otherwise. */
static void say_nothing(void *data, int priority, const char *file, int line, const char *function,
			const char *format, va_list arguments)
{
	(void)data, (void)priority, (void)file, (void)line, (void)function, (void)format;
	(void)arguments;
}

/* Modules below DIRECTORY, NULL: the running kernel's; with modprobe.d(5) or without. */
static int open_context(const char *directory, bool configured, struct kmod_ctx **context)
{
	static const char *const no_configuration[] = { NULL };
	int ret = cxv_library_load(LIBRARY, functions, ARRAY_SIZE(functions));

	if (ret < 0)
		return ret;
	*context = lib.kmod_new(directory, configured ? NULL : no_configuration);
	if (!*context)
		return -ENOMEM;
	lib.kmod_set_log_fn(*context, say_nothing, NULL);
	return 0;
}

/* The first module that NAME stands for in the index. *MODULE is the caller's to unref. */
static int look_up(struct kmod_ctx *context, const char *name, struct kmod_module **module)
{
	struct kmod_list *list = NULL;
	int ret = lib.kmod_module_new_from_lookup(context, name, &list);

	if (ret < 0)
		return ret;
	if (!list)
		return -ENOENT;
	*module = lib.kmod_module_get_module(list);
	lib.kmod_module_unref_list(list);
	return 0;
}

bool cxv_vermagic_fits(const char *vermagic, const char *kernel)
{
	size_t length = strlen(kernel);

	return cxv_starts_with(vermagic, kernel) && (vermagic[length] == ' ' || !vermagic[length]);
}

/* A module without vermagic fits any kernel. */
static bool built_for(const struct kmod_module *module, const char *kernel)
{
	struct kmod_list *info = NULL, *item;
	bool fits = true;

	if (lib.kmod_module_get_info(module, &info) < 0)
		return false;
	for (item = info; item; item = lib.kmod_list_next(info, item)) {
		const char *value = lib.kmod_module_info_get_value(item);

		if (strcmp(lib.kmod_module_info_get_key(item), "vermagic") == 0)
			fits = cxv_vermagic_fits(value, kernel);
	}
	lib.kmod_module_info_free_list(info);
	return fits;
}

static int read_kernel(const struct cxv_host *host, char *kernel, size_t size)
{
	_cleanup_free_ char *release = NULL;
	int ret = cxv_host_read_string(host, &release, "proc/sys/kernel/osrelease");

	if (ret < 0)
		return ret;
	/* It becomes part of a path. */
	if (!release[0] || strlen(release) >= size || strchr(release, '/') || release[0] == '.')
		return -EINVAL;
	memcpy(kernel, release, strlen(release) + 1);
	return 0;
}

int cxv_module_find(const struct cxv_host *host, const char *name, struct cxv_module *found)
{
	_cleanup_(unref_context) struct kmod_ctx *context = NULL;
	_cleanup_(unref_module) struct kmod_module *module = NULL;
	_cleanup_free_ char *directory = NULL;
	const char *path;
	int ret;

	memset(found, 0, sizeof(*found));
	ret = read_kernel(host, found->kernel, sizeof(found->kernel));
	if (ret < 0)
		return ret;
	directory = cxv_format("%s/lib/modules/%s", host->root_path, found->kernel);
	if (!directory)
		return -ENOMEM;
	ret = open_context(directory, false, &context);
	if (!ret)
		ret = look_up(context, name, &module);
	if (ret == -ENOENT || ret == -ENOSYS)
		return 0;
	if (ret < 0)
		return ret;
	path = lib.kmod_module_get_path(module);
	if (!path || strncmp(path, host->root_path, strlen(host->root_path)) != 0)
		return 0;
	path += strlen(host->root_path);
	if (snprintf(found->path, sizeof(found->path), "%s", path + strspn(path, "/")) >=
	    (int)sizeof(found->path))
		return -ENAMETOOLONG;
	found->fits = built_for(module, found->kernel);
	return 0;
}

#define SEQUENCE_MAX	64

/* What has to be inserted for a module, in this order. */
struct sequence {
	struct kmod_module *modules[SEQUENCE_MAX];
	char *options[SEQUENCE_MAX];
	size_t count;
	bool refused;		/* modprobe.d(5) has an install command for one of them */
	int error;		/* -errno of what could not be kept */
};

/* libkmod hands no argument of ours to the function that it tells. */
static struct sequence *told;

static void keep_in_sequence(struct kmod_module *module, bool install, const char *options)
{
	const char *name = lib.kmod_module_get_name(module);

	if (install)
		told->refused = true;
	/* In a dry run a module that several need is never there. */
	for (size_t i = 0; i < told->count; i++)
		if (!strcmp(lib.kmod_module_get_name(told->modules[i]), name))
			return;
	if (told->count == SEQUENCE_MAX) {
		told->error = -E2BIG;
		return;
	}
	/* A module without the options that its user gave it is another one. */
	told->options[told->count] = strdup(options ?: "");
	if (!told->options[told->count])
		told->error = -ENOMEM;
	told->modules[told->count++] = lib.kmod_module_ref(module);
}

static void sequence_clear(struct sequence *sequence)
{
	for (size_t i = 0; i < sequence->count; i++) {
		lib.kmod_module_unref(sequence->modules[i]);
		free(sequence->options[i]);
	}
}

/* Without a function here libkmod gives an install command to a shell, were this no dry run. */
static int refuse_install_command(struct kmod_module *module, const char *command, void *data)
{
	(void)module, (void)command, (void)data;
	return -ECANCELED;
}

/* MODULE and what it depends on, soft dependencies included, without what is in the kernel. */
static int make_sequence(struct kmod_module *module, struct sequence *sequence)
{
	int ret;

	told = sequence;
	ret = lib.kmod_module_probe_insert_module(module, KMOD_PROBE_DRY_RUN, NULL,
						  refuse_install_command, NULL, keep_in_sequence);
	told = NULL;
	return ret < 0 ? ret : sequence->error;
}

static bool is_required(struct kmod_module *module, struct kmod_list *dependencies,
			const struct kmod_module *wanted)
{
	const char *name = lib.kmod_module_get_name(wanted);
	bool found = !strcmp(name, lib.kmod_module_get_name(module));
	struct kmod_list *item;

	for (item = dependencies; item; item = lib.kmod_list_next(dependencies, item)) {
		struct kmod_module *dependency = lib.kmod_module_get_module(item);

		found = found || !strcmp(name, lib.kmod_module_get_name(dependency));
		lib.kmod_module_unref(dependency);
	}
	return found;
}

static void append_name(char *list, size_t size, const char *name)
{
	size_t length = strlen(list);

	if (length + strlen(name) + 2 <= size)
		snprintf(list + length, size - length, "%s%s", length ? " " : "", name);
}

/* A soft dependency that cannot be inserted is none, as for modprobe(8). */
static int insert(struct kmod_module *module, const struct sequence *sequence)
{
	struct kmod_list *dependencies = lib.kmod_module_get_dependencies(module);
	int ret = 0;

	for (size_t i = 0; i < sequence->count && !ret; i++) {
		struct kmod_module *next = sequence->modules[i];

		ret = lib.kmod_module_insert_module(next, 0, sequence->options[i]);
		if (ret == -EEXIST || (ret < 0 && !is_required(module, dependencies, next)))
			ret = 0;
	}
	lib.kmod_module_unref_list(dependencies);
	return ret;
}

int cxv_module_missing(const char *name, char *missing, size_t size)
{
	_cleanup_(unref_context) struct kmod_ctx *context = NULL;
	_cleanup_(unref_module) struct kmod_module *module = NULL;
	_cleanup_(sequence_clear) struct sequence sequence = { 0 };
	int ret = open_context(NULL, true, &context);

	missing[0] = '\0';
	if (!ret)
		ret = look_up(context, name, &module);
	if (!ret)
		ret = make_sequence(module, &sequence);
	for (size_t i = 0; i < sequence.count && !ret; i++)
		append_name(missing, size, lib.kmod_module_get_name(sequence.modules[i]));
	return ret;
}

int cxv_module_load(const char *name)
{
	_cleanup_(unref_context) struct kmod_ctx *context = NULL;
	_cleanup_(unref_module) struct kmod_module *module = NULL;
	_cleanup_(sequence_clear) struct sequence sequence = { 0 };
	int ret = open_context(NULL, true, &context);

	if (!ret)
		ret = look_up(context, name, &module);
	if (!ret)
		ret = make_sequence(module, &sequence);
	if (!ret && sequence.refused)
		ret = -ECANCELED;
	return ret ? ret : insert(module, &sequence);
}

int cxv_module_read_info(int file, int (*keep)(const char *key, const char *value, void *argument),
			 void *argument)
{
	_cleanup_(unref_context) struct kmod_ctx *context = NULL;
	_cleanup_(unref_module) struct kmod_module *module = NULL;
	struct kmod_list *info = NULL, *item;
	char path[64];
	int ret = open_context("/", false, &context);

	/* By descriptor: libkmod would follow a fixture's links out of it. */
	snprintf(path, sizeof(path), "/proc/self/fd/%d", file);
	if (!ret)
		ret = lib.kmod_module_new_from_path(context, path, &module);
	if (!ret)
		ret = lib.kmod_module_get_info(module, &info);
	if (ret < 0)
		return ret;
	ret = 0;
	for (item = info; item; item = lib.kmod_list_next(info, item)) {
		ret = keep(lib.kmod_module_info_get_key(item), lib.kmod_module_info_get_value(item),
			   argument);
		if (ret)
			break;
	}
	lib.kmod_module_info_free_list(info);
	return ret;
}
