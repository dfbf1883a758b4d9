#!/bin/sh
# SPDX-License-Identifier: ISC
# Promise: what docs/cards.md shows is what happens.
set -eu
. "$(dirname "$0")/lib.sh"
need python3
cd "$T"
mkdir -p tree/card
seq 100000 >tree/card/BOOT.BIN
seq 300000 >tree/card/uImage
seq 10 >tree/card/uEnv.txt
firmkey generate -o release --no-password >.log 2>&1
cat >run.py <<'PY'
import re, subprocess, sys
page = open(sys.argv[1]).read()
blocks = re.findall(r"```console\n(.*?)```", page, re.S)
steps = []
for block in blocks:
    for line in block.splitlines():
        if line.startswith("$ "):
            steps.append([line[2:], ""])
        else:
            steps[-1][1] += line + "\n"
for number, (command, expected) in enumerate(steps):
    got = subprocess.run(["sh", "-c", command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    text = re.sub(r"\b[0-9A-F]{16}\b", "KEYID", got.stdout)
    text = re.sub(r"files, [0-9]+ bytes", "files, N bytes", text) + ("[status %d]\n" % got.returncode if got.returncode else "")
    print(("ok" if text == expected else "not ok") + " - " + command[:100])
    if text != expected:
        print("".join("#   %s\n" % line for line in text.splitlines()))
PY
python3 run.py "$TESTS/../docs/cards.md" >results
cat results
ok 'all of it' test "$(grep -c '^ok' results)" -eq 7
grep -oE '\{"[a-z]+", (true|false), on_' "$TESTS/../boards/card.c" | cut -d '"' -f 2 >directives
ok 'the directives of a profile are known' test "$(wc -l <directives)" -ge 10
while read -r word; do
    grep -q "^| .*\`card $word[ \`]" "$TESTS/../docs/cards.md" || echo "$word"
done <directives | nothing '  and docs/cards.md has each of them'
