#!/bin/sh
# SPDX-License-Identifier: ISC
# Promise: only the exact format is accepted. Each case of forge_cases.py gets the verdict that stands beside it there,
# from both programs that check bundles; and one that fails half way leaves nothing on disk.
set -eu
. "$(dirname "$0")/lib.sh"
need python3 minisign

python3 "$TESTS/forge.py" cases "$T/cases"

# verdict WHAT STATUS VERDICT COMMAND...
verdict() {
    if [ "$2" -eq 0 ]; then
        verdict_what=$1
        shift 3
        ok "$verdict_what" "$@"
    else
        refused "$@"
    fi
}

# What cannot be seen before some of the tree has been handed out.
is_late() {
    case $1 in
    chunk-* | payload-mismatch | file-hash | attachment-hash | trailing-data | truncated) return 0 ;;
    *) return 1 ;;
    esac
}

mkdir "$T/out"
while read -r name status word keys arguments <&3; do
    bundle=$T/cases/$name.firm.tar
    set -- "$bundle"
    for key in a b c; do
        case $keys in *$key*) set -- "$@" --pubkey "$T/cases/$key.pub" ;; esac
    done
    # shellcheck disable=SC2086 # several words, or none
    verdict "firmverify check, $name" "$status" "$word" firmverify check "$@" $arguments
    [ -z "$arguments" ] || continue
    verdict "firmpack check, $name" "$status" "$word" firmpack check "$@"
    is_late "$word" || continue
    shift
    refused "firmverify unpack, $name" "$status" "$word" firmverify unpack "$bundle" "$T/out/tree" "$@"
    ok "nothing is left of $name" rmdir "$T/out"
    mkdir -p "$T/out"
done 3<"$T/cases/table"
