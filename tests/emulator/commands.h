/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The commands of the vfio-user protocol. */
#ifndef EMULATOR_COMMANDS_H
#define EMULATOR_COMMANDS_H

#include <stddef.h>

#include "vfio_user.h"

/*
 * Executes the complete request and puts the reply's payload behind its header. Returns an -errno
 * for the client, or sets vfio_user->malformed when the connection must end.
 */
int command_execute(struct vfio_user *vfio_user, size_t *payload_length);

#endif /* EMULATOR_COMMANDS_H */
