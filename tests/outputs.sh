#!/bin/sh
# SPDX-License-Identifier: ISC
# Promise: what a command of firmflash writes at its end is proved writable before it begins, never takes the place of a file unless --force says
# so, and is not lost when it cannot be written after all.
set -eu
. "$(dirname "$0")/lib.sh"
cd "$T"

firmkey generate -o key --no-password >/dev/null 2>&1
mkdir -p tree/card
head -c 100000 /dev/urandom >tree/card/MLO
for file in am335x-boneblack.dtb uImage uEnv.txt initramfs.bin.SD; do echo "$file" >"tree/card/$file"; done
firmpack build tree --product p --version 1 --counter 1 --board zynq-s9 --key key.key -o b --quiet
private secret password
printf 'mac,address,board\n02:00:00:00:00:01,127.0.0.1,zynq-s9\n' >inv.csv
farm --password-file password --board zynq-s9=1 --first 127.46.0.1
asked() { firmsim ask control totals; }
scan() { firmflash scan 127.46.0.1 --port "$http" --api-port "$api" --password-file password --quiet "$@"; }
plan() { firmflash plan b inv.csv --pubkey key.pub "$@"; }

before=$(asked)
refused 'a scan into a folder that is not there' 1 system scan -o nowhere/x.csv
refused '  or its details' 1 system scan -o x.csv --details nowhere/x
echo mine >mine
refused 'a scan over a file' 2 usage scan -o mine
explains '  with the way out' 'expected: another name, or --force'
refused '  or its details' 2 usage scan --details mine
ok '  and no board was asked' [ "$before" = "$(asked)" ]
refused 'a plan over a file' 2 usage plan -o mine
refused 'a card over a file' 2 usage firmflash card b mine --board zynq-s9 --pubkey key.pub
ok '  which is as it was' [ "$(cat mine)" = mine ]
ok 'with --force it is replaced' plan -o mine --force
ok '  by the plan' grep -q firmseal-plan mine
ok 'a plan into /dev/null' plan -o /dev/null
ok '  which stays one' test -c /dev/null
ok 'a scan into it' scan -o /dev/null
ok 'a plan into a pipe' sh -c 'firmflash plan b inv.csv --pubkey key.pub -o /dev/stdout | grep -q firmseal-plan'

firmflash plan b inv.csv --pubkey key.pub -o p 2>/dev/null
firmflash apply p --ledger l --pubkey key.pub --dry-run --quiet >/dev/null 2>&1 || :
ok 'a report named .html' firmflash report l -o x.html
ok '  is HTML' grep -q '<!DOCTYPE html>' x.html
refused 'a report over it' 2 usage firmflash report l -o x.html
ok '  unless that is meant' firmflash report l --force -o x.html
ok 'a report named .csv' firmflash report l -o x.csv2.csv
ok '  is CSV' grep -q '^mac,address' x.csv2.csv
ok 'a form that is named is that form' firmflash report l --json -o y.html
ok '  whatever the name of the file' grep -q '^{' y.html
ok 'a run that went well, to a script' firmflash status l --exit-status
firmflash apply p --ledger l2 --pubkey key.pub --dry-run=reject:100 --quiet >/dev/null 2>&1 || :
got=0
firmflash status l2 --exit-status >/dev/null || got=$?
ok 'one that did not' [ "$got" -ne 0 ]
ok '  only when that is asked for' firmflash status l2
end_farm
