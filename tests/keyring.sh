#!/bin/sh
# SPDX-License-Identifier: ISC
# Promise: whom to trust changes only by a chain of keyrings, each signed by the roots of the one before it and its own; and what a
# keyring says of scopes, thresholds, revocations and floors holds everywhere.
set -eu
. "$(dirname "$0")/lib.sh"
need python3 minisign tar
cd "$T"

# --- each hostile case gets its word, from both programs that check bundles ---
python3 "$TESTS/forge_keyring.py" cases "$T/cases"
while read -r name status word <&3; do
    set -- "cases/$name.firm.tar" --keyring "cases/$name.ring"
    if [ "$status" -eq 0 ]; then
        ok "firmverify check, $name" firmverify check "$@"
        ok "firmpack check, $name" firmpack check "$@"
    else
        refused "firmverify check, $name" "$status" "$word" firmverify check "$@"
        refused "firmpack check, $name" "$status" "$word" firmpack check "$@"
    fi
done 3<cases/table
ok 'there were many' test "$(wc -l <cases/table)" -gt 120

# --- made by firmkey, read by the second implementation ---
forge() { python3 "$TESTS/forge_keyring.py" read "$@"; }
id_of() { firmkey show "$1.pub" | grep -oE '[0-9A-F]{16}$'; }
for key in r1 r2 r3 r4 a b; do firmkey generate -o $key --no-password >.log; done
a=$(id_of a)
ok 'a keyring is made' firmkey keyring create -o k1 --threshold 2 r1.pub r2.pub r3.pub
refused '  and never overwritten' 2 usage firmkey keyring create -o k1 r1.pub
ok '  it gets release keys' firmkey keyring add-release k1 a.pub b.pub --product demo --board 'zynq-*' --board am335x-l3
refused '  not one of them twice' 2 usage firmkey keyring add-release k1 a.pub --product demo --board 'zynq-*'
refused '  nor a root as one' 2 usage firmkey keyring add-release k1 r1.pub --product demo --board '*'
refused '  nor a product that is no name' 2 usage firmkey keyring add-release k1 a.pub --product 'de mo' --board '*'
refused '  nor a star inside' 2 usage firmkey keyring add-release k1 a.pub --product demo --board 'z*q'
refused '  more roots needed than there are' 2 usage firmkey keyring threshold k1 root 4
refused '  no threshold of 0' 2 usage firmkey keyring threshold k1 root 0
refused '  nor over 16' 2 usage firmkey keyring threshold k1 release 17
refused '  no floor that is no number' 2 usage firmkey keyring floor k1 demo high
refused '  no verb that is none' 2 usage firmkey keyring frobnicate k1
refused '  a public key for a keyring' 3 malformed-keyring firmkey keyring show a.pub
refused '  a keyring for a public key' 3 malformed-keyring firmverify check cases/good-no-chain.firm.tar --pubkey k1
refused 'unsigned, it does not verify' 4 unsigned firmkey keyring verify k1
ok 'the first root signs' firmkey keyring sign k1 -k r1.key
refused '  which is not enough' 4 threshold firmkey keyring verify k1
refused '  a release key does not' 4 untrusted-key firmkey keyring sign k1 -k a.key
mkdir elsewhere
cp k1 elsewhere
ok 'the second root signs, elsewhere' firmkey keyring sign elsewhere/k1 -k r2.key
ok '  and it is brought together' firmkey keyring sign k1 --merge elsewhere/k1.minisig
ok '  the keyring verifies' firmkey keyring verify k1
ok '  by the second implementation, too' forge k1
cp k1.minisig before
ok '  merging again changes nothing' firmkey keyring sign k1 --merge elsewhere/k1.minisig
ok '  nor does signing again' firmkey keyring sign k1 -k r2.key
ok '  the signatures are two' test "$(grep -c '^untrusted' k1.minisig)" -eq 2
refused 'what is signed is not edited' 2 usage firmkey keyring floor k1 demo 9
refused '  but followed' 2 usage firmkey keyring next k1 -o k1
ok 'the next one' firmkey keyring next k1 -o k2
ok '  revokes a key by its file' firmkey keyring revoke k2 a.pub
refused '  for good' 2 usage firmkey keyring add-release k2 a.pub --product demo --board '*'
refused '  and once' 2 usage firmkey keyring revoke k2 "$a"
refused '  but not more roots than can go' 2 usage firmkey keyring revoke k2 r1.pub r2.pub
ok '  raises a floor' firmkey keyring floor k2 demo 5
ok '  and again' firmkey keyring floor k2 demo 6
ok '  a root goes' firmkey keyring revoke k2 r1.pub
ok '  and one comes' firmkey keyring add-root k2 r4.pub
refused '  the one that goes signs with the old one beside it' 4 untrusted-key firmkey keyring sign k2 -k r1.key
ok '  so' firmkey keyring sign k2 -k r1.key --previous k1
ok '  another signs' firmkey keyring sign k2 -k r3.key
refused '  which is enough for the old, not for the new' 4 threshold firmkey keyring verify k1 k2
ok '  the new one signs' firmkey keyring sign k2 -k r4.key
ok '  the step verifies' firmkey keyring verify k1 k2
ok '  by the second implementation, too' forge k1 k2
refused '  but not backwards' 4 threshold firmkey keyring verify k2 k1
ok '  a release threshold above the keys stops a product' sh -c 'firmkey keyring next k2 -o k3 && firmkey keyring threshold k3 release 2 &&
    firmkey keyring sign k3 -k r4.key && firmkey keyring sign k3 -k r3.key && firmkey keyring verify k1 k2 k3'
