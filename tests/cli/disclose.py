"""Withholding, disclosing, and comparing two bundles of a run, seen by readers that share no code with the programs.

Each test is a CTest case of its own: disclose.py NAME."""
import base64
import fcntl
import functools
import hashlib
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest
import zlib

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../interop"))
import oracle
from bundles import KINDS, Bundle, Frame, Place, merkle_root, read_tfrecords, relink, stream_list

SELECTIONS = int(os.environ.get("GLASSBOX_SELECTIONS", "200"))
SEED = 3004
SHORTEST = 6  # a shorter text stands in other places by chance


def leaves(value):
    """Texts and bytes of a decoded message."""
    if isinstance(value, dict):
        for name, member in value.items():
            if name != "_one":
                yield from leaves(member)
    elif isinstance(value, list):
        for member in value:
            yield from leaves(member)
    elif isinstance(value, str):
        yield value.encode()
    elif isinstance(value, bytes):
        yield value


class Record:
    """A record as the owner has it, and everything that is published with it."""

    def __init__(self, run, stream, seq, frame):
        self.run = run
        self.stream, self.seq, self.salt, self.body = stream, seq, frame.salt, frame.body
        self.kind = oracle.KINDS[frame.kind]
        self.may_be_withheld = frame.kind not in oracle.NEVER_WITHHELD
        self.facts = oracle.message("Body", frame.body)[str(frame.kind)]
        self.files, self.entries = [], []  # contents of files and manifests; entries of the manifest
        blob = self.facts.get("blob") or self.facts.get("content")
        if blob:
            self.files.append(run.load("blob", blob["sha256"].hex()))
        if "manifest" in self.facts:
            page = run.load("manifest", self.facts["manifest"].hex() + ".tfrecord")
            self.files.append(page)
            self.entries = oracle.read_manifest(page, self.kind == "code", "manifest")

    def path(self):
        """Its path below its root; of a config that is a root of its own, the file's name."""
        said = self.facts.get("path")
        if not isinstance(said, dict):
            return ""
        if "path" not in said and self.kind == "config":
            root = next(r for r in self.run.records if r.kind == "root" and r.facts["name"] == said["root"])
            return os.path.basename(root.facts["path"].decode())
        return said.get("path", b"").decode()

    def what(self):
        """The same in each run of one job: records of a kind are written in random order."""
        f = self.facts
        remote = f["remote"]["name"] if "remote" in f else ""
        return (self.kind, f.get("index", 0), f.get("name", ""), f.get("role", 0), self.path(), remote, f.get("_one") or "")

    @functools.lru_cache(maxsize=None)
    def own(self):
        """What stands for this record alone: never published while it is withheld."""
        return {self.salt, self.body, hashlib.sha256(self.body).digest(), hashlib.sha256(self.salt + self.body).digest()}

    @functools.lru_cache(maxsize=None)
    def values(self):
        """Its values, those of its files, and their digests. A reference to another record is none; a root's name is one that paths
        refer to it by."""
        texts = set()
        for name, member in self.facts.items():
            if name in ("_one", "config", "dataset", "format") or (name == "name" and self.kind == "root"):
                continue
            if not (name == "path" and isinstance(member, dict)):
                texts |= set(leaves(member))
        if isinstance(self.facts.get("path"), dict) and self.facts["path"].get("path"):
            texts.add(self.facts["path"]["path"])
        texts |= set(self.files)
        texts |= {hashlib.sha256(t).digest() for t in texts if len(t) >= SHORTEST}
        if self.kind != "code":  # what is declared beside the code has records of its own
            for e in self.entries:
                if e["size"] and e["type"] == 0:
                    texts |= {e["sha256"], e["path"], e["salt"]}
        return {t for t in texts if len(t) >= SHORTEST}

    def published(self):
        return b"\0".join([self.body, *self.files])


class Run:
    """A run of a store, read from its files."""

    def __init__(self, folder):
        self.folder, self.records = folder, []
        for name in sorted(os.listdir(os.path.join(folder, "journal"))):
            for seq, data in enumerate(read_tfrecords(self.load("journal", name))):
                self.records.append(Record(self, name.split(".")[0], seq, Frame(data)))

    def load(self, *names):
        with open(os.path.join(self.folder, *names), "rb") as f:
            return f.read()

    def find(self, seq):
        return next(r for r in self.records if r.seq == seq)


def texts_of(value):
    if isinstance(value, dict):
        for name, member in value.items():
            yield name
            yield from texts_of(member)
    elif isinstance(value, list):
        for member in value:
            yield from texts_of(member)
    elif isinstance(value, str):
        yield value


