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

# --- no board disappears: what a scan found no way into, suspects and boards that were not picked are skipped, with the reason ---
cat >picked.csv <<'CSV'
mac,address,board,model,site,rack,tags
02:00:00:00:01:01,10.1.0.1,zynq-s9,Antminer S9,ekb,r1,
02:00:00:00:01:02,10.1.0.2,zynq-s9,Antminer S9i,ekb,r10,hot
02:00:00:00:01:03,10.1.0.3,zynq-s9,Antminer S9,omsk,r1,suspect
,10.1.0.4,,,ekb,r1,login
02:00:00:00:01:05,10.1.0.5,zynq-s9,Antminer S9,ekb,r1,silent
CSV
picks() { # OPTION...: the last octets of the boards that are in the plan, and of those that are skipped
    firmflash plan --force s9.firm.tar picked.csv --pubkey release.pub --boards "$TESTS/../boards" -o picked "$@" 2>.log || { cat .log; return 0; }
    echo "$(sed -n 's/^device [^ ]* 10\.1\.0\.\([0-9]*\) .*/\1/p' picked | sort | tr -d '\n') $(sed -n 's/^skip [^ ]* 10\.1\.0\.\([0-9]*\) .*/\1/p' picked | sort | tr -d '\n')"
}
# picked WHAT WANT OPTION...
picked() {
    what=$1 want=$2
    shift 2
    got=$(picks "$@")
    if [ "$got" = "$want" ]; then pass "$what"; else fail "$what" "$got, not $want"; fi
}
picked 'suspects, silent boards and such as refused the login are skipped' '12 345'
ok '  a suspect with what to do' grep -q '^skip 02:00:00:00:01:03 .* suspect:%20.*--include-suspects' picked
ok '  one without a MAC, too' grep -q '^skip \* 10\.1\.0\.4 .* login:%20it%20refused%20every%20login' picked
ok '  and a silent one' grep -q '^skip 02:00:00:00:01:05 .* silent:%20nobody%20answers' picked
ok '  which the plan says on the terminal' grep -q 'skipped 10.1.0.4: login: ' .log
ok '  and which a run reports' sh -c 'firmflash apply picked --dry-run --pubkey release.pub --boards "$1" --bundle s9.firm.tar --quiet >report' sh "$TESTS/../boards"
ok '  with the reason' grep -q '^1 left out: login: it refused every login' report
ok '  and none is missing' grep -q '^ *3 skipped' report
picked 'suspects when somebody says so' '123 45' --include-suspects
picked 'only one site' '12 345' --only site=ekb
picked 'only one rack, which is not the beginning of another' '1 2345' --only rack=r1
picked 'racks by their beginning' '12 345' --only 'rack=r*'
picked 'either of two racks' '12 345' --only rack=r1,r10
picked 'two keys: both must hold' '2 1345' --only site=ekb --only tag=hot
picked 'a model' '2 1345' --only 'model=Antminer S9i'
picked 'a state' '12 345' --only state=found
picked 'all but a tag' '1 2345' --exclude tag=hot
picked 'all but a rack' '2 1345' --exclude rack=r1
ok '  with the reason' grep -q '^skip 02:00:00:00:01:01 .* left%20out%20by%20--exclude%20rack=r1' picked
refused 'a key that there is not' 2 usage firmflash plan s9.firm.tar picked.csv --pubkey release.pub --only shelf=1
refused 'nothing left to do' 5 wrong-board firmflash plan s9.firm.tar picked.csv --pubkey release.pub --boards "$TESTS/../boards" --only site=nowhere -o none
printf 'mac,address\n,10.1.0.9\n' >nomac.csv
refused 'a board without a MAC and without a state' 2 usage firmflash plan s9.firm.tar nomac.csv --pubkey release.pub --boards "$TESTS/../boards" -o none
explains '  it is named' '10.1.0.9 has no MAC'

# --- units: the same duration or size in any spelling is the same plan ---
ok 'plain seconds and bytes' firmflash plan s9.firm.tar "$golden/inventory.csv" --pubkey release.pub --boards "$TESTS/../boards" -o plain --soak 5400 --boot 600 --poll 2.5 --limit-rate 2097152
ok 'with units' firmflash plan s9.firm.tar "$golden/inventory.csv" --pubkey release.pub --boards "$TESTS/../boards" -o units --soak 1h30m --boot 10m --poll 2500ms --limit-rate 2M
same '  are the same' plain units
for odd in 10x 30m1h 1h1h '' m 5.1234 99999999d -1; do
    refused "a duration of \`$odd'" 2 usage firmflash plan s9.firm.tar "$golden/inventory.csv" --pubkey release.pub --soak "$odd"
done
