"""Removing runs, collecting what none needs, and counting what they take; git is the oracle for objects. Each test is a CTest case of
its own: tidy.py NAME."""
import base64
import glob
import hashlib
import json
import os
import re
import shutil
import sys
import tempfile
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../interop"))
import oracle
from bundles import Place, fields, read_tfrecords, write_tfrecords

OLD = time.time() - 3 * 3600


def size_below(*folders):
    return sum(os.lstat(os.path.join(d, f)).st_size for top in folders for d, _, files in os.walk(top) for f in files)


class Tidy(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="glassbox-tidy-")
        self.addCleanup(shutil.rmtree, self.folder, True)
        self.place = Place(self.folder)
        self.place.make_repo()
        self.store = self.place.path("repo/.git/glassbox")
        self.key = self.place.path("config/glassbox/key.pem")

    def with_key(self):
        self.place.box("key", "new", "--name", "me@example.org")

    def run_one(self, *options, change=None):
        if change is not None:
            self.place.write("repo/lib/model.py", change)
        self.place.box("run", "-q", *options, "--", "true")
        return self.place.last_run()

    def of(self, run, *names):
        return os.path.join(self.store, "runs", run, *names)

    def refs(self):
        return self.place.call("git", "for-each-ref", "--format=%(refname)", "refs/glassbox").stdout.decode().split()

    def refused(self, *argv, status=2, says=""):
        done = self.place.box(*argv, ok=False)
        self.assertEqual((done.returncode, done.stdout), (status, b""), done.stderr)
        self.assertIn(says, done.stderr.decode())
        return done.stderr.decode()

    def state(self):
        """Every file of the store and its time, but locks."""
        return {os.path.join(d, f): os.lstat(os.path.join(d, f)).st_mtime_ns for d, _, files in os.walk(self.store) for f in files
                if f != "lock"}

    def age(self):
        for d, folders, files in os.walk(self.store):
            for name in folders + files:
                os.utime(os.path.join(d, name), (OLD, OLD), follow_symlinks=False)

    def gc(self, *options):
        return json.loads(self.place.box("gc", "--json", *options).stdout)

    def git_objects(self, *argv):
        out = self.place.call("git", "--git-dir", os.path.join(self.store, "git"), *argv).stdout.decode()
        return out

    def unreachable(self):
        return {line.split()[2] for line in self.git_objects("fsck", "--unreachable", "--no-reflogs").splitlines()
                if line.startswith("unreachable")}

    def loose(self):
        return {p[-41:-39] + p[-38:] for p in glob.glob(os.path.join(self.store, "git/objects/??/*"))}

    def publish(self, run, name):
        self.place.box("publish", "-q", run, "-o", self.place.path(name), "--profile", "full")
        with open(self.place.path(name), "rb") as f:
            return hashlib.sha256(f.read()).hexdigest()

    # rm

    def test_an_unsigned_run_goes_and_leaves_a_tombstone(self):
        run, other = self.run_one(change="one\n"), self.run_one(change="two\n")
        self.place.call("git", "update-ref", "refs/glassbox/runs/of-mine", "HEAD")
        self.place.box("rm", run)
        self.assertFalse(os.path.exists(self.of(run)))
        self.assertEqual(os.listdir(os.path.join(self.store, "removed", run)), ["tombstone"])
        self.assertEqual(self.refs(), [f"refs/glassbox/runs/{other}", "refs/glassbox/runs/of-mine"])
        self.assertEqual(os.listdir(os.path.join(self.store, "git/refs/glassbox/runs")), [other])
        for argv in (["show", run], ["records", run], ["publish", run, "-o", self.place.path("b")], ["seal", run], ["sign", run],
                     ["rm", run], ["rm", run[:12]]):
            said = self.refused(*argv, status=3, says=f"run {run} was removed on 2")
            self.assertEqual(len(said.splitlines()), 1)
        self.assertFalse(os.path.exists(self.place.path("b")))
        listed = json.loads(self.place.box("ls", "--json").stdout)
        self.assertEqual([r["run"] for r in listed["runs"]], [other])
        gone = json.loads(self.place.box("ls", "--removed", "--json").stdout)["runs"]
        self.assertEqual([(r["run"], r["state"], r["removed"][:2]) for r in gone], [(run, "removed", "20")])
        self.assertRegex(self.place.box("ls", "--removed").stdout.decode(), rf"^RUN +REMOVED\n{run}  20[^\n]*Z\n$")
        self.publish(other, "other.tar")

    def test_a_signed_run_needs_force_and_the_key_and_the_log_says_it(self):
        self.with_key()
        run = self.run_one("--name", "x")
        before = self.state()
        self.refused("rm", "x", says="--force")
        os.rename(self.key, self.key + ".away")
        self.refused("rm", "x", "--force", status=3, says="owner log")
        os.rename(self.key + ".away", self.key)
        self.place.box("key", "new", "--name", "you", "--key", self.place.path("other.pem"))
        self.refused("rm", "x", "--force", "--key", self.place.path("other.pem"), says="--key")
        self.assertEqual(self.state(), before)
        self.place.box("rm", "x", "--force")
        log, = glob.glob(self.key.replace(".pem", ".log/*.log"))
        with open(log, "rb") as f:
            leaves = [dict(fields(r))[1].decode().split("\n") for r in read_tfrecords(f.read())[1:]]
        self.assertEqual([(leaf[1], leaf[2]) for leaf in leaves], [(run, "start"), (run, "seal"), (run, "removed")])
        self.assertEqual(leaves[1][3:], leaves[2][3:])
        with open(re.sub(r"\.log$", ".note", log), encoding="utf-8") as f:
            note = f.read()
        self.assertEqual(note.split("\n")[1], "3")
        with open(os.path.join(self.store, "removed", run, "tombstone"), encoding="utf-8") as f:
            tombstone = f.read().split("\n", 2)
        self.assertEqual(tombstone[0], "glassbox/removed/v1")
        self.assertLess(abs(int(tombstone[1]) / 1e9 - time.time()), 3600)
        lines, said = tombstone[2].split("\n\n", 1)
        tag, extra, index, *hashes = lines.split("\n")
        self.assertEqual((tag, said), ("c2sp.org/tlog-proof@v1", note))
        leaf = base64.b64decode(extra.split()[1])
        self.assertEqual(leaf.decode().split("\n"), leaves[2])
        root = oracle.root_by_proof(hashlib.sha256(b"\0" + leaf).digest(), int(index.split()[1]), 3, [base64.b64decode(h) for h in hashes])
        self.assertEqual(base64.b64encode(root).decode(), note.split("\n")[2])

    def test_a_published_run_needs_force(self):
        run = self.run_one()
        self.publish(run, "b.tar")
        self.refused("rm", run, says="published")
        self.place.box("rm", run, "--force")
        self.assertFalse(os.path.exists(self.of(run)))

    def test_an_interrupted_removal_is_finished_by_the_next(self):
        run, other = self.run_one(), self.run_one()
        stone = self.of(run, "tombstone")
        with open(stone, "w") as f:  # written, and then the power went
            f.write("glassbox/removed/v1\n1700000000000000000\n")
        self.assertEqual(len(json.loads(self.place.box("ls", "--json").stdout)["runs"]), 2)
        os.mkdir(os.path.join(self.store, "removed"))
        os.rename(self.of(run), os.path.join(self.store, "removed", run))  # and now it went after the rename
        self.refused("show", run, status=3, says="was removed on 2023-11-14")
        self.assertEqual(self.gc("--dry-run")["removed"]["count"], 1)
        self.assertGreater(len(os.listdir(os.path.join(self.store, "removed", run))), 3)
        self.place.box("rm", other)
        self.assertEqual(os.listdir(os.path.join(self.store, "removed", run)), ["tombstone"])
        self.assertEqual(self.refs(), [])

    def test_a_running_run_stays_and_a_silent_one_needs_a_word(self):
        done = self.place.box("run", "--", self.place.glassbox, "rm", "last", "--force", "--dead", ok=False)
        self.assertEqual(done.returncode, 2)
        self.assertIn("is running", done.stderr.decode())
        run = self.place.last_run()
        journal, = glob.glob(self.of(run, "journal/*"))
        with open(journal, "rb") as f:
            written = bytearray(f.read())
        written[len(write_tfrecords(read_tfrecords(bytes(written))[:2])) - 1] ^= 1  # no host, no process, no end can be read
        with open(journal, "wb") as f:
            f.write(written)
        shutil.rmtree(self.of(run, "signature"), ignore_errors=True)
        self.refused("gc", says="--dead")
        self.refused("rm", run, says="--dead")
        self.place.box("rm", run, "--dead")
        self.gc()

    # gc

    def test_gc_frees_what_git_calls_unreachable_and_the_rest_publishes_to_the_same_bytes(self):
        self.with_key()
        runs = [self.run_one(change=f"layers = {n}\n" + "# more\n" * n) for n in range(6)]
        self.place.call("git", "add", "-A")
        self.place.call("git", "commit", "-qm", "more")
        runs.append(self.run_one())
        for run in (runs[1], runs[4]):
            self.place.box("rm", run, "--force")
        kept = [r for r in runs if r not in (runs[1], runs[4])]
        before = {r: self.publish(r, f"{r}.tar") for r in kept}
        self.assertEqual(self.gc()["objects"]["count"], 0)  # young
        self.age()
        names = self.loose()
        unreachable = self.unreachable() & names  # git looks at the repository's own, too
        self.assertGreater(len(unreachable), 3)
        dry = self.gc("--dry-run")
        self.assertEqual((dry["objects"]["count"], self.loose()), (len(unreachable), names))
        done = self.gc()
        self.assertEqual(done["objects"], dry["objects"])
        self.assertEqual(self.loose(), names - unreachable)
        self.assertEqual(self.unreachable() & names, set())
        self.assertNotIn("missing", self.git_objects("fsck", "--full", "--no-dangling"))
        for run in kept:
            os.unlink(self.place.path(f"{run}.tar"))
            self.assertEqual(self.publish(run, f"{run}.tar"), before[run])
            self.place.call(self.place.verifier, "--key", self.key, self.place.path(f"{run}.tar"))

    def test_gc_waits_for_open_runs(self):
        done = self.place.box("run", "-q", "--", self.place.glassbox, "gc", ok=False)
        self.assertEqual(done.returncode, 2)
        self.assertIn("somebody records", done.stderr.decode())
        # On a filesystem that machines share nobody holds a lock: the run's own state says it.
        done = self.place.box("run", "-q", "--", "sh", "-c", f"mv {self.store}/lock {self.store}/lock.was; {self.place.glassbox} gc", ok=False)
        self.assertEqual(done.returncode, 2)
        self.assertRegex(done.stderr.decode(), "run [0-9A-Z]{26} is running")
        self.gc()

    def test_gc_takes_what_interrupted_work_left_once_it_is_old(self):
        run = self.run_one("--config", "config.json", change="changed\n")
        left = [self.of(run, "blob", "ab" * 32), self.of(run, "manifest", "cd" * 32 + ".tfrecord"), self.of(run, "blob/x.0123.tmp"),
                os.path.join(self.store, "git/objects/tmp_object_git2_a"), os.path.join(self.store, "git/refs/glassbox/runs/x.lock"),
                os.path.join(self.store, "runs/01M82FS9QSAQ0FD0MXQVQ014X2/journal", "0" * 32 + ".tfrecord")]
        kept = set(glob.glob(self.of(run, "blob/*")) + glob.glob(self.of(run, "manifest/*")))
        self.assertGreater(len(kept), 1)
        for path in left:
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w") as f:
                f.write("torn")
        self.assertEqual(self.gc()["bytes"], 0)
        self.assertTrue(all(os.path.exists(p) for p in left))
        self.age()
        done = self.gc()
        self.assertEqual({k: done[k]["count"] for k in ("files", "temporary", "runs")}, {"files": 2, "temporary": 3, "runs": 1})
        self.assertEqual([p for p in left if os.path.exists(p)], [])
        self.assertEqual(set(glob.glob(self.of(run, "blob/*")) + glob.glob(self.of(run, "manifest/*"))), kept)
        self.publish(run, "b.tar")

    def test_gc_deletes_nothing_where_a_run_cannot_be_read(self):
        run, other = self.run_one(change="a\n"), self.run_one(change="b\n")
        self.place.box("rm", other)
        self.age()
        journal, = glob.glob(self.of(run, "journal/*"))
        with open(journal, "r+b") as f:
            f.seek(-600, 2)
            f.write(b"x" * 40)
        before = self.state()
        self.refused("gc", says=f"run {run} cannot be read")
        self.assertEqual(self.state(), before)

    def test_gc_deletes_nothing_where_a_tree_is_missing(self):
        run, other = self.run_one(change="a\n"), self.run_one(change="b\n")
        self.place.box("rm", other)
        self.age()
        with open(os.path.join(self.store, "git/refs/glassbox/runs", run)) as f:
            tree = f.read().strip()
        os.unlink(os.path.join(self.store, "git/objects", tree[:2], tree[2:]))
        before = self.state()
        self.refused("gc", status=3, says="git objects")
        self.assertEqual(self.state(), before)

    # du

    def test_du_says_what_the_files_say(self):
        self.with_key()
        runs = [self.run_one("--data", "lib", "--config", "config.json", change=f"n = {n}\n") for n in range(3)]
        self.publish(runs[0], "a.tar")
        said = json.loads(self.place.box("du", "--json").stdout)
        self.assertEqual([r["run"] for r in said["runs"]], runs[::-1])
        parts = {"journal": "journal", "manifests": "manifest", "blobs": "blob", "publications": "publication"}
        for one in said["runs"]:
            for name, folder in parts.items():
                self.assertEqual(one[name], size_below(self.of(one["run"], folder)), name)
            self.assertEqual(sum(one[n] for n in [*parts, "other"]), size_below(self.of(one["run"])))
            with open(os.path.join(self.store, "git/refs/glassbox/runs", one["run"])) as f:
                reached = {line.split()[0] for line in self.git_objects("rev-list", "--objects", f.read().strip()).splitlines()}
            paths = [os.path.join(self.store, "git/objects", o[:2], o[2:]) for o in reached]
            self.assertEqual(one["code"], sum(os.lstat(p).st_size for p in paths if os.path.exists(p)))
            self.assertGreater(one["code"], 0)
        total = said["total"]
        self.assertEqual(total["code"], size_below(*glob.glob(os.path.join(self.store, "git/objects/??"))))
        self.assertEqual(total["store"], size_below(self.store))
        self.assertGreater(total["publications"], 0)
        self.assertRegex(self.place.box("du").stdout.decode(), re.compile(rf"^{runs[0]} +\d+", re.M))


if __name__ == "__main__":
    if len(sys.argv) > 1:
        sys.argv[1] = "Tidy." + sys.argv[1]
    unittest.main()
