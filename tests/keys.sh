#!/bin/sh
# SPDX-License-Identifier: ISC
# Promise: keys and signatures interoperate with minisign, both ways.
set -eu
. "$(dirname "$0")/lib.sh"
need minisign python3
cd "$T"

# cheap COMMAND...: with too little memory for scrypt's full cost, which is then lowered as minisign does; a sanitizer
# needs it all.
# shellcheck disable=SC3045 # dash and bash have ulimit -v
cheap() { (
    [ -n "${SAN:-}" ] || ulimit -v 100000
    exec "$@"
); }
# The key id in a public key's comment, in 16 digits: minisign 0.11 leaves leading zeros out.
key_of() { sed -n 's/^untrusted comment: minisign public key /0000000000000000/p' "$1" | grep -o '.\{16\}$'; }
mode() { [ "$(stat -c %a "$1")" = "$2" ]; }
has() { grep -qF -- "$1" "$2"; }
# minisign's -S, told to write the two comments as firmseal has them.
minisigned() {
    minisigned_key=$1 minisigned_id=$2 minisigned_file=$3
    shift 3
    minisign -S -s "$minisigned_key" -c "firmseal key $minisigned_id" -t "by minisign" -m "$minisigned_file" "$@"
}

(
    umask 077
    printf 'correct horse\n' >right
    printf 'battery staple\n' >wrong
)
head -c 300000 /dev/zero >file
cp file file2
printf 'x' >tampered

# --- bare keys ---
ok "firmkey makes a key without a password" firmkey generate -o a --no-password
ok "a secret key is for its owner alone" mode a.key 600
ok "a public key is for everyone" mode a.pub 644
cp a.key a.key.before
refused "a secret key is not overwritten" 2 usage firmkey generate -o a --no-password
rm a.pub
refused "nor when its public half is gone" 2 usage firmkey generate -o a --no-password
same "the key is what it was" a.key a.key.before
ok "minisign finds the public half again" minisign -R -s a.key -p a.pub
ok "a key without a umask" sh -c 'umask 0; firmkey generate -o open --no-password'
ok "is for its owner alone, too" mode open.key 600
a=$(key_of a.pub)
ok "both name the same key" sh -c "firmkey show a.pub | grep -q ': public key $a\$'"
ok "show names a secret key without a password" sh -c "firmkey show a.key | grep -q ': secret key $a, '"

ok "minisign signs with firmkey's key" minisigned a.key "$a" file
ok "minisign verifies its signature by it" minisign -V -H -q -p a.pub -m file
ok "firmkey verifies minisign's signature" firmkey verify file -p a.pub
ok "firmkey signs" firmkey sign file -k a.key
ok "minisign verifies firmkey's signature" minisign -V -H -q -p a.pub -m file
ok "firmkey verifies its own" firmkey verify file -p a.pub
ok "the comment tells the file" has 'trusted comment: file:file' file.minisig
ok "the first line tells the key" has "untrusted comment: firmseal key $a" file.minisig
cp file.minisig first
ok "it signs again" firmkey sign ./file -k a.key
same "signing is deterministic" first file.minisig
ok "it signs standard input" sh -c 'firmkey sign - -k a.key -t "from a pipe" <file2 >file2.minisig'
ok "minisign verifies that" sh -c '[ "$(minisign -V -H -Q -p a.pub -m file2)" = "from a pipe" ]'

ok "minisign makes a key without a password" minisign -G -W -p b.pub -s b.key
b=$(key_of b.pub)
ok "both name that key alike" sh -c "firmkey show b.key | grep -q ': secret key $b, '"
ok "firmkey adds a signature by minisign's key" firmkey sign file -k b.key --append -t "second signature"
ok "firmkey verifies with either key" firmkey verify file -p b.pub
ok "firmkey verifies with both keys" sh -c '[ "$(firmkey verify file -p a.pub -p b.pub | grep -c ": ok: ")" = 2 ]'
ok "firmkey replaces them by one" firmkey sign file -k b.key
ok "minisign verifies the one" minisign -V -H -q -p b.pub -m file

python3 - <<'PY'
import base64
comment, blob = open("b.key").read().splitlines()
blob = bytearray(base64.b64decode(blob))
blob[60:62] = b"\x05\0"  # the id's most significant bytes
blob[126:158] = bytes(32)
open("zero.key", "w").write("%s\n%s\n" % (comment, base64.b64encode(blob).decode()))
PY
chmod 600 zero.key
ok "minisign reads a key whose id begins with zeros" minisign -R -s zero.key -p zero.pub
zero=$(key_of zero.pub)
ok "show gives all 16 digits" sh -c "firmkey show zero.key | grep -q ': secret key 0005............, '"
ok "both name it alike" sh -c "firmkey show zero.key | grep -q ': secret key $zero, '"
ok "firmkey signs with it" firmkey sign file2 -k zero.key
ok "minisign verifies that signature" minisign -V -H -q -p zero.pub -m file2

