#!/bin/sh
# SPDX-License-Identifier: ISC
# Promise: what stands on a board is one small static ARM program; it asks nothing of the board but files and memory, and refuses
# there what it refuses here. Run by qemu's user emulation of a Cortex-A9, and started as a Cortex-A8, too.
set -eu
. "$(dirname "$0")/lib.sh"
need make python3 minisign arm-linux-gnueabihf-gcc qemu-arm-static
[ -z "${SAN:-}" ] || { skip board 'not with sanitizers'; exit 0; }

status=0
make -s -C "$TESTS/.." BUILD="$BUILD" board >"$T/made" 2>&1 || status=$?
if grep -q 'no armhf packages' "$T/made"; then
    skip board "$(grep -m 1 'no armhf packages' "$T/made")"
    exit 0
fi
if [ "$status" -eq 0 ]; then pass "$(tail -n 1 "$T/made" | sed 's,.*/,,')"; else fail 'make board' "$(tail -n 20 "$T/made")"; exit 1; fi
arm=$BUILD/board/firmverify
elf() { arm-linux-gnueabihf-readelf "$@" "$arm" 2>/dev/null; }

# --- the program ---
ok 'at most 640 kB, stripped' test "$(wc -c <"$arm")" -le 640000
ok 'needs no library' sh -c "! arm-linux-gnueabihf-readelf -d '$arm' 2>/dev/null | grep -q NEEDED"
ok 'needs no loader' sh -c "! arm-linux-gnueabihf-readelf -l '$arm' | grep -q INTERP"
abi=$(elf -n | sed -n 's/.*OS: Linux, ABI: //p')
ok "runs on Linux from $abi on" test "$abi" = 3.2.0
ok 'ARMv7, hard float' sh -c "arm-linux-gnueabihf-readelf -A '$arm' | grep -q 'Tag_CPU_arch: v7'"
arm-linux-gnueabihf-nm "$BUILD/board/obj/firmverify" >"$T/symbols"
ok 'makes no keys, stretches no passwords' sh -c "! grep -E ' [Tt] (crypto_sign.*keypair|crypto_pwhash.*|crypto_secretbox.*)\$' '$T/symbols'"
ok 'reads no archives, talks to no network' sh -c "! grep -E ' [Tt] (archive_.*|curl_.*|connect|getaddrinfo)\$' '$T/symbols'"
# libsodium keeps signing in the same object as a part of verifying; that it is there is no harm as long as nothing of ours asks for it.
arm-linux-gnueabihf-nm -u "$BUILD"/board/obj/lib*.a "$BUILD"/board/obj/verifier/*.o | grep -oE 'crypto_sign[a-z0-9_]*' | sort -u >"$T/asked"
echo crypto_sign_ed25519_verify_detached >"$T/may-ask"
same 'of all that signs, it calls what verifies' "$T/asked" "$T/may-ask"

# --- the same promises, kept by the ARM program ---
mkdir "$T/bin"
for program in firmkey firmpack firmflash; do ln -s "$BUILD/$program" "$T/bin/$program"; done
printf '#!/bin/sh\nexec qemu-arm-static -cpu "${ARM_CPU:-cortex-a9}" "%s" "$@"\n' "$arm" >"$T/bin/firmverify"
chmod 755 "$T/bin/firmverify"
ok 'it says what it is' sh -c "'$T/bin/firmverify' --version | grep -q libdeflate"
ok '  on a Cortex-A8, too' env ARM_CPU=cortex-a8 "$T/bin/firmverify" --version
for script in format truncate install; do
    got=0
    BUILD=$T/bin EMULATED=1 sh "$TESTS/$script.sh" >"$T/$script.log" 2>&1 || got=$?
    good=$(grep -c '^ok ' "$T/$script.log")
    if [ "$got" -eq 0 ] && [ "$good" -gt 20 ]; then
        pass "$script.sh: all $good as ARM"
    else
        fail "$script.sh as ARM" "status $got" "$(grep -A 5 '^not ok' "$T/$script.log" | head -n 40)"
    fi
done

# --- what it asks of the board ---
cd "$T"
mkdir tree
seq 300000 >tree/numbers
head -c 3000000 /dev/urandom >tree/noise
ln -s numbers tree/link
firmkey generate -o key --no-password >.log 2>&1
firmpack build tree --product p --version 1 --counter 1 --board b --key key.key -o bundle --quiet
ok 'a bundle is checked' qemu-arm-static -strace -cpu cortex-a9 "$arm" check bundle --pubkey key.pub
cp .err calls
# glibc's malloc takes some random bytes, if there are any; it does not wait (GRND_NONBLOCK is 1).
grep -E 'random|socket|connect|clock_gettime|gettimeofday|[^a-z]time\(' calls | grep -vE 'getrandom\([^,]*,[0-9]+,(1|GRND_NONBLOCK)\)' >asked || :
ok '  without chance, clock or network' test ! -s asked
ok 'a bundle is unpacked' "$T/bin/firmverify" unpack bundle out --pubkey key.pub
ok '  as it was packed' diff -r tree out
