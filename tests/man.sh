#!/bin/sh
# SPDX-License-Identifier: ISC
# Promise: the manual tells of every verb, option and directive there is.
set -eu
. "$(dirname "$0")/lib.sh"
man=$TESTS/../docs/man

for verb in $(firmverify --help | awk '/^  [a-z]/ {print $1}'); do
    ok "firmverify.8 has $verb" grep -qxF ".It Cm $verb" "$man/firmverify.8"
    firmverify help "$verb" | grep -oE '\-\-[a-z-]+' | sort -u >"$T/options"
    while read -r option; do
        grep -qF "Fl -${option#--}" "$man/firmverify.8" || echo "$option"
    done <"$T/options" | nothing "  with all its options"
done
sed -n 's/^\t{"\([a-z-]*\)", [0-9].*take_.*/\1/p' "$TESTS/../verifier/device.c" >"$T/directives"
ok 'the directives are known' test "$(wc -l <"$T/directives")" -ge 13
while read -r directive; do
    grep -qE "^\.It Cm $directive " "$man/firmseal-device.5" || echo "$directive"
done <"$T/directives" | nothing 'firmseal-device.5 has each of them'
# The example in it is a device file.
cd "$T"
firmkey generate -o key --no-password >.log 2>&1
mkdir -p state firmware boot
sed -n '/^\.Bd/,/^\.Ed/p' "$man/firmseal-device.5" | grep -v '^\.' |
    sed -e "s,/config/firmseal,$T/state," -e "s,/etc/firmseal/release.pub,$T/key.pub," -e "s,/firmware/,$T/firmware/," -e "s,/boot/,$T/boot/," >device
ok 'its example is a device file' firmverify status --device device
if command -v groff >/dev/null 2>&1 && [ -d /usr/share/groff/current/tmac ] && ls /usr/share/groff/current/tmac/mdoc.tmac >/dev/null 2>&1; then
    for page in firmverify.8 firmseal-device.5; do groff -mdoc -ww -z -Tutf8 "$man/$page" 2>&1 | nothing "$page is sound"; done
else
    skip 'the pages are sound' 'no groff with mdoc here'
fi
