#!/bin/sh
# SPDX-License-Identifier: ISC
# Promise: a recovery card is made from a signed bundle alone, without root or mkfs: an image that fsck finds nothing in, from which mtools
# read every byte back, the same one each time; and from anything else no card is made.
set -eu
. "$(dirname "$0")/lib.sh"
need fsck.fat mcopy mdir sfdisk python3
cd "$T"
export LC_ALL=C.UTF-8 MTOOLSRC=/dev/null
boards=$TESTS/../boards

firmkey generate -o key --no-password >.log 2>&1
firmkey generate -o thief --no-password >.log 2>&1
pack() { # pack TREE BUNDLE [OPTION...]
    tree=$1 bundle=$2
    shift 2
    SOURCE_DATE_EPOCH=1700000000 firmpack build "$tree" --product miner --version 1.0 --counter 1 --board zynq-s9:1-3 --board zynq-s17 \
        --board zynq-s19 --board cvitek --board amlogic --board am335x-l3 --board firmseal-generic --board nothing --board plain --key key.key -o "$bundle" --quiet "$@"
}
card() { firmflash card "$@" --pubkey key.pub; }
start_of() { sfdisk -d "$1" | sed -n 's/.*start= *\([0-9]*\),.*/\1/p'; }
# volume IMAGE: the partition alone, as fsck wants it.
volume() { dd if="$1" of=volume bs=1M skip="$(($(start_of "$1") / 2048))" conv=sparse status=none; }
# fsck_silent WHAT IMAGE
fsck_silent() {
    volume "$2"
    fsck.fat -n volume 2>&1 | grep -vE '^fsck.fat |^volume: [0-9]+ files, ' | nothing "$1: fsck.fat finds nothing"
}
# copy_out IMAGE DIR
copy_out() { rm -rf "$2" && mkdir "$2" && mcopy -s -Q -i "$1@@$(($(start_of "$1") * 512))" ::/ "$2"; }

# --- a tree with all that is hard: many files, long and foreign names, empty ones, names that differ in their end only ---
mkdir -p tree/card/many tree/card/names/deep/er tree/card/hollow tree/boot tree/elsewhere
head -c 2600001 /dev/urandom >tree/card/BOOT.bin
head -c 3000000 /dev/urandom >tree/card/MLO
for file in BOOT.bin devicetree.dtb uImage uramdisk.image.gz; do head -c 20000 /dev/urandom >"tree/boot/$file"; done
seq 200000 >tree/card/uImage
: >tree/card/empty
python3 - <<'PY'
import os
for i in range(1300):
    open("tree/card/many/a name that is somewhat long %d.text" % i, "w").write(str(i) * (i % 40))
for i in range(150):
    open("tree/card/many/%03d.t" % i, "w").write(str(i))
names = ["a", "lower.txt", "UPPER.TXT", "Mixed.Case.Name.Txt", ".hidden", "..two", "no extension at all", "x" * 95, "f\u0151tan\u00fas\u00edtv\u00e1ny.crt",
         "\u0444\u0430\u0439\u043b", "plus+comma,semi;[x]=", "LOWER~1.TXT", "lower text one.txt", "lower text two.txt", "tilde~", "a.b.c", "12345678.123",
         "123456789.123", "12345678.1234", "y" * 13, "z" * 26, "%41", "~1"]
for name in names:
    open("tree/card/names/deep/er/" + name, "w").write(name)
PY
pack tree bundle

for board in zynq-s9 zynq-s19 am335x-l3; do
    ok "$board: a card is made" card bundle "$board.img" --board "$board" --size 100M
    fsck_silent '  and' "$board.img"
    copy_out "$board.img" out
    mkdir want && cp -a tree/card/. want/ && mkdir want/firmseal && cp bundle want/firmseal/bundle.firm.tar
    cp out/firmseal/manifest out/firmseal/manifest.minisig want/firmseal/
    ok '  and mtools read every file back, with the bundle' diff -r want out
    ok '  and the manifest beside it is the signed one' firmkey verify out/firmseal/manifest -p key.pub
    rm -rf want
done
ok 'zynq-s17: a card is made' card bundle zynq-s17.img --board zynq-s17
fsck_silent '  and' zynq-s17.img
copy_out zynq-s17.img out
ok '  with its payload in bin/' diff -r tree/boot out/bin
ok '  and no bundle' test ! -e out/firmseal/bundle.firm.tar

