#!/bin/sh
# SPDX-License-Identifier: ISC
# Promise: a scan finds every board there is, says what it is and what about it is suspicious, tries no login twice, and gives its
# password to nobody who is no board.
set -eu
. "$(dirname "$0")/lib.sh"
need python3 minisign firmsim firmflash

secret='s3cret of this test'
boards=$TESTS/../boards
private "$secret" "$T/password"
python3 "$TESTS/forge.py" keys "$T" release
scan() {
    firmflash scan "$@" --port "$http" --api-port "$api" --boards "$boards" --timeout 2 --quiet
}
# scans WHAT STATUS RANGE... : the inventory is in $T/csv, the details are in $T/details.
scans() {
    what=$1 want=$2 got=0
    shift 2
    scan "$@" --force -o "$T/csv" --details "$T/details" >"$T/.out" 2>"$T/.err" </dev/null || got=$?
    if [ "$got" -eq "$want" ]; then pass "$what"; else fail "$what" "exit $got, wanted $want" "$(cat "$T/.err")"; fi
}
rows() { awk 'NR > 1' "$T/csv" | grep -cv '^,' || :; } # boards with their MAC
# detail ADDRESS PATTERN
detail() { grep "\"address\":\"$1:$http\"" "$T/details" | grep -qE -e "$2"; }

# --- what there is ---

farm --boards "$boards" --first 127.40.0.1 --board zynq-s9:2=20 --board zynq-s19=10 --sealed zynq-s19:3=5 --pubkey "$T/release.pub" \
    --behave dead:2 --seed 3
scans "a network is scanned" 0 127.40.0.0/26 --password-file "$T/password"
ok "and every board that lives is found" [ "$(rows)" -eq 33 ]
ok "with its kind: those of the S9" [ "$(grep -c ',zynq-s9,' "$T/csv")" -ge 18 ]
ok "the newer ones by their control board" grep -q 'zynq7007_BHB42XXX' "$T/csv"
ok "and its revision, where firmverify tells it" [ "$(grep -c ',zynq-s19,3,' "$T/csv")" -ge 3 ]
ok "sorted by MAC, whatever the order of answers" sh -c 'sed 1d "$1" | cut -d, -f1 | LC_ALL=C sort -c' sh "$T/csv"
cp "$T/csv" "$T/first"
scans "a second time" 0 127.40.0.1-127.40.0.62 --password-file "$T/password" --concurrency 3
same "it is the same inventory, to the byte" "$T/first" "$T/csv"
scan 127.40.0-0.1-62 --password-file "$T/password" --json >"$T/json"
ok "as JSON, an object a line" python3 -c 'import json, sys
boards = [json.loads(line) for line in open(sys.argv[1])]
assert len(boards) == 33 and all(b["mac"] and b["address"] for b in boards)' "$T/json"
ok "each login was good at once" sh -c 'firmsim ask "$1" totals | grep -q "\"login_failures\":0"' sh "$T/control"
scans "the wrong password" 6 127.40.0.1-127.40.0.9 --user root --password-fd 3 3<<'PW'
not this one
PW
ok "is tried once a board" sh -c '[ "$(firmsim ask "$1" totals | sed "s/.*\"login_failures\":\([0-9]*\).*/\1/")" -le 9 ]' sh "$T/control"
cat >"$T/wrong" <<CRED
firmseal-credentials 1
credential default root file $T/one
credential default root file $T/two
CRED
echo 'not this one' >"$T/one"
echo 'nor this one' >"$T/two"
chmod 600 "$T/wrong" "$T/one" "$T/two"
failures_of() { firmsim ask "$T/control" board "$1" | sed 's/.*"login_failures":\([0-9]*\).*/\1/'; }
before=$(failures_of 127.40.0.3)
scans "two wrong ones" 6 127.40.0.3 --credentials "$T/wrong"
ok "are two tries" [ $(($(failures_of 127.40.0.3) - before)) -eq 2 ]
scans "no password at all" 6 127.40.0.1
ok "and the board is there all the same" detail 127.40.0.1 '"state":"login".*antMiner'

# --- lists ---

