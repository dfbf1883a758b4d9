#!/bin/sh
# SPDX-License-Identifier: ISC
# Promise: a bundle that ends early, wherever, is called truncated, and one that goes on behind its end is refused, too.
set -eu
. "$(dirname "$0")/lib.sh"
need python3 minisign

mkdir -p "$T/tree/boot"
echo kernel >"$T/tree/boot/kernel"
ln -s kernel "$T/tree/boot/current"
echo '{}' >"$T/sbom.json"
forge() { python3 "$TESTS/forge.py" "$@"; }
forge keys "$T" key
forge build "$T/tree" -o "$T/x.firm.tar" --key "$T/key.key" --pub "$T/key.pub" --product p --version 1 --counter 1 \
    --board test-board:0-0 --attach "sbom.json=$T/sbom.json"
forge truncations "$T/x.firm.tar" "$T/cut"
ok "the whole bundle is good" firmverify check "$T/x.firm.tar" --pubkey "$T/key.pub"

# truncated COMMAND...: each file in cut/ is refused as such; {} in COMMAND stands for it.
truncated() {
    for cut in "$T/cut"/*; do
        status=0
        "$@" "$cut" --pubkey "$T/key.pub" 2>"$T/cut.err" >/dev/null || status=$?
        if [ "$status" -ne 3 ] || ! grep -q ': truncated: ' "$T/cut.err"; then
            echo "cut after ${cut##*/} bytes: status $status: $(cat "$T/cut.err")"
            return 1
        fi
    done
}
from_pipe() { piped=$1; shift; cat "$piped" | firmverify check - "$@"; } # a real pipe, not a file that stands for one
quick() { firmverify check --quick "$@"; }
unpack() { cut_file=$1; shift; firmverify unpack "$cut_file" "$T/out/tree" "$@"; }

# STEP leaves some out, for a slow machine: inside the last block, all but each STEPth byte.
for cut in "$T/cut"/*; do [ $((${cut##*/} % 512)) -eq 0 ] || [ $((${cut##*/} % ${STEP:-1})) -eq 0 ] || rm "$cut"; done
number=$(find "$T/cut" -type f | wc -l)
ok "firmverify check refuses all $number truncations" truncated firmverify check
ok "firmverify check --quick refuses all $number truncations" truncated quick
ok "firmpack check refuses all $number truncations" truncated firmpack check
for cut in "$T/cut"/*; do [ $((${cut##*/} % 512)) -eq 0 ] || rm "$cut"; done
ok "the same from a pipe, at each boundary" truncated from_pipe
mkdir "$T/out"
ok "firmverify unpack refuses them" truncated unpack
ok "and leaves nothing behind" rmdir "$T/out"

# longer WHAT COMMAND...: refused with what COMMAND writes behind the bundle.
longer() {
    what=$1
    shift
    { cat "$T/x.firm.tar"; "$@"; } >"$T/long.firm.tar"
    refused "$what behind the end" 3 trailing-data firmverify check "$T/long.firm.tar" --pubkey "$T/key.pub"
    refused "$what behind the end, quick" 3 trailing-data quick "$T/long.firm.tar" --pubkey "$T/key.pub"
    refused "$what behind the end, firmpack" 3 trailing-data firmpack check "$T/long.firm.tar" --pubkey "$T/key.pub"
}
longer "a zero byte" printf '\000'
longer "a newline" echo
longer "a block of zeros" dd if=/dev/zero bs=512 count=1 status=none
longer "a megabyte" dd if=/dev/zero bs=1M count=1 status=none
longer "the bundle again" cat "$T/x.firm.tar"
