# SPDX-License-Identifier: ISC
"""What secrets.sh asserts: firmkey on a terminal of its own, and looked at from outside while it holds a password."""
import fcntl
import os
import pty
import resource
import select
import signal
import struct
import subprocess
import sys
import termios

PASSWORD = "korrekt pferd 7731"
FIRMKEY = os.path.join(os.environ["BUILD"], "firmkey")
failed = False


def check(what, good, detail=""):
    global failed
    print(("ok - " if good else "not ok - ") + what)
    if not good:
        failed = True
        print("#   %r" % (detail,))


def cheaper():
    """Too little memory for scrypt's full cost, which is then lowered; a sanitizer needs it all."""
    if not os.environ.get("SAN"):
        resource.setrlimit(resource.RLIMIT_AS, (100_000_000, 100_000_000))


def waiting(pipe):
    """Bytes in the pipe that nobody has read yet."""
    return struct.unpack("i", fcntl.ioctl(pipe, termios.FIONREAD, b"\0\0\0\0"))[0]


class Terminal:
    """firmkey with a new controlling terminal, whose other end is here."""

    def __init__(self, *arguments):
        self.pid, self.end = pty.fork()
        if self.pid == 0:
            # As a shell on a terminal would: what runs in the background inherits some of them ignored.
            for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGHUP, signal.SIGTSTP):
                signal.signal(number, signal.SIG_DFL)
            cheaper()
            os.execv(FIRMKEY, ["firmkey", *arguments])
        self.seen = b""
        self.at = 0

    def wait_for(self, text):
        """Reads until TEXT comes, behind what has been waited for already."""
        while text.encode() not in self.seen[self.at:]:
            if not select.select([self.end], [], [], 30)[0]:
                raise TimeoutError("%r never came, only %r" % (text, self.seen))
            self.seen += os.read(self.end, 4096)
        self.at = self.seen.index(text.encode(), self.at) + len(text)

    def echoes(self):
        return bool(termios.tcgetattr(self.end)[3] & termios.ECHO)

    def type(self, line):
        os.write(self.end, line.encode() + b"\n")

    def finish(self):
        """Reads to the end. Returns the status as subprocess gives it, and all that was on the terminal."""
        while True:
            try:
                more = os.read(self.end, 4096)
            except OSError:
                break
            if not more:
                break
            self.seen += more
        status = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        os.close(self.end)
        return status, self.seen.decode()


def on_a_terminal():
    t = Terminal("generate", "-o", "typed", "--low-memory")
    t.wait_for("New password: ")
    check("the terminal does not echo a password", not t.echoes())
    t.type(PASSWORD)
    t.wait_for("once more: ")
    check("nor its second entry", not t.echoes())
    t.type(PASSWORD)
    t.wait_for("\n")
    check("the echo is back afterwards", t.echoes())
    status, seen = t.finish()
    check("a key is made with a typed password", status == 0 and os.path.exists("typed.key"), seen)
    check("the password was never on the screen", "pferd" not in seen, seen)

    t = Terminal("sign", "file", "-k", "typed.key")
    t.wait_for("Password for typed.key: ")
    t.type(PASSWORD)
    status, seen = t.finish()
    check("a typed password opens the key", status == 0, seen)
    t = Terminal("sign", "file", "-k", "typed.key")
    t.wait_for("Password for typed.key: ")
    t.type("x" * 2000)
    status, seen = t.finish()
    check("a password that is too long is refused: usage", status == 2 and ": usage: " in seen, seen)

    t = Terminal("generate", "-o", "differ", "--low-memory")
    t.wait_for("New password: ")
    t.type(PASSWORD)
    t.wait_for("once more: ")
    t.type(PASSWORD + "1")
    status, seen = t.finish()
    check("two entries that differ are refused: usage", status == 2 and ": usage: " in seen, seen)
    t = Terminal("generate", "-o", "differ", "--low-memory")
    t.wait_for("New password: ")
    t.type("")
    t.wait_for("once more: ")
    t.type("")
    status, seen = t.finish()
    check("an empty new password is refused: usage", status == 2 and ": usage: " in seen, seen)