refused '  a step left out' 4 keyring-gap sh -c 'cp k3 k3x && firmkey keyring sign k3x -k r3.key && firmkey keyring sign k3x -k r2.key &&
    firmkey keyring verify k1 k3x'
firmkey keyring show k2 --json >shown
ok 'show answers in JSON' python3 - "$a" "$(id_of r1)" <<'PY'
import json, sys
shown = json.load(open("shown"))
assert shown["verdict"] == "ok" and shown["serial"] == 2 and shown["root_threshold"] == 2 and len(shown["roots"]) == 3
assert sorted(shown["revoked"]) == sorted(sys.argv[1:]) and shown["floors"] == [{"product": "demo", "counter": 6}]
assert sorted({r["boards"] for r in shown["releases"]}) == ["am335x-l3", "zynq-*"] and sys.argv[1] not in [r["key"] for r in shown["releases"]]
PY
ok 'so do those that edit and sign' sh -c 'firmkey keyring create --json -o j r1.pub >j1 && firmkey keyring floor j --json demo 1 >j2 &&
    firmkey keyring sign j -k r1.key --json >j3'
ok '  in one object each' python3 -c 'import json
one, two, three = (json.load(open(name)) for name in ("j1", "j2", "j3"))
assert one["serial"] == 1 and two["floors"] == [{"product": "demo", "counter": 1}] and three["roots"] == three["root_threshold"] == 1'
refused '  and refuse in JSON' 2 usage sh -c 'firmkey keyring floor j demo 2 --json >j4'
ok '  with the verdict' python3 -c 'import json; assert json.load(open("j4"))["verdict"] == "usage"'
firmkey keyring verify k1 k3x k2 --json >shown 2>/dev/null || true
ok 'verify answers in JSON, up to the first that is wrong' python3 -c 'import json
shown = json.load(open("shown"))
assert [f["verdict"] for f in shown["files"]] == ["ok", "keyring-gap"] and shown["status"] == 4'

# --- golden files: what was made once is read, and made again to the byte ---
golden=$TESTS/golden/keyring
ok 'golden keyrings verify' firmkey keyring verify "$golden/keyring.1" "$golden/keyring.2"
ok '  by the second implementation, too' forge "$golden/keyring.1" "$golden/keyring.2"
ok '  a golden bundle checks with the first' firmverify check "$golden/golden.firm.tar" --keyring "$golden/keyring.1"
(cd "$golden" && firmkey keyring show keyring.2 --json) >shown
same '  they are shown as before' "$golden/keyring.2.json" shown
firmkey keyring next "$golden/keyring.1" -o again >.log
sed 's/^serial 1$/serial 2/' "$golden/keyring.1" >wanted
same '  and written as before' wanted again

