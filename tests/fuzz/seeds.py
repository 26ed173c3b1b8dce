#!/usr/bin/env python3
"""Makes what the fuzz targets start from, out of bundles of real runs: seeds.py --build DIR --out DIR.

OUT/<target>/ gets the seeds, OUT/trusted.pem the key that signed the bundles among them.
"""
import argparse
import base64
import hashlib
import json
import shutil
import struct
import subprocess
import tempfile
from pathlib import Path

import mutate
from bundles import masked_crc, read_tfrecords, write_tfrecords

DOCUMENTS = {"publication.json": "dsse", "head.note": "note", "start.proof": "proof", "seal.proof": "proof", "streams.tfrecord": "tfrecord"}
FOLDERS = {"journal": "journal", "manifest": "manifest", "code": "tar", "key": "vkey", "file": "json"}
TEXTS = ["", "0", "9223372036854775807", "deadbeef", "AAECAw==", "01M82FS9QSAQ0FD0MXQVQ014X2", "a\u202eb\x1b[31m\\", "\U0001f9ca\u00e9"]
# Cut in two, so that scanners do not take this file for a leak.
SECRETS = ["HF_TOKEN=hf" "_AbCdEfGhIjKlMnOpQrStUvWxYzAbCdEfGh x", '--password="hunter2hunter2"', "https://me:pa" "ss@host/x", '{"api_key": "x9Kq2mPz7LwT4vRb8N"}',
           "eyJ" "hbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abcDEF123456", "-----BEGIN " "RSA PRIVATE KEY-----\nMIIEvQIBADANBg", "abc[a-z\\s]{2,3}x"]
JSON = ['{}', '[]', '{"a":[1,-2.5e3,true,false,null,"\\u00e9\\n"],"b":{"c":{}}}', '[' * 64 + ']' * 64, '{\n  "a": 1\n}', '[1e-7,0.1,123456789012345678]']

YAML = ["a: 1\nb: {c: [1, two, ~], d: yes}\n", "a: &x {p: 1}\nb: {<<: *x, q: 2}\nc: *x\n", "a: !!str 5\nb: !include x\n? [1]\n: 2\n", "a: |\n  text\n  more\n",
        "---\n- 1\n- [2, {x: 1e-3}]\n", "1:30: 0x1f\n\"q\\u0041\": 'it''s'\n", "a: *b\n", "a: &a [*a]\n", "\ufeffa: .5\n"]

# By the number of the reader, which is the first byte.
SOFTWARE = [
    b"\0" b"55b-55f r-xp 00002000 fe:00 24 /usr/bin/cat\n7f0-7f1 r-xp 0 08:02 9 /tmp/a\\012b (deleted)\n7f0-7f1 rw-p 0 00:00 0 [heap]\n",
    b"\1" b"Metadata-Version: 2.1\nName: Foo__.Bar\nVersion: 1.0\n\nName: no\n",
    b"\2" b" #y\n# x\nimport a\n/a/b\n../c\n\"a,b\",sha256=x,1\nhome = /usr/bin\n",
    b"\3" b"7 (a) b) S 1 7 7 0 -1 4194304 100 55 0 0 1 2 3 4 20 0 1 0 999 4096 1 2\n", b"\3" b"python3\0-W\0x\0-Es\0PATH=/bin\0",
    b"\4" + bytes.fromhex("0000000200000016" "000003e80000000600000000000000010000045c000000040000000800000003") + b"glibc\0\0\0" + bytes(12) + b"x\0",
    b"\5" b'{"name":"a","files":["b","\\u00e9\\n"],"link":{"x":[1,{"y":"z"}]},"n":-1.5e3,"t":true}',
    b"\6" b'{"url":"https://u:p@h/r.git","vcs_info":{"commit_id":"0123456789012345678901234567890123456789"}}',
    b"\6" b'{"url":"file:///a%20b/","dir_info":{"editable":true}}',
    b"\6" b'{"url":"https://h/a","archive_info":{"hash":"sha256=00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"}}',
]


class Elf:
    """A small shared object that has everything that is read of one: 64 or 32 bits, either byte order."""
    def __init__(self, wide, big):
        self.data, self.wide, self.order = bytearray(0x800), wide, "big" if big else "little"
        w = 8 if wide else 4
        self.data[:6] = b"\x7fELF" + bytes([1 + wide, 1 + big])
        self.put(32 if wide else 28, w, 0x80)
        self.put(54 if wide else 42, 2, 56 if wide else 32)
        self.put(56 if wide else 44, 2, 3)
        for n, (kind, offset, size) in enumerate([(1, 0, 0x800), (4, 0x200, 0x20), (2, 0x300, 0x50)]):
            at = 0x80 + n * (56 if wide else 32)
            self.put(at, 4, kind)
            for k, value in enumerate([offset, 0x10000 + offset, 0, size, size]):
                self.put(at + (8 if wide else 4) + k * w, w, value)
        for at, value in ((0x200, 4), (0x204, 20), (0x208, 3)):
            self.put(at, 4, value)
        self.data[0x20c:0x210] = b"GNU\0"
        for n, (tag, value) in enumerate([(5, 0x10400), (6, 0x10500), (14, 3), (0x6ffffef5, 0x10600)]):
            self.put(0x300 + 2 * n * w, w, tag)
            self.put(0x300 + 2 * n * w + w, w, value)
        self.data[0x403:0x40c] = b"liba.so.4"
        self.data[0x430:0x43a] = b"Py_Version"
        h = 5381
        for c in b"Py_Version":
            h = (h * 33 + c) & 0xffffffff
        for at, value in ((0x600, 1), (0x604, 1), (0x608, 1), (0x610 + w, 1), (0x614 + w, h | 1)):
            self.put(at, 4, value)
        entry = 24 if wide else 16
        self.put(0x500 + entry, 4, 0x30)
        self.put(0x500 + entry + w, w, 0x10700)
        self.put(0x700, w, 0x030b07f0)

    def put(self, at, size, value):
        self.data[at:at + size] = value.to_bytes(size, self.order)


