#!/bin/sh
# SPDX-License-Identifier: ISC
# Promise: each kind of board is spoken to in its own dialect, sent what it takes, and rebooted as it wants to be: shown on simulated boards that
# really change their version.
set -eu
. "$(dirname "$0")/lib.sh"
need python3 minisign firmsim firmflash b2sum

private 's3cret "of" this test' "$T/password"
private wrong "$T/wrong"
mkdir -p "$T/boards" "$T/tree/usr/bin"
cp "$TESTS"/../boards/*.board "$T/boards"
# A board of the third dialect: one line of text, and it reboots by itself.
sed -e 's/^board .*/board plain-s9/' -e 's/^dialect .*/dialect plain/' -e 's/^send .*/send payload/' -e 's/^reboot \([a-z]*\) .*/reboot \1 itself/' \
    -e '/^card/d' -e 's/^title .*/&\nhardware zynq-s9/' "$T/boards/zynq-s9.board" >"$T/boards/plain-s9.board"
sed -i 's/^title .*/&\nhardware zynq-s9/' "$T/boards/vnish.board"
printf '2.0\nAntminer\n' >"$T/tree/usr/bin/compile_time"
printf 'container of the maker\n' >"$T/tree/firmware.bmu"
head -c 200000 /dev/urandom >"$T/tree/filler"
python3 "$TESTS/forge.py" keys "$T" release
python3 "$TESTS/forge.py" build "$T/tree" -o "$T/good.firm.tar" --product miner --version 2.0 --counter 5 \
    --key "$T/release.key" --pub "$T/release.pub" --board zynq-s9:0-3 --board zynq-s19:0-9 --board cvitek:0-9 --board amlogic:0-9
mkdir "$T/parts"
tar -C "$T/parts" -xf "$T/good.firm.tar"
farm --boards "$T/boards" --first 127.44.0.1 --pubkey "$T/release.pub" \
    --sealed zynq-s9=2 --sealed zynq-s19=2 --board zynq-s9-stock=2 --board zynq-s19-stock=2 --board plain-s9=2 --board vnish=4 \
    --sealed cvitek --sealed amlogic
# state NUMBER: of that board.
state() { firmsim ask "$T/control" board "127.44.0.$1"; }
push() { # NUMBER BOARD [OPTION...]
    push_to=$1 push_board=$2
    shift 2
    firmflash push "$T/good.firm.tar" --to "127.44.0.$push_to:$http" --board "$push_board" --boards "$T/boards" --pubkey "$T/release.pub" \
        --password-file "$T/password" --quiet "$@"
}
reaches() { # NUMBER PATTERN: within ten seconds
    end=$(($(date +%s) + 10))
    while ! state "$1" | grep -q -e "$2"; do [ "$(date +%s)" -le $end ] || return 1; done
}
says() { # WHAT STATUS PATTERN COMMAND...
    what=$1 want=$2 pattern=$3 got=0
    shift 3
    "$@" >"$T/.out" 2>"$T/.err" || got=$?
    if [ $got -eq "$want" ] && grep -qE -e "$pattern" "$T/.out"; then pass "$what"; else fail "$what" "exit $got" "$(cat "$T/.out" "$T/.err")"; fi
}
whole=$(b2sum -l 256 "$T/good.firm.tar" | cut -d' ' -f1)
payload=$(b2sum -l 256 "$T/parts/payload.tar.gz" | cut -d' ' -f1)
file=$(b2sum -l 256 "$T/tree/firmware.bmu" | cut -d' ' -f1)
# dialect NUMBER BOARD HOW-IT-REBOOTS HASH VERSION: kept on the first board, wiped on the next.
dialect() {
    says "$2: taken" 0 ": accepted.*$3" push "$1" "$2" --reboot
    ok "$2: comes up with the new version" reaches "$1" "\"phase\":\"up\",\"version\":\"$5\""
    ok "$2: was sent just what it takes, once" reaches "$1" "\"image\":\"$4\".*\"uploads\":1,.*\"flashes\":1,\"wipes\":0,\"reboots\":1"
    says "$2: taken, and the settings wiped" 0 ": accepted.*$3" push $(($1 + 1)) "$2" --reboot --wipe
    ok "$2: on the board, too" reaches $(($1 + 1)) "\"flashes\":1,\"wipes\":1,\"reboots\":1"
}
dialect 1 zynq-s9 'told to reboot' "$whole" 2.0
dialect 3 zynq-s19 'told to reboot' "$whole" 2.0
dialect 5 zynq-s9-stock 'told to reboot' "$payload" 2.0
dialect 7 zynq-s19-stock 'told to reboot' "$file" "image-$(echo "$file" | cut -c1-12)"
dialect 9 plain-s9 'it reboots by itself' "$payload" 2.0
dialect 11 vnish 'it reboots by itself' "$payload" 2.0
says "vnish: the wrong password" 6 ': failed: wrong password \(HTTP 401\)' push 13 vnish --password-file "$T/wrong"
ok "vnish: is tried once, and no image goes out" reaches 13 '"login_failures":1,"uploads":0'
firmsim ask "$T/control" behave 127.44.0.13 refuses >"$T/.out"
says "vnish: a refusal has its reason" 6 ': rejected: the board says ".*Signature' push 13 vnish
firmsim ask "$T/control" behave 127.44.0.14 lost >"$T/.out"
says "vnish: a lost answer is unknown" 8 ': unknown: ' push 14 vnish
says "cvitek: taken" 0 ': accepted: ok.*told to reboot' push 15 cvitek --reboot
says "amlogic: taken" 0 ': accepted: ok.*told to reboot' push 16 amlogic --reboot
end_farm
