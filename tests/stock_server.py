# SPDX-License-Identifier: ISC
"""A web server that misbehaves on purpose, and records every byte it gets.

    stock_server.py DIR MODE      listens on a free port of 127.0.0.1 and writes its number to DIR/port (a FIFO)

DIR/raw holds all bytes of all connections; DIR/requests a line a request: method, path, Authorization scheme or `-',
Content-Length, and the bytes of the body that came. User and password are root and the first line of DIR/password.
"""
import hashlib
import os
import re
import socket
import struct
import sys
import time

FOLDER, MODE = sys.argv[1], sys.argv[2]
REALM = "antMiner Configuration"
NONCE = "5f3a:0123456789abcdef"
GOOD = b'{"stats":"success","code":"U000","msg":"OK!"}'
BAD = b'{"stats":"error","code":"U001","msg":"wrong-board: made for another board"}'


def note(name, data, how="a"):
    with open(os.path.join(FOLDER, name), how + ("b" if isinstance(data, bytes) else "")) as file:
        file.write(data)


def md5(text):
    return hashlib.md5(text.encode()).hexdigest()


def signal(name, word):
    """Tells the test, which waits at the other end of a FIFO, when there is one."""
    path = os.path.join(FOLDER, name)
    if os.path.exists(path):
        with open(path, "w") as file:
            file.write(word + "\n")


class Request:
    def __init__(self, connection):
        self.connection = connection
        self.rest = b""
        while b"\r\n\r\n" not in self.rest:
            got = connection.recv(65536)
            note("raw", got)
            if not got:
                raise EOFError
            self.rest += got
        head, self.rest = self.rest.split(b"\r\n\r\n", 1)
        lines = head.decode("latin-1").split("\r\n")
        self.method, self.path, _ = lines[0].split(" ")
        self.fields = {k.lower(): v.strip() for k, v in (line.split(":", 1) for line in lines[1:])}
        self.length = int(self.fields.get("content-length", 0))
        self.got = len(self.rest)

    def take(self, until):
        """Reads the body until UNTIL bytes of it are there."""
        while self.got < min(until, self.length):
            got = self.connection.recv(1 << 18)
            if not got:
                break
            note("raw", got)
            self.rest += got
            self.got += len(got)

    def log(self):
        scheme = self.fields.get("authorization", "-").split(" ")[0]
        note("requests", "%s %s %s %d %d\n" % (self.method, self.path, scheme, self.length, self.got))

    def authentic(self):
        value = self.fields.get("authorization", "")
        with open(os.path.join(FOLDER, "password")) as file:
            password = file.readline().rstrip("\n")
        p = {k: a or b for k, a, b in re.findall(r'(\w+)=(?:"([^"]*)"|([^\s,]+))', value)}
        if not value.startswith("Digest ") or p.get("uri") != self.path or p.get("nonce") != NONCE:
            return False
        ha1, ha2 = md5("root:%s:%s" % (p["realm"], password)), md5("%s:%s" % (self.method, self.path))
        want = ":".join([ha1, NONCE, p["nc"], p["cnonce"], p["qop"], ha2])
        return p["username"] == "root" and p["response"] == md5(want)

    def answer(self, status, body=b"", fields=(), length=None):
        length = len(body) if length is None else length
        lines = ["HTTP/1.1 %s" % status, "Content-Length: %d" % length, "Connection: close"]
        self.connection.sendall("\r\n".join(lines + list(fields)).encode() + b"\r\n\r\n" + body)

    def challenge(self, scheme="Digest", realm=REALM, stale=""):
        value = '%s realm="%s"' % (scheme, realm)
        if scheme == "Digest":
            value += ', nonce="%s", qop="auth", algorithm=MD5%s' % (NONCE, stale)
        self.answer("401 Unauthorized", b"who are you?", ["WWW-Authenticate: " + value])

    def reset(self):
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()


def upload(r):
    """What MODE does to a POST with the right password."""
    signal("event", "post")
    if MODE == "reset":
        r.take(r.length // 2)
        r.log()
        return r.reset()
    if MODE == "stall":
        r.log()
        return time.sleep(600)
    if MODE == "early":
        r.log()
        r.answer("413 Payload Too Large")
        return r.take(r.length)
    if MODE == "gate":
        with open(os.path.join(FOLDER, "gate")) as file:
            file.read()
    r.take(r.length)
    r.log()
    if MODE == "gate":
        note("body", r.rest, "w")
    if MODE == "lost":
        return None
    if MODE == "silent":
        return time.sleep(600)
    if MODE == "drip":
        r.answer("200 OK", b"{", length=60000)
        while True:
            time.sleep(0.2)
            r.connection.sendall(b" ")
    simple = {
        "garbage": ("200 OK", b"\x1b[2J<marquee>hello"),
        "huge": ("200 OK", b" " * (1 << 20)),
        "redirect": ("302 Found", b"", ["Location: /cgi-bin/elsewhere.cgi"]),
        "oops": ("500 Internal Server Error", GOOD),
        "rejected": ("200 OK", BAD, ["Firmseal-Verdict: wrong-board"]),
        "liar": ("200 OK", GOOD, ["Firmseal-Verdict: bad-signature"]),
        "sealed": ("200 OK", GOOD, ["Firmseal-Verdict: ok"]),
    }
    if MODE == "cut":
        return r.answer("200 OK", GOOD[:20], length=len(GOOD))
    if MODE == "again":
        return r.challenge(stale=", stale=true")
    return r.answer(*simple.get(MODE, ("200 OK", GOOD)))


def serve(r):
    if r.method == "POST" and (MODE == "open" or r.authentic()):
        return upload(r)
    r.take(r.length)
    r.log()
    if MODE == "open":
        return r.answer("200 OK", b"{}")
    if MODE == "basic":
        return r.challenge("Basic")
    if MODE == "foreign":
        return r.challenge(realm="router\x1b[2J")
    if MODE == "stale":
        return r.challenge(stale=", stale=true")
    if not r.authentic():
        return r.challenge()
    if MODE == "moved":
        return r.answer("302 Found", b"", ["Location: http://127.0.0.2/"])
    if r.path == "/cgi-bin/reboot.cgi" and MODE == "dies":
        return r.reset()
    if r.path == "/cgi-bin/reboot.cgi" and MODE == "stays":
        return r.answer("404 Not Found")
    return r.answer("200 OK", b"{}")


def main():
    for name in "raw", "requests":
        note(name, "", "w")
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 16) # so that a client cannot be far ahead of us
    listener.bind(("127.0.0.1", 0))
    listener.listen(8)
    with open(os.path.join(FOLDER, "port"), "w") as file:
        file.write("%d\n" % listener.getsockname()[1])
    while True:
        connection, _ = listener.accept()
        note("connections", "one\n")
        try:
            serve(Request(connection))
        except (EOFError, OSError):
            pass
        connection.close()


main()
