// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A client of generation 2 of the CXL interface, written from what its kernels document and what
 * the VMMs that use it do: the flag and a capability of the device, whose indices lead to the
 * memory and to the component registers; these begin with the capability array, in which the
 * decoders are found, and the base is the client's to program. Without any of this such a VMM does
 * not start. Runs in the guest as root with the endpoint bound and closed; TAP on stdout.
 *
 *	client_2 BDF
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <linux/pci_regs.h>
#include <linux/vfio.h>

#include "client.h"

/* Where the client has the memory: a guest's physical address, not the host's. */
#define GUEST_BASE	0x4050000000ull
#define MAX_DECODERS	CXL_HDM_MAX_DECODERS
/* Of a decoder's control register: never shown. */
#define RESERVED	0xf0008000u

struct cxl_device {
	struct vfio_info_cap_header header;
	struct cxl_vfio_device_info info;
};

static struct cxl_vfio_device_info cxl;
static struct region component_bar;
static uint64_t decoders;	/* offset of the decoder capability in the component registers */
static uint32_t decoder_count;

static uint64_t decoder(uint32_t field)
{
	return decoders + CXL_HDM_DECODER(0) + field;
}

static void discover_device(void)
{
	const struct cxl_device *capability;
	uint32_t wanted = VFIO_DEVICE_FLAGS_CXL | VFIO_DEVICE_FLAGS_PCI | VFIO_DEVICE_FLAGS_CAPS |
			  VFIO_DEVICE_FLAGS_RESET;
	uint64_t dvsec;
	union client_info info;

	if (get_device_info(&info))
		bail("VFIO_DEVICE_GET_INFO");
	note("the flags are %#x, wanted are %#x", info.device.flags, wanted);
	check((info.device.flags & wanted) == wanted, "device: CXL, PCI, RESET and capabilities");
	capability = device_capability(&info, CXL_VFIO_DEVICE_INFO_CAP, sizeof(*capability));
	note("cap_offset %u, argsz %u", info.device.cap_offset, info.device.argsz);
	check(capability, "device: the capability of id 6 is found");
	if (!capability)
		bail("such a VMM ends here");
	cxl = capability->info;
	tell("version %u, BAR %u, flags %#x, offset %#llx, memory %u, component registers %u",
	     capability->header.version, cxl.bar, cxl.flags, cxl.offset, cxl.memory_region,
	     cxl.component_region);
	check(capability->header.version == CXL_VFIO_DEVICE_INFO_CAP_VERSION &&
	      !cxl.reserved[0] && !cxl.reserved[1] && !cxl.reserved[2], "capability: version 1");
	check(cxl.flags & CXL_VFIO_DEVICE_INFO_COMMITTED,
	      "capability: firmware has committed a decoder");
	find_regions(VFIO_PCI_NUM_REGIONS);
	dvsec = find_dvsec(CXL_DVSEC_ID_DEVICE);
	check(!(cxl.flags & CXL_VFIO_DEVICE_INFO_CACHE) ==
	      !(config_read(dvsec + CXL_DEVICE_CAPABILITY, 2) & CXL_DEVICE_CAPABILITY_CACHE),
	      "capability: CXL.cache as the DVSEC has it");
	check(cxl.memory_region != cxl.component_region &&
	      cxl.memory_region >= VFIO_PCI_NUM_REGIONS &&
	      cxl.memory_region < info.device.num_regions &&
	      cxl.component_region >= VFIO_PCI_NUM_REGIONS &&
	      cxl.component_region < info.device.num_regions && cxl.bar < PCI_STD_NUM_BARS,
	      "capability: two regions and a BAR of the device");
}

/* The structure alone has no room for a chain: argsz says how much the capability needs. */
static void test_argsz(void)
{
	union client_info info;

	memset(&info, 0, sizeof(info));
	info.device.argsz = sizeof(info.device);
	check(!device_ioctl(VFIO_DEVICE_GET_INFO, &info) && !info.device.cap_offset &&
	      info.device.argsz >= sizeof(info.device) + sizeof(struct cxl_device) &&
	      info.device.flags & VFIO_DEVICE_FLAGS_CAPS,
	      "device: without room for the capability, argsz says how much it takes");
}

