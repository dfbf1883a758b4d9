#!/bin/sh
# SPDX-License-Identifier: ISC
# Promise: the simulated farm answers as real boards do, misbehaves as it was told to, and keeps true books of what was done to it.
# The client is curl, which knows Digest, forms and nothing of firmseal.
set -eu
. "$(dirname "$0")/lib.sh"
need python3 minisign curl firmsim

secret='s3cret of this test'
boards=$TESTS/../boards
private "$secret" "$T/password"
echo root >"$T/default"
mkdir "$T/tree"
head -c 300000 /dev/urandom >"$T/tree/rootfs.img"
python3 "$TESTS/forge.py" keys "$T" release other
forge() { # OUT KEY VERSION COUNTER
    python3 "$TESTS/forge.py" build "$T/tree" -o "$1" --product miner --version "$3" --counter "$4" \
        --key "$T/$2.key" --pub "$T/$2.pub" --board zynq-s9:0-3 --board zynq-s19:0-9
}
forge "$T/good.firm.tar" release 2.0 5
forge "$T/old.firm.tar" release 0.9 1
forge "$T/foreign.firm.tar" other 2.0 5
mkdir -p "$T/stock/usr/bin"
printf '2.0-stock\nAntminer S9\n' >"$T/stock/usr/bin/compile_time"
head -c 200000 /dev/urandom >"$T/stock/filler"
tar -C "$T/stock" -czf "$T/stock.tar.gz" usr/bin/compile_time filler

