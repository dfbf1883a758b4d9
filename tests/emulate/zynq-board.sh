# shellcheck shell=sh
# SPDX-License-Identifier: ISC
# A Zynq-7000 board. After lib.sh and guest.sh: . "$TESTS/emulate/zynq-board.sh"
# As on the boards that it stands for, U-Boot's environment is in QSPI flash, in two copies; the board's own storage, with an ext4 volume
# for the state and raw room for both sides, is behind one SD controller, and the slot for cards behind the other. QEMU knows no loader in
# ROM: U-Boot is put into memory as that would do.

own_first=133120 # sector of the raw partition
# Offset and length of the environment's copies, and of a sector of the flash.
environment_places='0xe00000 0xe40000'
environment_size=0x20000

# zynq_parts: makes parts/ (zImage, u-boot.elf, u-boot.bin) and release.key, or ends the script.
zynq_parts() {
    name=$(basename "$0" .sh)
    [ -n "${ZYNQ:-}" ] || { skip "$name" 'make check-zynq runs it: kernel and U-Boot are built from source'; exit 0; }
    [ -z "${SAN:-}" ] || { skip "$name" 'not with sanitizers'; exit 0; }
    need make python3 arm-linux-gnueabihf-gcc qemu-system-arm mke2fs sfdisk mkenvimage fdtput cpio curl bc bison flex dpkg-source
    board_image
    status=0
    {
        make -s -C "$TESTS/.." BUILD="$BUILD" board board_dir="$BUILD/board-uboot" BOARD_UBOOTENV=yes &&
            "$TESTS/emulate/zynq-parts" parts && "$TESTS/emulate/zynq-loader" parts/u-boot.elf parts/u-boot.bin
    } >made 2>&1 || status=$?
    if [ "$status" -ne 0 ] && grep -q 'no armhf packages' made; then skip "$name" "$(grep -m 1 'no armhf packages' made)"; exit 0; fi
    if [ "$status" -eq 0 ]; then pass 'kernel and U-Boot are made from source'; else fail 'kernel and U-Boot' "$(tail -n 20 made)"; exit 1; fi
    firmkey generate -o release --no-password >.log 2>&1
}

# device_lines RAW: the slots, the same in the factory, on the board, and for who recovers it.
device_lines() {
    printf 'board zynq-s9 2\nproduct miner\n'
    printf 'slot ramdisk block:%s@0x900000+0x800000 block:%s@0x1100000+0x800000\n' "$1" "$1"
    printf 'slot kernel block:%s@0x100000+0x400000 block:%s@0x500000+0x400000\n' "$1" "$1"
}
# environment_config FLASH: what fw_env.config says.
environment_config() { for place in $environment_places; do echo "$1 $place $environment_size $environment_size"; done; }

# zynq_environment OUT: the environment that the board leaves the factory with. A fixed address of the network card: QEMU's
# network remembers the first.
zynq_environment() {
    mkenvimage -r -s $environment_size -o "$1" - <<UBOOT
bootdelay=0
initrd_high=0x20000000
fdt_high=0x20000000
ethaddr=02:00:00:00:00:01
firmseal_side=a
upgrade_available=0
bootcount=0
bootlimit=3
first=$(printf %x $own_first)
bootcmd=run start_side
altbootcmd=echo LOADER gives up \${firmseal_side}; if test "\${firmseal_side}" = a; then setenv firmseal_side b; else setenv firmseal_side a; fi; setenv upgrade_available 0; setenv bootcount 0; saveenv; run start_side
start_side=echo LOADER starts \${firmseal_side}, trial \${upgrade_available}, count \${bootcount}; if test "\${firmseal_side}" = a; then setenv at 800; setenv rat 4800; else setenv at 2800; setenv rat 8800; fi; setexpr at \${first} + \${at}; setexpr rat \${first} + \${rat}; mmc dev 1; mmc read 2000000 \${at} 2000; mmc read 3100000 \${rat} 4000; setenv bootargs console=ttyPS0,115200 quiet panic=1 firmseal.side=\${firmseal_side}; bootz 2000000 3100000:800000 \${fdtcontroladdr}; echo LOADER cannot start \${firmseal_side}; reset
UBOOT
}
# put_environment ENVIRONMENT: to both places of qspi.img.
put_environment() {
    for place in $environment_places; do
        dd if="$1" of=qspi.img bs=$((environment_size)) seek=$((place / environment_size)) conv=notrunc status=none
    done
}

