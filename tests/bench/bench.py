# SPDX-License-Identifier: ISC
"""Measures packing, verifying and extracting against the tools that people would use instead; prints tables of ratios.

    bench.py MEASURE BUILD BUILD_ZLIB WORKLOADS IMAGE WORK [ROUNDS]

All contenders of a table run one after the other in each round (A B C A B C ...); a ratio is the median of the rounds'
ratios to the base, the first contender. WORK should be in memory: extraction to a disk measures the disk. Of W3, one large
image, there is a third of the rounds and none to warm up. BENCH_PEERS=all adds zstd, mender-artifact, rauc and swupdate."""
import os
import shutil
import statistics
import subprocess
import sys

MIB = 1 << 20


def say(text):
    print(text, file=sys.stderr, flush=True)


def shell(command):
    subprocess.run(command, shell=True, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


class Bench:
    def __init__(self, measure, build, build_zlib, trees, image, work, rounds):
        self.measure, self.trees, self.image, self.work, self.rounds = measure, trees, image, work, rounds
        self.firmpack = {"": f"{build}/firmpack", ", zlib": f"{build_zlib}/firmpack"}
        self.firmverify = {"": f"{build}/firmverify", ", zlib": f"{build_zlib}/firmverify"}
        self.pub, self.key = f"{work}/key.pub", f"{work}/key.key"
        self.peers = os.environ.get("BENCH_PEERS", "") == "all"
        shell(f"minisign -G -W -f -p {self.pub} -s {self.key}")
        if self.peers:
            shell(f"cd {work} && openssl req -x509 -newkey rsa:2048 -nodes -keyout rsa.pem -out cert.pem -subj /CN=bench -days 30 "
                  "-addext extendedKeyUsage=emailProtection,codeSigning -addext keyUsage=digitalSignature && "
                  "openssl ecparam -name prime256v1 -genkey -noout -out ec.pem && openssl ec -in ec.pem -pubout -out ec.pub")

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
        large = title.startswith("W3")
        rounds = max(1, self.rounds // 3) if large else self.rounds
        for number in range(1 if large else 0, rounds + 1):  # round 0 warms up and is not counted
            for name, command, _ in contenders:
                say(f"{title}, round {number} of {rounds}: {name}")
                result = self.run(command)
                if number > 0:
                    taken[name].append(result)
                for path in cleanup:
                    if os.path.isfile(path):
                        os.remove(path)
                    shutil.rmtree(path, ignore_errors=True)
        base, base_size = taken[contenders[0][0]], size_of(contenders[0][2])
        print(f"\n**{title}** ({rounds} round{'s' if rounds > 1 else ''})\n\n| | wall s | wall × | CPU s | CPU × | peak MiB | size MB | size × |")
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
        if name == "W3":
            os.makedirs(tree)
            shell(f"cp --sparse=always {self.image} {tree}/W3.img")
        else:
            shell(f"cp -a {self.trees}/{name} {tree}")
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
        image = name == "W3"
        stream = f"cat {tree}/W3.img" if image else (f"tar --sort=name --format=ustar --owner=0 --group=0 --numeric-owner -C {tree} "
                                                    "-cf - .")
        word = "" if image else "tar \\| "
        contenders = [(f"{word}{tool} -6, minisign", f"{stream} | {tool} -6 >{out}/{tool}.tar.gz && "
                       + self.sign(f"{out}/{tool}.tar.gz"), f"{out}/{tool}.tar.gz") for tool in ("gzip", "pigz")]
        if not image:
            contenders.append(("bsdtar -z, minisign", f"bsdtar --format=ustar --uid 0 --gid 0 --numeric-owner -C {tree} "
                               f"-czf {out}/bsdtar.tar.gz . && " + self.sign(f"{out}/bsdtar.tar.gz"),
                               f"{out}/bsdtar.tar.gz"))
        for kind, program in self.firmpack.items():
            bundle = f"{out}/bundle{kind[2:]}.firm.tar"
            contenders.append((f"firmpack build{kind}", f"{program} build {tree} --product bench --version 1 "
                               f"--counter 1 --board test-board --allow-setid --key {self.key} -o {bundle}", bundle))
        if not image:  # what the child that reads archives costs: the first contender has left one behind
            contenders.append(("firmpack build, of the .tar.gz", f"{self.firmpack['']} build {out}/gzip.tar.gz --product bench --version 1 "
                               f"--counter 1 --board test-board --allow-setid --key {self.key} -o {out}/archive.firm.tar",
                               f"{out}/archive.firm.tar"))
        if self.peers:
            contenders += self.pack_peers(tree, out, stream, word)
        self.table(f"{name}: pack and sign", contenders)

    def pack_peers(self, tree, out, stream, word):
        """Each gets the tree as a plain tar, which it compresses in its own way, or the image as it is."""
        get = f"ln -f {tree}/W3.img {out}/t.tar" if not word else f"{stream} >{out}/t.tar"
        description = (f"printf 'software = {{ version = \"1\"; hardware-compatibility: [ \"1.0\" ]; %s }}' \"$what\" >sw-description && "
                       f"openssl cms -sign -in sw-description -out sw-description.sig -signer {self.work}/cert.pem "
                       f"-inkey {self.work}/rsa.pem -outform DER -nosmimecap -binary && "
                       "printf 'sw-description\\nsw-description.sig\\nt.gz\\n' | cpio -o -H crc --quiet >x.swu && rm t.gz")
        kind = (f"files: ( {{ filename = \\\"t.gz\\\"; type = \\\"archive\\\"; path = \\\"{out}/tree\\\"; compressed = \\\"zlib\\\"; sha256 = \\\"$hash\\\"; }} );"
                if word else f"files: ( {{ filename = \\\"t.gz\\\"; path = \\\"{out}/tree/W3.img\\\"; compressed = \\\"zlib\\\"; sha256 = \\\"$hash\\\"; }} );")
        return [
            (f"{word}zstd -3 -T2, minisign", f"{stream} | zstd -q -3 -T2 >{out}/zstd.tar.zst && " + self.sign(f"{out}/zstd.tar.zst"),
             f"{out}/zstd.tar.zst"),
            ("mender-artifact write", f"{get} && mender-artifact write module-image -T tree -n v1 -t board -f {out}/t.tar "
             f"-o {out}/x.mender -k {self.work}/ec.pem && rm {out}/t.tar", f"{out}/x.mender"),
            ("rauc bundle", f"rm -rf {out}/rauc {out}/x.raucb && mkdir {out}/rauc && {get} && mv {out}/t.tar {out}/rauc/t.tar && "
             f"printf '[update]\\ncompatible=board\\nversion=1\\n\\n[image.rootfs]\\nfilename=t.tar\\n' >{out}/rauc/manifest.raucm && "
             f"rauc --cert {self.work}/cert.pem --key {self.work}/rsa.pem bundle {out}/rauc {out}/x.raucb && rm -r {out}/rauc",
             f"{out}/x.raucb"),
            ("swupdate: gzip -6, CMS, cpio", f"cd {out} && {stream} | gzip -6 >t.gz && hash=$(sha256sum t.gz | cut -c 1-64) && what=\"{kind}\" && "
             + description, f"{out}/x.swu"),
        ]

    def verify(self, name, out):
        bundle = f"{out}/bundle.firm.tar --pubkey {self.pub}"
        check = f"{self.firmverify['']} check"
        contenders = [
            ("minisign -V", self.check(f"{out}/gzip.tar.gz"), None),
            ("firmverify check --quick", f"{check} --quick {bundle}", None),
            ("firmverify check --quick, one core", f"taskset -c 0 {check} --quick {bundle}", None),
            ("firmverify check", f"{check} {bundle}", None),
            ("firmverify check, zlib", f"{self.firmverify[', zlib']} check {bundle}", None)]
        if self.peers:
            contenders += [
                ("mender-artifact validate", f"mender-artifact validate -k {self.work}/ec.pub {out}/x.mender", None),
                ("rauc info", f"rauc --keyring {self.work}/cert.pem info {out}/x.raucb", None),
                ("swupdate -c", f"swupdate -c -k {self.work}/cert.pem -H board:1.0 -i {out}/x.swu", None)]
        self.table(f"{name}: verify, nothing written", contenders)

    def extract(self, name, out):
        to = f"{out}/tree"
        take = f"cat >{to}/W3.img" if name == "W3" else f"tar -C {to} -xf -"
        word = "" if name == "W3" else " \\| tar -x"
        contenders = [(f"minisign -V, {tool} -dc{word}", self.check(f"{out}/{tool}.tar.gz") + f" && mkdir {to} && "
                       f"{tool} -dc {out}/{tool}.tar.gz | {take}", None) for tool in ("gzip", "pigz")]
        if name != "W3":
            contenders.append(("minisign -V, bsdtar -x", self.check(f"{out}/bsdtar.tar.gz")
                               + f" && mkdir {to} && bsdtar -C {to} -xf {out}/bsdtar.tar.gz", None))
        for kind, program in self.firmverify.items():
            contenders.append((f"firmverify unpack{kind}",
                               f"{program} unpack {out}/bundle.firm.tar {to} --pubkey {self.pub}", None))
        if self.peers:
            untar = f"mv {to}.x/t.tar {to}/W3.img" if name == "W3" else f"tar -C {to} -xf {to}.x/t.tar"
            contenders += [
                (f"minisign -V, zstd -dc{word}", self.check(f"{out}/zstd.tar.zst") + f" && mkdir {to} && zstd -q -dc {out}/zstd.tar.zst | {take}",
                 None),
                ("mender-artifact validate, dump", f"mender-artifact validate -k {self.work}/ec.pub {out}/x.mender && mkdir {to} {to}.x && "
                 f"mender-artifact dump --files {to}.x {out}/x.mender && {untar}", None),
                ("rauc extract", f"rauc --keyring {self.work}/cert.pem extract {out}/x.raucb {to}.x && mkdir {to} && {untar}", None),
                ("swupdate -i", f"mkdir {to} && swupdate -k {self.work}/cert.pem -H board:1.0 -i {out}/x.swu", None)]
        self.table(f"{name}: verify and extract", contenders, cleanup=[to, f"{to}.x"])

    def versions(self):
        def first(*command):
            result = subprocess.run(command, capture_output=True, text=True, check=False)
            return next((line.strip() for line in (result.stdout + result.stderr).split("\n") if line.strip()), "")
        with open("/proc/cpuinfo", encoding="ascii", errors="replace") as file:
            model = next((line.split(":")[1].strip() for line in file if line.startswith("model name")), "unknown")
        print(f"Machine: {len(os.sched_getaffinity(0))} cores of {model}; Linux {os.uname().release.split('-')[0]}; "
              f"medians of the rounds, side by side, in `{filesystem(self.work)}`; load average at the start "
              f"{os.getloadavg()[0]:.1f}.")
        commands = [["gzip", "--version"], ["pigz", "--version"], ["bsdtar", "--version"], ["tar", "--version"], ["minisign", "-v"],
                    [self.firmpack[""], "--version"], [self.firmpack[", zlib"], "--version"]]
        if self.peers:
            commands += [["zstd", "--version"], ["mender-artifact", "--version"], ["rauc", "--version"], ["swupdate", "--version"]]
        print("Versions: " + "; ".join(first(*command) for command in commands) + ".")


def size_of(path):
    return os.path.getsize(path) if path else 0


def filesystem(path):
    return subprocess.run(["stat", "-f", "-c", "%T", path], capture_output=True, text=True, check=True).stdout.strip()


def main():
    measure, build, build_zlib, trees, image, work = sys.argv[1:7]
    bench = Bench(measure, build, build_zlib, trees, image, work, int(sys.argv[7]) if len(sys.argv) > 7 else 5)
    bench.versions()
    for name in os.environ.get("BENCH_WORKLOADS", "W1 W2 W3").split():
        bench.workload(name)
    print("\nTarget of `firmverify` is 8 MiB resident, whatever the size of the image; of `firmpack`, 32 MiB.")
    print(f"Load average at the end: {os.getloadavg()[0]:.1f}.")


if __name__ == "__main__":
    main()
