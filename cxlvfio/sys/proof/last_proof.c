// SPDX-License-Identifier: GPL-2.0-or-later
#include "sys/proof/last_proof.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "sys/base/state_file.h"

#define NAME_MAX_LENGTH	64

static void name_file(const struct cxv_endpoint *endpoint, char name[static NAME_MAX_LENGTH])
{
	snprintf(name, NAME_MAX_LENGTH, "proof-%s", endpoint->host);
}

int cxv_last_proof_write(const struct cxv_host *host, const struct cxv_endpoint *endpoint,
			 const struct cxv_run *run)
{
	struct cxv_last_proof proof = cxv_last_proof_of(run, time(NULL), endpoint->serial.value);
	char name[NAME_MAX_LENGTH], text[CXV_LAST_PROOF_TEXT_MAX];

	name_file(endpoint, name);
	cxv_last_proof_format(&proof, text);
	/* The endpoint was open for the run alone, which nobody else can have had meanwhile. */
	return cxv_state_file_write(host, name, text);
}

int cxv_last_proofs_open(const struct cxv_host *host)
{
	return host->tree ? -ENOENT : cxv_state_directory_open(host);
}

int cxv_last_proof_read(int proofs, const struct cxv_endpoint *endpoint,
			struct cxv_last_proof *proof)
{
	char name[NAME_MAX_LENGTH], text[CXV_LAST_PROOF_TEXT_MAX];
	ssize_t length;
	int error;

	if (proofs < 0)
		return proofs;
	name_file(endpoint, name);
	length = cxv_state_file_read_at(proofs, name, text, sizeof(text));
	if (length < 0)
		return length == -EFBIG ? -EINVAL : (int)length;
	error = strlen(text) == (size_t)length ? cxv_last_proof_parse(text, proof) : -EINVAL;
	/* Users other than root do not see the serial number of every endpoint. */
	if (!error && endpoint->serial.known && endpoint->serial.value != proof->serial)
		return -ENOENT;
	return error;
}
