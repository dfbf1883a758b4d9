/* SPDX-License-Identifier: ISC */
/* What Linux has and Debian's musl 1.2.3 does not declare; the board's build includes it before the first line of every file. */
#ifndef BOARDS_MUSL_MISSING_H
#define BOARDS_MUSL_MISSING_H

#define RENAME_NOREPLACE (1 << 0)
#define RENAME_EXCHANGE (1 << 1)

/* Linux 3.15; renameat2(2). Returns 0, or -1 and errno: ENOSYS on an older kernel. */
int renameat2(int old_dir, const char *old_name, int new_dir, const char *new_name, unsigned flags);

#endif
