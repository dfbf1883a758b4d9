#!/bin/sh
# SPDX-License-Identifier: ISC
# Promise: a recovery card makes an infected Zynq board whole. Its BOOT.BIN starts, which looks at nothing in flash; the system on the card
# checks the bundle that rides along, writes both sides and U-Boot's environment, and the board then starts without the card. A card with
# one bit changed, or older than what the board has confirmed, changes nothing. Only `make check-zynq' runs it.
set -eu
. "$(dirname "$0")/lib.sh"
. "$TESTS/emulate/guest.sh"
. "$TESTS/emulate/zynq-board.sh"
cd "$T"
zynq_parts
need mkimage mcopy debugfs
export LC_ALL=C.UTF-8 MTOOLSRC=/dev/null
zynq_system

# --- the recovery system; the jumper that the profile names makes the loader in ROM take BOOT.BIN from the card ---
mkdir -p recovery/etc/firmseal recovery/lib/modules recovery/usr/sbin tree/card
cp system/usr/sbin/firmverify recovery/usr/sbin/
cp system/etc/fw_env.config recovery/etc/
cp release.pub recovery/etc/firmseal/
: >recovery/lib/modules/order
zynq_environment recovery/environment
{
    device_lines /dev/mmcblk1p2
    printf 'state /data/state\nkeyring /etc/firmseal/release.pub\nboot uboot-env /etc/fw_env.config\nproc /run/as\n'
} >recovery/etc/firmseal/device
cat >recovery/run.sh <<'RUN'
echo 'RECOVERY starts'
until [ -b /dev/mmcblk0p1 ] && [ -b /dev/mmcblk1p1 ]; do sleep 0.1; done
mkdir -p /card /run/as
cat /proc/mtd >/run/as/mtd
mount -t vfat -o ro /dev/mmcblk0p1 /card
mount -t ext4 -o ro /dev/mmcblk1p1 /data
bundle=/card/firmseal/bundle.firm.tar
# as SIDE VERB...: firmverify, as if the board ran from SIDE. What recovers it runs from neither.
as() {
    echo "firmseal.side=$1" >/run/as/cmdline
    shift
    firmverify "$@"
}
# Nothing is written before the bundle is known to be good and no step back. Then the environment, which may be anybody's or none,
# and then side a, which is kept, and side b, so that nothing is left on either.
recover() {
    confirmed=$(sed -n 's/^counter \([0-9]*\)$/\1/p' /data/state/confirmed)
    firmverify check $bundle --pubkey /etc/firmseal/release.pub --board zynq-s9:2 --product miner --counter "${confirmed:-0}" || return
    mount -o remount,rw /data || return
    for place in 112 114; do dd if=/environment of=/dev/mtdblock0 bs=131072 seek=$place conv=fsync || return; done
    as b install $bundle && as a confirm && as a install $bundle && as a rollback
}
if recover >/tmp/out 2>/tmp/err; then firmverify status 2>&1 | sed 's/^/RECOVERY done: /'; else echo "RECOVERY refused: $(cat /tmp/err)"; fi
umount /card /data
echo 'RECOVERY ends'
while :; do sleep 3600; done
RUN
overlay recovery tree/card/recovery.gz
cp parts/zImage tree/card/
"$TESTS/emulate/zynq-loader" parts/u-boot.elf card-u-boot 'load mmc 0:1 3000000 boot.scr; source 3000000'
mkimage -T zynqimage -e 0x4000000 -d card-u-boot tree/card/BOOT.BIN >/dev/null
# "sf probe": the kernel reads the flash shifted by seven bytes in QEMU unless U-Boot has used it before.
cat >boot.text <<'UBOOT'
load mmc 0:1 2000000 zImage
load mmc 0:1 3100000 recovery.gz
setenv ramdisk 3100000:${filesize}
setenv initrd_high 0x20000000
setenv fdt_high 0x20000000
setenv bootargs console=ttyPS0,115200 quiet panic=1
sf probe
bootz 2000000 ${ramdisk} ${fdtcontroladdr}
UBOOT
mkimage -A arm -T script -d boot.text tree/card/boot.scr >/dev/null
SOURCE_DATE_EPOCH=1700000000 image_of before 1.0 1 parts/zImage release
SOURCE_DATE_EPOCH=1700000000 image_of whole 2.0 2 parts/zImage release
for card in before whole; do
    ok "a card is made of the bundle \"$card\"" firmflash card $card $card.img --board zynq-s9 --size 128M --pubkey release.pub --quiet
