// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A harness as an ordinary test: feeds it every file of the directories that are named. A
 * directory that is not there has no files: not every harness has found a bug.
 */
#include <dirent.h>
#include <errno.h>
#include <sys/stat.h>

#include "fuzz.h"

static char *read_file(const char *path, size_t *size)
{
	struct stat status;
	char *content;
	FILE *file;

	if (stat(path, &status) || !S_ISREG(status.st_mode))
		return NULL;
	file = fopen(path, "r");
	content = malloc(status.st_size + 1);
	fuzz_check(file && content);
	*size = fread(content, 1, status.st_size, file);
	fuzz_check(*size == (size_t)status.st_size);
	fclose(file);
	return content;
}

static unsigned int replay_file(const char *directory, const char *name)
{
	char *path, *content;
	size_t size;

	fuzz_check(asprintf(&path, "%s/%s", directory, name) > 0);
	content = read_file(path, &size);
	if (content) {
		/* The last name is that of the file that broke it. */
		fprintf(stderr, "%s\n", path);
		LLVMFuzzerTestOneInput((const uint8_t *)content, size);
	}
	free(content);
	free(path);
	return !!content;
}

static unsigned int replay(const char *name)
{
	DIR *directory = opendir(name);
	struct dirent *entry;
	unsigned int count = 0;

	fuzz_check(directory || errno == ENOENT);
	while (directory && (entry = readdir(directory)))
		count += replay_file(name, entry->d_name);
	if (directory)
		closedir(directory);
	return count;
}

int main(int argc, char **argv)
{
	unsigned int count = 0;

	LLVMFuzzerTestOneInput(NULL, 0);
	for (int i = 1; i < argc; i++)
		count += replay(argv[i]);
	printf("%u inputs\n", count);
	return !count;
}
