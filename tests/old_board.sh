#!/bin/sh
# SPDX-License-Identifier: ISC
# Promise: a kernel of 2012, a clock that is wrong by decades or jumps, little memory and no randomness change nothing about what a board
# accepts and installs. An emulated ARM board, without a source of randomness; the kernel answers ENOSYS to whatever Linux 3.2 does not have.
set -eu
. "$(dirname "$0")/lib.sh"
. "$TESTS/emulate/guest.sh"
[ -z "${SAN:-}" ] || { skip old_board 'not with sanitizers'; exit 0; }
need make python3 arm-linux-gnueabihf-gcc qemu-system-arm depmod cpio
cd "$T"
board_image

firmkey generate -o key --no-password >.log 2>&1
firmkey generate -o thief --no-password >.log 2>&1
mkdir -p over/etc/firmseal tree/boot tree/etc tree/bin
head -c 700000 /dev/urandom >tree/boot/uImage
seq 60000 >tree/etc/numbers
echo 'pool one' >tree/etc/miner.conf
pack() { # pack NAME COUNTER KEY [EPOCH]
    echo "$2" >tree/etc/version
    SOURCE_DATE_EPOCH=${4:-1714979289} firmpack build tree --product miner --version "$2.0" --counter "$2" --board zynq-s9 --write boot/uImage=kernel --chunk-size 64K \
        --key "$3.key" -o "over/$1" --quiet
}
pack stolen 9 thief
for n in 1 3 4 5 6 7 8; do pack "b$n" "$n" key; done
pack b2 2 key 4417977600 # the year 2110
cp key.pub over/etc/firmseal/
python3 -c 'raw = bytearray(open("over/b8", "rb").read()); raw[len(raw) // 2] ^= 4; open("over/tampered", "wb").write(raw)'
arm-linux-gnueabihf-gcc -Os -marm -ffreestanding -nostdlib -static -Wall -Wextra -Werror -o over/old_kernel "$TESTS/emulate/old_kernel.c"
cat >over/run.sh <<'RUN'
say() { echo "OLD $*"; }
what() { # what WORD COMMAND...: its exit status and its last line
    word=$1
    shift
    "$@" >/tmp/out 2>&1
    say "$word: status $? $(tail -n 1 /tmp/out)"
}
key=/etc/firmseal/key.pub
slots() { # the installed version, when all the rest is whole; this BusyBox cannot stat what has a stamp after 2038
    cmp /tmp/uImage /tmp/whole/boot/uImage && cmp /tmp/root/etc/numbers /tmp/whole/etc/numbers && cat /tmp/root/etc/version
}
mkdir -p /tmp/state
cat >/tmp/device <<DEVICE
board zynq-s9 2
product miner
state /tmp/state
keyring $key
slot kernel file:/tmp/uImage
slot root dir:/tmp/root
settings etc/miner.conf
DEVICE

# --- before anything has given the kernel randomness ---
what early firmverify check /b1 --pubkey $key

# --- a kernel of 2012 ---
old='/old_kernel run /usr/sbin/firmverify'
/old_kernel probe
say "probe: status $?"
what old-check $old check /b1 --pubkey $key
what old-stolen $old check /stolen --pubkey $key
what old-tampered $old check /tampered --pubkey $key
firmverify unpack /b1 /tmp/whole --pubkey $key >/dev/null 2>&1
what old-install $old install /b1 --device /tmp/device
say "old slots: $(slots)"
echo 'pool two' >/tmp/root/etc/miner.conf
what old-again $old install /b2 --device /tmp/device
say "old slots again: $(slots) $(cat /tmp/root/etc/miner.conf)"
say "old stamps: $(stat -c %Y /tmp/root/etc/version)"
firmverify unpack /b2 /tmp/late --pubkey $key >/dev/null 2>&1
/old_kernel stamp /tmp/late/etc/version
say "new stamps: status $?"
what old-rollback $old install /b1 --device /tmp/device
what old-status $old status --device /tmp/device
what old-audit $old audit --bundle /b2 --pubkey $key --device /tmp/device
what old-thief $old install /stolen --device /tmp/device
say "old slots at last: $(slots)"

# --- clocks ---
n=3
for now in 300 2147483647 4294967295 7258118400 600; do # 1970; January 2038; February 2106; 2200; 1970 again
    /old_kernel clock $now || say "no clock"
    cat /tmp/device >/tmp/device.new # with a stamp of that time
    mv /tmp/device.new /tmp/device
    what "clock-$now" firmverify install /b$n --device /tmp/device
    sleep 1 # over the edge
    what "clock-$now-audit" firmverify audit --bundle /b$n --pubkey $key --device /tmp/device
    say "clock-$now slots: $(slots)"
    n=$((n + 1))
