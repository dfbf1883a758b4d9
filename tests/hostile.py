# SPDX-License-Identifier: ISC
"""Makes archives that must not get into a bundle as they are, for import.sh.

    hostile.py DIR       writes the archives, and DIR/table: FILE, REASON (part of what is to be said), KEPT (paths left by
                         --drop-unsafe, joined by `|'), one case a line, parted by tabs
    hostile.py odd DIR   writes archives that fail as a whole, and DIR/table: FILE, STATUS, VERDICT
    hostile.py implied DIR writes one that implies five million directories, and DIR/table, as odd does
    hostile.py plain DIR writes archives that are unusual and right, and DIR/table: FILE, KEPT

Tar, zip and cpio are made here, byte by byte where the library is too polite; bsdtar turns hostile tars into 7z.
"""
import io
import os
import stat
import struct
import subprocess
import sys
import tarfile
import zipfile
import zlib

sys.dont_write_bytecode = True


class Case:
    """One archive: entries in order, what must be said of the bad ones, and what is left without them."""

    def __init__(self, name, reason, kept, entries, formats="tar zip cpio 7z"):
        self.name, self.reason, self.kept, self.entries, self.formats = name, reason, kept, entries, formats.split()


def f(name, data=b"data\n", mode=0o644):
    return {"name": name, "type": "file", "data": data, "mode": mode}


def d(name):
    return {"name": name, "type": "dir", "mode": 0o755}


def link(name, target):
    return {"name": name, "type": "link", "target": target}


def hard(name, target):
    return {"name": name, "type": "hard", "target": target}


def special(name, kind):
    return {"name": name, "type": kind}


LONG_COMPONENT = "x" * 120
LONG_PATH = "/".join(["d" * 50] * 5) + "/file"

