#!/bin/sh
# SPDX-License-Identifier: ISC
# Long.
# Promise: a rollout tells the truth about each board, stops at a bad image, and goes on after any crash: no board is flashed twice, none forgotten.
# Over real HTTP, against the simulator, which keeps its own books of what was done to each board.
set -eu
. "$(dirname "$0")/lib.sh"
need python3
secret=fleet-secret-$$
cd "$T"
mkdir tree
head -c 200000 /dev/urandom >tree/rootfs.img
firmkey generate -o release --no-password >.log 2>&1
firmkey generate -o other --no-password >.log 2>&1
build() { firmpack build tree --product p --version "$1" --counter 2 --board "$2" --key release.key -o "$3" --quiet; }
build 2.0 zynq-s9:0-9 new.firm.tar
build 2.1 zynq-s9:0-9 newer.firm.tar
build 2.0 zynq-s19 other.firm.tar
(umask 077 && echo "$secret" >password && printf 'firmseal-credentials 1\n# first the farm, then what a board leaves the factory with\ncredential default root file %s/wrong\ncredential default root file %s/password\n' "$T" "$T" >credentials && echo wrong >wrong)

# begin NETWORK BOARDS OPTION...: a farm, and its inventory in inv.csv.
begin() {
    net=$1 boards=$2
    shift 2
    farm --sealed "zynq-s9:2=$boards" --product p --pubkey release.pub --first "127.$net.0.1" --boards "$TESTS/../boards" --boot-ms 150 "$@"
    firmflash scan "127.$net.0.1-127.$net.0.$boards" --password-file password --port "$http" --api-port "$api" --force -o inv.csv --quiet >.log 2>&1 || :
}
total() { firmsim ask control totals | sed -n "s/.*\"$1\":\([0-9]*\).*/\1/p"; }
quick='--poll 0.1 --boot 4 --settle 0.3 --soak 0.5 --health 2 --backoff 0.1 --timeout 3'
plan() { # PLAN OPTION...
    to=$1
    shift
    # shellcheck disable=SC2086 # a list of options
    firmflash plan --force new.firm.tar inv.csv --pubkey release.pub $quick -o "$to" "$@" 2>.log
}
apply() { # PLAN LEDGER OPTION...
    from=$1 where=$2
    shift 2
    firmflash apply "$from" --ledger "$where" --pubkey release.pub --credentials credentials --api-port "$api" --quiet "$@"
}
# exits WHAT STATUS COMMAND...
exits() {
    what=$1 want=$2 got=0
    shift 2
    "$@" >out 2>err || got=$?
    if [ "$got" -eq "$want" ]; then pass "$what: exit status $want"; else fail "$what" "exit $got, wanted $want" "$(cat out err)"; fi
}

# --- a good image ---
begin 91 12
ok 'a plan is made' plan plan --waves 2,50%,100%
ok '  the same again' plan plan2 --waves 2,50%,100%
same '  has the same bytes' plan plan2
exits 'it is carried out; the second credential is the right one' 0 apply plan ledger
ok '  every board was flashed' test "$(total flashed)" -eq 12
ok '  once' test "$(total flashes_most)" -eq 1
ok '  and rebooted once' test "$(total reboots)" -eq 12
ok '  the ledger says success of all' grep -q '^ *12 success' out
for form in html json csv junit metrics; do
    ok "  report --$form" firmflash report ledger "--$form" -o "report.$form"
    ok '    has a board in it' grep -qE '02:[0-9a-f:]+|12' "report.$form"
done
ok '  status --json is JSON' sh -c 'firmflash status ledger --json | python3 -m json.tool'
ok '  a second run finds all of them done' plan again
exits '  and touches none' 0 apply again ledger2
ok '  none was flashed again' test "$(total flashes)" -eq 12
ok '  they are already there' grep -q '^ *12 already' out
cat ledger* credentials plan report.* out err >all
grep -F "$secret" all | nothing 'the password is in no ledger, plan, report or message'

