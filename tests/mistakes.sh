#!/bin/sh
# SPDX-License-Identifier: ISC
# Promise: nothing is signed by mistake. A tree, a name or a board that looks wrong is refused before the key is opened, unless a flag says that
# it is meant; and the message says what to write instead.
set -eu
. "$(dirname "$0")/lib.sh"
cd "$T"

firmkey generate -o key --no-password >/dev/null 2>&1
mkdir -p tree/card outer empty
echo new >tree/version
echo image >tree/card/BOOT.BIN
cp -r tree outer/tree
tar czf outer.tgz -C outer tree
ln outer/tree/version outer/tree/again
tar cf linked.tar -C outer tree
rm outer/tree/again
tar cf two.tar -C outer tree -C .. empty
build() { # build INPUT OPTION...
    input=$1
    shift
    firmpack build "$input" --product p --counter 1 --key key.key -o b "$@"
}
good() { build "$@" --version 1 --board zynq-s9; }
holds() { firmpack list b --pubkey key.pub --json | grep -q "\"path\":\"$1\""; }

# --- the tree ---
for input in outer outer.tgz; do
    refused "$input: a folder around the real one" 2 usage good $input
    explains '  with its name, and what to do' 'in the folder "tree".*--strip 1 .*--allow-folder'
    ok '  taken off' good $input --strip 1
    ok '  its files lie where a board looks' holds card/BOOT.BIN
    ok '  or kept' good $input --allow-folder
    ok '  and then they lie below it' holds tree/card/BOOT.BIN
done
ok 'a hard link within the folder' good linked.tar --strip 1
ok '  is a file' holds again
refused 'more folders off than there are' 2 usage good outer --strip 2
refused '  of an archive' 3 unsafe-path good outer.tgz --strip 2
refused 'something beside the folder' 3 unsafe-path good two.tar --strip 1
explains '  which is named' '"empty": it does not lie in the folder that --strip 1 takes off'
refused 'an empty tree' 2 usage good empty
explains '  with the way out' '--allow-empty'
ok '  that is meant' good empty --allow-empty
mv tree/version version
ok 'a folder that a board knows is not one around the real one' good tree
mv version tree/version
mkdir -p named/image && echo x >named/image/kernel
refused 'a folder of any other name' 2 usage good named
ok '  but one that --write names' good named --write image/kernel=kernel

# --- names ---
named() { build tree --board zynq-s9 --version "$@"; }
rm -f b
refused 'a version with a character that is not allowed' 2 usage named '1.0~rc1'
explains '  which is named, with those that are, and another version' "\"~\" is not allowed; expected: 1 to 64 letters, digits and . _ + - only, such as .1.0-rc1'"
refused 'a version that is too long' 2 usage named "$(printf '%065d' 0)"
for version in --quiet -o; do refused "a version like an option, $version" 2 usage named $version; done
for version in .. ./x .1; do refused "a version like a path, $version" 2 usage named $version; done
refused 'a version like a file' 2 usage named s9.firm.tar
refused 'a product like a file' 2 usage build tree --version 1 --board zynq-s9 --product key.pub
refused 'a board like an option' 2 usage build tree --version 1 --board --json
explains '  with the way out' '--allow-names'
ok '  one that is meant' named .1 --allow-names

# --- boards ---
board() { build tree --version 1 --board "$@"; }
for id in zynqs9 zynq-s8 zynq_s9 Zynq-s9 zynq-s9:1-2x; do refused "a board like $id" 2 usage board $id; done
rm -f b
refused 'a board that is almost a known one' 2 usage board zynqs9
explains '  which is named' 'almost zynq-s9; expected: --board zynq-s9, or --allow-board'
ok '  and nothing is written' test ! -e b
ok '  one that is meant' board zynqs9 --allow-board
ok 'a board that nothing is known of' board somebodys
explains '  is warned of' 'warning: "somebodys": no board is known by this id'
mkdir boards && sed "s/^board .*/board somebodys/" "$TESTS/../boards/zynq-s9.board" >boards/somebodys.board
ok 'with profiles of its own' board somebodys --boards boards
nothing '  it is not' <.err
refused '  which know others' 2 usage board somebody --boards boards
refused '  and must be there' 1 system board somebodys --boards nowhere
