// SPDX-License-Identifier: GPL-2.0-or-later
#include "sys/binding/parameters.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/base/pci_address.h"
#include "core/base/util.h"
#include "cxl_vfio.h"
#include "sys/base/state_file.h"
#include "sys/binding/lock.h"

#define PARAMETERS	"sys/module/" CXL_VFIO_MODULE_NAME "/parameters"

static int read_offer(const struct cxv_host *host, const char *directory, struct cxv_offer *offer)
{
	*offer = (struct cxv_offer) { 0 };
	for (enum cxv_offer_part part = 0; part < CXV_OFFER_PARTS; part++) {
		_cleanup_free_ char *word = NULL;
		int ret = cxv_host_read_string(host, &word, "%s/%s", directory,
					       cxv_offer_name(part));

		if (ret < 0)
			return ret;
		/* It goes back to where it is from: only what is understood is taken. */
		if (cxv_offer_set(offer, part, word) < 0)
			return -EPROTO;
	}
	return 0;
}

int cxv_parameters_read(const struct cxv_host *host, struct cxv_offer *offer)
{
	return read_offer(host, PARAMETERS, offer);
}

int cxv_parameters_of_device(const struct cxv_host *host, const char *device,
			     struct cxv_offer *offer)
{
	char directory[96];

	snprintf(directory, sizeof(directory), CXV_PCI_DEVICES "/%s/" CXL_VFIO_SYSFS_GROUP,
		 device);
	return read_offer(host, directory, offer);
}

int cxv_parameters_note(const struct cxv_host *host, const struct cxv_offer *offer)
{
	char text[CXV_OFFER_TEXT_SIZE], line[CXV_OFFER_TEXT_SIZE + 1];

	cxv_offer_format(offer, text);
	snprintf(line, sizeof(line), "%s\n", text);
	return cxv_state_file_write(host, CXV_PARAMETERS_NOTE, line);
}

int cxv_parameters_forget(const struct cxv_host *host)
{
	return cxv_state_file_remove(host, CXV_PARAMETERS_NOTE);
}

/* -ENOENT without a note, -EINVAL for a damaged one. */
static int read_note(const struct cxv_host *host, struct cxv_offer *offer)
{
	char text[CXV_OFFER_TEXT_SIZE + 1];
	ssize_t length = cxv_state_file_read(host, CXV_PARAMETERS_NOTE, text, sizeof(text));

	if (length < 0)
		return length == -EFBIG ? -EINVAL : (int)length;
	if (!length || (size_t)length != strlen(text) || text[length - 1] != '\n')
		return -EINVAL;
	text[length - 1] = '\0';
	return cxv_offer_parse(text, offer);
}

/* They went with the module where it is not loaded any more. */
static int write_back(const struct cxv_host *host, const struct cxv_offer *offer)
{
	int ret = 0;

	for (enum cxv_offer_part part = 0; part < CXV_OFFER_PARTS && !ret; part++)
		if (offer->words[part][0])
			ret = cxv_host_write_string(host, offer->words[part], PARAMETERS "/%s",
						    cxv_offer_name(part));
	return ret == -ENOENT && !cxv_host_exists(host, PARAMETERS) ? 0 : ret;
}

static int put_back(const struct cxv_host *host, int lock, const struct cxv_deadline *deadline,
		    struct cxv_offer *offer)
{
	int ret = cxv_parameters_lock_alone(lock, deadline);

	/* Another run may have been first. */
	if (!ret)
		ret = read_note(host, offer);
	if (!ret)
		ret = write_back(host, offer);
	return ret ? ret : cxv_parameters_forget(host);
}

int cxv_parameters_put_back(const struct cxv_host *host, int lock,
			    const struct cxv_deadline *deadline, const char *operation,
			    struct cxv_errors *errors)
{
	struct cxv_place place = {
		.operation = operation,
		.path = "/" CXV_STATE_DIRECTORY "/" CXV_PARAMETERS_NOTE,
		.hint = "put /" PARAMETERS "/* back by hand, and remove the file",
	};
	char text[CXV_OFFER_TEXT_SIZE];
	struct cxv_offer offer;
	int ret = read_note(host, &offer);

	/* Killed while it was written, before anything changed. */
	if (ret == -ENOENT)
		return 0;
	ret = put_back(host, lock, deadline, &offer);
	if (ret == -ENOENT)
		return 0;
	if (ret < 0)
		return cxv_error(errors, cxv_code_of_errno(ret), ret, place,
				 "an earlier bind was killed, and the module's parameters that it "
				 "saved cannot be restored");
	cxv_offer_format(&offer, text);
	cxv_warning(errors, CXV_FAILED, 0, (struct cxv_place) { .operation = operation },
		    "an earlier bind was killed: the module's parameters are back to %s", text);
	return 0;
}
