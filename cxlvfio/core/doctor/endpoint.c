// SPDX-License-Identifier: GPL-2.0-or-later
/* doctor: the endpoints, how user space gets them, and what interrupted runs left. */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/base/format.h"
#include "core/base/parameters.h"
#include "core/binding/plan.h"
#include "core/doctor/checks.h"
#include "core/doctor/parse.h"
#include "core/doctor/takers.h"
#include "core/proof/cycle_pages.h"
#include "core/proof/method.h"
#include "cxl_vfio.h"

#define DEVICES	"/sys/bus/pci/devices/"

static bool is_denied(int error)
{
	return error == EACCES || error == EPERM;
}

/* Where ATTRIBUTE of ENDPOINT is. */
struct path {
	char text[96];
};

static struct path path_of(const struct cxv_endpoint *endpoint, const char *attribute)
{
	struct path path;

	snprintf(path.text, sizeof(path.text), DEVICES "%s/%s", endpoint->host, attribute);
	return path;
}

int cxv_doctor_endpoint_found(const struct cxv_doctor_facts *facts, struct cxv_doctor_check *check)
{
	if (facts->endpoint_count)
		return cxv_doctor_say(check, CXV_DOCTOR_OK, "%zu %s looked at",
				      facts->endpoint_count,
				      facts->endpoint_count == 1 ? "is" : "are");
	if (facts->inventory_incomplete)
		return cxv_doctor_unread(check, EACCES, "/sys/bus/pci/devices");
	if (!facts->place.functions && cxv_doctor_in_container(facts))
		return cxv_doctor_say(check, CXV_DOCTOR_UNKNOWN, "no PCI function is visible in "
				      "this container") ?:
		       cxv_doctor_show(check, "/sys/bus/pci/devices", NULL);
	return cxv_doctor_say(check, CXV_DOCTOR_PROBLEM, "no PCI function has the CXL DVSEC of a "
			      "Type-2 device") ?: cxv_doctor_show(check, "/sys/bus/pci/devices",
								  NULL);
}

int cxv_doctor_readable(const struct cxv_doctor_facts *facts, const struct cxv_doctor_endpoint *one,
			struct cxv_doctor_check *check)
{
	const struct cxv_endpoint *endpoint = one->endpoint;

	(void)facts;
	if (endpoint->dvsec.device_error && is_denied(endpoint->dvsec.device_error))
		return cxv_doctor_unread(check, endpoint->dvsec.device_error,
					 path_of(endpoint, "config").text);
	if (is_denied(endpoint->hdm.error))
		return cxv_doctor_unread(check, endpoint->hdm.error,
					 path_of(endpoint, "resource0").text);
	if (is_denied(endpoint->owner_error))
		return cxv_doctor_unread(check, endpoint->owner_error, "/proc/iomem");
	return cxv_doctor_say(check, CXV_DOCTOR_OK, "everything could be read");
}

int cxv_doctor_power(const struct cxv_doctor_facts *facts, const struct cxv_doctor_endpoint *one,
		     struct cxv_doctor_check *check)
{
	const struct cxv_pci *pci = &one->endpoint->pci;
	const char *state = pci->power_state.value, *runtime = pci->runtime_status.value;

	(void)facts;
	if (!state)
		return pci->power_state.error && pci->power_state.error != ENOENT ?
		       cxv_doctor_unread(check, pci->power_state.error,
					 path_of(one->endpoint, "power_state").text) :
		       cxv_doctor_say(check, CXV_DOCTOR_SKIPPED, "the kernel does not say");
	if (cxv_doctor_show(check, path_of(one->endpoint, "power_state").text, state) < 0 ||
	    cxv_doctor_show(check, path_of(one->endpoint, "power/runtime_status").text,
			    runtime) < 0)
		return -ENOMEM;
	if (runtime && !strcmp(runtime, "error"))
		return cxv_doctor_say(check, CXV_DOCTOR_PROBLEM, "the kernel failed to wake it up");
	/* One that the kernel has put to sleep it wakes up, too. */
	if (!strcmp(state, "D3cold") && (!runtime || strcmp(runtime, "suspended")))
		return cxv_doctor_say(check, CXV_DOCTOR_PROBLEM, "it is in D3cold");
	return cxv_doctor_say(check, CXV_DOCTOR_OK, "it is in %s", state);
}

