# SPDX-License-Identifier: ISC
"""Takes the commands of one job out of a pipeline's file: `run: |` blocks of a GitHub job, the `script:` list of a GitLab one.

    pipeline.py FILE JOB

Only the shapes that the examples use are understood; anything else ends with status 1, so that nothing is passed over."""
import re
import sys


def indent(line):
    return len(line) - len(line.lstrip(" "))


def block(lines, start):
    """The lines behind START that are indented deeper than it, and where they end."""
    depth, i = indent(lines[start]), start + 1
    while i < len(lines) and (not lines[i].strip() or indent(lines[i]) > depth):
        i += 1
    return lines[start + 1:i], i


def dedent(lines):
    depth = min(indent(line) for line in lines if line.strip())
    return [line[depth:] for line in lines]


def job_lines(lines, name):
    for i, line in enumerate(lines):
        if re.fullmatch(rf" {{0,2}}{name}:", line):
            return block(lines, i)[0]
    sys.exit(f"pipeline: there is no job {name}")


def github(lines):
    out = []
    for i, line in enumerate(lines):
        if re.match(r"\s+(- )?run:", line):
            if line.strip() == "run:":  # defaults
                continue
            if line.strip() != "run: |":
                sys.exit(f"pipeline: not understood: {line}")
            out += dedent(block(lines, i)[0])
    return out


def gitlab(lines):
    start = next(i for i, line in enumerate(lines) if line.strip() == "script:")
    items, out = dedent(block(lines, start)[0]), []
    i = 0
    while i < len(items):
        if not items[i].strip():
            i += 1
        elif items[i] == "- |":
            body, i = block(items, i)
            out += dedent(body)
        elif items[i].startswith("- ") and items[i][2:].strip():
            out.append(items[i][2:])
            i += 1
        else:
            sys.exit(f"pipeline: not understood: {items[i]}")
    return out


def main():
    with open(sys.argv[1], encoding="ascii") as file:
        lines = file.read().split("\n")
    body = job_lines(lines, sys.argv[2])
    commands = (github if "github" in sys.argv[1] else gitlab)(body)
    if not commands:
        sys.exit("pipeline: no commands")
    print("\n".join(commands))


if __name__ == "__main__":
    main()
