#!/bin/sh
# SPDX-License-Identifier: ISC
# Promise: what is wrong with a command line is said in one line, which names it, and is not buried beneath a page of help.
set -eu
. "$(dirname "$0")/lib.sh"
cd "$T"

firmkey generate -o key --no-password >.log
mkdir tree
echo x >tree/file
build() { firmpack build tree --product p --version 1 --counter 3 --board zynq-s9 "$@"; }
build --key key.key -o b.firm.tar --quiet

# says WHAT TEXT COMMAND...: a usage error whose first line has TEXT, and of no more than seven lines
says() {
    what=$1 text=$2
    shift 2
    got=0
    "$@" >out 2>err </dev/null || got=$?
    if [ "$got" -eq 2 ] && head -n 1 err | grep -q ': usage: ' && head -n 1 err | grep -qF -- "$text" && [ "$(wc -l <err)" -le 7 ] &&
        [ ! -s out ]; then
        pass "$what: usage"
    else
        fail "$what: usage" "exit $got: $*" "$(cat out err)"
    fi
}

# --- options, of all programs alike ---
for command in 'firmpack build' 'firmpack check' 'firmpack attach' 'firmpack countersign' 'firmkey generate' 'firmkey sign' 'firmkey show' \
    'firmkey password' 'firmkey import' 'firmkey verify' 'firmkey keyring create' 'firmkey keyring next' 'firmverify install' \
    'firmverify status' 'firmverify audit' 'firmverify cgi' 'firmflash push' 'firmflash scan' 'firmflash plan' 'firmflash apply' \
    'firmflash report' 'firmflash status' 'firmflash boards' 'firmflash card' 'firmflash cards' 'firmsim run'; do
    says "$command, an option that there is not" 'there is no option --frobnicate' $command --frobnicate=1
done
says 'a letter that is none' 'there is no option -x' firmkey sign -xk key.key
says 'a letter without its value' 'option -k lacks its value' firmkey sign tree/file -k
says 'an option without its value' 'option --pubkey lacks its value' firmpack check b.firm.tar --pubkey
says 'an option with a value that it has no use for' 'option --json takes no value' firmpack check b.firm.tar --json=yes
says 'an option that could be several' '--p' firmpack build tree --p x
says "another verb's option" "\`apply' has no --lift" firmflash apply plan --lift
says 'a number that is none' '--counter' build --counter -1 --key key.key -o c
says 'a number out of bounds' 'from 1 to 9' build --level 10 --key key.key -o c
says 'one bundle too few' 'want OLD and NEW' firmpack diff b.firm.tar --pubkey key.pub
says 'a verb that there is not' "there is no verb \`frobnicate'" firmpack frobnicate

# --- help, wherever it is asked for ---
for help in 'firmpack -h' 'firmpack build -h' 'firmpack build --help' 'firmkey keyring create --help' 'firmverify --help' 'firmflash help'; do
    ok "$help" $help
done
for program in firmpack firmkey firmverify firmflash firmsim; do
    # In a column of their own: two blanks, a verb, blanks up to one place.
    $program --help | grep '^  [a-z]' | sed 's/^\(  [a-z-]*  *\).*/\1/' | awk '{print length}' | sort -u | sed 1d | nothing "$program: its verbs stand in columns"
done

# --- keyrings ---
for n in 1 2; do firmkey generate -o "root-$n" --no-password >.log; done
says 'more signing roots than roots' 'of 1 root at least 2 cannot sign' firmkey keyring create -o ring --threshold 2 root-1.pub
firmkey keyring create -o ring root-1.pub >.log
says 'a keyring over another' 'ring is there already' firmkey keyring create -o ring root-1.pub
says 'a root twice' 'is a root already' firmkey keyring add-root ring root-1.pub
says 'a root that signs bundles' 'is a root, which signs keyrings' firmkey keyring add-release ring root-1.pub --product p --board '*'
firmkey keyring add-release ring key.pub --product p --board '*' >.log
says 'a release key that signs keyrings' 'signs bundles' firmkey keyring add-root ring key.pub
says 'a star in the middle' "with \`*' behind it" firmkey keyring add-release ring key.pub --product p --board 'a*b'
says 'the same twice' 'may sign p for * already' firmkey keyring add-release ring key.pub --product p --board '*'

# --- names ---
says 'a bundle onto standard output' "\`-' is no name here" build --key key.key -o -
says 'a bundle in place of a device' 'no regular file' build --key key.key -o /dev/null
ok '  which stays one' test -c /dev/null
# As on NFS, whose rename knows no flags.
if [ -z "${SAN:-}" ] && strace -o /dev/null true 2>/dev/null; then
    ok 'a keyring where no rename spares what is there' strace -o /dev/null -e inject=renameat2:error=EINVAL firmkey keyring create -o nfs root-1.pub
    ok '  is there' firmkey keyring show nfs
    says '  and is spared' 'nfs is there already' strace -o /dev/null -e inject=renameat2:error=EINVAL firmkey keyring create -o nfs root-2.pub
    find . -name '.firmseal-new-*' | nothing '  nothing is left beside it'
else
    skip 'a keyring where no rename spares what is there' 'strace cannot trace here'
fi
says 'a ledger that is there already' 'firmflash resume' sh -c '
    printf "firmseal-credentials 1\n" >cr && chmod 600 cr && echo hush >pw && chmod 600 pw &&
    printf "mac,address,board\n02:00:00:00:00:01,127.0.0.1:1,zynq-s9\n" >inv.csv &&
    firmpack build tree --product p --version 1 --counter 3 --board zynq-s9 --key key.key -o s9 --quiet &&
    firmflash plan s9 inv.csv --pubkey key.pub -o plan >/dev/null 2>&1 && : >ledger &&
    exec firmflash apply plan --ledger ledger --pubkey key.pub --password-file pw'
refused 'a ledger that is not there' 1 system firmflash status nowhere
cp .err err
ok '  by its name' grep -q nowhere err
says 'a ledger that is something else' 'pw is no ledger' firmflash status pw
says 'states that no board ends badly in' 'states to retry' firmflash retry pw --state success
says 'an inventory that is a password' 'this is not an inventory' firmflash plan s9 pw --pubkey key.pub
ok "  and it is not repeated" sh -c "! grep -q hush err"
refused 'a key that is a note' 3 malformed-keyring firmkey show pw
cp .err err
ok '  in words that fit' grep -q 'neither a key nor a signature' err
