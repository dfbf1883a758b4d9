# SPDX-License-Identifier: ISC
"""Measures packing, verifying and extracting against the tools that people would use instead; prints tables of ratios.

    bench.py MEASURE BUILD BUILD_ZLIB WORKLOADS WORK [ROUNDS]

All contenders of a table run one after the other in each round (A B C A B C ...); a ratio is the median of the rounds'
ratios to the base, the first contender. WORK should be in memory: extraction to a disk measures the disk."""
import os
import shutil
import statistics
import subprocess
import sys

MIB = 1 << 20


def say(text):
    print(text, file=sys.stderr, flush=True)


class Bench:
    def __init__(self, measure, build, build_zlib, trees, work, rounds):
        self.measure, self.trees, self.work, self.rounds = measure, trees, work, rounds
        self.firmpack = {"": f"{build}/firmpack", ", zlib": f"{build_zlib}/firmpack"}
        self.firmverify = {"": f"{build}/firmverify", ", zlib": f"{build_zlib}/firmverify"}
        self.pub, self.key = f"{work}/key.pub", f"{work}/key.key"
        subprocess.run(["minisign", "-G", "-W", "-f", "-p", self.pub, "-s", self.key], check=True,
                       stdout=subprocess.DEVNULL)

    def run(self, command):
        """(wall s, CPU s, peak MiB) of a shell command."""
        result = subprocess.run([self.measure, "sh", "-c", command], check=True, capture_output=True, text=True)
        wall, cpu, peak, status = result.stdout.split()
        if status != "0":
            sys.exit(f"bench: status {status}: {command}\n{result.stderr}")
        return float(wall), float(cpu), int(peak) / 1024

    def table(self, title, contenders, cleanup=()):
        """CONTENDERS: (name, command, the file whose size counts or None). Prints the table, returns peaks by name."""
        taken = {name: [] for name, _, _ in contenders}
        for number in range(self.rounds + 1):  # round 0 warms up and is not counted
            for name, command, _ in contenders:
                say(f"{title}, round {number} of {self.rounds}: {name}")
                result = self.run(command)
                if number > 0:
                    taken[name].append(result)
                for path in cleanup:
                    shutil.rmtree(path, ignore_errors=True)
        base, base_size = taken[contenders[0][0]], size_of(contenders[0][2])
        print(f"\n**{title}**\n\n| | wall s | wall × | CPU s | CPU × | peak MiB | size MB | size × |")
        print("|---|---|---|---|---|---|---|---|")
        for name, _, path in contenders:
            rows, size = taken[name], size_of(path)
            wall, cpu, peak = (statistics.median(r[i] for r in rows) for i in range(3))
            times = [statistics.median(r[i] / b[i] if b[i] else 1 for r, b in zip(rows, base)) for i in range(2)]
            sizes = f"{size / 1e6:.2f} | {size / base_size:.3f}" if size else "- | -"
            print(f"| {name} | {wall:.3f} | {times[0]:.2f} | {cpu:.3f} | {times[1]:.2f} | {peak:.1f} | {sizes} |",
                  flush=True)

    def workload(self, name):
        tree, out = f"{self.work}/{name}", f"{self.work}/out"
        os.makedirs(out, exist_ok=True)
        say(f"copying {name} to {self.work}")
        subprocess.run(["cp", "-a", f"{self.trees}/{name}", tree], check=True)
        self.pack(name, tree, out)
        self.verify(name, out)
        self.extract(name, out)
        shutil.rmtree(tree)
        shutil.rmtree(out)

    def sign(self, path):
        return f"minisign -S -s {self.key} -m {path}"

    def check(self, path):
        return f"minisign -Vq -p {self.pub} -m {path}"

    def pack(self, name, tree, out):
        tar = f"tar --sort=name --format=ustar --owner=0 --group=0 --numeric-owner -C {tree} -cf - ."
        contenders = [(f"tar \\| {tool} -6, minisign", f"{tar} | {tool} -6 >{out}/{tool}.tar.gz && "
                       + self.sign(f"{out}/{tool}.tar.gz"), f"{out}/{tool}.tar.gz") for tool in ("gzip", "pigz")]
        contenders.append(("bsdtar -z, minisign", f"bsdtar --format=ustar --uid 0 --gid 0 --numeric-owner -C {tree} "
                           f"-czf {out}/bsdtar.tar.gz . && " + self.sign(f"{out}/bsdtar.tar.gz"),
                           f"{out}/bsdtar.tar.gz"))
        for kind, program in self.firmpack.items():
            bundle = f"{out}/bundle{kind[2:]}.firm.tar"
            contenders.append((f"firmpack build{kind}", f"{program} build {tree} --product bench --version 1 "
                               f"--counter 1 --board test-board --allow-setid --key {self.key} -o {bundle}", bundle))
        self.table(f"{name}: pack and sign", contenders)

    def verify(self, name, out):
        bundle = f"{out}/bundle.firm.tar --pubkey {self.pub}"
        check = f"{self.firmverify['']} check"
        self.table(f"{name}: verify, nothing written", [
            ("minisign -V", self.check(f"{out}/gzip.tar.gz"), None),
            ("firmverify check --quick", f"{check} --quick {bundle}", None),
            ("firmverify check --quick, one core", f"taskset -c 0 {check} --quick {bundle}", None),
            ("firmverify check", f"{check} {bundle}", None),
            ("firmverify check, zlib", f"{self.firmverify[', zlib']} check {bundle}", None)])

    def extract(self, name, out):
        to = f"{out}/tree"
        contenders = [(f"minisign -V, {tool} -dc \\| tar -x", self.check(f"{out}/{tool}.tar.gz") + f" && mkdir {to} && "
                       f"{tool} -dc {out}/{tool}.tar.gz | tar -C {to} -xf -", None) for tool in ("gzip", "pigz")]
        contenders.append(("minisign -V, bsdtar -x", self.check(f"{out}/bsdtar.tar.gz")
                           + f" && mkdir {to} && bsdtar -C {to} -xf {out}/bsdtar.tar.gz", None))
        for kind, program in self.firmverify.items():
            contenders.append((f"firmverify unpack{kind}",
                               f"{program} unpack {out}/bundle.firm.tar {to} --pubkey {self.pub}", None))
        self.table(f"{name}: verify and extract", contenders, cleanup=[to])

    def versions(self):
        def first(*command):
            return subprocess.run(command, capture_output=True, text=True, check=False).stdout.split("\n")[0].strip()
        with open("/proc/cpuinfo", encoding="ascii", errors="replace") as file:
            model = next((line.split(":")[1].strip() for line in file if line.startswith("model name")), "unknown")
        print(f"Machine: {len(os.sched_getaffinity(0))} cores of {model}; Linux {os.uname().release}; "
              f"medians of {self.rounds} rounds, side by side, in `{filesystem(self.work)}`.")
        names = [first(*command) for command in (
            ["gzip", "--version"], ["pigz", "--version"], ["bsdtar", "--version"], ["tar", "--version"],
            ["minisign", "-v"], [self.firmpack[""], "--version"], [self.firmpack[", zlib"], "--version"])]
        print("Versions: " + "; ".join(names) + ".")


def size_of(path):
    return os.path.getsize(path) if path else 0


def filesystem(path):
    return subprocess.run(["stat", "-f", "-c", "%T", path], capture_output=True, text=True, check=True).stdout.strip()


def main():
    measure, build, build_zlib, trees, work = sys.argv[1:6]
    bench = Bench(measure, build, build_zlib, trees, work, int(sys.argv[6]) if len(sys.argv) > 6 else 5)
    bench.versions()
    for name in os.environ.get("BENCH_WORKLOADS", "W1 W2").split():
        bench.workload(name)
    print("\nTarget of `firmverify` is 8 MiB resident, whatever the size of the image; of `firmpack`, 32 MiB.")


if __name__ == "__main__":
    main()
