#!/bin/sh
# SPDX-License-Identifier: ISC
# Long.
# Promise: memory does not grow with the image, and sizes where counters of 31 and 32 bits end are like any other. Of the large ones this
# runs one; `make check-big' runs all.
set -eu
. "$(dirname "$0")/lib.sh"
need python3
cd "$T"

firmkey generate -o key --no-password >.log 2>&1
# peak COMMAND...: runs it, and puts its largest resident size, in MiB, into $peak.
peak() {
    python3 - "$@" >.peak <<'PY'
import os, sys
pid = os.fork()
if pid == 0:
    os.dup2(os.open(".said", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644), 1)
    os.execvp(sys.argv[1], sys.argv[1:])
_, status, used = os.wait4(pid, 0)
print(used.ru_maxrss // 1024)
sys.exit(os.waitstatus_to_exitcode(status) & 255)
PY
}
# within LIMIT WHAT COMMAND...: passes when it succeeds within LIMIT MiB
within() {
    limit=$1 what=$2
    shift 2
    if [ -n "${SAN:-}" ]; then
        ok "$what" "$@"
    elif ! peak "$@" 2>.err; then
        fail "$what" "$(cat .err)"
    elif [ "$(cat .peak)" -le "$limit" ]; then
        pass "$what: $(cat .peak) MiB"
    else
        fail "$what" "$(cat .peak) MiB resident, and $limit are allowed"
    fi
}

# big SIZE: a sparse file of that many bytes, with something in its middle and at its end, goes all the way and comes back
big() {
    size=$1
    rm -rf tree out
    mkdir tree
    python3 - "$size" <<'PY'
import sys
size = int(sys.argv[1])
with open("tree/image", "wb") as f:
    f.truncate(size)
    for at in (0, size // 2, size - 7):
        f.seek(at)
        f.write(b"firmsea")
PY
    within 32 "$size bytes are packed" firmpack build tree --product p --version 1 --counter 1 --board b --level 1 --key key.key -o x --quiet
    within 12 '  checked' firmverify check x --pubkey key.pub --quiet
    ok '  the manifest has the size' sh -c "firmpack list x --pubkey key.pub --json | grep -q '\"size\":$size[,}]'"
    if [ "${2:-}" = unpack ]; then
        within 12 '  unpacked' firmverify unpack x out --pubkey key.pub --quiet
        same '  the same bytes' tree/image out/image
    fi
}

small() {
    rm -rf tree
    mkdir tree
    seq 100000 >tree/numbers
    within 32 'a small tree is packed' firmpack build tree --product p --version 1 --counter 1 --board b --key key.key -o x --quiet
}

small
if [ "${BIG:-}" = all ]; then
    for size in 2147483647 2147483648 2147483649 4294967295 4294967296 4294967297; do big $size; done
    big 6442450944 unpack
    refused 'a file that no ustar header can hold' 3 unsafe-path sh -c 'rm -rf tree && mkdir tree && truncate -s 8589934592 tree/image &&
        exec firmpack build tree --product p --version 1 --counter 1 --board b --level 1 --key key.key -o x'
elif [ -n "${SAN:-}" ]; then
    big 300000001 unpack
else
    big 2147483649
fi
