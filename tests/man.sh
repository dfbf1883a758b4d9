#!/bin/sh
# SPDX-License-Identifier: ISC
# Promise: the manual tells of every verb, option and directive there is.
set -eu
. "$(dirname "$0")/lib.sh"
man=$TESTS/../docs/man

# --- every program's page tells of each verb with all its options, whether it was written or made from the help ---
cd "$TESTS/.."
ok 'completions and pages are made' sh docs/completions/generate all "$T/share" "$BUILD"/firmpack "$BUILD"/firmkey "$BUILD"/firmflash \
    "$BUILD"/firmverify "$BUILD"/firmsim
for program in firmpack firmkey firmflash firmverify firmsim; do
    page=$(find "$T/share/man" -name "$program.[18]")
    sed 's/\\-/-/g; s/Fl -/--/g; s/Fl \([a-z]\)/-\1/g' "$page" >"$T/page"
    for verb in $($program --help | awk '/^  [a-z]/ {print $1}'); do
        ok "$(basename "$page") has $verb" grep -qxF ".It Cm $verb" "$page"
        $program help "$verb" | grep -oE '\-\-[a-z-]+' | sort -u >"$T/options"
        while read -r option; do
            grep -qE -- "$option([^a-z-]|\$)" "$T/page" || echo "$option"
        done <"$T/options" | nothing '  with all its options'
    done
done
# The other way round: no page tells of an option that there is not.
for program in firmpack firmkey firmflash firmverify firmsim; do
    page=$(find "$T/share/man" -name "$program.[18]")
    for verb in $($program --help | awk '/^  [a-z]/ {print $1}'); do $program help "$verb"; done >"$T/help"
    sed '/^\.Sh EXAMPLES/,/^\.Sh SEE/d; s/\\-/-/g; s/Fl -/--/g' "$page" | grep -oE '(^|[^a-z-])--[a-z][a-z-]*' | grep -oE '\-\-.*' | sort -u |
        while read -r option; do grep -qE -- "$option([^a-z-]|\$)" "$T/help" || echo "$option"; done | nothing "$(basename "$page") has no others"
done
# firmverify's synopsis is written by hand: each verb has just the options of its help there.
for verb in $(firmverify --help | awk '/^  [a-z]/ {print $1}'); do
    firmverify help "$verb" | sed '/^[A-Z]/d' | grep -oE '\-\-[a-z-]+' | sort -u >"$T/options"
    awk -v verb="$verb" '/^\.Sh DESCRIPTION/ {exit} /^\.Nm$/ {mine = 0} $0 == ".Cm " verb {mine = 1} mine' docs/man/firmverify.8 |
        grep -oE 'Fl -[a-z-]+' | sed 's/Fl -/--/' | sort -u >"$T/synopsis"
    same "firmverify.8: the synopsis of $verb" "$T/options" "$T/synopsis"
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
sed -n '/^\.Bd/,/^\.Ed/{/^\.Ed/q;p}' "$man/firmseal-device.5" | grep -v '^\.' |
    sed -e "s,/config/firmseal,$T/state," -e "s,/etc/firmseal/release.pub,$T/key.pub," -e "s,/firmware/,$T/firmware/," -e "s,/boot/,$T/boot/," >device
ok 'its example is a device file' firmverify status --device device
if command -v groff >/dev/null 2>&1 && ls /usr/share/groff/current/tmac/mdoc.tmac >/dev/null 2>&1; then
    for page in "$T"/share/man/*/*; do groff -mdoc -ww -z -Tutf8 "$page" 2>&1 | nothing "$(basename "$page") is sound"; done
    grep -nE ' $' "$T"/share/man/*/* | nothing 'no line ends in a blank'
else
    skip 'the pages are sound' 'no groff with mdoc here'
fi

# --- completions: what a shell offers is what the help says ---
cat >complete.bash <<'SH'
. "$1"
COMP_WORDS=("${@:2}")
COMP_CWORD=$(($# - 2))
_firmpack
printf '%s\n' "${COMPREPLY[@]}"
SH
echo x >afile.pub
if command -v bash >/dev/null 2>&1; then
    file=$T/share/bash-completion/completions/firmpack
    offers() { # offers WHAT WANT WORD...: bash offers exactly WANT
        what=$1 want=$2
        shift 2
        got=$(bash complete.bash "$file" firmpack "$@" | sort | tr '\n' ' ')
        if [ "$got" = "$want " ]; then pass "bash: $what"; else fail "bash: $what" "wanted $want" "got $got"; fi
    }
    offers 'a verb' 'detach diff' d
    offers 'an option' '--signer --signer-arg --signer-pubkey --signer-timeout' build --signer
    offers 'a file where one is wanted' 'afile.pub' check x --pubkey afi
    offers 'nothing where a number is wanted' '' build tree --counter ''
    offers 'the options of its verb alone' '--keyring' list --k
    for program in firmpack firmkey firmflash firmverify firmsim; do
        ok "bash takes the completion of $program" bash -n "$T/share/bash-completion/completions/$program"
    done
else
    skip 'completion in bash' 'no bash here'
fi
if command -v fish >/dev/null 2>&1; then
    cat >complete.fish <<'SH'
source $argv[1]
complete -C $argv[2]
SH
    fish -N complete.fish "$T/share/fish/vendor_completions.d/firmpack.fish" 'firmpack build --signer' 2>/dev/null | cut -f 1 | sort >got
    printf '%s\n' --signer --signer-arg --signer-pubkey --signer-timeout >want
    same 'fish: an option' got want
    for program in firmpack firmkey firmflash firmverify firmsim; do
        ok "fish takes the completion of $program" fish -n "$T/share/fish/vendor_completions.d/$program.fish"
    done
else
    skip 'completion in fish' 'no fish here'
fi
if command -v zsh >/dev/null 2>&1; then
    for program in firmpack firmkey firmflash firmverify firmsim; do
        ok "zsh takes the completion of $program" zsh -n "$T/share/zsh/site-functions/_$program"
    done
    # Its own functions are stood in for, so that what the completion asks for shows.
    cat >complete.zsh <<'SH'
compadd() { while [[ $1 == -- ]]; do shift; done; print -l -- $@ }
_files() { print files }
_describe() { print describe $1 }
words=("${@:2}") CURRENT=$(($# - 1))
source $1
SH
    zsh -f complete.zsh "$T/share/zsh/site-functions/_firmpack" firmpack build --sig >got 2>&1
    ok 'zsh: options of the verb' grep -qx -- --signer-timeout got
    zsh -f complete.zsh "$T/share/zsh/site-functions/_firmpack" firmpack check x --pubkey '' >got 2>&1
    ok 'zsh: a file where one is wanted' grep -qx files got
    zsh -f complete.zsh "$T/share/zsh/site-functions/_firmpack" firmpack '' >got 2>&1
    ok 'zsh: verbs' grep -qx 'describe verb' got
else
    skip 'completion in zsh' 'no zsh here'
fi

# --- all of it is installed ---
if [ -n "${SAN:-}" ]; then
    skip 'make install' 'of a build without sanitizers'
else
    ok 'make install' make -s -C "$TESTS/.." BUILD="$BUILD" DESTDIR="$T/root" PREFIX=/usr install
    for file in bin/firmpack sbin/firmverify share/man/man1/firmpack.1 share/man/man1/firmkey.1 share/man/man8/firmverify.8 \
        share/man/man5/firmseal-device.5 share/bash-completion/completions/firmpack share/zsh/site-functions/_firmflash \
        share/fish/vendor_completions.d/firmkey.fish; do
        ok "  $file" test -s "$T/root/usr/$file"
    done
fi
