#!/bin/sh
# SPDX-License-Identifier: ISC
# Promise: a card is written only to a whole, removable disk of a card's size that nobody uses; and why any other one is not, is said.
# The disks are told of by made-up trees like the kernel's sysfs; none of this machine's is touched.
set -eu
. "$(dirname "$0")/lib.sh"
cd "$T"

S=$T/root/sys P=$T/root/proc
mkdir -p "$S/class/block" "$S/dev/block" "$P/self"
echo 'Filename Type Size Used Priority' >"$P/swaps"
echo '22 1 0:21 / /proc rw,relatime - proc proc rw' >"$P/self/mountinfo"

# disk NAME MAJ:MIN SECTORS REMOVABLE [DIR]: a whole disk, as the kernel lays them out.
disk() {
    dir=$S/devices/${5:-pci0/usb1/1-1/host0/target0}/block/$1
    mkdir -p "$dir/holders" "$dir/slaves" "$dir/queue"
    echo "$2" >"$dir/dev"
    echo "$3" >"$dir/size"
    echo "$4" >"$dir/removable"
    echo 0 >"$dir/ro"
    echo 7 >"$dir/diskseq"
    mkdir -p "$dir/../../lun"
    ln -sfn ../../lun "$dir/device"
    known "$1" "$2" "$dir"
}
# part DISK NAME MAJ:MIN NUMBER
part() {
    dir=$(cd "$S/class/block/$1" && pwd -P)/$2
    mkdir -p "$dir/holders"
    echo "$3" >"$dir/dev"
    echo "$4" >"$dir/partition"
    known "$2" "$3" "$dir"
}
known() {
    ln -sfn "../../${3#"$S"/}" "$S/class/block/$1"
    ln -sfn "../../${3#"$S"/}" "$S/dev/block/$2"
}
text() { echo "$2" >"$(cd "$S/class/block" && cd "$1" && pwd -P)/$3"; }
mounts() { printf '%s\n' "$1" >>"$P/self/mountinfo"; }

G=2097152 # sectors of a GiB
disk sda 8:0 $((500 * G)) 0 pci0/ata1/host1/target1       # the machine's own
part sda sda1 8:1 1
mounts '27 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw'

disk sdb 8:16 $((16 * G)) 1                                # a reader with a card in it
echo 000000264001 >"$S/devices/pci0/usb1/1-1/serial"
echo 'Generic STORAGE' >"$S/devices/pci0/usb1/1-1/host0/target0/lun/model"
part sdb sdb1 8:17 1

disk mmcblk0 179:0 $((8 * G)) 0 mmc0/mmc0:1234             # a card in the machine's slot
echo SD >"$S/devices/mmc0/mmc0:1234/lun/type"
echo SD08G >"$S/devices/mmc0/mmc0:1234/lun/name"
echo 0x3b1c9d00 >"$S/devices/mmc0/mmc0:1234/lun/serial"
disk mmcblk0boot0 179:8 $((8 * 2048)) 0 mmc0/mmc0:1234

