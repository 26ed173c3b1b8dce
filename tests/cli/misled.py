"""What a stranger's bundle would have the verifier say, and how long it would have it work."""
import json
import os
import subprocess
import sys
import tempfile
import unittest
from base64 import b64encode
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "attacks"))
sys.path.insert(0, str(Path(__file__).resolve().parent))
from bundles import compact, field, field_number, write_folder
from case import write
from forge import Owner, Run, sha256

HOLE = 1 << 40
FAR_LESS = 20  # seconds; a hole of 1 TiB takes minutes


def signed(run, change=None):
    run.seal()
    return run.sign(run.bundle(), Owner(), change)


class Misled(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder, self.bundle, self.key = folder.name, os.path.join(folder.name, "bundle"), os.path.join(folder.name, "key.pub")
        Path(self.key).write_bytes(Owner().pem())

    def verify(self, *words, key=True):
        done = subprocess.run([os.environ["GLASSBOX_VERIFY"], self.bundle, *(["--key", self.key] if key else []), *words],
                              capture_output=True, timeout=FAR_LESS)
        return done.returncode, done.stdout.decode(), done.stderr

    def first_line(self, bundle, *words, key=True):
        write(bundle, self.bundle)
        status, said, _ = self.verify(*words, key=key)
        return status, said.splitlines()[0]

    def test_signed_by_is_said_of_signatures(self):
        alice, run = Owner(name="alice@example.org/0123456789abcdef", seed=b"alice"), Run()
        b = signed(run)
        b.remove(f"key/{Owner().id.hex()}.vkey")
        b.put(f"key/{alice.id.hex()}.vkey", alice.vkey())
        b.layer["head.note"] = b"x\n"
        b.remove("seal.proof")
        payload = b64encode(compact(run.statement(b))).decode()
        b.layer["publication.json"] = compact({"payload": payload, "payloadType": "application/vnd.in-toto+json", "signatures": []})
        status, line = self.first_line(b, key=False)
        self.assertEqual(status, 3)
        self.assertIn(": says that it is signed by alice@example.org", line)

    def test_names_draw_no_line_of_ours(self):
        name = 'x", exit status 0, commit ' + "ab" * 20
        write(signed(Run(name.encode())), self.bundle)
        self.assertIn('"' + name.replace('"', '\\"') + '", exit status 0, commit ', self.verify()[1].splitlines()[1])
        status, line = self.first_line_of_signer("owner.example\u2800(key\u28000123,\u2800trusted);")
        self.assertEqual(status, 3)
        self.assertIn("owner.example\\u{2800}(key\\u{2800}0123,\\u{2800}trusted);", line)

    def first_line_of_signer(self, name):
        run = Run()
        run.seal()
        self.bundle += "-other"
        return self.first_line(run.sign(run.bundle(), Owner(name=name)), key=False)

    def test_nothing_that_steers_a_terminal_on_standard_error(self):
        write(signed(Run()), self.bundle)
        for words in (["--key", "k\u009b2J\u202e.pub"], ["--require", "\u009b2J"], ["--\u202eon"], ["--data=\u009b", "--require", "\u202e"]):
            status, _, said = self.verify(*words)
            self.assertEqual(status, 2, words)
            self.assertFalse({"\u009b", "\u202e"} & set(said.decode()), said)

    def test_compared_is_said_of_the_whole(self):
        out = os.path.join(self.folder, "out")
        os.mkdir(out)
        Path(out, "weights").write_bytes(Run.OUT[0][1])
        for what, add in (("code", lambda r: r.add_code([(b"z.py", b"x")])), ("weights", lambda r: r.add_output(b"second", [(b"w", b"other")]))):
            for hidden in (False, True):
                run = Run()
                number = run.manifests
                seq = add(run)
                run.lead.frames[seq].shown = not hidden
                for title in [t for t in run.files if hidden and t.split(".")[0].endswith(f"/{number}")]:
                    run.files.pop(title)
                self.bundle += what[0]
                status, line = self.first_line(signed(run), "--artifacts", out)
                self.assertEqual(status, 0, line)
                self.assertEqual(f"{what} compared" in line, what == "code" and not hidden, line)

    def test_holes_that_no_statement_names(self):
        for title in ("journal/0.tfrecord", "streams.tfrecord", "manifest/0.tfrecord", "code/0.tar", "head.note", "start.proof"):
            for statement in (True, False):
                b = signed(Run())
                if not statement:
                    b.layer["publication.json"] = b"{}"
                layer, hole = b.layer[title], "cd" * 32
                old = b'sha256:%s","size":%d' % (sha256(layer).hex().encode(), len(layer))
                files = dict(b.files(lambda text: text.replace(old, b'sha256:%s","size":%d' % (hole.encode(), HOLE))))
                del files["blobs/sha256/" + sha256(layer).hex()]
                files["blobs/sha256/" + hole] = b""
                self.bundle += "x"
                write_folder(self.bundle, files)
                os.truncate(os.path.join(self.bundle, "blobs/sha256", hole), HOLE)
                status, said, _ = self.verify()
                self.assertIn(status, (1, 3), said)

    def test_one_long_reason_for_many_records(self):
        run, count = Run(plain=True), 9000
        first = len(run.lead.frames)
        for i in range(count):
            run.lead.add("arg", field_number(1, i) + field(2, b"v"), shown=False)

        def change(statement):
            statement["predicate"]["withheld"] = [{"stream": run.lead.id.hex(), "first": first, "last": first + count - 1, "kind": "arg", "reason": "\x7f" * 1010}]

        write(signed(run, change), self.bundle)
        status, said, _ = self.verify("--json")
        report = json.loads(said)
        self.assertEqual((status, len(report["withheld"]) + report["withheld_more"]), (0, count))
        self.assertLess(len(said), 12 << 20)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        sys.argv[1] = "Misled." + sys.argv[1]
    unittest.main()