# --- what is not accepted ---
ok "minisign signs in the legacy form" minisigned a.key "$a" file2 -l
refused "a legacy signature" 3 malformed-signature firmkey verify file2 -p a.pub
ok "minisign signs with its own comments" minisign -S -s a.key -m file2
refused "a signature with other comments" 3 malformed-signature firmkey verify file2 -p a.pub
refused "adding to those" 3 malformed-signature firmkey sign file2 -k a.key --append
ok "replacing them" firmkey sign file2 -k a.key
refused "a signature by another key" 4 untrusted-key firmkey verify file2 -p b.pub
cp file2.minisig tampered.minisig
refused "another file's signature" 4 bad-signature firmkey verify tampered -p a.pub
sed -i 's/^trusted comment: .*/trusted comment: other/' file2.minisig
refused "an altered comment" 4 bad-signature firmkey verify file2 -p a.pub
refused "no signature" 4 unsigned firmkey verify right -p a.pub
refused "a comment of two lines" 2 usage firmkey sign right -k a.key -t 'one
two'
ok "nothing was written for it" test ! -e right.minisig
refused "a public key as a secret one" 3 malformed-keyring firmkey sign right -k a.pub
refused "a secret key as a public one" 3 malformed-keyring firmkey verify file -p a.key
refused "showing what is neither" 3 malformed-keyring firmkey show right
printf 'firmseal-manifest 1\nproduct p\n' >manifest
refused "signing half a manifest" 3 malformed-manifest firmkey sign manifest -k a.key

{
    printf 'firmseal-manifest 1\nproduct p\nversion 1.2\ncounter 7\ncreated 1700000000\nboard x 1 1\n'
    printf 'payload 1024 65536 1\nchunk 30 %064d\n' 0
} >manifest
ok "signing a manifest" firmkey sign manifest -k a.key
ok "its comment names what it is" has 'trusted comment: firmseal product:p version:1.2 counter:7' manifest.minisig

# --- answers for programs ---
firmkey verify file right tampered -p b.pub --json >answer.json 2>/dev/null || true
ok "verify answers in JSON" python3 - "$b" <<'PY'
import json, sys
answer = json.load(open("answer.json"))
assert [f["verdict"] for f in answer["files"]] == ["ok", "unsigned", "untrusted-key"], answer
assert answer["files"][0]["signers"] == [{"key": sys.argv[1], "comment": "file:file"}], answer
assert answer["status"] == 4
PY
firmkey show a.pub a.key file.minisig right --json >answer.json 2>/dev/null || true
ok "show answers in JSON" python3 - "$a" "$b" <<'PY'
import json, sys
a, b = sys.argv[1:]
files = json.load(open("answer.json"))["files"]
assert [f.get("kind") for f in files] == ["public-key", "secret-key", "signature", None], files
assert files[0]["key"] == files[1]["key"] == a and files[1]["sealed"] is False
assert files[2]["claims"] == [{"key": b, "comment": "file:file"}]
assert files[3]["verdict"] == "malformed-keyring"
PY

# --- sealed keys, the first of each kind at full cost; minisign reads a password from a file on standard input ---
ok "firmkey seals a key" firmkey generate -o c --password-file right
ok "its secret key is for its owner alone" mode c.key 600
ok "show asks for no password" sh -c 'firmkey show c.key | grep -q "sealed with a password (1024 MiB"'
ok "minisign opens it" sh -c 'minisign -S -s c.key -c "firmseal key $1" -t x -m file <right' - "$(key_of c.pub)"
ok "firmkey verifies what minisign signed with it" firmkey verify file -p c.pub
minisign -G -p d.pub -s d.key >/dev/null 2>&1 <<'IN'
correct horse
correct horse
IN
ok "firmkey opens a key that minisign sealed" firmkey sign file -k d.key --password-file right
ok "minisign verifies what firmkey signed with it" minisign -V -H -q -p d.pub -m file

if [ -z "${SAN:-}" ]; then
    refused "short of memory, a key is not sealed more weakly unasked" 1 system cheap firmkey generate -o e --password-file right
    cp .err said
    ok "  the message names the option" has "--low-memory" said
    refused "nor when its password is changed" 1 system cheap firmkey password a.key --new-password-file right
    ok "  and nothing is left" test ! -e e.key -a ! -e e.pub
