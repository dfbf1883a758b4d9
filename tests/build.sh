#!/bin/sh
# SPDX-License-Identifier: ISC
# Promise: the same input gives the same bytes; the bundle appears whole or not at all; what would be refused is never signed.
set -eu
. "$(dirname "$0")/lib.sh"
need python3 tar

mkdir "$T/out"
cd "$T"
firmkey generate -o key --no-password >.out
bundle=$T/out/x.firm.tar

build() {
    tree=$1
    shift
    firmpack build "$tree" --product p --version 1.0 --counter 7 --board zynq-s9:1-3 --key key.key -o "$bundle" "$@"
}
check() { firmpack check "$bundle" --pubkey key.pub "$@"; }
says() { if grep -qF -- "$3" "$2"; then pass "$1"; else fail "$1" "wanted: $3" "$(cat "$2")"; fi; }
manifest() { tar -xOf "$bundle" manifest; }
# nothing_left WHAT: neither a bundle nor anything temporary.
nothing_left() {
    left=$(find "$T/out" -mindepth 1)
    if [ -z "$left" ]; then pass "$1"; else fail "$1" "$left"; fi
}

# --- the same bytes ---
noise() { python3 -c 'import random, sys; sys.stdout.buffer.write(random.Random(int(sys.argv[1])).randbytes(int(sys.argv[2])))' "$@"; }
fill() { # fill DIR NAME...: the same tree, its names made in the order given
    mkdir -p "$1"
    dir=$1
    shift
    for name; do
        case $name in
        */) mkdir -p "$dir/$name" ;;
        *@) ln -s large "$dir/${name%@}" ;;
        *) mkdir -p "$dir/$(dirname "$name")" && noise ${#name} $((${#name} * 70001)) >"$dir/$name" ;;
        esac
    done
}
fill one a a-b a.d/b a.d/c/ link@ large-file zz
fill elsewhere/two zz large-file link@ a.d/c/ a.d/b a-b a
touch -d @86400 elsewhere/two/a elsewhere/two/a.d
SOURCE_DATE_EPOCH=1700000000
export SOURCE_DATE_EPOCH
ok "a tree is packed" build one --threads 2
mv "$bundle" first
for threads in 1 3 5; do
    ok "with $threads threads" build one --threads $threads
    same "with $threads threads: the same bytes" first "$bundle"
done
ok "from another folder, made in another order at another time" build elsewhere/two/
same "  the same bytes" first "$bundle"
ok "with another umask" sh -c 'umask 077; exec "$@"' - firmpack build one --product p --version 1.0 --counter 7 \
    --board zynq-s9:1-3 --key key.key -o "$bundle"
same "  the same bytes" first "$bundle"
ok "  the umask counts for the bundle's own mode" test "$(stat -c %a "$bundle")" = 600
ok "in another language and time zone" env LC_ALL=C.UTF-8 TZ=Asia/Tokyo firmpack build one --product p --version 1.0 \
    --counter 7 --board zynq-s9:1-3 --key key.key -o "$bundle"
same "  the same bytes" first "$bundle"
ok "over the older bundle" cmp -s first "$bundle"
SOURCE_DATE_EPOCH=1700000001
ok "at another SOURCE_DATE_EPOCH" build one
if cmp -s first "$bundle"; then fail "  other bytes"; else pass "  other bytes"; fi
unset SOURCE_DATE_EPOCH
before=$(date +%s)
ok "without SOURCE_DATE_EPOCH" build one
created=$(manifest | sed -n 's/^created //p')
ok "  it is now" test "$created" -ge "$before" -a "$created" -le "$(date +%s)"
refused "a bad SOURCE_DATE_EPOCH" 2 usage env SOURCE_DATE_EPOCH=yesterday firmpack build one --product p --version 1 \
    --counter 1 --board b --key key.key -o "$bundle"
SOURCE_DATE_EPOCH=1700000000
export SOURCE_DATE_EPOCH
for size in 64K 256K 4M; do
    ok "chunks of $size" build one --chunk-size $size
    ok "  verify" check
done
ok "level 1" build one --level 1
ok "  verifies" check
ok "level 9" build one --level 9
ok "  verifies" check
rm "$bundle"

