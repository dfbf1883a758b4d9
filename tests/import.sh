#!/bin/sh
# SPDX-License-Identifier: ISC
# Promise: a hostile archive is refused entry by entry, each with its reason; with --drop-unsafe all else is packed, and nothing
# else. Nothing of an archive is run, and nothing of it is written under its own names.
set -eu
. "$(dirname "$0")/lib.sh"
need python3 bsdtar 7z lzip

mkdir "$T/out" "$T/home" "$T/trap"
cd "$T/home"
firmkey generate -o "$T/key" --no-password >"$T/.out"
SOURCE_DATE_EPOCH=1700000000
export SOURCE_DATE_EPOCH
tab=$(printf '\t')
bundle=$T/out/x.firm.tar

# Programs that libarchive starts, given the chance, leave a mark here.
for name in lrzip lzop grzip gzip gunzip bzip2 xz unxz lzma unlzma lzip lz4 zstd unzstd uncompress sh; do
    printf '#!/bin/sh\necho %s >>"%s/marks"\nexit 1\n' $name "$T" >"$T/trap/$name"
    chmod +x "$T/trap/$name"
done

build() {
    file=$1
    shift
    PATH=$T/trap:$PATH "$BUILD/firmpack" build "$file" --product p --version 1 --counter 1 --board b:0-9 --key "$T/key.key" \
        -o "$bundle" --quiet --allow-folder "$@"
}

# Paths of the bundle as its manifest spells them, joined by `|'.
paths() {
    tar -xOf "$bundle" manifest |
        awk '$1 == "dir" {print $5} $1 == "file" {print $7} $1 == "link" || $1 == "rootlink" {print $4}' | paste -sd '|' -
}

# says WHAT FILE TEXT
says() { if grep -qF -- "$3" "$2"; then pass "$1"; else fail "$1" "wanted: $3" "$(cat "$2")"; fi; }

# holds WHAT PATHS: the bundle holds exactly these.
holds() {
    held=$(paths)
    if [ "$held" = "$2" ]; then pass "$1"; else fail "$1" "it holds $held, not $2"; fi
}

# --- entry by entry ---
python3 "$TESTS/hostile.py" "$T/hostile"
while IFS=$tab read -r file reason kept; do
    name=${file##*/}
    refused "$name" 3 unsafe-path build "$file"
    grep ': refused: ' "$T/.err" >"$T/said" || :
    says "$name: the reason is said" "$T/said" "$reason"
    ok "$name: no bundle" test ! -e "$bundle"
    ok "$name, --drop-unsafe" build "$file" --drop-unsafe
    grep ': left out: ' "$T/.err" >"$T/said" || :
    says "$name, --drop-unsafe: the reason is said" "$T/said" "$reason"
    holds "$name, --drop-unsafe: the rest is there" "$kept"
    rm -f "$bundle"
done <"$T/hostile/table"

# --- as a whole ---
python3 "$TESTS/hostile.py" odd "$T/odd"
while IFS=$tab read -r file status verdict; do
    refused "${file##*/}" "$status" "$verdict" build "$file" --drop-unsafe
    ok "${file##*/}: no bundle" test ! -e "$bundle"
done <"$T/odd/table"
refused "a 7z with an encrypted file" 3 malformed-header build "$T/odd/encrypted.7z"
says "  and its entry is said all the same" "$T/.err" 'refused: "secret": it is encrypted'

# What no entry names takes memory as well: a small archive implies 5 million directories, some 1.5 GB of them.
python3 "$TESTS/hostile.py" implied "$T/implied"
bounded() ( # a sanitizer's shadow has no room in here
    [ -n "${SAN:-}" ] || ulimit -v 700000
    build "$@"
)
refused "directories without end" 3 too-large bounded "$T/implied/implied.tar.gz" --threads 1

# --- unusual, and right ---
python3 "$TESTS/hostile.py" plain "$T/plain"
while IFS=$tab read -r file kept; do
    ok "${file##*/}" build "$file"
    holds "${file##*/}: all is there" "$kept"
    rm -f "$bundle"
done <"$T/plain/table"

ok "hard links have the content of their file" build "$T/plain/hard.cpio"
ok "  and it unpacks" firmpack unpack "$bundle" "$T/hard" --pubkey "$T/key.pub"
for name in one two three; do
    printf 'data\n' >"$T/expected"
    same "  $name" "$T/expected" "$T/hard/$name"
done

# --- a tree, and the archives of it: the same bundle ---
mkdir -p "$T/tree/boot" "$T/tree/etc/init.d" "$T/tree/empty"
printf 'kernel' >"$T/tree/boot/uImage"
: >"$T/tree/etc/nothing"
head -c 3000000 /dev/zero | tr '\0' 'x' >"$T/tree/etc/large"
printf '#!/bin/sh\n' >"$T/tree/etc/init.d/S10 net"
chmod 755 "$T/tree/etc/init.d/S10 net"
chmod 600 "$T/tree/etc/nothing"
ln -s uImage "$T/tree/boot/current"
ln -s /proc/mounts "$T/tree/etc/mtab"
ok "the tree" build "$T/tree"
mv "$bundle" "$T/tree.firm.tar"
archive() {
    bsdtar -cf "$T/a.$1" -C "$T/tree" "$2" .
    ok "its archive $2" build "$T/a.$1"
    same "its archive $2 gives the same bytes" "$T/tree.firm.tar" "$bundle"
    rm -f "$T/a.$1" "$bundle"
}
for format in ustar pax gnutar cpio newc odc zip 7zip; do archive "$format" "--format=$format"; done
for filter in gzip bzip2 compress lz4 lzma xz zstd; do archive "$filter" "--$filter"; done
tar -cf "$T/a.tar" -C "$T/tree" .
lzip "$T/a.tar"
ok "its archive, lzip" build "$T/a.tar.lz"
same "its archive, lzip, gives the same bytes" "$T/tree.firm.tar" "$bundle"
rm "$bundle"

# --- what is said of odd, but harmless entries ---
mkdir "$T/case"
: >"$T/case/README"
: >"$T/case/readme"
tar -cf "$T/case.tar" -C "$T/case" .
build_aloud() { firmpack build "$1" --product p --version 1 --counter 1 --board b --allow-folder --key "$T/key.key" -o "$bundle"; }
ok "names that differ in case only are packed" build_aloud "$T/case.tar"
says "  and warned of" "$T/.err" 'warning: "readme": its path differs from "README" only in case'
rm "$bundle"

# --- what the promise says of the disk, and of programs ---
if [ -e "$T/marks" ]; then fail "no program was started" "$(cat "$T/marks")"; else pass "no program was started"; fi
left=$(find "$T/out" "$T/home" -mindepth 1)
if [ -z "$left" ]; then pass "nothing is left on the disk"; else fail "nothing is left on the disk" "$left"; fi
if grep -nE "support_(format|filter)_(all|by_code|program)" "$TESTS/../archive/"*.c; then
    fail "formats and filters are named one by one"
else
    pass "formats and filters are named one by one"
fi
