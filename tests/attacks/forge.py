"""Runs made up from nothing, rightly chained, sealed and signed, however wrong what they say is.

What only the owner's key can make, and what a stranger makes with a key of his own. Written from proto/FORMAT.md; shares no code
with the C programs."""
import base64
import hashlib
import os
import struct
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "cli"))
from bundles import (KINDS, NAME_OF_KIND, Bundle, Frame, compact, field, field_bytes, field_number, merkle_root, padded, relink,
                     sha256, tar_header, write_tfrecords)
from ed25519 import Key

IN_TOTO = "application/vnd.in-toto+json"
NOT_NAMED = ("publication.json", "head.note", "start.proof", "seal.proof")
ENDED, OPEN = 1, 2
LEAD, MEMBER = 1, 2
BASE32 = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def be64(n):
    return struct.pack(">Q", n)


def ulid(run):
    n = int.from_bytes(run, "big")
    return "".join(BASE32[n >> 5 * i & 31] for i in reversed(range(26)))


def b64(data):
    return base64.b64encode(data).decode()


def inclusion(leaves, index):
    """RFC 9162 section 2.1.3.1: nearest sibling first."""
    if len(leaves) == 1:
        return []
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    if index < split:
        return inclusion(leaves[:split], index) + [merkle_root(leaves[split:])]
    return inclusion(leaves[split:], index - split) + [merkle_root(leaves[:split])]


# The owner

def leaf_text(run, event, stream, size, root):
    return f"glassbox/leaf/v1\n{ulid(run)}\n{event}\n{stream.hex()}\n{size}\n{b64(root)}\n".encode()


class Owner:
    """A key and a log of what it signed."""

    def __init__(self, name="owner.example/0123456789abcdef", seed=b"owner"):
        self.name, self.key, self.leaves = name, Key(sha256(seed)), []

    @property
    def id(self):
        return sha256(self.name.encode(), b"\n\1", self.key.public)[:4]

    def vkey(self):
        return f"{self.name}+{self.id.hex()}+{b64(bytes([1]) + self.key.public)}\n".encode()

    def pem(self):
        der = bytes.fromhex("302a300506032b6570032100") + self.key.public
        return f"-----BEGIN PUBLIC KEY-----\n{b64(der)}\n-----END PUBLIC KEY-----\n".encode()

    def fork(self):
        """Another log under the same origin and key, that had the same leaves."""
        other = Owner.__new__(Owner)
        other.name, other.key, other.leaves = self.name, self.key, list(self.leaves)
        return other

    def append(self, text):
        """The index of a leaf, which is added where it is new."""
        if text not in self.leaves:
            self.leaves.append(text)
        return self.leaves.index(text)

    def note(self, text):
        """This text as a signed note."""
        return text + f"\n\u2014 {self.name} {b64(self.id + self.key.sign(text))}\n".encode()

    def head_note(self, size=None):
        leaves = [sha256(b"\0", t) for t in self.leaves[:size]]
        return self.note(f"{self.name}\n{len(leaves)}\n{b64(merkle_root(leaves))}\n".encode())

    def proof(self, text, note, size=None, index=None):
        index = self.leaves.index(text) if index is None else index
        hashes = inclusion([sha256(b"\0", t) for t in self.leaves[:size]], index)
        lines = ["c2sp.org/tlog-proof@v1", "extra " + b64(text), f"index {index}", *map(b64, hashes)]
        return "\n".join(lines).encode() + b"\n\n" + note

    def envelope(self, payload, payload_type=IN_TOTO):
        pae = f"DSSEv1 {len(payload_type)} {payload_type} {len(payload)} ".encode() + payload
        return compact({"payload": b64(payload), "payloadType": payload_type,
                        "signatures": [{"keyid": sha256(self.key.public).hex(), "sig": b64(self.key.sign(pae))}]})


# Manifests, code

def entry(path, content, salt=None, kind=0, git_id=b""):
    """A ManifestEntry; with a salt it is one of a dataset's."""
    more = field_number(5, 0o644) + varint_fixed64(6, 1_600_000_000_000_000_000) + field_bytes(7, salt) if salt else field_bytes(8, git_id)
    return field_bytes(1, path) + field_number(2, kind) + field_number(3, len(content)) + field_bytes(4, sha256(content)) + more


def varint_fixed64(number, value):
    return bytes([number << 3 | 1]) + struct.pack("<Q", value)


def roots(files, salts=None):
    """(root, salted root) over [(path, content)] in this order."""
    plain, salted = [], []
    for i, (path, content) in enumerate(files):
        part = b"glassbox/file/v1\0\0" + be64(len(content)) + sha256(content) + path
        plain.append(sha256(b"\0", part))
        if salts:
            salted.append(sha256(b"\0glassbox/salted-file/v1\0", salts[i], part))
    return merkle_root(plain), merkle_root(salted)


def page(files, salts=None):
    return write_tfrecords([entry(p, c, salts[i] if salts else None) for i, (p, c) in enumerate(files)])


def code_tar(files):
    return b"".join(tar_header(p, len(c)) + padded(c) for p, c in files) + bytes(1024)


