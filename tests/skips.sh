#!/bin/sh
# SPDX-License-Identifier: ISC
# Long.
# Promise: no single skipped instruction, and no single condition that goes the wrong way, gets accepted or installed what must be refused.
# The ARM program, changed one instruction at a time: where it decides about trust; with SKIPS=all
# (make check-skips) everywhere.
set -eu
. "$(dirname "$0")/lib.sh"
[ -z "${SAN:-}" ] || { skip skips 'not with sanitizers'; exit 0; }
need make python3 arm-linux-gnueabihf-gcc qemu-arm-static
cd "$T"
status=0
make -s -C "$TESTS/.." BUILD="$BUILD" board >made 2>&1 || status=$?
if grep -q 'no armhf packages' made; then
    skip skips "$(grep -m 1 'no armhf packages' made)"
    exit 0
fi
if [ "$status" -ne 0 ]; then fail 'make board' "$(tail -n 20 made)"; exit 1; fi
status=0
if [ "${SKIPS:-}" = all ]; then set --; else set -- --quick; fi
python3 "$TESTS/skips/skips.py" "$@" >said 2>wrong || status=$?
sed 's/^/# /' said
none() { # none WHAT WORD: no mutation had that outcome
    if grep -qx "$2: 0" said; then pass "$1"; else fail "$1" "$(grep "^$2" said)" "$(grep "^$2: " wrong | head -n 40)"; fi
}
none 'nothing is accepted' accepted
none 'nothing unsigned is installed' installed
none 'nothing that was installed is damaged' damaged
grep '^silent: ' wrong | nothing 'exit status 0 without either is known, each time'
ok 'and the tool came to its end' grep -q '^silent: ' said
