#!/bin/sh
# SPDX-License-Identifier: ISC
# Promise: on raw NAND and UBI an image is written around bad blocks, read back, and a copy that is good always stands; what cannot fit, or
# other flash than the board should have, is refused before anything is erased. An emulated ARM board with the kernel's NAND simulator.
set -eu
. "$(dirname "$0")/lib.sh"
. "$TESTS/emulate/guest.sh"
[ -z "${SAN:-}" ] || { skip nand 'not with sanitizers'; exit 0; }
need make python3 arm-linux-gnueabihf-gcc qemu-system-arm depmod cpio
cd "$T"
board_image
"$TESTS/arm-debs" debs mtd-utils >made 2>&1 || { skip nand "$(tail -n 1 made)"; exit 0; }

firmkey generate -o key --no-password >.log 2>&1
mkdir -p over/etc/firmseal over/usr/sbin tree/boot
cp debs/usr/sbin/ubimkvol over/usr/sbin/
cp key.pub over/etc/firmseal/
pack() { # pack NAME COUNTER BYTES
    head -c "$3" /dev/urandom >tree/boot/uImage
    cp tree/boot/uImage "over/$1.raw"
    firmpack build tree --product miner --version "$2.0" --counter "$2" --board zynq-s9 --write boot/uImage=kernel --chunk-size 256K \
        --key key.key -o "over/$1" --quiet
}
pack one 1 1500000
pack two 2 1400001
pack huge 3 4100000 # 4 MiB, but two of the blocks are bad
pack three 4 1300000
cat >over/run.sh <<'RUN'
block=131072
device() { # device TARGET [LINE...]
    printf 'board zynq-s9 2\nproduct miner\nstate /tmp/state\nkeyring /etc/firmseal/key.pub\nstaging ram\nslot kernel %s\n' "$1"
    shift
    for line; do echo "$line"; done
}
nand() { # nand OPTION...: a new chip: 128 MiB, blocks of 128 KiB, pages of 2 KiB
    rmmod nandsim 2>/dev/null
    for module in $(cat /lib/modules/nand); do
        case $module in
        nandsim.ko) insmod /lib/modules/$module first_id_byte=0x20 second_id_byte=0xa1 third_id_byte=0x00 fourth_id_byte=0x15 parts=32,32,256 "$@" ;;
        *) insmod /lib/modules/$module 2>/dev/null ;;
        esac
    done
    rm -rf /tmp/state
    mkdir -p /tmp/state
}
sums() { for n in 0 1; do dd if=/dev/mtd$n bs=$block 2>/dev/null | sha256sum; done; }
say() { echo "NAND $*"; }
verify() { # verify WORD COMMAND...: what it says, and its exit status
    word=$1
    shift
    firmverify "$@" --device /tmp/device >/tmp/out 2>&1
    say "$word: status $? $(grep -v '^Command' /tmp/out | tail -n 1)"
}
# held N RAW BLOCK...: whether the good blocks of mtdN, those numbered, hold RAW.
held() {
    n=$1 raw=$2
    shift 2
    for b; do dd if=/dev/mtd$n bs=$block skip=$b count=1 2>/dev/null; done | head -c $(stat -c %s $raw) | cmp - $raw && echo yes
}

# Blocks 2 and 5 of the first partition are bad since the factory.
nand badblocks=2,5
say "mtd $(grep -c mtd /proc/mtd)"
device mtd:/dev/mtd0,mtd:/dev/mtd1 >/tmp/device
verify one install /one
say "copies: $(held 0 /one.raw 0 1 3 4 6 7 8 9 10 11 12 13) $(held 1 /one.raw 0 1 2 3 4 5 6 7 8 9 10 11)"
verify two install /two
say "copies again: $(held 0 /two.raw 0 1 3 4 6 7 8 9 10 11 12 13) $(held 1 /two.raw 0 1 2 3 4 5 6 7 8 9 10 11)"
sums >/tmp/before
verify huge install /huge
device mtd:/dev/mtd0,mtd:/dev/mtd1 'expect-mtd mtd0: 00400000 00020000 "boot"' >/tmp/device
verify geometry install /three
device mtd:/dev/mtd0@0x1000+0x100000 >/tmp/device
verify aligned install /three
device mtd:/dev/mtd0@0+0x100000 >/tmp/device
verify part install /three
sums >/tmp/after
cmp /tmp/before /tmp/after && say 'nothing was erased'
# The right lines of /proc/mtd let it through.
{ device mtd:/dev/mtd0,mtd:/dev/mtd1; sed -n '2,$s/^/expect-mtd /p' /proc/mtd; } >/tmp/device
verify three install /three
say "copies at last: $(held 0 /three.raw 0 1 3 4 6 7 8 9 10 11 12 13) $(held 1 /three.raw 0 1 2 3 4 5 6 7 8 9 10 11)"

