#!/bin/sh
# SPDX-License-Identifier: ISC
# Promise: a bundle is made of ordinary parts. GNU tar, bsdtar, Python and minisign read what firmpack makes; what a
# second implementation makes is taken by firmpack and firmverify; and both make the same stream of the same tree.
set -eu
. "$(dirname "$0")/lib.sh"
need python3 minisign bsdtar tar gzip

forge() { python3 "$TESTS/forge.py" "$@"; }

# Names with every kind of byte that needs thought, modes, links, an empty file, several chunks, paths to be split.
make_tree() {
    long=$(printf '%090d' 0)
    mkdir -p "$1/boot" "$1/boot-extra" "$1/etc/private" "$1/deep/$long/$long"
    seq 1 300000 >"$1/boot/kernel"
    : >"$1/boot/empty"
    echo '#!/bin/sh' >"$1/install.sh"
    for name in 'with space' 'with%percent' 'with!mark' 'café' '-dash' 'tilde~'; do echo "$name" >"$1/etc/$name"; done
    echo deep >"$1/deep/$long/file"
    echo deeper >"$1/deep/$long/$long/file"
    ln -s kernel "$1/boot/current"
    ln -s ../boot/kernel "$1/etc/up"
    ln -s /proc/mounts "$1/etc/mtab"
    chmod 755 "$1/install.sh"
    chmod 600 "$1/etc/-dash"
    chmod 700 "$1/etc/private"
}

# listing DIR: every path with its kind, mode and target.
listing() { (cd "$1" && find . -mindepth 1 \( -type l -printf '%P l %l\n' -o -printf '%P %y %m\n' \) | LC_ALL=C sort); }

# same_tree WHAT DIR: DIR holds what the source tree holds: content, kinds, modes, targets.
same_tree() {
    listing "$2" >"$T/listing"
    same "$1: kinds, modes, targets" "$T/wanted" "$T/listing"
    ok "$1: content" diff -r --no-dereference "$tree" "$2"
}

# made_by_firmpack NAME: the bundle $T/NAME.firm.tar in the hands of other people's tools.
made_by_firmpack() {
    parts=$T/$1.parts
    mkdir -p "$parts/gnu" "$parts/bsd" "$parts/py"
    ok "$1: GNU tar opens the bundle" tar -xf "$T/$1.firm.tar" -C "$parts/gnu"
    ok "$1: bsdtar opens it" bsdtar -xf "$T/$1.firm.tar" -C "$parts/bsd"
    ok "$1: Python opens it" python3 -m tarfile -e "$T/$1.firm.tar" "$parts/py"
    ok "$1: GNU tar and bsdtar agree" diff -r "$parts/gnu" "$parts/bsd"
    ok "$1: GNU tar and Python agree" diff -r "$parts/gnu" "$parts/py"
    printf '%s\n' manifest manifest.minisig payload.tar.gz sbom.json >"$T/names"
    tar -tf "$T/$1.firm.tar" >"$T/listed"
    same "$1: the members, in their order" "$T/names" "$T/listed"
    same "$1: the attachment" "$T/sbom.json" "$parts/gnu/sbom.json"
    ok "$1: minisign verifies the manifest" minisign -VHm "$parts/gnu/manifest" -p "$T/key.pub"

    mkdir "$parts/by-tar" "$parts/by-bsdtar" "$parts/by-python"
    ok "$1: tar xzf unpacks the payload" tar -xzpf "$parts/gnu/payload.tar.gz" -C "$parts/by-tar"
    same_tree "$1: by GNU tar" "$parts/by-tar"
    ok "$1: bsdtar unpacks the payload" bsdtar -xpf "$parts/gnu/payload.tar.gz" -C "$parts/by-bsdtar"
    same_tree "$1: by bsdtar" "$parts/by-bsdtar"
    ok "$1: Python unpacks the payload" python3 -c 'import sys, tarfile
with tarfile.open(sys.argv[1]) as archive:
    archive.extraction_filter = staticmethod(lambda member, path: member)
    archive.extractall(sys.argv[2])' "$parts/gnu/payload.tar.gz" "$parts/by-python"
    same_tree "$1: by Python" "$parts/by-python"
    if command -v busybox >/dev/null 2>&1; then
        mkdir "$parts/by-busybox"
        ok "$1: BusyBox unpacks the payload" busybox tar -xzpf "$parts/gnu/payload.tar.gz" -C "$parts/by-busybox"
        same_tree "$1: by BusyBox" "$parts/by-busybox"
    else
        skip "$1: BusyBox unpacks the payload" "no busybox here"
    fi
    ok "$1: every header, length and hash, by the second implementation" forge verify "$T/$1.firm.tar" "$tree"
}