static bool has_type(const union client_info *info, uint32_t subtype)
{
	const struct vfio_region_info_cap_type *type =
		region_capability(info, VFIO_REGION_INFO_CAP_TYPE, sizeof(*type));

	return type && type->type == CXL_VFIO_REGION_TYPE && type->subtype == subtype;
}

static void discover_regions(void)
{
	const uint32_t rw = VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE;
	union client_info info;

	if (get_region_info(&info, cxl.memory_region))
		bail("the memory region");
	memory = region_of(&info);
	note("flags %#x, %#llx bytes", memory.flags, (unsigned long long)memory.size);
	check((memory.flags & (rw | VFIO_REGION_INFO_FLAG_MMAP)) ==
	      (rw | VFIO_REGION_INFO_FLAG_MMAP) && memory.size == attribute_number("window_size") &&
	      has_type(&info, CXL_VFIO_REGION_SUBTYPE_MEMORY),
	      "memory: the window, to be read, written and mapped");
	if (get_region_info(&info, cxl.component_region))
		bail("the component registers' region");
	component = region_of(&info);
	note("flags %#x, %#llx bytes", component.flags, (unsigned long long)component.size);
	check((component.flags & (rw | VFIO_REGION_INFO_FLAG_MMAP)) == rw && component.size &&
	      !(component.size % 4) && has_type(&info, CXL_VFIO_REGION_SUBTYPE_COMPONENT),
	      "component registers: read and write only, dwords");
	check(!region_capability(&info, CXL_VFIO_REGION_INFO_CAP_COMPONENT,
				 sizeof(struct vfio_info_cap_header)),
	      "component registers: no capability that means another layout");
	check(!can_map(component.offset, PAGE), "component registers: cannot be mapped");
	if (get_region_info(&info, cxl.bar))
		bail("the component BAR");
	component_bar = region_of(&info);
}

/* What lies around the component registers can be mapped, they cannot. */
static void test_bar(void)
{
	const struct vfio_region_info_cap_sparse_mmap *sparse;
	bool good = true;
	union client_info info;
	uint32_t i, header;

	if (get_region_info(&info, cxl.bar))
		bail("the component BAR");
	sparse = sparse_areas(&info);
	note("flags %#x", info.region.flags);
	check(sparse && sparse->nr_areas && info.region.flags & VFIO_REGION_INFO_FLAG_MMAP,
	      "component BAR: mapped in parts");
	for (i = 0; sparse && i < sparse->nr_areas; i++) {
		note("area %u: %#llx bytes at %#llx", i, sparse->areas[i].size,
		     sparse->areas[i].offset);
		good &= holds(sparse->areas[i].size) &&
			holds(sparse->areas[i].offset + sparse->areas[i].size <=
			      component_bar.size) &&
			holds(cxl.offset < sparse->areas[i].offset ||
			      cxl.offset >= sparse->areas[i].offset + sparse->areas[i].size) &&
			holds(can_map(component_bar.offset + sparse->areas[i].offset,
				      sparse->areas[i].size));
	}
	check(good, "component BAR: every part can be mapped, none has the registers");
	note("the array is at %#llx of the BAR", cxl.offset);
	check(!(cxl.offset % PAGE) && !can_map(component_bar.offset + cxl.offset, PAGE) &&
	      errno == EINVAL, "component BAR: the page of the registers cannot be mapped");
	check(!can_map(component_bar.offset, component_bar.size),
	      "component BAR: nor can all of it");
	header = read_dword(&component_bar, cxl.offset);
	check((header & CXL_CM_HEADER_ID) == CXL_CM_ID_ARRAY,
	      "component BAR: a capability array is where the capability says");
}

