"""Commands at once on one run and one store: whatever comes first, nothing is half. Each test is a CTest case of its own:
concurrency.py NAME."""
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from bundles import Place

ROUNDS = int(os.environ.get("GLASSBOX_ROUNDS", "10"))
SEED = 4011


class Concurrency(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="glassbox-concurrency-")
        self.addCleanup(shutil.rmtree, self.folder, True)
        self.place = Place(self.folder)
        self.place.make_repo()
        self.place.box("key", "new", "--name", "me@example.org")
        self.store = self.place.path("repo/.git/glassbox")
        self.random = random.Random(SEED)

    def start(self, *argv):
        return subprocess.Popen([self.place.glassbox, *argv], env=self.place.env, cwd=self.place.repo, stdin=subprocess.DEVNULL,
                                stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)

    def together(self, *commands):
        """Their exit statuses and what they said; none crashed."""
        order = list(commands)
        self.random.shuffle(order)
        started = {argv: self.start(*argv) for argv in order}
        out = []
        for argv in commands:
            said = started[argv].communicate(timeout=120)[1].decode()
            self.assertIn(started[argv].returncode, (0, 1, 2, 3), (argv, said))
            out.append((started[argv].returncode, said))
        return out

    def unsealed_run(self):
        """One that was not sealed: what is to do is done by whoever comes first."""
        self.place.write("repo/lib/more", "x" * 200000)
        self.place.box("run", "-q", "--linger", "0", "--data", "lib", "--output", "lib", "--", "true")
        return self.place.last_run()

    def check_bundle(self, path):
        """It is whole, or not there; nor is a part of it."""
        done = self.place.call(self.place.verifier, "--key", self.place.path("config/glassbox/key.pem"), path)
        self.assertEqual(done.returncode, 0)

    def test_two_publish_and_an_rm_of_one_run(self):
        removed = published = 0
        for n in range(ROUNDS):
            run = self.unsealed_run() if n % 2 else self.place.box("run", "-q", "--", "true") and self.place.last_run()
            a, b = self.place.path(f"a{n}"), self.place.path(f"b{n}.tar")
            results = self.together(("publish", run, "-o", a), ("publish", run, "-o", b, "--withhold", "system"), ("rm", run, "--force"))
            for (status, said), out in zip(results, (a, b)):
                self.assertEqual(status == 0, os.path.exists(out), said)
                if status == 0:
                    published += 1
                    self.check_bundle(out)
                else:
                    self.assertIn("was removed on", said)
            self.assertEqual(results[2][0], 0, results[2][1])
            removed += 1
            self.assertFalse(os.path.exists(os.path.join(self.store, "runs", run)))
            self.assertEqual(os.listdir(os.path.join(self.store, "removed", run)), ["tombstone"])
            self.assertEqual([f for f in os.listdir(self.folder) if f.startswith(".") or f.endswith(".tmp")], [])
        self.assertEqual(removed, ROUNDS)
        if ROUNDS >= 20:  # in a few rounds rm may always have been first
            self.assertGreater(published, 0)
        self.assertEqual(json.loads(self.place.box("ls", "--json").stdout)["runs"], [])

    def test_seals_signs_and_publishes_of_one_run_give_one_seal_and_one_signature(self):
        for n in range(ROUNDS // 2):
            run = self.unsealed_run()
            outs = [self.place.path(f"{n}-{k}") for k in range(2)]
            results = self.together(("seal", run), ("seal", run, "--dead"), *[("publish", run, "-o", out) for out in outs], ("sign", run))
            for status, said in results[:4]:
                self.assertEqual(status, 0, said)
            for out in outs:
                self.check_bundle(out)
            self.assertEqual(len(os.listdir(os.path.join(self.store, "runs", run, "publication"))), 1)
            said = self.place.box("show", run)
            self.assertEqual(said.stderr, b"")  # "was sealed 2 times"

    def test_gc_beside_runs_and_publishes_never_takes_what_they_need(self):
        self.place.box("run", "-q", "--", "true")
        kept = [self.place.last_run()]  # and there is a store
        for n in range(ROUNDS // 2):
            self.place.write("repo/lib/model.py", f"layers = {n}\n")
            old = kept[self.random.randrange(len(kept))]
            self.age()
            results = self.together(("run", "-q", "--", "true"), ("gc", "--json"), ("gc",),
                                    ("publish", "-q", old, "-o", self.place.path(f"g{n}"), "--profile", "full"))
            self.assertEqual(results[0][0], 0, results[0][1])
            for status, said in results[1:3]:
                self.assertIn(status, (0, 2), said)
            self.assertEqual(results[3][0], 0, results[3][1])
            kept.append(self.place.last_run())
        for n, run in enumerate(kept):
            self.place.box("publish", "-q", run, "-o", self.place.path(f"k{n}"), "--profile", "full")
            self.check_bundle(self.place.path(f"k{n}"))

    def age(self):
        for d, folders, files in os.walk(self.store):
            for name in folders + files:
                os.utime(os.path.join(d, name), (1.7e9, 1.7e9), follow_symlinks=False)

    def test_two_rm_of_one_run_and_readers(self):
        for n in range(ROUNDS // 2):
            self.place.box("run", "-q", "--", "true")
            run = self.place.last_run()
            results = self.together(("rm", run, "--force"), ("rm", run, "--force", "--dead"), ("ls",), ("show", run), ("du",))
            self.assertEqual(sorted(status for status, _ in results[:2]), [0, 3], results)
            for status, said in (results[2], results[4]):
                self.assertEqual((status, said), (0, ""))
            self.assertIn(results[3][0], (0, 3))

    def test_an_rm_killed_at_any_moment_leaves_a_whole_run_or_a_removed_one(self):
        seen = set()
        for n in range(2 * ROUNDS):
            self.place.write("repo/lib/model.py", f"layers = {n}\n")
            self.place.box("run", "-q", "--config", "config.json", "--", "true")
            run = self.place.last_run()
            rm = self.start("rm", run, "--force")
            try:
                rm.communicate(timeout=self.random.uniform(0.001, 0.04))
            except subprocess.TimeoutExpired:
                rm.kill()
                rm.communicate()
            whole = os.path.exists(os.path.join(self.store, "runs", run))
            self.assertNotEqual(whole, os.path.exists(os.path.join(self.store, "removed", run)))
            listed = [r["run"] for r in json.loads(self.place.box("ls", "--json").stdout)["runs"]]
            self.assertEqual(run in listed, whole)
            if whole:
                self.place.box("publish", "-q", run, "-o", self.place.path(f"w{n}"))
                self.check_bundle(self.place.path(f"w{n}"))
                self.place.box("rm", run, "--force")
            else:
                self.assertIn(b"was removed on", self.place.box("show", run, ok=False).stderr)
            seen.add(whole)
        self.place.box("gc")
        for run in os.listdir(os.path.join(self.store, "removed")):
            self.assertEqual(os.listdir(os.path.join(self.store, "removed", run)), ["tombstone"])
        self.assertEqual(os.listdir(os.path.join(self.store, "runs")), [])
        self.assertLessEqual(len(self.place.call("git", "for-each-ref", "refs/glassbox").stdout), 0)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        sys.argv[1] = "Concurrency." + sys.argv[1]
    unittest.main()
