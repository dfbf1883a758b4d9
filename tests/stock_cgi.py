# SPDX-License-Identifier: ISC
"""A stock board's upgrade.cgi, as far as an uploader can tell: takes the body apart by the arithmetic such boards use.

    stock_cgi.py DIR DIALECT      run by a web server; keeps what it got in DIR

DIR/requests gets a line a request; DIR/received the file that was cut out; DIR/strict says whether the body ended
exactly behind its one part. When DIR/refuse exists, the upload is refused with its text.
"""
import os
import sys

CRLF = b"\r\n"

PAGE = """<?xml version="1.0" encoding="utf-8"?>
<html><head><title>Miner</title>
<script>
function done() { if (0) document.write("<h2>System Upgrade Failed</h2>"); load("/cgi-bin/reboot.cgi"); }
</script></head><body%s>
<p class="skiplink"><a href="#content">Skip to content</a></p>
<h2><a id="content" name="content">%s</a></h2>
<fieldset>%s</fieldset>
</body></html>
"""


def cut(body):
    """The file in BODY: first line the delimiter, headers to an empty line; off the end its length and six."""
    delimiter, _, rest = body.partition(b"\n")
    delimiter = delimiter.rstrip(b"\r")
    while True:
        line, newline, rest = rest.partition(b"\n")
        if not newline:
            return b"", False
        if line in (b"", b"\r"):
            break
    end = CRLF + delimiter + b"--" + CRLF
    size = len(delimiter) + 6
    return rest[:-size], rest.endswith(end) and len(end) == size and rest.count(delimiter) == 1


def answer(dialect, refusal):
    if dialect == "json":
        ok = '{"stats":"success","code":"U000","msg":"OK!"}'
        return "application/json", ok if refusal is None else '{"stats":"error","code":"U003","msg":"%s"}' % refusal
    if dialect == "plain":
        return "text/plain", ("System Upgrade Successed" if refusal is None else refusal) + "\n"
    if refusal is None:
        return "text/html", PAGE % (' onload="done();"', "System Upgrade Successed",
                                    "<span>Rebooting System ...<br />(please wait for 90 seconds)</span>")
    return "text/html", PAGE % ("", "System Upgrade Failed", "<p>\n%s\n</p>" % refusal)


def main():
    folder, dialect = sys.argv[1:]
    body = sys.stdin.buffer.read(int(os.environ.get("CONTENT_LENGTH") or 0))
    with open(folder + "/requests", "a") as file:
        file.write("%s %s\n" % (os.environ["REQUEST_METHOD"], os.environ["SCRIPT_NAME"]))
    if os.environ["REQUEST_METHOD"] == "GET":
        print("Content-Type: text/plain\n\nok")
        return
    received, strict = cut(body)
    with open(folder + "/received", "wb") as file:
        file.write(received)
    with open(folder + "/strict", "w") as file:
        file.write("%s\n" % strict)
    refusal = None
    if os.path.exists(folder + "/refuse"):
        with open(folder + "/refuse") as file:
            refusal = file.read().strip()
    kind, text = answer(dialect, refusal)
    sys.stdout.write("Content-Type: %s\n\n%s" % (kind, text))


main()
