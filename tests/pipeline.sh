#!/bin/sh
# SPDX-License-Identifier: ISC
# Promise: the pipelines in docs/pipeline build, sign, verify on a clean machine with nothing but the public keyring, and fail closed.
set -eu
. "$(dirname "$0")/lib.sh"
need bash python3 git
docs=$(cd "$TESTS/../docs/pipeline" && pwd)
cd "$T"

# --- the vendor: a repository with the tree and the public keyring, and a signing machine with the key ---
echo pass-word >password
chmod 600 password
firmkey generate -o release --password-file password >.log 2>&1
firmkey generate -o stranger --no-password >.log 2>&1
firmkey generate -o root --no-password >.log 2>&1
mkdir -p repo/tree repo/keys
ring() { printf 'firmseal-keyring 1\nserial 1\nthreshold root 1\nroot %s\nthreshold release 1\nrelease %s antminer-s9 zynq-*\n' \
    "$(sed -n 2p root.pub)" "$(sed -n 2p "$1.pub")"; }
ring release >repo/keys/vendor.keyring
seq 100000 >repo/tree/numbers
git -C repo init -q -b main
git -C repo add -A
GIT_AUTHOR_DATE='2026-11-24T12:00:00Z' GIT_COMMITTER_DATE='2026-11-24T12:00:00Z' git -C repo -c user.name=v -c user.email=v@example.org commit -qm x
sha=$(git -C repo rev-parse HEAD)

# job KIND JOB DIR: runs the job's commands in DIR, a fresh checkout with the artifacts that were put there, as that kind of runner does.
job() {
    python3 "$TESTS/pipeline.py" "$docs/$1.yml" "$2" >"$T/$2.script" || return 99
    ( # the sign job alone knows where the key is
        cd "$3"
        [ "$2" = sign ] || unset FIRMSEAL_KEY_FILE FIRMSEAL_PASSWORD_FILE
        export PRODUCT=antminer-s9 BOARD=zynq-s9:1-3 COUNTER="${COUNTER:-42}" CI_PIPELINE_IID="${COUNTER:-42}"
        export GITHUB_REF_NAME=v2026.11.0 GITHUB_SERVER_URL=https://forge.example GITHUB_REPOSITORY=v/fw GITHUB_SHA="$sha"
        export CI_COMMIT_TAG=v2026.11.0 CI_SERVER_URL=https://forge.example CI_PROJECT_URL=https://forge.example/v/fw CI_COMMIT_SHA="$sha"
        exec bash --noprofile --norc -eo pipefail "$T/$2.script"
    )
}
checkout() { rm -rf "$1" && git clone -q repo "$1"; }
FIRMSEAL_KEY_FILE=$T/release.key FIRMSEAL_PASSWORD_FILE=$T/password
export FIRMSEAL_KEY_FILE FIRMSEAL_PASSWORD_FILE

for kind in github gitlab; do
    checkout build
    ok "$kind: build" job $kind build build
    checkout sign
    cp build/firmware.firm.tar build/firmware.manifest sign/
    ok '  sign' job $kind sign sign
    checkout clean
    cp sign/firmware.firm.tar clean/
    ok '  verify, on a clean machine' job $kind verify clean
    cp .out said
    ok '  each answer is JSON' python3 -c '
import json, sys
answers = [json.loads(line) for line in open("said") if line.startswith("{")]
assert [a["verdict"] for a in answers] == ["ok", "ok"], answers
assert answers[1]["provenance"]["commit"] == sys.argv[1], answers[1]' "$sha"
    ok '  publish' job $kind publish clean
    cp sign/firmware.firm.tar "$kind.firm.tar"
    python3 "$TESTS/pipeline.py" "$docs/$kind.yml" verify | grep -iE 'secret|key_file|password|\.key([^r]|$)' | nothing '  no secret in that job'

    # --- it fails closed ---
    # closed WHAT STATUS VERDICT: the bundle `bad' goes to verify
    closed() {
        checkout clean
        [ ! -e bad ] || mv bad clean/firmware.firm.tar
        refused "$kind: $1" "$2" "$3" job $kind verify clean
    }
    python3 -c '
b = bytearray(open("sign/firmware.firm.tar", "rb").read()); b[len(b) // 2] ^= 1; open("bad", "wb").write(b)'
    closed 'tampered with' 4 chunk-hash
    python3 -c '
b = open("sign/firmware.firm.tar", "rb").read(); open("bad", "wb").write(b.replace(b"counter 42", b"counter 99", 1))'
    closed 'another counter' 4 bad-signature
    cp build/firmware.firm.tar bad
    closed 'unsigned' 4 unsigned
    head -c 20000 sign/firmware.firm.tar >bad
    closed 'cut off' 3 truncated
    closed 'lost on its way' 1 system
    firmpack build repo/tree --product antminer-s9 --version 2026.11.0 --counter 42 --board zynq-s9:1-3 --key stranger.key -o bad --sbom >.log
    closed 'signed by a stranger' 4 untrusted-key
    good() { firmpack build repo/tree --product antminer-s9 --version 2026.11.0 --key release.key --password-file password -o bad "$@" >.log; }
    good --counter 41 --board zynq-s9:1-3 --sbom
    closed 'an older counter' 5 rollback
    good --counter 42 --board zynq-s9:2-3 --sbom
    closed 'not for this revision' 5 wrong-board
    good --counter 42 --board zynq-s9:1-3
    closed 'without evidence' 4 unsigned
    checkout clean
    cp sign/firmware.firm.tar clean/
    ring stranger >clean/keys/vendor.keyring
    refused "$kind: another keyring" 4 untrusted-key job $kind verify clean
    rm clean/keys/vendor.keyring
    refused "$kind: no keyring" 1 system job $kind verify clean
    checkout sign
    cp build/firmware.firm.tar build/firmware.manifest sign/
    FIRMSEAL_KEY_FILE=$T/stranger.key
    refused "$kind: signing with a key that the keyring does not know" 4 untrusted-key job $kind sign sign
    FIRMSEAL_KEY_FILE=$T/release.key
    ok '  leaves the bundle unsigned' cmp build/firmware.firm.tar sign/firmware.firm.tar
    rm -f clean/firmware.firm.tar
    if job $kind publish clean; then fail "$kind: nothing is published that was not verified"; else pass "$kind: nothing is published that was not verified"; fi
done
