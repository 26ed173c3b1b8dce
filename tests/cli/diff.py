"""`glassbox diff` of two runs: the code's patch against real git's, and everything else by what was changed between the runs.

Each test is a CTest case: diff.py NAME."""
import json
import os
import random
import re
import shutil
import sys
import tempfile
import unittest

from bundles import Place


class Diff(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="glassbox-diff-")
        self.addCleanup(folder.cleanup)
        p = self.place = Place(folder.name)
        p.env["XDG_CACHE_HOME"] = p.path("cache")
        p.make_repo()
        self.store = p.path("repo/.git/glassbox")

    def run_named(self, name, *options, command=("true",), ok=True):
        self.place.box("run", "-q", "--name", name, *options, "--", *command, ok=ok)

    def diff(self, *words, status=None):
        done = self.place.box("diff", *words, ok=False)
        if status is not None:
            self.assertEqual(done.returncode, status, (words, done.stdout[-2000:], done.stderr))
        return done.stdout

    def diff_json(self, *words, status=None):
        return json.loads(self.diff("--json", *words, status=status))

    def tree(self, name):
        records = json.loads(self.place.box("records", "--json", name).stdout)["records"]
        return next(r["body"]["tree"] for r in records if r["kind"] == "code")

    def git_patch(self, *words):
        """git marks the end of a name with a space in it by a tab, for other programs; libgit2 does not."""
        patch = self.git("-c", "core.quotePath=true", "diff", "--no-renames", "--full-index", "--no-ext-diff", "--no-color", *words)
        return re.sub(rb"^((?:---|\+\+\+) .*)\t$", rb"\1", patch, flags=re.M)

    def git(self, *words):
        return self.place.call("git", "--git-dir", self.store + "/git", *words).stdout

    def check_patch(self, a, b):
        """What git itself says of the two trees; and applying it to the one gives the other."""
        trees = self.tree(a), self.tree(b)
        patch = self.diff(a, b, "--patch", status=1)
        # What is packed is packed by another zlib, at another level: that it means the same, applying it shows.
        if b"GIT binary patch" not in patch:
            self.assertEqual(patch, self.git_patch("--binary", *trees))
        text = self.diff(a, b, "--section", "code", status=1)
        self.assertEqual(text[text.index(b"\n\ndiff --git") + 2:], self.git_patch(*trees))
        files = self.diff_json(a, b, status=1)["code"]["files"]
        want = []
        for line in self.git("diff", "--no-renames", "--numstat", "-z", *trees).split(b"\0")[:-1]:
            added, removed, path = line.split(b"\t", 2)
            want.append((path.decode(), added == b"-", 0 if added == b"-" else int(added), 0 if removed == b"-" else int(removed)))
        self.assertEqual([(f["path"], f["binary"], f["added"], f["removed"]) for f in files], want)
        status = dict(reversed(s) for s in zip(*[iter(self.git("diff", "--no-renames", "--name-status", "-z", *trees).decode().split("\0")[:-1])] * 2))
        self.assertEqual({f["path"]: f["change"] for f in files},
                         {k: {"A": "added", "D": "removed", "M": "changed", "T": "changed"}[v] for k, v in status.items()})
        work = tempfile.mkdtemp(dir=self.place.folder)
        index = ["--git-dir", self.place.path("repo/.git"), "--work-tree", work]
        self.place.env["GIT_INDEX_FILE"] = work + ".index"
        self.place.env["GIT_ALTERNATE_OBJECT_DIRECTORIES"] = self.store + "/git/objects"
        try:
            self.place.call("git", *index, "read-tree", trees[0])
            self.place.call("git", *index, "checkout-index", "-a", "-u")
            with open(work + ".patch", "wb") as f:
                f.write(patch)
            self.place.call("git", *index, "apply", "--index", "--whitespace=nowarn", work + ".patch", cwd=work)
            self.assertEqual(self.place.call("git", *index, "write-tree").stdout.decode().strip(), trees[1])
        finally:
            del self.place.env["GIT_INDEX_FILE"], self.place.env["GIT_ALTERNATE_OBJECT_DIRECTORIES"]

    def test_code(self):
        """Changed, added, removed, renamed, binary and executable files, links, odd names, no newline at the end."""
        p = self.place
        p.write("repo/a/long.txt", "".join(f"line {i}\n" for i in range(200)))
        p.write("repo/a/gone.txt", "gone\n")
        p.write("repo/moved.txt", "a file that keeps its lines\n" * 20)
        p.write("repo/binary", bytes(range(256)) * 4)
        p.write("repo/odd \"name\té", "odd\n")
        p.write("repo/no newline", "no newline at the end")
        p.write("repo/script", "#!/bin/sh\n")
        p.write("repo/code.c", "int one(void)\n{\n\treturn 1;\n}\n\n" * 10)
        os.symlink("a/long.txt", p.path("repo/link"))
        p.call("git", "add", "-A")
        p.call("git", "commit", "-q", "-m", "more")
        self.run_named("before")
        lines = [f"line {i}\n" for i in range(200)]
        lines[3], lines[120] = "changed\n", "changed\nand more\n"
        p.write("repo/a/long.txt", "".join(lines))
        os.rename(p.path("repo/moved.txt"), p.path("repo/a/moved.txt"))
        os.unlink(p.path("repo/a/gone.txt"))
        p.write("repo/binary", bytes(range(255, -1, -1)) * 4)
        p.write("repo/odd \"name\té", "odd\nand changed\n")
        p.write("repo/no newline", "another end without one")
        p.write("repo/new empty", "")
        p.write("repo/code.c", "int one(void)\n{\n\treturn 1;\n}\n\n" * 9 + "int two(void)\n{\n\treturn 2;\n}\n\n")
        os.chmod(p.path("repo/script"), 0o755)
        os.unlink(p.path("repo/link"))
        os.symlink("script", p.path("repo/link"))
        p.call("git", "add", "-A")  # staged, not committed: a snapshot is of what is there
        self.run_named("after")
        self.check_patch("before", "after")
        self.check_patch("after", "before")
        self.assertIn(b"binary", self.diff("before", "after", "--stat", status=1))

    def test_code_at_random(self):
        p = self.place
        random.seed(3)
        names = ["a", "b/c", "b/d", "e f", "g.c", "h/i/j"]
        for i in range(6):
            for name in names:
                if random.random() < 0.3 and os.path.exists(p.path("repo", name)):
                    os.unlink(p.path("repo", name))
                elif random.random() < 0.7:
                    words = [random.choice(["x", "yy", "", "  z", "{", "}", "int f(void)"]) for _ in range(random.randrange(30))]
                    p.write("repo/" + name, "\n".join(words) + random.choice(["", "\n"]))
            p.write("repo/count", f"{i}\n")
            p.call("git", "add", "-A")
            self.run_named(f"run-{i}")
            if i:
                self.check_patch(f"run-{i - 1}", f"run-{i}")

    def test_settings_of_the_user_change_nothing(self):
        self.run_named("before")
        self.place.write("repo/train.py", "print('other')\n")
        self.run_named("after")
        plain = self.diff("before", "after", status=1)
        self.place.env["GIT_CONFIG_GLOBAL"] = self.place.write("home/.gitconfig", "[diff]\n\tnoprefix = true\n\tcontext = 0\n\tmnemonicPrefix = true\n")
        self.assertEqual(self.diff("before", "after", status=1), plain)
        self.assertIn(b"\ndiff --git a/train.py b/train.py\n", plain)

    def test_the_same(self):
        self.place.write("data/a", "some data\n")
        options = ["--param", "lr=0.1", "--config", "config.json", "--data", "set=" + self.place.path("data")]
        self.run_named("one", *options)
        self.run_named("two", *options)
        self.assertIn(b"no difference", self.diff("one", "two", status=0))
        found = self.diff_json("one", "two", status=0)
        self.assertEqual((found["format"], found["same"], any(found["sections"].values())), ("glassbox.diff/1", True, False))
        self.assertEqual([r["name"] for r in found["runs"]], ["one", "two"])

    def test_every_section(self):
        p = self.place
        p.write("data/same/a", "a\n")
        p.write("data/set/kept", "kept\n")
        p.write("data/set/changed", "one\n")
        p.write("data/set/gone", "gone\n")
        p.write("c.json", '{"deep": {"a": 1, "b": "x"}}')
        same = ["--data", "same=" + p.path("data/same"), "--output", "out=" + p.path("out")]
        job = 'rm -rf ../out; mkdir ../out; echo %s > ../out/w; echo same > ../out/same; exit %d'
        self.run_named("before", *same, "--data", "set=" + p.path("data/set"), "--param", "lr=0.1", "--param", "gone=1", "--param", "kind=7",
                       "--config", p.path("c.json"), command=("sh", "-c", job % ("one", 0)))
        p.write("data/set/changed", "two\n")
        p.write("data/set/new", "new\n")
        os.unlink(p.path("data/set/gone"))
        p.write("c.json", '{"deep": {"a": 2, "b": "x"}}')
        self.run_named("after", *same, "--data", "set=" + p.path("data/set"), "--param", "lr=0.2", "--param", 'kind="7"', "--param", "new=true",
                       "--config", p.path("c.json"), command=("sh", "-c", job % ("two", 3)), ok=False)
        found = self.diff_json("before", "after", status=1)["sections"]

        def changes(section):
            return {i["name"]: (i["change"], (i["before"] or {}).get("value"), (i["after"] or {}).get("value")) for i in found[section]}

        self.assertEqual(changes("parameters"), {"lr": ("changed", "0.1", "0.2"), "gone": ("removed", "1", None), "new": ("added", None, "true"),
                                                 "kind": ("changed", "7", "7"), "deep.a": ("changed", "1", "2")})
        kind = next(i for i in found["parameters"] if i["name"] == "kind")
        self.assertEqual((kind["before"]["type"], kind["after"]["type"]), ("number", "text"))
        self.assertEqual(list(changes("arguments")), ["2"])
        self.assertEqual([c[0] for c in changes("configs").values()], ["changed"])
        self.assertEqual(list(changes("data")), ["set"])
        self.assertEqual([(f["path"], f["change"]) for f in found["data"][0]["files"]],
                         [("changed", "changed"), ("gone", "removed"), ("new", "added")])
        self.assertEqual(changes("results")["exit"], ("changed", "status 0", "status 3"))
        out = next(i for i in found["results"] if i["name"] == "output out")
        self.assertEqual([(f["path"], f["change"]) for f in out["files"]], [("w", "changed")])
        self.assertEqual(found["environment"], [])
        self.assertEqual(found["code"], [])
        text = self.diff("before", "after", status=1).decode()
        for words in ("- lr = 0.1", "+ lr = 0.2", '+ kind = "7"', "- kind = 7", "changed  changed", "removed  gone", "added    new"):
            self.assertIn(words, text)
        self.assertEqual(list(self.diff_json("before", "after", "--section", "data,results", status=1)["sections"]), ["data", "results"])
        self.assertNotIn("lr", self.diff("before", "after", "--section", "data", status=1).decode())
        self.diff("before", "after", "--section", "environment,code", status=0)

    def test_files_at_random(self):
        """Against what the two folders hold."""
        random.seed(4)
        names = [f"{a}/{b}" for a in ("a", "a-", "b", "ab") for b in range(20)]

        def fill():
            shutil.rmtree(self.place.path("data"), ignore_errors=True)
            content = {n: str(random.randrange(3)) for n in names if random.random() < 0.7}
            for name, text in content.items():
                self.place.write("data/" + name, text)
            return content

        for i in range(3):
            before = fill()
            self.run_named("before", "--data", "set=" + self.place.path("data"))
            after = fill()
            self.run_named("after", "--data", "set=" + self.place.path("data"))
            want = sorted((n, "added" if n not in before else "removed" if n not in after else "changed")
                          for n in set(before) | set(after) if before.get(n) != after.get(n))
            found = self.diff_json("before", "after", status=1)["sections"]["data"][0]["files"]
            self.assertEqual([(f["path"], f["change"]) for f in found], want)

    def test_could_not_tell(self):
        """3, with a line: not captured, not hashed, no end, or gone from the store."""
        p = self.place
        outside = p.path("outside")
        os.makedirs(outside)
        for name in ("one", "two"):
            p.box("run", "-q", "--store", self.store, "--name", name, "--", "true", cwd=outside)
        self.assertIn(b"not captured in either run", self.diff("one", "two", status=3))
        self.assertIs(self.diff_json("one", "two", status=3)["same"], None)
        for name in ("far-1", "far-2"):
            self.run_named(name, "--data", "far=s3://bucket/set")
        self.assertIn(b"? far = s3://bucket/set, not hashed", self.diff("far-1", "far-2", status=3))
        self.run_named("far-3", "--data", "far=s3://bucket/other")
        self.diff("far-1", "far-3", status=1)
        self.run_named("killed", command=("sh", "-c", "kill -9 $PPID"), ok=False)
        self.assertIn(b"no end is known", self.diff("far-1", "killed", "--section", "results", status=3))
        p.write("repo/train.py", "print('other')\n")
        self.run_named("changed")
        self.diff("far-1", "changed", "--section", "code", status=1)
        blob = next(line.split()[3].decode() for line in self.git("diff", "--raw", "--no-abbrev", "--no-renames", self.tree("far-1"), self.tree("changed")).splitlines())
        os.unlink(f"{self.store}/git/objects/{blob[:2]}/{blob[2:]}")
        done = p.box("diff", "far-1", "changed", "--section", "code", ok=False)
        self.assertEqual(done.returncode, 3)
        self.assertIn(b"cannot be told", done.stderr)

    def test_a_manifest_that_is_gone(self):
        self.place.write("data/a", "one\n")
        self.run_named("before", "--data", "set=" + self.place.path("data"))
        self.place.write("data/a", "two\n")
        self.run_named("after", "--data", "set=" + self.place.path("data"))
        self.diff("before", "after", status=1)
        run = self.place.last_run()
        shutil.rmtree(f"{self.store}/runs/{run}/manifest")
        done = self.place.box("diff", "before", "after", "--section", "data", ok=False)
        self.assertEqual(done.returncode, 3)
        self.assertIn(b"cannot be told", done.stderr)
        self.assertIn(b"- set", done.stdout)

    def test_usage(self):
        self.run_named("one")
        for words, said in ((["one"], "expected glassbox diff RUN RUN"), (["one", "one", "--section", "dta"], "did you mean 'data'"),
                            (["one", "one", "--section", "everything"], "expected code"), (["one", "nobody"], "nobody")):
            done = self.place.box("diff", *words, ok=False)
            self.assertEqual((done.returncode, done.stdout), (3 if "nobody" in words else 2, b""))
            self.assertIn(said, done.stderr.decode())
        self.diff("one", "last", status=0)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        sys.argv[1] = "Diff." + sys.argv[1]
    unittest.main()
