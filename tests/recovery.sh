#!/bin/sh
# SPDX-License-Identifier: ISC
# Long.
# Promise: a recovery card makes an infected board whole. On an emulated ARM board U-Boot boots from the card, the system on it checks the
# bundle that rides along and writes the slots, and the board then starts without the card; a card that was tampered with writes nothing.
set -eu
. "$(dirname "$0")/lib.sh"
. "$TESTS/emulate/guest.sh"
[ -z "${SAN:-}" ] || { skip recovery 'not with sanitizers'; exit 0; }
need make python3 arm-linux-gnueabihf-gcc qemu-system-arm depmod mke2fs debugfs sfdisk mkimage mcopy cpio
uboot=/usr/lib/u-boot/qemu_arm/u-boot.bin
[ -e $uboot ] || { skip recovery 'no u-boot-qemu here'; exit 0; }
cd "$T"
export LC_ALL=C.UTF-8 MTOOLSRC=/dev/null
board_image

# script OUT: a boot script of U-Boot's, from standard input.
script() { cat >"$1.text" && mkimage -A arm -T script -d "$1.text" "$1" >/dev/null; }

# --- what the card brings: a recovery system of kernel and initramfs, which holds the key, and the image ---
firmkey generate -o key --no-password >.log 2>&1
mkdir -p recovery/etc/firmseal
cp key.pub recovery/etc/firmseal/
cat >recovery/etc/firmseal/device <<'DEVICE'
board firmseal-generic 1
product miner
state /data/state
keyring /etc/firmseal/key.pub
slot kernel file:/data/zImage
slot ramdisk file:/data/ramdisk.gz
slot root dir:/data/root
DEVICE
cat >recovery/run.sh <<'RUN'
echo 'RECOVERY starts'
for module in $(cat /lib/modules/fat); do insmod "/lib/modules/$module"; done
mkdir /card
# The card is the disk that holds a FAT volume with a bundle; the other is the board's own.
for disk in vda vdb; do
    if mount -t vfat -o ro /dev/${disk}1 /card 2>/dev/null; then
        [ -e /card/firmseal/bundle.firm.tar ] || umount /card
    else
        mount -t ext4 /dev/${disk}1 /data
    fi
done
if firmverify install /card/firmseal/bundle.firm.tar --device /etc/firmseal/device 2>/tmp/err; then
    echo 'RECOVERY done'
else
    echo "RECOVERY refused: $(cat /tmp/err)"
fi
umount /card /data
RUN
mkdir -p tree/card tree/boot tree/bin system
overlay recovery tree/card/recovery.gz
cp "$image/kernel" tree/card/zImage
script tree/card/boot.scr <<'UBOOT'
load ${devtype} ${devnum}:${distro_bootpart} ${kernel_addr_r} zImage
load ${devtype} ${devnum}:${distro_bootpart} ${ramdisk_addr_r} recovery.gz
setenv bootargs console=ttyAMA0 quiet panic=1
bootz ${kernel_addr_r} ${ramdisk_addr_r}:${filesize} ${fdtcontroladdr}
UBOOT
rm tree/card/boot.scr.text
cat >system/run.sh <<'RUN'
mount -t ext4 /dev/vda1 /data
echo "SYSTEM $(cat /data/root/bin/version), by $(cat /proc/cmdline)"
firmverify status --device /data/device
RUN
overlay system tree/boot/ramdisk.gz
cp "$image/kernel" tree/boot/zImage
echo 'version 1' >tree/bin/version
SOURCE_DATE_EPOCH=1700000000 firmpack build tree --product miner --version 1.0 --counter 1 --board firmseal-generic \
    --write boot/zImage=kernel --write boot/ramdisk.gz=ramdisk --key key.key -o bundle --quiet
ok 'a card is made from a signed bundle' firmflash card bundle card.img --board firmseal-generic --size 128M --pubkey key.pub --quiet

# --- the board's own disk: what a worm left, and the loader's script ---
mkdir -p disk/root/bin disk/state
echo worm >disk/root/bin/version
echo worm >disk/zImage
echo worm >disk/ramdisk.gz
cp recovery/etc/firmseal/device disk/device
cp key.pub disk/
sed -i 's,/etc/firmseal/key.pub,/data/key.pub,' disk/device
script disk/boot.scr <<'UBOOT'
load ${devtype} ${devnum}:${distro_bootpart} ${kernel_addr_r} zImage
load ${devtype} ${devnum}:${distro_bootpart} ${ramdisk_addr_r} ramdisk.gz
setenv bootargs console=ttyAMA0 quiet panic=1 own
bootz ${kernel_addr_r} ${ramdisk_addr_r}:${filesize} ${fdtcontroladdr}
echo NO SYSTEM
poweroff
UBOOT
rm disk/boot.scr.text
truncate -s 96M disk.img
echo '2048,,83,*' | sfdisk -q disk.img
mke2fs -q -F -t ext4 -O ^metadata_csum -d disk -E offset=1048576 disk.img 95m

# start CONSOLE [CARD]: the board, with a card in it or without, from U-Boot on; waits until it has switched itself off.
start() {
    card=
    [ $# -lt 2 ] || card="-drive if=none,id=c0,format=raw,file=$2 -device virtio-blk-device,drive=c0"
    # shellcheck disable=SC2086 # options
    start_guest "$1" -bios $uboot -no-reboot -nic none -drive if=none,id=d0,format=raw,file=disk.img \
        -device virtio-blk-device,drive=d0 $card
    guest_ends 90
}

start worm.console || :
ok 'the board does not start any more' grep -q 'NO SYSTEM' worm.console

cp --sparse=always card.img tampered.img
start_of=$(sfdisk -d card.img | sed -n 's/.*start= *\([0-9]*\),.*/\1/p')
mcopy -i tampered.img@@$((start_of * 512)) ::firmseal/bundle.firm.tar carried
same 'the card carries the bundle' bundle carried
python3 -c 'raw = bytearray(open("carried", "rb").read()); raw[-9000] ^= 1; open("carried", "wb").write(raw)'
mcopy -o -i tampered.img@@$((start_of * 512)) carried ::firmseal/bundle.firm.tar
ok 'a board started from it' start tampered.console tampered.img
ok '  runs the recovery system' grep -q 'RECOVERY starts' tampered.console
ok '  which says why it installs nothing: chunk-hash' grep -q 'RECOVERY refused: .*: chunk-hash: ' tampered.console
debugfs -R 'cat /root/bin/version' disk.img?offset=1048576 >version 2>/dev/null
ok '  and has changed nothing' test "$(cat version)" = worm

ok 'a board started from the whole card' start card.console card.img
ok '  is recovered' grep -q 'RECOVERY done' card.console
ok 'the card is taken out; the board starts' start own.console
ok '  from its own disk, with the image that was signed' grep -q 'SYSTEM version 1, by .* own' own.console
ok '  and knows it' grep -q 'installed 1.0, counter 1' own.console
