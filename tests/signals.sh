#!/bin/sh
# SPDX-License-Identifier: ISC
# Promise: a signal, at whatever system call it comes, leaves nothing half-made and nothing hidden behind: what is there is whole.
set -eu
. "$(dirname "$0")/lib.sh"
need strace
[ -z "${SAN:-}" ] || { skip 'signals' 'strace and sanitizers do not go together'; exit 0; }
cd "$T"
firmkey generate -o key --no-password >.out
mkdir -p tree/dir
seq 1000 >tree/dir/file
: >tree/empty
ln -s dir tree/link
firmpack build tree --product p --version 1 --counter 1 --board b --key key.key -o bundle --quiet
calls=openat,write,pwrite64,fsync,renameat,renameat2,linkat,unlinkat,mkdirat,symlinkat,fchmod,fchmodat,utimensat,copy_file_range

# every WHAT WHOLE COMMAND...: runs the command once for each such system call of its main thread, with a signal at it. WHOLE: a command
# that says whether the names in the folder `here', given to it, are those of a whole result.
every() {
    what=$1 whole=$2
    shift 2
    n=1 bad='' kinds=
    for signal in TERM INT; do
        n=1
        while :; do
            rm -rf here
            mkdir here
            status=0
            strace -f -qq -o strace.log -e trace=$calls -e "inject=$calls:signal=$signal:when=$n" "$@" >.out 2>.err || status=$?
            grep -q -- "--- SIG$signal " strace.log || break
            left=$(ls -A here | paste -sd ' ' -)
            case " $left" in *' .'*) bad="$bad; $signal at call $n left $left" ;; esac
            if [ -n "$left" ] && ! $whole "$left"; then bad="$bad; $signal at call $n left $left"; fi
            n=$((n + 1))
        done
        kinds="$kinds $((n - 1))"
        [ "$status" -eq 0 ] || bad="$bad; it fails without a signal: $(cat .err)"
    done
    if [ -z "$bad" ]; then pass "$what, at each of$kinds calls"; else fail "$what" "$bad"; fi
}

whole_key() { [ "$1" = k.pub ] || { [ "$1" = 'k.key k.pub' ] && firmkey show here/k.key >.shown && firmkey show here/k.pub >.shown; }; }
whole_bundle() { [ "$1" = x ] && firmverify check here/x --pubkey key.pub >.shown; }
whole_tree() { [ "$1" = x ] && diff -r tree here/x; }
whole_names() { [ "$1" = 'x x.minisig' ] || [ "$1" = x ]; }
whole_file() { [ -s "here/$1" ]; }

every 'a key is generated' whole_key firmkey generate -o here/k --no-password
every 'a secret key is exported' whole_file firmkey export key.key --secret --form pem -o here/x
every 'a bundle is built' whole_bundle firmpack build tree --product p --version 1 --counter 1 --board b --key key.key -o here/x --quiet --threads 1
tar -cf tree.tar -C tree .
every 'a bundle is built of an archive' whole_bundle firmpack build tree.tar --product p --version 1 --counter 1 --board b --key key.key -o here/x --quiet \
    --threads 1
every 'a manifest is detached' whole_names firmpack detach bundle -o here/x
every 'a bundle is unpacked' whole_tree firmverify unpack bundle here/x --pubkey key.pub --quiet

# --- one that is ignored (nohup) stops nothing ---
rm -rf here
mkdir here
ok 'an ignored signal stops nothing' sh -c 'trap "" TERM; exec strace -f -qq -o strace.log -e trace=write -e inject=write:signal=TERM:when=1+ "$@"' - \
    firmverify unpack bundle here/x --pubkey key.pub --quiet
ok '  and the tree is whole' diff -r tree here/x
