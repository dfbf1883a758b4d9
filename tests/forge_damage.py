# SPDX-License-Identifier: ISC
"""Controlled damage: small functions that make functions, for each stage in which a bundle comes to be (see Case)."""
import base64
import os
import zlib

import forge

IDS = {}  # key ids as printed, by the name of the key; filled in before the damage is done


class Case:
    """A bundle and the verdict it must get. Each stage's function takes the stage's value and returns another:

    recipe (forge.Recipe) -> stream (bytes of the tar stream) -> chunks (list of gzip members) -> lines (list of
    manifest lines) -> text (the manifest) -> [signed by SIGNERS] -> signature (bytes) -> payload (list of gzip members,
    signed by now) -> members (list of whole tar members) -> raw (bytes of the bundle).

    SIGNERS: a, b, c: keys; A: key a with another trusted comment; l: key a in the legacy form. KEYS: those trusted."""

    STAGES = "recipe", "stream", "chunks", "lines", "text", "signature", "payload", "members", "raw"

    def __init__(self, name, verdict, signers="a", keys="a", args="", **stages):
        assert set(stages) <= set(self.STAGES)
        self.name, self.verdict, self.signers, self.keys, self.args, self.stages = \
            name, verdict, signers, keys, args, stages

    def stage(self, name, value):
        return self.stages[name](value) if name in self.stages else value


def both(*functions):
    def run(value):
        for function in functions:
            value = function(value)
        return value
    return run


# --- recipe ---

def have(*entries):
    """Adds entries; everything else of the bundle follows from them."""
    def run(recipe):
        recipe.entries = sorted(recipe.entries + list(entries), key=lambda e: e.path)
        return recipe
    return run


def put(**fields):
    def run(recipe):
        recipe.__dict__.update(fields)
        return recipe
    return run


def a_dir(path, mode=0o755):
    return forge.Entry("dir", path, mode)


def a_file(path, data=b"x", mode=0o644, **more):
    return forge.Entry("file", path, mode, data, **more)


def a_link(path, target):
    return forge.Entry("link", path, target=target)


def a_rootlink(path, target):
    return forge.Entry("rootlink", path, target=target)


# --- manifest lines; START finds the first line that begins with it ---

def find(lines, start):
    for i, line in enumerate(lines):
        if line.startswith(start):
            return i
    raise KeyError(start)


def line(start, *new):
    """Replaces a line by any number of others."""
    def run(lines):
        i = find(lines, start)
        return lines[:i] + list(new) + lines[i + 1:]
    return run


def edit(start, old, new):
    """Replaces OLD within a line; it must be there."""
    def run(lines):
        i = find(lines, start)
        assert old in lines[i], (start, old)
        return lines[:i] + [lines[i].replace(old, new, 1)] + lines[i + 1:]
    return run


def field(start, number, new):
    """Replaces one field of a line (the keyword is field 0)."""
    def run(lines):
        i = find(lines, start)
        fields = lines[i].split(b" ")
        fields[number] = new(fields[number]) if callable(new) else new
        return lines[:i] + [b" ".join(fields)] + lines[i + 1:]
    return run


def after(start, *new):
    def run(lines):
        i = find(lines, start)
        return lines[:i + 1] + list(new) + lines[i + 1:]
    return run


def twice(start):
    def run(lines):
        i = find(lines, start)
        return lines[:i + 1] + lines[i:]
    return run


def swap_lines(one, other):
    def run(lines):
        i, j = find(lines, one), find(lines, other)
        lines = list(lines)
        lines[i], lines[j] = lines[j], lines[i]
        return lines
    return run


def number_plus(n):
    return lambda value: b"%d" % (int(value) + n)


# --- bytes, in whatever stage ---

def replace(old, new):
    def run(data):
        assert old in data, old
        return data.replace(old, new, 1)
    return run


