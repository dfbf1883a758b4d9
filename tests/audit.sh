#!/bin/sh
# SPDX-License-Identifier: ISC
# Promise: an audit finds every difference from what was signed, and every known sign; it trusts no record, and writes nothing.
set -eu
. "$(dirname "$0")/lib.sh"
list=$(cd "$TESTS/.." && pwd)/boards/antminer.known-bad
cd "$T"

mkdir -p tree/boot tree/etc/config tree/usr/bin tree/mnt board state
printf 'kernel one' >tree/boot/uImage
head -c 300000 /dev/urandom >tree/etc/blob
printf '127.0.0.1 localhost\n' >tree/etc/hosts
printf 'pool=a\n' >tree/etc/config/miner.conf
printf 'a signed egrep' >tree/usr/bin/egrep
printf 'a program' >tree/usr/bin/tool
chmod 755 tree/usr/bin/*
ln -s blob tree/etc/link
ln -s /proc/mounts tree/etc/mtab
firmkey generate -o key --no-password 2>/dev/null >&2
firmkey generate -o stranger --no-password 2>/dev/null >&2

# build NAME VERSION COUNTER [OPTION...]
build() {
    name=$1 version=$2 counter=$3
    shift 3
    firmpack build tree --product miner --version "$version" --counter "$counter" --board zynq-s9:1-3 --chunk-size 64K \
        --write boot/uImage=kernel "$@" -o "$name" --quiet >/dev/null
}
build one 1.0 10 --key key.key
build old 0.9 9 --key key.key
build foreign 1.0 10 --key stranger.key
build extra 1.0 10 --key key.key --write etc/blob=fpga
firmpack build tree --product toaster --version 1 --counter 1 --board zynq-s9 --key key.key -o toaster --quiet >/dev/null
firmpack build tree --product miner --version 1 --counter 1 --board zynq-s17 --key key.key -o other-board --quiet >/dev/null
cat >device <<CONF
board zynq-s9 2
product miner
state $T/state
keyring $T/key.pub
slot kernel file:$T/board/uImage
slot root dir:$T/board/root
CONF
firmverify install old --device device >/dev/null
cp state/manifest old-manifest && cp state/manifest.minisig old-manifest.minisig
firmverify install one --device device >/dev/null
rm -rf board/root.previous board/uImage.previous
cp -a board clean
cp -a state clean-state
fresh() { rm -rf board state && cp -a clean board && cp -a clean-state state; }

# The findings as lines "KIND PATH", a `!' before the suspect ones, a slot as KIND slot:NAME, a sign's id behind.
cat >show.py <<'PY'
import json, sys
a = json.load(open(sys.argv[1]))
for f in a["findings"]:
    where = "slot:" + f["slot"] if "slot" in f else f["path"]
    print("%s%s %s%s" % ("!" * f["suspect"], f["kind"], where, " " + f["sign"] if "sign" in f else ""))
differences = sum(a["counts"][k] for k in "modified missing added type mode owner link attribute unreadable".split())
assert differences == a["differences"]
assert sum(a["counts"].values()) == len(a["findings"]) + a["omitted"]
assert a["status"] == (0 if a["verdict"] == "clean" else 4)
assert a["strength"] in ("weak", "strong") and a["why"]
assert (a["verdict"] == "suspect") == (a["suspect"] > 0)
assert (a["verdict"] == "clean") == (a["suspect"] == 0 and differences == 0)
PY
# finds WHAT VERDICT FINDINGS [OPTION...]: an audit ends with that verdict and exactly those findings, a line each.
finds() {
    what=$1 verdict=$2 want=$3 got=0
    shift 3
    timeout 60 firmverify audit --device device --json "$@" >a.json 2>err || got=$?
    status=4
    [ "$verdict" != clean ] || status=0
    seen=$(python3 show.py a.json 2>&1 && python3 -c 'import json; print("=", json.load(open("a.json"))["verdict"])') || :
    if [ "$got" -eq "$status" ] && [ "$seen" = "${want:+$want
}= $verdict" ]; then
        pass "$what: $verdict"
    else
        fail "$what: $verdict" "exit $got, wanted $status:" "$want" "but:" "$seen" "$(cat err)"
    fi
}
# skips WHAT PATH WORDS: the audit that ran last says of PATH, which it did not compare, a sentence with WORDS.
skips() {
    ok "$1" python3 -c 'import json, sys
assert any(s["path"] == sys.argv[1] and sys.argv[2] in s["why"] for s in json.load(open("a.json"))["not_compared"])' "$2" "$3"
}
# says EXPRESSION: it holds for the audit that ran last, a.
says() { ok "$1" python3 -c 'import json, sys; a = json.load(open("a.json")); assert eval("(" + sys.argv[1] + ")"), a' "$2"; }

# --- clean ---
finds 'what was installed' clean ''
says 'it says what it compared' 'a["product"] == "miner" and a["version"] == "1.0" and a["counter"] == 10 and len(a["signers"]) == 1 and
    a["manifest"] == "state" and a["entries"] == 14 and a["copies"] == 1 and a["bytes"] > 300000'
says 'of itself it is weak' 'a["strength"] == "weak"'
ok 'in words' sh -c 'firmverify audit --device device | grep -q "^clean: 0 differences from miner 1.0, counter 10, signed by [0-9A-F]*; 0 signs"'

# --- each kind of difference alone ---
fresh && printf x | dd of=board/root/etc/blob bs=1 seek=150000 conv=notrunc 2>/dev/null
finds 'a changed byte' modified 'modified etc/blob'
fresh && echo >>board/root/etc/blob
finds 'a byte more' modified 'modified etc/blob'
fresh && rm board/root/usr/bin/tool
finds 'a file gone' modified 'missing usr/bin/tool'
fresh && rm -r board/root/usr
finds 'a directory gone' modified 'missing usr
missing usr/bin
missing usr/bin/egrep
missing usr/bin/tool'
fresh && echo x >board/root/usr/bin/new && mkdir board/root/new && echo x >board/root/new/file
finds 'files and a directory added' modified 'added new
added new/file
added usr/bin/new'
fresh && ln -s blob board/root/etc/more
finds 'a link added' modified 'added etc/more'
fresh && chmod 777 board/root/usr/bin/tool && chmod 700 board/root/usr
finds 'modes' modified 'mode usr
mode usr/bin/tool'
fresh && ln -sfn hosts board/root/etc/link && ln -sfn /tmp/mounts board/root/etc/mtab
finds 'links that lead elsewhere' modified 'link etc/link
link etc/mtab'
fresh && rm board/root/etc/link && cp board/root/etc/blob board/root/etc/link
finds 'a file for a link' modified 'type etc/link'
fresh && mv board/root/etc/blob elsewhere && ln -s "$T/elsewhere" board/root/etc/blob
finds 'a link for a file, to the right bytes' modified 'type etc/blob'
fresh && mv board/root/usr "$T/usr-elsewhere" && ln -s "$T/usr-elsewhere" board/root/usr
finds 'a link for a directory, to the right files' modified 'type usr
missing usr/bin
missing usr/bin/egrep
missing usr/bin/tool'
fresh && rm board/root/etc/blob && mkfifo board/root/etc/blob && mkfifo board/root/fifo
finds 'FIFOs, which are not opened' modified 'type etc/blob
added fifo'
if [ "$(id -u)" -eq 0 ]; then
    fresh && chown 1000:1000 board/root/usr/bin/tool && chown -h 1000 board/root/etc/link
    finds 'owners' modified 'owner etc/link
owner usr/bin/tool'
    if mknod dev-probe c 1 3 2>/dev/null && rm dev-probe; then
        fresh && rm board/root/etc/blob && mknod board/root/etc/blob c 1 3
        finds 'a device for a file' modified 'type etc/blob'
    fi
    if setcap cap_setuid+ep "$T/clean/root/usr/bin/tool" 2>/dev/null; then
        setcap -r "$T/clean/root/usr/bin/tool"
        fresh && setcap cap_setuid+ep board/root/usr/bin/tool
        finds 'capabilities' suspect '!mode usr/bin/tool'
        fresh && cp board/root/usr/bin/tool board/root/usr/bin/suid && setcap cap_setuid+ep board/root/usr/bin/suid
        finds 'an added file with capabilities' suspect '!added usr/bin/suid'
    else
        skip 'capabilities' 'none can be set here'
    fi
else
    skip 'owners, devices, capabilities' 'needs root'
fi

# --- what looks like an infection by itself ---
fresh && echo /lib/evil.so >board/root/etc/ld.so.preload
finds 'an ld.so.preload' suspect '!added etc/ld.so.preload'
fresh && mkdir board/root/etc/init.d board/root/root board/root/root/.ssh && echo x >board/root/etc/init.d/S99x && echo x >board/root/root/.ssh/authorized_keys
finds 'what starts by itself, and who may log in' suspect 'added etc/init.d
!added etc/init.d/S99x
added root
added root/.ssh
!added root/.ssh/authorized_keys'
fresh && echo x >board/root/usr/bin/suid && chmod 4755 board/root/usr/bin/suid && chmod 4755 board/root/usr/bin/tool
finds 'set-id bits' suspect '!added usr/bin/suid
!mode usr/bin/tool'

# --- access control lists and other extended attributes: no bundle has any ---
if command -v setfacl >/dev/null 2>&1 && setfacl -m u:1234:r clean/root/etc/hosts 2>/dev/null && setfacl -b clean/root/etc/hosts; then
    fresh && setfacl -m u:1234:rw,m::r board/root/etc/hosts # the mode stays as it was signed
    finds 'a list of who may write a file' modified 'attribute etc/hosts'
    says '  it is named' 'any("access control list" in f["detail"] for f in a["findings"])'
    fresh && setfacl -m u:1234:rwx,m::rx board/root/usr/bin
    finds 'one of a directory' modified 'attribute usr/bin'
    fresh && setfacl -d -m u:1234:rwx board/root/usr/bin
    finds 'one for what is made there' modified 'attribute usr/bin'
    fresh && setfacl -d -m u:1234:rwx board/root
    finds 'one of the tree itself' modified 'attribute '
    fresh && setfacl -m u:1234:rw,m::r board/root/etc/config/miner.conf
    finds 'one of a setting, which no upgrade gives it' modified 'attribute etc/config/miner.conf' --setting etc/config/miner.conf
    # An install gives nobody what the folder would hand on.
    fresh && setfacl -d -m u:1234:rwx board && rm -r board/root && firmverify install one --device device >/dev/null
    getfacl -Rcs board/root board/uImage 2>/dev/null | nothing 'a new tree and file have no list of their folder'
    finds '  and are clean' clean ''
else
    skip 'access control lists' 'none can be set here'
fi
if command -v setfattr >/dev/null 2>&1 && setfattr -n user.x clean/root/etc/hosts 2>/dev/null && setfattr -x user.x clean/root/etc/hosts; then
    fresh && setfattr -n user.pool -v 'stratum+tcp://worm' board/root/etc/hosts
    finds 'an attribute of a file' modified 'attribute etc/hosts'
    says '  it is named' 'any("user.pool" in f["detail"] for f in a["findings"])'
    fresh && setfattr -n user.pool -v x board/root/etc
    finds 'one of a directory' modified 'attribute etc'
    fresh && echo >>board/root/etc/blob && setfattr -n user.pool -v x board/root/etc/blob
    finds 'one of a file that was changed, too' modified 'modified etc/blob
attribute etc/blob'
    if setfattr -h -n trusted.x -v x board/root/usr/bin/egrep 2>/dev/null; then
        fresh && setfattr -h -n trusted.x -v x board/root/usr/bin/egrep
        finds 'one of a link, for root alone' modified 'attribute usr/bin/egrep'
        fresh && setfattr -n trusted.x -v x board/root/etc/hosts
        finds 'one of a file, for root alone' modified 'attribute etc/hosts'
        fresh && setfattr -n security.selinux -v system_u:object_r:bin_t:s0 board/root/etc/hosts 2>/dev/null || :
        finds 'a label of the running policy is passed over' clean ''
        if fresh && setfattr -n security.evm -v x board/root/etc/hosts 2>/dev/null; then
            finds '  no other attribute of security' modified 'attribute etc/hosts'
        fi
    else
        skip 'attributes for root alone' 'none can be set here'
    fi
else
    skip 'extended attributes' 'none can be set here'
fi

# --- what cannot be read must not pass for a match ---
fresh && chmod 000 board/root/etc/blob && chmod 000 board/root/usr
cat >reader.sh <<'SH'
exec firmverify audit --root "$T/board/root" --bundle "$T/one" --pubkey "$T/key.pub" --json
SH
unprivileged() {
    if [ "$(id -u)" -ne 0 ]; then sh "$@"; else setpriv --reuid 65534 --regid 65534 --clear-groups sh "$@"; fi
}
chmod 711 "$T"
if unprivileged -c true 2>/dev/null && unprivileged -c 'command -v firmverify && test -r "$T/one"' >/dev/null 2>&1; then
    unprivileged reader.sh >a.json 2>err || :
    python3 show.py a.json >seen
    printf 'mode etc/blob\nunreadable etc/blob\nmode usr\nunreadable usr\nunreadable usr/bin\nunreadable usr/bin/egrep\nunreadable usr/bin/tool\n' >want
    same 'what one may not read is unreadable, not as signed' seen want
    says 'owners are not compared, and it says so' 'a["owners"] is False and a["verdict"] == "modified"'
else
    skip 'unreadable files' 'cannot become another user here'
fi

# --- raw copies ---
fresh && printf 'kernel two' >board/uImage
finds 'a raw copy with other bytes' modified 'modified slot:kernel'
fresh && printf 'kernel' >board/uImage
finds 'a raw copy cut short' modified 'modified slot:kernel'
fresh && rm board/uImage
finds 'a raw copy gone' modified 'missing slot:kernel'
fresh && rm board/uImage && mkfifo board/uImage
finds 'a FIFO for a raw copy' modified 'modified slot:kernel'
fresh
finds 'a slot that this board does not have' modified 'missing slot:fpga' --bundle extra
sed "s|^slot kernel.*|&\nslot spare file:$T/board/spare|" device >more-slots
ok 'a slot that the image does not write is named' sh -c \
    'firmverify audit --device more-slots --json >a.json'
skips 'as not compared' "file:$T/board/spare" 'nothing for this slot'
echo x >board/root.previous && echo x >board/uImage.previous && mkdir board/.firmseal-new-root
finds 'what earlier installs left is no difference' clean ''
skips 'the tree before' "$T/board/root.previous" 'image before'
skips 'the raw copy before' "$T/board/uImage.previous" 'image before'
skips 'what was staged' "$T/board/.firmseal-new-root" 'did not end'

# --- no record is believed ---
# seal FILE: gives a state file a fresh checksum line, as whoever took the board over would.
seal() {
    python3 - "$1" <<'PY'
import hashlib, sys
body = open(sys.argv[1], "rb").read().rsplit(b"blake2b ", 1)[0]
open(sys.argv[1], "wb").write(body + b"blake2b " + hashlib.blake2b(body, digest_size=32).hexdigest().encode() + b"\n")
PY
}
audit() { firmverify audit --device device "$@"; }
fresh && echo x >>board/root/etc/hosts && sed -i "s|^file 0644 0 0 [0-9]* [0-9a-f]* etc/hosts|file 0644 0 0 21 $(printf '127.0.0.1 localhost\nx\n' | b2sum -l 256 | cut -d' ' -f1) etc/hosts|" state/manifest
refused 'a manifest that was tampered with' 1 system audit
seal state/manifest
refused 'one with a checksum that fits' 4 bad-signature audit
fresh && sed -i '$d' state/manifest.minisig && tar xOf foreign manifest.minisig >state/manifest.minisig && echo 'blake2b ' >>state/manifest.minisig && seal state/manifest.minisig
refused 'signed by a stranger' 4 untrusted-key audit
fresh && rm state/manifest.minisig
refused 'no signature' 4 unsigned audit
fresh && : >state/manifest.minisig && echo 'blake2b ' >state/manifest.minisig && seal state/manifest.minisig
refused 'an empty signature' 4 unsigned audit
fresh && cp old-manifest state/manifest && cp old-manifest.minisig state/manifest.minisig
refused 'an older manifest, well signed' 4 file-hash audit
fresh && rm -rf state/*
refused 'nothing installed' 2 usage audit
fresh
refused 'another key' 4 untrusted-key audit --pubkey stranger.pub
rm -rf state
refused 'no state directory' 1 system audit
fresh && echo x >state/journal
refused 'an install that waits to be finished' 1 busy audit
fresh
python3 - state/lock <<'PY' &
import fcntl, os, sys
f = open(sys.argv[1])
fcntl.flock(f, fcntl.LOCK_EX)
open("held", "w").close()
open("let-go").read()
PY
holder=$!
children="$children $holder"
mkfifo let-go
python3 -c '
import os, sys, time
end = time.monotonic() + 10
while not os.path.exists("held") and time.monotonic() < end: time.sleep(0.01)'
refused 'an install under way' 1 busy audit
: >let-go
wait "$holder"

# --- against a bundle ---
fresh
finds 'the bundle itself' clean '' --bundle one
says 'it says so' 'a["manifest"] == "bundle"'
finds 'the bundle on standard input' clean '' --bundle - <one
rm -rf state && mkdir state
finds 'a board that keeps no manifest' clean '' --bundle one
fresh
printf 'another kernel' >tree/boot/uImage
build two 2.0 11 --key key.key
finds 'another bundle' modified 'modified boot/uImage
modified slot:kernel' --bundle two
refused "a stranger's bundle" 4 untrusted-key audit --bundle foreign
refused 'a bundle for another product' 5 wrong-product audit --bundle toaster
refused 'a bundle for another board' 5 wrong-board audit --bundle other-board
refused 'no bundle' 3 not-a-bundle audit --bundle device
refused 'a bundle that is not there' 1 system audit --bundle nowhere
python3 - <<'PY'
b = bytearray(open("one", "rb").read())
i = b.index(b"etc/blob")
b[i] ^= 1
open("tampered", "wb").write(b)
PY
refused 'a bundle whose manifest was tampered with' 4 bad-signature audit --bundle tampered
refused 'a bundle and a state directory' 2 usage audit --bundle one --state state

# --- another root ---
cp -a board/root copy && echo x >copy/etc/extra
finds 'another root' modified 'added etc/extra' --root copy
finds 'the installed tree, named' clean '' --root board/root
says 'is no stronger for it' 'a["strength"] == "weak"'
refused 'a root that is not there' 1 system audit --root nowhere
refused 'a root that is a file' 1 system audit --root one
ok 'without a device file' sh -c '! firmverify audit --root copy --bundle one --pubkey key.pub --json >a.json; python3 show.py a.json | grep -qx "added etc/extra"'
ok 'with the records of that root' sh -c '! firmverify audit --root copy --state state --pubkey key.pub --json >a.json; python3 show.py a.json | grep -qx "added etc/extra"'
mv board/root installed-tree && ln -s "$T/copy" board/root
refused 'a link for the installed tree' 1 system audit
fresh
if [ -d /dev/shm ] && [ "$(stat -c %d /dev/shm)" != "$(stat -c %d /)" ] && other=$(mktemp -d /dev/shm/firmseal-test.XXXXXX 2>/dev/null); then
    cp -a board/root "$other/root"
    finds 'a root on another file system' clean '' --root "$other/root"
    says 'is strong' 'a["strength"] == "strong"'
    sed "s|$T/board/root|$other/root|" device >there
    ok 'but not when it is the installed one' sh -c "firmverify audit --device there --root $other/root --json >a.json"
    says 'for then it is weak' 'a["strength"] == "weak"'
    rm -rf "$other"
else
    skip 'a root on another file system' 'there is none here'
fi
if [ "$(id -u)" -eq 0 ] && unshare -m true 2>/dev/null; then
    ok 'a mount on an empty directory' unshare -m sh -c 'mount -t tmpfs none board/root/mnt && touch board/root/mnt/x && firmverify audit --device device --json >a.json'
    skips 'it is named' mnt 'mounted here'
    unshare -m sh -c 'mount -t tmpfs none board/root/usr/bin && cp clean/root/usr/bin/tool board/root/usr/bin/ && firmverify audit --device device --json >a.json' || :
    python3 show.py a.json >seen
    printf 'missing usr/bin/egrep\nunreadable usr/bin/tool\n' >want
    same 'what a mount hides is not taken for compared' seen want
else
    skip 'mounts' 'cannot mount here'
fi
sed "s|$T/state|$T/board/root/var/firmseal|" device >inside
mkdir -p board/root/var && cp -a state board/root/var/firmseal && echo x >board/root/var/firmseal/program && chmod 755 board/root/var/firmseal/program
firmverify audit --device inside --json >a.json || :
python3 show.py a.json >seen
printf 'added var\nadded var/firmseal/program\n' >want
same 'records that lie in the tree are known, a program among them is not one' seen want
skips 'they are named' var/firmseal/manifest "firmseal's own"
# hides WHAT NAME: a file of that name in the state directory, as the command before made it, is not taken for a record.
hides() {
    firmverify audit --device inside --json >a.json || :
    python3 show.py a.json >seen
    printf 'added var\nadded var/firmseal/%s\n' "$2" >want
    same "$1" seen want
    rm -rf board/root/var/firmseal && cp -a state board/root/var/firmseal
}
own=board/root/var/firmseal
rm -rf $own && cp -a state $own
echo payload >$own/pools
hides 'a plain file among the records is not one' pools
echo payload >$own/pools && seal $own/pools
hides '  nor with a checksum' pools
echo payload >$own/lock
hides '  nor a lock with something in it' lock
echo payload >$own/running
hides '  nor a record without its checksum' running
{ head -c 4096 /dev/urandom; echo 'blake2b '; } >$own/confirmed && seal $own/confirmed
hides '  nor one that is longer than its kind' confirmed
cp $own/manifest $own/manifest.b.old
hides '  nor a name that no record has' manifest.b.old
cp $own/manifest $own/.firmseal-new-1-0
hides '  nor what an interrupted write would leave' .firmseal-new-1-0
mv $own/manifest $own/kept && ln -s kept $own/running && mv $own/kept $own/manifest
hides '  nor a link by the name of one' running
chmod 666 $own/installed
hides '  nor one that everybody may write' installed
firmverify audit --device inside --json >a.json || :
python3 show.py a.json >seen
echo 'added var' >want
same 'without any of these, the records are known' seen want
sed 's/^settings.*//' inside >marked && echo "boot marker file:$T/board/root/var/firmseal/side" >>marked
head -c 16 /dev/zero >$own/side
firmverify audit --device marked --json >a.json || :
python3 show.py a.json >seen
same '  and so is the boot marker' seen want
echo 'something else' >$own/side
firmverify audit --device marked --json >a.json || :
python3 show.py a.json >seen
printf 'added var\nadded var/firmseal/side\n' >want
same '  but nothing else in its place' seen want

