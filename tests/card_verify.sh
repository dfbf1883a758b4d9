#!/bin/sh
# SPDX-License-Identifier: ISC
# Promise: of any card in the drawer it is said which bundle it holds, who signed it, and whether every byte is still right.
set -eu
. "$(dirname "$0")/lib.sh"
need python3 minisign mmd
export MTOOLSRC=/dev/null
cd "$T"
boards=$TESTS/../boards

for key in key thief; do firmkey generate -o $key --no-password >.log 2>&1; done
mkdir -p tree/card/deep/er
head -c 150001 /dev/urandom >tree/card/BOOT.BIN
seq 3000 >tree/card/uImage
: >tree/card/empty
for i in $(seq 40); do echo "$i" >"tree/card/deep/er/a longer name $i.txt"; done
pack() { SOURCE_DATE_EPOCH=1700000000 firmpack build tree --product miner --version "$1.0" --counter "$1" --board zynq-s9:1-3 --key "${3:-key}.key" -o "$2" --quiet; }
pack 7 bundle
pack 8 newer
firmflash card bundle good.img --board zynq-s9 --pubkey key.pub --size 36M --quiet --receipt receipts

verify() { firmflash card --verify "$@" --pubkey key.pub; }
id=$(firmkey show key.pub | grep -oE '[0-9A-F]{16}' | head -n 1)
ok 'a good card is right' verify good.img
cp .out said
ok '  and tells its bundle, board and signer' grep -qF "miner 7.0, counter 7, for zynq-s9, signed by $id" said
ok '  as JSON, too' verify good.img --json --receipt receipts
cat >look.py <<'PY'
import json, sys
r = [json.loads(line) for line in open("receipts")]
made, seen = r[0], r[1]
assert made["act"] == "written" and seen["act"] == "verified" and len(r) == 2
for key in ("product", "version", "counter", "manifest_hash", "signers", "board", "size", "used", "files", "bytes"):
    assert made[key] == seen[key], key
assert made["bundle_hash"] == seen["bundle_hash"] == sys.argv[1] and made["verdict"] == "ok" and made["time"] > 1700000000
assert seen["differences"] == 0 and seen["places"] == []
PY
ok '  and the receipts of both acts agree' python3 look.py "$(python3 -c 'import hashlib; print(hashlib.blake2b(open("bundle", "rb").read(), digest_size=32).hexdigest())')"
ok 'for the board that is meant' verify good.img --board zynq-s9
refused 'not for another' 5 wrong-board verify good.img --board am335x-l3
refused 'a stranger would have to have signed it' 4 untrusted-key firmflash card --verify good.img --pubkey thief.pub

# --- what is no card ---
head -c 100000 /dev/zero >zeros
refused 'zeros' 3 not-a-bundle verify zeros
refused 'a bundle' 3 not-a-bundle verify bundle
: >nothing
refused 'nothing' 3 truncated verify nothing
python3 -c 'f = open("good.img", "rb").read(); open("unfinished.img", "wb").write(bytes(512) + f[512:])'
refused 'a card whose writing was interrupted' 3 not-a-bundle verify unfinished.img
head -c 2000000 good.img >cut.img
refused 'a card cut off' 3 truncated verify cut.img
refused 'no such card' 1 system verify none.img
mkfifo pipe
refused 'a pipe, which is not waited for' 3 not-a-bundle verify pipe
refused 'a folder' 3 not-a-bundle verify tree
mkdir profiles
sed 's/^card label .*/card label OTHER/' "$boards/zynq-s9.board" >profiles/zynq-s9.board
refused 'a card of another profile' 3 payload-mismatch verify good.img --boards profiles
cp .err said
ok '  and that is said' grep -q 'laid out by another profile' said

# --- a bit here, a bit there ---
cat >places.py <<'PY'
# What lies where, found by a reader of FAT of its own: NAME OFFSET lines.
import struct
f = open("good.img", "rb").read()
start = struct.unpack("<I", f[454:458])[0]
v = start * 512
spc, reserved = f[v + 13], struct.unpack("<H", f[v + 14:v + 16])[0]
fat = struct.unpack("<I", f[v + 36:v + 40])[0]
data = v + (reserved + 2 * fat) * 512
at = lambda c: data + (c - 2) * spc * 512
def entries(c):
    e = at(c)
    while f[e]:
        if f[e + 11] != 15:
            yield f[e:e + 11].decode(), e, struct.unpack("<H", f[e + 26:e + 28])[0], struct.unpack("<I", f[e + 28:e + 32])[0]
        e += 32