def unpacked(data):
    """Everything that a piece of a bundle holds: as it is, and as what it may be an encoding of."""
    out = [data]
    try:
        document = json.loads(data)
    except ValueError:
        document = None
    for text in texts_of(document):
        out.append(text.encode())
        try:
            inner = base64.b64decode(text, validate=True)
        except ValueError:
            inner = b""
        if len(inner) >= SHORTEST and text != data.decode(errors="replace"):
            out += unpacked(inner)
    # Notes and proofs have base64 in their lines; digests are written in hex.
    for token in re.findall(rb"[A-Za-z0-9+/]{24,}={0,2}", data):
        try:
            out.append(base64.b64decode(token, validate=True))
        except ValueError:
            pass
    for token in re.findall(rb"[0-9a-f]{16,}", data):
        out.append(bytes.fromhex(token[:len(token) // 2 * 2].decode()))
    for magic in (b"\x1f\x8b", b"x\x9c", b"x\xda", b"x\x01"):
        at = data.find(magic)
        while at >= 0:
            try:
                out.append(zlib.decompressobj(47).decompress(data[at:], 1 << 22))
            except zlib.error:
                pass
            at = data.find(magic, at + 1)
    return out


def everything(path):
    """A bundle as one piece of bytes: names, contents, and all that they can be decoded to."""
    pieces = []
    for folder, _, names in os.walk(path):
        for name in names:
            pieces.append(name.encode())
            with open(os.path.join(folder, name), "rb") as f:
                data = f.read()
            # Frames, messages in them and files in a tar stand there as they are: to search the file is to search them.
            pieces += unpacked(data) + unpacked(name.encode())
    return b"\0".join(pieces)


def statement_of(path):
    """(payload bytes, predicate) of a bundle's publication statement."""
    payload = base64.b64decode(json.loads(Bundle(path).layer["publication.json"])["payload"])
    return payload, json.loads(payload)["predicate"]


class Disclose(unittest.TestCase):
    def setUp(self):
        # In memory where there is some: hundreds of bundles are written, each synced.
        memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
        folder = tempfile.TemporaryDirectory(prefix="glassbox-disclose-", dir=memory)
        self.addCleanup(folder.cleanup)
        self.place = Place(folder.name)
        self.place.make_repo()
        self.place.box("key", "new", "--name", "owner.example")
        self.key = self.place.path("config/glassbox/key.pub")

    def store(self):
        return os.path.join(self.place.repo, ".git/glassbox/runs")

    def verify(self, bundle, *more, key=True):
        options = ["--key", self.key] if key else []
        done = self.place.call(self.place.verifier, bundle, *options, *more, "--json", ok=False, cwd="/")
        self.assertIn(done.returncode, (0, 1, 3), done.stderr)
        text = self.place.call(self.place.verifier, bundle, *options, *more, ok=False, cwd="/").stdout.decode()
        return done.returncode, json.loads(done.stdout), text

    def simple_run(self):
        self.place.box("run", "-q", "--param", "seed=7", "--param", "token=abcdefgh", "--", "true")
        return self.place.last_run()

    # 200 random selections

    def rich_run(self, rng):
        """A run with something of every kind, where each thing has a name and a value that nothing else has, but where the same
        is said twice on purpose: an argument and a parameter, a config in a dataset, a dataset in the code, a copy in an output."""
        p = self.place

        def token(word):
            return f"{word}{rng.getrandbits(48):012x}"

        p.write("repo/config.json", json.dumps({token("inhead"): token("value"), "nest": {token("deep"): token("value")}}))
        p.write("repo/shared/" + token("file"), token("shared") * 3)
        p.call("git", "add", "-A")
        p.call("git", "commit", "-q", "-m", "more")
        p.call("git", "checkout", "-q", "-b", token("branch"))
        for n in range(2):
            p.call("git", "remote", "add", token("remote"), f"https://git.example.org/{token('url')}.git")
        p.write("repo/" + token("untracked"), token("never"))
        hidden = p.write(token("private") + ".json", json.dumps({token("hidden"): token("value"), token("other"): 0.0625 + rng.random()}))
        p.write("data-one/" + token("file"), token("content") * 9)
        copied = p.write("data-one/copied", token("content") * 9)
        inside = p.write("data-two/" + token("settings") + ".json", json.dumps({token("inside"): token("value")}))
        p.write("data-two/sub/" + token("file"), token("content"))
        twice, large, out = token("value"), token("large") * 4000, token("out")
        wide = token("large") * 4000
        arguments = ["--beta", twice, token("--flag="), token("plain"), large, "key=" + token("value")]
        p.box("run", "-q", "--name", token("run"), "--data", token("one") + "=" + p.path("data-one"), "--data",
              token("two") + "=" + p.path("data-two"), "--data", token("tracked") + "=shared", "--data",
              token("remote") + "=s3://" + token("bucket") + "/set", "--output", token("result") + "=" + p.path(out), "--config", "config.json",
              "--config", hidden, "--config", inside, "--param", token("alpha") + "=" + token("value"), "--param", "beta=" + twice,
              "--param", token("gamma") + "=" + str(rng.random()), "--param", token("wide") + "=" + wide, "--param", token("wider") + "=" + wide, "--",
              "sh", "-c", f"mkdir {p.path(out)}; cp {copied} {p.path(out)}/copy; echo {token('weights')} > {p.path(out)}/w", "-", *arguments)
        return Run(os.path.join(self.store(), p.last_run()))

    def selector(self, rng, record):
        """One that means the record, perhaps among others."""
        f = record.facts
        name = {"param": "name", "root": "name", "name": "name", "data": "name", "declaration": "name", "artifact": "name",
                "arg": "value", "host": "hostname"}.get(record.kind)
        text = f.get(name) if name else record.path() if record.kind == "config" else None
        text = text.decode() if isinstance(text, bytes) else text
        if not text or rng.random() < 0.1:
            return record.kind
        plain = re.sub(r"([*?\[\]\\])", r"\\\1", text)
        return record.kind + ":" + (plain[:len(plain) // 2] + "*" if rng.random() < 0.2 and "\\" not in plain else plain)

    def test_200_random_selections(self):
        rng = random.Random(SEED)
        run = self.rich_run(rng)
        may = sorted((r for r in run.records if r.may_be_withheld), key=Record.what)
        count = {}
        for r in run.records:
            for value in r.values():
                count[value] = count.get(value, 0) + 1
        published = refused = withheld = 0
        for n in range(SELECTIONS):
            chosen = rng.sample(may, rng.choice([1, 1, 1, 2, 3, 5, 8, 20]))
            if rng.random() < 0.2:  # a whole kind, or all that is of one thing
                chosen += [r for r in may if r.kind == rng.choice(may).kind]
            selectors = sorted({self.selector(rng, r) for r in chosen})
            options = [o for s in selectors for o in ("--withhold", s, *(["--reason", "r%d" % n] if rng.random() < 0.5 else []))]
            profile = rng.choice(["public", "full"])
            said = f"seed {SEED}, selection {n}: --profile {profile} {' '.join(options)[:2000]}"
            out = self.place.path("b")
            done = self.place.box("publish", run.folder.split("/")[-1], "-o", out, "--profile", profile, *options, ok=False)
            if done.returncode == 2:
                self.check_refusal(run, done.stderr.decode(), said)
                self.assertFalse(os.path.exists(out), said)
                refused += 1
                # What is named is withheld, too, until nothing tells.
                done = self.publish_with_sources(run, out, profile, options, done, said)
            if done is None:
                continue
            self.assertEqual(done.returncode, 0, said + "\n" + done.stderr.decode())
            if n % 20 == 0:
                self.assertEqual(self.verify(out)[0], 0, said)
            withheld += self.check_bundle(run, out, selectors, count, said)
            published += 1
            shutil.rmtree(out)
        print(f"seed {SEED}: {published} published with {withheld} records withheld, {refused} refused first")
        self.assertEqual(published, SELECTIONS)
        self.assertGreater(refused, SELECTIONS // 10)

    def publish_with_sources(self, run, out, profile, options, done, said):
        for _ in range(20):
            more = set(re.findall(rb"--withhold ('[^']*'|[a-z-]+)$", done.stderr, flags=re.M))
            self.assertTrue(more, said + "\n" + done.stderr.decode())
            for selector in sorted(more):
                options = [*options, "--withhold", selector.decode().strip("'")]
            done = self.place.box("publish", run.folder.split("/")[-1], "-o", out, "--profile", profile, *options, ok=False)
            if done.returncode != 2:
                return done
            self.check_refusal(run, done.stderr.decode(), said)
        self.fail("refused again and again: " + said)

    def check_refusal(self, run, text, said):
        """Each record that is named really tells something of the other that is named."""
        lines = re.findall(r"record (\d+) \(.*\) would be shown and tells what is withheld in record (\d+) \(", text)
        self.assertTrue(lines, said + "\n" + text)
        for teller, secret in lines:
            a, b = run.find(int(teller)), run.find(int(secret))
            material = a.published() + self.code_of(a)
            words = {w for w in b.values() if w in material}
            if b.kind == "param" and a.kind == "arg":
                words |= {b.facts["name"]} if b.facts["name"].encode() in material else set()
            source = b.facts.get("config", {}).get("seq") if b.kind == "param" else None
            if b.kind == "param" and a.kind == "code":
                words |= {c for r in run.records if r.kind == "config" and r.seq == source for c in r.files if c in material}
            if b.kind == "param" and a.kind == "config":
                words |= {a.seq} if source == a.seq else set()
            if {a.kind, b.kind} == {"param", "arg"}:
                param, arg = (a, b) if a.kind == "param" else (b, a)
                first = param.facts.get("argument", 0)
                words |= {arg.seq} if first <= arg.facts.get("index", 0) < first + param.facts.get("arguments", 0) else set()
            if b.kind in ("host", "root"):
                words |= {w for w in leaves(b.facts) if len(w) > 1 and w in material}
            if b.kind == "data" and a.kind == "data-files":
                self.assertEqual(merkle_root([oracle.file_leaf(e) for e in a.entries]), b.facts["root"])
                words |= {"the root"}
            if a.kind in ("root", "declaration", "data", "artifact", "config", "place"):  # the same path below the same root
                path = b.facts.get("path")
                words |= {"path"} if isinstance(path, dict) and path.get("root", "").encode() in material else set()
            self.assertTrue(words, f"{said}\nrecord {teller} ({a.kind}) does not tell what record {secret} ({b.kind}) is about\n{text}")

    def code_of(self, record):
        """The contents of a snapshot's files."""
        if record.kind != "code":
            return b""
        contents = []
        for e in record.entries:
            with open(os.path.join(self.place.repo.encode(), e["path"]), "rb") as f:
                contents.append(f.read())
        return b"\0".join(contents)

    def check_bundle(self, run, path, selectors, count, said):
        text = everything(path)
        frames = Bundle(path).frames()
        hidden = [r for r, f in zip(run.records, frames) if not f.body]
        self.assertEqual(len(frames), len(run.records))
        for record in hidden:
            words = set(record.own())
            named = any(self.means(s, record) for s in selectors)
            # What the profile withholds by itself is held against what nothing else says.
            words |= {v for v in record.values() if named or count[v] == 1}
            if record.kind == "system":  # the folders of a distribution's libraries are named for the architecture, too
                words -= {record.facts["machine"].encode(), hashlib.sha256(record.facts["machine"].encode()).digest()}
            for word in words:
                if word in text:
                    self.fail(f"{said}\nrecord {record.seq} ({record.kind}) is withheld, and {word[:80]!r} is in the bundle")
        _, predicate = statement_of(path)
        told = {(w["stream"], seq): w["kind"] for w in predicate["withheld"] for seq in range(w["first"], w["last"] + 1)}
        self.assertEqual(told, {(r.stream, r.seq): r.kind for r in hidden}, said)
        return len(hidden)

    def means(self, selector, record):
        return selector.split(":")[0] == record.kind and (":" not in selector or self.glob(selector.split(":", 1)[1], record))

    def glob(self, pattern, record):
        """Globs of selector() only: a text with escapes, or a prefix and a star."""
        texts = [record.facts.get(k) for k in ("name", "value", "hostname")]
        texts += [record.path()] if record.kind == "config" else []
        texts = [t.decode() if isinstance(t, bytes) else t for t in texts if t]
        if pattern.endswith("*") and not pattern.endswith("\\*"):
            return any(t.startswith(pattern[:-1]) for t in texts)
        return re.sub(r"\\(.)", r"\1", pattern) in texts


    # Withheld against absent

    def strip(self, bundle, wanted):
        """Takes salt and body of these records away, as whoever passes a bundle on can."""
        b = Bundle(bundle)
        frames = b.frames()
        for n, f in enumerate(frames):
            if wanted(oracle.KINDS[f.kind], n):
                f.salt = f.body = b""
        b.set_frames(frames)
        return b

    def written(self, bundle):
        return bundle.write(os.path.join(tempfile.mkdtemp(dir=self.place.folder), "b"))

    def check_absent(self, path, kinds, key=True):
        status, report, text = self.verify(path, key=key)
        self.assertIn(status, (1, 3), text)
        self.assertIn("absent (nobody says why)", text)
        self.assertNotRegex(text.replace("absent (nobody says why)", ""), "(?i)withh", kinds)
        self.assertEqual((report["withheld"], report["withheld_more"]), ([], 0))
        self.assertNotIn("withheld", [c["status"] for c in report["checks"]])
        said = json.dumps({k: v for k, v in report.items() if not k.startswith("withheld")})
        self.assertNotRegex(said, "(?i)withh")
        rows = [c for c in report["checks"] if c["name"] == "publication" and c["status"] == "absent" and "nobody says why" in c["detail"]]
        self.assertTrue(rows and all("seq" in c for c in rows))

    def test_a_body_without_the_owners_word_is_never_called_withheld(self):
        p = self.place
        p.write("data/a", "some data")
        p.write("repo/new", "untracked" * 200000)
        p.box("run", "-q", "--data", "set=" + p.path("data"), "--output", "out=" + p.path("out"), "--config", "config.json", "--param",
              "seed=7", "--name", "n", "--", "sh", "-c", "mkdir ../out; echo w > ../out/w")
        full = p.path("full")
        p.box("publish", "last", "-o", full, "--profile", "full")
        may = {oracle.KINDS[f.kind] for f in Bundle(full).frames() if f.kind not in oracle.NEVER_WITHHELD}
        self.assertGreaterEqual(may, {"arg", "param", "config", "code", "data", "data-files", "artifact", "host", "root", "place"})
        for kind in sorted(may) + [None]:
            b = self.strip(full, lambda k, n: k in may and kind in (None, k))
            self.check_absent(self.written(b), kind)
            # As far as one comes without the key: no digest contradicts, and nobody has signed.
            b.forge_statement()
            for title in [t for t in b.layer if t.startswith("key/") or t in ("head.note", "start.proof", "seal.proof")]:
                b.remove(title)
                self.without(b, title)
            self.check_absent(self.written(b), kind, key=False)
        # The files of those records are gone, too.
        b = self.strip(full, lambda k, n: k in may)
        for title in [t for t in b.layer if t.split("/")[0] in ("manifest", "code", "file")]:
            b.remove(title)
        self.check_absent(self.written(b), "all, with their files")
        # A statement that withholds them, with a signature that does not fit: no word either.
        b = self.strip(full, lambda k, n: k == "param")
        self.withhold_in_statement(b)
        status, report, text = self.verify(self.written(b))
        self.assertEqual((status, report["withheld"]), (1, []))
        self.assertIn("absent (nobody says why)", text)
        self.assertNotRegex(text.replace("absent (nobody says why)", ""), "(?i)withh")
        # The same where the key that would tell cannot be read.
        key = next(t for t in b.layer if t.startswith("key/"))
        b.layer[key] = b"no key\n"
        status, report, text = self.verify(self.written(b))
        self.assertIn(status, (1, 3))
        self.assertNotIn("withheld by the owner", text)
        # Absent and withheld in one bundle: each is called what it is.
        p.box("publish", "last", "-o", p.path("public"))
        b = self.strip(p.path("public"), lambda k, n: k == "param")
        status, report, text = self.verify(self.written(b))
        self.assertNotIn("param", [w["kind"] for w in report["withheld"]])
        self.assertIn("withheld by the owner, ", text)
        # A second statement, unsigned: that is the word of nobody, and it is said so.
        b = self.strip(full, lambda k, n: k == "param")
        b.forge_statement()
        self.withhold_in_statement(b)
        status, report, text = self.verify(self.written(b))
        self.assertEqual(status, 3)
        self.assertIn("withheld (unsigned)", text)
        self.assertNotIn("withheld by the owner", text)

    def without(self, bundle, title):
        """The statement does not name that layer."""
        envelope = json.loads(bundle.layer["publication.json"])
        statement = json.loads(base64.b64decode(envelope["payload"]))
        statement["predicate"]["layers"] = [n for n in statement["predicate"]["layers"] if n["title"] != title]
        envelope["payload"] = base64.b64encode(json.dumps(statement, separators=(",", ":")).encode()).decode()
        bundle.layer["publication.json"] = json.dumps(envelope, separators=(",", ":")).encode()

    def withhold_in_statement(self, bundle):
        envelope = json.loads(bundle.layer["publication.json"])
        statement = json.loads(base64.b64decode(envelope["payload"]))
        frames = bundle.frames()
        stream = statement["predicate"]["head"]["stream"]
        statement["predicate"]["withheld"] = [{"stream": stream, "first": n, "last": n, "kind": oracle.KINDS[f.kind], "reason": "forged"}
                                              for n, f in enumerate(frames) if not f.body]
        envelope["payload"] = base64.b64encode(json.dumps(statement, separators=(",", ":")).encode()).decode()
        bundle.layer["publication.json"] = json.dumps(envelope, separators=(",", ":")).encode()

    # Disclosing

    def test_a_disclosure_shows_more_of_the_same(self):
        p = self.place
        run = self.simple_run()
        p.box("publish", run, "-o", p.path("one"), "--withhold", "param:token", "--reason", "a token", "--withhold", "name", ok=False)
        p.box("publish", run, "-o", p.path("one"), "--withhold", "param:token", "--reason", "a token")
        done = p.box("disclose", run, "param:token", "-o", p.path("two"))
        self.assertIn(b"1 of them disclosed now, statement 2", done.stderr)
        p.box("disclose", run, "host", "root:re*", "root:cwd", "-o", p.path("three.tar"))
        p.call("mkdir", p.path("three"))
        p.call("tar", "-xf", p.path("three.tar"), "-C", p.path("three"))
        one, two, three = (Bundle(p.path(n)) for n in ("one", "two", "three"))
        before = None
        for sequence, name in enumerate(("one", "two", "three"), 1):
            payload, said = statement_of(p.path(name))
            self.assertEqual(said["sequence"], sequence)
            self.assertEqual(said["previous"], before and "sha256:" + hashlib.sha256(before).hexdigest())
            before = payload
            self.assertEqual(self.verify(p.path(name))[0], 0)
            seen = subprocess.run([sys.executable, "-B", oracle.__file__, p.path(name), "--key", p.path("config/glassbox/key.vkey")], capture_output=True)
            self.assertEqual(seen.returncode, 0, seen.stdout)
        # Entries stay, and bodies that were shown; nothing else changes but the journal and the statement.
        for a, b, shown in ((one, two, {"param"}), (two, three, {"host", "root"})):
            self.assertEqual([f.entry for f in a.frames()], [f.entry for f in b.frames()])
            for f, g in zip(a.frames(), b.frames()):
                if f.body:
                    self.assertEqual((f.salt, f.body), (g.salt, g.body))
                elif g.body:
                    self.assertIn(oracle.KINDS[g.kind], shown)
            self.assertEqual({t: d for t, d in a.layer.items() if not t.startswith(("journal/", "publication"))},
                             {t: d for t, d in b.layer.items() if not t.startswith(("journal/", "publication"))})
        # From a pipe, once from front to back.
        done = p.call("sh", "-c", 'cat "$0" | "$@"', p.path("three.tar"), p.verifier, "-", "--key", self.key, "--against", p.path("one"))
        self.assertIn(b"against the other bundle: pass: the same run and head; statement 3 is later than 1; 4 records more shown", done.stdout)
        for new, old in (("two", "one"), ("three.tar", "two"), ("three", "one"), ("two", "two")):
            status, report, text = self.verify(p.path(new), "--against", p.path(old))
            self.assertEqual((status, report["against"]["status"]), (0, "pass"), text)
        self.assertEqual(report["against"], {"status": "pass", "detail": report["against"]["detail"], "sequence": 2, "old_sequence": 2,
                                             "more_shown": 0, "no_longer_shown": 0})
        report = self.verify(p.path("three"), "--against", p.path("one"))[1]
        self.assertEqual((report["against"]["sequence"], report["against"]["old_sequence"], report["against"]["more_shown"]), (3, 1, 4))
        self.assertIsNone(self.verify(p.path("three"))[1]["against"])

    def test_a_disclosure_never_goes_back(self):
        """To an earlier statement that showed exactly this: that would look like a rollback."""
        p = self.place
        run = self.simple_run()
        p.box("publish", run, "-o", p.path("one"))
        p.box("publish", run, "-o", p.path("two"), "--withhold", "param")
        p.box("disclose", run, "param", "-o", p.path("three"))
        self.assertEqual([statement_of(p.path(n))[1]["sequence"] for n in ("one", "two", "three")], [1, 2, 3])
        self.assertEqual(Bundle(p.path("one")).layer["journal/0.tfrecord"], Bundle(p.path("three")).layer["journal/0.tfrecord"])
        self.hold(p.path("three"), p.path("two"), 0, "statement 3 follows 2; 2 records more shown", "pass")

    def test_disclosing_what_is_not_withheld_is_an_error(self):
        p = self.place
        run = self.simple_run()

        def refuse(words, *argv):
            done = p.box("disclose", run, *argv, "-o", p.path("new"), ok=False)
            self.assertEqual(done.returncode, 2, done.stderr)
            self.assertIn(words, done.stderr.decode())
            self.assertFalse(os.path.exists(p.path("new")))

        refuse("not published yet", "arg")
        p.box("publish", run, "-o", p.path("one"))
        refuse("shown already", "param:seed")
        refuse("shown already", "arg", "param:seed")
        refuse("no such record", "param:nothing")
        refuse("no such record", "data")
        refuse("did you mean 'param'", "parm:seed")
        refuse("never withheld", "seal")
        refuse("'usage' alone", "usage:1")
        refuse("expected glassbox disclose RUN SELECTOR... -o NEW")
        self.assertEqual(os.listdir(os.path.join(self.store(), run, "publication")).count("2.json"), 0)
        p.box("disclose", run, "host", "-o", p.path("two"))
        refuse("shown already, by statement 2", "arg")

    def test_a_failed_disclosure_gives_its_number_back(self):
        p = self.place
        run = self.simple_run()
        p.box("publish", run, "-o", p.path("one"))
        p.box("publish", run, "-o", p.path("one.tar"))
        # Room for each file of the bundle, and none for all of them together.
        largest = max(map(len, Bundle(p.path("one")).layer.values()))
        kib = (largest + os.path.getsize(p.path("one.tar"))) // 2 // 1024
        self.assertGreater(kib * 1024, largest + 2048)
        done = p.call("bash", "-c", f"ulimit -f {kib}; trap '' XFSZ; '{p.glassbox}' disclose {run} host -o '{p.path('two.tar')}'", ok=False)
        self.assertNotEqual(done.returncode, 0)
        self.assertFalse(os.path.exists(p.path("two.tar")))
        self.assertEqual(sorted(os.listdir(os.path.join(self.store(), run, "publication"))), ["1.json"])
        p.box("disclose", run, "host", "-o", p.path("two"))
        self.assertEqual(statement_of(p.path("two"))[1]["sequence"], 2)

    def test_a_killed_disclosure_can_be_made_again(self):
        p = self.place
        run = self.simple_run()
        p.box("publish", run, "-o", p.path("one"))
        p.box("disclose", run, "host", "-o", p.path("two"))
        kept = os.path.join(self.store(), run, "publication")
        self.assertEqual(sorted(os.listdir(kept)), ["1.json", "2.json"])
        # As a kill between the statement and the bundle leaves it.
        p.write(os.path.join(kept, "unwritten"), "")
        done = p.box("disclose", run, "host", "-o", p.path("again"))
        self.assertIn(b"statement 2 (the one made before)", done.stderr)
        p.call("diff", "-r", p.path("two"), p.path("again"))
        self.assertEqual(p.box("disclose", run, "host", "-o", p.path("third"), ok=False).returncode, 2)
        p.write(os.path.join(kept, "unwritten"), "")
        p.box("disclose", run, "root", "-o", p.path("other"))
        self.assertEqual(statement_of(p.path("other"))[1]["sequence"], 3)
        self.assertEqual(sorted(os.listdir(kept)), ["1.json", "2.json", "3.json"])

    def test_two_at_once_get_two_numbers(self):
        p = self.place
        run = self.simple_run()
        p.box("publish", run, "-o", p.path("first"))
        with open(os.path.join(self.store(), run, "lock"), "a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            waiting = subprocess.Popen([p.glassbox, "publish", "-q", run, "-o", p.path("second")], env=p.env, cwd=p.repo)
            with self.assertRaises(subprocess.TimeoutExpired):
                waiting.wait(1)
        self.assertEqual(waiting.wait(), 0)
        started = [subprocess.Popen([p.glassbox, "publish", run, "-o", p.path(f"b{n}"), "--withhold", w], env=p.env, cwd=p.repo,
                                    stderr=subprocess.DEVNULL)
                   for n, w in enumerate(["param:seed", "param:token", "system", "device", "usage", "process"])]
        self.assertEqual({s.wait() for s in started}, {0})
        said = sorted((statement_of(p.path(f"b{n}"))[1]["sequence"], statement_of(p.path(f"b{n}"))[0]) for n in range(len(started)))
        self.assertEqual([sequence for sequence, _ in said], list(range(2, len(started) + 2)))
        for (_, a), (_, b) in zip(said, said[1:]):
            self.assertEqual(json.loads(b)["predicate"]["previous"], "sha256:" + hashlib.sha256(a).hexdigest())

    def test_reasons_go_to_the_selector_before_them(self):
        p = self.place
        run = self.simple_run()
        p.box("publish", run, "-o", p.path("one"), "--withhold", "param", "--reason", "all \u00fc", "--withhold", "param:seed", "--withhold",
              "param:to*", "--reason", "a token", "--withhold", "system", "--withhold", "host")
        why = {(w["kind"], w["reason"]) for w in statement_of(p.path("one"))[1]["withheld"]}
        self.assertLessEqual({("param", "all \u00fc"), ("param", "a token"), ("system", ""), ("host", "names of machine and user")}, why)
        self.assertIn("1 x system: no reason given", self.verify(p.path("one"))[2])
        for argv, words in ((["--reason", "x"], "behind a --withhold"), (["--withhold", "param", "--reason", "x", "--reason", "y"], "second --reason"),
                            (["--withhold", "param", "--reason", "x" * 1025], "at most 1024"), (["--withhold", "param", "--reason", b"\xff"], "UTF-8"),
                            (["--withhold", "param:"], "nothing behind the colon"), (["--withhold", "checkpoint"], "no such records")):
            done = p.box("publish", run, "-o", p.path("no"), *argv, ok=False)
            self.assertEqual(done.returncode, 2, argv)
            self.assertIn(words, done.stderr.decode())
            self.assertFalse(os.path.exists(p.path("no")))

    # What tells something of what is withheld

    def test_a_source_is_named_and_nothing_is_written(self):
        p = self.place
        p.write("repo/shared/file", "a file of the dataset\n")
        p.call("git", "add", "-A")
        p.call("git", "commit", "-q", "-m", "more")
        private = p.write("private.json", '{"hidden": 0.0625}')
        p.write("data/a", "some data\n")
        os.rename(p.path("config/glassbox"), p.path("aside"))  # the run is not signed yet
        p.box("run", "-q", "--data", "tracked=shared", "--data", "set=" + p.path("data"), "--config", "config.json", "--config", private,
              "--param", "rate=0.5", "--param", "key=abcdefgh", "--param", "same=abcdefgh", "--param", "steps=7", "--", "sh", "-c", "true", "--rate",
              "0.5", "--opt=abcdefgh", "steps=7", "--hidden", "0.0625")
        run = p.last_run()
        os.rename(p.path("aside"), p.path("config/glassbox"))
        log = p.path("config/glassbox/key.log")

        def state():
            out = {}
            for path in (os.path.join(d, f) for top in (log, self.store()) for d, _, fs in os.walk(top) for f in fs if f != "lock"):
                with open(path, "rb") as f:
                    out[path] = f.read()
            return out

        before = state()
        for profile, selectors, expected in (
                ("full", ["param:rate"], [("arg", "--rate"), ("arg", "0.5")]),
                ("full", ["param:key"], [("arg", "--opt=abcdefgh")]),
                ("full", ["param:steps"], [("arg", "steps=7")]),
                ("full", ["param:hidden", "config:private.json"], [("arg", "--hidden"), ("arg", "0.0625"), ("root", "config/1")]),
                ("full", ["param:hidden"], [("arg", "--hidden"), ("arg", "0.0625"), ("config", "private.json")]),
                ("public", ["param:rate"], [("arg", "--rate"), ("arg", "0.5")]),
                ("public", ["param:lr", "param:model.width"], [("config", "config.json"), ("code", None)]),
                ("public", ["config"], [("code", None)]),
                ("public", ["data:set"], [("declaration", "set"), ("data-files", "set")]),
                ("public", ["declaration:set"], [("data", "set")]),
                ("public", ["data-files:tracked"], [("code", None)]),
                ("full", ["arg:--opt=*"], [("param", "key"), ("param", "opt"), ("param", "same")]),
                ("full", ["arg:steps=7"], [("param", "steps")]),
                ("full", ["param:opt"], [("arg", "--opt=abcdefgh")])):
            options = [o for s in selectors for o in ("--withhold", s)]
            done = p.box("publish", run, "-o", p.path("no"), "--profile", profile, *options, ok=False)
            self.assertEqual(done.returncode, 2, (selectors, done.stderr))
            named = re.findall(r"^glassbox: record \d+ \(([a-z-]+)(?: '([^']*)')?\) would be shown", done.stderr.decode(), flags=re.M)
            self.assertEqual(sorted((k, None if k == "code" else n) for k, n in named), sorted(expected, key=lambda e: (e[0], e[1] or "")), selectors)
            self.assertFalse(os.path.exists(p.path("no")))
            self.assertEqual(state(), before, "something was written")
        for profile, selectors in (("public", ["param:rate", "arg:--rate", "arg:0.5"]), ("public", ["data-files:set"]), ("full", ["param:same", "param:key", "param:opt", "arg:--opt*"]),
                                   ("public", ["code"]), ("public", ["param:hidden", "config:private.json", "arg:--hidden", "arg:0.0625"])):
            done = p.box("publish", run, "-o", p.path("yes"), "--profile", profile, *[o for s in selectors for o in ("--withhold", s)], ok=False)
            self.assertEqual(done.returncode, 0, (selectors, done.stderr))
            shutil.rmtree(p.path("yes"))
        # The other way round: a disclosure must not tell what stays withheld.
        done = p.box("disclose", run, "config:private.json", "-o", p.path("no"), ok=False)
        self.assertEqual(done.returncode, 2)
        self.assertRegex(done.stderr.decode(), r"\(config 'private.json'\) tells what stays withheld in record \d+ \(param 'hidden'\): disclose both or neither")
        self.assertFalse(os.path.exists(p.path("no")))
        p.box("disclose", run, "config:private.json", "param:hidden", "arg", "-o", p.path("yes"))

    def test_names_paths_and_files_tell_too(self):
        """Not only values: what is withheld stands in the name of a parameter or dataset, in a path, in a config's content."""
        p = self.place
        host = os.uname().nodename
        p.call("git", "checkout", "-q", "-b", "zebra-branch")
        p.write("other.toml", 'greeting = "PLAIN\\u0056ALUE99"\n')
        folder = p.path('a"b')
        p.write(f"{folder}/zebra-branch/acme-churn.json", '{"lr": 0.125}')
        p.box("run", "-q", "--name", "acme-churn", "--root", "q=" + folder, "--config", f"{folder}/zebra-branch/acme-churn.json", "--config",
              p.path("other.toml"), "--param", "note=PLAINVALUE99", "--data", f"{host}-set=https://d.example.org/x", "--output", f"w=out/{host}/acme-churn", "--",
              "sh", "-c", f"mkdir -p out/{host}; echo w > out/{host}/acme-churn", "-", "--dirs", folder + "/1", folder + "/2", "--mix",
              json.dumps({folder + "/3": 0.5}))
        run = p.last_run()
        for selectors, expected in ((["name"], {"config", "declaration", "artifact"}), (["git"], {"config"}), (["param:note"], {"config"}),
                                    (["host", "root"], {"declaration", "data", "artifact"}), (["root", "host", "arg"], {"param"})):
            done = p.box("publish", run, "-o", p.path("no"), "--profile", "full", *[o for s in selectors for o in ("--withhold", s)], ok=False)
            self.assertEqual(done.returncode, 2, (selectors, done.stderr))
            named = set(re.findall(r"^glassbox: record \d+ \(([a-z-]+)", done.stderr.decode(), flags=re.M))
            self.assertLessEqual(expected, named, (selectors, done.stderr))
            self.assertFalse(os.path.exists(p.path("no")))
            self.publish_with_sources(Run(os.path.join(self.store(), run)), p.path("yes"), "full", [o for s in selectors for o in ("--withhold", s)], done,
                                      str(selectors))
            shutil.rmtree(p.path("yes"))
        # The public profile withholds what has a folder in it, in JSON and in a name, too.
        p.box("publish", run, "-o", p.path("public"))
        text = everything(p.path("public"))
        for word in (folder, folder.replace('"', '\\"'), folder.replace('"', '\\\\\\"')):
            self.assertNotIn(word.encode(), text)
        self.assertIn(b"PLAINVALUE99", text)

    # Against another bundle

    def hold(self, new, old, status, words, against="fail", key=True):
        got, report, text = self.verify(new, "--against", old, key=key)
        self.assertEqual(got, status, text)
        self.assertEqual(report["against"]["status"], against, text)
        self.assertIn(words, report["against"]["detail"])
        self.assertIn("against the other bundle: " + against, text)
        if against in ("fail", "skipped"):
            self.assertTrue([c for c in report["checks"] if c["name"] == "publication" and c["status"] == against and words in c["detail"]], text)
        return report["against"]

    def copy_of_the_store(self):
        """Where the same owner publishes something else of the same run."""
        second = os.path.join(self.place.repo, ".git/second") # as far from the repository's objects
        shutil.copytree(os.path.join(self.place.repo, ".git/glassbox"), second)
        return second

    def seal_again(self, bundle, frames):
        """A seal over these records, nothing signed, and a statement of that head."""
        listed, leaf = stream_list(frames[:-1])
        frames[-1].body = frames[-1].body[:-32] + leaf
        relink(frames)
        bundle.set_frames(frames)
        bundle.layer["streams.tfrecord"] = listed
        bundle.forge_statement()
        for title in [t for t in bundle.layer if t.startswith("key/") or t in ("head.note", "start.proof", "seal.proof")]:
            bundle.remove(title)
            self.without(bundle, title)
        envelope = json.loads(bundle.layer["publication.json"])
        statement = json.loads(base64.b64decode(envelope["payload"]))
        root = merkle_root([f.leaf for f in frames]).hex()
        statement["predicate"]["head"]["root"] = statement["subject"][0]["digest"]["glassboxRoot"] = root
        envelope["payload"] = base64.b64encode(json.dumps(statement, separators=(",", ":")).encode()).decode()
        bundle.layer["publication.json"] = json.dumps(envelope, separators=(",", ":")).encode()

    def test_against_another_run(self):
        p = self.place
        p.box("publish", self.simple_run(), "-o", p.path("one"))
        p.box("publish", self.simple_run(), "-o", p.path("two"))
        self.hold(p.path("two"), p.path("one"), 1, "that is run ")
        self.hold(p.path("two"), p.path("one"), 1, "that is run ", key=False)

    def test_against_a_newer_and_a_forked_statement(self):
        p = self.place
        run, second = self.simple_run(), None
        p.box("publish", run, "-o", p.path("one"))
        second = self.copy_of_the_store()
        p.box("disclose", run, "host", "-o", p.path("two"))
        p.box("disclose", run, "root", "-o", p.path("three"))
        p.box("disclose", run, "root", "--store", second, "-o", p.path("fork"))
        self.hold(p.path("one"), p.path("two"), 1, "that has statement 2, this is the older statement 1")
        self.hold(p.path("fork"), p.path("two"), 1, "both have statement 2, and they are two different ones")
        self.hold(p.path("two"), p.path("fork"), 1, "both have statement 2, and they are two different ones")
        self.hold(p.path("three"), p.path("fork"), 1, "names another statement 2 as the one before it")
        self.assertEqual(self.hold(p.path("three"), p.path("one"), 0, "statement 3 is later than 1", "pass")["more_shown"], 4)
        # Less is shown: it is said, and it is the owner's right.
        p.box("publish", run, "-o", p.path("four"), "--withhold", "param", "--withhold", "arg")
        said = self.hold(p.path("four"), p.path("three"), 0, "no longer shown", "withheld")
        self.assertEqual((said["more_shown"], said["no_longer_shown"]), (0, 7))

    def test_against_another_history_of_the_same_run(self):
        """A run whose recorder was killed is sealed twice, in two copies of the store, and both are signed by its owner."""
        p = self.place
        job = subprocess.Popen([p.glassbox, "run", "-q", "--param", "seed=7", "--", "sh", "-c", "echo $PPID > ../pid; exec sleep 60"], env=p.env,
                               cwd=p.repo, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while not os.path.exists(p.path("pid")) or not os.path.getsize(p.path("pid")):
            time.sleep(0.02)
        run = p.last_run()
        children = p.call("ps", "--no-headers", "-o", "pid", "--ppid", str(job.pid)).stdout.split()
        os.kill(job.pid, signal.SIGKILL)
        job.wait()
        for child in children:
            try:
                os.kill(int(child), signal.SIGKILL)
            except ProcessLookupError:
                pass
        time.sleep(0.2)
        second = self.copy_of_the_store()
        p.box("publish", run, "-o", p.path("one"))
        p.box("publish", run, "-o", p.path("two"), "--store", second)
        self.assertEqual((self.verify(p.path("one"))[0], self.verify(p.path("two"))[0]), (0, 0))
        self.hold(p.path("two"), p.path("one"), 1, "is not the record that the other bundle has in its place")

    def test_against_a_bundle_that_proves_nothing(self):
        """What a stranger makes must not put an honest bundle in the wrong: 3, not 1."""
        p = self.place
        run = self.simple_run()
        p.box("publish", run, "-o", p.path("one"))
        p.box("disclose", run, "host", "-o", p.path("two"))
        # Its bytes contradict each other.
        b = Bundle(p.path("one"))
        frames = b.frames()
        i = next(i for i, f in enumerate(frames) if f.kind == KINDS["param"])
        frames[i].body = frames[i].body.replace(b"seed", b"seeD").replace(b"token", b"tokeN")
        b.set_frames(frames)
        self.hold(p.path("two"), self.written(b), 3, "it does not verify", "skipped")
        # Sound, of the same run, and not signed: another history.
        relink(frames)
        b.set_frames(frames)
        b.forge_statement()
        self.hold(p.path("two"), self.written(b), 3, "it does not verify", "skipped")
        # Another history, sound as an unsigned bundle, which anybody can make.
        self.seal_again(b, frames)
        forged = self.written(b)
        self.assertEqual(self.verify(forged, key=False)[1]["verdict"], "undetermined")
        self.hold(p.path("two"), forged, 3, "is not the record that the other bundle has in its place", "skipped")
        # Signed by another key: the same records, and a statement with a higher number.
        p.box("key", "new", "--name", "other.example", "--key", p.path("other.pem"))
        second = self.copy_of_the_store()
        p.box("disclose", run, "root", "--store", second, "--key", p.path("other.pem"), "-o", p.path("other"))
        self.hold(p.path("two"), p.path("other"), 3, "that has statement 3, this is the older statement 2", "skipped")
        # Not a bundle at all.
        p.write("text", "not a bundle")
        os.mkfifo(p.path("pipe"))
        for path in (p.path("nothing"), p.path("text"), p.path("home")):
            self.hold(p.path("two"), path, 3, "it does not verify", "skipped")
        for path in (p.path("pipe"), "/dev/null"):
            self.hold(p.path("two"), path, 3, "neither a file nor a folder", "skipped")
        self.hold(p.path("text"), p.path("two"), 3, "this bundle cannot be read", "skipped")
        # A bundle that fails by itself stays failed, whatever it is held against.
        b = Bundle(p.path("two"))
        frames = b.frames()
        frames[i].body = frames[i].body.replace(b"seed", b"seeD").replace(b"token", b"tokeN")
        b.set_frames(frames)
        status, report, text = self.verify(self.written(b), "--against", p.path("one"))
        self.assertEqual((status, report["against"]["status"]), (1, "fail"), text)
        self.assertIn("is shown with another body", text)

if __name__ == "__main__":
    if len(sys.argv) > 1:
        sys.argv[1] = "Disclose." + sys.argv[1]
    unittest.main()
