// SPDX-License-Identifier: GPL-2.0-or-later
#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/util.h"
#include "sys/snapshot/archive.h"
#include "unit.h"

static int new_file(void)
{
	int descriptor = memfd_create("archive", MFD_CLOEXEC);

	assert_true(descriptor >= 0);
	return descriptor;
}

static void free_tree(struct cxv_tree **tree)
{
	cxv_tree_free(*tree);
}

/* What reading DESCRIPTOR from the start says; REASON has WORDS then. */
static void check_refused(int descriptor, const char *words)
{
	_cleanup_(free_tree) struct cxv_tree *tree = cxv_tree_new();
	_cleanup_free_ char *reason = NULL;

	assert_int_equal(lseek(descriptor, 0, SEEK_SET), 0);
	assert_true(cxv_archive_read(descriptor, tree, &reason) < 0);
	assert_non_null(reason);
	if (!strstr(reason, words))
		fail_msg("\"%s\" lacks \"%s\"", reason, words);
}

static struct cxv_tree *make_tree(void)
{
	struct cxv_tree *tree = cxv_tree_new();
	struct cxv_node *node;

	assert_int_equal(cxv_tree_put(tree, "sys/b/config", "\0\1\2\377", 4), 0);
	assert_int_equal(cxv_tree_put(tree, "sys/a", "text\n", 5), 0);
	assert_int_equal(cxv_tree_put(tree, "sys/empty", "", 0), 0);
	assert_int_equal(cxv_tree_put(tree, "sys/odd\377\n\033name", "x", 1), 0);
	assert_int_equal(cxv_tree_make(tree, "sys/link", &node), 0);
	assert_int_equal(cxv_tree_set_link(tree, node, "../odd\377target"), 0);
	assert_int_equal(cxv_tree_make(tree, "sys/denied", &node), 0);
	assert_int_equal(cxv_tree_set_unavailable(tree, node, EACCES), 0);
	assert_int_equal(cxv_tree_make(tree, "sys/needless", &node), 0);
	assert_int_equal(cxv_tree_set_unavailable(tree, node, ENOENT), 0);
	assert_int_equal(cxv_tree_make(tree, "partial/absent", &node), 0);
	assert_int_equal(cxv_tree_set_unavailable(tree, node, ENOENT), 0);
	node->parent->partial = true;
	return tree;
}

static struct cxv_tree *read_back(int descriptor)
{
	struct cxv_tree *tree = cxv_tree_new();
	char *reason;

	assert_int_equal(lseek(descriptor, 0, SEEK_SET), 0);
	if (cxv_archive_read(descriptor, tree, &reason) < 0)
		fail_msg("%s", reason ?: "?");
	return tree;
}

static void check_same(struct cxv_node *wanted, struct cxv_node *got)
{
	_cleanup_free_ struct cxv_node **left = NULL, **right = NULL;
	size_t left_count, right_count, skipped = 0;

	assert_int_equal(wanted->kind, got->kind);
	assert_int_equal(wanted->error, got->error);
	assert_int_equal(wanted->partial, got->partial);
	assert_int_equal(wanted->size, got->size);
	if (wanted->size)
		assert_memory_equal(wanted->bytes, got->bytes, wanted->size);
	assert_int_equal(cxv_tree_children(wanted, &left, &left_count), 0);
	assert_int_equal(cxv_tree_children(got, &right, &right_count), 0);
	for (size_t i = 0; i < left_count; i++) {
		if (!strcmp(left[i]->name, "needless")) {
			skipped++;
			continue;
		}
		assert_true(i - skipped < right_count);
		assert_string_equal(left[i]->name, right[i - skipped]->name);
		check_same(left[i], right[i - skipped]);
	}
	assert_int_equal(left_count - skipped, right_count);
}

