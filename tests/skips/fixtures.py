# SPDX-License-Identifier: ISC
"""What must be refused: bundles, the keys or keyring that a board trusts, and the board itself."""
import os
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(HERE))
import forge  # noqa: E402  (the second implementation of the format)

OLD = b"what was installed before\n"


def run(*command, cwd):
    subprocess.run(command, cwd=cwd, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL)


class Case:
    """A bundle that must be refused with VERDICT, by a board that trusts TRUST; BEFORE is a bundle that the board has installed."""

    def __init__(self, name, verdict, bundle, trust, before=None, options=()):
        self.name, self.bundle, self.trust, self.before, self.options = name, bundle, trust, before, list(options)
        self.refusal = b": " + verdict.encode() + b": "
        self.marker = b"new " + name.encode()

    def lay_out(self, folder, prefix):
        """The board in FOLDER, which it knows as PREFIX."""
        for name in ("state", "root", "dev"):
            os.makedirs(os.path.join(folder, name))
        put(folder, "dev/null", b"")
        put(folder, "root/old", OLD)
        put(folder, "kernel", OLD)
        for source, name in ((self.bundle, "bundle"), (self.trust, "trust"), (self.before, "before")):
            if source:
                shutil.copy(source, os.path.join(folder, name))
        self.tell(folder, prefix)

    @staticmethod
    def tell(folder, prefix):
        """The device file."""
        put(folder, "device", f"board b 1\nproduct p\nstate {prefix}/state\nkeyring {prefix}/trust\n"
                              f"slot kernel file:{prefix}/kernel\nslot root dir:{prefix}/root\n".encode())

    def arguments(self, verb, prefix):
        if verb == "install":
            return ["install", prefix + "/bundle", "--device", prefix + "/device"]
        trust = "--pubkey" if self.trust.endswith(".pub") else "--keyring"
        return ["check", prefix + "/bundle", trust, prefix + "/trust", *self.options]

    @staticmethod
    def before_arguments(prefix):
        return ["install", prefix + "/before", "--device", prefix + "/device"]


def put(folder, name, data):
    with open(os.path.join(folder, name), "wb") as f:
        f.write(data)


def make(folder):
    """All cases, their files in FOLDER. They are made by firmkey and firmpack, and damaged by hand."""
    path = lambda name: os.path.join(folder, name)  # noqa: E731

    def keys(*names):
        for name in names:
            run("firmkey", "generate", "-o", name, "--no-password", cwd=folder)

    def bundle(name, counter, *options, marker=None):
        tree = path("tree-" + name)
        os.makedirs(os.path.join(tree, "boot"))
        put(tree, "file", b"new " + (marker or name).encode() + b"\n" + b"x" * 500)
        put(tree, "boot/kernel", b"new " + (marker or name).encode() + b" kernel\n")
        run("firmpack", "build", tree, "--product", "p", "--version", "1", "--counter", str(counter), "--board", "b", "--chunk-size", "64K",
            "--write", "boot/kernel=kernel", "-o", name, *options, cwd=folder)
        return path(name)

    def take(name):
        with open(path(name), "rb") as f:
            return forge.take_members(f.read())

    def change(name, out, member, edit):
        members = take(name)
        put(folder, out, forge.container([(n, edit(d) if n == member else d) for n, d in members]))
        return path(out)

    def ring(name, source, *edits, signers=("r1", "r2")):
        run("firmkey", "keyring", source[0], "-o", name, *source[1:], cwd=folder)
        for edit in edits:
            run("firmkey", "keyring", edit[0], name, *edit[1:], cwd=folder)
        for signer in signers:
            run("firmkey", "keyring", "sign", name, "-k", signer + ".key", cwd=folder)
        with open(path(name), "rb") as f, open(path(name + ".minisig"), "rb") as s:
            return path(name), f.read(), s.read()

    def bringing(name, out, serial, text, signatures):
        members = take(name)
        put(folder, out, forge.container([(b"keyring.%d" % serial, text), (b"keyring.%d.minisig" % serial, signatures), *members]))
        return path(out)

    keys("good", "thief", "r1", "r2", "r3", "t1", "t2", "t3")
    first, _, _ = ring("k1", ("create", "--threshold", "2", "r1.pub", "r2.pub", "r3.pub"),
                       ("add-release", "good.pub", "--product", "p", "--board", "b"))
    floor, _, _ = ring("k2-floor", ("next", "k1"), ("floor", "p", "10"))
    revoked, _, _ = ring("k2-revoked", ("next", "k1"), ("revoke", "good.pub"))
    few = ring("k2-few", ("next", "k1"), ("add-release", "thief.pub", "--product", "p", "--board", "b"), signers=("r1",))
    ring("f1", ("create", "--threshold", "2", "t1.pub", "t2.pub", "t3.pub"), signers=("t1", "t2"))
    forged = ring("f2", ("next", "f1"), ("add-release", "thief.pub", "--product", "p", "--board", "b"), signers=("t1", "t2"))

    flip = lambda data: data[:len(data) // 2] + bytes([data[len(data) // 2] ^ 4]) + data[len(data) // 2 + 1:]  # noqa: E731
    for name in ("manifest", "chunk"):
        bundle("good-" + name, 1, "--key", "good.key", marker=name)
    for name in ("few", "forged"):
        bundle("thief-" + name, 7, "--key", "thief.key", marker=name)
    manifest, payload = take("good-chunk")[0][0], take("good-chunk")[-1][0]
    newest = bundle("newest", 9, "--key", "good.key")
    pub = path("good.pub")
    return [
        Case("unsigned", "unsigned", bundle("unsigned", 1, "--unsigned"), pub),
        Case("foreign", "untrusted-key", bundle("foreign", 1, "--key", "thief.key"), pub),
        Case("manifest", "bad-signature", change("good-manifest", "manifest", manifest, lambda d: d.replace(b"version 1", b"version 2")), pub),
        Case("older", "rollback", bundle("older", 1, "--key", "good.key"), pub, before=newest, options=("--counter", "9")),
        Case("chunk", "chunk-hash", change("good-chunk", "chunk", payload, flip), pub),
        Case("floor", "rollback", bundle("floor", 3, "--key", "good.key"), floor),
        Case("revoked", "revoked-key", bundle("revoked", 3, "--key", "good.key"), revoked),
        Case("few", "threshold", bringing("thief-few", "few", 2, *few[1:]), first),
        Case("forged", "untrusted-key", bringing("thief-forged", "forged", 2, *forged[1:]), first),
    ]
