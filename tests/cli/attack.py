"""Published bundles changed by somebody without the key: never exit status 0, never a crash, and the place is named.

Each test is a CTest case of its own: attack.py NAME."""
import base64
import io
import json
import os
import random
import subprocess
import sys
import tarfile
import tempfile
import unittest
from pathlib import Path

from bundles import (KINDS, Bundle, Frame, Place, field_bytes, field_number, fields, read_tfrecords, relink, stream_list,
                     write_tfrecords)

FLIPS = int(os.environ.get("GLASSBOX_FLIPS", 400)) # each bit, and 2,000 through the program, are tests/attacks/changes.py


class Attack(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="glassbox-attack-")
        self.addCleanup(folder.cleanup)
        p = self.place = Place(folder.name)
        p.write("data/a.txt", "some data\n" * 50)
        p.write("data/sub/b.bin", bytes(range(256)))
        p.make_repo()
        p.box("key", "new", "--name", "owner.example")
        self.run_id = self.record("first")
        self.bundle = p.path("bundle")
        p.box("publish", self.run_id, "-o", self.bundle)
        self.key = p.path("config/glassbox/key.pub")
        self.assertEqual(self.verify(self.bundle)[0], 0, "the bundle as published")

    def record(self, name):
        p = self.place
        p.box("run", "--name", name, "--data", "set=" + p.path("data"), "--output", "out=" + p.path("out-" + name), "--config",
              "config.json", "--param", "seed=7", "--param", "note=hello", "--", "sh", "-c",
              f"mkdir ../out-{name}; echo weights of {name} > ../out-{name}/w")
        return p.last_run()

    def verify(self, path, *more, key=True):
        """(exit status, report, what a person sees)"""
        options = ["--key", self.key] if key else []
        said = self.place.call(self.place.verifier, path, *options, *more, ok=False, cwd="/")
        self.assertIn(said.returncode, (0, 1, 2, 3), f"ended by a signal or an odd status: {said.returncode}\n{said.stderr}")
        text = (said.stdout + said.stderr).decode()
        told = self.place.call(self.place.verifier, path, "--json", *options, *more, ok=False, cwd="/")
        self.assertEqual(told.returncode, said.returncode)
        return said.returncode, json.loads(told.stdout) if told.stdout else None, text

    def refuse(self, bundle, check, words, status=1, row="fail", key=True):
        """The bundle is written with sound digests and refused: exit status, the check that says so, and its words."""
        path = tempfile.mkdtemp(dir=self.place.folder) + "/b"
        bundle.write(path)
        got, report, text = self.verify(path, key=key)
        self.assertEqual(got, status, text)
        self.assertNotEqual(report["verdict"], "verified")
        for name in ("layout", "digests"):
            self.assertEqual([c["status"] for c in report["checks"] if c["name"] == name], ["pass"], "the attack is not deep enough: " + text)
        rows = [c for c in report["checks"] if c["name"] == check and c["status"] == row]
        self.assertTrue(rows, f"no {row} by {check}:\n{text}")
        details = "\n".join(c["detail"] for c in rows)
        for word in [words] if isinstance(words, str) else words:
            self.assertIn(word, details)
            self.assertIn(word, text)
        return report

    def find(self, frames, kind, shown=True, nth=0):
        return [i for i, f in enumerate(frames) if f.kind == KINDS[kind] and bool(f.body) == shown][nth]

    # One flipped byte

    def flip_quietly(self, path, at, mask):
        with open(path, "r+b") as f:
            f.seek(at)
            was = f.read(1)[0]
            f.seek(at)
            f.write(bytes([was ^ mask]))

    def flip_and_verify(self, path, bundle, at, mask):
        self.flip_quietly(path, at, mask)
        said = self.place.call(self.place.verifier, bundle, "--key", self.key, ok=False, cwd="/")
        self.flip_quietly(path, at, mask)
        text = (said.stdout + said.stderr).decode()
        self.assertIn(said.returncode, (1, 3), f"{path}, byte {at}, mask {mask:#x}: exit status {said.returncode}\n{text}")
        return text

    def record_at(self, data, at):
        """The record of a journal in which byte `at` stands."""
        end = 0
        for n, r in enumerate(read_tfrecords(data)):
            end += 16 + len(r)
            if at < end:
                return n
        raise AssertionError("beyond the end")

    def spread(self, rng, sizes, total):
        """Places over all files: a quarter evenly by file, the rest by size; each file gets its first and last byte."""
        each = max(2, total // 4 // len(sizes))
        places = {name: {0, size - 1} | {rng.randrange(size) for _ in range(each)} for name, size in sizes.items()}
        names, weights = list(sizes), list(sizes.values())
        while sum(map(len, places.values())) < total:
            name = rng.choices(names, weights)[0]
            places[name].add(rng.randrange(sizes[name]))
        return places

    def test_one_flipped_byte_of_a_folder(self):
        rng = random.Random(20)
        whole = Bundle(self.bundle)
        names = [os.path.relpath(os.path.join(d, f), self.bundle) for d, _, fs in os.walk(self.bundle) for f in fs]
        sizes = {n: os.path.getsize(os.path.join(self.bundle, n)) for n in sorted(names)}
        self.assertGreater(sum(sizes.values()), FLIPS)
        tried = 0
        for name, places in self.spread(rng, sizes, FLIPS).items():
            title = whole.title_of(name[13:]) if name.startswith("blobs/") else name
            for at in sorted(places):
                text = self.flip_and_verify(os.path.join(self.bundle, name), self.bundle, at, rng.randrange(1, 256))
                tried += 1
                if title.startswith("journal/"):
                    n = self.record_at(whole.layer[title], at)
                    self.assertRegex(text, rf"{title}: record {n}\b", f"byte {at} of {title}")
                elif title in ("config", "image manifest"):
                    self.assertTrue(title in text or name in text or name[13:] in text, f"byte {at} of {name}, the {title}:\n{text}")
                else:
                    self.assertIn(title, text, f"byte {at} of {name}")
        self.assertGreaterEqual(tried, FLIPS)
        self.assertEqual(self.verify(self.bundle)[0], 0, "the bundle is as it was")

    def test_one_flipped_byte_of_a_tar(self):
        rng = random.Random(21)
        path = self.place.path("bundle.tar")
        self.place.box("publish", self.run_id, "-o", path)
        with open(path, "rb") as f:
            data = f.read()
        whole, parts, end = Bundle(self.bundle), {}, 0
        with tarfile.open(path) as tar:
            for m in tar.getmembers():
                parts[m.name] = (m.offset, m.offset_data, m.size)
                end = m.offset_data + (m.size + 511) // 512 * 512
        parts["end"] = (end, end, len(data) - end)
        stop = sorted(p[0] for p in parts.values())[1:] + [len(data)]
        sizes = {n: s - p[0] for (n, p), s in zip(parts.items(), stop)}
        for name, places in self.spread(rng, sizes, FLIPS).items():
            start, content, size = parts[name]
            title = whole.title_of(name[13:]) if name.startswith("blobs/") else name
            for at in sorted(places):
                text = self.flip_and_verify(path, path, start + at, rng.randrange(1, 256))
                where = f"byte {at} of {name} ({title}), content {start + at - content} of {size}:\n{text}"
                inside = 0 <= start + at - content < size
                if inside and title.startswith("journal/"):
                    n = self.record_at(whole.layer[title], start + at - content)
                    self.assertRegex(text, rf"{title}: record {n}\b", where)
                elif inside:
                    self.assertTrue(title in text or name in text or name[13:] in text, where)
                else: # a header, padding or the end: a place in the tar, or the file that is no longer found
                    self.assertTrue(title in text or name in text or name[13:] in text or "byte " in text or "tar" in text, where)
        self.assertEqual(self.verify(path)[0], 0, "the tar is as it was")

    # Files of the folder

    def test_each_file_removed(self):
        whole = Bundle(self.bundle)
        names = [os.path.relpath(os.path.join(d, f), self.bundle) for d, _, fs in os.walk(self.bundle) for f in fs]
        self.assertGreater(len(names), 12)
        for name in sorted(names):
            aside = self.place.path("aside")
            os.rename(os.path.join(self.bundle, name), aside)
            status, _, text = self.verify(self.bundle)
            os.rename(aside, os.path.join(self.bundle, name))
            self.assertIn(status, (1, 3), name)
            title = whole.title_of(name[13:]) if name.startswith("blobs/") else name
            self.assertTrue(title in text or name in text or name[13:] in text, f"{name} ({title}):\n{text}")

    def test_two_files_swapped(self):
        blobs = os.path.join(self.bundle, "blobs/sha256")
        names = sorted(os.listdir(blobs))
        for a, b in zip(names, names[1:]):
            a, b, aside = os.path.join(blobs, a), os.path.join(blobs, b), os.path.join(self.bundle, "aside")
            for _ in range(2):
                os.rename(a, aside)
                os.rename(b, a)
                os.rename(aside, b)
                if _ == 0:
                    status, _report, text = self.verify(self.bundle)
                    self.assertIn(status, (1, 3), text)
        self.assertEqual(self.verify(self.bundle)[0], 0)

    def test_one_file_added(self):
        blob = "blobs/sha256/" + "0" * 64
        for name in ("extra", blob, "blobs/extra", "blobs/sha256/.hidden"):
            path = os.path.join(self.bundle, name)
            with open(path, "w") as f:
                f.write("more")
            status, _, text = self.verify(self.bundle)
            os.unlink(path)
            self.assertIn(status, (1, 3), name)
            self.assertIn(os.path.basename(name), text)

    def test_one_file_added_to_a_tar(self):
        path = self.place.path("bundle.tar")
        self.place.box("publish", self.run_id, "-o", path)
        self.assertEqual(self.verify(path)[0], 0)
        with tarfile.open(path, "a") as tar:
            info = tarfile.TarInfo("blobs/sha256/" + "0" * 64)
            info.size = 4
            tar.addfile(info, io.BytesIO(b"more"))
        status, _, text = self.verify(path)
        self.assertIn(status, (1, 3))
        self.assertIn("0" * 64, text)

    def test_a_layer_is_added_with_a_descriptor(self):
        b = Bundle(self.bundle)
        b.add_as("manifest/9.tfrecord", "streams.tfrecord", b"more")
        path = b.write(self.place.path("added"))
        status, _, text = self.verify(path)
        self.assertIn(status, (1, 3))
        self.assertIn("manifest/9.tfrecord", text)

    def test_a_link_or_a_folder_in_the_place_of_a_file(self):
        blobs = os.path.join(self.bundle, "blobs/sha256")
        name = sorted(os.listdir(blobs))[0]
        os.rename(os.path.join(blobs, name), self.place.path("aside"))
        os.symlink(self.place.path("aside"), os.path.join(blobs, name))
        status, _, text = self.verify(self.bundle)
        self.assertIn(status, (1, 3), "a symbolic link leads out of the bundle")
        self.assertIn(name, text)
        os.unlink(os.path.join(blobs, name))
        os.mkdir(os.path.join(blobs, name))
        self.assertIn(self.verify(self.bundle)[0], (1, 3))
        os.rmdir(os.path.join(blobs, name))
        os.mkfifo(os.path.join(blobs, name))
        self.assertIn(self.verify(self.bundle)[0], (1, 3), "a pipe must not hang it")

    # Records. Digests, index and frames are sound again after each change; nothing is signed anew.

    def test_a_record_is_removed(self):
        b = Bundle(self.bundle)
        for i in range(1, len(b.frames()) - 1):
            frames = b.frames()
            del frames[i]
            c = Bundle(self.bundle)
            c.set_frames(frames)
            self.refuse(c, "chain", ["journal/0.tfrecord", f"record {i + 1}"])
            self.refuse(c, "publication", "journal/0.tfrecord")

    def test_the_first_record_is_removed(self):
        b = Bundle(self.bundle)
        b.set_frames(b.frames()[1:])
        self.refuse(b, "chain", ["journal/0.tfrecord", "record 1"])

    def test_a_record_is_doubled(self):
        for i in (1, 5, -1):
            b = Bundle(self.bundle)
            frames = b.frames()
            i = i % len(frames)
            frames.insert(i, frames[i])
            b.set_frames(frames)
            self.refuse(b, "chain", ["journal/0.tfrecord", f"record {i}"])

    def test_a_record_is_swapped_with_its_neighbour(self):
        b = Bundle(self.bundle)
        for i in range(1, len(b.frames()) - 1):
            frames = b.frames()
            frames[i], frames[i + 1] = frames[i + 1], frames[i]
            c = Bundle(self.bundle)
            c.set_frames(frames)
            self.refuse(c, "chain", ["journal/0.tfrecord", f"record {i + 1}"])

    def test_a_body_is_moved_from_another_record(self):
        b = Bundle(self.bundle)
        frames = b.frames()
        i, j = self.find(frames, "param", nth=0), self.find(frames, "param", nth=1)
        frames[i].salt, frames[i].body = frames[j].salt, frames[j].body
        b.set_frames(frames)
        self.refuse(b, "commitments", ["journal/0.tfrecord", f"record {i}"])

    def test_a_body_is_moved_from_another_kind(self):
        b = Bundle(self.bundle)
        frames = b.frames()
        i, j = self.find(frames, "param"), self.find(frames, "system")
        frames[i].salt, frames[i].body = frames[j].salt, frames[j].body
        b.set_frames(frames)
        self.refuse(b, "records", ["journal/0.tfrecord", f"record {i}"])

    def test_a_body_is_moved_from_another_run(self):
        p = self.place
        p.box("publish", self.record("second"), "-o", p.path("other"))
        b, frames, others = Bundle(self.bundle), Bundle(self.bundle).frames(), Bundle(p.path("other")).frames()
        i = self.find(frames, "system")
        self.assertEqual(frames[i].body, others[i].body, "the same fact in the same place")
        frames[i].salt, frames[i].body = others[i].salt, others[i].body
        b.set_frames(frames)
        self.refuse(b, "commitments", ["journal/0.tfrecord", f"record {i}"])

    def test_a_record_is_moved_from_another_run(self):
        p = self.place
        p.box("publish", self.record("second"), "-o", p.path("other"))
        b, frames, others = Bundle(self.bundle), Bundle(self.bundle).frames(), Bundle(p.path("other")).frames()
        i = self.find(frames, "system")
        frames[i] = others[i]
        b.set_frames(frames)
        self.refuse(b, "chain", ["journal/0.tfrecord", f"record {i}"])

    def test_a_value_is_changed_and_the_chain_written_anew(self):
        """Everything that needs no key is sound again: only the signature tells."""
        b = Bundle(self.bundle)
        frames = b.frames()
        i = self.find(frames, "param")
        frames[i].body = frames[i].body.replace(b"seed", b"sEEd").replace(b"hello", b"hEllo")
        self.assertNotEqual(frames[i].body, b.frames()[i].body)
        seal = frames.pop()
        relink(frames, i)
        listed, leaf = stream_list(frames)
        kept = dict(fields_of(seal))
        seal.body = field_bytes(5, field_number(1, kept[1]) + field_number(2, 1) + field_bytes(3, leaf))
        frames.append(seal)
        relink(frames, i)
        b.set_frames(frames)
        b.layer["streams.tfrecord"] = listed
        self.refuse(b, "signature", "seal.proof")
        b.forge_statement()
        report = self.refuse(b, "signature", "seal.proof")
        for name in ("chain", "commitments", "streams"):
            self.assertNotIn("fail", [c["status"] for c in report["checks"] if c["name"] == name])

    def test_the_bundle_is_cut_to_its_start_leaf(self):
        b = Bundle(self.bundle)
        size = int(proof_extra(b.layer["start.proof"])[4])
        frames = b.frames()[:size]
        self.assertLess(size, len(b.frames()))
        b.set_frames(frames)
        b.layer["streams.tfrecord"] = stream_list(frames, state=2)[0]
        self.refuse(b, "publication", "journal/0.tfrecord")
        self.refuse(b, "streams", "seal", row="absent")
        self.refuse(b, "signature", "seal.proof")
        b.remove("manifest/1.tfrecord")
        b.remove("manifest/2.tfrecord") # of data and outputs, which the rest of the record names
        b.forge_statement()
        self.refuse(b, "signature", "seal.proof")
        b.remove("seal.proof")
        self.refuse(b, "streams", "seal", status=3, row="absent")
        self.refuse(b, "streams", "seal", status=3, row="absent", key=False)

    def test_the_start_proof_stands_for_the_seal(self):
        b = Bundle(self.bundle)
        b.layer["seal.proof"] = b.layer["start.proof"]
        self.refuse(b, "signature", "seal.proof")

    def test_the_seal_is_removed(self):
        b = Bundle(self.bundle)
        b.set_frames(b.frames()[:-1])
        self.refuse(b, "streams", "seal", row="absent")
        self.refuse(b, "publication", "journal/0.tfrecord")
        self.refuse(b, "signature", "seal.proof")
        b.forge_statement()
        self.refuse(b, "signature", "seal.proof")
        b.remove("seal.proof")
        self.refuse(b, "streams", "seal", status=3, row="absent")

    def test_a_second_seal(self):
        b = Bundle(self.bundle)
        frames = b.frames()
        again = Frame(frames[-1].bytes())
        frames.append(again)
        relink(frames, len(frames) - 1)
        b.set_frames(frames)
        self.refuse(b, "streams", ["journal/0.tfrecord", f"record {len(frames) - 1}", "seal"])

    def test_a_body_is_stripped_without_the_owners_word(self):
        b = Bundle(self.bundle)
        frames = b.frames()
        for kind in ("param", "code", "data"):
            frames = b.frames()
            i = self.find(frames, kind)
            frames[i].salt = frames[i].body = b""
            c = Bundle(self.bundle)
            c.set_frames(frames)
            self.refuse(c, "publication", ["journal/0.tfrecord", f"record {i}", "absent (nobody says why)"], row="absent")
            c.forge_statement()
            self.refuse(c, "publication", ["journal/0.tfrecord", f"record {i}", "absent (nobody says why)"], row="absent",
                        status=1 if kind == "code" else 3) # code: the layer that the record names is there, and nothing names it

    def test_a_body_that_may_not_be_withheld_is_stripped(self):
        b = Bundle(self.bundle)
        frames = b.frames()
        i = self.find(frames, "run-end")
        frames[i].salt = frames[i].body = b""
        b.set_frames(frames)
        path = b.write(self.place.path("stripped"))
        status, _, text = self.verify(path)
        self.assertEqual(status, 1, text)
        self.assertIn(f"record {i}", text)

    def test_a_withheld_body_is_made_up(self):
        b = Bundle(self.bundle)
        frames = b.frames()
        i = self.find(frames, "git", shown=False)
        frames[i].salt, frames[i].body = os.urandom(32), field_bytes(21, field_bytes(1, b"innocent"))
        b.set_frames(frames)
        self.refuse(b, "commitments", ["journal/0.tfrecord", f"record {i}"])

    def test_the_list_of_streams_is_emptied(self):
        b = Bundle(self.bundle)
        b.layer["streams.tfrecord"] = b""
        path = b.write(self.place.path("emptied"))
        self.assertEqual(self.verify(path)[0], 1)

    # Statements, keys, code and manifests

    def test_no_statement(self):
        """It must be there, as the first layer: one without a signature withholds nothing in the owner's name."""
        b = Bundle(self.bundle)
        b.remove("publication.json")
        status, report, text = self.verify(b.write(self.place.path("none")))
        self.assertEqual(status, 3)
        self.assertIn("publication.json", text)
        self.assertEqual([c["name"] for c in report["checks"] if c["status"] == "pass"], [], "nothing else was looked at")
        self.assertIn("code not compared, data not compared, weights not compared", text)

    def test_the_statement_of_another_publication(self):
        p = self.place
        p.box("publish", self.run_id, "--profile", "full", "-o", p.path("full"))
        b = Bundle(self.bundle)
        b.layer["publication.json"] = Bundle(p.path("full")).layer["publication.json"]
        self.refuse(b, "publication", "journal/0.tfrecord")

    def test_the_statement_of_another_run(self):
        p = self.place
        p.box("publish", self.record("second"), "-o", p.path("other"))
        b = Bundle(self.bundle)
        b.layer["publication.json"] = Bundle(p.path("other")).layer["publication.json"]
        self.refuse(b, "publication", "run")

    def test_a_statement_without_its_signature(self):
        b = Bundle(self.bundle)
        b.forge_statement()
        self.refuse(b, "publication", "not signed", status=3, row="absent")

    def test_signed_by_another_key(self):
        p = self.place
        other = p.path("config/other.pem")
        p.box("key", "new", "--name", "other.example", "--key", other)
        p.box("publish", self.record("second"), "--key", other, "-o", p.path("theirs"))
        self.assertEqual(self.verify(p.path("theirs"))[0], 1, "--key, and no signature by it")
        self.assertEqual(self.verify(p.path("theirs"), key=False)[0], 3, "nobody is trusted")
        self.assertEqual(self.verify(self.bundle, key=False)[0], 3, "a key inside the bundle is never trusted")
        said = p.call(p.verifier, p.path("theirs"), "--key", p.path("config/other.pub"), ok=False)
        self.assertEqual(said.returncode, 0, said.stdout)

    def test_the_signature_of_another_key_is_put_in(self):
        p = self.place
        other = p.path("config/other.pem")
        p.box("key", "new", "--name", "other.example", "--key", other)
        p.env["GLASSBOX_KEY"] = other
        p.box("publish", self.record("second"), "-o", p.path("theirs"))
        b, theirs = Bundle(self.bundle), Bundle(p.path("theirs"))
        for title in ("head.note", "start.proof", "seal.proof"):
            b.layer[title] = theirs.layer[title]
        path = b.write(p.path("mixed"))
        self.assertEqual(self.verify(path)[0], 1)
        self.assertNotEqual(self.verify(path, key=False)[0], 0)

    def test_each_layer_is_removed_with_its_descriptor(self):
        for title in Bundle(self.bundle).layer:
            b = Bundle(self.bundle)
            b.remove(title)
            path = tempfile.mkdtemp(dir=self.place.folder) + "/b"
            status, _, text = self.verify(b.write(path))
            if title.startswith("key/"): # a key inside the bundle is never trusted: it proves nothing
                continue
            if title == "start.proof": # what was begun is another fact than what was sealed
                self.assertIn(status, (0, 1, 3))
                continue
            self.assertIn(status, (1, 3), title)
            self.assertTrue(title in text or "absent" in text, f"{title}:\n{text}")

    def test_a_file_of_the_code_is_changed(self):
        b = Bundle(self.bundle)
        b.layer["code/0.tar"] = b.layer["code/0.tar"].replace(b"layers = 4", b"layers = 5")
        self.refuse(b, "code", "lib/model.py")
        b.forge_statement()
        self.refuse(b, "code", "lib/model.py")

    def test_a_file_of_a_dataset_manifest_is_changed(self):
        whole = Bundle(self.bundle)
        titles = [t for t, d in whole.layer.items() if t.startswith("manifest/") and b"sub/b.bin" in d]
        self.assertTrue(titles)
        for title in titles:
            b = Bundle(self.bundle)
            records = [r.replace(b"sub/b.bin", b"sub/c.bin") for r in read_tfrecords(b.layer[title])]
            b.layer[title] = write_tfrecords(records)
            self.refuse(b, "publication", title)

    # The OCI documents

    def change_json(self, change, what):
        b = Bundle(self.bundle)
        change(b)
        status, _, text = self.verify(b.write(tempfile.mkdtemp(dir=self.place.folder) + "/b"))
        self.assertIn(status, (1, 3), f"{what}\n{text}")

    def test_members_that_nobody_knows(self):
        self.change_json(lambda b: b.index.update(more=1), "index.json")
        self.change_json(lambda b: b.manifest.update(more=1), "manifest")
        self.change_json(lambda b: b.manifest.update(subject={"a": 1}), "subject")
        self.change_json(lambda b: b.descriptors["head.note"].update(urls=["https://example.org/x"]), "urls")
        self.change_json(lambda b: b.descriptors["head.note"].update(data="aGVsbG8="), "data")
        self.change_json(lambda b: b.index["manifests"].append(dict(b.index["manifests"][0])), "a second manifest")
        self.change_json(lambda b: setattr(b, "config", b'{"a":1}'), "config")
        self.change_json(lambda b: b.add_as("head.note2", "head.note", b"x"), "an unknown title")

    def test_a_title_that_leaves_the_folder(self):
        def change(b):
            b.add_as("../outside", "head.note", b.layer["head.note"])
        self.change_json(change, "../outside")
        self.assertFalse(os.path.exists(self.place.path("outside")))

    def test_trash_in_the_place_of_a_bundle(self):
        p = self.place
        rng = random.Random(3)
        for data in (b"", b"\0" * 512, b"\0" * 10240, rng.randbytes(512), rng.randbytes(100000)):
            status, _, text = self.verify(p.write("trash.tar", data))
            self.assertEqual(status, 3, text)
        os.mkdir(p.path("empty"))
        for path in (p.path("empty"), p.path("missing"), "/dev/null", p.path("repo")):
            self.assertEqual(self.verify(path)[0], 3, path)

    def test_a_tar_cut_at_every_block(self):
        path = self.place.path("bundle.tar")
        self.place.box("publish", self.run_id, "-o", path)
        size = os.path.getsize(path)
        for keep in range(size - 1, 0, -512):
            os.truncate(path, keep)
            self.assertIn(self.verify_only(path), (1, 3), f"{keep} of {size} bytes")

    def from_pipe(self, data):
        """(exit status, what a person sees) of a tar on standard input, which is a pipe."""
        said = subprocess.run([self.place.verifier, "-", "--key", self.key], input=data, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              check=False, cwd="/")
        return said.returncode, said.stdout.decode()

    def test_a_tar_on_a_pipe(self):
        for name, words in (("all.tar", ["--profile", "full"]), ("public.tar", [])):
            path = self.place.path(name)
            self.place.box("publish", self.run_id, *words, "-o", path)
            data = Path(path).read_bytes()
            status, _, text = self.verify(path)
            self.assertEqual((status, text), (0, self.from_pipe(data)[1]))
            self.assertEqual(self.from_pipe(data)[0], 0)
            for keep in random.sample(range(len(data)), FLIPS // 6):
                self.assertIn(self.from_pipe(data[:keep])[0], (1, 3), f"{keep} of {len(data)} bytes")
            for at in random.sample(range(len(data)), FLIPS // 2):
                changed = bytearray(data)
                changed[at] ^= 1 << random.randrange(8)
                status, text = self.from_pipe(bytes(changed))
                self.assertIn(status, (1, 3), f"byte {at}: {text}")
            self.assertIn(self.from_pipe(data + b"\0" * 512)[0], (1, 3))

    def test_a_pipe_in_another_order(self):
        path = self.place.path("all.tar")
        self.place.box("publish", self.run_id, "--profile", "full", "-o", path)
        with tarfile.open(path) as tar:
            files = [(m, tar.extractfile(m).read()) for m in tar.getmembers()]
        for first in range(len(files) - 1):
            other = files[:]
            other[first], other[first + 1] = other[first + 1], other[first]
            out = io.BytesIO()
            with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as tar:
                for member, content in other:
                    tar.addfile(member, io.BytesIO(content))
            status, text = self.from_pipe(out.getvalue())
            self.assertEqual(status, 3, text)
            self.assertIn("from a file", text)

    def verify_only(self, path):
        return self.place.call(self.place.verifier, path, "--key", self.key, "-q", ok=False, cwd="/").returncode


def fields_of(frame):
    """Fields of the one message in a body."""
    return fields(fields(frame.body)[0][1])


def proof_extra(proof):
    """The lines of the leaf that a tlog-proof carries as `extra`."""
    for line in proof.decode().splitlines():
        if line.startswith("extra "):
            return base64.b64decode(line[6:]).decode().splitlines()
    raise AssertionError("no extra line")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        sys.argv[1] = "Attack." + sys.argv[1]
    unittest.main()
