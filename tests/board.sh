#!/bin/sh
# SPDX-License-Identifier: ISC
# Long.
# Promise: what stands on a board is one small static ARM program; it cannot sign, asks nothing of the board but files and memory,
# and refuses there what it refuses here. Run by qemu's user emulation of a Cortex-A9, and of a Cortex-A8, too.
set -eu
. "$(dirname "$0")/lib.sh"
[ -z "${SAN:-}" ] || { skip board 'not with sanitizers'; exit 0; }
need make python3 minisign arm-linux-gnueabihf-gcc qemu-arm-static
cd "$T"

make_board() { make -s -C "$TESTS/.." BUILD="$BUILD" board "$@"; }
status=0
make_board >made 2>&1 || status=$?
if grep -q 'no armhf packages' made; then
    skip board "$(grep -m 1 'no armhf packages' made)"
    exit 0
fi
if [ "$status" -eq 0 ]; then pass "$(tail -n 1 made | sed 's,.*/,,')"; else fail 'make board' "$(tail -n 20 made)"; exit 1; fi
cp "$BUILD/board/firmverify" arm
arm=$T/arm
map=$BUILD/board/obj/firmverify.map
elf() { arm-linux-gnueabihf-readelf "$@" "$arm" 2>/dev/null; }

# --- the program ---
size=$(wc -c <"$arm")
ok 'at most 384 KiB, stripped' test "$size" -le 393216
# Under another name: other tests run the one that was made.
limited() { make_board board_program="$T/limited" board_limit="$1"; }
ok '  which the rule sees to' limited "$size"
ok '    with the same program' cmp limited "$arm"
ok '    and not when it is a byte longer' test "$(limited $((size - 1)) >said 2>&1 || grep -c 'that is over' said)" = 1
ok '    and then leaves no program behind' test ! -e limited
ok 'a program that did not change is left where it is' test "$(stat -c %i "$BUILD/board/firmverify")" = "$(
    make_board >/dev/null 2>&1; stat -c %i "$BUILD/board/firmverify")"
elf -lS | grep -E 'SYMTAB|\.debug_' | nothing 'holds no symbols'
{ elf -d | grep NEEDED; elf -l | grep INTERP; } | nothing 'needs no library and no loader'
ok 'runs at any address' test "$(elf -h | grep -c 'Type: *DYN')$(elf -d | grep -c 'Flags:.* PIE')" = 11
elf -d | grep TEXTREL | nothing '  without writing to its code'
elf -lW | awk '$1 == "GNU_STACK" || $1 == "LOAD"' | grep 'W *E\|RWE' | nothing '  and nothing that is written can be executed'
ok 'ARMv7' test "$(elf -A | sed -n 's/.*Tag_CPU_arch: //p')" = v7
elf -A | grep Tag_DIV_use | nothing '  without the division that a Cortex-A8 or A9 does not have'
sed -n 's/^LOAD //p' "$map" | grep -vE "^$BUILD/board/obj/|\.(ltrans|debug\.temp)\.o$|^linker stubs$" | sed "s,^$BUILD/board/,,; s,^.*/libgcc.a$,libgcc.a," |
    LC_ALL=C sort -u >libraries
{ printf '%s\n' libdeflate.a libgcc.a libmissing.a libsodium.a
  printf 'sysroot/usr/lib/arm-linux-musleabihf/%s\n' crti.o crtn.o libc.a rcrt1.o; } >known
same "its libraries are known: Debian's musl, and what was built of Debian's sources" known libraries

# --- nothing that signs ---
arm-linux-gnueabihf-nm "$BUILD/board/obj/firmverify" >symbols
grep -iE ' [tw] (getrandom|getentropy|arc4random|rand|random|.*sysrandom.*)$' symbols | nothing 'has no way to ask for randomness'
strings "$arm" | grep -E '/dev/u?random|getrandom' | nothing '  and no name of it'
ok 'its stack is guarded' grep -q ' __stack_chk_fail$' symbols
ok 'verifies' grep -q ' T crypto_sign_ed25519_verify_detached$' symbols
grep -oE 'libsodium\.a\([^)]*(sign|keypair|box|seal)[^)]*\)' "$map" | sort -u | nothing 'no object of libsodium that signs, seals or makes keys'
grep -E ' [Tt] (_?crypto_sign|crypto_pwhash|crypto_(secret)?box)' symbols |
    grep -vE ' _?crypto_sign_ed25519_(verify_detached|open|ref10_hinit)$' | nothing 'no function that does'
grep -E ' [Tt] (archive_.*|curl_.*|connect|getaddrinfo)$' symbols | nothing 'reads no archives, talks to no network'
grep -oE 'lib(keys|packer|flasher)\.a' "$map" | sort -u | nothing 'nothing of keys, packer, flasher'

