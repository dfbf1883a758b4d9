# SPDX-License-Identifier: ISC
"""Damaged, joined and oversized archives of every container, for containers.sh.

    containers.py DIR    writes the archives, and DIR/table: FILE, STATUS (0: it is packed), VERDICT, TEXT (part of what is said; or
                         what is packed, joined by `|'), parted by tabs
"""
import bz2
import gzip
import lzma
import os
import struct
import subprocess
import sys
import zipfile
import zlib

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from hostile import END, FIRST, LAST, newc, raw_header, raw_member  # noqa: E402
from readers import seven_zip, zip_of  # noqa: E402

PLAIN = FIRST + raw_member(b"noise", bytes((i * i * 7 + i // 3) & 255 for i in range(5000))) + LAST + END
BEHIND = raw_member(b"overlay", b"data\n") + END


def by_bsdtar(directory, *options):
    """PLAIN through a filter of bsdtar."""
    path, made = os.path.join(directory, "plain"), os.path.join(directory, "made")
    with open(path, "wb") as file:
        file.write(PLAIN)
    subprocess.run(("bsdtar", "-cf", made, "--format=ustar") + options + ("@" + path,), check=True)
    with open(made, "rb") as file:
        out = file.read()
    os.unlink(path)
    os.unlink(made)
    return out


def by_lzip(data):
    return subprocess.run(["lzip", "-c"], input=data, check=True, stdout=subprocess.PIPE).stdout


def zstd(data):
    return subprocess.run(["zstd", "-q", "-c", "--check"], input=data, check=True, stdout=subprocess.PIPE).stdout


def flipped(data, at):
    out = bytearray(data)
    out[at] ^= 0x10
    return bytes(out)


def deep(layers, name=b""):
    """A gzip header whose name does not end, or zeros, 420 MiB of them, inside LAYERS gzips."""
    def layer(chunks):
        c = zlib.compressobj(6, zlib.DEFLATED, 31)
        return b"".join([c.compress(x) for x in chunks]) + c.flush()

    def endless():
        yield name
        block = (b"A" if name else b"\0") * (1 << 20)
        for _ in range(420):
            yield block
    data = layer(endless())
    for _ in range(layers - 1):
        data = layer([data])
    return data


def crc_cpio(data, total):
    name = b"a\0"
    head = b"070702" + b"".join(b"%08X" % v for v in (1, 0o100644, 0, 0, 1, 0, len(data), 8, 1, 0, 0, len(name), total)) + name
    head += bytes(-len(head) % 4)
    return head + data + bytes(-len(data) % 4) + newc("TRAILER!!!", 0, b"", 0)


def big_dictionary():
    """An lzma and an xz header that promise a dictionary of some 4 GiB."""
    alone = lzma.compress(PLAIN, format=lzma.FORMAT_ALONE)
    return alone[:1] + struct.pack("<I", 0xc0000000) + alone[5:]


def hard_bomb():
    files = raw_header(b"a", 40 << 20) + bytes(40 << 20) + b"".join(raw_header(b"h%03d" % i, 0, b"1", linkname=b"a") for i in range(300))
    return gzip.compress(files + END, 9, mtime=0)


def cpio_bomb():
    """Names without content, and one with 40 MiB for all of them."""
    files = b"".join(newc("h%03d" % i, 0o100644, b"", 7, 301) for i in range(300)) + newc("a", 0o100644, bytes(40 << 20), 7, 301)
    return gzip.compress(files + newc("TRAILER!!!", 0, b"", 0), 9, mtime=0)


def unsupported_7z():
    """A 7z whose file needs a coder that nobody has."""
    data = b"data\n"
    names = b"\x11\x05\0a\0\0\0"
    h = (b"\x01\x04\x06\x00\x01\x09" + bytes([len(data)]) + b"\0\x07\x0b\x01\0\x01\x03\x7f\x11\x05\x0c" + bytes([len(data)]) + b"\0\x08\x0a\x01" +
         struct.pack("<I", zlib.crc32(data)) + b"\0\0\x05\x01" + names + b"\0\0")
    start = struct.pack("<QQI", len(data), len(h), zlib.crc32(h))
    return b"7z\xbc\xaf\x27\x1c\0\x04" + struct.pack("<I", zlib.crc32(start)) + start + data + h


def zip_method(method, name):
    path = name + ".tmp"
    with zipfile.ZipFile(path, "w", method) as z:
        z.writestr("a", b"data\n" * 50)
        z.writestr("z", b"data\n")
    with open(path, "rb") as file:
        data = file.read()
    os.unlink(path)
    return data


def table(directory):
    all_ = "a|noise|z"
    gz, bz, xz, lz, zst = gzip.compress(PLAIN, mtime=0), bz2.compress(PLAIN), lzma.compress(PLAIN), by_lzip(PLAIN), zstd(PLAIN)
    lz4, lz4_blocks = by_bsdtar(directory, "--lz4"), by_bsdtar(directory, "--lz4", "--options", "lz4:block-checksum")
    alone, old = lzma.compress(PLAIN, format=lzma.FORMAT_ALONE), by_bsdtar(directory, "--compress")
    headed = b"\x1f\x8b\x08\x02" + gz[4:10]
    headed += struct.pack("<H", zlib.crc32(headed) & 0xffff) + gz[10:]
    sound = [("gz", gz), ("gz", headed), ("bz2", bz), ("xz", xz), ("lz", lz), ("zst", zst), ("lz4", lz4), ("lz4", lz4_blocks), ("lzma", alone), ("Z", old)]
    for i, (end, data) in enumerate(sound):
        yield "sound-%d.tar.%s" % (i, end), data, 0, "", all_
        for cut in (1, 3, len(data) // 2):
            if end not in ("lzma", "Z") or cut > 3: # these have neither sum nor end; the tar in them has
                yield "cut-%d-%d.tar.%s" % (i, cut, end), data[:-cut], 3, "truncated|malformed-header", ""
        # Old LZW has no end of its own, and takes anything for codes: its tar ends before that.
        yield "junk-%d.tar.%s" % (i, end), data + b"junk" * 40, 3, "trailing-data|malformed-header", ""
        if end not in ("lzma", "Z", "zst"): # zstd itself refuses them
            yield "zeros-%d.tar.%s" % (i, end), data + bytes(512), 0, "", all_
        yield "behind-%d.tar.%s" % (i, end), data + BEHIND, 3, "trailing-data|malformed-header", ""
    for name, data, at in (("gz-crc", gz, -8), ("gz-length", gz, -4), ("gz-header", headed, 10), ("bz2", bz, -3), ("xz-index", xz, -16),
                           ("xz-check", xz, -40), ("lz-crc", lz, -20), ("lz-size", lz, -12), ("lz-member", lz, -8), ("zst", zst, -2), ("lz4", lz4, -2),
                           ("lz4-block", lz4_blocks, -10), ("lz4-header", lz4, 6)):
        yield "sum-%s" % name, flipped(data, at), 3, "malformed-header|trailing-data|truncated", ""
    data = b"content\n"
    yield "sum.cpio", crc_cpio(data, sum(data)), 0, "", "a"
    yield "sum-wrong.cpio", crc_cpio(data, sum(data) + 1), 3, "malformed-header", "a file's sum is wrong"
    yield "sum-content.cpio", flipped(crc_cpio(data, sum(data)), 114), 3, "malformed-header", "a file's sum is wrong"
    yield "sum-content.zip", zip_of([(b"a", b"data\n")]).replace(b"data\n", b"atad\n"), 3, "malformed-header", "a file's CRC is wrong"
    yield "sum-content.7z", seven_zip("a", 0x20).replace(b"data\n", b"atad\n"), 3, "malformed-header", "7z data"
    # Bombs: headers, layers, dictionaries, links.
    yield "name-without-end.gz", deep(1, b"\x1f\x8b\x08\x08\0\0\0\0\0\x03"), 3, "too-large|malformed-header", ""
    yield "name-in-layers.gz", deep(2, b"\x1f\x8b\x08\x08\0\0\0\0\0\x03"), 3, "too-large|malformed-header", ""
    yield "layers.gz", deep(3), 3, "too-large|malformed-header", ""
    yield "twice.tar.gz.gz", gzip.compress(gz), 0, "", all_
    yield "many-times.gz", gzip.compress(gzip.compress(gz)), 3, "malformed-header", "compressed more than"
    yield "twice.tar.xz.xz", lzma.compress(xz), 3, "malformed-header", "compressed several times"
    yield "dictionary.lzma", big_dictionary(), 3, "too-large|malformed-header", ""
    yield "hard-links.tar.gz", hard_bomb(), 3, "too-large", "when its hard links are files"
    yield "hard-links.cpio.gz", cpio_bomb(), 3, "too-large", ""
    # What is not supported is called so.
    yield "coder.7z", unsupported_7z(), 3, "malformed-header", "not supported"
    yield "lzma.zip", zip_method(zipfile.ZIP_LZMA, os.path.join(directory, "t")), 3, "unsafe-path", "method 14, is not supported"
    yield "bzip2.zip", zip_method(zipfile.ZIP_BZIP2, os.path.join(directory, "t")), 0, "", "a|z"
    yield "rar", b"Rar!\x1a\x07\0" + bytes(600), 3, "malformed-header", "a rar archive, which is not supported"
    yield "deb.deb", b"!<arch>\ndebian-binary   " + bytes(600), 3, "malformed-header", "a Debian package, which is not supported"
    yield "zip.zip.gz", gzip.compress(zip_of([(b"a", b"data\n")])), 3, "malformed-header", "compressed again"


def main(directory):
    os.makedirs(directory)
    with open(os.path.join(directory, "table"), "w", encoding="utf-8") as lines:
        for name, data, status, verdict, text in table(directory):
            path = os.path.join(directory, name)
            with open(path, "wb") as file:
                file.write(data)
            lines.write("%s\t%d\t%s\t%s\n" % (path, status, verdict or "-", text or "-"))


if __name__ == "__main__":
    main(os.path.abspath(sys.argv[1]))
