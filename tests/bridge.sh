#!/bin/sh
# SPDX-License-Identifier: ISC
# Promise: boards with version 0.1 are led to the manifest's `keyring' line by a bridge release, and what 0.1 has written down of a board is read.
# The reader of 0.1 is 0.1 itself, built from the repository's history.
set -eu
. "$(dirname "$0")/lib.sh"
cd "$T"

old=b634565
git -C "$TESTS/.." cat-file -e "$old^{commit}" 2>/dev/null || { skip bridge 'the history of version 0.1 is not here'; exit 0; }
mkdir old
git -C "$TESTS/.." archive "$old" Makefile core boards verifier | tar -xf - -C old
ok 'version 0.1 builds' make -s -C old -j2 BUILD=out CFLAGS=-O0 out/firmverify
before=$T/old/out/firmverify

for key in r1 release stolen; do firmkey generate -o $key --no-password >.log 2>&1; done
firmkey keyring create -o k1 r1.pub >.log
firmkey keyring add-release k1 release.pub stolen.pub --product demo --board zynq-s9 >.log
firmkey keyring sign k1 -k r1.key >.log
firmkey keyring next k1 -o k2 >.log
firmkey keyring revoke k2 stolen.pub >.log
firmkey keyring sign k2 -k r1.key >.log

pack() { # pack NAME COUNTER OPTION...
    name=$1 counter=$2
    shift 2
    rm -rf tree
    mkdir tree
    echo "$name" >tree/name
    firmpack build tree --product demo --version "$name" --counter "$counter" --board zynq-s9 -o "$name.firm.tar" --quiet "$@"
}
device() { # device LINE...
    rm -rf state a b fw current
    mkdir state
    { printf '%s\n' 'board zynq-s9 1' 'product demo' "state $T/state" "keyring $T/k1"; printf '%s\n' "$@"; } >device
}
serial() { firmverify status --device device --json | python3 -c 'import json, sys; print(json.load(sys.stdin)["keyring"])'; }
confirmed() { firmverify status --device device --json | python3 -c 'import json, sys; print(json.load(sys.stdin)["confirmed"])'; }

# --- a board with one side ---
device "slot root dir:$T/fw"
pack first 3 --key release.key
ok '0.1 installs an image' "$before" install first.firm.tar --device device
pack plain 4 --key release.key --keyring k1 --keyring k2
refused '0.1 does not know the keyring line' 3 malformed-manifest "$before" install plain.firm.tar --device device
ok '  and this version does' firmverify check plain.firm.tar --keyring k1
refused 'another version to build for' 2 usage pack x 4 --key release.key --keyring k1 --for 0.2
cp .err said
ok '  which says what there is' grep -q 'want 0.1' said
pack bridge 4 --key release.key --keyring k1 --keyring k2 --for 0.1
ok 'the bridge release has no such line' sh -c '! tar -xOf bridge.firm.tar manifest | grep -q "^keyring"'
ok '  and brings the keyrings' sh -c 'tar -tf bridge.firm.tar | grep -qx keyring.2'
ok '  0.1 installs it' "$before" install bridge.firm.tar --device device
ok 'from there on this version runs: it knows the keyring' test "$(serial)" = 2
ok '  and the counter' test "$(confirmed)" = 4
refused '  a revoked key stays revoked' 4 revoked-key sh -c 'firmpack build tree --product demo --version s --counter 9 --board zynq-s9 \
    --key stolen.key -o s.firm.tar --quiet; firmverify install s.firm.tar --device device'
pack next 5 --key release.key --keyring k2
ok 'the next release says its keyring' sh -c 'tar -xOf next.firm.tar manifest | grep -qx "keyring 2"'
ok '  and installs' firmverify install next.firm.tar --device device
refused '0.1 would not, so the bridge cannot be left out' 3 malformed-manifest "$before" check next.firm.tar --keyring k2
rm state/keyrings
pack bare 6 --key release.key
refused 'without the keyrings nothing installs that does not bring them' 4 keyring-gap firmverify install bare.firm.tar --device device
pack stripped 6 --key stolen.key
refused '  least of all by the revoked key' 4 keyring-gap firmverify install stripped.firm.tar --device device
pack brings 6 --key release.key --keyring k1 --keyring k2
ok '  and one that brings them does' firmverify install brings.firm.tar --device device
ok '  the board is led on again' test "$(serial)" = 2

# --- a board with two sides: the floor that 0.1 wrote ---
ln -s a current
device "slot root dir:$T/a dir:$T/b" "boot link $T/current"
ln -s a current
ok '0.1 installs on two sides' "$before" install bridge.firm.tar --device device
"$before" boot-attempt --device device >.log
ok '  and confirms' "$before" confirm --device device
ok 'its floor is read' test "$(confirmed)" = 4
python3 - <<'PY'
import hashlib
body = b"counter 9223372036854775807\n"
open("state/confirmed", "wb").write(body + b"blake2b " + hashlib.blake2b(body, digest_size=32).hexdigest().encode() + b"\n")
PY
ok '  and counts as far as a signed manifest proves it' test "$(confirmed)" = 4
ok '  which is said' sh -c 'firmverify status --device device | grep -q "no kept manifest proves more than 4"'
ok '  the next image installs' firmverify install next.firm.tar --device device
firmverify boot-attempt --device device >.log
ok '  and is confirmed' firmverify confirm --device device
ok '  its manifest is the proof' test -e state/floor
ok '0.1 reads what this version wrote' "$before" status --device device
ok '  the counter, too' sh -c '"$1" status --device device | grep -q "confirmed counter 5"' sh "$before"

# --- an install of 0.1 that a power cut interrupted is finished ---
device "slot root dir:$T/fw"
"$before" install first.firm.tar --device device >.log
python3 - <<'PY'
import hashlib, os, subprocess
def put(name, body):
    open("state/" + name, "wb").write(body + b"blake2b " + hashlib.blake2b(body, digest_size=32).hexdigest().encode() + b"\n")
member = lambda name: subprocess.run(["tar", "-xOf", "bridge.firm.tar", name], capture_output=True, check=True).stdout
manifest = member("manifest")
os.mkdir(".firmseal-new-fw")
subprocess.run(["tar", "-xzf", "-", "-C", ".firmseal-new-fw"], input=member("payload.tar.gz"), check=True)
put("manifest.next", manifest)
put("manifest.minisig.next", member("manifest.minisig"))
put("journal", b"product demo\nversion bridge\ncounter 4\nmanifest %s\nswap %d %s\n" % (
    hashlib.blake2b(manifest, digest_size=32).hexdigest().encode(), os.stat(".firmseal-new-fw").st_ino, os.fsencode(os.getcwd() + "/fw")))
PY
ok 'the journal of 0.1 is finished' sh -c 'firmverify status --device device | grep -q "installed bridge"'
ok '  the new tree is in place' grep -qx bridge fw/name