printf '# hall one\n127.40.0.1-127.40.0.3\n\n127.40.0.7\n' >"$T/list"
scans "a list" 0 "@$T/list" --password-file "$T/password"
printf 'address,site,rack,tags,credential\n127.40.0.1-127.40.0.4,ekb,r1,new hot,hall-1\n127.40.0.5,ekb,r2,,hall-2\n' >"$T/places.csv"
echo 'not this one' >"$T/other"
chmod 600 "$T/other"
cat >"$T/credentials" <<CRED
firmseal-credentials 1
credential hall-1 root file $T/other
credential hall-1 root file $T/password
credential hall-2 root file $T/password
CRED
chmod 600 "$T/credentials"
scans "places in CSV, each with its credential" 0 "@$T/places.csv" --credentials "$T/credentials"
ok "go into the inventory" [ "$(grep -c ',ekb,r1,new hot,hall-1$' "$T/csv") $(grep -c ',ekb,r2,,hall-2$' "$T/csv")" = "4 1" ]
ok "which can be scanned again" scan "@$T/csv" --credentials "$T/credentials"
printf '\357\273\277IP;Зал;Стойка;Credential;Note\r\n127.40.0.1;Зал 1;r1;hall-1;"loud;\nold"\r\n127.40.0.5;;r2;hall-2;\r\n' >"$T/sheet.csv"
scans "places as a spreadsheet writes them" 0 "@$T/sheet.csv" --credentials "$T/credentials"
ok "go into the inventory, and so does a column of their own" python3 - "$T/csv" <<'PY'
import csv, sys
rows = {r["address"].split(":")[0]: r for r in csv.DictReader(open(sys.argv[1], newline="", encoding="utf-8"))}
assert rows["127.40.0.1"]["site"] == "Зал 1" and rows["127.40.0.1"]["Note"] == "loud;\nold" and rows["127.40.0.5"]["Note"] == "", rows
PY
ok "from standard input, too" sh -c 'firmflash scan - --password-file "$1" --port "$2" --api-port 0 --boards "$4" --quiet <"$3" | grep -q zynq-s9' \
    sh "$T/password" "$http" "$T/list" "$boards"
end_farm

# --- what is suspicious ---

farm --boards "$boards" --first 127.41.0.1 --board zynq-s19=12 --board zynq-s9=2 --seed 3
behave() { firmsim ask "$T/control" behave "127.41.0.$1" "$2" >"$T/.out"; }
behave 1 infected
behave 2 infected
behave 3 default-password
behave 4 basic
behave 5 wrong-password
behave 6 hangs
behave 7 stale
behave 8 no-qop
behave 9 sha256
behave 11 no-web
scans "a farm with its sorrows" 6 127.41.0.0/28 --password-file "$T/password" --try-factory
ok "infected: the pools differ, the page is shut" detail 127.41.0.1 '"signs":\[.*"pools-differ".*"upgrade-blocked"'
ok "or the name is a command" detail 127.41.0.2 '"hostname-command"'
ok "the maker's password" detail 127.41.0.3 '"state":"found".*"factory-password"'
ok "Basic is not answered" detail 127.41.0.4 '"state":"login".*Basic'
ok "a password that nobody knows" detail 127.41.0.5 '"state":"login".*no login was taken'
ok "a board that hangs is none for now" sh -c '! grep -q "127.41.0.6:" "$1"' sh "$T/details"
ok "a miner without its web server is seen by port 4028" detail 127.41.0.11 '"state":"miner".*"version":"1.0"'
ok "and is in the inventory, with its state and without a MAC" grep -q "^,127.41.0.11:.*,miner," "$T/csv"
ok "as are those that refused the login" [ "$(grep -cE '^,127\.41\.0\.[45]:.*,login,' "$T/csv")" -eq 2 ]
cp "$T/csv" "$T/known.csv"
sed -i "s/127\.41\.0\.3:/127.41.0.50:/" "$T/known.csv" # where nobody is
scans "the inventory is scanned anew" 6 "@$T/known.csv" --password-file "$T/password" --try-factory
ok "a known board that is silent stays, with its MAC" \
    [ "$(grep -c "^$(sed -n 's/,127\.41\.0\.50:.*//p' "$T/known.csv"),127\.41\.0\.50:.*,silent," "$T/csv")" -eq 1 ]
ok "no state is there twice" [ "$(grep -cE 'login login|suspect suspect|miner miner' "$T/csv")" -eq 0 ]
scans "together with the place where it is now" 6 127.41.0.3 "@$T/known.csv" --password-file "$T/password" --try-factory
ok "it is there once, at its new address" [ "$(grep -c '127\.41\.0\.50:' "$T/csv") $(grep -c '127\.41\.0\.3:' "$T/csv")" = "0 1" ]
ok "stale nonces, no qop and SHA-256 are no hindrance" \
    [ "$(grep -E '127\.41\.0\.[789]:' "$T/details" | grep -c '"state":"found".*"signs":\[\]')" -eq 3 ]
