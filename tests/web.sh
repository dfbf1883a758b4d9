#!/bin/sh
# SPDX-License-Identifier: ISC
# Promise: behind a real web server with Digest auth, a board takes what its key has signed, and refuses all else with the reason;
# nothing of an upload touches its disk before it is verified, and nobody keeps it busy by being slow.
set -eu
. "$(dirname "$0")/lib.sh"
need python3 lighttpd curl firmflash
cd "$T"

mkdir -p tree/etc tree/bin board/www/cgi-bin board/state board/uploads logs
head -c 3000000 /dev/urandom >tree/bin/miner
echo first >tree/etc/version
echo default >tree/etc/miner.conf
firmkey generate -o release --no-password >.log 2>&1
firmkey generate -o thief --no-password >.log 2>&1

# build NAME COUNTER [OPTION...]: a bundle of the tree as it is now.
build() {
    name=$1 counter=$2
    shift 2
    firmpack build tree --product miner --version "$counter.0" --counter "$counter" --board zynq-s9:1-3 --chunk-size 64K "$@" \
        -o "$name" --quiet 2>.log
}
build one 1 --key release.key
echo second >tree/etc/version
build two 2 --key release.key
build stolen 3 --key thief.key
build three 3 --key release.key
firmpack build tree --product miner --version 3 --counter 3 --board am335x-l3 --key release.key -o foreign --quiet 2>.log
tar -C tree -czf unsigned.tar.gz .
python3 - <<'PY'
raw = bytearray(open("two", "rb").read())
raw[len(raw) - 5000] ^= 1                   # in the last chunk
open("tampered", "wb").write(raw)
open("cut", "wb").write(open("two", "rb").read()[:-2000000])
open("longer", "wb").write(open("two", "rb").read() + b"x")
open("empty", "wb")
head = bytearray(open("two", "rb").read(512))    # the manifest's: 8 MiB and a byte
head[124:135] = b"%011o" % (8388608 + 1)
head[148:156] = b" " * 8
head[148:156] = b"%06o\0 " % sum(head)
open("huge-manifest", "wb").write(head + bytes(1024))
PY

