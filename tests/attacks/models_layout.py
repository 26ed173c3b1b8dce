"""The outer form: names, links, titles, blobs, descriptors, media types, members twice, bytes behind the end."""
import json
import os
import re

from case import Case, changed, model, named, signed, write
from forge import Owner, Run, field_bytes, page, sha256
from bundles import Frame, compact, padded, read_tfrecords, tar_header, tar_of, write_tfrecords

# Names that lead out, hide, or deceive.
OUTSIDE = [b"../x", b"a/../../x", b"..", b".", b"./x", b"/etc/x", b"//x", b"a//b", b"a/", b"a/./b", b"a/..", b""]
DECEIVING = [b"a\x00b", b"\xff\xfe", b"a\xc0\xafb", b"\xed\xa0\x80", b"a\nb", b"a\rb", b"\x1b[2Jx", b"a\x08b", b"\xc2\x9bx", b"\x7f",
             "\u202egpj.exe".encode(), "a\u2066b".encode(), "\u200fx".encode(), "\u061cx".encode()]
DOT_GIT = [b".git", b".git/config", b"sub/.git/hooks/post-checkout", b".GIT/config", b".gIt/x", b".git./x", b".git /x", b".git. . /x",
           b"git~1/config", b"GIT~1/x", b".git::$INDEX_ALLOCATION/x", b".git:x", b".git\\config", b"sub\\.git\\config", ".g\u200cit/config".encode(),
           "\ufeff.git/x".encode(), ".gi\u200dt/x".encode(), ".\u202agit/x".encode(), "sub/.\u206fGIT".encode()]


def loose(files, odd=()):
    """A tar as another tool writes it: the first header is not ours. odd: headers with content, before index.json."""
    first = tar_header(b"oci-layout", len(files["oci-layout"]), mode=b"0000600") + padded(files["oci-layout"])
    rest = {n: d for n, d in files.items() if n != "oci-layout"}
    return first + b"".join(odd) + tar_of(rest)


@model
def names():
    """In the outer tar, as titles, in the code and in the list of a dataset's files."""
    _, _, b = signed()
    files = b.files()
    for name in OUTSIDE + DECEIVING + DOT_GIT:
        if name and b"\0" not in name and name not in (b".", ):
            odd = tar_header(name, 4) + padded(b"more")
            yield Case(f"{name} in another tool's tar", loose(files, [odd]), 3)
            yield Case(f"{name} in a tar of ours", tar_of(files)[:-1024] + odd + bytes(1024), 3)
        if name and b"/" not in name and b"\0" not in name and name not in (b".", b".."):
            for folder in ("", "blobs/", "blobs/sha256/"):
                def make(path, name=name, folder=folder):
                    write(files, path)
                    with open(os.path.join(path, folder).encode() + name, "w"):
                        pass
                yield Case(f"{name} in the folder {folder}", make, 3, ("is not part of the bundle",))
        for before in (b"", b"file/", b"manifest/"):
            title = json.dumps((before + name).decode("utf-8", "replace"), ensure_ascii=False).encode()
            if before + name not in (b"file/", b"manifest/"):
                c = b.copy()
                c.put("manifest/9.tfrecord", b"more")
                text = c.files(lambda t, title=title: t.replace(b'"manifest/9.tfrecord"', title))
                yield Case(f"title {before + name}", text, 3)
    for name in OUTSIDE + [b"a\x00b"] + DOT_GIT:
        files = sorted([(name, b"x"), (b"train.py", b"y")])
        run = Run(plain=True)
        run.add_code(files, tar=b"".join(tar_header(p, len(c)) + padded(c) for p, c in files) + bytes(1024))
        run.seal()
        yield Case(f"{name} in the code, signed", run.sign(run.bundle(), Owner()), 3,
                   ("code/0.tar", "git keeps this name") if name in DOT_GIT else ("manifest/0.tfrecord", "not a clean relative path"))
    for name in OUTSIDE + [b"a\x00b"]:
        run = Run(plain=True)
        run.add_data(b"set", sorted([(name, b"x"), (b"train.py", b"y")]))
        run.seal()
        yield Case(f"{name} in a dataset, signed", run.sign(run.bundle(), Owner()), 3, ("manifest/0.tfrecord",))
    for name in DECEIVING[1:] + DOT_GIT: # a dataset's files may have them: they are told, and steer nothing
        run = Run(plain=True)
        run.lead.frames[-1] = Frame.of("name", field_bytes(1, name if is_text(name) else b"x"), bytes(32))
        run.lead.frames[-1].shown = True
        run.add_data(b"set", [(name, b"x")])
        run.seal()
        yield Case(f"{name} in a dataset and as the run's name, signed", run.sign(run.bundle(), Owner()), 0)


def is_text(name):
    try:
        return b"\0" not in name and bool(name.decode())
    except UnicodeDecodeError:
        return False


