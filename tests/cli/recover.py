"""Runs whose recorder is gone: what is said of them, and what a seal makes of them, here, on another machine, and of broken journals.

Each test is a CTest case of its own: recover.py NAME."""
import fcntl
import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from bundles import Frame, Place, field, field_bytes, field_number, read_tfrecords, relink, sha256, write_tfrecords

NOBODY = "4194303"  # no process has this id: above the largest that Linux gives by default
ORACLE = Path(__file__).resolve().parent.parent / "interop" / "oracle.py"


class Recover(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="glassbox-recover-")
        self.addCleanup(folder.cleanup)
        self.place = Place(folder.name)
        self.store = self.place.path("store")
        os.makedirs(self.place.repo)

    def forge(self, boot="HERE", namespace="HERE", machine="HERE", pid=NOBODY, ticks="1", points=None):
        words = [os.environ["FORGE_RUN"], self.store, boot, namespace, machine, pid, ticks] + ([points] if points else [])
        return subprocess.run(words, capture_output=True, check=True, text=True).stdout.strip()

    def box(self, *words, ok=True, store=None):
        return self.place.box(words[0], "--store", store or self.store, *words[1:], ok=ok)

    def state(self, run, store=None):
        runs = json.loads(self.box("ls", "--json", store=store, ok=False).stdout)["runs"]
        return [r["state"] for r in runs if r["run"] == run][0]

    def journals(self, run, store=None):
        return sorted(Path(store or self.store, "runs", run, "journal").glob("*.tfrecord"))

    def gaps(self, run, store=None):
        """(kind, reason, count, bytes) of the run's gaps"""
        shown = json.loads(self.box("records", run, "--json", ok=False, store=store).stdout)["records"]
        return [(r["body"]["kind"], r["body"]["reason"], r["body"]["count"], r["body"]["bytes"]) for r in shown if r["kind"] == "gap"]

    def check_bundle(self, run, store=None):
        """The bundle is sound: everything passes but the signature, which is not there; and the oracle says so, too."""
        with tempfile.TemporaryDirectory(dir=self.place.folder) as out:
            self.box("publish", run, "-o", out + "/b", store=store)
            said = self.place.call(self.place.verifier, out + "/b", "--json", ok=False)
            self.assertEqual(said.returncode, 3, said.stdout)
            for check in json.loads(said.stdout)["checks"]:
                if check["name"] in ("layout", "digests", "records", "chain", "streams", "commitments"):
                    self.assertEqual(check["status"], "pass", check)
                self.assertNotEqual(check["status"], "fail", check)
            judged = subprocess.run([sys.executable, "-B", ORACLE, out + "/b", "--unsigned"], capture_output=True, text=True)
            self.assertEqual(judged.returncode, 0, judged.stdout + judged.stderr)

    # What state a run is in, and who may seal it

    def test_gone_here(self):
        run = self.forge()
        self.assertEqual(self.state(run), "interrupted")
        self.assertIn(b"no record after", self.box("show", run).stdout)
        self.box("seal", run)
        self.assertEqual(self.state(run), "sealed")
        self.check_bundle(run)

    def test_alive_here(self):
        ticks = Path(f"/proc/{os.getpid()}/stat").read_text().rsplit(")", 1)[1].split()[19]
        run = self.forge(pid=str(os.getpid()), ticks=ticks)
        self.assertEqual(self.state(run), "running")
        for words in ((), ("--dead",)):
            self.assertEqual(self.box("seal", run, *words, ok=False).returncode, 2)
        self.assertEqual(len(self.journals(run)), 1)

    def silent(self, **where):
        run = self.forge(**where)
        self.assertEqual(self.state(run), "silent")
        last = json.loads(self.box("records", run, "--json").stdout)["records"][-1]["time"]
        since = f"silent since {last[:19]}Z".encode()
        self.assertIn(since, self.box("ls").stdout)
        self.assertIn(since, self.box("show", run).stdout)
        refused = self.box("seal", run, ok=False)
        self.assertEqual(refused.returncode, 2)
        self.assertIn(b"--dead", refused.stderr)
        self.assertEqual(self.box("publish", run, "-o", self.place.path("none"), ok=False).returncode, 2)
        self.assertEqual(len(self.journals(run)), 1)
        self.box("seal", run, "--dead")
        self.assertEqual(self.state(run), "sealed")
        self.check_bundle(run)

    def test_another_namespace(self):
        self.silent(namespace="1")

    def test_another_machine(self):
        self.silent(boot="11111111-2222-3333-4444-555555555555", machine="OTHER")

    def test_an_unknown_machine(self):
        self.silent(boot="11111111-2222-3333-4444-555555555555", machine="NONE")

    def test_another_boot_of_this_machine(self):
        if os.stat("/proc/self/ns/pid").st_ino != 0xEFFFFFFC or not Path("/etc/machine-id").is_file():
            self.skipTest("in a container: it is not known which machine this is")
        run = self.forge(boot="11111111-2222-3333-4444-555555555555", pid="1")
        self.assertEqual(self.state(run), "interrupted")
        self.box("seal", run)
        self.check_bundle(run)

    # Journals that break off

    def test_torn_tails(self):
        """Cut at each byte of the last two records: what is whole is sealed, the rest is a gap, and the file stays as it was."""
        run = self.forge()
        journal = self.journals(run)[0]
        data = journal.read_bytes()
        ends = [0]
        for record in read_tfrecords(data):
            ends.append(ends[-1] + len(record) + 16)
        for cut in range(ends[-3] + 1, ends[-1], 19):
            store = tempfile.mkdtemp(dir=self.place.folder)
            shutil.copytree(self.store, store, dirs_exist_ok=True)
            torn = Path(store, "runs", run, "journal", journal.name)
            torn.write_bytes(data[:cut])
            whole = max(e for e in ends if e <= cut)
            said = self.box("ls", store=store, ok=False)
            if cut != whole:
                self.assertIn(f"a torn tail of {cut - whole} bytes".encode(), said.stderr)
            self.box("seal", run, store=store)
            self.assertEqual(torn.read_bytes(), data[:cut])
            self.assertEqual(self.gaps(run, store), [("journal", "torn-tail", 0, cut - whole)] if cut != whole else [])
            if cut % 2 == 0:
                self.check_bundle(run, store)

    def test_damage(self):
        """A changed byte in a record before the last: intact records behind it are counted, and none of them is sealed."""
        run = self.forge()
        journal = self.journals(run)[0]
        data = bytearray(journal.read_bytes())
        records = read_tfrecords(data)
        for broken in range(1, len(records) - 1):
            start = sum(len(r) + 16 for r in records[:broken])
            for at in (start + broken, start + 12 + len(records[broken]) // 2):
                store = tempfile.mkdtemp(dir=self.place.folder)
                shutil.copytree(self.store, store, dirs_exist_ok=True)
                changed = Path(store, "runs", run, "journal", journal.name)
                bad = data[:]
                bad[at] ^= 0x40
                changed.write_bytes(bad)
                behind = len(records) - broken - 1
                self.assertIn(f"damaged: {behind} intact".encode(), self.box("show", run, store=store).stderr)
                self.assertEqual(self.box("records", run, store=store, ok=False).returncode, 3)
                self.box("seal", run, "--dead", store=store)
                self.assertEqual(changed.read_bytes(), bad)
                self.assertEqual(self.gaps(run, store), [("journal", "damaged", behind, len(data) - start)])
            self.check_bundle(run, store)

    def test_records_behind_the_sealed_size(self):
        """A stream that was sealed open and got records afterwards: publish neither shows them nor decides about them."""
        run = self.forge()
        open_journal = self.journals(run)[0]
        self.box("seal", run)
        self.box("publish", run, "-o", self.place.path("before"))
        frames = [Frame(r) for r in read_tfrecords(open_journal.read_bytes())]
        sealed = len(frames)
        missing = field_bytes(1, sha256(b"never kept")) + field_number(2, 10)
        frames.append(Frame.of("config", field(1, field_bytes(1, b"cwd") + field_bytes(2, b"c.json")) + field_bytes(2, b"json") + field(3, missing), sha256(b"a")))
        frames.append(Frame.of("arg", field_number(1, 9) + field(2, b"behind"), sha256(b"b")))
        relink(frames, sealed)
        open_journal.write_bytes(write_tfrecords([f.bytes() for f in frames]))
        self.box("publish", run, "-o", self.place.path("after"))
        self.place.call("diff", "-r", self.place.path("before"), self.place.path("after"), cwd="/")
        for selector in ("config", "arg:behind"):
            refused = self.box("publish", run, "--withhold", selector, "-o", self.place.path("refused"), ok=False)
            self.assertEqual(refused.returncode, 2)
            self.assertIn(b"no such record", refused.stderr)
        self.check_bundle(run)

    def test_strange_files(self):
        """Files that are no part of the run are told, are no reason to stop, and leave a gap that counts them."""
        other = self.journals(self.forge())[0]
        run = self.forge()
        journal = self.journals(run)[0]
        strange = {"0" * 32: b"", "1" * 32: journal.read_bytes()[:70], "2" * 32: journal.read_bytes(), "3" * 32: b"\0" * 500,
                   other.stem: other.read_bytes()}
        for name, data in strange.items():
            (journal.parent / f"{name}.tfrecord").write_bytes(data)
        (journal.parent / ".nfs0001").write_bytes(b"x")
        os.mkdir(journal.parent / ("4" * 32 + ".tfrecord"))
        said = self.box("ls", ok=False)
        self.assertEqual(said.stdout.count(b"interrupted"), 2)
        self.assertIn(b"empty: nothing was recorded in it (and others)", said.stderr)
        self.box("seal", run)
        self.assertEqual(self.gaps(run), [("journal", "malformed", 6, 0)])
        self.check_bundle(run)

    def test_nothing_was_recorded(self):
        """A run folder without journal folder, file or record: silent since its id was made; sealed by the user's word."""
        runs = [self.forge() for _ in range(4)]
        journals = [self.journals(run)[0] for run in runs]
        shutil.rmtree(journals[0].parent)
        journals[1].unlink()
        journals[2].write_bytes(b"")
        journals[3].write_bytes(journals[3].read_bytes()[:60])
        for run in runs:
            self.assertEqual(self.state(run), "silent")
            self.box("show", run)
            self.assertEqual(self.box("seal", run, ok=False).returncode, 2)
            self.box("seal", run, "--dead")
            self.assertEqual(self.state(run), "sealed")
            self.check_bundle(run)
        self.assertEqual(self.gaps(runs[1]), [])
        self.assertEqual(self.gaps(runs[2]), [("journal", "malformed", 1, 0)])

    def test_killed_before_it_said_who_it_is(self):
        """One record, of no host and process: the lock of its journal tells whether a writer lives."""
        run = self.forge()
        journal, = self.journals(run)
        journal.write_bytes(write_tfrecords(read_tfrecords(journal.read_bytes())[:1]))
        with open(journal, "rb") as f:
            fcntl.flock(f, fcntl.LOCK_EX)
            self.assertEqual(self.state(run), "running")
            self.assertEqual(self.box("seal", run, "--dead", ok=False).returncode, 2)
        self.assertEqual(self.state(run), "interrupted")
        self.assertIn(b"interrupted", self.box("show", run).stdout)
        self.box("seal", run)
        self.check_bundle(run)

    def test_a_store_that_is_moved_under_a_run(self):
        """Nothing of it is sealed where it was, and all of it where it is."""
        moved = self.place.path("moved")
        done = self.box("run", "--data", "data=" + self.place.repo, "--", "sh", "-c", f"mv {self.store} {moved}; exit 5", ok=False)
        self.assertEqual(done.returncode, 5)
        said = done.stderr.decode()
        self.assertIn("is not in '" + self.store + "' any more", said)
        self.assertNotIn("not found", said)
        run, = os.listdir(os.path.join(moved, "runs"))
        self.box("seal", run, store=moved)
        self.assertEqual(self.state(run, store=moved), "sealed")
        self.assertNotIn("journal", [kind for kind, *_ in self.gaps(run, store=moved)])
        self.check_bundle(run, store=moved)

    # Rings

    def test_points_of_a_ring(self):
        run = self.forge(points="50")
        self.box("seal", run)
        blocks = [r for r in json.loads(self.box("records", run, "--json").stdout)["records"] if r["kind"] == "metric"]
        self.assertEqual([r["body"]["step"] for r in blocks], [list(range(50))])
        self.assertEqual(blocks[0]["body"]["value"], [1 / (i + 1) for i in range(50)])
        self.assertIn(b"loss, 50 points, steps 0 to 49, the last 0.02", self.box("records", run).stdout)
        self.check_bundle(run)
        withheld = self.box("publish", run, "-o", self.place.path("w"), "--withhold", "metric:lo*")
        self.assertIn(b"9 of 11 records shown", withheld.stderr)

    # Two at once

    def test_many_seals_at_once_here(self):
        run = self.forge(points="20")
        with ThreadPoolExecutor(8) as pool:
            done = list(pool.map(lambda _: self.box("seal", run), range(8)))
        self.assertEqual(sum(b"is sealed; sign it" in d.stderr for d in done), 1)
        self.assertEqual(sum(b"was sealed already" in d.stderr for d in done), 7)
        kinds = [r["kind"] for r in json.loads(self.box("records", run, "--json").stdout)["records"]]
        self.assertEqual((kinds.count("seal"), kinds.count("metric")), (1, 1))
        self.check_bundle(run)

    def test_two_machines_at_once(self):
        """Both write streams of their own that follow the same head. The first seal by its time counts, wherever it is looked at."""
        run = self.forge(points="20")
        there = self.place.path("there")
        shutil.copytree(self.store, there)
        self.box("seal", run)
        first = self.box("records", run, "--json").stdout
        self.box("seal", run, store=there)
        shutil.copytree(there, self.store, dirs_exist_ok=True)
        self.assertEqual(len(self.journals(run)), 4)
        shown = self.box("show", run)
        self.assertIn(b"sealed 2 times", shown.stderr)
        self.assertEqual(self.box("records", run, "--json", ok=False).stdout, first)
        self.check_bundle(run)

    def test_two_unfinished_recoveries(self):
        """Neither came to its Seal: one is gone on from, the other is no part of the run, and no point is there twice."""
        run = self.forge(points="20")
        there = self.place.path("there")
        shutil.copytree(self.store, there)
        old = {j.name for j in self.journals(run)}
        for store in (self.store, there):
            self.box("seal", run, store=store)
            for journal in self.journals(run, store):
                if journal.name not in old:
                    data = journal.read_bytes()
                    journal.write_bytes(data[:-20])  # the Seal is torn
        shutil.copytree(there, self.store, dirs_exist_ok=True)
        self.assertEqual(self.state(run), "interrupted")
        self.box("seal", run)
        records = json.loads(self.box("records", run, "--json", ok=False).stdout)["records"]
        self.assertEqual([r["kind"] for r in records].count("metric"), 1)
        self.check_bundle(run)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + ["Recover." + name if name.startswith("test_") else name for name in sys.argv[1:]])
