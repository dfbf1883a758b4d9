#!/bin/sh
# SPDX-License-Identifier: ISC
# Long.
# Promise: on a real kernel's disks a card is written whole, to the right one alone, and what was interrupted does not start a board. The disks
# are those of an emulated PC: an SD card, a USB reader, and a fixed disk.
set -eu
. "$(dirname "$0")/lib.sh"
[ -z "${SAN:-}" ] || { skip carddisks 'not with sanitizers'; exit 0; }
need qemu-system-x86_64 busybox cpio depmod strip python3
cd "$T"

mkdir -p in tree/card/dir
head -c 3000000 /dev/urandom >tree/card/uImage
seq 20000 >'tree/card/dir/a long name.txt'
for key in release thief; do firmkey generate -o $key --no-password >.log 2>&1; done
SOURCE_DATE_EPOCH=1795392000
export SOURCE_DATE_EPOCH
for v in 1 2; do
    echo $v >tree/card/version
    firmpack build tree --product miner --version $v --counter $v --board firmseal-generic --key release.key -o in/$v.firm.tar --quiet
done
cp release.pub thief.pub in/
cp -R "$TESTS/../boards" in/boards
python3 "$TESTS/disk_members.py" in
python3 -c 'raw = bytearray(open("in/2.firm.tar", "rb").read()); raw[len(raw) // 2] ^= 4; open("in/damaged", "wb").write(raw)'
ok 'an image file for the older card' firmflash card in/1.firm.tar one.img --board firmseal-generic --pubkey release.pub --size 256M --quiet
ok 'an image file to compare with' firmflash card in/2.firm.tar two.img --board firmseal-generic --pubkey release.pub --size 256M --quiet

cat >in/run <<'RUN'
tries=0
until [ -e /sys/class/block/mmcblk0 ] && [ -e /sys/class/block/sda ] || [ $tries -gt 100 ]; do tries=$((tries + 1)); sleep 0.1; done
card() { firmflash card "$@" --board firmseal-generic --pubkey /release.pub --boards /boards --size 256M --quiet; }
# try NAME COMMAND...: its status and its verdict, on a line.
try() {
    name=$1
    shift
    "$@" >/tmp/out 2>/tmp/err </dev/null
    status=$?
    echo "TRY $name $status $(sed -n 's/^firmflash: \([a-z-]*\): .*/\1/p' /tmp/err | head -n 1)"
    sed 's/^/SAID /' /tmp/out /tmp/err
}
# typed NAME ARGUMENT...: a card as above, on a terminal, where somebody answers: the first one that a new session opens is its own.
typed() {
    name=$1
    shift
    try "$name" setsid sh -c 'exec firmflash card "$@" --board firmseal-generic --pubkey /release.pub --boards /boards --size 256M --quiet </dev/ttyS1' sh "$@"
}
sum() { echo "SUM $1 $(head -c "$3" "$2" | sha256sum | cut -d ' ' -f 1)"; }
[ ! -e /cut ] || {
    echo 'PC WRITES'
    try cut card /2.firm.tar /dev/mmcblk0 --confirm 0xdeadbeef --receipt /tmp/receipt
    exit
}
try wrong-serial card /2.firm.tar /dev/mmcblk0 --confirm 0xdeadbee
try unconfirmed card /2.firm.tar /dev/mmcblk0
typed mistyped /2.firm.tar /dev/mmcblk0
try fixed card /2.firm.tar /dev/vda --confirm vda-268435456
try loop card /2.firm.tar /dev/loop0 --confirm loop0-0
try stranger firmflash card /2.firm.tar /dev/mmcblk0 --confirm 0xdeadbeef --board firmseal-generic --pubkey /thief.pub --boards /boards --quiet
try damaged card /damaged /dev/mmcblk0 --confirm 0xdeadbeef
sum untouched /dev/mmcblk0 268435456
for member in lvm zfs raid; do
    cat /$member >/dev/sda
    try $member card /2.firm.tar /dev/sda --confirm USB0001234
    dd if=/dev/zero of=/dev/sda bs=1M count=1 2>/dev/null
