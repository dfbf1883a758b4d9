# SPDX-License-Identifier: ISC
# Starting emulated boards. After lib.sh: . "$TESTS/emulate/guest.sh"
# Every board has its own port of 127.0.0.1, reaches nothing else, and ends with the script.

# board_image: makes $image (kernel, initramfs.gz) unless it is there, or ends the script: skipped without Debian's armhf packages.
board_image() {
    image=$BUILD/board/image
    status=0
    { make -s -C "$TESTS/.." BUILD="$BUILD" board && "$TESTS/emulate/image" "$image" "$BUILD/board/firmverify"; } >made 2>&1 || status=$?
    if [ "$status" -ne 0 ] && grep -q 'no armhf packages' made; then
        skip "$(basename "$0" .sh)" "$(grep -m 1 'no armhf packages' made)"
        exit 0
    fi
    if [ "$status" -eq 0 ]; then pass 'a board is made'; else fail 'a board is made' "$(tail -n 20 made)"; exit 1; fi
}

# overlay DIR OUT: the board's initramfs with DIR laid over it; a DIR/run.sh runs on the board in place of its web server.
overlay() {
    (cd "$1" && find . | LC_ALL=C sort | cpio -o -H newc -R 0:0 --quiet) | gzip -1 >"$2.part"
    cat "$image/initramfs.gz" "$2.part" >"$2"
    rm "$2.part"
}

# start_guest CONSOLE OPTION...: QEMU's `virt', in the background; its pid is in $guest.
start_guest() {
    console=$1
    shift
    : >"$console"
    qemu-system-arm -M virt,highmem=off -cpu cortex-a15 -m 256 -display none -monitor none -serial "file:$console" \
        -device virtio-rng-device "$@" </dev/null >"$console.qemu" 2>&1 &
    guest=$!
    children="$children $guest"
}

# console_says PATTERN SECONDS: waits for a line on the console; fails when the time is up or the board has ended without it.
console_says() {
    waited=0
    until grep -q "$1" "$console"; do
        waited=$((waited + 1))
        if [ $waited -gt $(($2 * 10)) ]; then return 1; fi
        if ! kill -0 "$guest" 2>/dev/null; then grep -q "$1" "$console"; return; fi
        sleep 0.1
    done
}

# guest_ends SECONDS: waits until the board has switched itself off; fails, and cuts its power, when the time is up.
guest_ends() {
    waited=0
    while kill -0 "$guest" 2>/dev/null; do
        waited=$((waited + 1))
        if [ $waited -gt $(($1 * 10)) ]; then cut_guest; return 1; fi
        sleep 0.1
    done
    wait "$guest" 2>/dev/null
}

# cut_guest: as if the plug were pulled, as far as QEMU's own memory goes.
cut_guest() {
    kill -9 "$guest" 2>/dev/null || :
    wait "$guest" 2>/dev/null || :
}
