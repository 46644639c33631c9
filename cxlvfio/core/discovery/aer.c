// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/discovery/aer.h"

#include <errno.h>
#include <linux/pci_regs.h>
#include <string.h>

#include "core/discovery/dvsec.h"

/* The kernel has 32 bits for a severity. */
#define LINES_MAX	64

CXV_TABLE(cxv_aer,
	CXV_FIELD(cxv_aer, NUMBER, correctable),
	CXV_FIELD(cxv_aer, NUMBER, nonfatal),
	CXV_FIELD(cxv_aer, NUMBER, fatal),
	CXV_FIELD(cxv_aer, REGISTER, correctable_status),
	CXV_FIELD(cxv_aer, REGISTER, uncorrectable_status),
);

/* As drivers/pci/pcie/aer.c names its counters of them. */
static const char *const uncorrectable_errors[] = {
	"Undefined", [4] = "DLP", "SDES", [12] = "TLP", "FCP", "CmpltTO", "CmpltAbrt", "UnxCmplt",
	"RxOF", "MalfTLP", "ECRC", "UnsupReq", "ACSViol", "UncorrIntErr", "BlockedTLP",
	"AtomicOpBlocked", "TLPBlockedErr", "PoisonTLPBlocked", "DMWrReqBlocked", "IDECheck",
	"MisIDETLP", "PCRC_CHECK", "TLPXlatBlocked",
};

static const char *const correctable_errors[] = {
	"RxErr", [6] = "BadTLP", "BadDLLP", "Rollover", [12] = "Timeout", "NonFatalErr",
	"CorrIntErr", "HeaderOF",
};

const char *cxv_aer_uncorrectable_error(unsigned int bit)
{
	return bit < ARRAY_SIZE(uncorrectable_errors) ? uncorrectable_errors[bit] : NULL;
}

const char *cxv_aer_correctable_error(unsigned int bit)
{
	return bit < ARRAY_SIZE(correctable_errors) ? correctable_errors[bit] : NULL;
}

const char *cxv_aer_severity_name(enum cxv_aer_severity severity)
{
	return cxv_aer_fields.fields[severity].key;
}

static struct cxv_number *sum_of(struct cxv_aer *aer, enum cxv_aer_severity severity)
{
	return (struct cxv_number *)((char *)aer + cxv_aer_fields.fields[severity].offset);
}

static int add_counter(struct cxv_aer *aer, enum cxv_aer_severity severity, const char *name,
		       size_t length, uint64_t count)
{
	struct cxv_aer_counter *counter = cxv_array_add(aer->counters, aer->counter_count);

	if (!counter)
		return -ENOMEM;
	*counter = (struct cxv_aer_counter) {
		.severity = severity, .name = strndup(name, length), .count = count,
	};
	if (counter->name)
		return 0;
	aer->counter_count--;
	return -ENOMEM;
}

static int parse_line(const char *line, size_t length, enum cxv_aer_severity severity,
		      struct cxv_aer *aer)
{
	const char *space = memchr(line, ' ', length);
	uint64_t count;
	char *end;

	if (!space || space == line || space[1] < '0' || space[1] > '9')
		return -EINVAL;
	errno = 0;
	count = strtoull(space + 1, &end, 10);
	if (errno || end != line + length)
		return -EINVAL;
	if (!strncmp(line, "TOTAL_ERR_", strlen("TOTAL_ERR_"))) {
		*sum_of(aer, severity) = cxv_known(count);
		return 0;
	}
	return count ? add_counter(aer, severity, line, space - line, count) : 0;
}

static void drop_counters(struct cxv_aer *aer, size_t count)
{
	while (aer->counter_count > count)
		free(aer->counters[--aer->counter_count].name);
}

int cxv_aer_parse(const char *text, enum cxv_aer_severity severity, struct cxv_aer *aer)
{
	size_t before = aer->counter_count;
	int error = 0;

	*sum_of(aer, severity) = (struct cxv_number) { 0 };
	for (unsigned int i = 0; *text && !error; i++) {
		size_t length = strcspn(text, "\n");

		error = i < LINES_MAX ? parse_line(text, length, severity, aer) : -EINVAL;
		text += length + !!text[length];
	}
	if (!error && !sum_of(aer, severity)->known)
		error = -EINVAL;
	if (error < 0) {
		drop_counters(aer, before);
		cxv_aer_unavailable(aer, severity, error);
	}
	return error;
}

void cxv_aer_unavailable(struct cxv_aer *aer, enum cxv_aer_severity severity, int error)
{
	*sum_of(aer, severity) = cxv_unknown(error);
}

static struct cxv_number register_at(const uint8_t *image, size_t offset)
{
	return cxv_known(cxv_dword_at(image, offset));
}

void cxv_aer_registers_decode(const uint8_t *image, size_t size, struct cxv_aer *aer)
{
	int offset = cxv_config_errors_offset(image, size);

	if (offset < 0) {
		aer->correctable_status = aer->uncorrectable_status =
			(struct cxv_number) { .error = offset == -ENOENT ? 0 : -offset };
		return;
	}
	aer->correctable_status = register_at(image, offset + PCI_ERR_COR_STATUS);
	aer->uncorrectable_status = register_at(image, offset + PCI_ERR_UNCOR_STATUS);
}

void cxv_aer_clear(struct cxv_aer *aer)
{
	drop_counters(aer, 0);
	free(aer->counters);
	*aer = (struct cxv_aer) { 0 };
}
