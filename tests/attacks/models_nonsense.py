"""Right signature, wrong structure: the owner's own key under what no recorder writes."""
import base64

from case import Case, changed, model, signed
from forge import (ENDED, OPEN, Owner, Run, Stream, b64, field, field_bytes, field_number, head, leaf_text, merkle_root, page,
                   parameter, path_of, ref, sha256, ulid, varint_fixed64)
from bundles import Frame, compact

MALFORMED, CONTRADICTS = 3, 1
ZEROS = "0" * 64


def statements():
    """(what, status, change of the statement)"""
    def at(*keys, value):
        def change(s):
            for k in keys[:-1]:
                s = s[k]
            s[keys[-1]] = value
        return change

    p = "predicate"
    yield "another statement type", MALFORMED, at("_type", value="https://in-toto.io/Statement/v0.1")
    yield "another predicate type", MALFORMED, at("predicateType", value="https://slsa.dev/provenance/v1")
    yield "no subject", MALFORMED, at("subject", value=[])
    yield "another subject", MALFORMED, at("subject", 0, "name", value=ulid(bytes(16)))
    yield "another digest of the subject", MALFORMED, at("subject", 0, "digest", "glassboxRoot", value=ZEROS)
    yield "a member more", MALFORMED, at("more", value=1)
    yield "a member more in the predicate", MALFORMED, at(p, "more", value=1)
    yield "a run id that is none", MALFORMED, at(p, "run", value="first")
    yield "a run id in small letters", MALFORMED, lambda s: s[p].update(run=s[p]["run"].lower())
    yield "a stream that is too short", MALFORMED, at(p, "head", "stream", value="00")
    yield "a sequence that is text", MALFORMED, at(p, "sequence", value="1")
    yield "a sequence of 0", MALFORMED, at(p, "sequence", value=0)
    yield "a first statement with one before it", MALFORMED, at(p, "previous", value="sha256:" + ZEROS)
    yield "a second statement with none before it", MALFORMED, at(p, "sequence", value=2)
    yield "previous is no digest", MALFORMED, at(p, "previous", value="md5:0")
    yield "layers are an object", MALFORMED, at(p, "layers", value={})
    yield "a layer is text", MALFORMED, at(p, "layers", 0, value="journal/0.tfrecord")
    yield "a layer without a size", MALFORMED, lambda s: s[p]["layers"][0].pop("size") and None
    yield "a layer with a member more", MALFORMED, at(p, "layers", 0, "urls", value=[])
    yield "a title that no bundle has", MALFORMED, at(p, "layers", 0, "title", value="../x")
    yield "withheld is null", MALFORMED, at(p, "withheld", value=None)
    yield "a range of an unknown kind", MALFORMED, at(p, "withheld", 0, "kind", value="everything")
    yield "a range of a kind never withheld", MALFORMED, at(p, "withheld", 0, "kind", value="seal")
    yield "a range that ends before it begins", MALFORMED, at(p, "withheld", 0, "last", value=1)
    yield "ranges that overlap", MALFORMED, at(p, "withheld", 0, "last", value=4)
    yield "ranges out of order", MALFORMED, lambda s: s[p]["withheld"].reverse()
    yield "a reason of 2,000 bytes", MALFORMED, at(p, "withheld", 0, "reason", value="x" * 2000)
    yield "a reason that is no text", MALFORMED, at(p, "withheld", 0, "reason", value=None)
    yield "another run", CONTRADICTS, lambda s: (s[p].update(run=ulid(bytes(16))), s["subject"][0].update(name=ulid(bytes(16)))) and None
    yield "another stream", CONTRADICTS, at(p, "head", "stream", value="0" * 32)
    yield "a head of one record less", CONTRADICTS, lambda s: s[p]["head"].update(size=s[p]["head"]["size"] - 1)
    yield "another root", CONTRADICTS, lambda s: (s[p]["head"].update(root=ZEROS), s["subject"][0]["digest"].update(glassboxRoot=ZEROS)) and None
    yield "a layer less", CONTRADICTS, lambda s: s[p]["layers"].pop() and None
    yield "no layers", CONTRADICTS, at(p, "layers", value=[])
    yield "a layer more", CONTRADICTS, lambda s: s[p]["layers"].append(dict(s[p]["layers"][0], title="journal/7.tfrecord"))
    yield "another digest of a layer", CONTRADICTS, at(p, "layers", 0, "digest", value="sha256:" + ZEROS)
    yield "another size of a layer", CONTRADICTS, at(p, "layers", 0, "size", value=1)
    yield "layers in another order", CONTRADICTS, lambda s: s[p]["layers"].reverse()
    yield "another kind withheld", CONTRADICTS, at(p, "withheld", 0, "kind", value="param")
    yield "a shown record withheld", CONTRADICTS, lambda s: s[p]["withheld"].append(dict(s[p]["withheld"][1], first=6, last=6, kind="param"))
    yield "a withheld record of no stream", CONTRADICTS, lambda s: s[p]["withheld"].append(dict(s[p]["withheld"][1], stream="f" * 32))
    yield "one withheld record not named", MALFORMED, lambda s: s[p]["withheld"].pop() and None


