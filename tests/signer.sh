#!/bin/sh
# SPDX-License-Identifier: ISC
# Promise: a key that is not in a file signs as well, through a program; what that program answers is believed only when it verifies.
set -eu
. "$(dirname "$0")/lib.sh"
need openssl python3 minisign
DOCS=$(cd "$TESTS/../docs" && pwd)
cd "$T"

mkdir tree
seq 20000 >tree/numbers
firmkey generate -o file --no-password >.log 2>&1
firmkey generate -o second --no-password >.log 2>&1
SOURCE_DATE_EPOCH=1700000000
export SOURCE_DATE_EPOCH
build() { firmpack build tree --product p --version 1.0 --counter 7 --board zynq-s9 -o "$@"; }

# --- an Ed25519 key of OpenSSL stands for any vault; the program is one line ---
openssl genpkey -algorithm ed25519 -out vault.pem 2>.log
openssl pkey -in vault.pem -pubout -out pub.pem
openssl pkey -in vault.pem -pubout -outform DER -out pub.der
tail -c 32 pub.der >pub.raw
{ printf '\004\040'; cat pub.raw; } >pub.point
{ printf 'ssh-ed25519 '; { printf '\000\000\000\013ssh-ed25519\000\000\000\040'; cat pub.raw; } | openssl base64 -A; echo ' me@there'; } >pub.ssh
ok 'a public key in PEM is imported' firmkey import pub.pem -o vault
for form in der raw point ssh; do
    ok "  or in form $form" firmkey import pub.$form -o $form
    same '  to the same file' vault.pub $form.pub
done
refused 'never over another' 2 usage firmkey import pub.pem -o vault
openssl genpkey -algorithm x25519 -out other.pem 2>.log
openssl pkey -in other.pem -pubout -out other.pub.pem
refused 'a key for something else' 3 malformed-keyring firmkey import other.pub.pem -o other
head -c 43 pub.der >short.der
refused 'a key cut short' 3 malformed-keyring firmkey import short.der -o other
refused 'no name' 2 usage firmkey import pub.pem

program() { # program NAME, its text on standard input
    { echo '#!/bin/sh'; cat; } >"$1"
    chmod +x "$1"
}
program vault <<'SH'
exec openssl pkeyutl -sign -inkey "$1" -rawin -in /dev/stdin
SH
program vault64 <<'SH'
openssl pkeyutl -sign -inkey "$1" -rawin -in /dev/stdin | openssl base64 -A; echo
SH
signer='--signer ./vault --signer-arg vault.pem --signer-pubkey vault.pub'
# shellcheck disable=SC2086 # a list of options
{
    ok 'a bundle is signed by a program' build x $signer
    ok '  a board takes it' firmverify check x --pubkey vault.pub
    tar -xOf x manifest >m
    tar -xOf x manifest.minisig >m.minisig
    ok '  minisign, too' minisign -Vq -p vault.pub -m m
    ok 'an answer in base64' build x64 --signer ./vault64 --signer-arg vault.pem --signer-pubkey vault.pub
    same '  the same bytes' x x64
    ok 'beside a key of its own' build two --key file.key $signer
    ok '  with the one' firmverify check two --pubkey vault.pub
    ok '  with the other' firmverify check two --pubkey file.pub
    echo text >note
    ok 'firmkey sign takes one' firmkey sign note $signer
    ok '  it verifies' firmkey verify note -p vault.pub
    ok '  as JSON' sh -c "firmkey sign note $signer --json >json && python3 -c 'import json; assert json.load(open(\"json\"))[\"verdict\"] == \"ok\"'"

    # --- a second person ---
    cp x before
    ok 'a finished bundle is countersigned' firmpack countersign x --pubkey vault.pub -k second.key -o both
    same '  the bundle is as it was' x before
    ok '  the first key still counts' firmverify check both --pubkey vault.pub
    ok '  and the second' firmverify check both --pubkey second.pub
    tar -xOf both payload.tar.gz >one
    tar -xOf x payload.tar.gz >other
    same '  nothing was built again' one other
    build plain --key file.key >.log
    ok 'in place, by a program' firmpack countersign plain --pubkey file.pub $signer --json
    ok '  which counts' firmverify check plain --pubkey vault.pub
}
firmpack countersign plain --pubkey file.pub -k second.key --json >json
ok '  its answer as JSON' python3 -c 'import json; j = json.load(open("json")); assert j["verdict"] == "ok" and len(j["signers"]) == 3, j'
refused 'by a stranger before' 4 untrusted-key firmpack countersign x --pubkey second.pub -k second.key
python3 -c '
b = bytearray(open("x", "rb").read()); b[-3000] ^= 1; open("damaged", "wb").write(b)'
cp damaged before
refused 'what is damaged is not countersigned' 4 chunk-hash firmpack countersign damaged --pubkey vault.pub -k second.key
same '  and stays as it was' damaged before
refused 'nobody to sign' 2 usage firmpack countersign x --pubkey vault.pub

