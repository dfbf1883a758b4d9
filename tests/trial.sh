#!/bin/sh
# SPDX-License-Identifier: ISC
# Long.
# Promise: a new image goes to the side that nothing runs from, stays only when it is confirmed, and raises the counter only then; without
# that the old side comes back; nobody goes back below what was confirmed; torn records read as the ones before.
set -eu
. "$(dirname "$0")/lib.sh"
cd "$T"

mkdir -p tree/boot tree/etc proc/sys/kernel/random
boots=0
firmkey generate -o key --no-password 2>/dev/null >&2
build() { # build NAME COUNTER [OPTION...]
    name=$1 counter=$2
    shift 2
    printf 'kernel of %s' "$name" >tree/boot/uImage
    echo "$name" >tree/etc/version
    firmpack build tree --product miner --version "$name" --counter "$counter" --board zynq-s9:1-3 --chunk-size 64K \
        --write boot/uImage=kernel --key key.key -o "$name" --quiet "$@" >/dev/null
}
build one 1
build two 2
build three 3
build four 4
head -c 200000 /dev/urandom >tree/etc/blob
build big 5
python3 -c 'b = bytearray(open("big", "rb").read()); b[-3000] ^= 1; open("tampered", "wb").write(b)'
rm tree/etc/blob
# A kernel that is too large for its side.
head -c 80000 /dev/urandom >tree/boot/uImage
firmpack build tree --product miner --version large --counter 5 --board zynq-s9 --write boot/uImage=kernel --key key.key -o large --quiet >/dev/null

method=
# device [LINE]: a board whose tree and kernel have two sides. ENV is U-Boot's, in a file.
device() {
    cat >device <<CONF
board zynq-s9 2
product miner
state $T/state
keyring $T/key.pub
proc $T/proc
boot $method
boot-tries 2
slot root dir:$T/sides/a dir:$T/sides/b
slot kernel block:$T/disk@4096+65536 block:$T/disk@0x20000+0x10000,block:$T/disk@0x30000+0x10000
CONF
    [ $# -eq 0 ] || printf '%s\n' "$@" >>device
}
fresh() {
    rm -rf state sides disk env && mkdir state sides
    head -c 400000 /dev/zero >disk
    ln -s a sides/current
    : >proc/cmdline
    case $method in uboot-env*)
        printf '%s/env 0x0 0x1000\n%s/env 0x1000 0x1000\n' "$T" "$T" >env.config
        python3 - <<'PY'
import zlib
data = b"bootdelay=1\0firmseal_other=kept\0\0".ljust(0x1000 - 5, b"\xff")
one = zlib.crc32(data).to_bytes(4, "little") + b"\x01" + data
open("env", "wb").write(one + one[:4] + b"\0" + data)
PY
        ;;
    esac
}
install() { firmverify install "$1" --device device; }
confirm() { firmverify confirm --device device; }
rollback() { firmverify rollback --device device; }
# is FIELD... : these fields of the status, in a line.
status() { firmverify status --device device --json >status.json 2>err || cat err; }
is() {
    what=$1 want=$2
    status
    seen=$(python3 -c 'import json
s = json.load(open("status.json"))
print(s["running"] + (" next " + s["side"] if s["side"] != s["running"] else "") + (" trial %d" % s["tries"] if s["trial"] else ""), *[
    "%s=%s" % (x["side"], x["version"]) if x["installed"] else x["side"] + "=-" for x in s["sides"]], s["confirmed"])' 2>&1) || :
    if [ "$seen" = "$want" ]; then pass "$what: $want"; else fail "$what: $want" "$seen"; fi
}
kernel_at() { dd if=disk bs=4096 skip="$1" count=1 2>/dev/null | tr -d '\000'; }
# What a boot loader does, or the first program of a start: counts, and goes back. Prints the side.
start() {
    boots=$((boots + 1))
    echo "00000000-0000-4000-8000-$boots" >proc/sys/kernel/random/boot_id
    case $method in
    uboot-env*)
        python3 - <<'PY'
import zlib
raw = open("env", "rb").read()
copies = [raw[:0x1000], raw[0x1000:0x2000]]
good = [c for c in copies if zlib.crc32(c[5:]).to_bytes(4, "little") == c[:4]]
newest = max(good, key=lambda c: c[4])
env = dict(p.split("=", 1) for p in newest[5:].split(b"\0\0")[0].decode().split("\0"))
assert env["firmseal_other"] == "kept"
if env.get("upgrade_available") == "1":
    if int(env["bootcount"]) < 2:
        env["bootcount"] = str(int(env["bootcount"]) + 1)
    else:
        env.update(upgrade_available="0", bootcount="0", firmseal_side="ab"[env["firmseal_side"] == "a"])
    data = ("\0".join("%s=%s" % p for p in env.items()) + "\0\0").encode().ljust(0x1000 - 5, b"\xff")
    n = 1 - copies.index(newest)
    copies[n] = zlib.crc32(data).to_bytes(4, "little") + bytes([newest[4] + 1]) + data
    open("env", "wb").write(b"".join(copies))
print(env.get("firmseal_side", "a"))
PY
        ;;
    *) firmverify boot-attempt --device device ;;
    esac
}
starts() { # starts WHAT SIDE
    start >started 2>&1 || :
    side=$(cat started)
    if [ "$side" = "$2" ]; then pass "$1: $2"; else fail "$1: $2" "$side"; fi
}

