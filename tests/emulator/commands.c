// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <linux/vfio.h>
#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "json.h"
#include "util.h"

/* What we answer to a proposed capability; the answer must be a subset of the proposal. */
struct protocol_capability {
	const char *name;
	const char *value;
};

#define TEXT(value)		#value
#define NUMBER_TEXT(number)	TEXT(number)

static const struct protocol_capability protocol_capabilities[] = {
	{ "max_msg_fds", NUMBER_TEXT(VFIO_USER_MAX_DESCRIPTORS) },
	{ "max_data_xfer_size", NUMBER_TEXT(VFIO_USER_MAX_TRANSFER) },
	{ "max_dma_maps", "65535" },
	{ "pgsizes", "4096" },
	{ "write_multiple", "true" },
};

struct request {
	struct vfio_user *vfio_user;
	const uint8_t *payload;
	size_t length;
	uint8_t *reply;
	size_t reply_space;
	size_t reply_length;
};

static int malformed(struct request *request, const char *reason)
{
	request->vfio_user->malformed = reason;
	return -EBADMSG;
}

static void reply_with(struct request *request, const void *payload, size_t length)
{
	memcpy(request->reply, payload, length);
	request->reply_length = length;
}

static size_t write_capabilities(const char *proposal, char *text, size_t space)
{
	const char *proposed = json_member(proposal, "capabilities"), *separator = "";
	size_t length, i;

	length = (size_t)snprintf(text, space, "{\"capabilities\":{");
	for (i = 0; proposed && i < ARRAY_SIZE(protocol_capabilities); i++) {
		if (!json_member(proposed, protocol_capabilities[i].name))
			continue;
		length += (size_t)snprintf(text + length, space - length, "%s\"%s\":%s", separator,
					   protocol_capabilities[i].name,
					   protocol_capabilities[i].value);
		separator = ",";
	}
	length += (size_t)snprintf(text + length, space - length, "}}");
	return length + 1;
}

static int handle_version(struct request *request)
{
	struct vfio_user_version version;
	const char *proposal = (const char *)request->payload + sizeof(version);
	size_t length = request->length - sizeof(version);

	memcpy(&version, request->payload, sizeof(version));
	if (version.major != VFIO_USER_MAJOR)
		return malformed(request, "major version is not 0");
	if (length && proposal[length - 1])
		return malformed(request, "version data does not end with a NUL");
	if (length && (strlen(proposal) != length - 1 || !json_is_object(proposal)))
		return malformed(request, "version data is not a JSON object");
	version.minor = VFIO_USER_MINOR;
	reply_with(request, &version, sizeof(version));
	/* The client need not expect data where it sent none. */
	if (length)
		request->reply_length +=
			write_capabilities(proposal, (char *)request->reply + sizeof(version),
					   request->reply_space - sizeof(version));
	request->vfio_user->negotiated = true;
	return 0;
}

/*
 * The endpoint does no DMA. Mappings are only counted, so any number of them costs nothing, and
 * unmapping what was never mapped is no error.
 */
static int handle_dma_map(struct request *request)
{
	struct vfio_user_dma_map map;

	memcpy(&map, request->payload, sizeof(map));
	if (map.flags & ~(uint32_t)(VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE))
		return -EINVAL;
	if (!map.size || map.address + (map.size - 1) < map.address)
		return -EINVAL;
	request->vfio_user->endpoint->counts.dma_maps++;
	return 0;
}

static int handle_dma_unmap(struct request *request)
{
	request->vfio_user->endpoint->counts.dma_unmaps++;
	reply_with(request, request->payload, sizeof(struct vfio_user_dma_unmap));
	return 0;
}

static int handle_get_info(struct request *request)
{
	const struct {
		uint32_t argsz, flags, regions, interrupts;
	} information = { sizeof(information), VFIO_DEVICE_FLAGS_RESET | VFIO_DEVICE_FLAGS_PCI,
			  VFIO_PCI_NUM_REGIONS, VFIO_PCI_NUM_IRQS };

	reply_with(request, &information, sizeof(information));
	return 0;
}

