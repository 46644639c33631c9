// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "control.h"
#include "cxl_regs.h"
#include "hdm.h"
#include "json.h"
#include "util.h"

struct command {
	struct endpoint *endpoint;
	FILE *answer;
	const char *argument;		/* empty without one */
	bool connected;
};

struct command_definition {
	const char *name;
	const char *argument;		/* NULL: takes none */
	const char *description;
	void (*execute)(struct command *command);
};

static const char *truth(bool value)
{
	return value ? "true" : "false";
}

static void answer_error(struct command *command, const char *format, const char *detail)
{
	char text[2 * CONTROL_LINE_LENGTH];

	snprintf(text, sizeof(text), format, detail);
	fputs("{\"error\":", command->answer);
	json_write_string(command->answer, text);
	fputc('}', command->answer);
}

static void write_decoder(FILE *answer, const struct endpoint *endpoint, uint32_t index)
{
	uint32_t control = hdm_control(endpoint, index);

	fprintf(answer,
		"{\"index\":%u,\"base\":%" PRIu64 ",\"size\":%" PRIu64 ",\"control\":%u,"
		"\"commit\":%s,\"committed\":%s,\"error\":%s,\"lock\":%s,\"host_only\":%s}",
		index, hdm_base(endpoint, index), hdm_size(endpoint, index), control,
		truth(control & CXL_HDM_DECODER_COMMIT),
		truth(control & CXL_HDM_DECODER_COMMITTED),
		truth(control & CXL_HDM_DECODER_ERROR),
		truth(control & CXL_HDM_DECODER_LOCK_ON_COMMIT),
		truth(control & CXL_HDM_DECODER_HOST_ONLY));
}

/* Milliseconds until DEADLINE, rounded up; null without one, "never" where it never comes. */
static void write_pending(FILE *answer, const struct endpoint *endpoint, const char *name,
			  uint64_t deadline)
{
	uint64_t now = endpoint_now(endpoint), left = deadline > now ? deadline - now : 0;

	fprintf(answer, "\"%s\":", name);
	if (deadline == DEADLINE_NONE)
		fputs("null", answer);
	else if (deadline == DEADLINE_NEVER)
		fputs("\"never\"", answer);
	else
		fprintf(answer, "%" PRIu64, left / NANOSECONDS_PER_MS +
			!!(left % NANOSECONDS_PER_MS));
}

static void write_armed_faults(FILE *answer, const struct endpoint *endpoint)
{
	const char *separator = "";
	int id;

	for (id = 0; id < FAULT_COUNT; id++) {
		if (!endpoint->faults[id].armed)
			continue;
		fprintf(answer, "%s\"%s\"", separator, fault_definitions[id].name);
		separator = ",";
	}
}

static void execute_state(struct command *command)
{
	const struct endpoint *endpoint = command->endpoint;
	FILE *answer = command->answer;
	uint32_t index;

	fprintf(answer, "{\"connected\":%s,\"decoding\":%s,\"all_ones\":%s,",
		truth(command->connected), truth(endpoint_decodes(endpoint)),
		truth(endpoint_all_ones(endpoint)));
	fprintf(answer, "\"window\":{\"base\":%" PRIu64 ",\"size\":%" PRIu64 ",\"hidden\":%s},",
		endpoint->options.window_base, endpoint->options.window_size,
		truth(endpoint->window.hidden));
	fprintf(answer, "\"serial\":%" PRIu64 ",\"command\":%u,\"power_state\":%u,\"scratch\":%u,",
		endpoint->options.serial, config_space_command(endpoint),
		config_space_power_state(endpoint), endpoint->scratch);
	fprintf(answer, "\"mem_enable\":%s,\"config_lock\":%s,\"decoder_enable\":%s,",
		truth(dvsec_mem_enabled(endpoint)), truth(dvsec_config_locked(endpoint)),
		truth(hdm_enabled(endpoint)));
	fprintf(answer, "\"range\":{\"base\":%" PRIu64 ",\"size\":%" PRIu64 ",\"valid\":%s,"
		"\"active\":%s},\"decoders\":[", dvsec_range_base(endpoint),
		dvsec_range_size(endpoint), truth(dvsec_range_valid(endpoint)),
		truth(dvsec_media_ready(endpoint)));
	for (index = 0; index < endpoint->options.decoders; index++) {
		if (index)
			fputc(',', answer);
		write_decoder(answer, endpoint, index);
	}
	fputs("],\"pending_ms\":{", answer);
	write_pending(answer, endpoint, "media_ready", endpoint->media_ready_at);
	fputc(',', answer);
	write_pending(answer, endpoint, "cxl_reset", endpoint->reset_complete_at);
	fputc(',', answer);
	write_pending(answer, endpoint, "all_ones", endpoint->all_ones_until);
	fputs("},\"faults\":[", answer);
	write_armed_faults(answer, endpoint);
	fputs("]}", answer);
}

