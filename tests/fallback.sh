#!/bin/sh
# SPDX-License-Identifier: ISC
# Long.
# Promise: an image that does not start is given up by the board itself. On an emulated ARM board with two sides, U-Boot counts the starts
# of what is on trial and goes back; what starts and is confirmed stays, and nothing older comes after it.
set -eu
. "$(dirname "$0")/lib.sh"
. "$TESTS/emulate/guest.sh"
[ -z "${SAN:-}" ] || { skip fallback 'not with sanitizers'; exit 0; }
need make python3 arm-linux-gnueabihf-gcc qemu-system-arm depmod mke2fs debugfs sfdisk mkimage cpio
uboot=/usr/lib/u-boot/qemu_arm/u-boot.bin
[ -e $uboot ] || { skip fallback 'no u-boot-qemu here'; exit 0; }
cd "$T"
board_image

# --- the board: an ext4 volume for its state and the loader's script, and raw room for the boot record and both sides ---
first=133120 # sector of the raw partition
cat >places <<'DEVICE'
slot ramdisk block:RAW@0x1100000+0x800000 block:RAW@0x1900000+0x800000
slot kernel block:RAW@0x100000+0x800000 block:RAW@0x900000+0x800000
boot marker block:RAW@0+512
DEVICE
mkdir -p disk/state proc
firmkey generate -o key --no-password >.log 2>&1
cp key.pub disk/
{ printf 'board firmseal-generic 1\nproduct miner\nstate /data/state\nkeyring /data/key.pub\n'; sed 's,RAW,/dev/vda2,g' places; } >disk/device
{ printf 'board firmseal-generic 1\nproduct miner\nstate %s\nkeyring %s\nproc %s\n' "$T/disk/state" "$T/key.pub" "$T/proc"; sed "s,RAW,$T/raw,g" places; } >factory
# hush, U-Boot's shell, has no functions; numbers are hexadecimal.
cat >boot.text <<UBOOT
setenv first $(printf %x $first)
UBOOT
cat >>boot.text <<'UBOOT'
setenv addr ${kernel_addr_r}
setexpr sum ${addr} + 1fc
setexpr calculated ${addr} + 1000
setenv firmseal_side a
setenv firmseal_trial 0
setenv firmseal_tries 0
virtio read ${addr} ${first} 1
crc32 ${addr} 1fc ${calculated}
if cmp.l ${sum} ${calculated} 1; then env import -t ${addr} 1fc firmseal_side firmseal_trial firmseal_tries; else echo LOADER no record; fi
if test "${firmseal_trial}" = 1; then
  if itest ${firmseal_tries} >= 3; then
    echo LOADER gives up ${firmseal_side}
    if test "${firmseal_side}" = a; then setenv firmseal_side b; else setenv firmseal_side a; fi
    setenv firmseal_trial 0
    setenv firmseal_tries 0
  else
    setexpr firmseal_tries ${firmseal_tries} + 1
  fi
  mw.b ${addr} 0 200
  env export -t -s 1fc ${addr} firmseal_side firmseal_trial firmseal_tries
  crc32 ${addr} 1fc ${sum}
  virtio write ${addr} ${first} 1
fi
echo LOADER starts ${firmseal_side}, trial ${firmseal_trial}, tries ${firmseal_tries}
if test "${firmseal_side}" = a; then setenv at 800; setenv rat 8800; else setenv at 4800; setenv rat c800; fi
setexpr at ${first} + ${at}
setexpr rat ${first} + ${rat}
virtio read ${kernel_addr_r} ${at} 4000
virtio read ${ramdisk_addr_r} ${rat} 4000
setenv bootargs console=ttyAMA0 quiet panic=1 firmseal.side=${firmseal_side}
bootz ${kernel_addr_r} ${ramdisk_addr_r}:800000 ${fdtcontroladdr}
echo LOADER cannot start ${firmseal_side}
reset
UBOOT
mkimage -A arm -T script -d boot.text disk/boot.scr >/dev/null

# --- images: each a kernel, and a system that knows its version; "bad" has a kernel that is none ---
mkdir -p tree/boot system
cat >system/run.sh <<'RUN'
mount -t ext4 /dev/vda1 /data
step=$(cat /data/step 2>/dev/null || echo 0)
echo $((step + 1)) >/data/step
sync
echo "START $step image $(cat /version) $(grep -o 'firmseal.side=.' /proc/cmdline)"
verify() { firmverify "$@" --device /data/device 2>&1 | sed "s/^/START $step $1: /"; }
verify status
case $step in
0) verify install /data/bad ;;
1) verify install /data/good ;;
2)
    verify install /data/later # while this one is on trial
    verify confirm
    ;;
3)
    verify install /data/one
    verify install /data/bad
    verify rollback
    umount /data
    poweroff -f
    ;;
esac
umount /data
reboot -f
RUN
image_of() { # image_of NAME COUNTER KERNEL
    echo "$2" >system/version
    overlay system tree/boot/ramdisk.gz
    cp "$3" tree/boot/zImage
    firmpack build tree --product miner --version "$2.0" --counter "$2" --board firmseal-generic --write boot/zImage=kernel \
        --write boot/ramdisk.gz=ramdisk --key key.key -o "$1" --quiet
}
head -c 3000000 /dev/urandom >junk
image_of one 1 "$image/kernel"
image_of disk/bad 2 junk
image_of disk/good 3 "$image/kernel"
cp disk/good disk/later
cp one disk/one

# In the factory: image 1 on side a, confirmed.
truncate -s 34M raw
echo 'console=ttyAMA0 firmseal.side=b' >proc/cmdline
: >proc/mtd
ok 'the factory installs an image' firmverify install one --device factory
echo 'console=ttyAMA0 firmseal.side=a' >proc/cmdline
ok '  and confirms it' firmverify confirm --device factory
truncate -s 100M disk.img
printf '2048,131072,83,*\n%d,,da\n' $first | sfdisk -q disk.img
mke2fs -q -F -t ext4 -O ^metadata_csum -d disk -E offset=1048576 disk.img 64m
dd if=raw of=disk.img bs=1M seek=65 conv=notrunc,sparse status=none

start_guest console -bios $uboot -nic none -drive if=none,id=d0,format=raw,file=disk.img -device virtio-blk-device,drive=d0
ok 'the board starts, and goes through all of it by itself' guest_ends 170
tr -d '\r' <console | grep -aE '^(LOADER|START)' >said || :
says() { if grep -qE "$2" said; then pass "$1"; else fail "$1" "no: $2" "$(cat said)"; fi; }
says 'it starts from side a' '^START 0 image 1 firmseal.side=a'
says '  where an image with a bad kernel comes to side b' '^START 0 install: .*2\.0'
ok '  which the loader tries three times' test "$(grep -c '^LOADER cannot start b' said)" -eq 3
says '  and gives up' '^LOADER gives up b'
says 'the old image is back, nobody asked' '^START 1 image 1 firmseal.side=a'
says '  and what it has is what it had' '^START 1 status: .*1\.0.*counter 1'
says 'a good image starts on trial' '^LOADER starts b, trial 1, tries 1'
says '  and runs' '^START 2 image 3 firmseal.side=b'
says '  no other install meanwhile: busy' '^START 2 install: firmverify: busy: '
says 'it is confirmed, and stays' '^START 3 image 3 firmseal.side=b'
says '  no longer on trial' '^LOADER starts b, trial 0'
says 'an older image after that: rollback' '^START 3 install: firmverify: rollback: '
says 'going back by hand, below what was confirmed: rollback' '^START 3 rollback: firmverify: rollback: '