# made_by_forge NAME: the same tree, packed by the second implementation, in the hands of ours.
made_by_forge() {
    bundle=$T/$1.forged.firm.tar
    forge build "$tree" -o "$bundle" --key "$T/key.key" --pub "$T/key.pub" --product demo --version 1.0 --counter 3 \
        --board test-board:0-2 --created 1700000000 --chunk-size 65536 --write "$2=kernel" --run install.sh=after \
        --attach "sbom.json=$T/sbom.json"
    ok "$1: firmverify accepts the second implementation's bundle" firmverify check "$bundle" --pubkey "$T/key.pub"
    ok "$1: firmpack accepts it" firmpack check "$bundle" --pubkey "$T/key.pub"
    ok "$1: firmverify unpacks it" firmverify unpack "$bundle" "$T/$1.by-firmverify" --pubkey "$T/key.pub"
    same_tree "$1: by firmverify" "$T/$1.by-firmverify"
    ok "$1: firmpack unpacks it" firmpack unpack "$bundle" "$T/$1.by-firmpack" --pubkey "$T/key.pub"
    same_tree "$1: by firmpack" "$T/$1.by-firmpack"
    forge stream "$T/$1.firm.tar" >"$T/ours"
    forge stream "$bundle" >"$T/theirs"
    same "$1: both make the same payload, byte for byte" "$T/ours" "$T/theirs"
    forge manifest "$T/$1.firm.tar" | grep -v '^chunk ' >"$T/ours" # the engines may differ
    forge manifest "$bundle" | grep -v '^chunk ' >"$T/theirs"
    same "$1: both make the same manifest but for the chunks" "$T/ours" "$T/theirs"
}

# both_ways NAME TREE FILE: FILE goes to slot kernel.
both_ways() {
    tree=$2
    listing "$tree" >"$T/wanted"
    ok "$1: firmpack build" env SOURCE_DATE_EPOCH=1700000000 firmpack build "$tree" --product demo --version 1.0 \
        --counter 3 --board test-board:0-2 --chunk-size 64K --write "$3=kernel" --run install.sh=after \
        --attach "$T/sbom.json" --key "$T/key.key" -o "$T/$1.firm.tar"
    made_by_firmpack "$1"
    made_by_forge "$1" "$3"
}

echo '{"bomFormat":"CycloneDX"}' >"$T/sbom.json"
make_tree "$T/odd"

# Keys: made by minisign and used by firmpack; made by firmkey and used by minisign.
forge keys "$T" key
both_ways odd "$T/odd" boot/kernel
ok "firmkey makes a key pair" firmkey generate -o "$T/ours" --no-password
cp "$T/sbom.json" "$T/signed.json"
ok "minisign signs with it" minisign -S -s "$T/ours.key" -m "$T/signed.json"
ok "minisign verifies with it" minisign -VHm "$T/signed.json" -p "$T/ours.pub"
tree=$T/odd
forge build "$tree" -o "$T/ours.firm.tar" --key "$T/ours.key" --pub "$T/ours.pub" --product demo --version 1 \
    --counter 1 --board test-board:0-0
ok "firmverify takes minisign's signature by it" firmverify check "$T/ours.firm.tar" --pubkey "$T/ours.pub"

# The real thing.
if "$TESTS/arm-tree" "$T/arm" 2>"$T/arm.why"; then
    both_ways arm "$T/arm" boot/zImage
else
    skip "a BeagleBone-class firmware tree" "$(tail -n 1 "$T/arm.why")"
fi