# --- in bundles ---
mkdir tree
echo data >tree/file
build() { firmpack build tree --product demo --version 1 --board zynq-s9 "$@"; }
ok 'a bundle carries keyrings' build --counter 6 --key b.key --keyring k1 --keyring k2 -o both
tar -tf both >listed
printf '%s\n' keyring.1 keyring.1.minisig keyring.2 keyring.2.minisig manifest manifest.minisig payload.tar.gz >wanted
same '  in front' wanted listed
ok '  known from the first' firmverify check both --keyring k1
ok '  or the last' firmverify check both --keyring k2
refused '  plain keys cannot judge them' 4 keyring-gap firmverify check both --pubkey b.pub
refused '  the step is checked before' 4 unsigned sh -c 'cp k3 k9 && firmpack build tree --product demo --version 1 --counter 6 \
    --board zynq-s9 --key b.key --keyring k1 --keyring k9 -o x'
refused '  and the order' 4 threshold build --counter 6 --key b.key --keyring k2 --keyring k1 -o x
refused '  a revoked key builds nothing' 4 revoked-key build --counter 6 --key a.key --keyring k2 -o x
refused '  nor one below the floor' 5 rollback build --counter 5 --key b.key --keyring k2 -o x
refused '  nor one out of scope' 4 untrusted-key build --counter 6 --board other --key b.key --keyring k2 -o x
ok '  one that lacks a signature can be' build --counter 6 --key b.key --keyring k3 -o lacking
ok '  nothing else was written' test ! -e x
ok 'unsigned, it carries them as well' build --counter 6 --unsigned --keyring k2 -o later
firmpack detach later -o m
firmkey sign m -k b.key >.log
ok '  a signature is attached by the keyring' firmpack attach later m.minisig --keyring k2
firmkey sign m -k a.key >.log
cp later later-before
refused '  but none by a revoked key' 4 untrusted-key firmpack attach later m.minisig --keyring k2
same '  and nothing changes' later-before later
ok '  the keyrings stay' firmverify check later --keyring k1
ok 'a keyring that takes two' sh -c 'firmkey keyring create -o two r1.pub && firmkey keyring add-release two a.pub b.pub --product demo --board "*" &&
    firmkey keyring threshold two release 2'
build --counter 1 --key a.key -o half >.log
refused '  refuses what one signed' 4 threshold firmverify check half --keyring two
ok '  a second person checks it and signs' firmpack countersign half --keyring two -k b.key
ok '  and it is taken' firmverify check half --keyring two
refused '  nobody countersigns what no release key signed' 4 untrusted-key sh -c 'firmkey generate -o stranger --no-password >.log &&
    firmpack build tree --product demo --version 1 --board x --counter 1 --key stranger.key -o strange >.log &&
    firmpack countersign strange --keyring two -k b.key'
for verb in 'list both' 'inspect both' 'diff both later' 'unpack both out'; do
    # shellcheck disable=SC2086 # words
    ok "firmpack $verb takes --keyring" firmpack $verb --keyring k1
done
refused '--keyring and --pubkey' 2 usage firmverify check both --keyring k1 --pubkey b.pub
refused 'two --keyring' 2 usage firmverify check both --keyring k1 --keyring k2
ok 'inspect answers in JSON' sh -c 'firmpack inspect both --keyring k1 --json | python3 -c "import json, sys; json.load(sys.stdin)"'
ok 'firmkey verifies by a keyring' firmkey verify m --keyring k1
refused '  which may have revoked the key' 4 revoked-key firmkey verify m --keyring k2