# --- the way of an image, by every method ---
whole_way() {
    method=$1
    echo "# $method"
    device
    fresh
    is 'from the factory' 'a a=- b=- 0'
    ok 'an image is installed' install one
    is '  on the other side, on trial' 'a next b trial 0 a=- b=one 0'
    ok '  the tree is there' grep -qx one sides/b/etc/version
    ok '  and nothing at the side that runs' test ! -e sides/a
    ok '  the kernel is in both copies' test "$(kernel_at 32),$(kernel_at 48),$(kernel_at 1)" = 'kernel of one,kernel of one,'
    refused 'confirmed before it was started' 2 usage confirm
    starts 'it starts' b
    is '  it runs' 'b trial 1 a=- b=one 0'
    refused 'another install while it is on trial' 1 busy install two
    ok 'confirmed' confirm
    is '  it stays' 'b a=- b=one 1'
    starts '  and starts' b
    ok 'confirmed again, which changes nothing' confirm
    is '  it stays' 'b a=- b=one 1'
    ok 'the next one' install three
    is '  on the other side' 'b next a trial 0 a=three b=one 1'
    ok '  with its kernel' test "$(kernel_at 1),$(kernel_at 32)" = 'kernel of three,kernel of one'
    ok 'another one instead, before it was started' install two
    is '  is on trial in its place' 'b next a trial 0 a=two b=one 1'
    starts 'it starts' a
    starts 'it did not come up: it starts again' a
    starts 'and no more: the old one comes back' b
    is '  as it was' 'b a=two b=one 1'
    ok 'the one that came back is confirmed, which changes nothing' confirm
    is '  the counter is where it was' 'b a=two b=one 1'
    ok 'the same again' install two
    starts '  starts' a
    ok '  is confirmed' confirm
    is '  and stays' 'a a=two b=one 2'
    refused 'back below what was confirmed' 5 rollback rollback
    is '  nothing has changed' 'a a=two b=one 2'
    refused 'an older image' 5 rollback install one
    ok 'a newer one' install three
    ok 'called off before it was started' rollback
    is '  the one that runs goes on' 'a a=two b=three 2'
    ok 'a newer one, chosen by hand' rollback
    is '  is on trial' 'a next b trial 0 a=two b=three 2'
    starts '  starts' b
    ok 'given up while it runs' rollback
    is '  the confirmed one is next, and not on trial' 'b next a a=two b=three 2'
    refused '  the one that was given up cannot be confirmed' 2 usage confirm
    refused '  nothing is written over the one to go back to' 1 busy install four
    ok '  given up once more' rollback
    is '  which changes nothing' 'b next a a=two b=three 2'
    starts '  and starts' a
    ok 'it needs no confirming' confirm
    # The boot loader knows better.
    echo 'console=ttyPS0 firmseal.side=b quiet' >proc/cmdline
    is 'the command line tells what runs' 'b next a a=two b=three 2'
    ok 'an install then goes to the other one' install four
    is '  so' 'b next a trial 0 a=four b=three 2'
    : >proc/cmdline
    # Refusals leave the side that runs alone, and never start what is half written.
    start >/dev/null
    confirm >/dev/null
    is 'four runs' 'a a=four b=three 4'
    refused 'an image damaged in its last chunk' 4 chunk-hash install tampered
    starts '  the side that runs starts' a
    ok '  nothing half written can be gone back to' sh -c '! firmverify rollback --device device 2>err && grep -q ": usage: " err'
    refused 'a kernel too large for a copy' 3 too-large install large
    ok 'an audit finds it whole' firmverify audit --device device
    skipped=$(firmverify audit --device device --json | grep -c 'the other side: not compared') || :
    ok '  and says that it has not looked at the other side' test "$skipped" -ge 1
    printf x | dd of=disk bs=1 seek=4097 conv=notrunc 2>/dev/null
    ok '  a changed kernel is found' sh -c '! firmverify audit --device device >/dev/null 2>&1'
}
whole_way "marker block:$T/disk@0x50000+512,block:$T/disk@0x50200+512"
whole_way "marker file:$T/state/side"
whole_way "link $T/sides/current"
ok 'the link shows the side' test "$(readlink sides/current)" = a
method="uboot-env $T/env.config"
device
fresh
if ! firmverify status --device device 2>&1 | grep -q 'built without libubootenv'; then
    whole_way "uboot-env $T/env.config"
    refused 'counting where U-Boot counts' 2 usage firmverify boot-attempt --device device
    printf x | dd of=env bs=1 seek=100 conv=notrunc 2>/dev/null
    ok 'one torn environment of two' sh -c 'firmverify status --device device >/dev/null'
    printf x | dd of=env bs=1 seek=4200 conv=notrunc 2>/dev/null
    refused 'both of them' 1 system firmverify status --device device
    refused 'no configuration' 1 system sh -c 'sed "s,env.config,nowhere," device >other && firmverify status --device other'