# --- the board: lighttpd as the example that ships has it ---
secret=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
(
    umask 077
    echo "$secret" >password
    echo 'not the password' >wrong
    printf 'user = "root:%s"\ndigest\nsilent\nshow-error\nmax-time = 60\n' "$secret" >curl.conf
    printf 'user = "root:%s"\ndigest\nsilent\n' "not the password" >curl-wrong.conf
)
printf 'root:antMiner Configuration:%s\n' "$(printf 'root:antMiner Configuration:%s' "$secret" | md5sum | cut -d ' ' -f 1)" >users
page() { printf '#!/bin/sh\nexec "%s" cgi %s--device "%s"\n' "$BUILD/firmverify" "$2" "$T/device" >"board/www/cgi-bin/$1.cgi"; }
page upgrade ''
page upgrade_clear '--clear '
page status '--status '
printf '#!/bin/sh\nprintf "Content-Type: text/plain\\r\\n\\r\\nok\\n"\n' >board/www/cgi-bin/get_system_info.cgi
chmod 755 board/www/cgi-bin/*.cgi
www=$(port)
# A user of its own comes below, where root runs this.
sed -e '/^server\.\(user\|group\)name/d' -e "s,\"/www\",\"$T/board/www\"," -e "s,^server.port = .*,server.bind = \"127.0.0.1\"\nserver.port = $www," \
    -e "s,/var/log/,$T/logs/," -e "s,/run/lighttpd,$T/board/uploads," -e "s,/config/lighttpd-htdigest.user,$T/users," \
    "$TESTS/../docs/lighttpd.conf.example" >lighttpd.conf
ok 'the example configuration is one' lighttpd -tt -f lighttpd.conf
ok '  and knows no path of this machine but those that were put in' sh -c "! grep -v '^#' lighttpd.conf | grep -v '$T' | grep -q '\"/[a-z]'"
background lighttpd -D -f lighttpd.conf
ok 'the web server is up' answers "$www"

# device [LINE...]: the device file, with further lines.
device() {
    cat >device <<CONF
board zynq-s9 2
product miner
state $T/board/state
keyring $T/release.pub
slot root dir:$T/board/root
CONF
    for line; do echo "$line" >>device; done
}
listing() { (cd board && find . \( -type f -exec sh -c 'printf "%s " "$(stat -c %a "$1")"; sha256sum "$1"' _ {} \; \) -o -printf '%y %m %p %l\n' | sort); }
await() { # await COMMAND: until it succeeds; ten seconds at most
    tries=0
    until eval "$1"; do
        tries=$((tries + 1))
        [ $tries -lt 500 ] || return 1
        sleep 0.02
    done
}
free() { flock -n board/state/lock true; } # nobody is installing

# send FILE [PAGE]: as a browser does; the answer in head and body.
send() { curl -K curl.conf -D head -o body -F "datafile=@$1" "http://127.0.0.1:$www/cgi-bin/${2:-upgrade}.cgi"; }
# get PAGE [CURL-OPTION...]: the same.
get() {
    got_page=$1
    shift
    curl -K curl.conf -D head -o body "$@" "http://127.0.0.1:$www/cgi-bin/$got_page.cgi"
}
# taken WHAT FILE WORDS [PAGE]: a good upload; the answer says WORDS.
taken() {
    if send "$2" "${4:-upgrade}" && grep -q '^Firmseal-Verdict: ok' head && grep -qF "$3" body; then
        pass "$1"
    else
        fail "$1" "$(cat head body logs/upgrade.log)"
    fi
}
# turned_down WHAT FILE VERDICT: the answer says VERDICT, in its header and in its words, and the board is as it was, to the bit.
turned_down() {
    listing >before
    send "$2" || :
    listing >after
    if grep -q "^Firmseal-Verdict: $3" head && grep -q "$3: " body && grep -qE 'System Upgrade Failed|"stats":"error"' body; then
        pass "$1: $3"
    else
        fail "$1: $3" "$(cat head body)"
    fi
    same "$1: nothing has changed" before after
}
# the_same_refusals: whatever the dialect.
the_same_refusals() {
    turned_down "$1, a plain tar.gz" unsigned.tar.gz not-a-bundle
    turned_down "$1, by a stranger's key" stolen untrusted-key
    turned_down "$1, one bit changed" tampered chunk-hash
    turned_down "$1, cut off" cut truncated
    turned_down "$1, a byte too many" longer trailing-data
    turned_down "$1, for another board" foreign wrong-board
    turned_down "$1, an older one" one rollback
    turned_down "$1, a manifest over the limit" huge-manifest too-large
    turned_down "$1, an empty file" empty truncated
}

# --- the older boards' page ---
device 'dialect html'
taken 'html: the first image' one 'System Upgrade Successed'
ok '  is installed' test "$(cat board/root/etc/version)" = first
ok '  the page announces the reboot, as stock clients look for it' grep -q 'Rebooting System' body
ok '  and its script asks for it' grep -q 'open("GET", "/cgi-bin/reboot.cgi")' body
taken 'html: a newer one' two 'System Upgrade Successed'
ok '  is installed' diff -r tree board/root
ok '  the old one is kept' test "$(cat board/root.previous/etc/version)" = first
the_same_refusals html

# --- the newer boards' object ---
device 'dialect json'
taken 'json: the same again' two '{"stats":"success","code":"U000","msg":"OK!"'
ok '  is JSON' python3 -m json.tool body
the_same_refusals json
ok '  a refusal is JSON, with its verdict' python3 -c 'import json; j = json.load(open("body"))
assert (j["stats"], j["verdict"], j["code"][:3]) == ("error", "truncated", "U00"), j'

# --- what is no upload at all ---
refused_request() { # refused_request WHAT VERDICT CURL-OPTION...
    what=$1 word=$2
    shift 2
    get upgrade "$@" || :
    if grep -q "^Firmseal-Verdict: $word" head; then pass "$what: $word"; else fail "$what: $word" "$(cat head body)"; fi
}
for dialect in html json; do
    device "dialect $dialect"
    for page in upgrade upgrade_clear; do
        listing >before
        get $page
        ok "a GET of $page.cgi, $dialect: usage" grep -q '^Firmseal-Verdict: usage' head
        if [ $dialect = json ]; then words='"stats":"error"'; else words='<h1>System Upgrade Failed</h1>'; fi
        ok '  in the dialect' grep -qF "$words" body
        listing >after
        same '  and nothing has changed' before after
    done
done
refused_request 'a raw body' malformed-header -H 'Content-Type: application/octet-stream' --data-binary @two
refused_request 'a form without a file' malformed-header -d 'a=b'
refused_request 'a field before the file' trailing-data -F 'keep=1' -F 'datafile=@two'
refused_request 'a field behind the file' trailing-data -F 'datafile=@two' -F 'keep=1'
device 'dialect json' 'max-upload 1000000'
turned_down 'an upload over max-upload' two too-large
mv device device.away
listing >before
send two || :
ok 'a board without its device file takes nothing' grep -q '^Firmseal-Verdict: system' head
listing >after
same '  and nothing has changed' before after
device 'dialect json' "keyring $T/missing.pub"
turned_down 'a board with a key that is not there' two system
device 'dialect json'

# --- passwords ---
for who in curl-wrong.conf /dev/null; do
    listing >before
    code=$(curl -K $who -s -o body -w '%{http_code}' -F 'datafile=@three' "http://127.0.0.1:$www/cgi-bin/upgrade.cgi") || :
    ok "401 with ${who%.conf}" test "$code" = 401
    listing >after
    same '  and nothing has changed' before after
done

# --- pages of other sites, in the browser of an operator who has given the password ---
# foreign WHAT PAGE CURL-OPTION...: refused with 403 and the word, in the dialect, without the script that would reboot; nothing has changed.
foreign() {
    what=$1 page=$2
    shift 2
    listing >before
    get "$page" "$@" || :
    listing >after
    if grep -q '^HTTP/1.1 403' head && grep -q '^Firmseal-Verdict: cross-site' head && grep -q 'cross-site' body; then
        pass "$what: cross-site"
    else
        fail "$what: cross-site" "$(cat head body)"
    fi
    ok '  the answer asks for nothing' sh -c '! grep -qE "script|reboot.cgi|reset_conf.cgi" body'
    same '  and nothing has changed' before after
}
for dialect in html json; do
    device "dialect $dialect" 'settings etc/miner.conf'
    for page in upgrade upgrade_clear; do
        foreign "$dialect, $page.cgi: a form of another site" $page -F 'datafile=@three' -H 'Origin: http://evil.example'
    done
done
foreign 'a page without an origin' upgrade_clear -F 'datafile=@three' -H 'Origin: null'
foreign 'the same board, another port' upgrade_clear -F 'datafile=@three' -H 'Origin: http://127.0.0.1'
foreign 'the same address by another name' upgrade_clear -F 'datafile=@three' -H "Origin: http://localhost:$www"
foreign 'two origins' upgrade_clear -F 'datafile=@three' -H "Origin: http://127.0.0.1:$www" -H 'Origin: http://evil.example'
foreign 'two sites' upgrade -F 'datafile=@three' -H 'Sec-Fetch-Site: same-origin' -H 'Sec-Fetch-Site: cross-site'
foreign 'another site that names no origin' upgrade -F 'datafile=@three' -H 'Sec-Fetch-Site: cross-site'
foreign 'a neighbor of the board' upgrade -F 'datafile=@three' -H 'Sec-Fetch-Site: same-site' -H "Origin: http://127.0.0.1:$www"
foreign 'status.cgi' status -H 'Sec-Fetch-Site: cross-site'
foreign 'status.cgi, from another origin' status -H 'Origin: http://evil.example'
ok '  in JSON' python3 -c 'import json; j = json.load(open("body")); assert (j["verdict"], j["status"]) == ("cross-site", 4), j'
get status -H "Origin: http://127.0.0.1:$www" -H 'Sec-Fetch-Site: same-origin'
ok "the board's own page sees its status" grep -q '^Firmseal-Verdict: ok' head
# The fields that a server hands on, without one.
asked() { # asked WHAT VERDICT VARIABLE=VALUE...
    what=$1 word=$2
    shift 2
    env REQUEST_METHOD=GET "$@" firmverify cgi --status --device device >answer 2>said </dev/null || :
    if grep -q "^Firmseal-Verdict: $word" answer; then pass "$what: $word"; else fail "$what: $word" "$(cat answer said)"; fi
}
asked 'a page that came without TLS, to a server with it' cross-site HTTPS=on HTTP_HOST=board HTTP_ORIGIN=http://board
asked '  said in the other variable' cross-site REQUEST_SCHEME=https HTTP_HOST=board HTTP_ORIGIN=http://board
asked 'one with TLS' ok HTTPS=on HTTP_HOST=board HTTP_ORIGIN=https://board
asked 'TLS that a proxy ends' ok HTTP_HOST=board HTTP_ORIGIN=https://board
asked 'an origin, and no Host to compare it with' cross-site HTTP_ORIGIN=http://board

# --- firmflash ---
push() { # push FILE [PASSWORD-FILE [BOARD [OPTION...]]]
    what=$1 with=${2:-password} to=${3:-zynq-s9:2}
    shift $(($# < 3 ? $# : 3))
    firmflash push "$what" --to "127.0.0.1:$www" --board "$to" --user root --password-file "$with" \
        --pubkey release.pub --boards "$TESTS/../boards" --quiet "$@"
}
generic() { push four password firmseal-generic "$@"; }
device 'dialect html'
ok 'firmflash: a good push' push three
ok '  is installed' sh -c 'firmverify status --device device | grep -q "^installed 3.0, counter 3$"'
build four 4 --key release.key --board firmseal-generic
device 'dialect json'
refused 'firmflash: a profile without a realm' 2 usage generic
explains '  and it says what to write' 'firmseal-generic names no realm: --realm TEXT'
ok 'firmflash: a good push in the other dialect' generic --realm 'antMiner Configuration'
ok '  is installed' sh -c 'firmverify status --device device | grep -q "^installed 4.0, counter 4$"'
device 'dialect html'
got=0
push three >said 2>&1 || got=$?
ok 'firmflash: an older image: status 6' test "$got" -eq 6
ok '  and the reason of the board' grep -q 'rejected: .*rollback' said
got=0
push four wrong >said 2>&1 || got=$?
ok 'firmflash: a wrong password: status 6' test "$got" -eq 6
got=0
push stolen >said 2>&1 || got=$?
ok 'firmflash: what is not verified is not sent' test "$got" -eq 4

# --- both stock ways: upgrade.cgi keeps settings, upgrade_clear.cgi wipes them ---
device 'dialect html' 'settings etc/miner.conf' 'settings etc/absent'
echo 'my pools' >board/root/etc/miner.conf
echo worm >board/root/etc/worm
taken 'html: an upgrade that keeps settings' four '<p>Setting etc/miner.conf: kept</p>'
ok '  kept one' grep -q 'my pools' board/root/etc/miner.conf
ok '  says what it passed over' grep -q 'Setting etc/absent: passed over' body
ok '  in the log, too' grep -q 'setting etc/absent: passed over' logs/upgrade.log
ok '  and kept nothing else' test ! -e board/root/etc/worm
taken 'html: one that wipes them' four 'System Upgrade Successed' upgrade_clear
same '  the default is there again' board/root/etc/miner.conf tree/etc/miner.conf
ok '  all is as it was signed' diff -r tree board/root
ok '  and the page asks for the rest to be wiped' grep -q 'open("GET", "/cgi-bin/reset_conf.cgi")' body
ok '  of settings it says nothing' sh -c '! grep -q Setting body'
device 'dialect json' 'settings etc/miner.conf'
echo 'my pools' >board/root/etc/miner.conf
taken 'json: an upgrade that keeps settings' four '"settings":[{"path":"etc/miner.conf","kept":true'
ok '  is JSON' python3 -m json.tool body
ok '  kept one' grep -q 'my pools' board/root/etc/miner.conf
ok 'firmflash --wipe' generic --wipe --realm 'antMiner Configuration'
same '  wipes them' board/root/etc/miner.conf tree/etc/miner.conf

# --- status.cgi ---
says() { # says WHAT PYTHON: of the object s in body.
    ok "$1" python3 -c "import json; s = json.load(open('body')); assert $2, s"
}
listing >before
get status
says 'status.cgi: what is installed' 's["board"] == "zynq-s9" and s["revision"] == 2 and s["product"] == "miner" and s["installed"] is True'
says '  version and counter' '(s["version"], s["counter"], s["busy"], s["interrupted"]) == ("4.0", 4, False, False)'
firmverify status --device device --json >status.json
sed -i 's/"uptime":[0-9]*/"uptime":0/' body status.json
same '  as firmverify status has it' body status.json
listing >after
same '  and nothing has changed' before after
get status --data x=1
ok 'a POST to it: usage' grep -q '^Firmseal-Verdict: usage' head
says '  in JSON' 's["verdict"] == "usage" and s["status"] == 2'
code=$(curl -K curl-wrong.conf -s -o body -w '%{http_code}' "http://127.0.0.1:$www/cgi-bin/status.cgi") || :
ok '401 with a wrong password' test "$code" = 401
mv device device.away
get status
says 'without a device file: system' 's["verdict"] == "system"'
mv device.away device
if strace -o /dev/null true 2>/dev/null; then
    cp -a board/root board/state .
    ASAN_OPTIONS=detect_leaks=0 strace -f -qq -o /dev/null -e trace=renameat2 -e inject=renameat2:signal=KILL:when=1 \
        firmverify install four --device device >.log 2>&1 || :
    listing >before
    get status
    says 'after a power cut in a decided install: interrupted' 's["interrupted"] is True and s["version"] == "4.0"'
    listing >after
    same '  which looking does not change' before after
    firmverify status --device device >.log
    get status
    says '  and firmverify status finishes' 's["interrupted"] is False'
