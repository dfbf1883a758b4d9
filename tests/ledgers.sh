#!/bin/sh
# SPDX-License-Identifier: ISC
# Promise: a ledger that somebody else made, changed or copied is read and not obeyed: no key, password or file that it names is used, nothing
# is written, and nothing that stands in it reaches a terminal as it is.
set -eu
. "$(dirname "$0")/lib.sh"
need python3 firmsim firmflash

cd "$T"
private "of this test $$" password
firmkey generate -o release --no-password >.log
mkdir tree
seq 9999 >tree/file
firmpack build tree --product p --version 2.0 --counter 5 --board zynq-s9 --key release.key -o new.firm.tar --quiet
farm --boards "$TESTS/../boards" --first 127.60.0.1 --pubkey release.pub --product p --sealed zynq-s9:2=2
firmflash scan 127.60.0.1-127.60.0.2 --password-file password --port "$http" --api-port "$api" -o inv.csv --quiet
firmflash plan new.firm.tar inv.csv --pubkey release.pub --waves 1,hand:100% --poll 0.1 --settle 0.2 --soak 0.1 --health 3 --backoff 0.1 -o plan 2>.log
got=0
firmflash apply plan --ledger ledger --pubkey release.pub --password-file password --api-port "$api" --metrics metrics --quiet >.out 2>.err || got=$?
ok 'a run that waits at a gate' test $got -eq 7
cp ledger kept
named="--pubkey release.pub --password-file password --api-port $api --quiet"

# --- copies: nothing that they name is used ---
(umask 077 && cp ledger copy)
rm metrics
refused 'a copy' 2 usage firmflash resume copy --open --quiet
explains '  wants to be told' 'not the file that .apply. made here.*--pubkey or --keyring, --credentials'
refused '  keys alone are not enough' 2 usage firmflash resume copy --open --pubkey release.pub --quiet
refused '  nor is a password' 2 usage firmflash resume copy --open --password-file password --quiet
ok '  no file that it names was written' test ! -e metrics
python3 - <<'PY'
import sqlite3
db = sqlite3.connect("copy")
for key, value in (("metrics", "victim"), ("credentials", "/nowhere"), ("trust.0", "/nowhere"), ("boards", "/nowhere")):
    db.execute("insert or replace into setting values(?, ?)", (key, value))
db.commit()
PY
# shellcheck disable=SC2086 # words
ok '  told all, it goes on' firmflash resume copy --open $named
ok '  and still writes no file that it names' test ! -e victim
ok '  and asked for no board twice' test "$(firmsim ask control totals | sed 's/.*"flashed_twice":\([0-9]*\).*/\1/')" -eq 0

# --- rights ---
for mode in 644 660 602; do
    chmod $mode ledger
    refused "mode $mode" 2 usage firmflash resume ledger --open --quiet
done
explains '  says how to repair that' 'has mode 0602.*chmod 600'
chmod 600 ledger
: >ledger-wal
chmod 666 ledger-wal
refused 'what others may write beside it' 2 usage firmflash resume ledger --open --quiet
explains '  is named' 'ledger-wal has mode 0666'
rm ledger-wal
ln -s ledger link
refused 'a link' 1 system firmflash resume link --open --quiet
if [ "$(id -u)" -eq 0 ]; then
    chown 65534 ledger
    refused "another user's" 2 usage firmflash resume ledger --open --quiet
    chown 0 ledger
    ledger_of() { mkdir "$1" && cp kept "$1/ledger" && chmod 644 "$1/ledger" && chmod 755 "$1" && chmod 711 "$T"; }
    ledger_of theirs
    ok 'who may only read one can ask how it stands' setpriv --reuid 65534 --regid 65534 --clear-groups "$BUILD/firmflash" status theirs/ledger
    ok '  and leaves nothing behind' test "$(ls theirs)" = ledger
else
    skip "another user's ledger" 'only root can give a file away'
fi
cp kept before
ok 'status' firmflash status ledger
ok '  writes nothing' cmp -s kept before
ls ledger-* 2>/dev/null | nothing '  and leaves nothing beside it'
ok 'the own one goes on by itself' firmflash resume ledger --open --quiet

# --- what is in them ---
# changed WHAT STATEMENT: a ledger of the same kind, but for that.
changed() {
    (umask 077 && cp kept "$1")
    python3 - "$1" "$2" <<'PY'
import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
db.executescript("pragma writable_schema=on;" + sys.argv[2])
db.commit()
PY
}
changed trigger "create trigger t after insert on note begin update setting set value='x'; end"
changed view 'alter table note rename to note2; create view note as select * from note2'
changed column 'alter table device add column more'
changed table 'create table more(x)'
changed less 'drop index event_of'
for what in trigger view column table less; do
    refused "a ledger with another schema: $what" 2 usage firmflash status $what
    refused '  nor is it gone on with' 2 usage firmflash resume $what --open --quiet
done
changed odd "update sqlite_schema set sql='create table ' || char(27) || '[2J(x', name=char(27)||'[2J' where name='note'"
for verb in status report; do
    got=0
    firmflash $verb odd >.out 2>.err || got=$?
    ok "what SQLite says of a damaged one: $verb" test $got -ne 0
    LC_ALL=C grep -n '[^ -~]' .out .err | nothing '  holds nothing that a terminal obeys'
done
changed loud "update device set text=char(27)||'[31m'||char(10)||'ok', state='failed', class='lost', version=char(155)||'x';
    update setting set value=char(27)||']0;x'||char(7) where key='halted'; insert or replace into setting values('halted', char(27)||']0;x'||char(7));"
for form in '' --csv --cards --metrics --junit --html; do
    # shellcheck disable=SC2086 # a word or none
    firmflash report loud $form >.out 2>.err || :
    tr -d '\r' <.out | LC_ALL=C grep -n '[^ -~]' - | nothing "the words of a foreign one in a report ${form:-for people}"
done
end_farm
