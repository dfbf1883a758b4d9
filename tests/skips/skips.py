#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Does one skipped instruction, or one condition that goes the wrong way, get a bundle accepted that must be refused?

    tests/skips/skips.py [--quick] [--case NAME]... [--verb check|install] [--jobs N] [--sites FILE]

Each instruction of ours that a run of the ARM program reaches is replaced by NOP once, and each condition inverted once, in `check' and in
`install', for each bundle of fixtures.py. Nothing may be accepted, and nothing unsigned may reach a slot. Exit status 0 without either is
allowed at the sites of the file `allowed' only, each with its reason. --quick: only in the files that decide about trust, and there only
what decides: calls, branches, comparisons, and moves into the register that holds a function's result.
Exit status: 0, or 1 with the sites on standard error; --sites writes all that is not a refusal, a crash or a hang to FILE.
"""
import argparse
import collections
import fcntl
import os
import queue
import resource
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import threading
import time

import fixtures
from program import MUTATIONS, Program

HERE = os.path.dirname(os.path.abspath(__file__))
BUILD = os.environ.get("BUILD", os.path.join(os.path.dirname(os.path.dirname(HERE)), "build"))
QUICK = {"check": {"core/" + name for name in "trust.c minisig.c chain.c policy.c reader.c verb_check.c".split()},
         "install": {"core/policy.c", "verifier/known.c", "verifier/keyrings.c", "verifier/cmd_install.c"}}
BAD = ("accepted", "installed", "damaged")


def build_stage(folder):
    out = os.path.join(folder, "stage")
    subprocess.check_call(["arm-linux-gnueabihf-gcc", "-O2", "-marm", "-fno-pie", "-no-pie", "-ffreestanding", "-fno-builtin",
                           "-fno-tree-loop-distribute-patterns", "-nostdlib", "-static", "-Wl,-Ttext-segment=0x70000000",
                           "-Wall", "-Wextra", "-Werror", "-o", out, os.path.join(HERE, "stage.c")])
    return out


class Stage:
    """A process that runs the program again and again (stage.c), in a folder of its own."""

    def __init__(self, stage, program, arguments, cage):
        self.out, self.err = (os.memfd_create(n) for n in ("out", "err"))
        for fd in (self.out, self.err):
            fcntl.fcntl(fd, fcntl.F_SETFL, os.O_APPEND)
        command = ["qemu-arm-static", "-cpu", "cortex-a9", stage, program.elf, f"{program.base:x}", f"{program.exit:x}", cage or "-",
                   "firmverify", *arguments]
        theirs, self.requests = os.pipe()
        self.answers, ours = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            try:
                os.setsid()
                null = os.open("/dev/null", os.O_RDONLY)
                fds = [fcntl.fcntl(fd, fcntl.F_DUPFD, 100) for fd in (null, self.out, self.err, theirs, ours)]
                for target, fd in zip((0, 1, 2, 5, 6), fds):
                    os.dup2(fd, target)
                os.closerange(7, 4096)
                os.execvp(command[0], command)
            finally:
                os._exit(127)
        os.close(theirs)
        os.close(ours)
        if os.read(self.answers, 8) != b"ready\n\n\0":
            raise SystemExit(f"stage.c did not start the program: {os.pread(self.err, 2000, 0)!r}")

    def run(self, offset=0, new=b"", processor_us=5000000, clock_ms=20000):
        """Returns the wait status, processor time in microseconds, standard output and standard error; None when the stage itself is gone."""
        os.ftruncate(self.out, 0)
        os.ftruncate(self.err, 0)
        try:
            os.write(self.requests, struct.pack("<II4sII", offset, len(new), new, processor_us, clock_ms))
            answer = os.read(self.answers, 8)
        except BrokenPipeError:
            answer = b""
        if len(answer) != 8:
            return None
        return (*struct.unpack("<II", answer), os.pread(self.out, 4096, 0), os.pread(self.err, 4096, 0))

    def end(self):
        os.close(self.requests)
        os.close(self.answers)
        os.waitpid(self.pid, 0)
        os.close(self.out)
        os.close(self.err)


class Group:
    """A case and a verb."""

    def __init__(self, tool, case, verb):
        self.tool, self.case, self.verb = tool, case, verb
        self.template = os.path.join(tool.work, f"{case.name}-{verb}")
        os.makedirs(self.template)
        case.lay_out(self.template, "" if tool.caged else self.template)
        if case.before and verb == "install":
            Stage(tool.stage, tool.program, case.before_arguments("" if tool.caged else self.template),
                  self.template if tool.caged else None).end()
        self.contents = slots(self.template)
        self.sites = self.reached()

    def reached(self):
        plain = os.path.join(self.tool.work, f"{self.case.name}-{self.verb}-log")
        shutil.copytree(self.template, plain)
        self.case.tell(plain, plain)
        log = os.path.join(plain, "log")
        ran = subprocess.run(["qemu-arm-static", "-cpu", "cortex-a9", "-d", "in_asm", "-D", log, self.tool.program.elf,
                              *self.case.arguments(self.verb, plain)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        if ran.returncode == 0 or self.case.refusal not in ran.stderr:
            raise SystemExit(f"{self.case.name}, {self.verb}: not refused: {ran}")
        with open(log, encoding="ascii", errors="replace") as f:
            sites = self.tool.program.reached(f.read())
        shutil.rmtree(plain)
        return sites


def slots(folder):
    """What is in the slots, by name."""
    out = {}
    for top, _, names in os.walk(os.path.join(folder, "root")):
        for name in names:
            path = os.path.join(top, name)
            out[os.path.relpath(path, folder)] = os.readlink(path) if os.path.islink(path) else open(path, "rb").read()
    kernel = os.path.join(folder, "kernel")
    if os.path.isfile(kernel):
        out["kernel"] = open(kernel, "rb").read()
    return out


def state_of(folder):
    """Changes whenever something in the folder does."""
    out = []
    for top, names, files in os.walk(folder):
        for name in names + files:
            st = os.lstat(os.path.join(top, name))
            out.append((top, name, st.st_ino, st.st_size, st.st_mtime_ns))
    return sorted(out)


class Worker(threading.Thread):
    """Takes sites of one group after the other."""

    def __init__(self, tool, k):
        super().__init__(daemon=True)
        self.tool, self.k, self.error = tool, k, None

    def run(self):
        try:
            while True:
                try:
                    group, work = self.tool.queue.get_nowait()
                except queue.Empty:
                    return
                self.go_through(group, work)
        except BaseException as e:  # noqa: B902 (shown by the main thread)
            self.error = e

    def open(self, group):
        self.folder = os.path.join(self.tool.work, f"worker-{self.k}")
        os.makedirs(self.folder, exist_ok=True)
        self.clean(group)
        prefix = "" if self.tool.caged else self.folder
        self.stage = Stage(self.tool.stage, self.tool.program, group.case.arguments(group.verb, prefix), self.folder if self.tool.caged else None)
        self.clean(group)
        # The limits come from runs as they should be, so they do not depend on how fast this machine is.
        plain = [self.stage.run() for _ in range(3)]
        if any(p is None or p[0] == 0 or group.case.refusal not in p[3] for p in plain):
            raise SystemExit(f"{group.case.name}, {group.verb}: not refused on the stage: {plain}")
        self.limit = max(20000, 25 * max(p[1] for p in plain))
        self.clean(group)

    def clean(self, group):
        """As it was at first. The folder itself stays: the stage is locked up in it."""
        for name in os.listdir(self.folder):
            path = os.path.join(self.folder, name)
            if os.path.isdir(path) and not os.path.islink(path):
                shutil.rmtree(path)
            else:
                os.unlink(path)
        shutil.copytree(group.template, self.folder, symlinks=True, dirs_exist_ok=True)
        if not self.tool.caged:
            group.case.tell(self.folder, self.folder)
        self.before = state_of(self.folder)

    def go_through(self, group, work):
        self.open(group)
        for site, how in work:
            outcome, said = self.once(group, site, how)
            self.tool.note(group, site, how, outcome, said)
        self.stage.end()

    def once(self, group, site, how):
        new = MUTATIONS[how](site.raw)
        ran = self.stage.run(site.address, new, self.limit, 1000)
        if ran and ran[0] & 127 == signal.SIGALRM:  # it waited, or this machine is busy
            self.tidy(group)
            ran = self.stage.run(site.address, new, self.limit, 5000)
        if ran is None:  # it ended the stage, too
            os.waitpid(self.stage.pid, 0)
            self.open(group)
            return "crash", b""
        status, _, out, err = ran
        content = slots(self.folder) if group.verb == "install" and state_of(self.folder) != self.before else group.contents
        self.tidy(group)
        if content != group.contents:
            return ("installed" if any(group.case.marker in c for c in content.values() if isinstance(c, bytes)) else "damaged"), out + err
        if b": ok: " in out or out.startswith(b"installed: "):
            return "accepted", out + err
        if status == 0:
            return "silent", out + err
        if status & 127 in (signal.SIGALRM, signal.SIGPROF):
            return "hang", err
        return ("crash" if status & 127 or status >> 8 >= 128 else "refused"), out + err

    def tidy(self, group):
        if state_of(self.folder) != self.before:
            self.clean(group)


class Allowed:
    """Lines of the file `allowed': VERB CASE nop|flip FUNCTION COUNT REASON, with * for any verb or case."""

    def __init__(self, name):
        self.rows, self.used = [], collections.Counter()
        with open(name, encoding="utf-8") as f:
            for line in f:
                if line.strip() and not line.startswith("#"):
                    verb, case, how, function, count, reason = line.split(None, 5)
                    self.rows.append((verb, case, how, function, int(count), reason))

    def takes(self, group, site, how):
        for row in self.rows:
            if row[0] in ("*", group.verb) and row[1] in ("*", group.case.name) and row[2] == how and row[3] == site.function.split(".")[0]:
                key = (row, group.verb, group.case.name)
                self.used[key] += 1
                return self.used[key] <= row[4]
        return False