# --- what a loader in ROM looks at ---
cat >look.py <<'PY'
import os, struct, sys
name, start, kind, boot = sys.argv[1], int(sys.argv[2]), int(sys.argv[3], 16), sys.argv[4].encode()
f = open(name, "rb").read(100 << 20)
whole = os.path.getsize(name)
p = f[446:462]
assert f[510:512] == b"\x55\xaa" and f[462:510] == bytes(48), "one entry"
assert p[0] == 0x80 and p[4] == kind
first, length = struct.unpack("<II", p[8:])
assert first == start and (first + length) * 512 <= whole
v = f[start * 512:]
b16, b32 = struct.unpack("<H", v[19:21])[0], struct.unpack("<I", v[32:36])[0]
assert (b16 or b32) == length, "partition and volume are of one length"
assert struct.unpack("<I", v[28:32])[0] == start, "hidden sectors"
spc, reserved, rootents = v[13], struct.unpack("<H", v[14:16])[0], struct.unpack("<H", v[17:19])[0]
fat = struct.unpack("<I", v[36:40])[0] if kind == 0xc else struct.unpack("<H", v[22:24])[0]
data = reserved + 2 * fat + rootents // 16
assert (start + data) % 128 == 0, "data is aligned"
assert f[512:start * 512] == bytes(start * 512 - 512), "nothing in the gap, where a loader might look for another one"
if kind == 0xc:
    assert v[6 * 512:7 * 512] == v[:512], "the backup boot sector"
    info = v[512:1024]
    free, nxt = struct.unpack("<II", info[488:496])
    table = struct.unpack("<%dI" % (fat * 128), v[reserved * 512:(reserved + fat) * 512])
    clusters = (length - data) // spc
    assert free == table[2:2 + clusters].count(0), "free clusters"
    assert table[nxt] == 0 and table[nxt - 1] != 0, "the next free one"
    root = v[(data + (struct.unpack("<I", v[44:48])[0] - 2) * spc) * 512:]
else:
    table = struct.unpack("<%dH" % (fat * 256), v[reserved * 512:(reserved + fat) * 512])
    root = v[(reserved + 2 * fat) * 512:]
