#!/bin/sh
# SPDX-License-Identifier: ISC
# Promise: an operator's hand is obeyed: passwords come from where he says and leak nowhere, boards that moved are found again, a retry tries what
# he names and nothing else, a second Ctrl-C stops at once, and a limit of bandwidth is kept.
set -eu
. "$(dirname "$0")/lib.sh"
need python3

cd "$T"
secret="s3cret of operator $$"
private "$secret" password
chmod 600 password
mkdir tree
head -c 200000 /dev/urandom >tree/rootfs.img
firmkey generate -o release --no-password >.log 2>&1
firmpack build tree --product p --version 2.0 --counter 2 --board zynq-s9:0-9 --key release.key -o new.firm.tar --quiet
# begin NETWORK BOARDS OPTION...: a farm, and its inventory in inv.csv.
begin() {
    net=$1 boards=$2
    shift 2
    rm -f ledger ledger-*
    farm --sealed "zynq-s9:2=$boards" --product p --pubkey release.pub --boards "$TESTS/../boards" --first "127.$net.0.1" --boot-ms 100 "$@"
    look
}
look() { firmflash scan "127.$net.0.0/26" --password-file password --port "$http" --api-port "$api" --force -o inv.csv --quiet >.log 2>&1 || :; }
plan() { # PLAN OPTION...
    to=$1
    shift
    firmflash plan --force new.firm.tar inv.csv --pubkey release.pub --poll 0.1 --boot 3 --settle 0.3 --soak 0.2 --health 2 --backoff 0.1 --timeout 5 \
        --waves 100% --no-halts -o "$to" "$@" 2>.log
}
total() { firmsim ask control totals | sed -n "s/.*\"$1\":\([0-9]*\).*/\1/p"; }
# exits WHAT STATUS COMMAND...
exits() {
    what=$1 want=$2 got=0
    shift 2
    "$@" >out 2>err || got=$?
    if [ "$got" -eq "$want" ]; then pass "$what: exit status $want"; else fail "$what" "exit $got, wanted $want" "$(cat out err)"; fi
}
apply() { # PLAN LEDGER OPTION...
    from=$1 where=$2
    shift 2
    firmflash apply "$from" --ledger "$where" --pubkey release.pub --api-port "$api" --quiet "$@"
}
flasher() { firmsim ask control state | grep -c "\"flashes\":$1,"; }

# --- where passwords come from ---
begin 46 6
printf '%s\n' "$secret" >open-password
plan plan
refused 'a password file that others may read' 2 usage apply plan none --password-file open-password
explains '  says how to repair that' 'open-password has mode 0644.*chmod 600 open-password'
refused '  in a scan, too' 2 usage firmflash scan 127.46.0.1 --port "$http" --api-port "$api" --password-file open-password --quiet
(umask 077 && printf 'firmseal-credentials 1\ncredential default root systemd farm-pw\n' >by-systemd
    printf 'firmseal-credentials 1\ncredential default root fd 7\n' >by-fd
    mkdir given && cp password given/farm-pw)
plan plan
refused 'systemd gave nothing' 2 usage apply plan none --credentials by-systemd
exits "a scan with a password from systemd's directory" 0 env CREDENTIALS_DIRECTORY="$T/given" firmflash scan "127.46.0.1" --port "$http" \
    --api-port "$api" --credentials by-systemd --quiet
chmod 444 given/farm-pw
refused '  which others may not read' 2 usage env CREDENTIALS_DIRECTORY="$T/given" firmflash apply plan --ledger none --pubkey release.pub \
    --credentials by-systemd --quiet
chmod 440 given/farm-pw
exits '  a dry run wants none' 0 apply plan rehearsed --dry-run
exits '  but may be of the group, by an ACL' 0 env CREDENTIALS_DIRECTORY="$T/given" firmflash apply plan --ledger by-systemd.ledger \
    --pubkey release.pub --credentials by-systemd --api-port "$api" --quiet
ok '  and every board took it' test "$(total flashed)" -eq 6
ok '  at the first try' test "$(total login_failures)" -eq 0
exits 'a password from a descriptor that the credentials name' 0 apply plan by-fd.ledger --credentials by-fd 7<password
exits '  and from --password-fd' 0 apply plan fd.ledger --password-fd 3 3<password
refused '  which a resume cannot know' 2 usage firmflash resume fd.ledger --quiet
exits '  and is told' 0 firmflash resume fd.ledger --password-fd 3 --quiet 3<password
refused '  a descriptor that is not there' 1 system apply plan none --password-fd 99
ok '  no ledger was begun for that' test ! -e none
end_farm