class Tool:
    def __init__(self, options, work):
        self.options, self.work = options, work
        self.caged = os.geteuid() == 0
        self.stage = build_stage(work)
        board = os.path.join(BUILD, "board")
        self.program = Program(shutil.copy(os.path.join(board, "firmverify"), work), os.path.join(board, "obj", "firmverify"),
                               os.path.join(board, "obj", "firmverify.map"))
        self.queue, self.lock = queue.Queue(), threading.Lock()
        self.counts, self.sites = collections.Counter(), []

    def note(self, group, site, how, outcome, said):
        with self.lock:
            self.counts[group.case.name, group.verb, how, outcome] += 1
            if outcome in (*BAD, "silent"):
                self.sites.append((group, site, how, outcome, said))

    def plan(self):
        cases = [c for c in fixtures.make(self.work) if not self.options.case or c.name in self.options.case]
        groups = [Group(self, c, v) for v in ("check", "install") for c in cases if self.options.verb in (None, v)]
        self.program.locate({s.address: s for g in groups for s in g.sites}.values())
        for group in groups:
            work = [(s, how) for s in group.sites if not self.options.quick or s.decides and QUICK[group.verb].intersection(s.files)
                    for how, mutate in MUTATIONS.items() if mutate(s.raw)]
            parts = min(self.options.jobs, len(work) // 200 + 1)
            for k in range(parts):
                self.queue.put((group, work[k::parts]))
        return groups

    def go(self):
        groups = self.plan()
        workers = [Worker(self, k) for k in range(self.options.jobs)]
        for w in workers:
            w.start()
        for w in workers:
            w.join()
            if w.error:
                raise w.error
        return groups

    def table(self, groups):
        print("| verb | bundle | NOPs | accepted | installed | damaged | exit status 0 without | crash | hang | flips | accepted | installed "
              "| damaged | exit status 0 without | crash | hang |")
        print("|---" * 16 + "|")
        for g in groups:
            row = []
            for how in MUTATIONS:
                n = {o: self.counts[g.case.name, g.verb, how, o] for o in (*BAD, "silent", "crash", "hang", "refused")}
                row += [sum(n.values())] + [n[o] for o in (*BAD, "silent", "crash", "hang")]
            print(f"| {g.verb} | {g.case.name} | " + " | ".join(f"{n:,}" for n in row) + " |")

    def verdict(self):
        """Prints what must not be. Returns the exit status."""
        allowed, status = Allowed(os.path.join(HERE, "allowed")), 0
        for group, site, how, outcome, said in sorted(self.sites, key=lambda s: (s[0].verb, s[0].case.name, s[1].address, s[2])):
            if outcome == "silent" and allowed.takes(group, site, how):
                continue
            status = 1
            print(f"{outcome}: {group.verb} {group.case.name}, {how} at {site.site} ({site.place}) `{site.text}': {said[:120]!r}", file=sys.stderr)
        return status


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--case", action="append")
    parser.add_argument("--verb", choices=("check", "install"))
    parser.add_argument("--jobs", type=int, default=2 * len(os.sched_getaffinity(0)))  # one that waits leaves its processor to another
    parser.add_argument("--sites")
    options = parser.parse_args()
    os.environ["PATH"] = BUILD + ":" + os.environ["PATH"]
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    start = time.monotonic()
    with tempfile.TemporaryDirectory(dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else None) as work:
        tool = Tool(options, work)
        groups = tool.go()
        tool.table(groups)
        faults = sum(n for key, n in tool.counts.items() if key[2] == "nop")
        crashes = sum(n for key, n in tool.counts.items() if key[2:] == ("nop", "crash"))
        if crashes * 10 < faults:  # a third of them crash
            raise SystemExit(f"{crashes} of {faults} skipped instructions crash the program: they are not skipped")
    runs = sum(tool.counts.values())
    print(f"\n{runs:,} runs in {time.monotonic() - start:.0f} s")
    for outcome in (*BAD, "silent"):
        print(f"{outcome}: {sum(n for key, n in tool.counts.items() if key[3] == outcome)}")
    if options.sites:
        with open(options.sites, "w", encoding="utf-8") as f:
            for group, site, how, outcome, said in tool.sites:
                f.write(f"{outcome}\t{group.verb}\t{group.case.name}\t{how}\t{site.site}\t{site.place}\t{site.text}\t{said[:160]!r}\n")
    return tool.verdict()


if __name__ == "__main__":
    sys.exit(main())