@model
def links():
    """Links, folders, devices and pipes in the tar, and in the folder."""
    _, _, b = signed()
    files = b.files()
    blob = next(n for n in files if n.startswith("blobs/"))
    for kind in b"123467ADKLMNSVXg":
        kind = bytes([kind])
        for name, target in ((b"blobs/sha256/" + b"0" * 64, b"../../../etc/passwd"), (b"extra", b"index.json"), (blob.encode(), b"/dev/zero")):
            odd = tar_header(name, 0, kind=kind, target=target)
            yield Case(f"type {kind} as {name.decode()[:20]} in another tool's tar", loose(files, [odd]), 3)
        if kind not in b"0":
            yield Case(f"type {kind} in a tar of ours", tar_of(files)[:-1024] + tar_header(b"extra", 0, kind=kind, target=b"x") + bytes(1024), 3)
    for name in files:
        for target in ("/dev/zero", "/etc/passwd", "../outside", "index.json"):
            def make(path, name=name, target=target):
                write({n: d for n, d in files.items() if n != name}, path)
                os.symlink(target, os.path.join(path, name))
            yield Case(f"{name[-20:]} is a symbolic link to {target}", make, 3, (name.rpartition("/")[2], "symbolic link"))
        for how in ("folder", "pipe"):
            def make(path, name=name, how=how):
                write({n: d for n, d in files.items() if n != name}, path)
                (os.mkdir if how == "folder" else os.mkfifo)(os.path.join(path, name))
            yield Case(f"{name[-20:]} is a {how}", make, 3, (name.rpartition("/")[2],))


@model
def duplicate_titles():
    """Two layers, one title: of other bytes, of the same, and in the statement."""
    _, run, b = signed()
    for title in b.layer:
        for at in ("before", "behind"):
            for data in (b"other", b.layer[title]):
                def twice(text, title=title, at=at, data=data):
                    m = json.loads(text)
                    i = list(b.layer).index(title)
                    d = json.loads(json.dumps(m["layers"][i]))
                    d["digest"], d["size"] = "sha256:" + sha256(data).hex(), len(data)
                    m["layers"].insert(i + (at == "behind"), d)
                    return compact(m)
                files = b.files(twice)
                files["blobs/sha256/" + sha256(data).hex()] = data
                status = 1 if title.startswith("file/") and data == b"other" else 3
                yield Case(f"{title} twice, the other {at}", files, status, (title,))
        if title in named(b):
            c = run.state(b.copy(), Owner(), lambda s, t=title: s["predicate"]["layers"].append(
                next(n for n in s["predicate"]["layers"] if n["title"] == t)))
            yield Case(f"{title} twice in the statement", c, 3, ("publication.json", title))


@model
def unreferenced_blobs():
    """Blobs that nothing names, in the folder and in tars."""
    _, _, b = signed()
    files = b.files()
    for i in range(60):
        data = bytes([i]) * i
        more = {**files, "blobs/sha256/" + sha256(data).hex(): data} if i != 2 else {**files, "blobs/sha256/" + "0" * 64: data}
        name = list(more)[-1]
        form = (more, tar_of(more), loose(more))[i % 3]
        yield Case(f"{len(data)} bytes, form {i % 3}", form, 3, (name, "is not part of the bundle"))


def at_member(text, i, more):
    """The text with more members in its i-th object."""
    at = [m.end() for m in re.finditer(rb"\{", text)][i]
    return text[:at] + more + b"," + text[at:]


@model
def urls():
    """Descriptors that lead elsewhere, or hold content of their own."""
    _, _, b = signed()
    members = [b'"urls":["https://example.org/x"]', b'"urls":[]', b'"data":"e30="', b'"platform":{"os":"linux"}', b'"subject":{"a":1}']
    objects = b.files()["blobs/sha256/" + b.index["manifests"][0]["digest"][7:]].count(b"{")
    for i in range(objects):
        for more in members:
            yield Case(f"{more} in object {i} of the image manifest", b.files(lambda t, i=i, m=more: at_member(t, i, m)), 3,
                       ("image manifest", "byte"))
    for i in range(2):
        for more in members:
            yield Case(f"{more} in object {i} of index.json", b.files(index=lambda t, i=i, m=more: at_member(t, i, m)), 3, ("index.json",))


