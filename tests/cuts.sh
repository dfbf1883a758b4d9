#!/bin/sh
# SPDX-License-Identifier: ISC
# Long.
# Promise: wherever the power is cut during an install, the board has the old image or the new one, whole, with its record in step.
# Whole installs on an emulated board are recorded, write by write and flush by flush; thousands of crash states are made of that and
# each one is checked. CUTS=many: up to ten thousand of each recording, another seed, and some are booted for real.
set -eu
. "$(dirname "$0")/lib.sh"
. "$TESTS/emulate/guest.sh"
[ -z "${SAN:-}" ] || { skip cuts 'not with sanitizers'; exit 0; }
need make python3 arm-linux-gnueabihf-gcc qemu-system-arm depmod mke2fs e2fsck debugfs sfdisk cpio
cd "$T"
board_image
if [ "${CUTS:-}" = many ]; then states=10000 seed=$(date +%s) boots=8; else states=700 seed=1 boots=1; fi
echo "# seed $seed"

# --- four images, the last with a setting to carry over ---
mkdir -p tree/boot tree/etc tree/bin
printf 'image 0' >tree/bin/small
seq 4000 >tree/etc/numbers
ln -s small tree/bin/upgrade.cgi
firmkey generate -o key --no-password >.log 2>&1
for n in 1 2 3; do
    head -c $((100000 + n * 3000)) /dev/urandom >tree/boot/uImage
    printf 'image %d' $n >tree/bin/small
    printf 'default %d' $n >tree/etc/app.conf
    firmpack build tree --product miner --version $n.0 --counter $n --board zynq-s9:1-3 --chunk-size 64K --write boot/uImage=kernel \
        --key key.key -o bundle.$n --quiet
    cp -a tree tree.$n
done

