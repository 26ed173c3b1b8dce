"""docs/verify.md does what it says: its commands are run as they stand there, on a bundle as published and on changed ones.

Each test is a CTest case of its own: guide.py NAME. `guide.py --write` runs the commands and writes what they print into the page."""
import base64
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

from bundles import Bundle, Place, field_bytes, field_number, fields, relink, stream_list

PAGE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../docs/verify.md")
FENCED = re.compile(r"^```(sh|text)\n(.*?)^```\n", re.M | re.S)


def blocks(page):
    """[(number of the step, commands, what they print or None)]"""
    out, step = [], 0
    for part in re.split(r"(?=^## )", page, flags=re.M):
        title = re.match(r"## (\d+)\. ", part)
        step = int(title[1]) if title else step
        for kind, text in FENCED.findall(part):
            if kind == "sh":
                out.append([step, text, None])
            else:
                out[-1][2] = text
    return out


def shape(text):
    """What is the same in every run: hashes, names made at random and numbers are not, nor whether a job that is over at once was seen."""
    text = re.sub(r"^gap: kind 19 was not captured for reason 26\n", "", text, flags=re.M)
    for pattern in (r"\b0[0-9A-HJKMNP-TV-Z]{25}\b", r"[A-Za-z0-9+/]{40,}=*", r"\b[0-9a-f]{8,}\b"):
        text = re.sub(pattern, "#", text)
    return re.sub(r" +", " ", re.sub(r"\d+", "N", text))


