#!/bin/sh
# SPDX-License-Identifier: ISC
# Promise: a refused or interrupted install leaves the running system untouched, and one that was decided is finished.
set -eu
. "$(dirname "$0")/lib.sh"
cd "$T"

mkdir -p tree/boot tree/etc other state board
printf 'kernel one' >tree/boot/uImage
head -c 300000 /dev/urandom >tree/etc/blob
ln -s blob tree/etc/link
printf '#!/bin/sh\necho "$1" >>"%s/hooks.out"\npwd >>"%s/hooks.out"\nenv | sort >>"%s/hooks.out"\n' "$T" "$T" "$T" >tree/hook.sh
chmod 755 tree/hook.sh
firmkey generate -o key --no-password 2>/dev/null >&2
firmkey generate -o stranger --no-password 2>/dev/null >&2

# build NAME VERSION COUNTER [OPTION...]: a bundle of the tree as it is now.
build() {
    name=$1 version=$2 counter=$3
    shift 3
    firmpack build tree --product miner --version "$version" --counter "$counter" --board zynq-s9:1-3 --chunk-size 64K \
        --write boot/uImage=kernel "$@" -o "$name" --quiet >/dev/null
}
build one 1.0 10 --key key.key
printf 'kernel two' >tree/boot/uImage
build two 2.0 11 --key key.key
build old 0.9 9 --key key.key
build foreign 2.0 11 --key stranger.key
build hooked 3.0 12 --key key.key --run hook.sh=before --run hook.sh=after
build wrong-slot 2.0 11 --key key.key --write etc/blob=fpga
build other-product 2.0 11 --key key.key
firmpack build tree --product toaster --version 2 --counter 11 --board zynq-s9 --key key.key -o other-product --quiet >/dev/null
firmpack build tree --product miner --version 2 --counter 11 --board zynq-s17 --key key.key -o other-board --quiet >/dev/null
python3 - <<'PY'
b = bytearray(open("two", "rb").read())
b[-3000] ^= 1                       # in the last chunk
open("tampered", "wb").write(b)
PY

device() {
    cat >"$1" <<CONF
# a test board
board zynq-s9 2
product miner
state $T/state
keyring $T/key.pub
slot kernel file:$T/board/uImage
slot root dir:$T/board/root
$2
CONF
}
device device ''
device hooks 'hooks on'

# The board, to the last byte and mode; inode numbers and times of directories aside.
listing() { (cd board && find . \( -type f -exec sh -c 'printf "%s " "$(stat -c %a "$1")"; sha256sum "$1"' _ {} \; \) -o -printf '%y %m %p %l\n' | sort); }
# kept NAME: a state file, without its checksum line.
kept() { sed '$d' "state/$1"; }
for name in one two; do
    tar xOf $name manifest >manifest.$name
    tar xOf $name manifest.minisig >minisig.$name
done
install() { firmverify install "$1" --device "${2:-device}"; }

ok 'a first install' install one
printf 'kernel one' >expected
same 'the kernel is in its slot' board/uImage expected
ok 'the tree is in its slot' diff -r --no-dereference board/root/etc tree/etc
ok 'a second install' install two
kept manifest | cmp - manifest.two && pass 'the manifest is kept' || fail 'the manifest is kept'
kept manifest.minisig | cmp - minisig.two && pass 'its signature blocks are kept' || fail 'its signature blocks are kept'
same 'the old kernel is kept as previous' board/uImage.previous expected
same 'the old tree is kept as previous' board/root.previous/boot/uImage expected
ok 'status says what is installed' sh -c 'firmverify status --device device | grep -q "^installed 2.0, counter 11$"'
ok 'status in JSON' sh -c 'firmverify status --device device --json | python3 -c "import json,sys; s = json.load(sys.stdin); assert s[\"version\"] == \"2.0\" and s[\"counter\"] == 11"'

listing >before
untouched() {
    listing >after
    same "$1: nothing has changed" before after
}
refused 'an older image' 5 rollback install old
refused 'an image by a stranger' 4 untrusted-key install foreign
refused 'an image damaged in its last chunk' 4 chunk-hash install tampered
refused 'an image for another product' 5 wrong-product install other-product
refused 'an image for another board' 5 wrong-board install other-board
refused 'an image for a slot that is not here' 5 wrong-board install wrong-slot
refused 'an archive' 3 not-a-bundle install tree/hook.sh
untouched 'refusals'

# A pipe that ends early, at many places.
size=$(stat -c %s two)
for percent in 1 5 20 40 60 80 95 99; do
    refused "a pipe that ends at $percent %" 3 truncated sh -c "head -c $((size * percent / 100)) two | firmverify install - --device device"
done
untouched 'broken pipes'

# Nowhere to write.
rm -rf "$T/gone"
sed "s|$T/board/root|$T/gone/root|" device >nowhere
refused 'a slot whose directory is missing' 1 system install two nowhere
untouched 'a missing directory'
ok 'a limit on file size' sh -c '! (ulimit -f 200; trap "" XFSZ; firmverify install two --device device) 2>err; grep -q ": system: " err'
untouched 'a full medium'