ok "suspects are tagged in the inventory" [ "$(grep -c ',suspect,' "$T/csv")" -eq 3 ]
scans "without a look for signs" 6 127.41.0.0/28 --password-file "$T/password" --quick
ok "there are none" sh -c '! grep -q "\"signs\":\[\"" "$1"' sh "$T/details"
# One board at two addresses: it moves while the scan goes on, or stands behind two.
python3 - "$T/proxy" 127.41.0.40 "$http" 127.41.0.10 <<'PY' &
import socket, sys, threading
ready, here, port, there = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4]
listener = socket.socket()
listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
listener.bind((here, port))
listener.listen(16)
open(ready, "w").close()
def pump(a, b):
    while True:
        try:
            piece = a.recv(65536)
        except OSError:
            piece = b""
        if not piece:
            break
        b.sendall(piece)
    try:
        b.shutdown(socket.SHUT_WR)
    except OSError:
        pass
while True:
    client, _ = listener.accept()
    server = socket.create_connection((there, port))
    threading.Thread(target=pump, args=(client, server), daemon=True).start()
    threading.Thread(target=pump, args=(server, client), daemon=True).start()
PY
proxy=$!
children="$children $proxy"
end=$(($(date +%s) + 10))
while [ ! -e "$T/proxy" ] && [ "$(date +%s)" -lt $end ]; do :; done
scans "a MAC at two addresses" 6 127.41.0.10 127.41.0.12 127.41.0.40 --password-file "$T/password"
ok "is reported at both" [ "$(grep -c '"mac_twice":true' "$T/details")" -eq 2 ]
ok "and in the inventory with its MAC at neither" [ "$(rows) $(grep -c "^,.*,mac-twice," "$T/csv")" = "1 2" ]
kill "$proxy"
wait "$proxy" 2>/dev/null || :
end_farm

farm --boards "$boards" --first 127.42.0.1 --board vnish=3 --board zynq-s9
scans "boards with an API of their own" 0 127.42.0.1-127.42.0.4 --password-file "$T/password"
ok "are found by it, without a login" [ "$(grep -c ',vnish,' "$T/csv")" -eq 3 ]
# Anybody can serve that page. Nobody gets a place's password for it who was not named one by one.
printf 'firmseal-credentials 1\ncredential default root file %s/password\ncredential hall root file %s/password\n' "$T" "$T" >"$T/hall"
chmod 600 "$T/hall" "$T/password"
printf 'address,credential\n127.42.0.1-127.42.0.2,hall\n127.42.0.3,hall\n127.42.0.4/32,hall\n' >"$T/places"
scans "such boards at a place that has a credential" 0 "@$T/places" --credentials "$T/hall"
ok "are put down without it" [ "$(grep -c ',vnish,.*,$' "$T/csv")" -eq 2 ]
ok "but for one that was named by its address" [ "$(grep -c ',vnish,.*,hall$' "$T/csv")" -eq 1 ]
ok "and for boards that ask for Digest" [ "$(grep -c ',zynq-s9,.*,hall$' "$T/csv")" -eq 1 ]
ok "which the details say" detail 127.42.0.2 'name one by hand'
http=$(port)
scans "a board whose web server is gone" 6 127.42.0.4 --password-file "$T/password"
ok "mines all the same" detail 127.42.0.4 '"state":"miner".*"note":"its miner answers'
api=$(port)
scans "one that mines no more either" 0 127.42.0.4 --password-file "$T/password"
ok "is silent" [ ! -s "$T/details" ]
end_farm

# --- who is no board ---

