#!/bin/sh
# SPDX-License-Identifier: ISC
# Promise: what firmpack takes from an archive is what every other program unpacks from it; where two of them disagree, firmpack
# refuses, unless tests/readers.faults names the fault of one.
set -eu
. "$(dirname "$0")/lib.sh"
need python3 bsdtar 7z lzip unzip cpio
firmkey generate -o "$T/key" --no-password >"$T/.out"
python3 "$TESTS/readers.py" make "$T/archives"
python3 "$TESTS/readers.py" compare "$T/archives" "$TESTS/readers.faults" "$T/key" >"$T/said"
cat "$T/said"
if grep -q '^not ok' "$T/said"; then failures=1; fi
