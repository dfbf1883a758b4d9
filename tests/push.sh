#!/bin/sh
# SPDX-License-Identifier: ISC
# The promise: the flasher tells accepted, rejected and unknown apart, and sends the image once.
# First to stock pages behind a real lighttpd with Digest, then to a server that records every byte and misbehaves.
set -eu
. "$(dirname "$0")/lib.sh"
need python3 minisign lighttpd curl firmflash

secret='s3cret of this test'
boards=$TESTS/../boards
private "$secret" "$T/password"
mkdir "$T/tree"
head -c 6000000 /dev/urandom >"$T/tree/rootfs.img"
python3 "$TESTS/forge.py" keys "$T" release other
forge() { # OUT KEY
    python3 "$TESTS/forge.py" build "$T/tree" -o "$1" --product miner --version 2.0 --counter 5 \
        --key "$T/$2.key" --pub "$T/$2.pub" --board zynq-s9:0-3 --board zynq-s19:0-9 --board am335x-l3:2-3
}
forge "$T/good.firm.tar" release
forge "$T/foreign.firm.tar" other
bundle=$T/good.firm.tar

# push BUNDLE BOARD PORT [OPTION...]: the usual call.
push() {
    push_bundle=$1 push_board=$2 push_port=$3
    shift 3
    firmflash push "$push_bundle" --board "$push_board" --to "127.0.0.1:$push_port" --boards "$boards" \
        --password-file "$T/password" --pubkey "$T/release.pub" --quiet "$@"
}

# ends WHAT STATUS PATTERN COMMAND...: passes when it exits with STATUS and prints one line, which matches PATTERN.
ends() {
    what=$1 want=$2 pattern=$3
    shift 3
    got=0
    "$@" >"$T/.out" 2>"$T/.err" </dev/null || got=$?
    if [ "$got" -eq "$want" ] && [ "$(wc -l <"$T/.out")" -eq 1 ] && grep -qE -e "$pattern" "$T/.out"; then
        pass "$what"
    else
        fail "$what" "exit $got, wanted $want and $pattern" "$(cat "$T/.out" "$T/.err")"
    fi
}

# --- stock pages behind lighttpd ---

web=$T/web
mkdir -p "$web/cgi-bin" "$web/tmp"
www=$(port)
digest=$(printf 'root:antMiner Configuration:%s' "$secret" | md5sum | cut -d' ' -f1)
echo "root:antMiner Configuration:$digest" >"$web/htdigest"
for page in get_system_info upgrade upgrade_clear reboot reset_conf; do
    printf '#!/bin/sh\nexec python3 "%s" "%s" "$(cat "%s")"\n' "$TESTS/stock_cgi.py" "$web" "$web/dialect" \
        >"$web/cgi-bin/$page.cgi"
done
cat >"$web/lighttpd.conf" <<CONF
server.modules = ("mod_auth", "mod_authn_file", "mod_cgi")
server.document-root = "$web"
server.bind = "127.0.0.1"
server.port = $www
server.upload-dirs = ("$web/tmp")
server.errorlog = "$web/error.log"
auth.backend = "htdigest"
auth.backend.htdigest.userfile = "$web/htdigest"
auth.require = ("/" => ("method" => "digest", "realm" => "antMiner Configuration", "require" => "valid-user"))
cgi.assign = (".cgi" => "/bin/sh")
CONF
background lighttpd -D -f "$web/lighttpd.conf"
lighttpd=$child
answers "$www"

# stop PID: ends what `background` started.
stop() {
    kill "$1" || :
    wait "$1" 2>/dev/null || :
    rest=
    for pid in $children; do [ "$pid" = "$1" ] || rest="$rest $pid"; done
    children=$rest
}