# Each hostile entry stands between two good ones, so that what is dropped, and only that, is missing afterwards.
CASES = [
    Case("dotdot", "has a `..' component", "a|z", [f("../evil")]),
    Case("dotdot-inside", "has a `..' component", "a|z", [f("sub/../../evil")]),
    Case("dotdot-dir", "has a `..' component", "a|z", [d("..")]),
    Case("dot-inside", "has a `.' component", "a|z", [f("sub/./evil")]),
    Case("absolute", "is absolute", "a|z", [f("/etc/evil")]),
    Case("absolute-behind-dot", "is absolute", "a|z", [f(".//etc/evil")]),
    Case("double-slash", "has an empty component", "a|z", [f("sub//evil")]),
    Case("through-link", "leads through a link", "a|dir|dir/x|l|z", [d("dir"), f("dir/x"), link("l", "dir"), f("l/x")]),
    Case("through-link-first", "leads through a link", "a|dir|l|z", [f("l/x"), d("dir"), link("l", "dir")]),
    Case("through-link-deep", "leads through a link", "a|dir|l|z", [d("dir"), link("l", "dir"), f("l/b/c/x")]),
    Case("through-root-link", "leads through a link", "a|l|z", [link("l", "/etc"), f("l/x")]),
    Case("through-bad-link", "leads through a link", "a|z", [link("l", "../.."), f("l/x")]),
    Case("through-file", "leads through what is no directory", "a|a-b|z", [f("a-b"), f("a/x")]),
    Case("link-out", "is a link that leads out of the tree", "a|z", [link("l", "../../etc/passwd")]),
    Case("link-out-nested", "is a link that leads out of the tree", "a|s|z", [d("s"), link("s/l", "../../etc")]),
    Case("link-up-behind-name", "has a `..' component", "a|z", [link("l", "b/../../etc")]),
    Case("link-long", "is too long", "a|z", [link("l", "t" * 101)]),
    Case("link-backslash", "has a backslash", "a|z", [link("l", "..\\evil")], "tar cpio"),
    Case("link-empty", "is empty", "a|z", [link("l", "")], "cpio"),
    Case("hard-out", "has a `..' component", "a|z", [hard("h", "../etc/passwd")], "tar"),
    Case("hard-absolute", "which is absolute", "a|z", [hard("h", "/etc/passwd")], "tar"),
    Case("hard-absent", "is absent", "a|z", [hard("h", "nowhere")], "tar"),
    Case("hard-later", "is absent", "a|z", [hard("h", "z")], "tar"),
    Case("hard-self", "is absent", "a|z", [hard("h", "h")], "tar"),
    Case("hard-to-dir", "is not a file", "a|s|z", [d("s"), hard("h", "s")], "tar"),
    Case("hard-to-link-out", "is a link that leads out of the tree", "a|s|s/l|z", [d("s"), link("s/l", "../a"), hard("h", "s/l")], "tar"),
    Case("hard-through-link", "is absent", "a|l|s|s/x|z", [d("s"), f("s/x"), link("l", "s"), hard("h", "l/x")], "tar"),
    Case("hard-to-refused", "was refused", "a|l|z", [link("l", "a"), f("l/x"), hard("h", "l/x")], "tar"),
    Case("char-device", "it is a character device", "a|z", [special("dev", "chr")], "tar cpio zip"),
    Case("block-device", "it is a block device", "a|z", [special("dev", "blk")], "tar cpio zip"),
    Case("fifo", "it is a FIFO", "a|z", [special("pipe", "fifo")], "tar cpio"),
    Case("socket", "it is a socket", "a|z", [special("sock", "sock")], "cpio zip"),
    Case("no-kind", "it is of no known kind", "a|z", [special("odd", "none")], "cpio"),
    Case("duplicate", "it is a duplicate", "a|z", [f("a", b"another\n")]),
    Case("duplicate-spelling", "it is a duplicate", "a|z", [f("./a", b"another\n")]),
    Case("duplicate-dir", "it is a duplicate", "a|s|z", [d("s"), d("s")], "tar zip cpio"),
    Case("duplicate-link", "it is a duplicate", "a|z", [link("a", "z")]),
    Case("control", "has a control byte", "a|z", [f("new\nline")]),
    Case("escape", "has a control byte", "a|z", [f("\x1b[2Jclear")]),
    Case("delete", "has a control byte", "a|z", [f("rub\x7fout")]),
    Case("backslash", "has a backslash", "a|z", [f("..\\evil")]),
    Case("long-component", "is too long", "a|z", [f(LONG_COMPONENT)]),
    Case("long-path", "is too long", "a|z", [f(LONG_PATH)]),
    Case("very-long-path", "is too long", "a|z", [f("y/" * 5000 + "x")], "tar"),
]


def surround(case):
    return [f("a")] + case.entries + [f("z")]


# --- tar ---

TAR_TYPES = {"file": tarfile.REGTYPE, "dir": tarfile.DIRTYPE, "link": tarfile.SYMTYPE, "hard": tarfile.LNKTYPE,
             "chr": tarfile.CHRTYPE, "blk": tarfile.BLKTYPE, "fifo": tarfile.FIFOTYPE}


def tar_add(tar, entry):
    info = tarfile.TarInfo(entry["name"])
    info.type = TAR_TYPES[entry["type"]]
    info.mode = entry.get("mode", 0o644)
    info.linkname = entry.get("target", "")
    info.mtime = 1700000000
    data = entry.get("data", b"")
    info.size = len(data)
    tar.addfile(info, io.BytesIO(data))


def make_tar(path, entries, kind=tarfile.GNU_FORMAT):
    with tarfile.open(path, "w", format=kind) as tar:
        for entry in entries:
            tar_add(tar, entry)


def make_pax(path, entries):
    make_tar(path, entries, tarfile.PAX_FORMAT)


