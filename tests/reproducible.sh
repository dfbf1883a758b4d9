#!/bin/sh
# SPDX-License-Identifier: ISC
# Promise: the same tree gives the same bytes: to another user, on another file system, in another order, on another processor.
set -eu
. "$(dirname "$0")/lib.sh"
need python3 cmp
FIRMPACK=$BUILD/firmpack

# --- a tree with some of everything, and the same again, made the other way round ---
make_tree() { # make_tree DIR up|down
    python3 - "$1" "$2" <<'PY'
import os, random, sys
root, order = sys.argv[1:3]
files = {f"usr/lib/m{i:03}/f{k}": (i * 7919 + k, 200 + 997 * i) for i in range(60) for k in range(3)}
files |= {"boot/kernel": (1, 3000001), "a": (2, 1), "a-b": (3, 2), "a.d/b": (4, 511), "with space/100%": (5, 512), "empty": (6, 0)}
names = sorted(files, reverse=order == "down")
for name in names:
    seed, size = files[name]
    path = os.path.join(root, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    noise = random.Random(seed)
    with open(path, "wb") as f:
        f.write(noise.randbytes(size // 2) + bytes([seed % 251]) * (size - size // 2))
    os.chmod(path, 0o755 if seed % 5 == 0 else 0o644)
os.symlink("boot/kernel", os.path.join(root, "current"))
for folder, _, _ in os.walk(root):
    os.chmod(folder, 0o755)
PY
}
home=$T/home
mkdir "$home"
chmod 755 "$T" "$home"
make_tree "$home/tree" up
cd "$home"
firmkey generate -o key --no-password >/dev/null
printf 'libc6 2.36\nbusybox 1.35\n' >list
SOURCE_DATE_EPOCH=1700000000
export SOURCE_DATE_EPOCH

# pack OUT TREE COMMAND...: packs TREE with everything that a bundle can hold, the command in front
pack() {
    out=$1 tree=$2
    shift 2
    "$@" "$FIRMPACK" build "$tree" --product p --version 1.0 --counter 7 --board zynq-s9:1-3 --board am335x-l3 --write boot/kernel=kernel \
        --chunk-size 256K --sbom --sbom-list "$home/list" --provenance --key "$home/key.key" --quiet -o "$out"
}
pack "$T/first" "$home/tree" env
# again WHAT TREE COMMAND...
again() {
    what=$1
    shift
    rm -f "$T/out/again"
    mkdir -p "$T/out"
    if ! pack "$T/out/again" "$@" >"$T/.out" 2>&1; then
        fail "$what" "$(cat "$T/.out")"
    else
        same "$what" "$T/first" "$T/out/again"
    fi
}
again 'once more' "$home/tree" env

# --- order, time, umask, processors, languages ---
make_tree "$T/reversed" down
touch -d '1999-12-31' "$T/reversed/a" "$T/reversed/boot"
# shellcheck disable=SC2012 # the order is what is asked for
if [ "$(ls -U "$home/tree/usr/lib" | cksum)" = "$(ls -U "$T/reversed/usr/lib" | cksum)" ]; then
    echo "# this file system lists both in one order"
fi
again 'made in the other order, at another time, elsewhere' "$T/reversed" env
again 'under another umask' "$home/tree" sh -c 'umask 077; exec "$@"' sh
again 'in another language and time zone' "$home/tree" env LC_ALL=C.UTF-8 TZ=Pacific/Apia
again 'with an empty environment' "$home/tree" env -i SOURCE_DATE_EPOCH=$SOURCE_DATE_EPOCH
again 'by one processor' "$home/tree" taskset -c 0
for threads in 1 2 7 64; do
    "$FIRMPACK" build tree --product p --version 1.0 --counter 7 --board zynq-s9:1-3 --board am335x-l3 --write boot/kernel=kernel --chunk-size 256K \
        --sbom --sbom-list list --provenance --key key.key --quiet --threads $threads -o "$T/threads"
    same "with $threads threads" "$T/first" "$T/threads"
done
ln -s "$home/tree" "$T/by-a-link"
again 'named through a link, with a slash at its end' "$T/by-a-link/" env

# --- another processor: the same program where no vector instructions are, so that the libraries take other ways ---
if [ -z "${SAN:-}" ] && command -v qemu-x86_64-static >/dev/null 2>&1 && [ "$(uname -m)" = x86_64 ]; then
    again 'by a processor without SSE4, AVX, SHA or BMI' "$home/tree" qemu-x86_64-static -cpu qemu64,-sse4.1,-sse4.2,-ssse3,-avx
else
    skip 'another processor' 'needs qemu-x86_64-static, x86-64 and no sanitizer'
fi

# --- another machine: 32 bits, ARM, Debian's armhf libraries ---
arm_status=0
if [ -n "${SAN:-}" ] || ! command -v qemu-arm-static >/dev/null 2>&1 || ! command -v arm-linux-gnueabihf-gcc >/dev/null 2>&1; then
    skip 'by a 32-bit ARM machine' 'needs qemu-arm-static, arm-linux-gnueabihf-gcc and no sanitizer'
else
    make -s -C "$TESTS/.." BUILD="$BUILD" packer-arm >"$T/arm.log" 2>&1 || arm_status=$?
    if grep -q 'no armhf packages' "$T/arm.log"; then
        skip 'by a 32-bit ARM machine' "$(grep -m 1 'no armhf packages' "$T/arm.log")"
    elif [ $arm_status -ne 0 ]; then
        fail 'firmpack is built for 32-bit ARM' "$(tail -n 20 "$T/arm.log")"
    else
        native=$FIRMPACK FIRMPACK=$BUILD/arm/firmpack
        ok 'a 32-bit ARM firmpack' sh -c 'arm-linux-gnueabihf-readelf -h "$1" | grep -q "Machine: *ARM"' sh "$FIRMPACK"
        again '  makes the same bundle' "$home/tree" qemu-arm-static -L "$BUILD/arm/sysroot"
        again '  with one thread, too' "$home/tree" taskset -c 0 qemu-arm-static -L "$BUILD/arm/sysroot"
        FIRMPACK=$native
    fi
fi

# --- other file systems ---
if [ -d /dev/shm ] && [ "$(stat -f -c %T /dev/shm)" != "$(stat -f -c %T "$T")" ]; then
    memory=$(mktemp -d /dev/shm/firmseal-test.XXXXXX)
    cp -R "$home/tree" "$memory/"
    again "from $(stat -f -c %T /dev/shm), where this is $(stat -f -c %T "$T")" "$memory/tree" env
    rm -rf "$memory"
else
    skip 'another file system' 'this one is in memory already'
fi
if [ "$(id -u)" -eq 0 ] && unshare -m true 2>/dev/null; then
    # A mount of its own, for this command alone.
    cat >"$T/mounted" <<'SH'
kind=$1 image=$2
shift 2
mkdir -p "$T/mnt"
case $kind in
tmpfs) mount -t tmpfs -o mode=0755 none "$T/mnt" ;;
overlay) mkdir -p "$T/upper" "$T/work"; mount -t overlay -o "lowerdir=$T/home/tree,upperdir=$T/upper,workdir=$T/work" none "$T/mnt" ;;
bind) mount --bind "$T/home/tree" "$T/mnt" ;;
*) mount -o loop "$image" "$T/mnt" ;;
esac || exit 77
rmdir "$T/mnt/lost+found" 2>/dev/null || :
[ "$kind" = overlay ] || [ "$kind" = bind ] || cp -R "$T/home/tree/." "$T/mnt/"
exec "$@"
SH
    mounted() { # mounted KIND
        rm -f "$T/image"
        [ "$1" != ext4 ] || { truncate -s 64M "$T/image" && mke2fs -q -t ext4 -b 1024 -F "$T/image" 2>/dev/null; }
        [ "$1" != vfat ] || { truncate -s 64M "$T/image" && mkfs.vfat "$T/image" >/dev/null; }
        if unshare -m sh "$T/mounted" "$1" "$T/image" true >/dev/null 2>&1; then
            again "from $1, mounted elsewhere" "$T/mnt" unshare -m sh "$T/mounted" "$1" "$T/image"
        else
            skip "from $1" 'it cannot be mounted here'
        fi
        rm -rf "$T/upper" "$T/work"
    }
    mounted tmpfs
    mounted bind
    mounted overlay
    mounted ext4
    again 'on a machine with another name' "$home/tree" unshare -u sh -c 'hostname elsewhere; exec "$@"' sh
