#!/bin/sh
# SPDX-License-Identifier: ISC
# Promise: with --json every verb of the vendor's programs answers on standard output, one object a line, whose verdict and status are
# those of the exit status; refusals and usage errors, too.
set -eu
. "$(dirname "$0")/lib.sh"
need python3
cd "$T"

# answers WHAT STATUS VERDICT COMMAND...: with --json behind it
answers() {
    what=$1 want=$2 word=$3
    shift 3
    got=0
    "$@" --json >said 2>talk </dev/null || got=$?
    if [ "$got" -eq "$want" ] && python3 - "$want" "$word" <<'PY'; then pass "$what: $word"; else fail "$what: $word" "exit $got, wanted $want" "$(cat said talk)"; fi
import json, sys
answers = [json.loads(line) for line in open("said")]
assert answers, "no answer"
last = answers[-1]
if isinstance(last.get("files"), list):  # an answer for each file, and the status of all
    assert last["status"] == int(sys.argv[1]) and last["files"][-1]["verdict"] == sys.argv[2], last
else:
    assert (last["verdict"], last["status"]) == (sys.argv[2], int(sys.argv[1])), last
PY
}

mkdir tree
seq 1000 >tree/file
echo x >note
answers 'firmkey generate' 0 ok firmkey generate -o key --no-password
answers '  over another' 2 usage firmkey generate -o key --no-password
answers '  without a name' 2 usage firmkey generate
firmkey generate -o other --no-password >.log
firmkey generate -o third --no-password >.log
answers 'firmkey export' 0 ok firmkey export key.pub --form pem -o key.pem
answers 'firmkey import' 0 ok firmkey import key.pem -o imported
answers '  of something else' 3 malformed-keyring firmkey import note -o no
answers 'firmkey password' 0 ok firmkey password other.key --no-password
answers '  of something else' 3 malformed-keyring firmkey password note --no-password
answers 'firmkey sign' 0 ok firmkey sign note -k key.key
answers '  of what is not there' 1 system firmkey sign nowhere -k key.key
answers '  with nothing' 2 usage firmkey sign note
answers 'firmkey verify' 0 ok firmkey verify note -p key.pub
answers '  by a stranger' 4 untrusted-key firmkey verify note -p other.pub
answers '  with an option that is none' 2 usage firmkey verify note --frobnicate

build() { firmpack build tree --product p --version 1 --counter 3 --board b:1-3 "$@"; }
answers 'firmpack build' 0 ok build --key key.key -o x --sbom --provenance
answers '  of what is not there' 1 system firmpack build nowhere --product p --version 1 --counter 3 --board b --key key.key -o y
answers '  without a key' 2 usage build -o y
mkfifo tree/fifo
answers '  of what no bundle can hold' 3 unsafe-path build --key key.key -o y
rm tree/fifo
build --unsigned -o u --quiet
answers 'firmpack detach' 0 ok firmpack detach u -o m
answers '  of something else' 3 not-a-bundle firmpack detach note -o m
firmkey sign m -k key.key >.log
answers 'firmpack attach' 0 ok firmpack attach u m.minisig --pubkey key.pub -o attached
answers '  by a stranger' 4 untrusted-key firmpack attach u m.minisig --pubkey other.pub -o no
answers 'firmpack countersign' 0 ok firmpack countersign attached --pubkey key.pub -k other.key
answers '  for a stranger' 4 untrusted-key firmpack countersign attached --pubkey third.pub -k other.key
head -c 700 x >cut
for verb in check list evidence inspect; do
    answers "firmpack $verb" 0 ok firmpack $verb x --pubkey key.pub
    answers '  by a stranger' 4 untrusted-key firmpack $verb x --pubkey other.pub
    answers '  of what is unsigned' 4 unsigned firmpack $verb u --pubkey key.pub
    answers '  of what is cut off' 3 truncated firmpack $verb cut --pubkey key.pub
    answers '  of nothing' 2 usage firmpack $verb --pubkey key.pub
done
answers 'firmpack explain' 0 ok firmpack explain x --pubkey key.pub --board b:1
answers '  for another board' 5 wrong-board firmpack explain x --pubkey key.pub --board c:1
answers 'firmpack diff' 0 ok firmpack diff x attached --pubkey key.pub
answers 'firmpack unpack' 0 ok firmpack unpack x out --pubkey key.pub
answers '  to where something is' 2 usage firmpack unpack x out --pubkey key.pub
answers '  of an older image' 5 rollback firmpack unpack x out2 --pubkey key.pub --counter 4
ok 'every verb has --json' sh -c 'for program in firmpack firmkey; do for verb in $($program --help | awk "/^  [a-z]/ {print \$1}"); do
    $program help $verb | grep -q -- --json || { echo $program $verb; exit 1; }; done; done'