fi

# --- the names of the links ---
if [ -e /etc/firmseal/device ]; then
    skip 'links' 'there is a device file here'
else
    mkdir links
    for name in upgrade upgrade_clear status other; do ln -s "$BUILD/firmverify" links/$name.cgi; done
    called() { env REQUEST_METHOD="$2" "links/$1.cgi" --device device >answer 2>said </dev/null; }
    for name in upgrade upgrade_clear; do
        called $name POST
        ok "a link $name.cgi is that page, of /etc/firmseal/device, whatever the server calls it with" grep -q 'System Upgrade Failed' answer
        ok '  system' grep -q 'system: device file: cannot open /etc/firmseal/device' answer
    done
    called status GET
    ok 'a link status.cgi is that page' grep -q '^{"verdict":"system"' answer
    refused 'a link of another name' 2 usage env REQUEST_METHOD=POST links/other.cgi
fi

# --- the reboot ---
cat >restart <<PROGRAM
#!/bin/sh
cut -d ' ' -f 6 /proc/\$\$/stat >"$T/sid"
env | cut -d = -f 1 | sort >"$T/env"
readlink /proc/\$\$/fd/0 /proc/\$\$/fd/1 /proc/\$\$/fd/2 | sort -u >"$T/fds"
echo "\$*" >>"$T/rebooted"
PROGRAM
chmod 755 restart
device 'dialect html' "reboot $T/restart too early"
turned_down 'a board that reboots by itself, and an image by a stranger' stolen untrusted-key
get status
device 'dialect html' "reboot $T/restart -d 3"
taken 'a good one' four 'Rebooting System'
ok '  leaves the reboot to nobody else' sh -c '! grep -q reboot.cgi body'
ok '  and then it reboots' await 'grep -qs "^-d 3" rebooted'
ok '  not before the answer has had time to get through' test $(($(stat -c %Y rebooted) - $(stat -c %Y body))) -ge 1
ok '  once, for the good one alone, by the words of the device file' test "$(cat rebooted)" = '-d 3'
ok '  with nothing of the request in its environment' test "$(grep -vE '^(PWD|SHLVL|OLDPWD|_)$' env)" = PATH
ok '  nor in its descriptors' test "$(cat fds)" = /dev/null
ok '  a session of its own' test "$(xargs <sid)" != "$(cut -d ' ' -f 6 "/proc/$child/stat")"