# --- all of a tree, and nothing else ---
p50=$(printf '%050d' 0)
p49=$(printf '%049d' 0)
mkdir -p odd/a "odd/with space" "odd/$p50/$p50" odd/empty
printf x >odd/a/b
printf x >odd/a-b
printf x >"odd/with space/100%"
printf x >"odd/gr$(printf '\303\274\303\237')e"
printf x >"odd/$(printf 'latin\374')"
printf x >'odd/-dash'
printf x >'odd/unit-a\x2db.slice'
: >odd/nothing
printf 1 >"odd/${p50}${p49}1"                                    # 100 bytes, one component
printf 2 >"odd/$p50/${p49}2"                                     # 100 bytes
printf 3 >"odd/$p50/${p50}3"                                     # 102 bytes: split
mkdir -p "odd/$p50/$p50/${p50}x"                                 # a prefix of 153 bytes
printf 4 >"odd/$p50/$p50/${p50}x/$p50${p50}"                     # 254 bytes, the name exactly 100 of them
mkdir -p "odd/$p50/$p50/${p50}xy"                                # 154 bytes
printf 5 >"odd/$p50/$p50/${p50}xy/$p50${p49}5"                   # 255 bytes: the longest
mkdir -p "odd/$p50/$p50/${p50}xyz/$p50$p49"                      # a directory of 255 bytes, 156 and 99
ok "odd names and the longest paths" build odd
ok "  verify" check
ok "  unpack" firmpack unpack "$bundle" odd.out --pubkey key.pub
ok "  as they were" diff -r odd odd.out
ok "  the longest is 255 bytes" test "$(manifest | awk '$1 == "file" {print length($7)}' | sort -n | tail -1)" -eq 255
manifest | awk '$1 ~ /^(dir|file)$/ {print $NF}' | head -3 >names
printf '%s\n' -dash "$p50" "$p50/$p50" >expected
same "  sorted as bytes" expected names
rm -r odd.out "$bundle"

mkdir void
ok "an empty tree that is meant" build void --allow-empty
ok "  verifies" check
ok "  unpacks" firmpack unpack "$bundle" void.out --pubkey key.pub
ok "  to nothing" rmdir void.out
rm "$bundle"

mkdir long
: >"long/$(printf '%0101d' 0)"
refused "a name of 101 bytes without a place to part it" 3 unsafe-path build long
nothing_left "  leaves nothing"
ok "  or is left out" build long --drop-unsafe --allow-empty
says "  which is said" "$T/.err" "left out: "
rm -r long "$bundle"

mkdir pipes
mkfifo pipes/fifo
refused "a FIFO in the tree" 3 unsafe-path build pipes
says "  the reason is said" "$T/.err" 'refused: "fifo": it is a FIFO'
refused "a FIFO as the tree" 2 usage build pipes/fifo
nothing_left "  leaves nothing"

# --- modes and owners ---
mkdir modes
for mode in 644 600 755 4755 2755; do
    : >"modes/$mode"
    chmod $mode "modes/$mode"
done
mkdir modes/tmp
chmod 1777 modes/tmp
ok "set-id bits" build modes
says "  are taken off, and warned of" "$T/.err" 'warning: "4755": its mode 4755 loses the bits above 0777'
manifest | awk '$1 == "file" || $1 == "dir" {print $2, $NF}' >names
printf '%s\n' '0755 2755' '0755 4755' '0600 600' '0644 644' '0755 755' '0777 tmp' >expected
same "  all other bits are kept" expected names
ok "with --allow-setid" build modes --allow-setid
manifest | awk '$1 == "file" || $1 == "dir" {print $2, $NF}' >names
printf '%s\n' '2755 2755' '4755 4755' '0600 600' '0644 644' '0755 755' '1777 tmp' >expected
same "  all bits are kept" expected names
ok "  and listed" firmpack list "$bundle" --pubkey key.pub
says "  as ls would" "$T/.out" '-rwsr-xr-x     0     0            0 4755'
if [ "$(id -u)" -eq 0 ]; then
    chown 12:34 modes/644
    ok "with --keep-owner" build modes --keep-owner
    ok "  owners are kept" sh -c "tar -xOf '$bundle' manifest | grep -q '^file 0644 12 34 .* 644\$'"
    ok "without" build modes
    ok "  all is root's" sh -c "! tar -xOf '$bundle' manifest | grep -q ' 12 34 '"
