# SPDX-License-Identifier: ISC
"""A second implementation of the bundle format, from its specification alone: makes bundles, and checks them.

Python's standard library and `minisign' (for keys and signatures) are all it uses, so that no mistake of the C code can
hide in it. As a library it serves forge_cases.py, which damages bundles; as a program:

    forge.py keys DIR NAME...                       unsealed key pairs DIR/NAME.key, DIR/NAME.pub
    forge.py build TREE -o OUT --key K --pub P ...  a bundle of a directory
    forge.py verify BUNDLE [TREE]                   every header, hash and length; with TREE also its content
    forge.py stream BUNDLE                          the payload's tar stream, on standard output
    forge.py manifest BUNDLE                        the manifest, on standard output
    forge.py cases DIR                              all of forge_cases.py: DIR/NAME.firm.tar, DIR/table
    forge.py truncations BUNDLE DIR                 DIR/N: BUNDLE cut after N bytes, at each place that matters
"""
import argparse
import base64
import hashlib
import os
import stat
import subprocess
import sys
import zlib

sys.dont_write_bytecode = True

BLOCK = 512
END = bytes(2 * BLOCK)
MEMBER_MTIME = 315532800


class Refused(Exception):
    """The bundle is not exactly what the format says."""


def need(condition, what):
    if not condition:
        raise Refused(what)


# --- section 3: text ---

def escape(raw):
    return b"".join(bytes([c]) if 0x21 <= c <= 0x7e and c != 0x25 else b"%%%02X" % c for c in raw)


def unescape(text):
    out, i = bytearray(), 0
    while i < len(text):
        if text[i] == 0x25:
            out.append(int(text[i + 1:i + 3], 16))
            i += 3
        else:
            out.append(text[i])
            i += 1
    need(escape(bytes(out)) == text, "escape in %r" % text)
    return bytes(out)


def digest(data):
    return hashlib.blake2b(data, digest_size=32).hexdigest().encode()


# --- sections 1 and 5: ustar headers ---

def octal(digits, value):
    return b"%0*o\0" % (digits, value)


def split_path(name):
    """(prefix, name) of a ustar header; NAME carries the trailing slash of a directory."""
    if len(name) <= 100:
        return b"", name
    for i, c in enumerate(name[:-1]):
        if c == 0x2f and i > 0 and len(name) - i - 1 <= 100:
            need(i <= 155, "path does not fit in ustar")
            return name[:i], name[i + 1:]
    raise Refused("path does not fit in ustar")


def header(name, size=0, mode=0o644, uid=0, gid=0, mtime=MEMBER_MTIME, kind=b"0", target=b""):
    prefix, name = split_path(name)
    fields = [name.ljust(100, b"\0"), octal(7, mode), octal(7, uid), octal(7, gid), octal(11, size), octal(11, mtime),
              b" " * 8, kind, target.ljust(100, b"\0"), b"ustar\0" + b"00", bytes(64), octal(7, 0), octal(7, 0),
              prefix.ljust(155, b"\0"), bytes(12)]
    raw = b"".join(fields)
    assert len(raw) == BLOCK
    return raw[:148] + b"%06o\0 " % sum(raw) + raw[156:]


def pad(data):
    return data + bytes(-len(data) % BLOCK)


def gzip_member(data, level=6):
    engine = zlib.compressobj(level, zlib.DEFLATED, 31)
    return engine.compress(data) + engine.flush()


# --- section 4: entries and the manifest ---

class Entry:
    """One line of the tree: kind is dir, file, link or rootlink; path, target and data are bytes."""

    def __init__(self, kind, path, mode=0o644, data=b"", target=b"", uid=0, gid=0):
        self.kind, self.path, self.mode, self.data, self.target, self.uid, self.gid = \
            kind, path, mode, data, target, uid, gid

    def line(self):
        owner = b"%d %d" % (self.uid, self.gid)
        if self.kind == "dir":
            return b"dir %04o %s %s" % (self.mode, owner, escape(self.path))
        if self.kind == "file":
            return b"file %04o %s %d %s %s" % (self.mode, owner, len(self.data), digest(self.data), escape(self.path))
        return b"%s %s %s %s" % (self.kind.encode(), owner, escape(self.path), escape(self.target))

    def in_stream(self, created):
        name = self.path + (b"/" if self.kind == "dir" else b"")
        kind = {"dir": b"5", "file": b"0"}.get(self.kind, b"2")
        mode = 0o777 if kind == b"2" else self.mode
        return header(name, len(self.data), mode, self.uid, self.gid, created, kind, self.target) + pad(self.data)


