# SPDX-License-Identifier: ISC
"""Runs the ```console blocks of a document, in order, in the current folder, and compares what is said with what the document shows.

    ceremony.py check DOC    says each command that answers otherwise
    ceremony.py fill DOC     writes the answers into the document

Key ids are new in each run: both sides have them replaced by the names under which the keys were made. Lines of a keyring that are sorted by
key are compared as a set."""
import re
import subprocess
import sys


def blocks(lines):
    """[(command, [answer lines], index of the line behind the answer)], commands in blocks of the kind `console'."""
    out, inside = [], False
    for i, line in enumerate(lines):
        if line.startswith("```"):
            inside = line == "```console"
        elif inside and line.startswith("$ "):
            out.append((line[2:], [], i))
        elif inside:
            out[-1][1].append(line)
    return out


def names(text):
    return {key: name for key, name in re.findall(r"^key ([0-9A-F]{16}): (\S+)\.key is secret", text, re.M)}


def plain(answer, known):
    text = re.sub(r"[0-9A-F]{16}", lambda m: "<" + known.get(m.group(), "?") + ">", "\n".join(answer))
    out, run = [], []
    for line in text.split("\n"):
        if run and line.split(" ")[:3] != run[0].split(" ")[:3]:
            out, run = out + sorted(run), []
        if re.match(r"  (root|release|revoked) ", line):
            run.append(line)
        else:
            out.append(line)
    return out + sorted(run)


def main():
    with open(sys.argv[2], encoding="utf-8") as file:
        lines = file.read().split("\n")
    shown = blocks(lines)
    got = []
    for command, _, _ in shown:
        done = subprocess.run(["sh", "-c", command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
                              encoding="utf-8")
        answer = done.stdout.split("\n")[:-1]
        refused = any(re.match(r"firm[a-z]+: [a-z-]+: ", line) for line in answer)
        if (done.returncode != 0) != refused:
            sys.exit(f"`{command}' ended with status {done.returncode}: {done.stdout}")
        got.append(answer)
    if sys.argv[1] == "fill":
        for (_, old, at), answer in reversed(list(zip(shown, got))):
            lines[at + 1:at + 1 + len(old)] = answer
        with open(sys.argv[2], "w", encoding="utf-8") as file:
            file.write("\n".join(lines))
        return
    said = names("\n".join("\n".join(answer) for _, answer, _ in shown))
    real = names("\n".join("\n".join(answer) for answer in got))
    wrong = 0
    for (command, answer, _), ours in zip(shown, got):
        if plain(answer, said) != plain(ours, real):
            wrong += 1
            print(f"$ {command}", *["- " + line for line in answer], *["+ " + line for line in ours], sep="\n")
    print(f"{len(shown)} commands, {wrong} differ")
    sys.exit(wrong > 0 or not shown)


main()
