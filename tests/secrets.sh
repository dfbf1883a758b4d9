#!/bin/sh
# SPDX-License-Identifier: ISC
# Promise: passwords and secret keys do not leak: not onto the terminal, into /proc, into messages, into a core dump.
set -eu
. "$(dirname "$0")/lib.sh"
need python3
cd "$T"
python3 "$TESTS/secrets.py"