def raw_header(name, size, kind=b"0", size_field=None, linkname=b""):
    h = bytearray(512)
    h[0:len(name)] = name
    h[157:157 + len(linkname)] = linkname
    h[100:108] = b"0000644\0"
    h[108:116] = h[116:124] = b"0000000\0"
    h[124:136] = size_field or b"%011o\0" % size
    h[136:148] = b"00000000000\0"
    h[156:157] = kind
    h[257:265] = b"ustar\00000"
    h[148:156] = b" " * 8
    h[148:156] = b"%06o\0 " % sum(h)
    return bytes(h)


def raw_member(name, data):
    return raw_header(name, len(data)) + data + bytes(-len(data) % 512)


END = bytes(1024)
FIRST, LAST = raw_member(b"a", b"data\n"), raw_member(b"z", b"data\n")


def pax_records(records):
    body = b""
    for key, value in records:
        rest = b" " + key + b"=" + value + b"\n"
        n = len(rest)
        while len(str(n)) + len(rest) != n:
            n = len(str(n)) + len(rest)
        body += str(n).encode() + rest
    return raw_header(b"pax", len(body), b"x") + body + bytes(-len(body) % 512)


def pax_member(records, name, data):
    return pax_records(records) + raw_member(name, data)


def old_gnu_sparse():
    """A hole of one MiB, then 512 bytes: the old GNU header with its map inside."""
    h = bytearray(raw_header(b"sparse", 512, b"S"))
    h[257:265] = b"ustar  \0"
    h[386:398] = b"%011o\0" % (1 << 20)
    h[398:410] = b"%011o\0" % 512
    h[483:495] = b"%011o\0" % ((1 << 20) + 512)
    h[148:156] = b" " * 8
    h[148:156] = b"%06o\0 " % sum(h)
    return bytes(h) + b"x" * 512


def tar_specials(out):
    out("tar-sparse-gnu.tar", FIRST + old_gnu_sparse() + LAST + END, "it is a sparse file", "a|z")
    sparse_map = b"1\n1048576\n512\n"
    sparse = pax_member([(b"GNU.sparse.major", b"1"), (b"GNU.sparse.minor", b"0"), (b"GNU.sparse.name", b"sparse"),
                         (b"GNU.sparse.realsize", b"1049088")], b"GNUSparseFile.0/sparse",
                        sparse_map + bytes(-len(sparse_map) % 512) + b"x" * 512)
    out("tar-sparse-pax.tar", FIRST + sparse + LAST + END, "it is a sparse file", "a|z")
    out("tar-bad-utf8.tar", FIRST + pax_member([(b"path", b"bad\xff\xfename")], b"n", b"data\n") + LAST + END,
        "it is damaged", "a|z")
    out("tar-pax-dotdot.tar", FIRST + pax_member([(b"path", b"../evil")], b"n", b"data\n") + LAST + END,
        "has a `..' component", "a|z")
    out("tar-pax-link.tar", FIRST + pax_records([(b"linkpath", b"../../etc/passwd")]) +
        raw_header(b"l", 0, b"2", linkname=b"a") + LAST + END, "is a link that leads out of the tree", "a|z")
    out("tar-hard-with-content.tar", FIRST + pax_records([(b"linkpath", b"a")]) +
        raw_header(b"h", 6, b"1", linkname=b"a") + b"other\n" + bytes(506) + LAST + END, "which has other content", "a|z")


# --- zip ---

ZIP_MODES = {"file": stat.S_IFREG | 0o644, "dir": stat.S_IFDIR | 0o755, "link": stat.S_IFLNK | 0o777,
             "chr": stat.S_IFCHR | 0o600, "blk": stat.S_IFBLK | 0o600, "fifo": stat.S_IFIFO | 0o600,
             "sock": stat.S_IFSOCK | 0o600}


def make_zip(path, entries):
    import warnings
    warnings.simplefilter("ignore")  # of duplicates, which are meant
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as z:
        for entry in entries:
            info = zipfile.ZipInfo("x", (2023, 11, 14, 22, 13, 20))
            # Set behind its back: the constructor tidies names.
            info.filename = entry["name"] + ("/" if entry["type"] == "dir" else "")
            info.create_system = 3
            info.external_attr = (ZIP_MODES[entry["type"]] & ~0o777 | entry.get("mode", 0o644)) << 16
            info.compress_type = zipfile.ZIP_DEFLATED
            z.writestr(info, entry.get("target", "").encode() or entry.get("data", b""))



