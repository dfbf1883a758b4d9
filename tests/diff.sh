#!/bin/sh
# SPDX-License-Identifier: ISC
# Promise: what changed between two bundles is told exactly, and only of authentic ones.
set -eu
. "$(dirname "$0")/lib.sh"
need python3
cd "$T"

firmkey generate -o key --no-password >.log 2>&1
firmkey generate -o other --no-password >.log 2>&1
build() { firmpack build tree --product p --key "${KEY:-key}.key" -o "$@" --quiet; }
diffs() { firmpack diff "$1" "$2" --pubkey key.pub; }
is() { # is WHAT FILE: standard output of the last command is FILE
    same "$1" "$T/.out" "$2"
}
mkdir -p tree/a/b tree/kind
echo one >tree/same
echo one >tree/content
echo one >tree/mode
echo one >tree/gone
echo one >"tree/with space"
ln -s same tree/link
build old --version 1.0 --counter 1 --board zynq-s9:1-3

ok 'a bundle and itself' diffs old old
echo '0 added, 0 removed, 0 changed; 20 bytes of files' | sed 's/20 bytes/20 -> 20 bytes/' >want
is '  no change' want

echo twelve >tree/content
chmod 755 tree/mode
rm tree/gone "tree/with space"
ln -sf mode tree/link
rmdir tree/kind
echo x >tree/kind
mkdir tree/new
echo new >tree/new/file
build new --version 2.0 --counter 2 --board am335x-l3 --board zynq-s9:1-3
ok 'all kinds of change' diffs old new
cat >want <<'TEXT'
version  1.0 -> 2.0
counter  1 -> 2
boards   zynq-s9:1-3 -> am335x-l3:0-9223372036854775807 zynq-s9:1-3
changed  content: content, 4 -> 7 bytes
removed  gone, 4 bytes
changed  kind: type
changed  link: target
changed  mode: mode, 0644 -> 0755
added    new
added    new/file, 4 bytes
removed  with space, 4 bytes
3 added, 2 removed, 4 changed; 20 -> 21 bytes of files
TEXT
sed -i 's/^3 added/2 added/' want
packed() { firmpack inspect "$1" --pubkey key.pub --json | sed 's/.*"packed_bytes":\([0-9]*\).*/\1/'; }
[ "$(packed old)" = "$(packed new)" ] || sed -i "/^counter/a packed   $(packed old) -> $(packed new) bytes" want
is '  each in a line' want
ok 'the other way round' diffs new old
cp "$T/.out" said
ok '  warns of the counter' grep -q 'counter  2 -> 1: boards that have the old one refuse the new one' said
ok 'as JSON' sh -c 'firmpack diff old new --pubkey key.pub --json >json'
ok '  the same' python3 -c '
import json
j = json.load(open("json"))
assert (j["old"]["counter"], j["new"]["version"], j["new"]["boards"][0]["id"]) == (1, "2.0", "am335x-l3"), j
changes = {c["path"]: (c["change"], c.get("what")) for c in j["changes"]}
assert changes == {"content": ("changed", ["content"]), "gone": ("removed", None), "kind": ("changed", ["type"]),
                   "link": ("changed", ["target"]), "mode": ("changed", ["mode"]), "new": ("added", None),
                   "new/file": ("added", None), "with space": ("removed", None)}, changes'
ok '  both sides of each' python3 - <<'PY'
import hashlib, json
j = json.load(open("json"))
c = {c["path"]: c for c in j["changes"]}
b2 = lambda b: hashlib.blake2b(b, digest_size=32).hexdigest()
assert (c["content"]["old_size"], c["content"]["new_size"]) == (4, 7)
assert (c["content"]["old_hash"], c["content"]["new_hash"]) == (b2(b"one\n"), b2(b"twelve\n"))
assert (c["mode"]["old_mode"], c["mode"]["new_mode"]) == ("0644", "0755")
assert (c["link"]["old_target"], c["link"]["new_target"]) == ("same", "mode")
assert "old_size" not in c["new/file"] and "new_size" not in c["gone"]
assert j["old"]["packed_bytes"] > 0 and j["actions"] == [], j["actions"]
PY

# --- what is done with the files ---
echo 1 >sbom.json
echo x >tree/hook
build acts --version 2.0 --counter 2 --board b --write content=kernel --write mode=dtb --run hook=before --attach sbom.json
echo 2 >sbom.json
echo n >note
build acts2 --version 2.0 --counter 2 --board b --write same=kernel --write mode=boot --run hook=after --attach sbom.json --attach note
ok 'slots, hooks and attachments' diffs acts acts2
sum() { python3 -c 'import hashlib, sys; print(hashlib.blake2b(open(sys.argv[1], "rb").read(), digest_size=32).hexdigest())' "$1"; }
new=$(sum sbom.json)
echo 1 >sbom.json
cat >want <<TEXT
write    dtb: mode -> none
write    kernel: content -> same
write    boot: none -> mode
run      before 1: hook -> none
run      after 1: none -> hook
attached sbom.json: $(sum sbom.json) -> $new
attached note: none -> $(sum note)
TEXT
sed '$d' .out >got
same '  each in a line' want got
ok '  as JSON' sh -c "firmpack diff acts acts2 --pubkey key.pub --json | python3 -c '
import json, sys
a = json.load(sys.stdin)[\"actions\"]
assert [(x[\"action\"], x[\"name\"]) for x in a] == [(\"write\", \"dtb\"), (\"write\", \"kernel\"), (\"write\", \"boot\"), (\"run\", \"before 1\"), (\"run\", \"after 1\"), (\"attached\", \"sbom.json\"), (\"attached\", \"note\")], a'"
ok 'from a pipe' sh -c 'cat old | firmpack diff - new --pubkey key.pub'
KEY=other
build foreign --version 2.0 --counter 2 --board zynq-s9
refused 'a stranger as the new one' 4 untrusted-key diffs old foreign
cp "$T/.err" said
ok '  it is named' grep -q 'foreign' said
refused 'a stranger as the old one' 4 untrusted-key diffs foreign new
refused 'no key' 2 usage firmpack diff old new
refused 'one bundle' 2 usage firmpack diff old --pubkey key.pub

# --- somebody without the key builds it again ---
again() { SOURCE_DATE_EPOCH=1795392000 firmpack build tree --product miner --version 9 --counter 9 --board zynq-s9 -o "$1" --quiet "$2" ${3:+"$3"}; }
again theirs --key key.key
again mine --unsigned
ok 'a rebuild without a signature is compared' firmpack diff theirs mine --pubkey key.pub
cp "$T/.out" out && cp "$T/.err" said
ok '  it is the same' grep -q '^0 added, 0 removed, 0 changed' out
ok '  it is said that it is not signed' grep -q 'mine is not signed' said
ok '  the other way round, too' firmpack diff mine theirs --pubkey key.pub --json
refused 'two of which none is signed' 4 unsigned firmpack diff mine mine --pubkey key.pub
refused 'an unsigned one with a stranger' 4 untrusted-key firmpack diff foreign mine --pubkey key.pub
echo more >>tree/added-later
again mine --unsigned
ok 'what differs in it' firmpack diff theirs mine --pubkey key.pub
cp "$T/.out" out
ok '  is told' grep -q 'added-later' out
