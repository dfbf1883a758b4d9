# SPDX-License-Identifier: ISC
"""A second implementation of keyrings (section 6 of the format), from its text alone, and the cases of keyring.sh.

    forge_keyring.py cases DIR     DIR/NAME.firm.tar, DIR/NAME.ring (what is trusted), DIR/table: name, status, verdict
    forge_keyring.py read FILE...  each must be a canonical keyring, and each further one signed as the step from the one before
"""
import base64
import os
import re
import subprocess
import sys
import tempfile

import forge
from forge import need

STATUS = {"ok": 0, "rollback": 5, "unsigned": 4, "untrusted-key": 4, "revoked-key": 4, "bad-signature": 4, "threshold": 4,
          "keyring-gap": 4}
KEYS = "r1 r2 r3 r4 a b c".split()
PUB, ID = {}, {}
NAME = rb"[A-Za-z0-9._+-]{1,64}"


class Ring:
    """Roots, release keys and revoked keys are names of KEYS."""

    def __init__(self, serial, **fields):
        self.serial, self.root_threshold, self.roots = serial, 2, ["r1", "r2", "r3"]
        self.release_threshold = 1
        self.releases = [("a", "demo", "zynq-*"), ("b", "demo", "zynq-*"), ("c", "other", "*")]
        self.revoked, self.floors = [], []
        self.__dict__.update(fields)

    def lines(self):
        out = ["firmseal-keyring 1", f"serial {self.serial}", f"threshold root {self.root_threshold}"]
        out += sorted("root " + PUB[k] for k in self.roots) + [f"threshold release {self.release_threshold}"]
        out += sorted(f"release {PUB[k]} {product} {boards}" for k, product, boards in self.releases)
        out += sorted("revoked " + ID.get(k, k) for k in self.revoked)
        return out + sorted(f"floor {product} {n}" for product, n in self.floors)

    def text(self):
        return "".join(line + "\n" for line in self.lines()).encode()


# --- the reader ---

def parse(text):
    need(text.endswith(b"\n") and len(text) <= 65536, "end of the text")
    lines = text[:-1].split(b"\n")
    key = rb"(RW[A-Za-z0-9+/]{54})"
    order = [(rb"firmseal-keyring 1", 1, 1), (rb"serial ([1-9][0-9]{0,18})", 1, 1),
             (rb"threshold root ([1-9]|1[0-6])", 1, 1), (rb"root " + key, 1, 16),
             (rb"threshold release ([1-9]|1[0-6])", 1, 1),
             (rb"release " + key + rb" (" + NAME + rb") (" + NAME + rb"\*?|\*)", 0, 64),
             (rb"revoked ([0-9A-F]{16})", 0, 256), (rb"floor (" + NAME + rb") (0|[1-9][0-9]{0,18})", 0, 64)]
    found = []
    for pattern, least, most in order:
        block = []
        while lines and re.fullmatch(pattern, lines[0]):
            block.append(lines.pop(0))
        need(least <= len(block) <= most, "number of lines like %r" % pattern)
        need(block == sorted(set(block)), "order of lines like %r" % pattern)
        found.append([re.fullmatch(pattern, line).groups() for line in block])
    need(not lines, "line %r" % lines[:1])
    ring = {"serial": int(found[1][0][0]), "root_threshold": int(found[2][0][0]), "roots": [k for k, in found[3]],
            "releases": found[5], "revoked": [i for i, in found[6]]}
    need(ring["root_threshold"] <= len(ring["roots"]), "fewer roots than sign")
    blobs = {base64.b64decode(k) for k in ring["roots"] + [r[0] for r in found[5]]}
    need(len({b[2:10] for b in blobs}) == len({b[10:] for b in blobs}) == len(blobs), "an id or a key of two lines")
    need(not set(ring["roots"]) & {r[0] for r in found[5]}, "a root that is a release key")
    need(not {b[2:10][::-1].hex().upper().encode() for b in blobs} & set(ring["revoked"]), "a revoked key that is listed")
    return ring


def good_roots(path, ring):
    """How many of the roots made a good signature, as minisign sees it."""
    with open(path + ".minisig", "rb") as file:
        lines = file.read().splitlines(keepends=True)
    signed = set()
    with tempfile.NamedTemporaryFile() as block:
        for i in range(0, len(lines), 4):
            block.seek(0)
            block.truncate()
            block.write(b"".join(lines[i:i + 4]))
            block.flush()
            signed |= {root for root in ring["roots"] if subprocess.run(
                ["minisign", "-VHq", "-m", path, "-x", block.name, "-P", root], capture_output=True, check=False).returncode == 0}
    return len(signed)