# --- settings ---
fresh && echo 'pool=b' >board/root/etc/config/miner.conf && echo x >board/root/etc/config/network.conf && rm board/root/etc/hosts
finds 'settings may differ' clean 'setting etc/config/miner.conf
setting etc/config/network.conf
setting etc/hosts' --setting etc/config --setting etc/hosts
cp device device.plain && echo 'settings etc/config/miner.conf' >>device
finds 'what the device file calls a setting, too' modified 'setting etc/config/miner.conf
added etc/config/network.conf
missing etc/hosts'
mv device.plain device
ln -s x board/root/etc/config/link && chmod 4755 board/root/etc/config/network.conf && rm board/root/etc/config/miner.conf && mkfifo board/root/etc/config/miner.conf
finds 'but not in everything' suspect 'setting etc/config/link
type etc/config/miner.conf
!added etc/config/network.conf
setting etc/hosts' --setting etc/config --setting etc/hosts
refused 'a setting that is no path in the tree' 2 usage audit --setting ../etc

# --- known infections: every rule that ships ---
# sign WHAT ID KIND COMMAND: on a fresh board COMMAND, run in the root, leads to that sign.
sign() {
    fresh
    (cd board/root && eval "$4")
    timeout 60 firmverify audit --device device --json --known-bad "$list" --setting config >a.json 2>err || :
    if python3 show.py a.json | grep -qx -- "$3 [^ ]* $2"; then pass "$1: $2"; else fail "$1: $2" "$(cat a.json err)"; fi
}
fresh
finds 'what was installed has none of the signs that ship' clean '' --known-bad "$list"
sign 'a preloaded library' ld-so-preload '!sign' 'echo /lib/x.so >etc/ld.so.preload'
for dropped in $(sed -n '/^sign dropped-files/,/^$/s/^exists //p' "$list"); do
    sign "a dropped file, $dropped" dropped-files '!sign' "mkdir -p $(dirname "$dropped") && echo bad >$dropped"