else
    skip "owners" "not root"
fi
rm "$bundle"

# --- actions, attachments, keys ---
refused "--write of what is not there" 2 usage build one --write missing=slot
refused "--write of a directory" 2 usage build one --write a.d=slot
refused "--write of a link" 2 usage build one --write link=slot
refused "--run of what is not there" 2 usage build one --run missing=after
nothing_left "  leave nothing"
printf '{}' >sbom.json
ok "actions and attachments" build one --write a=kernel --write a-b=boot --run zz=after --run a=before --attach sbom.json
ok "  verify" check
manifest | grep -E '^(write|run|attach)' | sed 's/ [0-9a-f]\{64\}$//' >names
printf '%s\n' 'attach sbom.json 2' 'write a-b boot' 'write a kernel' 'run a before' 'run zz after' >expected
same "  stand in the format's order" expected names
tar -xOf "$bundle" sbom.json >got
same "  the attachment is there" sbom.json got
printf x >manifest
refused "an attachment with a member's name" 2 usage build one --attach manifest
rm manifest "$bundle"

firmkey generate -o other --no-password >.out
ok "two keys" build one --key other.key
ok "  each signs" check
ok "  the other, too" firmpack check "$bundle" --pubkey other.pub
ok "  the same key twice" sh -c "! firmpack build one --product p --version 1 --counter 1 --board b --key key.key \
    --key key.key -o '$bundle.twice'"
ok "  makes no bundle" test ! -e "$bundle.twice"
rm "$bundle"
umask 077
printf 'correct horse\n' >password
printf 'wrong\n' >wrong
umask 022
if firmkey generate -o sealed --password-file password >.out 2>&1; then
    refused "a wrong password" 4 untrusted-key firmpack build one --product p --version 1 --counter 1 --board b \
        --key sealed.key --password-file wrong -o "$bundle"
    nothing_left "  leaves nothing"
    ok "a sealed key, its password from a descriptor" sh -c 'exec "$@" 5<password' - firmpack build one --product p --version 1 --counter 1 --board b \
        --key sealed.key --password-fd 5 -o "$bundle"
    ok "  verifies" firmpack check "$bundle" --pubkey sealed.pub
    rm "$bundle"
else
    fail "a sealed key is made" "$(cat .out)"
fi
refused "no key" 2 usage firmpack build one --product p --version 1 --counter 1 --board b -o "$bundle"

# --- whole or not at all ---
cp first "$bundle"
refused "a tree that is not there" 1 system build nowhere
same "  leaves the old bundle alone" first "$bundle"
refused "a key that is not there" 1 system build one --key nokey.key
same "  leaves the old bundle alone" first "$bundle"
rm "$bundle"
refused "an output folder that is not there" 1 system firmpack build one --product p --version 1 --counter 1 --board b \
    --key key.key -o nowhere/x.firm.tar
mkdir taken
refused "an output that is a directory" 2 usage firmpack build one --product p --version 1 --counter 1 --board b \
    --key key.key -o taken
ok "  leaves nothing beside it" sh -c '! ls -a | grep -q "^\.firmseal"'

