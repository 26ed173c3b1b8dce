"""Section 10 of proto/FORMAT.md, row by row: a bundle for each outcome that it names, and the exit status that follows.

The bundles are signed again by the owner's key with openssl, so nothing but what is changed is wrong with them: the exit status is
that outcome's own. Each test is a CTest case of its own: outcomes.py NAME."""
import base64
import hashlib
import json
import os
import re
import struct
import subprocess
import sys
import tempfile
import unittest
from collections import Counter

from bundles import (KINDS, TITLE, Bundle, Frame, Place, compact, field, field_bytes, field_number, fields, masked_crc, merkle_root,
                     read_tfrecords, relink, sha256, stream_id, tar_of, write_folder, write_tfrecords)

PAGE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../proto/FORMAT.md")
NEEDED_BY = {"journal/": "records chain streams commitments publication signature code manifests", "streams": "streams",
             "publication": "publication", "manifest/0": "manifests code", "manifest/": "manifests", "file/": "manifests", "code/": "code",
             "head.note": "signature", "seal.proof": "signature", "key/": "signature publication"}
CHECKS = ("layout digests records chain streams commitments publication signature code manifests data artifacts attestations "
          "timestamps").split()
STATUSES = ("pass", "fail", "withheld", "absent", "skipped")
NO_CHANGE = lambda b, frames: None


def streams_of(frames):
    """The frames of each stream."""
    out = []
    for f in frames:
        if f.kind == KINDS["stream-start"] or not out:
            out.append([])
        out[-1].append(f)
    return out


def list_of(streams):
    """streams.tfrecord, its root and its length; a stream's head is the one before a Seal."""
    data, leaves = [], []
    for frames in streams:
        state = 1 if frames[-1].kind in (KINDS["seal"], KINDS["stream-end"]) else 2
        frames = [f for f in frames if f.kind != KINDS["seal"]]
        head = stream_id(frames), len(frames), merkle_root([f.leaf for f in frames])
        data.append(field_bytes(1, head[0]) + field_number(2, head[1]) + field_bytes(3, head[2]) + field_number(4, state))
        leaves.append(sha256(b"\0glassbox/stream/v1\0", head[0], struct.pack(">Q", head[1]), head[2], bytes([state])))
    return write_tfrecords(data), merkle_root(leaves), len(leaves)


def find(frames, kind, nth=0, shown=True):
    return [i for i, f in enumerate(frames) if f.kind == KINDS[kind] and bool(f.body) == shown][nth]


def member_stream(run, number=0xFF, follows=b"", role=2):
    """A second stream of the run: a start and an end."""
    start = (field_number(1, 1) + field_bytes(2, bytes([number]) * 16) + field_bytes(3, run) + field_number(4, 1)
             + field_number(5, role) + (field(6, follows) if follows else b""))
    frames = [Frame.of("stream-start", start, bytes([7]) * 32), Frame.of("stream-end", b"", bytes([8]) * 32)]
    relink(frames)
    return frames


