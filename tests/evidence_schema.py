# SPDX-License-Identifier: ISC
"""What the published schemas ask of evidence, in this project's words: required fields, their types and forms.

    evidence_schema.py cyclonedx|dsse|statement FILE

CycloneDX 1.5 (bom-1.5.schema.json), DSSE envelope (protocol 1.0.2), in-toto Statement v1 with SLSA Provenance v1.
Prints nothing and ends with 0, or says what is wrong and ends with 1."""
import base64
import json
import re
import sys

URI = re.compile(r"^[a-z][a-z0-9+.-]*:[^\s\"<>\\^`{|}]+$")
TIME = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$")
HEX = re.compile(r"^([a-f0-9]{32}|[a-f0-9]{40}|[a-f0-9]{64}|[a-f0-9]{96}|[a-f0-9]{128})$")
COMPONENT_TYPES = {"application", "framework", "library", "container", "platform", "operating-system", "device",
                   "device-driver", "firmware", "file", "machine-learning-model", "data"}
COMPONENT_FIELDS = {"type", "mime-type", "bom-ref", "supplier", "author", "publisher", "group", "name", "version",
                    "description", "scope", "hashes", "licenses", "copyright", "cpe", "purl", "swid", "modified", "pedigree",
                    "externalReferences", "components", "evidence", "releaseNotes", "modelCard", "data", "properties",
                    "signature"}
HASHES = {"MD5": 32, "SHA-1": 40, "SHA-256": 64, "SHA-384": 96, "SHA-512": 128, "SHA3-256": 64, "SHA3-384": 96, "SHA3-512": 128,
          "BLAKE2b-256": 64, "BLAKE2b-384": 96, "BLAKE2b-512": 128, "BLAKE3": 64}


def want(condition, what):
    if not condition:
        sys.exit(f"evidence_schema: {what}")


def field(where, name, kind, path):
    want(isinstance(where, dict), f"{path} is no object")
    want(name in where, f"{path}.{name} is required")
    want(isinstance(where[name], kind) and not (kind is int and isinstance(where[name], bool)), f"{path}.{name} is no {kind.__name__}")
    return where[name]


def only(where, names, path):
    want(set(where) <= set(names), f"{path} has unknown fields {set(where) - set(names)}")


def component(c, path, refs):
    only(c, COMPONENT_FIELDS, path)
    want(field(c, "type", str, path) in COMPONENT_TYPES, f"{path}.type")
    want(field(c, "name", str, path) != "", f"{path}.name is empty")
    if "bom-ref" in c:
        want(field(c, "bom-ref", str, path) and c["bom-ref"] not in refs, f"{path}.bom-ref is not unique")
        refs.add(c["bom-ref"])
    if "version" in c:
        field(c, "version", str, path)
    if "purl" in c:
        want(re.match(r"^pkg:[a-z.+-]+/[^\s]+$", field(c, "purl", str, path)), f"{path}.purl")
    for h in c.get("hashes", []):
        only(h, {"alg", "content"}, path)
        want(HASHES.get(field(h, "alg", str, path)) == len(field(h, "content", str, path)) and HEX.match(h["content"]), f"{path}.hashes")


def cyclonedx(text):
    bom = json.loads(text)
    refs = set()
    only(bom, {"$schema", "bomFormat", "specVersion", "serialNumber", "version", "metadata", "components", "services",
               "externalReferences", "dependencies", "compositions", "vulnerabilities", "annotations", "formulation", "properties",
               "signature"}, "bom")
    want(bom.get("$schema") in (None, "http://cyclonedx.org/schema/bom-1.5.schema.json"), "$schema")
    want(field(bom, "bomFormat", str, "bom") == "CycloneDX", "bomFormat")
    want(field(bom, "specVersion", str, "bom") == "1.5", "specVersion")
    want(re.match(r"^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$", bom["serialNumber"]), "serialNumber")
    want(field(bom, "version", int, "bom") >= 1, "version")
    meta = field(bom, "metadata", dict, "bom")
    want(TIME.match(field(meta, "timestamp", str, "metadata")), "metadata.timestamp")
    for i, tool in enumerate(field(field(meta, "tools", dict, "metadata"), "components", list, "tools")):
        component(tool, f"tools[{i}]", refs)
    component(field(meta, "component", dict, "metadata"), "metadata.component", refs)
    for i, c in enumerate(field(bom, "components", list, "bom")):
        component(c, f"components[{i}]", refs)
    want(len({json.dumps(c, sort_keys=True) for c in bom["components"]}) == len(bom["components"]), "components are not unique")


def resource(r, path):
    want(isinstance(r, dict), path)
    want(any(k in r for k in ("uri", "digest", "content")), f"{path} has neither uri, digest nor content")
    if "uri" in r:
        want(URI.match(field(r, "uri", str, path)), f"{path}.uri")
    for k, v in r.get("digest", {}).items():
        want(k and isinstance(v, str) and re.match(r"^[a-f0-9]+$", v), f"{path}.digest")


def statement(text):
    s = json.loads(text)
    only(s, {"_type", "subject", "predicateType", "predicate"}, "statement")
    want(field(s, "_type", str, "statement") == "https://in-toto.io/Statement/v1", "_type")
    want(field(s, "subject", list, "statement"), "subject is empty")
    for i, subject in enumerate(s["subject"]):
        want(field(subject, "digest", dict, f"subject[{i}]"), f"subject[{i}].digest is empty")
        resource(subject, f"subject[{i}]")
    want(field(s, "predicateType", str, "statement") == "https://slsa.dev/provenance/v1", "predicateType")
    p = field(s, "predicate", dict, "statement")
    definition = field(p, "buildDefinition", dict, "predicate")
    want(URI.match(field(definition, "buildType", str, "buildDefinition")), "buildType is no URI")
    field(definition, "externalParameters", dict, "buildDefinition")
    for i, r in enumerate(definition.get("resolvedDependencies", [])):
        resource(r, f"resolvedDependencies[{i}]")
    run = field(p, "runDetails", dict, "predicate")
    want(URI.match(field(field(run, "builder", dict, "runDetails"), "id", str, "builder")), "builder.id is no URI")
    if "startedOn" in run.get("metadata", {}):
        want(TIME.match(run["metadata"]["startedOn"]), "startedOn")
    for i, r in enumerate(run.get("byproducts", [])):
        resource(r, f"byproducts[{i}]")


def dsse(text):
    envelope = json.loads(text)
    want(field(envelope, "payloadType", str, "envelope") == "application/vnd.in-toto+json", "payloadType")
    body = base64.b64decode(field(envelope, "payload", str, "envelope"), validate=True)
    want(field(envelope, "signatures", list, "envelope"), "no signatures")
    for s in envelope["signatures"]:
        want(len(base64.b64decode(field(s, "sig", str, "signature"), validate=True)) == 64, "signature.sig")
    statement(body)


if __name__ == "__main__":
    with open(sys.argv[2], "rb") as file:
        {"cyclonedx": cyclonedx, "dsse": dsse, "statement": statement}[sys.argv[1]](file.read())
