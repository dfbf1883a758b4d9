/* SPDX-License-Identifier: ISC */
/* Runs one static ARM program many times, each time with some bytes of its code replaced. For qemu-arm-static, without a C library:
 *   stage ELF BASE EXIT ROOT PROGRAM-ARGUMENT...
 * ELF is laid out at BASE as the kernel would do it, and runs to its end twice, so that QEMU has translated what is reached; EXIT is the
 * offset of its last function, _Exit, which comes back here meanwhile. From then on each request forks a process that starts from the
 * pristine data with the new code. A fork costs a millisecond; starting QEMU and translating again would cost thirty.
 * ROOT is the folder to lock it up in (chroot), or "-".
 * Descriptors: 0, 1, 2 are the program's; requests come in at 5, answers go out at 6. */
typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;

enum {
	SYS_EXIT_GROUP = 248, SYS_FORK = 2, SYS_READ = 3, SYS_WRITE = 4, SYS_OPEN = 5, SYS_CLOSE = 6, SYS_CHDIR = 12, SYS_CHROOT = 61,
	SYS_SETITIMER = 104, SYS_WAIT4 = 114, SYS_MPROTECT = 125, SYS_LSEEK = 19, SYS_MMAP2 = 192, SYS_CACHEFLUSH = 0xf0002,
	PAGE = 4096, REQUESTS = 5, ANSWERS = 6, STACK = 1 << 20, SEGMENTS = 8, AUX = 64,
};

struct elf {
	u8 ident[16];
	u16 type, machine;
	u32 version, entry, phoff, shoff, flags;
	u16 ehsize, phentsize, phnum;
};

struct segment {
	u32 type, offset, address, physical, in_file, in_memory, flags, align;
};

/* SIZE bytes at OFFSET from the base become BYTES; SIZE 0: nothing does. The limits are for processor time and for the clock. */
struct request {
	u32 offset, size;
	u8 bytes[4];
	u32 processor_us, clock_ms;
};

struct answer {
	u32 status, processor_us;
};

static struct segment segments[SEGMENTS];
static u32 nsegments, base, entry, phdr, phnum;
static u8 *pristine[SEGMENTS]; /* what writable segments held at first */
static u32 aux[AUX];
static char **arguments;
__attribute__((used)) static u32 here; /* where `enter' has left this program's stack */

static long call6(long n, long a, long b, long c, long d, long e, long f)
{
	register long r0 __asm__("r0") = a;
	register long r1 __asm__("r1") = b;
	register long r2 __asm__("r2") = c;
	register long r3 __asm__("r3") = d;
	register long r4 __asm__("r4") = e;
	register long r5 __asm__("r5") = f;
	register long r7 __asm__("r7") = n;

	__asm__ volatile("svc 0" : "+r"(r0) : "r"(r1), "r"(r2), "r"(r3), "r"(r4), "r"(r5), "r"(r7) : "memory");
	return r0;
}

static long call(long n, long a, long b, long c)
{
	return call6(n, a, b, c, 0, 0, 0);
}

static void die(int status)
{
	call(SYS_EXIT_GROUP, status, 0, 0);
}

static void copy(u8 *to, const u8 *from, u32 n)
{
	while (n-- > 0)
		*to++ = *from++;
}

static u8 *map(u32 at, u32 len)
{
	long got = call6(SYS_MMAP2, (long)at, (long)len, 3, 0x22 | (at ? 0x10 : 0), -1, 0);

	if (got < 0 && got > -PAGE)
		die(101);
	return (u8 *)got;
}

/* The compiler calls it. */
void *memset(void *to, int value, u32 n);
void *memset(void *to, int value, u32 n)
{
	for (u8 *p = to; n > 0; n--)
		*p++ = (u8)value;
	return to;
}

static u32 number(const char *text)
{
	u32 n = 0;

	for (; *text; text++)
		n = n * 16 + (u32)(*text <= '9' ? *text - '0' : *text - 'a' + 10);
	return n;
}

static void get(int fd, void *to, u32 n, u32 at)
{
	u8 *p = to;

	if (call(SYS_LSEEK, fd, (long)at, 0) < 0)
		die(102);
	while (n > 0) {
		long got = call(SYS_READ, fd, (long)p, (long)n);

		if (got <= 0)
			die(102);
		p += got;
		n -= (u32)got;
	}
}

static long protect(u32 at, u32 len, int protection)
{
	u32 first = at & -(u32)PAGE;

	return call(SYS_MPROTECT, (long)first, (long)(((at + len + PAGE - 1) & -(u32)PAGE) - first), protection);
}

/* Segments as the kernel protects them: read 4, write 2, execute 1 in ELF; 1, 2, 4 in mprotect. */
static int protection(const struct segment *s)
{
	return (int)((s->flags & 4) >> 2 | (s->flags & 2) | (s->flags & 1) << 2);
}

static void load(const char *name)
{
	int fd = (int)call(SYS_OPEN, (long)name, 0, 0);
	struct elf elf;
	u32 end = 0;

	get(fd, &elf, sizeof elf, 0);
	for (u32 i = 0; i < elf.phnum; i++) {
		struct segment *s = &segments[nsegments];

		get(fd, s, sizeof *s, elf.phoff + i * elf.phentsize);
		if (s->type == 1) { /* PT_LOAD */
			nsegments++;
			end = s->address + s->in_memory;
		}
	}
	map(base, (end + PAGE - 1) & -(u32)PAGE);
	for (u32 i = 0; i < nsegments; i++) {
		struct segment *s = &segments[i];

		get(fd, (void *)(base + s->address), s->in_file, s->offset);
		if (s->flags & 2) {
			pristine[i] = map(0, s->in_memory);
			copy(pristine[i], (u8 *)(base + s->address), s->in_memory);
		}
		if (protect(base + s->address, s->in_memory, protection(s)) != 0)
			die(103);
	}
	entry = base + elf.entry;
	phdr = base + elf.phoff;
	phnum = elf.phnum;
	call(SYS_CLOSE, fd, 0, 0);
}

