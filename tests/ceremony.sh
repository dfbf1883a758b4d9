#!/bin/sh
# SPDX-License-Identifier: ISC
# Promise: docs/keys.md can be followed word by word: each command runs, and answers what the page shows.
set -eu
. "$(dirname "$0")/lib.sh"
need python3
cd "$T"
mkdir run
cd run
ok 'the key ceremony, command by command' python3 "$TESTS/ceremony.py" check "$TESTS/../docs/keys.md"
ok '  all of it' sh -c 'test "$(grep -c "^\\$ " "$1")" -ge 45' - "$TESTS/../docs/keys.md"
# The comparison can fail: with one threshold changed, or one answer.
sed 's/--threshold 2/--threshold 3/' "$TESTS/../docs/keys.md" >changed.md
mkdir again
cd again
if python3 "$TESTS/ceremony.py" check ../changed.md >"$T/said" 2>&1; then fail 'another threshold is noticed'; else pass 'another threshold is noticed'; fi