payload=$(wc -c <first)
limited() { # limited BLOCKS ARGUMENT...: under a limit of the size of a file
    sh -c 'ulimit -f "$1"; shift; exec "$@"' - "$1" firmpack build one --product p --version 1 --counter 1 --board b \
        --key key.key -o "$bundle" ${2+"$2"} ${3+"$3"}
}
refused "a limit that the payload hits" 1 system limited $((payload / 1024)) --level 1
nothing_left "  leaves nothing"
noise 1 2000000 >ballast
refused "a limit that only the whole bundle hits" 1 system limited $((payload / 512 + 100)) --attach ballast
nothing_left "  leaves nothing"
cp first "$bundle"
refused "the same over an older bundle" 1 system limited $((payload / 512 + 100)) --attach ballast
same "  leaves the old one alone" first "$bundle"
rm "$bundle"
if unshare -m sh -c "mount -t tmpfs -o size=64k none '$T/out'" 2>/dev/null; then
    for room in 64k $((payload * 3 / 2 / 1024))k; do # the spool does not fit; the spool fits, and the bundle does not
        refused "a full disk of $room" 1 system unshare -m sh -c "mount -t tmpfs -o size=$room none '$T/out' &&
            firmpack build one --product p --version 1 --counter 1 --board b --key key.key -o '$bundle'; status=\$?
            [ -z \"\$(ls -A '$T/out')\" ] || echo LEFT >&2; exit \$status"
        cp "$T/.err" said
        ok "  leaves nothing" sh -c '! grep -q LEFT said'
    done
else
    skip "a full disk" "cannot mount here"
fi

# A build is killed once it has written so and so much; the file that was there stays, or the new one is whole.
mkdir slow
noise 2 30000000 >slow/noise
ok "a longer build" build slow --threads 1
cp "$bundle" whole
cat >killed.py <<'PY'
import glob, os, signal, subprocess, sys
after, command = int(sys.argv[1]), sys.argv[2:]
child = subprocess.Popen(command)
while child.poll() is None:
    try:
        written = int(dict(line.split(": ") for line in open("/proc/%d/io" % child.pid))["wchar"])
    except (OSError, KeyError, ValueError):
        continue
    if written >= after:
        os.kill(child.pid, signal.SIGKILL)
        break
sys.exit(0 if child.wait() == -signal.SIGKILL else 1)
PY
for after in 1 1000000 15000000 29000000; do
    cp first "$bundle"
    ok "killed after $after bytes" python3 killed.py $after firmpack build slow --product p --version 1.0 --counter 7 \
        --board zynq-s9:1-3 --key key.key -o "$bundle" --threads 1
    if cmp -s "$bundle" first || cmp -s "$bundle" whole; then pass "  no half bundle"; else fail "  no half bundle"; fi
done
rm -rf "$T"/out/* "$T"/out/.firmseal-new-*

# --- what is said ---
ok "JSON of a build" build one --json
cp "$T/.out" said
ok "  is JSON, and says what was built" python3 -c '
import json, sys
j = json.load(open(sys.argv[1]))
assert (j["verdict"], j["status"], j["product"], j["counter"]) == ("ok", 0, "p", 7), j
assert len(j["signers"]) == 1 and j["refused"] == [], j' said
refused "JSON of a refusal" 3 unsafe-path build pipes --json
cp "$T/.out" said
ok "  is JSON, and says what was refused" python3 -c '
import json, sys
j = json.load(open(sys.argv[1]))
assert (j["verdict"], j["status"]) == ("unsafe-path", 3), j
assert j["refused"] == [{"path": "fifo", "reason": "it is a FIFO"}], j' said

ok "check, quick" check --quick
ok "check, for its board" check --board zynq-s9:2
ok "check, for its board, any revision" check --board zynq-s9
refused "check, for another revision" 5 wrong-board check --board zynq-s9:4
refused "check, for another board" 5 wrong-board check --board am335x-l3
refused "check, with another key" 4 untrusted-key firmpack check "$bundle" --pubkey other.pub
refused "check without a key" 2 usage firmpack check "$bundle"
ok "check, from a pipe" sh -c 'cat "$1" | firmpack check - --pubkey key.pub' - "$bundle"
ok "check, as JSON" sh -c 'firmpack check "$1" --pubkey key.pub --json | python3 -m json.tool' - "$bundle"
ok "list, as JSON" sh -c 'firmpack list "$1" --pubkey key.pub --json | python3 -m json.tool' - "$bundle"
ok "inspect with a key" firmpack inspect "$bundle" --pubkey key.pub
says "  says who signed" "$T/.out" ': firmseal product:p version:1.0 counter:7'
says "  says when, in UTC" "$T/.out" '2023-11-14T22:13:20Z'
cp "$T/.out" said
ok "  does not call it unverified" sh -c '! grep -q "not verified" said'
ok "inspect without a key" firmpack inspect "$bundle"
cp "$T/.out" said
ok "  calls each line unverified" sh -c '! grep -v "^not verified: " said'
ok "inspect without a key, as JSON" firmpack inspect "$bundle" --json
says "  says so" "$T/.out" '"verified":false'
refused "inspect with another key" 4 untrusted-key firmpack inspect "$bundle" --pubkey other.pub
refused "inspect of something else" 3 not-a-bundle firmpack inspect one/zz
refused "unpack over a full folder" 2 usage firmpack unpack "$bundle" one --pubkey key.pub