static void test_round_trip(void **state)
{
	_cleanup_(free_tree) struct cxv_tree *tree = make_tree(), *copy = NULL;
	_cleanup_close_ int descriptor = new_file();

	assert_int_equal(cxv_archive_write(tree, descriptor), 0);
	copy = read_back(descriptor);
	check_same(&tree->root, &copy->root);
}

/* By content only: neither the time nor the order in which it was filled. */
static void test_deterministic(void **state)
{
	_cleanup_(free_tree) struct cxv_tree *first = make_tree(), *second = cxv_tree_new();
	_cleanup_close_ int one = new_file(), two = new_file();
	static char left[65536], right[65536];
	ssize_t size;

	assert_int_equal(cxv_tree_put(second, "sys/empty", "", 0), 0);
	assert_int_equal(cxv_tree_put(second, "sys/a", "other", 5), 0);
	cxv_tree_free(second);
	second = make_tree();
	assert_int_equal(cxv_archive_write(first, one), 0);
	sleep(1);
	assert_int_equal(cxv_archive_write(second, two), 0);
	size = pread(one, left, sizeof(left), 0);
	assert_true(size > 0);
	assert_int_equal(pread(two, right, sizeof(right), 0), size);
	assert_memory_equal(left, right, size);
}

static void test_truncated(void **state)
{
	_cleanup_(free_tree) struct cxv_tree *tree = make_tree();
	_cleanup_close_ int descriptor = new_file();
	static char noise[20000];
	struct stat status;
	off_t size;

	/* Enough that does not compress. */
	for (size_t i = 0; i < sizeof(noise); i++)
		noise[i] = random();
	assert_int_equal(cxv_tree_put(tree, "zz", noise, sizeof(noise)), 0);
	assert_int_equal(cxv_archive_write(tree, descriptor), 0);
	assert_int_equal(fstat(descriptor, &status), 0);
	assert_true(status.st_size > (off_t)sizeof(noise));
	for (size = status.st_size - 1; size >= 0; size -= size > 100 ? 100 : 1) {
		assert_int_equal(ftruncate(descriptor, size), 0);
		check_refused(descriptor, "archive");
	}
}

static void test_corrupt(void **state)
{
	_cleanup_(free_tree) struct cxv_tree *tree = make_tree();
	_cleanup_close_ int descriptor = new_file();
	struct stat status;

	assert_int_equal(cxv_archive_write(tree, descriptor), 0);
	assert_int_equal(fstat(descriptor, &status), 0);
	for (off_t i = 0; i < status.st_size; i++) {
		_cleanup_(free_tree) struct cxv_tree *damaged = cxv_tree_new();
		_cleanup_free_ char *reason = NULL;
		uint8_t byte, changed;

		assert_int_equal(pread(descriptor, &byte, 1, i), 1);
		changed = byte ^ 0x55;
		assert_int_equal(pwrite(descriptor, &changed, 1, i), 1);
		assert_int_equal(lseek(descriptor, 0, SEEK_SET), 0);
		/* Any answer will do; the sanitizers watch. */
		cxv_archive_read(descriptor, damaged, &reason);
		assert_int_equal(pwrite(descriptor, &byte, 1, i), 1);
	}
}

static void test_no_archive(void **state)
{
	_cleanup_close_ int descriptor = new_file();

	check_refused(descriptor, "not an archive, or it is damaged");
	assert_int_equal(write(descriptor, "#!/bin/sh\n", 10), 10);
	check_refused(descriptor, "not an archive, or it is damaged");
}

/* An archive with one entry after a harmless one, without compression. */
struct hostile {
	struct archive *archive;
	struct archive_entry *entry;
	int descriptor;
};

