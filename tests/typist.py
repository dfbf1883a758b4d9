# SPDX-License-Identifier: ISC
"""A person at a serial line, which is the pair of pipes LINE.in and LINE.out: for each answer, waits for the question, then for EVENT in the
log, when one is given, and types.
    typist.py LINE QUESTION LOG ANSWER[@EVENT]..."""
import os
import select
import sys
import time

line, question, log = sys.argv[1], sys.argv[2].encode(), sys.argv[3]
end = time.monotonic() + 900 * float(os.environ.get("TEST_PATIENCE", "1"))  # the one limit of a wait
seen = b""
hear = os.open(line + ".out", os.O_RDONLY | os.O_NONBLOCK)
say = os.open(line + ".in", os.O_RDWR)


def left():
    if time.monotonic() > end:
        sys.exit("nobody asks any more, after %r" % seen)
    return end - time.monotonic()


def happened(event):
    with open(log, "rb") as f:
        return event.encode() in f.read()


for word in sys.argv[4:]:
    answer, _, event = word.partition("@")
    while question not in seen:
        if select.select([hear], [], [], left())[0]:
            seen += os.read(hear, 4096) or (time.sleep(0.02) or b"")
    seen = seen.split(question, 1)[1]
    while event and not happened(event):
        left()
        time.sleep(0.05)
    os.write(say, answer.encode() + b"\n")