class Guide(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="glassbox-guide-")
        self.addCleanup(folder.cleanup)
        p = self.place = Place(folder.name)
        p.write("data/a.txt", "some data\n" * 50)
        p.write("data/sub/b.bin", bytes(range(256)))
        p.make_repo()
        p.box("key", "new", "--name", "owner.example")
        p.box("run", "--name", "first", "--data", "set=" + p.path("data"), "--output", "out=" + p.path("out"), "--config", "config.json",
              "--param", "seed=7", "--", "sh", "-c", "mkdir ../out; echo weights > ../out/w")
        p.box("publish", "last", "-o", p.path("bundle"))
        with open(PAGE, encoding="utf-8") as f:
            self.page = f.read()

    def work(self, bundle=None):
        """A folder with what the page asks for."""
        work = tempfile.mkdtemp(dir=self.place.folder)
        if bundle:
            bundle.write(work + "/bundle")
        else:
            shutil.copytree(self.place.path("bundle"), work + "/bundle")
        shutil.copy(self.place.path("config/glassbox/key.pub"), work)
        for name in ("data", "out"):
            shutil.copytree(self.place.path(name), f"{work}/{name}")
        return work

    def sh(self, work, commands):
        return subprocess.run(["sh", "-e", "-c", commands], cwd=work, env=self.place.env, stdin=subprocess.DEVNULL, capture_output=True,
                              encoding="utf-8", timeout=60)

    def failing(self, work):
        """The steps that fail, each block being run whatever became of those before."""
        return sorted({step for step, commands, _ in blocks(self.page) if self.sh(work, commands).returncode})

    def refuse(self, steps, bundle=None, work=None):
        """Exactly these steps fail: those that find it, and those behind them that lack what they would have left."""
        self.assertEqual(self.failing(work or self.work(bundle)), steps)

    def change(self, title, old, new):
        b = Bundle(self.place.path("bundle"))
        self.assertIn(old, b.layer[title])
        b.layer[title] = b.layer[title].replace(old, new, 1)
        return b

    def test_it_runs_as_it_stands(self):
        work = self.work()
        self.assertGreater(len(blocks(self.page)), 12)
        for step, commands, printed in blocks(self.page):
            done = self.sh(work, commands)
            self.assertEqual(done.returncode, 0, f"step {step}:\n{commands}\n{done.stderr}")
            self.assertEqual(shape(done.stdout), shape(printed or ""), f"step {step}")

    def test_all_at_once(self):
        work = self.work()
        shutil.copy(PAGE, work + "/verify.md")
        command = re.search(r"`(awk .*? by-hand\.sh)`", self.page)[1]
        self.assertEqual(self.sh(work, command).returncode, 0)
        self.place.write("out/w", "other weights\n")
        self.assertNotEqual(self.sh(self.work(), f"cp {work}/verify.md .; {command}").returncode, 0)

    def test_a_flipped_byte_of_a_blob(self):
        work = self.work()
        b = Bundle(work + "/bundle")
        path = f"{work}/bundle/blobs/sha256/" + b.descriptors["journal/0.tfrecord"]["digest"][7:]
        with open(path, "r+b") as f:
            data = f.read().replace(b"seed", b"sEed")
            f.seek(0)
            f.write(data)
        done = self.sh(work, blocks(self.page)[1][1])
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("FAILED", done.stdout)

    # Below, the bundle's digests are sound again.

    def test_a_body_is_changed(self):
        self.refuse([5, 8, 9, 10, 12], self.change("journal/0.tfrecord", b"seed", b"sEed"))

    def test_the_records_are_written_anew(self):
        """All that needs no key: the body's commitment, the chain, the list of streams, the Seal, the statement's list of layers."""
        b = Bundle(self.place.path("bundle"))
        frames = b.frames()
        i = next(i for i, f in enumerate(frames) if b"seed" in f.body)
        frames[i].body = frames[i].body.replace(b"seed", b"sEed")
        seal = frames.pop()
        relink(frames, i)
        b.layer["streams.tfrecord"], root = stream_list(frames)
        seal.body = field_bytes(5, field_number(1, dict(fields(dict(fields(seal.body))[5]))[1]) + field_number(2, 1) + field_bytes(3, root))
        frames.append(seal)
        relink(frames, i)
        b.set_frames(frames)
        b.forge_statement()
        # The forged statement has no signature to take out of its envelope. Given the old one, it is found by step 4 alone.
        envelope = json.loads(b.layer["publication.json"])
        envelope["signatures"] = json.loads(Bundle(self.place.path("bundle")).layer["publication.json"])["signatures"]
        b.layer["publication.json"] = json.dumps(envelope).encode()
        self.refuse([4, 9], b)

    def test_a_body_is_left_out(self):
        b = Bundle(self.place.path("bundle"))
        frames = b.frames()
        frame = next(f for f in frames if b"seed" in f.body)
        frame.salt = frame.body = b""
        b.set_frames(frames)
        self.refuse([5, 8, 9, 10, 12], b)

    def test_the_statement_is_changed(self):
        envelope = json.loads(Bundle(self.place.path("bundle")).layer["publication.json"])
        payload = base64.b64decode(envelope["payload"]).replace(b"names of machine", b"names of nothing")
        b = Bundle(self.place.path("bundle"))
        b.layer["publication.json"] = json.dumps(dict(envelope, payload=base64.b64encode(payload).decode())).encode()
        self.refuse([4], b)

    def test_the_head_note_is_changed(self):
        note = Bundle(self.place.path("bundle")).layer["head.note"]
        root = note.split(b"\n")[2]
        self.refuse([6, 7, 9], self.change("head.note", root, (b"A" if root[:1] != b"A" else b"B") + root[1:]))

    def test_a_proof_is_changed(self):
        proof = Bundle(self.place.path("bundle")).layer["seal.proof"]
        sibling = proof.split(b"\n")[3]
        self.refuse([7, 9], self.change("seal.proof", sibling, (b"A" if sibling[:1] != b"A" else b"B") + sibling[1:]))

    def test_the_start_stands_for_the_seal(self):
        b = Bundle(self.place.path("bundle"))
        b.layer["seal.proof"] = b.layer["start.proof"]
        self.refuse([9], b)

    def test_a_manifest_is_changed(self):
        self.refuse([5, 10, 12], self.change("manifest/1.tfrecord", b"sub/b.bin", b"sub/c.bin"))

    def test_the_code_is_changed(self):
        self.refuse([5, 11], self.change("code/0.tar", b"layers = 4", b"layers = 5"))

    def test_a_blob_that_nothing_names(self):
        work = self.work()
        name = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        self.place.write(f"{work}/bundle/blobs/sha256/{name}", "")
        self.assertIn(2, self.failing(work))

    def test_another_key(self):
        other = self.place.path("other.pem")
        self.place.box("key", "new", "--name", "other.example", "--key", other)
        work = self.work()
        shutil.copy(self.place.path("other.pub"), work + "/key.pub")
        self.refuse([3, 4, 6], work=work)

    def test_other_data_and_a_file_too_many(self):
        self.place.write("data/a.txt", "other data\n")
        self.refuse([12])
        self.place.write("data/a.txt", "some data\n" * 50)
        self.refuse([])
        self.place.write("data/more", "")
        self.refuse([12])


def write():
    guide = Guide("test_it_runs_as_it_stands")
    guide.setUp()
    work = guide.work()
    page, at = guide.page, 0
    for _, commands, _ in blocks(page):
        done = guide.sh(work, commands)
        if done.returncode:
            sys.exit(f"{commands}\n{done.stderr}")
        end = page.index(f"```sh\n{commands}```\n", at) + len(commands) + 10
        old = re.compile(r"\n```text\n.*?```\n", re.S).match(page, end)
        at = end
        if old:
            page = page[:end] + f"\n```text\n{done.stdout}```\n" + page[old.end():]
    guide.doCleanups()
    with open(PAGE, "w", encoding="utf-8") as f:
        f.write(page)


if __name__ == "__main__":
    if sys.argv[1:] == ["--write"]:
        write()
        sys.exit()
    if len(sys.argv) > 1:
        sys.argv[1] = "Guide." + sys.argv[1]
    unittest.main()