# --- on the board ---
mkdir state fw
device() { # device KEYRING: writes the file `device'
    printf 'board zynq-s9 1\nproduct demo\nstate %s/state\nkeyring %s\nslot root dir:%s/fw/root\n' "$T" "$1" "$T" >device
}
serial() { firmverify status --device device --json | python3 -c 'import json, sys; print(json.load(sys.stdin).get("keyring"))'; }
device "$T/k1"
build --counter 3 --key a.key -o by-a
build --counter 6 --key b.key --keyring k2 -o by-b
ok 'a board begins with the keyring of its image' test "$(serial)" = 1
ok '  takes what that one allows' firmverify install by-a --device device
ok '  learns nothing where nothing is to be learned' test ! -e state/keyrings
python3 - <<'PY'
raw = bytearray(open("by-b", "rb").read())
at = raw.index(b"payload.tar.gz\0") + 512 + 20
raw[at] ^= 1
open("torn", "wb").write(raw)
PY
refused '  nor from a bundle that is not right to its end' 4 chunk-hash firmverify install torn --device device
ok '  still' test "$(serial)" = 1
ok '  it learns from one that is' firmverify install by-b --device device
ok '  and keeps it' test "$(serial)" = 2
ok '  status says so' sh -c 'firmverify status --device device | grep -qx "keyring   2"'
build --counter 9 --key a.key -o by-a-later
refused '  the revoked key is revoked from now on' 4 revoked-key firmverify install by-a-later --device device
ok '  the installed image is compared by the new keyring' firmverify audit --device device
build --counter 6 --key b.key --keyring k1 --keyring k2 -o history
ok '  a bundle with all the history is fine' firmverify install history --device device
build --counter 7 --key b.key -o plain
ok '  and so is one without' firmverify install plain --device device
ok '  which takes nothing away' test "$(serial)" = 2
build --counter 7 --key b.key --keyring k1 -o old-chain
ok '  nor does one with old keyrings only' firmverify install old-chain --device device
ok '  still' test "$(serial)" = 2
device "$T/k2"
ok 'an image that brings the newer one itself' test "$(serial)" = 2
device "$T/k1"
ok '  and one that brings the older again: nothing is undone' test "$(serial)" = 2
refused '  the revoked key stays revoked' 4 revoked-key firmverify install by-a-later --device device
cp state/keyrings kept
python3 - <<'PY'
raw = bytearray(open("state/keyrings", "rb").read())
raw[700] ^= 1
open("state/keyrings", "wb").write(raw)
PY
ok 'what is kept and damaged does not count' test "$(serial)" = 1
ok '  it is said, with the way out' sh -c 'firmverify status --device device | grep -q "keyrings is damaged.*bundle that brings keyrings from 2 on"'
ok '  no manifest says that keyring 2 was known: a bundle under keyring 1 installs' firmverify install plain --device device
python3 - <<'PY'
import hashlib
body = open("kept", "rb").read()[:-len("blake2b \n") - 64].replace(b"floor demo 6", b"floor demo 0")
open("state/keyrings", "wb").write(body + b"blake2b " + hashlib.blake2b(body, digest_size=32).hexdigest().encode() + b"\n")
PY
ok 'what was changed with its checksum does not count either' test "$(serial)" = 1
cp kept state/keyrings
firmkey keyring create -o other1 r2.pub >.log
device "$T/other1"
refused 'another keyring of the same start' 4 untrusted-key firmverify install plain --device device
rm state/keyrings
device "$T/k1"
ok 'without it, the keyring of the image counts' test "$(serial)" = 1
build --counter 7 --key b.key --keyring k2 -o by-b-later
ok '  and is led on again' firmverify install by-b-later --device device --clear
ok '  to the newest' test "$(serial)" = 2
printf 'keyring %s\n' "$T/b.pub" >>device
refused 'a keyring and a public key in the device file' 2 usage firmverify status --device device

# --- two sides: the floor is how far a person may go back ---
rm -rf state fw
mkdir state fw
ln -s a fw/current
build --counter 3 --key b.key -o old >.log
build --counter 8 --key b.key -o new >.log
firmkey keyring next k1 -o with-floor >.log
firmkey keyring floor with-floor demo 3 >.log
for key in r1 r2; do firmkey keyring sign with-floor -k $key.key >.log; done
two_sides() { # two_sides KEYRING
    printf 'board zynq-s9 1\nproduct demo\nstate %s/state\nkeyring %s\nboot link %s/fw/current\nslot root dir:%s/fw/a dir:%s/fw/b\n' "$T" "$1" "$T" "$T" "$T" >device
}
two_sides "$T/k1"
mkdir -p proc
printf 'proc %s/proc\n' "$T" >>device
run_side() { printf 'firmseal.side=%s\n' "$1" >proc/cmdline; }
run_side a
firmverify install old --device device >.log
run_side b
firmverify confirm --device device >.log
firmverify install new --device device >.log
run_side a
firmverify confirm --device device >.log
refused 'nobody goes back below the confirmed counter' 5 rollback firmverify rollback --device device
two_sides "$T/with-floor"
printf 'proc %s/proc\n' "$T" >>device
ok '  unless the keyring has a floor that allows it' firmverify rollback --device device
