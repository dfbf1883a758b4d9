#!/bin/sh
# SPDX-License-Identifier: ISC
# Promise: an upgrade keeps the settings that the board names, one by one, and nothing else of the old tree; a clearing one keeps none.
set -eu
. "$(dirname "$0")/lib.sh"
cd "$T"

mkdir -p tree/etc tree/bin tree/boot board state outside
echo default >tree/etc/app.conf
echo default >tree/etc/untouched.conf
echo kernel >tree/boot/uImage
printf '#!/bin/sh\necho hook\n' >tree/etc/hook.sh
chmod 644 tree/etc/hook.sh
printf '#!/bin/sh\necho program\n' >tree/bin/app
chmod 755 tree/bin/app
ln -s app.conf tree/etc/current.conf
ln -s etc tree/config
firmkey generate -o key --no-password >.log 2>&1
build() {
    firmpack build tree --product miner --version "$2" --counter "$2" --board zynq-s9 --chunk-size 64K --write boot/uImage=kernel \
        --run etc/hook.sh=after --key key.key -o "$1" --quiet 2>.log
}
build one 1
echo 'newer default' >tree/etc/app.conf
build two 2

cat >plain <<CONF
board zynq-s9 2
product miner
state $T/state
keyring $T/key.pub
slot kernel file:$T/board/uImage
slot root dir:$T/board/root
CONF
named='etc/app.conf etc/wifi/keys/one etc/missing etc/gone/missing etc/link etc/fifo etc/directory etc/huge etc/full etc/setid
    etc/current.conf bin/app boot/uImage etc/hook.sh config/app.conf way/secret etc/app.conf.d'
{ cat plain; for path in $named; do echo "settings $path"; done; } >device
# A directory's files, types, modes, links; not times.
listing() { (cd "$1" && find . \( -type f -exec sh -c 'printf "%s " "$(stat -c %a:%u:%g "$1")"; sha256sum "$1"' _ {} \; \) -o -printf '%y %m %p %l\n' | sort); }

ok 'a first install has no settings to keep' sh -c 'firmverify install one --device device --json >first.json'
ok '  and says so' python3 -c 'import json; s = json.load(open("first.json"))["settings"]
assert len(s) == 17 and not any(x["kept"] for x in s), s
assert [x["path"] for x in s if "none" in x["text"]] == [x["path"] for x in s], s'

# What a farm, and what a worm, leaves in a tree.
root=board/root
printf 'pool stratum+tcp://mine\0binary' >$root/etc/app.conf
chmod 640 $root/etc/app.conf
mkdir -p $root/etc/wifi/keys
echo psk >$root/etc/wifi/keys/one
chmod 600 $root/etc/wifi/keys/one
chmod 750 $root/etc/wifi/keys
echo 'not named' >$root/etc/wifi/keys/two
echo secret >outside/secret
ln -s "$T/outside/secret" $root/etc/link
mkfifo $root/etc/fifo
mkdir $root/etc/directory
echo worm >$root/etc/directory/worm.sh
head -c 1048577 /dev/zero >$root/etc/huge
head -c 1048576 /dev/urandom >$root/etc/full
cp $root/bin/app $root/etc/setid
chmod 6755 $root/etc/setid
rm $root/etc/current.conf
echo hijacked >$root/etc/current.conf
echo worm >$root/bin/app
echo worm >$root/boot/uImage
echo worm >$root/etc/hook.sh
ln -s "$T/outside" $root/way
echo worm >$root/etc/worm
rm $root/config
mkdir $root/config
echo worm >$root/config/app.conf
chmod 777 $root/etc/wifi # whoever is on the board may write
chmod 666 $root/etc/full
[ ! -x "$(command -v setfacl)" ] || setfacl -m u:1234:rw $root/etc/full 2>/dev/null || :
if [ "$(id -u)" -eq 0 ]; then chown 1234:4321 $root/etc/wifi/keys/one $root/etc/wifi/keys; fi
cp -a board/root infected
cp -a state state-one

ok 'an upgrade' sh -c 'firmverify install two --device device --json >kept.json'
fate() { # fate PATH KEPT WORDS
    ok "  $1: $2, $3" python3 -c 'import json, sys; path, kept, words = sys.argv[1:]
(s,) = [x for x in json.load(open("kept.json"))["settings"] if x["path"] == path]
assert s["kept"] == (kept == "kept") and words in s["text"], s' "$1" "$2" "$3"
}
fate etc/app.conf kept kept
same '    as it was' $root/etc/app.conf infected/etc/app.conf
ok '    with its mode' test "$(stat -c %a $root/etc/app.conf)" = 640
fate etc/wifi/keys/one kept kept
same '    as it was, in directories that the new tree lacks' $root/etc/wifi/keys/one infected/etc/wifi/keys/one
ok '    with their modes' test "$(stat -c %a $root/etc/wifi/keys/one $root/etc/wifi/keys | xargs)" = '600 750'
if [ "$(id -u)" -eq 0 ]; then
    ok '    and owners' test "$(stat -c %u:%g $root/etc/wifi/keys/one $root/etc/wifi/keys | xargs)" = '1234:4321 1234:4321'
else
    skip '    and owners' 'not root'
