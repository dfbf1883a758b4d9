#!/bin/sh
# SPDX-License-Identifier: ISC
# Promise: what is in an image and how it was built rides along, in forms that others read, and is believed only when it is true of it.
set -eu
. "$(dirname "$0")/lib.sh"
need openssl python3 tar sha256sum
cd "$T"

mkdir -p tree/usr/bin "tree/with space"
seq 30000 >tree/usr/bin/tool
echo x >"tree/with space/100%"
printf x >"tree/gr$(printf '\303\274')n"
printf x >"tree/latin$(printf '\374')"
: >tree/empty
ln -s usr/bin/tool tree/link
cat >status <<'TEXT'
Package: libc6
Status: install ok installed
Architecture: armhf
Version: 2.36-9+deb12u10
Description: GNU C Library
 more: of it
 .

Package: gone
Status: deinstall ok config-files
Architecture: armhf
Version: 1

Package: libstdc++6
Status: install ok installed
Architecture: armhf
Version: 1:12.2~rc1-14
TEXT
printf '# what we made ourselves\n\ncgminer 4.12.1 pkg:github/ckolivas/cgminer@4.12.1\nbmminer 2.0\n' >list
firmkey generate -o a --no-password >.log 2>&1
firmkey generate -o b --no-password >.log 2>&1
SOURCE_DATE_EPOCH=1700000000
export SOURCE_DATE_EPOCH
build() { firmpack build tree --product p --version 1.0 --counter 7 --board zynq-s9:1-3 -o "$@"; }
evidence() { firmpack evidence "$1" --pubkey "${2:-a.pub}"; }
schema() { python3 "$TESTS/evidence_schema.py" "$@"; }
out() { tar -xOf "$1" "$2"; }
commit=0123456789abcdef0123456789abcdef01234567

# --- made, and true ---
all() { build "$@" --sbom --sbom-dpkg status --sbom-list list --provenance --builder https://ci.example/build/1 \
    --source git+https://example.org/fw.git --source-commit $commit; }
ok 'a bundle with all of it' all x --key a.key --key b.key
ok '  is a bundle like any other' firmverify check x --pubkey a.pub
ok '  its evidence is true' evidence x
out x sbom.cdx.json >sbom.cdx.json
out x provenance.intoto.jsonl >provenance.intoto.jsonl
out x payload.tar.gz >payload.tar.gz
ok 'the SBOM is what CycloneDX 1.5 asks for' schema cyclonedx sbom.cdx.json
ok 'the provenance is what DSSE, in-toto and SLSA ask for' schema dsse provenance.intoto.jsonl
ok '  the checker finds a missing field' sh -c '! python3 "$TESTS/evidence_schema.py" cyclonedx provenance.intoto.jsonl' TESTS="$TESTS"
ok 'the SBOM tells of every file and package' python3 - <<'PY'
import json
bom = json.load(open("sbom.cdx.json"))
got = [(c["name"], c.get("version"), c.get("purl")) for c in bom["components"] if c["type"] != "file"]
assert got == [("bmminer", "2.0", None), ("cgminer", "4.12.1", "pkg:github/ckolivas/cgminer@4.12.1"),
               ("libc6", "2.36-9+deb12u10", "pkg:deb/debian/libc6@2.36-9%2Bdeb12u10?arch=armhf"),
               ("libstdc++6", "1:12.2~rc1-14", "pkg:deb/debian/libstdc%2B%2B6@1%3A12.2~rc1-14?arch=armhf")], got
files = {c["name"]: c["hashes"][0]["content"] for c in bom["components"] if c["type"] == "file"}
import hashlib, os
for name, path in {"usr/bin/tool": b"usr/bin/tool", "with%20space/100%25": b"with space/100%", "empty": b"empty",
                   "gr%C3%BCn": b"gr\xc3\xbcn", "latin%FC": b"latin\xfc"}.items():
    with open(b"tree/" + path, "rb") as f:
        assert files.pop(name) == hashlib.blake2b(f.read(), digest_size=32).hexdigest(), name
assert files == {}, files
PY
ok 'the provenance tells what was built, from what, by whom' python3 - $commit <<'PY'
import base64, hashlib, json, sys
s = json.loads(base64.b64decode(json.load(open("provenance.intoto.jsonl"))["payload"]))
sha = lambda name: hashlib.sha256(open(name, "rb").read()).hexdigest()
assert s["subject"] == [{"name": "payload.tar.gz", "digest": {"sha256": sha("payload.tar.gz")}}], s["subject"]
d, r = s["predicate"]["buildDefinition"], s["predicate"]["runDetails"]
assert d["externalParameters"] == {"product": "p", "version": "1.0", "counter": 7, "boards": [{"id": "zynq-s9", "low": 1, "high": 3}]}
assert d["resolvedDependencies"] == [{"uri": "git+https://example.org/fw.git", "digest": {"gitCommit": sys.argv[1]}}]
assert r["builder"]["id"] == "https://ci.example/build/1"
assert r["byproducts"] == [{"name": "sbom.cdx.json", "digest": {"sha256": sha("sbom.cdx.json")}}]
assert r["metadata"]["startedOn"] == "2023-11-14T22:13:20Z"
PY
# Somebody else's Ed25519 on the bytes that DSSE says are signed.
python3 - <<'PY'
import base64, json
e = json.load(open("provenance.intoto.jsonl"))
body, kind = base64.b64decode(e["payload"]), e["payloadType"].encode()
open("pae", "wb").write(b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(body), body))
for name in "ab":
    key = base64.b64decode(open(name + ".pub").read().split("\n")[1])
    keyid = key[2:10][::-1].hex().upper()
    open(name + ".sig", "wb").write(base64.b64decode(next(s["sig"] for s in e["signatures"] if s["keyid"] == keyid)))
    open(name + ".der", "wb").write(bytes.fromhex("302a300506032b6570032100") + key[10:])