done
sign 'a shadow file in nvdata' nvdata-shadow '!sign' 'mkdir nvdata && : >nvdata/.shadow'
sign 'a known host' hosts-redirect '!sign' 'echo "10.0.0.1 pool BITMSFSER.info" >>etc/hosts'
sign 'a large ntpd' large-ntpd '!sign' 'head -c 500001 /dev/zero >usr/bin/ntpd'
sign 'a command in the network settings' network-conf-code '!sign' 'mkdir config && echo "hostname=a\$(reboot)" >config/network.conf'
sign 'another' network-conf-code '!sign' 'mkdir config && echo "hostname=a\`reboot\`" >config/network.conf'
sign 'the default password' default-password 'weakness' 'mkdir config && echo "root:antMiner Configuration:23c2a2d78c0d20ec069097d7d20c4392" >config/lighttpd-htdigest.user'
ok 'a weakness alone is no infection' sh -c 'python3 -c "import json; assert json.load(open(\"a.json\"))[\"suspect\"] == 0"'
fresh && mkdir board/root/config && echo 'hostname=miner-7' >board/root/config/network.conf && head -c 500000 /dev/zero >board/root/usr/bin/ntpd
finds 'their harmless neighbours' modified 'setting config
setting config/network.conf
added usr/bin/ntpd' --known-bad "$list" --setting config