else
    skip 'uboot-env' 'built without libubootenv'
fi

# --- settings go from side to side ---
method="link $T/sides/current"
device 'settings etc/miner.conf'
fresh
install one >/dev/null && start >/dev/null && confirm >/dev/null
echo pool=mine >sides/b/etc/miner.conf
ok 'an upgrade carries a setting over' install two
ok '  to the other side' grep -qx pool=mine sides/a/etc/miner.conf

# --- where nothing is overwritten before an image is decided, a refused one costs nothing ---
sed '/^slot kernel/d' device >named && mv named device
fresh
for name in tree-1 tree-2; do
    printf '%s' $name >tree/etc/version
    head -c 100000 /dev/urandom >tree/etc/blob
    firmpack build tree --product miner --version $name --counter 1 --board zynq-s9 --key key.key -o $name --quiet >/dev/null
done
rm tree/etc/blob
python3 -c 'b = bytearray(open("tree-2", "rb").read()); b[-3000] ^= 1; open("tree-bad", "wb").write(b)'
install tree-1 >/dev/null && start >/dev/null && confirm >/dev/null
ok 'sides of trees alone' install tree-2
refused '  a damaged image' 4 chunk-hash install tree-bad
is '  the one on trial is still the next' 'b next a trial 0 a=tree-2 b=tree-1 1'
starts '  and starts' a

# --- where the first byte overwrites a side, nothing is lost before that byte has been verified ---
for method in "marker block:$T/disk@0x50000+512,block:$T/disk@0x50200+512" "link $T/sides/current"; do
    device
    sed '/^slot root/d' device >raw && mv raw device
    fresh
    install one >/dev/null && start >/dev/null && confirm >/dev/null
    install two >/dev/null
    is "a raw side holds an image on trial (${method%% *})" 'b next a trial 0 a=two b=one 1'
    python3 - <<'PY'
raw = open("big", "rb").read()
payload = raw.index(b"payload.tar.gz\0") + 512
size = int(raw[payload - 512 + 124:payload - 512 + 135], 8)
open("cut-manifest", "wb").write(raw[:payload - 512])
open("cut-payload", "wb").write(raw[:payload])
open("cut-chunk", "wb").write(raw[:payload + 100])
bad = bytearray(raw)
bad[payload + 100] ^= 1
open("bad-chunk", "wb").write(bad)
PY
    cp disk before
    refused '  a bundle that ends behind its manifest' 3 truncated install cut-manifest
    refused '  one that ends where its payload begins' 3 truncated install cut-payload
    refused '  one that ends in its first chunk' 3 truncated install cut-chunk
    refused '  one whose first chunk is damaged' 4 chunk-hash install bad-chunk
    is '  the image on trial is still the next' 'b next a trial 0 a=two b=one 1'
    same '  and no byte of the disk has changed' before disk
    starts '  and it starts' a
    ok '  and is kept' confirm
    cp disk before
    refused '  the side to fall back to is not lost either' 3 truncated install cut-payload
    is '  it is there' 'a a=two b=one 2'
done