def payloads():
    for data in (b"", b"null", b"[]", b"{}", b'"statement"', b"\xff\xfe", b"\0", b'{"predicateType":"urn:glassbox:publication:v1"}',
                 b'{"predicateType":"urn:glassbox:publication:v1","predicate":{}}', b'{"a":1,}', b"{'a':1}", b"NaN", b"1" * 5000,
                 b'{"predicateType":"urn:glassbox:publication:v2","predicate":{}}'):
        yield data


def notes(owner, leaves):
    """(what, status, note)"""
    root = b64(merkle_root([sha256(b"\0", t) for t in leaves]))
    name, size = owner.name, len(leaves)

    def text(*lines):
        return owner.note("".join(line + "\n" for line in lines).encode())

    good = text(name, str(size), root)
    yield "an empty tree", CONTRADICTS, text(name, "0", b64(sha256()))
    yield "a smaller tree", CONTRADICTS, text(name, "1", root)
    yield "another root", CONTRADICTS, text(name, str(size), b64(bytes(32)))
    yield "another origin", CONTRADICTS, text("other.example/1", str(size), root)
    yield "no root", MALFORMED, text(name, str(size))
    yield "a root of 31 bytes", MALFORMED, text(name, str(size), b64(bytes(31)))
    yield "a size with a leading zero", MALFORMED, text(name, "0%d" % size, root)
    yield "a size that is no number", MALFORMED, text(name, "two", root)
    yield "a space behind the size", MALFORMED, text(name, "%d " % size, root)
    yield "an empty extension line", MALFORMED, text(name, str(size), root, "", "more")
    yield "an origin with a space", MALFORMED, text("a b", str(size), root)
    yield "a control character", MALFORMED, text(name, str(size), root, "\x1b[2J")
    yield "no blank line", MALFORMED, good.replace(b"\n\n", b"\n")
    yield "no newline at the end", MALFORMED, good[:-1]
    yield "text behind the signature", MALFORMED, good + b"more\n"
    yield "signed by nobody", MALFORMED, good[:good.rindex("\u2014".encode())]
    yield "a signature of 63 bytes", CONTRADICTS, good.replace(good.split()[-1], base64.b64encode(base64.b64decode(good.split()[-1])[:-1]))
    yield "another key id", CONTRADICTS, good.replace(good.split()[-1], base64.b64encode(bytes(4) + base64.b64decode(good.split()[-1])[4:]))
    yield "another key's", CONTRADICTS, owner_of(seed=b"other", leaves=leaves).head_note()
    yield "signed twice, once wrongly", CONTRADICTS, good + ("\u2014 %s %s\n" % (name, b64(owner.id + bytes(64)))).encode()
    yield "65 signatures", MALFORMED, good + b"".join("\u2014 w{0} {1}\n".format(i, b64(bytes(70))).encode() for i in range(64))


