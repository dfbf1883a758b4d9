# SPDX-License-Identifier: ISC
"""The ARM program: its instructions, which are ours, and how each can be skipped or turned."""
import re
import struct
import subprocess

CROSS = "arm-linux-gnueabihf-"


def tool(name, *arguments, stdin=None):
    return subprocess.run([CROSS + name, *arguments], check=True, stdout=subprocess.PIPE, input=stdin, text=True).stdout


def inverted(raw):
    """The instruction with its condition inverted (B<c>, CBZ, CBNZ, IT), or None. Thumb-2; ARM Architecture Reference Manual, A7."""
    first, = struct.unpack_from("<H", raw)
    if len(raw) == 2:
        if first >> 12 == 0xd and first >> 8 & 15 < 14:
            return struct.pack("<H", first ^ 1 << 8)
        if first & 0xf500 == 0xb100:
            return struct.pack("<H", first ^ 1 << 11)
        condition, mask = first >> 4 & 15, first & 15
        if first >> 8 == 0xbf and mask and condition < 14:
            # Above its lowest bit, the mask tells the others' conditions, each by the lowest bit of its condition.
            others = 15 & ~((mask & -mask) * 2 - 1)
            return struct.pack("<H", 0xbf00 | (condition ^ 1) << 4 | mask ^ others)
        return None
    second, = struct.unpack_from("<H", raw, 2)
    if first >> 11 == 0x1e and second & 0xd000 == 0x8000 and first >> 6 & 15 < 14:
        return struct.pack("<HH", first ^ 1 << 6, second)
    return None


def nop(raw):
    """NOP of the same length. Returns None where one stands."""
    new = b"\x00\xbf" if len(raw) == 2 else b"\xaf\xf3\x00\x80"
    return None if raw == new else new


MUTATIONS = {"nop": nop, "flip": inverted}


class Instruction:
    def __init__(self, address, raw, function, offset, text):
        self.address, self.raw, self.function, self.offset, self.text = address, raw, function, offset, text
        self.place = ""  # file:line
        self.files = ()  # the files of the functions that were inlined here, too

    @property
    def decides(self):
        """Calls, branches, comparisons, and what moves into r0."""
        word, _, rest = self.text.partition(" ")
        return re.match(r"(b|bl|blx|bx|cb|cmp|cmn|tst|teq|it)", word) is not None or word.startswith("mov") and rest.startswith("r0,")

    @property
    def site(self):
        return f"{self.function}+{self.offset:#x}"


class Program:
    """ELF is what is shipped; SYMBOLS the same before it was stripped; MAP says which object each function comes from."""

    def __init__(self, elf, symbols, link_map):
        self.elf, self.symbols = elf, symbols
        self.base = 0x40000000  # where qemu-arm puts a static PIE
        self.ours = self._ours(link_map)
        self.instructions = {i.address: i for i in self._disassemble()}
        self.exit = next(int(line.split()[0], 16) for line in tool("nm", symbols).splitlines() if line.endswith(" T _Exit"))
        self.entry = int(re.search(r"Entry point address:\s+0x([0-9a-f]+)", tool("readelf", "-h", elf))[1], 16) & ~1

    @staticmethod
    def _ours(link_map):
        """Address ranges of code from firmseal's own objects: all are in the link-time optimizer's."""
        out, name = [], None
        with open(link_map, encoding="utf-8", errors="replace") as f:
            for line in f:
                words = line.split()
                if len(words) == 1 and words[0].startswith(".text"):
                    name = words[0]
                    continue
                if len(words) == 4 and words[0].startswith(".text"):
                    name, words = words[0], words[1:]
                if name and len(words) == 3 and words[0].startswith("0x") and words[2].endswith(".ltrans.o"):
                    out.append(range(int(words[0], 16), int(words[0], 16) + int(words[1], 16)))
                name = None
        return [r for r in out if len(r) > 0]

    def _disassemble(self):
        function, start = "", 0
        for line in tool("objdump", "-d", self.symbols).splitlines():
            head = re.fullmatch(r"([0-9a-f]+) <(.+)>:", line)
            if head:
                start, function = int(head[1], 16), head[2]
                continue
            parts = line.split("\t")
            if len(parts) < 3 or not parts[0].strip().endswith(":") or parts[2].startswith("."):
                continue
            halves = parts[1].split()
            raw = b"".join(int(h, 16).to_bytes(len(h) // 2, "little") for h in halves)
            address = int(parts[0].strip()[:-1], 16)
            yield Instruction(address, raw, function, address - start, " ".join(p.split("@")[0].split(";")[0].strip() for p in parts[2:]).strip())

    def is_ours(self, address):
        return any(address in r for r in self.ours)

    def reached(self, log):
        """The instructions of ours in a log of `qemu-arm -d in_asm'."""
        found = sorted({int(m, 16) - self.base for m in re.findall(r"^0x([0-9a-f]{8}):", log, re.MULTILINE)})
        if self.entry not in found:
            raise SystemExit(f"qemu-arm does not put the program at {self.base:#x}")
        return [self.instructions[a] for a in found if a in self.instructions and self.is_ours(a)]

    def locate(self, instructions):
        """Says where in the sources they come from."""
        wanted = [i for i in instructions if not i.place]
        text = tool("addr2line", "-a", "-i", "-e", self.symbols, stdin="".join(f"{i.address:#x}\n" for i in wanted))
        blocks = re.split(r"^0x[0-9a-f]+\n", text, flags=re.MULTILINE)[1:]
        for instruction, block in zip(wanted, blocks, strict=True):
            lines = [re.sub(r" \(.*", "", line).removeprefix("./") for line in block.splitlines()]
            instruction.place = lines[0]
            instruction.files = tuple(line.rsplit(":", 1)[0] for line in lines)