static int handle_get_region_info(struct request *request)
{
	struct vfio_region_info information;

	memcpy(&information, request->payload, sizeof(information));
	if (information.argsz < sizeof(information) || information.index >= VFIO_PCI_NUM_REGIONS)
		return -EINVAL;
	information = (struct vfio_region_info){
		.argsz = sizeof(information),
		.index = information.index,
		.size = endpoint_region_size(request->vfio_user->endpoint,
					     information.index),
	};
	if (information.size)
		information.flags = VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE;
	reply_with(request, &information, sizeof(information));
	return 0;
}

/* Every access goes through the socket: there are no such descriptors. */
static int handle_get_region_io_fds(struct request *request)
{
	struct vfio_user_region_io_fds information;

	memcpy(&information, request->payload, sizeof(information));
	if (information.index >= VFIO_PCI_NUM_REGIONS || information.flags)
		return -EINVAL;
	information.argsz = sizeof(information);
	information.count = 0;
	reply_with(request, &information, sizeof(information));
	return 0;
}

/* How many of INDEX: vectors can be set up, but the endpoint never sends one. */
static uint32_t interrupts(const struct request *request, uint32_t index)
{
	return index == VFIO_PCI_MSIX_IRQ_INDEX ?
		request->vfio_user->endpoint->options.msix_vectors : 0;
}

static int handle_get_irq_info(struct request *request)
{
	struct vfio_irq_info information;

	memcpy(&information, request->payload, sizeof(information));
	if (information.argsz < sizeof(information) || information.index >= VFIO_PCI_NUM_IRQS)
		return -EINVAL;
	information = (struct vfio_irq_info){
		.argsz = sizeof(information),
		.index = information.index,
		.count = interrupts(request, information.index),
	};
	if (information.count)
		information.flags = VFIO_IRQ_INFO_EVENTFD | VFIO_IRQ_INFO_NORESIZE;
	reply_with(request, &information, sizeof(information));
	return 0;
}

/* Interrupts are never sent: their event descriptors are not kept. */
static int handle_set_irqs(struct request *request)
{
	struct vfio_irq_set set;

	memcpy(&set, request->payload, sizeof(set));
	if (request->vfio_user->descriptor_count && !(set.flags & VFIO_IRQ_SET_DATA_EVENTFD))
		return malformed(request, "file descriptors without DATA_EVENTFD");
	if (request->vfio_user->descriptor_count > set.count)
		return malformed(request, "more file descriptors than interrupts");
	if (set.index >= VFIO_PCI_NUM_IRQS || set.start > interrupts(request, set.index) ||
	    set.count > interrupts(request, set.index) - set.start)
		return -EINVAL;
	return 0;
}

static int handle_region_read(struct request *request)
{
	struct vfio_user_region_access access;
	int rc;

	memcpy(&access, request->payload, sizeof(access));
	if (access.count > VFIO_USER_MAX_TRANSFER)
		return malformed(request, "read count is larger than negotiated");
	rc = endpoint_read(request->vfio_user->endpoint, access.region, access.offset,
			   request->reply + sizeof(access), access.count);
	if (rc)
		return rc;
	reply_with(request, &access, sizeof(access));
	request->reply_length += access.count;
	return 0;
}

static int handle_region_write(struct request *request)
{
	struct vfio_user_region_access access;

	memcpy(&access, request->payload, sizeof(access));
	if (request->length - sizeof(access) != access.count)
		return malformed(request, "write count does not match the message size");
	reply_with(request, &access, sizeof(access));
	return endpoint_write(request->vfio_user->endpoint, access.region, access.offset,
			      request->payload + sizeof(access), access.count);
}