def owner_of(seed, leaves):
    other = Owner(seed=seed)
    other.leaves = list(leaves)
    return other


def leaves(run):
    """(what, status, leaf of the seal)"""
    stream, size, root = run.lead.head()
    yield "of a start", CONTRADICTS, leaf_text(run.id, "start", stream, size, root)
    yield "of a removal", CONTRADICTS, leaf_text(run.id, "removed", stream, size, root)
    yield "of another run", CONTRADICTS, leaf_text(bytes(16), "seal", stream, size, root)
    yield "of another stream", CONTRADICTS, leaf_text(run.id, "seal", bytes(16), size, root)
    yield "of one record less", CONTRADICTS, leaf_text(run.id, "seal", *run.lead.head(size - 1))
    yield "of one record more", CONTRADICTS, leaf_text(run.id, "seal", stream, size + 1, root)
    yield "of another root", CONTRADICTS, leaf_text(run.id, "seal", stream, size, bytes(32))
    good = leaf_text(run.id, "seal", stream, size, root)
    yield "of another format", MALFORMED, good.replace(b"/v1", b"/v2")
    yield "of an unknown event", MALFORMED, good.replace(b"\nseal\n", b"\nsealed\n")
    yield "without its last line", MALFORMED, good[:-1]
    yield "with a line more", MALFORMED, good + b"more\n"
    yield "that is empty", MALFORMED, b""
    yield "in large letters", MALFORMED, good.replace(stream.hex().encode(), stream.hex().upper().encode())


def vkeys(owner):
    good = owner.vkey().decode()
    name, key_id, rest = good.rstrip("\n").split("+", 2)
    yield "of another type", MALFORMED, f"{name}+{key_id}+{b64(bytes([2]) + owner.key.public)}\n"
    yield "of 31 bytes", MALFORMED, f"{name}+{key_id}+{b64(bytes([1]) + owner.key.public[:31])}\n"
    yield "with another id", CONTRADICTS, f"{name}+00000000+{rest}\n"
    yield "of another name", CONTRADICTS, f"other+{key_id}+{rest}\n"
    yield "without a name", MALFORMED, f"+{key_id}+{rest}\n"
    yield "with a space in its name", MALFORMED, f"a b+{key_id}+{rest}\n"
    yield "of two lines", MALFORMED, good + good
    yield "without its newline", MALFORMED, good[:-1]


@model
def signed_documents():
    """The statement, the head note, the proofs and the key, each rightly signed by the owner."""
    owner, run, b = signed()
    for what, status, change in statements():
        yield Case(f"statement: {what}", run.state(b.copy(), owner, change), status)
    for data in payloads():
        yield Case(f"payload: {data[:40]}", run.state(b.copy(), owner, payload=lambda _, d=data: d), MALFORMED, ("publication.json",))
    c = b.copy()
    c.layer["publication.json"] = owner.envelope(compact(run.statement(b)), "application/json")
    yield Case("payload of another type", c, MALFORMED, ("publication.json",))
    for what, status, note in notes(owner, owner.leaves):
        c = b.copy()
        c.layer["head.note"] = note
        for title in ("start.proof", "seal.proof"):
            c.layer[title] = b.layer[title].split(b"\n\n")[0] + b"\n\n" + note
        yield Case(f"head note: {what}", c, status, (".proof",) if what in ("an empty tree", "a smaller tree", "another root") else ("head.note",))
    for what, status, leaf in leaves(run):
        other = Owner()
        other.leaves = [run.start_leaf(), leaf]
        note = other.head_note()
        c = b.copy()
        c.layer.update({"head.note": note, "start.proof": other.proof(run.start_leaf(), note), "seal.proof": other.proof(leaf, note)})
        yield Case(f"leaf {what}", c, status, ("seal.proof",))
    for what, status, text in vkeys(owner):
        title = f"key/{owner.id.hex()}.vkey"
        yield Case(f"key {what}", run.state(changed(b, title, text.encode()), owner), status, (title,))
    other = Owner(name="somebody.else/1")
    c = b.copy()
    c.remove(f"key/{owner.id.hex()}.vkey")
    c.put(f"key/{other.id.hex()}.vkey", other.vkey())
    yield Case("the key under another name than the log's", run.state(c, owner), CONTRADICTS, ("head.note",))
    c = b.copy()
    c.put("key/00000000.vkey", Owner(seed=b"second").vkey())
    yield Case("two keys", run.state(c, owner), MALFORMED, ("a second key",))
    c = changed(b, f"key/{owner.id.hex()}.vkey", owner.vkey())
    c.layer["key/00000000.vkey"] = c.layer.pop(f"key/{owner.id.hex()}.vkey")
    c.descriptors["key/00000000.vkey"] = dict(b.descriptors[f"key/{owner.id.hex()}.vkey"],
                                              annotations={"org.opencontainers.image.title": "key/00000000.vkey"})
    yield Case("a key under the id of another", run.state(c, owner), CONTRADICTS, ("key/00000000.vkey",))
    for kind in ("attestation/a.json", "timestamp/a.tsr"):
        c = b.copy()
        c.put(kind, b"nonsense")
        yield Case(f"{kind}, that nobody judges", c, MALFORMED, ("does not check",))