class Seeds:
    def __init__(self, out):
        self.out = out

    def put(self, target, data):
        folder = self.out / target
        folder.mkdir(parents=True, exist_ok=True)
        (folder / hashlib.sha256(data).hexdigest()[:16]).write_bytes(data)


def vkey_body(data):
    return data.rstrip(b"\n")


def fields(message):
    """The values of a message whose fields are all length-delimited, each of less than 16 KiB."""
    at = 0
    while at < len(message):
        size, at = message[at + 1], at + 2
        if size > 127:
            size, at = size & 127 | message[at] << 7, at + 1
        yield message[at:at + size]
        at += size


def from_layer(seeds, title, data):
    target = DOCUMENTS.get(title) or FOLDERS[title.split("/")[0]]
    seeds.put(target, vkey_body(data) if target == "vkey" else data)
    if target == "vkey":
        seeds.put("key", data)
    if target == "dsse":
        seeds.put("publication", base64.b64decode(json.loads(data)["payload"]))
    if target == "proof":
        extra = data.split(b"\n")[1].split(b" ")[1]
        seeds.put("leaf", base64.b64decode(extra))
    if title == "streams.tfrecord":
        for record in read_tfrecords(data):
            seeds.put("streams", record)
    if target == "journal":
        for record in read_tfrecords(data):
            seeds.put("record", record)
            seeds.put("entry", record)
            entry, *rest = fields(record)
            seeds.put("entry", entry)
            for body in rest[1:]:
                seeds.put("pb", body)
    if target == "manifest":
        seeds.put("tfrecord", data)


def from_bundle(seeds, bundle):
    for path, data in bundle.files.items():
        if path in bundle.titles:
            from_layer(seeds, bundle.titles[path], data)
    seeds.put("layout", bundle.files["oci-layout"])
    seeds.put("index", bundle.files["index.json"])
    seeds.put("image_manifest", bundle.files[bundle.manifest])
    for path in ("oci-layout", "index.json", bundle.manifest):
        seeds.put("json", bundle.files[path])


def other_spellings(seeds):
    """As other tools write the documents of a layout, and a tar of one."""
    layout = {"imageLayoutVersion": "1.0.0"}
    for text in (json.dumps(layout), json.dumps(layout, indent=2), json.dumps(layout, indent=4)):
        seeds.put("layout", text.encode())
    for path in list((seeds.out / "index").iterdir()):
        index = json.loads(path.read_bytes())
        index["manifests"][0]["annotations"] = {"org.opencontainers.image.ref.name": "latest"}
        seeds.put("index", json.dumps(index, separators=(",", ":")).encode())
        seeds.put("index", json.dumps(index, indent=3).encode())


def other_tars(seeds, work):
    for form in ("ustar", "posix"):
        done = subprocess.run(["tar", "-C", str(work / "small"), "--format=" + form, "-cf", "-", "."], capture_output=True, check=True)
        seeds.put("verify", done.stdout)
    small = work / "tar"
    (small / "folder").mkdir(parents=True)
    (small / "folder" / "file").write_text("content\n")
    (small / ("n" * 99)).mkdir()
    (small / ("n" * 99) / "long").write_text("a long name\n")
    for form in ("ustar", "posix"):
        done = subprocess.run(["tar", "-C", str(small), "--format=" + form, "-cf", "-", "."], capture_output=True, check=True)
        seeds.put("tar", done.stdout)


def keys(seeds, key):
    seeds.put("key", Path(key).read_bytes())
    seeds.put("key", Path(key).with_suffix(".pem").read_bytes())
    for words in (["genpkey", "-algorithm", "x25519"], ["genpkey", "-algorithm", "ed25519", "-aes-128-cbc", "-pass", "pass:x"]):
        seeds.put("key", subprocess.run(["openssl", *words], capture_output=True, check=True).stdout)