disk sdc 8:32 0 1 pci0/usb2/2-1/host2/target2              # an empty reader
disk sdd 8:48 $((2000 * G)) 1 pci0/usb2/2-2/host3/target3  # somebody's backup
disk sde 8:64 16384 1 pci0/usb2/2-3/host4/target4          # 8 MiB
disk sdf 8:80 $((16 * G)) 1 pci0/usb2/2-4/host5/target5
text sdf 1 ro
disk sdg 8:96 $((16 * G)) 1 pci0/usb2/2-5/host6/target6    # mounted by its partition
part sdg sdg1 8:97 1
mounts '31 27 8:97 / /media/card\040one rw - vfat /dev/sdg1 rw'
disk sdh 8:112 $((16 * G)) 1 pci0/usb2/2-6/host7/target7   # swapped to
part sdh sdh2 8:114 2
echo '/dev/sdh2 partition 1048572 0 -2' >>"$P/swaps"
disk sdi 8:128 $((16 * G)) 1 pci0/usb2/2-7/host8/target8   # in a RAID, not mounted
part sdi sdi1 8:129 1
mkdir -p "$S/devices/virtual/block/md0/slaves" "$S/devices/virtual/block/md0/holders"
echo 9:0 >"$S/devices/virtual/block/md0/dev"
echo $((15 * G)) >"$S/devices/virtual/block/md0/size"
echo 0 >"$S/devices/virtual/block/md0/removable"
echo 0 >"$S/devices/virtual/block/md0/ro"
known md0 9:0 "$S/devices/virtual/block/md0"
ln -s ../../../../pci0/usb2/2-7/host8/target8/block/sdi/sdi1 "$S/devices/virtual/block/md0/slaves/sdi1"
ln -s ../../../../../../../virtual/block/md0 "$(cd "$S/class/block" && cd sdi1 && pwd -P)/holders/md0"
disk sdj 8:144 $((16 * G)) 1 pci0/usb2/2-8/host9/target9   # beneath a mounted dm device whose holder link is gone
mkdir -p "$S/devices/virtual/block/dm-0/slaves"
for pair in dev=253:0 size=1000000 removable=0 ro=0; do echo "${pair#*=}" >"$S/devices/virtual/block/dm-0/${pair%%=*}"; done
known dm-0 253:0 "$S/devices/virtual/block/dm-0"
ln -s ../../../../pci0/usb2/2-8/host9/target9/block/sdj "$S/devices/virtual/block/dm-0/slaves/sdj"
mounts '33 27 253:0 / /srv rw - ext4 /dev/mapper/vault rw'
disk sdk 8:160 $((16 * G)) 1 pci0/usb2/2-9/host10/target10 # a file system of many devices: its number is none's
part sdk sdk1 8:161 1
mounts '34 27 0:45 /@ /pool rw - btrfs /dev/sdk1 rw'
disk sdl 8:176 $((16 * G)) 1 pci0/usb2/2-10/host11/target11
rm "$(cd "$S/class/block" && cd sdl && pwd -P)/removable"   # a kernel that does not tell

ok 'the disks are listed' firmflash cards --root root
cp .out list
ok '  a card in a reader, by the serial of the reader' grep -qx 'yes  sdb  17179 MB  Generic STORAGE  --confirm 000000264001' list
ok '  a card in a slot, by its own' grep -qx 'yes  mmcblk0  8589 MB  SD08G  --confirm 0x3b1c9d00' list
ok '  and these alone' test "$(grep -c ^yes list)" -eq 2
ok '  no partition among them' sh -c '! grep -qE "^(yes|no) +sd[a-z][0-9]" list'

# no DISK WORDS: it is refused, for that reason.
no() {
    if grep -q "^no   $1[: ].*$2" list; then pass "$1 is refused: $2"; else fail "$1 is refused: $2" "$(grep " $1[: ]" list)"; fi
}
no sda 'neither removable nor an MMC'
no mmcblk0boot0 'boot area'
no sdc 'no medium'
no sdd 'at most'
no sde 'too small'
no sdf 'write-protected'
no sdg 'in use: /media/card.040one'
no sdh 'in use: swap'
no sdi 'part of md0'
no sdj 'in use: /srv'
no sdk 'in use: /pool'
no sdl 'cannot be told'
no md0 'neither removable'

ok 'a larger limit lets a larger disk in' firmflash cards --root root --max-size 4000000000000
cp .out larger
ok '  that one' grep -q '^yes  sdd ' larger
ok 'in JSON, each with its word' firmflash cards --root root --json
cp .out json
ok '  a size with a unit' sh -c 'firmflash cards --root root --max-size 4T | cmp - larger'
refused '  a size that is none' 2 usage firmflash cards --root root --max-size 4X
ok '  and all there' python3 - <<'PY'
import json
disks = {d["disk"]: d for d in map(json.loads, open("json"))}
assert len(disks) == 16, sorted(disks)
assert [n for n in disks if disks[n]["usable"]] == ["mmcblk0", "sdb"]
assert all(d["verdict"] == "unsafe-target" and d["message"] for d in disks.values() if not d["usable"])
assert disks["sdb"]["bytes"] == 16 << 30 and disks["mmcblk0"]["mmc"] and disks["sdb"]["removable"]
PY

# --- what cannot be read is no reason to go on ---
mv root/proc/swaps root/proc/.swaps
firmflash cards --root root >list
ok 'without /proc/swaps none is a candidate' sh -c '! grep -q ^yes list'
mv root/proc/.swaps root/proc/swaps
echo 'nonsense' >>root/proc/self/mountinfo
firmflash cards --root root >list
ok 'with a line of mountinfo that is not understood, neither' sh -c '! grep -q ^yes list'
refused 'no sysfs at all' 1 system firmflash cards --root nowhere
refused 'an option that there is not' 2 usage firmflash cards --force