HASH = sha256(b"x")


def bodies():
    """(what, kind, message): bodies that their schema allows and FORMAT.md does not, or not even the schema."""
    path = field(2, path_of(b"x"))
    blob = field_bytes(1, HASH) + field_number(2, 1)
    stream = bytes(range(16))
    yield "config without a path", "config", field(3, blob)
    yield "config with a short digest", "config", field(1, path_of(b"x")) + field(3, field_bytes(1, HASH[:31]))
    yield "parameter without a value", "param", field_bytes(1, b"a") + field_number(8, 1)
    yield "parameter without a source", "param", field_bytes(1, b"a") + field(2, b"x")
    yield "parameter of a config without one", "param", field_bytes(1, b"a") + field(2, b"x") + field_number(8, 2)
    yield "written parameter without its config", "param", field_bytes(1, b"a") + field(2, b"x") + field_number(8, 4)
    yield "parameter of an argument without one", "param", field_bytes(1, b"a") + field(2, b"x") + field_number(8, 3)
    yield "parameter of an argument, of none", "param", field_bytes(1, b"a") + field(2, b"x") + field_number(8, 3) + field_number(10, 1)
    yield "parameter of --param with an argument", "param", field_bytes(1, b"a") + field(2, b"x") + field_number(8, 1) + field_number(10, 1) + field_number(11, 1)
    yield "parameter with two values", "param", field_bytes(1, b"a") + field(2, b"x") + field(3, b"1") + field_number(8, 1)
    yield "parameter of an unknown source", "param", field_bytes(1, b"a") + field(2, b"x") + field_number(8, 9)
    yield "parameter with a name not UTF-8", "param", field_bytes(1, b"\xff") + field(2, b"x") + field_number(8, 1)
    yield "parameter with a NUL", "param", field_bytes(1, b"a\0b") + field(2, b"x") + field_number(8, 1)
    yield "parameter out of order", "param", field(2, b"x") + field_bytes(1, b"a") + field_number(8, 1)
    yield "parameter with a member more", "param", field_bytes(1, b"a") + field(2, b"x") + field_number(8, 1) + field_number(15, 1)
    yield "parameter with a default written out", "param", field(1, b"") + field(2, b"x") + field_number(8, 1)
    yield "argument without content", "arg", field_number(1, 3)
    yield "code with ids of 19 bytes", "code", field_bytes(3, HASH[:19]) + field_bytes(4, HASH) + field_bytes(7, HASH)
    yield "code without a manifest", "code", field_bytes(3, HASH[:20]) + field_bytes(4, HASH)
    yield "code with a commit and no tree of it", "code", field_bytes(1, HASH[:20]) + field_bytes(3, HASH[:20]) + field_bytes(4, HASH) + field_bytes(7, HASH)
    yield "dataset without roots", "data", field_bytes(1, b"a") + path
    yield "dataset with one root", "data", field_bytes(1, b"a") + path + field_bytes(6, HASH)
    yield "dataset without a path", "data", field_bytes(1, b"a") + field_bytes(6, HASH) + field_bytes(7, HASH)
    yield "data-files of no dataset", "data-files", field_bytes(2, HASH)
    yield "data-files with a short stream", "data-files", field(1, ref(stream[:15], 1)) + field_bytes(2, HASH)
    yield "data-files without a manifest", "data-files", field(1, ref(stream, 1))
    yield "artifact without a path", "artifact", field_bytes(5, HASH) + field_bytes(6, HASH) + field_bytes(7, HASH)
    yield "artifact without roots", "artifact", path + field_bytes(7, HASH)
    yield "gap without a kind", "gap", field_number(2, 1)
    yield "gap without a reason", "gap", field_number(1, 1)
    yield "gap of an unknown kind", "gap", field_number(1, 99) + field_number(2, 1)
    yield "gap at a short stream", "gap", field_number(1, 1) + field_number(2, 1) + field(4, ref(stream[:3], 1))
    yield "declaration without a role", "declaration", field_bytes(2, b"a") + field(3, path_of(b"x"))
    yield "declaration of nothing", "declaration", field_number(1, 1) + field_bytes(2, b"a")
    yield "declaration with a short listing", "declaration", field_number(1, 1) + field(3, path_of(b"x")) + field_bytes(7, HASH[:5])
    yield "a bool of 2", "run-end", bytes([8, 0, 32, 2])
    yield "an outcome of 2^32", "run-end", field_number(1, 1 << 32)
    yield "two outcomes", "run-end", bytes([8, 0, 16, 9])


