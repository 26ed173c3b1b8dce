"""The software of real jobs: what is recorded of interpreters, packages, programs and libraries, against what Python, readelf and dpkg say.

A job waits on its standard input until what it should show stands in the journal. Each test is a CTest case of its own: software.py NAME."""
import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import time
import unittest
from pathlib import Path

RECORDER, STATIC_JOB = os.environ.pop("GLASSBOX"), os.environ.get("STATIC_JOB", "")
WAIT = "print(flush=True); import sys; sys.stdin.read()"
# What is broken has no name, and Python reads a gigabyte whole.
LIST = """import importlib.metadata as m, json, sys
print(json.dumps(sorted((d.metadata['Name'], d.version) for p in sys.path if '-packages' in p for d in m.distributions(path=[p])
                        if not str(d._path).endswith(('broken-1.dist-info', 'loop-1.dist-info', 'huge-1.dist-info')))))"""
DEADLINE = 100


def can(*command):
    return shutil.which(command[0]) and subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0


class Software(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.at = Path(os.path.realpath(self.folder.name))
        self.store = self.at / "store"
        (self.at / "work").mkdir()
        self.environment = {"PATH": os.environ["PATH"], "HOME": str(self.at / "home"), "TMPDIR": str(self.at)}

    def glassbox(self, *words, status=0):
        done = subprocess.run([RECORDER, words[0], "--store", str(self.store), *words[1:]], capture_output=True, cwd=self.at / "work", env=self.environment)
        self.assertEqual(done.returncode, status, done.stderr.decode())
        return done.stdout.decode()

    def records(self, *kinds):
        """Bodies of the newest run."""
        if not self.store.exists():
            return []
        done = subprocess.run([RECORDER, "records", "last", "--json", "--store", str(self.store)], capture_output=True, env=self.environment)
        return [r["body"] for r in json.loads(done.stdout)["records"] if r["kind"] in kinds] if done.returncode == 0 else []

    def job(self, *command, before=()):
        job = subprocess.Popen([*before, RECORDER, "run", "-q", "--store", str(self.store), "--", *map(str, command)], stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE, cwd=self.at / "work", env=self.environment)
        self.addCleanup(job.stdout.close)
        self.addCleanup(job.wait)
        self.addCleanup(job.kill)
        job.said = job.stdout.readline()
        return job

    def wait_for(self, what):
        end = time.monotonic() + DEADLINE
        while not what():
            time.sleep(0.02)
            self.assertLess(time.monotonic(), end, "not recorded in time")

    def end(self, job, status=0):
        job.stdin.close()
        self.assertEqual(job.wait(), status)

    def run_until(self, *command, kind="library", name=""):
        """Until there is a record of the kind; of a library, one whose path ends with the name: what runs the job may be seen before it."""
        job = self.job(*command)
        self.wait_for(lambda: [b for b in self.records(kind) if kind != "library" or b["path"].get("path", "").endswith(name)])
        self.end(job)
        return job

    def gaps(self, kind):
        return {g["reason"] for g in self.records("gap") if g["kind"] == kind}

    def absolute(self, path):
        if path["root"] == "/":
            return "/" + path["path"]
        root = next(r["path"] for r in self.records("root") if r["name"] == path["root"])
        return os.path.join(root, path.get("path", "")).rstrip("/")

    def library(self, name):
        found = [b for b in self.records("library") if self.absolute(b["path"]).endswith("/" + name)]
        self.assertEqual(len(found), 1, name)
        return found[0]

    def virtual_environment(self, name):
        """One as `python -m venv` makes it."""
        venv = self.at / name
        site = venv / f"lib/python{sysconfig.get_python_version()}/site-packages"
        site.mkdir(parents=True)
        (venv / "bin").mkdir()
        real = os.path.realpath(sys.executable)
        (venv / "bin/python").symlink_to(real)
        (venv / "pyvenv.cfg").write_text(f"home = {os.path.dirname(real)}\ninclude-system-site-packages = false\nversion = 3.0.0\n")
        return venv / "bin/python", site

    @staticmethod
    def package(site, name, version, **files):
        info = site / f"{name}-{version}.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n\nText.\n")
        for file, text in files.items():
            (info / file.replace("_json", ".json")).write_text(text)
        return info

    def found(self, form="wheel"):
        return sorted((b["name"], b["version"]) for b in self.records("package") if b["form"] == form)

    def test_a_virtual_environment(self):
        python, site = self.virtual_environment("venv")
        source = self.at / "home/project"
        source.mkdir(parents=True)
        git = ["git", "-C", str(source), "-c", "user.name=x", "-c", "user.email=x@x"]
        subprocess.run(["git", "init", "-q", str(source)], check=True)
        subprocess.run([*git, "commit", "-q", "--allow-empty", "-m", "x"], check=True)
        head = subprocess.run([*git, "rev-parse", "HEAD"], check=True, capture_output=True, text=True).stdout.strip()
        self.package(site, "plain", "1.2", INSTALLER="pip\n", RECORD="plain/a.py,sha256=x,1\nplain/b.py,,\n")
        self.package(site, "edited", "0.1", direct_url_json=json.dumps({"url": source.as_uri(), "dir_info": {"editable": True}}))
        secret = "ghp" + "_0123456789012345678901234567890123Ab"
        self.package(site, "from_git", "3", direct_url_json=json.dumps(
            {"url": f"https://user:{secret}@example.org/r.git", "vcs_info": {"vcs": "git", "commit_id": "ab" * 20}}))
        with open(self.package(site, "huge", "1") / "METADATA", "ab") as f:
            f.truncate(1 << 30)
        (self.package(site, "broken", "1") / "METADATA").write_bytes(b"\xff\xfe\0")
        (site / "loop-1.dist-info").symlink_to("loop-1.dist-info")
        (site / "circle").symlink_to(".")
        self.run_until(python, "-c", WAIT, kind="package")
        said = subprocess.run([python, "-c", LIST], capture_output=True, check=True).stdout
        self.assertEqual(self.found(), sorted([*map(tuple, json.loads(said)), ("huge", "1")]))
        packages = {b["name"]: b for b in self.records("package")}
        self.assertEqual((packages["plain"]["installer"], packages["plain"]["files"]), ("pip", 2))
        self.assertEqual((packages["edited"]["commit"], packages["edited"]["editable"]), (head, True))
        self.assertEqual(packages["edited"]["source"], {"root": "home", "path": "project"})
        self.assertEqual((packages["from_git"]["commit"], packages["from_git"]["url"]), ("ab" * 20, "https://example.org/r.git"))
        self.assertEqual(self.gaps("package"), {"malformed"})
        [interpreter] = self.records("interpreter")
        self.assertEqual(self.absolute(interpreter["prefix"]), str(self.at / "venv"))
        self.assertEqual(self.absolute(interpreter["base_prefix"]), os.path.realpath(sys.base_prefix))
        self.assertEqual(self.absolute(interpreter["path"]), os.path.realpath(sys.executable))
        if sys.version_info >= (3, 11) and sys.version_info.releaselevel == "final":
            self.assertEqual(interpreter["version"], "%d.%d.%d" % sys.version_info[:3])
        for file in self.store.rglob("*"):
            self.assertNotIn(secret.encode(), file.read_bytes() if file.is_file() else b"")
        text = self.glassbox("show", "last", "packages", "libraries")
        self.assertIn(f"edited 0.1, editable from <home>/project, commit {head}", text)

    def test_packages_in_diff_and_publish(self):
        python, site = self.virtual_environment("venv")
        first = self.package(site, "moved", "1.0")
        self.package(site, "private", "7", direct_url_json='{"url": "https://example.org/p.whl", "archive_info": {}}')
        self.run_until(python, "-c", WAIT, kind="package")
        shutil.rmtree(first)
        self.package(site, "moved", "2.0")
        self.run_until(python, "-c", WAIT, kind="package")
        runs = [r["run"] for r in json.loads(self.glassbox("ls", "--json"))["runs"]]
        text = self.glassbox("diff", runs[1], runs[0], "--section", "packages", status=1)
        self.assertRegex(text, r"moved.*1\.0")
        self.assertNotIn("private", text)
        self.glassbox("publish", "last", "-o", str(self.at / "bundle"), "--withhold", "package:moved", "--withhold", "library", "--withhold",
                      "interpreter")
        refused = subprocess.run([RECORDER, "publish", "last", "--store", str(self.store), "-o", str(self.at / "no"), "--withhold", "interpreter"],
                                 cwd=self.at / "work", env=self.environment, capture_output=True)
        self.assertEqual(refused.returncode, 2)
        self.assertIn(b"tells what is withheld", refused.stderr)
        published = b"".join(f.read_bytes() for f in (self.at / "bundle").rglob("*") if f.is_file())
        self.assertNotIn(b"p.whl", published)
        self.assertNotIn(b"moved-2.0.dist-info", published)

    def test_a_conda_environment(self):
        prefix, version = self.at / "conda", f"python{sysconfig.get_python_version()}"
        (prefix / "bin").mkdir(parents=True)
        (prefix / "conda-meta").mkdir()
        site = prefix / "lib" / version / "site-packages"
        site.mkdir(parents=True)
        shutil.copy2(os.path.realpath(sys.executable), prefix / "bin" / version)
        for name in os.listdir(sysconfig.get_path("stdlib")):
            if name != "site-packages":
                (prefix / "lib" / version / name).symlink_to(os.path.join(sysconfig.get_path("stdlib"), name))
        self.package(site, "numbers", "1", INSTALLER="conda\n")
        extension = next(Path(sysconfig.get_path("stdlib")).glob("lib-dynload/_sqlite3*.so"), None) or \
            next(Path(sysconfig.get_path("stdlib")).glob("lib-dynload/*.so"))
        shutil.copy2(extension, prefix / "lib/libmkl_core.so.2")
        meta = {"build": "h1_0", "files": ["lib/libmkl_core.so.2", "x"], "link": {"source": "/home/x"}, "name": "mkl", "paths_data": {"paths": []},
                "sha256": "11" * 32, "url": "https://conda.example.org/t/tk-123-abc/mkl.conda", "version": "2023.1.0"}
        (prefix / "conda-meta/mkl-2023.1.0-h1_0.json").write_text(json.dumps(meta, indent=2, sort_keys=True))
        (prefix / "conda-meta/history").write_text("")
        self.run_until(prefix / "bin" / version, "-c", "import mmap, sys; f = open(sys.argv[1], 'rb'); m = mmap.mmap(f.fileno(), 0, "
                       "prot=mmap.PROT_READ | mmap.PROT_EXEC, flags=mmap.MAP_PRIVATE); print(flush=True); sys.stdin.read()",
                       prefix / "lib/libmkl_core.so.2", kind="package")
        self.assertEqual(self.found("conda"), [("mkl", "2023.1.0")])
        self.assertEqual(self.found(), [("numbers", "1")])
        mkl = next(b for b in self.records("package") if b["form"] == "conda")
        self.assertEqual((mkl["build"], mkl["url"], mkl["archive"]), ("h1_0", "https://conda.example.org/mkl.conda", "11" * 32))
        library = self.library("libmkl_core.so.2")
        self.assertEqual((library["owner"]["name"], library["owner"]["database"]), ("mkl", "conda"))
        self.assertEqual((library["component"], library["version"], library["version_from"]), ("mkl", "2023.1.0", "owner"))
        [interpreter] = self.records("interpreter")
        self.assertEqual(self.absolute(interpreter["prefix"]), str(prefix))

    def test_the_interpreter_of_the_distribution(self):
        if not can("/usr/bin/python3", "-c", "import importlib.metadata") or not can("dpkg", "-S", os.path.realpath("/usr/bin/python3")):
            self.skipTest("no Python of dpkg's here")
        self.environment["PYTHONNOUSERSITE"] = "1"
        self.run_until("/usr/bin/python3", "-c", WAIT, name=os.path.basename(os.path.realpath("/usr/bin/python3")))
        said = subprocess.run(["/usr/bin/python3", "-sc", LIST], capture_output=True, check=True, cwd=self.at).stdout
        self.assertEqual(sorted((b["name"], b["version"]) for b in self.records("package")), sorted(map(tuple, json.loads(said))))
        owner = subprocess.run(["dpkg", "-S", os.path.realpath("/usr/bin/python3")], capture_output=True, check=True, text=True).stdout.split(":")[0]
        program = next(b for b in self.records("library") if b["program"] and "python" in b["path"]["path"])
        self.assertEqual((program["owner"]["name"], program["owner"]["database"]), (owner, "dpkg"))

    def test_a_process_without_python(self):
        self.run_until("sh", "-c", "echo; cat > /dev/null", name="/cat")
        self.assertEqual(self.records("interpreter", "package"), [])
        cat = self.library("cat")
        self.assertTrue(cat["program"])
        if can("readelf", "--version"):
            notes = subprocess.run(["readelf", "-n", self.absolute(cat["path"])], capture_output=True, text=True).stdout
            self.assertEqual(cat.get("build_id", ""), "".join(re.findall(r"Build ID: ([0-9a-f]+)", notes)[:1]))

    def test_a_static_binary(self):
        if not STATIC_JOB:
            self.skipTest("no static C library here")
        self.run_until(STATIC_JOB)
        [library] = self.records("library")
        self.assertEqual((self.absolute(library["path"]), library["program"]), (os.path.realpath(STATIC_JOB), True))

    def test_another_root(self):
        if not STATIC_JOB or not can("unshare", "-r", "chroot", "/", "/bin/true"):
            self.skipTest("no root of one's own here")
        root = self.at / "root"
        (root / "usr/bin").mkdir(parents=True)
        shutil.copy2(STATIC_JOB, root / "usr/bin/job")
        (root / "var/lib/dpkg/info").mkdir(parents=True)
        (root / "var/lib/dpkg/info/inside.list").write_text("/usr/bin/job\n")
        (root / "var/lib/dpkg/status").write_text("Package: inside\nVersion: 9\nArchitecture: all\n\n")
        self.run_until("unshare", "-r", "chroot", root, "/usr/bin/job", name="usr/bin/job")
        job = self.library("usr/bin/job")
        self.assertEqual(job["path"], {"root": "/", "path": "usr/bin/job"})
        self.assertEqual((job["owner"]["name"], job["owner"]["version"]), ("inside", "9"))

    def test_a_library_that_is_loaded_late(self):
        job = self.job(sys.executable, "-c", "print(flush=True); import sys; sys.stdin.readline(); import sqlite3; sys.stdin.read()")
        self.wait_for(lambda: self.records("package", "interpreter"))
        before = self.records("package")
        self.assertFalse([b for b in self.records("library") if "sqlite3" in b["path"]["path"]])
        job.stdin.write(b"\n")
        job.stdin.flush()
        self.wait_for(lambda: [b for b in self.records("library") if "sqlite3" in b["path"]["path"]])
        self.end(job)
        self.assertEqual(self.records("package"), before)
        paths = [json.dumps(b["path"]) for b in self.records("library")]
        self.assertEqual(len(paths), len(set(paths)))

    def test_a_hidden_proc(self):
        if not can("unshare", "-rm", "mount", "-t", "tmpfs", "none", "/proc"):
            self.skipTest("no name spaces for mounts here")
        for way, reason in ((["unshare", "-rm", "sh", "-c", 'mount -t tmpfs none /proc; exec "$@"', "-"], "not-found"),
                            (["unshare", "-r", "--pid", "--fork"], "not-supported")):
            if reason == "not-found" and "GLASSBOX_SANITIZED" in os.environ:
                continue  # AddressSanitizer does not start without /proc
            job = self.job("sh", "-c", "echo; exit 3", before=way)
            self.end(job, status=3)
            self.assertEqual(self.gaps("library"), {reason})
            self.assertEqual(self.records("library", "package"), [])

    def test_a_job_that_is_over_at_once(self):
        for _ in range(5):
            self.glassbox("run", "-q", "--", "true")
            seen = self.records("library")
            self.assertTrue(seen or "unseen" in self.gaps("library"))


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0]] + ["Software." + a for a in sys.argv[1:]])