# Device files that are not quite right are refused, not guessed at.
broken() {
    sed "$2" device >broken-device
    refused "a device file: $1" 2 usage install two broken-device
}
broken 'no board' '/^board/d'
broken 'no key' '/^keyring/d'
broken 'an unknown line' 's/^product/prodcut/'
broken 'a board twice' 's/^board.*/&\n&/'
broken 'a target of no known kind' 's/file:/flie:/'
broken 'a relative target' "s|file:$T/|file:|"
sed "s|key.pub|nokey.pub|" device >broken-device
refused 'a device file: its key is missing' 1 system install two broken-device
echo nonsense >nokey.pub
refused 'a device file: its key is none' 3 malformed-keyring install two broken-device
untouched 'bad device files'

# One at a time.
mkfifo slow
firmverify install - --device device <slow >/dev/null 2>&1 &
slow_pid=$!
children="$children $slow_pid"
exec 7>slow
head -c 1000 two >&7
python3 - "$T/state/lock" <<'PY'
import fcntl, os, sys, time
end = time.monotonic() + 10
while time.monotonic() < end:      # until the other one holds it
    try:
        with open(sys.argv[1]) as f:
            fcntl.flock(f, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        sys.exit(0)
    time.sleep(0.01)
sys.exit(1)
PY
refused 'an install while another is under way' 1 busy install two
exec 7>&-
wait "$slow_pid" 2>/dev/null || :
untouched 'a busy board'

# Hooks.
ok 'an image with hooks, where hooks are off' sh -c "firmverify install hooked --device device | grep -q '2 hooks were not run'"
ok 'no hook has run' test ! -e hooks.out
ok 'an image with hooks, where hooks are on' install hooked hooks
printf 'before\n%s\nPATH=/usr/sbin:/usr/bin:/sbin:/bin\n' "$T/board/.firmseal-new-root" >hooks.expected
printf 'after\n%s\nPATH=/usr/sbin:/usr/bin:/sbin:/bin\n' "$T/board/root" >>hooks.expected
grep -v -e '^PWD=' -e '^SHLVL=' -e '^_=' -e '^OLDPWD=' "$T/hooks.out" >hooks.seen || :
same 'the hooks ran from the staged tree, then from the installed one, with no environment' hooks.seen hooks.expected
listing >before
printf '#!/bin/sh\nexit 3\n' >tree/hook.sh
build failing 4.0 13 --key key.key --run hook.sh=before
refused 'an image whose first hook fails' 1 system install failing hooks
untouched 'a failed hook'

# Power cuts: kill -9 at every rename, unlink, sync and new directory, one after the other; the next look at the board must find the
# old image or the new one, whole, and its record in step with it.
if [ -n "${EMULATED:-}" ] || ! strace -o /dev/null true 2>/dev/null; then
    skip 'power cuts' 'strace cannot trace here'
    exit 0
fi
rm -rf board state && mkdir board state
install one >/dev/null
rm -rf start && mkdir start && cp -a board state start/
cuts=0 bad=0 done_after=0
for call in renameat2,renameat,rename unlinkat,unlink fsync,syncfs openat,mkdirat; do
    n=1
    while :; do
        rm -rf board state && cp -a start/board start/state .
        status=0
        ASAN_OPTIONS=detect_leaks=0 strace -f -qq -o /dev/null -e "trace=$call" -e "inject=$call:signal=KILL:when=$n" \
            firmverify install two --device device >/dev/null 2>&1 || status=$?
        if [ "$status" -ne 137 ]; then # not killed: past the last of these calls
            [ "$status" -eq 0 ] || { bad=$((bad + 1)); echo "# $call $n: status $status"; }
            break
        fi
        cuts=$((cuts + 1))
        # What is in use right now, before anything is repaired: each slot holds the old or the new, whole.
        kernel=$(cat board/uImage 2>/dev/null || echo missing)
        root=$(cat board/root/boot/uImage 2>/dev/null || echo missing)
        case $kernel,$root in
        'kernel one,kernel one' | 'kernel two,kernel one' | 'kernel one,kernel two' | 'kernel two,kernel two') ;;
        *) bad=$((bad + 1)); echo "# $call $n: $kernel, $root" ;;
        esac
        firmverify status --device device >status 2>&1 || { bad=$((bad + 1)); echo "# $call $n:"; cat status; }
        version=$(sed -n 's/^installed \(.*\), counter.*/\1/p' status)
        case $version in 1.0) want=one ;; *) want=two done_after=$((done_after + 1)) ;; esac
        [ "$(cat board/uImage)" = "kernel $want" ] && [ "$(cat board/root/boot/uImage)" = "kernel $want" ] &&
            kept manifest | cmp -s - "manifest.$want" && kept manifest.minisig | cmp -s - "minisig.$want" &&
            [ -z "$(find board state -name '.firmseal-new*' -o -name journal -o -name '*.next')" ] || {
            bad=$((bad + 1))
            echo "# $call $n: status says $version; $(cat board/uImage), $(cat board/root/boot/uImage), $(find board state -name '.firmseal*' -o -name journal)"
        }
        n=$((n + 1))
        case $call in openat*) n=$((n + 4)) ;; esac # there are many, and most change nothing
    done
done
echo "# $cuts cuts, $done_after of them finished by the next run"
if [ "$bad" -eq 0 ] && [ "$cuts" -ge 20 ] && [ "$done_after" -ge 3 ]; then
    pass "killed at $cuts places, and old or new each time"
else
    fail "killed at $cuts places" "$bad bad, $done_after finished"
fi
