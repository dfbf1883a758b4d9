/* SPDX-License-Identifier: ISC */
/* `boot uboot-env [CONFIG]': variables of U-Boot's environment. U-Boot, or a script of its, counts `bootcount' while
 * `upgrade_available' is 1, and goes back to the other `firmseal_side' when there were too many. The only file that knows libubootenv. */
#include <stdio.h>
#include <stdlib.h>

#include "verifier/boot.h"

#ifdef HAVE_LIBUBOOTENV
#include <libuboot.h>
#include <string.h>

#define CONFIG_DEFAULT "/etc/fw_env.config"

/* Opens the environment, whole and checked. Returns 0 or -1. */
static int open_env(struct uboot_ctx **out, const struct device *d, struct err *e)
{
	const char *config = d->boot_argument[0] ? d->boot_argument : CONFIG_DEFAULT;

	if (libuboot_initialize(out, NULL) < 0)
		return err_set(e, VERDICT_SYSTEM, "cannot ready libubootenv");
	if (libuboot_read_config(*out, config) < 0)
		err_set(e, VERDICT_SYSTEM, "%s does not say where U-Boot's environment is", config);
	else if (libuboot_open(*out) < 0)
		err_set(e, VERDICT_SYSTEM, "cannot read U-Boot's environment: no good copy where %s says", config);
	else
		return 0;
	libuboot_exit(*out);
	return -1;
}

static void close_env(struct uboot_ctx *env)
{
	libuboot_close(env);
	libuboot_exit(env);
}

/* A variable that is a number; missing: 0. Returns 0 or -1. */
static int get_number(uint64_t *out, struct uboot_ctx *env, const char *name, uint64_t max, struct err *e)
{
	char *value = libuboot_get_env(env, name);
	int rc = 0;

	*out = 0;
	if (value && text_number(out, (struct span){value, strlen(value)}, max) != 0)
		rc = err_set(e, VERDICT_SYSTEM, "U-Boot's variable %s is no number", name);
	free(value);
	return rc;
}

/* Without firmseal_side, as the board left the factory, a starts. */
static int get_side(enum side *out, struct uboot_ctx *env, struct err *e)
{
	char *value = libuboot_get_env(env, "firmseal_side");
	int rc = 0;

	*out = SIDE_A;
	if (value && boot_side(out, (struct span){value, strlen(value)}) != 0)
		rc = err_set(e, VERDICT_SYSTEM, "U-Boot's variable firmseal_side is neither a nor b");
	free(value);
	return rc;
}

static int read_env(const struct device *d, struct boot_state *out, struct err *e)
{
	uint64_t trial = 0, tries = 0;
	struct uboot_ctx *env = NULL;
	int rc;

	if (open_env(&env, d, e) != 0)
		return -1;
	rc = get_side(&out->side, env, e);
	if (rc == 0)
		rc = get_number(&trial, env, "upgrade_available", 1, e);
	if (rc == 0)
		rc = get_number(&tries, env, "bootcount", UINT32_MAX, e);
	out->trial = trial == 1;
	out->tries = out->trial ? (uint32_t)tries : 0;
	close_env(env);
	return rc;
}

static int write_env(const struct device *d, const struct boot_state *next, struct err *e)
{
	struct uboot_ctx *env = NULL;
	char tries[16];
	int rc = 0;

	if (open_env(&env, d, e) != 0)
		return -1;
	snprintf(tries, sizeof tries, "%u", (unsigned)next->tries);
	if (libuboot_set_env(env, "firmseal_side", boot_letter(next->side)) < 0 ||
	    libuboot_set_env(env, "upgrade_available", next->trial ? "1" : "0") < 0 ||
	    libuboot_set_env(env, "bootcount", tries) < 0 || libuboot_env_store(env) < 0)
		rc = err_set(e, VERDICT_SYSTEM, "cannot write U-Boot's environment");
	close_env(env);
	return rc;
}

#else

static int refuse(struct err *e)
{
	return err_set(e, VERDICT_USAGE, "this firmverify was built without libubootenv, and knows no `boot uboot-env'");
}

static int read_env(const struct device *d, struct boot_state *out, struct err *e)
{
	(void)d;
	(void)out;
	return refuse(e);
}

static int write_env(const struct device *d, const struct boot_state *next, struct err *e)
{
	(void)d;
	(void)next;
	return refuse(e);
}

#endif

const struct boot_method boot_uboot_env = {.word = "uboot-env", .read = read_env, .write = write_env, .counts = false};