def replaced(kind, message):
    """A run with such a record in the place of a parameter."""
    run = Run()
    at = next(i for i, f in enumerate(run.lead.frames) if f.kind == 15)
    run.lead.frames[at] = Frame.of(kind, message, sha256(b"salt"))
    run.lead.frames[at].shown = True
    run.seal()
    return run, at


def streams():
    """(what, status, words, change of the run before its seal, arguments of the seal)"""
    def start(r, **change):
        s = {1: field_number(1, change.get("format", 1)), 2: field_bytes(2, r.lead.id), 3: field_bytes(3, change.get("run", r.id)),
             4: field_number(4, change.get("writer", 1)), 5: field_number(5, change.get("role", 1)), 6: change.get("follows", b"")}
        r.lead.frames[0] = Frame.of("stream-start", b"".join(s.values()), HASH)
        r.lead.frames[0].shown = True
        r.start = 0

    journal = ("journal/0.tfrecord",)
    record = (*journal, "record 0")
    yield "format 2", MALFORMED, record, lambda r: start(r, format=2), {}
    yield "no writer", MALFORMED, record, lambda r: start(r, writer=0), {}
    yield "no role", MALFORMED, record, lambda r: start(r, role=0), {}
    yield "an unknown role", MALFORMED, record, lambda r: start(r, role=7), {}
    yield "a run of 15 bytes", MALFORMED, record, lambda r: start(r, run=r.id[:15]), {}
    yield "a head of size 0 that is followed", MALFORMED, record, lambda r: start(r, follows=field(6, head(bytes(16), 0, HASH))), {}
    yield "a seal in a member's stream", CONTRADICTS, ("not a lead stream",), lambda r: start(r, role=2), {}
    yield "a lead stream that follows no other", CONTRADICTS, ("goes on from a head",), lambda r: start(r, follows=field(6, head(bytes(16), 3, HASH))), {}
    yield "a member's stream of another run", CONTRADICTS, ("another run",), lambda r: r.streams.append(Stream(Run(b"other"), b"m")), {}
    yield "a seal of no streams", MALFORMED, journal, lambda r: None, {"streams": 0}
    yield "a seal of two streams", CONTRADICTS, ("the seal names",), lambda r: None, {"streams": 2}
    yield "a seal of another root", CONTRADICTS, ("the seal names",), lambda r: None, {"root": HASH}
    yield "a seal with a short root", MALFORMED, journal, lambda r: None, {"root": HASH[:31]}
    yield "a seal without a state", MALFORMED, journal, lambda r: None, {"state": 0}
    yield "a seal in an unknown state", MALFORMED, journal, lambda r: None, {"state": 9}
    one = bytes(range(16))
    yield "an empty list", CONTRADICTS, journal, lambda r: None, {"listed": [], "streams": 1}
    yield "a list of another stream", CONTRADICTS, journal, lambda r: None, {"listed": [(one, 3, HASH, ENDED)]}
    yield "a list of one stream more", CONTRADICTS, ("streams.tfrecord",), lambda r: None, {"more": [(b"\xff" * 16, 3, HASH, ENDED)]}
    # Malformed, and the journals come to another list than the seal names: a contradiction counts before.
    yield "a listed size of 0", CONTRADICTS, ("streams.tfrecord",), lambda r: None, {"listed": [(one, 0, HASH, ENDED)]}
    yield "a listed state of 3", CONTRADICTS, ("streams.tfrecord",), lambda r: None, {"listed": [(one, 1, HASH, 3)]}
    yield "a lead stream listed as open", CONTRADICTS, ("otherwise",), lambda r: setattr(r.lead, "state", OPEN), {}
    yield "an open stream listed as ended", CONTRADICTS, ("otherwise",), lambda r: setattr(r.add_stream(b"m", ended=False), "state", ENDED), {}
    yield "an ended stream listed as open", CONTRADICTS, ("otherwise",), lambda r: setattr(r.add_stream(b"m"), "state", OPEN), {}


