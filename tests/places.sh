#!/bin/sh
# SPDX-License-Identifier: ISC
# Promise: what a file system cannot do is found before the work, worked around where that is safe, and said where it is not; and what an
# editor adds to a password does not become part of it.
set -eu
. "$(dirname "$0")/lib.sh"
cd "$T"
firmkey generate -o key --no-password >.out
mkdir tree
echo x >tree/file
firmpack build tree --product p --version 1 --counter 1 --board zynq-s9:1 --key key.key -o bundle --quiet
says() { if grep -qF -- "$2" .err; then pass "$1"; else fail "$1" "wanted: $2" "$(cat .err)"; fi; }

# --- system calls that a file system does not have ---
if [ -n "${SAN:-}" ] || ! command -v strace >/dev/null 2>&1; then
    skip 'file systems that lack something' 'needs strace, and no sanitizer'
else
    without() { # without CALL:ERROR[:WHEN]... -- COMMAND...
        set -- "$@"
        inject=
        while [ "$1" != -- ]; do
            inject="$inject -e inject=$1"
            shift
        done
        shift
        # shellcheck disable=SC2086 # options
        strace -f -qq -o strace.log $inject "$@"
    }
    # A new file is synced, then its directory: each second call is a directory's.
    ok 'a directory that cannot be synced' without fsync:error=EINVAL:when=2+2 -- firmkey generate -o one --no-password
    ok '  the key is there' firmkey show one.key
    refused '  but a file that cannot be synced is not written' 1 system without fsync:error=EIO:when=1 -- firmkey generate -o none --no-password
    ok 'neither rename without replacing nor links' without renameat2:error=EINVAL linkat:error=EPERM -- firmkey generate -o two --no-password
    ok '  the key is whole' firmkey show two.key
    ok '  and private' test "$(stat -c %a two.key)" = 600
    cp key.key kept.key
    refused '  nothing is replaced' 2 usage without renameat2:error=EINVAL linkat:error=EPERM -- firmkey export key.pub --form pem -o kept.key
    same '  at all' key.key kept.key
    ls -A | grep firmseal | nothing '  and nothing is left'
fi

# --- where modes are not kept (FAT, network shares): a library that says so of every file ---
cat >fat.c <<'C'
#define _GNU_SOURCE
#include <dlfcn.h>
#include <sys/stat.h>
static int spoil(int rc, mode_t *mode) { if (rc == 0 && S_ISREG(*mode)) *mode |= 0055; return rc; }
int fstat(int fd, struct stat *st) { int (*real)(int, struct stat *) = (int (*)(int, struct stat *))dlsym(RTLD_NEXT, "fstat"); return spoil(real(fd, st), &st->st_mode); }
int fstat64(int fd, struct stat64 *st) { int (*real)(int, struct stat64 *) = (int (*)(int, struct stat64 *))dlsym(RTLD_NEXT, "fstat64"); return spoil(real(fd, st), &st->st_mode); }
C
if [ -n "${SAN:-}" ] || ! ${CC:-cc} -shared -fPIC -o fat.so fat.c 2>.log; then
    skip 'where modes are not kept' 'needs a compiler, and no sanitizer'
else
    mkdir fat
    refused 'a secret key where everybody could read it' 2 usage env LD_PRELOAD="$T/fat.so" firmkey generate -o fat/k --no-password
    says '  it says why' 'gives others than its owner a right to it'
    ls -A fat | nothing '  nothing is left'
    refused 'a secret half that is exported' 2 usage env LD_PRELOAD="$T/fat.so" firmkey export key.key --secret --form pem -o fat/pem
    ok 'a public file goes there' env LD_PRELOAD="$T/fat.so" firmkey export key.pub --form pem -o fat/pem
fi

# --- places that cannot be replaced ---
mkdir full empty
: >full/file
refused 'unpacking onto a folder with files' 2 usage firmverify unpack bundle full --pubkey key.pub
: >regular
refused 'onto a file' 2 usage firmverify unpack bundle regular --pubkey key.pub
ok 'onto an empty folder' firmverify unpack bundle empty --pubkey key.pub --quiet
mkdir point
# shellcheck disable=SC2016 # for the shell that runs it
if unshare -rm sh -c 'mount -t tmpfs none point' 2>.log; then
    refused 'onto a mount point' 2 usage unshare -rm sh -c 'mount -t tmpfs none point && firmverify unpack bundle point --pubkey key.pub'
    says '  which is said before the work' 'is a mount point'
    refused 'onto a bind mount' 2 usage unshare -rm sh -c 'mount --bind tree point && rm tree/* && firmverify unpack bundle point --pubkey key.pub'
    says '  too' 'is a mount point'
    ok 'into a folder in it' unshare -rm sh -c 'mount -t tmpfs none point && firmverify unpack bundle point/in --pubkey key.pub --quiet'
else
    skip 'onto a mount point' 'no user namespaces here'
fi

# --- passwords as editors write them ---
printf 'secret\n' >plain
printf '\357\273\277secret\n' >marked
printf 'secret\r\n' >returned
chmod 600 plain marked returned
firmkey generate -o sealed --password-file plain >.out
for file in marked returned; do
    [ $file = marked ] && why='byte order mark' || why='lines'
    refused "a password for a key: $file" 2 usage firmkey sign bundle -k sealed.key --password-file $file
    says '  it says why' "$why"
    refused "a password for boards: $file" 2 usage firmflash push bundle --to 127.0.0.1:9 --board zynq-s9:1 --boards "$TESTS/../boards" --pubkey key.pub \
        --password-file $file
    says '  it says why' "$why"
done
refused 'a new password with a mark' 2 usage firmkey generate -o marked-key --password-file marked

# --- addresses that mean two things ---
for address in 127.0.0.010 127.1 2130706433 0x7f.0.0.1 127.0.0.01:80; do
    refused "the address $address" 2 usage firmflash push bundle --to $address --board zynq-s9:1 --boards "$TESTS/../boards" --pubkey key.pub \
        --password-file plain
    refused "  to scan" 2 usage firmflash scan $address
done
printf '\357\273\277127.0.0.1:9\r\n' >list
got=0
firmflash scan @list --timeout 1 -o inventory.csv >.out 2>.err || got=$?
grep -q 'usage' .err && fail 'a list with a byte order mark' "$(cat .err)" || pass 'a list with a byte order mark'
refused 'one board by two spellings' 2 usage firmflash push bundle --to '[::ffff:127.0.0.1]:9' --to 127.0.0.1:9 --board zynq-s9:1 \
    --boards "$TESTS/../boards" --pubkey key.pub --password-file plain
