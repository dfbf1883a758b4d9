#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Crash states: replays what a recording saw a board write to its disk, as the power might have cut it short.

    replay.py RECORDING --states N [--seed S] [--ignore-flushes] [--jobs J] [--keep K DIR]

RECORDING is a folder: base (the disk before), log (of QEMU's blklogwrites), and recording.json (what the checks need; see cuts.sh).
A crash state is the disk at some write of the log: all that was written before the last flush is there; of what came after it, each
write is there or not, at random, and the last one is torn at a random sector. With --ignore-flushes the disk lies about flushes: then
everything that came before may be missing too, which is the negative control. The check of a state is that of `crash_check.py`.

Prints one JSON line: states, whether those were all that could be found, bad, the first complaints, and how often each image was found.
"""
import argparse
import json
import os
import random
import struct
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import crash_check  # noqa: E402

SECTOR = 512
LOG_MAGIC = 0x6A736677736872
FLUSH, FUA, DISCARD = 1, 2, 4


def read_log(path):
    """The log's entries, in order: (flags, byte offset, data)."""
    entries = []
    with open(path, "rb") as f:
        magic, version, count, size = struct.unpack("<QQQI", f.read(28))
        if magic != LOG_MAGIC or version != 1 or size != SECTOR:
            sys.exit(f"{path} is no log of writes")
        f.seek(SECTOR)
        for _ in range(count):
            head = f.read(SECTOR)
            if len(head) < SECTOR:
                sys.exit(f"{path} ends early")
            sector, n, flags, _ = struct.unpack("<QQQQ", head[:32])
            if flags & DISCARD:
                sys.exit("the recording holds a discard, which this replay does not know")
            data = f.read(n * SECTOR)
            entries.append((flags, sector * SECTOR, data))
    return entries


class Log:
    """The writes, numbered, and for each crash point what is pending there."""

    def __init__(self, entries, ignore_flushes, layout):
        self.writes = []         # (offset, data)
        self.durable = []        # durable[k]: writes before this one are on the medium when write k is the last
        self.acked = []          # acked[k]: installs that had answered before write k
        self.flushes = 0
        durable = acked = 0
        for flags, offset, data in entries:
            if flags & FLUSH:
                self.flushes += 1
                if not ignore_flushes:
                    durable = len(self.writes)
            if not data:
                continue
            if offset == layout["acks"]:
                acked = int(data[:SECTOR].split(b"\0")[0].split()[1])
            self.writes.append((offset, data))
            self.durable.append(durable)
            self.acked.append(acked)
            if flags & FUA and not ignore_flushes and durable == len(self.writes) - 1:
                durable = len(self.writes)

    def crash(self, rng):
        """One crash state: (last write, the pending ones that are there, sectors of the last)."""
        last = rng.randrange(len(self.writes))
        first = self.durable[last]
        if last - first > 400:   # flushes ignored: what has been written long ago is on the medium even so
            first = last - rng.randrange(1, 400)
        share = rng.choice((0.0, 0.2, 0.5, 0.8, 0.95, 1.0))
        kept = tuple(i for i in range(first, last) if rng.random() < share)
        sectors = len(self.writes[last][1]) // SECTOR
        torn = rng.choice((0, sectors, rng.randint(0, sectors)))
        return last, first, kept, torn


def put(image, offset, data):
    image[offset:offset + len(data)] = data


class Medium:
    """The disk up to a write that only moves forward, and a crash state on top of it."""

    def __init__(self, base, log):
        with open(base, "rb") as f:
            self.image = bytearray(f.read())
        self.log, self.at = log, 0

    def state(self, crash):
        last, first, kept, torn = crash
        while self.at < first:
            put(self.image, *self.log.writes[self.at])
            self.at += 1
        image = bytearray(self.image)
        for i in kept:
            put(image, *self.log.writes[i])
        offset, data = self.log.writes[last]
        put(image, offset, data[:torn * SECTOR])
        return image


def pick(log, n, seed):
    """N different crash states, sorted so that the medium moves forward; fewer where a recording flushes so often that it has no more."""
    rng, found, tries = random.Random(seed), set(), 0
    while len(found) < n and tries < 40 * n:
        found.add(log.crash(rng))
        tries += 1
    return sorted(found, key=lambda c: (c[1], c))


def work(args, recording, log, crashes, share):
    """Checks every share of jobs' crash states; returns what was found."""
    seen, complaints = {}, []
    medium = Medium(os.path.join(args.recording, "base"), log)
    with tempfile.TemporaryDirectory(dir=args.work) as folder:
        checker = crash_check.checker(recording, folder, args.recording)
        for number, crash in enumerate(crashes):
            if number % args.jobs != share:
                continue
            verdict, text = checker.check(medium.state(crash), log.acked[crash[0]])
            if verdict == "bad":
                complaints.append(f"write {crash[0]} of {len(log.writes)}, {len(crash[2])} of {crash[0] - crash[1]} pending, "
                                  f"torn at {crash[3]}, {log.acked[crash[0]]} acknowledged: {text}")
            seen[verdict] = seen.get(verdict, 0) + 1
    return {"seen": seen, "complaints": complaints}


def keep(args, log, crashes):
    """Writes some of the states to files, for boards to boot from: DIR/N, and DIR/N.acked."""
    n, folder = int(args.keep[0]), args.keep[1]
    medium = Medium(os.path.join(args.recording, "base"), log)
    for number, crash in enumerate(crashes[len(crashes) // (2 * n)::max(1, len(crashes) // n)][:n]):
        with open(os.path.join(folder, str(number)), "wb") as f:
            f.write(medium.state(crash))
        with open(os.path.join(folder, f"{number}.acked"), "w", encoding="ascii") as f:
            f.write(str(log.acked[crash[0]]))


def main():
    p = argparse.ArgumentParser()
    p.add_argument("recording")
    p.add_argument("--states", type=int, default=2000)
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--ignore-flushes", action="store_true")
    p.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    p.add_argument("--keep", nargs=2, metavar=("K", "DIR"))
    p.add_argument("--work", default="/dev/shm" if os.access("/dev/shm", os.W_OK) else None)
    args = p.parse_args()
    with open(os.path.join(args.recording, "recording.json"), encoding="utf-8") as f:
        recording = json.load(f)
    log = Log(read_log(os.path.join(args.recording, "log")), args.ignore_flushes, recording)
    crashes = pick(log, args.states, args.seed)
    if args.keep:
        keep(args, log, crashes)
        return
    begun = time.monotonic()
    pipes = []
    for share in range(args.jobs):
        r, w = os.pipe()
        if os.fork() == 0:
            os.close(r)
            with os.fdopen(w, "w") as out:
                json.dump(work(args, recording, log, crashes, share), out)
            os._exit(0)
        os.close(w)
        pipes.append(r)
    seen, complaints = {}, []
    for r in pipes:
        with os.fdopen(r) as f:
            part = json.loads(f.read() or '{"seen": {"bad": 1}, "complaints": ["a checker died"]}')
        complaints += part["complaints"]
        for verdict, n in part["seen"].items():
            seen[verdict] = seen.get(verdict, 0) + n
    for _ in pipes:
        os.wait()
    print(json.dumps({"writes": len(log.writes), "flushes": log.flushes, "states": sum(seen.values()), "all": len(crashes) < args.states,
                      "bad": seen.pop("bad", 0),
                      "seen": dict(sorted(seen.items())), "seconds": round(time.monotonic() - begun, 1), "complaints": complaints[:12]}))


if __name__ == "__main__":
    main()