def read(paths):
    before = None
    for path in paths:
        with open(path, "rb") as file:
            ring = parse(file.read())
        need(good_roots(path, ring) >= ring["root_threshold"], "roots of " + path)
        if before:
            need(ring["serial"] == before["serial"] + 1, "serial of " + path)
            need(good_roots(path, before) >= before["root_threshold"], "roots of the one before " + path)
            need(set(before["revoked"]) <= set(ring["revoked"]), "a revocation taken back in " + path)
        before = ring


# --- the cases ---

class Case:
    """RINGS: [(number in the name, text or Ring, signers)] as they stand in the bundle; TRUSTED: the keyring that is given.
    SIGNERS: of the manifest. SIGS and MEMBERS change the signatures of keyrings, and the list of members."""

    def __init__(self, name, verdict, rings=(), trusted=None, signers="a", **fields):
        self.name, self.verdict, self.rings, self.trusted, self.signers = name, verdict, rings, trusted, signers.split()
        self.sigs = self.members = self.raw = self.manifest = lambda value: value
        self.recipe = {}
        self.__dict__.update(fields)


def text_of(ring):
    return ring.text() if isinstance(ring, Ring) else ring


def cases():
    r = Ring
    one, two, three = r(1), r(2), r(3)
    step = [(2, two, "r1 r2")]
    moved = r(2, roots=["r2", "r3", "r4"])
    yield Case("good-no-chain", "ok")
    yield Case("good-step", "ok", step)
    yield Case("good-two-steps", "ok", step + [(3, three, "r2 r3")])
    yield Case("good-three-roots", "ok", [(2, two, "r1 r2 r3")])
    yield Case("good-history-first", "ok", [(1, one, "r1 r2")] + step)
    yield Case("good-older-passed-over", "ok", [(1, b"whatever", "r1"), (2, two, "r1 r2"), (3, three, "r1 r2")], two)
    yield Case("good-known-already", "ok", step, two)
    yield Case("good-new-roots", "ok", [(2, moved, "r2 r3"), (3, r(3, roots=["r3", "r4"]), "r3 r4")])
    yield Case("good-strange-block", "ok", [(2, two, "c r1 r2")])
    yield Case("good-64", "ok", [(n, r(n), "r1 r2") for n in range(2, 66)])
    yield Case("65-pairs", "too-large", [(n, r(n), "r1 r2") for n in range(2, 67)])
    yield Case("over-64-KiB", "too-large", [(2, b"x" * 65537, "r1 r2")])
    yield Case("signatures-over-16-KiB", "too-large", step, sigs=lambda s: s + b"x" * 16384)

    # --- the order of the chain ---
    yield Case("gap-behind-trusted", "keyring-gap", [(3, three, "r1 r2")])
    yield Case("gap-inside", "keyring-gap", step + [(4, r(4), "r1 r2")])
    yield Case("twice", "keyring-gap", step + step)
    yield Case("backwards", "keyring-gap", [(3, three, "r1 r2"), (2, two, "r1 r2")], two)
    yield Case("serial-skipped-in-text", "keyring-gap", [(2, three, "r1 r2")])
    yield Case("serial-kept-in-text", "keyring-gap", [(2, one, "r1 r2")])
    yield Case("other-text-of-trusted-serial", "keyring-gap", [(1, r(1, floors=[("demo", 1)]), "r1 r2")] + step)
    yield Case("name-0", "malformed-header", [(0, r(0), "r1 r2")])
    yield Case("name-with-zero", "malformed-header", [("02", two, "r1 r2")])
    yield Case("name-plus", "malformed-header", [("+2", two, "r1 r2")])
    yield Case("name-empty", "malformed-header", [("", two, "r1 r2")])
    yield Case("name-2^64+2", "malformed-header", [(2**64 + 2, two, "r1 r2")])
    yield Case("signatures-first", "malformed-header", step, members=lambda m: [m[1], m[0]] + m[2:])
    yield Case("signatures-missing", "malformed-header", step, members=lambda m: m[:1] + m[2:])
    yield Case("keyring-behind-manifest", "malformed-header", step, members=lambda m: m[2:3] + m[:2] + m[3:])
    yield Case("keyring-at-end", "trailing-data", step, members=lambda m: m[2:] + m[:2])
    yield Case("padding", "malformed-header", step, members=lambda m: [m[0][:-1] + b"x"] + m[1:])
    yield Case("bytes-behind-text", "bad-signature", step, members=lambda m: [forge.member(b"keyring.2", two.text() + b"\n")] + m[1:])

    # --- who signed it ---
    yield Case("one-root", "threshold", [(2, two, "r1")])
    yield Case("one-root-twice", "threshold", [(2, two, "r1 r1")])
    yield Case("nobody", "unsigned", [(2, two, "")])
    yield Case("release-keys-sign", "untrusted-key", [(2, two, "a b")])
    yield Case("a-root-and-a-release-key", "threshold", [(2, two, "r1 a")])
    yield Case("another-text's-signatures", "bad-signature", step, sigs=lambda s: s, swap=(three, "r1 r2"))
    yield Case("one-good-one-bad", "bad-signature", [(2, two, "r1 r2 r3")], sigs=lambda s: s, swap_first=(three, "r1"))
    yield Case("only-new-roots", "untrusted-key", [(2, r(2, roots=["r4"], root_threshold=1), "r4")])
    yield Case("only-old-roots", "untrusted-key", [(2, r(2, roots=["r4"], root_threshold=1), "r1 r2")])
    yield Case("new-threshold-not-met", "threshold", [(2, r(2, root_threshold=3), "r1 r2")])
    yield Case("old-threshold-not-met", "threshold", [(2, r(2, root_threshold=1), "r1")])
    yield Case("signature-cut", "malformed-signature", step, sigs=lambda s: s[:-30])
    yield Case("signature-line-more", "malformed-signature", step, sigs=lambda s: s + b"x\n")
    yield Case("legacy", "malformed-signature", step, legacy=True)

    # --- the text, signed over by the roots ---
    bad = "malformed-keyring"
    lines = two.lines()

    def damaged(name, change, verdict=bad):
        out = change(list(lines))
        return Case("text-" + name, verdict, [(2, ("\n".join(out) + "\n").encode("latin-1"), "r1 r2")])

    def edit(i, old, new):
        def run(ls):
            assert old in ls[i]
            ls[i] = ls[i].replace(old, new, 1)
            return ls
        return run
    yield Case("text-empty", bad, [(2, b"", "r1 r2")])
    yield Case("text-not-ended", bad, [(2, two.text()[:-1], "r1 r2")])
    yield Case("text-empty-line-behind", bad, [(2, two.text() + b"\n", "r1 r2")])
    yield Case("text-nul-behind", bad, [(2, two.text() + b"\0", "r1 r2")])
    yield Case("text-crlf", bad, [(2, two.text().replace(b"\n", b"\r\n"), "r1 r2")])
    yield damaged("version-2", edit(0, " 1", " 2"))
    yield damaged("is-a-manifest", edit(0, "keyring", "manifest"))
    yield damaged("serial-leading-zero", edit(1, "2", "02"))
    yield damaged("serial-2^63", edit(1, "2", str(2**63)))
    yield damaged("serial-missing", lambda ls: ls[:1] + ls[2:])
    yield damaged("serial-twice", lambda ls: ls[:2] + ls[1:])
    yield damaged("threshold-0", edit(2, "2", "0"))
    yield damaged("threshold-17", edit(2, "2", "17"))
    yield damaged("threshold-above-roots", edit(2, "2", "4"))
    yield damaged("thresholds-swapped", lambda ls: ls[:2] + [ls[6]] + ls[3:6] + [ls[2]] + ls[7:])
    yield damaged("roots-unsorted", lambda ls: ls[:3] + [ls[4], ls[3]] + ls[5:])
    yield damaged("root-twice", lambda ls: ls[:4] + ls[3:])
    yield damaged("root-two-fields", edit(3, "root ", "root x "))
    yield damaged("root-short", lambda ls: ls[:3] + [ls[3][:-4]] + ls[4:])
    yield damaged("root-spare-bits", lambda ls: ls[:3] + [ls[3][:5] + "%" + ls[3][6:]] + ls[4:])
    yield damaged("roots-missing", lambda ls: ls[:3] + ls[6:])
    yield damaged("release-threshold-0", edit(6, "1", "0"))
    yield damaged("release-unsorted", lambda ls: ls[:7] + [ls[8], ls[7]] + ls[9:])
    yield damaged("release-twice", lambda ls: ls[:8] + ls[7:])
    yield damaged("release-no-pattern", edit(7, ls_end(lines[7]), ""))
    yield damaged("release-star-inside", lambda ls: ls[:7] + [ls[7].rsplit(" ", 1)[0] + " zy*q"] + ls[8:])
    yield damaged("release-two-stars", lambda ls: ls[:7] + [ls[7].rsplit(" ", 1)[0] + " **"] + ls[8:])
    yield damaged("release-product-star", lambda ls: ls[:7] + [" ".join(ls[7].split(" ")[:2]) + " * *"] + ls[8:])
    yield damaged("unknown-line", lambda ls: ls + ["expires 2030"])
    yield damaged("comment", lambda ls: ls + ["# hello"])
    yield damaged("empty-line", lambda ls: ls[:2] + [""] + ls[2:])
    yield damaged("two-spaces", edit(1, " ", "  "))
    yield damaged("tab", edit(1, " ", "\t"))
    yield damaged("high-byte", lambda ls: ls + ["floor d\xe9mo 1"])
    yield damaged("revoked-lower-case", lambda ls: ls + ["revoked 00000000000000ab"])
    yield damaged("revoked-15", lambda ls: ls + ["revoked 000000000000000"])
    yield damaged("floor-first", lambda ls: ls + ["floor demo 1", "revoked 0000000000000000"])
    yield damaged("floor-twice", lambda ls: ls + ["floor demo 1", "floor demo 2"])
    yield damaged("floor-negative", lambda ls: ls + ["floor demo -1"])
    yield Case("text-root-is-release-key", bad, [(2, r(2, roots=["r1", "r2", "a"]), "r1 r2")])
    yield Case("text-revoked-root-listed", bad, [(2, r(2, revoked=["r3"]), "r1 r2")])
    yield Case("text-revoked-release-key-listed", bad, [(2, r(2, revoked=["a"]), "r1 r2")])
    yield Case("text-17-roots", bad, [(2, many_roots(17), "r1 r2")])
    yield Case("text-65-release-lines", bad, [(2, r(2, releases=[("a", "p%02d" % i, "*") for i in range(65)]), "r1 r2")])
    yield Case("text-257-revoked", bad, [(2, r(2, revoked=["%016X" % i for i in range(257)]), "r1 r2")])
    yield Case("text-65-floors", bad, [(2, r(2, floors=[("p%02d" % i, 1) for i in range(65)]), "r1 r2")])
    yield Case("good-at-the-limits", "ok", [(2, r(2, releases=[("a", "demo", "zynq-*")] + [("a", "p%02d" % i, "*") for i in range(63)],
                                                 revoked=["%016X" % i for i in range(256)], floors=[("p%02d" % i, 2**63 - 1) for i in range(64)]),
                                              "r1 r2")])
    yield Case("one-id-for-two-keys", bad, [(2, r(2), "r1 r2")], forge_id=True)
    for i, line in enumerate(lines):
        flipped = lines[:i] + [line[:-1] + chr(ord(line[-1]) ^ 1)] + lines[i + 1:]
        yield Case(f"flipped-line-{i + 1}", "bad-signature", step, members=lambda m, t=flipped: [
            forge.member(b"keyring.2", ("\n".join(t) + "\n").encode())] + m[1:])

    # --- what a keyring says about manifests ---
    yield Case("root-signs-manifest", "untrusted-key", signers="r1")
    yield Case("product-out-of-scope", "untrusted-key", recipe={"product": b"other"})
    yield Case("product-in-scope-of-another-key", "ok", recipe={"product": b"other"}, signers="c")
    yield Case("board-out-of-scope", "untrusted-key", recipe={"boards": [(b"am335x-l3", 0, 9)]})
    yield Case("one-board-out-of-scope", "untrusted-key", recipe={"boards": [(b"am335x-l3", 0, 9), (b"zynq-s9", 0, 9)]})
    yield Case("pattern-is-no-prefix-without-star", "untrusted-key", trusted=r(1, releases=[("a", "demo", "zynq-s")]))
    yield Case("pattern-whole-name", "ok", trusted=r(1, releases=[("a", "demo", "zynq-s9")]))
    yield Case("boards-of-two-lines", "ok", trusted=r(1, releases=[("a", "demo", "am335x-l3"), ("a", "demo", "zynq-*")]),
               recipe={"boards": [(b"am335x-l3", 0, 9), (b"zynq-s9", 0, 9)]})
    yield Case("boards-of-two-keys", "untrusted-key", trusted=r(1, releases=[("a", "demo", "am335x-l3"), ("b", "demo", "zynq-*")]),
               recipe={"boards": [(b"am335x-l3", 0, 9), (b"zynq-s9", 0, 9)]}, signers="a b")
    yield Case("two-of-two", "ok", trusted=r(1, release_threshold=2), signers="a b")
    yield Case("one-of-two", "threshold", trusted=r(1, release_threshold=2))
    yield Case("one-of-two-twice", "threshold", trusted=r(1, release_threshold=2), signers="a a")
    yield Case("two-but-one-out-of-scope", "threshold", trusted=r(1, release_threshold=2), signers="a c")
    yield Case("threshold-rises-in-chain", "threshold", [(2, r(2, release_threshold=2), "r1 r2")])
    yield Case("stopped", "untrusted-key", [(2, r(2, releases=[]), "r1 r2")])
    without = [("b", "demo", "zynq-*")]
    yield Case("revoked", "revoked-key", [(2, r(2, releases=without, revoked=["a"]), "r1 r2")])
    yield Case("revoked-beside-good", "ok", [(2, r(2, releases=without, revoked=["a"]), "r1 r2")], signers="a b")
    yield Case("removed", "untrusted-key", [(2, r(2, releases=without), "r1 r2")])
    yield Case("revoked-earlier-and-again", "revoked-key", [(2, r(2, releases=without, revoked=["a"]), "r1 r2"),
                                                             (3, r(3, releases=without, revoked=["a"]), "r1 r2")])
    yield Case("revocation-taken-back", "revoked-key", [(2, r(2, releases=without, revoked=["a"]), "r1 r2"), (3, three, "r1 r2")])
    yield Case("root-revoked-signs-on", "untrusted-key", [(2, r(2, roots=["r2", "r3"], revoked=["r1"]), "r2 r3"), (3, r(
        3, roots=["r2", "r3"], revoked=["r1"]), "r1")])
    yield Case("at-the-floor", "ok", [(2, r(2, floors=[("demo", 7)]), "r1 r2")])
    yield Case("below-the-floor", "rollback", [(2, r(2, floors=[("demo", 8)]), "r1 r2")])
    yield Case("floor-of-another-product", "ok", [(2, r(2, floors=[("other", 8)]), "r1 r2")])
    yield Case("floor-sinks", "ok", [(2, r(2, floors=[("demo", 8)]), "r1 r2"), (3, r(3, floors=[("demo", 7)]), "r1 r2")])
    yield Case("signed-under-the-trusted", "ok", recipe={"keyring": 1})
    yield Case("signed-under-a-newer", "keyring-gap", recipe={"keyring": 2})
    yield Case("signed-under-one-that-it-brings", "ok", step, recipe={"keyring": 2})
    yield Case("signed-under-a-newer-than-it-brings", "keyring-gap", step, recipe={"keyring": 3})
    yield Case("signed-under-an-older", "ok", step, recipe={"keyring": 1})
    yield Case("signed-under-an-older-than-trusted", "ok", (), three, recipe={"keyring": 2})
    yield Case("keyrings-stripped", "keyring-gap", step, recipe={"keyring": 2}, members=lambda m: m[2:])
    yield Case("manifest-is-a-keyring", "malformed-manifest", manifest=lambda m: two.text())
    yield Case("manifest-is-the-keyring-of-roots", "untrusted-key", manifest=lambda m: two.text(), signers="r1 r2")
    yield Case("keyring-is-a-manifest", bad, [(2, b"firmseal-manifest 1\nproduct demo\n", "r1 r2")])
    yield Case("manifest-unsigned", "unsigned", step, signers="")


