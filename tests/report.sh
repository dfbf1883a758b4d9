#!/bin/sh
# SPDX-License-Identifier: ISC
# Promise: the HTML report is one file that loads nothing, whatever boards say of themselves, and shows every state; the
# other forms are what their readers take.
set -eu
. "$(dirname "$0")/lib.sh"
need python3

sample() { "$BUILD/tests/test_report" "$1"; } # the made-up rollout of tests/report_sample.h
states='waiting probed eligible uploading accepted rebooting up version healthy soaked asking success already skipped rejected failed unknown
    needs-card'

for form in html json csv junit metrics; do ok "$form is written" sh -c '"$1" "$2" >"$3"' sh "$BUILD/tests/test_report" $form "$T/$form"; done
ok "JSON, JUnit and CSV are read back, a board each" python3 - "$T" <<'PY'
import csv, json, sys, xml.etree.ElementTree
folder = sys.argv[1]
report = json.load(open(folder + "/json"))
suite = xml.etree.ElementTree.parse(folder + "/junit").getroot()
rows = list(csv.DictReader(open(folder + "/csv", newline="")))
n = len(report["devices"])
assert n == len(rows) == len(suite.findall("testcase")) == int(suite.get("tests")), n
assert sum(report["states"].values()) == n
assert int(suite.get("failures")) == len(suite.findall(".//failure")) > 0
assert int(suite.get("errors")) == len(suite.findall(".//error")) == report["states"]["unknown"]
assert [r["mac"] for r in rows] == [d["mac"] for d in report["devices"]]
assert not any(value.startswith(("=", "+", "-", "@")) for row in rows for value in row.values())
PY
ok "metrics: every line is a comment or a sample" python3 - "$T/metrics" <<'PY'
import re, sys
for line in open(sys.argv[1]):
    assert re.fullmatch(r'# (HELP|TYPE) firmseal_\w+ .+|firmseal_\w+(\{(\w+="([^"\\]|\\.)*",?)+\})? [-+0-9.e]+', line.rstrip("\n")), line
PY
sample html >"$T/again"
same "the same rollout gives the same page" "$T/html" "$T/again"

# --- the live table, on a terminal of 90 columns ---
cat >"$T/terminal.py" <<'PY'
import fcntl, os, pty, struct, sys, termios
pid, fd = pty.fork()
if pid == 0:
    fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 90, 0, 0))
    os.execv(sys.argv[1], [sys.argv[1], "live"])
out = b""
while True:
    try:
        got = os.read(fd, 65536)
    except OSError:
        break
    if not got:
        break
    out += got
os.waitpid(pid, 0)
sys.stdout.buffer.write(out)
PY
python3 "$T/terminal.py" "$BUILD/tests/test_report" >"$T/live"
ok "drawn twice, the table stands there once" sh -c 'python3 "$1" 90 <"$2" >"$3"; test "$(grep -c "^all " "$3")" -eq 1' \
    sh "$TESTS/report_screen.py" "$T/live" "$T/screen"
ok "with its waves, what is left, and the failures" sh -c 'grep -q "^  3  *240 .*halted" "$1" && grep -q "left" "$1" && grep -q "^failures: .*refused 2, busy 2" "$1" && grep -q "^in progress: .* uploading, .* rebooting" "$1"' \
    sh "$T/screen"
ok "no line is broken" awk 'length > 89 { exit 1 }' "$T/screen"
ok "in colour" grep -q '\[32m' "$T/live"
NO_COLOR=1 python3 "$T/terminal.py" "$BUILD/tests/test_report" >"$T/plain"
grep -o '\[[0-9]*m' "$T/plain" | nothing "without colour when NO_COLOR says so"
sample live >"$T/log"
ok "in a log, a line and no escape" sh -c 'test "$(wc -l <"$1")" -eq 1 && ! grep -q "$(printf "\033")" "$1"' sh "$T/log"

# --- in a browser ---
browser=$(command -v chromium || command -v chromium-browser || command -v google-chrome || :)
if [ -z "$browser" ]; then
    skip "the page in a browser" "no chromium here"
    exit 0
fi
look() { # PAGE NETLOG: the page as the browser has it; no name is ever looked up
    timeout 60 "$browser" --headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking \
        --disable-component-update --disable-sync --host-resolver-rules='MAP * ~NOTFOUND' --user-data-dir="$T/profile.$$" \
        --log-net-log="$2" --dump-dom "file://$1" 2>/dev/null
}
cp "$T/html" "$T/report.html"
printf '<!DOCTYPE html><p>x<img src="http://evil.example/p.png">' >"$T/control.html"
look "$T/control.html" "$T/control.net" >"$T/control.dom" || :
if ! grep -q '<p>x' "$T/control.dom"; then
    skip "the page in a browser" "chromium does not start here"
    exit 0
fi
ok "a page that loads something is found out" grep -q 'evil\.example' "$T/control.net"
look "$T/report.html" "$T/report.net" >"$T/report.dom"
grep -o '"[a-z]*://[^"]*evil[^"]*"' "$T/report.net" | nothing "the report asks nobody for anything"
missing=
for state in $states; do
    grep -q "data-state=\"$state\"" "$T/report.dom" && grep -q "<span class=\"s-$state\"[^>]*><b>[0-9.]*</b>$state</span>" "$T/report.dom" ||
        missing="$missing $state"
done
echo "$missing" | tr -d '\n' | nothing "every state is there, with its colour and its word"
ok "and every board, each in its rack" [ "$(grep -o '<span class="s-[a-z-]*" title=' "$T/report.dom" | wc -l)" -eq 360 ]
grep -oE '<(script|img|iframe|object|embed|link)[ >]' "$T/report.dom" | nothing "no element that loads or runs"
ok "the hostile board is there, as text" grep -q '&lt;script src=' "$T/report.dom"