int cxv_doctor_link(const struct cxv_doctor_facts *facts, const struct cxv_doctor_endpoint *one,
		    struct cxv_doctor_check *check)
{
	const struct cxv_pci *pci = &one->endpoint->pci;
	char value[16];

	(void)facts;
	if (!pci->current_link_width.known || !pci->max_link_width.known ||
	    !pci->max_link_width.value)
		return cxv_doctor_say(check, CXV_DOCTOR_SKIPPED, "it has no link of its own");
	snprintf(value, sizeof(value), "%" PRIu64, pci->current_link_width.value);
	if (cxv_doctor_show(check, path_of(one->endpoint, "current_link_width").text, value) < 0)
		return -ENOMEM;
	if (!pci->current_link_width.value)
		return cxv_doctor_say(check, CXV_DOCTOR_PROBLEM, "its link is down");
	return cxv_doctor_say(check, CXV_DOCTOR_OK, "its link has %s lanes", value);
}

int cxv_doctor_has_window(const struct cxv_endpoint *endpoint, struct cxv_doctor_check *check)
{
	const struct cxv_number *base = &endpoint->resource, *size = &endpoint->size;

	if (base->error == EBUSY)
		return cxv_doctor_say(check, CXV_DOCTOR_SKIPPED,
				      "its driver owns the decoders: only they tell the address");
	if (base->error || size->error)
		return cxv_doctor_unread(check, base->error ?: size->error, "its window");
	if (!base->known || !size->known || !size->value)
		return cxv_doctor_say(check, CXV_DOCTOR_SKIPPED, "it has no window");
	return 1;
}

/* Of the kernel that FACTS are of; NULL: neither it nor its configuration tells. */
static const struct cxv_page_sizes *pages_of(const struct cxv_doctor_facts *facts)
{
	const char *config = facts->config.value;

	if (facts->page_size)
		return cxv_page_sizes(facts->page_size);
	if (!config)
		return NULL;
	if (cxv_config_option(config, "PAGE_SIZE_16KB") == 'y')
		return cxv_page_sizes(0x4000);
	return cxv_page_sizes(cxv_config_option(config, "PAGE_SIZE_64KB") == 'y' ? 0x10000 :
										   0x1000);
}

int cxv_doctor_window_alignment(const struct cxv_doctor_facts *facts,
				const struct cxv_doctor_endpoint *one,
				struct cxv_doctor_check *check)
{
	const struct cxv_page_sizes *pages = pages_of(facts);
	const struct cxv_number *base = &one->endpoint->resource, *size = &one->endpoint->size;
	int ret = cxv_doctor_has_window(one->endpoint, check);

	if (ret <= 0)
		return ret;
	if (!pages)
		return cxv_doctor_say(check, CXV_DOCTOR_SKIPPED,
				      "the size of the kernel's pages is not known");
	/* Nobody can mend that. */
	if (size->value < pages->pmd)
		return cxv_doctor_say(check, CXV_DOCTOR_INFO, "it is smaller than a large page, "
				      "%s: pages of %s are used", cxv_page_size_name(pages->pmd),
				      cxv_page_size_name(pages->base));
	if ((base->value | size->value) % pages->pmd)
		return cxv_doctor_say(check, CXV_DOCTOR_WARNING, "%s at 0x%" PRIx64
				      " are not aligned to %s: at the ends pages of %s are used",
				      cxv_size(size->value).text, base->value,
				      cxv_page_size_name(pages->pmd),
				      cxv_page_size_name(pages->base));
	if (!pages->pud || size->value < pages->pud)
		return cxv_doctor_say(check, CXV_DOCTOR_OK, "it can be mapped with pages of %s",
				      cxv_page_size_name(pages->pmd));
	if (base->value % pages->pud)
		return cxv_doctor_say(check, CXV_DOCTOR_INFO,
				      "it begins at 0x%" PRIx64 ", which is not aligned to %s: "
				      "pages of %s are used", base->value,
				      cxv_page_size_name(pages->pud),
				      cxv_page_size_name(pages->pmd));
	return cxv_doctor_say(check, CXV_DOCTOR_OK, "it can be mapped with pages of %s",
			      cxv_page_size_name(pages->pud));
}