# Block 3 wears out at its second erase.
nand weakblocks=3:1
device mtd:/dev/mtd0,mtd:/dev/mtd1 >/tmp/device
verify fresh install /one
verify worn install /two
say "worn first: $(held 0 /two.raw 0 1 2 4 5 6 7 8 9 10 11 12)"
say "worn second: $(held 1 /two.raw 0 1 2 3 4 5 6 7 8 9 10 11)"

# UBI: two volumes of 2 MiB are the copies.
for module in $(cat /lib/modules/ubi); do
    case $module in
    ubi.ko) insmod /lib/modules/$module mtd=2 ;;
    *) insmod /lib/modules/$module ;;
    esac
done
ubimkvol /dev/ubi0 -N first -s 2MiB >/dev/null
ubimkvol /dev/ubi0 -N second -s 2MiB >/dev/null
rm -rf /tmp/state
mkdir /tmp/state
volume() { head -c $(stat -c %s $2) /dev/ubi0_$1 | cmp - $2 && echo yes; }
device ubi:/dev/ubi0_0,ubi:/dev/ubi0_1 >/tmp/device
verify ubi-one install /one
say "volumes: $(volume 0 /one.raw) $(volume 1 /one.raw)"
verify ubi-two install /two
say "volumes again: $(volume 0 /two.raw) $(volume 1 /two.raw)"
verify ubi-huge install /huge
say "volumes then: $(volume 0 /two.raw) $(volume 1 /two.raw)"
RUN
overlay over initramfs
start_guest console -no-reboot -kernel "$image/kernel" -initrd initramfs -append 'console=ttyAMA0 quiet panic=1' -nic none
ok 'the board goes through all of it' guest_ends 90
tr -d '\r' <console | grep -a '^NAND' >said || :
says() { if grep -qE "^NAND $2" said; then pass "$1"; else fail "$1" "no: $2" "$(cat said)"; fi; }
says 'a chip with two bad blocks takes an image' 'one: status 0'
says '  both copies are whole, the bad blocks passed over' 'copies: yes yes$'
says 'the next image' 'two: status 0'
says '  both copies' 'copies again: yes yes$'
says 'one that the good blocks cannot hold: too-large' 'huge: status [1-9] firmverify: too-large: '
says 'flash that is not what the board should have: wrong-board' 'geometry: status 5 firmverify: wrong-board: '
says 'a region that does not begin with a block: refused' 'aligned: status [1-9] firmverify: (usage|wrong-board|system): '
says 'a region that is too small: too-large' 'part: status [1-9] firmverify: too-large: '
says '  and nothing was erased by any of these' 'nothing was erased$'
says 'flash that is what it should be takes the image' 'three: status 0'
says '  both copies' 'copies at last: yes yes$'
says 'a fresh chip' 'fresh: status 0'
says 'a block that wears out: the image is written around it' 'worn: status 0'
says '  the first copy, without that block' 'worn first: yes'
says '  the second copy' 'worn second: yes'
says 'UBI volumes take an image' 'ubi-one: status 0'
says '  both copies' 'volumes: yes yes$'
says 'the next image' 'ubi-two: status 0'
says '  both copies' 'volumes again: yes yes$'
says 'one that a volume cannot hold: too-large' 'ubi-huge: status [1-9] firmverify: too-large: '
says '  and the volumes are what they were' 'volumes then: yes yes$'
