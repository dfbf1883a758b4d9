#!/bin/sh
# SPDX-License-Identifier: ISC
# Promise: an install whose power is cut between its decision and the rename is finished on every file system, FAT too, which makes up its
# inode numbers at each mount: the new file is known by its content. What is neither the new nor the old one is not put in place.
set -eu
. "$(dirname "$0")/lib.sh"
[ -z "${SAN:-}" ] || { skip fat 'not with sanitizers'; exit 0; }
need python3 strace
strace -o /dev/null true 2>/dev/null || { skip fat 'strace may not trace here'; exit 0; }
cd "$T"

firmkey generate -o key --no-password >.log 2>&1
mkdir -p tree/boot boot state
build() { # build NAME COUNTER
    printf 'kernel %s, and then some\n' "$1" >tree/boot/uImage
    firmpack build tree --product miner --version "$1" --counter "$2" --board zynq-s9 --write boot/uImage=kernel --key key.key -o "$1" --quiet 2>.log
}
build one 1
build two 2
build three 3
device() { printf 'board zynq-s9 2\nproduct miner\nstate %s/state\nkeyring %s/key.pub\nslot kernel file:%s/boot/uImage\n' "$1" "$1" "$1"; }
device "$T" >device
holds() { grep -qx "kernel $1, and then some" "$2"; }
# cut: an install of two whose power is cut when the journal is written, before the first rename of a slot.
cut() {
    rm -rf boot state && mkdir boot state
    firmverify install one --device device >.log
    strace -f -qq -o /dev/null -e trace=renameat2 -e inject=renameat2:signal=KILL:when=1 firmverify install two --device device >.log 2>&1 || :
}

# --- as after a mount that numbers files anew: each file of the folder is a copy of itself ---
cut
ok 'cut in time: the old one is in place' holds one boot/uImage
ok '  and the journal is written' test -s state/journal
# renumber: other inode numbers for all that is there; the old ones stay taken meanwhile.
renumber() {
    mv boot before
    cp -a before boot
    rm -rf before
}
renumber
ok 'with other inode numbers, status finishes' firmverify status --device device
ok '  the new one is in place' holds two boot/uImage
ok '  the old one beside it' holds one boot/uImage.previous
ok '  the journal is gone' test ! -e state/journal
ok '  and what is installed is known' sh -c 'firmverify status --device device | grep -q "^installed two"'
ok '  the next image installs' firmverify install three --device device
ok '  and is in place' holds three boot/uImage

# --- the second cut, after the exchange ---
cut
mv boot/.firmseal-new-uImage new && mv boot/uImage boot/.firmseal-new-uImage && mv new boot/uImage
renumber
ok 'cut after the exchange, with other numbers: status finishes' firmverify status --device device
ok '  the new one is in place' holds two boot/uImage
ok '  the old one beside it' holds one boot/uImage.previous

# --- a file that is neither ---
cut
echo 'something else' >boot/.firmseal-new-uImage
firmverify status --device device >said 2>&1 || :
ok 'what was altered meanwhile is not put in place' holds one boot/uImage
ok '  that install is given up, and said' grep -q 'interrupted' said
ok '  and the next image installs' firmverify install three --device device
ok '  and is in place' holds three boot/uImage

# --- a real vfat, on an emulated board ---
. "$TESTS/emulate/guest.sh"
need make arm-linux-gnueabihf-gcc qemu-system-arm depmod mke2fs mkfs.vfat mcopy cpio
board_image
cut
mkdir -p guest/data
cp -a state guest/state
cp three key.pub guest/
cat >guest/run.sh <<'RUN'
for module in $(cat /lib/modules/fat); do insmod "/lib/modules/$module"; done
mkdir -p /board/boot
cp -a /state /board/state
cp /key.pub /board/
mount -t vfat /dev/vda /board/boot
echo "FAT $(grep ' /board/boot ' /proc/mounts | cut -d ' ' -f 3)"
inode() { stat -c %i /board/boot/.firmseal-new-uImage; }
stat -c %i /board/boot/* >/dev/null
was=$(inode)
umount /board/boot
mount -t vfat /dev/vda /board/boot
echo "FAT inode $([ "$(inode)" = "$was" ] && echo kept || echo made up anew)"
firmverify status --device /device 2>&1 | sed 's/^/FAT status: /'
echo "FAT in place: $(cat /board/boot/uImage)"
echo "FAT before: $(cat /board/boot/uImage.previous)"
[ -e /board/state/journal ] || echo 'FAT no journal'
firmverify install /three --device /device 2>&1 | sed 's/^/FAT install: /'
echo "FAT then: $(cat /board/boot/uImage)"
umount /board/boot
mount -t vfat /dev/vda /board/boot
echo "FAT after all: $(cat /board/boot/uImage), $(ls -A /board/boot | sort | tr '\n' ' ')"
echo 'FAT done'
umount /board/boot
RUN
device /board >guest/device
overlay guest initramfs.gz
truncate -s 32M fat.img
mkfs.vfat fat.img >/dev/null
mcopy -i fat.img boot/uImage boot/.firmseal-new-uImage ::
start_guest console -kernel "$image/kernel" -initrd initramfs.gz -append 'console=ttyAMA0 quiet panic=1' -no-reboot \
    -drive if=none,id=d0,format=raw,file=fat.img -device virtio-blk-device,drive=d0
if console_says 'FAT done' 120; then pass 'a board with vfat starts'; else fail 'a board with vfat starts' "$(tail -n 30 console)"; fi
guest_ends 60 || fail 'it ends'
tr -d '\r' <console | grep -a '^FAT' >said || :
on_fat() { if grep -qaF "FAT $2" said; then pass "  $1"; else fail "  $1" "$(cat said)"; fi; }
on_fat 'a file system that is vfat' vfat
on_fat 'which makes up its inode numbers' 'inode made up anew'
on_fat 'status finishes what was cut' 'status: installed two'
on_fat 'the new one is in place' 'in place: kernel two'
on_fat 'the old one beside it' 'before: kernel one'
on_fat 'the journal is gone' 'no journal'
on_fat 'the next image is installed' 'then: kernel three'
on_fat 'and is there after another mount, with nothing staged' 'after all: kernel three, and then some, uImage uImage.previous'