assert v[reserved * 512:(reserved + fat) * 512] == v[(reserved + fat) * 512:(reserved + 2 * fat) * 512], "two FATs alike"
entries = [root[i:i + 32] for i in range(0, 512, 32)]
assert entries[0][11] == 8, "the label first"
short = [e for e in entries[1:] if e[11] != 15][0]
assert short[:11] == boot, "and then the boot file: %r" % short[:11]
cluster = struct.unpack("<H", short[26:28])[0] | struct.unpack("<H", short[20:22])[0] << 16
assert cluster <= 3, "whose bytes come first, too"
size = struct.unpack("<I", short[28:32])[0]
for c in range(cluster, cluster + (size + spc * 512 - 1) // (spc * 512) - 1):
    assert table[c] == c + 1, "in one run"
PY
ok 'zynq-s9: geometry' python3 look.py zynq-s9.img 2048 0c 'BOOT    BIN'
ok 'zynq-s17: geometry' python3 look.py zynq-s17.img 8192 0c 'BOOT    BIN'
ok 'zynq-s19: geometry' python3 look.py zynq-s19.img 8192 0c 'BOOT    BIN'
ok 'am335x-l3: geometry' python3 look.py am335x-l3.img 8192 0e 'MLO        '

# --- the same each time ---
mkdir -p other
(cd other && SOURCE_DATE_EPOCH=1 firmflash card - again.img --board zynq-s9 --pubkey ../key.pub --quiet --size 100M) <bundle
same 'the same bundle gives the same bytes, from a pipe, too' zynq-s9.img other/again.img
ok 'sparse: only what is used takes room' test "$(du -k zynq-s9.img | cut -f 1)" -lt 40000

# --- refused, and nothing left behind ---
rm -rf none && mkdir none
turned_down() { # turned_down WHAT STATUS VERDICT BUNDLE [OPTION...]
    what=$1 status=$2 verdict=$3 from=$4
    shift 4
    refused "$what" "$status" "$verdict" firmflash card "$from" none/card.img --quiet "$@"
    find none -mindepth 1 | nothing '  and nothing is left behind'
}
turned_down 'a stranger signed it' 4 untrusted-key bundle --board zynq-s9 --pubkey thief.pub
python3 -c 'raw = bytearray(open("bundle", "rb").read()); raw[-200000] ^= 4; open("tampered", "wb").write(raw)'
turned_down 'one bit changed' 4 chunk-hash tampered --board zynq-s9 --pubkey key.pub
head -c 3000000 bundle >cut
turned_down 'cut off' 3 truncated cut --board zynq-s9 --pubkey key.pub
{ cat bundle; echo; } >longer
turned_down 'something behind it' 3 trailing-data longer --board zynq-s9 --pubkey key.pub
turned_down 'no bundle at all' 3 not-a-bundle tree/card/uImage --board zynq-s9 --pubkey key.pub
turned_down 'for another board' 5 wrong-board bundle --board zynq-s9-stock --pubkey key.pub
turned_down 'for another revision' 5 wrong-board bundle --board zynq-s9:7 --pubkey key.pub
turned_down 'on too small a card' 3 too-large bundle --board am335x-l3 --pubkey key.pub --size 9M
turned_down 'on too large a card for FAT16' 3 too-large bundle --board am335x-l3 --pubkey key.pub --size 4G
mkdir profiles
cp "$boards"/*.board profiles/
{ sed -e 's/^board .*/board nothing/' -e '/^card /d' "$boards/zynq-s9.board"; echo 'card none no way is public'; } >profiles/nothing.board
{ sed -e 's/^board .*/board plain/' -e '/^card /d' "$boards/zynq-s9.board"; echo 'card tree / /'; } >profiles/plain.board
for board in cvitek amlogic; do
    turned_down "$board: a board whose card nobody knows" 5 wrong-board bundle --board $board --pubkey key.pub
    cp .err said
    ok '  whose profile says why' grep -qF "$(sed -n 's/^card none //p' "$boards/$board.board")" said
done
turned_down 'for one that a profile of one'"'"'s own does not know' 5 wrong-board bundle --board nothing --pubkey key.pub --boards profiles
mkdir -p bare/card
echo x >bare/card/uImage
pack bare without
turned_down 'without its boot file' 5 wrong-board without --board zynq-s9 --pubkey key.pub

# odd NAME...: a tree with these files in it cannot go on a card.
odd() {
    what=$1
    shift
    rm -rf odd && mkdir odd
    for name; do echo x >"odd/$name"; done
    pack odd oddities
    turned_down "$what" 3 unsafe-path oddities --board plain --pubkey key.pub --boards profiles
}
odd 'names that differ by case only' Name name
odd '  in letters that are not ASCII, too' Ж ж
odd 'a colon in a name' 'a:b'
odd 'a question mark' 'a?'
odd 'a dot at the end' 'a.'
odd 'a blank at the end' 'a '
odd 'bytes that are no text' "$(printf 'a\377')"
odd 'a character that not every reader knows' "$(printf '\360\237\227\277')"
rm -rf odd && mkdir odd && ln -s x odd/link && echo y >odd/x && pack odd oddities
turned_down 'a link' 3 unsafe-path oddities --board plain --pubkey key.pub --boards profiles
refused 'a target that cannot be' 1 system firmflash card bundle none/there/card.img --board zynq-s9 --pubkey key.pub
refused 'no key' 2 usage firmflash card bundle none/card.img --board zynq-s9

# --- several at once; and what is no card ---
ok 'two images from one pass' card bundle one.img two.img --board zynq-s9 --size 100M
same '  the first is as it was alone' one.img zynq-s9.img
same '  the second, too' two.img zynq-s9.img
ok '  and as sparse' test "$(du -k two.img | cut -f 1)" -lt 40000
refused 'no disk at all' 9 unsafe-target firmflash card bundle /dev/null --board zynq-s9 --pubkey key.pub
refused '  nor with a serial' 9 unsafe-target firmflash card bundle /dev/null --board zynq-s9 --pubkey key.pub --confirm 1234
refused '  nor a directory' 9 unsafe-target firmflash card bundle none --board zynq-s9 --pubkey key.pub
refused '  nor what is not there' 9 unsafe-target firmflash card bundle /dev/no-such-disk --board zynq-s9 --pubkey key.pub
refused 'one of two is no disk' 9 unsafe-target firmflash card bundle none/card.img /dev/null --board zynq-s9 --pubkey key.pub
find none -mindepth 1 | nothing '  then the other is not written either'
refused '  and it is said of both' 9 unsafe-target firmflash card bundle none/card.img /dev/null --board zynq-s9 --pubkey key.pub --json --receipt refusals
cp .out said
for list in said refusals; do
    ok "  in $list, too" python3 -c 'import json, sys
r = [json.loads(line) for line in open(sys.argv[1])]
assert [x["target"] for x in r] == ["none/card.img", "/dev/null"] and {x["verdict"] for x in r} == {"unsafe-target"}, r' "$list"
done

# --- names that stand for one thing ---
cp bundle kept
ln -s bundle alias
twice() { # twice WHAT ARGUMENT...
    what=$1
    shift
    refused "$what" 2 usage firmflash card "$@" --board zynq-s9 --pubkey key.pub --quiet
    find none -mindepth 1 | nothing '  and nothing is written'
}
twice 'a bundle as its own card' bundle bundle
twice '  by another name' alias none/../bundle
refused '  as standard input' 2 usage sh -c 'exec firmflash card - bundle --board zynq-s9 --pubkey key.pub <alias'
twice 'a target twice' bundle none/card.img none/../none/card.img
twice 'a receipt into the card' bundle none/card.img --receipt none/card.img
twice 'a receipt into the bundle' bundle none/card.img --receipt alias
twice 'a receipt to standard output' bundle none/card.img --receipt -
twice 'a receipt that is no file' bundle none/card.img --receipt /dev/null
same 'the bundle is as it was' bundle kept
refused 'a receipt that cannot be written' 1 system firmflash card bundle none/card.img --board zynq-s9 --pubkey key.pub --receipt none/there/receipt
find none -mindepth 1 | nothing '  and no card is made that would have none'

# --- a signal in the middle: the bundle comes from a pipe, and no further ---
mkfifo pipe
# stopped SIGNAL [COMMAND...]: starts it behind COMMAND, sends it most of the bundle, then the signal. What it needs of the pipe it has read
# when the writer is done: a pipe holds 64 KiB. Its status is in $status.
stopped() {
    signal=$1
    shift
    rm -f receipts
    # shellcheck disable=SC2016 # for the shell that runs it
    background sh -c 'exec "$@" <pipe 2>stopped.err' sh "$@" firmflash card - none/card.img --board zynq-s9 --pubkey key.pub --quiet --receipt receipts
    exec 7>pipe
    head -c 3000000 bundle >&7
    made=$(find none -name '.firmseal-new-*' | wc -l)
    kill "-$signal" "$child"
}
for signal in TERM=143 HUP=129; do
    wanted=${signal#*=} signal=${signal%=*}
    stopped $signal
    status=0
    wait "$child" || status=$?
    exec 7>&-
    children=$(echo "$children" | sed "s/ $child\$//")
    ok "SIG$signal while a card is made: it had begun" test "$made" -eq 1
    ok '  it ends by that signal' test "$status" -eq "$wanted"
    ok '  says so' grep -q '^firmflash: system: stopped by a signal: ' stopped.err
    ok '  in the receipt, too' grep -q '"verdict": *"system".*stopped by a signal' receipts
    find none -mindepth 1 | nothing '  and leaves nothing behind'
done
stopped HUP nohup
tail -c +3000001 bundle >&7
exec 7>&-
status=0
wait "$child" || status=$?
children=$(echo "$children" | sed "s/ $child\$//")
ok 'under nohup, a hang-up stops nothing' test "$status" -eq 0
firmflash card bundle alone.img --board zynq-s9 --pubkey key.pub --quiet
same '  and the card is the same' none/card.img alone.img
rm none/card.img

# --- on a terminal: how far it is, and how long it takes yet ---
cat >watch.py <<'PY'
import os, pty, select, subprocess, sys, time
ours, theirs = pty.openpty()
p = subprocess.Popen(["firmflash", "card", "-", "watched.img", "--board", "zynq-s9", "--pubkey", "key.pub"], stdin=subprocess.PIPE,
                     stdout=subprocess.DEVNULL, stderr=theirs)
os.close(theirs)
bundle, seen, end = open("bundle", "rb").read(), b"", time.monotonic() + 60
at = 0
while at < len(bundle):
    hurry = b" s left" in seen or time.monotonic() > end
    piece = len(bundle) - at if hurry else 1 << 15
    p.stdin.write(bundle[at:at + piece])
    p.stdin.flush()
    at += piece
    if not hurry and select.select([ours], [], [], 0.01)[0]:
        seen += os.read(ours, 4096)
p.stdin.close()
while True:
    try:
        more = os.read(ours, 4096)
    except OSError:
        break
    if not more:
        break
    seen += more
assert p.wait() == 0
assert b"\rlaying out [" in seen and b"%" in seen and b" MB/s" in seen and b" s left" in seen, seen
assert seen.endswith(b"\r\x1b[K"), seen[-40:]
PY
ok 'a terminal sees how far it is, and for how long yet' python3 watch.py
same '  and the card is the same' watched.img alone.img