# --- the first program of a start, before the state directory is there ---
method="marker block:$T/disk@0x50000+512"
device
fresh
install one >/dev/null
sed "s,^state .*,state $T/later," device >early
ok 'boot-attempt needs no state directory' test "$(firmverify boot-attempt --device early)" = b
is '  and has counted' 'b trial 1 a=- b=one 0'

# --- torn records ---
method="marker block:$T/disk@0x50000+512,block:$T/disk@0x50200+512"
device
fresh
install one >/dev/null && start >/dev/null && confirm >/dev/null
install two >/dev/null && start >/dev/null && confirm >/dev/null
is 'before' 'a a=two b=one 2'
tear() { printf 'torn' | dd of="$1" bs=1 seek="${2:-3}" conv=notrunc 2>/dev/null; }
tear disk 327690
is 'a torn boot record reads as its copy' 'a a=two b=one 2'
tear disk 328200
refused 'both of them' 1 system firmverify status --device device
refused '  no install then' 1 system install three
echo firmseal.side=a >proc/cmdline
is '  but when the command line tells' 'a a=two b=one 2'
ok '  an install puts it right' install three
: >proc/cmdline
is '  so' 'a next b trial 0 a=two b=three 2'
start >/dev/null && confirm >/dev/null
cp state/confirmed.old before
tear state/confirmed
is 'a torn counter: the signed manifest that was kept with it counts' 'b a=two b=three 3'
ok '  and it is said' sh -c 'firmverify status --device device | grep -q "a record is damaged"'
confirm >/dev/null
rm state/confirmed
is 'one that is gone, too' 'b a=two b=three 3'
confirm >/dev/null
tear state/confirmed && tear state/confirmed.old
is 'both generations torn, too' 'b a=two b=three 3'
ok '  and it is said what repairs it' sh -c 'firmverify status --device device | grep -q "confirmed is damaged.*firmverify confirm"'
confirm >/dev/null
tear state/journal 0 && : # one that no install has written
ok 'a damaged journal keeps nobody out for good' install four
method="link $T/sides/current"
device
fresh
install one >/dev/null && start >/dev/null && confirm >/dev/null && install two >/dev/null
tear state/boot
is 'a torn record of the link reads as the one before' 'b a=two b=one 1'

# --- the record is what a boot loader can read: text, and a checksum as U-Boot makes it ---
method="marker block:$T/disk@0x50000+512,block:$T/disk@0x50200+512"
device
fresh
install one >/dev/null
ok 'the boot record in both sectors' python3 - <<'PY'
import zlib
disk = open("disk", "rb").read()
text = b"firmseal_side=b\nfirmseal_trial=1\nfirmseal_tries=0\n".ljust(508, b"\0")
record = text + zlib.crc32(text).to_bytes(4, "big")
assert disk[0x50000:0x50200] == record and disk[0x50200:0x50400] == record
PY