def signals():
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
        t = Terminal("generate", "-o", "broken-off", "--low-memory")
        t.wait_for("New password: ")
        quiet = not t.echoes()
        os.kill(t.pid, number)
        t.wait_for("\n")
        check("%s gives the echo back" % number.name, quiet and t.echoes())
        status, _ = t.finish()
        check("and then ends the program", status == -number, status)
    # There is no shell that could continue it here, so the kernel lets the stop pass; the question must come again.
    t = Terminal("generate", "-o", "stopped", "--low-memory")
    t.wait_for("New password: ")
    os.kill(t.pid, signal.SIGTSTP)
    t.wait_for("New password: ")
    check("after a stop it asks again, without echo", not t.echoes())
    t.type(PASSWORD)
    t.wait_for("once more: ")
    t.type(PASSWORD)
    status, seen = t.finish()
    check("and goes on", status == 0, seen)
    left = [n for n in os.listdir(".") if n.startswith(("broken-off", "differ", ".firmseal"))]
    check("nothing is left of what was broken off", not left, left)


def without_a_terminal():
    done = subprocess.run([FIRMKEY, "generate", "-o", "none"], capture_output=True, text=True, start_new_session=True)
    check("without a terminal it does not ask: usage",
          done.returncode == 2 and ": usage: no terminal" in done.stderr, done)


def from_outside():
    ours, theirs = os.pipe()
    p = subprocess.Popen([FIRMKEY, "generate", "-o", "piped", "--low-memory", "--password-fd", str(ours)], pass_fds=[ours],
                         stdout=subprocess.PIPE, stderr=subprocess.PIPE, preexec_fn=cheaper)
    os.close(ours)
    os.write(theirs, PASSWORD.encode())
    while waiting(theirs) > 0 and p.poll() is None:  # once it has read that, it holds it, and waits for the newline
        os.sched_yield()
    for name in ("cmdline", "environ"):
        try:
            with open("/proc/%d/%s" % (p.pid, name), "rb") as f:
                text = f.read()
        except PermissionError:  # the process is closed to all but root
            text = b""
        check("the password is not in /proc/PID/" + name, b"pferd" not in text, text)
    with open("/proc/%d/limits" % p.pid) as f:
        core = [line for line in f if line.startswith("Max core file size")]
    check("it may write no core dump", core and core[0].split()[4:6] == ["0", "0"], core)
    os.write(theirs, b"\n")
    os.close(theirs)
    out, err = p.communicate()
    check("it makes the key", p.returncode == 0, err)
    check("and says nothing of the password", b"pferd" not in out + err, out + err)


def in_messages():
    subprocess.run([FIRMKEY, "generate", "-o", "bare", "--no-password"], check=True, stdout=subprocess.DEVNULL)
    with open("bare.key") as f:
        comment, secret, _ = f.read().split("\n")
    with open("damaged.key", "w") as f:
        f.write("%s\n%s\n" % (comment, secret[:100] + ("A" if secret[100] != "A" else "B") + secret[101:]))
    with open("joined.key", "w") as f:
        f.write(secret + comment)
    commands = [["show", "bare.key"], ["show", "--json", "bare.key", "damaged.key", "joined.key"],
                ["sign", "file", "-k", "bare.key"], ["sign", "file", "-k", "damaged.key"],
                ["sign", "file", "-k", "joined.key"], ["verify", "file", "-p", "bare.key"],
                ["password", "bare.key", "--no-password"],
                ["sign", "file", "-k", "bare.key", "--password-fd", PASSWORD]]
    for command in commands:
        done = subprocess.run([FIRMKEY, *command], capture_output=True, text=True)
        said = done.stdout + done.stderr
        # A key's seed begins behind 62 bytes, at character 83.
        leaks = [at for at in range(83, 168 - 8) if secret[at:at + 8] in said]
        check("no secret is told by: %s" % " ".join(command[:2]), said and not leaks and "pferd" not in said, said)


open("file", "w").close()
on_a_terminal()
signals()
without_a_terminal()
from_outside()
in_messages()
sys.exit(1 if failed else 0)
