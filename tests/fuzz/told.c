// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A machine's strings, one behind the other with a 0 between them, of anything: no line, no label
 * and no JSON of what metrics and monitor tell programs breaks.
 */
#include "core/discovery/findings.h"
#include "fuzz.h"
#include "out/metrics/metrics.h"
#include "out/monitor/changes.h"

struct strings {
	const char *at, *end;
};

/* The next one, or NULL behind the last. */
static char *next(struct strings *strings)
{
	size_t left = strings->end - strings->at, length = strnlen(strings->at, left);
	char *string;

	if (!left)
		return NULL;
	string = strndup(strings->at, length);
	fuzz_check(string);
	strings->at += length + (length < left);
	return string;
}

static void add_opener(struct cxv_endpoint *endpoint, struct strings *strings)
{
	struct cxv_openers *openers = &endpoint->vfio.opened_by;

	openers->items = calloc(1, sizeof(*openers->items));
	fuzz_check(openers->items);
	openers->items[0] = (struct cxv_opener) {
		.pid = cxv_known(7), .command.value = next(strings), .path.value = next(strings),
	};
	openers->count = 1;
}

static struct cxv_endpoint *make(struct strings *strings)
{
	struct cxv_endpoint *endpoint = cxv_endpoint_new("0000:0d:00.0");
	struct cxv_driver_view *view;

	fuzz_check(endpoint);
	view = &endpoint->driver_view;
	struct cxv_text *const texts[] = {
		&endpoint->driver, &view->state, &view->verdict, &view->scrub_result,
		&view->last_path, &view->view, &view->interface, &endpoint->memdev,
		&endpoint->pci.device_name, &endpoint->state_reason, &endpoint->driver_override,
	};

	endpoint->cxl_type = cxv_known(2);
	endpoint->has_driver_view = true;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		texts[i]->value = next(strings);
	if (strings->at < strings->end)
		add_opener(endpoint, strings);
	fuzz_check(!cxv_findings_make(endpoint));
	return endpoint;
}

static const char *skip(const char *at, const char *set)
{
	return at + strspn(at, set);
}

/* Behind the label's closing quote. */
static const char *skip_value(const char *at)
{
	for (; *at != '"'; at++) {
		fuzz_check((unsigned char)*at >= ' ' && *at != 0x7f);
		if (*at == '\\') {
			at++;
			fuzz_check(*at == '\\' || *at == '"' || *at == 'n');
		}
	}
	return at + 1;
}

/* name{label="value",...} number */
static const char *skip_sample(const char *at)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789_";
	const char *behind = skip(at, letters);

	fuzz_check(behind > at);
	if (*behind == '{') {
		do {
			at = behind + 1;
			behind = skip(at, letters);
			fuzz_check(behind > at && !strncmp(behind, "=\"", 2));
			behind = skip_value(behind + 2);
		} while (*behind == ',');
		fuzz_check(*behind++ == '}');
	}
	fuzz_check(*behind++ == ' ');
	at = behind;
	behind = skip(at, "0123456789.");
	fuzz_check(behind > at && *behind == '\n');
	return behind + 1;
}

static void check_page(const char *page)
{
	fuzz_text(page, false);
	while (*page)
		page = *page == '#' ? strchr(page, '\n') + 1 : skip_sample(page);
}

static void print_page(const struct cxv_endpoint *endpoint, struct strings *strings,
		       enum cxv_metrics_format format, FILE *stream)
{
	struct cxv_module_loaded driver = {
		.loaded = cxv_known(1), .version.value = next(strings),
		.srcversion.value = next(strings),
	};
	struct cxv_metrics_endpoint entry = { .endpoint = endpoint };
	struct cxv_metrics metrics = {
		.version = "1", .kernel = driver.version.value, .driver = &driver,
		.endpoints = &entry, .count = 1,
	};
	char *page = NULL;
	size_t length;
	FILE *memory = open_memstream(&page, &length);

	fuzz_check(memory);
	fuzz_check(!cxv_metrics_print(&metrics, format, memory));
	fuzz_check(!fclose(memory));
	fuzz_check(strlen(page) == length);
	check_page(page);
	fputs(page, stream);
	free(page);
	free(driver.version.value);
	free(driver.srcversion.value);
}

static int print_event(const struct cxv_event *event, void *stream)
{
	const struct cxv_event_stamp stamp = { .sequence = 1 };
	size_t length;
	char *line = cxv_event_json(event, &stamp, &length);

	fuzz_check(line && strlen(line) == length && strchr(line, '\n') == line + length - 1);
	fuzz_json(line);
	fputs(line, stream);
	free(line);
	line = cxv_event_text(event, &stamp, &length);
	fuzz_check(line && strlen(line) == length && strchr(line, '\n') == line + length - 1);
	fuzz_text(line, false);
	fputs(line, stream);
	free(line);
	return 0;
}

/* It is there, becomes another, and goes. */
static void print_events(const struct cxv_endpoint *first, const struct cxv_endpoint *second,
			 FILE *stream)
{
	struct cxv_changes changes = { .argument = stream };

	fuzz_check(!cxv_changes_read(&changes, first, true));
	fuzz_check(!cxv_changes_end(&changes));
	changes.visit = print_event;
	fuzz_check(!cxv_changes_snapshot(&changes));
	fuzz_check(!cxv_changes_read(&changes, second, true));
	fuzz_check(!cxv_changes_end(&changes));
	fuzz_check(!cxv_changes_end(&changes));
	fuzz_check(!changes.count);
	cxv_changes_clear(&changes);
}

static char *tell(const uint8_t *data, size_t size)
{
	struct strings strings = { (const char *)data, (const char *)data + size };
	struct cxv_endpoint *first = make(&strings), *second = make(&strings);
	struct strings rest = strings;
	size_t length;
	char *text = NULL;
	FILE *stream = open_memstream(&text, &length);

	fuzz_check(stream);
	print_page(first, &strings, CXV_METRICS_PROMETHEUS, stream);
	print_page(second, &rest, CXV_METRICS_OPENMETRICS, stream);
	print_events(first, second, stream);
	fuzz_check(!fclose(stream));
	cxv_endpoint_free(first);
	cxv_endpoint_free(second);
	return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *first = NULL;

	for (enum fuzz_copy kind = 0; kind < FUZZ_COPIES; kind++) {
		uint8_t *buffer = fuzz_copy(data, size, kind);

		fuzz_same(&first, tell(buffer, size));
		free(buffer);
	}
	free(first);
	return 0;
}