done

# --- the board has confirmed 2.0; then somebody else got in ---
zynq_factory whole
mkenvimage -r -s $environment_size -o worm.env - <<'UBOOT'
bootdelay=0
preboot=echo WORM was here first
bootcmd=echo WORM runs
UBOOT
put_environment worm.env
yes worm | dd of=own.img bs=512 seek=$((own_first + 0x800)) count=$((0xc000)) iflag=fullblock conv=notrunc status=none
content() { cat qspi.img own.img | sha256sum; }

# starts_from CARD: the board with that card in its slot and its jumper moved; waits until the recovery system is through.
starts_from() {
    at=$(sfdisk -d "$1" | sed -n 's/.*start= *\([0-9]*\),.*/\1/p')
    mcopy -o -i "$1@@$((at * 512))" ::BOOT.BIN boot.bin
    [ "$(python3 "$TESTS/emulate/zynq_rom.py" boot.bin started)" = 0x4000000 ] || return 1
    start started "$1"
    if ! console_says 'RECOVERY ends' 60; then tail -n 40 "$console"; cut_guest; return 1; fi
    cut_guest
}
says() { if grep -aqE "$2" "$console"; then pass "$1"; else fail "$1" "no: $2" "$(tail -n 40 "$console")"; fi; }

start
ok 'the board is a worm'"'"'s' console_says 'WORM runs' 30
cut_guest
content >infected

at=$(sfdisk -d whole.img | sed -n 's/.*start= *\([0-9]*\),.*/\1/p')
cp --sparse=always whole.img tampered.img
mcopy -i tampered.img@@$((at * 512)) ::firmseal/bundle.firm.tar carried
same 'the card carries the bundle' whole carried
python3 -c 'raw = bytearray(open("carried", "rb").read()); raw[-9000] ^= 1; open("carried", "wb").write(raw)'
mcopy -o -i tampered.img@@$((at * 512)) carried ::firmseal/bundle.firm.tar
ok 'a board started from a card with one bit changed' starts_from tampered.img
says '  runs the recovery system' 'RECOVERY starts'
says '  which says why it installs nothing: chunk-hash' 'RECOVERY refused: .*: chunk-hash: '
content >now
same '  and has changed nothing' infected now

ok 'a board started from a card of the image before' starts_from before.img
says '  is refused that: rollback' 'RECOVERY refused: .*: rollback: '
content >now
same '  and has changed nothing' infected now

ok 'a board started from the whole card' starts_from whole.img
if grep -aq WORM "$console"; then fail '  asks the worm nothing'; else pass '  asks the worm nothing'; fi
says '  is recovered' 'RECOVERY done'
says '  on both sides, confirmed' 'RECOVERY done: confirmed counter 2'
dd if=own.img of=sides bs=512 skip=$own_first count=$((0xc800)) status=none
for slot in '0x100000 zImage' '0x500000 zImage' '0x900000 ramdisk.gz' '0x1100000 ramdisk.gz'; do
    place=${slot% *} file=${slot#* }
    ok "  $file at $place is what was signed" cmp -n "$(stat -c %s "tree/boot/$file")" -i $((place)):0 sides "tree/boot/$file"
done

start
ok 'the card is taken out, the jumper moved back; the board starts' comes_up
ok '  from its own side, with the image that was signed' runs 2.0 a
ok '  which is on the other side as well' grep -aq 'BOARD status: side      b: 2.0, counter 2' "$console"
cut_guest