static void execute_counts(struct command *command)
{
	const struct endpoint_counts *counts = &command->endpoint->counts;
	const struct endpoint_watch *watch = &command->endpoint->watch;
	const struct {
		const char *name;
		uint64_t value;
	} fields[] = {
		{ "resets_ignored", counts->resets_ignored },
		{ "config_reads", counts->config_reads },
		{ "config_writes", counts->config_writes },
		{ "register_reads", counts->register_reads },
		{ "register_writes", counts->register_writes },
		{ "dma_maps", counts->dma_maps },
		{ "dma_unmaps", counts->dma_unmaps },
		{ "connections", counts->connections },
		{ "commits", counts->commits },
		{ "commit_errors", counts->commit_errors },
		{ "accesses_undecoded", counts->accesses[ACCESS_UNDECODED] },
		{ "accesses_memory_off", counts->accesses[ACCESS_MEMORY_OFF] },
	};
	const char *separator = "";
	size_t i;

	fputs("{\"resets\":{", command->answer);
	for (i = 0; i < RESET_KINDS; i++) {
		fprintf(command->answer, "%s\"%s\":%" PRIu64, separator, reset_kind_names[i],
			counts->resets[i]);
		separator = ",";
	}
	fputc('}', command->answer);
	for (i = 0; i < ARRAY_SIZE(fields); i++)
		fprintf(command->answer, ",\"%s\":%" PRIu64, fields[i].name, fields[i].value);
	fprintf(command->answer, ",\"watched\":%s}",
		truth(watch->set && watch->is_there(watch->context)));
}

static void execute_reset_counts(struct command *command)
{
	memset(&command->endpoint->counts, 0, sizeof(command->endpoint->counts));
	fputs("{\"ok\":true}", command->answer);
}

static void execute_fault(struct command *command)
{
	const char *reason = NULL;

	if (!*command->argument)
		answer_error(command, "fault: name one: fault NAME[=ARGUMENT][@FIRST[xTIMES]]%s",
			     "");
	else if (faults_inject(command->endpoint, command->argument, &reason))
		answer_error(command, "fault: %s", reason);
	else
		fputs("{\"ok\":true}", command->answer);
}

static void execute_clear(struct command *command)
{
	if (!*command->argument)
		answer_error(command, "clear: name a fault, or all%s", "");
	else if (faults_clear(command->endpoint, command->argument))
		answer_error(command, "clear: no such fault: %s", command->argument);
	else
		fputs("{\"ok\":true}", command->answer);
}

static void write_fault(FILE *answer, const struct fault_definition *definition,
			const struct fault *fault)
{
	static const char *const kinds[] = {
		[ARGUMENT_NONE] = "none",
		[ARGUMENT_OPTIONAL] = "optional",
		[ARGUMENT_REQUIRED] = "required",
	};

	fprintf(answer, "{\"name\":\"%s\",\"argument\":\"%s\",\"argument_name\":", definition->name,
		kinds[definition->argument]);
	if (definition->argument_name)
		json_write_string(answer, definition->argument_name);
	else
		fputs("null", answer);
	fputs(",\"description\":", answer);
	json_write_string(answer, definition->description);
	fprintf(answer, ",\"armed\":%s,\"active\":%s,\"value\":", truth(fault->armed),
		truth(fault->armed && (definition->immediate || fault->struck)));
	if (fault->has_argument)
		fprintf(answer, "%" PRIu64, fault->argument);
	else
		fputs("null", answer);
	fprintf(answer, ",\"first\":%" PRIu64 ",\"times\":%" PRIu64 ",\"struck\":%" PRIu64 "}",
		fault->first, fault->times, fault->struck);
}

static void execute_faults(struct command *command)
{
	int id;

	fputs("{\"faults\":[", command->answer);
	for (id = 0; id < FAULT_COUNT; id++) {
		if (id)
			fputc(',', command->answer);
		write_fault(command->answer, &fault_definitions[id],
			    &command->endpoint->faults[id]);
	}
	fputs("]}", command->answer);
}

static void execute_present(struct command *command)
{
	bool present = !strcmp(command->argument, "on");

	if (!present && strcmp(command->argument, "off")) {
		answer_error(command, "present: on or off, not \"%s\"", command->argument);
		return;
	}
	endpoint_set_present(command->endpoint, present);
	fputs("{\"ok\":true}", command->answer);
}

static void execute_firmware(struct command *command)
{
	endpoint_recommit(command->endpoint);
	fputs("{\"ok\":true}", command->answer);
}

static void execute_damage(struct command *command)
{
	struct endpoint *endpoint = command->endpoint;
	uint64_t seed;

	if (!strcmp(command->argument, "off")) {
		damage_end(&endpoint->damage);
		fputs("{\"ok\":true}", command->answer);
	} else if (parse_number(command->argument, &seed)) {
		answer_error(command, "damage: a seed, or off, not \"%s\"", command->argument);
	} else {
		damage_begin(&endpoint->damage, seed, HDM_OFFSET,
			     cxl_hdm_length(endpoint->options.decoders));
		damage_write_json(&endpoint->damage, command->answer);
	}
}

static void execute_help(struct command *command);