# --- the disk: ext4 for slots and state, a place to acknowledge in, and raw room for two sides ---
fs_start=1048576 fs_size=$((12 << 20)) acks=$((13 << 20))
make_disk() { # make_disk IMAGE STATE [RAW]: with what the factory put there
    rm -f "$1"
    truncate -s 20M "$1"
    printf '2048,24576,83\n26624,2048,da\n28672,,da\n' | sfdisk -q "$1"
    truncate -s $fs_size fs.img
    mke2fs -q -F -t ext4 -b 1024 -J size=1 -d "$2" fs.img
    dd if=fs.img of="$1" bs=1M seek=1 conv=notrunc status=none
    [ $# -lt 3 ] || dd if="$3" of="$1" bs=1M seek=14 conv=notrunc status=none
}

# record NAME: boots a board with NAME/over laid over it and records all that it writes, until it switches itself off.
record() {
    if [ -e "$1/raw" ]; then make_disk "$1/base" "$1/fs" "$1/raw"; else make_disk "$1/base" "$1/fs"; fi
    cp "$1/base" "$1/disk"
    truncate -s 200M "$1/log"
    mkdir -p "$1/over/etc/firmseal"
    cp "$1/device" key.pub "$1/over/etc/firmseal/"
    cp bundle.* "$1/over/"
    overlay "$1/over" "$1/initramfs"
    start_guest "$1/console" -no-reboot -kernel "$image/kernel" -initrd "$1/initramfs" -append 'console=ttyAMA0 quiet panic=1 firmseal.side=a' -nic none \
        -blockdev "driver=blklogwrites,node-name=d0,file.driver=file,file.filename=$1/disk,log.driver=file,log.filename=$1/log,log-sector-size=512" \
        -device virtio-blk-device,drive=d0,discard=off,write-zeroes=off
    guest_ends 90 && grep -q 'RECORDED' "$1/console"
}

# replay NAME OPTION...: checks crash states; what it says is in NAME/said.
replay() {
    name=$1
    shift
    python3 "$TESTS/emulate/replay.py" "$name" "$@" >"$name/said" 2>"$name/said.err" || { cat "$name/said.err"; return 1; }
}
said() { python3 -c 'import json, sys; s = json.load(open(sys.argv[1] + "/said")); sys.exit(not eval(sys.argv[2]))' "$1" "$2"; }
# holds NAME WORDS: enough states, or all that there are, and all of them good.
holds() {
    replay "$1" --states $states --seed "$seed" || { fail "$2" "$(tail -n 5 "$1/said.err")"; return; }
    echo "# $1: $(cat "$1/said")"
    if said "$1" "s['bad'] == 0 and (s['states'] >= $states or s['all'] and s['states'] >= 1000)"; then
        pass "$2: $(sed 's/.*"states": \([0-9]*\),.*/\1/' "$1/said") crash states, and old or new each time"
    else
        fail "$2" "$(cat "$1/said")"
    fi
}
# fails_without NAME: the same installs on a disk that lies about flushes must be caught.
fails_without() {
    replay "$1" --states $((states / 6)) --seed "$seed" --ignore-flushes || { fail 'negative control' "$(tail -n 5 "$1/said.err")"; return; }
    if said "$1" "s['bad'] > s['states'] // 10"; then
        pass "  and a disk that lies about flushes is caught: $(sed 's/.*"states": \([0-9]*\),.* "bad": \([0-9]*\).*/\2 of \1 bad/' "$1/said")"
    else
        fail '  a disk that lies about flushes is caught' "$(cat "$1/said")"
    fi
}

# boots NAME: boards start from some of the crash states, and say themselves what they have.
boots() {
    mkdir -p "$1/kept"
    python3 "$TESTS/emulate/replay.py" "$1" --states $states --seed "$seed" --keep $boots "$1/kept"
    for disk in "$1"/kept/*.acked; do
        acked=$(cat "$disk") disk=${disk%.acked}
        start_guest "$disk.console" -no-reboot -kernel "$image/kernel" -initrd "$1/initramfs" -append 'console=ttyAMA0 quiet panic=1 look firmseal.side=a' \
            -nic none -drive "if=none,id=d0,format=raw,file=$disk" -device virtio-blk-device,drive=d0
        guest_ends 90 || fail 'a board ends' "$(tail -n 5 "$disk.console")"
        version=$(sed -n 's/^installed \([0-9]*\)\.0, .*/\1/p' "$disk.console")
        if { [ "${version:-0}" -eq "$acked" ] || [ "${version:-0}" -eq $((acked + 1)) ]; } &&
            { [ -z "$version" ] || grep -q 'LOOK audit good' "$disk.console"; }; then
            pass "  a board boots from one of them, and has image ${version:-0}"
        else
            fail '  a board boots from one of them' "$acked acknowledged" "$(tail -n 8 "$disk.console")"
        fi
    done
}

# --- one side, exchanged by rename ---
mkdir -p swapped/over swapped/fs/state
cat >swapped/device <<'DEVICE'
board zynq-s9 2
product miner
state /data/state
keyring /etc/firmseal/key.pub
slot kernel file:/data/uImage
slot root dir:/data/root
settings etc/app.conf
DEVICE
cp key.pub swapped/
cat >swapped/over/run.sh <<'RUN'
mount -t ext4 /dev/vda1 /data
if [ "$(cat /proc/cmdline | grep -c look)" = 1 ]; then
    firmverify status --device /etc/firmseal/device
    firmverify audit --root /data/root --device /etc/firmseal/device >/tmp/audit 2>&1 && echo 'LOOK audit good'
    sed 's/^/AUDIT /' /tmp/audit
    exit 0
fi
for n in 1 2 3; do
    time -v firmverify install /bundle.$n --device /etc/firmseal/device >/tmp/out 2>&1 || { cat /tmp/out; exit 1; }
    # BusyBox takes the kernel's KiB for pages, and so shows four times as many.
    echo "PEAK $(($(grep Maximum /tmp/out | tr -dc 0-9) / 4)) KiB"
    printf 'ACK %d' $n | dd of=/dev/vda2 bs=4096 conv=sync,fsync 2>/dev/null
done
umount /data
echo RECORDED
RUN
export PYTHONPATH="$TESTS/emulate" PYTHONDONTWRITEBYTECODE=1
python3 - "$BUILD" $fs_start $fs_size $acks <<'PY'
import hashlib, json, sys
from crash_check import listing
build, start, size, acks = sys.argv[1], *map(int, sys.argv[2:])
images = [{"kernel": None, "tree": None}]
for n in (1, 2, 3):
    with open(f"tree.{n}/boot/uImage", "rb") as f:
        images.append({"kernel": hashlib.sha256(f.read()).hexdigest(), "tree": listing(f"tree.{n}")})
    images[n]["tree"]["etc/app.conf"] = images[1]["tree"]["etc/app.conf"]   # the setting, carried over
json.dump({"kind": "swapped", "fs": [start, size], "acks": acks, "images": images, "firmverify": build + "/firmverify"},
          open("swapped/recording.json", "w"))
PY
ok 'installs on ext4 are recorded' record swapped
sed -n 's/^PEAK /# at its peak, an install takes /p' swapped/console | tr -d '\r'
ok '  in 8 MiB of memory' sh -c 'test "$(sed -n "s/^PEAK \([0-9]*\) KiB.*/\1/p" swapped/console | sort -n | tail -n 1)" -le 8192'
holds swapped 'files and trees'
fails_without swapped
boots swapped

# --- two sides and a boot record; and one side, staged first: raw places on the same disk ---
# In the factory, where the disk's raw part is a file, image 1 comes to side a.
factory() { # factory NAME: from NAME/device
    mkdir -p "$1/over" "$1/fs/state" "$1/fs/staging" "$1/proc"
    : >"$1/proc/mtd"
    truncate -s 6M "$1/raw"
    sed "s,/data,$T/$1/fs,; s,/dev/vda3,$T/$1/raw,g; s,/tmp/proc,$T/$1/proc,; s,/etc/firmseal,$T," "$1/device" >"$1/factory"
    cp key.pub "$1/"
    echo 'firmseal.side=b' >"$1/proc/cmdline"
    ok "the factory's image: $1" firmverify install bundle.1 --device "$1/factory"
    echo 'firmseal.side=a' >"$1/proc/cmdline"
}
describe() { # describe NAME JSON
    python3 - "$BUILD" $fs_start $fs_size $acks "$1" "$2" <<'PY'
import hashlib, json, os, sys
build, start, size, acks, name, more = sys.argv[1], *map(int, sys.argv[2:5]), *sys.argv[5:]
images = [{"kernel": None}]
for n in (1, 2, 3):
    with open(f"tree.{n}/boot/uImage", "rb") as f:
        raw = f.read()
    images.append({"kernel": hashlib.sha256(raw).hexdigest(), "size": len(raw)})
with open(name + "/recording.json", "w") as f:
    json.dump({"kind": name, "fs": [start, size], "acks": acks, "raw": [14 << 20, 6 << 20], "images": images, "records": [0, 4096],
               "sides": {"a": 1 << 20, "b": 2 << 20}, "firmverify": build + "/firmverify", **json.loads(more)}, f)
PY
}
mkdir -p sides staged
{
    printf 'board zynq-s9 2\nproduct miner\nstate /data/state\nkeyring /etc/firmseal/key.pub\nproc /tmp/proc\n'
    echo 'boot marker block:/dev/vda3@0+512,block:/dev/vda3@4096+512'
} >common
{ cat common; echo 'slot kernel block:/dev/vda3@0x100000+0x100000 block:/dev/vda3@0x200000+0x100000'; } >sides/device
{ cat common; echo 'slot kernel block:/dev/vda3@0x100000+0x100000'; echo 'staging /data/staging'; } >staged/device
cat >prelude <<'RUN'
mkdir /tmp/proc
: >/tmp/proc/mtd
on() { echo "console=ttyAMA0 firmseal.side=$1" >/tmp/proc/cmdline; }
on a
verify() { firmverify "$@" --device /etc/firmseal/device >/tmp/out 2>&1 || { cat /tmp/out; exit 1; }; }
ack() { printf 'ACK %d' $1 | dd of=/dev/vda2 bs=4096 conv=sync,fsync 2>/dev/null; }
mount -t ext4 /dev/vda1 /data
RUN

factory sides
ok '  is confirmed' firmverify confirm --device sides/factory
# A start is what the loader makes of it: counted, and told to the kernel.
{
    cat prelude
    cat <<'RUN'
verify install /bundle.2
ack 1
verify boot-attempt
on b
verify confirm
ack 2
verify install /bundle.3
ack 3
# Nobody confirms this one: three starts, and the fourth goes back.
for start in 1 2 3 4; do verify boot-attempt; done
on b
ack 4
verify status
umount /data
echo RECORDED
RUN
} >sides/over/run.sh
describe sides '{"allowed": [[1, 2], [2], [2, 3], [3, 2], [2]], "keeps": [[1], [1], [2], [2], [2]]}'
ok 'installs on two sides are recorded' record sides
holds sides 'two sides'
fails_without sides

factory staged
{
    cat prelude
    cat <<'RUN'
verify install /bundle.2
ack 1
verify install /bundle.3
ack 2
umount /data
echo RECORDED
RUN
} >staged/over/run.sh
describe staged '{}'
ok 'installs on one side are recorded' record staged
holds staged 'one side, staged first'
fails_without staged