static void begin(struct hostile *hostile, const char *name, mode_t type)
{
	hostile->descriptor = new_file();
	hostile->archive = archive_write_new();
	hostile->entry = archive_entry_new();
	assert_int_equal(archive_write_set_format_pax_restricted(hostile->archive), ARCHIVE_OK);
	assert_int_equal(archive_write_open_fd(hostile->archive, hostile->descriptor), ARCHIVE_OK);
	archive_entry_set_pathname(hostile->entry, "harmless");
	archive_entry_set_filetype(hostile->entry, AE_IFDIR);
	archive_entry_set_perm(hostile->entry, 0755);
	assert_int_equal(archive_write_header(hostile->archive, hostile->entry), ARCHIVE_OK);
	archive_entry_clear(hostile->entry);
	archive_entry_set_pathname(hostile->entry, name);
	archive_entry_set_filetype(hostile->entry, type);
	archive_entry_set_perm(hostile->entry, 0644);
	archive_entry_set_size(hostile->entry, 0);
}

static void add(struct hostile *hostile)
{
	assert_int_equal(archive_write_header(hostile->archive, hostile->entry), ARCHIVE_OK);
}

static void finish(struct hostile *hostile)
{
	assert_int_equal(archive_write_close(hostile->archive), ARCHIVE_OK);
	archive_write_free(hostile->archive);
	archive_entry_free(hostile->entry);
}

static void check_hostile(struct hostile *hostile, const char *words)
{
	finish(hostile);
	check_refused(hostile->descriptor, words);
	close(hostile->descriptor);
}

static void test_names(void **state)
{
	static const char *const bad[] = {
		"..", "../etc/passwd", "sys/../../etc/passwd", "/etc/passwd", "sys/..",
	};
	static const char *const good[] = { "./sys/a", "sys//a", "sys/./a", "sys/a" };
	struct hostile hostile;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		begin(&hostile, bad[i], AE_IFREG);
		add(&hostile);
		check_hostile(&hostile, "points outside of it");
	}
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		struct cxv_tree *tree;

		begin(&hostile, good[i], AE_IFREG);
		add(&hostile);
		finish(&hostile);
		tree = read_back(hostile.descriptor);
		assert_true(cxv_tree_exists(tree, "sys/a"));
		cxv_tree_free(tree);
		close(hostile.descriptor);
	}
}

static void test_types(void **state)
{
	static const mode_t types[] = { AE_IFCHR, AE_IFBLK, AE_IFIFO };
	struct hostile hostile;

	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		begin(&hostile, "node", types[i]);
		add(&hostile);
		check_hostile(&hostile, "something other");
	}
	begin(&hostile, "hard", AE_IFREG);
	archive_entry_set_hardlink(hostile.entry, "harmless");
	add(&hostile);
	check_hostile(&hostile, "something other");
}

static void test_twice(void **state)
{
	struct hostile hostile;

	begin(&hostile, "file", AE_IFREG);
	add(&hostile);
	add(&hostile);
	check_hostile(&hostile, "twice");
	/* A file below what was a link before would be written somewhere else. */
	begin(&hostile, "link", AE_IFLNK);
	archive_entry_set_symlink(hostile.entry, "/etc");
	add(&hostile);
	archive_entry_set_pathname(hostile.entry, "link/passwd");
	archive_entry_set_filetype(hostile.entry, AE_IFREG);
	archive_entry_set_symlink(hostile.entry, NULL);
	add(&hostile);
	check_hostile(&hostile, "twice");
	begin(&hostile, "harmless", AE_IFREG);
	add(&hostile);
	check_hostile(&hostile, "twice");
}

static void test_links(void **state)
{
	struct hostile hostile;
	struct cxv_tree *tree;
	char name[16], target[16], byte;

	begin(&hostile, "file", AE_IFREG);
	add(&hostile);
	for (unsigned int i = 0; i < 41; i++) {
		snprintf(name, sizeof(name), "link%u", i);
		snprintf(target, sizeof(target), i < 40 ? "link%u" : "/file", i + 1);
		archive_entry_set_pathname(hostile.entry, name);
		archive_entry_set_filetype(hostile.entry, AE_IFLNK);
		archive_entry_set_symlink(hostile.entry, target);
		add(&hostile);
	}
	finish(&hostile);
	tree = read_back(hostile.descriptor);
	assert_int_equal(cxv_tree_read(tree, "link0", &byte, 1), -ELOOP);
	assert_int_equal(cxv_tree_read(tree, "link1", &byte, 1), 0);
	cxv_tree_free(tree);
	close(hostile.descriptor);
}