def absurd_zip():
    """Three files, and one of them says, in its zip64 field, that it is 9 GiB."""
    huge = 9 << 30
    locals_, central = b"", b""
    for name, size in ((b"a", None), (b"big", huge), (b"z", None)):
        data = b"data\n"
        c = zlib.compressobj(6, zlib.DEFLATED, -15)
        packed = c.compress(data) + c.flush()
        extra = b"" if size is None else struct.pack("<HHQQ", 1, 16, size, len(packed))
        sizes = (len(packed), len(data)) if size is None else (0xffffffff, 0xffffffff)
        fields = struct.pack("<HHHHHIII", 45, 0, 8, 0, 0x5771, zlib.crc32(data), *sizes)
        offset = len(locals_)
        locals_ += b"PK\3\4" + fields + struct.pack("<HH", len(name), len(extra)) + name + extra + packed
        central += (b"PK\1\2" + struct.pack("<H", 0x032d) + fields +
                    struct.pack("<HHHHHII", len(name), len(extra), 0, 0, 0, (stat.S_IFREG | 0o644) << 16, offset) +
                    name + extra)
    return (locals_ + central + b"PK\5\6" + struct.pack("<HHHHIIH", 0, 0, 3, 3, len(central), len(locals_), 0))


# --- cpio ---

CPIO_MODES = dict(ZIP_MODES, none=0o644)


def newc(name, mode, data, ino, nlink=1, rdev=0):
    name = name.encode("utf-8", "surrogateescape") + b"\0"
    head = b"070701" + b"".join(b"%08x" % n for n in (
        ino, mode, 0, 0, nlink, 1700000000, len(data), 0, 0, rdev >> 8, rdev & 255, len(name), 0))
    out = head + name
    out += bytes(-len(out) % 4) + data
    return out + bytes(-len(out) % 4)


def make_cpio(path, entries):
    out = b""
    for i, entry in enumerate(entries):
        mode = CPIO_MODES[entry["type"]]
        data = entry.get("target", "").encode() or entry.get("data", b"")
        out += newc(entry["name"], mode, data, i + 1, rdev=0x103)
    out += newc("TRAILER!!!", 0, b"", 0)
    with open(path, "wb") as file:
        file.write(out)


# --- 7z, by way of a tar that bsdtar turns over as it is ---

def make_7z(path, entries):
    make_tar(path + ".tar", entries)
    subprocess.run(["bsdtar", "-P", "-c", "-f", path, "--format=7zip", "@" + path + ".tar"], check=True)
    os.unlink(path + ".tar")


def encrypted(path, kind, *options):
    """By the 7z tool: three files, of which the second needs a password."""
    directory = os.path.dirname(path)
    for name, more in (("a", ()), ("secret", ("-psesame",) + options), ("z", ())):
        with open(os.path.join(directory, name), "wb") as file:
            file.write(b"data\n")
        if not (options and name == "z"):
            subprocess.run(("7z", "a", "-t" + kind, "-bso0", "-bsp0") + more + (path, name), cwd=directory, check=True,
                           stdin=subprocess.DEVNULL)
        os.unlink(os.path.join(directory, name))
    return path


MAKERS = {"tar": make_tar, "pax": make_pax, "zip": make_zip, "cpio": make_cpio, "7z": make_7z}


def hostile(directory):
    table = []

    def out(name, data, reason, kept):
        path = os.path.join(directory, name)
        with open(path, "wb") as file:
            file.write(data)
        table.append((path, reason, kept))

    for case in CASES:
        formats = case.formats + (["pax"] if "tar" in case.formats else [])
        for fmt in formats:
            path = os.path.join(directory, "%s-%s.%s" % (fmt, case.name, fmt))
            MAKERS[fmt](path, surround(case))
            table.append((path, case.reason, case.kept))
    tar_specials(out)
    table.append((encrypted(os.path.join(directory, "encrypted.zip"), "zip"), "it is encrypted", "a|z"))
    return table


