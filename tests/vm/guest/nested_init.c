// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The only process of a guest inside the machine: does to a PCI function what guest/nested.py asks
 * for on the second serial port, a line a command, and answers each with one line: "ok" and what
 * was found, or "error" and why.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <termios.h>
#include <unistd.h>

#define PORT		"/port"
#define PORT_DEVICE	makedev(4, 65)	/* ttyS1 */
#define DEVICES		"/sys/bus/pci/devices"
#define BARS		6
#define BLOCK		4096UL
#define WORDS_MAX	4

/* What one access reads or writes: as wide as it can be, since each is emulated twice. */
typedef uint64_t pair __attribute__((vector_size(16)));

static FILE *asked, *answers;		/* both the port */
static char function[NAME_MAX + 1];	/* found last */
static int bar;
static uint64_t bar_size, window_size;	/* it may end before its BAR */
static char *window;			/* its BAR, mapped */

static void answer(const char *format, ...)
{
	va_list values;

	va_start(values, format);
	vfprintf(answers, format, values);
	va_end(values);
	fputc('\n', answers);
	fflush(answers);
}

static int open_file(const char *name, int flags)
{
	char path[PATH_MAX];
	int fd;

	snprintf(path, sizeof(path), DEVICES "/%s/%s", function, name);
	fd = open(path, flags);
	return fd < 0 ? -errno : fd;
}

/* The BAR of memory with @size bytes, if the function at @name has one. */
static bool has_bar(const char *name, uint64_t size)
{
	uint64_t start, end;
	char path[PATH_MAX];
	bool found = false;
	FILE *file;

	snprintf(path, sizeof(path), DEVICES "/%s/resource", name);
	file = fopen(path, "r");
	for (bar = 0; file && bar < BARS && !found; bar++)
		found = fscanf(file, "%" SCNx64 " %" SCNx64 " %*x", &start, &end) == 2 && start &&
			end - start + 1 == size;
	bar--;
	if (file)
		fclose(file);
	return found;
}

/*
 * find SIZE WINDOW: the function that has a BAR of this size, with an address: its name and the
 * index. Of the BAR so many bytes are the window.
 */
static int find(char **words)
{
	DIR *devices = opendir(DEVICES);
	struct dirent *entry;
	int ret = -ENODEV;

	bar_size = strtoull(words[0], NULL, 0);
	window_size = strtoull(words[1], NULL, 0);
	while (devices && ret && (entry = readdir(devices)))
		if (entry->d_name[0] != '.' && has_bar(entry->d_name, bar_size)) {
			strcpy(function, entry->d_name);
			answer("ok %s %d", function, bar);
			ret = 0;
		}
	if (devices)
		closedir(devices);
	return ret;
}

static void unmap_window(void)
{
	if (window)
		munmap(window, bar_size);
	window = NULL;
}

