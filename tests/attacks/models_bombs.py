"""What is meant to cost time and memory: endless files, bombs, lengths that are not so, lists without end."""
import bz2
import gzip
import lzma
import os
import struct
import zlib

from case import Case, changed, model, named, signed, write
from forge import Owner, Run, Stream, b64, be64, field, field_bytes, field_number, head, page, ref, roots, sha256
from bundles import Frame, masked_crc, padded, read_tfrecords, tar_header, tar_of, varint, write_folder, write_tfrecords

HUGE = 1 << 40  # bytes of a file that takes none


def grown(files, name, size=HUGE):
    """A folder in which one file has this many bytes, nearly all of them a hole."""
    def make(path):
        write_folder(path, files)
        at = os.path.join(path, name)
        with open(at, "ab"):
            pass
        os.truncate(at, size)
    return make


@model
def endless_data():
    """Files that do not end where their descriptors say, in folders and tars; folders with names without end."""
    _, run, b = signed()
    files = b.files()
    for name in files:
        for size in (1 << 20, 1 << 32, HUGE):
            status = 1 if name.startswith("blobs/") else 3
            yield Case(f"{name[-20:]} has {size} bytes", grown(files, name, size), status, (name,))
    # As large as its descriptor says, with a hole for content; the statement names none of them.
    digest = "ab" * 32
    for title, kind in ((f"file/{digest}", "application/octet-stream"), ("attestation/a.json", "application/vnd.in-toto+json"),
                        ("timestamp/a.tsr", "application/timestamp-reply")):
        layer = (f',{{"mediaType":"{kind}","digest":"sha256:{digest}","size":{1 << 36},'
                 f'"annotations":{{"org.opencontainers.image.title":"{title}"}}}}]}}').encode()
        more = b.files(lambda t, layer=layer: t[:-2] + layer)
        more[f"blobs/sha256/{digest}"] = b""
        yield Case(f"{title} of 64 GiB", grown(more, f"blobs/sha256/{digest}", 1 << 36), 1 if title.startswith("file/") else 3, (title,))
    tar = tar_of(files)
    for size in (1 << 21, 1 << 32, HUGE):
        def zeros(path, size=size, data=tar):
            write(data, path)
            os.truncate(path, size)
        yield Case(f"a tar with zeros to {size} bytes", zeros, 3, ("behind the end of the tar",))
        other = tar_header(b"oci-layout", len(files["oci-layout"]), mode=b"0000600") + tar[512:]
        yield Case(f"another tool's tar with zeros to {size} bytes", lambda p, d=other, z=zeros: z(p, data=d), 3, ("end of the tar",))
        odd = tar_header(b"extra", 1 << 32)

        def inside(path, size=size):
            with open(path, "wb") as f:
                f.write(tar_header(b"oci-layout", len(files["oci-layout"]), mode=b"0000600") + padded(files["oci-layout"]) + odd)
                f.truncate(size)
        yield Case(f"a file of 4 GiB in a tar of {size} bytes", inside, 3)
    for folder in ("", "blobs", "blobs/sha256"):
        def crowd(path, folder=folder):
            write_folder(path, files)
            for i in range(10050):
                os.symlink("x", os.path.join(path, folder, f"{i:x}"))
        yield Case(f"10,050 names in {folder or 'the folder'}", crowd, 3)
    for text in ("oci-layout", "index.json"):
        for fill in (b" ", b"[", b'{"a":', b"\0"):
            yield Case(f"{text} of a MiB of {fill}", {**files, text: fill * ((1 << 20) // len(fill))}, 3, (text,))
    yield Case("an image manifest of 5 MiB", b.files(lambda t: t + b" " * (5 << 20)), 3, ("image manifest",))
    for title in ("publication.json", "head.note", "start.proof", "seal.proof"):
        yield Case(f"{title} of 20 MiB", changed(b, title, b.layer[title] + bytes(20 << 20)), 3, (title,))
    for path in ("/dev/zero", "/dev/null", "/dev/full", "/dev/urandom"):
        yield Case(f"a link to {path}", lambda p, to=path: os.symlink(to, p), 3)
    yield Case("a pipe", os.mkfifo, 3)


def squeezed(tar):
    bomb = bytes(1 << 24)
    for name, compress in (("gzip", gzip.compress), ("bzip2", bz2.compress), ("xz", lzma.compress), ("zlib", zlib.compress)):
        once = compress(bomb)
        yield name, compress(tar)
        yield name + " of 16 MiB of zeros", once
        yield name + " twice", compress(once)


def nested(depth, kind):
    return {"lists": b"[" * depth + b"]" * depth, "objects": b'{"a":' * depth + b"1" + b"}" * depth,
            "open": b"[" * depth}[kind]


@model
def bombs():
    """Small files that grow when somebody unpacks them, and depth without end."""
    owner, run, b = signed()
    files = b.files()
    tar = tar_of(files)
    for name, data in squeezed(tar):
        yield Case(f"a tar in {name}", data, 3)
        for media in ("application/vnd.glassbox.code.v1.tar+gzip", "application/vnd.oci.image.layer.v1.tar+gzip"):
            c = changed(b, "code/0.tar", data)
            c.descriptors["code/0.tar"]["mediaType"] = media
            yield Case(f"code in {name} as {media}", c, 3, ("code/0.tar", "media type"))
        yield Case(f"code in {name}, signed", run.state(changed(b, "code/0.tar", data), owner), 3, ("code/0.tar",))
    for kind in ("lists", "objects", "open"):
        for depth in (65, 1000, 10000):
            deep = nested(depth, kind)
            yield Case(f"index.json: {depth} {kind}", {**files, "index.json": deep}, 3, ("index.json",))
            yield Case(f"an annotation in index.json: {depth} {kind}",
                       b.files(index=lambda t, d=deep: t.replace(b'"manifests"', b'"annotations":' + d + b',"manifests"')), 3, ("index.json",))
            yield Case(f"oci-layout: {depth} {kind}", {**files, "oci-layout": deep}, 3, ("oci-layout",))
            yield Case(f"envelope: {depth} {kind}", changed(b, "publication.json", deep), 3, ("publication.json",))
            yield Case(f"statement: {depth} {kind}", run.state(b.copy(), owner, payload=lambda _, d=deep: d), 3, ("publication.json",))
    values = b'{"predicateType":"urn:glassbox:publication:v1","predicate":[' + b"[]," * 700000 + b"[]]}"
    yield Case("a statement of 700,000 lists", run.state(b.copy(), owner, payload=lambda _: values), 3, ("publication.json",))
    yield Case("an envelope of 700,000 lists", changed(b, "publication.json", values), 3, ("publication.json",))
    for depth in (8, 100, 5000):
        message = b""
        for _ in range(depth):
            message = field(6, message)
        records = read_tfrecords(b.layer["journal/0.tfrecord"])
        f = Frame(records[2])
        f.body = field(12, message[:60000])
        records[2] = f.bytes()
        yield Case(f"messages {depth} deep, signed", run.state(changed(b, "journal/0.tfrecord", write_tfrecords(records)), owner), 3,
                   ("journal/0.tfrecord", "record 2"))
        pax = b"".join(tar_header(b"PaxHeader", 512, kind=b"x") + padded(b"9 path=a\n") for _ in range(depth))
        yield Case(f"{depth} pax headers in a row", tar[:-1024] + pax + bytes(1024), 3)


def framed(length, data=b""):
    raw = struct.pack("<Q", length)
    return raw + struct.pack("<I", masked_crc(raw)) + data


def at_each_record(b, run, owner, lengths):
    """A header with this length in the place of each record, the rest behind it; signed again."""
    for title in ("journal/0.tfrecord", "streams.tfrecord"):
        records = read_tfrecords(b.layer[title])
        for i in range(len(records) + 1):
            for length in lengths:
                data = write_tfrecords(records[:i]) + framed(length, b"".join(records[i:]) + bytes(4))
                yield f"record {i} of {title}: {length} bytes", run.state(changed(b, title, data), owner), title
    for kind in ("add_data", "add_output"):
        files = [(b"a", b"x"), (b"b", b"y")]
        salts = [sha256(b"file salt", b"set", p) for p, _ in files]
        for i in range(3):
            for length in lengths:
                whole = read_tfrecords(page(files, salts))
                r = Run(plain=True)
                getattr(r, kind)(b"set", files, write_tfrecords(whole[:i]) + framed(length, b"".join(whole[i:]) + bytes(4)))
                r.seal()
                yield f"entry {i} of a manifest: {length} bytes", r.sign(r.bundle(), Owner()), "manifest/0.tfrecord"


@model
def frames_of_4_gib():
    """The header of a frame, its CRC right, that promises 4 GiB."""
    owner, run, b = signed()
    for what, form, title in at_each_record(b, run, owner, (1 << 32, (1 << 32) - 1, (1 << 32) + 65536)):
        yield Case(what, form, 3, (title,))


def number_in(text, key, value):
    """The JSON text with the first number of this key changed."""
    at = text.index(b'"%s":' % key) + len(key) + 3
    end = at
    while text[end:end + 1].isdigit():
        end += 1
    return text[:at] + value + text[end:]


@model
def lengths_of_2_to_63():
    """Numbers that are no number any more: 2^63 and more wherever a length stands. 2^63 - 1 is one, and contradicts."""
    owner, run, b = signed()
    for what, form, title in at_each_record(b, run, owner, (1 << 63, (1 << 64) - 1)):
        yield Case(what, form, 3, (title,))
    for number in (b"9223372036854775808", b"18446744073709551615", b"18446744073709551616", b"-1", b"1e3", b"1.0", b"9" * 400):
        yield Case(f"index.json: size {number[:24]}", b.files(index=lambda t, n=number: number_in(t, b"size", n)), 3, ("index.json",))
        yield Case(f"image manifest: size {number[:24]}", b.files(lambda t, n=number: t.replace(b'"size":2}', b'"size":' + n + b"}")), 3,
                   ("image manifest",))
        yield Case(f"image manifest: a layer's size {number[:24]}",
                   b.files(lambda t, n=number: t[:600] + number_in(t[600:], b"size", n)), 3, ("image manifest",))
        for key in (b"size", b"first", b"last", b"sequence"):
            yield Case(f"statement: {key.decode()} {number[:24]}", run.state(b.copy(), owner, payload=lambda t, k=key, n=number: number_in(t, k, n)),
                       3, ("publication.json",))
        note = owner.note(f"{owner.name}\n{number.decode()}\n{b64(bytes(32))}\n".encode())
        yield Case(f"head.note: size {number[:24]}", changed(b, "head.note", note), 3, ("head.note",))
        proof = b.layer["seal.proof"].replace(b"\nindex 1\n", b"\nindex " + number + b"\n")
        yield Case(f"seal.proof: index {number[:24]}", changed(b, "seal.proof", proof), 3, ("seal.proof",))
    big = b"9223372036854775807"
    yield Case("image manifest: a layer's size 2^63 - 1", b.files(lambda t: t[:900] + number_in(t[900:], b"size", big)), 1, ("descriptor says",))
    yield Case("statement: last 2^63 - 1", run.state(b.copy(), owner, payload=lambda t: t[:t.rindex(b'"last"')] + number_in(
        t[t.rindex(b'"last"'):], b"last", big)), 1, ("the publication statement withholds",))
    for field_of_size in (b"\x80" + bytes(3) + (1 << 63).to_bytes(8, "big"), b"\xff" * 12, b"777777777777", b"-1\0\0\0\0\0\0\0\0\0\0"):
        h = bytearray(tar_header(b"extra", 0))
        h[124:136] = field_of_size
        h[148:156] = b" " * 8
        h[148:156] = b"%06o\0 " % sum(h)
        yield Case(f"a tar: size {field_of_size[:4]}", tar_of(b.files())[:-1024] + bytes(h) + bytes(1024), 3)
        yield Case(f"code: size {field_of_size[:4]}, signed",
                   run.state(changed(b, "code/0.tar", bytes(h) + b.layer["code/0.tar"][512:]), owner), 3, ("code/0.tar",))
    for size in (1 << 63, (1 << 64) - 1):
        r = Run(plain=True)
        salt = sha256(b"salt")
        pages = write_tfrecords([field_bytes(1, b"a") + field_number(3, size) + field_bytes(4, bytes(32)) + field_bytes(7, salt)])
        r.add_data(b"set", [(b"a", b"x")], pages)
        r.seal()
        yield Case(f"a manifest: a file of {size} bytes, signed", r.sign(r.bundle(), Owner()), 3, ("manifest/0.tfrecord",))
    for i in (3, 5, 6):
        for length in (1 << 63, (1 << 64) - 1, (1 << 32) - 1):
            records = read_tfrecords(b.layer["journal/0.tfrecord"])
            records[i] = varint(1 << 3 | 2) + varint(length) + records[i][2:]
            yield Case(f"record {i}: an entry of {length} bytes, signed",
                       run.state(changed(b, "journal/0.tfrecord", write_tfrecords(records)), owner), 3, ("journal/0.tfrecord", f"record {i}"))


def layers_without_end(b, count, title, data):
    """So many layers more, one blob for all."""
    digest = sha256(data).hex()
    more = b"".join(b',{"mediaType":"%s","digest":"sha256:%s","size":%d,"annotations":{"org.opencontainers.image.title":"%s"}}' % (
        media.encode(), digest.encode(), len(data), (title % i).encode())
        for media in ["application/vnd.glassbox.manifest.v1" if title.startswith("manifest") else
                      "application/vnd.glassbox.code.v1.tar" if title.startswith("code") else
                      "application/vnd.glassbox.journal.v1" if title.startswith("journal") else
                      "application/timestamp-reply" if title.startswith("timestamp") else "application/vnd.in-toto+json"]
        for i in range(1000, 1000 + count))
    files = b.files(lambda t: t[:-2] + more + t[-2:])
    files["blobs/sha256/" + digest] = data
    return files


@model
def layers_10000():
    """Thousands of layers, in the image manifest, in the statement, and named by thousands of records."""
    owner, run, b = signed()
    for title in ("manifest/%d.tfrecord", "code/%d.tar", "journal/%d.tfrecord", "timestamp/%d.tsr", "attestation/%d.json"):
        for count in (1000, 2000, 5000, 8000, 10000, 13000, 16000, 16384, 20000):
            over = count + len(b.layer) > 16384
            other = title.startswith(("manifest", "timestamp", "attestation"))
            status = 3 if over or not title.startswith("manifest") else 1
            def make(path, count=count, title=title):
                write(layers_without_end(b, count, title, b"x" * 100), path)
            yield Case(f"{count} layers more, {title}", make, status,
                       ("16384 layers",) if over and count < 20000 else ())
    for count in (1000, 10000, 16000):
        def many(s, count=count):
            s["predicate"]["layers"] += [{"title": f"manifest/{1000 + i}.tfrecord", "mediaType": "application/vnd.glassbox.manifest.v1",
                                          "digest": "sha256:" + "0" * 64, "size": 1} for i in range(count)]
        yield Case(f"{count} layers that only the statement names", run.state(b.copy(), owner, many), 1, ("it is not there",))

        def ranges(s, count=count):
            s["predicate"]["withheld"] += [{"stream": "f" * 32, "first": 2 * i, "last": 2 * i, "kind": "arg", "reason": "r"} for i in range(count)]
        yield Case(f"{count} records withheld that are not there", run.state(b.copy(), owner, ranges), 1, ("publication statement withholds",))
    count = 16000
    signed_ones = b.copy()
    for i in range(count):
        signed_ones.put(f"manifest/{1000 + i}.tfrecord", b"x" * 100)
    yield Case(f"{count} layers that the statement names and no record", run.state(signed_ones, owner), 1, ("no shown record names this manifest",))
    count = 10000
    yield Case(f"{count} layers of one manifest that {count} records name, and one file more than they say", many_outputs(count, 1), 1)
    yield Case("5,000 streams and one that is not listed", many_streams(5000), 1, ("journal/0.tfrecord",))
    yield Case("10,000 outputs, each with its manifest: a bundle of its owner's", many_outputs(10000, 0), 0)
    yield Case("65,500 records that name a manifest", many_data(65000), 1)
    yield Case("65,500 lead streams", many_streams(65500, role=1), 1)


def many_outputs(count, wrong):
    """count outputs, one page file, each under a title of its own."""
    def make(path):
        r = Run(plain=True)
        files = [(b"a", b"x")]
        salts = [sha256(b"file salt", b"a")]
        pages = page(files, salts)
        plain, salted = roots(files, salts)
        for i in range(count):
            r.add_layer("manifest", pages)
            r.manifests += 1
            r.lead.add("artifact", field_bytes(1, b"%d" % i) + field(2, field_bytes(1, b"repo")) + field_number(3, 1 + wrong) + field_number(4, 1)
                       + field_bytes(5, plain) + field_bytes(6, salted) + field_bytes(7, sha256(pages)))
        r.seal()
        r.sign(r.bundle(), Owner()).write(path)
    return make


def many_data(count):
    def make(path):
        r = Run(plain=True)
        files = [(b"a", b"x")]
        salts = [sha256(b"file salt", b"a")]
        pages = page(files, salts)
        r.add_layer("manifest", pages)
        plain, salted = roots(files, salts)
        last = len(r.lead.frames) + count # the longest way to look for it
        for i in range(count):
            r.lead.add("data-files", field(1, ref(r.lead.id, last)) + field_bytes(2, sha256(pages)))
        r.lead.add("data", field_bytes(1, b"set") + field(2, field_bytes(1, b"repo")) + field_number(4, 2) + field_number(5, 1)
                   + field_bytes(6, plain) + field_bytes(7, salted))
        r.seal()
        r.sign(r.bundle(), Owner()).write(path)
    return make


def many_streams(count, role=2):
    def make(path):
        r = Run(plain=True)
        for i in range(count):
            r.streams.append(Stream(r, be64(i), role, head(bytes(16), 1, bytes(32)) if role == 1 else None))
        r.chain()
        listed = r.listed()
        del listed[len(listed) // 2]
        r.seal(listed=listed)
        r.sign(r.bundle(), Owner()).write(path)
    return make