# --- archives that fail as a whole ---

def gzip_zeros(n, times):
    """A gzip file of N * TIMES zeros, made of one member repeated."""
    c = zlib.compressobj(9, zlib.DEFLATED, 31)
    return (c.compress(bytes(n)) + c.flush()) * times


def odd(directory):
    good = FIRST + LAST + END
    big = 1 << 29
    table = [
        ("empty.tar", b"", 3, "malformed-header"),
        ("noise.bin", bytes(range(1, 256)) * 40, 3, "malformed-header"),
        ("script.sh", b"#!/bin/sh\necho evil\n" * 40, 3, "malformed-header"),
        ("cut-in-header.tar", FIRST + LAST[:200], 3, "truncated"),
        ("cut-in-content.tar", (FIRST + raw_member(b"big", bytes(4096)))[:-2048], 3, "truncated"),
        ("cut-between.tar", FIRST + LAST, 3, "truncated"),
        ("bad-checksum.tar", FIRST + LAST[:100] + b"9" + LAST[101:] + END, 3, "malformed-header"),
        ("absurd-size.tar", FIRST + raw_header(b"big", 0, size_field=b"\x80" + struct.pack(">I", 0)[:3] +
                                               struct.pack(">Q", 1 << 62)) + bytes(512) + END, 3, "truncated"),
        ("negative-size.tar", FIRST + raw_header(b"big", 0, size_field=b"\xff" * 12) + LAST + END, 3, "malformed-header"),
        ("cut.tar.gz", gzipped(good)[:-12], 3, "truncated"),
        ("nothing.tar", END, 3, "malformed-header"),
        ("blank.img", bytes(65536), 3, "malformed-header"),
        ("bomb.tar.gz", gzipped(raw_header(b"bomb", big)) + gzip_zeros(1 << 26, 8) + gzipped(END), 3, "too-large"),
        ("bomb-refused.tar.gz", gzipped(raw_header(b"../bomb", big)) + gzip_zeros(1 << 26, 8) + gzipped(END), 3, "too-large"),
        ("absurd-size.zip", absurd_zip(), 3, "malformed-header"),
        ("cut.zip", zip_bytes()[:-30], 3, "malformed-header"),
        ("bad-content.zip", zip_bytes(stored=True).replace(b"data\n", b"atad\n", 1), 3, "malformed-header"),
        ("cut.cpio", newc("a", 0o100644, b"data\n", 1), 3, "truncated"),
        ("lzop.tar.lzo", b"\x89LZO\x00\r\n\x1a\n" + bytes(600), 3, "malformed-header"),
        ("lrzip.tar.lrz", b"LRZI\x00\x06" + bytes(600), 3, "malformed-header"),
        ("rpm.rpm", b"\xed\xab\xee\xdb\x03\x00" + bytes(600), 3, "malformed-header"),
        ("iso.iso", b"x" * 32768 + b"\x01CD001\x01" + bytes(2041), 3, "malformed-header"),
        ("mtree", b"#mtree\n/set type=file\netc/passwd content=/etc/passwd\n", 3, "malformed-header"),
    ]
    lines = []
    for name, data, status, verdict in table:
        path = os.path.join(directory, name)
        with open(path, "wb") as file:
            file.write(data)
        lines.append((path, str(status), verdict))
    for name, options in (("encrypted.7z", ()), ("encrypted-names.7z", ("-mhe=on",))):
        lines.append((encrypted(os.path.join(directory, name), "7z", *options), "3", "malformed-header"))
    return lines