class Outcomes(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="glassbox-outcomes-")
        self.addCleanup(folder.cleanup)
        p = self.place = Place(folder.name)
        p.write("data/a", "some data\n")
        p.make_repo()
        p.box("key", "new", "--name", "owner.example")
        p.box("run", "--name", "first", "--data", "set=" + p.path("data"), "--output", "out=" + p.path("out"), "--config", "config.json",
              "--param", "seed=7", "--", "sh", "-c", "mkdir ../out; echo w > ../out/w")
        self.path = p.path("bundle")
        p.box("publish", "last", "-o", self.path)
        self.key = p.path("config/glassbox/key.pub")

    # Signing

    def sign(self, data):
        with tempfile.NamedTemporaryFile(dir=self.place.folder) as f:
            f.write(data)
            f.flush()
            return subprocess.run(["openssl", "pkeyutl", "-sign", "-inkey", self.place.path("config/glassbox/key.pem"), "-rawin", "-in",
                                   f.name], check=True, capture_output=True).stdout

    def put_statement(self, b, change=None):
        s = json.loads(base64.b64decode(json.loads(b.layer["publication.json"])["payload"]))
        s["predicate"]["layers"] = [
            {"title": t, "mediaType": b.descriptors[t]["mediaType"], "digest": "sha256:" + hashlib.sha256(d).hexdigest(), "size": len(d)}
            for t, d in b.layer.items()
            if t not in ("publication.json", "head.note", "start.proof", "seal.proof") and not t.startswith(("attestation", "timestamp"))]
        if b.head:
            s["subject"][0]["digest"]["glassboxRoot"] = b.head[2].hex()
            s["predicate"]["head"] = {"stream": b.head[0].hex(), "size": b.head[1], "root": b.head[2].hex()}
        if change:
            change(s["predicate"])
        s["subject"][0]["name"] = s["predicate"]["run"]
        payload = compact(s)
        pae = b"DSSEv1 28 application/vnd.in-toto+json %d %s" % (len(payload), payload)
        key = base64.b64decode(b.layer[self.vkey(b)].split(b"+", 2)[2])[1:]
        b.layer["publication.json"] = compact({
            "payload": base64.b64encode(payload).decode(), "payloadType": "application/vnd.in-toto+json",
            "signatures": [{"keyid": hashlib.sha256(key).hexdigest(), "sig": base64.b64encode(self.sign(pae)).decode()}]})

    def put_note(self, b, event="seal", head=None, origin=None):
        """A log with one leaf, in the head note and seal.proof."""
        run = json.loads(base64.b64decode(json.loads(b.layer["publication.json"])["payload"]))["predicate"]["run"]
        stream, size, root = head or b.head
        leaf = f"glassbox/leaf/v1\n{run}\n{event}\n{stream.hex()}\n{size}\n{base64.b64encode(root).decode()}\n".encode()
        name, key_id, _ = b.layer[self.vkey(b)].decode().split("+", 2)
        text = f"{origin or name}\n1\n{base64.b64encode(sha256(bytes(1), leaf)).decode()}\n".encode()
        signature = base64.b64encode(bytes.fromhex(key_id) + self.sign(text)).decode()
        note = text + f"\n\u2014 {origin or name} {signature}\n".encode()
        b.layer["head.note"] = note
        b.layer["seal.proof"] = b"c2sp.org/tlog-proof@v1\nextra " + base64.b64encode(leaf) + b"\nindex 0\n\n" + note

    def vkey(self, b):
        return next(t for t in b.layer if t.startswith("key/"))

    def signed(self, change=NO_CHANGE, statement=None, seal=True, **note):
        """The bundle after change(bundle, frames), which may return other frames, with list of streams, Seal and signatures made again;
        statement changes the signed predicate, seal=False leaves list and Seal as change left them."""
        b = Bundle(self.path)
        b.layer.pop("start.proof", None)
        frames = b.frames()
        frames = change(b, frames) or frames
        streams = streams_of(frames)
        sealed = next((s for s in streams if s and s[-1].kind == KINDS["seal"]), None)
        if seal and sealed:
            b.layer["streams.tfrecord"], root, number = list_of(streams)
            sealed[-1].body = field(5, field_number(1, 1) + field_number(2, number) + field_bytes(3, root))
            relink(sealed, len(sealed) - 1)
        if "journal/0.tfrecord" in b.layer and not getattr(b, "own_journal", False):
            b.set_frames(frames)
        b.head = (stream_id(sealed), len(sealed), merkle_root([f.leaf for f in sealed])) if sealed else None
        self.put_statement(b, statement)
        if sealed:
            self.put_note(b, **note)
        return b

    # Verifying

    def verify(self, path, *options, key=True):
        keys = ["--key", self.key] if key is True else ["--key", key] if key else []
        said = self.place.call(self.place.verifier, path, *keys, *options, ok=False, cwd="/")
        told = self.place.call(self.place.verifier, path, "--json", *keys, *options, ok=False, cwd="/")
        self.assertEqual(said.returncode, told.returncode)
        self.assertEqual(told.stderr, b"")
        self.agree(said.stdout.decode(), json.loads(told.stdout))
        return said.returncode, said.stdout.decode(), json.loads(told.stdout)

    def agree(self, text, report):
        """The object has the members of the design, and says what a person reads, no more and no less."""
        self.assertEqual(set(report), set("format verdict run name end start_signed commit signer records checks checks_more withheld "
                                          "withheld_more gaps gaps_more against clock_set_back_seconds".split()))
        self.assertEqual(report["format"], "glassbox.verify/1")
        first, lines = text.split("\n", 1)
        records, signer = report["records"], report["signer"]
        self.assertTrue(first.startswith(report["verdict"] + ": "))
        self.assertIn(f"; {records['shown']} of {records['all']} records shown; code ", first)
        if signer:
            self.assertEqual(set(signer), {"name", "key", "trusted"})
            trusted = "trusted" if signer["trusted"] else "not trusted"
            self.assertIn(f"signed by {signer['name']} (key {signer['key'][:16]}..., {trusted})", first)
        else:
            self.assertRegex(first, ": (not signed|the signer's key cannot be read|it cannot be read as a bundle);")
        if records["all"]:
            name = f' "{report["name"]}"' if report["name"] else ""
            commit = ", commit " + report["commit"] if report["commit"] else ""
            self.assertIn(f"run {report['run']}{name}, {report['end']}{commit}\n", lines)
        for c in report["checks"]:
            self.assertLessEqual({"name", "status", "detail"}, set(c))
            self.assertLessEqual(set(c), {"name", "status", "detail", "stream", "seq", "path"})
            self.assertIn(c["status"], STATUSES)
            self.assertEqual("stream" in c, "seq" in c)
            self.place_of(c)
        names = list(dict.fromkeys(c["name"] for c in report["checks"]))
        self.assertEqual(names, CHECKS)
        unread = "\n  the others    skipped\n" in text
        table = re.findall(r"^  (\w+) +(\w+)$", lines, re.M)
        self.assertEqual([name for name, _ in table], CHECKS[:2] if unread else CHECKS)
        for name, status in table:
            found = {c["status"] for c in report["checks"] if c["name"] == name}
            self.assertEqual(status, "fail" if "fail" in found else max(found, key=STATUSES.index))
        findings = re.findall(r"^      (\w+): (.*)$", lines, re.M)
        listed = [(c["status"], c["detail"]) for c in report["checks"] if c["detail"] and not (unread and c["name"] not in CHECKS[:2])]
        self.assertEqual(findings, listed)
        for w in report["withheld"]:
            self.assertEqual(set(w), {"stream", "seq", "kind", "reason"})
            self.place_of(w)
        self.assertEqual({(kind, reason): int(n) for n, kind, reason in re.findall(r"^  (\d+) x ([\w-]+): (.*)$", lines, re.M)},
                         Counter((w["kind"], w["reason"] or "no reason given") for w in report["withheld"]))
        for g in report["gaps"]:
            self.assertEqual(set(g), {"stream", "seq", "kind", "reason", "where", "count"})
            self.place_of(g)
            self.assertIn(f": {g['where']}\n" if g["where"] else "\n", lines)
        told = lines.split("not captured, as the record itself says:\n")[1:]
        self.assertEqual(len(told[0].splitlines()) if told else 0, len(report["gaps"]))

    def place_of(self, row):
        if "seq" in row:
            self.assertIsInstance(row["seq"], int)
            self.assertRegex(row["stream"], "^[0-9a-f]{32}$")
        self.assertIsInstance(row.get("path", ""), str)

    def row(self, check, status, exit, b=None, *options, words="", **key):
        """This bundle (or path) makes the check come to this status and the verdict to this exit status."""
        path = b or self.path
        if isinstance(b, Bundle):
            path = b.write(tempfile.mkdtemp(dir=self.place.folder) + "/b")
        got, text, report = self.verify(path, *options, **key)
        self.assertIn(f"  {check:13} {status}\n", text)
        self.assertIn(words, text)
        findings = [(c["name"], c["status"], c["detail"]) for c in report["checks"]]
        self.assertEqual(sorted(findings), sorted(set(findings)), "a finding is told twice")
        self.assertIn(status, [c["status"] for c in report["checks"] if c["name"] == check])
        self.assertEqual(got, exit, text)
        self.assertEqual(report["verdict"], {0: "verified", 1: "failed", 3: "undetermined"}[got])

    def test_every_row_of_the_page(self):
        with open(PAGE, encoding="utf-8") as f:
            table = f.read().split("## 10. ")[1].split("## 11. ")[0]
        rows = [name for line in re.findall(r"^\| (`.*?) \|", table, re.M) for name in re.findall(r"`(\w+)`", line)]
        self.assertEqual(len(rows), 14)
        self.assertEqual([r for r in rows if not hasattr(self, "test_" + r)], [])
        for check in rows:
            status = {"data": "skipped", "artifacts": "skipped", "attestations": "absent", "timestamps": "absent"}.get(check, "pass")
            self.row(check, status, 0)
            self.row(check, status, 0, self.signed())

    def test_words(self):
        """What a person reads first, where it is not that all is well; gaps, and what is withheld, in words."""
        p = self.place
        p.write("repo/untracked", "x" * 1100000)
        p.write("repo/odd\x1bname", "x" * 1100000)
        p.box("run", "--name", "gaps", "--data", "none=" + p.path("nowhere"), "--", "true")
        p.box("publish", "gaps", "--profile", "full", "-o", p.path("gaps"))
        got, text, report = self.verify(p.path("gaps"))
        self.assertEqual(got, 0)
        self.assertIn("declared data: not found", text)
        self.assertIn("files that git does not track: too large (2): ", text)
        self.assertEqual([g["count"] for g in report["gaps"] if g["kind"] == "untracked"], [2])
        self.assertNotIn("withheld by", text)
        p.box("publish", "first", "--withhold", "param", "--reason", "not ours to tell", "--withhold", "config", "--withhold", "code", "-o",
              p.path("little"))
        _, text, report = self.verify(p.path("little"))
        # As many as this environment has variables that no table names.
        self.assertRegex(text, f"withheld by the owner, {len(report['withheld'])} of [0-9]+ records:\n")
        self.assertIn("  4 x param: not ours to tell\n", text)
        self.assertIn("  1 x code: no reason given\n", text)
        each = p.call(p.verifier, "-v", p.path("little"), "--key", self.key).stdout.decode()
        self.assertEqual(len(re.findall(r"^  record \d+ of stream ", each, re.M)), len(report["withheld"]))
        for change, line in ((lambda b: b.layer.update({"head.note": b"x"}), "checks that could not tell: signature"),
                             (lambda b: b.layer.update({"code/0.tar": b"x"}), "checks that failed: publication")):
            b = self.signed()
            change(b)
            self.assertEqual(self.verify(b.write(tempfile.mkdtemp(dir=p.folder) + "/b"))[1].splitlines()[1], line)
        _, text, _ = self.verify(self.path, "--require", "data")
        self.assertEqual(text.splitlines()[1], "a check that --require names did not pass")
        _, text, _ = self.verify(p.path("nowhere"))
        self.assertEqual(text.splitlines()[1], "expected a folder with an OCI image layout, or an uncompressed tar of one")

    def test_layout(self):
        def unknown_title(b, frames):
            b.add_as("more.json", "head.note", b"x")
        self.row("layout", "skipped", 3, self.signed(unknown_title), words="more.json")

        def two_titles(b, frames):
            b.add_as("code/9.tar", "code/0.tar", b.layer["code/0.tar"])
        self.row("layout", "skipped", 3, self.signed(two_titles), words="one blob")

        def media_type(b, frames):
            b.descriptors["code/0.tar"]["mediaType"] = "text/plain"
        self.row("layout", "skipped", 3, self.signed(media_type))

        def second_key(b, frames):
            b.add_as("key/00000000.vkey", self.vkey(b), b"x+00000000+AQ==\n")
        self.row("layout", "skipped", 3, self.signed(second_key), words="a second key")

        files = self.signed().files()
        for what, name, data in (("oci-layout", "oci-layout", b"{}"), ("index.json", "index.json", b"{}"),
                                 ("a blob that nothing names", "blobs/sha256/" + hashlib.sha256(b"x").hexdigest(), b"x")):
            path = tempfile.mkdtemp(dir=self.place.folder) + "/b"
            self.row("layout", "skipped", 3, write_folder(path, {**files, name: data}))
        names = list(files)
        for gone in names[2:]:
            path = write_folder(tempfile.mkdtemp(dir=self.place.folder) + "/b", {n: d for n, d in files.items() if n != gone})
            self.row("layout", "absent", 3, path, words=gone)
            title = Bundle(self.signed().write(tempfile.mkdtemp(dir=self.place.folder) + "/b")).title_of(gone[13:])
            for start, checks in NEEDED_BY.items(): # what needs it was not checked
                for check in checks.split() if title.startswith(start) else ():
                    self.assertNotIn(f"  {check:13} pass\n", self.verify(path)[1], title)
        spaced = self.signed().files(manifest=lambda text: text.replace(b",", b", ", 1))
        self.row("layout", "skipped", 3, write_folder(tempfile.mkdtemp(dir=self.place.folder) + "/b", spaced))
        whole = tar_of(files)
        self.row("layout", "pass", 0, self.place.write("whole.tar", whole))
        self.row("layout", "skipped", 3, self.place.write("cut.tar", whole[:-600]))
        self.row("layout", "skipped", 3, self.place.write("order.tar", tar_of({n: files[n] for n in names[:4] + names[5:] + names[4:5]})))
        self.row("layout", "absent", 3, self.place.path("nothing"), words="cannot be read as a bundle")

    def test_digests(self):
        files = self.signed().files()
        for name in list(files)[2:]:
            data = files[name]
            path = tempfile.mkdtemp(dir=self.place.folder) + "/b"
            self.row("digests", "fail", 1, write_folder(path, {**files, name: data[:-1] + bytes([data[-1] ^ 1])}), words=name)
        path = tempfile.mkdtemp(dir=self.place.folder) + "/b"
        journal = list(files)[5]

        def other_digest(b, frames):
            title = next(t for t in b.layer if t.startswith("file/"))
            b.add_as("file/" + "ab" * 32, title, b.layer.pop(title))
        self.row("digests", "fail", 1, self.signed(other_digest), words="file/abab")
        self.row("digests", "fail", 1, write_folder(path, {**files, journal: files[journal] + b"x"}))

    def journal(self, change):
        """Signed, with the journal's bytes changed after everything was put together."""
        def put(b, frames):
            b.own_journal = True
            b.layer["journal/0.tfrecord"] = change(b.layer["journal/0.tfrecord"])
        return self.signed(put)

    def test_records(self):
        self.row("records", "fail", 1, self.journal(lambda j: j[:-1] + bytes([j[-1] ^ 1])), words="CRC")

        def other_kind(b, frames):
            i = find(frames, "param")
            frames[i].body = field(KINDS["name"], field_bytes(1, b"x"))
            relink(frames, i)
        self.row("records", "fail", 1, self.signed(other_kind))

        def half(b, frames):
            i = find(frames, "param")
            frames[i].salt = b""
        self.row("records", "skipped", 3, self.signed(half))

        def rule(b, frames):
            i = find(frames, "code")
            frames[i].body = field(KINDS["code"], field_bytes(3, bytes(19)))
            relink(frames, i)
        self.row("records", "skipped", 3, self.signed(rule))

        def version(b, frames):
            start = dict(fields(fields(frames[0].body)[0][1]))
            frames[0].body = field(1, field_number(1, 2) + b"".join(
                field_bytes(n, start[n]) if n < 4 else field_number(n, start[n]) for n in (2, 3, 4, 5)))
            relink(frames)
        self.row("records", "skipped", 3, self.signed(version))

        def no_dataset(b, frames):
            i = find(frames, "data-files")
            f = dict(fields(fields(frames[i].body)[0][1]))
            ref = dict(fields(f[1]))
            frames[i].body = frames[i].body.replace(field(1, f[1]), field(1, field_bytes(1, ref[1]) + field_number(2, 1)), 1)
            relink(frames, i)
        self.row("records", "fail", 1, self.signed(no_dataset), words="which is no data record")

        def never_withheld(b, frames):
            i = find(frames, "run-end")
            frames[i].salt = frames[i].body = b""
        self.row("records", "skipped", 3, self.signed(never_withheld), words="run-end")
        self.row("records", "skipped", 3, self.journal(lambda j: j + write_tfrecords([bytes(65537)])))
        self.row("records", "skipped", 3, self.journal(lambda j: j[:-3]))
        b = self.journal(lambda j: b"")
        got, _, report = self.verify(b.write(self.place.path("empty")))
        self.assertNotIn("pass", [c["status"] for c in report["checks"] if c["name"] == "records"])
        self.assertNotEqual(got, 0)

    def test_chain(self):
        def swapped(b, frames):
            i = find(frames, "param")
            frames[i], frames[i + 1] = frames[i + 1], frames[i]
        self.row("chain", "fail", 1, self.signed(swapped))

        def other_before(b, frames):
            i = find(frames, "param")
            e = dict(fields(frames[i].entry))
            frames[i].set_entry(e[1], bytes(32), e[3], e[4], e[5])
            relink(frames, i + 1)
        self.row("chain", "fail", 1, self.signed(other_before))

        def no_start(b, frames):
            return [frames[0], *frames[2:]]
        self.row("chain", "fail", 1, self.signed(no_start))

        def start_within(b, frames):
            i = find(frames, "param")
            frames[i] = Frame.of("stream-start", fields(frames[0].body)[0][1], bytes([9]) * 32)
            relink(frames, i)
        self.row("chain", "fail", 1, self.signed(start_within))

    def with_member(self, change=None, **more):
        """With a second stream; change(frames of the first, frames of the second) may give their order."""
        def add(b, frames):
            run = dict(fields(fields(frames[0].body)[0][1]))[3]
            second = member_stream(run, **more)
            streams = change(frames, second) if change else [frames, second]
            return [f for s in streams for f in s]
        return add

    def test_streams(self):
        self.row("streams", "pass", 0, self.signed(self.with_member()))
        self.row("streams", "fail", 1, self.signed(self.with_member(lambda one, two: [two, one])), words="not sorted")
        self.row("streams", "fail", 1, self.signed(self.with_member(lambda one, two: [one, two, two])))

        def other_run(one, two):
            two[0].body = member_stream(bytes(16))[0].body
            relink(two)
        self.row("streams", "fail", 1, self.signed(self.with_member(lambda one, two: other_run(one, two) or [one, two])),
                 words="another run")
        head = field_bytes(1, bytes([3]) * 16) + field_number(2, 5) + field_bytes(3, bytes(32))
        self.row("streams", "fail", 1, self.signed(self.with_member(follows=head, role=1)), words="goes on from a head")

        def not_listed(b, frames):
            b.layer["streams.tfrecord"] = list_of([frames])[0]
            return self.with_member()(b, frames)
        self.row("streams", "fail", 1, self.signed(not_listed, seal=False), words="not in the sealed list")

        def state(b, frames):
            second = member_stream(dict(fields(fields(frames[0].body)[0][1]))[3])[:1]
            data, root, number = list_of([frames, second])
            data = read_tfrecords(data)
            data[1] = data[1][:-1] + b"\1"
            leaves = []
            for d in data:
                e = dict(fields(d))
                leaves.append(sha256(b"\0glassbox/stream/v1\0", e[1], struct.pack(">Q", e[2]), e[3], bytes([e[4]])))
            b.layer["streams.tfrecord"] = write_tfrecords(data)
            frames[-1].body = field(5, field_number(1, 1) + field_number(2, 2) + field_bytes(3, merkle_root(leaves)))
            relink(frames, len(frames) - 1)
            return frames + second
        self.row("streams", "fail", 1, self.signed(state, seal=False), words="whether a stream had ended")

        def behind(b, frames):
            frames.append(Frame.of("heartbeat", field_number(1, 1), bytes([9]) * 32))
            relink(frames, len(frames) - 1)
        self.row("streams", "fail", 1, self.signed(behind), words="behind the seal")

        def member_seals(b, frames):
            start = dict(fields(fields(frames[0].body)[0][1]))
            frames[0].body = field(1, field_number(1, 1) + field_bytes(2, start[2]) + field_bytes(3, start[3]) + field_number(4, 1)
                                   + field_number(5, 2))
            relink(frames)
        self.row("streams", "fail", 1, self.signed(member_seals), words="not a lead stream")

        def no_seal(b, frames):
            return frames[:-1]
        b = self.signed(no_seal)
        self.row("streams", "absent", 1, b, words="seal") # and head note and statement speak of one
        for title in ("head.note", "seal.proof"):
            b.remove(title)
        self.row("streams", "absent", 3, b)

        def no_list(b, frames):
            b.remove("streams.tfrecord")
        self.row("streams", "absent", 3, self.signed(no_list, seal=False), words="streams.tfrecord")

    def test_commitments(self):
        def other_salt(b, frames):
            frames[find(frames, "param")].salt = bytes(32)
        self.row("commitments", "fail", 1, self.signed(other_salt))

    def test_publication(self):
        def layer(**more):
            return lambda p: p["layers"][0].update(more)
        for change, words in ((lambda p: p.update(run="0" * 26), "another run"),
                              (lambda p: p["head"].update(size=p["head"]["size"] + 1), "another head"),
                              (layer(digest="sha256:" + "0" * 64), "another digest"),
                              (layer(size=1), "another digest"),
                              (lambda p: p["layers"].pop(), "does not name"),
                              (lambda p: p["layers"].append(dict(p["layers"][2], title="manifest/9.tfrecord")), "not there"),
                              (lambda p: p["layers"].reverse(), "order"),
                              (lambda p: p["withheld"][0].update(kind="param"), "another kind")):
            self.row("publication", "fail", 1, self.signed(statement=change), words=words)
        self.row("publication", "skipped", 3, self.signed(statement=layer(mediaType="text/plain")))

        def shown(p):
            i = find(Bundle(self.path).frames(), "param")
            p["withheld"] = [dict(p["withheld"][0], first=i, last=i, kind="param")]
        self.row("publication", "fail", 1, self.signed(statement=shown))

        def signature(b):
            e = json.loads(b.layer["publication.json"])
            e["signatures"][0]["sig"] = base64.b64encode(bytes(64)).decode()
            b.layer["publication.json"] = compact(e)
            return b
        self.row("publication", "fail", 1, signature(self.signed()))

        def stripped(b, frames):
            i = find(frames, "param")
            frames[i].salt = frames[i].body = b""
        self.row("publication", "absent", 3, self.signed(stripped), words="nobody says why")
        for text in (b"{", b'{"payload":"e30=","payloadType":"application/vnd.in-toto+json","signatures":[]}'):
            b = self.signed()
            b.layer["publication.json"] = text
            self.row("publication", "skipped", 3, b)
        b = self.signed()
        b.forge_statement()
        self.row("publication", "absent", 3, b, words="not signed")

    def test_signature(self):
        other = self.place.path("other.pem")
        self.place.box("key", "new", "--name", "other.example", "--key", other)
        self.row("signature", "skipped", 3, key=False, words="nobody here trusts")
        self.row("signature", "fail", 1, key=self.place.path("other.pub"), words="none of those given")
        unsigned = self.signed()
        unsigned.forge_statement()
        for title in ("head.note", "seal.proof", self.vkey(unsigned)):
            unsigned.remove(title)
        unsigned.forge_statement()
        self.row("signature", "absent", 3, unsigned, key=False, words="not signed")
        self.row("signature", "fail", 1, unsigned, words="not signed")

        head = self.signed().head
        self.row("signature", "fail", 1, self.signed(head=(head[0], head[1], bytes(32))), words="another head")
        self.row("signature", "fail", 1, self.signed(head=(head[0], head[1] - 1, head[2])), words="another head")
        self.row("signature", "fail", 1, self.signed(event="start"), words="not of a seal")
        self.row("signature", "fail", 1, self.signed(origin="owner.example/0000000000000000"))

        def replaced(title, old, new):
            b = self.signed()
            self.assertIn(old, b.layer[title])
            b.layer[title] = b.layer[title].replace(old, new, 1)
            return b
        self.row("signature", "fail", 1, replaced("head.note", b"\n1\n", b"\n2\n"))
        self.row("signature", "fail", 1, replaced("seal.proof", b"index 0", b"index 1"))
        self.row("signature", "skipped", 3, replaced("head.note", b"\n\n", b"\n"))
        self.row("signature", "skipped", 3, replaced("seal.proof", b"@v1", b"@v2"))
        for title in ("head.note", "seal.proof"):
            b = self.signed()
            b.remove(title)
            self.row("signature", "absent", 3, b, words=title)
        b = self.signed()
        start = b.copy()
        start.head = b.head
        self.put_note(start, event="start", head=(b.head[0], 3, bytes(32)))
        b.put("start.proof", start.layer["seal.proof"])
        self.row("signature", "fail", 1, b, words="start.proof")

    def test_code(self):
        def tar(change):
            def put(b, frames):
                b.layer["code/0.tar"] = change(b.layer["code/0.tar"])
            return self.signed(put)
        self.row("code", "fail", 1, tar(lambda t: t.replace(b"layers = 4", b"layers = 5")), words="lib/model.py")
        self.row("code", "skipped", 3, tar(lambda t: t[:-512]))
        self.row("code", "skipped", 3, tar(lambda t: b"x" * 1024))

        def no_tar(b, frames):
            b.remove("code/0.tar")
        self.row("code", "absent", 3, self.signed(no_tar))

        def tree(b, frames):
            i = find(frames, "code")
            f = dict(fields(fields(frames[i].body)[0][1]))
            frames[i].body = frames[i].body.replace(field_bytes(3, f[3]), field_bytes(3, bytes(20)))
            relink(frames, i)
        self.row("code", "fail", 1, self.signed(tree), words="git tree")

        def surplus(b, frames):
            b.add_as("code/7.tar", "code/0.tar", b.layer["code/0.tar"] + bytes(512))
        self.row("code", "fail", 1, self.signed(surplus), words="code/7.tar")
        p = self.place
        p.box("publish", "last", "--withhold", "code", "-o", p.path("withheld"))
        self.row("code", "withheld", 0, p.path("withheld"))
        os.makedirs(p.path("plain"))
        p.box("run", "--name", "plain", "--store", p.path("store"), "--", "true", cwd=p.path("plain"))
        p.box("publish", "plain", "--store", p.path("store"), "-o", p.path("none"), cwd=p.path("plain"))
        self.row("code", "absent", 0, p.path("none"), words="no code was recorded")

    def test_manifests(self):
        def pages(n, change):
            def put(b, frames):
                title = f"manifest/{n}.tfrecord"
                old = sha256(b.layer[title])
                b.layer[title] = change(b.layer[title])
                for i, f in enumerate(frames):
                    f.body = f.body.replace(old, sha256(b.layer[title]))
                relink(frames)
            return put
        a = hashlib.sha256(b"some data\n").digest()
        other_file = lambda data: write_tfrecords([r.replace(a, bytes([1]) * 32) for r in read_tfrecords(data)])
        self.row("manifests", "fail", 1, self.signed(pages(1, other_file)), words="another root")
        self.row("manifests", "skipped", 3, self.signed(pages(1, lambda data: write_tfrecords([b"\x0a\x01"]))))

        def counts(b, frames):
            i = find(frames, "data")
            f = dict(fields(fields(frames[i].body)[0][1]))
            frames[i].body = frames[i].body.replace(field_number(5, f[5]), field_number(5, f[5] + 1))
            relink(frames, i)
        self.row("manifests", "fail", 1, self.signed(counts), words="other counts")

        def size(b, frames):
            i = find(frames, "config")
            f = fields(fields(frames[i].body)[0][1])
            blob = dict(f)[3]
            smaller = blob.replace(field_number(2, dict(fields(blob))[2]), field_number(2, 1))
            frames[i].body = frames[i].body.replace(blob, smaller)
            relink(frames, i)
        self.row("manifests", "fail", 1, self.signed(size), words="another size")

        def surplus(b, frames):
            b.put("manifest/9.tfrecord", write_tfrecords([b""]))
        self.row("manifests", "fail", 1, self.signed(surplus), words="no shown record names this manifest")
        for title in ("manifest/1.tfrecord", "manifest/2.tfrecord", next(t for t in Bundle(self.path).layer if t.startswith("file/"))):
            self.row("manifests", "absent", 3, self.signed(lambda b, frames: b.remove(title)), words="not in the bundle")
        p = self.place
        p.box("publish", "last", "--withhold", "data-files", "--withhold", "artifact", "--withhold", "declaration", "--withhold",
              "data", "--withhold", "code", "-o", p.path("withheld"))
        self.row("manifests", "withheld", 0, p.path("withheld"))

    def folder(self, check, option, right, wrong):
        self.row(check, "skipped", 0)
        self.row(check, "pass", 0, None, option, right)
        self.row(check, "fail", 1, None, option, wrong)
        self.row(check, "absent", 3, None, option, self.place.path("nothing"))
        os.mkfifo(self.place.path("odd"))
        self.row(check, "skipped", 3, None, option, self.place.path("odd"))
        self.row(check, "skipped", 3, None, "--require", check)
        p = self.place
        p.box("run", "--name", "bare", "--", "true")
        p.box("publish", "bare", "-o", p.path("bare"))
        self.row(check, "absent", 0, p.path("bare"))
        self.row(check, "absent", 3, p.path("bare"), option, right, words="to compare it with")

    def test_data(self):
        p = self.place
        self.folder("data", "--data", p.path("data"), p.path("out"))
        self.row("data", "pass", 0, None, "--data", "set=" + p.path("data"))

    def test_artifacts(self):
        self.folder("artifacts", "--artifacts", self.place.path("out"), self.place.path("data"))

    def unknown(self, check, title):
        def add(b, frames):
            b.put(title, b"{}x")
        self.row(check, "skipped", 3, self.signed(add), words="this version does not check it")
        self.row(check, "absent", 3, None, "--require", check)

    def test_attestations(self):
        self.unknown("attestations", "attestation/slsa.json")

    def test_timestamps(self):
        self.unknown("timestamps", "timestamp/a.tsr")

    def test_usage(self):
        """2, before the bundle is looked at."""
        p = self.place
        p.write("no-key", "no key at all\n")
        for options, words in (([self.path, "--key", p.path("missing.pub")], "missing.pub"), ([self.path, "--key", p.path("no-key")], "no-key"),
                               ([self.path, "--key", p.folder], p.folder), ([self.path, "--require", "layout,foo"], "'foo' is no check"),
                               ([self.path, "--requires", "data"], "--requires"), ([], "BUNDLE"), ([self.path, self.path], "BUNDLE"),
                               ([self.path, "--key"], "--key"), ([self.path, "--json=yes"], "--json")):
            for program in ([p.verifier], [p.glassbox, "verify"]):
                said = p.call(*program, *options, ok=False)
                self.assertEqual(said.returncode, 2, (options, said.stdout, said.stderr))
                self.assertIn(words, said.stderr.decode())
                self.assertEqual(said.stdout, b"")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        sys.argv[1] = "Outcomes." + sys.argv[1]
    unittest.main()
