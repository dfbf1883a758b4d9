#!/bin/sh
# SPDX-License-Identifier: ISC
# Promise: an archive is packed whole or refused: damage that a checksum shows, ends that are cut off, and what stands behind an end
# are found in every container; whatever it expands to, memory and time have bounds.
set -eu
. "$(dirname "$0")/lib.sh"
need python3 bsdtar lzip zstd 7z
firmkey generate -o "$T/key" --no-password >"$T/.out"
tab=$(printf '\t')
python3 "$TESTS/containers.py" "$T/archives"

# Memory for one process: the reader has its own, smaller limit. A sanitizer's shadow has no room in here.
build() (
    [ -n "${SAN:-}" ] || ulimit -v 1500000
    firmpack build "$1" --product p --version 1 --counter 1 --board b --allow-folder --key "$T/key.key" -o "$T/x.firm.tar" --quiet --threads 1
)

while IFS=$tab read -r file status verdict text; do
    name=${file##*/}
    rm -f "$T/x.firm.tar"
    if [ "$status" -eq 0 ]; then
        ok "$name is packed" build "$file"
        held=$(tar -xOf "$T/x.firm.tar" manifest 2>/dev/null | awk '$1 == "file" {print $7}' | paste -sd '|' -)
        [ "$held" = "$text" ] && pass "  whole" || fail "  whole" "it holds $held, not $text"
        continue
    fi
    got=0
    build "$file" >"$T/.out" 2>"$T/.err" || got=$?
    if [ "$got" -ne "$status" ] || ! grep -qE ": ($verdict): " "$T/.err"; then
        fail "$name: $verdict" "exit $got" "$(cat "$T/.err")"
    elif [ "$text" != - ] && ! grep -qF -- "$text" "$T/.err"; then
        fail "$name: it says why" "wanted: $text" "$(cat "$T/.err")"
    elif [ -e "$T/x.firm.tar" ]; then
        fail "$name: no bundle"
    else
        pass "$name: $verdict"
    fi
done <"$T/archives/table"

# --- the reader is another process, and has nothing that it does not need ---
if [ -n "${SAN:-}" ] || ! command -v strace >/dev/null 2>&1; then
    skip "what the reader may do" "needs strace, and no sanitizer"
else
    strace -f -o "$T/calls" -e trace=fork,vfork,clone,clone3,prlimit64,setrlimit,close_range,openat,read,pread64 \
        firmpack build "$T/archives/sound-0.tar.gz" --product p --version 1 --counter 1 --board b --allow-folder --key "$T/key.key" -o "$T/x.firm.tar" --quiet --threads 1
    reader=$(sed -n 's/^\([0-9]*\) .*close_range(.*/\1/p' "$T/calls" | head -n 1)
    ok "the archive is read in a child" test -n "$reader"
    for limit in RLIMIT_AS RLIMIT_CPU RLIMIT_FSIZE RLIMIT_NOFILE RLIMIT_CORE; do
        ok "  limited: $limit" grep -qE "^$reader .*$limit" "$T/calls"
    done
    grep -E "^$reader .*openat" "$T/calls" | grep -E 'key|archives' | nothing "  it opens no key, and no file of its own"
    first_key=$(grep -n 'openat.*key\.key' "$T/calls" | head -n 1 | cut -d: -f1)
    last_read=$(grep -n "^$reader " "$T/calls" | tail -n 1 | cut -d: -f1)
    ok "  and has ended before a key is opened" test "$first_key" -gt "$last_read"
fi

# --- names that JSON must keep apart ---
mkdir "$T/names"
: >"$T/names/$(printf 'a\374')"
: >"$T/names/$(printf 'a\374\374')"
: >"$T/names/$(printf 'a\337')"
ln -s "$(printf 'x\337')" "$T/names/l"
ok "names that are not UTF-8 are packed" build "$T/names"
firmpack list "$T/x.firm.tar" --pubkey "$T/key.pub" --json >"$T/list"
ok "  and JSON keeps them apart" python3 - "$T/list" <<'PY'
import json, sys
entries = json.load(open(sys.argv[1]))["entries"]
names = [e.get("path_escaped", e["path"]) for e in entries]
assert sorted(names) == ["a%DF", "a%FC", "a%FC%FC", "l"], names
assert [e["target_escaped"] for e in entries if e["type"] == "link"] == ["x%DF"]
PY