# --- retry: what is named, and nothing else ---
begin 47 8 --behave refuses:3
plan plan
exits 'three boards refuse' 6 apply plan ledger --password-file password
ok '  and are rejected' grep -qE '^ +3 rejected' out
refused 'a retry of states that there are not' 2 usage firmflash retry ledger --state rejected,broken --quiet
refused '  or that are no failures' 2 usage firmflash retry ledger --state success --quiet
for address in $(firmsim ask control state | sed -n 's/.*"address":"\([0-9.]*\)".*"behaviours":\["refuses"\].*/\1/p'); do
    firmsim ask control behave "$address" none >.log
done
uploads=$(total uploads)
exits 'a retry of others' 6 firmflash retry ledger --state failed --quiet
ok '  sends nothing' test "$(total uploads)" -eq "$uploads"
exits 'a retry of the rejected ones' 0 firmflash retry ledger --state rejected --quiet
ok '  sends to these three' test "$(total uploads)" -eq $((uploads + 3))
ok '  and nobody was flashed twice' test "$(flasher 1)" -eq 8
end_farm

# --- boards that move ---
begin 48 10
# Between scan and apply two have changed places, and one is where nobody is.
python3 - <<'PY'
import csv
rows = list(csv.DictReader(open("inv.csv")))
rows[0]["address"], rows[1]["address"] = rows[1]["address"], rows[0]["address"]
rows[2]["address"] = rows[2]["address"].replace("127.48.0.", "127.48.1.")
with open("old.csv", "w") as f:
    w = csv.DictWriter(f, rows[0].keys())
    w.writeheader()
    w.writerows(rows)
PY
cp inv.csv right.csv && cp old.csv inv.csv
for n in 8 9; do firmsim ask control behave "127.48.0.$n" moved >.log; done
plan plan
exits 'boards at other addresses than the plan has' 6 apply plan ledger --password-file password
ok '  two that changed places are known by their MACs' grep -qE '^ +7 success' out
ok '  nobody was flashed in place of another' test "$(total flashed) $(total flashes_most)" = '9 1'
ok '  who was not there has failed' grep -qE '^ +1 failed' out
ok '  who went to another address after the image is to be looked for' grep -qE '^ +2 needs-card' out
cp right.csv inv.csv
look
exits 'a new scan, and a retry with it' 0 firmflash retry ledger --state failed,needs-card --inventory inv.csv --quiet
ok '  finds all of them' grep -qE '^ +10 success' out
ok '  the moved ones had the image, and are not sent it again' test "$(total flashed) $(total flashes_most)" = '10 1'
cp right.csv inv.csv
end_farm

begin 49 6
sed -i "s/127\.49\.0\.\([456]\):/127.49.9.\1:/" inv.csv
plan plan --waves 1,hand:100%
cp inv.csv old.csv
refused 'an inventory that is none' 2 usage firmflash plan new.firm.tar plan --pubkey release.pub
exits 'a gate' 7 apply plan ledger --password-file password
look
exits 'resume with the addresses of today' 0 firmflash resume ledger --open --inventory inv.csv --quiet
ok '  reaches all' grep -qE '^ +6 success' out
end_farm

# --- Ctrl-C, twice; and what can be seen of the run meanwhile ---
begin 50 12 --write-ms 1500
plan plan --uploads 6
cat >watched.py <<'PY'
"""Starts a run, looks at it from outside while boards write their flash, and interrupts it twice."""
import os, re, signal, subprocess, sys, time
secret, uid = sys.argv[1].encode(), int(sys.argv[2])
def demote():
    if uid: os.setuid(uid)
    os.environ.clear()
p = subprocess.Popen(sys.argv[3:], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, preexec_fn=demote, env={"PATH": os.environ["PATH"]})
core = lambda: re.search(r"Max core file size\s+(\S+)\s+(\S+)", open("/proc/%d/limits" % p.pid).read()).groups()
status = lambda: open("/proc/%d/status" % p.pid).read()
end = time.monotonic() + 30
while time.monotonic() < end and p.poll() is None:
    t = subprocess.run(["firmsim", "ask", "control", "totals"], capture_output=True, text=True).stdout
    if re.search(r'"uploads":[1-9]', t) and core() == ("0", "0"): break
bad = []
for name in ("cmdline", "environ"):
    try: text = open("/proc/%d/%s" % (p.pid, name), "rb").read()
    except PermissionError: text = b""
    if secret in text: bad.append(name)
if core() != ("0", "0"): bad.append("core %r" % (core(),))
# The kernel gives the files of a process that may not be dumped to root.
if uid and os.stat("/proc/%d/environ" % p.pid).st_uid != 0: bad.append("dumpable")
if bad or p.poll() is not None:
    sys.exit("seen: %s; %r" % (bad, p.stderr.read() if p.poll() is not None else ""))