done
cat /2.firm.tar >/dev/sda
try itself sh -c 'exec firmflash card - /dev/sda --confirm USB0001234 --board firmseal-generic --pubkey /release.pub --boards /boards --quiet </dev/sda'
try itself-by-name card /dev/sda /dev/sda --confirm USB0001234
dd if=/dev/zero of=/dev/sda bs=1M count=8 2>/dev/null
mkswap /dev/sda >/dev/null && swapon /dev/sda
try swap card /2.firm.tar /dev/sda --confirm USB0001234
swapoff /dev/sda
try written card /2.firm.tar /dev/mmcblk0 /dev/sda --confirm 0xdeadbeef --confirm USB0001234 --receipt /tmp/receipt
sed 's/^/RECEIPT /' /tmp/receipt
try partition card /2.firm.tar /dev/mmcblk0p1 --confirm 0xdeadbeef
try verified firmflash card --verify /dev/mmcblk0 --pubkey /release.pub --boards /boards
mount -t vfat -o ro /dev/mmcblk0p1 /mnt && (cd /mnt && find . -type f -exec sha256sum {} +) | sed 's/^/FILE /'
try mounted card /2.firm.tar /dev/mmcblk0 --confirm 0xdeadbeef
umount /mnt
typed by-hand /2.firm.tar /dev/mmcblk0 --receipt /tmp/by-hand
try by-hand-verified firmflash card --verify /dev/mmcblk0 --pubkey /release.pub --boards /boards
# Once the question has been asked, the reader goes, and comes back as another disk.
{
    until for p in /proc/[0-9]*; do ls -l "$p/fd" 2>/dev/null; done | grep -q '/dev/tty$'; do sleep 0.1; done
    echo 1 >/sys/block/sda/device/delete
    for scan in /sys/class/scsi_host/host*/scan; do echo '- - -' >"$scan"; done
    until ls /sys/block | grep -q '^sd'; do sleep 0.1; done
    echo 'PC CHANGED'
} &
typed changed /2.firm.tar /dev/sda
wait
RUN

# pc LIMIT [OPTION...]: boots it; ends by itself, or when LIMIT seconds are over. The pid is in $pc.
"$TESTS/emulate/pc" image in "$BUILD/firmflash" >made 2>&1 || {
    if grep -q '^no kernel' made; then skip carddisks "$(grep '^no kernel' made)"; exit 0; fi
    fail 'a PC is made' "$(cat made)"
    exit 1
}
pc() {
    : >console
    timeout "$1" qemu-system-x86_64 -M pc -cpu max -m 768 -display none -monitor none -serial file:console \
        -chardev pipe,id=line,path=line -serial chardev:line -no-reboot -nic none \
        -kernel image/kernel -initrd image/initramfs.gz -append 'console=ttyS0 quiet panic=1' \
        -drive if=none,id=d0,format=raw,file=fixed.img -device virtio-blk-pci,drive=d0 \
        -device sdhci-pci -drive "if=none,id=d1,format=raw,file=sd.img$2" -device sd-card,drive=d1 \
        -device qemu-xhci -drive if=none,id=d2,format=raw,file=usb.img -device usb-storage,drive=d2,removable=on,serial=USB0001234 \
        </dev/null >qemu.log 2>&1 &
    pc=$!
    children="$children $pc"
}
# said NAME STATUS [VERDICT]: what `try' printed.
said() {
    if tr -d '\r' <console | grep -qx "TRY $1 $2 ${3:-}"; then pass "$1: ${3:-status $2}"; else
        fail "$1: ${3:-status $2}" "$(tr -d '\r' <console | grep -A 6 "^TRY $1 " || tail -n 20 console qemu.log)"
    fi
}