@model
def media_types():
    """Types that do not go with their titles, and types that are nobody's."""
    _, run, b = signed()
    wrong = ["application/vnd.oci.image.layer.v1.tar+gzip", "application/vnd.oci.empty.v1+json", "text/html", "", "a" * 300,
             "application/vnd.glassbox.journal.v2", "application/vnd.glassbox.head.v1\u202e"]
    for title in b.layer:
        for media in wrong + ["application/vnd.glassbox.journal.v1"]:
            if media != b.descriptors[title]["mediaType"]:
                c = b.copy()
                c.descriptors[title]["mediaType"] = media
                yield Case(f"{title} as {media[:60]}", run.state(c, Owner()) if title in named(b) else c, 3)
    for old in (b"application/vnd.oci.image.manifest.v1+json", b"application/vnd.glassbox.bundle.v1", b"application/vnd.oci.image.index.v1+json"):
        for new in wrong:
            yield Case(f"{old} is {new[:60]} in index.json", b.files(index=lambda t, o=old, n=new: t.replace(o, n.encode())), 3, ("index.json",))
    file = next(t for t in b.layer if t.startswith("file/"))
    for media in ("application/json", "application/yaml", "text/plain"):
        c = b.copy()
        c.descriptors[file]["mediaType"] = media
        yield Case(f"{file} as {media}, and the statement says otherwise", c, 1, (file, "another media type"))
        yield Case(f"{file} as {media}, signed", run.state(c, Owner()), 0)


def twice(text):
    """Each member of a JSON text once more, before itself: with its own value, and with another."""
    decoder = json.JSONDecoder()
    body = text.decode()
    for m in re.finditer(r'"((?:[^"\\]|\\.)*)":', body):
        value, end = decoder.raw_decode(body, m.end())
        for again in (body[m.end():end], '"other"', "null"):
            yield m[1], (body[:m.start()] + m[0] + again + "," + body[m.start():]).encode()


@model
def duplicate_keys():
    """One member twice in an object, in each document; the statement rightly signed."""
    owner, run, b = signed()
    b.files()
    image = compact(b.manifest)
    for key, text in twice(compact(b.index)):
        yield Case(f"index.json: {key}", b.files(index=lambda _, t=text: t), 3, ("index.json",))
    for key, text in twice(b.layout):
        yield Case(f"oci-layout: {key}", {**b.files(), "oci-layout": text}, 3, ("oci-layout",))
    for key, text in list(twice(image))[:40]:
        yield Case(f"image manifest: {key}", b.files(lambda _, t=text: t), 3, ("image manifest",))
    for key, text in twice(b.layer["publication.json"]):
        yield Case(f"envelope: {key}", changed(b, "publication.json", text), 3, ("publication.json",))
    for key, text in twice(compact(run.statement(b))):
        yield Case(f"statement: {key}", run.state(b.copy(), owner, payload=lambda _, t=text: t), 3, ("publication.json",))


def torn(tail):
    """What a file of records with a tail comes to: too short for a length and its CRC, or a CRC that differs."""
    return 1 if len(tail) >= 12 else 3


TAILS = [b"\0", b"\n", b" ", b"{}", bytes(16), bytes(512), b"x" * 600]


@model
def trailing_bytes():
    """Bytes behind the end of each file and document, of records and messages; the statement signed again."""
    owner, run, b = signed()
    for tail in TAILS:
        for name in ("oci-layout", "index.json"):
            files = b.files()
            files[name] += tail
            yield Case(f"{name} and {tail[:4]}", files, 3, (name,))
        yield Case(f"image manifest and {tail[:4]}", b.files(lambda t, m=tail: t + m), 3, ("image manifest",))
        for title in ("publication.json", "head.note", "start.proof", "seal.proof"):
            yield Case(f"{title} and {tail[:4]}", changed(b, title, b.layer[title] + tail), 3, (title,))
        for title in named(b):
            c = changed(b, title, b.layer[title] + tail)
            if title.startswith(("file/", "manifest/")):
                continue # another digest, so another name or none: below
            status = torn(tail) if title.endswith(".tfrecord") else 3
            yield Case(f"{title} and {tail[:4]}, signed", run.state(c, owner), status, (title,))
        yield Case(f"the statement and {tail[:4]}, signed", run.state(b.copy(), owner, payload=lambda t, m=tail: t + m), 3, ("publication.json",))
        yield Case(f"a tar and {tail[:4]}", tar_of(b.files()) + tail, 3, ("behind the end of the tar",))
        for kind in ("add_data", "add_output"):
            r = Run(plain=True)
            pages = page([(b"a", b"x")], [sha256(b"file salt", b"set", b"a")])
            getattr(r, kind)(b"set", [(b"a", b"x")], pages + tail)
            r.seal()
            yield Case(f"a manifest and {tail[:4]}, signed ({kind})", r.sign(r.bundle(), Owner()), torn(tail), ("manifest/0.tfrecord",))
    for i in range(1, len(run.lead.frames)):
        for tail in (b"\0", b"\x22\0", b"\x30\0"):
            records = read_tfrecords(b.layer["journal/0.tfrecord"])
            records[i] += tail
            c = changed(b, "journal/0.tfrecord", write_tfrecords(records))
            yield Case(f"record {i} and {tail}, signed", run.state(c, owner), 3, ("journal/0.tfrecord", f"record {i}"))
