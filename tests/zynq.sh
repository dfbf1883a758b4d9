#!/bin/sh
# SPDX-License-Identifier: ISC
# Promise: on the S9's kind of board, a Zynq-7000 with a kernel and a U-Boot built from source, flash and an SD card, images come over its
# web page, start on trial by U-Boot's own environment, and survive power cuts. Only `make check-zynq` runs it.
set -eu
. "$(dirname "$0")/lib.sh"
. "$TESTS/emulate/guest.sh"
[ -n "${ZYNQ:-}" ] || { skip zynq 'make check-zynq runs it: kernel and U-Boot are built from source'; exit 0; }
[ -z "${SAN:-}" ] || { skip zynq 'not with sanitizers'; exit 0; }
need make python3 arm-linux-gnueabihf-gcc qemu-system-arm mke2fs sfdisk mkenvimage cpio curl bc bison flex dpkg-source
cd "$T"
board_image
status=0
{
    make -s -C "$TESTS/.." BUILD="$BUILD" board board_dir="$BUILD/board-uboot" BOARD_UBOOTENV=yes board_limit=1000000 &&
        "$TESTS/emulate/zynq-parts" parts
} >made 2>&1 || status=$?
if [ "$status" -ne 0 ] && grep -q 'no armhf packages' made; then skip zynq "$(grep -m 1 'no armhf packages' made)"; exit 0; fi
if [ "$status" -eq 0 ]; then pass 'kernel and U-Boot are made from source'; else fail 'kernel and U-Boot' "$(tail -n 20 made)"; exit 1; fi

# --- the board: U-Boot's environment in QSPI flash; on the SD card an ext4 volume for the state, and raw room for both sides ---
first=133120 # sector of the raw partition
cat >places <<'DEVICE'
slot ramdisk block:RAW@0x900000+0x800000 block:RAW@0x1100000+0x800000
slot kernel block:RAW@0x100000+0x400000 block:RAW@0x500000+0x400000
DEVICE
cat >environment <<UBOOT
bootdelay=0
initrd_high=0x20000000
fdt_high=0x20000000
firmseal_side=a
upgrade_available=0
bootcount=0
bootlimit=3
first=$(printf %x $first)
bootcmd=run start_side
altbootcmd=echo LOADER gives up \${firmseal_side}; if test "\${firmseal_side}" = a; then setenv firmseal_side b; else setenv firmseal_side a; fi; setenv upgrade_available 0; setenv bootcount 0; saveenv; run start_side
start_side=echo LOADER starts \${firmseal_side}, trial \${upgrade_available}, count \${bootcount}; if test "\${firmseal_side}" = a; then setenv at 800; setenv rat 4800; else setenv at 2800; setenv rat 8800; fi; setexpr at \${first} + \${at}; setexpr rat \${first} + \${rat}; mmc dev 0; mmc read 2000000 \${at} 2000; mmc read 3100000 \${rat} 4000; setenv bootargs console=ttyPS0,115200 quiet panic=1 firmseal.side=\${firmseal_side}; bootz 2000000 3100000:800000 \${fdtcontroladdr}; echo LOADER cannot start \${firmseal_side}; reset
UBOOT
mkenvimage -r -s 0x20000 -o env.bin environment
python3 - <<'PY'
env = open("env.bin", "rb").read()
flash = bytearray(b"\xff" * (16 << 20))
for at in (0xE00000, 0xE40000):
    flash[at:at + len(env)] = env
open("qspi.img", "wb").write(flash)
open("factory.env", "wb").write(env * 2)
PY

