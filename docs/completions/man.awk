# SPDX-License-Identifier: ISC
# The verbs as an mdoc list: each with its synopsis as it stands in the help.
function escaped(text) {
    gsub(/\\/, "\\e", text)
    gsub(/-/, "\\-", text)
    if (text ~ /^[.']/)
        text = "\\\&" text
    return text
}

function finish() {
    if (inside)
        print ".Ed"
}

$1 == "verb" {
    finish()
    inside = 0
    if (!started)
        print ".Bl -tag -width Ds"
    started = 1
    print ".It Cm " $2
    sub(/^verb [^ ]+ /, "")
    print escaped($0) "."
    next
}
{
    sub(/^line /, "")
    sub(/ +$/, "")
    if (!inside)
        print ".Bd -literal -compact"
    inside = 1
    print escaped($0)
}
END {
    finish()
    if (started)
        print ".El"
}