# --- what is refused ---
refused 'a ledger that is there' 2 usage apply plan ledger
refused 'a plan for another bundle' 2 usage apply plan ledger3 --bundle newer.firm.tar
refused 'a foreign key' 4 untrusted-key firmflash apply plan --ledger ledger3 --pubkey other.pub --credentials credentials --quiet
refused 'a bundle for other boards' 5 wrong-board firmflash plan other.firm.tar inv.csv --pubkey release.pub -o none
chmod 640 credentials
refused 'credentials that others may read' 2 usage apply plan ledger3
chmod 600 credentials
sed 's/^rule tries 3/rule tries 03/' plan >odd
refused 'a plan that is not canonical' 2 usage apply odd ledger3
ok 'nothing of that left a ledger behind' test ! -e ledger3
echo no >noledger
refused 'a file that is no ledger' 2 usage firmflash status noledger
end_farm

# --- a bad image ---
begin 92 20 --bad-version 2.0 --write-ms 1000
plan plan --waves 2,100% --uploads 4
exits 'a bad image' 7 apply plan bad
ok '  stops at the canaries' test "$(total flashed)" -le 2
ok '  and the halt says why' grep -q 'halted: 1 failed in the canary wave' out
ok '  which waits for a person' sh -c 'firmflash status bad --needs-a-person | grep -q " halt: 1 failed in the canary wave.*; next: .*resume --lift"'
refused '  resume alone does not go on' 7 halted firmflash resume bad --quiet
exits '  --lift does' 7 firmflash resume bad --lift --quiet
ok '  until the next halt' test "$(total flashed)" -le 20
end_farm

# A limit that is passed when all boards of the last wave are under way is a halt everywhere.
begin 96 1 --bad-version 2.0
plan plan --waves 100%
exits 'a limit passed in the last wave: exit status of a halt' 7 apply plan last
ok '  status' sh -c 'firmflash status last | sed -n 1p | grep -q ": halted: "'
ok '  metrics' sh -c 'firmflash report last --metrics | grep -q "^firmseal_rollout_halted 1"'
refused '  resume' 7 halted firmflash resume last --quiet
exits '  lifted, it is over, and one failed' 6 firmflash resume last --lift --quiet
end_farm

# --- trouble on the way ---
begin 93 24 --behave lost:4 --behave refuses:2 --behave bricked:2 --behave hangs:1
plan plan --waves 100% --no-halts
# The one that hangs is not in the inventory: 23 boards are left, of which 4 are heard of no more until they are asked.
exits 'boards in trouble' 6 apply plan mixed
ok '  lost answers were asked about, not guessed: all that took the image and are well' grep -qE '^ *19 success' out
ok '  the refusing ones are rejected' grep -q '^ *2 rejected' out
ok '  the bricked ones want a card' test "$(firmflash report mixed --cards | grep -c '^02:')" -eq 2
ok '  and nobody was flashed twice' test "$(total flashed_twice)" -eq 0
ok '  which a person is told, with the next command' sh -c 'firmflash status mixed --needs-a-person >person && [ "$(grep -c " card 02:.*; next: .*firmflash scan" person)" -eq 2 ]'
ok '  also as JSON' python3 -c 'import json, subprocess
rows = [json.loads(x) for x in subprocess.run(["firmflash", "status", "mixed", "--needs-a-person", "--json"], capture_output=True, check=True).stdout.splitlines()]
assert [r["kind"] for r in rows] == ["card", "card"] and all(r["next"] and r["since"] for r in rows)
assert [r["since"] for r in rows] == sorted(r["since"] for r in rows)'
exits '  a retry that does not reach them' 6 firmflash retry mixed --state needs-card --quiet
ok '  leaves them as they were' test "$(firmflash report mixed --cards 2>hint | grep -c '^02:')" -eq 2
ok '  and the list of cards says to look for them first' grep -q 'firmflash scan .*retry' hint
end_farm

# --- a gate, a drain, and kill -9 ---
begin 94 30 --write-ms 60
plan plan --waves 10,hand:100% --uploads 4
exits 'a gate' 7 apply plan gated
ok '  holds' test "$(total flashed)" -eq 10
ok '  and waits for a person' sh -c 'firmflash status gated --needs-a-person | grep -q " gate: .*; next: .*resume --open"'
exits '  until it is opened' 0 firmflash resume gated --open --quiet
ok '  then all is done' test "$(total flashed)" -eq 30
end_farm

