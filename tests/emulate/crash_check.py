# SPDX-License-Identifier: ISC
"""What a board must be after a power cut, checked on the host from the disk's bytes alone.

The file system is brought up as the board's kernel would do it (the journal replayed, here by e2fsck), read with debugfs, and firmverify
of the same sources finishes what was interrupted. Swaps name inodes, which are others in the copy; so those of the journal are put in
their place, the only thing that is changed in it.
"""
import hashlib
import json
import os
import re
import shutil
import subprocess
import zlib

NAME = "/data/"          # where the board has its file system


def run(*argv):
    return subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)


def state_body(raw):
    """A state file's body, or None when its checksum does not fit."""
    cut = raw.rfind(b"blake2b ")
    if cut < 0 or raw[cut:] != b"blake2b " + hashlib.blake2b(raw[:cut], digest_size=32).hexdigest().encode() + b"\n":
        return None
    return raw[:cut]


def sealed(body):
    return body + b"blake2b " + hashlib.blake2b(body, digest_size=32).hexdigest().encode() + b"\n"


def listing(top):
    """Everything beneath a folder: kind, mode, content."""
    found = {}
    for folder, folders, files in os.walk(top):
        for name in folders + files:
            path = os.path.join(folder, name)
            inner = os.path.relpath(path, top)
            if os.path.islink(path):
                found[inner] = ["l", os.readlink(path)]
            elif os.path.isdir(path):
                found[inner] = ["d", os.stat(path).st_mode & 0o7777]
            else:
                with open(path, "rb") as f:
                    found[inner] = ["f", os.stat(path).st_mode & 0o7777, hashlib.sha256(f.read()).hexdigest()]
    return found


class Bad(Exception):
    pass


class Disk:
    """The part that is common: the file system, and firmverify's look at it."""

    def __init__(self, recording, folder, origin):
        self.r, self.folder = recording, folder
        self.fs = os.path.join(folder, "fs.img")
        self.root = os.path.join(folder, "x")
        self.device = os.path.join(folder, "device")
        with open(os.path.join(origin, "device"), encoding="utf-8") as f:
            text = f.read()
        for a, b in self.places(origin):
            text = text.replace(a, b)
        with open(self.device, "w", encoding="utf-8") as f:
            f.write(text)

    def places(self, origin):
        found = [(NAME, self.root + "/"), ("/dev/vda3", os.path.join(self.folder, "raw")), ("/tmp/proc", os.path.join(self.folder, "proc"))]
        return found + [("/etc/firmseal/", os.path.abspath(origin) + "/")] if origin else found

    def read_fs(self, image):
        start, size = self.r["fs"]
        with open(self.fs, "wb") as f:
            f.write(memoryview(image)[start:start + size])
        shutil.rmtree(self.root, ignore_errors=True)
        os.mkdir(self.root)
        fsck = run("e2fsck", "-fy", self.fs)
        if fsck.returncode > 1:
            raise Bad("the file system cannot be repaired: " + fsck.stdout.decode(errors="replace")[-200:])
        read = run("debugfs", "-R", f"rdump / {self.root}", self.fs)
        if os.listdir(os.path.join(self.root, "lost+found")):
            raise Bad("the file system lost something: " + fsck.stdout.decode(errors="replace")[-400:])
        return read

    def inodes(self):
        out = run("debugfs", "-R", "ls -p /", self.fs).stdout.decode()
        return {m[2]: int(m[1]) for m in re.finditer(r"^/(\d+)/\d+/\d+/\d+/([^/]+)/", out, re.M)}

    def translate_journal(self):
        path = os.path.join(self.root, "state/journal")
        if not os.path.exists(path):
            return
        with open(path, "rb") as f:
            body = state_body(f.read())
        if body is None:
            return
        names = {inode: name for name, inode in self.inodes().items()}

        def here(m):
            name = names.get(int(m[1]))
            inode = os.lstat(os.path.join(self.root, name)).st_ino if name else 1
            return f"swap {inode} {m[2]}"
        text = re.sub(r"^swap (\d+) (\S+)$", here, body.decode(), flags=re.M)
        for a, b in self.places(None):
            text = text.replace(a, b)
        body = text.encode()
        with open(path, "wb") as f:
            f.write(sealed(body))

    def status(self, *more):
        done = subprocess.run([self.r["firmverify"], "status", "--json", "--device", self.device, *more], stdin=subprocess.DEVNULL,
                              capture_output=True, check=False)
        if done.returncode != 0:
            raise Bad("firmverify status: " + done.stderr.decode(errors="replace").strip()[-300:])
        return json.loads(done.stdout)

    def leftovers(self):
        for folder, folders, files in os.walk(self.root):
            for name in folders + files:
                if name.startswith(".firmseal") or (folder.endswith("/state") and (name == "journal" or name.endswith(".next"))):
                    raise Bad(f"left behind: {os.path.relpath(os.path.join(folder, name), self.root)}")

    def check(self, image, acked):
        """Returns (verdict, text): the image that was found, or `bad' and why."""
        try:
            return self.look(image, acked), ""
        except Bad as e:
            return "bad", str(e)
        except (OSError, ValueError, KeyError) as e:
            return "bad", f"{type(e).__name__}: {e}"