ask() { firmsim ask "$T/control" "$@"; }
# of ADDRESS KEY: that figure of the board's books.
of() { ask board "$1" | sed -n "s/.*\"$2\":\"\{0,1\}\([^,\"}]*\).*/\1/p"; }
# page ADDRESS PATH [CURL-OPTION...]
page() {
    page_at=$1 page_path=$2
    shift 2
    printf 'user = "root:%s"\n' "$secret" | curl -sS -K - --digest --max-time 10 "$@" "http://$page_at:$http$page_path"
}
upload() { # ADDRESS FILE [PATH [CURL-OPTION...]]
    up_at=$1 up_file=$2 up_path=${3:-/cgi-bin/upgrade.cgi}
    shift 2
    [ $# -eq 0 ] || shift
    page "$up_at" "$up_path" -F "datafile=@$up_file" "$@"
}
call() { # ADDRESS COMMAND: port 4028
    python3 - "$1" "$api" "$2" <<'PY'
import json, socket, sys
s = socket.create_connection((sys.argv[1], int(sys.argv[2])), 5)
s.sendall(json.dumps({"command": sys.argv[3]}).encode())
got = b""
while True:
    piece = s.recv(65536)
    if not piece:
        break
    got += piece
assert got.endswith(b"\0"), got
print(json.dumps(json.loads(got[:-1]), separators=(",", ":")))
PY
}
# until WHAT PATTERN COMMAND...: asks again until the answer matches; at most ten seconds.
until_is() {
    what=$1 pattern=$2
    shift 2
    end=$(($(date +%s) + 10))
    while ! "$@" 2>/dev/null | grep -q -e "$pattern"; do
        if [ "$(date +%s)" -gt $end ]; then fail "$what" "$("$@" 2>&1)"; return; fi
    done
    pass "$what"
}
says() { # WHAT PATTERN COMMAND...: its output matches
    what=$1 pattern=$2
    shift 2
    got=$("$@" 2>"$T/.err") || :
    if printf '%s\n' "$got" | grep -q -e "$pattern"; then pass "$what"; else fail "$what" "$got" "$(cat "$T/.err")"; fi
}

# --- stock boards ---

farm --boards "$boards" --first 127.16.0.1 --board zynq-s9:2=2 --board zynq-s19 --version 1.0
a=127.16.0.1 b=127.16.0.2 c=127.16.0.3
says "no password, no page" 401 page $a / --no-digest -o "$T/.page" -w '%{http_code}'
says "the right one: the system's page" '"system_filesystem_version":"1.0"' page $a /cgi-bin/get_system_info.cgi
says "which tells two boards apart by MAC" '"macaddr":"02:.*:00:00:01"' page $b /cgi-bin/get_system_info.cgi
says "no miner_type on an old board" 404 page $a /cgi-bin/miner_type.cgi -o "$T/.page" -w '%{http_code}'
says "but on a newer one" '"subtype":"zynq' page $c /cgi-bin/miner_type.cgi
says "HTML: a tarball is taken" 'System Upgrade Successed' upload $a "$T/stock.tar.gz"
says "and not rebooted by that" '"version":"1.0"' ask board $a
says "its reboot page does it" 200 page $a /cgi-bin/reboot.cgi -o "$T/.page" -w '%{http_code}'
until_is "the version is the archive's" '"phase":"up","version":"2.0-stock"' ask board $a
says "and port 4028 has it, too" '"CompileTime":"2.0-stock"' call $a version
says "with figures of its mining" '"GHS 5s":13' call $a summary
says "and fans" '"fan1":4200' call $a stats
says "an unknown command is one" '"Msg":"Invalid command"' call $a restart
says "HTML: what is no archive is refused" 'System Upgrade Failed' upload $b "$T/tree/rootfs.img"
says "JSON: taken" '"code":"U000"' upload $c "$T/stock.tar.gz"
ok "the books: one upload, one flash, one reboot" [ "$(of $a uploads) $(of $a flashes) $(of $a reboots)" = "1 1 1" ]
ok "the books: a refusal is no flash" [ "$(of $b refusals) $(of $b flashes)" = "1 0" ]
says "in all" '"boards":3,"up":3,"flashed":2,"flashed_twice":0,"flashes":2' ask totals
says "an epilogue breaks the newer board's arithmetic" '"code":"U003"' python3 - $c "$http" "$secret" "$T/stock.tar.gz" <<'PY'
import hashlib, socket, sys, re
host, port, secret, name = sys.argv[1:]
md5 = lambda text: hashlib.md5(text.encode()).hexdigest()
def request(fields, body=b"", method="GET", path="/"):
    s = socket.create_connection((host, int(port)), 5)
    head = "%s %s HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n%s\r\n" % (method, path, len(body), fields)
    s.sendall(head.encode() + body)
    got = b""
    while True:
        piece = s.recv(65536)
        if not piece:
            return got.decode()
        got += piece
nonce = re.search('nonce="([^"]*)"', request(""))[1]
path = "/cgi-bin/upgrade.cgi"
ha1, ha2 = md5("root:antMiner Configuration:" + secret), md5("POST:" + path)
auth = ('Authorization: Digest username="root", realm="antMiner Configuration", nonce="%s", uri="%s", qop=auth, nc=00000001, '
        'cnonce="a", response="%s"\r\n') % (nonce, path, md5(":".join([ha1, nonce, "00000001", "a", "auth", ha2])))
body = b"--x\r\nContent-Disposition: form-data; name=\"f\"; filename=\"f\"\r\n\r\n" + open(name, "rb").read() + b"\r\n--x--\r\nbye"
print(request(auth, body, "POST", path))
PY
end_farm

# --- boards with firmverify ---

farm --boards "$boards" --first 127.17.0.1 --sealed zynq-s19:2=3 --pubkey "$T/release.pub" --counter 3 --version 1.0
a=127.17.0.1
says "sealed: a good bundle" '"code":"U000"' upload $a "$T/good.firm.tar"
says "sealed: by its word" '^Firmseal-Verdict: ok' upload 127.17.0.2 "$T/good.firm.tar" /cgi-bin/upgrade_clear.cgi -D -
says "sealed: a foreign key" '"msg":"untrusted-key: ' upload 127.17.0.3 "$T/foreign.firm.tar"
says "sealed: an older counter" '"msg":"rollback: ' upload 127.17.0.3 "$T/old.firm.tar"
says "sealed: a tarball" '"msg":"not-a-bundle: ' upload 127.17.0.3 "$T/stock.tar.gz"
head -c 200000 "$T/good.firm.tar" >"$T/cut"
says "sealed: a piece of one" '"msg":"truncated: ' upload 127.17.0.3 "$T/cut"
page $a /cgi-bin/reboot.cgi >"$T/.page"
until_is "sealed: the bundle's version" '"phase":"up","version":"2.0"' ask board $a
ok "the wiping upload is one" [ "$(of 127.17.0.2 wipes) $(of $a wipes)" = "1 0" ]
end_farm

# --- what boards do wrong ---

farm --boards "$boards" --first 127.18.0.1 --board zynq-s19=24 --version 1.0 --seed 7
# breaks WHAT CURL-STATUS COMMAND...
breaks() {
    what=$1 want=$2 got=0
    shift 2
    "$@" >"$T/.out" 2>"$T/.err" || got=$?
    if [ "$got" -eq "$want" ]; then pass "$what"; else fail "$what" "curl: $got, wanted $want" "$(cat "$T/.out" "$T/.err")"; fi
}
n=0
misbehave() { n=$((n + 1)); at=127.18.0.$n; ask behave $at "$1" >"$T/.page"; }
misbehave reset:1
breaks "reset half way" 56 upload $at "$T/stock.tar.gz"
says "once, then no more" '"code":"U000"' upload $at "$T/stock.tar.gz"
misbehave half-closed
breaks "half-closed" 52 upload $at "$T/stock.tar.gz"
ok "takes nothing" [ "$(of $at uploads) $(of $at flashes)" = "1 0" ]
misbehave lost
breaks "a lost answer" 52 upload $at "$T/stock.tar.gz"
ok "is not a lost image" [ "$(of $at flashes)" = 1 ]
misbehave silent
breaks "no answer at all" 28 upload $at "$T/stock.tar.gz" /cgi-bin/upgrade.cgi --max-time 1
ok "nor is that" [ "$(of $at flashes)" = 1 ]
misbehave nothing
says "200" '"code":"U000"' upload $at "$T/stock.tar.gz"
page $at /cgi-bin/reboot.cgi >"$T/.page"
until_is "and then nothing" '"phase":"up","version":"1.0".*"flashes":0.*"reboots":1' ask board $at
misbehave refuses
says "a refusal" 'Cannot Find Signature' upload $at "$T/stock.tar.gz"
misbehave busy:1
says "busy" 'another install' upload $at "$T/stock.tar.gz"
says "once" '"code":"U000"' upload $at "$T/stock.tar.gz"
after() { # BEHAVIOUR: uploads, and reboots
    misbehave "$1"
    upload $at "$T/stock.tar.gz" >"$T/.page"
    page $at /cgi-bin/reboot.cgi >"$T/.page"
}
after wrong-version
until_is "another version" '"phase":"up","version":"0.0-2.0-stock"' ask board $at
after loop
until_is "a reboot loop" '"reboots":[4-9]' ask board $at
after bricked
until_is "bricked" '"phase":"down".*"reboots":1' ask board $at
breaks "refuses connections" 7 page $at /
after moved
until_is "moved" '"index":10,.*"phase":"up"' ask board 127.18.0.35
says "same MAC at another address" '"macaddr":"02:.*:00:00:0a"' page 127.18.0.35 /cgi-bin/get_system_info.cgi
breaks "and nobody at the old one" 7 page $at /
after bad
until_is "a bad image" '"phase":"up".*"sick":true' ask board $at
after infected
until_is "infected: claims the version" '"system_filesystem_version":"2.0-stock"' page $at /cgi-bin/get_system_info.cgi
says "which it does not run" '"CompileTime":"1.0"' call $at version
says "mines elsewhere" 'elsewhere.example' call $at pools
says "than its configuration says" '//pool.example' page $at /cgi-bin/get_miner_conf.cgi
says "and blocks the upgrade page" 403 page $at /upgrade.html -o "$T/.page" -w '%{http_code}'
misbehave hangs
breaks "a board that hangs" 28 page $at / --max-time 1
misbehave wrong-password
says "a password that nobody knows" 401 page $at / -o "$T/.page" -w '%{http_code}'
ok "is a login failure in the books" [ "$(of $at login_failures)" -ge 1 ]
misbehave default-password
says "the default one: not ours" 401 page $at / -o "$T/.page" -w '%{http_code}'
says "but the maker's" 200 curl -sS --digest -u root:root "http://$at:$http/" -o "$T/.page" -w '%{http_code}'
misbehave stale
says "a stale nonce" 200 page $at / -o "$T/.page" -w '%{http_code}'
says "costs a round" '^WWW-Authenticate: .*stale=true' page $at / -D -
misbehave no-qop
says "no qop" 200 page $at / -o "$T/.page" -w '%{http_code}'
misbehave sha256
says "SHA-256" 200 page $at / -o "$T/.page" -w '%{http_code}'
says "is what was asked for" 'algorithm=SHA-256' page $at / -D -
misbehave basic
says "Basic is all it asks for" '^WWW-Authenticate: Basic' page $at / -D -
misbehave slow:200000
before=$(date +%s%N)
says "a slow board takes it" '"code":"U000"' upload $at "$T/stock.tar.gz"
ok "in its own time" [ $((($(date +%s%N) - before) / 1000000)) -ge 900 ]
end_farm

# --- who gets what ---

share() { # SEED: the addresses of those that are dealt `lost'
    farm --boards "$boards" --first 127.19.0.1 --board zynq-s9=200 --seed "$1" --behave lost:10% --behave nothing:5 --behave slow:50%:100000
    ask state | grep '"lost"' | sed 's/.*"address":"\([^"]*\).*/\1/' >"$T/lost.$1.$2"
    ask state >"$T/state"
    end_farm
}
share 1 first
share 1 again
share 2 first
ok "a share is exact" [ "$(wc -l <"$T/lost.1.first") $(grep -c '"nothing"' "$T/state") $(grep -c '"slow"' "$T/state")" = "20 5 100" ]
same "the same seed deals the same" "$T/lost.1.first" "$T/lost.1.again"
ok "another one otherwise" sh -c '! cmp -s "$1" "$2"' sh "$T/lost.1.first" "$T/lost.2.first"
printf '# a bad day\nlost:10%%\nreset:5:2\n' >"$T/scenario"
farm --boards "$boards" --first 127.20.0.1 --board zynq-s9=100 --scenario "$T/scenario" --state "$T/books"
end_farm
ok "from a file, and the books are left at the end" [ "$(grep -c '"lost"' "$T/books") $(grep -c '"reset"' "$T/books")" = "10 5" ]

# --- bounds ---

run() { firmsim run --board zynq-s9 --password-file "$T/password" --boards "$boards" "$@"; }
refused "an address elsewhere" 2 usage run --first 192.168.1.1
refused "or reached by counting" 2 usage run --first 127.255.255.250 --board zynq-s9=20
refused "shares of more than all" 2 usage run --behave lost:60% --behave reset:60%
refused "no such behaviour" 2 usage run --behave mad:1
refused "sealed without a key" 2 usage run --sealed zynq-s9
refused "no such board" 2 usage run --board no-such
ok "what can be simulated is listed" sh -c 'firmsim behaviours | grep -q "^half-closed "'

# --- ten thousand ---

farm --boards "$boards" --first 127.32.0.1 --board zynq-s9=5000 --sealed zynq-s19=5000 --pubkey "$T/release.pub"
says "ten thousand boards" '"boards":10000,"first":"127.32.0.1","last":"127.32.39.94"' echo "$ready"
refused "a request that nobody knows" 2 usage ask frobnicate
refused "a board that is not there" 2 usage ask board 127.32.99.1
says "the last one answers" '"macaddr":"02:.*:00:27:0f"' page 127.32.39.94 /cgi-bin/get_system_info.cgi
if [ -z "${SAN:-}" ]; then
    ok "in less than 2 KiB each" [ "$(awk '/^VmRSS/ { print $2 }' "/proc/$farm/status")" -lt 20000 ]
fi
end_farm