cat >rules <<RULES
firmseal-known-bad 1
sign genuine infection not the file that it should be
hash-not usr/bin/tool blake2b $(b2sum -l 256 <tree/usr/bin/tool | cut -d' ' -f1)
sign known infection a known bad file
hash usr/bin/other blake2b $(printf bad | b2sum -l 256 | cut -d' ' -f1)
sign late infection a text behind the first buffer
contains etc/blob NEEDLE
sign shell weakness a shell in a signed file
contains etc/hosts localhost
RULES
fresh
finds 'what was signed is no infection, but may be weak' clean 'weakness etc/hosts shell' --known-bad rules
printf 'a pr0gram' >board/root/usr/bin/tool && printf bad >board/root/usr/bin/other
printf NEEDLE | dd of=board/root/etc/blob bs=1 seek=131069 conv=notrunc 2>/dev/null
finds 'hashes, and a text across two reads' suspect 'modified etc/blob
!sign etc/blob late
weakness etc/hosts shell
added usr/bin/other
!sign usr/bin/other known
modified usr/bin/tool
!sign usr/bin/tool genuine' --known-bad rules
fresh && mkdir -p elsewhere-config && ln -s "$T/elsewhere-config" board/root/config && echo '$(x)' >elsewhere-config/network.conf
finds 'signs are not looked for through links' modified 'added config' --known-bad "$list"
skips 'and it is said' config/network.conf 'stands in the way'
fresh && mkdir board/root/config && truncate -s 65M board/root/config/network.conf
finds 'a file too large to be looked through' modified 'setting config
unreadable config/network.conf
setting config/network.conf' --known-bad "$list" --setting config
refused 'a list that is not one' 2 usage audit --known-bad device
refused 'a list that is not there' 1 system audit --known-bad nowhere

