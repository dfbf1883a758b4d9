#!/bin/sh
# SPDX-License-Identifier: ISC
# Promise: a plan has the same bytes whenever, wherever and however often it is made, and they are these; any other form of it is refused.
set -eu
. "$(dirname "$0")/lib.sh"
need python3

golden=$TESTS/golden/plan
cd "$T"
# The bundle's bytes stand in the plan as their hash, so it is a golden file, too; the key that signed it is gone.
cp "$golden/s9.firm.tar" "$golden/release.pub" .
plan() { firmflash plan s9.firm.tar "$1" --pubkey release.pub --boards "$TESTS/../boards" "${2:--o}" "${3:-plan}" --waves 2,50%,hand:100%; }
ok 'a plan is made' plan "$golden/inventory.csv"
if [ "${GOLDEN:-}" = new ]; then cp plan "$golden/plan"; fi
same '  it is the golden one' plan "$golden/plan"
(sed 1q "$golden/inventory.csv" && sed 1d "$golden/inventory.csv" | sort -r) >turned.csv
ok 'of the same boards in another order' plan turned.csv -o turned
same '  it is the same' turned "$golden/plan"
ok 'in another language, zone and hour' env LC_ALL=C.UTF-8 TZ=Asia/Yekaterinburg SOURCE_DATE_EPOCH=1 firmflash plan s9.firm.tar "$golden/inventory.csv" \
    --pubkey release.pub --boards "$TESTS/../boards" -o abroad --waves 2,50%,hand:100%
same '  it is the same' abroad "$golden/plan"
ok 'from an inventory in JSON' python3 - "$golden/inventory.csv" <<'PY'
import csv, json, sys
with open("inv.json", "w") as f:
    for row in csv.DictReader(open(sys.argv[1])):
        row["tags"] = row["tags"].split()
        row["revision"] = int(row["revision"]) if row["revision"] else None
        f.write(json.dumps({k: v for k, v in row.items() if v not in ("", None)}) + "\n")
PY
ok '  a plan is made' plan inv.json -o json
same '  it is the same' json "$golden/plan"

# --- any other form is refused: `apply --dry-run' reads it ---
reads() { firmflash apply "$1" --dry-run --pubkey release.pub --boards "$TESTS/../boards" --bundle s9.firm.tar --quiet; }
ok 'it is carried out, dry, up to its gate' sh -c 'got=0; "$@" || got=$?; [ $got -eq 7 ]' sh firmflash apply plan --dry-run --pubkey release.pub \
    --boards "$TESTS/../boards" --quiet
# odd WHAT SED-SCRIPT
odd() {
    sed "$2" "$golden/plan" >odd
    if cmp -s odd "$golden/plan"; then fail "$1" 'the script changed nothing'; else refused "$1" 2 usage reads odd; fi
}
odd 'no first line' 1d
odd 'another first line' '1s/1/2/'
odd 'a number with a nought before it' 's/^rule tries 3/rule tries 03/'
odd 'a number out of bounds' 's/^rule tries .*/rule tries 21/'
odd 'a line that there is not' 's/^settings keep/&\nsettings of/'
odd 'two lines changed about' '/^product/{h;d};/^version/{G}'
odd 'a line twice' 's/^counter.*/&\n&/'
odd 'a line left out' '/^limit rate/d'
odd 'a blank at the end of a line' 's/^product.*/& /'
odd 'CR LF' 's/$/\r/'
odd 'a MAC in capitals' 's/:0a /:0A /'
odd 'a board twice' '/^device/{p;p}'
odd 'a wave that holds less than it says' '0,/^device.*/{/^device/d}'
odd 'a board in a wave that there is not' 's/^\(device .*\) 1$/\1 9/'
odd 'a halt of no kind' 's/^halt canary any/halt canary some/'
odd 'a halt at nothing' 's/^halt canary any count 1/halt canary any count 0/'
odd 'a skipped board without a reason' '/^skip/s/[^ ]*$/*/'
tail -c 20 "$golden/plan" >odd
refused 'its end alone' 2 usage reads odd
head -c -1 "$golden/plan" >odd
refused 'without its last byte' 2 usage reads odd
: >odd
refused 'nothing' 2 usage reads odd