# --- what it asks of the board ---
mkdir bin
for program in firmkey firmpack firmflash firmsim; do ln -s "$BUILD/$program" "bin/$program"; done
cat >bin/firmverify <<WRAPPER
#!/bin/sh
echo >>"$T/runs"
exec qemu-arm-static -0 "\$0" -cpu cortex-a9 "$arm" "\$@"
WRAPPER
chmod 755 bin/firmverify
mkdir -p tree/etc tree/bin tree/empty
seq 300000 >tree/etc/numbers
head -c 3000000 /dev/urandom >tree/etc/noise
cp "$arm" tree/bin/firmverify
: >tree/etc/nothing
ln -s firmverify tree/bin/upgrade.cgi
ln -s ../nowhere tree/etc/dangling
chmod 600 tree/etc/noise
chmod 750 tree/empty
firmkey generate -o key --no-password >.log 2>&1
firmpack build tree --product p --version 1 --counter 1 --board b --key key.key --chunk-size 256K -o bundle --quiet
ok 'a Cortex-A8 checks a bundle' qemu-arm-static -cpu cortex-a8 "$arm" check bundle --pubkey key.pub
ok 'a Cortex-A9 checks a bundle' qemu-arm-static -strace -cpu cortex-a9 "$arm" check bundle --pubkey key.pub
cp .err calls
ok '  and its system calls are seen' grep -qE 'open(at)?\(.*"bundle"' calls
grep -E 'random|socket|connect\(|bind\(|send(to|msg)|recv(from|msg)|clock_(get|nano)|gettimeofday|[^a-z_]time\(' calls |
    nothing '  none for chance, clock or network'
grep -oE 'open(at)?\([^)]*\)' calls | grep -vE '"(bundle|key\.pub|/dev/null|/proc/self/auxv)"' | nothing '  no file but the bundle and the key'
ok '  each thread has a stack of 256 KiB' grep -qE 'mmap2?\(NULL,2[67][0-9]{4},' calls

# --- what it says does not depend on the locale, and is what is said here ---
said() { # said LANGUAGE: the ARM program's whole account of the bundle, in that locale
    LC_ALL=$1 LANG=$1 LANGUAGE=$1 qemu-arm-static -cpu cortex-a9 "$arm" check bundle --pubkey key.pub --json
}
firmverify check bundle --pubkey key.pub --json >said.here
for language in C de_DE.UTF-8 tr_TR.ISO-8859-9 ar_EG; do
    said "$language" >said.there
    same "the same words and numbers in $language" said.here said.there
done

# --- the same tree, there and here ---
ok 'a bundle is unpacked here' firmverify unpack bundle here --pubkey key.pub
ok 'a bundle is unpacked as ARM' bin/firmverify unpack bundle there --pubkey key.pub
# Times of directories aside, which are those of the unpacking.
listing() { (cd "$1" && find . \( -type d -printf '%y %m %p\n' \) -o -printf '%y %m %s %T@ %p %l\n' | sort); }
listing here >here.list
listing there >there.list
ok '  whole' test "$(wc -l <there.list)" -eq 10
same '  to the same types, modes, sizes, times and links' here.list there.list
ok '  and to the same bytes' diff -r --no-dereference here there

# --- the program that knows U-Boot's environment, too ---
ok 'with libubootenv it is within the limit' make_board board_dir="$BUILD/board-uboot" BOARD_UBOOTENV=yes
# Debian's library is for glibc: whatever else it takes may be laid out differently in musl.
taken='access calloc close fclose fdopen fgets flock fopen free fsync index ioctl malloc memset open read realpath rindex snprintf
    strchr strcmp strdup strlen strncmp strncpy strtoull write'
given='__asprintf_chk __getdelim __isoc99_sscanf __memcpy_chk __snprintf_chk __sprintf_chk crc32 ubootenv_lseek ubootenv_stat'
arm-linux-gnueabihf-nm -u "$BUILD/board-uboot/libubootenv.a" | sed -n 's/^ *U //p' |
    grep -vxE "$(echo $taken $given | tr ' ' '|')|_GLOBAL_OFFSET_TABLE_|__errno_location|__stack_chk_(fail|guard)" |
    nothing '  and takes of the C library what is known'
mkdir uboot
for program in bin/*; do ln -s "../$program" "uboot/$(basename "$program")"; done
rm uboot/firmverify
sed "s,$arm,$BUILD/board-uboot/firmverify," bin/firmverify >uboot/firmverify
chmod 755 uboot/firmverify

# --- the same promises, kept by the ARM program: two scripts at a time, the longest first ---
# A web server of another user runs it, too.
: >runs
chmod 666 runs
chmod 711 "$T"
scripts='audit keyring trial web install targets settings format truncate'
# shellcheck disable=SC2016 # for the shell that runs it
printf '%s\n' $scripts | BUILD=$T/bin EMULATED=1 STEP=5 xargs -P 2 -I @ sh -c \
    '[ @ != trial ] || BUILD=${BUILD%bin}uboot; sh "$0/@.sh" >@.log 2>&1 </dev/null; echo $? >@.status' "$TESTS"
for script in $scripts; do
    got=$(cat "$script.status")
    good=$(grep -c '^ok ' "$script.log" || :)
    if [ "$got" -eq 0 ] && [ "$good" -gt 20 ]; then
        pass "$script.sh: all $good as ARM"
    else
        fail "$script.sh as ARM" "status $got" "$(grep -A 5 '^not ok' "$script.log" | head -n 40)"
    fi
done
grep '^skip.*libubootenv' trial.log | nothing "  U-Boot's environment among them"
ok "and it was the ARM program, $(wc -l <runs) times" test "$(wc -l <runs)" -ge 500
