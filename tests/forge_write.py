# SPDX-License-Identifier: ISC
"""Writes the bundles of forge_cases.py."""
import os

import forge
from forge_cases import CASES, base
from forge_damage import IDS

# Section 7; all others are 3, malformed.
STATUS = {"ok": 0, "unsigned": 4, "untrusted-key": 4, "bad-signature": 4, "keyring-gap": 4, "chunk-hash": 4,
          "file-hash": 4, "attachment-hash": 4, "wrong-board": 5}


def pack(case):
    """(manifest, gzip members), with the damage that is signed over."""
    recipe = case.stage("recipe", base())
    stream = recipe.stream()
    length = len(stream)
    chunks = case.stage("chunks", recipe.pack(case.stage("stream", stream)))
    text = b"\n".join(case.stage("lines", recipe.lines(length, chunks))) + b"\n"
    return case.stage("text", text), chunks, sorted(recipe.attachments.items())


def sign_all(folder):
    """{(name, signer): block}, with one call of minisign for each signer."""
    comment, blocks = base().comment(), {}
    for signer in sorted({s for case in CASES for s in case.signers}):
        names = [case.name for case in CASES if signer in case.signers]
        key = {"A": "a", "l": "a"}.get(signer, signer)
        forge.sign_files(f"{folder}/{key}.key", f"{folder}/{key}.pub", [f"{folder}/{name}.manifest" for name in names],
                         "any other words" if signer == "A" else comment, legacy=signer == "l")
        for name in names:
            with open(f"{folder}/{name}.manifest.minisig", "rb") as file:
                blocks[name, signer] = file.read()
            os.unlink(f"{folder}/{name}.manifest.minisig")
    return blocks


def write_all(folder):
    """FOLDER/NAME.firm.tar for each case, keys a, b, c, and FOLDER/table: name, status, verdict, keys, arguments."""
    os.makedirs(folder, exist_ok=True)
    assert len({case.name for case in CASES}) == len(CASES)
    for key in "abc":
        forge.generate(folder, key)
        IDS[key] = forge.key_id(f"{folder}/{key}.pub")
    packed = {}
    for case in CASES:
        packed[case.name] = pack(case)
        with open(f"{folder}/{case.name}.manifest", "wb") as file:
            file.write(packed[case.name][0])
    blocks = sign_all(folder)
    with open(f"{folder}/table", "w", encoding="ascii") as table:
        for case in CASES:
            manifest, chunks, attachments = packed[case.name]
            signature = case.stage("signature", b"".join(blocks[case.name, s] for s in case.signers))
            members = [(b"manifest", manifest), (b"manifest.minisig", signature),
                       (b"payload.tar.gz", b"".join(case.stage("payload", chunks)))] + attachments
            raw = b"".join(case.stage("members", [forge.member(*m) for m in members])) + forge.END
            with open(f"{folder}/{case.name}.firm.tar", "wb") as file:
                file.write(case.stage("raw", raw))
            os.unlink(f"{folder}/{case.name}.manifest")
            print(case.name, STATUS.get(case.verdict, 3), case.verdict, case.keys, case.args, file=table)