def flip(at, bit=0):
    def run(data):
        data = bytearray(data)
        data[at] ^= 1 << bit
        return bytes(data)
    return run


def append(tail):
    return lambda data: data + tail


# --- lists (chunks, members) ---

def at(i, function):
    def run(items):
        items = list(items)
        items[i] = function(items[i])
        return items
    return run


def swap(i, j):
    def run(items):
        items = list(items)
        items[i], items[j] = items[j], items[i]
        return items
    return run


def drop(i):
    return lambda items: items[:i] + items[i + 1:]


def repeat(i):
    return lambda items: items[:i + 1] + items[i:]


def insert(i, item):
    return lambda items: items[:i] + [item] + items[i:]


# --- chunks ---

def inflated(function, pack=forge.gzip_member):
    """Another gzip member, of changed content."""
    return lambda chunk: pack(function(zlib.decompress(chunk, 31)))


def named(size):
    """The same content in a member of exactly SIZE bytes: a file name in its header is the ballast (RFC 1952)."""
    def run(chunk):
        ballast = size - len(chunk) - 1
        assert ballast > 0
        return chunk[:3] + b"\x08" + chunk[4:10] + b"n" * ballast + b"\0" + chunk[10:]
    return run


def two_members(chunk):
    data = zlib.decompress(chunk, 31)
    return forge.gzip_member(data[:1000]) + forge.gzip_member(data[1000:])


def bomb(_chunk):
    return forge.gzip_member(bytes(60 << 20), 9)


# --- a member's header: patched at OFFSET, with the checksum made right again ---

def header_at(offset, new, fix=True):
    def run(data):
        head = data[:offset] + new + data[offset + len(new):forge.BLOCK]
        if fix:
            head = head[:148] + b" " * 8 + head[156:]
            head = head[:148] + b"%06o\0 " % sum(head) + head[156:]
        return head + data[forge.BLOCK:]
    return run


def in_stream(path, offset, new, fix=True):
    """Patches the header of one entry within the payload's tar stream."""
    def run(stream):
        i = stream.index(path + b"\0")
        assert i % forge.BLOCK == 0
        return stream[:i] + header_at(offset, new, fix)(stream[i:])
    return run


def last_byte(data):
    """The last byte of the padding set."""
    assert data[-1] == 0
    return data[:-1] + b"x"


# --- signature blocks ---

def sig_line(number, function):
    def run(signature):
        lines = signature.split(b"\n")
        lines[number] = function(lines[number])
        return b"\n".join(lines)
    return run


def blob(function):
    """Changes the bytes beneath a base64 line."""
    return lambda text: base64.b64encode(function(base64.b64decode(text)))


def spare_bits(text):
    """The same bytes in a spelling that no strict decoder takes."""
    alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    end = len(text.rstrip(b"="))
    return text[:end - 1] + alphabet[alphabet.index(text[end - 1]) + 1:][:1] + text[end:]


def strangers(n):
    """N well-formed blocks by keys that nobody knows."""
    out = b""
    for i in range(n):
        key = b"stranger"[:6] + b"%02d" % i
        sig = base64.b64encode(b"ED" + key + os.urandom(64))
        out += b"untrusted comment: firmseal key %s\n%s\ntrusted comment: x\n%s\n" % (
            key[::-1].hex().upper().encode(), sig, base64.b64encode(os.urandom(64)))
    return out


def relabel(block, name):
    """Makes a block claim that it is by key NAME."""
    def run(signature):
        lines = signature.split(b"\n")
        printed = IDS[name].encode()
        lines[4 * block] = b"untrusted comment: firmseal key " + printed
        lines[4 * block + 1] = blob(lambda b: b[:2] + bytes.fromhex(IDS[name])[::-1] + b[10:])(lines[4 * block + 1])
        return b"\n".join(lines)
    return run


def kind(label):
    """Another algorithm's name on the first block, the signature as it was."""
    return sig_line(1, blob(lambda b: label + b[2:]))