PY
for key in a b; do
    ok "OpenSSL verifies the envelope's signature by $key" openssl pkeyutl -verify -pubin -inkey $key.der -keyform DER -rawin -in pae -sigfile $key.sig
done
ok 'as JSON' sh -c 'firmpack evidence x --pubkey b.pub --json >json && python3 -c "
import json
j = json.load(open(\"json\"))
assert j[\"verdict\"] == \"ok\" and j[\"sbom\"][\"files\"] == 5 and j[\"sbom\"][\"packages\"] == 4, j
assert j[\"provenance\"][\"builder\"] == \"https://ci.example/build/1\" and len(j[\"provenance\"][\"signers\"]) == 1, j"'
ok 'from a pipe' sh -c 'cat x | firmpack evidence - --pubkey a.pub'
ok 'again' all again --key a.key --key b.key
same '  the same bytes' x again
ok 'by one core' taskset -c 0 firmpack build tree --product p --version 1.0 --counter 7 --board zynq-s9:1-3 -o again --sbom \
    --sbom-dpkg status --sbom-list list --provenance --builder https://ci.example/build/1 --source git+https://example.org/fw.git \
    --source-commit $commit --key a.key --key b.key
same '  the same bytes' x again
ok 'another image' sh -c 'cp -r tree tree2 && echo y >tree2/more'
ok '  has another serial number' sh -c 'firmpack build tree2 --product p --version 1.0 --counter 7 --board b --key a.key -o y --sbom >/dev/null &&
    [ "$(tar -xOf y sbom.cdx.json | cut -c 1-200 | grep -o "urn:uuid:[0-9a-f-]*")" != "$(cut -c 1-200 sbom.cdx.json | grep -o "urn:uuid:[0-9a-f-]*")" ]'
ok '  an SBOM alone is evidence' evidence y
ok '  provenance alone, too' build y --key a.key --provenance
ok '    true' evidence y

# --- signed later: nobody can seal the statement yet ---
ok 'without a key' build u --unsigned --sbom --provenance
out u provenance.intoto.json >provenance.intoto.json
ok '  it is the bare statement' schema statement provenance.intoto.json
firmpack detach u -o m
firmkey sign m -k a.key >.log
firmpack attach u m.minisig --pubkey a.pub >.log
ok '  true, once the bundle is signed' evidence u
cp .out said
ok '  and it says what vouches for it' grep -q "bare statement: only the bundle's own signatures vouch" said

# --- not true, or not believed ---
refused 'no evidence' 4 unsigned sh -c 'firmpack build tree --product p --version 1.0 --counter 7 --board b --key a.key -o none >.log; firmpack evidence none --pubkey a.pub'
refused 'a stranger' 4 untrusted-key sh -c 'firmkey generate -o c --no-password >.log; firmpack evidence x --pubkey c.pub'
refused 'a damaged attachment' 4 attachment-hash python3 - <<'PY'
import subprocess, sys
b = bytearray(open("x", "rb").read())
i = b.rindex(b'"bomFormat"'); b[i + 2] ^= 1
open("damaged", "wb").write(b)
sys.exit(subprocess.run(["firmpack", "evidence", "damaged", "--pubkey", "a.pub"]).returncode)
PY
# Evidence of something else, put into a bundle by somebody who may sign.
mkdir forged
claims() { # claims WHAT STATUS VERDICT NAME, its text on standard input
    cat >"forged/$4"
    build y --key a.key --attach "forged/$4" >.log
    refused "$1" "$2" "$3" evidence y
    rm "forged/$4"
}
edit() { python3 -c 'import json, sys
j = json.load(open(sys.argv[1])); exec(sys.argv[2]); print(json.dumps(j))' "$@"; }
claims 'a file with another hash' 4 attachment-hash sbom.cdx.json <<TEXT
$(edit sbom.cdx.json 'f = [c for c in j["components"] if c["type"] == "file"][0]["hashes"][0]; f["content"] = "0" * 64')
TEXT
claims 'a file left out' 4 attachment-hash sbom.cdx.json <<TEXT
$(edit sbom.cdx.json 'j["components"].pop()')
TEXT
claims 'a file twice' 4 attachment-hash sbom.cdx.json <<TEXT
$(edit sbom.cdx.json 'j["components"][-1] = j["components"][-2]')
TEXT
claims 'a file that is not there' 4 attachment-hash sbom.cdx.json <<TEXT
$(edit sbom.cdx.json 'j["components"][-1]["name"] = "other"')
TEXT
claims 'another version' 4 attachment-hash sbom.cdx.json <<TEXT
$(edit sbom.cdx.json 'j["metadata"]["component"]["version"] = "2"')
TEXT
claims 'another payload' 4 attachment-hash sbom.cdx.json <<TEXT
$(edit sbom.cdx.json 'j["metadata"]["component"]["hashes"][0]["content"] = "0" * 64')
TEXT
claims 'another specification' 3 malformed-manifest sbom.cdx.json <<TEXT
$(edit sbom.cdx.json 'j["specVersion"] = "1.1"')
TEXT
claims 'no JSON' 3 malformed-manifest sbom.cdx.json <<TEXT
{"bomFormat":
TEXT
claims 'a provenance without the SBOM that it names' 4 attachment-hash provenance.intoto.jsonl <provenance.intoto.jsonl
build z --key a.key --provenance >.log
out z provenance.intoto.jsonl >own.jsonl
ok 'its own again, attached by hand' sh -c 'cp own.jsonl forged/provenance.intoto.jsonl && firmpack build tree --product p --version 1.0 --counter 7 \
    --board zynq-s9:1-3 -o y --key a.key --attach forged/provenance.intoto.jsonl >/dev/null && firmpack evidence y --pubkey a.pub'
claims 'a changed statement' 4 bad-signature provenance.intoto.jsonl <<TEXT
$(edit own.jsonl 'import base64; j["payload"] = base64.b64encode(base64.b64decode(j["payload"]).replace(b"unnamed", b"trusted")).decode()')
TEXT
claims 'a changed signature' 4 bad-signature provenance.intoto.jsonl <<TEXT
$(edit own.jsonl 's = j["signatures"][0]; s["sig"] = "A" + s["sig"][1:] if s["sig"][0] != "A" else "B" + s["sig"][1:]')
TEXT
claims 'no signature' 4 untrusted-key provenance.intoto.jsonl <<TEXT
$(edit own.jsonl 'j["signatures"] = []')
TEXT
claims 'a signature by another key' 4 untrusted-key provenance.intoto.jsonl <<TEXT
$(edit own.jsonl 'j["signatures"][0]["keyid"] = "0" * 16')
TEXT
claims 'another type of payload' 3 malformed-signature provenance.intoto.jsonl <<TEXT
$(edit own.jsonl 'j["payloadType"] = "application/json"')
TEXT
claims 'loose base64' 3 malformed-signature provenance.intoto.jsonl <<TEXT
$(edit own.jsonl 'j["payload"] += " "')
TEXT
mv tree2/more tree/more
build y --key a.key --attach own.jsonl >.log
cp own.jsonl forged/provenance.intoto.jsonl
build y --key a.key --attach forged/provenance.intoto.jsonl >.log
refused 'that of another image' 4 attachment-hash evidence y

# --- usage ---
refused 'two of one name' 2 usage build y --key a.key --sbom --attach sbom.cdx.json
refused 'another kind' 2 usage build y --key a.key --sbom=spdx
refused 'packages without an SBOM' 2 usage build y --key a.key --sbom-list list
refused 'a builder without provenance' 2 usage build y --key a.key --builder https://x.example
refused 'a builder that is no URI' 2 usage build y --key a.key --provenance --builder 'our machine'
refused 'a commit that is none' 2 usage build y --key a.key --provenance --source git:x --source-commit HEAD
echo 'three words and more' >bad
refused 'a list that is none' 3 malformed-manifest build y --key a.key --sbom --sbom-list bad
refused 'a status file that is none' 3 malformed-manifest build y --key a.key --sbom --sbom-dpkg bad
refused 'one that is not there' 1 system build y --key a.key --sbom --sbom-dpkg nowhere