static int handle_region_write_multi(struct request *request)
{
	struct vfio_user_region_write_one one;
	const uint8_t *next = request->payload + sizeof(uint64_t);
	uint64_t count, i;
	int rc = 0;

	memcpy(&count, request->payload, sizeof(count));
	if (count > request->length / sizeof(one) ||
	    request->length != sizeof(count) + count * sizeof(one))
		return malformed(request, "number of writes does not match the message size");
	for (i = 0; i < count && !rc; i++, next += sizeof(one)) {
		memcpy(&one, next, sizeof(one));
		if (one.count > sizeof(one.data))
			return malformed(request, "write count is larger than its data");
		rc = endpoint_write(request->vfio_user->endpoint, one.region, one.offset,
				    one.data, one.count);
	}
	reply_with(request, &count, sizeof(count));
	return rc;
}

static int handle_device_reset(struct request *request)
{
	endpoint_reset(request->vfio_user->endpoint, RESET_VFIO);
	return 0;
}

struct command_definition {
	int (*handle)(struct request *request);
	size_t minimum;			/* bytes of the payload */
	size_t maximum;
	size_t descriptors;		/* at most so many */
};

#define EXACTLY(type)	sizeof(type), sizeof(type)
#define AT_LEAST(type)	sizeof(type), VFIO_USER_MAX_MESSAGE

static const struct command_definition command_definitions[] = {
	[VFIO_USER_VERSION] = { handle_version, AT_LEAST(struct vfio_user_version), 0 },
	[VFIO_USER_DMA_MAP] = { handle_dma_map, EXACTLY(struct vfio_user_dma_map), 1 },
	[VFIO_USER_DMA_UNMAP] = { handle_dma_unmap, AT_LEAST(struct vfio_user_dma_unmap), 0 },
	[VFIO_USER_DEVICE_GET_INFO] = { handle_get_info, AT_LEAST(uint32_t), 0 },
	[VFIO_USER_DEVICE_GET_REGION_INFO] = { handle_get_region_info,
					       AT_LEAST(struct vfio_region_info), 0 },
	[VFIO_USER_DEVICE_GET_REGION_IO_FDS] = { handle_get_region_io_fds,
						 EXACTLY(struct vfio_user_region_io_fds), 0 },
	[VFIO_USER_DEVICE_GET_IRQ_INFO] = { handle_get_irq_info,
					    AT_LEAST(struct vfio_irq_info), 0 },
	[VFIO_USER_DEVICE_SET_IRQS] = { handle_set_irqs, AT_LEAST(struct vfio_irq_set),
					VFIO_USER_MAX_DESCRIPTORS },
	[VFIO_USER_REGION_READ] = { handle_region_read,
				    EXACTLY(struct vfio_user_region_access), 0 },
	[VFIO_USER_REGION_WRITE] = { handle_region_write,
				     AT_LEAST(struct vfio_user_region_access), 0 },
	[VFIO_USER_DEVICE_RESET] = { handle_device_reset, 0, 0, 0 },
	[VFIO_USER_REGION_WRITE_MULTI] = { handle_region_write_multi, AT_LEAST(uint64_t), 0 },
};

int command_execute(struct vfio_user *vfio_user, size_t *payload_length)
{
	const struct vfio_user_header *header = (struct vfio_user_header *)vfio_user->request;
	const struct command_definition *command;
	struct request request = {
		.vfio_user = vfio_user,
		.payload = vfio_user->request + sizeof(*header),
		.length = header->size - sizeof(*header),
		.reply = vfio_user->reply + sizeof(*header),
		.reply_space = sizeof(vfio_user->reply) - sizeof(*header),
	};
	int rc;

	/* Not malformed: a newer client may ask for what version 0.0 does not have. */
	if (header->command >= ARRAY_SIZE(command_definitions) ||
	    !command_definitions[header->command].handle)
		return -EOPNOTSUPP;
	command = &command_definitions[header->command];
	if (request.length < command->minimum)
		return malformed(&request, "message is too short for its command");
	if (request.length > command->maximum)
		return malformed(&request, "message is too long for its command");
	if (vfio_user->descriptor_count > command->descriptors)
		return malformed(&request, "unexpected file descriptors");
	rc = command->handle(&request);
	*payload_length = request.reply_length;
	return rc;
}