# --- what is not believed ---
fails() { # fails WHAT STATUS VERDICT PROGRAM [OPTION...]
    what=$1 status=$2 word=$3 name=$4
    shift 4
    refused "$what" "$status" "$word" build bad --signer "./$name" --signer-pubkey vault.pub "$@"
    cp .err said
    [ ! -e bad ] || fail '  and no bundle appears'
    find . -maxdepth 1 -name '.firmseal-new-*' | nothing '  nor anything else'
}
openssl genpkey -algorithm ed25519 -out stranger.pem 2>.log
fails 'a signature by another key' 4 bad-signature vault --signer-arg stranger.pem
program wrong <<'SH'
echo other >.other; exec openssl pkeyutl -sign -inkey vault.pem -rawin -in .other
SH
fails 'a signature of something else' 4 bad-signature wrong
program second-wrong <<'SH'
[ ! -e .once ] || { echo other >.other; exec openssl pkeyutl -sign -inkey vault.pem -rawin -in .other; }
: >.once; exec openssl pkeyutl -sign -inkey vault.pem -rawin -in /dev/stdin
SH
fails 'the second signature of something else' 4 bad-signature second-wrong
program zeros <<'SH'
head -c 64 /dev/zero
SH
fails 'zeros' 4 bad-signature zeros
program silent <<'SH'
exit 0
SH
fails 'no answer' 1 system silent
program chatty <<'SH'
head -c 1000000 /dev/zero
SH
fails 'an answer without end' 1 system chatty
program failing <<'SH'
openssl pkeyutl -sign -inkey vault.pem -rawin -in /dev/stdin; exit 3
SH
fails 'a good signature, and failure' 1 system failing
ok '  its status is told' grep -q 'failed with status 3' said
program killed <<'SH'
kill -9 $$
SH
fails 'one that is killed' 1 system killed
fails 'one that is not there' 1 system no-such-program
program rude <<'SH'
printf 'a\033[2Jb\nsecond line\n' >&2; exit 1
SH
fails 'one that says why' 1 system rude
ok '  it is passed on, escaped' grep -qxF 'firmpack: signer: a\x1b[2Jb' said
ok '  each line' grep -qxF 'firmpack: signer: second line' said
program flood <<'SH'
head -c 3000000 /dev/zero | tr '\0' 'x' >&2; exit 1
SH
fails 'one that talks without end' 1 system flood
ok '  within bounds' test "$(wc -c <said)" -lt 200000
program slow <<'SH'
echo "$$" >slow.pid; exec sleep 100
SH
fails 'one that is too slow' 1 system slow --signer-timeout 1
if kill -0 "$(cat slow.pid)" 2>/dev/null; then fail '  it is ended'; else pass '  it is ended'; fi
program deaf <<'SH'
exec >&- 2>&-; echo "$$" >slow.pid; exec sleep 100
SH
fails 'one that closes everything and stays' 1 system deaf --signer-timeout 1
if kill -0 "$(cat slow.pid)" 2>/dev/null; then fail '  it is ended'; else pass '  it is ended'; fi

# --- what it gets ---
program look <<'SH'
ls -l /proc/self/fd >fds
for a; do printf '%s\n' "$a"; done >args
exec openssl pkeyutl -sign -inkey vault.pem -rawin -in /dev/stdin
SH
echo secret-word >password
# shellcheck disable=SC2016 # nothing is to be expanded
ok 'arguments are words, and no shell reads them' build args-bundle --signer ./look --signer-arg 'a b; $(touch owned)' --signer-arg '' \
    --signer-pubkey vault.pub --key file.key --password-fd 7 7<password