# --- a floor in the vendor's keyring lets a board go back; nothing else does ---
if [ -z "${EMULATED:-}" ]; then
    for key in root release; do firmkey generate -o $key --no-password >.log 2>&1; done
    ring() { # ring NAME [FLOOR]
        firmkey keyring create -o "$1" root.pub
        firmkey keyring add-release "$1" release.pub --product miner --board '*'
        [ $# -eq 1 ] || firmkey keyring floor "$1" miner "$2"
        firmkey keyring sign "$1" -k root.key
    }
    echo kernel >tree/boot/uImage
    { ring plain && ring floor-2 2 && ring floor-1 1; } >.log 2>&1
    for n in 1 2; do
        firmpack build tree --product miner --version "$n" --counter "$n" --board zynq-s9:1-3 --write boot/uImage=kernel --keyring plain \
            --key release.key -o "ringed-$n" --quiet >/dev/null
    done
    sed "s,^keyring .*,keyring $T/plain," device >device.plain
    sed "s,^keyring .*,keyring $T/floor-2," device >device.floor-2
    sed "s,^keyring .*,keyring $T/floor-1," device >device.floor-1
    cp device.plain device
    fresh
    for n in 1 2; do
        ok "an image by a keyring's key, counter $n" install ringed-$n
        start >/dev/null && confirm >/dev/null
    done
    refused 'back, with a keyring without a floor' 5 rollback rollback
    cp device.floor-2 device
    refused 'back, below the floor' 5 rollback rollback
    cp device.floor-1 device
    ok 'back, down to the floor' rollback
    starts '  it starts' b
    ok '  is confirmed' confirm
    is '  and the counter is where it was' 'b a=2 b=1 2'
fi

# --- device files ---
refused_device() {
    what=$1
    shift
    refused "a device file: $what" 2 usage install one
}
method='none' && device && refused_device 'two sides, and no boot method'
method='magic' && device && refused_device 'an unknown boot method'
method='link current' && device && refused_device 'a relative link'
method='marker' && device && refused_device 'a marker nowhere'
method="marker dir:$T/x" && device && refused_device 'a tree for a marker'
method="link $T/sides/current" && device "boot-tries 0" && refused_device 'no tries'
device "slot x block:$T/disk@0+512" && refused_device 'a raw slot with one side, and no staging'
device "slot x file:$T/x dir:$T/y" && refused_device 'a file and a tree'
device "slot x file:$T/x file:$T/x" && refused_device 'the same side twice'
cat >single <<CONF
board zynq-s9 2
product miner
state $T/state
keyring $T/key.pub
slot root dir:$T/sides/a
CONF
for verb in confirm rollback boot-attempt; do refused "$verb on a board with one side" 2 usage firmverify $verb --device single; done

# --- power cuts: kill -9 at each write, rename and sync of an install; the board then starts old or new, whole ---
if [ -n "${EMULATED:-}" ] || [ -n "${SAN:-}" ] || ! strace -o /dev/null true 2>/dev/null; then
    skip 'power cuts' 'strace cannot trace here'
    exit 0
fi
cut() { # cut METHOD STEP: at each STEPth of these calls
    method=$1 step=$2
    device
    fresh
    install one >/dev/null && start >/dev/null && confirm >/dev/null
    install two >/dev/null && start >/dev/null && confirm >/dev/null # runs: a=two
    rm -rf begin && mkdir begin && cp -a state sides disk begin/
    [ ! -e env ] || cp -a env begin/
    cuts=0 bad=0 old=0 new=0
    for call in pwrite64,write rename,renameat,renameat2 fsync unlinkat,unlink; do
        n=$step
        while :; do
            rm -rf state sides && cp -a begin/* .
            status=0
            strace -f -qq -o /dev/null -e "trace=$call" -e "inject=$call:signal=KILL:when=$n" \
                firmverify install three --device device >/dev/null 2>&1 || status=$?
            [ "$status" -eq 137 ] || break
            cuts=$((cuts + 1))
            # The power comes back: what starts is whole.
            start >started 2>err && side=$(cat started) || { bad=$((bad + 1)) && echo "# $call $n: $(cat err)"; }
            case $side in
            a) [ "$(cat sides/a/etc/version)" = two ] && [ "$(kernel_at 1)" = 'kernel of two' ] && old=$((old + 1)) || { bad=$((bad + 1)) && echo "# $call $n: half of a"; } ;;
            b)
                [ "$(cat sides/b/etc/version)" = three ] && [ "$(kernel_at 32),$(kernel_at 48)" = 'kernel of three,kernel of three' ] && new=$((new + 1)) ||
                    { bad=$((bad + 1)) && echo "# $call $n: half of b"; }
                ;;
            esac
            # It is healthy, and says so; then the install is repeated, started, confirmed.
            { confirm || [ "$side" = a ]; } >/dev/null 2>&1 || { bad=$((bad + 1)) && echo "# $call $n: cannot be confirmed"; }
            status
            python3 - "$side" <<'PY' || { bad=$((bad + 1)) && echo "# $call $n: $(cat status.json)"; }
import json, sys
s = json.load(open("status.json"))
assert s["running"] == sys.argv[1] and not s["interrupted"]
assert s["confirmed"] == {"a": 2, "b": 3}[s["running"]]
assert {x["side"]: x.get("version") for x in s["sides"]}[s["running"]] == {"a": "two", "b": "three"}[s["running"]]
PY
            { install three && start && confirm; } >/dev/null 2>err || { bad=$((bad + 1)) && echo "# $call $n: cannot go on: $(cat err)"; }
            n=$((n + step))
        done
    done
    echo "# $method: $cuts cuts, $old started the old image, $new the new one"
    if [ $bad -eq 0 ] && [ $cuts -ge 15 ] && [ $old -ge 10 ] && [ $new -ge 2 ]; then
        pass "killed at $cuts places, and a whole image starts each time"
    else
        fail "killed at $cuts places" "$bad bad, $old old, $new new"
    fi
}
cut "marker block:$T/disk@0x50000+512,block:$T/disk@0x50200+512" 2
cut "link $T/sides/current" 3