/* The check of driver_override is done, or 1. */
static int read_override(const struct cxv_endpoint *endpoint, struct cxv_doctor_check *check)
{
	struct path path = path_of(endpoint, "driver_override");

	if (endpoint->driver_override.error && endpoint->driver_override.error != ENOENT)
		return cxv_doctor_unread(check, endpoint->driver_override.error, path.text);
	return cxv_doctor_show(check, path.text, endpoint->driver_override.value) ?: 1;
}

int cxv_doctor_override_unbound(const struct cxv_doctor_facts *facts,
				const struct cxv_doctor_endpoint *one,
				struct cxv_doctor_check *check)
{
	const struct cxv_endpoint *endpoint = one->endpoint;
	const char *name = endpoint->driver_override.value;
	int ret = read_override(endpoint, check);

	(void)facts;
	if (ret <= 0)
		return ret;
	if (!name || !cxv_is_mark(name))
		return cxv_doctor_say(check, CXV_DOCTOR_OK, "driver_override does not name "
				      CXL_VFIO_DRIVER_NAME);
	if (cxv_endpoint_is_ours(endpoint))
		return cxv_doctor_say(check, CXV_DOCTOR_OK, CXL_VFIO_DRIVER_NAME " is bound");
	return cxv_doctor_say(check, CXV_DOCTOR_WARNING, "driver_override names %s, but %s is "
			      "bound: a bind was interrupted or refused", name,
			      endpoint->driver.value ?: "no driver");
}

int cxv_doctor_override_foreign(const struct cxv_doctor_facts *facts,
				const struct cxv_doctor_endpoint *one,
				struct cxv_doctor_check *check)
{
	const char *name = one->endpoint->driver_override.value;
	int ret = read_override(one->endpoint, check);

	(void)facts;
	if (ret <= 0)
		return ret;
	if (!name || !*name || cxv_is_mark(name))
		return cxv_doctor_say(check, CXV_DOCTOR_OK, "driver_override names no other "
				      "driver");
	return cxv_doctor_say(check, CXV_DOCTOR_WARNING, "driver_override names %s", name);
}

int cxv_doctor_driverctl(const struct cxv_doctor_facts *facts,
			 const struct cxv_doctor_endpoint *one, struct cxv_doctor_check *check)
{
	const struct cxv_doctor_text *file = &one->driverctl;

	(void)facts;
	if (file->error && file->error != ENOENT)
		return cxv_doctor_unread(check, file->error, file->path);
	if (cxv_doctor_show_text(check, file) < 0)
		return -ENOMEM;
	if (!file->value || cxv_driver_is_ours(file->value))
		return cxv_doctor_say(check, CXV_DOCTOR_OK, "driverctl gives it to no other "
				      "driver");
	return cxv_doctor_say(check, CXV_DOCTOR_WARNING, "driverctl gives it to '%s' at boot",
			      file->value);
}

static struct cxv_device_ids ids_of(const struct cxv_endpoint *endpoint)
{
	const struct cxv_pci *pci = &endpoint->pci;

	return (struct cxv_device_ids) {
		.vendor = pci->vendor.value,
		.device = pci->device.value,
		.subsystem_vendor = pci->subsystem_vendor.known ? pci->subsystem_vendor.value :
								  UINT_MAX,
		.subsystem_device = pci->subsystem_device.known ? pci->subsystem_device.value :
								  UINT_MAX,
		.class = pci->class.value,
	};
}

/* Each of what takes it is said: to remove one of two is no help. */
_printf_(4, 5)
static int add_taker(struct cxv_doctor_check *check, const char *where, const char *what,
		     const char *format, ...)
{
	_cleanup_free_ char *before = check->message, *text = NULL;
	va_list arguments;

	check->message = NULL;
	va_start(arguments, format);
	text = cxv_vformat(format, arguments);
	va_end(arguments);
	if (!text || cxv_doctor_show(check, where, what) < 0)
		return -ENOMEM;
	return cxv_doctor_say(check, CXV_DOCTOR_WARNING, "%s%s%s", before ?: "",
			      before ? "; " : "", text);
}

