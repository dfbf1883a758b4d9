# SPDX-License-Identifier: ISC
"""Any two readers agree: unpacks archives of all kinds with firmpack and with the programs that people have, and compares.

    readers.py make DIR                 writes the archives into DIR
    readers.py compare DIR FAULTS KEY   builds and unpacks each, lets each program unpack it into an empty folder, and compares path
                                        bytes, type, size, hash and link target. An archive that firmpack takes must be the same
                                        to all of them. FAULTS lists known faults of programs, a line each:
                                        PROGRAM, VERSION (as what the program says begins), ARCHIVE (a pattern), PATH in it,
                                        REASON, parted by tabs.

One line per archive: "ok - ..." or "not ok - ...", with a line for each difference.
"""
import bz2
import concurrent.futures
import fnmatch
import gzip
import hashlib
import io
import lzma
import os
import shutil
import stat
import struct
import subprocess
import sys
import zipfile
import zlib

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from hostile import END, FIRST, LAST, newc, pax_member, pax_records, raw_header, raw_member  # noqa: E402

ENV = dict(os.environ, LC_ALL="C.UTF-8", LANG="C.UTF-8", TZ="UTC")


# --- archives ---

def tree(directory):
    """A folder with everything that a bundle can hold."""
    os.makedirs(os.path.join(directory, "boot", "grub"))
    os.makedirs(os.path.join(directory, "empty"))
    for name, data in (("boot/uImage", b"kernel" * 3000), ("boot/grub/grub.cfg", b"set default=0\n"), ("nothing", b""),
                       ("a name with blanks", b"x\n"), ("gr\u00fc\u00dfe-\u043f\u0440\u0438\u0432\u0435\u0442", b"text\n"),
                       ("d" * 90 + "-long", b"long\n"), ("large", bytes(range(256)) * 2000),
                       ("usr/share/" + "component/" * 9 + "a-file-in-a-deep-folder", b"deep\n")):
        path = os.path.join(directory, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(data)
    os.symlink("uImage", os.path.join(directory, "boot", "current"))
    os.symlink("../boot", os.path.join(directory, "empty", "up"))
    os.symlink("/proc/mounts", os.path.join(directory, "mtab"))


def run(*command, **more):
    return subprocess.run(command, check=True, env=ENV, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **more).stdout


def write(path, data):
    with open(path, "wb") as file:
        file.write(data)


def gnu_cpio(root, form, names):
    return run("cpio", "-o", "-0", "--quiet", "-H", form, cwd=root, input=b"\0".join(names) + b"\0")


def by_programs(out, root, linked):
    names = sorted(os.fsencode(os.path.relpath(os.path.join(where, name), root))
                   for where, dirs, files in os.walk(root) for name in dirs + files)
    short = [name for name in names if len(name) < 100]
    for form in ("gnu", "pax", "ustar", "oldgnu"):
        run("tar", "--format=" + form, "-cf", out("gnu-%s.tar" % form), "-C", root, ".")
    run("tar", "--format=v7", "-cf", out("gnu-v7.tar"), "-C", root, "boot", "empty", "mtab")
    for form in ("ustar", "pax", "gnutar", "newc", "odc", "zip", "7zip"):
        run("bsdtar", "--format=" + form, "-cf", out("bsdtar-%s.%s" % (form, "zip" if form == "zip" else "7z" if form == "7zip" else
                                                                        "cpio" if form in ("newc", "odc") else "tar")), "-C", root, ".")
    for form in ("newc", "crc", "odc", "bin"):
        write(out("gnu-%s.cpio" % form), gnu_cpio(root, form, names))
        write(out("gnu-%s-linked.cpio" % form), gnu_cpio(linked, form, [b"one", b"three", b"two"]))
    write(out("gnu-cpio-ustar.tar"), gnu_cpio(root, "ustar", short))
    for form in ("gnu", "pax", "ustar"):
        run("tar", "--format=" + form, "-cf", out("gnu-%s-linked.tar" % form), "-C", linked, ".")
    for form in ("ustar", "pax", "newc", "odc", "zip", "7zip"):
        run("bsdtar", "--format=" + form, "-cf", out("bsdtar-%s-linked.%s" % (form, "zip" if form == "zip" else "7z" if form == "7zip" else
                                                                              "cpio" if form in ("newc", "odc") else "tar")), "-C", linked, ".")
    for name, options in (("copy", "-mx0"), ("lzma2", "-m0=lzma2"), ("lzma", "-m0=lzma"), ("ppmd", "-m0=ppmd"), ("bzip2", "-m0=bzip2"),
                          ("deflate", "-m0=deflate")):
        run("7z", "a", "-snl", options, "-bso0", "-bsp0", out("7z-%s.7z" % name), ".", cwd=root)
    for name, options in (("stored", "-mm=Copy"), ("deflate", "-mm=Deflate"), ("bzip2", "-mm=BZip2"), ("deflate64", "-mm=Deflate64"),
                          ("lzma", "-mm=LZMA"), ("utf8", "-mcu=on")):
        run("7z", "a", "-tzip", "-snl", options, "-bso0", "-bsp0", out("7z-%s.zip" % name), ".", cwd=root)
    shutil.make_archive(out("python"), "zip", root)
    for name in ("gzip", "bzip2", "xz", "zstd", "lz4", "lzma", "compress"):
        run("bsdtar", "--" + name, "-cf", out("filter-%s.tar.%s" % (name, name)), "-C", root, ".")
    shutil.copy(out("gnu-gnu.tar"), out("filter-lzip.tar"))
    run("lzip", out("filter-lzip.tar"))


def zip_of(entries, local=None, flags=0, host=3, middle=b"", front=b"", behind=b""):
    """Stored files (NAME, DATA); LOCAL: names in the headers of the files, if they differ."""
    out, central = front, b""
    for i, (name, data) in enumerate(entries):
        crc, at = zlib.crc32(data), len(out)
        fields = struct.pack("<HHHHHIII", 20, flags, 0, 0, 0x5771, crc, len(data), len(data))
        here = local[i] if local else name
        out += b"PK\3\4" + fields + struct.pack("<HH", len(here), 0) + here + data + middle
        central += (b"PK\1\2" + struct.pack("<BB", 20, host) + fields +
                    struct.pack("<HHHHHII", len(name), 0, 0, 0, 0, (stat.S_IFREG | 0o644) << 16 if host == 3 else 0, at) + name)
    return out + central + b"PK\5\6" + struct.pack("<HHHHIIH", 0, 0, len(entries), len(entries), len(central), len(out), 0) + behind


def lzma_zip():
    buf = io.BytesIO()
    with zipfile.ZipFile(buf, "w", zipfile.ZIP_LZMA) as z:
        z.writestr("a", b"data\n" * 100)
    return buf.getvalue()


def streamed_zip():
    """What a program writes that cannot seek: sizes behind the content."""
    class Pipe(io.RawIOBase):
        def __init__(self):
            super().__init__()
            self.data = b""

        def writable(self):
            return True

        def write(self, data):
            self.data += bytes(data)
            return len(data)
    pipe = Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as z:
        z.writestr("a", b"data\n" * 100)
        z.writestr("b/c", b"more\n")
    return pipe.data


def gzip_named(data):
    c = zlib.compressobj(6, zlib.DEFLATED, -15)
    return (b"\x1f\x8b\x08\x1c\0\0\0\0\0\x03" + struct.pack("<H", 4) + b"ab\0\0" + b"name\0comment\0" + c.compress(data) + c.flush() +
            struct.pack("<II", zlib.crc32(data), len(data)))


def typed(name, kind, size=0, link=b""):
    return raw_header(name, size, kind, linkname=link)


def global_pax(records):
    data = bytearray(pax_records(records))
    data[156:157] = b"g"
    data[148:156] = b" " * 8
    data[148:156] = b"%06o\0 " % sum(data[:512])
    return bytes(data)


def by_hand(out):
    two = raw_member(b"b", b"overlay\n")
    odd = {
        "joined.tar": FIRST + END + two + END,
        "joined.tar.gz": gzip.compress(FIRST + END, mtime=0) + gzip.compress(two + END, mtime=0),
        "members.tar.gz": gzip.compress(FIRST, mtime=0) + gzip.compress(two + END, mtime=0),
        "members.tar.xz": lzma.compress(FIRST) + lzma.compress(two + END),
        "members.tar.bz2": bz2.compress(FIRST) + bz2.compress(two + END),
        "lone-zeros.tar": FIRST + bytes(512) + two + END,
        "zeros-behind.tar": FIRST + two + END + bytes(10240),
        "zeros-behind.tar.gz": gzip.compress(FIRST + two + END, mtime=0) + bytes(512),
        "junk-behind.tar": FIRST + END + b"x" * 512,
        "junk-behind.tar.gz": gzip.compress(FIRST + END, mtime=0) + b"junk",
        "header.tar.gz": gzip_named(FIRST + END),
        "global-path.tar": global_pax([(b"path", b"other")]) + FIRST + END,
        "global-comment.tar": global_pax([(b"comment", b"0" * 40)]) + FIRST + END,
        "global-vendor.tar": global_pax([(b"SCHILY.release", b"star 1.5"), (b"VENDOR.word", b"x")]) + FIRST + END,
        "global-sparse.tar": global_pax([(b"GNU.sparse.size", b"5")]) + FIRST + END,
        "pax-twice.tar": pax_records([(b"path", b"one"), (b"path", b"two")]) + FIRST + END,
        "pax-two-headers.tar": pax_records([(b"path", b"one")]) + pax_records([(b"uid", b"0")]) + FIRST + END,
        "pax-size.tar": pax_records([(b"size", b"5")]) + raw_header(b"a", 0) + b"data\n" + bytes(507) + END,
        "dir-by-slash.tar": typed(b"d/", b"0") + raw_member(b"d/f", b"x\n") + END,
        "old-dir.tar": typed(b"d/", b"\0") + raw_member(b"d/f", b"x\n") + END,
        "dir-with-size.tar": typed(b"d", b"5", 1000) + raw_member(b"d/f", b"x\n") + END,
        "link-with-size.tar": FIRST + typed(b"l", b"2", 1, b"a") + LAST + END,
        "hard-with-size.tar": FIRST + typed(b"h", b"1", 5, b"a") + LAST + END,
        "hard-with-content.tar": FIRST + typed(b"h", b"1", 5, b"a") + b"other" + bytes(507) + LAST + END,
        "hard-to-link.tar": FIRST + typed(b"l", b"2", 0, b"a") + typed(b"h", b"1", 0, b"l") + END,
        "unknown-type.tar": FIRST + raw_header(b"u", 5, b"Q") + b"data\n" + bytes(507) + LAST + END,
        "latin1.tar": raw_member(b"gr\xfc\xdfe", b"data\n") + END,
        "two-names.zip": zip_of([(b"a", b"data\n")], local=[b"b"]),
        "plain.zip": zip_of([(b"a", b"data\n"), (b"b", b"")]),
        "dos.zip": zip_of([(b"A.TXT", b"data\n")], host=0),
        "cp437.zip": zip_of([(b"caf\x82", b"data\n")], host=0),
        "cp437-unix.zip": zip_of([(b"caf\x82", b"data\n")]),
        "utf8.zip": zip_of([("caf\u00e9".encode(), b"data\n")], flags=1 << 11),
        "utf8-unmarked.zip": zip_of([("caf\u00e9".encode(), b"data\n")]),
        "backslash.zip": zip_of([(b"d\\f", b"data\n")], host=0),
        "in-front.zip": b"#!/bin/sh\n" + zip_of([(b"a", b"data\n")]),
        "counted-front.zip": zip_of([(b"a", b"data\n")], front=b"#!/bin/sh\n"),
        "between.zip": zip_of([(b"a", b"data\n"), (b"b", b"")], middle=b"PK\3\4hidden"),
        "behind.zip": zip_of([(b"a", b"data\n")], behind=b"junk"),
        "joined.zip": zip_of([(b"a", b"data\n")]) + zip_of([(b"b", b"more\n")]),
        "lzma.zip": lzma_zip(),
        "streamed.zip": streamed_zip(),
        "joined.cpio": newc("a", 0o100644, b"data\n", 1) + newc("TRAILER!!!", 0, b"", 0) + newc("b", 0o100644, b"x\n", 1) +
        newc("TRAILER!!!", 0, b"", 0),
        "late-link.cpio": newc("one", 0o100644, b"", 7, 2) + newc("two", 0o100644, b"data\n", 7, 2) + newc("TRAILER!!!", 0, b"", 0),
        "early-link.cpio": newc("one", 0o100644, b"data\n", 7, 2) + newc("two", 0o100644, b"", 7, 2) + newc("TRAILER!!!", 0, b"", 0),
        "two-contents.cpio": newc("one", 0o100644, b"data\n", 7, 2) + newc("two", 0o100644, b"more\n", 7, 2) +
        newc("TRAILER!!!", 0, b"", 0),
    }
    early = newc("ucode", 0o100644, b"x\n", 1) + newc("TRAILER!!!", 0, b"", 0)
    odd["microcode.img"] = early + bytes(-len(early) % 512) + gzip.compress(newc("b", 0o100644, b"y\n", 1) + newc("TRAILER!!!", 0, b"", 0))
    for name, data in odd.items():
        write(out(name), data)


def seven_zip(name, attributes, data=b"data\n"):
    """A 7z of one stored file, with these attributes."""
    name16 = name.encode("utf-16le") + b"\0\0"
    header = (b"\x01\x04\x06\x00\x01\x09" + bytes([len(data)]) + b"\0\x07\x0b\x01\0\x01\x01\0\x0c" + bytes([len(data)]) + b"\0\x08\x0a\x01" +
              struct.pack("<I", zlib.crc32(data)) + b"\0\0\x05\x01\x11" + bytes([1 + len(name16)]) + b"\0" + name16 + b"\x15\x06\x01\0" +
              struct.pack("<I", attributes) + b"\0\0")
    start = struct.pack("<QQI", len(data), len(header), zlib.crc32(header))
    return b"7z\xbc\xaf\x27\x1c\0\x04" + struct.pack("<I", zlib.crc32(start)) + start + data + header


def make(directory):
    def out(name):
        return os.path.join(directory, name)
    os.makedirs(directory)
    work = directory + ".work"
    tree(os.path.join(work, "tree"))
    os.makedirs(os.path.join(work, "linked"))
    write(os.path.join(work, "linked", "one"), b"linked\n" * 500)
    for name in ("two", "three"):
        os.link(os.path.join(work, "linked", "one"), os.path.join(work, "linked", name))
    by_programs(out, os.path.join(work, "tree"), os.path.join(work, "linked"))
    by_hand(out)
    write(out("mode-without-type.7z"), seven_zip("a", 0x8000 | 0o664 << 16))
    write(out("windows.7z"), seven_zip("a", 0x20))
    write(out("junk-behind.7z"), seven_zip("a", 0x20) + b"junk")
    shutil.rmtree(work)


# --- readers ---

def command(reader, archive):
    kind = "cpio" if archive.endswith((".cpio", ".img")) else "zip" if archive.endswith(".zip") else "7z" if archive.endswith(".7z") else "tar"
    if reader == "tar":
        return ["tar", "-xf", archive] if kind == "tar" else None
    if reader == "bsdtar":
        return ["bsdtar", "-xf", archive]
    if reader == "unzip":
        return ["unzip", "-qq", "-o", archive] if kind == "zip" else None
    if reader == "7z": # unpacks one layer at a time
        return ["7z", "x", "-y", "-snld", "-bso0", "-bsp0", archive] if kind != "tar" or archive.endswith(".tar") else None
    return ["cpio", "-idm", "--quiet", "--no-absolute-filenames", "-F", archive] if kind == "cpio" else None


READERS = {"tar": ["tar", "--version"], "bsdtar": ["bsdtar", "--version"], "unzip": ["unzip", "-v"], "7z": ["7z", "i"],
           "cpio": ["cpio", "--version"]}


def version(reader):
    text = subprocess.run(READERS[reader], env=ENV, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False).stdout.decode("utf-8", "replace")
    return next(line for line in text.splitlines() if line.strip())


def listing(root):
    """What a folder holds: {path: (type, size, hash or target)}."""
    found = {}
    root = os.fsencode(root)
    for where, dirs, files in os.walk(root):
        for name in dirs + files:
            path = os.path.join(where, name)
            info = os.lstat(path)
            rel = os.path.relpath(path, root)
            if stat.S_ISLNK(info.st_mode):
                found[rel] = ("link", os.readlink(path).rstrip(b"/") or b"/")
            elif stat.S_ISDIR(info.st_mode):
                found[rel] = ("dir",)
            else:
                with open(path, "rb") as file:
                    found[rel] = ("file", info.st_size, hashlib.sha256(file.read()).hexdigest())
    return found


def unpack(argv, folder):
    """What the program makes of it, or None when it says that it cannot."""
    os.makedirs(folder)
    done = subprocess.run(argv, cwd=folder, env=ENV, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    if done.returncode != 0:
        return None
    subprocess.run(["chmod", "-R", "u+rwX", folder], check=False)
    return listing(folder)


def differences(ours, theirs, known):
    for path in sorted(set(ours) | set(theirs)):
        if os.fsdecode(path) not in known and ours.get(path) != theirs.get(path):
            yield "%r: %s, firmpack: %s" % (path, theirs.get(path, "absent"), ours.get(path, "absent"))


def one(archive, faults, key, versions):
    """The lines about one archive."""
    name, work = os.path.basename(archive), archive + ".d"
    os.makedirs(work)
    bundle = os.path.join(work, "x.firm.tar")
    built = subprocess.run(["firmpack", "build", archive, "--product", "p", "--version", "1", "--counter", "1", "--board", "b", "--allow-folder", "--key",
                            key + ".key", "-o", bundle, "--quiet", "--threads", "1"], env=ENV, capture_output=True, check=False)
    if built.returncode != 0:
        shutil.rmtree(work)
        if built.returncode != 3:
            return False, ["not ok - %s: firmpack fails: %s" % (name, built.stderr.decode())]
        return False, ["ok - %s: refused" % name]
    ours = unpack(["firmverify", "unpack", bundle, "it", "--pubkey", key + ".pub", "--quiet"], os.path.join(work, "ours"))
    ours = {path[3:]: what for path, what in (ours or {}).items() if path != b"it"}
    said, agreed = [], []
    for reader, its in versions.items():
        argv = command(reader, archive)
        theirs = unpack(argv, os.path.join(work, reader)) if argv else None
        if theirs is None:
            continue
        known = [f[3] for f in faults if f[0] == reader and its.startswith(f[1]) and fnmatch.fnmatch(name, f[2])]
        differ = list(differences(ours, theirs, known))
        if not differ:
            agreed.append(reader)
        else:
            said += ["#   %s: %s" % (reader, text) for text in differ[:8]]
    subprocess.run(["chmod", "-R", "u+rwX", work], check=False)
    shutil.rmtree(work)
    if said:
        return True, ["not ok - %s: all readers agree" % name] + said
    return True, ["ok - %s: firmpack and %s agree" % (name, ", ".join(agreed) or "nobody else")]


def compare(directory, faults_file, key):
    with open(faults_file, encoding="utf-8") as file:
        faults = [line.rstrip("\n").split("\t") for line in file if line.strip() and not line.startswith("#")]
    versions = {reader: version(reader) for reader in READERS if shutil.which(reader)}
    archives = sorted(os.path.join(directory, name) for name in os.listdir(directory))
    taken = 0
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for accepted, lines in pool.map(lambda a: one(a, faults, key, versions), archives):
            taken += accepted
            print("\n".join(lines))
    print("%s - %d of %d archives are packed" % ("ok" if taken > len(archives) / 2 else "not ok", taken, len(archives)))
    for fault in faults:
        if len(fault) != 5 or fault[0] not in READERS or not fault[4]:
            print("not ok - the list of faults has a line that is not one: %s" % fault)


if __name__ == "__main__":
    if sys.argv[1] == "make":
        make(os.path.abspath(sys.argv[2]))
    else:
        compare(os.path.abspath(sys.argv[2]), sys.argv[3], os.path.abspath(sys.argv[4]))