/* 64 MiB of zeroes take a few KiB of an archive: what they become is bounded. */
static void write_bomb(int descriptor, unsigned int files, int64_t size)
{
	struct archive *archive = archive_write_new();
	struct archive_entry *entry = archive_entry_new();
	static const char zeroes[1 << 20];
	char name[16];

	assert_int_equal(archive_write_set_format_pax_restricted(archive), ARCHIVE_OK);
	assert_int_equal(archive_write_add_filter_zstd(archive), ARCHIVE_OK);
	assert_int_equal(archive_write_open_fd(archive, descriptor), ARCHIVE_OK);
	for (unsigned int i = 0; i < files; i++) {
		snprintf(name, sizeof(name), "bomb%u", i);
		archive_entry_set_pathname(entry, name);
		archive_entry_set_filetype(entry, AE_IFREG);
		archive_entry_set_size(entry, size);
		assert_int_equal(archive_write_header(archive, entry), ARCHIVE_OK);
		for (int64_t done = 0; done < size; done += sizeof(zeroes))
			assert_int_equal(archive_write_data(archive, zeroes, sizeof(zeroes)),
					 sizeof(zeroes));
	}
	assert_int_equal(archive_write_close(archive), ARCHIVE_OK);
	archive_write_free(archive);
	archive_entry_free(entry);
}

static void test_bomb(void **state)
{
	_cleanup_(free_tree) struct cxv_tree *tree = cxv_tree_new();
	_cleanup_close_ int large = new_file(), many = new_file();
	_cleanup_free_ char *reason = NULL;
	struct stat status;

	write_bomb(large, 1, (64 << 20) + (1 << 20));
	assert_int_equal(fstat(large, &status), 0);
	assert_true(status.st_size < 65536);
	check_refused(large, "larger than a snapshot can be");

	write_bomb(many, 8, 1 << 20);
	tree->size_max = 4 << 20;
	assert_int_equal(lseek(many, 0, SEEK_SET), 0);
	assert_int_equal(cxv_archive_read(many, tree, &reason), -EFBIG);
	assert_non_null(strstr(reason, "larger than a snapshot can be"));
	assert_true(tree->size <= tree->size_max);
}

static void test_many_entries(void **state)
{
	_cleanup_(free_tree) struct cxv_tree *tree = cxv_tree_new();
	_cleanup_close_ int descriptor = new_file();
	_cleanup_free_ char *reason = NULL;

	write_bomb(descriptor, 100, 0);
	tree->entries_max = 50;
	assert_int_equal(lseek(descriptor, 0, SEEK_SET), 0);
	assert_int_equal(cxv_archive_read(descriptor, tree, &reason), -EFBIG);
	assert_int_equal(tree->entries, 50);
}

static void test_full_disk(void **state)
{
	_cleanup_(free_tree) struct cxv_tree *tree = make_tree();
	_cleanup_close_ int full = open("/dev/full", O_WRONLY | O_CLOEXEC);

	assert_true(full >= 0);
	assert_int_equal(cxv_archive_write(tree, full), -ENOSPC);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_deterministic),
		cmocka_unit_test(test_truncated),
		cmocka_unit_test(test_corrupt),
		cmocka_unit_test(test_no_archive),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_types),
		cmocka_unit_test(test_twice),
		cmocka_unit_test(test_links),
		cmocka_unit_test(test_bomb),
		cmocka_unit_test(test_many_entries),
		cmocka_unit_test(test_full_disk),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
