"""How every command but verify fails: the exit status of design's table, and one line that names the file, run, record or option and says what
was expected or what to do.

fails(STATUS, FORMAT, ARGUMENTS...) holds one failure to the format that the source gives gbx_fail for it, word for word, and
`shape.failures` holds the two to each other: a format of recorder/cli, run or store that no case here says, and EXCUSED does not explain,
is found. Everything runs as somebody who is not root. Each test is a CTest case of its own: failures.py NAME."""
import base64
import contextlib
import json
import os
import pty
import re
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import unittest

from bundles import KINDS, Frame, Place, field, field_bytes, field_number, fields, read_tfrecords, relink, write_tfrecords

# Formats of gbx_fail in recorder/cli, run and store that no command line brings about, and why. (Those of GBX_E_NOMEM are left out: memory
# is one seam, and tests/faults makes it fail.)
EXCUSED = {
    "--require: '%s' is no check; expected some of layout, digests, records, chain, streams, commitments, publication, signature, code, "
    "manifests, data, artifacts, attestations, timestamps": "verify's; outcomes.py has it",
    "--%s is there %zu times; expected it once": "verify's; verify.bats has it",
    "cannot prepare to wait for the job": "sigaction of SIGCHLD does not fail",
    "cannot block signals": "pthread_sigmask does not fail on a known set",
    "no command to run, or gbx_job_prepare was not called": "a caller's mistake; the command line needs a COMMAND",
    "there is no job to wait for": "a caller's mistake",
    "cannot wait for process %ld": "wait4 of an own child that nobody else waits for does not fail",
    "cannot start a process to tell signals apart": "nobody is told: the job runs without it",
    "run '%s': expected a run's id": "a caller's mistake; RUN was resolved to an id",
    "'%s' is not a run id": "a caller's mistake; RUN was resolved to an id",
    "run %s has no publication statement": "its caller says 'was not published yet' instead",
    "'%s/runs/%s/%s' has other bytes than its name says; restore it from a copy": "was looked at a moment before",
    "'%s' has become shorter; publish again when nobody writes to it": "was read to there a moment before",
    "'%s': expected '%s' and a path": "nobody is told: what is no repository is recorded as a gap",
    "hash: no memory for the paths": "memory is one seam, and tests/faults makes it fail",
    "no memory for a path": "memory is one seam, and tests/faults makes it fail",
    "'%s' is in no git repository": "nobody is told: what is no repository is recorded as a gap",
    "a point that is larger than a block": "a ring's point was bounded when it was read",
    "the root '%s' could not be recorded": "nobody is told: the store's own failure is said once, the path is a gap",
    "run %s was sealed meanwhile, on another machine or with --dead": "a race of two machines",
    "store '%s': a run began meanwhile; gc has to wait until it has ended": "a race between two looks at the store",
    "run %s is signed; its removal needs the key": "a caller's mistake; rm has opened the key",
    "no run has this id": "its caller says 'no run' with what was said",
    "no such run": "its caller says 'no run' with what was said",
    "the patch is longer than %u bytes; print it as text": "a patch of 64 MiB takes too long to make here",
    "the database does not answer '%s'": "nobody is told: the index is made anew, or not used",
    "the database answers a statement that asks nothing": "nobody is told: the index is made anew, or not used",
    "it is another program's": "nobody is told: the index is made anew, or not used",
    "it was replaced ten times while it was opened": "nobody is told: the index is made anew, or not used",
    "a row of the index is of no run": "nobody is told: the index is made anew, or not used",
    "the newest row of the index is of no run": "nobody is told: the index is made anew, or not used",
    "a row has no number": "nobody is told: the index is made anew, or not used",
    "a row has no id": "nobody is told: the index is made anew, or not used",
    "run %s was removed; its id is not used again": "a race: a run is removed between being found and being gone on with",
    "there is no place for an index: neither '%s' nor a cache folder of this machine can be written; expected one that you may write to":
        "everybody may write to /var/tmp, the last of them",
}

# Words that say what was expected or what to do. What the system refused is said in the system's own words.
ADVICE = re.compile(
    r"expected|at most|did you mean|\blists?\b|\bgive\b|name what|\bname (it|one|another|a folder|the key)|make (one|it)\b|seal it|publish it|sign (with|later|again)"
    r"|glassbox (run|ls|show|seal|sign|publish|key|records)|--[a-z]|chmod|restore|what is shown|move it|choose|try again|has to wait|remove (it|the file)|when its job has ended|is not used again|is there already|both or neither|as said above|left out|are lost from the store|says as a gap|belongs to another"
    r"|No such file|Permission denied|Is a directory|Not a directory|File too large|No space left|Bad file descriptor|Input/output error"
    r"|Resource temporarily unavailable|not a regular file|Too many levels")
NOBODY = 65534


def pattern(text):
    """The regular expression of a format of printf."""
    return re.sub(r"%%|%[-.*0-9]*(?:ll|z|l)?[sudxo]", lambda m: "%" if m[0] == "%%" else ".*", re.escape(text).replace(r"\%", "%").replace(r"\-", "-").replace(r"\*", "*").replace(r"\.", "."))


