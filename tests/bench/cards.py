# SPDX-License-Identifier: ISC
"""Measures making a card's image, 512 MiB with one FAT32 volume, against mtools and genimage; prints tables of ratios to mtools.

    cards.py MEASURE BUILD WORKLOADS WORK [ROUNDS]

All make the same card, but not by the same work. Firmflash starts from the signed bundle, which it verifies and inflates, and syncs what
it wrote. The others read the tree's files, check nothing, and leave what they wrote in the cache. So there is a line for what one would do
instead with what was downloaded: check the signature, unpack, and then mtools, and sync. FAT has no links and no case, so links are left out, and of names that differ by case only the later ones."""
import os
import shutil
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from bench import Bench, say, shell  # noqa: E402

GENIMAGE = """image card.vol {
	vfat { extraargs = "-F 32" }
	size = 511M
	mountpoint = "/"
}
image genimage.img {
	hdimage {}
	partition boot { partition-type = 0xC bootable = true image = "card.vol" offset = 1M }
	size = 512M
}
"""


def plain_copy(source, target):
    """Directories and files of a tree that FAT can hold."""
    for folder, folders, files in os.walk(source):
        seen, here = set(), os.path.join(target, os.path.relpath(folder, source))
        os.makedirs(here, exist_ok=True)
        for names in (folders, files):
            for name in sorted(names):
                path = os.path.join(folder, name)
                if name.lower() in seen or os.path.islink(path):
                    if names is folders:
                        folders.remove(name)
                    continue
                seen.add(name.lower())
                if names is files:
                    shutil.copyfile(path, os.path.join(here, name))


def prepare(build, trees, work, name):
    plain_copy(f"{trees}/{name}", f"{work}/{name}")
    with open(f"{work}/plain.board", "w", encoding="ascii") as profile:
        profile.write("board plain\ntitle Any board\ndialect html\nprobe /cgi-bin/x\nfield datafile\nsend bundle\n"
                      "upgrade keep /cgi-bin/upgrade.cgi\nreboot keep itself\ncard start 2048\ncard tree / /\n")
    with open(f"{work}/genimage.cfg", "w", encoding="ascii") as config:
        config.write(GENIMAGE)
    shell(f"cd {work} && rm -f card.key card.pub && {build}/firmkey generate -o card --no-password && "
          f"tar -C {name} -cf - . | gzip -6 >{name}.tar.gz && minisign -S -s key.key -m {name}.tar.gz && "
          f"{build}/firmpack build {name} --product bench --version 1 --counter 1 --board plain --key card.key -o {name}.firm.tar")


def contenders(build, work, name):
    blocks = 511 * 1024
    empty = (f"cd {work} && truncate -s 512M m.img && echo start=2048,type=c,bootable | sfdisk -q m.img >/dev/null && "
             f"mkfs.vfat -F 32 --offset 2048 m.img {blocks} >/dev/null && MTOOLS_SKIP_CHECK=1 mcopy -s -Q -i m.img@@1M")
    rows = [
        ("truncate, sfdisk, mkfs.vfat, mcopy", f"{empty} {name}/* ::/", None),
        ("minisign -V, gzip -dc \\| tar -x, the same, sync",
         f"cd {work} && mkdir un && minisign -Vq -p key.pub -m {name}.tar.gz && gzip -dc {name}.tar.gz | tar -x -C un && "
         f"{empty} un/* ::/ && sync m.img", None),
        ("firmflash card: verifies, inflates, syncs",
         f"cd {work} && {build}/firmflash card --force {name}.firm.tar f.img --board plain --boards . --pubkey card.pub --quiet", None)]
    if shutil.which("genimage"):
        rows.append(("genimage", f"cd {work} && genimage --config genimage.cfg --rootpath {name} --tmppath gt --inputpath . "
                     "--outputpath go --loglevel 1", None))
    return rows


def main():
    measure, build, trees, work = sys.argv[1:5]
    bench = Bench(measure, build, build, trees, None, work, int(sys.argv[5]) if len(sys.argv) > 5 else 5)
    os.environ["MTOOLSRC"] = "/dev/null"
    for name in os.environ.get("BENCH_WORKLOADS", "W1 W2").split():
        if name == "W3":
            continue
        say(f"{name}: a tree that FAT can hold")
        prepare(build, trees, work, name)
        bench.table(f"{name}: an image of a card, 512 MiB", contenders(build, work, name),
                    [f"{work}/{made}" for made in ("m.img", "f.img", "un", "gt", "go")])
        shutil.rmtree(f"{work}/{name}")


if __name__ == "__main__":
    main()
