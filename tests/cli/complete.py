"""Completion: what is offered at each place of a command line, and that real bash takes it.

Each test is a CTest case: complete.py NAME. tests/interop/shells.py has zsh and fish."""
import json
import os
import pty
import select
import sys
import tempfile
import unittest

from bundles import Place


def typed_in(argv, place, text, wanted, seconds=20):
    """Starts a shell on a terminal, types the text, and returns what it shows once `wanted` is there."""
    pid, fd = pty.fork()
    if pid == 0:
        os.chdir(place.repo)
        os.execvpe(argv[0], argv, dict(place.env, TERM="dumb", PS1="", PROMPT=""))
    shown = b""
    try:
        os.write(fd, text)
        while wanted not in shown:
            if not select.select([fd], [], [], seconds)[0]:
                raise AssertionError(f"no {wanted} within {seconds} s in {shown}")
            shown += os.read(fd, 4096)
    finally:
        os.close(fd)
        os.kill(pid, 9)
        os.waitpid(pid, 0)
    return shown


class Complete(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="glassbox-complete-")
        self.addCleanup(folder.cleanup)
        p = self.place = Place(folder.name)
        p.env["XDG_CACHE_HOME"] = p.path("cache")
        os.makedirs(p.path("bin"))
        os.symlink(p.glassbox, p.path("bin/glassbox"))
        p.env["PATH"] = p.path("bin") + ":" + p.env["PATH"]
        p.make_repo()
        for name in ("first", "second", "first", "with a space", "esc\x1b"):
            p.box("run", "-q", "--name", name, "--", "true")

    def offered(self, *words):
        done = self.place.box("completion", "words", "glassbox", *words)
        self.assertEqual(done.stderr, b"")
        return [line.split("\t")[0] for line in done.stdout.decode().splitlines()]

    def test_words(self):
        commands = self.offered("")
        for line in self.place.box("--help").stdout.decode().splitlines():
            if line.startswith("  ") and line.split():
                self.assertIn(line.split()[0], commands)
        self.assertEqual(self.offered("sh"), ["show"])
        self.assertEqual(self.offered("help", "sho"), ["show"])
        self.assertEqual(self.offered("nothing", ""), [])
        runs = [run["run"] for run in json.loads(self.place.box("ls", "--json").stdout)["runs"]]
        self.assertEqual(self.offered("show", ""), ["last", "with a space", "first", "second"] + runs)
        self.assertEqual(self.offered("show", "fi"), ["first"])
        self.assertEqual(self.offered("show", runs[0][:26]), [runs[0]])
        self.assertEqual(self.offered("show", runs[0].lower()[:26]), [runs[0]])
        self.assertEqual(self.offered("diff", "first", "sec"), ["second"])
        self.assertEqual(self.offered("diff", "first", "second", ""), [])
        self.assertEqual(self.offered("show", "first", "ma"), ["machine"])
        self.assertEqual(self.offered("show", "--json", "fi"), ["first"])
        self.assertEqual(self.offered("show", "--js"), ["--json"])
        self.assertEqual(self.offered("ls", "--state", "s"), ["silent", "sealed"])
        self.assertEqual(self.offered("ls", "--state", "=", "s"), ["silent", "sealed"])
        self.assertEqual(self.offered("publish", "first", "--profile", "p"), ["public"])
        self.assertEqual(self.offered("disclose", "first", "para"), ["param"])
        self.assertEqual(self.offered("disclose", "first", "param", "cod"), ["code"])
        self.assertEqual(self.offered("records", "first", "--kind", "stream-"), ["stream-start", "stream-end"])
        for words in (["run", "--", ""], ["run", "py"], ["run", "--data", "x"], ["verify", ""], ["hash", "a", "b"], ["ls", "--store", ""],
                      ["publish", "first", "-o", ""]):
            self.assertEqual(self.offered(*words), [":files"], words)
        os.makedirs(self.place.path("empty"))
        self.assertEqual(self.offered("show", "--store", self.place.path("empty"), ""), ["last"])

    def test_every_option_is_offered(self):
        for command in self.offered(""):
            if command.startswith("-") or command == "help":
                continue
            help_text = self.place.box(command, "--help").stdout.decode()
            want = [w for line in help_text.splitlines() if line.startswith(("  -", "      --")) for w in line.split() if w.startswith("--")][:99]
            self.assertEqual(sorted(w for w in self.offered(command, "--")), sorted(set(w for w in want if w in help_text.split("\n\n")[2])), command)

    def test_usage(self):
        for words, said in ((["bsh"], "did you mean 'bash'"), (["tcl"], "expected bash, zsh or fish"), (["bash", "zsh"], "zsh"), ([], "bash|zsh|fish")):
            done = self.place.box("completion", *words, ok=False)
            self.assertEqual((done.returncode, done.stdout), (2, b""))
            self.assertIn(said, done.stderr.decode())

    def test_bash(self):
        script = ('eval "$(glassbox completion bash)"; try() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _glassbox; printf "%s\\n" "${COMPREPLY[@]}"; }; '
                  'complete -p glassbox; try glassbox sho; try glassbox show fir; try glassbox show with; try glassbox ls --state = seal')
        done = self.place.call("bash", "--norc", "-c", script)
        self.assertEqual(done.stdout.decode().splitlines(),
                         ["complete -F _glassbox glassbox", "show", "first", "with\\ a\\ space", "sealed"])
        self.assertEqual(done.stderr, b"")

    def test_bash_on_a_terminal(self):
        typed_in(["bash", "--norc", "--noprofile", "-i"], self.place, b'eval "$(glassbox completion bash)"\nglassbox sho\twith\t| head -n 1\n',
                 b"  with a space\r\n")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        sys.argv[1] = "Complete." + sys.argv[1]
    unittest.main()