# stock DIALECT [REFUSAL]: what the pages answer from now on.
stock() {
    echo "$1" >"$web/dialect"
    rm -f "$web/received" "$web/strict" "$web/refuse" "$web/requests"
    if [ $# -gt 1 ]; then echo "$2" >"$web/refuse"; fi
}
posts() { grep -c '^POST ' "$web/requests"; }

for pair in html:zynq-s9 json:zynq-s19 html:am335x-l3:2; do
    dialect=${pair%%:*} board=${pair#*:}
    stock "$dialect"
    ends "$board: accepted" 0 ': accepted; still to be rebooted' push "$bundle" "$board" "$www"
    same "$board: the stock arithmetic cuts out the very bundle" "$bundle" "$web/received"
    ok "$board: one part, nothing behind it" grep -qx True "$web/strict"
    ok "$board: exactly one POST" [ "$(posts)" -eq 1 ]
    ok "$board: nothing but the probe, twice, and the upload" [ "$(cut -d' ' -f1 "$web/requests" | tr '\n' ,)" = "GET,GET,POST," ]
    stock "$dialect" 'Cannot Find Signature!!!'
    ends "$board: rejected, with the board's reason" 6 ': rejected: the board says ".*Cannot Find Signature!!!"$' \
        push "$bundle" "$board" "$www"
    ok "$board: a refusal is not tried again" [ "$(posts)" -eq 1 ]
done

# A profile of our own, for the third dialect and a board that reboots by itself.
mkdir "$T/profiles"
sed -e 's/^board .*/board zynq-s9/' -e 's/^dialect .*/dialect plain/' -e 's/^reboot keep .*/reboot keep itself/' \
    "$boards/zynq-s9.board" >"$T/profiles/zynq-s9.board"
stock plain
ends "plain text: accepted" 0 ': accepted; it reboots by itself' \
    push "$bundle" zynq-s9 "$www" --boards "$T/profiles" --reboot
same "plain text: the very bundle" "$bundle" "$web/received"
ok "a board that reboots by itself is not told to" [ "$(wc -l <"$web/requests")" -eq 3 ]
stock plain 'Installer Not Signtured!!!'
ends "plain text: rejected" 6 ': rejected: .*Installer Not Signtured!!!' \
    push "$bundle" zynq-s9 "$www" --boards "$T/profiles"

# Boards on their way from stock: the same bundle, and out of it what their own upgrade page takes.
mkdir "$T/parts"
tar -C "$T/parts" -xf "$bundle"
stock html
ends "a stock board" 0 ': accepted' push "$bundle" zynq-s9-stock "$www"
same "is sent the payload of the verified bundle" "$T/parts/payload.tar.gz" "$web/received"
stock json
sed 's/^send .*/send file rootfs.img/' "$boards/zynq-s19-stock.board" >"$T/profiles/zynq-s19-stock.board"
ends "another one" 0 ': accepted' push "$bundle" zynq-s19-stock "$www" --boards "$T/profiles"
same "one file out of it" "$T/tree/rootfs.img" "$web/received"
refused "a bundle without that file" 2 usage push "$bundle" zynq-s19-stock "$www"
refused "a stock board, and a bundle for other hardware" 5 wrong-board push "$bundle" am335x-l3-stock "$www"

stock html
ends "told to reboot" 0 ': accepted; told to reboot' push "$bundle" zynq-s9 "$www" --reboot
ok "by its reboot page" grep -qx 'GET /cgi-bin/reboot.cgi' "$web/requests"
stock html
ends "the wiping upgrade" 0 ': accepted; told to reboot' push "$bundle" zynq-s9 "$www" --wipe --reboot
ok "has its own upload page" grep -qx 'POST /cgi-bin/upgrade_clear.cgi' "$web/requests"
ok "and its own reboot page" grep -qx 'GET /cgi-bin/reset_conf.cgi' "$web/requests"
ok "and leaves the keeping ones alone" [ "$(grep -cE '/(upgrade|reboot)\.cgi' "$web/requests")" -eq 0 ]

stock json
: >"$web/requests"
private wrong "$T/wrong"
ends "wrong password: failed" 6 ': failed: wrong user or password' \
    push "$bundle" zynq-s19 "$www" --password-file "$T/wrong"
ends "wrong user: failed" 6 ': failed: wrong user or password' push "$bundle" zynq-s19 "$www" --user admin
ok "and no page of the board ran" [ ! -s "$web/requests" ]

# The same server asks by SHA-256, and by both.
sha256=$(printf 'root:antMiner Configuration:%s' "$secret" | sha256sum | cut -d' ' -f1)
for how in SHA-256 'SHA-256|MD5'; do
    newer=$(port)
    echo "root:antMiner Configuration:$sha256" >"$web/htdigest-new"
    if [ "$how" != SHA-256 ]; then echo "root:antMiner Configuration:$digest" >>"$web/htdigest-new"; fi
    sed -e "s/^server.port.*/server.port = $newer/" -e "s,$web/htdigest,$web/htdigest-new," \
        -e "s/\"method\" => \"digest\"/&, \"algorithm\" => \"$how\"/" "$web/lighttpd.conf" >"$web/new.conf"
    background lighttpd -D -f "$web/new.conf"
    answers "$newer"
    stock json
    ok "lighttpd by $how asks so" sh -c 'curl -s -o "$3" -D - "http://127.0.0.1:$1/" | grep -c "^WWW-Authenticate: Digest .*algorithm" | grep -qx "$2"' \
        sh "$newer" "$(echo "$how" | tr '|' '\n' | wc -l)" "$T/.page"
    ends "and lets the right one in" 0 ': accepted' push "$bundle" zynq-s19 "$newer"
    ends "and no other" 6 ': failed: wrong user or password' push "$bundle" zynq-s19 "$newer" --password-file "$T/wrong"
    stop "$child"
done

# From standard input, the password before it on the same descriptor.
stock json
ok "bundle and password from standard input" sh -c 'cat "$1" "$2" |
    firmflash push - --board zynq-s19 --to "127.0.0.1:$3" --boards "$4" --password-fd 0 --pubkey "$5"' \
    sh "$T/password" "$bundle" "$www" "$boards" "$T/release.pub"
same "arrive as they are" "$bundle" "$web/received"

# --- a server that records everything ---

servers=0
server=
# serve MODE [event]: starts it in place of the one before; its folder is $s, its port $p.
serve() {
    [ -z "$server" ] || stop "$server"
    servers=$((servers + 1))
    s=$T/server.$servers
    mkdir "$s"
    cp "$T/password" "$s/password"
    mkfifo "$s/port" "$s/gate"
    if [ $# -gt 1 ]; then mkfifo "$s/event"; fi
    background python3 "$TESTS/stock_server.py" "$s" "$1"
    server=$child
    read -r p <"$s/port"
}
requests() { wc -l <"$s/requests"; }
sent_posts() { grep -c '^POST ' "$s/requests"; }

serve good
ends "a plain good push" 0 ': accepted; still' push "$bundle" zynq-s19 "$p"
page='GET /cgi-bin/get_system_info.cgi'
ok "is a GET, the GET with its answer to the challenge, one more by the same nonce, and one POST" \
    [ "$(cut -d' ' -f1-3 "$s/requests" | tr '\n' ',')" = "$page -,$page Digest,$page Digest,POST /cgi-bin/upgrade.cgi Digest," ]
ok "no empty POST, and the whole body as promised by Content-Length" \
    awk '$1 == "POST" && !($4 > 6000000 && $4 == $5) { exit 1 }' "$s/requests"
ok "no chunks, no Expect, no cookie, no Basic" \
    sh -c '! grep -aiE "^(transfer-encoding|expect|cookie):|^authorization: *basic" "$1"' sh "$s/raw"

serve sealed
ends "firmverify's own word" 0 ': accepted: ok; still' push "$bundle" zynq-s19 "$p"
serve rejected
ends "firmverify's refusal names the verdict" 6 ': rejected: wrong-board: the board says ' push "$bundle" zynq-s19 "$p"
serve rejected
ends "and so does JSON" 6 '"outcome":"rejected","verdict":"wrong-board","message":"the board says .*"reboot":"no"}$' \
    push "$bundle" zynq-s19 "$p" --json

serve basic
ends "Basic: rejected" 6 ': rejected: .*Basic' push "$bundle" zynq-s19 "$p"
ok "after one request, and without a password" [ "$(cat "$s/requests")" = "GET /cgi-bin/get_system_info.cgi - 0 0" ]
ok "in no field of it" sh -c '! grep -ai authorization "$1"' sh "$s/raw"
serve foreign
ends "another realm: rejected" 6 ': rejected: another kind of board: its realm is "router.xc3' \
    push "$bundle" zynq-s19 "$p"
ok "without an answer to its challenge" [ "$(cat "$s/requests")" = "GET /cgi-bin/get_system_info.cgi - 0 0" ]
serve good
ends "wrong password" 6 ': failed: wrong user' push "$bundle" zynq-s19 "$p" --password-file "$T/wrong"
ok "is tried once, on the small page" [ "$(cut -d' ' -f1,3 "$s/requests" | tr '\n' ,)" = "GET -,GET Digest," ]
serve stale
ends "a board that never has enough" 6 ': failed: the board keeps asking' push "$bundle" zynq-s19 "$p"
ok "is left after a few requests" [ "$(requests)" -le 4 ]
ok "none of them a POST" [ "$(sent_posts)" -eq 0 ]
serve again
ends "401 to the upload: failed" 6 ': failed: the board asked for the password again' push "$bundle" zynq-s19 "$p"
ok "and the image is not sent again" [ "$(sent_posts)" -eq 1 ]
# --- ways to log in ---

# The password in none of the forms that a careless client could send it in.
never_sent() {
    ok "$1: and the password itself leaves in no form" python3 - "$s/raw" "$secret" <<'PY'
import base64, json, sys, urllib.parse
raw, password = open(sys.argv[1], "rb").read(), sys.argv[2]
forms = {password, urllib.parse.quote(password), urllib.parse.quote_plus(password), json.dumps(password)[1:-1]}
forms |= {base64.b64encode(b"%s%s" % (user, password.encode())).decode().rstrip("=")[:-1] for user in (b"root:", b":", b"")}
sys.exit(any(form.encode() in raw for form in forms))
PY
}
logs_in() { # MODE WHAT REQUESTS
    serve "$1"
    ends "$2: accepted" 0 ': accepted; still' push "$bundle" zynq-s19 "$p"
    ok "$2: one POST, which was asked for no password" [ "$(cut -d' ' -f1,3 "$s/requests" | tr '\n' ,)" = "$3" ]
    never_sent "$2"
}
usual='GET -,GET Digest,GET Digest,POST Digest,'
logs_in no-qop "no qop (RFC 2617 3.2.2.1)" "$usual"
logs_in md5-sess "MD5-sess" "$usual"
logs_in sha256 "SHA-256" "$usual"
logs_in userhash "the user's name as a hash" "$usual"
logs_in several "one of several challenges" "$usual"
logs_in one-use "a nonce for one request" "$usual"
logs_in one-use-no-qop "one without qop" "$usual"
logs_in sha256-sess "one of SHA-256-sess" "$usual"
not_answered() { # MODE WHAT PATTERN
    serve "$1"
    ends "$2: rejected" 6 ": rejected: .*$3" push "$bundle" zynq-s19 "$p"
    ok "$2: not answered" [ "$(cut -d' ' -f1,3 "$s/requests" | tr '\n' ,)" = "GET -," ]
    never_sent "$2"
}
not_answered auth-int "qop auth-int alone" 'auth-int alone'
not_answered broken "a challenge behind something malformed" 'malformed'
not_answered control "a realm that a terminal obeys" 'malformed'
not_answered unknown-hash "an algorithm that is not known" 'neither MD5 nor SHA-256'
serve good
ends "a realm that was given is for profiles without one" 0 ': accepted' push "$bundle" zynq-s19 "$p" --realm other
chmod 644 "$T/password"
refused "a password file that others may read" 2 usage push "$bundle" zynq-s19 "$p"
chmod 600 "$T/password"
sed '/^realm/d' "$boards/zynq-s19.board" >"$T/profiles/zynq-s19.board"
refused "a profile without a realm" 2 usage push "$bundle" zynq-s19 "$p" --boards "$T/profiles"
explains "says what to write" 'zynq-s19 names no realm: --realm TEXT'
ends "the realm of another" 6 ': rejected: another kind of board' push "$bundle" zynq-s19 "$p" --boards "$T/profiles" --realm other
ends "the realm of the board" 0 ': accepted' push "$bundle" zynq-s19 "$p" --boards "$T/profiles" --realm 'antMiner Configuration'

serve moved
ends "a redirected probe: failed" 6 ': failed: .*redirect' push "$bundle" zynq-s19 "$p"
ok "and not followed" [ "$(requests)" -eq 2 ]
serve open
ends "a board that asks no password" 0 ': accepted' push "$bundle" zynq-s19 "$p"
ok "is shown none, and gets one POST" [ "$(cut -d' ' -f1,3 "$s/requests" | tr '\n' ,)" = "GET -,POST -," ]

# Answers that are neither yes nor no: unknown, exit 8, one POST.
unknown() { # MODE WHAT PATTERN
    serve "$1"
    ends "$2: unknown" 8 ": unknown: .*$3" push "$bundle" zynq-s19 "$p" --timeout 1 --reboot
    ok "$2: sent once, and not rebooted" [ "$(cut -d' ' -f1 "$s/requests" | tr '\n' ,)" = "GET,GET,GET,POST," ]
}
unknown lost "connection closed after the body" "no answer came"
unknown reset "connection reset half way" "no answer came"
unknown garbage "200 with garbage" 'no form known of this board: ".x1b\[2J'
unknown huge "an endless answer" "too long"
unknown cut "an answer cut short" "the answer broke off"
unknown redirect "a redirect for an answer" "redirect"
unknown oops "500 with a success inside" "HTTP 500"
unknown liar "a success that the verdict word denies" "contradicts itself"
unknown silent "no answer at all" "no answer in time"
unknown drip "an answer byte by byte" "no answer in time"
unknown stall "a board that stops reading" "stopped taking bytes"
serve early
ends "413 before the image was through: rejected" 6 ': rejected: the board answered HTTP 413' \
    push "$bundle" zynq-s19 "$p"
ok "and not sent again" [ "$(sent_posts)" -eq 1 ]

serve dies
ends "a board that goes down at once was told to" 0 ': accepted; told to reboot' push "$bundle" zynq-s19 "$p" --reboot
serve stays
ends "a reboot that cannot be asked for is said" 6 ': accepted; NOT REBOOTED: .*404' \
    push "$bundle" zynq-s19 "$p" --reboot

ends "nobody there: failed" 6 ': failed: .*connect' push "$bundle" zynq-s19 1

# Several boards: each has its line; unknown wins over failed, failed over accepted.
serve good
good=$p first=$server server=
serve lost
got=0
push "$bundle" zynq-s19 "$good" --to "127.0.0.1:$p" --to 127.0.0.1:1 >"$T/three" 2>"$T/.err" || got=$?
ok "three boards, three outcomes, in their order" \
    [ "$(sed 's/^[^ ]*: \([a-z]*\).*/\1/' "$T/three" | tr '\n' ,)" = "accepted,unknown,failed," ]
ok "unknown wins" [ "$got" -eq 8 ]
stop "$first"
refused "the same board twice" 2 usage push "$bundle" zynq-s19 80 --to http://127.0.0.1

# --- nothing leaves this machine for a bundle that is not right ---

serve good
head -c 4000000 "$bundle" >"$T/cut.firm.tar"
python3 - "$bundle" "$T/tampered.firm.tar" <<'PY'
import sys
raw = bytearray(open(sys.argv[1], "rb").read())
raw[len(raw) // 2] ^= 1
open(sys.argv[2], "wb").write(raw)
PY
tar -C "$T/tree" -czf "$T/plain.tar.gz" .
refused "a plain tar.gz" 3 not-a-bundle push "$T/plain.tar.gz" zynq-s19 "$p"
refused "another's key" 4 untrusted-key push "$T/foreign.firm.tar" zynq-s19 "$p"
refused "one bit of the payload" 4 chunk-hash push "$T/tampered.firm.tar" zynq-s19 "$p"
refused "cut short" 3 truncated push "$T/cut.firm.tar" zynq-s19 "$p"
refused "made for other boards" 5 wrong-board push "$bundle" zynq-s17 "$p"
refused "made for other revisions" 5 wrong-board push "$bundle" zynq-s19:10 "$p"
refused "a revision is wanted" 5 wrong-board push "$bundle" am335x-l3 "$p"
refused "no such board" 2 usage push "$bundle" no-such-board "$p"
mkdir "$T/keepers"
grep -v ' wipe ' "$boards/firmseal-generic.board" >"$T/keepers/firmseal-generic.board"
refused "no way to wipe" 2 usage push "$bundle" firmseal-generic "$p" --wipe --boards "$T/keepers"
refused "no such bundle" 1 system push "$T/absent" zynq-s19 "$p"
refused "no password" 2 usage firmflash push "$bundle" --board zynq-s19 --to "127.0.0.1:$p" --pubkey "$T/release.pub"
refused "no key" 2 usage firmflash push "$bundle" --board zynq-s19 --to "127.0.0.1:$p" --password-file "$T/password"
ok "the server accepts connections" answers "$p"
while [ ! -s "$s/connections" ]; do :; done
ok "and that was its first one" [ "$(wc -l <"$s/connections")" -eq 1 ]

# --- what was verified is what is sent ---

serve gate event
background firmflash push "$bundle" --board zynq-s19 --to "127.0.0.1:$p" --boards "$boards" \
    --password-file "$T/password" --pubkey "$T/release.pub" --quiet >"$T/gate.out" 2>&1
pusher=$child
read -r _ <"$s/event"
cp "$bundle" "$T/kept.firm.tar"
head -c "$(wc -c <"$T/kept.firm.tar")" /dev/zero >"$bundle" # the same file, other bytes, while the upload stands
ok "it is still under way" grep -qaF firmflash "/proc/$pusher/cmdline"
ok "the password is in no argument" sh -c '! grep -qaF "$2" "/proc/$1/cmdline"' sh "$pusher" "$secret"
if [ -r "/proc/$pusher/environ" ]; then
    ok "nor in the environment" sh -c '! grep -qaF "$2" "/proc/$1/environ"' sh "$pusher" "$secret"
else
    skip "nor in the environment" "not readable, as it should be"
fi
ok "and no core dump can show it" grep -qE '^Max core file size +0 +0 ' "/proc/$pusher/limits"
: >"$s/gate"
got=0
wait "$pusher" || got=$?
children=" $server $lighttpd"
mv "$T/kept.firm.tar" "$bundle"
ok "a bundle that is swapped under the upload does not matter" [ "$got" -eq 0 ]
ok "what was verified was sent" python3 - "$s/body" "$bundle" <<'PY'
import sys
body, bundle = (open(name, "rb").read() for name in sys.argv[1:])
sys.exit(body.split(b"\r\n\r\n", 1)[1].rsplit(b"\r\n--firmseal-", 1)[0] != bundle)
PY

# --- the environment has no say ---

serve open
mkdir "$T/home"
printf 'machine 127.0.0.1 login admin password other\n' >"$T/home/.netrc"
nowhere=http://127.0.0.1:1
ends "with a proxy and a .netrc around" 0 ': accepted' \
    env HOME="$T/home" http_proxy=$nowhere ALL_PROXY=$nowhere all_proxy=$nowhere SSLKEYLOGFILE="$T/keylog" CURL_HOME="$T/home" \
    firmflash push "$bundle" --board zynq-s19 --to "http://127.0.0.1:$p" --boards "$boards" \
    --password-file "$T/password" --pubkey "$T/release.pub" --quiet
ok "no log of keys is begun" [ ! -e "$T/keylog" ]
ok "neither is heeded" [ "$(cut -d' ' -f1,3 "$s/requests" | tr '\n' ,)" = "GET -,POST -," ]
serve good
before=$(date +%s)
ends "a rate limit" 0 ': accepted' push "$bundle" zynq-s19 "$p" --limit-rate 2000000
ok "is kept" [ $(($(date +%s) - before)) -ge 2 ]

# --- without libcurl, or with something else under its name ---

mkdir "$T/empty" "$T/foreign"
: >"$T/empty/libcurl.so.4"
echo 'int curl_easy_init(void); int curl_easy_init(void) { return 1; }' >"$T/foreign.c"
${CC:-cc} -shared -fPIC -o "$T/foreign/libcurl.so.4" "$T/foreign.c"
refused "a libcurl that cannot be loaded" 1 system env LD_LIBRARY_PATH="$T/empty" "$BUILD/firmflash" push "$bundle" --board zynq-s19 --to "127.0.0.1:$p" \
    --boards "$boards" --password-file "$T/password" --pubkey "$T/release.pub" --quiet
refused "one that lacks what is called" 1 system env LD_LIBRARY_PATH="$T/foreign" "$BUILD/firmflash" scan 127.0.0.1 --port "$p" -o "$T/none.json"
grep -q 'has no curl_easy_' "$T/.err" && pass "and says what" || fail "and says what" "$(cat "$T/.err")"
ok "nobody else asks for it" env LD_LIBRARY_PATH="$T/empty" "$BUILD/firmflash" boards --boards "$boards"

stop "$server"
stop "$lighttpd"

# --- board profiles ---

firmflash boards --boards "$boards" >"$T/boards.txt"
firmflash boards --boards "$boards" --json >"$T/boards.json"
ok "every profile is listed" [ "$(cut -d' ' -f1 "$T/boards.txt" | tr '\n' ' ')" = \
    "$(cd "$boards" && for f in *.board; do echo "${f%.board}"; done | LC_ALL=C sort | tr '\n' ' ')" ]
ok "as JSON, an object a line" python3 -c 'import json, sys
assert [json.loads(line)["board"] for line in open(sys.argv[1])] == [line.split()[0] for line in open(sys.argv[2])]' \
    "$T/boards.json" "$T/boards.txt"
mkdir -p "$T/bin" "$T/share/firmseal"
cp "$BUILD/firmflash" "$T/bin/"
cp -R "$boards" "$T/share/firmseal/boards"
ok "installed elsewhere, it finds its profiles" sh -c '"$1" boards | cmp - "$2"' sh "$T/bin/firmflash" "$T/boards.txt"
mv "$T/share/firmseal/boards" "$T/boards"
ok "and beside the build" sh -c '"$1" boards | cmp - "$2"' sh "$T/bin/firmflash" "$T/boards.txt"
rm -r "$T/boards"
refused "without any, it says where it looked" 2 usage "$T/bin/firmflash" boards
printf 'board zynq-s9\nflash everything\n' >"$T/profiles/zynq-s9.board"
refused "a profile with an unknown directive" 2 usage firmflash boards --boards "$T/profiles"
cp "$T/.err" "$T/said"
ok "by file and line" grep -q 'zynq-s9.board:2: unknown directive' "$T/said"
