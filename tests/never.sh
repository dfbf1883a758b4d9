#!/bin/sh
# SPDX-License-Identifier: ISC
# Promise: a secret key never goes into a bundle, under whatever name and in whatever container it lies; nor does what a build wrote
# before.
set -eu
. "$(dirname "$0")/lib.sh"
need python3 minisign signify-openbsd openssl
cd "$T"
firmkey generate -o key --no-password >.out
firmkey generate -o other --no-password >.out
echo secret >password
chmod 600 password
firmkey generate -o sealed --password-file password >.out
build() {
    in=$1
    shift
    firmpack build "$in" --product p --version 1 --counter 1 --board b -o "$T/x.firm.tar" --quiet --threads 1 "$@"
}
says() { if grep -qF -- "$2" .err; then pass "$1"; else fail "$1" "wanted: $2" "$(cat .err)"; fi; }
refuses() { # refuses WHAT PATH REASON COMMAND...
    what=$1 path=$2 reason=$3
    shift 3
    refused "$what" 3 unsafe-path "$@"
    says '  its path is named' "$path"
    says '  and what it is' "$reason"
    ls x.firm.tar 2>/dev/null | nothing '  no bundle'
}

# --- by identity ---
mkdir tree tree/deep
echo x >tree/file
ln key.key tree/deep/harmless
refuses 'the key that signs, by another name' 'deep/harmless' 'it is the secret key that signs' build tree --key key.key
ok '  --drop-unsafe leaves it out' build tree --key key.key --drop-unsafe
tar -xOf x.firm.tar manifest >manifest
grep harmless manifest | nothing '  and packs the rest'
ok '  which is there' grep -q file manifest
rm x.firm.tar tree/deep/harmless
ln password tree/deep/notes
refuses 'the file of its password' 'deep/notes' 'password' build tree --key sealed.key --password-file password
rm tree/deep/notes
refused 'a bundle within the folder' 2 usage firmpack build tree --product p --version 1 --counter 1 --board b --key key.key -o tree/x.firm.tar --quiet
refuses 'a bundle in a folder of it' 'deep' 'the folder that the bundle is written to' firmpack build tree --product p --version 1 --counter 1 \
    --board b --key key.key -o tree/deep/x.firm.tar --quiet
echo old >x.firm.tar
ln x.firm.tar tree/previous
refused 'what the bundle will replace' 3 unsafe-path build tree --key key.key
says '  its path is named' '"previous"'
rm x.firm.tar tree/previous

# --- by content ---
minisign -G -W -f -p m.pub -s m.key >.log
signify-openbsd -G -n -p s.pub -s s.sec
openssl genpkey -algorithm ed25519 -out e.pem 2>.log
openssl genrsa -traditional -out r.pem 2048 2>.log
openssl pkey -in e.pem -aes256 -passout pass:x -out p.pem 2>.log
openssl pkey -in e.pem -pubout -out public.pem
{ echo 'certificate first'; cat r.pem; } >both.pem
sed 's/$/\r/' r.pem >crlf.pem
python3 - <<'PY'
import base64
body = "\n".join(base64.b64encode(b"openssh-key-v1\0" + bytes(range(90))).decode()[i:i + 70] for i in range(0, 140, 70))
open("ssh", "w").write("-----BEGIN OPENSSH PRIVATE KEY-----\n%s\n-----END OPENSSH PRIVATE KEY-----\n" % body)
open("pgp", "w").write("-----BEGIN PGP PRIVATE KEY BLOCK-----\n\nlQ\n-----END PGP PRIVATE KEY BLOCK-----\n")
open("ppk", "w").write("PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\n")
open("age", "w").write("# created\nAGE-SECRET-KEY-1QQQQ\n")
PY
for key in other.key sealed.key m.key s.sec e.pem r.pem p.pem both.pem crlf.pem ssh pgp ppk age; do
    cp $key tree/config
    refuses "$key" '"config" is a ' 'key' build tree --key key.key
    tar -cf tree.tar -C tree .
    refuses "$key, in an archive" '"config" is a ' 'key' build tree.tar --key key.key
done
ok '--allow-secrets: it is meant' build tree --key key.key --allow-secrets
rm x.firm.tar tree/config
cp key.key tree/copy
ln key.key tree/same
refuses '  but never the key that signs' '"same"' 'it is the secret key that signs' build tree --key key.key --allow-secrets
rm tree/copy tree/same
cp r.pem attached
refuses 'an attachment' 'attached' 'private key' build tree --key key.key --attach attached
refuses 'the key that signs as an attachment' 'key.key' 'the secret key that signs' build tree --key key.key --attach key.key

# Where a chunk ends within it.
head -c 1047200 /dev/zero >tree/a
cp r.pem tree/b
refuses 'a key that lies in two chunks' '"b" is a ' 'private key' build tree --key key.key
rm tree/a tree/b

# --- what only looks like it ---
cp public.pem other.pub m.pub tree/
echo 'a text about -----BEGIN PRIVATE KEY----- and what is behind it' >tree/text
printf 'x\000-----BEGIN RSA PRIVATE KEY-----\000-----BEGIN OPENSSH PRIVATE KEY-----\000' >tree/program
firmkey sign tree/text -k key.key >.out
: >tree/empty
ok 'public keys, signatures, texts and programs are packed' build tree --key key.key
