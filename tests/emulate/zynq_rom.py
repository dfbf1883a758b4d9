#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""What a Zynq-7000's loader in ROM does with BOOT.BIN, which QEMU has none of: takes the program out of it, if its header is right.
   zynq_rom.py BOOT.BIN OUT      prints the address it is loaded to and started at.
The header is that of the technical reference manual (UG585, 6.3.2). The real one loads into 192 KiB of on-chip memory, and so a first
stage only; this one has all of memory."""
import struct
import sys

raw = open(sys.argv[1], "rb").read()
words = struct.unpack("<11I", raw[0x20:0x4C])
if words[0] != 0xAA995566 or words[1] != 0x584C4E58:
    sys.exit("no boot image: no header")
if (~sum(words[:10])) & 0xFFFFFFFF != words[10]:
    sys.exit("no boot image: the header's sum is wrong")
offset, length, entry = words[4], words[5], words[7]
open(sys.argv[2], "wb").write(raw[offset:offset + length])
print(hex(entry))