def ls_end(line):
    return line[line.rindex(" "):]


def many_roots(n):
    """Keys that nobody has: ids and keys of counted bytes."""
    made = [base64.b64encode(b"Ed" + bytes([i]) * 40).decode() for i in range(n - 3)]
    ring = Ring(2).lines()
    return "".join(line + "\n" for line in ring[:3] + sorted(ring[3:6] + ["root " + k for k in made]) + ring[6:]).encode()


def same_id():
    """Release keys a and b under one id."""
    a, b = base64.b64decode(PUB["a"]), base64.b64decode(PUB["b"])
    lines = Ring(2).lines()
    lines = [line.replace(PUB["b"], base64.b64encode(a[:10] + b[10:]).decode()) for line in lines]
    return "".join(line + "\n" for line in lines[:7] + sorted(lines[7:])).encode()


def pack(case):
    recipe = forge.Recipe(boards=[(b"zynq-s9", 0, 9)], counter=7, entries=[forge.Entry("file", b"file", 0o644, b"data")])
    recipe.__dict__.update(case.recipe)
    stream = recipe.stream()
    packed = recipe.pack(stream)
    return case.manifest(b"\n".join(recipe.lines(len(stream), packed)) + b"\n"), b"".join(packed)


def sign_all(folder, wanted):
    """{(text, signer, legacy): block} for all of WANTED, with one call of minisign for each signer."""
    texts = sorted({text for text, _, _ in wanted})
    for i, text in enumerate(texts):
        with open(f"{folder}/t{i}", "wb") as file:
            file.write(text)
    blocks = {}
    for signer, legacy in sorted({(s, old) for _, s, old in wanted}):
        mine = [i for i, text in enumerate(texts) if (text, signer, legacy) in wanted]
        forge.sign_files(f"{folder}/{signer}.key", f"{folder}/{signer}.pub", [f"{folder}/t{i}" for i in mine], "x", legacy)
        for i in mine:
            with open(f"{folder}/t{i}.minisig", "rb") as file:
                blocks[texts[i], signer, legacy] = file.read()
            os.unlink(f"{folder}/t{i}.minisig")
    for i in range(len(texts)):
        os.unlink(f"{folder}/t{i}")
    return blocks


