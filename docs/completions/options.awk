# SPDX-License-Identifier: ISC
# Reads what `generate' makes of a program's help: verbs[1..nverbs], help[VERB], options[VERB] (parted by spaces), and for each
# takes[VERB, OPTION]: "" no value, "file", or "value".
function note(verb, option, value) {
    if (index(" " options[verb] " ", " " option " ") == 0)
        options[verb] = options[verb] (options[verb] == "" ? "" : " ") option
    if (value != "")
        takes[verb, option] = value
}

# An option's value stands one space behind it, and begins with a capital letter or a digit.
function scan(verb, text,    option, rest, word) {
    while (match(text, /(^|[^A-Za-z0-9-])--?[a-z][a-z-]*/)) {
        option = substr(text, RSTART, RLENGTH)
        rest = substr(text, RSTART + RLENGTH)
        sub(/^[^-]/, "", option)
        word = ""
        if (match(rest, /^ [A-Z0-9][A-Za-z0-9:.=|-]*/))
            word = substr(rest, 2, RLENGTH - 1)
        if (option ~ /^--/ || option ~ /^-[a-z]$/)
            note(verb, option, word == "" ? "" : option == "-o" || word ~ /FILE|KEY|OUT|DIR|PUB|BUNDLE|PROGRAM|DEVICE|TARGET|LEDGER|PLAN/ ? "file" : "value")
        text = rest
    }
}

$1 == "verb" {
    verb = $2
    verbs[++nverbs] = verb
    sub(/^verb [^ ]+ /, "")
    gsub(/['"\\`$]/, "")
    help[verb] = $0
    next
}
{
    sub(/^line /, "")
    scan(verb, $0)
}