# --- in the middle of an upload ---
build five 5 --key release.key
echo third >tree/etc/version
build six 6 --key release.key
mkfifo say
# hold FILE BYTES: an upload that stops after so many bytes of its body; further words go to descriptor 6, answers come in `heard`.
hold() {
    : >heard
    python3 "$TESTS/uploader.py" 127.0.0.1 "$www" /cgi-bin/upgrade.cgi root password "$1" "$2" <say >heard 2>&1 &
    holder=$!
    children="$children $holder"
    exec 6>say
    await 'grep -q "^held" heard'
}
let_go() { exec 6>&-; wait "$holder" || :; }
device 'dialect json'
listing >before
hold five 2000000
# lighttpd hands an upload on through files of 64 KiB or so (splice), each removed at once: what counts is that it does not gather it.
held_back() { find board/uploads -type f -printf '%s\n' | awk '{n += $1} END {print n + 0}'; }
await '! free || test "$(held_back)" -gt 262144' || :
ok 'of an upload that has come half way, the web server holds nothing back' test "$(held_back)" -le 262144
ok '  nor a moment later' await 'test "$(held_back)" -eq 0'
ok '  it holds the lock' await '! free'
ok '  what is staged of it is beside the slot, and verified' test -d board/.firmseal-new-root
find board -type f -newer device -size +0 ! -path '*/.firmseal-new-root/*' ! -path board/state/lock ! -path 'board/uploads/*' >strays
ok '  and nowhere else on the board' test ! -s strays
ok '  nor held by the web server' await '! ls -l "/proc/$child/fd" | grep -q "$T/board/uploads"'
# What the kernel says of the process that holds the lock: the server's only child.
cgi=$(xargs <"/proc/$child/task/$child/children")
cp "/proc/$cgi/limits" limits && cp "/proc/$cgi/status" cgi-status
limit() { ok "  $1" grep -qE "^$2 +$3 +$4 " limits; }
limit 'it writes no core dump' 'Max core file size' 0 0
limit 'it opens so many files at most' 'Max open files' 1024 1024
limit 'it computes for an hour at most' 'Max cpu time' 3600 3600
case ${SAN:-}${EMULATED:-} in
*address* | *thread*) skip '  its address space' 'the sanitizers need terabytes' ;;
1) skip '  its address space' 'an emulator needs more' ;;
*) limit 'its address space is a gigabyte' 'Max address space' 1073741824 1073741824 ;;
esac
ok '  it gets no new privileges' grep -q '^NoNewPrivs:.1' cgi-status
ok '  what it makes can be written by its user alone' grep -qE '^Umask:.00?22' cgi-status
ok '  its memory belongs to nobody else' test "$(stat -c %U "/proc/$cgi/mem")" = root
turned_down_now() { send "$1" && grep -q '^Firmseal-Verdict: busy' head; }
ok 'a second upload at the same time: busy' turned_down_now six
ok '  says so in JSON' grep -q '"verdict":"busy"' body
get status
says '  and so does status.cgi' 's["busy"] is True and s["version"] == "4.0"'
echo rest >&6
ok 'the first one goes on' await 'grep -q "^done" heard'
ok '  and is taken' grep -q 'Firmseal-Verdict: ok' heard
let_go
ok '  and is installed' sh -c 'firmverify status --device device | grep -q "^installed 5.0"'