static const struct command_definition command_definitions[] = {
	{ "state", NULL, "what the endpoint is like now", execute_state },
	{ "counts", NULL, "resets by kind, accesses, mappings, commits", execute_counts },
	{ "reset-counts", NULL, "all counts to zero", execute_reset_counts },
	{ "fault", "NAME[=ARGUMENT][@FIRST[xTIMES]]",
	  "arms a fault, from the FIRST reset on, at most TIMES times", execute_fault },
	{ "clear", "NAME|all", "disarms a fault and ends its effect where it lasts",
	  execute_clear },
	{ "faults", NULL, "the catalogue and what is armed", execute_faults },
	{ "firmware", NULL, "decoders and DVSECs as at power on, whatever faults made of them",
	  execute_firmware },
	{ "present", "on|off", "pulls the device out, or puts it back", execute_present },
	{ "damage", "SEED|off", "registers read wrong, in a way that the seed decides",
	  execute_damage },
	{ "help", NULL, "the commands", execute_help },
};

static void execute_help(struct command *command)
{
	const struct command_definition *definition;
	size_t i;

	fputs("{\"commands\":[", command->answer);
	for (i = 0; i < ARRAY_SIZE(command_definitions); i++) {
		definition = &command_definitions[i];
		fprintf(command->answer, "%s{\"name\":\"%s\",\"argument\":", i ? "," : "",
			definition->name);
		if (definition->argument)
			json_write_string(command->answer, definition->argument);
		else
			fputs("null", command->answer);
		fputs(",\"description\":", command->answer);
		json_write_string(command->answer, definition->description);
		fputc('}', command->answer);
	}
	fputs("]}", command->answer);
}

static void execute_line(struct command *command, char *line)
{
	char *name = strtok_r(line, " \t\r", &line);
	char *argument = strtok_r(NULL, " \t\r", &line);
	size_t i;

	if (!name) {
		answer_error(command, "empty line; \"help\" lists the commands%s", "");
		return;
	}
	command->argument = argument ? argument : "";
	for (i = 0; i < ARRAY_SIZE(command_definitions); i++) {
		if (strcmp(command_definitions[i].name, name))
			continue;
		if ((argument && !command_definitions[i].argument) ||
		    strtok_r(NULL, " \t\r", &line))
			answer_error(command, "%s: too many arguments", name);
		else
			command_definitions[i].execute(command);
		return;
	}
	answer_error(command, "no such command: %s; \"help\" lists them", name);
}

char *control_execute(struct endpoint *endpoint, bool connected, const char *line)
{
	struct command command = { .endpoint = endpoint, .connected = connected };
	_cleanup_free_ char *copy = strdup(line);
	char *answer = NULL;
	size_t length;

	if (!copy)
		return NULL;
	command.answer = open_memstream(&answer, &length);
	if (!command.answer)
		return NULL;
	endpoint_run_timers(endpoint);
	/* What was seen until now is told, and what the line changes. */
	endpoint_watch_window(endpoint, true);
	execute_line(&command, copy);
	endpoint_watch_window(endpoint, false);
	fputc('\n', command.answer);
	if (fclose(command.answer)) {
		free(answer);
		return NULL;
	}
	return answer;
}

void control_connect(struct control_client *client, int socket)
{
	memset(client, 0, sizeof(*client));
	client->socket = socket;
}

/* An answer is smaller than a socket's buffer: who does not read them is let go. */
static void send_answer(struct control_client *client, const char *answer)
{
	size_t length = strlen(answer);

	if (send(client->socket, answer, length, MSG_NOSIGNAL) == (ssize_t)length)
		return;
	log_event("control: client does not read its answers: closed");
	close_descriptor(&client->socket);
}

static void answer_line(struct control_client *client, struct endpoint *endpoint, bool connected)
{
	_cleanup_free_ char *answer = NULL;

	if (client->too_long) {
		send_answer(client, "{\"error\":\"line is too long\"}\n");
		return;
	}
	answer = control_execute(endpoint, connected, client->line);
	if (answer)
		send_answer(client, answer);
	else
		close_descriptor(&client->socket);
}

static void take_byte(struct control_client *client, char byte, struct endpoint *endpoint,
		      bool connected)
{
	if (byte == '\n') {
		client->line[client->length] = '\0';
		answer_line(client, endpoint, connected);
		client->length = 0;
		client->too_long = false;
	} else if (client->length + 1 < sizeof(client->line)) {
		/* A NUL would end the line unseen. */
		client->line[client->length++] = byte ? byte : '?';
	} else {
		client->too_long = true;
	}
}

void control_handle(struct control_client *client, struct endpoint *endpoint, bool connected)
{
	char bytes[CONTROL_LINE_LENGTH];
	ssize_t got, i;

	got = recv(client->socket, bytes, sizeof(bytes), MSG_DONTWAIT);
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got <= 0) {
		close_descriptor(&client->socket);
		return;
	}
	for (i = 0; i < got && client->socket >= 0; i++)
		take_byte(client, bytes[i], endpoint, connected);
}
