// SPDX-License-Identifier: GPL-2.0-or-later
#include "sealed.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/landlock.h>
#include <signal.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define NOBODY	65534

/* Of the first version: every right that changes something. */
#define WRITES_V1								\
	(LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR |	\
	 LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_CHAR |	\
	 LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG |		\
	 LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO |		\
	 LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_ACCESS_FS_MAKE_SYM)

/* A right that the running kernel does not know would be refused. */
static uint64_t writes_of(int version)
{
	uint64_t writes = WRITES_V1;

	if (version >= 2)
		writes |= LANDLOCK_ACCESS_FS_REFER;
	if (version >= 3)
		writes |= LANDLOCK_ACCESS_FS_TRUNCATE;
	return writes;
}

#define READS	(LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)

static int allow_reads_below(int rules, const char *path)
{
	struct landlock_path_beneath_attr rule = { .allowed_access = READS };
	int error;

	rule.parent_fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (rule.parent_fd < 0)
		return -errno;
	error = syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) < 0 ?
		-errno : 0;
	close(rule.parent_fd);
	return error;
}

/*
 * Rights that a rule set handles are denied wherever no rule allows them. What a kernel says of CXL
 * is below /sys. The library reads all of modprobe's configuration too, twice, for modules that it
 * is never asked to load: a third of its time.
 */
static int restrict_to_reading_sys(void)
{
	int version = syscall(SYS_landlock_create_ruleset, NULL, 0,
			      LANDLOCK_CREATE_RULESET_VERSION);
	struct landlock_ruleset_attr attributes = {
		.handled_access_fs = READS | writes_of(version),
	};
	int rules, error;

	if (version < 0)
		return -errno;
	/* What a newer header has behind the first member is zero, so older kernels take it. */
	rules = syscall(SYS_landlock_create_ruleset, &attributes, sizeof(attributes), 0);
	if (rules < 0)
		return -errno;
	error = allow_reads_below(rules, "/sys");
	if (!error && syscall(SYS_landlock_restrict_self, rules, 0) < 0)
		error = -errno;
	close(rules);
	return error;
}

/* Files that only root may write are all that matters; some that only root may read are lost. */
static int become_nobody(void)
{
	if (geteuid())
		return 0;
	if (setgroups(0, NULL) < 0 || setresgid(NOBODY, NOBODY, NOBODY) < 0 ||
	    setresuid(NOBODY, NOBODY, NOBODY) < 0)
		return -errno;
	return 0;
}

int cxv_seal(void)
{
	int error;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -errno;
	error = restrict_to_reading_sys();
	if (error < 0)
		error = become_nobody();
	if (error < 0)
		return error;
	/* After a change of the user, which takes both back: no core file, no life of its own. */
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 ||
	    prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0)
		return -errno;
	return 0;
}

int cxv_prove_sealed(const char *path)
{
	int descriptor = open(path, O_WRONLY | O_CLOEXEC | O_NONBLOCK);

	if (descriptor < 0)
		return 0;
	close(descriptor);
	return -EPERM;
}
