#!/bin/sh
# SPDX-License-Identifier: ISC
# Promise: what a technician does with a card is said by the board's profile, in English and in Russian, and fits on one printed page.
set -eu
. "$(dirname "$0")/lib.sh"
need python3
cd "$T"
boards=$TESTS/../boards

cat >look.py <<'PY'
import html.parser, json, sys
steps = json.load(open("json"))["steps"]
text = open("text").read()
page = open("page").read()
assert len(steps) >= 8
words = [s["act"] for s in steps]
assert words[0] == "power-off" and words[-1] == "reflash" and "network-alone" in words
assert words.index("insert") < words.index("power-on") < words.index("remove"), "never a hot card"
assert words.count("jumper") == words.count("jumper-back")
for i, s in enumerate(steps):
    assert "@" not in s["text"] and s["text"] in page and "%2d. %s\n" % (i + 1, s["text"]) in text, s
    assert s.get("argument", "") in s["text"]
assert any(c > "\u0400" for c in text) == (sys.argv[1] == "ru")
class Parser(html.parser.HTMLParser):
    open_tags = []
    def handle_starttag(self, tag, attributes):
        assert tag in ("html", "head", "meta", "title", "style", "body", "h1", "h2", "p", "code", "ol", "ul", "li", "table", "tr", "td", "b", "br"), tag
        for key, value in attributes:
            assert key in ("lang", "charset", "class"), "nothing to load"
        if tag not in ("meta", "br"):
            self.open_tags.append(tag)
    def handle_endtag(self, tag):
        assert self.open_tags.pop() == tag
p = Parser()
p.feed(page)
p.close()
assert not p.open_tags
PY
browser=$(command -v chromium || command -v chromium-browser || command -v google-chrome || :)
# pages FILE: on how many pages it comes out of the printer, or "" without a browser that starts.
pages() {
    cp "$1" page.html && rm -f page.pdf
    [ -z "$browser" ] || timeout 60 "$browser" --headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking \
        --disable-component-update --disable-sync --host-resolver-rules='MAP * ~NOTFOUND' --user-data-dir="$T/profile" \
        --no-pdf-header-footer --print-to-pdf="$T/page.pdf" "file://$T/page.html" >browser.log 2>&1 || :
    [ ! -s page.pdf ] || grep -aoE '/Count [0-9]+' page.pdf | cut -d ' ' -f 2
}
echo '<p style="page-break-after:always">x<p>y' >two
if [ "$(pages two)" = 2 ]; then printer=yes; else printer=no; fi
for profile in "$boards"/*.board; do
    board=$(basename "$profile" .board)
    if ! grep -q '^card tree' "$profile"; then
        refused "$board: no way is known, and no steps are made up" 5 wrong-board firmflash card --steps --board "$board"
        continue
    fi
    for lang in en ru; do
        firmflash card --steps --board "$board" --lang $lang >text
        firmflash card --steps --board "$board" --lang $lang --json >json
        firmflash card --sheet --board "$board" --lang $lang >page
        ok "$board: steps and sheet in $lang" python3 look.py $lang
        [ $printer = no ] || ok '  and the sheet is one page' test "$(pages page)" -eq 1
    done
done
[ $printer = yes ] || skip 'the sheets on paper' 'no chromium here that prints'
firmflash card --steps --board am335x-l3 >text
ok 'an AM335x board: the network cable comes out before the power goes on' \
    sh -c 'test "$(grep -n Unplug text | cut -d : -f 1)" -lt "$(grep -n "power on" text | head -n 1 | cut -d : -f 1)"'
for board in zynq-s17 zynq-s19; do
    ok "$board: that its way into the card is inferred is said in the steps" sh -c "firmflash card --steps --board $board | grep -q '^  - .* is inferred from related ones, not known'"
    ok '  and on the sheet, in Russian, too' sh -c "firmflash card --sheet --board $board --lang ru | grep -q '^<li>.* предположено по родственным платам'"
    ok '  and as JSON' sh -c "firmflash card --steps --board $board --json | grep -q '\"entry_inferred\": *true'"
done
firmflash card --steps --board zynq-s9 | { grep -i inferred || :; } | nothing 'zynq-s9: its jumper was read off the board, and nothing is inferred'
mkdir profiles
sed 's/^card inferred entry/card inferred layout/' "$boards/zynq-s19.board" >profiles/zynq-s19.board
refused 'a profile that infers something else' 2 usage firmflash card --steps --board zynq-s19 --boards profiles
ok 'zynq-s9: what to do when the LEDs do nothing' sh -c "firmflash card --steps --board zynq-s9 | grep -q '^  - If the LEDs do not change'"
firmflash card --steps --board am335x-l3 | { grep 'LEDs do not change' || :; } | nothing 'am335x-l3: its LEDs are not waited for, and nothing is said of them'
refused 'another language' 2 usage firmflash card --steps --board zynq-s9 --lang de
refused 'no board' 2 usage firmflash card --sheet