# --- hostile names, and very many of them ---
fresh
python3 - <<'PY'
import os
for name in (b"new\nline", b"esc\x1b[2J", b"\xff\xfe", b'quote"\\', b"a" * 255):
    open(b"board/root/" + name, "w").close()
PY
got=0
firmverify audit --device device >text 2>err || got=$?
ok 'hostile names do not reach the terminal' sh -c "[ $got -eq 4 ] && ! LC_ALL=C grep -q '[^ -~]' text && grep -q 'new\\\\x0aline' text"
firmverify audit --device device --json >a.json || :
ok 'in JSON they are spelled as in a manifest' sh -c 'python3 show.py a.json >seen && grep -qx "added new%0Aline" seen && grep -qx "added %FF%FE" seen'
fresh
python3 - <<'PY'
import os
at = "board/root/deep"
os.mkdir(at)
os.chdir(at)
for _ in range(300):
    os.mkdir("d")
    os.chdir("d")
PY
firmverify audit --device device --json >a.json || :
ok 'what is deeper than an image can be is named' python3 -c 'import json
assert any("deeper" in s["why"] for s in json.load(open("a.json"))["not_compared"])'
fresh
python3 - <<'PY'
import os
for i in range(20000):
    open("board/root/etc/junk%05d" % i, "w").close()