begin 95 30 --write-ms 60
plan plan --waves 100% --uploads 3
# Returns when the first board has taken the image.
first_flash() {
    python3 - <<PY
import subprocess, time
end = time.monotonic() + 20
while time.monotonic() < end:
    t = subprocess.run(["firmsim", "ask", "control", "totals"], capture_output=True, text=True).stdout
    if '"flashed":0' not in t: break
    time.sleep(0.02)
PY
}
# drains SIGNAL WHAT LEDGER: the run that has just begun ends with 7, before all boards were reached.
drains() {
    first_flash
    kill "-$1" "$child"
    got=0
    wait "$child" || got=$?
    ok "$2 drains: exit status 7" test "$got" -eq 7
    ok '  before the end' test "$(total flashed)" -lt 30
    exits '  resume finishes' 0 firmflash resume "$3" --quiet
    ok '  nobody twice' test "$(total flashed_twice)" -eq 0
    ok '  nobody forgotten' test "$(total flashed)" -eq 30
    end_farm
}
background firmflash apply plan --ledger drained --pubkey release.pub --credentials credentials --api-port "$api" --quiet
drains INT Ctrl-C drained
begin 95 30 --write-ms 60
plan plan --waves 100% --uploads 3
background firmflash apply plan --ledger hung --pubkey release.pub --credentials credentials --api-port "$api" --quiet
drains HUP 'a terminal that goes away' hung
begin 95 30
plan plan --waves 100% --uploads 3
# shellcheck disable=SC2016 # for the shell that runs it
background sh -c 'trap "" HUP; exec firmflash apply plan --ledger nohup --pubkey release.pub --credentials credentials --api-port "$1" --quiet' sh "$api"
first_flash
kill -HUP "$child"
got=0
wait "$child" || got=$?
ok 'with nohup it goes on' test "$got" -eq 0
end_farm
begin 95 30 --write-ms 60
plan plan --waves 100% --uploads 3
background firmflash apply plan --ledger crashed --pubkey release.pub --credentials credentials --api-port "$api" --quiet
first_flash
firmflash status crashed >out
ok 'a run that is under way is said to be' grep -qx 'p 2.0: running' out
kill -KILL "$child"
wait "$child" 2>/dev/null || :
firmflash status crashed >out
ok 'one that crashed is not' grep -q '^p 2.0: interrupted: .*resume' out
ok '  in a report neither' sh -c 'firmflash report crashed --json | grep -q "\"state\":\"interrupted\""'
exits '  and can be gone on with' 0 firmflash resume crashed --quiet
ok '  to its end' sh -c 'firmflash status crashed | grep -qx "p 2.0: done"'
end_farm

begin 96 40 --write-ms 30
plan plan --waves 2,100% --no-halts --tries 20 --uploads 8
cat >kills.py <<'PY'
import os, random, subprocess, sys, time
api, random_ = sys.argv[1], random.Random(7)
args = ["--quiet"]
kills = 0
while True:
    verb = ["resume", "killed"] if os.path.exists("killed") else [
        "apply", "plan", "--ledger", "killed", "--pubkey", "release.pub", "--credentials", "credentials", "--api-port", api]
    p = subprocess.Popen(["firmflash"] + verb + args, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    try:
        _, said = p.communicate(timeout=random_.uniform(0.01, 0.35 + kills / 20))
    except subprocess.TimeoutExpired:
        p.kill()
        p.communicate()
        kills += 1
        continue
    if p.returncode == 2 and b"no ledger" in said: # killed while it was made: nothing was begun
        for f in ("killed", "killed-wal", "killed-shm", "killed-journal"):
            if os.path.exists(f): os.remove(f)
        continue
    print(kills, "kills")
    sys.stderr.buffer.write(said)
    sys.exit(p.returncode)
PY
ok 'kill -9, again and again, over HTTP: resume finishes' python3 kills.py "$api"
cat "$T/.out"
ok '  nobody was flashed twice' test "$(total flashed_twice)" -eq 0
ok '  nobody was forgotten' test "$(total flashed)" -eq 40
ok '  the ledger is whole' sh -c 'python3 -c "import sqlite3; assert sqlite3.connect(\"killed\").execute(\"pragma integrity_check\").fetchone()[0] == \"ok\""'
end_farm

# --- a dry run needs no farm ---
exits 'a dry run' 0 firmflash apply plan --dry-run --pubkey release.pub --quiet
exits '  with boards that fail' 6 firmflash apply plan --dry-run=reject:20 --pubkey release.pub --quiet
