#!/bin/sh
# SPDX-License-Identifier: ISC
# Promise: a card is made of what a keyring's roots allow, and of nothing else; and a card in the drawer whose key was revoked since is found.
set -eu
. "$(dirname "$0")/lib.sh"
cd "$T"

for key in root release stranger; do firmkey generate -o $key --no-password >.log 2>&1; done
mkdir -p tree/card
head -c 100000 /dev/urandom >tree/card/BOOT.BIN
pack() { firmpack build tree --product "$1" --version 1 --counter "$2" --board zynq-s9 --key "$3.key" -o "$4" --quiet; }
pack miner 4 release good
pack other 4 release foreign
pack miner 4 stranger strange
firmkey keyring create -o ring root.pub >.log
firmkey keyring add-release ring release.pub --product miner --board 'zynq-*' >.log
ok 'a keyring is signed' firmkey keyring sign ring -k root.key

card() { firmflash card "$1" "$2" --board zynq-s9 --keyring "$3" --quiet; }
none() { # none WHAT VERDICT BUNDLE RING
    refused "$1" 4 "$2" card "$3" none.img "$4"
    ok '  and there is no card' test ! -e none.img
}
ok 'a card of what it allows' card good good.img ring
ok '  and it is right' firmflash card --verify good.img --keyring ring
none 'of a product that the key is not for' untrusted-key foreign ring
none 'of a stranger' untrusted-key strange ring
refused 'by a key in the place of a keyring' 3 malformed-keyring card good none.img release.pub
ok '  and there is no card' test ! -e none.img

firmkey keyring next ring -o floor >.log
firmkey keyring floor floor miner 9 >.log
firmkey keyring sign floor -k root.key >.log
refused 'of an image below the floor' 5 rollback card good none.img floor
ok '  and there is no card' test ! -e none.img
refused '  nor is one in the drawer right any more' 5 rollback firmflash card --verify good.img --keyring floor

firmkey keyring next ring -o later >.log
firmkey keyring revoke later release.pub >.log
firmkey keyring sign later -k root.key >.log
none 'of a key that was revoked' revoked-key good later
refused '  nor is a card in the drawer right any more' 4 revoked-key firmflash card --verify good.img --keyring later
