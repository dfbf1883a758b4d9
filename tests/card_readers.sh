#!/bin/sh
# SPDX-License-Identifier: ISC
# Long.
# Promise: cards of every size, from 64 MiB to 2 TiB, FAT16 and FAT32, are read to the byte by all who have to: fsck.fat, mtools, U-Boot, and
# the Linux kernel. All images are sparse; U-Boot and Linux are run once, on an emulated board with all the cards in it.
set -eu
. "$(dirname "$0")/lib.sh"
. "$TESTS/emulate/guest.sh"
[ -z "${SAN:-}" ] || { skip card_readers 'not with sanitizers'; exit 0; }
need make python3 arm-linux-gnueabihf-gcc qemu-system-arm depmod mkimage mcopy fsck.fat cpio
uboot=/usr/lib/u-boot/qemu_arm/u-boot.bin
[ -e $uboot ] || { skip card_readers 'no u-boot-qemu here'; exit 0; }
cd "$T"
export LC_ALL=C.UTF-8 MTOOLSRC=/dev/null
board_image
# The ends and what lies at them; `make check-cards' has more in between.
sizes=${CARD_SIZES:-16:64M 16:2G 32:260M 32:2T}

# --- the tree: what starts the board, and what is hard to read ---
firmkey generate -o key --no-password >.log 2>&1
mkdir -p tree/card/names/deep tree/card/many guest
head -c 1000003 /dev/urandom >tree/card/blob.bin
: >tree/card/names/empty
for i in $(seq 150); do echo "$i" >"tree/card/many/a file with a long name $i.text"; done
for name in 'Mixed.Case.Name.Txt' 'UPPER.TXT' 'a.b.c' 'plus+comma,semi;.x' 'FILE~1.TXT' 'file name one.txt' 'yyyyyyyyyyyyy'; do echo "$name" >"tree/card/names/deep/$name"; done
cat >guest/run.sh <<'RUN'
for module in $(cat /lib/modules/fat); do insmod "/lib/modules/$module"; done
mkdir -p /card
for device in /sys/block/vd*; do
    disk=$(basename "$device")
    serial=$(cat "$device/serial")
    mount -t vfat -o ro "/dev/${disk}1" /card || continue
    cd /card
    echo "KERNEL $serial $(find . -type f -print0 | sort -z | xargs -0 md5sum | md5sum | cut -d ' ' -f 1)"
    cd /
    umount /card
done
echo "KERNEL complaints: $(dmesg | grep -ciE 'FAT-fs.*(error|corrupt|not properly|invalid)')"
RUN
overlay guest tree/card/ramdisk.gz
cp "$image/kernel" tree/card/zImage
{
    echo 'virtio scan'
    n=0
    for size in $sizes; do
        hex=$(printf %x $n) # as U-Boot counts
        echo "load virtio $hex:1 \${loadaddr} blob.bin && crc32 \${loadaddr} \${filesize} && echo UBOOT $n blob"
        echo "load virtio $hex:1 \${loadaddr} 'many/a file with a long name 150.text' && echo UBOOT $n name"
        n=$((n + 1))
    done
    cat <<'UBOOT'
load virtio 0:1 ${kernel_addr_r} zImage
load virtio 0:1 ${ramdisk_addr_r} ramdisk.gz
setenv bootargs console=ttyAMA0 quiet panic=1
bootz ${kernel_addr_r} ${ramdisk_addr_r}:${filesize} ${fdtcontroladdr}
UBOOT
} | sed 's/${loadaddr}/0x48000000/g' >script
mkimage -A arm -T script -d script tree/card/boot.scr >/dev/null
crc=$(python3 -c 'import zlib; print("%08x" % zlib.crc32(open("tree/card/blob.bin", "rb").read()))')

# A tree of 14 MB, on the smallest of them, too; without the bundle, which would only be more of the same.
SOURCE_DATE_EPOCH=1700000000 firmpack build tree --product miner --version 1.0 --counter 1 --board fat16 --board fat32 --key key.key -o bundle --quiet
mkdir profiles
for bits in 16 32; do
    { sed -e "s/^board .*/board fat$bits/" -e '/^card /d' "$TESTS/../boards/zynq-s9.board"; printf 'card fat %s\ncard tree card /\n' $bits; } >profiles/fat$bits.board
done
n=0
for size in $sizes; do
    bits=${size%:*} bytes=${size#*:}
    ok "FAT$bits, $bytes" firmflash card bundle "$n.img" --force --board "fat$bits" --boards profiles --size "$bytes" --pubkey key.pub --json
    used=$(python3 -c 'import json; print(json.load(open(".out"))["used"])')
    # The partition alone; behind what is used it is one hole.
    python3 - "$n.img" "$used" <<'PY'
import os, sys
start = 8192 * 512
with open(sys.argv[1], "rb") as f, open("volume", "wb") as out:
    f.seek(start)
    left = int(sys.argv[2]) - start
    while left > 0:
        block = f.read(min(left, 1 << 20))
        left -= len(block)
        if block.strip(b"\0"):
            out.write(block)
        else:
            out.seek(len(block), 1)
    out.truncate(int.from_bytes(open(sys.argv[1], "rb").read(512)[458:462], "little") * 512)
PY
    fsck.fat -n volume 2>&1 | grep -vE '^fsck.fat |^volume: [0-9]+ files, ' | nothing '  fsck.fat finds nothing'
    rm -rf out volume && mkdir out
    mcopy -s -Q -i "$n.img@@4M" ::/ out
    (cd out && find . -type f -print0 | sort -z | xargs -0 md5sum | md5sum | cut -d ' ' -f 1) >"$n.sum"
    rm -rf out/firmseal
    ok '  mtools reads every file' diff -r tree/card out
    ok '  it verifies' firmflash card --verify "$n.img" --boards profiles --pubkey key.pub
    n=$((n + 1))
done

# QEMU gives the last device the first place.
reversed=
for i in $(seq $((n - 1)) -1 0); do
    reversed="$reversed -drive if=none,id=d$i,format=raw,readonly=on,file=$i.img -device virtio-blk-device,drive=d$i,serial=card$i"
done
# shellcheck disable=SC2086 # options
start_guest console -bios $uboot -no-reboot -nic none $reversed
guest_ends 120 || :
tr -d '\r' <console >heard
ok 'a board starts from the first card' grep -q 'KERNEL complaints: ' heard
ok '  with no complaint of the kernel' grep -qx 'KERNEL complaints: 0' heard
ok '  U-Boot found the sum of the large file on each' test "$(grep -c "==> $crc" heard)" -eq "$n"
n=0
for size in $sizes; do
    ok "FAT${size%:*}, ${size#*:}: U-Boot reads a large file" grep -qx "UBOOT $n blob" heard
    ok '  and one with a long name' grep -qx "UBOOT $n name" heard
    ok '  Linux reads every file' grep -qx "KERNEL card$n $(cat $n.sum)" heard
    n=$((n + 1))
done