listing >before
hold six 1500000
ok 'another one' await '! free'
echo cut >&6
let_go
ok '  is cut off: the lock is free again' await free
ok '  what was staged is gone' await 'test ! -e board/.firmseal-new-root'
listing >after
same '  and nothing has changed' before after

device 'dialect json' 'max-time 1'
hold six 100000
echo 'drip 1000 0.05' >&6
ok 'a client that drips its bytes is dropped' await 'grep -q "^done" heard'
let_go
ok '  and told so' grep -q 'Firmseal-Verdict: truncated' heard
ok '  the board is free' free
listing >after
same '  and nothing has changed' before after
device 'dialect json'
taken 'after all this, a good one' six '"stats":"success"'
ok '  is installed' diff -r tree board/root

# The answer gets lost: the web server goes down in the middle.
listing >before
push six password zynq-s9:2 --limit-rate=200000 >said 2>&1 &
pusher=$!
children="$children $pusher"
device 'dialect html'
ok 'firmflash, at work' await '! free'
kill "$child"
got=0
wait "$pusher" || got=$?
ok '  and the server dies: status 8' test "$got" -eq 8
ok '  unknown' grep -q ': unknown: ' said
ok '  the board is free again' await free
listing >after
same '  and nothing has changed' before after
ok 'nothing is left in the folder for uploads' test -z "$(ls -A board/uploads)"
ok 'the secret is in no log' sh -c "! grep -rqF '$secret' logs"