class Recipe:
    """All that goes into a bundle but the keys."""

    def __init__(self, **fields):
        self.product, self.version, self.counter, self.created = b"demo", b"1", 1, 1700000000
        self.boards = [(b"test-board", 0, 0)]
        self.chunk_size, self.level = 1 << 20, 6
        self.entries, self.writes, self.runs = [], [], []
        self.attachments, self.keyrings, self.keyring = {}, [], None
        self.__dict__.update(fields)

    def stream(self):
        return b"".join(e.in_stream(self.created) for e in self.entries) + END

    def pack(self, stream):
        return [gzip_member(stream[i:i + self.chunk_size], self.level) for i in range(0, len(stream), self.chunk_size)]

    def lines(self, stream_length, packed):
        out = [b"firmseal-manifest 1", b"product " + self.product, b"version " + self.version,
               b"counter %d" % self.counter, b"created %d" % self.created]
        out += [b"keyring %d" % self.keyring] if self.keyring is not None else []
        out += [b"board %s %d %d" % board for board in self.boards]
        out.append(b"payload %d %d %d" % (stream_length, self.chunk_size, len(packed)))
        out += [b"chunk %d %s" % (len(c), digest(c)) for c in packed]
        out += [b"attach %s %d %s" % (escape(n), len(d), digest(d)) for n, d in sorted(self.attachments.items())]
        out += [e.line() for e in self.entries]
        out += [b"write %s %s" % (escape(path), slot) for path, slot in self.writes]
        out += [b"run %s %s" % (escape(path), stage) for path, stage in self.runs]
        return out

    def comment(self):
        return f"firmseal product:{self.product.decode()} version:{self.version.decode()} counter:{self.counter}"


def member(name, data):
    return header(name, len(data)) + pad(data)


def container(members):
    return b"".join(member(name, data) for name, data in members) + END


# --- section 2: minisign ---

def generate(folder, name):
    subprocess.run(["minisign", "-G", "-W", "-f", "-p", f"{folder}/{name}.pub", "-s", f"{folder}/{name}.key"],
                   check=True, stdout=subprocess.DEVNULL)


def key_id(pub):
    with open(pub, "rb") as file:
        return base64.b64decode(file.read().split(b"\n")[1])[2:10][::-1].hex().upper()


def sign_files(key, pub, files, comment, legacy=False):
    """Signs FILES with one call; each signature stands in FILE.minisig."""
    command = ["minisign", "-S", "-s", key, "-c", "firmseal key " + key_id(pub), "-t", comment] + ["-l"] * legacy
    subprocess.run(command + ["-m"] + files, check=True, stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL)


# --- a tree in, a bundle out ---

def read_tree(root):
    root, entries = os.fsencode(root), []
    for folder, folders, files in os.walk(root):
        for name in folders + files:
            full = os.path.join(folder, name)
            path, info = os.path.relpath(full, root), os.lstat(full)
            mode = stat.S_IMODE(info.st_mode) & 0o777
            if stat.S_ISLNK(info.st_mode):
                target = os.readlink(full)
                entries.append(Entry("rootlink" if target.startswith(b"/") else "link", path, target=target))
            elif stat.S_ISDIR(info.st_mode):
                entries.append(Entry("dir", path, mode))
            else:
                with open(full, "rb") as file:
                    entries.append(Entry("file", path, mode, file.read()))
    return sorted(entries, key=lambda e: e.path)