def git_tree(files):
    here, below = {}, {}
    for path, content in files:
        first, slash, rest = path.partition(b"/")
        if slash:
            below.setdefault(first, []).append((rest, content))
        else:
            here[first] = (b"100644", hashlib.sha1(b"blob %d\0" % len(content) + content).digest())
    for name, inner in below.items():
        here[name] = (b"40000", git_tree(inner))
    order = sorted(here, key=lambda n: n + b"/" if here[n][0] == b"40000" else n)
    content = b"".join(here[n][0] + b" " + n + b"\0" + here[n][1] for n in order)
    return hashlib.sha1(b"tree %d\0" % len(content) + content).digest()


# Records

def head(stream, size, root):
    return field_bytes(1, stream) + field_number(2, size) + field_bytes(3, root)


def ref(stream, seq):
    return field_bytes(1, stream) + field_number(2, seq)


def path_of(path, root="repo"):
    return field_bytes(1, root.encode()) + field_bytes(2, path)


def parameter(name, value):
    return field_bytes(1, name.encode()) + field(2, value.encode()) + field_number(8, 1)


class Stream:
    def __init__(self, run, name, role=LEAD, follows=None):
        self.run, self.id, self.role, self.frames, self.state = run, sha256(b"stream", run.id, name)[:16], role, [], None
        start = (field_number(1, 1) + field_bytes(2, self.id) + field_bytes(3, run.id) + field_number(4, 1) + field_number(5, role)
                 + (field(6, follows) if follows else b""))
        self.add("stream-start", start)

    def add(self, kind, message, shown=True):
        f = Frame.of(kind, message, sha256(b"salt", self.id, be64(len(self.frames))))
        f.shown = shown
        self.frames.append(f)
        return len(self.frames) - 1

    def head(self, size=None):
        frames = self.frames[:size]
        return self.id, len(frames), merkle_root([f.leaf for f in frames])


def published(frames):
    """A journal of these records, each as it is shown."""
    records = []
    for f in frames:
        records.append(f.bytes() if getattr(f, "shown", True) else field_bytes(1, f.entry))
    return write_tfrecords(records)