def small_ones(seeds):
    """Short forms of the documents that have lists: short inputs run faster."""
    signature = {"keyid": "ab" * 32, "sig": base64.b64encode(bytes(range(64))).decode()}
    for signatures in ([], [signature]):
        envelope = {"payload": "e30=", "payloadType": "application/vnd.in-toto+json", "signatures": signatures}
        seeds.put("dsse", json.dumps(envelope, separators=(",", ":")).encode())
        seeds.put("dsse", json.dumps(envelope).encode())
    for path in list((seeds.out / "image_manifest").iterdir()):
        manifest = json.loads(path.read_bytes())
        layers = manifest["layers"]
        for chosen in ([0], [0, 1], [0, len(layers) // 2, len(layers) - 1]):
            manifest["layers"] = [layers[i] for i in chosen]
            seeds.put("image_manifest", json.dumps(manifest, separators=(",", ":")).encode())
    for path in list((seeds.out / "publication").iterdir()):
        statement = json.loads(path.read_bytes())
        predicate = statement["predicate"]
        for size in (0, 1, 2):
            predicate["layers"], predicate["withheld"] = predicate["layers"][:size + 1], predicate["withheld"][:size]
            predicate["previous"] = "sha256:" + "cd" * 32 if size else None
            seeds.put("publication", json.dumps(statement, separators=(",", ":")).encode())
            statement = json.loads(path.read_bytes())
            predicate = statement["predicate"]
    for path in list((seeds.out / "journal").iterdir()):
        records = list(read_tfrecords(path.read_bytes()))
        for size in (1, 3, 8):
            seeds.put("journal", write_tfrecords(records[:size]))
            seeds.put("tfrecord", write_tfrecords(records[:size]))


def varint(n):
    return bytes([n & 127 | 128]) + varint(n >> 7) if n > 127 else bytes([n])


def field(number, data):
    return varint(number << 3 | 2) + varint(len(data)) + data


def metrics(seeds):
    """Bodies of kinds that no run of the command line writes."""
    for count in (1, 3, 200):
        doubles = [0.0, -0.0, float("nan"), float("inf"), 0.1 + 0.2]
        metric = field(1, b"loss") + field(2, bytes(16)) + b"\x18" + varint(7) + field(4, b"".join(varint(n * n) for n in range(count)))
        metric += field(5, struct.pack(f"<{count}d", *(doubles[n % 5] for n in range(count))))
        metric += field(6, struct.pack(f"<{count}Q", *(1764000000000000000 + n for n in range(count))))
        body = field(50, metric)
        seeds.put("pb", body)
        entry = b"\x08\x01" + field(2, bytes(32)) + b"\x19" + bytes(7) + b"\x01" + b"\x20\x32" + field(5, bytes(32))
        seeds.put("record", field(1, entry) + field(2, bytes(32)) + field(3, body))


def rings(seeds):
    """Rings as a process leaves them: empty, with points of two names, in a second lap, with a torn slot."""
    names = b"".join(struct.pack("<II", len(n), masked_crc(n)) + n.ljust(-(-len(n) // 8) * 8, b"\0") for n in (b"loss", "\u00e9t\u00e9".encode()))
    names = names.ljust(64, b"\0")
    for slots, points in ((1, 0), (4, 3), (5, 12)):
        header = b"glassbox/ring/v1" + bytes(range(32)) + struct.pack("<II", slots, len(names))
        ring = [bytes(48)] * slots
        for p in range(points):
            parts = struct.pack("<QI", p + 1, p % 2), struct.pack("<QQdQ", p // 2, p * p, 0.5 * p, 1764000000000000000 + p)
            ring[p % slots] = parts[0] + struct.pack("<I", masked_crc(parts[0] + bytes(4) + parts[1])) + parts[1]
        whole = header + struct.pack("<II", masked_crc(header), 0) + names + b"".join(ring)
        seeds.put("ring", whole)
        seeds.put("ring", whole[:-1] + b"\1")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--build", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    mutate.clean_environment()
    shutil.rmtree(given.out, ignore_errors=True)
    seeds = Seeds(given.out)
    with tempfile.TemporaryDirectory(prefix="glassbox-fuzz.") as folder:
        work = Path(folder)
        mutate.own_environment(folder)
        bundles, key = mutate.make_bundles(given.build.resolve(), work)
        for bundle in bundles:
            from_bundle(seeds, bundle)
        for profile in ("public", "full", "small"):
            seeds.put("verify", (work / f"{profile}.tar").read_bytes())
        small_ones(seeds)
        other_spellings(seeds)
        other_tars(seeds, work)
        keys(seeds, key)
        metrics(seeds)
        rings(seeds)
        shutil.copy(key, given.out / "trusted.pem")
    for text in TEXTS:
        seeds.put("text", text.encode())
    for text in SECRETS:
        seeds.put("secrets", text.encode())
    for data in SOFTWARE:
        seeds.put("software", data)
    for n in range(4):
        seeds.put("elf", bytes(Elf(n & 1, n >> 1).data))
    for text in JSON:
        seeds.put("json", text.encode())
        seeds.put("config", b"\0" + text.encode())
    for text in YAML:
        seeds.put("config", b"\1" + text.encode())
        seeds.put("config", b"\1" + text.encode("utf-16"))


main()
