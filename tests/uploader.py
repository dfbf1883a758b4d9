# SPDX-License-Identifier: ISC
"""An upload that can be stopped in the middle: draws a Digest challenge (RFC 7616, MD5), posts the head and the first bytes of a
multipart body, says "held" on standard output, and then does what standard input says, a line each:

    more N    sends N further bytes         rest   sends all that is left, and prints the answer
    drip N S  sends N bytes, one every S seconds, until nobody takes them
    answer    prints the answer as it is    cut    hangs up

    uploader.py HOST PORT PATH USER PASSWORD-FILE FILE BYTES"""
import hashlib
import http.client
import os
import re
import socket
import sys
import time


def md5(text):
    return hashlib.md5(text.encode()).hexdigest()


def authorization(host, port, path, user, password):
    asked = http.client.HTTPConnection(host, port, timeout=30)
    asked.request("GET", path)
    challenge = asked.getresponse().getheader("WWW-Authenticate")
    asked.close()
    realm, nonce = (re.search(rf'{word}="([^"]*)"', challenge).group(1) for word in ("realm", "nonce"))
    cnonce = os.urandom(8).hex()
    response = md5(f'{md5(f"{user}:{realm}:{password}")}:{nonce}:00000001:{cnonce}:auth:{md5(f"POST:{path}")}')
    return (f'Digest username="{user}", realm="{realm}", nonce="{nonce}", uri="{path}", algorithm=MD5, qop=auth, '
            f'nc=00000001, cnonce="{cnonce}", response="{response}"')


def answer(sock):
    sock.settimeout(60)
    got = b""
    try:
        while piece := sock.recv(65536):
            got += piece
    except OSError:
        pass
    print(got.decode("latin-1"), flush=True)


def main():
    host, port, path, user, password_file, file, first = sys.argv[1:]
    with open(password_file, encoding="ascii") as f:
        password = f.readline().rstrip("\n")
    with open(file, "rb") as f:
        content = f.read()
    body = (b'--a-boundary\r\nContent-Disposition: form-data; name="datafile"; filename="x"\r\n\r\n' + content
            + b"\r\n--a-boundary--\r\n")
    head = (f"POST {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nContent-Length: {len(body)}\r\n"
            f"Content-Type: multipart/form-data; boundary=a-boundary\r\n"
            f"Authorization: {authorization(host, int(port), path, user, password)}\r\n\r\n").encode()
    sock = socket.create_connection((host, int(port)), 30)
    sock.sendall(head + body[:int(first)])
    at = int(first)
    print("held", flush=True)
    for line in sys.stdin:
        word, *numbers = line.split()
        if word in ("more", "rest"):
            end = at + int(numbers[0]) if word == "more" else len(body)
            sock.sendall(body[at:end])
            at = end
        elif word == "drip":
            try:
                for _ in range(int(numbers[0])):
                    sock.sendall(body[at:at + 1])
                    at += 1
                    time.sleep(float(numbers[1]))  # a slow client is what this is
            except OSError:
                pass
        if word in ("rest", "drip", "answer"):
            answer(sock)
        if word == "cut":
            sock.close()
        print("done", flush=True)


main()