truncate -s 256M fixed.img usb.img
mkfifo line.in line.out
cp --sparse=always one.img sd.img
background python3 "$TESTS/typist.py" line 'characters of the serial: ' console dead beef '1234@PC CHANGED'
typist=$child
pc "$((900 * ${TEST_PATIENCE:-1}))" ''
wait "$pc" || :
ok 'somebody was asked three times' wait "$typist"
ok 'the PC has run to its end' grep -q 'PC DONE' console
tr -d '\r' <console >said
said wrong-serial 9 unsafe-target
said unconfirmed 9 unsafe-target
said mistyped 9 unsafe-target
said fixed 9 unsafe-target
said loop 9 unsafe-target
said stranger 4 untrusted-key
said damaged 4 chunk-hash
ok 'until here not a byte of the card has changed' grep -qx "SUM untouched $(sha256sum one.img | cut -d ' ' -f 1)" said
for member in lvm:LVM2_member zfs:zfs_member raid:linux_raid_member; do
    said "${member%:*}" 9 unsafe-target
    ok '  and it is said of what it is a part' grep -q "^SAID .*sda is part of something larger: it holds a ${member#*:}" said
done
said itself 9 unsafe-target
said itself-by-name 9 unsafe-target
ok '  and it is said where the bundle lies, both times' test "$(grep -c '^SAID .*the bundle lies on sda itself' said)" -eq 2
said swap 9 unsafe-target
said written 0
said partition 9 unsafe-target
said verified 0
said mounted 9 unsafe-target
said by-hand 0
said by-hand-verified 0
said changed 9 unsafe-target
ok 'the fixed disk is as it was' cmp -n 268435456 fixed.img /dev/zero
same 'the SD card holds what an image file holds' sd.img two.img
same 'so does the card in the reader' usb.img two.img
(cd tree/card && find . -type f -exec sha256sum {} +) | sed 's/^/FILE /' >wanted
grep '^FILE ' said | grep -v ' \./firmseal/' | LC_ALL=C sort -k 3 >files
LC_ALL=C sort -k 3 wanted >wanted.sorted
ok 'the kernel reads every file as it was packed' diff wanted.sorted files
grep '^RECEIPT ' said | sed 's/^RECEIPT //' >receipt
ok 'the receipt names both cards, by their serials, and the bundle' python3 - <<'PY'
import hashlib, json
lines = [json.loads(line) for line in open("receipt")]
assert {line["card"] for line in lines} == {"0xdeadbeef", "USB0001234"}, lines
text = json.dumps(lines)
blake = hashlib.blake2b(open("in/2.firm.tar", "rb").read(), digest_size=32).hexdigest()
assert text.count(blake) == 2, text
PY

# --- the plug is pulled in the middle ---
: >in/cut
"$TESTS/emulate/pc" image in "$BUILD/firmflash"
cp --sparse=always one.img sd.img
pc "$((900 * ${TEST_PATIENCE:-1}))" ',throttling.bps-write=1000000' # some ten seconds for the card
# written: some of the new card has come to the medium.
written() { ! cmp -s sd.img one.img; }
waited=0
until grep -q 'PC WRITES' console && written || [ $waited -ge 600 ]; do waited=$((waited + 1)); sleep 0.1; done
for child in $(cat "/proc/$pc/task/$pc/children" 2>/dev/null); do kill -9 "$child"; done # QEMU itself, beneath timeout(1)
wait "$pc" 2>/dev/null || :
ok 'the writing had begun, and had not ended' sh -c 'grep -q "PC WRITES" console && ! grep -q "^TRY cut" console && ! cmp -s sd.img one.img && ! cmp -s sd.img two.img'
ok 'a half-written card starts nothing: it has no boot sector' python3 - <<'PY'
card = open("sd.img", "rb")
head = card.read(512)
assert head[510:] != b"\x55\xaa", "there is an MBR"
PY
refused 'and is not taken for one' 3 not-a-bundle firmflash card --verify sd.img --pubkey release.pub --boards "$TESTS/../boards"