def parse_board(text):
    """ID, ID:REVISION or ID:LOW-HIGH."""
    name, _, revisions = text.partition(":")
    low, _, high = (revisions or "0").partition("-")
    return name.encode(), int(low), int(high or low)


def build(args):
    recipe = Recipe(product=args.product.encode(), version=args.version.encode(), counter=args.counter,
                    created=args.created, chunk_size=args.chunk_size, level=args.level, entries=read_tree(args.tree))
    recipe.boards = sorted(parse_board(text) for text in args.board)
    recipe.writes = sorted((tuple(w.encode().split(b"=")) for w in args.write), key=lambda pair: pair[1])
    recipe.runs = [tuple(r.encode().split(b"=")) for r in args.run]
    for text in args.attach:
        name, _, path = text.partition("=")
        with open(path, "rb") as file:
            recipe.attachments[name.encode()] = file.read()
    stream = recipe.stream()
    packed = recipe.pack(stream)
    manifest = b"\n".join(recipe.lines(len(stream), packed)) + b"\n"
    with open(args.output + ".manifest", "wb") as file:
        file.write(manifest)
    sign_files(args.key, args.pub, [args.output + ".manifest"], recipe.comment())
    with open(args.output + ".manifest.minisig", "rb") as file:
        signature = file.read()
    os.unlink(args.output + ".manifest")
    os.unlink(args.output + ".manifest.minisig")
    with open(args.output, "wb") as file:
        file.write(container([(b"manifest", manifest), (b"manifest.minisig", signature),
                              (b"payload.tar.gz", b"".join(packed))] + sorted(recipe.attachments.items())))


# --- a bundle in, everything but its signature checked ---

def take_members(raw):
    """[(name, data)] of a container; each header must be the one that its name and size call for."""
    out, at = [], 0
    while raw[at:at + BLOCK].strip(b"\0"):
        head = raw[at:at + BLOCK]
        name, size = head[:100].rstrip(b"\0"), int(head[124:135], 8)
        need(head == header(name, size), "header of %r" % name)
        data = raw[at + BLOCK:at + BLOCK + size]
        need(raw[at:at + BLOCK + len(pad(data))] == member(name, data) and len(data) == size, "padding of %r" % name)
        out.append((name, data))
        at += BLOCK + len(pad(data))
    need(raw[at:] == END, "end of the container")
    return out


def parse(manifest):
    """{keyword: [fields, ...]} of a manifest's lines."""
    out = {}
    need(manifest.endswith(b"\n"), "manifest ends within a line")
    for text in manifest[:-1].split(b"\n"):
        keyword, *fields = text.split(b" ")
        out.setdefault(keyword, []).append(fields)
        if keyword in (b"dir", b"file", b"link", b"rootlink"):
            out.setdefault("entries", []).append((keyword.decode(), fields))
    need(manifest.startswith(b"firmseal-manifest 1\n"), "first line")
    return out