else
    skip 'mounts and host names' 'needs root'
fi

# --- another user ---
if [ "$(id -u)" -eq 0 ] && command -v setpriv >/dev/null 2>&1; then
    mkdir "$T/theirs"
    cp -R "$home/tree" "$home/key.key" "$home/list" "$T/theirs/"
    chown -R 65534:65534 "$T/theirs"
    if (cd "$T/theirs" && setpriv --reuid 65534 --regid 65534 --clear-groups "$FIRMPACK" --version >/dev/null 2>&1); then
        (cd "$T/theirs" && home=$T/theirs && pack "$T/theirs/bundle" "$T/theirs/tree" setpriv --reuid 65534 --regid 65534 --clear-groups)
        same 'by another user, who owns the tree' "$T/first" "$T/theirs/bundle"
    else
        skip 'another user' 'the programs are where others may not look'
    fi
else
    skip 'another user' 'needs root and setpriv'
fi

# --- and what differs is told ---
echo changed >>"$T/reversed/a.d/b"
pack "$T/second" "$T/reversed" env
ok 'another tree gives another bundle' sh -c '! cmp -s "$T/first" "$T/second"'
ok '  and diff names the file' sh -c 'firmpack diff "$T/first" "$T/second" --pubkey "$T/home/key.pub" | grep -q "^changed  a.d/b: content"'
