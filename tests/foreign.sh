#!/bin/sh
# SPDX-License-Identifier: ISC
# Promise: keys come from and go to minisign, signify, OpenSSL and OpenSSH, and all of them agree on what was signed.
set -eu
. "$(dirname "$0")/lib.sh"
need minisign signify-openbsd openssl python3
golden=$TESTS/golden/interop
cd "$T"

id_of() { firmkey show "$1" | grep -oE '[0-9A-F]{16}' | head -n 1; }
# raw FILE NAME: the 64 bytes of the first signature in FILE, and what it signs: the BLAKE2b-512 of the file.
openssl_verifies() { # openssl_verifies PEM TEXT SIGNATURES
    python3 - "$2" "$3" <<'PY' && openssl pkeyutl -verify -pubin -inkey "$1" -rawin -in prehash -sigfile signature
import base64, hashlib, sys
open("prehash", "wb").write(hashlib.blake2b(open(sys.argv[1], "rb").read()).digest())
open("signature", "wb").write(base64.b64decode(open(sys.argv[2]).read().split("\n")[1])[10:])
PY
}

# --- golden files: one key in four forms, three signatures; its secret half is gone ---
ok 'firmkey verifies what it signed once' firmkey verify "$golden/text" -p "$golden/minisign.pub"
ok '  and what minisign signed' firmkey verify "$golden/minisigned" -p "$golden/minisign.pub"
ok '  with the public key as signify has it' firmkey verify "$golden/text" -p "$golden/signify.pub"
ok 'minisign verifies what firmkey signed' minisign -VHqm "$golden/text" -p "$golden/minisign.pub"
ok '  and what it signed itself' minisign -VHqm "$golden/minisigned" -p "$golden/minisign.pub"
ok '  with the public key as signify has it' minisign -VHqm "$golden/text" -p "$golden/signify.pub"
ok 'signify verifies with its own form' signify-openbsd -Vq -p "$golden/signify.pub" -m "$golden/text" -x "$golden/text.sig"
ok '  and with minisign'\''s' signify-openbsd -Vq -p "$golden/minisign.pub" -m "$golden/text" -x "$golden/text.sig"
ok 'OpenSSL verifies what firmkey signed' openssl_verifies "$golden/key.pem" "$golden/text" "$golden/text.minisig"
ok '  and what minisign signed' openssl_verifies "$golden/key.pem" "$golden/minisigned" "$golden/minisigned.minisig"
for form in minisign signify pem ssh; do
    case $form in pem | ssh) file=key.$form ;; *) file=$form.pub ;; esac
    firmkey export "$golden/minisign.pub" --form $form >made
    same "exported as $form it is what it was" "$golden/$file" made
done
ok 'imported from signify, it is the same key' sh -c 'firmkey import "$1/signify.pub" -o from-signify && cmp "$1/minisign.pub" from-signify.pub' - "$golden"
refused 'a signature of signify is not one of ours' 3 malformed-signature sh -c 'cp "$1/text" s && cp "$1/text.sig" s.minisig && firmkey verify s -p "$1/signify.pub"' - "$golden"

# --- secret keys, both ways ---
echo 'some text' >text
signify-openbsd -G -n -p s.pub -s s.sec
ok 'a secret key of signify is imported' firmkey import s.sec -o s2 --no-password
ok '  for its owner alone' test "$(stat -c %a s2.key)" = 600
ok '  under the number that it has there' test "$(id_of s2.pub)" = "$(id_of s.pub)"
ok '  it signs' firmkey sign text -k s2.key
ok '  and signify'\''s public key verifies' firmkey verify text -p s.pub
ok '  minisign, too' minisign -VHqm text -p s.pub
ok 'it goes back' firmkey export s2.key --secret --form signify -o back.sec
ok '  for its owner alone' test "$(stat -c %a back.sec)" = 600
ok '  signify signs with it' signify-openbsd -S -s back.sec -m text -x text.sig
ok '  and verifies with its own public key' signify-openbsd -Vq -p s.pub -m text -x text.sig
ok 'a key of firmkey goes there' sh -c 'firmkey generate -o f --no-password && firmkey export f.key --secret --form signify -o f.sec &&
    firmkey export f.pub --form signify -o f.signify'
