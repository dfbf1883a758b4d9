#!/bin/sh
# SPDX-License-Identifier: ISC
# Promise: the arrows run one way; what stands on the board cannot sign, and asks for neither network, clock nor chance.
set -eu
. "$(dirname "$0")/lib.sh"
root=$(cd "$TESTS/.." && pwd)
cd "$root"

# --- programs -> keys, boards -> archive -> core ---
# includes ROOM ALLOWED...: no file of a room includes what lies in a room beyond those allowed.
includes() {
    room=$1
    allowed=$(echo "$@" | tr ' ' '|')
    grep -nE '^#include "' "$room"/*.c "$room"/*.h | grep -vE "#include \"($allowed)/" | nothing "$room includes: $*"
}
includes core
includes keys core
includes boards core
includes archive core
includes packer keys boards archive core
includes verifier boards core
includes flasher boards core
includes simulator boards core

# --- one third-party library, one owner ---
owner() { # owner HEADER FILE|ROOM/
    grep -lE "^#include <$1" core/* archive/* keys/* boards/* packer/* verifier/* flasher/* simulator/* | grep -vE "^($2)" | nothing "<$1> belongs to $2"
}
owner archive 'archive/(library|sevenzip).[ch]'
owner lz4 archive/lz4.c
owner curl 'flasher/(client(|_visit)|curl_late).c|flasher/client_parts.h'
owner jansson 'flasher/(answer|facts|inventory_json).c|packer/evidence_check.c'
owner blkid flasher/disk.c
owner sqlite3 flasher/ledger
owner zlib 'core/deflate.c|archive/(gzip|zip).c|simulator/look.c'
owner libuboot verifier/boot_ubootenv.c
owner libdeflate core/deflate.c
grep -l '^#include <sodium' core/* archive/* boards/* packer/* verifier/* flasher/* simulator/* | grep -vE '^(core/(crypto|sha256)|simulator/digest).c' |
    nothing "<sodium.h> belongs to core/crypto.c, core/sha256.c, keys/, and the simulator's Digest"

# --- what is never called ---
code() { sed -E 's,/\*.*\*/,,; s,^[[:space:]]*\*.*,,; s,^[[:space:]]*/\*.*,,' "$1" | sed "s,^,$1: ,"; }
for file in core/*.c archive/*.c keys/*.c boards/*.c packer/*.c verifier/*.c flasher/*.c simulator/*.c; do code "$file"; done >"$T/code"
grep -E '[^a-z_](system|popen|realpath|strcpy|strcat|sprintf|gets|tmpnam|mktemp|alloca) ?\(' "$T/code" |
    nothing "no shell, no realpath, no unbounded copy"
grep -E 'archive_write_disk|support_(format|filter)_all|support_filter_program' "$T/code" |
    nothing "libarchive neither writes to disk nor reads formats that were not named"
grep -E '[^a-z_]getenv ?\(' "$T/code" | grep -vE '"(SOURCE_DATE_EPOCH|CREDENTIALS_DIRECTORY|REQUEST_(METHOD|SCHEME)|CONTENT_(TYPE|LENGTH)|HTTP_(HOST|ORIGIN|SEC_FETCH_SITE)|HTTPS|NO_COLOR)"' |
    nothing "nothing but the request, SOURCE_DATE_EPOCH and where systemd put credentials comes from the environment"

# --- foreign text leaves by one border ---
# Text for people goes through say(), JSON through json_put_*, HTML and XML through write_markup, CSV through write_csv or put_field. Besides
# those, output is made by files whose form is their own: help, progress and the live table, plans, reports, guides, bundles, a board's pages.
owners='core/(say|json|cli|progress)|flasher/(live|report|report_forms|report_html|report_text|report_timeline|guide|inventory_write|plan_text|output)'
owners="$owners|simulator/(control|pages|pages_api|pages_upload|cmd_ask)|keys/(main|cmd_[a-z_]*)|packer/(cmd_[a-z_]*|front|manifest_write|sbom)"
owners="$owners|verifier/(audit_output|reply|cmd_[a-z_]*)"
outputs='(^|[^a-z_])(v?printf|v?fprintf|v?dprintf|f?puts|f?putc|putchar|putc_unlocked|fwrite|perror|psignal)[[:space:]]*\(|[^a-z_]write[[:space:]]*\((1|2|STD)'
grep -E "$outputs" "$T/code" >"$T/outputs"
grep -vE "^($owners)\.c: " "$T/outputs" | nothing "nobody prints but the files that own output"
ok "  the look at others finds some in each of them" sh -c 'for file in $(cut -d: -f1 "$1" | sort -u); do echo "$file"; done | wc -l | grep -qE "^[3-9][0-9]$"' sh "$T/outputs"
for file in core/*.c flasher/*.c; do tr '\n' ' ' <"$file" | grep -oE 'say\([a-z>.-]+,[^;"]*"([^"\\]|\\.)*"' | grep -E '\\n[^"\\]' | sed "s,^,$file: ,"; done |
    nothing "what is said has its line feeds at its end alone"

# --- every header is whole by itself ---
broken=
for header in core/*.h archive/*.h keys/*.h boards/*.h packer/*.h verifier/*.h flasher/*.h simulator/*.h; do
    printf '#include "%s"\n' "$header" |
        ${CC:-cc} -I. -D_POSIX_C_SOURCE=200809L -std=c17 -Werror -fsyntax-only -x c - 2>>"$T/headers" || broken="$broken $header"
done
if [ -z "$broken" ]; then pass "every header compiles alone"; else fail "every header compiles alone" "$broken" "$(cat "$T/headers")"; fi

# --- what firmverify is linked from ---
map=$BUILD/firmverify.map
ok "the link map is there" test -s "$map"
grep -oE '^[^ ]*lib(keys|archive|packer|flasher|simulator)\.a' "$map" | sort -u | nothing "firmverify holds nothing of keys, archive, packer, flasher, simulator"
nm -u --dynamic "$BUILD/firmverify" | grep -E '[^a-z](crypto_sign(_ed25519)?(_detached|_keypair|_seed_keypair|_final_create)?|crypto_pwhash[a-z0-9_]*|archive_[a-z_]*|curl_[a-z_]*)(@|$)' |
    nothing "firmverify calls nothing that signs, stretches passwords, reads archives, or talks to a network"
readelf -d "$BUILD/firmverify" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' |
    grep -vE '^(libsodium|libdeflate|libz|libubootenv|libc|libasan|libubsan|libtsan|libm|libgcc_s|ld-linux[a-z0-9-]*)\.so' | nothing "firmverify needs no further library"
readelf -d "$BUILD/firmflash" | grep NEEDED | grep -iE 'curl|ssl|tls|krb|ldap' | nothing "firmflash loads no library of the network before it wants one"
grep -l 'dlopen' core/* archive/* keys/* boards/* packer/* verifier/* flasher/* simulator/* | grep -v '^flasher/curl_late.c$' |
    nothing "and nothing else is loaded late"
nm -u --dynamic "$BUILD/firmkey" | grep -q crypto_sign && pass "the same look at firmkey does find signing" ||
    fail "the same look at firmkey does find signing"

# --- neither chance nor clock nor network ---
if [ -n "${SAN:-}" ] || ! command -v strace >/dev/null 2>&1; then
    skip "system calls of a check" "needs strace, and no sanitizer"
else
    cd "$T"
    mkdir tree
    seq 100000 >tree/file
    firmkey generate -o key --no-password >.log 2>&1
    firmpack build tree --product p --version 1 --counter 1 --board b --key key.key -o bundle --quiet
    ok "a bundle is checked" strace -f -o calls firmverify check bundle --pubkey key.pub
    # glibc's malloc takes 8 bytes, if there are any: it does not wait (GRND_NONBLOCK).
    grep -E 'getrandom|/dev/u?random|(socket|connect|bind)\(|clock_gettime|gettimeofday|time\(' calls | grep -v GRND_NONBLOCK |
        nothing "  without a random byte, a look at the clock, or a socket"
    ok "  as one descriptor, opened once" test "$(grep -c 'openat(.*"bundle"' calls)" -eq 1
fi

# --- a decision is compared with the one constant that accepts ---
cd "$TESTS/.."
python3 - >"$T/loose" 2>&1 <<'PY' || echo failed >>"$T/loose"
import glob, re
names = set()
for header in glob.glob("*/*.h"):
    names |= set(re.findall(r"^(?:MUST_CHECK )?enum decision ([a-z_0-9]+)\(", open(header).read(), re.M))
names.discard("err_refuse")
assert len(names) > 8, names
for source in sorted(glob.glob("*/*.c")):
    if source.startswith("tests/"):
        continue
    text = re.sub(r"/\*.*?\*/", "", open(source).read(), flags=re.S)
    text = re.sub(r"\(struct [a-z_]+\)\{[^}]*\}", "x", text)
    for m in re.finditer(r"\b(%s)\(" % "|".join(sorted(names)), text):
        start = max(text.rfind(c, 0, m.start()) for c in ";{}")
        end = min(i for i in (text.find(c, m.end()) for c in ";{") if i >= 0)
        statement = " ".join(text[start + 1:end].split())
        if not re.search(r"enum decision|ACCEPTED|decision = |return (?:[a-z_0-9]+\(|[^?]*\? err_refuse|confirm)|^typedef", statement):
            print(source, statement[:120])
PY
nothing "a decision is compared with ACCEPTED, and with nothing else" <"$T/loose"
grep -nE 'verdict = VERDICT_OK|\.verdict [!=]= VERDICT_OK' "$T/code" 2>/dev/null | grep -vE 'flasher/(device|answer)|packer/(explain|cmd_explain)|packer/cmd_build|verdict = refusal' |
    nothing "no code reads a success from a struct err, or writes one into it"

# --- the tests that the threat model names are there ---
grep -oE '`[a-z_0-9]+(\.(sh|c))?`' docs/threat-model.md | tr -d '`' | grep -E '\.(sh|c)$|^fuzz_' | sort -u | while read -r name; do
    case $name in fuzz_*) file=tests/fuzz/$name.c ;; *) file=tests/$name ;; esac
    [ -e "$file" ] || echo "$file"
done | nothing "the tests that the threat model names are there"
ok "  it names many" sh -c 'test "$(grep -oE "\`[a-z_0-9]+\.(sh|c)\`" docs/threat-model.md | sort -u | wc -l)" -gt 25'
