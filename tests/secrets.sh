#!/bin/sh
# SPDX-License-Identifier: ISC
# Promise: passwords and secret keys do not leak: not onto the terminal, into /proc, into messages, into a core dump.
set -eu
. "$(dirname "$0")/lib.sh"
need python3
cd "$T"
python3 "$TESTS/secrets.py"

# --- a key is opened only when the archive has been read to its end and closed ---
if [ -n "${SAN:-}" ] || ! strace -o /dev/null true 2>/dev/null; then
    skip 'the order of files' 'needs strace, and no sanitizer'
    exit "$((failures > 0))"
fi
mkdir tree
seq 100000 >tree/file
tar -czf tree.tar.gz -C tree .
firmkey generate -o signing --no-password >.log 2>&1
ok 'a build from an archive, traced' strace -f -o calls -e trace=openat,close firmpack build tree.tar.gz --product p --version 1 --counter 1 \
    --board b --key signing.key -o bundle --quiet
ok '  reads the key behind the end of the archive' python3 - <<'PY'
import re
opened, closed_at, key_at = None, None, None
for n, line in enumerate(open("calls")):
    if match := re.search(r'openat\(.*"tree\.tar\.gz".* = (\d+)', line):
        opened, closed_at = match.group(1), None
    elif opened and closed_at is None and f"close({opened})" in line:
        closed_at = n
    elif '"signing.key"' in line:
        key_at = key_at or n
assert None not in (opened, closed_at, key_at) and closed_at < key_at, (opened, closed_at, key_at)
PY