class Run:
    """A run with code, data, an output, a config, parameters and two withheld arguments. Change what you like between the steps:
    Run(), seal(), bundle(), sign()."""

    CODE = [(b"lib/model.py", b"layers = 4\n"), (b"train.py", b"print('training')\n")]
    DATA = [(b"a.txt", b"some data\n" * 5), (b"sub/b.txt", b"more data\n")]
    OUT = [(b"weights", b"\x00\x01\x02weights")]
    CONFIG = b'{"lr": 0.125}'

    def __init__(self, name=b"run", code=CODE, data=DATA, plain=False):
        self.id = b"\1\x9f" + sha256(b"run", name)[:14]
        self.files, self.manifests = {}, 0
        self.lead = Stream(self, b"lead")
        self.streams = [self.lead]
        self.start = 0
        self.lead.add("run-start", field_bytes(1, b"glassbox 0.1.0"))
        self.lead.add("name", field_bytes(1, name))
        if plain:
            return
        for i, argument in enumerate((b"python3", b"train.py")):
            self.lead.add("arg", field_number(1, i) + field(2, argument), shown=False)
        self.add_config(b"config.json", self.CONFIG)
        self.lead.add("param", parameter("seed", "7"))
        self.lead.add("param", parameter("note", "hello"))
        self.start = len(self.lead.frames)
        self.add_code(code)
        self.add_data(b"set", data)
        self.add_output(b"out", self.OUT)
        self.lead.add("run-end", field(1, b"")[:0] + bytes([8, 0]) + varint_fixed64(5, 1) + varint_fixed64(6, 2))

    def add_config(self, path, content):
        blob = field_bytes(1, sha256(content)) + field_number(2, len(content))
        self.files["file/" + sha256(content).hex()] = content
        return self.lead.add("config", field(1, path_of(path)) + field_bytes(2, b"json") + field(3, blob))

    def add_layer(self, kind, data):
        self.files[f"{kind}/{self.manifests}.{'tar' if kind == 'code' else 'tfrecord'}"] = data

    def add_code(self, files, pages=None, tar=None):
        pages = page(files) if pages is None else pages
        self.add_layer("manifest", pages)
        self.add_layer("code", code_tar(files) if tar is None else tar)
        self.manifests += 1
        tree, commit = git_tree(files), sha256(b"commit")[:20]
        return self.lead.add("code", field_bytes(1, commit) + field_bytes(2, tree) + field_bytes(3, tree) + field_bytes(4, roots(files)[0])
                             + field_number(5, len(files)) + field_number(6, sum(len(c) for _, c in files))
                             + field_bytes(7, sha256(pages)) + field_number(8, 1))

    def add_data(self, name, files, pages=None):
        salts = [sha256(b"file salt", name, p) for p, _ in files]
        pages = page(files, salts) if pages is None else pages
        root, salted = roots(files, salts)
        seq = self.lead.add("data", field_bytes(1, name) + field(2, path_of(name)) + field_number(4, len(files))
                            + field_number(5, sum(len(c) for _, c in files)) + field_bytes(6, root) + field_bytes(7, salted))
        self.add_layer("manifest", pages)
        self.manifests += 1
        return self.lead.add("data-files", field(1, ref(self.lead.id, seq)) + field_bytes(2, sha256(pages)))

    def add_output(self, name, files, pages=None):
        salts = [sha256(b"file salt", name, p) for p, _ in files]
        pages = page(files, salts) if pages is None else pages
        root, salted = roots(files, salts)
        self.add_layer("manifest", pages)
        self.manifests += 1
        return self.lead.add("artifact", field_bytes(1, name) + field(2, path_of(name)) + field_number(3, len(files))
                             + field_number(4, sum(len(c) for _, c in files)) + field_bytes(5, root) + field_bytes(6, salted)
                             + field_bytes(7, sha256(pages)))

    def add_stream(self, name, role=MEMBER, follows=None, ended=True, records=2):
        s = Stream(self, name, role, follows)
        for i in range(records):
            s.add("heartbeat", field_number(1, 60 * (i + 1)))
        if ended:
            s.add("stream-end", b"")
        self.streams.append(s)
        return s

    def chain(self):
        for s in self.streams:
            relink(s.frames)

    def listed(self):
        """The list of streams as it should be: [(stream, size, root, state)]."""
        out = []
        for s in sorted(self.streams, key=lambda s: s.id):
            ended = s is self.lead or s.frames[-1].kind == KINDS["stream-end"]
            out.append((*s.head(), s.state or (ENDED if ended else OPEN)))
        return out

    def seal(self, state=None, listed=None, streams=None, root=None):
        """Writes the list of streams and the Seal, whose state is what the run's end says: all that end here exit."""
        if state is None:
            state = 1 if any(f.kind == KINDS["run-end"] for f in self.lead.frames) else 4
        self.chain()
        listed = self.listed() if listed is None else listed
        self.files["streams.tfrecord"] = write_tfrecords([head(*e[:3]) + field_number(4, e[3]) for e in listed])
        leaves = [sha256(b"\0glassbox/stream/v1\0", e[0], be64(e[1]), e[2], bytes([e[3]])) for e in listed]
        self.lead.add("seal", field_number(1, state) + field_number(2, len(listed) if streams is None else streams)
                      + field_bytes(3, merkle_root(leaves) if root is None else root))
        relink(self.lead.frames, len(self.lead.frames) - 1)
        return self

    def journal(self):
        return b"".join(published(s.frames) for s in sorted(self.streams, key=lambda s: s.id))

    def bundle(self):
        """All but what is signed."""
        return Bundle.of({"publication.json": b"", "journal/0.tfrecord": self.journal(), **self.files})

    def withheld(self):
        return [{"stream": s.id.hex(), "first": i, "last": i, "kind": NAME_OF_KIND[f.kind], "reason": "not for the public"}
                for s in sorted(self.streams, key=lambda s: s.id) for i, f in enumerate(s.frames) if not f.shown]

    def statement(self, bundle, sequence=1, previous=None):
        stream, size, root = self.lead.head()
        named = [{"title": t, "mediaType": bundle.descriptors[t]["mediaType"], "digest": "sha256:" + sha256(d).hex(), "size": len(d)}
                 for t, d in bundle.layer.items() if t not in NOT_NAMED and not t.startswith(("attestation/", "timestamp/"))]
        return {"_type": "https://in-toto.io/Statement/v1",
                "subject": [{"name": ulid(self.id), "digest": {"glassboxRoot": root.hex()}}],
                "predicateType": "urn:glassbox:publication:v1",
                "predicate": {"run": ulid(self.id), "head": {"stream": stream.hex(), "size": size, "root": root.hex()},
                              "sequence": sequence, "previous": previous, "layers": named, "withheld": self.withheld()}}

    def seal_leaf(self):
        return leaf_text(self.id, "seal", *self.lead.head())

    def start_leaf(self):
        return leaf_text(self.id, "start", *self.lead.head(self.start))

    def sign(self, bundle, owner, statement=None, payload=None, log_size=None):
        """Key, proofs and statement for the layers as they are. statement changes it before it is signed; payload its bytes."""
        starts = [self.start_leaf()] if self.start else []
        for text in starts + [self.seal_leaf()]:
            owner.append(text)
        note = owner.head_note(log_size)
        bundle.put("head.note", note)
        if starts:
            bundle.put("start.proof", owner.proof(starts[0], note, log_size))
        bundle.put("seal.proof", owner.proof(self.seal_leaf(), note, log_size))
        bundle.put(f"key/{owner.id.hex()}.vkey", owner.vkey())
        return self.state(bundle, owner, statement, payload)

    def state(self, bundle, owner, statement=None, payload=None, **more):
        said = self.statement(bundle, **more)
        if statement:
            said = statement(said) or said
        text = compact(said)
        bundle.layer["publication.json"] = owner.envelope(payload(text) if payload else text)
        return bundle


def honest(owner, name=b"run", **more):
    """(run, bundle) with nothing wrong."""
    run = Run(name, **more).seal()
    return run, run.sign(run.bundle(), owner)
