# SPDX-License-Identifier: ISC
"""What a terminal shows after the bytes on standard input: the few sequences that the live table uses, and an error for any other.
    report_screen.py COLUMNS"""
import re
import sys

columns, lines, row, column = int(sys.argv[1]), [""], 0, 0
data = sys.stdin.buffer.read().decode("ascii")
for token in re.findall(r"\x1b\[[0-9;]*[A-Za-z]|\r|\n|[^\x1b\r\n]+|\x1b", data):
    if token == "\n":
        row += 1
    elif token == "\r":
        column = 0
    elif token.startswith("\x1b["):
        number = int(token[2:-1] or 0)
        if token[-1] == "A":
            row -= number
        elif token[-1] == "K":
            lines[row] = lines[row][:column]
        elif token[-1] == "J":
            del lines[row:]
        elif token[-1] != "m":
            sys.exit("unknown sequence %r" % token)
    elif token == "\x1b":
        sys.exit("a bare escape")
    else:
        lines += [""] * (row + 1 - len(lines))
        lines[row] = lines[row].ljust(column)[:column] + token + lines[row][column + len(token):]
        column += len(token)
    lines += [""] * (row + 1 - len(lines))
print("\n".join(lines))