# zynq_system: what the board's image brings besides Debian's parts, in system/. When its web page is up it is healthy, and confirms.
zynq_system() {
    mkdir -p tree/boot system/etc/firmseal system/usr/sbin system/lib/modules system/www/cgi-bin
    cp "$BUILD/board-uboot/firmverify" system/usr/sbin/
    cp release.pub system/etc/firmseal/
    : >system/lib/modules/order # nothing is a module in this kernel
    {
        device_lines /dev/mmcblk1p2
        printf 'state /data/state\nkeyring /etc/firmseal/release.pub\nboot uboot-env /etc/fw_env.config\ndialect html\n'
    } >system/etc/firmseal/device
    environment_config /dev/mtd0 >system/etc/fw_env.config
    cat >system/www/cgi-bin/reboot.cgi <<'CGI'
#!/bin/sh
printf 'Content-Type: text/plain\r\n\r\nrebooting\n'
(sleep 1; sync; reboot -f) >/dev/null 2>&1 &
CGI
    chmod 755 system/www/cgi-bin/reboot.cgi
    cat >system/run.sh <<'RUN'
until [ -b /dev/mmcblk1p1 ]; do sleep 0.1; done
mount -t ext4 /dev/mmcblk1p1 /data || echo 'BOARD has no disk'
ip link set lo up
ip addr add 10.0.2.15/24 dev eth0
ip link set eth0 up
mkdir -p /run/lighttpd
cat /data/users >/config/lighttpd-htdigest.user
/usr/sbin/lighttpd -f /etc/lighttpd.conf -m /usr/lib/lighttpd || exit 1
firmverify confirm 2>&1 | sed 's/^/BOARD confirm: /'
firmverify status 2>&1 | sed 's/^/BOARD status: /'
echo "BOARD READY image $(cat /version) $(grep -o 'firmseal.side=.' /proc/cmdline)"
while :; do sleep 3600; done
RUN
}
# image_of NAME VERSION COUNTER KERNEL KEY
image_of() {
    echo "$2" >system/version
    overlay system tree/boot/ramdisk.gz
    cp "$4" tree/boot/zImage
    firmpack build tree --product miner --version "$2" --counter "$3" --board zynq-s9:1-3 --write boot/zImage=kernel \
        --write boot/ramdisk.gz=ramdisk --key "$5.key" -o "$1" --quiet
}

# zynq_factory IMAGE: makes qspi.img and own.img, with IMAGE on side a, confirmed; the web page's password in ./password and curl.conf.
zynq_factory() {
    secret=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
    mkdir -p disk/state proc
    (
        umask 077
        echo "$secret" >password
        printf 'user = "root:%s"\ndigest\nsilent\nmax-time = 60\n' "$secret" >curl.conf
    )
    printf 'root:antMiner Configuration:%s\n' "$(printf 'root:antMiner Configuration:%s' "$secret" | md5sum | cut -d ' ' -f 1)" >disk/users
    zynq_environment factory.env
    python3 -c 'open("qspi.img", "wb").write(b"\xff" * (16 << 20))'
    put_environment factory.env
    environment_config "$T/qspi.img" >fw_env.config
    truncate -s 26M raw
    : >proc/mtd
    {
        device_lines "$T/raw"
        printf 'state %s\nkeyring %s\nproc %s\nboot uboot-env %s\n' "$T/disk/state" "$T/release.pub" "$T/proc" "$T/fw_env.config"
    } >factory
    echo 'firmseal.side=b' >proc/cmdline
    ok 'the factory installs an image' firmverify install "$1" --device factory
    echo 'firmseal.side=a' >proc/cmdline
    ok '  and confirms it' firmverify confirm --device factory
    truncate -s 128M own.img
    printf '2048,131072,83\n%d,,da\n' $own_first | sfdisk -q own.img
    mke2fs -q -F -t ext4 -d disk -E offset=1048576 own.img 64m
    dd if=raw of=own.img bs=512 seek=$own_first conv=notrunc,sparse status=none
}

# start [U-BOOT [CARD]]: the board, from U-Boot on, its own or another, with a card in its slot or none. Its pid is in $guest, its port
# in $www.
start() {
    www=$(port) console=$T/console ready=0 card=
    [ $# -lt 2 ] || card="-drive if=sd,index=0,format=raw,file=$2"
    : >"$console"
    # shellcheck disable=SC2086 # options
    qemu-system-arm -M xilinx-zynq-a9 -m 1024 -display none -monitor none -serial null -serial "file:$console" \
        -device "loader,file=${1:-parts/u-boot.bin},addr=0x4000000,cpu-num=0,force-raw=on" \
        -drive if=mtd,index=8,format=raw,file=qspi.img -drive if=sd,index=1,format=raw,file=own.img $card \
        -nic "user,model=cadence_gem,restrict=on,hostfwd=tcp:127.0.0.1:$www-:80" </dev/null >qemu.log 2>&1 &
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
