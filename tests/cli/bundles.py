"""Bundles and journals taken apart and put together again, independent of the program's own code. Python's standard library only."""
import base64
import hashlib
import json
import os
import struct
import subprocess


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def _crc_table():
    table = []
    for n in range(256):
        for _ in range(8):
            n = n >> 1 ^ (0x82F63B78 if n & 1 else 0)
        table.append(n)
    return table


_TABLE = _crc_table()


def masked_crc(data):
    """CRC-32C as TFRecord masks it."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc = _TABLE[(crc ^ byte) & 0xFF] ^ crc >> 8
    crc ^= 0xFFFFFFFF
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def read_tfrecords(data):
    """The records of a TFRecord file; every CRC is checked."""
    out, at = [], 0
    while at < len(data):
        length, = struct.unpack_from("<Q", data, at)
        crc, = struct.unpack_from("<I", data, at + 8)
        assert crc == masked_crc(data[at:at + 8]), f"CRC of the length at byte {at}"
        body = data[at + 12:at + 12 + length]
        crc, = struct.unpack_from("<I", data, at + 12 + length)
        assert len(body) == length and crc == masked_crc(body), f"CRC of the record at byte {at}"
        out.append(body)
        at += 16 + length
    return out


def write_tfrecords(records):
    out = []
    for r in records:
        length = struct.pack("<Q", len(r))
        out += [length, struct.pack("<I", masked_crc(length)), r, struct.pack("<I", masked_crc(r))]
    return b"".join(out)


def varint(value):
    out = b""
    while value > 127:
        out += bytes([value & 127 | 128])
        value >>= 7
    return out + bytes([value])


def read_varint(data, at):
    value = shift = 0
    while True:
        value |= (data[at] & 127) << shift
        shift += 7
        at += 1
        if data[at - 1] < 128:
            return value, at


def fields(message):
    """[(number, value)] of a protobuf message; bytes, or a number."""
    out, at = [], 0
    while at < len(message):
        tag, at = read_varint(message, at)
        kind = tag & 7
        if kind == 0:
            value, at = read_varint(message, at)
        elif kind == 1:
            value, at = struct.unpack_from("<Q", message, at)[0], at + 8
        elif kind == 2:
            length, at = read_varint(message, at)
            value, at = message[at:at + length], at + length
            assert len(value) == length
        else:
            raise ValueError(f"wire type {kind}")
        out.append((tag >> 3, value))
    return out


def field(number, value):
    """A member that is there even where it is empty: a message, or one of a oneof."""
    return varint(number << 3 | 2) + varint(len(value)) + value


def field_bytes(number, value):
    return field(number, value) if value else b""


def field_number(number, value):
    return varint(number << 3) + varint(value) if value else b""


KINDS = {"stream-start": 1, "run-start": 2, "run-end": 3, "stream-end": 4, "seal": 5, "gap": 6, "heartbeat": 7, "place": 10, "root": 11,
         "name": 12, "arg": 13, "config": 14, "param": 15, "var": 16, "code": 20, "git": 21, "declaration": 30, "data": 31, "data-files": 32,
         "artifact": 33, "host": 40, "system": 41, "device": 42, "process": 43, "usage": 44, "package": 45,
         "library": 46, "limits": 47, "container": 48, "interpreter": 49, "metric": 50, "console": 60}
NAME_OF_KIND = {number: name for name, number in KINDS.items()}


class Frame:
    """A record as a journal stores it."""

    def __init__(self, data):
        f = dict(fields(data))
        self.entry, self.salt, self.body = f[1], f.get(2, b""), f.get(3, b"")

    @classmethod
    def of(cls, kind, message, salt):
        """A record of this kind, not yet in its place: relink() puts it there. message: the bytes of the one member of its body."""
        f = cls.__new__(cls)
        f.salt, f.body = salt, field(KINDS[kind], message)
        f.set_entry(0, b"", 1_700_000_000_000_000_000, KINDS[kind], bytes(32))
        return f

    def bytes(self):
        return field_bytes(1, self.entry) + field_bytes(2, self.salt) + field_bytes(3, self.body)

    @property
    def kind(self):
        return dict(fields(self.entry))[4]

    @property
    def leaf(self):
        return sha256(b"\0", self.entry)

    def set_entry(self, seq, prev, time, kind, commitment):
        self.entry = (field_number(1, seq) + field_bytes(2, prev) + varint(3 << 3 | 1) + struct.pack("<Q", time)
                      + field_number(4, kind) + field_bytes(5, commitment))

    def commit(self, stream, seq):
        return sha256(b"glassbox/body/v1\0", stream, struct.pack(">Q", seq), self.salt, self.body)


def stream_id(frames):
    return dict(fields(dict(fields(frames[0].body))[1]))[2]


def relink(frames, first=0):
    """Writes the chain anew from frames[first] on, and the commitments of what is shown: what a forger without the key can do."""
    stream = stream_id(frames)
    for seq in range(first, len(frames)):
        f = frames[seq]
        e = dict(fields(f.entry))
        f.set_entry(seq, frames[seq - 1].leaf if seq else b"", e[3], e[4], f.commit(stream, seq) if f.body else e[5])


def merkle_root(leaves):
    """RFC 6962."""
    if not leaves:
        return sha256()
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return sha256(b"\1", merkle_root(leaves[:split]), merkle_root(leaves[split:]))


def stream_list(frames, state=1):
    """streams.tfrecord of a run with this one stream, and its root."""
    stream, size, root = stream_id(frames), len(frames), merkle_root([f.leaf for f in frames])
    entry = field_bytes(1, stream) + field_number(2, size) + field_bytes(3, root) + field_number(4, state)
    leaf = sha256(b"\0glassbox/stream/v1\0", stream, struct.pack(">Q", size), root, bytes([state]))
    return write_tfrecords([entry]), leaf


INDEX = "application/vnd.oci.image.index.v1+json"
IMAGE = "application/vnd.oci.image.manifest.v1+json"
ARTIFACT = "application/vnd.glassbox.bundle.v1"
TITLE = "org.opencontainers.image.title"
MEDIA = (("publication.json", "application/vnd.in-toto+json"), ("journal/", "application/vnd.glassbox.journal.v1"),
         ("streams.tfrecord", "application/vnd.glassbox.manifest.v1"), ("manifest/", "application/vnd.glassbox.manifest.v1"),
         ("code/", "application/vnd.glassbox.code.v1.tar"), ("file/", "application/octet-stream"),
         ("attestation/", "application/vnd.in-toto+json"), ("timestamp/", "application/timestamp-reply"),
         ("", "application/vnd.glassbox.head.v1"))


def media_type(title):
    return next(media for start, media in MEDIA if title.startswith(start))


class Bundle:
    """A bundle's layers in order. What write() makes is sound as an OCI layout, whatever the layers hold."""

    def __init__(self, path):
        def blob(descriptor):
            with open(os.path.join(path, "blobs/sha256", descriptor["digest"][7:]), "rb") as f:
                return f.read()

        with open(os.path.join(path, "oci-layout"), "rb") as f:
            self.layout = f.read()
        with open(os.path.join(path, "index.json"), "rb") as f:
            self.index = json.load(f)
        self.manifest = json.loads(blob(self.index["manifests"][0]))
        self.config = blob(self.manifest["config"])
        self.descriptors = {d["annotations"][TITLE]: d for d in self.manifest["layers"]}
        self.layer = {title: blob(d) for title, d in self.descriptors.items()}

    @classmethod
    def of(cls, layers):
        """A bundle of these layers, {title: bytes}."""
        b = cls.__new__(cls)
        b.layout, b.config = b'{"imageLayoutVersion":"1.0.0"}', b"{}"
        b.index = {"schemaVersion": 2, "mediaType": INDEX,
                   "manifests": [{"mediaType": IMAGE, "digest": "", "size": 0, "artifactType": ARTIFACT}]}
        b.manifest = {"schemaVersion": 2, "mediaType": IMAGE, "artifactType": ARTIFACT,
                      "config": {"mediaType": "application/vnd.oci.empty.v1+json", "digest": "sha256:" + sha256(b"{}").hex(), "size": 2},
                      "layers": []}
        b.descriptors, b.layer = {}, {}
        for title, data in layers.items():
            b.put(title, data)
        return b

    def copy(self):
        other = Bundle.__new__(Bundle)
        other.__dict__.update(json.loads(json.dumps({k: v for k, v in self.__dict__.items() if k in ("index", "manifest", "descriptors")})))
        other.layout, other.config, other.layer = self.layout, self.config, dict(self.layer)
        return other

    def put(self, title, data):
        """A layer with the media type that its title asks for."""
        self.descriptors.setdefault(title, {"mediaType": media_type(title), "digest": "", "size": 0, "annotations": {TITLE: title}})
        self.layer[title] = data

    def title_of(self, digest):
        if self.index["manifests"][0]["digest"][7:] == digest:
            return "image manifest"
        for title, d in self.descriptors.items():
            if d["digest"][7:] == digest:
                return title
        return "config"

    def frames(self, n=0):
        return [Frame(r) for r in read_tfrecords(self.layer[f"journal/{n}.tfrecord"])]

    def set_frames(self, frames, n=0):
        self.layer[f"journal/{n}.tfrecord"] = write_tfrecords([f.bytes() for f in frames])

    def remove(self, title):
        del self.layer[title]

    def add_as(self, title, like, data):
        self.descriptors[title] = json.loads(json.dumps(self.descriptors[like]))
        self.descriptors[title]["annotations"][TITLE] = title
        self.layer[title] = data

    def forge_statement(self):
        """A statement for the layers as they are, that nobody signed: what a forger without the key can do at most."""
        envelope = json.loads(self.layer["publication.json"])
        statement = json.loads(base64.b64decode(envelope["payload"]))
        named = statement["predicate"]["layers"]
        named[:] = [n for n in named if n["title"] in self.layer]
        for n in named:
            data = self.layer[n["title"]]
            n["digest"], n["size"] = "sha256:" + hashlib.sha256(data).hexdigest(), len(data)
        envelope["payload"] = base64.b64encode(compact(statement)).decode()
        envelope["signatures"] = []
        self.layer["publication.json"] = compact(envelope)

    def files(self, manifest=None, index=None):
        """{path within the bundle: bytes} in the order of a tar. The functions change the text of image manifest and index.json;
        what names them agrees."""
        blobs = {}

        def put(data):
            digest = hashlib.sha256(data).hexdigest()
            blobs["blobs/sha256/" + digest] = data
            return "sha256:" + digest, len(data)

        self.manifest["layers"] = []
        for title, data in self.layer.items():
            d = dict(self.descriptors[title])
            d["digest"], d["size"] = "sha256:" + hashlib.sha256(data).hexdigest(), len(data)
            self.manifest["layers"].append(d)
        text = compact(self.manifest)
        first = self.index["manifests"][0]
        first["digest"], first["size"] = put(manifest(text) if manifest else text)
        put(self.config)
        for data in self.layer.values():
            put(data)
        text = compact(self.index)
        return {"oci-layout": self.layout, "index.json": index(text) if index else text, **blobs}

    def write(self, path):
        return write_folder(path, self.files())