@model
def signed_records():
    """Records, streams and lists that no recorder writes, rightly chained, committed to and signed."""
    for what, kind, message in bodies():
        run, at = replaced(kind, message)
        yield Case(what, run.sign(run.bundle(), Owner()), MALFORMED, ("journal/0.tfrecord", f"record {at}"))
    for what, status, words, change, seal in streams():
        run = Run()
        change(run)
        if "more" in seal:
            run.chain()
            seal = {"listed": run.listed() + seal["more"]}
        run.seal(**seal)
        yield Case(what, run.sign(run.bundle(), Owner()), status, words)
    for number in (8, 99, 13):
        run = Run()
        e = run.lead.frames[6]
        e.set_entry(6, b"", 1, number, bytes(32))
        run.seal()
        yield Case(f"an entry of kind {number} over a parameter", run.sign(run.bundle(), Owner()), CONTRADICTS if number == 13 else MALFORMED,
                   ("journal/0.tfrecord", "record 6"))
    yield from references()


def references():
    """Records that name others wrongly."""
    for what, seq in (("itself", None), ("a parameter", 6), ("no record", 900), ("a withheld argument", 3)):
        run = Run(plain=True) if what == "no record" else Run()
        pages = page([(b"a", b"x")], [HASH])
        run.add_layer("manifest", pages)
        run.lead.add("data-files", field(1, ref(run.lead.id, len(run.lead.frames) if seq is None else seq)) + field_bytes(2, sha256(pages)))
        run.seal()
        yield Case(f"data-files of {what}", run.sign(run.bundle(), Owner()), CONTRADICTS, ("(data-files) names record",))
    run = Run(plain=True)
    run.add_output(b"out", [(b"a", b"x")], page([(b"a", b"y")], [HASH]))
    run.seal()
    yield Case("an output of other files than its manifest's", run.sign(run.bundle(), Owner()), CONTRADICTS, ("manifest/0.tfrecord",))
    run = Run(plain=True)
    run.add_code([(b"a", b"x")], tar=b"")
    run.seal()
    yield Case("code with an empty tar", run.sign(run.bundle(), Owner()), MALFORMED, ("code/0.tar",))
    run = Run(plain=True)
    run.add_code([(b"a", b"x"), (b"a/b", b"y")])
    run.seal()
    yield Case("code with a file that is a folder", run.sign(run.bundle(), Owner()), MALFORMED, ("code/0.tar",))
