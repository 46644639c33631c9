/* SPDX-License-Identifier: GPL-2.0-or-later */
/* As much JSON as the protocol and the control socket need. */
#ifndef EMULATOR_JSON_H
#define EMULATOR_JSON_H

#include <stdbool.h>
#include <stdio.h>

/* Whether TEXT is one JSON object and nothing else. Nesting is limited. */
bool json_is_object(const char *text);

/* The value of KEY in the object that TEXT, a checked document or part of one, begins with. */
const char *json_member(const char *text, const char *key);

/* TEXT as a JSON string, quotes included. */
void json_write_string(FILE *stream, const char *text);

#endif /* EMULATOR_JSON_H */