def write_folder(path, files):
    os.makedirs(os.path.join(path, "blobs/sha256"))
    for name, data in files.items():
        with open(os.path.join(path, name), "wb") as f:
            f.write(data)
    return path


def tar_header(name, size, mode=b"0000644", kind=b"0", target=b""):
    """One block, as proto/FORMAT.md section 6 has it."""
    h = bytearray(512)
    for at, data in ((0, name[:100]), (100, mode), (108, b"0000000"), (116, b"0000000"), (124, b"%011o" % size), (136, b"0" * 11),
                     (148, b" " * 8), (156, kind), (157, target[:100]), (257, b"ustar\00000"), (329, b"0000000"), (337, b"0000000")):
        h[at:at + len(data)] = data
    h[148:156] = b"%06o\0 " % sum(h)
    return bytes(h)


def padded(data):
    return data + bytes(-len(data) % 512)


def tar_of(files):
    """The tar that publish writes of these files, {name: bytes}."""
    return b"".join(tar_header(name.encode(), len(data)) + padded(data) for name, data in files.items()) + bytes(1024)


def compact(value):
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


class Place:
    """A home, a repository and the programs, apart from everything of the user's."""

    def __init__(self, folder):
        self.folder = folder
        self.glassbox = os.environ["GLASSBOX"]
        self.verifier = os.environ["GLASSBOX_VERIFY"]
        # Without folders of this machine: a bundle of the public profile shows such a PATH.
        usual = [d for d in os.environ.get("PATH", "").split(":") if d.startswith(("/usr/", "/bin", "/sbin"))]
        self.env = {"PATH": ":".join(usual or ["/usr/bin", "/bin"]), "HOME": self.path("home"), "LC_ALL": "C.UTF-8",
                    "XDG_CONFIG_HOME": self.path("config"), "XDG_STATE_HOME": self.path("state"),
                    "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1", "GIT_CEILING_DIRECTORIES": folder}
        for name in ("GIT_AUTHOR", "GIT_COMMITTER"):
            self.env[name + "_NAME"], self.env[name + "_EMAIL"] = "A Tester", "tester@example.org"
        os.makedirs(self.path("home"))
        self.repo = self.path("repo")

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def write(self, name, data):
        os.makedirs(os.path.dirname(self.path(name)), exist_ok=True)
        with open(self.path(name), "wb") as f:
            f.write(data.encode() if isinstance(data, str) else data)
        return self.path(name)

    def call(self, *argv, ok=True, cwd=None):
        done = subprocess.run(argv, env=self.env, cwd=cwd or self.repo, stdin=subprocess.DEVNULL, capture_output=True, timeout=120)
        if ok and done.returncode:
            raise AssertionError(f"{argv}: exit status {done.returncode}\n{done.stderr.decode(errors='replace')}")
        return done

    def box(self, *argv, **more):
        return self.call(self.glassbox, *argv, **more)

    def make_repo(self):
        self.write("repo/train.py", "print('training')\n" * 5)
        self.write("repo/lib/model.py", "layers = 4\n")
        self.write("repo/config.json", '{"lr": 0.125, "model": {"width": 64, "bias": true}}')
        self.call("git", "init", "-q", "-b", "main", ".")
        self.call("git", "add", "-A")
        self.call("git", "commit", "-q", "-m", "begin")

    def last_run(self):
        return json.loads(self.box("ls", "--json").stdout)["runs"][0]["run"]