fi
cheap firmkey generate -o e --password-file right --low-memory >said 2>&1 || true
ok "asked to, firmkey still seals" test -s e.key
[ -n "${SAN:-}" ] || ok "and says so" has "memory was short" said
ok "minisign opens that, too" sh -c 'minisign -S -s e.key -c "firmseal key $1" -t x -m file <right' - "$(key_of e.pub)"
ok "and firmkey verifies it" firmkey verify file -p e.pub
refused "a wrong password" 4 untrusted-key firmkey sign file -k e.key --password-file wrong
cp e.key e.key.before
refused "changing an unknown password" 4 untrusted-key firmkey password e.key --password-file wrong --no-password
same "the key is untouched by that" e.key e.key.before
ok "a password is changed" cheap firmkey password e.key --password-file right --new-password-file wrong --low-memory
ok "the key is still for its owner alone" mode e.key 600
refused "the old password" 4 untrusted-key firmkey sign file -k e.key --password-file right
e=$(key_of e.pub)
ok "minisign opens it with the new one" sh -c 'minisign -S -s e.key -c "firmseal key $1" -t x -m file <wrong' - "$e"
ok "old and new from one descriptor" sh -c 'printf "battery staple\nthird\n" |
    { [ -n "${SAN:-}" ] || ulimit -v 100000; firmkey password e.key --password-fd 0 --new-password-fd 0 --low-memory; }'
ok "minisign removes the password" sh -c 'printf "third\n" | minisign -C -W -s e.key'
ok "firmkey reads what it left" firmkey sign file -k e.key
ok "the key was the same all the time" firmkey verify file -p e.pub
ok "firmkey seals a bare key" cheap firmkey password a.key --new-password-file right --low-memory
ok "firmkey removes the password" firmkey password a.key --password-file right --no-password
ok "minisign reads what it left" minisigned a.key "$a" file
ok "and signs with the same key" firmkey verify file -p a.pub
: >empty
echo >blank
chmod 600 empty blank
refused "an empty password file" 2 usage firmkey generate -o f --password-file empty
refused "an empty new password" 2 usage firmkey generate -o f --password-file blank
refused "two sources of one password" 2 usage firmkey generate -o f --password-file right --password-fd 0
ok "no file is left from all that" sh -c '! ls -A | grep -e "^f[.]" -e "firmseal-new"'

# --- whose files they are: one rule for all that hold a secret ---
cp -p a.key exposed.key
for bits in 640 604 620 601; do
    chmod $bits exposed.key
    refused "a secret key of mode $bits" 2 usage firmkey sign file -k exposed.key
done
cp .err said
ok "  the message names what repairs it" has "chmod 600 exposed.key" said
refused "shown" 2 usage firmkey show exposed.key
refused "given a password" 2 usage firmkey password exposed.key --new-password-file right
refused "written out for others" 2 usage firmkey export exposed.key --secret --form pem -o out.pem
chmod 600 exposed.key
ok "repaired so" firmkey sign file -k exposed.key
ok "a public key is for everyone" firmkey export a.pub --form pem
firmkey export a.key --secret --form pem -o out.pem
chmod 644 out.pem
refused "a secret key in PEM of mode 644" 2 usage firmkey import out.pem -o g --no-password
cp right open-password
chmod 644 open-password
refused "a password file of mode 644" 2 usage firmkey generate -o g --password-file open-password
refused "a new one" 2 usage firmkey password a.key --new-password-file open-password
mkfifo pipe
refused "a pipe in its place, which --password-fd takes" 2 usage firmkey generate -o g --password-file pipe
{ printf '\357\273\277'; cat right; } >marked
chmod 600 marked
refused "a password behind a byte order mark" 2 usage firmkey generate -o g --password-file marked
ok "no file is left from that" sh -c '! ls -A | grep -e "^g[.]" -e "firmseal-new"'

# --- a file system that keeps no modes: vfat, here as the C library tells of it ---
if [ -n "${SAN:-}" ] || ! command -v cc >/dev/null 2>&1; then
    skip 'no modes' 'not with sanitizers'
    exit 0
fi
cat >fat.c <<'C'
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/vfs.h>

int fstat64(int fd, struct stat64 *st)
{
	int (*real)(int, struct stat64 *) = (int (*)(int, struct stat64 *))dlsym(RTLD_NEXT, "fstat64");
	int rc = real(fd, st);

	st->st_mode = (st->st_mode & S_IFMT) | (mode_t)strtoul(getenv("FAT_MODE"), NULL, 8);
	return rc;
}

int fstatfs64(int fd, struct statfs64 *fs)
{
	int (*real)(int, struct statfs64 *) = (int (*)(int, struct statfs64 *))dlsym(RTLD_NEXT, "fstatfs64");
	int rc = real(fd, fs);

	fs->f_type = 0x4d44; /* MSDOS_SUPER_MAGIC */
	return rc;
}
C
cc -shared -fPIC -o fat.so fat.c -ldl
mkdir stick
fat() { FAT_MODE=$1 LD_PRELOAD="$T/fat.so" "$2" "$3" "$4" "$5" "$6"; }
refused "no secret key is made where others could read it" 2 usage fat 755 firmkey generate -o stick/h --no-password
cp .err said
ok "  the message says what helps" has "mount this one with the options" said
ok "  and nothing is left there" test -z "$(ls -A stick)"
ok "one is where the mount keeps others out" fat 600 firmkey generate -o stick/h --no-password
ok "  and used" fat 600 firmkey sign file -k stick/h.key
refused "but not with another mount" 2 usage fat 755 firmkey sign file -k stick/h.key