root = {n: (e, c, s) for n, e, c, s in entries(2)}
seal = {n: (e, c, s) for n, e, c, s in entries(root["FIRMSEAL   "][1])}
print("the MBR|payload-mismatch", 3)
print("the MBR|payload-mismatch", 446)
print("the gap|payload-mismatch", 256 << 10)
print("the boot sector|payload-mismatch", v + 71)
print("the reserved sectors|payload-mismatch", v + 512 + 488)
print("the reserved sectors|payload-mismatch", v + 6 * 512 + 90)
print("the first FAT|payload-mismatch", v + reserved * 512 + 40)
print("the second FAT|payload-mismatch", v + (reserved + fat) * 512 + 40)
print("the second FAT|payload-mismatch", data - 1)
print("the directory|payload-mismatch", root["UIMAGE     "][0] + 28)
print("the directory|payload-mismatch", at(root["DEEP       "][1]))
print("the file BOOT.BIN|file-hash", at(root["BOOT    BIN"][1]) + 150000)
print("the unused end of the last cluster of BOOT.BIN|payload-mismatch", at(root["BOOT    BIN"][1]) + 150001)
print("the file uImage|file-hash", at(root["UIMAGE     "][1]))
bundle = at(seal["BUNDLE~1TAR"][1])
print("the bundle|bad-signature", bundle + 512 + 30)
print("the bundle|chunk-hash", bundle + seal["BUNDLE~1TAR"][2] - 3000)
print("the bundle|trailing-data", bundle + seal["BUNDLE~1TAR"][2] - 1)
manifest = at(seal["MANIFEST   "][1])
print("-|bad-signature", manifest + 100)
PY
python3 places.py >places
ok 'there are places to spoil' test "$(wc -l <places)" -eq 18
while read -r place; do
    name=${place%%|*} rest=${place#*|}
    verdict=${rest% *} offset=${rest#* }
    cp --sparse=always good.img bad.img
    python3 -c 'import sys; f = open("bad.img", "r+b"); f.seek(int(sys.argv[1])); b = f.read(1)[0]; f.seek(-1, 1); f.write(bytes([b ^ 16]))' "$offset"
    want=3
    case $verdict in file-hash | chunk-hash | bad-signature) want=4 ;; esac
    refused "a bit in $name" $want "$verdict" verify bad.img
    cp .err said
    [ "$name" = - ] || ok '  and the place is named' grep -qF ": $name" said
done <places

# --- a computer had the card mounted, and left a folder of its own ---
cp --sparse=always good.img bad.img
ok 'a computer leaves something on a card' mmd -i bad.img@@1048576 '::/System Volume Information'
refused '  which is not what was signed any more' 3 payload-mismatch verify bad.img
cp .err said
ok '  but the files are, and that is said' grep -qF 'All files are right: a computer' said
python3 -c 'f = open("bad.img", "r+b"); f.seek(446); f.write(bytes(1))'
refused 'with the MBR changed as well' 3 payload-mismatch verify bad.img
cp .err said
ok '  that is not said' sh -c '! grep -qF "All files are right" said'

# --- a bit of the bundle that rides along, in place: whichever part it is in, the verdict is the bundle's own ---
cat >parts.py <<'PY'
# WHAT|STATUS VERDICT OFFSET lines: offsets on the card, reckoned from the members of the bundle's tar.
bundle, card = open("bundle", "rb").read(), open("good.img", "rb").read()
start = card.find(bundle)
assert start > 0 and card.find(bundle, start + 1) < 0
at, members = 0, {}
while bundle[at]:
    name, size = bundle[at:at + 100].rstrip(b"\0").decode(), int(bundle[at + 124:at + 135], 8)
    members[name] = (at, at + 512, size)
    at += 512 + (size + 511) // 512 * 512
assert list(members) == ["manifest", "manifest.minisig", "payload.tar.gz"] and len(bundle) == at + 1024
say = lambda what, status, verdict, offset: print("%s|%d %s %d" % (what, status, verdict, start + offset))
header, text, size = members["manifest"]
say("its first byte", 3, "not-a-bundle", header)
say("the mode in its first header", 3, "malformed-header", header + 105)
say("the checksum of its first header", 3, "malformed-header", header + 150)
say("the last byte of its first header", 3, "malformed-header", header + 511)
say("the manifest's first byte", 4, "bad-signature", text)
say("a hash in the manifest", 4, "bad-signature", bundle.index(b"\nchunk ", text) + 20)
say("the manifest's last byte", 4, "bad-signature", text + size - 1)
say("the padding of the manifest", 3, "malformed-header", text + size)
header, text, size = members["manifest.minisig"]
line = bundle.index(b"\n", text) + 1
say("the name of the signature's header", 3, "malformed-header", header + 9)
say("the comment of the signature", 3, "malformed-signature", text)
say("the algorithm of the signature", 3, "malformed-signature", line)
say("the key id of the signature", 3, "malformed-signature", line + 6)
alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
say("the signature itself", 4, "bad-signature", next(i for i in range(line + 30, line + 90) if bundle[i] ^ 2 in alphabet))
say("the trusted comment", 4, "bad-signature", bundle.index(b"\ntrusted comment: ") + 25)
header, text, size = members["payload.tar.gz"]
say("the size in the payload's header", 3, "malformed-header", header + 130)
say("the first chunk's first byte", 4, "chunk-hash", text)
say("the first chunk", 4, "chunk-hash", text + 1000)
say("the last chunk's last byte", 4, "chunk-hash", text + size - 1)
say("the padding of the payload", 3, "malformed-header", text + size)
say("the first byte of its end", 3, "trailing-data", at)
say("its last byte", 3, "trailing-data", len(bundle) - 1)
PY
python3 parts.py >parts
ok 'there are parts of the bundle to spoil' test "$(wc -l <parts)" -eq 21
flip() { python3 -c 'import sys; f = open(sys.argv[1], "r+b"); f.seek(int(sys.argv[2])); b = f.read(1)[0]; f.seek(-1, 1); f.write(bytes([b ^ int(sys.argv[3])]))' "$@"; }
while IFS='|' read -r what rest; do
    set -- $rest
    flip good.img "$3" 2
    refused "the bundle: $what" "$1" "$2" verify good.img
    cp .err said
    ok '  and the bundle is named' grep -qF ": the bundle: $2: " said
    flip good.img "$3" 2
done <parts
ok '  and with all of them put back the card is right' verify good.img
flip good.img "$(sed -n "s/^the first chunk|.* //p" parts)" 2
refused '  so it is as JSON' 4 chunk-hash verify good.img --json
cp .out said.json
ok '  which names the place, too' python3 -c 'import json; r = json.load(open("said.json")); assert r["verdict"] == "chunk-hash" and r["differences"] == 1 and r["places"][0]["what"].startswith("the bundle: ")'
refused '  and for the board that is meant' 4 chunk-hash verify good.img --board zynq-s9
flip good.img "$(sed -n "s/^the first chunk|.* //p" parts)" 2

# --- anywhere else: 60 bits at random, of all that is used ---
used=$(python3 -c 'import json; print(json.loads(open("receipts").readline())["used"])')
cat >flip.py <<'PY'
import os, random, subprocess, sys
used = int(sys.argv[1])
spared = []
seed = int.from_bytes(os.urandom(4), "big")
r = random.Random(seed)
f = open("good.img", "r+b")
for i in range(60):
    at, bit = r.randrange(used), 1 << r.randrange(8)
    f.seek(at); b = f.read(1)[0]; f.seek(at); f.write(bytes([b ^ bit])); f.flush()
    status = subprocess.run(["firmflash", "card", "--verify", "good.img", "--pubkey", "key.pub", "--quiet"], stderr=subprocess.DEVNULL).returncode
    f.seek(at); f.write(bytes([b])); f.flush()
    if status not in (3, 4):
        sys.exit("seed %d: byte %d, bit %d: status %d" % (seed, at, bit, status))
PY
ok '60 single bits, anywhere in what is used: each is found' python3 flip.py "$used"
ok '  and without them the card is right again' verify good.img
python3 -c 'import sys; f = open("good.img", "r+b"); f.seek(int(sys.argv[1]) + 5000); f.write(b"left over")' "$used"
ok 'what lies in unused space does not matter' verify good.img

# --- a card that was put together from two ---
firmflash card newer newer.img --board zynq-s9 --pubkey key.pub --size 36M --quiet
python3 - <<'PY'
a, b = (open(n, "rb").read() for n in ("good.img", "newer.img"))
old, new = (open(n, "rb").read() for n in ("bundle", "newer"))
assert len(old) == len(new)
i = a.find(old)
assert i > 0 and b[i:i + len(new)] == new
open("mixed.img", "wb").write(a[:i] + new + a[i + len(new):])
PY
refused "one card with another's bundle" 3 payload-mismatch verify mixed.img
ok '  the newer one is right' verify newer.img
refused 'two cards at once, one of them bad' 3 payload-mismatch verify newer.img mixed.img
