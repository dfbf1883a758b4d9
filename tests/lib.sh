# SPDX-License-Identifier: ISC
# What every promise's script stands on: a fresh folder, counted assertions, processes ended by their pid.
# Source it first: . "$(dirname "$0")/lib.sh"

: "${BUILD:=$(cd "$(dirname "$0")/.." && pwd)/build}"
TESTS=$(cd "$(dirname "$0")" && pwd)
PATH=$BUILD:/usr/sbin:/sbin:$PATH
export BUILD PATH
T=$(mktemp -d "${TMPDIR:-/tmp}/firmseal-test.XXXXXX")
export T
umask 022
unset SOURCE_DATE_EPOCH
failures=0
children=

# Every process that `background` started, and the folder, go with the script.
at_exit() {
    status=$?
    trap - EXIT INT TERM
    for child in $children; do
        kill "$child" 2>/dev/null && wait "$child" 2>/dev/null
    done
    if [ "${KEEP:-0}" = 1 ]; then echo "# kept: $T"; else chmod -R u+rwX "$T" 2>/dev/null; rm -rf "$T"; fi
    if [ "$status" -eq 0 ] && [ "$failures" -gt 0 ]; then status=1; fi
    exit "$status"
}
trap at_exit EXIT
trap 'exit 130' INT TERM

pass() { echo "ok - $1"; }
fail() {
    echo "not ok - $1"
    shift
    for line; do printf '%s\n' "$line" | sed 's/^/#   /'; done
    failures=$((failures + 1))
}

# ok WHAT COMMAND...: passes when it exits 0.
ok() {
    what=$1
    shift
    if "$@" >"$T/.out" 2>"$T/.err"; then pass "$what"; else fail "$what" "exit $?: $*" "$(tail -n 20 "$T/.out" "$T/.err")"; fi
}

# refused WHAT STATUS VERDICT COMMAND...: passes when it exits with STATUS and says ": VERDICT: " on standard error.
refused() {
    what=$1 want=$2 word=$3
    shift 3
    got=0
    "$@" >"$T/.out" 2>"$T/.err" || got=$?
    if [ "$got" -eq "$want" ] && grep -q ": $word: " "$T/.err"; then
        pass "$what: $word"
    else
        fail "$what: $word" "exit $got, wanted $want: $*" "$(tail -n 20 "$T/.err")"
    fi
}

# explains WHAT PATTERN: passes when standard error of the last `ok' or `refused' has a line like that.
explains() { if grep -q -e "$2" "$T/.err"; then pass "$1"; else fail "$1" "wanted $2" "$(tail -n 20 "$T/.err")"; fi; }

# same WHAT A B: passes when both files hold the same bytes.
same() { if cmp -s "$2" "$3"; then pass "$1"; else fail "$1" "$2 and $3 differ"; fi; }

# nothing WHAT: passes when standard input is empty.
nothing() {
    found=$(cat)
    if [ -z "$found" ]; then pass "$1"; else fail "$1" "$found"; fi
}

# skip WHAT REASON: counted apart.
skip() { echo "skip - $1: $2"; }

# need TOOL...: the rest of the script is skipped without them.
need() {
    for tool; do
        command -v "$tool" >/dev/null 2>&1 || { skip "$(basename "$0" .sh)" "no $tool here"; exit 0; }
    done
}

# A port that is free on 127.0.0.1 just now.
port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

# private TEXT FILE: a line that only its owner may read, as password files are wanted.
private() { (umask 077 && printf '%s\n' "$1" >"$2") }

# background COMMAND...: starts it; its pid is in $child, and it is ended with the script.
background() {
    "$@" &
    child=$!
    children="$children $child"
}

# answers PORT: waits, at most two minutes, until somebody accepts connections there.
answers() {
    python3 - "$1" <<'PY'
import socket, sys, time
end = time.monotonic() + 120
while True:
    try:
        socket.create_connection(("127.0.0.1", int(sys.argv[1])), 1).close()
        break
    except OSError:
        if time.monotonic() > end:
            sys.exit(1)
        time.sleep(0.02)
PY
}

# farm OPTION...: a simulated farm (docs/simulator.md) with the password in $T/password, at ports that were free: $http and $api. Its control
# socket is $T/control, its process $farm, what it said when it was ready $ready.
farm() {
    [ -p "$T/ready" ] || mkfifo "$T/ready"
    rm -f "$T/control"
    # The redirection within: opening the pipe waits for the other end.
    # shellcheck disable=SC2016 # for the shell that runs it
    background sh -c 'exec "$@" >"$0"' "$T/ready" firmsim run --http-port 0 --api-port 0 --password-file "$T/password" \
        --control "$T/control" --boot-ms 30 --leave-ms 5 "$@"
    farm=$child
    read -r ready <"$T/ready"
    http=$(echo "$ready" | sed 's/.*"http_port":\([0-9]*\).*/\1/')
    api=$(echo "$ready" | sed 's/.*"api_port":\([0-9]*\).*/\1/')
}

# Ends that farm, which must end well.
end_farm() {
    kill "$farm"
    wait "$farm" || fail "the simulator ends as it should" "status $?"
    children=$(echo "$children" | sed "s/ $farm\$//")
}
