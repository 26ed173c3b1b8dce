#!/usr/bin/env python3
"""Verifies a glassbox bundle (a folder) without any code of glassbox: written from proto/FORMAT.md, standard library only.

usage: oracle.py BUNDLE [--key FILE.vkey] [--unsigned]

Prints one line a check. Exit status: 0 when all passed, 1 when one failed. Ed25519 is the openssl program's. With --key the bundle
must be signed by that key; --unsigned accepts a bundle without a signature. Everything that is not as FORMAT.md says is a failure:
this is a test's judge and knows no "could not tell".
"""
import base64
import hashlib
import json
import os
import re
import struct
import subprocess
import sys
import tempfile


class Bad(Exception):
    """Something contradicts FORMAT.md."""


def need(condition, *why):
    if not condition:
        raise Bad(" ".join(str(w) for w in why))


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def be64(n):
    return struct.pack(">Q", n)


# --- Section 1: framing -------------------------------------------------------------------------------------------------------

def _crc_table():
    table = []
    for n in range(256):
        for _ in range(8):
            n = n >> 1 ^ (0x82F63B78 if n & 1 else 0)
        table.append(n)
    return table


CRC_TABLE = _crc_table()


def masked_crc(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc = CRC_TABLE[(crc ^ byte) & 255] ^ crc >> 8
    crc ^= 0xFFFFFFFF
    return (((crc >> 15 | crc << 17) & 0xFFFFFFFF) + 0xA282EAD8) & 0xFFFFFFFF


def tfrecords(data, limit):
    at = 0
    while at < len(data):
        need(len(data) - at >= 16, "byte", at, ": a torn record")
        length, length_crc = struct.unpack_from("<QI", data, at)
        need(length_crc == masked_crc(data[at:at + 8]), "byte", at, ": CRC of the length")
        need(length <= limit, "byte", at, ": over the limit")
        need(len(data) - at >= 16 + length, "byte", at, ": a torn record")
        body = data[at + 12:at + 12 + length]
        need(struct.unpack_from("<I", data, at + 12 + length)[0] == masked_crc(body), "byte", at, ": CRC of the data")
        yield body
        at += 16 + length


# --- Section 1: protobuf, one encoding ----------------------------------------------------------------------------------------
# A field is (name, type, how): type is uint, bool, fixed64, bytes, string, a tuple of the values of an enum, or a message's name;
# how is "" (left out where it is the default), "one" (member of a oneof), "many" or "packed" (numbers; a double is its 64 bits).

ENUM = tuple


def _plain(*fields):
    return {n: (name, kind, "") for n, name, kind in fields}


def _one(**fields):
    return {n: (name, kind, "one") for name, (n, kind) in fields.items()}


KINDS = {
    1: "stream-start", 2: "run-start", 3: "run-end", 4: "stream-end", 5: "seal", 6: "gap", 7: "heartbeat", 10: "place", 11: "root",
    12: "name", 13: "arg", 14: "config", 15: "param", 16: "var", 20: "code", 21: "git", 30: "declaration", 31: "data", 32: "data-files",
    33: "artifact", 40: "host", 41: "system", 42: "device", 43: "process", 44: "usage", 45: "package", 46: "library", 47: "limits", 48: "container", 49: "interpreter",
    50: "metric", 60: "console",
}
NEVER_WITHHELD = set(range(1, 8))
BODY_OF = {
    1: "StreamStart", 2: "RunStart", 3: "RunEnd", 4: "StreamEnd", 5: "Seal", 6: "Gap", 7: "Heartbeat", 10: "Place", 11: "Root",
    12: "Name", 13: "Argument", 14: "Config", 15: "Parameter", 16: "Variable", 20: "Code", 21: "Git", 30: "Declaration", 31: "Dataset",
    32: "DatasetFiles", 33: "Artifact", 40: "Host", 41: "System", 42: "Device", 43: "Process", 44: "Usage", 45: "Package", 46: "Library", 47: "Limits", 48: "Container",
    49: "Interpreter",
    50: "Metric", 60: "Console",
}
SCHEMA = {
    "Frame": _plain((1, "entry", "bytes"), (2, "salt", "bytes"), (3, "body", "bytes")),
    "Entry": _plain((1, "seq", "uint"), (2, "prev", "bytes"), (3, "time", "fixed64"), (4, "kind", ENUM([0, *KINDS])),
                    (5, "commitment", "bytes")),
    "Body": {n: (str(n), name, "one") for n, name in BODY_OF.items()},
    "Head": _plain((1, "stream", "bytes"), (2, "size", "uint"), (3, "root", "bytes")),
    "Ref": _plain((1, "stream", "bytes"), (2, "seq", "uint")),
    "Path": _plain((1, "root", "string"), (2, "path", "bytes")),
    "Blob": _plain((1, "sha256", "bytes"), (2, "size", "uint")),
    "StreamStart": _plain((1, "format", "uint32"), (2, "stream", "bytes"), (3, "run", "bytes"), (4, "writer", ENUM(range(3))),
                          (5, "role", ENUM(range(3))), (6, "follows", "Head")),
    "RunStart": _plain((1, "recorder", "string")),
    "RunEnd": _one(exit=(1, "uint32"), signal=(2, "uint32"), not_started=(3, "uint32")) |
              _plain((4, "core", "bool"), (5, "started", "fixed64"), (6, "ended", "fixed64")),
    "StreamEnd": _plain((1, "sealable", "bool")),
    "Seal": _plain((1, "state", ENUM(range(5))), (2, "streams", "uint"), (3, "root", "bytes")),
    "Gap": _plain((1, "kind", ENUM([*range(21)])), (2, "reason", ENUM([*range(25), 26, 28, 29])), (3, "count", "uint"), (4, "place", "Ref"),
                  (5, "record", "Ref"), (6, "bytes", "uint")),
    "Heartbeat": _plain((1, "seconds", "uint")),
    "Place": _one(paths=(1, "PathList"), option=(2, "string"), address=(3, "string")),
    "PathList": {1: ("root", "string", ""), 2: ("path", "bytes", "many"), 3: ("more", "uint", "")},
    "Root": _plain((1, "name", "string"), (2, "path", "bytes")),
    "Name": _plain((1, "name", "string")),
    "Argument": _plain((1, "index", "uint32")) | _one(value=(2, "bytes"), blob=(3, "Blob")),
    "Config": _plain((1, "path", "Path"), (2, "format", "string"), (3, "content", "Blob"), (4, "in_head", "bool")),
    "Parameter": _plain((1, "name", "string"), (8, "source", ENUM(range(5))), (9, "config", "Ref"), (10, "argument", "uint32"), (11, "arguments", "uint32")) |
                 _one(text=(2, "string"), number=(3, "string"), boolean=(4, "bool"), null=(5, "bool"), json=(6, "string"),
                      blob=(7, "Blob")),
    "Variable": _plain((1, "name", "string")) | _one(value=(2, "bytes"), paths=(3, "Paths"), blob=(4, "Blob")),
    "Paths": {1: ("path", "Path", "many")},
    "Code": _plain((1, "head_commit", "bytes"), (2, "head_tree", "bytes"), (3, "tree", "bytes"), (4, "root", "bytes"),
                   (5, "files", "uint"), (6, "bytes", "uint"), (7, "manifest", "bytes"), (8, "complete", "bool")),
    "Git": _one(branch=(1, "string"), remote=(2, "Remote")),
    "Remote": _plain((1, "name", "string"), (2, "url", "string"), (3, "credentials", "bool")),
    "Declaration": _plain((1, "role", ENUM(range(3))), (2, "name", "string"), (3, "path", "Path"), (4, "uri", "string"),
                          (5, "files", "uint"), (6, "bytes", "uint"), (7, "listing", "bytes")),
    "Dataset": _plain((1, "name", "string"), (2, "path", "Path"), (3, "uri", "string"), (4, "files", "uint"), (5, "bytes", "uint"),
                      (6, "root", "bytes"), (7, "salted_root", "bytes"), (8, "license", "string"), (9, "source", "string")),
    "DatasetFiles": _plain((1, "dataset", "Ref"), (2, "manifest", "bytes")),
    "Artifact": _plain((1, "name", "string"), (2, "path", "Path"), (3, "files", "uint"), (4, "bytes", "uint"), (5, "root", "bytes"),
                       (6, "salted_root", "bytes"), (7, "manifest", "bytes")),
    "Host": _plain((1, "hostname", "string"), (2, "user", "string"), (3, "boot_id", "string"), (4, "pid_namespace", "uint"),
                   (5, "machine", "bytes")),
    "System": _plain((1, "os", "string"), (2, "kernel", "string"), (3, "kernel_version", "string"), (4, "machine", "string"),
                     (5, "libc", "string"), (6, "clock_source", "string")),
    "Device": _one(cpu=(1, "Cpu"), memory=(2, "Memory"), gpu=(3, "Gpu"), numa=(4, "Numa"), bus=(5, "Bus")),
    "Cpu": _plain((1, "model", "string"), (2, "vendor", "string"), (3, "logical", "uint32"), (5, "microcode", "string")) |
           {4: ("flag", "string", "many")},
    "Gpu": _plain((1, "vendor", "string"), (2, "index", "uint32"), (3, "model", "string"), (4, "uuid", "string"), (5, "driver", "string"),
                  (6, "cuda", "string"), (7, "vbios", "string"), (8, "pci", "string"), (9, "memory", "uint"),
                  (10, "compute_capability", "string"), (11, "ecc", ENUM(range(3))), (12, "mig", ENUM(range(3))),
                  (14, "persistence", ENUM(range(3))), (15, "compute_mode", "string"), (16, "graphics_mhz", "uint32"),
                  (17, "memory_mhz", "uint32"), (18, "power_limit", "uint32")) | {13: ("mig_instance", "string", "many")},
    "Numa": _plain((1, "node", "uint32"), (2, "cpus", "string"), (3, "memory", "uint")),
    "Bus": _plain((1, "nvidia", "uint32"), (2, "amd", "uint32"), (3, "intel", "uint32")),
    "Memory": _plain((1, "bytes", "uint")),
    "Process": _plain((1, "role", ENUM(range(3))), (2, "pid", "uint"), (3, "start_ticks", "uint")),
    "Usage": _plain((1, "user", "uint"), (2, "system", "uint"), (3, "max_rss", "uint")),
    "Package": _plain((1, "name", "string"), (2, "version", "string"), (3, "form", ENUM(range(4))), (4, "path", "Path"),
                      (5, "installer", "string"), (6, "build", "string"), (7, "url", "string"), (8, "commit", "bytes"),
                      (9, "archive", "bytes"), (10, "editable", "bool"), (11, "source", "Path"), (12, "record", "bytes"),
                      (13, "files", "uint")),
    "Library": _plain((1, "path", "Path"), (2, "soname", "string"), (3, "build_id", "bytes"), (4, "size", "uint"),
                      (5, "program", "bool"), (6, "deleted", "bool"), (7, "owner", "Owner"), (8, "component", "string"),
                      (9, "version", "string"), (10, "version_from", ENUM(range(3)))),
    "Owner": _plain((1, "database", ENUM(range(5))), (2, "name", "string"), (3, "version", "string"), (4, "architecture", "string")),
    "Interpreter": _plain((1, "implementation", "string"), (2, "version", "string"), (3, "path", "Path"), (4, "build_id", "bytes"),
                          (5, "prefix", "Path"), (6, "base_prefix", "Path"), (7, "system_packages", "bool")),
    "Console": _plain((1, "stream", ENUM(range(4))), (2, "head", "bytes"), (3, "tail", "bytes"), (4, "size", "uint"), (5, "sha256", "bytes"),
                      (6, "secrets", "uint")),
    "Limits": _plain((1, "version", "uint32"), (2, "memory", "uint"), (3, "cpu_quota", "uint"), (4, "cpu_period", "uint"),
                     (5, "cpus", "string"), (6, "memory_nodes", "string"), (7, "processors", "uint32")),
    "Container": _plain((1, "runtime", "string"), (2, "image", "string"), (3, "digest", "string")),
    "Metric": {1: ("name", "string", ""), 2: ("ring", "bytes", ""), 3: ("first", "uint", ""), 4: ("step", "uint", "packed"),
               5: ("value", "fixed64", "packed"), 6: ("time", "fixed64", "packed")},
    "ManifestEntry": _plain((1, "path", "bytes"), (2, "type", ENUM(range(4))), (3, "size", "uint"), (4, "sha256", "bytes"),
                            (5, "mode", "uint32"), (6, "mtime", "fixed64"), (7, "salt", "bytes"), (8, "git_id", "bytes")),
    "StreamEntry": _plain((1, "stream", "bytes"), (2, "size", "uint"), (3, "root", "bytes"), (4, "state", ENUM(range(3)))),
}


def varint(data, at):
    value, shift = 0, 0
    while True:
        need(at < len(data) and shift < 64, "a bad varint")
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            need(byte or shift == 7, "a varint that is longer than it need be")
            need(value < 1 << 64, "a varint of more than 64 bits")
            return value, at


def _value(data, at, wire, kind):
    if kind == "fixed64":
        need(wire == 1 and len(data) - at >= 8, "a bad fixed64")
        return struct.unpack_from("<Q", data, at)[0], at + 8
    if isinstance(kind, tuple) or kind in ("uint", "uint32", "bool"):
        need(wire == 0, "wrong wire type")
        value, at = varint(data, at)
        need(not isinstance(kind, tuple) or value in kind, "unknown enum value", value)
        need(kind != "uint32" or value < 1 << 32, "more than 32 bits")
        need(kind != "bool" or value < 2, "a bool that is neither 0 nor 1")
        return value, at
    need(wire == 2, "wrong wire type")
    length, at = varint(data, at)
    need(length <= len(data) - at, "longer than the message")
    raw = data[at:at + length]
    if kind == "bytes":
        return raw, at + length
    if kind == "string":
        try:
            text = raw.decode("utf-8")
        except UnicodeDecodeError:
            raise Bad("not UTF-8") from None
        need("\0" not in text, "NUL in a string")
        return text, at + length
    return message(kind, raw), at + length


def packed(data, at, wire, kind):
    need(wire == 2, "numbers that are not packed")
    length, at = varint(data, at)
    end = at + length
    need(length and end <= len(data), "a packed list that is empty, or longer than the message")
    out = []
    while at < end:
        value, at = _value(data[:end], at, 1 if kind == "fixed64" else 0, kind)
        out.append(value)
    return out, at


def message(kind, data):
    """A message as a dict; members that are not there are left out, repeated ones are lists."""
    out, last, at, one = {}, 0, 0, None
    while at < len(data):
        tag, at = varint(data, at)
        number, wire = tag >> 3, tag & 7
        need(number in SCHEMA[kind], kind, "has no field", number)
        name, field, how = SCHEMA[kind][number]
        need(number > last or (number == last and how == "many"), kind + "." + name, ": out of order or twice")
        last = number
        value, at = packed(data, at, wire, field) if how == "packed" else _value(data, at, wire, field)
        if how == "one":
            need(one is None, kind, ": two members of a oneof")
            one = name
        elif how == "many":
            out.setdefault(name, []).append(value)
            continue
        else:
            need(isinstance(value, dict) or value, kind + "." + name, ": a default that is written out")
        out[name] = value
    out["_one"] = one
    return out


# --- Section 2: the rules of bodies --------------------------------------------------------------------------------------------

def _len(m, name, *lengths):
    need(len(m.get(name, b"")) in lengths, name, "has", len(m.get(name, b"")), "bytes, expected", lengths)


def check_ref(m):
    _len(m, "stream", 16)


def check_blob(m):
    _len(m, "sha256", 32)


def check_body(kind, b):
    if kind == "console":
        need(b.get("stream"), "a console without a stream")
        need(len(b.get("head", b"")) <= 16384 and len(b.get("tail", b"")) <= 16384, "head or tail over 16 KiB")
        need(len(b.get("head", b"")) + len(b.get("tail", b"")) <= b.get("size", 0), "a console longer than its size")
        need(len(b.get("sha256", b"")) in (0, 32), "a console's digest")
    if kind == "stream-start":
        need(b.get("format") == 1, "format", b.get("format"))
        _len(b, "stream", 16)
        _len(b, "run", 16)
        need(b.get("writer") and b.get("role"), "no writer or role")
        if "follows" in b:
            _len(b["follows"], "stream", 16)
            _len(b["follows"], "root", 32)
            need(b["follows"].get("size"), "a head without a size")
    elif kind == "seal":
        need(b.get("state") and b.get("streams"), "no state or streams")
        _len(b, "root", 32)
    elif kind == "gap":
        need(b.get("kind") and b.get("reason"), "no kind or reason")
        for name in ("place", "record"):
            if name in b:
                check_ref(b[name])
    elif kind == "host":
        _len(b, "machine", 0, 16)
    elif kind == "package":
        need(b.get("name") and b.get("form") and "path" in b, "no name, form or path")
        _len(b, "commit", 0, 20, 32)
        _len(b, "archive", 0, 32)
        _len(b, "record", 0, 32)
    elif kind == "library":
        need("path" in b, "no path")
        _len(b, "build_id", *range(65))
        need(bool(b.get("version")) == bool(b.get("version_from")), "a version from nowhere")
        if "owner" in b:
            need(b["owner"].get("database") and b["owner"].get("name"), "no database or name")
    elif kind == "interpreter":
        need(b.get("implementation") and "path" in b, "no implementation or path")
        _len(b, "build_id", *range(65))
    elif kind == "metric":
        need(b.get("name") and "step" in b, "no name or no points")
        _len(b, "ring", 16)
        need(len(b["step"]) == len(b.get("value", [])) == len(b.get("time", [])), "a point without step, value or time")
        need(b.get("first", 0) + len(b["step"]) < 1 << 63, "too many points")
    elif kind == "arg":
        need(b["_one"], "no value")
        if "blob" in b:
            check_blob(b["blob"])
    elif kind == "config":
        need("path" in b, "no path")
        if "content" in b:
            check_blob(b["content"])
    elif kind == "param":
        need(b["_one"] and b.get("source"), "no value or source")
        need(b["source"] not in (2, 4) or "config" in b, "no config")
        need((b["source"] == 3) == ("argument" in b) == ("arguments" in b), "arguments of another source, or none")
        if "config" in b:
            check_ref(b["config"])
        if "blob" in b:
            check_blob(b["blob"])
    elif kind == "var":
        need(b.get("name"), "no name")
        if "blob" in b:
            check_blob(b["blob"])
    elif kind == "device":
        need(b["_one"], "no device")
        need("gpu" not in b or b["gpu"].get("vendor"), "a GPU without a vendor")
    elif kind == "container":
        need(b.get("runtime"), "no runtime")
    elif kind == "code":
        _len(b, "head_commit", 0, 20, 32)
        _len(b, "head_tree", len(b.get("head_commit", b"")))
        _len(b, "tree", 20, 32)
        _len(b, "root", 32)
        _len(b, "manifest", 32)
    elif kind == "declaration":
        need(b.get("role") and ("path" in b or b.get("uri")), "no role, path or uri")
        _len(b, "listing", 0, 32)
    elif kind == "data":
        if "root" in b or "salted_root" in b or not b.get("uri"):
            _len(b, "root", 32)
            _len(b, "salted_root", 32)
            need("path" in b, "no path")
    elif kind == "data-files":
        need("dataset" in b, "no dataset")
        check_ref(b["dataset"])
        _len(b, "manifest", 32)
    elif kind == "artifact":
        need("path" in b, "no path")
        for name in ("root", "salted_root", "manifest"):
            _len(b, name, 32)


class Record:
    """A frame taken apart, each part checked by itself."""

    def __init__(self, data):
        frame = message("Frame", data)
        self.entry_bytes = frame.get("entry", b"")
        self.salt, self.body_bytes = frame.get("salt", b""), frame.get("body", b"")
        entry = message("Entry", self.entry_bytes)
        self.seq, self.prev, self.time = entry.get("seq", 0), entry.get("prev", b""), entry.get("time", 0)
        self.number, self.commitment = entry.get("kind", 0), entry.get("commitment", b"")
        need(self.number in KINDS, "an entry without a kind")
        self.kind = KINDS[self.number]
        need(len(self.commitment) == 32 and len(self.prev) == (32 if self.seq else 0), "prev or commitment of the wrong length")
        self.leaf = sha256(b"\0", self.entry_bytes)
        self.body = None
        if not self.salt and not self.body_bytes:
            need(self.number not in NEVER_WITHHELD, self.kind, "is never withheld")
            return
        need(len(self.salt) == 32 and self.body_bytes, "salt and body are not both there")
        need(len(self.body_bytes) <= 61440, "a body over the limit")
        body = message("Body", self.body_bytes)
        need(body["_one"] == str(self.number), "the body is of another kind than the entry says")
        self.body = body[body["_one"]]
        check_body(self.kind, self.body)


# --- Section 3: hashes ---------------------------------------------------------------------------------------------------------

def commitment(stream, seq, salt, body):
    return sha256(b"glassbox/body/v1\0", stream, be64(seq), salt, body)


def root_of(leaves):
    """RFC 6962 section 2.1, as it stands there."""
    if not leaves:
        return sha256()
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while 2 * k < len(leaves):
        k *= 2
    return sha256(b"\1", root_of(leaves[:k]), root_of(leaves[k:]))


def root_by_proof(leaf, index, size, proof):
    """The root that an inclusion proof leads to: from the top down, the mirror image of how a proof is defined."""
    need(index < size, "no such leaf in the tree")
    if size == 1:
        need(not proof, "hashes too many in the proof")
        return leaf
    need(proof, "hashes missing in the proof")
    k = 1
    while 2 * k < size:
        k *= 2
    if index < k:
        return sha256(b"\1", root_by_proof(leaf, index, k, proof[:-1]), proof[-1])
    return sha256(b"\1", proof[-1], root_by_proof(leaf, index - k, size - k, proof[:-1]))


ULID = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def ulid_text(run):
    n = int.from_bytes(run, "big")
    return "".join(ULID[n >> 5 * i & 31] for i in reversed(range(26)))


def unbase64(text):
    try:
        raw = base64.b64decode(text, validate=True)
    except ValueError:
        raise Bad("not base64") from None
    need(base64.b64encode(raw) == (text.encode() if isinstance(text, str) else text), "not base64 in its one form")
    return raw


def is_number(text):
    return re.fullmatch(r"0|[1-9][0-9]{0,18}", text) is not None and int(text) < 1 << 63


# --- The bundle ----------------------------------------------------------------------------------------------------------------

BUNDLE = "application/vnd.glassbox.bundle.v1"
IMAGE = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
IN_TOTO = "application/vnd.in-toto+json"
N = r"(0|[1-9][0-9]{0,18})"
TITLES = [
    (r"publication\.json", [IN_TOTO]),
    (r"journal/" + N + r"\.tfrecord", ["application/vnd.glassbox.journal.v1"]),
    (r"streams\.tfrecord|manifest/" + N + r"\.tfrecord", ["application/vnd.glassbox.manifest.v1"]),
    (r"code/" + N + r"\.tar", ["application/vnd.glassbox.code.v1.tar"]),
    (r"file/[0-9a-f]{64}", ["application/octet-stream", "application/json", "application/yaml", "text/plain"]),
    (r"head\.note|start\.proof|seal\.proof|key/[0-9a-f]{8,64}\.vkey", ["application/vnd.glassbox.head.v1"]),
]
NOT_NAMED = ("publication.json", "head.note", "start.proof", "seal.proof")


def one_text(value):
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def hex_of(text, length):
    need(isinstance(text, str) and re.fullmatch("[0-9a-f]{%d}" % (2 * length), text), "not", length, "bytes of hex")
    return bytes.fromhex(text)


class Bundle:
    def __init__(self, path, key, unsigned):
        self.path, self.key, self.unsigned = path, key, unsigned
        self.layers = {}     # title -> bytes
        self.listed = []     # (title, media type, digest, size)
        self.records = []    # (stream, Record)
        self.heads = {}      # stream -> [leaf]
        self.starts = {}     # stream -> body of StreamStart
        self.public_key = None

    def read(self, *name):
        with open(os.path.join(self.path, *name), "rb") as f:
            return f.read()

    def blob(self, digest, size):
        need(isinstance(digest, str) and digest.startswith("sha256:"), "a digest that is not sha256")
        data = self.read("blobs", "sha256", hex_of(digest[7:], 32).hex())
        need(len(data) == size, digest, "has", len(data), "bytes, not", size)
        return data

    # Section 7
    def layout(self):
        need(sorted(os.listdir(self.path)) == ["blobs", "index.json", "oci-layout"], "other names in the folder")
        need(os.listdir(os.path.join(self.path, "blobs")) == ["sha256"], "other names in blobs/")
        need(self.read("oci-layout") == b'{"imageLayoutVersion":"1.0.0"}', "oci-layout")
        text = self.read("index.json")
        descriptor = json.loads(text)["manifests"][0]
        want = {"schemaVersion": 2, "mediaType": INDEX, "manifests": [
            {"mediaType": IMAGE, "digest": descriptor["digest"], "size": descriptor["size"], "artifactType": BUNDLE}]}
        need(text == one_text(want), "index.json is not in its one form")
        text = self.blob(descriptor["digest"], descriptor["size"])
        need(sha256(text).hex() == descriptor["digest"][7:], "the image manifest's digest")
        layers = []
        for layer in json.loads(text)["layers"]:
            title = layer["annotations"]["org.opencontainers.image.title"]
            layers.append({"mediaType": layer["mediaType"], "digest": layer["digest"], "size": layer["size"],
                           "annotations": {"org.opencontainers.image.title": title}})
            types = [t for pattern, t in TITLES if re.fullmatch(pattern, title)]
            need(types and layer["mediaType"] in types[0], title, ": not a title and type that a bundle has")
            need(title not in self.layers, title, "is there twice")
            need(not title.startswith("file/") or layer["digest"] == "sha256:" + title[5:], title, "has another digest")
            self.layers[title] = self.blob(layer["digest"], layer["size"])
            self.listed.append((title, layer["mediaType"], layer["digest"], layer["size"]))
        empty = sha256(b"{}").hex()
        want = {"schemaVersion": 2, "mediaType": IMAGE, "artifactType": BUNDLE,
                "config": {"mediaType": "application/vnd.oci.empty.v1+json", "digest": "sha256:" + empty, "size": 2},
                "layers": layers}
        need(text == one_text(want), "the image manifest is not in its one form")
        need(layers and self.listed[0][0] == "publication.json", "publication.json is not the first layer")
        need(self.blob("sha256:" + empty, 2) == b"{}", "the config")
        known = {descriptor["digest"][7:], empty} | {digest[7:] for _, _, digest, _ in self.listed}
        need(set(os.listdir(os.path.join(self.path, "blobs", "sha256"))) == known, "blobs that nothing refers to, or missing ones")
        return "%d layers" % len(layers)

    def digests(self):
        for title, _, digest, _ in self.listed:
            need("sha256:" + sha256(self.layers[title]).hex() == digest, title, "has another digest")
        return "%d layers" % len(self.listed)

    # Section 2
    def all_records(self):
        n = 0
        while "journal/%d.tfrecord" % n in self.layers:
            for i, data in enumerate(tfrecords(self.layers["journal/%d.tfrecord" % n], 65536)):
                try:
                    self.records.append([None, Record(data)])
                except Bad as why:
                    raise Bad("journal/%d.tfrecord: record" % n, i, ":", why) from None
            n += 1
        need(self.records, "no records")
        need(n == sum(t.startswith("journal/") for t in self.layers), "a gap in the numbers of journals")
        return "%d, %d of them shown" % (len(self.records), sum(r.body is not None for _, r in self.records))

    # Section 2: what a Ref names
    NAMES = {"param": ("config", "config"), "gap": ("place", "place"), "data-files": ("dataset", "data")}

    def references(self):
        there = {(stream, r.seq): r.kind for stream, r in self.records}
        names = 0
        for _, r in self.records:
            member, kind = self.NAMES.get(r.kind, (None, None))
            if r.body is not None and member in r.body:
                place = r.body[member]["stream"], r.body[member].get("seq", 0)
                need(there.get(place) == kind, "record", r.seq, "names no", kind, "record")
                names += 1
            if r.kind == "gap" and r.body is not None and "record" in r.body:
                place = r.body["record"]["stream"], r.body["record"].get("seq", 0)
                need(place not in there, "record", r.seq, "says that a record is missing, which is there")
        return "%d" % names

    # Section 3
    def chain(self):
        stream, last = None, None
        for record in self.records:
            r = record[1]
            if r.seq == 0:
                need(r.kind == "stream-start", "a stream begins with", r.kind)
                stream = r.body["stream"]
                need(stream not in self.heads, "a stream is there twice")
                self.heads[stream], self.starts[stream] = [], r.body
            else:
                need(stream is not None, "the first record has seq", r.seq)
                need(r.kind != "stream-start", "stream-start within a stream")
                need(r.seq == len(self.heads[stream]), "seq", r.seq, "where", len(self.heads[stream]), "was expected")
                need(r.prev == last, "record", r.seq, ": prev is not the leaf before")
            record[0], last = stream, r.leaf
            self.heads[stream].append(last)
        return "%d streams" % len(self.heads)

    def commitments(self):
        for stream, r in self.records:
            if r.body is not None:
                need(r.commitment == commitment(stream, r.seq, r.salt, r.body_bytes), "record", r.seq, "of", stream.hex())
        return "every shown body"

    # Section 4
    def streams(self):
        need(list(self.heads) == sorted(self.heads), "streams are not sorted by id")
        runs = {start["run"] for start in self.starts.values()}
        need(len(runs) == 1, "several runs")
        self.run = runs.pop()
        seals = [(stream, r) for stream, r in self.records if r.kind == "seal"]
        need(len(seals) == 1, len(seals), "seals")
        self.lead, seal = seals[0]
        once = {}
        for _, r in self.records:
            if r.kind in ("run-start", "name", "root") and r.body is not None:
                key = r.kind, r.body.get("name") if r.kind == "root" else None
                need(once.setdefault(key, r.body_bytes) == r.body_bytes, "record", r.seq, "says otherwise than another", r.kind)
        ends = [(stream, r.body["_one"], r.body.get(r.body["_one"], 0)) for stream, r in self.records if r.kind == "run-end"]
        need(all(self.starts[stream].get("role") == 1 for stream, _, _ in ends), "a run-end in a stream that is not a lead stream")
        need(len({end[1:] for end in ends}) <= 1, "ends that say different things")
        state = {"exit": 1, "signal": 2, "not_started": 3}[ends[0][1]] if ends else 4
        need(seal.body["state"] == state, "the seal's state is", seal.body["state"], "where the run-end makes it", state)
        need(self.starts[self.lead]["role"] == 1, "the seal is not in a lead stream")
        need(seal.seq == len(self.heads[self.lead]) - 1, "a record behind the seal")
        leaves, listed = [], []
        for data in tfrecords(self.layers.get("streams.tfrecord", b""), 65536):
            e = message("StreamEntry", data)
            _len(e, "stream", 16)
            _len(e, "root", 32)
            need(e.get("size") and e.get("state"), "a stream without size or state")
            listed.append(e["stream"])
            leaves.append(sha256(b"\0glassbox/stream/v1\0", e["stream"], be64(e["size"]), e["root"], bytes([e["state"]])))
            mine = self.heads.get(e["stream"])
            need(mine is not None, "a listed stream is not in the journals")
            mine = mine[:-1] if e["stream"] == self.lead else mine
            need(e["size"] == len(mine) and e["root"] == root_of(mine), "stream", e["stream"].hex(), "has another size or root")
            ended = e["stream"] == self.lead or self.last_kind(e["stream"]) == "stream-end"
            need(e["state"] == (1 if ended else 2), "stream", e["stream"].hex(), "has another state")
        need(listed == list(self.heads), "the list and the journals have other streams")
        need(seal.body["streams"] == len(leaves) and seal.body["root"] == root_of(leaves), "the seal names another list")
        whole = {(s, len(leaves), root_of(leaves)) for s, leaves in self.heads.items()}
        for start in self.starts.values():
            if "follows" in start:
                f = start["follows"]
                need((f["stream"], f["size"], f["root"]) in whole, "a stream goes on from a head that is not there")
        return "%d, sealed at record %d" % (len(listed), seal.seq)

    def last_kind(self, stream):
        return [r.kind for s, r in self.records if s == stream][-1]

    def lead_head(self):
        return self.lead, len(self.heads[self.lead]), root_of(self.heads[self.lead])

    # Section 8
    def publication(self):
        text = self.layers["publication.json"]
        envelope = json.loads(text)
        payload = unbase64(envelope["payload"])
        signatures = envelope["signatures"]
        want = {"payload": base64.b64encode(payload).decode(), "payloadType": IN_TOTO,
                "signatures": [{"keyid": s["keyid"], "sig": s["sig"]} for s in signatures]}
        need(text == one_text(want) and len(signatures) <= 1, "the envelope is not in its one form")
        self.load_key()
        if self.public_key:
            need(signatures, "the statement is not signed")
            need(signatures[0]["keyid"] == sha256(self.public_key).hex(), "keyid")
            pae = b"DSSEv1 28 application/vnd.in-toto+json %d " % len(payload) + payload
            need(ed25519(self.public_key, pae, unbase64(signatures[0]["sig"])), "the statement's signature")
        else:
            need(not signatures, "signed, and no key in the bundle")
        self.statement(json.loads(payload), payload)
        return "statement %d, %s" % (json.loads(payload)["predicate"]["sequence"], "signed" if signatures else "not signed")

    def statement(self, said, payload):
        stream, size, root = self.lead_head()
        p = said["predicate"]
        need(p["previous"] is None or hex_of(p["previous"][7:], 32), "previous")
        need(p["sequence"] >= 1 and (p["sequence"] == 1) == (p["previous"] is None), "sequence")
        want = {"_type": "https://in-toto.io/Statement/v1",
                "subject": [{"name": ulid_text(self.run), "digest": {"glassboxRoot": root.hex()}}],
                "predicateType": "urn:glassbox:publication:v1",
                "predicate": {
                    "run": ulid_text(self.run), "head": {"stream": stream.hex(), "size": size, "root": root.hex()},
                    "sequence": p["sequence"], "previous": p["previous"],
                    "layers": [{"title": t, "mediaType": m, "digest": d, "size": s} for t, m, d, s in self.listed
                               if t not in NOT_NAMED],
                    "withheld": [{"stream": w["stream"], "first": w["first"], "last": w["last"], "kind": w["kind"],
                                  "reason": w["reason"]} for w in p["withheld"]]}}
        need(payload == one_text(want), "the statement is not what this bundle's statement must be")
        said_withheld, before = [], (b"", -1)
        for w in p["withheld"]:
            stream = hex_of(w["stream"], 16)
            need(w["first"] <= w["last"] and (stream, w["first"]) > before, "withheld ranges out of order")
            before = (stream, w["last"])
            said_withheld += [(stream, seq, w["kind"]) for seq in range(w["first"], w["last"] + 1)]
        is_withheld = [(stream, r.seq, r.kind) for stream, r in self.records if r.body is None]
        need(said_withheld == is_withheld, "the statement withholds other records than are withheld")

    # Section 9
    def load_key(self):
        keys = [t for t in self.layers if t.startswith("key/")]
        need(len(keys) <= 1, "several keys")
        if not keys:
            return
        self.vkey = parse_vkey(self.layers[keys[0]])
        name, key_id, self.public_key = self.vkey
        need(keys[0] == "key/%s.vkey" % key_id.hex(), "the key's title is not its id")

    def signature(self):
        if not self.public_key:
            need(self.unsigned and not self.key, "not signed")
            return "not signed"
        if self.key:
            with open(self.key, "rb") as f:
                need(parse_vkey(f.read())[2] == self.public_key, "signed by another key")
        name, key_id, public_key = self.vkey
        note = self.layers["head.note"]
        text, _, lines = note.rpartition(b"\n\n")
        text += b"\n"
        mine = [line for line in lines.decode().split("\n") if line.startswith("\u2014 %s " % name)]
        need(len(mine) == 1 and lines.endswith(b"\n"), "signature lines of head.note")
        blob = unbase64(mine[0].split(" ")[2])
        need(blob[:4] == key_id and ed25519(public_key, text, blob[4:]), "head.note's signature")
        origin, size, root = text.decode().split("\n")[:3]
        need(origin == name and is_number(size), "head.note's first lines")
        self.tree = int(size), unbase64(root)
        event, *head = self.proof("seal.proof", note)
        need(event == "seal" and tuple(head) == self.lead_head(), "seal.proof is of another head")
        if "start.proof" in self.layers:
            event, stream, size, root = self.proof("start.proof", note)
            need(event == "start" and stream in self.heads and 0 < size <= len(self.heads[stream]), "start.proof is of something else")
            need(root_of(self.heads[stream][:size]) == root, "start.proof: no stream had this head")
            return "by %s, started and sealed" % name
        return "by %s, sealed" % name

    def proof(self, title, note):
        head, _, rest = self.layers[title].partition(b"\n\n")
        need(rest == note, title, "has another head note")
        first, extra, index, *hashes = head.decode().split("\n")
        need(first == "c2sp.org/tlog-proof@v1" and extra.startswith("extra ") and index.startswith("index "), title)
        leaf = unbase64(extra[6:])
        need(is_number(index[6:]), title, "index")
        proof = [unbase64(h) for h in hashes]
        need(all(len(h) == 32 for h in proof), title, "hashes")
        size, root = self.tree
        need(root_by_proof(sha256(b"\0", leaf), int(index[6:]), size, proof) == root, title, "leads to another root")
        tag, run, event, stream, size, root, end = leaf.decode().split("\n")
        need(tag == "glassbox/leaf/v1" and end == "" and is_number(size), title, "leaf")
        need(run == ulid_text(self.run), title, "is of another run")
        return event, hex_of(stream, 16), int(size), unbase64(root)

    # Section 5
    def manifests(self):
        names = {}
        datasets = {(s, r.seq): r.body for s, r in self.records if r.kind == "data" and r.body is not None}
        number = 0
        self.code_layers = []
        for stream, r in self.records:
            if r.kind not in ("code", "data-files", "artifact"):
                continue
            title, number = "manifest/%d.tfrecord" % number, number + 1
            if r.body is None:
                need(title not in self.layers, title, "is published, and its record is withheld")
                continue
            need(title in self.layers, title, "is missing")
            need(sha256(self.layers[title]) == r.body["manifest"], title, "is not what record", r.seq, "names")
            names[title] = r
            entries = read_manifest(self.layers[title], r.kind == "code", title)
            about = r.body
            if r.kind == "data-files":
                place = r.body["dataset"]["stream"], r.body["dataset"].get("seq", 0)
                about = datasets.get(place)
            if about:
                need(about["root"] == root_of([file_leaf(e) for e in entries]), title, "has another root")
                need(about.get("files", 0) == len(entries), title, "has another number of files")
                need(about.get("bytes", 0) == sum(e["size"] for e in entries), title, "has another number of bytes")
                if r.kind != "code":
                    need(about["salted_root"] == root_of([salted_leaf(e) for e in entries]), title, "has another salted root")
            if r.kind == "code":
                self.code_layers.append((title.replace("manifest", "code").replace(".tfrecord", ".tar"), entries, r.body))
        need(set(names) == {t for t in self.layers if t.startswith("manifest/")}, "a manifest that no shown record names")
        return "%d" % len(names)

    def files(self):
        blobs = {}
        for _, r in self.records:
            if r.body is not None and r.kind in ("arg", "config", "param"):
                blob = r.body.get("content") or r.body.get("blob")
                if blob:
                    blobs["file/" + blob["sha256"].hex()] = blob.get("size", 0)
        need(set(blobs) == {t for t in self.layers if t.startswith("file/")}, "files are missing, or nobody names them")
        for title, size in blobs.items():
            need(len(self.layers[title]) == size, title, "has another size")
        return "%d" % len(blobs)

    # Section 6
    def code(self):
        need({t for t, _, _ in self.code_layers} == {t for t in self.layers if t.startswith("code/")}, "other code than is recorded")
        for title, entries, body in self.code_layers:
            check_code(self.layers[title], entries, body)
        return "%d snapshots, %d files" % (len(self.code_layers), sum(len(e) for _, e, _ in self.code_layers))


# --- Sections 5 and 6 ----------------------------------------------------------------------------------------------------------

def read_manifest(data, code, title):
    entries, before = [], None
    for raw in tfrecords(data, 8192):
        e = message("ManifestEntry", raw)
        for name, default in (("path", b""), ("type", 0), ("size", 0), ("sha256", b""), ("mode", 0), ("mtime", 0), ("salt", b""),
                              ("git_id", b"")):
            e.setdefault(name, default)
        path = e["path"]
        need(0 < len(path) <= 4096 and b"\0" not in path, title, "a bad path")
        need(all(part not in (b"", b".", b"..") for part in path.split(b"/")), title, "a path that is not clean")
        need(before is None or before < path, title, "is not sorted")
        before = path
        need(len(e["sha256"]) == 32, title, "sha256")
        if code:
            need(not e["mode"] and not e["mtime"] and not e["salt"], title, "mode, time or salt in a snapshot")
            need(len(e["git_id"]) in (0, 20, 32), title, "git_id")
            need(e["type"] != 3 or (e["git_id"] and e["size"] == len(e["git_id"]) and e["sha256"] == sha256(e["git_id"])), title,
                 "a submodule")
        else:
            need(len(e["salt"]) == 32 and not e["git_id"] and e["type"] in (0, 2), title, "salt, git_id or type")
        entries.append(e)
    return entries


def file_part(e):
    return b"glassbox/file/v1\0" + bytes([e["type"]]) + be64(e["size"]) + e["sha256"] + e["path"]


def file_leaf(e):
    return sha256(b"\0", file_part(e))


def salted_leaf(e):
    return sha256(b"\0glassbox/salted-file/v1\0", e["salt"], file_part(e))


def pax_record(key, value):
    length = len(key) + len(value) + 3
    while len(str(length)) + len(key) + len(value) + 3 != length:
        length = len(str(length)) + len(key) + len(value) + 3
    return b"%d %s=%s\n" % (length, key, value)


def tar_header(name, mode, kind, target, size):
    h = bytearray(512)

    def put(at, data):
        h[at:at + len(data)] = data
    put(0, name[:100])
    put(100, mode)
    put(108, b"0000000")
    put(116, b"0000000")
    put(124, b"%011o" % (size if size < 8 << 30 else 0))
    put(136, b"00000000000")
    put(148, b" " * 8)
    put(156, kind)
    put(157, target[:100])
    put(257, b"ustar\00000")
    put(329, b"0000000")
    put(337, b"0000000")
    put(148, b"%06o\0 " % sum(h))
    return bytes(h)


def padded(data):
    return data + bytes(-len(data) % 512)


def tar_entry_header(e, target):
    records = b""
    if len(e["path"]) > 100:
        records += pax_record(b"path", e["path"])
    if len(target) > 100:
        records += pax_record(b"linkpath", target)
    size = 0 if e["type"] == 2 else e["size"]
    if size >= 8 << 30:
        records += pax_record(b"size", b"%d" % size)
    out = tar_header(b"PaxHeader", b"0000644", b"x", b"", len(records)) + padded(records) if records else b""
    mode = {0: b"0000644", 1: b"0000755", 2: b"0000777"}[e["type"]]
    return out + tar_header(e["path"], mode, b"2" if e["type"] == 2 else b"0", target, size)


def read_target(tar, at):
    """The link target of the entry at `at`, which may stand in a pax header."""
    if tar[at + 156:at + 157] == b"x":
        size = int(tar[at + 124:at + 135], 8)
        records = tar[at + 512:at + 512 + size]
        at += 512 + size + -size % 512
        while records:
            length = int(records.split(b" ", 1)[0])
            key, _, value = records[:length - 1].split(b" ", 1)[1].partition(b"=")
            if key == b"linkpath":
                return value
            records = records[length:]
    return tar[at + 157:at + 257].rstrip(b"\0")


def check_code(tar, entries, body):
    """Writes the tar again from the manifest and the contents, and compares."""
    git = hashlib.sha1 if len(body["tree"]) == 20 else hashlib.sha256
    at, ids = 0, {}
    for e in entries:
        need(not any(map(is_dot_git, re.split(rb"[/\\]", e["path"]))), e["path"], ": git keeps this name for itself")
        if e["type"] == 3:
            ids[e["path"]] = (b"160000", e["git_id"])
            continue
        target = read_target(tar, at) if e["type"] == 2 else b""
        header = tar_entry_header(e, target)
        need(tar[at:at + len(header)] == header, e["path"], ": another header in the tar")
        at += len(header)
        content = target
        if e["type"] != 2:
            content = tar[at:at + e["size"]]
            need(tar[at:at + len(padded(content))] == padded(content), e["path"], ": padding")
            at += len(padded(content))
        need(len(content) == e["size"] and sha256(content) == e["sha256"], e["path"], ": other content in the tar")
        blob = git(b"blob %d\0" % len(content) + content).digest()
        ids[e["path"]] = ({0: b"100644", 1: b"100755", 2: b"120000"}[e["type"]], e["git_id"] or blob)
    need(tar[at:] == bytes(1024), "what follows the last file is not two zero blocks")
    need(git_tree(ids, git) == body["tree"], "the files come to another git tree")
    if body.get("head_tree") == body["tree"]:
        need(body.get("complete"), "equal to the commit's tree and not complete")


def is_dot_git(part):
    """What git keeps out of its trees: .git, as it is or as HFS+ and NTFS read it."""
    text = re.sub("[\u200c-\u200f\u202a-\u202e\u206a-\u206f\ufeff]", "", part.decode("utf-8", "surrogateescape"))
    return text.split(":")[0].rstrip(". ").lower() in (".git", "git~1")


def git_tree(ids, git):
    """ids: path -> (mode, id)."""
    here, below = {}, {}
    for path, what in ids.items():
        first, slash, rest = path.partition(b"/")
        if slash:
            below.setdefault(first, {})[rest] = what
        else:
            here[first] = what
    for name, inner in below.items():
        need(name not in here, name, "is file and folder")
        here[name] = (b"40000", git_tree(inner, git))
    order = sorted(here, key=lambda name: name + b"/" if here[name][0] == b"40000" else name)
    content = b"".join(here[name][0] + b" " + name + b"\0" + here[name][1] for name in order)
    return git(b"tree %d\0" % len(content) + content).digest()


# --- Section 9 -----------------------------------------------------------------------------------------------------------------

def parse_vkey(text):
    need(text.endswith(b"\n") and text.count(b"\n") == 1, "a vkey is one line")
    name, key_id, typed = text[:-1].decode().split("+", 2)
    typed = unbase64(typed)
    need(len(typed) == 33 and typed[0] == 1, "not an Ed25519 vkey")
    need(sha256(name.encode(), b"\n", typed)[:4].hex() == key_id, "the vkey's id is not that of name and key")
    need(not is_weak(typed[1:]), "a key that anybody can sign for, or not in its one encoding")
    return name, bytes.fromhex(key_id), typed[1:]


def is_weak(public_key):
    p = 2**255 - 19
    d = -121665 * pow(121666, p - 2, p)
    y = int.from_bytes(public_key, "little") & 2**255 - 1
    # Twice a point of order eight has order four, so y = 0 there: x^2 = -y^2, put into the curve's equation.
    return y >= p or y in (0, 1, p - 1) or (d * y**4 + 2 * y**2 - 1) % p == 0


def ed25519(public_key, data, signature):
    der = bytes.fromhex("302a300506032b6570032100") + public_key
    pem = b"-----BEGIN PUBLIC KEY-----\n" + base64.b64encode(der) + b"\n-----END PUBLIC KEY-----\n"
    with tempfile.TemporaryDirectory() as d:
        for name, content in (("key", pem), ("data", data), ("sig", signature)):
            with open(os.path.join(d, name), "wb") as f:
                f.write(content)
        done = subprocess.run(["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", d + "/key", "-rawin", "-in", d + "/data",
                               "-sigfile", d + "/sig"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    return done.returncode == 0


# -------------------------------------------------------------------------------------------------------------------------------

def main(arguments):
    path, key, unsigned = None, None, False
    while arguments:
        argument = arguments.pop(0)
        if argument == "--key":
            key = arguments.pop(0)
        elif argument == "--unsigned":
            unsigned = True
        else:
            path = argument
    if not path:
        print(__doc__, file=sys.stderr)
        return 2
    bundle = Bundle(path, key, unsigned)
    checks = [("layout", bundle.layout), ("digests", bundle.digests), ("records", bundle.all_records), ("chain", bundle.chain),
              ("references", bundle.references), ("commitments", bundle.commitments), ("streams", bundle.streams), ("publication", bundle.publication),
              ("signature", bundle.signature), ("manifests", bundle.manifests), ("files", bundle.files), ("code", bundle.code)]
    # A check needs those before it; what cannot be read at all is a failure like any other.
    for name, check in checks:
        try:
            print("%-12s pass: %s" % (name, check()))
        except (Bad, OSError, KeyError, ValueError, IndexError, TypeError, struct.error) as why:
            print("%-12s FAIL: %s: %s" % (name, type(why).__name__, why))
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
