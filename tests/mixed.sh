#!/bin/sh
# SPDX-License-Identifier: ISC
# Promise: one rollout takes boards of every kind at once, each sent just the part of the bundle that it takes.
set -eu
. "$(dirname "$0")/lib.sh"
need python3 b2sum

cd "$T"
private 's3cret "of" this test' password
mkdir -p boards tree/usr/bin bmu
cp "$TESTS"/../boards/*.board boards
# A board of the third dialect: one line of text, and it reboots by itself.
sed -e 's/^board .*/board plain-s9/' -e 's/^dialect .*/dialect plain/' -e 's/^send .*/send payload/' -e 's/^reboot \([a-z]*\) .*/reboot \1 itself/' \
    -e '/^card/d' -e 's/^title .*/&\nhardware zynq-s9/' boards/zynq-s9.board >boards/plain-s9.board
sed -i 's/^title .*/&\nhardware zynq-s9/' boards/vnish.board
printf '2.0\nAntminer\n' >tree/usr/bin/compile_time
cp tree/usr/bin/compile_time bmu
tar -C bmu -czf tree/firmware.bmu compile_time
head -c 100000 /dev/urandom >tree/filler
firmkey generate -o release --no-password >.log 2>&1
firmpack build tree --product p --version 2.0 --counter 5 --board zynq-s9:0-9 --board zynq-s19:0-9 --key release.key -o new.firm.tar --quiet
mkdir parts
tar -C parts -xf new.firm.tar
farm --boards boards --first 127.45.0.1 --pubkey release.pub --product p --sealed zynq-s9=3 --sealed zynq-s19=3 --board zynq-s9-stock=3 \
    --board zynq-s19-stock=3 --board plain-s9=3 --board vnish=3
# Nobody's scan takes a stock board for one that is to be moved away from stock: that is written into the inventory by hand.
firmsim ask control state | python3 -c '
import json, sys
print("mac,address,board,revision,site,rack,credential")
for n, line in enumerate(sys.stdin):
    b = json.loads(line)
    if "mac" in b: print("%s,%s:%s,%s,%d,ekb,r%d,%s" % (
        b["mac"], b["address"], sys.argv[1], b["board"], b["revision"], n % 4, "clear" if b["board"] == "vnish" else ""))' "$http" >inv.csv
printf 'firmseal-credentials 1\ncredential default root file %s/password\ncredential clear root file %s/password token\n' "$T" "$T" >credentials
chmod 600 credentials
ok 'an inventory of six kinds' test "$(wc -l <inv.csv)" -eq 19
ok 'is planned' firmflash plan new.firm.tar inv.csv --pubkey release.pub --boards boards --waves 6,100% --poll 0.1 --boot 6 --settle 0.3 \
    --soak 0.2 --health 3 --backoff 0.1 --timeout 5 -o plan
# Whoever serves one page can be scanned as a board that takes the password unencrypted: it is not the farm's common one that such get.
sed 's/,clear$/,/' inv.csv >common.csv
ok 'boards that want the password itself, without one of their own' firmflash plan new.firm.tar common.csv --pubkey release.pub --boards boards -o common
ok '  are left out' test "$(grep -c '^skip .* vnish .*unencrypted' common)" -eq 3
ok '  the first wave has one of each' sh -c 'grep "^device .* 1$" plan | cut -d" " -f4 | sort -u | wc -l | grep -qx 6'
ok 'and carried out' firmflash apply plan --ledger ledger --pubkey release.pub --boards boards --credentials credentials --api-port "$api" --quiet
cp .out out
ok '  with success of all' grep -qE '^ +18 success' out
# sent BOARD FILE: all boards of that kind took just these bytes, once.
sent() {
    hash=$(b2sum -l 256 "$2" | cut -d' ' -f1)
    ok "$1: was sent $(basename "$2"), once" test \
        "$(firmsim ask control state | grep "\"board\":\"$1\"" | grep "\"image\":\"$hash\"" | grep -c '"flashes":1,.*"reboots":1')" -eq 3
}
sent zynq-s9 new.firm.tar
sent zynq-s19 new.firm.tar
sent zynq-s9-stock parts/payload.tar.gz
sent plain-s9 parts/payload.tar.gz
sent vnish parts/payload.tar.gz
sent zynq-s19-stock tree/firmware.bmu

# A plan of before that rule, or one that was edited: the common password stays here.
sed 's/^\(device .* vnish .*\) clear \([0-9]*\)$/\1 * \2/' plan >older
refused 'boards that a plan sends the common password unencrypted' 2 usage firmflash apply older --ledger none --pubkey release.pub --boards boards \
    --credentials credentials --api-port "$api" --quiet
explains '  and it says which line to write' 'no line of the credential "default" is for vnish.*credential NAME USER file WHERE token'
sed 's/ token$//' credentials >digest-only
chmod 600 digest-only
refused 'boards whose credential is for Digest' 2 usage firmflash apply plan --ledger none --pubkey release.pub --boards boards \
    --credentials digest-only --api-port "$api" --quiet
explains '  a Digest line is for no board of that kind' 'no line of the credential "clear" is for vnish, whose scheme is token'
sed 's/^\(credential default .*\)/\1 token/' credentials >common-token
chmod 600 common-token
refused 'a token line that boards have which name none' 2 usage firmflash apply plan --ledger none --pubkey release.pub --boards boards \
    --credentials common-token --api-port "$api" --quiet
ok '  and are asked nothing' test "$(firmsim ask control state | grep '"board":"vnish"' | grep -c '"login_failures":0')" -eq 3

# A board that wants a file which the payload has not got stops the run before there is a ledger.
rm tree/firmware.bmu
firmpack build tree --product p --version 2.1 --counter 5 --board zynq-s9:0-9 --board zynq-s19:0-9 --key release.key -o less.firm.tar --quiet
ok 'without the file that one kind takes' firmflash plan less.firm.tar inv.csv --pubkey release.pub --boards boards -o less
refused '  nothing begins' 2 usage firmflash apply less --ledger none --pubkey release.pub --boards boards --credentials credentials --quiet
ok '  and there is no ledger' test ! -e none
end_farm