/* map: the whole BAR, and no other any more. */
static int map(char **words)
{
	char name[sizeof("resource0")];
	int fd;

	(void)words;
	unmap_window();
	snprintf(name, sizeof(name), "resource%d", bar);
	fd = open_file(name, O_RDWR);
	if (fd < 0)
		return fd;
	window = mmap(NULL, bar_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (window == MAP_FAILED) {
		window = NULL;
		return -errno;
	}
	answer("ok");
	return 0;
}

static int unmap(char **words)
{
	(void)words;
	unmap_window();
	answer("ok");
	return 0;
}

/* What @tag puts at the begin of the window, and how that grows with @stride; for 0 all is zero. */
static pair first_words(uint64_t tag)
{
	return tag ? (pair){ tag << 40, tag << 40 | sizeof(tag) } : (pair){ 0 };
}

static pair growth(uint64_t tag, uint64_t stride)
{
	return tag ? (pair){ stride, stride } : (pair){ 0 };
}

/* write TAG STRIDE: 16 bytes at each multiple of the stride, other ones for every tag and place. */
static int write_window(char **words)
{
	uint64_t tag = strtoull(words[0], NULL, 0), stride = strtoull(words[1], NULL, 0), offset;
	pair value = first_words(tag), grow = growth(tag, stride);

	if (!window)
		return -ENXIO;
	for (offset = 0; offset < window_size; offset += stride, value += grow)
		*(volatile pair *)(window + offset) = value;
	answer("ok");
	return 0;
}

static uint64_t word_at(uint64_t offset)
{
	return *(volatile uint64_t *)(window + offset);
}

/*
 * check TAG STRIDE: how many blocks have other words than "write" put there, and of the first of
 * these its offset and its first word.
 */
static int check_window(char **words)
{
	uint64_t tag = strtoull(words[0], NULL, 0), stride = strtoull(words[1], NULL, 0);
	uint64_t offset, end, wrong = 0, first = 0, got = 0;
	pair value = first_words(tag), grow = growth(tag, stride), different;

	if (!window)
		return -ENXIO;
	for (offset = 0; offset < window_size;) {
		different = (pair){ 0 };
		for (end = offset + BLOCK; offset < end; offset += stride, value += grow)
			different |= *(volatile pair *)(window + offset) ^ value;
		if (!(different[0] | different[1]))
			continue;
		if (!wrong++) {
			first = end - BLOCK;
			got = word_at(first);
		}
	}
	answer("ok %" PRIu64 " %#" PRIx64 " %#" PRIx64, wrong, first, got);
	return 0;
}

/* read OFFSET: one word of the BAR, behind the window too. */
static int read_window(char **words)
{
	if (!window)
		return -ENXIO;
	answer("ok %#" PRIx64, word_at(strtoull(words[0], NULL, 0)));
	return 0;
}

/* set ATTRIBUTE VALUE: of the function, in sysfs. */
static int set_attribute(char **words)
{
	int fd = open_file(words[0], O_WRONLY), ret = 0;

	if (fd < 0)
		return fd;
	if (write(fd, words[1], strlen(words[1])) < 0)
		ret = -errno;
	close(fd);
	if (!ret)
		answer("ok");
	return ret;
}

/* config OFFSET SIZE [VALUE]: read or write configuration space. */
static int access_config(char **words)
{
	off_t offset = strtoul(words[0], NULL, 0);
	size_t size = strtoul(words[1], NULL, 0);
	int fd = open_file("config", O_RDWR);
	uint32_t value = words[2] ? strtoul(words[2], NULL, 0) : 0;
	ssize_t ret;

	if (fd < 0)
		return fd;
	if (size > sizeof(value))
		ret = -EINVAL;
	else if (words[2])
		ret = pwrite(fd, &value, size, offset);
	else
		ret = pread(fd, &value, size, offset);
	if (ret < 0)
		ret = -errno;
	close(fd);
	if (ret != (ssize_t)size)
		return ret < 0 ? ret : -EIO;
	answer("ok %#" PRIx32, value);
	return 0;
}

static int restart(char **words)
{
	(void)words;
	answer("ok");
	tcdrain(fileno(answers));
	return reboot(RB_AUTOBOOT) ? -errno : 0;
}

static const struct {
	const char *name;
	int words;			/* that it needs */
	int (*run)(char **words);	/* answers, or returns why it cannot */
} commands[] = {
	{ "find", 2, find },
	{ "map", 0, map },
	{ "unmap", 0, unmap },
	{ "write", 2, write_window },
	{ "check", 2, check_window },
	{ "read", 1, read_window },
	{ "set", 2, set_attribute },
	{ "config", 2, access_config },
	{ "reboot", 0, restart },
};

static int run(char *line)
{
	char *words[WORDS_MAX + 1] = { NULL }, *word;
	int count = 0;
	size_t i;

	for (word = strtok(line, " \n"); word && count < WORDS_MAX; word = strtok(NULL, " \n"))
		words[count++] = word;
	for (i = 0; count && i < sizeof(commands) / sizeof(commands[0]); i++)
		if (!strcmp(words[0], commands[i].name) && count > commands[i].words)
			return commands[i].run(words + 1);
	return -EINVAL;
}

static int open_port(void)
{
	struct termios raw;
	int fd;

	mknod(PORT, S_IFCHR | 0600, PORT_DEVICE);
	fd = open(PORT, O_RDWR | O_NOCTTY);
	if (fd < 0 || tcgetattr(fd, &raw))
		return -errno;
	cfmakeraw(&raw);
	tcsetattr(fd, TCSANOW, &raw);
	asked = fdopen(fd, "r");
	answers = fdopen(fd, "w");
	return asked && answers ? 0 : -errno;
}

/* It never ends, or the kernel does, too, and its last words have the exit status. */
int main(void)
{
	char line[256];

	mkdir("/sys", 0755);
	if (mount("sys", "/sys", "sysfs", 0, NULL) || open_port())
		return errno;
	answer("ready");
	while (fgets(line, sizeof(line), asked)) {
		int ret = run(line);

		if (ret)
			answer("error %s", strerror(-ret));
	}
	return errno;
}
