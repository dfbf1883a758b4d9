# SPDX-License-Identifier: ISC
"""A web server that misbehaves on purpose, and records every byte it gets.

    stock_server.py DIR MODE      listens on a free port of 127.0.0.1 and writes its number to DIR/port (a FIFO)

MODE may be a way to log in (LOGINS), with a good board behind it. DIR/raw holds all bytes of all connections; DIR/requests a line a request: method, path, Authorization scheme or `-',
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
USES = {}  # of each nonce
NONCE = "5f3a:0123456789abcdef"
GOOD = b'{"stats":"success","code":"U000","msg":"OK!"}'
# A way to log in: the challenges, each (scheme, realm or None, parameters); whether a nonce is good for one request only.
LOGINS = {
    "one-use": ([("Digest", None, 'qop="auth", algorithm=MD5')], True),
    "no-qop": ([("Digest", None, "")], False),
    "one-use-no-qop": ([("Digest", None, "")], True),
    "md5-sess": ([("Digest", None, 'qop="auth,auth-int", algorithm=MD5-sess, opaque="o p"')], False),
    "sha256": ([("Digest", None, 'qop="auth", algorithm=SHA-256')], False),
    "sha256-sess": ([("Digest", None, 'qop="auth", algorithm=SHA-256-sess')], True),
    "userhash": ([("Digest", None, 'qop="auth", algorithm=SHA-256, userhash=true, charset=UTF-8')], False),
    "several": ([("Negotiate", None, None), ("Digest", "router", 'qop="auth"'), ("Digest", None, 'qop="auth", algorithm=SHA-512-256'),
                 ("Digest", None, 'qop="auth", algorithm=MD5'), ("Basic", None, None)], False),
    "auth-int": ([("Digest", None, 'qop="auth-int", algorithm=MD5')], False),
    "broken": ([('"x", Digest', None, 'qop="auth", algorithm=MD5')], False),
    "unknown-hash": ([("Digest", None, 'qop="auth", algorithm=SHA-512-256')], False),
}
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

    def logged_in(self):
        """As RFC 7616 section 3.4 has it: one of the challenges, answered. Returns what is to be answered: None, or stale or not."""
        p = dict(re.findall(r'(\w+)=(?:"?)([^",]*)(?:"?)', self.fields.get("authorization", "")[7:]))
        challenges, one_use = LOGINS[MODE]
        if not self.fields.get("authorization", "").startswith("Digest ") or p["nonce"] not in USES:
            return "false"
        named = p.get("algorithm", "MD5")
        mine = [m for s, realm, m in challenges if m is not None and (realm or REALM) == p["realm"] == REALM and (
            ("algorithm=" + named) in m if "algorithm" in p else "algorithm" not in m)]
        if not mine or named not in ("MD5", "MD5-sess", "SHA-256", "SHA-256-sess"):
            return "false"
        h = lambda text: hashlib.new("sha256" if "256" in named else "md5", text.encode()).hexdigest()
        with open(os.path.join(FOLDER, "password")) as file:
            ha1 = h("root:%s:%s" % (REALM, file.readline().rstrip("\n")))
        user = h("root:" + REALM) if "userhash" in mine[0] else "root"
        if named.endswith("-sess"):
            ha1 = h("%s:%s:%s" % (ha1, p["nonce"], p["cnonce"]))
        ha2 = h("%s:%s" % (self.method, self.path))
        if "qop" in mine[0]:
            want = h(":".join([ha1, p["nonce"], p["nc"], p["cnonce"], "auth", ha2])) if p.get("qop") == "auth" else None
        else:
            want = h(":".join([ha1, p["nonce"], ha2])) if not {"qop", "nc", "cnonce"} & set(p) else None
        if p["uri"] != self.path or p["username"] != user or p["response"] != want or ("opaque" in mine[0]) != ("opaque" in p):
            return "false"
        USES[p["nonce"]] += 1
        if "qop" in mine[0] and not one_use and int(p["nc"], 16) != USES[p["nonce"]]:
            return "false"
        return "true" if one_use and USES[p["nonce"]] > 1 else None

    def challenge_by(self, stale):
        nonce = os.urandom(12).hex()
        USES[nonce] = 0
        values = []
        for scheme, realm, more in LOGINS[MODE][0]:
            value = scheme if scheme == "Negotiate" else '%s realm="%s"' % (scheme, realm or REALM)
            values.append(value if more is None else ", ".join(filter(None, [value, 'nonce="%s"' % nonce, more, "stale=" + stale])))
        fields = ["WWW-Authenticate: " + values[0]]  # some in fields of their own, the others in one
        if values[1:]:
            fields.append("WWW-Authenticate: " + ", ".join(values[1:]))
        self.answer("401 Unauthorized", b"who are you?", fields)

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


def serve_login(r):
    refused = r.logged_in()
    r.take(r.length)
    r.log()
    return r.challenge_by(refused) if refused else r.answer("200 OK", GOOD)


def serve(r):
    if MODE in LOGINS:
        return serve_login(r)
    if r.method == "POST" and (MODE == "open" or r.authentic()):
        return upload(r)
    r.take(r.length)
    r.log()
    if MODE == "open":
        return r.answer("200 OK", b"{}")
    if MODE == "basic":
        return r.challenge("Basic")
    if MODE == "foreign":
        return r.challenge(realm="router\u00e9")
    if MODE == "control":
        return r.challenge(realm="antMiner\x1b[2J")
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