if "once" in os.environ.get("HOW", ""):
    p.kill()
    sys.exit(0)
def taken():  # the signal was read, and is not pending any more
    while time.monotonic() < end and int(re.search(r"ShdPnd:\s+(\w+)", status()).group(1), 16) & 1 << signal.SIGINT - 1: pass
p.send_signal(signal.SIGINT)
taken()
if p.poll() is not None: sys.exit("one Ctrl-C, and it has ended")
p.send_signal(signal.SIGINT)
said = p.communicate(timeout=20)[1]
if secret in said: sys.exit("the password is in its messages")
sys.exit(p.returncode)
PY
uid=0
if [ "$(id -u)" -eq 0 ]; then uid=65534; fi
mkdir mine
cp password release.pub plan new.firm.tar mine
if [ $uid -ne 0 ]; then chmod 711 "$T" && chown -R $uid mine; fi
# shellcheck disable=SC2317 # called by exits
watched() { python3 watched.py "$secret" $uid "$@"; }
ledger=$T/mine/ledger
exits 'a second Ctrl-C while boards write' 7 watched firmflash apply "$T/mine/plan" --ledger "$ledger" --bundle "$T/mine/new.firm.tar" \
    --pubkey "$T/mine/release.pub" --password-file "$T/mine/password" --api-port "$api" --quiet --boards "$TESTS/../boards"
ok '  ended before they did' test "$(total flashed)" -lt 12
ok '  the ledger is whole' python3 -c 'import sqlite3, sys
assert sqlite3.connect(sys.argv[1]).execute("pragma integrity_check").fetchone()[0] == "ok"' "$ledger"
if [ $uid -ne 0 ]; then
    refused "  which is another user's, and not root's to go on with" 2 usage firmflash resume "$ledger" --quiet
    chown -R 0 mine
fi
exits '  and a resume finishes' 0 firmflash resume "$ledger" --pubkey "$T/mine/release.pub" --password-file "$T/mine/password" --api-port "$api" \
    --bundle "$T/mine/new.firm.tar" --boards "$TESTS/../boards" --quiet
ok '  nobody twice, nobody forgotten' test "$(total flashed) $(total flashes_most)" = '12 1'
cat "$ledger"* out err >all
grep -F "$secret" all | nothing '  the password is in no ledger and no message'
end_farm

begin 51 4 --behave silent:2
plan plan --timeout 4
exits 'boards that never answer' 0 apply plan ledger --password-file password
end_farm
begin 52 3 --write-ms 3000 --behave refuses:3
plan plan
exits 'all refuse' 6 apply plan ledger --password-file password
for n in 1 2 3; do firmsim ask control behave "127.52.0.$n" none >.log; done
HOW=once
export HOW
ok 'nor can anything be seen of a retry' python3 watched.py "$secret" 0 firmflash retry ledger --state rejected --quiet
end_farm
begin 53 2 --behave hangs:2
ok 'nor of a scan' python3 - "$secret" firmflash scan 127.53.0.1-127.53.0.2 --password-file password --port "$http" --api-port 0 --timeout 20 <<'PY'
import re, subprocess, sys, time
p = subprocess.Popen(sys.argv[2:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
limits = lambda: re.search(r"Max core file size\s+(\S+)\s+(\S+)", open("/proc/%d/limits" % p.pid).read()).groups()
end = time.monotonic() + 10
while limits() != ("0", "0") and time.monotonic() < end and p.poll() is None: pass
alive = p.poll() is None and limits() == ("0", "0")
seen = any(sys.argv[1].encode() in open("/proc/%d/%s" % (p.pid, n), "rb").read() for n in ("cmdline", "environ"))
p.kill()
p.wait()
assert alive and not seen
PY
end_farm

# --- a limit of bandwidth: by the ledger's clock no less time goes by than the bytes want ---
begin 54 6
plan plan --limit-rate 600000
exits 'uploads under a limit' 0 apply plan ledger --password-file password
ok '  were as slow as it says, together' python3 - ledger new.firm.tar <<'PY'
import os, sqlite3, sys
db = sqlite3.connect(sys.argv[1])
first = db.execute("select min(at) from event where state='uploading'").fetchone()[0]
last = db.execute("select max(at) from event where state='accepted'").fetchone()[0]
bytes_, rate = 6 * os.path.getsize(sys.argv[2]), 600000
least = (bytes_ - rate / 10) / rate * 1000 - 5  # a tenth of a second is saved up; two clocks are rounded
assert last - first >= least, (last - first, least)
PY
end_farm