fi
fate etc/full kept kept
same '    to the last byte' $root/etc/full infected/etc/full
ok '    but for what others may write: a file' test "$(stat -c %A $root/etc/full)" = -rw-r--r--
ok '    and a directory' test "$(stat -c %a $root/etc/wifi)" = 755
if command -v getfacl >/dev/null 2>&1; then
    getfacl -cs $root/etc/full 2>/dev/null | nothing '    and no access control list comes along'
else
    skip '    access control lists' 'no getfacl here'
fi
fate etc/setid kept kept
ok '    as data: it can be neither run nor does it lend rights' test "$(stat -c %a $root/etc/setid)" = 644
fate etc/missing dropped 'has none'
fate etc/gone/missing dropped 'has none'
fate etc/link dropped 'no regular file'
fate etc/fifo dropped 'no regular file'
fate etc/directory dropped 'no regular file'
fate way/secret dropped 'through a link'
fate etc/huge dropped 'over 1 MiB'
fate etc/current.conf dropped 'of its own'
fate bin/app dropped 'of its own'
fate boot/uImage dropped 'of its own'
fate etc/hook.sh dropped 'of its own'
fate config/app.conf dropped 'of its own'
rm -rf $root/etc/wifi $root/etc/full $root/etc/setid
cp tree/etc/app.conf $root/etc/app.conf
ok 'but for these, the new tree is the signed one, to the last file' diff -r --no-dereference tree $root
same 'the raw slot is the signed one' board/uImage tree/boot/uImage
ok 'nothing of where the links led' sh -c '! grep -rq secret board/root'
ok 'the old tree is kept as it was' diff -r --no-dereference -x fifo infected board/root.previous

# A clearing upgrade.
again() { rm -rf board/root board/root.previous state && cp -a infected board/root && cp -a state-one state; }
again
ok 'a clearing upgrade' firmverify install two --device device --clear
listing $root >cleared
again
ok 'an upgrade of a board that names no settings' firmverify install two --device plain
listing $root >plain-listing
same 'a clearing one is the same, to the mode' cleared plain-listing
ok 'neither keeps anything' diff -r --no-dereference tree $root
again
ok 'in words' sh -c 'firmverify install two --device device >words'
ok '  kept' grep -q '^setting etc/app.conf: kept$' words
ok '  and passed over' grep -q '^setting etc/link: passed over: ' words

# What fails refuses the install, and the old tree stays.
again
listing board >before
ok 'no room for a setting' sh -c '! (ulimit -f 1000; trap "" XFSZ; firmverify install two --device device) 2>err && grep -q ": system: cannot write the setting etc/full" err'
listing board >after
same '  nothing has changed' before after
mv board/root board/elsewhere
ln -s elsewhere board/root
refused 'a tree that is a link' 1 system firmverify install two --device device
ok '  nothing is staged' test ! -e board/.firmseal-new-root
ok '  a clearing one asks nothing of it' firmverify install two --device device --clear
rm -rf board/elsewhere board/root.previous

# Power cuts while they are carried over: the old tree with its settings, or the new one with them.
if [ -n "${EMULATED:-}" ] || ! strace -o /dev/null true 2>/dev/null; then
    skip 'power cuts' 'strace cannot trace here'
    exit 0
fi
cuts=0 bad=0 new=0
for call in unlinkat mkdirat fchmod syncfs renameat renameat2; do
    n=1
    while :; do
        again
        status=0
        ASAN_OPTIONS=detect_leaks=0 strace -f -qq -o /dev/null -e "trace=$call" -e "inject=$call:signal=KILL:when=$n" \
            firmverify install two --device device >/dev/null 2>&1 || status=$?
        [ "$status" -eq 137 ] || break
        cuts=$((cuts + 1))
        firmverify status --device device >.log 2>&1 || bad=$((bad + 1))
        if cmp -s board/uImage tree/boot/uImage && [ "$(cat $root/etc/untouched.conf)" = default ] &&
            cmp -s $root/etc/app.conf infected/etc/app.conf && cmp -s $root/etc/full infected/etc/full &&
            [ -z "$(find board state -name '.firmseal-new*' -o -name journal)" ]; then
            if grep -q '^installed 2' .log; then new=$((new + 1)) want=tree; else want=infected; fi
            cmp -s $root/bin/app $want/bin/app || bad=$((bad + 1))
        else
            bad=$((bad + 1))
            echo "# $call $n: $(cat .log)"
        fi
        n=$((n + 1))
    done
done
if [ "$bad" -eq 0 ] && [ "$cuts" -ge 20 ] && [ "$new" -ge 2 ]; then
    pass "killed at $cuts places, and the settings are there each time"
else
    fail "killed at $cuts places" "$bad bad, $new finished"
fi

# Who only looks does not turn an install away.
again
ok 'a lock that is held for a moment is waited for' env ASAN_OPTIONS=detect_leaks=0 strace -f -qq -o /dev/null -e trace=flock -e inject=flock:error=EAGAIN:when=1..3 \
    firmverify install two --device device
refused 'one that is held on is not' 1 busy env ASAN_OPTIONS=detect_leaks=0 strace -f -qq -o /dev/null -e trace=flock -e inject=flock:error=EAGAIN:when=1+ \
    firmverify install two --device device
