/* SPDX-License-Identifier: ISC */
/* For emulated boards; ARM, without a C library.
 *   old_kernel run PROGRAM ARGUMENT...   runs it as on Linux 3.2: the kernel answers ENOSYS to each system call that is newer
 *   old_kernel probe                     exits with the error number that getrandom, of Linux 3.17, gets there: 38 is ENOSYS
 *   old_kernel clock SECONDS             sets the clock, to any 64-bit time
 *   old_kernel stamp FILE                exits with 0 when it was changed after February 2106, as only 64-bit calls can tell
 * ARM's numbers grow with the kernel's age: Linux 3.2 ends with process_vm_writev, 377. */
#define LAST_OF_3_2 377
#define ARM_PRIVATE 0xf0000
#define GETRANDOM 384
#define CLOCK_SETTIME64 404
#define STATX 397

static long call(long number, const long arguments[5])
{
	register long r0 __asm__("r0") = arguments[0];
	register long r1 __asm__("r1") = arguments[1];
	register long r2 __asm__("r2") = arguments[2];
	register long r3 __asm__("r3") = arguments[3];
	register long r4 __asm__("r4") = arguments[4];
	register long r7 __asm__("r7") = number;

	__asm__ volatile("svc 0" : "+r"(r0) : "r"(r1), "r"(r2), "r"(r3), "r"(r4), "r"(r7) : "memory");
	return r0;
}

/* linux/filter.h, linux/seccomp.h, linux/prctl.h: the cross compiler comes without the kernel's headers. */
struct step {
	unsigned short code;
	unsigned char yes, no;
	unsigned k;
};

static long grow_old(void)
{
	static const struct step steps[] = {
		{0x20, 0, 0, 0},               /* the call's number */
		{0x25, 0, 2, LAST_OF_3_2},     /* greater than this */
		{0x35, 1, 0, ARM_PRIVATE},     /* and not one of ARM's own */
		{0x06, 0, 0, 0x00050000 | 38}, /* ENOSYS */
		{0x06, 0, 0, 0x7fff0000},      /* allowed */
	};
	const struct {
		unsigned short n;
		const struct step *steps;
	} program = {sizeof steps / sizeof *steps, steps};

	if (call(172, (const long[5]){38, 1, 0, 0, 0}) != 0) /* prctl: PR_SET_NO_NEW_PRIVS */
		return -1;
	return call(172, (const long[5]){22, 2, (long)&program, 0, 0}); /* PR_SET_SECCOMP, SECCOMP_MODE_FILTER */
}

static int set_clock(const char *text)
{
	long long time[2] = {0, 0};

	while (*text >= '0' && *text <= '9')
		time[0] = time[0] * 10 + (*text++ - '0');
	return call(CLOCK_SETTIME64, (const long[5]){0, (long)time, 0, 0, 0}) == 0 ? 0 : 1;
}

static int check_stamp(const char *name)
{
	long long stat[32]; /* struct statx: the time of change in the 15th */

	return call(STATX, (const long[5]){-100, (long)name, 0, 0x7ff, (long)stat}) == 0 && stat[14] >> 32 != 0 ? 0 : 1;
}

__attribute__((used)) static int start(long *stack)
{
	long n = stack[0];
	char **arguments = (char **)(stack + 1), random;

	if (n == 3 && arguments[1][0] == 'c')
		return set_clock(arguments[2]);
	if (n == 3 && arguments[1][0] == 's')
		return check_stamp(arguments[2]);
	if (n < 2 || grow_old() != 0)
		return 99;
	if (arguments[1][0] == 'p')
		return (int)-call(GETRANDOM, (const long[5]){(long)&random, 1, 0, 0, 0});
	if (n > 2)
		call(11, (const long[5]){(long)arguments[2], (long)(arguments + 2), (long)(arguments + n + 1), 0, 0}); /* execve */
	return 98;
}

__attribute__((naked, noreturn)) void _start(void)
{
	__asm__ volatile("mov r0, sp\n\tbl start\n\tmov r7, #248\n\tsvc 0"); /* exit_group */
}