done
# While an installation runs: forward by decades, and back.
cat /b8 >/tmp/b8
{ head -c 300000 /tmp/b8; /old_kernel clock 4000000000; sleep 1; tail -c +300001 /tmp/b8 | head -c 200000; /old_kernel clock 1000; sleep 1; tail -c +500001 /tmp/b8; } |
    firmverify install - --device /tmp/device >/tmp/out 2>&1
say "jumps: status $? $(tail -n 1 /tmp/out)"
say "jumps slots: $(slots)"

# --- little memory ---
# From too little to start with, to enough: it says so, or it is done.
rm -rf /tmp/results
limit=500
while [ $limit -le 2400 ]; do
    (ulimit -v $limit; exec firmverify check /b8 --pubkey $key) >/tmp/out 2>&1
    status=$?
    case $status in
    0) grep -q ': ok: ' /tmp/out || status=silent ;;
    1) grep -q ': system: ' /tmp/out || status="$(tail -n 1 /tmp/out)" ;;
    esac
    echo "$status" >>/tmp/results
    limit=$((limit + 100))
done
say "memory order: $(uniq /tmp/results | tr '\n' ' ')"

# --- what the linker calls constant is constant, and no two runs lie at the same address ---
for run in 1 2; do
    sleep 1 | firmverify check - --pubkey $key >/dev/null 2>&1 &
    until pid=$(pidof firmverify) && grep -q 'r--p' /proc/$pid/maps; do :; done
    grep firmverify /proc/$pid/maps >/tmp/maps.$run
    wait
done
say "maps: $(sed 's/^[^ ]* \(....\) .*/\1/' /tmp/maps.1 | tr '\n' ' ')"
cmp -s /tmp/maps.1 /tmp/maps.2 || say 'addresses: differ'
dmesg | grep -q 'crng init done' && say "randomness: $(dmesg | grep 'crng init done')" || say 'randomness: none until the end'
RUN
overlay over initramfs
# As start_guest does, without a source of randomness.
: >console
console=console
qemu-system-arm -M virt,highmem=off,dtb-randomness=off -cpu cortex-a15 -m 256 -display none -monitor none -serial file:console -no-reboot \
    -kernel "$image/kernel" -initrd initramfs -append 'console=ttyAMA0 quiet panic=1' -nic none </dev/null >console.qemu 2>&1 &
guest=$!
children="$children $guest"
ok 'the board goes through all of it' guest_ends 120
tr -d '\r' <console | grep -a '^OLD' >said || :
sed -n 's/^OLD randomness: /# randomness: /p' said
says() { if grep -qE "^OLD $2" said; then pass "$1"; else fail "$1" "no: $2" "$(cat said)"; fi; }
says 'a bundle is checked before there is any randomness' 'early: status 0 .*: ok: '
says 'the kernel has grown old: it knows no getrandom' 'probe: status 38$'
says '  a good bundle' 'old-check: status 0 .*: ok: '
says "  a stranger's: untrusted-key" 'old-stolen: status 4 .*: untrusted-key: '
says '  an altered one: chunk-hash' 'old-tampered: status 4 .*: chunk-hash: '
says '  an installation' 'old-install: status 0 '
says '  is whole' 'old slots: 1$'
says '  the next one, without exchanging names' 'old-again: status 0 '
says '  is whole, with the settings of before' 'old slots again: 2 pool two$'
says '  an older one: rollback' 'old-rollback: status 5 .*: rollback: '
says '  it tells what it has' 'old-status: status 0 '
says '  and is found to be what was signed' 'old-audit: status 0 '
says '  an image of 2110: it is installed with the time of writing' 'old stamps: 17000[0-9]{5}$'
says '    which a new kernel stores' 'new stamps: status 0$'
says "  a stranger's is not installed: untrusted-key" 'old-thief: status 4 .*: untrusted-key: '
says '  and the slots are what they were' 'old slots at last: 2$'
n=3
for now in 300 2147483647 4294967295 7258118400 600; do
    says "the clock at $now: an installation" "clock-$now: status 0 "
    says '  an audit, a little later' "clock-$now-audit: status 0 "
    says '  and the image is whole' "clock-$now slots: $n\$"
    n=$((n + 1))
done
says 'the clock jumps while an image comes in, forward and back: installed' 'jumps: status 0 '
says '  whole' 'jumps slots: 8$'
says 'with little memory it says "system"; with enough it is done; nothing else' 'memory order: 1 0 $'
says 'constants are read-only once it runs' 'maps: r--p r-xp r--p( r--p)? rw-p'
says '  and it lies elsewhere each time' 'addresses: differ'
