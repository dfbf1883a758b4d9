# SPDX-License-Identifier: ISC
"""The beginnings of disks that are parts of something larger, as libblkid knows them: LVM2, ZFS, Linux RAID.
    disk_members.py FOLDER"""
import struct
import sys


def crc(data):
    """LVM's: that of Ethernet, begun with a number of its own."""
    c = 0xF597A6CF
    for byte in data:
        c ^= byte
        for _ in range(8):
            c = c >> 1 ^ (0xEDB88320 if c & 1 else 0)
    return c


def lvm():
    label = struct.pack("<I8s32sQ", 32, b"LVM2 001", b"firmseal" * 4, 256 << 20).ljust(492, b"\0")
    return bytes(512) + b"LABELONE" + struct.pack("<QI", 1, crc(label)) + label


def zfs():
    disk = bytearray(256 << 10)
    for at in range(128 << 10, 136 << 10, 1 << 10):
        struct.pack_into("<Q", disk, at, 0xBAB10C)
    return disk


def raid():
    block = bytearray(256)
    struct.pack_into("<II", block, 0, 0xA92B4EFC, 1)
    block[16:32] = b"firmseal" * 2
    struct.pack_into("<QIiQII", block, 64, 0, 0, 1, 0, 0, 2)
    struct.pack_into("<QQQ", block, 128, 2048, 500000, 8)
    n = sum(struct.unpack("<64I", block))
    struct.pack_into("<I", block, 216, ((n & 0xFFFFFFFF) + (n >> 32)) & 0xFFFFFFFF)
    return bytes(4096) + block


for name, make in (("lvm", lvm), ("zfs", zfs), ("raid", raid)):
    with open("%s/%s" % (sys.argv[1], name), "wb") as out:
        out.write(make())