/* The header, then entries up to the one of the decoders: all in the region, by dwords. */
static void find_decoders(void)
{
	uint32_t header = read_dword(&component, 0), i, entry = 0;

	check((header & CXL_CM_HEADER_ID) == CXL_CM_ID_ARRAY,
	      "array: the region begins with its header");
	for (i = 0; i < cxl_field(header, CXL_CM_HEADER_ARRAY_SIZE); i++) {
		entry = read_dword(&component, CXL_CM_ENTRY(i));
		if ((entry & CXL_CM_ENTRY_ID) == CXL_CM_ID_HDM)
			break;
	}
	check((entry & CXL_CM_ENTRY_ID) == CXL_CM_ID_HDM, "array: an entry is of HDM decoders");
	decoders = cxl_field(entry, CXL_CM_ENTRY_POINTER);
	note("it points to %#llx of %#llx bytes", (unsigned long long)decoders,
	     (unsigned long long)component.size);
	check(decoders && !(decoders % 4) && decoders < component.size,
	      "array: which are in the region");
	decoder_count = cxl_hdm_decoder_count(read_dword(&component, decoders));
	check(decoder_count && decoder_count <= MAX_DECODERS &&
	      decoders + cxl_hdm_length(decoder_count) <= component.size,
	      "decoders: all that they announce is in the region");
}

static void test_access(void)
{
	uint64_t word, at;
	bool good = true;

	for (at = 0; at < component.size; at += 4)
		good &= holds(device_read(&word, 4, component.offset + at) == 4);
	check(good, "component registers: every dword can be read");
	check(device_read(&word, 2, component.offset) < 0 && errno == EINVAL &&
	      device_read(&word, 1, component.offset) < 0 && errno == EINVAL &&
	      device_read(&word, 4, component.offset + 2) < 0 && errno == EINVAL &&
	      device_read(&word, 4, component.offset + component.size) < 0 && errno == EINVAL,
	      "component registers: EINVAL for less than a dword, across two, and behind the end");
	word = read_pair(&component, CXL_CM_HEADER);
	check(write_dword(&component, CXL_CM_HEADER, 0) &&
	      write_dword(&component, CXL_CM_ENTRY(0), 0) &&
	      read_pair(&component, CXL_CM_HEADER) == word, "array: writes are dropped");
}

/* Committed for the client, but where is its choice: no address of the host. */
static void test_first_look(void)
{
	uint32_t control = read_dword(&component, decoder(CXL_HDM_DECODER_CONTROL));

	check(control & CXL_HDM_DECODER_COMMITTED, "decoder 0: committed");
	check(!(control & CXL_HDM_DECODER_LOCK_ON_COMMIT), "decoder 0: not locked");
	check(!(control & RESERVED), "decoder 0: no reserved bit is set");
	check(!read_pair(&component, decoder(CXL_HDM_DECODER_BASE_LOW)), "decoder 0: base zero");
	check(read_pair(&component, decoder(CXL_HDM_DECODER_SIZE_LOW)) == memory.size,
	      "decoder 0: the memory's size");
}

static bool write_base(uint64_t base)
{
	return write_dword(&component, decoder(CXL_HDM_DECODER_BASE_LOW), (uint32_t)base) &&
	       write_dword(&component, decoder(CXL_HDM_DECODER_BASE_HIGH), base >> 32);
}

static bool base_is(uint64_t base)
{
	return read_pair(&component, decoder(CXL_HDM_DECODER_BASE_LOW)) == base;
}

/* As a VMM does before the guest starts, and the guest's own driver afterwards. */
static void test_programming(void)
{
	uint64_t control = decoder(CXL_HDM_DECODER_CONTROL);

	check(write_base(GUEST_BASE) && base_is(GUEST_BASE), "decoder 0: the base reads back");
	check(write_base(GUEST_BASE | 0xfffffff) && base_is(GUEST_BASE),
	      "decoder 0: without what is reserved in it");
	check(write_dword(&component, control, CXL_HDM_DECODER_COMMIT) &&
	      read_dword(&component, control) & CXL_HDM_DECODER_COMMITTED,
	      "decoder 0: COMMIT reads back COMMITTED");
	check(write_dword(&component, control, 0) &&
	      !(read_dword(&component, control) & CXL_HDM_DECODER_COMMITTED),
	      "decoder 0: without COMMIT it is not committed");
	check(write_base(2 * GUEST_BASE) && base_is(2 * GUEST_BASE) && write_base(GUEST_BASE) &&
	      write_dword(&component, control, CXL_HDM_DECODER_COMMIT) &&
	      read_dword(&component, control) & CXL_HDM_DECODER_COMMITTED && base_is(GUEST_BASE),
	      "decoder 0: programmed and committed once more");
	check(page_works(memory.offset, 0x67656e2d32) &&
	      page_works(memory.offset + memory.size - PAGE, 0x6c617374),
	      "memory: the first and the last page keep what is written");
	check(hardware_unchanged(), "the hardware sees nothing of all that");
}

