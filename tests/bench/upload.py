# SPDX-License-Identifier: ISC
"""The upload part of `make bench`: an image to many boards on 127.0.0.0/8 at once, into a sink that throws it away; the flasher's engine beside
a client of epoll and sendfile alone, `curl -Z` and `xargs curl`. Tables in Markdown on standard output.
    upload.py MEASURE SINK LIMIT UPLOADS WORK ROUNDS"""
import os
import statistics
import subprocess
import sys
import threading
import time

MEASURE, SINK, LIMIT, UPLOADS, WORK, ROUNDS = sys.argv[1:]
IMAGE = f"{WORK}/image"
SLOW = 1_500_000  # bytes a second of a slow board
SIZE = 30_000_000


def say(text):
    print(f"bench: {text}", file=sys.stderr, flush=True)


def descendants(pid):
    found = [pid]
    for child in found:
        try:
            with open(f"/proc/{child}/task/{child}/children", encoding="ascii") as file:
                found += [int(word) for word in file.read().split()]
        except OSError:
            pass
    return found


def pss(pid):
    """MiB of all processes below PID; what they share is counted once."""
    total = 0
    for process in descendants(pid)[1:]:
        try:
            with open(f"/proc/{process}/smaps_rollup", encoding="ascii") as file:
                total += next(int(line.split()[1]) for line in file if line.startswith("Pss:"))
        except (OSError, StopIteration):
            pass
    return total / 1024


def run(command, rate, sample):
    """(wall s, CPU s, MiB or 0) of COMMAND, in which @PORT is the sink's port."""
    with subprocess.Popen([SINK, str(rate)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as sink:
        port = sink.stdout.readline().strip()
        with subprocess.Popen([MEASURE, "sh", "-c", command.replace("@PORT", port)], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              text=True) as child:
            peak = [0.0]
            done = threading.Event()

            def look():
                while sample and not done.wait(2):
                    peak[0] = max(peak[0], pss(child.pid))

            watcher = threading.Thread(target=look)
            watcher.start()
            out, err = child.communicate()
            done.set()
            watcher.join()
        sink.stdin.close()
    wall, cpu, _, status = out.split()
    if status != "0":
        sys.exit(f"bench: status {status}: {command}\n{err}")
    return float(wall), float(cpu), peak[0]


def curls(n):
    """The addresses as `curl --config' wants them, and as `xargs' does."""
    hosts = [f"127.0.{1 + i // 250}.{1 + i % 250}" for i in range(n)]
    with open(f"{WORK}/hosts", "w", encoding="ascii") as file:
        file.write("".join(host + "\n" for host in hosts))
    with open(f"{WORK}/config", "w", encoding="ascii") as file:
        file.write("next\n".join(f'url = "http://{host}:PORT/cgi-bin/upgrade.cgi"\nform = "file=@{IMAGE}"\noutput = "/dev/null"\n'
                                 for host in hosts))
    return (f"sed s/:PORT/:@PORT/ {WORK}/config | curl -sZ --parallel-immediate --parallel-max {n} --config -",
            f"xargs -P {n} -I HOST curl -s -o /dev/null -F file=@{IMAGE} http://HOST:@PORT/cgi-bin/upgrade.cgi <{WORK}/hosts")


def contenders(n):
    parallel, xargs = curls(n)
    return [("epoll and sendfile alone", f"exec {LIMIT} {IMAGE} {n} @PORT"), ("firmflash's engine", f"exec {UPLOADS} {IMAGE} {n} @PORT"),
            ("curl -Z", parallel), ("xargs curl", xargs)]


def image(size):
    with open("/dev/urandom", "rb") as source, open(IMAGE, "wb") as target:
        target.write(source.read(size))


def table(title, n, rate, rounds, ideal=None, only=4):
    taken = {}
    for number in range(rounds):
        for name, command in contenders(n)[:only]:
            say(f"{title}, round {number + 1} of {rounds}: {name}")
            taken.setdefault(name, []).append(run(command, rate, rate > 0))
    base = next(iter(taken.values()))
    print(f"\n**{title}**\n\n| | wall s | wall × | CPU s | CPU × | MiB | MiB a board |\n|---|---|---|---|---|---|---|")
    for name, rows in taken.items():
        wall, cpu, mib = (statistics.median(row[i] for row in rows) for i in range(3))
        times = [statistics.median(row[i] / (ideal if ideal and i == 0 else b[i]) for row, b in zip(rows, base)) for i in range(2)]
        memory = f"{mib:.0f} | {(mib - SIZE / 2**20 * (name[0] == 'f')) / n:.2f}" if mib else "- | -"
        print(f"| {name} | {wall:.2f} | {times[0]:.3f} | {cpu:.2f} | {times[1]:.2f} | {memory} |", flush=True)


def main():
    n, rounds = int(os.environ.get("BENCH_BOARDS", "500")), int(ROUNDS)
    parts = os.environ.get("BENCH_PARTS", "free slow many").split()
    image(SIZE)
    if "free" in parts:
        table(f"{n} uploads of 30 MB, boards that take all there is", n, 0, rounds)
    if "slow" in parts:
        table(f"{n} uploads of 30 MB, boards that take 1.5 MB a second: wall as a ratio to the ideal of {SIZE / SLOW:.1f} s", n, SLOW, 1,
              SIZE / SLOW)
    if "many" in parts:
        image(1_000_000)
        many = int(os.environ.get("BENCH_MANY", "10000"))
        table(f"{many} uploads of 1 MB, all at once", many, 0, rounds, only=2)
    print("\nMemory is the summed PSS of all processes; of the engine's, the image's one mapping is left out of the figure for each board. "
          f"Load of the machine by others at the end: {os.getloadavg()[0]:.1f}. {time.strftime('%Y-%m-%d', time.gmtime())}.")


if __name__ == "__main__":
    main()
