#!/bin/sh
# SPDX-License-Identifier: ISC
# Promise: a bundle can be signed where it is not: its manifest travels, a signature comes back, and no byte besides changes.
set -eu
. "$(dirname "$0")/lib.sh"
need python3 minisign tar
cd "$T"

mkdir -p tree/etc
seq 50000 >tree/etc/numbers
echo '{}' >sbom.json
for key in a b c; do firmkey generate -o $key --no-password >.log 2>&1; done
SOURCE_DATE_EPOCH=1700000000
export SOURCE_DATE_EPOCH
build() { firmpack build tree --product p --version 1.0 --counter 7 --board zynq-s9 --attach sbom.json -o "$@"; }
build at-once --key a.key >.log
build x --unsigned >said

# --- unsigned is refused by all ---
ok 'an unsigned bundle says so' grep -q 'not signed yet' said
refused 'firmverify check' 4 unsigned firmverify check x --pubkey a.pub
refused 'firmpack check' 4 unsigned firmpack check x --pubkey a.pub
refused 'firmpack inspect with a key' 4 unsigned firmpack inspect x --pubkey a.pub
ok 'firmpack inspect without one' firmpack inspect x
refused '--unsigned and --key' 2 usage build y --unsigned --key a.key
refused 'neither' 2 usage build y

# --- the air gap ---
ok 'the manifest is detached' firmpack detach x -o to-sign
tar -xOf x manifest >manifest
same '  as it stands in the bundle' manifest to-sign
ok '  without signatures, since there are none' test ! -e to-sign.minisig
ok 'it is signed elsewhere' firmkey sign to-sign -k a.key
ok '  the signature is attached' firmpack attach x to-sign.minisig --pubkey a.pub
same '  and the bundle is as if it had been signed at once' x at-once
ok '  and checks' firmverify check x --pubkey a.pub

# --- a second person countersigns the finished bundle ---
ok 'with minisign, of its parts' sh -c 'firmpack detach x -o second && cp second.minisig first.minisig'
tar -xOf x manifest.minisig >in-bundle
same '  the signatures so far come along' in-bundle second.minisig
minisign -G -W -f -p m.pub -s m.key >.log
ok '  minisign signs' minisign -S -s m.key -m second -t 'countersigned'
ok '  it is attached to a copy' firmpack attach x second.minisig --pubkey m.pub -o both
same '  the bundle itself is as it was' x at-once
ok '  the copy checks with the first key' firmverify check both --pubkey a.pub
ok '  and with the second' firmverify check both --pubkey m.pub
tar -xOf both payload.tar.gz >one
tar -xOf x payload.tar.gz >two
same '  the payload is the same' one two
tar -xOf both manifest.minisig >sigs
ok '  minisign verifies its own block there' sh -c 'tail -n 4 sigs >second.minisig && minisign -Vq -p m.pub -m second -x second.minisig'
ok 'attached again, it takes its own place' firmpack attach both second.minisig --pubkey m.pub -o both-again
same '  and nothing changes' both both-again
ok 'several files at once' firmpack attach at-once second.minisig first.minisig --pubkey m.pub --pubkey a.pub -o many
ok '  check' firmverify check many --pubkey m.pub

# --- what is not attached ---
cp x before
untouched() { same "  the bundle is as it was" before x; }
refused 'a signature of something else' 4 bad-signature sh -c 'echo x >other && firmkey sign other -k b.key >/dev/null &&
    firmpack attach x other.minisig --pubkey b.pub'
untouched
firmpack detach x -o to-sign
firmkey sign to-sign -k b.key >.log
refused 'a signature by a key that was not named' 4 untrusted-key firmpack attach x to-sign.minisig --pubkey c.pub
untouched
python3 - <<'PY'
lines = open("to-sign.minisig").read().split("\n")
open("bad-global", "w").write("\n".join(lines[:2] + ["trusted comment: other words"] + lines[3:]))
open("cut", "w").write("\n".join(lines[:3]))
open("empty", "w")
open("crlf", "w").write("\r\n".join(lines))
open("long", "w").write("x" * 20000)
PY
refused 'a trusted comment that was changed' 4 bad-signature firmpack attach x bad-global --pubkey b.pub
untouched
refused 'three lines' 3 malformed-signature firmpack attach x cut --pubkey b.pub
refused 'an empty file' 3 malformed-signature firmpack attach x empty --pubkey b.pub
refused 'lines of another system' 3 malformed-signature firmpack attach x crlf --pubkey b.pub
refused 'a file that is too large' 3 too-large firmpack attach x long --pubkey b.pub
minisign -S -s m.key -m to-sign -x default.minisig >.log
refused "minisign's default comment, which holds tabs" 3 malformed-signature firmpack attach x default.minisig --pubkey m.pub
refused 'a file that is no bundle' 3 not-a-bundle firmpack attach to-sign to-sign.minisig --pubkey b.pub
refused 'no key' 2 usage firmpack attach x to-sign.minisig
refused 'no signature' 2 usage firmpack attach x --pubkey b.pub
refused 'an output folder that is not there' 1 system firmpack attach x to-sign.minisig --pubkey b.pub -o nowhere/x
untouched
head -c 1000 x >short
refused 'a bundle that is cut off' 3 truncated firmpack attach short to-sign.minisig --pubkey b.pub

# A bundle holds sixteen signatures, and not one more.
cp at-once full
for i in $(seq 2 16); do
    firmkey generate -o "k$i" --no-password >.log 2>&1
    firmkey sign to-sign -k "k$i.key" >.log
    firmpack attach full to-sign.minisig --pubkey "k$i.pub" >.log || fail "signature $i"
done
ok 'sixteen signatures' firmverify check full --pubkey k16.pub
firmkey sign to-sign -k b.key >.log
cp full before
refused 'a seventeenth' 3 too-large firmpack attach full to-sign.minisig --pubkey b.pub
same '  leaves the bundle as it was' before full