# --- images ---
for key in release thief; do firmkey generate -o $key --no-password >.log 2>&1; done
mkdir -p tree/boot system/etc/firmseal system/usr/sbin system/lib/modules system/www/cgi-bin proc disk/state
cp "$BUILD/board-uboot/firmverify" system/usr/sbin/
cp release.pub system/etc/firmseal/
: >system/lib/modules/order # nothing is a module in this kernel
{
    printf 'board zynq-s9 2\nproduct miner\nstate /data/state\nkeyring /etc/firmseal/release.pub\nboot uboot-env /etc/fw_env.config\ndialect html\n'
    sed 's,RAW,/dev/mmcblk0p2,g' places
} >system/etc/firmseal/device
printf '/dev/mtd0 0xe00000 0x20000 0x20000\n/dev/mtd0 0xe40000 0x20000 0x20000\n' >system/etc/fw_env.config
cat >system/www/cgi-bin/reboot.cgi <<'CGI'
#!/bin/sh
printf 'Content-Type: text/plain\r\n\r\nrebooting\n'
(sleep 1; sync; reboot -f) >/dev/null 2>&1 &
CGI
chmod 755 system/www/cgi-bin/reboot.cgi
cat >system/run.sh <<'RUN'
until [ -b /dev/mmcblk0p1 ]; do sleep 0.1; done
mount -t ext4 /dev/mmcblk0p1 /data || echo 'BOARD has no disk'
ip link set lo up
ip addr add 127.0.0.1/8 dev lo
ip addr add 10.0.2.15/24 dev eth0
ip link set eth0 up
mkdir -p /run/lighttpd
cat /data/users >/config/lighttpd-htdigest.user
/usr/sbin/lighttpd -f /etc/lighttpd.conf -m /usr/lib/lighttpd || exit 1
# Its web page is up: that is what this board calls healthy.
firmverify confirm --device /etc/firmseal/device 2>&1 | sed 's/^/BOARD confirm: /'
firmverify status --device /etc/firmseal/device 2>&1 | sed 's/^/BOARD status: /'
echo "BOARD READY image $(cat /version) $(grep -o 'firmseal.side=.' /proc/cmdline)"
while :; do sleep 3600; done
RUN
image_of() { # image_of NAME VERSION COUNTER KERNEL KEY
    echo "$2" >system/version
    overlay system tree/boot/ramdisk.gz
    cp "$4" tree/boot/zImage
    firmpack build tree --product miner --version "$2" --counter "$3" --board zynq-s9:1-3 --write boot/zImage=kernel \
        --write boot/ramdisk.gz=ramdisk --key "$5.key" -o "$1" --quiet
}
head -c 3000000 /dev/urandom >junk
image_of one 1.0 1 parts/zImage release
image_of bad 2.0 2 junk release
image_of even 3.0 3 parts/zImage release
image_of odd 3.1 3 parts/zImage release
image_of stolen 4.0 4 parts/zImage thief

# --- the factory: image 1 on side a, confirmed ---
secret=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
(
    umask 077
    echo "$secret" >password
    printf 'user = "root:%s"\ndigest\nsilent\nmax-time = 60\n' "$secret" >curl.conf
)
printf 'root:antMiner Configuration:%s\n' "$(printf 'root:antMiner Configuration:%s' "$secret" | md5sum | cut -d ' ' -f 1)" >disk/users
truncate -s 26M raw
: >proc/mtd
printf '%s 0 0x20000\n%s 0x20000 0x20000\n' "$T/factory.env" "$T/factory.env" >fw_env.config
{
    printf 'board zynq-s9 2\nproduct miner\nstate %s\nkeyring %s\nproc %s\nboot uboot-env %s\n' "$T/disk/state" "$T/release.pub" "$T/proc" "$T/fw_env.config"
    sed "s,RAW,$T/raw,g" places
} >factory
echo 'firmseal.side=b' >proc/cmdline
ok 'the factory installs an image' firmverify install one --device factory
echo 'firmseal.side=a' >proc/cmdline
ok '  and confirms it' firmverify confirm --device factory
truncate -s 128M sd.img
printf '2048,131072,83\n%d,,da\n' $first | sfdisk -q sd.img
mke2fs -q -F -t ext4 -d disk -E offset=1048576 sd.img 64m
dd if=raw of=sd.img bs=1M seek=65 conv=notrunc,sparse status=none

