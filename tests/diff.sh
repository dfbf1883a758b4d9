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
ok 'from a pipe' sh -c 'cat old | firmpack diff - new --pubkey key.pub'
KEY=other
build foreign --version 2.0 --counter 2 --board zynq-s9
refused 'a stranger as the new one' 4 untrusted-key diffs old foreign
cp "$T/.err" said
ok '  it is named' grep -q 'foreign' said
refused 'a stranger as the old one' 4 untrusted-key diffs foreign new
refused 'no key' 2 usage firmpack diff old new
refused 'one bundle' 2 usage firmpack diff old --pubkey key.pub