/* Parameter PREFIX.ids= or, of a line in modprobe.d, ids=, that means ENDPOINT. */
static int check_ids(const struct cxv_endpoint *endpoint, const char *text, const char *name,
		     const char *where, const char *how, const char *driver,
		     struct cxv_doctor_check *check)
{
	struct cxv_device_ids ids = ids_of(endpoint);
	const char *parameter, *item;
	size_t length;
	int error = 0;

	while (!error && (length = cxv_next_parameter(&text, &parameter))) {
		const char *value = cxv_parameter_value(parameter, length, name);
		_cleanup_free_ char *id = NULL;

		if (!value)
			continue;
		length = cxv_parameter_unquote(parameter, length, &value);
		length = cxv_ids_find(value, length, &ids, &item);
		if (!length)
			continue;
		id = strndup(item, length);
		error = id ? add_taker(check, where, id, "%s has %s%s, which gives it to %s at "
				       "every boot", where, how, id, driver) : -ENOMEM;
	}
	return error;
}

/* Drivers that people give devices to by their ids. */
static const struct {
	const char *driver, *module, *parameter, *on_command_line, *in_options, *in_install;
} takers[] = {
	{ "vfio-pci", "vfio_pci", "vfio_pci.ids", "vfio-pci.ids=", "options vfio-pci ids=",
	  "install vfio-pci ... ids=" },
	{ "pci-stub", "pci_stub", "pci_stub.ids", "pci-stub.ids=", "options pci-stub ids=",
	  "install pci-stub ... ids=" },
};

/* "install vfio-pci echo vfio-pci > /sys/bus/pci/devices/0000:0d:00.0/driver_override; ..." */
static int check_install(const struct cxv_endpoint *endpoint, const char *line, const char *path,
			 struct cxv_doctor_check *check)
{
	if (!cxv_overrides_driver(line, strlen(line)))
		return 0;
	if (strstr(line, endpoint->host))
		return add_taker(check, path, line, "%s has an install line that writes another "
				 "driver's name to its driver_override", path);
	if (strpbrk(line, "$*"))
		return add_taker(check, path, line, "%s has an install line that may take it: it "
				 "writes driver_override of devices that it does not name", path);
	return 0;
}

/* "/etc/modprobe.d/a.conf: options vfio-pci ids=..." */
static int check_option(const struct cxv_endpoint *endpoint, const char *option,
			struct cxv_doctor_check *check)
{
	const char *colon = strstr(option, ": ");
	_cleanup_free_ char *path = colon ? strndup(option, colon - option) : NULL;
	int error = 0;

	if (!colon)
		return 0;
	if (!path)
		return -ENOMEM;
	colon += strlen(": ");
	if (cxv_starts_with(colon, "install"))
		error = check_install(endpoint, colon, path, check);
	for (size_t i = 0; i < ARRAY_SIZE(takers) && !error; i++) {
		const char *how = NULL;

		if (cxv_modprobe_line_is(colon, strlen(colon), "options", takers[i].module))
			how = takers[i].in_options;
		else if (cxv_modprobe_line_is(colon, strlen(colon), "install", takers[i].module))
			how = takers[i].in_install;
		if (how)
			error = check_ids(endpoint, colon, "ids", path, how, takers[i].driver,
					  check);
	}
	return error;
}

/* "/etc/udev/rules.d/a.rules: ..." */
static int check_rule(const struct cxv_doctor_endpoint *one, const char *rule,
		      struct cxv_doctor_check *check)
{
	const struct cxv_endpoint *endpoint = one->endpoint;
	const struct cxv_device_ids ids = ids_of(endpoint);
	const char *colon = strstr(rule, ": ");
	_cleanup_free_ char *path = colon ? strndup(rule, colon - rule) : NULL;

	if (!colon)
		return 0;
	if (!path)
		return -ENOMEM;
	colon += strlen(": ");
	switch (cxv_udev_rule_takes(colon, strlen(colon), endpoint->host, one->devpath, &ids)) {
	case CXV_TAKES:
		return add_taker(check, path, colon, "%s, a udev rule, writes another driver's "
				 "name to its driver_override whenever it appears", path);
	case CXV_TAKES_PERHAPS:
		return add_taker(check, path, colon, "%s, a udev rule, may take it: it writes "
				 "driver_override where a condition is met that is not understood "
				 "here", path);
	default:
		return 0;
	}
}