class Failures(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="glassbox-failures-")
        self.addCleanup(folder.cleanup)
        p = self.place = Place(folder.name)
        self.who = {}
        p.env["PATH"] = "/usr/bin:/bin"  # no folder of root's own
        if os.getuid() == 0:
            os.makedirs(p.path("bin"))
            p.glassbox = shutil.copy(p.glassbox, p.path("bin/glassbox"))
            os.chown(p.folder, NOBODY, NOBODY)
            os.chmod(p.folder, 0o755)
            os.chown(p.path("home"), NOBODY, NOBODY)
            self.who = {"user": NOBODY, "group": NOBODY, "extra_groups": []}
        self.key, self.pub = p.path("config/glassbox/key.pem"), p.path("config/glassbox/key.pub")
        self.store = p.path("store")

    def be_new(self):
        """Become a user who has no store in /var/tmp; needs root."""
        self.who["user"] = user = 600000 + os.getpid()
        for path in (self.place.folder, self.place.path("home")):
            os.chown(path, user, -1)
        return user

    def sh(self, script, *arguments):
        """A shell of the user's, in the folder of the place."""
        return subprocess.run(["sh", "-ec", script, "sh", *arguments], cwd=self.place.folder, env=self.place.env, check=True,
                              stdout=subprocess.PIPE, **self.who).stdout

    def box(self, *argv, cwd=None, env=None, file_size=None, processes=None, closed=None, **more):
        def limit():
            if closed is not None:
                os.close(closed)
            if file_size is not None:
                signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
                resource.setrlimit(resource.RLIMIT_FSIZE, (file_size, file_size))
            if processes is not None:
                resource.setrlimit(resource.RLIMIT_NPROC, (processes, processes))

        streams = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        env = {k: v for k, v in {**self.place.env, "GLASSBOX_STORE": self.store, **(env or {})}.items() if v is not None}
        return subprocess.run([self.place.glassbox, *argv], cwd=cwd or self.place.repo, env=env, timeout=60, preexec_fn=limit,
                              restore_signals=False, **{**self.who, **streams, **more})

    def works(self, *argv, **more):
        done = self.box(*argv, **more)
        self.assertEqual(done.returncode, 0, (argv, done.stderr))
        return done

    def fails(self, status, says, *argv, names=(), lines=1, **more):
        """One line of `lines` is of the format and holds names."""
        done = self.box(*argv, **more)
        told = [s for s in done.stderr.decode().splitlines() if not s.startswith("profiling:")]
        self.assertEqual(done.returncode, status, (argv, told))
        if lines is not None:
            self.assertEqual(len(told), lines, (argv, told))
        line = next((s for s in told if re.search(pattern(says), s)), None)
        self.assertIsNotNone(line, (argv, says, told))
        self.assertTrue(line.startswith("glassbox"), line)
        for name in [names] if isinstance(names, str) else names:
            self.assertIn(name, line)
        self.assertRegex(line, ADVICE)
        return told

    # What the cases start from

    def repo(self):
        """A repository that is the user's."""
        self.sh("""mkdir -p repo/lib data; cd repo; echo 'print(1)' > train.py; echo 'layers = 4' > lib/model.py
            echo '{"lr": 0.125, "model": {"width": 64, "bias": true}}' > config.json; echo data > ../data/a
            git init -q -b main .; git add -A; git commit -q -m begin""")

    def begin(self, key=True, publish=False):
        """A repository, a key and a finished run; its id."""
        self.repo()
        if key:
            self.works("key", "new", "--name", "owner.example")
        self.works("run", "-q", "--name", "first", "--data", "set=" + self.place.path("data"), "--config", "config.json", "--param", "seed=7",
                   "--", "true")
        self.run_id = json.loads(self.works("ls", "--json").stdout)["runs"][0]["run"]
        if publish:
            self.works("publish", "last", "-q", "-o", self.place.path("bundle"))
        return self.run_id

    def in_run(self, *names):
        return os.path.join(self.store, "runs", self.run_id, *names)

    def journal(self):
        """The run's only journal."""
        name, = os.listdir(self.in_run("journal"))
        return self.in_run("journal", name)

    def interrupted(self):
        """A run whose recorder was killed while its job ran; the job has ended."""
        self.repo()
        self.sh("mkfifo gate")
        started = subprocess.Popen(
            [self.place.glassbox, "run", "-q", "--output", self.place.path("data"), "--", "sh", "-c", "echo up; read line < ../gate"], stdout=subprocess.PIPE,
            cwd=self.place.repo, env={**self.place.env, "GLASSBOX_STORE": self.store}, **self.who)
        self.assertEqual(started.stdout.readline(), b"up\n")
        self.run_id = json.loads(self.works("ls", "--json").stdout)["runs"][0]["run"]
        return started

    def kill(self, started, job_too=True):
        started.kill()
        started.wait()
        if job_too:
            self.sh("echo go > gate")
            started.stdout.read()
        started.stdout.close()

    def forge(self, change):
        """The journal after change(frames), with its chain made again."""
        path = self.journal()
        with open(path, "rb") as f:
            frames = [Frame(r) for r in read_tfrecords(f.read())]
        frames = change(frames) or frames
        relink(frames)
        with open(path, "wb") as f:
            f.write(write_tfrecords([f.bytes() for f in frames]))

    def elsewhere(self, frames):
        """The run as one of another machine."""
        host = next(f for f in frames if f.kind == KINDS["host"])
        boot = re.search(rb"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]+", host.body)[0]
        host.body = host.body.replace(boot, boot[::-1])
        machine = dict(fields(fields(host.body)[0][1])).get(5, b"")
        if machine:
            host.body = host.body.replace(machine, machine[::-1])

    def missing(self, path, status, says, *argv, names=None, **more):
        """The same with path out of the way."""
        os.rename(path, self.place.path("away"))
        try:
            self.fails(status, says, *argv, names=[path] if names is None else names, **more)
        finally:
            os.rename(self.place.path("away"), path)

    @contextlib.contextmanager
    def replaced(self, path, data, mode=None):
        """A file with other content or another mode for a while."""
        was = os.stat(path).st_mode
        if data is not None:
            os.rename(path, self.place.path("away"))
            with open(path, "wb") as f:
                f.write(data)
            os.chown(path, *[self.who.get(w, -1) for w in ("user", "group")])
        if mode is not None:
            os.chmod(path, mode)
        try:
            yield
        finally:
            if data is not None:
                os.unlink(path)
                os.rename(self.place.path("away"), path)
            os.chmod(path, was & 0o777)

    # The command line itself

    def commands(self):
        """{command: {option: value or None}} of what --help says; main's own options are none."""
        names = re.findall(r"^  ([a-z]+) +\w", self.works("--help", cwd="/").stdout.decode(), re.M)
        return {c: dict(re.findall(r"^  (?:-\w,|   ) --([a-z-]+)(?: (\S+))?  ", self.works(c, "--help", cwd="/").stdout.decode(), re.M))
                for c in names if c != "verify"}

    def test_main(self):
        self.fails(2, "expected a command; 'glassbox --help' lists them", cwd="/")
        self.fails(2, "unknown command '%s'; did you mean '%s'?", "publsh", names="publsh", cwd="/")
        self.fails(2, "unknown command '%s'; 'glassbox --help' lists them", "entirely-different", names="entirely-different", cwd="/")

    def test_options(self):
        """Every option of every command, and one that there is not."""
        commands = self.commands()
        self.assertGreaterEqual(len(commands), 10)
        for command, options in commands.items():
            wrong = 125 if command == "run" else 2
            self.fails(wrong, "%s: unknown option --%s; did you mean --%s?", command, "--hepl", names=[command, "--hepl"], cwd="/")
            self.fails(wrong, "%s: unknown option %s%s; '%s --help' lists them", command, "--entirely-different",
                       names=[command, "--entirely-different"], cwd="/")
            self.fails(wrong, "%s: unknown option %s%s; '%s --help' lists them", command, "-Z", names=[command, "-Z"], cwd="/")
            for option, value in options.items():
                if value:
                    self.fails(wrong, "%s: --%s expects %s", command, "--" + option, names=[command, "--" + option, value], cwd="/")
                else:
                    self.fails(wrong, "%s: --%s takes no value", command, f"--{option}=x", names=[command, "--" + option], cwd="/")
            usage = re.search(r"^usage: glassbox \S+ ?(.*)$", self.works(command, "--help", cwd="/").stdout.decode(), re.M)[1]
            if command == "run" or usage and usage[0] not in "[-":
                self.fails(wrong, "%s: expected %s %s", command, names=f"glassbox {command}", cwd="/")
            if command != "completion" and not re.search(r"(RUN|PATH|SELECTOR|SECTION|ARG)\]?\.\.\.", usage):
                self.fails(wrong, "%s: unexpected '%s'; expected %s %s", command, "a", "b", "c", names="glassbox " + command, cwd="/")

    def test_output(self):
        """Facts that nobody could read are no success."""
        self.begin()
        for argv in (["ls"], ["ls", "--json"], ["show", "last"], ["show", "last", "--json"], ["records", "last"], ["records", "last", "--json"],
                     ["hash", "."], ["hash", "--sum", "."], ["hash", "--json", "."], ["key", "show"], ["key", "show", "--json"], ["key", "list"],
                     ["key", "list", "--json"], ["key", "export"], ["key", "export", "--vkey"], ["--help"], ["--version"], ["run", "--help"]):
            with open("/dev/full", "wb") as full:
                self.fails(3, "cannot write to standard output, so the result is not whole", *argv, stdout=full)
            self.fails(3, "cannot write to standard output, so the result is not whole", *argv, closed=1)
        with open("/dev/full", "wb") as full:
            self.fails(3, "cannot write to standard output, so the result is not whole", "key", "new", "--name", "o", "--key",
                       self.place.path("k.pem"), stdout=full)

    # Store and run

    READERS = (["ls"], ["show", "last"], ["records", "last"], ["seal", "last"], ["sign", "last"], ["publish", "last", "-o", "b"],
               ["disclose", "last", "arg", "-o", "b"])

    def test_store(self):
        p = self.place
        if os.getuid() == 0:
            self.be_new()
        self.repo()
        p.write("file", "")
        for argv in self.READERS:
            self.fails(3, "no store was found: record something with 'glassbox run -- COMMAND', or name one with --store", *argv,
                       env={"GLASSBOX_STORE": None})
            for option in (True, False):
                how = {"env": {"GLASSBOX_STORE": None}} if option else {}
                for path, status, words in ((p.path("none"), 3, "No such file"), (p.path("file"), 2, "'%s' is none: expected a folder of its own")):
                    more = [*argv, "--store", path] if option else argv
                    how = {"env": {"GLASSBOX_STORE": None if option else path}}
                    self.fails(status, words, *more, names=["the store that " + ("--store" if option else "GLASSBOX_STORE") + " names", path], **how)

    def test_run_named(self):
        self.begin(key=False)
        self.works("run", "-q", "--", "true")
        for argv in self.READERS[1:]:
            other = [argv[0], "nothing", *argv[2:]]
            self.fails(3, "no run '%s' in '%s': 'glassbox ls' lists them", *other, names=["'nothing'", self.store])
            several = [argv[0], self.run_id[:6], *argv[2:]]
            self.fails(2, "'%s' matches several runs:%s; give more of the id", *several, names=[self.run_id[:6], self.run_id])

    def test_run_in_store(self):
        """What can be wrong with the files of a run."""
        self.begin()
        journal, name = self.journal(), os.path.basename(self.journal())
        nothing = "run %s: none of its records can be read; restore its folder 'journal' in the store from a copy"
        for argv in (["show"], ["show", "--json"], ["records"], ["records", "--json"]):
            argv[1:1] = [self.run_id]
            status = 0 if argv[0] == "show" else 3
            self.missing(self.in_run("journal"), status, nothing, *argv, names=self.run_id)
            self.missing(journal, status, nothing, *argv, names=self.run_id)
            for data, mode, words in ((b"junk" * 9, None, "no intact record"), (b"", None, "empty"), (None, 0, "Permission denied")):
                with self.replaced(journal, data, mode=mode):
                    self.fails(status, "run %s: %s%s; it is left out", *argv, names=[self.run_id, name, words], lines=2)
        with self.replaced(journal, None, mode=0):
            for command in (["seal"], ["publish", "-o", "b"], ["sign"]):
                self.fails(3, "run %s: a journal cannot be read: %s; see to it that it can, and try again", *command, self.run_id, names=[self.run_id, name])
        for argv in (["ls"], ["show"], ["records"], ["seal"], ["sign"], ["publish", "-o", "b"]):
            argv[1:1] = [self.run_id] if argv[0] != "ls" else []
            if argv[0] in ("show", "records"):
                with self.replaced(self.in_run("journal"), b""):
                    self.fails(0 if argv[0] == "show" else 3, nothing, *argv, names=self.run_id)
            with self.replaced(os.path.join(self.store, "runs"), b""):
                if argv[0] == "ls":
                    self.fails(3, "cannot open '%s'", *argv, names=os.path.join(self.store, "runs"))
                else:
                    self.fails(3, "no run '%s' in '%s': 'glassbox ls' lists them", *argv, names=[self.run_id, self.store])

    def test_strange_journals(self):
        """Files in a run's folder that are no part of it are told, and left out."""
        self.begin()
        strange = self.in_run("journal", "0" * 32 + ".tfrecord")
        self.works("run", "-q", "--", "true", env={"GLASSBOX_STORE": self.place.path("other")})
        for how, words in (("mkfifo $1", "not a regular file"), ("ln -s none $1", "cannot open"), ("cp other/runs/*/journal/* $1", "a stream of another run"),
                           ("cp store/runs/*/journal/* $1", "its stream has another id")):
            self.sh(how, strange)
            for argv, status in ((["show", self.run_id], 0), (["records", self.run_id], 3)):
                self.fails(status, "run %s: %s%s; it is left out", *argv, names=[self.run_id, os.path.basename(strange), words])
            os.unlink(strange)

    def test_damaged_journal(self):
        """A journal that can be read in part is shown so far, with the place, and not as a whole."""
        self.begin()
        journal = self.journal()
        with open(journal, "rb") as f:
            data = f.read()
        with self.replaced(journal, data[:-3]):
            for argv in (["show"], ["records"], ["show", "--json"], ["records", "--json"]):
                argv[1:1] = [self.run_id]
                self.fails(0 if argv[0] == "show" else 3, "run %s: journal '%s' cannot be read behind its first %llu records, which are what is shown: %s", *argv,
                           names=[self.run_id, os.path.basename(journal)])

        def withheld(frames):
            at = next(i for i, f in enumerate(frames) if f.kind == KINDS["param"])
            frames[at].salt = frames[at].body = b""
        self.forge(withheld)
        for argv in (["records", self.run_id], ["publish", self.run_id, "-o", "b"]):
            self.fails(1, "'%s': record %llu has no body; a store's own journal has them all: restore the file from a copy", *argv,
                       names=journal)

    # seal

    def test_seal(self):
        started = self.interrupted()
        self.fails(2, "run %s is running; expected one whose job has ended: then it is sealed by itself", "seal", "last", names=self.run_id)
        self.fails(2, "run %s is running", "publish", "last", "-o", "b", names=self.run_id)
        self.fails(2, "run %s is %s, not sealed; seal it first: glassbox seal %s", "disclose", "last", "arg", "-o", "b", names=self.run_id)
        self.works("key", "new", "--name", "o")
        self.fails(2, "run %s is %s, not sealed; seal it first: glassbox seal %s", "sign", "last", names=self.run_id)
        self.kill(started, job_too=False)
        self.fails(2, "run %s: its recorder is gone, and its job still runs (process %llu); seal it when that has ended, or with --dead",
                   "seal", "last", names=self.run_id)
        self.sh("echo go > gate")
        self.forge(self.elsewhere)
        self.fails(2, "run %s has no end, and whether it still runs cannot be seen from here; if it does not: glassbox seal %s --dead", "seal",
                   "last", names=self.run_id)

    def test_a_store_that_is_moved_under_a_run(self):
        self.repo()
        self.fails(0, "the journal that was written is not in '%s' any more; where that store was moved or renamed, seal the run there (--store DIR)",
                   "run", "-q", "--", "mv", self.store, self.place.path("moved"), names=self.store, lines=None)

    def test_seal_files(self):
        self.kill(self.interrupted())
        for folder in ("", "journal"):
            with self.replaced(self.in_run(folder), None, mode=0o500):
                self.fails(3, "cannot", "seal", "last", names=[self.in_run(folder), "Permission denied"])
        self.fails(3, "File too large", "seal", self.run_id, names=self.in_run(), file_size=0)
        self.fails(3, "File too large", "seal", self.run_id, names=self.in_run(), file_size=200, lines=1)

    def test_a_journal_cut_after_the_seal(self):
        self.kill(self.interrupted())
        lead = self.journal()
        self.works("seal", "last")
        with open(lead, "rb") as f:
            records = read_tfrecords(f.read())
        with self.replaced(lead, write_tfrecords(records[:-1])):
            self.fails(1, "'%s' is shorter than when it was sealed; restore it from a copy", "publish", "last", "-o", "b", names=lead)

    # key, and the keys of sign and publish

    def test_key(self):
        p, name = self.place, "key new: expected --name NAME, 1 to %u bytes without white space and '+', such as an address"
        self.repo()
        p.write("file", "")
        for argv in ([], ["--name", ""], ["--name", "a b"], ["--name", "a+b"], ["--name", "x" * 300]):
            self.fails(2, name, "key", "new", *argv, names="--name")
        self.fails(2, "key: unknown '%.40s'; expected new, show, list or export%s%s%s", "key", "shwo", names=["'shwo'", "'show'"])
        for verb in ("show", "export"):
            self.fails(3, "no key at '%s': make one with 'glassbox key new --name YOU'", "key", verb, names=self.key)
        self.works("key", "new", "--name", "o")
        self.fails(2, "'%s' is there already; a key is never replaced; name another file with --key", "key", "new", "--name", "o", names=self.key)
        for path, words in ((p.path("file/key.pem"), "Not a directory"), ("/proc/none/key.pem", "No such file")):
            self.fails(3, "cannot make folder '%s'", "key", "new", "--name", "o", "--key", path, names=[os.path.dirname(path), words])
        self.sh("mkdir -m 500 closed")
        self.fails(3, "Permission denied", "key", "new", "--name", "o", "--key", p.path("closed/key.pem"), names=p.path("closed/"))
        self.fails(3, "File too large", "key", "new", "--name", "o", "--key", p.path("k.pem"), names=p.path("k.pem"), file_size=0)
        self.assertFalse(os.path.exists(p.path("k.pem")))
        with self.replaced(self.pub, b"junk"):
            self.fails(3, "key '%s'", "key", "show", names=self.pub)
            self.fails(3, "key '%s'", "key", "list", names=self.pub)

    def test_key_without_home(self):
        if os.getuid() != 0:
            self.skipTest("needs a user without a passwd entry")
        self.who["user"] = 64321
        for path in (self.place.folder, self.place.path("home")):
            os.chown(path, 64321, -1)
        self.begin()
        bare = {"HOME": None, "XDG_CONFIG_HOME": None}
        self.fails(2, "there is no home folder: name the key's file with --key", "key", "show", names="--key", env=bare)
        self.fails(3, "no key: there is no home folder; name one with --key", "sign", "last", names="--key", env=bare)

    def test_passphrase(self):
        p = self.place
        self.begin(key=False)
        for name, text in (("empty", ""), ("long", "x" * 2000), ("nul", "a\0b"), ("limit", "x" * 1024), ("two", "a\nb\n"), ("right", "right\n"), ("wrong", "wrong\n")):
            os.chmod(p.write(name, text), 0o600)
            os.chown(p.path(name), *[self.who.get(w, -1) for w in ("user", "group")])
        cases = (("empty", "--passphrase-file '%s' is empty; expected one line of text"),
                 ("long", "--passphrase-file: '%s': longer than %zu bytes"),
                 ("limit", "--passphrase-file '%s': expected at most %u bytes, which a passphrase can have"),
                 ("nul", "--passphrase-file '%s' holds a NUL byte; expected one line of text"),
                 ("two", "--passphrase-file '%s' has more than one line; expected one"),
                 ("none", "--passphrase-file"), ("repo", "--passphrase-file"))
        for name, says in cases:
            self.fails(2, says, "key", "new", "--name", "o", "--passphrase-file", p.path(name), names=["--passphrase-file", p.path(name)])
            self.fails(125, says, "run", "--passphrase-file", p.path(name), "--", "true", names=["--passphrase-file", p.path(name)])
        self.works("key", "new", "--name", "o", "--passphrase-file", p.path("right"))
        for command in (["sign", "last"], ["publish", "last", "-o", p.path("b")]):
            for name, says in cases:
                self.fails(2, says, *command, "--passphrase-file", p.path(name), names=["--passphrase-file", p.path(name)])
            self.fails(3, "the key '%s' needs a passphrase: give --passphrase-file, or use a terminal", *command, names=self.key)
            self.fails(3, "the passphrase does not open key '%s'; give the one that it was made with", *command, "--passphrase-file", p.path("wrong"), names=self.key)
            os.chmod(p.path("right"), 0o644)
            self.fails(0, "warning: others may read the passphrase in '%.400s' (mode %03o); chmod 600 helps", *command, "--passphrase-file",
                       p.path("right"), names=p.path("right"), lines=2)
            os.chmod(p.path("right"), 0o600)

    def test_no_passphrase_on_a_terminal(self):
        p = self.place
        self.begin(key=False)
        p.write("right", "right\n")
        self.works("key", "new", "--name", "o", "--passphrase-file", p.path("right"))
        terminal, theirs = pty.openpty()
        asking = subprocess.Popen([p.glassbox, "sign", "last"], stdin=theirs, stderr=subprocess.PIPE, cwd=p.repo,
                                  env={**p.env, "GLASSBOX_STORE": self.store}, **self.who)
        os.close(theirs)
        said = b""
        while not said.endswith(b": "):
            said += asking.stderr.read(1)
        os.write(terminal, b"\x04")
        said += asking.stderr.read()
        os.close(terminal)
        self.assertEqual(asking.wait(), 3)
        self.assertRegex(said.decode(), pattern("no passphrase was given for the key '%s': type it, or give --passphrase-file").replace(".*", self.key))

    def test_keys(self):
        """Files that are no key, named or in the user's own place."""
        p = self.place
        self.begin()
        self.sh("""mkdir keys; cd keys; openssl genpkey -algorithm rsa -pkeyopt rsa_keygen_bits:1024 -out rsa.pem 2> /dev/null
            cp ../config/glassbox/key.pem open.pem; chmod 644 open.pem; cp ../config/glassbox/key.pub public.pem; echo junk > junk.pem
            cat ../config/glassbox/key.pem ../config/glassbox/key.pem > two.pem; sed '2s/...../AAAAA/' ../config/glassbox/key.pem > damaged.pem
            head -c 100000 /dev/zero > long.pem; mkdir folder.pem; ln -s ../config/glassbox/key.pem link.pem; : > empty.pem
            cp ../config/glassbox/key.pem closed.pem; chmod 600 [!olf]*.pem [!op]*.pem long.pem public.pem; chmod 000 closed.pem; ls -l >&2""")
        cases = (("rsa", 2, "expected ED25519"), ("open", 2, "chmod 600"), ("public", 2, "expected an Ed25519 'PRIVATE KEY'"), ("junk", 2, "expected"),
                 ("two", 2, "expected one key in a file"), ("damaged", 2, "is damaged"), ("long", 2, "at most"), ("folder", 2, "not a regular file"),
                 ("link", 2, "give the path of the key file itself"), ("empty", 2, "expected"), ("closed", 3, "Permission denied"),
                 ("none", 3, "no key at '%s': make one with 'glassbox key new --name YOU', or name one with --key"))
        for name, status, says in cases:
            path = p.path("keys", name + ".pem")
            for how in ({}, {"env": {"GLASSBOX_KEY": path}}):
                option = [] if how else ["--key", path]
                self.fails(status, says, "sign", "last", *option, names=path, **how)
                self.fails(status, says, "publish", "last", "-o", p.path("b"), *option, names=path, **how)
                self.fails(0, says.replace("no key at '%s': make one with 'glassbox key new --name YOU', or name one with --key", "No such file"),
                           "run", "-q", *option, "--", "true", names=path, **how)
                self.fails(125, "the key '%s' cannot be used (%s), and --strict asks for it", "run", "-q", "--strict", *option, "--", "true",
                           names=path, lines=2, **how)
        self.assertFalse(os.path.exists(p.path("b")))

    # sign, publish, disclose

    def test_sign_files(self):
        """What sign reads and writes in the run's folder and beside the key."""
        self.begin(key=False)
        self.works("key", "new", "--name", "o")
        log = self.place.path("config/glassbox/key.log")
        with self.replaced(self.in_run(), None, mode=0o500):
            self.fails(3, "cannot make folder '%s'", "sign", "last", names=self.in_run("signature"))
        self.fails(3, "cannot write", "sign", self.run_id, names=self.in_run("signature"), file_size=0)
        with self.replaced(log, None, mode=0):
            self.fails(3, "Permission denied", "sign", "last", names=log)
        self.works("sign", "last")
        for name in ("second", "third"):
            self.works("run", "-q", "--name", name, "--key", self.place.path("none"), "--", "true")
        path = next(os.path.join(log, name) for name in os.listdir(log) if name.endswith(".log"))
        with self.replaced(path, None, mode=0):
            self.fails(3, "cannot open '%s'", "sign", "second", names=[path, "Permission denied"])
        size = os.path.getsize(path)
        self.works("sign", "second")
        os.truncate(path, size)
        self.fails(2, "owner log '%s': it has %llu leaves, but %llu were signed; signing on would make two histories", "sign", "third", names=path)

    def test_publish_out(self):
        p = self.place
        self.begin()
        self.works("publish", "last", "-q", "-o", p.path("there"))
        self.sh("mkdir empty; : > file; ln -s none link; mkdir -m 500 closed; : > file.tar")
        for command in (["publish", self.run_id], ["disclose", self.run_id, "host"]):
            me = command[0]
            self.fails(2, "%s: expected -o DIR or -o FILE.tar", *command, names=[me, "-o"])
            self.fails(2, "%s: expected -o DIR or -o FILE.tar", *command, "-o", "", names=[me, "-o"])
            self.fails(2, "%s: -o '%s': bundles are not compressed; expected a folder or FILE.tar", *command, "-o", "b.tar.gz", names=[me, "b.tar.gz"])
            for there in ("there", "empty", "file", "link", "file.tar"):
                self.fails(2, "%s: -o '%s' is there already and nothing was written; name another", *command, "-o", p.path(there),
                           names=[me, p.path(there)])
            for out in ("none/b", "file/b", "closed/b", "none/b.tar", "file/b.tar", "closed/b.tar"):
                self.fails(3, "cannot", *command, "-o", p.path(out), names=p.path(out.split("/")[0]))
            for out in ("new", "new.tar"):
                self.fails(3, "cannot write", *command, "-o", p.path(out), names=[p.path(out), "File too large"], file_size=3000)
                self.assertFalse(os.path.exists(p.path(out)))
        self.assertEqual(sorted(n for n in os.listdir(p.folder) if n.startswith("new")), [])

    def test_publish_options(self):
        p, out = self.place, ["-o", "b"]
        self.begin()
        publish = ["publish", "last", *out]
        self.fails(2, "publish: --profile '%s': expected public or full", *publish, "--profile", "secret", names="'secret'")
        self.fails(2, "publish: --reason belongs behind a --withhold SELECTOR", *publish, "--reason", "x", names="--reason")
        self.fails(2, "publish: a second --reason for --withhold '%s'; expected one", *publish, "--withhold", "param", "--reason", "x", "--reason", "y",
                   names="'param'")
        self.fails(2, "--reason: %zu bytes, expected at most %u", *publish, "--withhold", "param", "--reason", "x" * 5000, names="--reason")
        self.fails(2, "--reason for '%s': expected UTF-8", *publish, "--withhold", "param", "--reason", b"\xff", names="param")
        for command in (lambda selector: [*publish, "--withhold", selector], lambda selector: ["disclose", "last", selector, *out]):
            for selector, says in (
                    ("checkpoint", "selector '%s': this version makes no such records; 'glassbox records RUN' lists those that are there"),
                    ("parm:lr", "selector '%s': no such kind; did you mean '%s'?"),
                    ("entirely", "selector '%s': expected KIND or KIND:GLOB, KIND one of %s"),
                    ("seal", "selector '%s': records of the kind %s are never withheld; name another kind"),
                    ("system:x", "selector '%s': records of the kind %s have no name; expected '%s' alone"),
                    ("param:", "selector '%s': nothing behind the colon; expected '%s' or '%s:GLOB'")):
                self.fails(2, says, *command(selector), names=f"'{selector}'")
        self.fails(2, "selector '%s': the run has no such record; 'glassbox records %s' lists them", *publish, "--withhold", "param:none",
                   names="'param:none'")
        self.fails(2, "refused, as said above: %zu record%s that would be shown tell%s what is withheld; nothing was written", *publish, "--withhold", "param:lr",
                   names="refused", lines=3)
        self.fails(2, "%s would be shown and tells what is withheld in %s%s: withhold it, too, with --withhold %s", *publish, "--withhold", "param:lr",
                   names="config.json", lines=3)
        self.fails(2, "run %s was not published yet; publish it first: glassbox publish %s -o DIR", "disclose", "last", "arg", *out, names=self.run_id)
        self.works("publish", "last", "-q", "-o", p.path("first"), "--withhold", "param:seed")
        self.fails(2, "selector '%s': the run has no such record; 'glassbox records %s' lists them", "disclose", "last", "param:none", *out,
                   names="'param:none'")
        self.fails(2, "selector '%s': what it means is shown already, by statement %llu; name what is withheld", "disclose", "last", "param:lr", *out, names="'param:lr'")
        self.assertFalse(os.path.exists(os.path.join(p.repo, "b")))

    def test_publish_by_another_key(self):
        self.begin()
        self.sh("rm -r config/glassbox")
        self.works("key", "new", "--name", "other.example")
        self.fails(2, "run %s is signed by %s, whose key is not yours; name the key to publish it with: --key FILE", "publish", "last", "-o", "b",
                   names=[self.run_id, "owner.example"])
        self.sh("rm -r config/glassbox")
        with self.replaced(self.in_run("signature/key.vkey"), b""):
            self.fails(3, "run %s: its file signature/key.vkey in the store is not one line; sign it again: glassbox sign %s", "publish", "last",
                       "-o", "b", names=self.run_id)
        self.fails(0, "not signed: no key; make one with 'glassbox key new --name YOU' and publish again, to another path", "publish", "last", "-o",
                   "b", names="key", lines=2)

    def test_publish_files(self):
        """Each file of the store that publish reads: missing, junk, closed, a folder."""
        p = self.place
        self.begin()
        kept = [os.path.join(self.in_run(sub), f) for sub in ("manifest", "blob") for f in os.listdir(self.in_run(sub))]
        self.assertGreaterEqual(len(kept), 3)
        for path in kept:
            with self.replaced(path, None, mode=0):
                self.fails(3, "cannot open '%s'", "publish", "last", "-o", p.path("b"), names=[path, "Permission denied"])
            with self.replaced(path, b"junk"):
                if "/blob/" in path:
                    self.fails(1, "the store has other bytes than the manifest says; restore it from a copy", "publish", "last", "-o", p.path("b"),
                               names="config.json", lines=2)
                else:
                    self.fails(0, "withheld: the files that they name are lost from the store", "publish", "last", "-o", p.path("b"),
                               names="1 record", lines=2)
                    shutil.rmtree(p.path("b"))
        lists, = [self.in_run("streams", name) for name in os.listdir(self.in_run("streams"))]
        other = "run %s: its file '%s' in the store is missing, or not the list of streams that the Seal names; restore it from a copy"
        self.missing(lists, 3, other, "publish", "last", "-o", p.path("b"), names=[self.run_id, os.path.basename(lists)])
        for junk in (b"", b"junk"):
            with self.replaced(lists, junk):
                self.fails(3, other, "publish", "last", "-o", p.path("b"), names=[self.run_id, os.path.basename(lists)])
        for name in ("head.note", "seal.proof", "start.proof"):
            with self.replaced(self.in_run("signature", name), b"junk"):
                self.fails(3, "run %s: '%s' of its folder 'signature' (restore that from a copy, or remove it and sign again)", "publish", "last",
                           "-o", p.path("b"), names=[self.run_id, name])
        self.assertFalse(os.path.exists(p.path("b")))

    def test_statements(self):
        """The kept statements of a run: damaged, and another run's."""
        p = self.place
        self.begin(publish=True)
        first = self.in_run("publication/1.json")
        for command in (["publish", "last", "-o", p.path("b")], ["disclose", "last", "arg", "-o", p.path("b")]):
            for junk in (b"", b"{", b"{}"):
                with self.replaced(first, junk):
                    self.fails(3, "'%s' (restore it from a copy)", *command, names=first)
            with self.replaced(first, None, mode=0):
                self.fails(3, "'%s' (restore it from a copy)", *command, names=[first, "Permission denied"])
        with self.replaced(self.in_run("publication"), None, mode=0o500):
            self.fails(3, "Permission denied", "publish", "last", "--profile", "full", "-o", p.path("b"), names=self.in_run("publication"))
        self.works("run", "-q", "--name", "second", "--", "true")
        self.works("publish", "second", "-q", "-o", p.path("second"))
        with open(os.path.join(self.store, "runs", json.loads(self.works("ls", "--json").stdout)["runs"][0]["run"], "publication/1.json"), "rb") as f:
            with self.replaced(first, f.read()):
                self.fails(1, "statement %llu of run %s is of another head than the run has; what is in its folder 'publication' in the store "
                           "belongs to another run", "disclose", "first", "arg", "-o", p.path("b"), names=self.run_id)

    # run: the job's own status, unless glassbox fails before the job starts

    def test_run_options(self):
        self.repo()
        job = ["--", "false"]
        self.fails(125, "run: --%s '%s': expected seconds, 0 to 86400", "run", "--linger", "soon", *job, names="--linger 'soon'")
        self.fails(125, "run: --%s '%s': expected seconds, 0 to 86400", "run", "--snapshot-deadline", "86401", *job, names="--snapshot-deadline '86401'")
        self.fails(125, "run: --console '%s': expected keep, digest or off", "run", "--console", "loud", *job, names="'loud'")
        for said in ("", "soon", "1T", "-1", "300M", "1MM"):
            self.fails(125, "run: --snapshot-limit '%s': expected a size, 0 to %uM", "run", "--snapshot-limit", said, *job, names=f"'{said}'")
        for said in ("lab", "lab=relative", "home=/tmp", "a/b=/tmp"):
            self.fails(125, "--root '%s': expected NAME=DIR with an absolute path, and another name than repo, cwd, home, config, data and output", "run",
                       "--root", said, *job, names=f"'{said}'")
        for name in ("", "x" * 2000, b"\xff"):
            self.fails(125, "run: --name: expected 1 to 1000 bytes of UTF-8", "run", "--name", name, *job, names="--name")
        for param in ("lr", "=1", b"x=\xff"):
            self.fails(125, "run: --param '%s': expected NAME=VALUE in UTF-8", "run", "--param", param, *job, names="--param")
        self.fails(125, "%s '%s': expected [NAME=]PATH", "run", "--data", "set=", *job, names=["--data", "'set='"])
        self.fails(125, "%s '%s': expected [NAME=]PATH", "run", "--output", "", *job, names="--output")
        self.fails(125, "%s '%s': the name '%s' is there already; give it another: %s NAME=%s", "run", "--data", "set=a", "--data", "set=b", *job,
                   names=["--data", "'set=b'"])
        self.fails(125, "--data '%s': a URI that is not UTF-8; expected percent signs for such bytes", "run", "--data", b"s3://\xff", *job,
                   names="--data 's3://")

    def test_run_settings(self):
        """A broken glassbox.yml is no reason not to run, but with --strict."""
        self.repo()
        for text, words, names in (("- 1", "expected options of run by their names", "glassbox.yml"),
                                   ("secrets: 1", "'%s': expected %s", ["glassbox.yml", "'secrets'", "rules and allow"])):
            self.place.write("repo/glassbox.yml", text)
            self.fails(125, words, "run", "--strict", "--", "true", names=names)

    def test_run_job(self):
        """What cannot be started is 127 or 126, recorded or not."""
        self.repo()
        for env in ({}, {"GLASSBOX": "off"}):
            for job, status, words in (("none-such", 127, "No such file"), ("./none", 127, "No such file"), ("./train.py", 126, "Permission denied"),
                                       ("./lib", 126, "Permission denied"), ("./train.py/x", 126, "Not a directory")):
                self.fails(status, "cannot start '%s': %s", "run", "-q", "--", job, names=[f"'{job}'", words], env=env)

    def test_run_no_process(self):
        self.repo()
        self.fails(0, "cannot start a process for '%s'", "run", "-q", "--", "true", names=["'true'", "Resource temporarily unavailable"], lines=2,
                   processes=0)

    def test_run_store(self):
        """No store that can be written: the job runs, one line; with --strict 125."""
        p = self.place
        self.repo()
        p.write("file", "")
        self.sh("mkdir -m 500 closed")
        os.mkdir(p.path("shared"))
        places = [(p.path("file"), "Not a directory"), (p.path("file/store"), "Not a directory"),
                  (p.path("closed"), "'%s' cannot be written to; expected a folder that you may write to"),
                  (p.path("closed/store"), "Permission denied"), ("/proc/none", "No such file")]
        if os.getuid() == 0:
            places.append((p.path("shared"), "'%s' belongs to user %u, not to you, and a store is never shared: name another with --store"))
        for path, says in places:
            for how, named in (({}, "--store"), ({"env": {"GLASSBOX_STORE": path}}, "GLASSBOX_STORE")):
                option = [] if how else ["--store", path]
                self.fails(7, says, "run", *option, "--", "sh", "-c", "exit 7", names=["the job runs without a record", named, path], **how)
                self.fails(125, says, "run", "--strict", *option, "--", "sh", "-c", "exit 7", names=[named, path], **how)

    def test_run_default_stores(self):
        """The places where a store may be when none is named, and none of them can be written."""
        if os.getuid() != 0:
            self.skipTest("needs a user whose folder in /var/tmp is not used")
        user = self.be_new()
        self.repo()
        self.sh("mkdir repo/.git/glassbox; chmod 777 repo/.git/glassbox")
        bare = {"GLASSBOX_STORE": None}
        self.fails(7, "others may write to '%s', and a store is never shared: chmod go-w, or name another with --store", "run", "-q", "--", "sh",
                   "-c", "exit 7", names=["recording elsewhere, since", self.place.path("repo/.git/glassbox")], env=bare)
        self.sh("rm -r state; : > state; : > home/.local")
        last = f"/var/tmp/glassbox-{user}"
        self.addCleanup(os.unlink, last)
        open(last, "x").close()
        for strict, status in (([], 7), (["--strict"], 125)):
            self.fails(status, "no store can be written (%s): name a folder with --store or GLASSBOX_STORE", "run", "-q", *strict, "--", "sh", "-c",
                       "exit 7", names=["--store", self.place.path("repo/.git/glassbox")], env=bare)

    def test_run_full(self):
        """A store whose disk is full from the first byte, or later: the job's status, one line, and with --strict 125."""
        self.repo()
        for size, says in ((0, "cannot write"), (200, "a journal in '%s'")):
            for strict, status in (([], 7), (["--strict"], 125)):
                self.fails(status, says, "run", "-q", *strict, "--", "sh", "-c", "exit 7", names=self.store + "/runs/",
                           lines=2 if size else 1, file_size=size)
        self.fails(7, "not sealed: %s; try again with: glassbox seal %s", "run", "-q", "--", "sh", "-c", "exit 7", names=self.store, lines=2,
                   file_size=200)

    def test_run_captures(self):
        """What is named and cannot be recorded is a gap, and one line with its name; the job runs."""
        p = self.place
        self.repo()
        p.write("odd.json", "{")
        self.sh("mkfifo fifo; : > shut; chmod 0 shut; ln -s none dangling; mkdir -m 0 closed; mkdir files; cd files; mkfifo f; : > g; chmod 0 g")
        for name, words in (("none", "No such file"), ("fifo", "not a regular file"), ("shut", "Permission denied"), ("dangling", "No such file"),
                            ("closed", "Permission denied"), ("odd.json", "expected")):
            self.fails(7, words, "run", "-q", "--config", p.path(name), "--", "sh", "-c", "exit 7", names=["--config", p.path(name)])
        for option in ("data", "output"):
            for name, words in (("none", "not found"), ("fifo", "not in a form that can be read"), ("shut", "no permission"),
                                ("dangling", "not found"), ("closed", "no permission")):
                self.fails(7, "%s '%s': %s, which the record says as a gap", "run", "-q", "--" + option, p.path(name), "--", "sh", "-c", "exit 7",
                           names=[option, p.path(name), words])
            self.fails(7, "%s '%s': %llu of its files: %s, which the record says as a gap", "run", "-q", "--" + option, p.path("files"), "--", "sh", "-c", "exit 7",
                       names=[option, p.path("files"), "1 of its files"], lines=2)

    # ls, show, diff, records, completion

    def test_words(self):
        """Words that a reader does not know: one that is near, and one that is not."""
        self.begin()
        self.fails(2, "completion: '%.40s'; expected bash, zsh or fish%s%s%s", "completion", "tcsh", names="'tcsh'")
        for command in (["show", "last"], ["diff", "last", "last", "--section"]):
            near = {"show": "show: no section '%s'; did you mean '%s'?", "diff": "diff: no section '%s'; did you mean '%s'?"}
            far = {"show": "show: no section '%s'; expected %s",
                   "diff": "diff: no section '%s'; expected code, arguments, parameters, configs, data, environment, variables, packages, libraries or results"}
            self.fails(2, near[command[0]], *command, "coed", names=["'coed'", "'code'"])
            self.fails(2, far[command[0]], *command, "entirely-different", names="'entirely-different'")
        for kind in ("parm", "entirely-different"):
            self.fails(2, "records: no kind '%s'%s%s%s", "records", "last", "--kind", kind, names=f"'{kind}'")
        for says, option, word in (
                ("ls: --limit '%s': expected a number of runs, 1 or more", "--limit", "0"),
                ("ls: no column '%s'; did you mean '%s'?", "--columns", "stat"),
                ("ls: no column '%s'; expected run, started, state, exit, signed, name, ended, duration, repo, commit, branch, host, user, records, "
                 "gaps, or param.NAME, data.NAME, output.NAME, metric.NAME", "--sort", "entirely-different"),
                ("ls: --state '%s': did you mean '%s'?", "--state", "seald"),
                ("ls: --state '%s': expected running, silent, interrupted, ended or sealed", "--state", "entirely-different"),
                ("ls: --%s '%s': expected 2026-11-22, 2026-11-22T17:53:00Z, or 90s, 30m, 12h or 7d ago", "--since", "soon"),
                ("ls: '%s': expected NAME, or NAME and one of = != < <= > >= and a value", "--param", "=1")):
            self.fails(2, says, "ls", option, word, names=f"'{word}'")

    # rm, gc, du, reindex

    def test_running(self):
        """What is removed or collected while a job runs, and when nobody can tell whether it does."""
        started = self.interrupted()
        self.fails(2, "run %s is running; it can be removed when its job has ended", "rm", "last", names=self.run_id)
        self.fails(2, "store '%s': somebody records, seals, signs, publishes or removes in it now; try again when that is done", "gc",
                   names=self.store)
        self.kill(started, job_too=False)
        self.fails(2, "run %s: its recorder is gone, and its job still runs; remove it when that has ended, or with --dead", "rm", "last",
                   names=self.run_id)
        self.fails(2, "run %s is running: gc has to wait until it has ended", "gc", names=self.run_id)
        self.sh("echo go > gate")
        self.forge(self.elsewhere)
        self.fails(2, "run %s has no end, and whether it still runs cannot be seen from here; if it does not: glassbox rm %s --dead", "rm", "last",
                   names=self.run_id)
        self.fails(2, "run %s has no end, and whether it still runs cannot be seen from here: gc has to wait; if it does not: glassbox seal %s "
                   "--dead", "gc", names=self.run_id)

    def test_rm(self):
        self.begin(publish=True)
        self.fails(2, "run %s was published: who has a bundle keeps it, and no other can be made when the run is gone; if that is meant: glassbox "
                   "rm %s --force", "rm", "last", names=self.run_id)
        shutil.rmtree(self.in_run("publication"))
        self.fails(2, "run %s is signed: the owner log goes on holding it, and will say that it was removed; if that is meant: glassbox rm %s "
                   "--force", "rm", "last", names=self.run_id)
        other = self.place.path("other.pem")
        self.works("key", "new", "--name", "other.example", "--key", other)
        self.fails(2, "run %s is signed by %s, and its removal is told by that key: name it with --key FILE", "rm", "last", "--force", "--key", other,
                   names=[self.run_id, "owner.example"])
        os.rename(self.in_run("signature/seal.proof"), self.place.path("proof"))
        open(self.in_run("signature/start.leaf"), "w").close()
        self.fails(3, "run %s: signature/start.leaf has no lines; restore it from a copy", "rm", "last", "--force", names=self.run_id)
        os.unlink(self.in_run("signature/start.leaf"))
        os.rename(self.place.path("proof"), self.in_run("signature/seal.proof"))
        self.works("rm", "last", "--force")
        self.fails(3, "run %s was removed on %s; 'glassbox ls --removed' lists those", "show", self.run_id, names=self.run_id)

    def test_gc(self):
        self.begin()
        with self.replaced(os.path.join(self.store, "git/refs/glassbox/runs", self.run_id), b"junk\n"):
            self.fails(3, "'%s' holds no id; restore it from a copy", "gc", names=self.run_id)
        with open(self.journal(), "rb") as f:
            data = bytearray(f.read())
        data[len(data) // 2] ^= 1
        with self.replaced(self.journal(), bytes(data)):
            self.fails(2, "run %s cannot be read to its end, so what it needs is not known; 'glassbox show %s' says more", "gc", names=self.run_id)

    def test_du(self):
        self.begin()
        self.sh("cd $1; i=0; while [ $i -lt 260 ]; do mkdir d; cd ./d; i=$((i + 1)); done", self.in_run())
        self.fails(3, "'%s' is more than %u folders deep in the store; move it elsewhere", "du", names="'d'")

    def test_reindex(self):
        self.begin()
        index, = [os.path.join(self.store, "index", n) for n in os.listdir(os.path.join(self.store, "index")) if n.endswith(".sqlite")]
        with contextlib.closing(sqlite3.connect(index)) as db:
            db.execute("PRAGMA user_version = 1000")
        for says in ("the index in '%s' was made by a newer glassbox (%s) and is left as it is: run that, or remove the file",
                     "it has version %lld, and this program knows %lld"):
            self.fails(2, says, "reindex", names=os.path.dirname(index))

    # hash

    def test_hash(self):
        p = self.place
        self.repo()
        self.sh("mkfifo fifo; : > shut; chmod 0 shut; mkdir -m 0 closed")
        for how in ([], ["--sum"], ["--json"]):
            for name, words in (("none", "No such file"), ("shut", "Permission denied"), ("closed", "Permission denied")):
                self.fails(3, words, "hash", *how, p.path(name), names=p.path(name))
        self.fails(3, "fifo", "hash", p.path("fifo"), names=p.path("fifo"))
        self.fails(2, "hash: expected --sum or --json, not both", "hash", "--sum", "--json", "x", names="--sum")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        sys.argv[1] = "Failures." + sys.argv[1]
    unittest.main()
