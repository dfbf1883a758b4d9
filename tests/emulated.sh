#!/bin/sh
# SPDX-License-Identifier: ISC
# Long.
# Promise: on a whole emulated ARM board, with Debian's kernel, lighttpd and a disk, an image that is pushed is installed, survives the
# power being cut, and everything else is refused. QEMU's `virt', no KVM: every boot takes some seconds.
set -eu
. "$(dirname "$0")/lib.sh"
. "$TESTS/emulate/guest.sh"
[ -z "${SAN:-}" ] || { skip emulated 'not with sanitizers'; exit 0; }
need make python3 minisign arm-linux-gnueabihf-gcc qemu-system-arm depmod mke2fs cpio curl
cd "$T"

board_image

# --- images ---
mkdir -p tree/boot tree/etc tree/bin
head -c 1500000 /dev/urandom >tree/boot/uImage
cp "$BUILD/board/firmverify" tree/bin/
seq 200000 >tree/etc/numbers
ln -s firmverify tree/bin/upgrade.cgi
for key in release thief; do firmkey generate -o $key --no-password >.log 2>&1; done
build() { # build NAME COUNTER KEY BOARD
    firmpack build tree --product miner --version "$2.0" --counter "$2" --board "$4" --write boot/uImage=kernel --key "$3.key" -o "$1" --quiet
}
build one 1 release zynq-s9:1-3
echo two >tree/etc/version
build two 2 release zynq-s9:1-3
build stolen 3 thief zynq-s9:1-3
build foreign 3 release am335x-l3
echo three >tree/etc/version
build three 3 release zynq-s9:1-3
tar -C tree -czf unsigned.tar.gz .
python3 -c 'raw = bytearray(open("two", "rb").read()); raw[len(raw) // 2] ^= 4; open("tampered", "wb").write(raw)'

# --- the board ---
secret=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
(
    umask 077
    echo "$secret" >password
    printf 'user = "root:%s"\ndigest\nsilent\nmax-time = 120\n' "$secret" >curl.conf
)
mkdir disk
cp release.pub disk/
cp two disk/sample
printf 'root:antMiner Configuration:%s\n' "$(printf 'root:antMiner Configuration:%s' "$secret" | md5sum | cut -d ' ' -f 1)" >disk/users
mke2fs -q -t ext4 -d disk disk.img 64m

# boot: starts the board, and waits until it is ready, 90 seconds at most. Its pid is in $board, its port in $www.
boot() {
    www=$(port)
    : >console
    qemu-system-arm -M virt,highmem=off -cpu cortex-a15 -m 256 -display none -monitor none -serial file:console -no-reboot \
        -kernel "$image/kernel" -initrd "$image/initramfs.gz" -append 'console=ttyAMA0 quiet panic=1' \
        -netdev "user,id=n0,restrict=on,hostfwd=tcp:127.0.0.1:$www-:80" -device virtio-net-device,netdev=n0 \
        -device virtio-rng-device -drive if=none,id=d0,format=raw,file=disk.img -device virtio-blk-device,drive=d0 </dev/null >qemu.log 2>&1 &
    board=$!
    children="$children $board"
    waited=0
    until grep -q 'BOARD READY' console; do
        waited=$((waited + 1))
        if [ $waited -gt 900 ] || ! kill -0 "$board" 2>/dev/null; then
            tail -n 20 console qemu.log
            return 1
        fi
        sleep 0.1
    done
}
# cut_power: as if the plug were pulled, as far as QEMU's own memory goes.
cut_power() {
    kill -9 "$board"
    wait "$board" 2>/dev/null || :
}
push() { firmflash push "$1" --to "127.0.0.1:$www" --board zynq-s9:2 --user root --password-file password --pubkey release.pub \
    --boards "$TESTS/../boards" --timeout 120 --quiet; }
installed() { # installed VERSION: the board says so itself
    curl -K curl.conf -o info "http://127.0.0.1:$www/cgi-bin/get_system_info.cgi" && grep -q "\"version\":\"$1\"" info
}
# turned_down WHAT FILE VERDICT: sent by somebody who knows the password, past firmflash's own check.
turned_down() {
    curl -K curl.conf -o answer -D head -F "datafile=@$2" "http://127.0.0.1:$www/cgi-bin/upgrade.cgi" || :
    if grep -q "^Firmseal-Verdict: $3" head; then pass "$1: $3"; else fail "$1: $3" "$(cat head answer)"; fi
}

ok 'it boots' boot
sed -n 's/^BOARD check: /# on the board, /p' console | tr -d '\r'
ok '  and can check an image in 8 MiB' test "$(sed -n 's/^BOARD check: 1 ok, \([0-9]*\) KiB.*/\1/p' console | tr -d '\r')" -le 8192
ok '  with no image yet' sh -c '! grep -q BOARD.cannot console'
ok 'a good image is pushed' push one
ok '  and is installed' installed 1.0
ok 'a newer one' push two
ok '  and is installed' installed 2.0
turned_down 'a plain tar.gz' unsigned.tar.gz not-a-bundle
turned_down 'one bit changed' tampered chunk-hash
turned_down "a stranger's" stolen untrusted-key
turned_down "another board's" foreign wrong-board
turned_down 'an older one' one rollback
ok '  the board still has what it had' installed 2.0
mkfifo say
: >heard
python3 "$TESTS/uploader.py" 127.0.0.1 "$www" /cgi-bin/upgrade.cgi root password three 1000000 <say >heard 2>&1 &
children="$children $!"
holder=$!
exec 6>say
waited=0
until grep -q held heard || [ $waited -ge 600 ]; do waited=$((waited + 1)); sleep 0.1; done
ok 'an upload has come half way' grep -q held heard
cut_power
exec 6>&-
wait "$holder" 2>/dev/null || :
ok 'the power is cut; it boots again' boot
ok '  with the image it had' installed 2.0
ok 'the same image is pushed again' push three
ok '  and is installed' installed 3.0
cut_power
ok 'the power is cut right after; it boots again' boot
ok '  with the new image' installed 3.0
turned_down 'the one before' two rollback
cut_power
mkdir out
ok 'its disk is sound' e2fsck -fp disk.img
debugfs -R 'rdump /root out' disk.img >debugfs.log 2>&1
ok '  and holds the tree that was packed' diff -r --no-dereference tree out/root
debugfs -R 'dump /uImage out/uImage' disk.img >>debugfs.log 2>&1
same '  and the kernel in its slot' tree/boot/uImage out/uImage
