#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""What a run of the ARM program costs, in instructions, by function: counted, not timed.
    tests/bench/instructions.py ELF ARGUMENT...     ELF has its symbols (build/board/obj/firmverify)
Needs Debian's qemu-user: qemu-user-static takes no plugins. QEMU_ARM names another qemu-arm."""
import bisect
import collections
import os
import re
import shutil
import subprocess
import sys
import tempfile

# What glibc and musl call the functions behind malloc and memcpy, static ones and labels of assembly included.
KINDS = {
    "malloc": re.compile(r"(__libc_|_int_|__|default_)?(malloc|free|calloc|realloc)(_.*)?|alloc_(slot|group)|(nontrivial_)?free(_group)?|"
                         r"get_meta|tcache_.*|unlink_chunk|sysmalloc|systrim|arena_get\d|__malloc_.*"),
    "memory": re.compile(r"(__)?mem(cpy|move|set|cmp|chr)(_.*)?|congruent_aligned32|src_aligned|non_congruent|less_than_32_left|__aeabi_mem.*"),
}
HERE = os.path.dirname(os.path.abspath(__file__))


def symbols(elf):
    """Addresses and names of the functions, in order."""
    out = []
    for line in subprocess.check_output(["arm-linux-gnueabihf-nm", elf], text=True).splitlines():
        address, kind, name = line.rjust(12).split(None, 2) if len(line.split()) == 3 else (None, None, None)
        if kind and kind in "tTwWi" and not name.startswith("$"):
            out.append((int(address, 16) & ~1, name.split(".")[0]))
    return sorted(out)


def code_at(elf):
    """Where the file wants its first executable segment."""
    for line in subprocess.check_output(["arm-linux-gnueabihf-readelf", "-lW", elf], text=True).splitlines():
        words = line.split()
        if words[:1] == ["LOAD"] and "E" in words[6:-1]:
            return int(words[2], 16)
    sys.exit(f"{elf}: no executable segment")


def main():
    elf, arguments = sys.argv[1], sys.argv[2:]
    with tempfile.TemporaryDirectory() as work:
        plugin, counts = os.path.join(work, "instructions.so"), os.path.join(work, "counts")
        subprocess.check_call(["gcc", "-shared", "-fPIC", "-O2", "-o", plugin, os.path.join(HERE, "instructions.c")])
        qemu = shutil.which(os.environ.get("QEMU_ARM", "qemu-arm")) or sys.exit("no qemu-arm here: it is in Debian's package qemu-user")
        # One processor: as many threads as on a board with one core, and no two that count at once.
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
        run = subprocess.run([qemu, "-cpu", "cortex-a9", "-plugin", f"{plugin},out={counts}", elf, *arguments])
        with open(counts, encoding="ascii") as f:
            bias = int(next(f), 16) - code_at(elf)
            table = symbols(elf)
            starts = [address for address, _ in table]
            by = collections.Counter()
            for line in f:
                address, executed = line.split()
                i = bisect.bisect_right(starts, int(address, 16) - bias) - 1
                by[table[i][1] if i >= 0 else "?"] += int(executed)
    print(f"exit status {run.returncode}, {sum(by.values()):,} instructions")
    for kind, pattern in KINDS.items():
        print(f"{sum(n for name, n in by.items() if pattern.fullmatch(name)):14,} of them for {kind}")
    for name, executed in by.most_common(int(os.environ.get("TOP", "25"))):
        print(f"{executed:14,} {100 * executed / sum(by.values()):5.1f} % {name}")


main()
