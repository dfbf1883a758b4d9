/* SPDX-License-Identifier: ISC */
/* Running hooks, by descriptor. */
#include "verifier/hooks.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/beneath.h"
#include "core/readback.h"

enum { HOOK_SECONDS = 600, CANNOT_RUN = 127 };

/* In the child: becomes the hook, or ends. */
static _Noreturn void become(int fd, int root, enum run_stage stage)
{
	static char path[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";
	static char name[] = "hook", before[] = "before", after[] = "after";
	char *environment[] = {path, NULL};
	char *arguments[] = {name, stage == RUN_BEFORE ? before : after, NULL};
	int null = open("/dev/null", O_RDWR);

	alarm(HOOK_SECONDS);
	/* FD stays open across exec: the interpreter of a script reads it as /dev/fd/N. */
	if (null >= 0 && dup2(null, STDIN_FILENO) >= 0 && dup2(null, STDOUT_FILENO) >= 0 && fchdir(root) == 0 &&
	    fcntl(fd, F_SETFD, 0) == 0)
		fexecve(fd, arguments, environment);
	_exit(CANNOT_RUN);
}

static int wait_for(pid_t child, const char *name, struct err *e)
{
	int status;

	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return err_errno(e, "cannot wait for hook %s", name);
	if (WIFSIGNALED(status))
		return err_set(e, VERDICT_SYSTEM, "hook %s was killed by signal %d", name, WTERMSIG(status));
	if (WEXITSTATUS(status) != 0)
		return err_set(e, VERDICT_SYSTEM, "hook %s ended with status %d", name, WEXITSTATUS(status));
	return 0;
}

static int run(const struct manifest *m, const struct manifest_run *hook, struct beneath *tree, int root, struct err *e)
{
	struct manifest_entry entry;
	int fd = beneath_open_at(tree, hook->path, O_RDONLY, e), rc = -1;
	pid_t child;

	if (fd < 0)
		return -1;
	manifest_entry(m, (uint32_t)manifest_find(m, hook->path), &entry); /* the parser has seen that it is a file */
	if (readback_check(fd, entry.hash, hook->path, e) != 0 || lseek(fd, 0, SEEK_SET) != 0)
		goto out;
	child = fork();
	if (child == 0)
		become(fd, root, hook->stage);
	rc = child < 0 ? err_errno(e, "cannot start hook %s", hook->path) : wait_for(child, hook->path, e);
out:
	close(fd);
	return rc;
}

int hooks_run(const struct manifest *m, enum run_stage stage, const char *tree, struct err *e)
{
	int root = open(tree, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC), rc = 0;
	struct beneath *beneath = NULL;
	struct manifest_run hook;

	if (root < 0)
		return err_errno(e, "cannot open %s", tree);
	if (beneath_open(&beneath, root, e) != 0)
		rc = -1;
	for (uint32_t i = 0; rc == 0 && i < manifest_head(m)->nruns; i++) {
		manifest_run(m, i, &hook);
		if (hook.stage == stage)
			rc = run(m, &hook, beneath, root, e);
	}
	beneath_close(&beneath);
	close(root);
	return rc;
}