def implied(n):
    """N entries, each of which lies in 125 directories of its own that no entry names."""
    members = []
    for i in range(n):
        path = b"%05x/" % i + b"d/" * 124 + b"x"
        header = bytearray(raw_header(path[-99:], 0))  # what is before the slash in front of that is the prefix
        header[345:345 + len(path) - 100] = path[:-100]
        header[148:156] = b" " * 8
        header[148:156] = b"%06o\0 " % sum(header)
        members.append(bytes(header))
    return b"".join(members) + END


def gzipped(data):
    c = zlib.compressobj(9, zlib.DEFLATED, 31)
    return c.compress(data) + c.flush()


def zip_bytes(stored=False):
    buf = io.BytesIO()
    with zipfile.ZipFile(buf, "w", zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED) as z:
        z.writestr("a", b"data\n")
        z.writestr("z", b"more\n")
    return buf.getvalue()


# --- archives that are unusual, and right ---

def plain(directory):
    table = []

    def out(name, kept):
        path = os.path.join(directory, name)
        table.append((path, kept))
        return path

    dotted = [d("./"), d("./s/"), f("./s/x"), f("./a")]
    make_tar(out("dotted.tar", "a|s|s/x"), dotted)
    make_pax(out("dotted.pax", "a|s|s/x"), dotted)
    make_cpio(out("dotted.cpio", "a|s|s/x"), [d("."), d("./s"), f("./s/x"), f("./a")])
    for fmt in ("tar", "pax", "zip", "cpio", "7z"):
        MAKERS[fmt](out("implied." + fmt, "a|p|p/q|p/q-r|p/q/x|p/q/y"), [f("p/q/x"), f("p/q-r"), f("p/q/y"), f("a")])
        MAKERS[fmt](out("late-dir." + fmt, "s|s/x"), [f("s/x"), d("s")])
        MAKERS[fmt](out("links." + fmt, "a|l|r|s|s/l"),
                    [f("a"), link("l", "a"), link("r", "/etc/fstab"), d("s"), link("s/l", "../a")])
    make_tar(out("hard-to-link.tar", "a|h|l"), [f("a"), link("l", "a"), hard("h", "l")])
    make_tar(out("hard.tar", "a|h|i|s|s/h"), [f("a"), hard("h", "a"), hard("i", "h"), d("s"), hard("s/h", "./a")])
    # Three names of one file in a cpio archive: the content comes with the last.
    with open(out("hard.cpio", "one|three|two"), "wb") as file:
        file.write(newc("one", 0o100644, b"", 7, 3) + newc("two", 0o100644, b"", 7, 3) +
                   newc("three", 0o100644, b"data\n", 7, 3) + newc("TRAILER!!!", 0, b"", 0))
    make_zip(out("pipe.zip", "a"), [special("a", "fifo")])  # Info-ZIP marks what came through a pipe so: a file
    make_pax(out("umlaut.pax", "gr%C3%BC%C3%9Fe"), [f("gr\u00fc\u00dfe")])
    make_zip(out("umlaut.zip", "gr%C3%BC%C3%9Fe"), [f("gr\u00fc\u00dfe")])
    make_7z(out("umlaut.7z", "gr%C3%BC%C3%9Fe"), [f("gr\u00fc\u00dfe")])
    with open(out("latin1.tar", "gr%FC%DFe"), "wb") as file:
        file.write(raw_member(b"gr\xfc\xdfe", b"data\n") + END)
    return table


def implied_case(directory):
    path = os.path.join(directory, "implied.tar.gz")
    with open(path, "wb") as file:
        file.write(gzipped(implied(40000)))
    return [(path, "3", "too-large")]


if __name__ == "__main__":
    what, where = (sys.argv[1], sys.argv[2]) if len(sys.argv) > 2 else ("hostile", sys.argv[1])
    where = os.path.abspath(where)
    os.makedirs(where, exist_ok=True)
    rows = {"hostile": hostile, "odd": odd, "plain": plain, "implied": implied_case}[what](where)
    with open(os.path.join(where, "table"), "w") as file_:
        for row in rows:
            file_.write("\t".join(row) + "\n")