int cxv_doctor_taken_first(const struct cxv_doctor_facts *facts,
			   const struct cxv_doctor_endpoint *one, struct cxv_doctor_check *check)
{
	const struct cxv_endpoint *endpoint = one->endpoint;
	int error = 0;

	for (size_t i = 0; i < ARRAY_SIZE(takers) && !error; i++)
		error = check_ids(endpoint, facts->command_line.value ?: "", takers[i].parameter,
				  facts->command_line.path, takers[i].on_command_line,
				  takers[i].driver, check);
	for (size_t i = 0; i < facts->options.count && !error; i++)
		error = check_option(endpoint, facts->options.items[i], check);
	for (size_t i = 0; i < facts->rules.count && !error; i++)
		error = check_rule(one, facts->rules.items[i], check);
	if (error || check->message)
		return error;
	if (facts->modprobe_error)
		return cxv_doctor_unread(check, facts->modprobe_error, "/etc/modprobe.d");
	if (facts->is_snapshot)
		return cxv_doctor_say(check, CXV_DOCTOR_SKIPPED, "no option of a module gives it "
				      "away; a snapshot has no udev rules");
	return cxv_doctor_say(check, CXV_DOCTOR_OK, "no configuration gives it away");
}

int cxv_doctor_in_use(const struct cxv_doctor_facts *facts, const struct cxv_doctor_endpoint *one,
		      struct cxv_doctor_check *check)
{
	const struct cxv_endpoint *endpoint = one->endpoint;
	const struct cxv_vfio *vfio = &endpoint->vfio;
	const struct cxv_opener *opener = vfio->opened_by.items;

	(void)facts;
	if (cxv_endpoint_is_ours(endpoint))
		return cxv_doctor_say(check, CXV_DOCTOR_OK, CXL_VFIO_DRIVER_NAME " is bound");
	if (vfio->opened_by.count)
		return cxv_doctor_say(check, CXV_DOCTOR_PROBLEM,
				      "process %" PRIu64 " (%s) has it open "
				      "through %s", opener->pid.value, opener->command.value ?: "?",
				      endpoint->driver.value ?: "no driver") ?:
		       cxv_doctor_show(check, opener->path.value ?: "/proc", NULL);
	if (vfio->opened_by_error)
		return cxv_doctor_unread(check, vfio->opened_by_error, "/proc");
	return cxv_doctor_say(check, CXV_DOCTOR_OK, "nobody uses it");
}

/* The kernel stops at the first method that fails, and asks none when there is none. */
int cxv_doctor_reset_method(const struct cxv_doctor_facts *facts,
			    const struct cxv_doctor_endpoint *one, struct cxv_doctor_check *check)
{
	const struct cxv_endpoint *endpoint = one->endpoint;
	const struct cxv_names *methods = &endpoint->reset_methods;
	const char *first = methods->count ? methods->items[0] : NULL;
	struct path path = path_of(endpoint, "reset_method");
	bool kept;

	(void)facts;
	if (methods->error)
		return cxv_doctor_unread(check, methods->error, path.text);
	if (cxv_doctor_show(check, path.text, first) < 0)
		return -ENOMEM;
	if (!first)
		return cxv_doctor_say(check, CXV_DOCTOR_WARNING, "none: " CXV_NO_RESET);
	/* It may have been another one's: who failed is not known any more. */
	if (cxv_text_is(&endpoint->driver_view.reset_result, CXL_VFIO_RESET_RESULT_FAILED))
		return cxv_doctor_say(check, CXV_DOCTOR_WARNING, "the last reset failed; the "
				      "kernel now tries %s first, and the next open shows "
				      "whether it works: while resets fail, " CXV_NO_RESET, first);
	kept = !strcmp(cxv_method_decoders(first), "kept");
	return cxv_doctor_say(check, kept ? CXV_DOCTOR_OK : CXV_DOCTOR_INFO,
			      "%s: the memory is %s afterwards, the decoders are %s", first,
			      cxv_method_memory(first), cxv_method_decoders(first));
}

