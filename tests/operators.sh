#!/bin/sh
# SPDX-License-Identifier: ISC
# Promise: docs/operators.md leads from scan to report: each of its commands works as it stands, and says what is printed there.
set -eu
. "$(dirname "$0")/lib.sh"
cd "$T"
mkdir tree
echo firmware >tree/rootfs
firmkey generate -o release --no-password >.log 2>&1
firmpack build tree --product p --version 2.0 --counter 2 --board zynq-s9:0-9 --key release.key -o s9.firm.tar --quiet
(umask 077 && echo "of this test $$" >pw && printf 'firmseal-credentials 1\ncredential default root file %s/pw\n' "$T" >farm.credentials)
mkfifo ready
background sh -c 'exec "$@" >"$0"' ready firmsim run --sealed zynq-s9:2=12 --product p --pubkey release.pub --password-file pw --first 127.98.0.1 \
    --http-port 0 --api-port 0 --boot-ms 150 --leave-ms 5 --boards "$TESTS/../boards"
read -r said <ready
http=$(echo "$said" | sed 's/.*"http_port":\([0-9]*\).*/\1/')
api=$(echo "$said" | sed 's/.*"api_port":\([0-9]*\).*/\1/')

# Only places and times differ from the text.
sed -n '/^```sh$/,/^```$/p' "$TESTS/../docs/operators.md" | grep '^firm' |
    sed -e "s/10\.0\.3\./127.98.0./g" -e "s/^firmflash scan.*/& --port $http --api-port $api/" -e "s/^firmflash apply .*--credentials.*/& --api-port $api/" \
        -e 's/--soak 600/--soak 0.5 --poll 0.1 --boot 5 --settle 0.3 --health 5/' >commands
ok 'the text has its commands' test "$(wc -l <commands)" -ge 8
while read -r line; do
    # shellcheck disable=SC2086 # a command and its arguments
    ok "$line" $line
    cat .out .err >>all
done <commands
# What it shows is what was said.
grep -E '^(p 2\.0: |  wave |  +[0-9]+ )' "$TESTS/../docs/operators.md" >shown
ok 'the text shows output' test "$(wc -l <shown)" -ge 5
while IFS= read -r line; do
    grep -qxF "$line" all || echo "$line"
done <shown | nothing 'all of it was printed'
ok 'the HTML report is there' grep -q '<html' farm.html

# The unit, where systemd can judge it. Its program is looked for where it is installed, which is not here.
sed -n '/^```ini$/,/^```$/p' "$TESTS/../docs/operators.md" | grep -v '^```' | sed "s,/usr/bin/firmflash,$BUILD/firmflash,; /^User=/d" >firmseal-rollout.service
ok 'the text has a unit' grep -q '^ExecStart=.*/firmflash resume ' firmseal-rollout.service
if command -v systemd-analyze >/dev/null 2>&1; then
    systemd-analyze verify ./firmseal-rollout.service 2>&1 | grep firmseal-rollout | nothing '  which systemd understands'
else
    skip '  which systemd understands' 'no systemd-analyze here'
fi
line=$(sed -n 's,^ExecStart=[^ ]*/\(firmflash resume\) [^ ]* ,\1 farm.ledger ,p' firmseal-rollout.service | sed "s,/var/lib/firmseal,$T,")
# shellcheck disable=SC2086 # a command and its arguments
ok '  what it runs, on a rollout that is done' $line
ok '  and figures for the node exporter' grep -q '^firmseal_rollout_info.*state="done"' rollout.prom
