#!/bin/sh
# SPDX-License-Identifier: ISC
# Long.
# Promise: raw copies are written one at a time, from an image that was whole before the first of them was touched; what does not fit is
# refused before that, and after a power cut the board finishes, or says that it cannot.
set -eu
. "$(dirname "$0")/lib.sh"
cd "$T"

mkdir -p tree/boot state proc staging
head -c 300000 /dev/urandom >tree/boot/BOOT.bin
head -c 700001 /dev/urandom >tree/boot/uImage
firmkey generate -o key --no-password 2>/dev/null >&2
firmkey generate -o stranger --no-password 2>/dev/null >&2
build() { # build NAME COUNTER [KEY]
    firmpack build tree --product miner --version "$2.0" --counter "$2" --board zynq-s9:1-3 --chunk-size 64K \
        --write boot/uImage=kernel --write boot/BOOT.bin=boot --key "${3:-key}.key" -o "$1" --quiet >/dev/null
    mkdir -p "of-$1" && cp tree/boot/* "of-$1"
}
build one 1
head -c 300000 /dev/urandom >tree/boot/BOOT.bin
head -c 700003 /dev/urandom >tree/boot/uImage
build two 2
build foreign 2 stranger
cp tree/boot/BOOT.bin keep
head -c 600000 /dev/urandom >tree/boot/BOOT.bin
build large 3
cp keep tree/boot/BOOT.bin
head -c 700004 /dev/urandom >tree/boot/uImage
build kernel-only 4

# A disk: the boot chain's three copies of 512 KiB at 0, 512K, 1M; the kernel in a file of its own.
device() { # device FILE STAGING [LINE]
    cat >"$1" <<CONF
board zynq-s9 2
product miner
state $T/state
keyring $T/key.pub
proc $T/proc
staging $2
slot kernel block:$T/kernel.img
slot boot block:$T/disk.img@0+0x80000,block:$T/disk.img@0x80000+0x80000,block:$T/disk.img@1048576+524288
${3:-}
CONF
}
device device ram
device kept "$T/staging"
fresh() {
    rm -rf state staging && mkdir state staging
    head -c 2000000 /dev/zero >disk.img
    head -c 1000000 /dev/zero >kernel.img
    [ $# -eq 0 ] || firmverify install "$1" --device device >/dev/null
}
install() { firmverify install "$1" --device "${2:-device}"; }
# holds N BUNDLE: copy N of the boot chain is that of BUNDLE.
holds() { dd if=disk.img bs=524288 skip="$1" count=1 2>/dev/null | head -c "$(stat -c %s "of-$2/BOOT.bin")" | cmp -s - "of-$2/BOOT.bin"; }
kernel_is() { head -c "$(stat -c %s "of-$1/uImage")" kernel.img | cmp -s - "of-$1/uImage"; }
whole() { kernel_is "$1" && holds 0 "$1" && holds 1 "$1" && holds 2 "$1"; }

# --- all copies, and nothing else ---
fresh
ok 'an image is installed through memory' install one
ok '  into every copy' whole one
ok '  and not behind the last one' sh -c 'test "$(tail -c +1572865 disk.img | tr -d "\000" | wc -c)" -eq 0'
ok 'an image is installed through a directory' install two kept
ok '  into every copy' whole two
ls -A staging | nothing '  where nothing is left'
refused 'an older image' 5 rollback install one
refused "a stranger's image" 4 untrusted-key install foreign
ok '  the copies are as they were' whole two
fresh one
cp -p disk.img before
ok 'an audit looks at every copy' sh -c 'firmverify audit --device device --json | python3 -c "import json, sys; assert json.load(sys.stdin)[\"copies\"] == 4"'
printf x | dd of=disk.img bs=1 seek=600000 conv=notrunc 2>/dev/null
ok '  and finds the one that was changed' sh -c '! firmverify audit --device device --json >a.json && python3 -c "
import json
f = json.load(open(\"a.json\"))[\"findings\"]
assert len(f) == 1 and f[0][\"kind\"] == \"modified\" and \"@0x80000+\" in f[0][\"target\"], f"'

# --- what holds it already is left alone ---
fresh one
ok 'the same image again' install one
python3 - <<'PY' >same-bytes
import os
print(os.stat("disk.img").st_mtime_ns)
PY
ok '  and again' install one kept
python3 -c 'import os; print(os.stat("disk.img").st_mtime_ns)' | cmp -s - same-bytes && pass '  is not written again' || fail '  is not written again'

# --- refused before anything is changed ---
fresh one
refused 'an image too large for a copy' 3 too-large install large
ok '  nothing was changed' whole one
printf 'MemTotal: 100 kB\nMemAvailable:    9000 kB\n' >proc/meminfo
refused 'too little memory to stage in' 3 too-large install two
ok '  nothing was changed' whole one
printf 'MemTotal: 100 kB\nMemAvailable:    900000 kB\n' >proc/meminfo
ok 'enough of it' install two
fresh one
truncate -s 1500000 disk.img
refused 'a region beyond the end of the device' 5 wrong-board install two
ok '  nothing was changed' kernel_is one
fresh one
sed "s|block:$T/disk.img@0+|mtd:$T/disk.img@0+|" device >no-flash
refused 'flash that is none' 5 wrong-board install two no-flash
sed "s|block:$T/kernel.img|ubi:$T/kernel.img|" device >no-volume
refused 'a UBI volume that is none' 5 wrong-board install two no-volume
sed "s|block:$T/kernel.img|block:$T/state|" device >no-device
refused 'a directory for a device' 1 system install two no-device
sed "s|block:$T/kernel.img|block:$T/nowhere|" device >no-device
refused 'a device that is not there' 1 system install two no-device
device gone "$T/nowhere"
refused 'a staging directory that is not there' 1 system install two gone
ok '  nothing was changed' whole one
mkdir -p staging && ok 'no room to stage in' sh -c '! (ulimit -f 900; trap "" XFSZ; firmverify install two --device kept) 2>err; grep -q ": system: " err'
ok '  nothing was changed' whole one
ls -A staging | nothing '  nothing is left of it'

# --- staged, and gone before it was written: no success ---
fresh one
printf '#!/bin/sh\n: >"%s/staging/.firmseal-stage-kernel"\n' "$T" >tree/spoil.sh
chmod +x tree/spoil.sh
firmpack build tree --product miner --version 5.0 --counter 5 --board zynq-s9 --write boot/uImage=kernel --run spoil.sh=before --key key.key \
    -o spoiled --quiet >/dev/null
rm tree/spoil.sh
{ echo "slot root dir:$T/state/tree" && echo 'hooks on' && cat kept; } >spoiling # the tree is exchanged first
refused 'an image that is lost between staging and flash' 1 system install spoiled spoiling
ok '  and no copy was changed' whole one
ok '  which the status tells' sh -c 'firmverify status --device device --json | grep -q "\"version\":\"1.0\".*\"interrupted\":true"'
ok '  another install puts it right' install two
ok '  and it is there' whole two
fresh one

# --- geometry ---
printf 'dev:    size   erasesize  name\nmtd0: 02000000 00020000 "boot"\nmtd1: 09000000 00020000 "root fs"\n' >proc/mtd
device right ram 'expect-mtd mtd0: 02000000 00020000 "boot"
expect-mtd mtd1: 09000000 00020000 "root fs"'
ok 'flash as the device file expects it' install one right
sed 's/mtd0: 02/mtd0: 01/' right >wrong
refused 'another size' 5 wrong-board install two wrong
grep -v 'mtd1:' right >wrong
refused 'a partition more' 5 wrong-board install two wrong
echo 'expect-mtd mtd2: 00020000 00020000 "extra"' | cat right - >wrong
refused 'a partition less' 5 wrong-board install two wrong
sed 's/"boot"/"b00t"/' right >wrong
refused 'another name' 5 wrong-board install two wrong
rm proc/mtd
refused 'no flash at all' 1 system install two right
ok '  nothing was changed' whole one

# --- power cuts in the middle of flash: kill -9 at each write and sync, then the next look at the board ---
if [ -n "${EMULATED:-}" ] || [ -n "${SAN:-}" ] || ! strace -o /dev/null true 2>/dev/null; then
    skip 'power cuts' 'strace cannot trace here'
    exit 0
fi
rm -f proc/meminfo
# The medium fails under the second copy of the boot chain: its sixth write, behind three of the kernel and two of the first copy.
fresh one
refused 'a medium that fails' 1 system strace -f -qq -o /dev/null -e trace=pwrite64 -e inject=pwrite64:error=EIO:when=6 \
    firmverify install two --device device
ok '  the copy that failed is as it was' holds 1 one
ok '  and the one behind it' holds 2 one
ok '  the one before it is new' holds 0 two
ok '  status says so' sh -c 'firmverify status --device device | grep -q "^interrupted: 2.0 was being written"'
ok '  another install puts it right' install two
ok '  everywhere' whole two
ok '  and status no longer says so' sh -c '! firmverify status --device device | grep -q interrupted'
# What waited in the staging directory has rotted: none of it reaches flash.
device kept "$T/staging"
fresh one
strace -f -qq -o /dev/null -e trace=pwrite64 -e inject=pwrite64:signal=KILL:when=1 firmverify install two --device kept >/dev/null 2>&1 || :
printf rot | dd of=staging/.firmseal-stage-boot bs=1 seek=1000 conv=notrunc 2>/dev/null
ok 'a staged image that has rotted' firmverify status --device kept
ok '  is not written' holds 0 one
ok '  and told' sh -c 'firmverify status --device kept --json | grep -q "\"interrupted\":true"'
ok '  another install puts it right' install two kept
ok '  everywhere' whole two
device marked "$T/staging" "boot marker block:$T/marker"
device marked-ram ram "boot marker block:$T/marker"
recovery=$(printf '\000\001\002\003\004\005\006\007\010\011\012\013\014\015\016\017' | od -An -tx1)
marker() { od -An -tx1 -N16 marker; }
fresh one
head -c 4096 /dev/zero >marker
rm -rf start && mkdir start && cp -a state disk.img kernel.img marker staging start/
# cut DEVICE: kills an install of `two' at every call, and says what the board then is.
cut() {
    cuts=0 bad=0 old=0 new=0 lost=0
    for call in pwrite64 fsync rename,renameat,renameat2; do
        n=1
        while :; do
            rm -rf state staging && cp -a start/* .
            status=0
            strace -f -qq -o /dev/null -e "trace=$call" -e "inject=$call:signal=KILL:when=$n" \
                firmverify install two --device "$1" >/dev/null 2>&1 || status=$?
            [ "$status" -eq 137 ] || break
            cuts=$((cuts + 1)) marked=no
            [ "$(marker)" = "$recovery" ] && marked=yes
            # A boot chain always stands, and where the kernel or a copy is half written, the marker says so.
            { holds 0 one || holds 0 two || holds 1 one || holds 1 two || holds 2 one || holds 2 two; } &&
                { whole one || whole two || [ $marked = yes ]; } || { bad=$((bad + 1)) && echo "# $call $n: no good boot chain, or unmarked"; }
            firmverify status --device "$1" --json >status.json 2>err || { bad=$((bad + 1)) && cat err; }
            what=$(python3 -c 'import json; s = json.load(open("status.json")); print(s["version"], s["interrupted"])')
            case $what in
            '1.0 False') whole one && old=$((old + 1)) || { bad=$((bad + 1)) && echo "# $call $n: says old"; } ;;
            '2.0 False') whole two && new=$((new + 1)) || { bad=$((bad + 1)) && echo "# $call $n: says new"; } ;;
            '1.0 True')
                lost=$((lost + 1))
                [ "$(marker)" = "$recovery" ] || { bad=$((bad + 1)) && echo "# $call $n: lost, and no marker"; }
                ;;
            *) bad=$((bad + 1)) && echo "# $call $n: $what" ;;
            esac
            firmverify install two --device "$1" >/dev/null 2>err && whole two && [ -z "$(marker | tr -d ' 0')" ] &&
                [ ! -e state/interrupted ] || { bad=$((bad + 1)) && echo "# $call $n: cannot be installed again: $(cat err)"; }
            n=$((n + 1))
        done
    done
    echo "# $1: $cuts cuts, then $old old, $new new, $lost interrupted"
}
cut marked
if [ $bad -eq 0 ] && [ $cuts -ge 15 ] && [ $new -ge 5 ] && [ $lost -eq 0 ]; then pass "staged in a directory: $cuts power cuts are finished or undone"; else fail 'staged in a directory' "$bad bad of $cuts"; fi
cut marked-ram
if [ $bad -eq 0 ] && [ $cuts -ge 15 ] && [ $lost -ge 3 ]; then pass "staged in memory: $cuts power cuts are undone, or told"; else fail 'staged in memory' "$bad bad of $cuts"; fi