PY
echo x >board/root/etc/ld.so.preload
firmverify audit --device device --known-bad "$list" --json >a.json || :
says 'junk is counted, and hides no sign' 'a["counts"]["added"] == 20001 and a["omitted"] > 0 and any(f["kind"] == "sign" for f in a["findings"]) and a["verdict"] == "suspect"'
ok 'people are not flooded' sh -c '! firmverify audit --device device >text; [ "$(wc -l <text)" -lt 60 ] && grep -q "more (--json lists them)" text'

# --- 10,000 files, each opened and read once; nothing written ---
rm -rf tree board state && mkdir -p tree board state
python3 - <<'PY'
import os
for d in range(100):
    os.mkdir("tree/d%02d" % d)
    for f in range(100):
        with open("tree/d%02d/f%02d" % (d, f), "w") as out:
            out.write("%d %d\n" % (d, f) if d else "the same\n")
PY
firmpack build tree --product miner --version 1 --counter 1 --board zynq-s9 --key key.key -o many --quiet >/dev/null
firmverify install many --device device >/dev/null
finds '10,000 files' clean ''
says 'all of them' 'a["entries"] == 10100'
for f in $(seq 1 50); do ln -f board/root/d00/f00 "board/root/d00/f$(printf %02d "$f")"; done
printf 'x' >>board/root/d77/f33
finds 'one of 10,000 changed, and 51 hard-linked' modified 'modified d77/f33'
if [ -z "${EMULATED:-}" ] && strace -o /dev/null true 2>/dev/null; then
    cat >"$T/rules" <<RULES
