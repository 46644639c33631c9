// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/discovery/filter.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/base/pci_address.h"
#include "cxl_vfio.h"

const char cxv_state_words[] =
	"unknown ready bound gated refused not_committed no_driver not_visible lost";

/* --- words --- */

static bool is_number(const char *word)
{
	size_t digits = strspn(word, "0123456789");

	return digits && digits < 10 && !word[digits];
}

/* PREFIX and a number, or the number alone. */
static bool is_numbered(const char *word, const char *prefix)
{
	size_t length = strlen(prefix);

	return is_number(!strncmp(word, prefix, length) ? word + length : word);
}

static bool is_address(const char *word)
{
	char address[CXV_PCI_ADDRESS_MAX];

	return cxv_pci_take_address(word, address);
}

/* "decoder1.0" or "1.0". */
static bool is_decoder(const char *word)
{
	char port[32];
	const char *dot;

	if (!strncmp(word, "decoder", 7))
		word += 7;
	dot = strchr(word, '.');
	if (!dot || (size_t)(dot - word) >= sizeof(port))
		return false;
	snprintf(port, sizeof(port), "%.*s", (int)(dot - word), word);
	return is_number(port) && is_number(dot + 1);
}

static enum cxv_state find_state(const char *word)
{
	enum cxv_state state = 0;

	while (state < CXV_STATE_COUNT && strcmp(word, cxv_state_name(state)))
		state++;
	return state;
}

static bool is_word(enum cxv_filter_kind kind, const char *word)
{
	uint64_t serial;

	switch (kind) {
	case CXV_FILTER_MEMDEV:
		return !strcmp(word, "all") || is_numbered(word, "mem") || is_address(word);
	case CXV_FILTER_ENDPOINT:
		return !strcmp(word, "all") || is_numbered(word, "endpoint");
	case CXV_FILTER_REGION:
		return !strcmp(word, "all") || is_numbered(word, "region");
	case CXV_FILTER_DECODER:
		return !strcmp(word, "all") || !strcmp(word, "root") || !strcmp(word, "switch") ||
		       !strcmp(word, "endpoint") || is_decoder(word);
	case CXV_FILTER_SERIAL:
		return cxv_serial_parse(word, &serial);
	case CXV_FILTER_STATE:
		return find_state(word) < CXV_STATE_COUNT;
	default:
		return true;
	}
}

/* "no driver", as the table has it, is the word no_driver. */
static void join_states(char *text)
{
	for (enum cxv_state state = 0; state < CXV_STATE_COUNT; state++) {
		const char *name = cxv_state_name(state), *low = strchr(name, '_');
		size_t before = low ? low - name : 0;

		for (char *at = text; low && *at; at++)
			if (!strncmp(at, name, before) && at[before] &&
			    strchr(" -", at[before]) &&
			    !strncmp(at + before + 1, low + 1, strlen(low + 1)))
				at[before] = '_';
	}
}

int cxv_filter_add(struct cxv_filter *filter, enum cxv_filter_kind kind, const char *value,
		   char **bad)
{
	_cleanup_free_ char *copy = strdup(value);
	char *state = NULL, *word;
	int error = copy ? 0 : -ENOMEM;

	*bad = NULL;
	if (error)
		return error;
	if (kind == CXV_FILTER_STATE)
		join_states(copy);
	word = strtok_r(copy, ", \t\n", &state);
	if (!word) {
		*bad = strdup("");
		return *bad ? -EINVAL : -ENOMEM;
	}
	for (; word && !error; word = strtok_r(NULL, ", \t\n", &state)) {
		if (!is_word(kind, word)) {
			*bad = strdup(word);
			return *bad ? -EINVAL : -ENOMEM;
		}
		error = cxv_names_add(&filter->words[kind], word);
	}
	return error;
}

void cxv_filter_clear(struct cxv_filter *filter)
{
	for (size_t kind = 0; kind < CXV_FILTER_COUNT; kind++)
		cxv_names_clear(&filter->words[kind]);
}

bool cxv_filter_is_empty(const struct cxv_filter *filter)
{
	for (size_t kind = 0; kind < CXV_FILTER_COUNT; kind++)
		if (filter->words[kind].count)
			return false;
	return true;
}

/* --- what excludes what --- */

/* core/discovery/state.c: these follow from the driver. */
static bool can_be(enum cxv_state state, const char *driver)
{
	bool ours = cxv_driver_is_ours(driver);

	switch (state) {
	case CXV_STATE_READY:
	case CXV_STATE_GATED:
	case CXV_STATE_REFUSED:
	case CXV_STATE_NOT_VISIBLE:
		return ours;
	case CXV_STATE_BOUND:
		return !ours;
	case CXV_STATE_NO_DRIVER:
	case CXV_STATE_NOT_COMMITTED:
		return false;
	default:
		return true;
	}
}

