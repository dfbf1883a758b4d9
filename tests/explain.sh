#!/bin/sh
# SPDX-License-Identifier: ISC
# Promise: why a board takes a bundle or refuses it is told step by step, and the answer is the board's own.
set -eu
. "$(dirname "$0")/lib.sh"
need python3
cd "$T"

mkdir tree
seq 200000 >tree/numbers
echo '{}' >note.json
for key in a b c; do firmkey generate -o $key --no-password >.log 2>&1; done
build() { firmpack build tree --product p --version 1.0 --counter 7 --board zynq-s9:1-3 --attach note.json -o "$@" --quiet; }
build x --key a.key
explain() { firmpack explain "$@"; }
line() { sed -n 2p "$1.pub"; }

# says STEP WORD: the last explanation has that word for the step
says() {
    got=$(sed -n "s/^$1 *\\(not reached\\|[a-z-]*\\).*/\\1/p" said)
    if [ "$got" = "$2" ]; then pass "    $1: $2"; else fail "    $1: $2" "$(cat said)"; fi
}
# agree WHAT STATUS VERDICT BUNDLE OPTION...: explain and firmverify check say the same; the explanation is in `said'
agree() {
    what=$1 status=$2 word=$3 bundle=$4
    shift 4
    if [ "$word" = ok ]; then
        ok "$what: taken" explain "$bundle" "$@"
        cp .out said
        ok '  by the board, too' firmverify check "$bundle" "$@"
    else
        refused "$what" "$status" "$word" explain "$bundle" "$@"
        cp .out said
        refused '  by the board, too' "$status" "$word" firmverify check "$bundle" "$@"
    fi
}

agree 'the right board' 0 ok x --pubkey a.pub --board zynq-s9:2 --product p --counter 7
for step in keys keyrings signature manifest scope serial floor product board counter payload rest; do says $step ok; done
ok '  in a word at its end' grep -qx 'x: the board takes it' said
agree 'without a revision' 0 ok x --pubkey a.pub --board zynq-s9
agree 'another board' 5 wrong-board x --pubkey a.pub --board am335x-l3:1 --product p
says board wrong-board
says payload ok
agree 'another revision' 5 wrong-board x --pubkey a.pub --board zynq-s9:4
agree 'another product, an older counter' 5 wrong-product x --pubkey a.pub --board zynq-s9:2 --product q --counter 8
says product wrong-product
says board ok
says counter rollback
agree 'an older counter' 5 rollback x --pubkey a.pub --board zynq-s9:2 --counter 8
agree 'a stranger' 4 untrusted-key x --pubkey b.pub --board zynq-s9:2
says signature untrusted-key
says manifest 'not reached'
says rest 'not reached'
build u --unsigned
agree 'unsigned' 4 unsigned u --pubkey a.pub --board zynq-s9:2
echo 'not a bundle at all' >text
agree 'something else' 3 not-a-bundle text --pubkey a.pub --board zynq-s9:2
python3 - <<'PY'
b = open("x", "rb").read()
i = b.index(b"payload.tar.gz\0")
def put(name, at, bit=1):
    c = bytearray(b); c[at] ^= bit; open(name, "wb").write(c)
put("manifest", b.index(b"version 1.0"))
put("chunk", i + 512 + 5000)
put("attached", b.index(b"note.json\0", i) + 512)
open("cut", "wb").write(b[:i + 5000])
open("cut-behind", "wb").write(b[:-600])
open("longer", "wb").write(b + b"\0")
PY
agree 'a changed manifest' 4 bad-signature manifest --pubkey a.pub --board zynq-s9:2
agree 'a changed chunk' 4 chunk-hash chunk --pubkey a.pub --board zynq-s9:2
says counter ok
says payload chunk-hash
says rest 'not reached'
agree 'a changed attachment' 4 attachment-hash attached --pubkey a.pub --board zynq-s9:2
says payload ok
says rest attachment-hash
agree 'cut off in the payload' 3 truncated cut --pubkey a.pub --board zynq-s9:2
says payload truncated
agree 'cut off behind it' 3 truncated cut-behind --pubkey a.pub --board zynq-s9:2
says rest truncated
agree 'a byte too many' 3 trailing-data longer --pubkey a.pub --board zynq-s9:2

# --- with a keyring ---
ring() { # ring THRESHOLD LINE...: a keyring whose root is c
    printf 'firmseal-keyring 1\nserial 3\nthreshold root 1\nroot %s\nthreshold release %s\n' "$(line c)" "$1"
    shift
    for text; do echo "$text"; done
}
ring 1 "release $(line a) p zynq-*" >ring
agree 'a keyring' 0 ok x --keyring ring --board zynq-s9:2
says scope ok
ok '  which is named' grep -q 'keyring 3' said
ring 1 "release $(line a) p am335x-*" >ring
agree 'a key for other boards' 4 untrusted-key x --keyring ring --board zynq-s9:2
says signature ok
says scope untrusted-key
says board ok
says payload 'not reached'
ring 2 "$(printf '%s\n' "release $(line a) p *" "release $(line b) p *" | LC_ALL=C sort)" >ring
agree 'one signature of two' 4 threshold x --keyring ring --board zynq-s9:2
says scope threshold
firmpack countersign x --pubkey a.pub -k b.key -o both >.log
agree '  both' 0 ok both --keyring ring --board zynq-s9:2
ring 1 "release $(line a) p *" 'floor p 9' >ring
agree 'below the floor' 5 rollback x --keyring ring --board zynq-s9:2
says floor rollback
id=$(firmkey show a.pub | grep -oE '[0-9A-F]{16}')
ring 1 "release $(line b) p *" "revoked $id" >ring
agree 'a revoked key' 4 revoked-key x --keyring ring --board zynq-s9:2
says signature revoked-key

# --- as JSON ---
firmpack explain chunk --pubkey a.pub --board zynq-s9:9 --json >json 2>.log || :
ok 'as JSON' python3 -c '
import json
j = json.load(open("json"))
steps = {s["step"]: s.get("verdict") for s in j["steps"]}
assert j["verdict"] == "wrong-board" and j["status"] == 5, j
assert steps == {"keys": "ok", "keyrings": "ok", "signature": "ok", "manifest": "ok", "scope": "ok", "serial": "ok", "floor": "ok", "product": "ok",
                 "board": "wrong-board", "counter": "ok", "payload": "chunk-hash", "rest": None}, steps'
refused 'no board' 2 usage explain x --pubkey a.pub
refused 'no key' 2 usage explain x --board b
refused 'a pipe' 2 usage sh -c 'cat x | firmpack explain - --pubkey a.pub --board b'