firmseal-known-bad 1
sign a infection words
contains d05/f05 x
hash d05/f05 blake2b $(: | b2sum -l 256 | cut -d' ' -f1)
RULES
    ASAN_OPTIONS=detect_leaks=0 strace -ff -y -qq -o calls -e trace=openat,open,read,pread64,write,unlink,unlinkat,rename,renameat,renameat2,mkdirat \
        firmverify audit --device device --known-bad rules --json >a.json 2>err || :
    python3 - "$T" >counted <<'PY'
import glob, re, sys
opened, read, wrote = {}, {}, []
root = sys.argv[1] + "/board/root/"
for line in (line for name in glob.glob("calls.*") for line in open(name, errors="replace")):
    if "/tmp/tsan." in line: # a file that ThreadSanitizer itself makes when it starts
        continue
    if "/dev/null" not in line and re.search(r"O_(WRONLY|RDWR|CREAT)|(unlink|rename|mkdir)\w*\(", line) or (" write(" in line and root in line):
        wrote.append(line)
    m = re.search(r"openat?\(.*\) = \d+<(.*)>$", line)
    if m and m.group(1).startswith(root) and "O_DIRECTORY" not in line:
        opened[m.group(1)] = opened.get(m.group(1), 0) + 1
    m = re.search(r"(?:p?read(?:64)?)\(\d+<(.*?)>,.*\) = (\d+)$", line)
    if m and m.group(1).startswith(root) and int(m.group(2)) > 0:
        read[m.group(1)] = read.get(m.group(1), 0) + 1
print(len(opened), max(opened.values()), len(read), max(read.values()), len(wrote))
PY
    echo '9949 1 9949 1 0' >want # 10,000 less 50 further names of one file, and less the one whose size is wrong
    same 'each file is opened once and read once, a hard-linked one under one name; nothing is written' counted want
else
    skip 'each file is read once' 'strace cannot trace here'
fi