/* "crw-rw---- 0:104" */
static void describe(const struct cxv_doctor_node *node, char text[static 48])
{
	static const char letters[] = "rwxrwxrwx";
	char mode[sizeof(letters)];

	memcpy(mode, letters, sizeof(letters));
	for (unsigned int i = 0; i < 9; i++)
		if (!(node->mode & 0400 >> i))
			mode[i] = '-';
	snprintf(text, 48, "%s, owner %" PRIu32 ":%" PRIu32, mode, node->user, node->group);
}

static int show_node(struct cxv_doctor_check *check, const struct cxv_doctor_node *node)
{
	char text[48];

	if (!node->path)
		return 0;
	describe(node, text);
	return cxv_doctor_show(check, node->path, node->exists ? text : NULL);
}

static bool may_open(const struct cxv_doctor_node *one, const struct cxv_doctor_node *other)
{
	return one->path && one->accessible && other->accessible;
}

int cxv_doctor_vfio_interface(const struct cxv_doctor_facts *facts, struct cxv_doctor_check *check)
{
	if (show_node(check, &facts->container) < 0 || show_node(check, &facts->iommufd) < 0)
		return -ENOMEM;
	if (facts->container.exists || facts->iommufd.exists)
		return cxv_doctor_say(check, CXV_DOCTOR_OK, "%s is there", facts->iommufd.exists ?
				      facts->iommufd.path : facts->container.path);
	if (facts->is_snapshot)
		return cxv_doctor_say(check, CXV_DOCTOR_SKIPPED,
				      "the snapshot has no device nodes");
	if (!facts->modules[CXV_DOCTOR_VFIO].loaded)
		return cxv_doctor_say(check, CXV_DOCTOR_SKIPPED,
				      "vfio is not loaded: bind loads it");
	if (cxv_doctor_in_container(facts) && !facts->endpoint_count)
		return cxv_doctor_say(check, CXV_DOCTOR_SKIPPED,
				      "a container has the nodes that it was given");
	return cxv_doctor_say(check, CXV_DOCTOR_PROBLEM, "neither is there, though vfio "
			      "is loaded");
}

int cxv_doctor_vfio_access(const struct cxv_doctor_facts *facts,
			   const struct cxv_doctor_endpoint *one, struct cxv_doctor_check *check)
{
	const char *driver = one->endpoint->driver.value;

	if (!cxv_driver_is_vfio(driver))
		return cxv_doctor_say(check, CXV_DOCTOR_SKIPPED,
				      "no driver of VFIO is bound to it");
	if (facts->is_snapshot)
		return cxv_doctor_say(check, CXV_DOCTOR_SKIPPED,
				      "a snapshot has no permissions of device nodes");
	if (!one->group_node.path && !one->cdev_node.path)
		return cxv_doctor_say(check, CXV_DOCTOR_SKIPPED, "it has no device node");
	if (show_node(check, &one->group_node) < 0 || show_node(check, &one->cdev_node) < 0 ||
	    show_node(check, &facts->container) < 0 || show_node(check, &facts->iommufd) < 0)
		return -ENOMEM;
	if (may_open(&one->cdev_node, &facts->iommufd) ||
	    may_open(&one->group_node, &facts->container))
		return cxv_doctor_say(check, CXV_DOCTOR_OK, "this user may open them");
	return cxv_doctor_say(check, CXV_DOCTOR_WARNING, "this user may not open %s and the "
			      "node that goes with it",
			      one->group_node.path ?: one->cdev_node.path);
}

/* The record of a bind that came to its end says how to undo it. */
static bool is_in_order(const struct cxv_doctor_leftover *one)
{
	return one->kind == CXV_DOCTOR_OF_BIND && one->bound && !one->damaged &&
	       !one->other_device && !one->error;
}

/* Is LEFT the worse news than RIGHT? Of a process that is still at work nothing is left. */
static bool is_worse(const struct cxv_doctor_leftover *left,
		     const struct cxv_doctor_leftover *right)
{
	return !right || (right->worker && !left->worker);
}

