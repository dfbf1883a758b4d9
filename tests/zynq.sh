#!/bin/sh
# SPDX-License-Identifier: ISC
# Promise: on the S9's kind of board, a Zynq-7000 with a kernel and a U-Boot built from source, images come over its web page, start on
# trial by U-Boot's own environment in flash, are given up by U-Boot when they do not start, and survive power cuts. Only `make
# check-zynq' runs it.
set -eu
. "$(dirname "$0")/lib.sh"
. "$TESTS/emulate/guest.sh"
. "$TESTS/emulate/zynq-board.sh"
cd "$T"
zynq_parts
zynq_system
firmkey generate -o thief --no-password >.log 2>&1
head -c 3000000 /dev/urandom >junk
image_of one 1.0 1 parts/zImage release
image_of bad 2.0 2 junk release
image_of even 3.0 3 parts/zImage release
image_of odd 3.1 3 parts/zImage release
image_of stolen 4.0 4 parts/zImage thief
zynq_factory one

push() {
    firmflash push "$1" --to "127.0.0.1:$www" --board zynq-s9:2 --user root --password-file password --pubkey release.pub \
        --boards "$TESTS/../boards" --timeout 120 --reboot --quiet
}
turned_down() { # turned_down WHAT FILE VERDICT
    curl -K curl.conf -o answer -D head -F "datafile=@$2" "http://127.0.0.1:$www/cgi-bin/upgrade.cgi" || :
    if grep -q "^Firmseal-Verdict: $3" head; then pass "$1: $3"; else fail "$1: $3" "$(cat head answer)"; fi
}

start
if comes_up >log; then pass 'it boots, by U-Boot, its environment in QSPI'; else fail 'it boots, by U-Boot' "$(cat log)"; exit 1; fi
ok '  from side a' runs 1.0 a
turned_down "a stranger's image" stolen untrusted-key
ok 'an image with a bad kernel is pushed' push bad
ok '  it reboots and comes up' comes_up 120
ok '  with the image it had' runs 1.0 a
ok '  after U-Boot tried three times' test "$(grep -ac 'LOADER cannot start b' "$console")" -eq 3
ok '  and saved its environment' grep -aq 'LOADER gives up b' "$console"
ok 'a good image is pushed' push even
ok '  it reboots and comes up' comes_up
ok '  with that' runs 3.0 b
ok '  and keeps it' grep -aq 'BOARD confirm: confirmed: 3.0 on side b, counter 3' "$console"
turned_down 'the one before' one rollback
cut_guest

# --- twenty power cuts: one by one while it installs, and while it starts what was installed ---
# An upload with its install takes three seconds and more here, a start six; where a cut fell is counted, and both must have been met.
pause() { python3 -c 'import random, sys, time; time.sleep(random.uniform(*map(float, sys.argv[1:])))' "$1" "$2"; }
bad=0 even=0 odd=0 cuts=0 installing=0 starting=0 done=0
while [ $cuts -lt 20 ]; do
    start
    if ! comes_up >log; then bad=$((bad + 1)); echo "# cut $cuts:"; cat log; cut_guest; break; fi
    version=$(grep -a 'BOARD READY' "$console" | tail -n 1 | sed -n 's/.*image \([0-9.]*\) .*/\1/p')
    grep -aq "BOARD status: installed $version, counter 3" "$console" || { bad=$((bad + 1)); echo "# cut $cuts: $(tail -n 12 "$console")"; }
    case $version in 3.0) even=$((even + 1)) next=odd ;; 3.1) odd=$((odd + 1)) next=even ;; *) bad=$((bad + 1)) next=odd ;; esac
    push $next >push.log 2>&1 &
    pusher=$!
    children="$children $pusher"
    if [ $((cuts % 2)) -eq 1 ] && wait "$pusher"; then pause 0.5 7; else pause 0.3 3; fi
    answered=$(grep -c 'accepted: ok' push.log || :)
    cut_guest
    if [ "$answered" -eq 0 ]; then installing=$((installing + 1))
    elif [ "$(grep -ac 'BOARD READY' "$console")" -eq 1 ]; then starting=$((starting + 1))
    else done=$((done + 1)); fi
    kill "$pusher" 2>/dev/null || :
    wait "$pusher" 2>/dev/null || :
    cuts=$((cuts + 1))
done
start
comes_up >log || { bad=$((bad + 1)); cat log; }
echo "# $cuts cuts: $installing while it installed, $starting while it started, $done later; it came up with 3.0 $even times, with 3.1 $odd times"
if [ $bad -eq 0 ] && [ $cuts -eq 20 ]; then pass 'the power is cut 20 times, and it comes up with one of the two each time'; else fail "$cuts power cuts" "$bad bad"; fi
if [ $installing -ge 3 ] && [ $starting -ge 3 ] && [ $even -gt 0 ] && [ $odd -gt 0 ]; then pass '  cut where it matters'; else fail '  cut where it matters'; fi
cut_guest