def unpack(packed, lines):
    size, chunk_size, number = (int(n) for n in lines[b"payload"][0])
    stream, at = b"", 0
    need(number == len(lines[b"chunk"]) == -(-size // chunk_size), "number of chunks")
    for length, wanted in lines[b"chunk"]:
        chunk = packed[at:at + int(length)]
        need(digest(chunk) == wanted, "hash of the chunk at %d" % at)
        engine = zlib.decompressobj(31)
        data = engine.decompress(chunk)
        need(engine.eof and not engine.unused_data, "gzip member at %d" % at)
        need(len(data) == min(chunk_size, size - len(stream)), "length of the chunk at %d" % at)
        stream, at = stream + data, at + int(length)
    need(at == len(packed) and len(stream) == size, "length of the payload")
    return stream


def take_entries(lines, stream):
    """The tree as Entry objects; their content is taken from STREAM and compared with the manifest."""
    out, at = [], 0
    for kind, f in lines["entries"]:
        if kind == "dir":
            entry = Entry(kind, unescape(f[3]), int(f[0], 8), uid=int(f[1]), gid=int(f[2]))
        elif kind == "file":
            data = stream[at + BLOCK:at + BLOCK + int(f[3])]
            entry = Entry(kind, unescape(f[5]), int(f[0], 8), data, uid=int(f[1]), gid=int(f[2]))
            need(digest(data) == f[4], "hash of %r" % f[5])
        else:
            entry = Entry(kind, unescape(f[2]), target=unescape(f[3]), uid=int(f[0]), gid=int(f[1]))
        piece = entry.in_stream(int(lines[b"created"][0][0]))
        need(stream[at:at + len(piece)] == piece, "payload at %r" % entry.path)
        at += len(piece)
        out.append(entry)
    need(stream[at:] == END, "end of the payload")
    need([e.path for e in out] == sorted({e.path for e in out}), "order of the entries")
    return out


def take_apart(raw):
    members = take_members(raw)
    found = dict(members)
    lines = parse(found[b"manifest"])
    attachments = lines.get(b"attach", [])
    need([n for n, _ in members] == [b"manifest", b"manifest.minisig", b"payload.tar.gz"] +
         [unescape(a[0]) for a in attachments], "order of the members")
    for name, size, wanted in attachments:
        data = found[unescape(name)]
        need(len(data) == int(size) and digest(data) == wanted, "attachment %r" % name)
    stream = unpack(found[b"payload.tar.gz"], lines)
    return found[b"manifest"], stream, take_entries(lines, stream)


def verify(raw, tree=None):
    entries = take_apart(raw)[2]
    if tree is None:
        return
    wanted = read_tree(tree)
    need([e.path for e in entries] == [e.path for e in wanted], "the tree has other paths")
    for a, b in zip(entries, wanted):
        need((a.kind, a.target, a.data) == (b.kind, b.target, b.data), "%r differs" % a.path)
        need(a.kind in ("link", "rootlink") or a.mode == b.mode, "mode of %r" % a.path)


def truncations(raw, folder):
    """One file for each multiple of 512 short of the end, and for each byte of the last block."""
    os.makedirs(folder)
    for n in sorted({*range(0, len(raw), BLOCK), *range(len(raw) - BLOCK, len(raw))}):
        with open(f"{folder}/{n}", "wb") as file:
            file.write(raw[:n])


def options():
    parser = argparse.ArgumentParser(prog="forge.py")
    verbs = parser.add_subparsers(dest="verb", required=True)
    p = verbs.add_parser("keys")
    p.add_argument("dir")
    p.add_argument("name", nargs="+")
    p = verbs.add_parser("build")
    p.add_argument("tree")
    p.add_argument("-o", "--output", required=True)
    for name in "product", "version", "key", "pub":
        p.add_argument("--" + name, required=True)
    for name, default in ("counter", None), ("created", 1700000000), ("chunk-size", 1 << 20), ("level", 6):
        p.add_argument("--" + name, type=int, required=default is None, default=default)
    for name in "board", "write", "run", "attach":
        p.add_argument("--" + name, action="append", default=[])
    for verb, further in ("verify", 1), ("stream", 0), ("manifest", 0), ("truncations", 1):
        p = verbs.add_parser(verb)
        p.add_argument("bundle")
        if further:
            p.add_argument("dir", nargs="?" if verb == "verify" else None)
    p = verbs.add_parser("cases")
    p.add_argument("dir")
    return parser.parse_args()


def main():
    args = options()
    if args.verb == "keys":
        for name in args.name:
            generate(args.dir, name)
        return
    if args.verb == "build":
        build(args)
        return
    if args.verb == "cases":
        import forge_write
        forge_write.write_all(args.dir)
        return
    with open(args.bundle, "rb") as file:
        raw = file.read()
    if args.verb == "verify":
        verify(raw, args.dir)
    elif args.verb == "truncations":
        truncations(raw, args.dir)
    else:
        manifest, stream, _ = take_apart(raw)
        sys.stdout.buffer.write(manifest if args.verb == "manifest" else stream)


if __name__ == "__main__":
    try:
        main()
    except (Refused, ValueError, KeyError) as error:
        sys.exit(f"forge.py: {type(error).__name__}: {error}")