# --- the web server and the pages as a user of their own (docs/web.md, Rights) ---
if [ "$(id -u)" -ne 0 ] || ! id nobody >/dev/null 2>&1; then
    skip 'a user of its own' 'only root can give one'
    exit 0
fi
group=$(id -gn nobody)
rm -rf board/root board/root.previous board/state
mkdir board/state own
cp "$BUILD/firmverify" own/ # that user may not reach the one in BUILD
sed -i "s,$BUILD/,$T/own/," board/www/cgi-bin/*.cgi
mv board/www/cgi-bin own/ # what the pages are is not the user's to change
cp -r tree own/tree
www=$(port)
sed -e "s,\"firmware\",\"nobody\"," -e "s,^server.groupname.*,server.groupname = \"$group\"," -e "s,\"/www\",\"$T/own\"," \
    -e "s,^server.port = .*,server.bind = \"127.0.0.1\"\nserver.port = $www," \
    -e "s,/var/log/,$T/logs/," -e "s,/run/lighttpd,$T/board/uploads," -e "s,/config/lighttpd-htdigest.user,$T/users," \
    "$TESTS/../docs/lighttpd.conf.example" >own.conf
device 'dialect json' 'settings etc/miner.conf' "reboot $T/restart by nobody"
chmod 711 "$T"
chown nobody:"$group" board board/state board/uploads logs logs/*
chmod 700 board/state board/uploads
chown root:"$group" users
chmod 640 users
chmod 644 device release.pub
rm -f rebooted
printf '#!/bin/sh\nid -un >"%s/board/who"\ngrep NoNewPrivs /proc/self/status >>"%s/board/who"\n' "$T" "$T" >restart
chmod 755 restart
ok 'the example with its user is one' lighttpd -tt -f own.conf
background lighttpd -D -f own.conf
ok '  the web server is up' answers "$www"
ok '  and is not root' test "$(stat -c %U "/proc/$child")" = nobody
taken '  an image is installed' six '"stats":"success"'
ok '  as it was signed' diff -r own/tree board/root
ok '  the tree is of that user' test "$(find board/root ! -user nobody | wc -l)" -eq 0
ok '  the reboot program is run by that user' await 'grep -qx nobody board/who'
ok '  without a way to new privileges' await 'grep -q "NoNewPrivs:.1" board/who'
echo 'my pools' >board/root/etc/miner.conf
chown nobody board/root/etc/miner.conf
taken '  a second one' six '"stats":"success"'
ok '  keeps a setting' grep -q 'my pools' board/root/etc/miner.conf
ok '  status.cgi' get status
says '  knows it' 's["installed"] is True and s["version"] == "6.0"'
turned_down '  a stranger'"'"'s' stolen untrusted-key
ok '  the state folder is closed to others' test "$(stat -c '%U %a' board/state)" = 'nobody 700'
written=$(setpriv --reuid nobody --regid "$group" --clear-groups find device release.pub own -writable 2>/dev/null) || :
ok '  the user can change neither the device file, nor a key, nor a page' test -z "$written"
chown root board
turned_down '  without the right to its slot' six system
ok '  which the message names' grep -q 'Permission denied' body