def write(folder, case, blocks):
    legacy = getattr(case, "legacy", False)
    members = []
    for n, ring, signers in case.rings:
        text = same_id() if hasattr(case, "forge_id") else text_of(ring)
        sigs = [blocks[text, s, legacy] for s in signers.split()]
        if hasattr(case, "swap"):
            sigs = [blocks[case.swap[0].text(), s, False] for s in case.swap[1].split()]
        if hasattr(case, "swap_first"):
            sigs[0] = blocks[case.swap_first[0].text(), case.swap_first[1], False]
        name = b"keyring.%s" % str(n).encode()
        members += [forge.member(name, text), forge.member(name + b".minisig", case.sigs(b"".join(sigs)))]
    manifest, packed = pack(case)
    front = len(b"".join(members))
    members += [forge.member(b"manifest", manifest),
                forge.member(b"manifest.minisig", b"".join(blocks[manifest, s, False] for s in case.signers)),
                forge.member(b"payload.tar.gz", packed)]
    raw = b"".join(case.members(members)) + forge.END
    with open(f"{folder}/{case.name}.firm.tar", "wb") as file:
        file.write(raw)
    with open(f"{folder}/{case.name}.ring", "wb") as file:
        file.write(text_of(case.trusted or Ring(1)))
    return raw, front