bool cxv_filter_is_contradictory(const struct cxv_filter *filter)
{
	const struct cxv_names *states = &filter->words[CXV_FILTER_STATE];
	const struct cxv_names *drivers = &filter->words[CXV_FILTER_DRIVER];

	if (!states->count || !drivers->count)
		return false;
	for (size_t i = 0; i < states->count; i++)
		for (size_t j = 0; j < drivers->count; j++)
			if (can_be(find_state(states->items[i]), drivers->items[j]))
				return false;
	return true;
}

/* --- matches --- */

/* WORD names NAME: whole, or by what follows PREFIX. */
static bool names(const char *word, const char *name, const char *prefix)
{
	size_t length = strlen(prefix);

	if (!name)
		return false;
	if (!strcmp(word, "all") || !strcmp(word, name))
		return true;
	return !strncmp(name, prefix, length) && !strcmp(word, name + length);
}

static bool matches_memdev(const char *word, const struct cxv_endpoint *endpoint)
{
	char address[CXV_PCI_ADDRESS_MAX];

	return names(word, endpoint->memdev.value, "mem") ||
	       (cxv_pci_take_address(word, address) && !strcmp(address, endpoint->host));
}

static bool matches_region(const char *word, const struct cxv_endpoint *endpoint)
{
	for (size_t i = 0; i < endpoint->region_count; i++)
		if (names(word, endpoint->regions[i].region.value, "region"))
			return true;
	return false;
}

/* WORD is the class of these decoders, or one of them. */
static bool names_decoder(const char *word, const char *class, const struct cxv_text *name)
{
	return !strcmp(word, class) || names(word, name->value, "decoder");
}

static bool leads_to(const struct cxv_target *targets, size_t count, const char *dport)
{
	for (size_t i = 0; i < count; i++)
		if (cxv_text_is(&targets[i].target, dport))
			return true;
	return false;
}

/* As cxl has it: whatever can decode for the memdev, also a window without a region of it. */
static bool matches_decoder(const char *word, const struct cxv_endpoint *endpoint)
{
	const char *dport = endpoint->endpoint_info.parent_dport.value;

	for (size_t i = 0; i < endpoint->decoder_count; i++)
		if (names_decoder(word, "endpoint", &endpoint->decoders[i].decoder))
			return true;
	for (const struct cxv_port *port = endpoint->port_above; port && dport;
	     port = port->parent) {
		for (size_t i = 0; i < port->decoder_count; i++)
			if (names_decoder(word, "switch", &port->decoders[i].decoder) &&
			    leads_to(port->decoders[i].targets, port->decoders[i].target_count,
				     dport))
				return true;
		dport = port->parent_dport.value;
	}
	for (size_t i = 0; endpoint->bus && dport && i < endpoint->topology->window_count; i++) {
		const struct cxv_decoder *window = endpoint->topology->windows[i];

		if (window->bus == endpoint->bus && names_decoder(word, "root", &window->decoder) &&
		    leads_to(window->targets, window->target_count, dport))
			return true;
	}
	return false;
}

static bool matches_serial(const char *word, const struct cxv_endpoint *endpoint)
{
	uint64_t serial;

	return cxv_serial_parse(word, &serial) && endpoint->serial.known &&
	       endpoint->serial.value == serial;
}

static bool matches_word(enum cxv_filter_kind kind, const char *word,
			 const struct cxv_endpoint *endpoint)
{
	switch (kind) {
	case CXV_FILTER_MEMDEV:
		return matches_memdev(word, endpoint);
	case CXV_FILTER_ENDPOINT:
		return names(word, endpoint->endpoint.value, "endpoint");
	case CXV_FILTER_REGION:
		return matches_region(word, endpoint);
	case CXV_FILTER_DECODER:
		return matches_decoder(word, endpoint);
	case CXV_FILTER_SERIAL:
		return matches_serial(word, endpoint);
	case CXV_FILTER_DRIVER:
		return cxv_text_is(&endpoint->driver, word);
	case CXV_FILTER_STATE:
		return find_state(word) == endpoint->state;
	default:
		return false;
	}
}

static bool matches_any(enum cxv_filter_kind kind, const struct cxv_names *words,
			const struct cxv_endpoint *endpoint)
{
	for (size_t i = 0; i < words->count; i++)
		if (matches_word(kind, words->items[i], endpoint))
			return true;
	return !words->count;
}

bool cxv_filter_matches(const struct cxv_filter *filter, const struct cxv_endpoint *endpoint)
{
	for (size_t kind = 0; kind < CXV_FILTER_COUNT; kind++)
		if (!matches_any(kind, &filter->words[kind], endpoint))
			return false;
	return true;
}