python3 - "$T/foreign" <<'PY' &
import http.server, sys
class Router(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        with open(sys.argv[1] + ".log", "a") as log:
            log.write("%s %s\n" % (self.path, self.headers.get("Authorization", "-")))
        self.send_response(401)
        self.send_header("WWW-Authenticate", 'Digest realm="router", nonce="x", qop="auth"')
        self.send_header("Content-Length", "0")
        self.end_headers()
    def log_message(self, *_):
        pass
server = http.server.HTTPServer(("127.0.0.1", 0), Router)
with open(sys.argv[1], "w") as file:
    file.write("%d\n" % server.server_port)
server.serve_forever()
PY
foreign=$!
children="$children $foreign"
end=$(($(date +%s) + 10))
while [ ! -s "$T/foreign" ] && [ "$(date +%s)" -lt $end ]; do :; done
http=$(cat "$T/foreign") api=0
scans "a router" 0 127.0.0.1 --password-file "$T/password"
ok "is no board" detail 127.0.0.1 '"state":"foreign".*"realm":"router"'
ok "and was given no login" [ "$(cat "$T/foreign.log")" = "/cgi-bin/get_system_info.cgi -" ]
kill "$foreign"
wait "$foreign" 2>/dev/null || :
scans "nobody there" 0 127.0.0.1 --password-file "$T/password"
ok "is an inventory of no boards" [ "$(rows)" -eq 0 ]

# --- a board that names itself a kind that is sent the password itself ---

mkfifo "$T/liar"
cat >"$T/liar.py" <<'PY'
import http.server, sys
PAGES = {"/cgi-bin/get_system_info.cgi": b'{"minertype":"Antminer S9","macaddr":"02:00:00:00:00:07","file_system_version":"1.0"}',
         "/cgi-bin/status.cgi": b'{"board":"vnish","revision":0}', "/api/v1/info": b'{"miner":"x"}'}
class Liar(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.headers.get("Authorization") else 401)
        body = PAGES.get(self.path, b"{}") if self.headers.get("Authorization") else b""
        if not body:
            self.send_header("WWW-Authenticate", 'Digest realm="antMiner Configuration", nonce="x", qop="auth"')
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def do_POST(self):
        with open(sys.argv[2], "ab") as log:
            log.write(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(404)
        self.end_headers()
    def log_message(self, *_):
        pass
server = http.server.HTTPServer(("127.0.0.1", 0), Liar)
with open(sys.argv[1], "w") as file:
    file.write("%d\n" % server.server_port)
server.serve_forever()
PY
background python3 "$T/liar.py" "$T/liar" "$T/liar.log"
read -r http <"$T/liar"
printf 'address,credential\n127.0.0.1,hall\n' >"$T/places"
scans "a board behind Digest that says it is one with a token" 0 "@$T/places" --credentials "$T/hall"
ok "is not believed" [ "$(sed 1d "$T/csv" | cut -d, -f1-4,12)" = "02:00:00:00:00:07,127.0.0.1:$http,zynq-s9,,hall" ]
ok "which the details say" detail 127.0.0.1 'says? that it is vnish.*not believed'
# Were it believed, or were its row written by hand: a Digest line is sent in no weaker scheme.
mkdir "$T/tree"
seq 9999 >"$T/tree/file"
sed 's/^title .*/&\nhardware zynq-s9/' "$boards/vnish.board" >"$T/vnish.board"
firmkey generate -o "$T/key" --no-password >"$T/.log"
firmpack build "$T/tree" --product p --version 2.0 --counter 5 --board zynq-s9 --key "$T/key.key" -o "$T/new.firm.tar" --quiet
sed 's/,zynq-s9,/,vnish,0/' "$T/csv" >"$T/by-hand.csv"
firmflash plan "$T/new.firm.tar" "$T/by-hand.csv" --pubkey "$T/key.pub" --include-suspects --boards "$T" --tries 1 --backoff 0.1 -o "$T/plan" 2>"$T/.log"
refused "its row with that kind, and a Digest line" 2 usage firmflash apply "$T/plan" --ledger "$T/ledger" --pubkey "$T/key.pub" --boards "$T" \
    --credentials "$T/hall" --api-port 0 --quiet
explains "names what it lacks" '02:00:00:00:00:07: no line of the credential "hall" is for vnish, whose scheme is token'
ok "nothing was posted there" [ ! -e "$T/liar.log" ]
sed 's/^\(credential hall.*\)$/\1 token/' "$T/hall" >"$T/hall-token"
chmod 600 "$T/hall-token"
got=0
firmflash apply "$T/plan" --ledger "$T/ledger" --pubkey "$T/key.pub" --boards "$T" --credentials "$T/hall-token" --api-port 0 --quiet >"$T/.out" 2>&1 || got=$?
ok "with a token line that a person wrote the same plan sends it" grep -qF "$secret" "$T/liar.log"
kill "$child"
wait "$child" 2>/dev/null || :

# --- bounds ---

refused "more addresses than may be" 2 usage scan 10.0.0.0/8
refused "or than were allowed" 2 usage scan 127.0.0.0/24 --max-addresses 10
refused "no range" 2 usage scan 127.0.0.300
refused "bits behind the network" 2 usage scan 127.0.0.1/24
refused "turned round" 2 usage scan 127.0.0.9-127.0.0.1
refused "a name is not looked up" 2 usage scan farm.example
refused "a credential that is not there" 2 usage scan "@$T/places.csv" --password-file "$T/password"
refused "a list without addresses" 2 usage sh -c 'printf "mac,site\n" | firmflash scan - --quiet'
