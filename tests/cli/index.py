"""The index of a store: the same answers with it, without it and after it was built anew, whatever happens to its file.

What the tables hold is compared with what `records --json` says, by Python's own sqlite3. Each test is a CTest case: index.py NAME."""
import glob
import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
import unittest
from concurrent.futures import ThreadPoolExecutor

from bundles import Place

ALL = "run,started,state,exit,signed,name,ended,duration,repo,commit,branch,host,user,records,gaps,param.lr,param.model.width,data.set,output.out"
RUNS_AT_ONCE = int(os.environ.get("GLASSBOX_RUNS_AT_ONCE", "200"))


class Index(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="glassbox-index-")
        self.addCleanup(folder.cleanup)
        p = self.place = Place(folder.name)
        p.env["XDG_CACHE_HOME"] = p.path("cache")
        p.make_repo()
        self.store = p.path("repo/.git/glassbox")

    def fill(self):
        """Runs of all kinds: sealed, signed or not, failed, killed, interrupted, with journals that are torn."""
        p = self.place
        p.write("data/a", "some data\n")
        p.box("run", "-q", "--name", "plain", "--", "true")
        p.box("key", "new", "--name", "owner.example")
        p.box("run", "-q", "--name", "full", "--config", "config.json", "--param", "lr=0.5", "--param", "lr=0.25", "--param", "s=a b",
              "--data", "set=" + p.path("data"), "--data", "far=s3://bucket/set", "--output", "out=" + p.path("out"), "--",
              "sh", "-c", "mkdir ../out; echo w > ../out/w")
        p.box("run", "-q", "--", "sh", "-c", "kill -9 $$", ok=False)
        p.box("run", "-q", "--name", "not there", "--", "./nothing", ok=False)
        for name in ("killed", "torn"):
            p.box("run", "-q", "--name", name, "--", "sh", "-c", "kill -9 $PPID", ok=False)
        with open(glob.glob(f"{self.store}/runs/{self.runs()[0]}/journal/*")[0], "ab") as f:
            f.write(b"torn")
        os.makedirs(f"{self.store}/runs/01M82FS9QSAQ0FD0MXQVQ014X2/journal")  # of a recorder that died before its first record

    def runs(self):
        return sorted(os.listdir(self.store + "/runs"), reverse=True)

    def file(self):
        found = glob.glob(self.store + "/index/*.sqlite")
        self.assertEqual(len(found), 1, found)
        return found[0]

    def answers(self):
        """What ls and show say of everything, and what they said on standard error."""
        p = self.place
        done = [p.box("ls", "--json", "--columns", ALL), p.box("ls")]
        done += [p.box("show", "--json", run) for run in self.runs()]
        return [d.stdout for d in done], [d.stderr.decode() for d in done]

    def tables(self):
        """The rows of every table, by the run's id instead of its number."""
        out = {}
        with sqlite3.connect(f"file:{self.file()}?mode=ro", uri=True) as db:
            self.assertEqual(db.execute("PRAGMA integrity_check").fetchall(), [("ok",)])
            ids = dict(db.execute("SELECT n, id FROM run"))
            for table in [t for t, in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]:
                rows = db.execute(f"SELECT * FROM {table}").fetchall()
                out[table] = sorted(((ids[r[0]],) + r[1:] for r in rows), key=repr)
        return out

    def test_the_same_answers(self):
        """As before after the index was deleted, built anew, or kept from being written."""
        self.fill()
        before, said = self.answers()
        self.assertEqual(len(json.loads(before[0])["runs"]), 7)
        self.assertEqual(said[1].count("\n"), 1, said)  # the torn journal
        # Of --param 0.5, --param 0.25 and the config's 0.125 the last --param counts.
        self.assertEqual([r["param.lr"] for r in json.loads(before[0])["runs"] if r["name"] == "full"], [0.25])
        rows = self.tables()
        self.assertEqual(self.answers(), (before, said))
        shutil.rmtree(self.store + "/index")
        self.assertEqual(self.answers(), (before, said))
        self.assertEqual(self.tables(), rows)
        done = self.place.box("reindex")
        self.assertIn(b"7 runs", done.stderr)
        self.assertEqual(self.answers(), (before, said))
        self.assertEqual(self.tables(), rows)
        shutil.rmtree(self.store + "/index")
        open(self.store + "/index", "w").close()  # no folder can be made there: it goes to the cache
        self.assertEqual(self.answers(), (before, said))
        self.assertEqual(len(glob.glob(self.place.path("cache/glassbox/index/*/1.sqlite"))), 1)

    def test_tables_against_records(self):
        self.fill()
        self.place.box("ls")
        rows = self.tables()
        self.assertEqual(oct(os.stat(self.file()).st_mode & 0o777), "0o600")
        for run in self.runs():
            records = json.loads(self.place.box("records", "--json", run, ok=False).stdout)["records"]
            bodies = {kind: [r["body"] for r in records if r["kind"] == kind] for kind in {r["kind"] for r in records}}
            row = next(r for r in rows["run"] if r[0] == run)
            self.assertIn(len(records), row)
            name = [b["name"] for b in bodies.get("name", [])]
            self.assertTrue(not name or name[0] in row)
            want = []
            for b in bodies.get("param", []):
                kind = next(k for k in ("text", "number", "boolean", "null", "json", "blob") if k in b)
                value = str(b[kind]).lower() if kind == "boolean" else "null" if kind == "null" else b[kind]
                want.append((b["name"], {"option": 1, "written": 2, "argument": 3, "config": 4}[b["source"]], kind, value))
            self.assertEqual(sorted((r[1], r[2], r[4], r[5]) for r in rows["parameter"] if r[0] == run), sorted(want))
            want = [(1, b["name"], b["files"], b["root"] if "root" in b else None, b.get("uri")) for b in bodies.get("data", [])]
            want += [(2, b["name"], b["files"], b["root"], None) for b in bodies.get("artifact", [])]
            self.assertEqual(sorted(((r[1], r[2], r[4], r[6], r[7]) for r in rows["files"] if r[0] == run), key=repr), sorted(want, key=repr))

    def test_metrics(self):
        """A row for each name, summed over the points of all blocks."""
        os.makedirs(self.store, mode=0o700)
        forge = [os.environ["FORGE_RUN"], self.store, "HERE", "HERE", "HERE", "999999", "5"]
        for points in (1, 40, 9000):
            run = subprocess.run([*forge, str(points)], capture_output=True, text=True, check=True).stdout.strip()
            self.place.box("seal", run, "--dead")
        self.place.box("ls")
        rows, seen = self.tables()["metric"], []
        for run in self.runs():
            records = json.loads(self.place.box("records", "--json", "--kind", "metric", run).stdout)["records"]
            steps, values = zip(*sorted(point for r in records for point in zip(r["body"]["step"], r["body"]["value"])))
            self.assertEqual({r["body"]["name"] for r in records}, {"loss"})
            self.assertEqual([r[1:] for r in rows if r[0] == run],
                             [("loss", len(steps), steps[0], steps[-1], values[-1], min(values), max(values))])
            shown = json.loads(self.place.box("ls", "--json", "--columns", "run,metric.loss", "--metric", "loss").stdout)["runs"]
            self.assertEqual([r["metric.loss"] for r in shown if r["run"] == run], [values[-1]])
            seen.append(len(steps))
        self.assertEqual(sorted(seen), [1, 40, 9000])
        few = json.loads(self.place.box("ls", "--json", "--metric", "loss<0.5").stdout)["runs"]
        self.assertEqual(len(few), 2)

    def test_damage(self):
        """It is said in one line, and nothing else differs."""
        self.fill()
        before, said = self.answers()
        with open(self.file(), "rb") as f:
            good = f.read()
        random.seed(1)
        garbage = bytes(random.randrange(256) for _ in range(4096))

        def run_sql(path, sql):
            db = sqlite3.connect(path)
            db.executescript(sql)
            db.close()

        def write(data):
            def put(path):
                with open(path, "wb") as f:
                    f.write(data)
            return put

        page = 4096
        cases = {"empty": write(b""), "one byte": write(b"x"), "text": write(b"this is no database\n" * 500), "half": write(good[:len(good) // 2]),
                 "a page short": write(good[:-page]), "one page": write(good[:page]), "100 bytes": write(good[:100])}
        for i in range(len(good) // page):
            cases[f"page {i}"] = write(good[:i * page] + garbage + good[(i + 1) * page:])
        for table in ("run", "parameter", "files", "metric"):
            cases[f"no {table}"] = lambda path, t=table: run_sql(path, f"DROP TABLE {t}")
        cases["another schema"] = lambda path: run_sql(path, "ALTER TABLE run RENAME COLUMN name TO title")
        cases["another program"] = lambda path: run_sql(path, "PRAGMA application_id = 1")
        cases["no version"] = lambda path: run_sql(path, "PRAGMA user_version = 0")
        cases["another id"] = lambda path: run_sql(path, "UPDATE run SET id = 'nothing' WHERE n = 2")
        for name, change in cases.items():
            with self.subTest(name):
                path = self.file()
                write(good)(path)
                change(path)
                done = self.place.box("ls", "--json", "--columns", ALL)
                self.assertEqual(done.stdout, before[0])
                lines = [line for line in done.stderr.decode().splitlines() if "index" in line]
                # A page that no question reads, or the bytes of an entry: what is not seen is not said.
                self.assertLessEqual(len(lines), 1, lines)
                self.assertTrue(lines or name.startswith(("page", "another id")), done.stderr)
                if lines:
                    self.assertIn("damaged", lines[0])
                    self.assertEqual(self.answers(), (before, said))

    def test_a_newer_one(self):
        self.fill()
        before, said = self.answers()
        db = sqlite3.connect(self.file())
        db.executescript("PRAGMA user_version = 99; DROP TABLE run")
        db.close()
        with open(self.file(), "rb") as f:
            was = f.read()
        after, now = self.answers()
        self.assertEqual(after, before)
        self.assertEqual(now[0].count("newer"), 1, now)
        done = self.place.box("reindex", ok=False)
        self.assertEqual(done.returncode, 2)
        self.assertIn(b"newer", done.stderr)
        with open(self.file(), "rb") as f:
            self.assertEqual(f.read(), was)

    def test_what_changes_is_seen(self):
        p = self.place
        p.box("run", "-q", "--name", "one", "--", "true")
        self.assertFalse(os.path.exists(self.store + "/index"), "run does not touch it")
        p.box("run", "-q", "--name", "two", "--", "sh", "-c", "kill -9 $PPID", ok=False)

        def states():
            return [(r["name"], r["state"], r["signed"]) for r in json.loads(p.box("ls", "--json").stdout)["runs"]]

        self.assertEqual(states(), [("two", "interrupted", False), ("one", "sealed", False)])
        p.box("key", "new", "--name", "owner.example")
        p.box("sign", "one")
        self.assertEqual(states(), [("two", "interrupted", False), ("one", "sealed", True)])
        p.box("seal", "two")
        self.assertEqual(states(), [("two", "sealed", False), ("one", "sealed", True)])
        shutil.rmtree(f"{self.store}/runs/{self.runs()[0]}")
        self.assertEqual(states(), [("one", "sealed", True)])
        self.assertEqual(len(self.tables()["run"]), 1)

    def test_a_store_that_cannot_be_written(self):
        """The answers are the same, and nothing is said of it."""
        self.fill()
        before, said = self.answers()
        shutil.rmtree(self.store + "/index")
        p = self.place
        if os.geteuid() == 0:
            # For root every folder can be written; a store that lies on a file system that cannot is one.
            script = 'mount --bind "$1" "$1" && mount -o remount,bind,ro "$1" || exit 77; shift; exec "$@"'
            wrapper = ["unshare", "-m", "sh", "-c", script, "-", self.store]
            if subprocess.run(wrapper + ["true"], capture_output=True).returncode:
                self.skipTest("nothing can be mounted here")
        else:
            wrapper = []
            for path in [self.store, self.store + "/runs"]:
                os.chmod(path, 0o500)
                self.addCleanup(os.chmod, path, 0o700)
        for _ in range(2):
            done = p.call(*wrapper, p.glassbox, "ls", "--store", self.store, "--json", "--columns", ALL)
            self.assertEqual(done.stdout, before[0])
            self.assertEqual(done.stderr.decode(), said[0])
        self.assertEqual(len(glob.glob(p.path("cache/glassbox/index/*/1.sqlite"))), 1)

    def test_killed_at_any_moment(self):
        """reindex and ls, killed: what is there afterwards answers as before."""
        self.fill()
        before = self.place.box("ls", "--json").stdout
        random.seed(2)
        began = time.monotonic()
        self.place.box("reindex", "-q")
        whole = time.monotonic() - began
        for i in range(20):
            if i % 2:
                shutil.rmtree(self.store + "/index", ignore_errors=True)
            child = subprocess.Popen([self.place.glassbox, "ls" if i % 4 == 1 else "reindex", "--store", self.store], env=self.place.env,
                                     stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            try:
                child.wait(random.random() * whole)
            except subprocess.TimeoutExpired:
                child.send_signal(signal.SIGKILL)
                child.wait()
            done = self.place.box("ls", "--json")
            self.assertEqual(done.stdout, before)
            self.assertNotIn(b"index", done.stderr)
        with sqlite3.connect(f"file:{self.file()}?mode=ro", uri=True) as db:
            self.assertEqual(db.execute("PRAGMA integrity_check").fetchall(), [("ok",)])

    def test_many_at_once(self):
        """Two hundred runs into one store while others list it and build its index anew."""
        p = self.place
        over = []

        def run(i):
            return p.box("run", "-q", "--store", p.path("many"), "--name", f"run-{i}", "--param", f"i={i}", "--", "true", cwd=p.folder)

        def look(words):
            while not over:
                done = p.box(*words, "--store", p.path("many"), cwd=p.folder)
                self.assertNotIn(b"index in", done.stderr)

        os.makedirs(p.path("many"), 0o700)
        with ThreadPoolExecutor(28) as pool:
            lookers = [pool.submit(look, words) for words in (["ls"], ["ls", "--json"], ["ls", "--param", "i>100"], ["reindex", "-q"])]
            try:
                runs = [pool.submit(run, i) for i in range(RUNS_AT_ONCE)]
                for r in runs:
                    r.result()
            finally:
                over.append(True)
            for looker in lookers:
                looker.result()
        self.store = p.path("many")
        found = json.loads(p.box("ls", "--store", self.store, "--json", "--columns", "param.i").stdout)["runs"]
        self.assertEqual(sorted(r["param.i"] for r in found), list(range(RUNS_AT_ONCE)))
        self.assertEqual({r["state"] for r in found}, {"sealed"})
        p.box("reindex", "-q", "--store", self.store)
        self.assertEqual(len(self.tables()["run"]), RUNS_AT_ONCE)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        sys.argv[1] = "Index." + sys.argv[1]
    unittest.main()