/* An FLR leaves decoders alone, so the guest finds them as it programmed them. */
static void test_reset(void)
{
	uint64_t resets = resets_seen("flr");

	check(!device_ioctl(VFIO_DEVICE_RESET, NULL) && resets_seen("flr") == resets + 1,
	      "reset: VFIO_DEVICE_RESET resets the function");
	check(base_is(GUEST_BASE) && read_dword(&component, decoder(CXL_HDM_DECODER_CONTROL)) &
	      CXL_HDM_DECODER_COMMITTED, "reset: decoder 0 is as the guest programmed it");
	check(page_works(memory.offset, 0x7265736574), "reset: the memory works");
}

/* What a VMM leaves to its guest: locked on commit, neither base nor commit can be changed. */
static void test_lock(void)
{
	uint64_t control = decoder(CXL_HDM_DECODER_CONTROL);
	uint32_t locked = CXL_HDM_DECODER_COMMITTED | CXL_HDM_DECODER_LOCK_ON_COMMIT;

	check(write_dword(&component, control, read_dword(&component, control) |
			  CXL_HDM_DECODER_COMMIT | CXL_HDM_DECODER_LOCK_ON_COMMIT) &&
	      (read_dword(&component, control) & locked) == locked,
	      "lock: committed with LOCK it is locked");
	check(write_base(2 * GUEST_BASE) && base_is(GUEST_BASE) &&
	      read_dword(&component, control) & CXL_HDM_DECODER_COMMITTED,
	      "lock: the base stays as it is");
}

/* No access of the hardware is needed for any of it. */
static void test_memory_off(void)
{
	uint32_t command = config_read(PCI_COMMAND, 2), control;

	config_write(PCI_COMMAND, command & ~PCI_COMMAND_MEMORY, 2);
	control = read_dword(&component, decoder(CXL_HDM_DECODER_CONTROL));
	check((read_dword(&component, 0) & CXL_CM_HEADER_ID) == CXL_CM_ID_ARRAY &&
	      control != UINT32_MAX && control & CXL_HDM_DECODER_COMMITTED,
	      "component registers: the same while memory space is off");
	config_write(PCI_COMMAND, command | PCI_COMMAND_MEMORY, 2);
}

/* Nothing of one user's shadow is left for the next one. */
static void test_second_open(void)
{
	uint64_t lock;

	close_device();
	device = open_device();
	test_first_look();
	lock = find_dvsec(CXL_DVSEC_ID_DEVICE) + CXL_DEVICE_LOCK;
	check(config_read(lock, 2) == (hardware_read(lock) & 0xffff),
	      "DVSEC: locked as firmware left it, and not by the last user");
}

int main(int argc, char **argv)
{
	if (argc != 2) {
		fprintf(stderr, "usage: client_2 BDF\n");
		return 2;
	}
	bdf = argv[1];
	catch_bus_errors();
	choose_interface(CXL_VFIO_INTERFACE_2);
	device = open_device();
	test_fixed_while_open();
	discover_device();
	test_argsz();
	discover_regions();
	test_bar();
	find_decoders();
	test_access();
	remember_hardware();
	test_first_look();
	test_programming();
	test_reset();
	test_memory_off();
	remember_hardware();
	test_lock();
	test_dvsec_lock();
	check(page_works(memory.offset, 0x6c6f636b), "DVSEC: the memory works");
	check(hardware_unchanged(), "the hardware sees nothing of the locks");
	test_second_open();
	close_device();
	put_back_interface();
	return finish();
}
