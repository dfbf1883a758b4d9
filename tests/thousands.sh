#!/bin/sh
# SPDX-License-Identifier: ISC
# Long.
# Promise: a farm of thousands is found and rolled out to in one run: every board ends well, none is flashed twice. This runs over more
# boards than may be spoken to at a time (flasher/gate.h); `make check-fleet' over 10,000, and tells what it took.
set -eu
. "$(dirname "$0")/lib.sh"
need python3 firmsim firmflash
n=${FLEET:-1200}
cd "$T"
mkdir tree
head -c 20000 /dev/urandom >tree/rootfs.img
firmkey generate -o release --no-password >.log 2>&1
firmpack build tree --product p --version 2.0 --counter 2 --board zynq-s9:0-9 --key release.key -o new.firm.tar --quiet
(umask 077 && echo "thousands-$$" >password && printf 'firmseal-credentials 1\ncredential default root file %s/password\n' "$T" >credentials)

# took WHAT COMMAND...: runs it, its output goes to .said; tells what it took. Its peak, in KiB, is in $peak.
took() {
    python3 - "$@" 3>.peak <<'PY' || { fail "$1" "$(cat .said)"; return; }
import os, sys, time
start = time.monotonic()
pid = os.fork()
if pid == 0:
    said = os.open(".said", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    os.dup2(said, 1)
    os.dup2(said, 2)
    os.execvp(sys.argv[2], sys.argv[2:])
_, status, used = os.wait4(pid, 0)
print("# %s: %.1f s, of a processor %.1f s, peak %d MiB" % (sys.argv[1], time.monotonic() - start, used.ru_utime + used.ru_stime,
                                                            used.ru_maxrss // 1024), flush=True)
os.write(3, b"%d\n" % used.ru_maxrss)
sys.exit(os.waitstatus_to_exitcode(status) & 255)
PY
    peak=$(cat .peak)
    pass "$1"
}
total() { firmsim ask control totals | sed -n "s/.*\"$1\":\([0-9]*\).*/\1/p"; }

farm --boards "$TESTS/../boards" --first 127.64.0.1 --sealed "zynq-s9:2=$n" --product p --pubkey release.pub --boot-ms 500 --seed 5
last=$(echo "$ready" | sed 's/.*"last":"\([0-9.]*\)".*/\1/')
took "a scan of $n boards" firmflash scan "127.64.0.1-$last" --port "$http" --api-port "$api" --credentials credentials --quick --rate 5000 \
    --concurrency 400 --boards "$TESTS/../boards" --quiet -o inv.csv
ok "finds each of them" [ "$(sed 1d inv.csv | wc -l)" -eq "$n" ]
ok "and refuses none its login" [ "$(total login_failures)" = 0 ]
firmflash plan new.firm.tar inv.csv --pubkey release.pub --waves 100,20%,100% --uploads 400 --poll 2 --boot 120 --settle 1 --soak 1 \
    --health 300 --backoff 0.5 -o plan >.log 2>&1
took "a rollout to $n boards" firmflash apply plan --ledger ledger --pubkey release.pub --credentials credentials --api-port "$api" --quiet
ok "all of them end in success" grep -qE "^ +$n success\$" .said
ok "and it is the whole farm" sh -c '! grep -qE "failed|unknown|rejected|needs-card|halted" "$1"' sh .said
ok "each was flashed" [ "$(total flashed)" = "$n" ]
ok "once" [ "$(total flashed_twice) $(total flashes) $(total uploads)" = "0 $n $n" ]
ok "and rebooted once" [ "$(total reboots)" = "$n" ]
if [ -z "${SAN:-}" ]; then
    ok "within 32 MiB, 256 KiB an upload under way and 16 KiB a board" [ "$peak" -le $((32768 + 400 * 256 + 16 * n)) ]
fi
echo "# the farm itself: of a processor $(awk '{print ($14 + $15) / 100}' "/proc/$farm/stat") s, peak $(awk '/VmHWM/ {print int($2 / 1024)}' \
    "/proc/$farm/status") MiB; ledger $(($(wc -c <ledger) >> 20)) MiB"
end_farm