static void restore(void)
{
	for (u32 i = 0; i < nsegments; i++)
		if (pristine[i]) {
			protect(base + segments[i].address, segments[i].in_memory, 3);
			copy((u8 *)(base + segments[i].address), pristine[i], segments[i].in_memory);
		}
}

static void patch(u32 at, const u8 *bytes, u32 n)
{
	if (protect(at, n, 7) != 0)
		die(104);
	copy((u8 *)at, bytes, n);
	call(SYS_CACHEFLUSH, (long)at, (long)(at + n), 0);
	protect(at, n, 5);
}

/* The stack of a process that starts: argc, arguments, no environment, and what the kernel says of itself and of this program. */
static u32 *stack(void)
{
	static const u8 random[16] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
	u32 n = 0, m = 0, *top, *p;

	while (arguments[n])
		n++;
	while (aux[m])
		m += 2;
	top = (u32 *)(map(0, STACK) + STACK) - 2 * AUX - n - 8;
	p = top = (u32 *)((u32)top & -16U);
	*p++ = n;
	for (u32 i = 0; i <= n; i++)
		*p++ = (u32)arguments[i];
	*p++ = 0;
	for (u32 i = 0; i < m; i += 2) {
		u32 value = aux[i + 1];

		switch (aux[i]) {
		case 3: value = phdr; break;
		case 5: value = phnum; break;
		case 7: value = 0; break; /* no loader */
		case 9: value = entry; break;
		case 25: value = (u32)random; break;
		case 33: continue; /* a vDSO */
		}
		*p++ = aux[i];
		*p++ = value;
	}
	*p++ = 0;
	*p = 0;
	return top;
}

/* Starts the program on its own stack; returns when it comes to `back'. */
__attribute__((naked, noinline)) static void enter(u32 start, u32 *sp)
{
	(void)start;
	(void)sp;
	__asm__ volatile("push {r4-r11, lr}\n\tldr r2, =here\n\tstr sp, [r2]\n\tmov sp, r1\n\tmov r1, r0\n\tmov r0, #0\n\tbx r1\n\t.ltorg");
}

__attribute__((naked, used)) static void back(void)
{
	__asm__ volatile("ldr r2, =here\n\tldr sp, [r2]\n\tpop {r4-r11, pc}\n\t.ltorg");
}

/* Runs the program here, with its last function leading back. */
static void warm_up(u32 last)
{
	u8 kept[12], jump[12] = {0x00, 0xbf, 0xdf, 0xf8, 0x00, 0xf0}; /* nop; ldr.w pc, [pc] and the address behind it, aligned */
	u32 at = last & ~1U, skip = at % 4 ? 0 : 2, target = (u32)back;

	copy(kept, (u8 *)at, sizeof kept);
	copy(jump + 6, (u8 *)&target, 4);
	patch(at, jump + skip, 10 - skip);
	enter(entry, stack());
	patch(at, kept, 10 - skip);
	restore();
	for (int fd = ANSWERS + 1; fd < 64; fd++)
		call(SYS_CLOSE, fd, 0, 0);
}

static void run(const struct request *r)
{
	u32 timer[4] = {0, 0, r->processor_us / 1000000, r->processor_us % 1000000};
	u32 clock[4] = {0, 0, r->clock_ms / 1000, r->clock_ms % 1000 * 1000};

	call(SYS_CLOSE, REQUESTS, 0, 0);
	call(SYS_CLOSE, ANSWERS, 0, 0);
	call(SYS_SETITIMER, 2, (long)timer, 0); /* SIGPROF ends it */
	call(SYS_SETITIMER, 0, (long)clock, 0); /* SIGALRM does */
	if (r->size > 0)
		patch(base + r->offset, r->bytes, r->size);
	enter(entry, stack());
}

__attribute__((used)) static void start(u32 *sp)
{
	char **argv = (char **)(sp + 1);
	u32 n = *sp, *p = sp + n + 2;
	struct request r;

	if (n < 6)
		die(100);
	while (*p++)
		;
	for (u32 i = 0; i < AUX - 2 && p[i] != 0; i += 2)
		copy((u8 *)&aux[i], (u8 *)&p[i], 8);
	base = number(argv[2]);
	arguments = argv + 5;
	load(argv[1]);
	if (argv[4][0] != '-' && (call(SYS_CHROOT, (long)argv[4], 0, 0) != 0 || call(SYS_CHDIR, (long)"/", 0, 0) != 0))
		die(105);
	warm_up(base + number(argv[3]));
	warm_up(base + number(argv[3]));
	call(SYS_WRITE, ANSWERS, (long)"ready\n\n", 8);
	while (call(SYS_READ, REQUESTS, (long)&r, sizeof r) == sizeof r) {
		u32 usage[18] = {0}, status = 0;
		long child = call(SYS_FORK, 0, 0, 0);
		struct answer a;

		if (child == 0)
			run(&r);
		if (child < 0 || call6(SYS_WAIT4, child, (long)&status, 0, (long)usage, 0, 0) != child)
			die(106);
		a.status = status;
		a.processor_us = (usage[0] + usage[2]) * 1000000 + usage[1] + usage[3];
		call(SYS_WRITE, ANSWERS, (long)&a, sizeof a);
	}
	die(0);
}

__attribute__((naked, noreturn)) void _start(void)
{
	__asm__ volatile("mov r0, sp\n\tbl start");
}