static int tell_leftover(const struct cxv_doctor_leftover *one, struct cxv_doctor_check *check)
{
	if (one->worker)
		return cxv_doctor_say(check, CXV_DOCTOR_SKIPPED, "process %" PRIu32
				      " is at work on %s", one->worker, one->target);
	if (one->error)
		return cxv_doctor_unread(check, one->error, one->path);
	return cxv_doctor_say(check, CXV_DOCTOR_WARNING, one->damaged ?
			      "the record of %s is damaged" : one->other_device ?
			      "there is a record of %s, where there is now another device or none" :
			      "there is a record of %s", one->target);
}

static int check_leftovers(const struct cxv_doctor_facts *facts, struct cxv_doctor_check *check,
			   enum cxv_doctor_leftover_kind kind)
{
	const struct cxv_doctor_leftover *worst = NULL;

	for (size_t i = 0; i < facts->leftover_count; i++) {
		const struct cxv_doctor_leftover *one = &facts->leftovers[i];

		if (one->kind != kind || is_in_order(one))
			continue;
		if (cxv_doctor_show(check, one->path, NULL) < 0)
			return -ENOMEM;
		if (is_worse(one, worst))
			worst = one;
	}
	if (worst)
		return tell_leftover(worst, check);
	if (facts->leftover_error && facts->leftover_error != ENOENT)
		return cxv_doctor_unread(check, facts->leftover_error, "/run/cxlvfio");
	return cxv_doctor_say(check, CXV_DOCTOR_OK, "nothing was interrupted");
}

int cxv_doctor_interrupted_bind(const struct cxv_doctor_facts *facts,
				struct cxv_doctor_check *check)
{
	return check_leftovers(facts, check, CXV_DOCTOR_OF_BIND);
}

int cxv_doctor_interrupted_reset(const struct cxv_doctor_facts *facts,
				 struct cxv_doctor_check *check)
{
	return check_leftovers(facts, check, CXV_DOCTOR_OF_RESET);
}

int cxv_doctor_interrupted_offer(const struct cxv_doctor_facts *facts,
				 struct cxv_doctor_check *check)
{
	return check_leftovers(facts, check, CXV_DOCTOR_OF_OFFER);
}

int cxv_doctor_interrupted_persist(const struct cxv_doctor_facts *facts,
				   struct cxv_doctor_check *check)
{
	if (facts->is_snapshot)
		return cxv_doctor_say(check, CXV_DOCTOR_SKIPPED, "a snapshot has no definitions");
	return check_leftovers(facts, check, CXV_DOCTOR_OF_PERSIST);
}

int cxv_doctor_first_contact(const struct cxv_doctor_facts *facts,
			     const struct cxv_doctor_endpoint *one, struct cxv_doctor_check *check)
{
	const struct cxv_ladder *ladder = &one->endpoint->ladder;
	_cleanup_free_ char *sentence = NULL;

	(void)facts;
	if (ladder->state.error)
		return cxv_doctor_unread(check, ladder->state.error, "its record");
	if (!ladder->state.value)
		return cxv_doctor_say(check, CXV_DOCTOR_SKIPPED, "it is not a Type-2 endpoint");
	if (cxv_ladder_sentence(ladder, &sentence) < 0)
		return -ENOMEM;
	if (sentence)
		return cxv_doctor_say(check, cxv_ladder_is(ladder, CXV_LADDER_NOT_SURVIVED) ?
				      CXV_DOCTOR_PROBLEM : CXV_DOCTOR_WARNING, "%s", sentence);
	if (cxv_ladder_is(ladder, CXV_LADDER_PROVEN))
		return cxv_doctor_say(check, CXV_DOCTOR_OK, "this machine survives every step%s",
				      cxv_ladder_by_slot(ladder) ? ", in this slot" : "");
	if (cxv_ladder_is(ladder, CXV_LADDER_RUNNING))
		return cxv_doctor_say(check, CXV_DOCTOR_SKIPPED, "a process is in step \"%s\" now",
				      ladder->step.value);
	return cxv_doctor_say(check, CXV_DOCTOR_INFO, "not proven yet: %s was survived%s",
			      ladder->survived.value ?: "nothing",
			      cxv_ladder_by_slot(ladder) ? ", in this slot" : "");
}