ok '  signify signs and verifies with it' sh -c 'signify-openbsd -S -s f.sec -m text -x text.sig && signify-openbsd -Vq -p f.signify -m text -x text.sig'
minisign -G -W -f -p m.pub -s m.key >.log
ok 'and one of minisign' sh -c 'firmkey export m.key --secret --form signify -o m.sec && signify-openbsd -S -s m.sec -m text -x text.sig &&
    signify-openbsd -Vq -p m.pub -m text -x text.sig'
openssl genpkey -algorithm ed25519 -out p.pem 2>.log
openssl pkey -in p.pem -pubout -out p.pub.pem
ok 'a secret key in PEM is imported' firmkey import p.pem -o p --no-password
firmkey export p.pub --form pem >made
same '  its public half is what OpenSSL says' p.pub.pem made
ok '  and has the id that importing the public key gives' sh -c 'firmkey import p.pub.pem -o adopted && cmp p.pub adopted.pub'
ok '  it signs' firmkey sign text -k p.key
ok '  and OpenSSL verifies' openssl_verifies p.pub.pem text text.minisig
ok 'it goes back' firmkey export p.key --secret --form pem -o back.pem
same '  to the byte' p.pem back.pem
if command -v ssh-keygen >/dev/null 2>&1; then
    ok 'OpenSSH reads the public key' sh -c 'firmkey export p.pub --form ssh >p.ssh && ssh-keygen -l -f p.ssh'
else
    skip 'OpenSSH reads the public key' 'no ssh-keygen here'
fi

# --- what is refused ---
refused 'never over another' 2 usage firmkey import s.sec -o s2 --no-password
refused '  nor an exported one' 2 usage firmkey export s2.key --secret --form signify -o back.sec
refused 'a secret key to standard output' 2 usage firmkey export s2.key --secret --form signify
refused 'a secret key for ssh' 2 usage firmkey export s2.key --secret --form ssh -o x
refused 'no such form' 2 usage firmkey export s2.pub --form jwk
refused 'a public key as a secret one' 3 malformed-keyring firmkey export s2.pub --secret --form pem -o x
refused 'a secret key as a public one' 3 malformed-keyring firmkey export s2.key --form pem
python3 - <<'PY'
import base64, os
os.umask(0o077)
first, line = open("s.sec").read().split("\n")[:2]
blob = bytearray(base64.b64decode(line))
def save(name, at, value):
    changed = bytearray(blob)
    changed[at] ^= value
    open(name, "w").write(first + "\n" + base64.b64encode(changed).decode() + "\n")
save("sealed.sec", 7, 42)    # rounds: a passphrase
save("sum.sec", 24, 1)
save("seed.sec", 40, 1)
save("public.sec", 103, 1)
save("kind.sec", 0, 1)
PY
refused 'a passphrase of signify' 2 usage firmkey import sealed.sec -o x --no-password
for damage in sum seed public kind; do
    refused "damage: $damage" 3 malformed-keyring firmkey import $damage.sec -o x --no-password
done
openssl genpkey -algorithm x25519 -out other.pem 2>.log
refused 'a key for something else' 3 malformed-keyring firmkey import other.pem -o x --no-password
openssl pkey -in p.pem -aes256 -passout pass:x -out sealed.pem 2>.log
refused 'an encrypted PEM' 3 malformed-keyring firmkey import sealed.pem -o x --no-password
refused 'two sources of a password' 2 usage firmkey import s.sec -o x --no-password --password-file text
ls x x.key x.pub 2>/dev/null | nothing 'and nothing of all that is left'