# shellcheck disable=SC2016
printf '%s\n' 'a b; $(touch owned)' '' >want
same '  to the letter' args want
ok '  nothing was run' test ! -e owned
grep -E ' [0-9]+ ->' fds | grep -vE ' [012] ->|/proc/' | nothing '  no descriptor but three, not even that of the password'

# --- usage ---
refused 'a signer without its public key' 2 usage build y --signer ./vault
refused 'an argument before its signer' 2 usage build y --signer-arg a --signer ./vault --signer-pubkey vault.pub
refused 'no time' 2 usage build y --signer ./vault --signer-pubkey vault.pub --signer-timeout 0
refused 'the same key twice' 2 usage build y --signer ./vault --signer-arg vault.pem --signer-pubkey vault.pub --signer ./vault \
    --signer-arg vault.pem --signer-pubkey vault.pub
refused '--unsigned and a signer' 2 usage build y --unsigned --signer ./vault --signer-pubkey vault.pub
refused 'a key and a signer for firmkey' 2 usage firmkey sign note -k file.key --signer ./vault --signer-pubkey vault.pub

# --- a token: the commands of docs/signing.md, as they stand there ---
MODULE=
for path in /usr/lib/softhsm/libsofthsm2.so /usr/lib/*/softhsm/libsofthsm2.so; do [ ! -e "$path" ] || MODULE=$path; done
if ! command -v softhsm2-util >/dev/null 2>&1 || ! command -v pkcs11-tool >/dev/null 2>&1 || [ -z "$MODULE" ] ||
    ! /usr/bin/python3 -c 'import PyKCS11' 2>/dev/null; then
    skip 'a PKCS#11 token' 'no softhsm2, opensc and python3-pykcs11 here'
    exit 0
fi
part() { sed -n "/^\`\`\`sh $1\$/,/^\`\`\`\$/p" "$DOCS/signing.md" | sed '/^```/d'; }
mkdir tokens
printf 'directories.tokendir = %s\nobjectstore.backend = file\nlog.level = ERROR\n' "$T/tokens" >softhsm2.conf
SOFTHSM2_CONF=$T/softhsm2.conf
export SOFTHSM2_CONF MODULE DOCS
umask 077
printf 'user-pin-2468' >pin
umask 022
part pkcs11 >token.sh
part countersign >countersign.sh
# Somebody at a terminal, who is asked for PINs.
cat >person.py <<'PY'
import os, pty, sys
pid, terminal = pty.fork()
if pid == 0:
    os.execvp(sys.argv[1], sys.argv[1:])
seen = b""
while True:
    try:
        got = os.read(terminal, 4096)
    except OSError:
        break
    if not got:
        break
    seen += got
    if seen.endswith(b"PIN: "):
        os.write(terminal, b"so-pin-1357\n" if seen.endswith(b"SO PIN: ") else b"user-pin-2468\n")
        seen += b"*\n"
sys.stdout.buffer.write(seen)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
PY
ok 'the documented way with a token' python3 person.py sh -eu token.sh
ok '  and a second person' sh -eu countersign.sh
ok '  both count' firmverify check x.firm.tar --pubkey token.pub
use_token() {
    build "$1" --signer "$DOCS/sign-pkcs11.example" --signer-arg "$MODULE" --signer-arg firmware --signer-arg 01 --signer-arg pin \
        --signer-pubkey token.pub
}
if [ -z "${SAN:-}" ] && strace -o /dev/null true 2>/dev/null; then
    what='the PIN in no command line and no environment'
    strace -f -v -s 100000 -e trace=execve -o calls firmpack build tree --product p --version 1.0 --counter 7 --board zynq-s9 -o traced \
        --signer "$DOCS/sign-pkcs11.example" --signer-arg "$MODULE" --signer-arg firmware --signer-arg 01 --signer-arg pin \
        --signer-pubkey token.pub >.log 2>&1 || fail 'a traced build' "$(cat .log)"
    ok 'each program that is run was seen' test "$(grep -c execve calls)" -ge 2
    grep -E 'user-pin|so-pin' calls | nothing "$what"
fi
chmod 644 pin
refused 'a PIN that others can read' 1 system use_token y
cp .err said
ok '  the message says what to do' grep -q 'firmpack: signer: .*chmod 600 pin' said
chmod 600 pin
printf 000000 >pin
refused 'a wrong PIN' 1 system use_token y
cp .err said
ok '  the token says why' grep -q 'firmpack: signer: .*PIN' said