def write_all(folder):
    os.makedirs(folder, exist_ok=True)
    for key in KEYS:
        forge.generate(folder, key)
        ID[key] = forge.key_id(f"{folder}/{key}.pub").rjust(16, "0")
        with open(f"{folder}/{key}.pub", encoding="ascii") as file:
            PUB[key] = file.read().split("\n")[1]
    all_cases, wanted = list(cases()), set()
    assert len({case.name for case in all_cases}) == len(all_cases)
    for case in all_cases:
        for _, ring, signers in case.rings:
            text = same_id() if hasattr(case, "forge_id") else text_of(ring)
            wanted |= {(text, s, getattr(case, "legacy", False)) for s in signers.split()}
        for ring, signers in [getattr(case, n) for n in ("swap", "swap_first") if hasattr(case, n)]:
            wanted |= {(ring.text(), s, False) for s in signers.split()}
        wanted |= {(pack(case)[0], s, False) for s in case.signers}
    blocks = sign_all(folder, wanted)
    with open(f"{folder}/table", "w", encoding="ascii") as table:
        for case in all_cases:
            raw, front = write(folder, case, blocks)
            print(case.name, STATUS.get(case.verdict, 3), case.verdict, file=table)
            if case.name != "good-two-steps":
                continue
            for n in sorted({*range(0, front + 1, 512), *range(1, front, 333)}):
                with open(f"{folder}/cut-{n}.firm.tar", "wb") as file:
                    file.write(raw[:n])
                with open(f"{folder}/cut-{n}.ring", "wb") as file:
                    file.write(Ring(1).text())
                print(f"cut-{n}", 3, "truncated", file=table)


if __name__ == "__main__":
    try:
        if sys.argv[1] == "cases":
            write_all(sys.argv[2])
        else:
            read(sys.argv[2:])
    except (forge.Refused, ValueError, KeyError) as error:
        sys.exit(f"forge_keyring.py: {type(error).__name__}: {error}")