class Swapped(Disk):
    """`file:` and `dir:` beside each other on ext4: one side, exchanged by rename."""

    def read(self, name):
        path = os.path.join(self.root, name)
        if not os.path.exists(path):
            return None
        with open(path, "rb") as f:
            return hashlib.sha256(f.read()).hexdigest()

    def whole(self, number, when):
        """Image NUMBER, or nothing for 0, in both slots."""
        want = self.r["images"][number]
        if self.read("uImage") != want["kernel"]:
            raise Bad(f"{when}: the kernel is not that of image {number}")
        if number == 0:
            if os.path.exists(os.path.join(self.root, "root")):
                raise Bad(f"{when}: a tree, and no image")
        elif listing(os.path.join(self.root, "root")) != want["tree"]:
            raise Bad(f"{when}: the tree is not that of image {number}")

    def look(self, image, acked):
        self.read_fs(image)
        images = self.r["images"]
        allowed = [n for n in (acked, acked + 1) if n < len(images)]
        # What is in use before anybody repairs anything: each slot whole, and old or new.
        if self.read("uImage") not in [images[n]["kernel"] for n in allowed]:
            raise Bad("the kernel in use is neither the old nor the new one")
        tree = os.path.join(self.root, "root")
        if (listing(tree) if os.path.exists(tree) else None) not in [images[n]["tree"] for n in allowed]:
            raise Bad("the tree in use is neither the old nor the new one")
        self.translate_journal()
        version = self.status().get("version")
        number = int(float(version)) if version else 0
        if number not in allowed:
            raise Bad(f"image {number} after {acked} were acknowledged")
        self.whole(number, "after the repair")
        self.leftovers()
        return f"image {number}"


class Raw(Disk):
    """`block:` targets: raw places on the same disk."""

    def __init__(self, recording, folder, origin):
        super().__init__(recording, folder, origin)
        os.mkdir(os.path.join(folder, "proc"))
        with open(os.path.join(folder, "proc/mtd"), "w", encoding="ascii"):
            pass

    def read_raw(self, image):
        start, size = self.r["raw"]
        self.raw = bytes(memoryview(image)[start:start + size])
        with open(os.path.join(self.folder, "raw"), "wb") as f:
            f.write(self.raw)

    def reread(self):
        with open(os.path.join(self.folder, "raw"), "rb") as f:
            self.raw = f.read()

    def holds(self, offset):
        """The number of the image whose kernel lies there, or None."""
        for n, want in enumerate(self.r["images"]):
            if want["kernel"] and hashlib.sha256(self.raw[offset:offset + want["size"]]).hexdigest() == want["kernel"]:
                return n
        return None

    def cmdline(self, side):
        with open(os.path.join(self.folder, "proc/cmdline"), "w", encoding="ascii") as f:
            f.write(f"console=ttyAMA0 firmseal.side={side}\n")

    def translated(self):
        self.translate_journal()
        return self.status()


class Sides(Raw):
    """Two sides, a boot record in two copies. This is the boot loader, too: it takes the first copy whose checksum fits."""

    def record(self):
        for offset in self.r["records"]:
            raw = self.raw[offset:offset + 512]
            if zlib.crc32(raw[:508]).to_bytes(4, "big") == raw[508:]:
                return dict(line.split("=") for line in raw[:508].rstrip(b"\0").decode().split())
        raise Bad("no copy of the boot record is whole")

    def look(self, image, acked):
        self.read_raw(image)
        record = self.record()
        side, trial = record["firmseal_side"], record["firmseal_trial"] == "1"
        other = "b" if side == "a" else "a"
        found = self.holds(self.r["sides"][side])
        if found not in self.r["allowed"][acked]:
            raise Bad(f"side {side} starts, with image {found}, after {acked} steps")
        if trial and self.holds(self.r["sides"][other]) not in self.r["keeps"][acked]:
            raise Bad(f"on trial, and the other side holds image {self.holds(self.r['sides'][other])} after {acked} steps")
        self.read_fs(image)
        self.cmdline(side)
        status = self.translated()
        if status["running"] != side or status.get("version") != f"{found}.0":
            raise Bad(f"side {side} with image {found} runs; status: {status}")
        self.reread()            # an install that was decided is finished now, and its image starts next
        after = self.record()
        if status["side"] != after["firmseal_side"] or status["trial"] != (after["firmseal_trial"] == "1"):
            raise Bad(f"the record says {after}, status: {status}")
        if self.holds(self.r["sides"][after["firmseal_side"]]) not in self.r["allowed"][acked]:
            raise Bad(f"after the repair: {after}, image {self.holds(self.r['sides'][after['firmseal_side']])}")
        self.leftovers()
        if trial:
            done = run(self.r["firmverify"], "confirm", "--device", self.device)
            self.reread()
            after = self.record()
            if done.returncode != 0 or after["firmseal_side"] != side or after["firmseal_trial"] != "0":
                raise Bad(f"cannot confirm: {done.stdout.decode(errors='replace')[-200:]} {after}")
        return f"image {found}" + (" on trial" if trial else "")


class Staged(Raw):
    """One side, raw: everything staged first, the recovery marker there while flash is being written."""

    marker = bytes(range(16))

    def look(self, image, acked):
        self.read_raw(image)
        marked = self.marker in [self.raw[o:o + 16] for o in self.r["records"]]
        found = self.holds(self.r["sides"]["a"])
        allowed = [n for n in (acked + 1, acked + 2) if n < len(self.r["images"])]
        if not marked and found not in allowed:
            raise Bad(f"no marker, and image {found} after {acked} were acknowledged")
        self.read_fs(image)
        self.cmdline("a")
        status = self.translated()
        self.reread()
        after = self.holds(self.r["sides"]["a"])
        if after not in allowed or status.get("version") != f"{after}.0":
            raise Bad(f"after the repair: image {after}; status: {status}")
        if any(self.raw[o:o + 16] != bytes(16) for o in self.r["records"]):
            raise Bad("after the repair the marker is still there")
        self.leftovers()
        return f"image {after}" + (", finished" if marked else "")


def checker(recording, folder, origin):
    return {"swapped": Swapped, "sides": Sides, "staged": Staged}[recording["kind"]](recording, folder, origin)
