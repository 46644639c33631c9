// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tells how a page of the process that asks is mapped: the size of its mapping, and the memory type
 * that the bits of its page table entry choose from the processor's PAT. The kernel's own list of
 * memory types knows reservations only. Test machines only.
 *
 *	A process writes an address of its own, and reads "2097152 write-back".
 */
#include <asm/msr.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/pgtable.h>

static unsigned long size;
static unsigned int type;

/* What an entry of the PAT says; 2 and 3 are reserved. */
static const char *const type_names[8] = {
	"uncached", "write-combining", "reserved", "reserved", "write-through", "write-protected",
	"write-back", "uncached-minus",
};

/* In entries of huge pages the PAT bit has another place: its own says there that they are huge. */
static unsigned int pat_index(pgprot_t protection, bool huge)
{
	unsigned long bits = pgprot_val(protection);

	return (bits & _PAGE_PWT ? 1 : 0) | (bits & _PAGE_PCD ? 2 : 0) |
	       (bits & (huge ? _PAGE_PAT_LARGE : _PAGE_PAT) ? 4 : 0);
}

static int look(struct mm_struct *mm, unsigned long address)
{
	struct follow_pfnmap_args arguments = { .address = address };
	u64 pat;
	int ret;

	guard(mmap_read_lock)(mm);
	arguments.vma = vma_lookup(mm, address);
	if (!arguments.vma)
		return -EFAULT;
	ret = follow_pfnmap_start(&arguments);
	if (ret)
		return ret;
	size = ~arguments.addr_mask + 1;
	rdmsrq(MSR_IA32_CR_PAT, pat);
	type = pat >> (8 * pat_index(arguments.pgprot, size > PAGE_SIZE)) & 7;
	follow_pfnmap_end(&arguments);
	return 0;
}

static int set_address(const char *value, const struct kernel_param *parameter)
{
	unsigned long address;
	int ret = kstrtoul(value, 0, &address);

	return ret ?: look(current->mm, address);
}

static int get_mapping(char *buffer, const struct kernel_param *parameter)
{
	return sysfs_emit(buffer, "%lu %s\n", size, type_names[type]);
}

static const struct kernel_param_ops address_ops = { .set = set_address, .get = get_mapping };
module_param_cb(address, &address_ops, NULL, 0600);

static int __init pte_test_init(void)
{
	return 0;
}
module_init(pte_test_init);

static void __exit pte_test_exit(void)
{
}
module_exit(pte_test_exit);

MODULE_DESCRIPTION("Tells how a page of a process is mapped, for tests");
MODULE_LICENSE("GPL");
