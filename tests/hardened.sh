#!/bin/sh
# SPDX-License-Identifier: ISC
# Promise: the programs have what the compiler and the linker offer against memory faults; what this compiler does not have is left out by
# itself, and the build works without it.
set -eu
. "$(dirname "$0")/lib.sh"
root=$(cd "$TESTS/.." && pwd)
[ -z "${SAN:-}" ] || { skip hardened 'not with sanitizers'; exit 0; }
need readelf nm objdump make
cd "$T"

# value VARIABLE [MAKE-ARGUMENT...]: what the Makefile makes of it.
value() {
    name=$1
    shift
    printf 'include %s/Makefile\nprint-value: ; @echo $(%s)\n' "$root" "$name" |
        make -s -C "$root" -f - BUILD="$BUILD" "$@" print-value 2>/dev/null
}
harden=$(value HARDEN)
fortify=$(value FORTIFY)
echo "# $harden, _FORTIFY_SOURCE=$fortify"

# --- each program, by what stands in it ---
machine=$(readelf -h "$BUILD/firmverify" | sed -n 's/.*Machine: *//p')
for program in firmkey firmpack firmverify firmflash firmsim; do
    file=$BUILD/$program
    readelf -Wldn "$file" >elf 2>/dev/null
    nm --dynamic "$file" >symbols
    ok "$program can be loaded anywhere" grep -qE 'FLAGS_1.* PIE' elf
    ok '  its tables are read-only once it runs' grep -q 'GNU_RELRO' elf
    ok '  all of them' grep -qE '\(FLAGS\) +BIND_NOW' elf
    ok '  no stack is executable' grep -qE 'GNU_STACK +(0x0+ +){3}(0x0+ +){2}RW ' elf
    grep -E ' LOAD .* RWE ' elf | nothing '  no page is writable and executable'
    grep -E 'TEXTREL|RPATH|RUNPATH' elf | nothing '  it changes no code when it is loaded, and searches no folder of its own'
    ok '  the ends of arrays on the stack are watched' grep -q '__stack_chk_fail' symbols
    ok '  calls of libc know how large their buffers are' grep -qE '__(memcpy|snprintf|vsnprintf|read|fprintf|memset)_chk' symbols
done

# --- what a function looks like ---
# The program's own note says so only where libc's start files do, too, and Debian 12's do not.
case $harden in
*-fcf-protection*)
    for object in "$BUILD"/core/*.o "$BUILD"/keys/*.o "$BUILD"/packer/*.o "$BUILD"/verifier/*.o "$BUILD"/flasher/*.o; do
        readelf -n "$object" | grep -q 'x86 feature: IBT, SHSTK' || echo "$object"
    done | nothing 'the targets of indirect jumps are marked in every object'
    ok '  and in the program' sh -c 'objdump -d --no-show-raw-insn "$BUILD/firmverify" | grep -A 1 "<main>:" | grep -q endbr64' ;;
*) skip 'the targets of indirect jumps' "not on $machine" ;;
esac
case $harden in
*-fstack-clash-protection*)
    case $machine in
    *X86-64*) ok 'large frames are touched page by page' sh -c 'objdump -d --no-show-raw-insn "$BUILD/firmverify" | grep -qE "sub +\\\$0x1000,%rsp"' ;;
    *) skip 'large frames' "the test knows no $machine" ;;
    esac ;;
*) skip 'large frames' 'this compiler has no such flag' ;;
esac
producer=$(readelf --debug-dump=info "$BUILD/core/text.o" 2>/dev/null | sed -n 's/.*DW_AT_producer.*: //p' | head -n 1)
case $producer in
*-fstack-protector-strong*) # gcc, with debugging information
    for flag in $harden; do ok "objects are built with $flag" sh -c 'case $1 in *"$2"*) ;; *) exit 1 ;; esac' _ "$producer" "$flag"; done ;;
*) skip 'flags by object' "the compiler has not said them: $producer" ;;
esac

# --- compilers that lack some of them ---
compiler() { # compiler NAME PATTERN: a compiler that does not know flags like these
    printf '#!/bin/sh\ncase "$*" in *%s*) exit 1 ;; esac\nexec %s "$@"\n' "$2" "${CC:-cc}" >"$1"
    chmod 755 "$1"
}
compiler none -protection
ok 'a compiler without the protections' test "$(value HARDEN CC="$T/none")" = '-ftrivial-auto-var-init=zero'
compiler old -ftrivial
ok '  one without automatic values' sh -c 'case $1 in *trivial*) exit 1 ;; esac' _ "$(value HARDEN CC="$T/old")"
compiler before FORTIFY_SOURCE=3
ok '  one that fortifies at level 2' test "$(value FORTIFY CC="$T/before")" = 2
ok '  still compiles' make -s -C "$root" BUILD="$T/build" CC="$T/before" "$T/build/core/text.o"
if command -v clang >/dev/null 2>&1; then
    ok 'clang has them, too' sh -c 'case $1 in *stack-clash*auto-var-init=zero*) ;; *) exit 1 ;; esac' _ "$(value HARDEN CC=clang)"
    ok '  and compiles with them' make -s -C "$root" BUILD="$T/build-clang" CC=clang "$T/build-clang/core/text.o" "$T/build-clang/verifier/confine.o"
else
    skip 'clang' 'none here'
fi
if command -v aarch64-linux-gnu-gcc >/dev/null 2>&1; then
    ok 'a compiler for arm64' sh -c 'case $1 in *-mbranch-protection=standard*) ;; *) exit 1 ;; esac' _ "$(value HARDEN CC=aarch64-linux-gnu-gcc)"
    ok '  marks jumps and returns' make -s -C "$root" BUILD="$T/build-arm64" CC=aarch64-linux-gnu-gcc "$T/build-arm64/verifier/confine.o"
    ok '  which stands in the object' sh -c 'readelf -n build-arm64/verifier/confine.o | grep -q "AArch64 feature: BTI, PAC"'
else
    skip 'a compiler for arm64' 'none here'
fi
