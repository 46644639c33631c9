// SPDX-License-Identifier: GPL-2.0-or-later
#include "sys/discovery/registers.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>

static sigjmp_buf back;
static struct sigaction previous_action;
/* What is being read; an address outside of it is somebody else's fault. */
static volatile uintptr_t first, last;

int cxv_registers_map(int file, off_t offset, size_t length, size_t page_size,
		      struct cxv_registers_map *map)
{
	size_t before = offset % page_size;

	map->length = before + length;
	map->mapping = mmap(NULL, map->length, PROT_READ, MAP_SHARED, file, offset - before);
	if (map->mapping == MAP_FAILED)
		return -errno;
	map->registers = map->mapping + before;
	return 0;
}

void cxv_registers_unmap(struct cxv_registers_map *map)
{
	munmap(map->mapping, map->length);
}

static void on_sigbus(int signal, siginfo_t *info, void *context)
{
	uintptr_t address = (uintptr_t)info->si_addr;

	(void)context;
	if (address >= first && address <= last)
		siglongjmp(back, 1);
	/* The access happens again and ends as it would have without us. */
	sigaction(signal, &previous_action, NULL);
}

int cxv_registers_copy(uint32_t *to, const volatile uint32_t *from, size_t count)
{
	struct sigaction action = {
		.sa_sigaction = on_sigbus,
		.sa_flags = SA_SIGINFO | SA_NODEFER,
	};
	volatile int error = 0;

	if (!count)
		return 0;
	first = (uintptr_t)from;
	last = first + count * sizeof(*from) - 1;
	sigemptyset(&action.sa_mask);
	if (sigaction(SIGBUS, &action, &previous_action) < 0)
		return -errno;
	if (sigsetjmp(back, 0)) {
		error = -EBUSY;
	} else {
		for (size_t i = 0; i < count; i++) {
			atomic_signal_fence(memory_order_seq_cst);
			to[i] = from[i];
		}
	}
	sigaction(SIGBUS, &previous_action, NULL);
	return error;
}