# start: the board, from U-Boot on. Its pid is in $guest, its port in $www.
start() {
    www=$(port) console=$T/console ready=0
    : >"$console"
    qemu-system-arm -M xilinx-zynq-a9 -m 1024 -display none -monitor none -serial null -serial "file:$console" \
        -device loader,file=parts/u-boot.elf,cpu-num=0 -drive if=mtd,index=8,format=raw,file=qspi.img \
        -drive if=sd,index=0,format=raw,file=sd.img -nic "user,model=cadence_gem,restrict=on,hostfwd=tcp:127.0.0.1:$www-:80" \
        </dev/null >qemu.log 2>&1 &
    guest=$!
    children="$children $guest"
}
# comes_up [SECONDS]: waits until it has started once more.
comes_up() {
    ready=$((ready + 1)) waited=0
    until [ "$(grep -ac 'BOARD READY' "$console")" -ge $ready ]; do
        waited=$((waited + 1))
        if [ $waited -gt $((${1:-60} * 10)) ] || ! kill -0 "$guest" 2>/dev/null; then tail -n 30 "$console" qemu.log; return 1; fi
        sleep 0.1
    done
}
runs() { # runs VERSION SIDE: that is what came up last
    grep -a 'BOARD READY' "$console" | tail -n 1 | grep -q "image $1 firmseal.side=$2" || { tail -n 20 "$console"; return 1; }
}
push() { firmflash push "$1" --to "127.0.0.1:$www" --board zynq-s9:2 --user root --password-file password --pubkey release.pub \
    --boards "$TESTS/../boards" --timeout 120 --quiet; }
turned_down() { # turned_down WHAT FILE VERDICT
    curl -K curl.conf -o answer -D head -F "datafile=@$2" "http://127.0.0.1:$www/cgi-bin/upgrade.cgi" || :
    if grep -q "^Firmseal-Verdict: $3" head; then pass "$1: $3"; else fail "$1: $3" "$(cat head answer)"; fi
}

start
if comes_up >log; then pass 'it boots, by U-Boot, its environment in QSPI'; else fail 'it boots, by U-Boot' "$(cat log)"; exit 1; fi
ok '  from side a' runs 1.0 a
turned_down "a stranger's image" stolen untrusted-key
ok 'an image with a bad kernel is pushed' push bad
ok '  it reboots and comes up' comes_up 120
ok '  with the image it had' runs 1.0 a
ok '  after U-Boot tried three times' test "$(grep -ac 'LOADER cannot start b' "$console")" -eq 3
ok '  and saved its environment' grep -aq 'LOADER gives up b' "$console"
ok 'a good image is pushed' push even
ok '  it reboots and comes up' comes_up
ok '  with that' runs 3.0 b
ok '  and keeps it' grep -aq 'BOARD confirm: confirmed: 3.0 on side b, counter 3' "$console"
turned_down 'the one before' one rollback
cut_guest

# --- twenty power cuts, somewhere in an upload or in the restart after it ---
bad=0 even=0 odd=0 cuts=0
while [ $cuts -lt 20 ]; do
    start
    if ! comes_up >log; then bad=$((bad + 1)); echo "# cut $cuts:"; cat log; cut_guest; break; fi
    version=$(grep -a 'BOARD READY' "$console" | tail -n 1 | sed -n 's/.*image \([0-9.]*\) .*/\1/p')
    grep -aq "BOARD status: installed $version, counter 3" "$console" || { bad=$((bad + 1)); echo "# cut $cuts: $(tail -n 12 "$console")"; }
    case $version in 3.0) even=$((even + 1)) next=odd ;; 3.1) odd=$((odd + 1)) next=even ;; *) bad=$((bad + 1)) next=odd ;; esac
    firmflash push $next --to "127.0.0.1:$www" --board zynq-s9:2 --user root --password-file password --pubkey release.pub \
        --boards "$TESTS/../boards" --timeout 60 --quiet >push.log 2>&1 &
    pusher=$!
    children="$children $pusher"
    python3 -c 'import random, time; time.sleep(random.uniform(0.2, 6))'
    cut_guest
    kill "$pusher" 2>/dev/null || :
    wait "$pusher" 2>/dev/null || :
    cuts=$((cuts + 1))
done
start
comes_up >log || { bad=$((bad + 1)); cat log; }
echo "# 20 cuts: it came up with 3.0 $even times, with 3.1 $odd times"
if [ $bad -eq 0 ] && [ $cuts -eq 20 ]; then pass 'the power is cut 20 times, and it comes up with one of the two each time'; else fail "$cuts power cuts" "$bad bad"; fi
cut_guest
