"""The terminal of a job: a recorded job has the one that a bare job has, and Ctrl-C ends it alike. Each test is a CTest case."""
import fcntl
import json
import os
import pty
import select
import struct
import subprocess
import sys
import tempfile
import termios
import time
import unittest

RECORDER = os.environ.pop("GLASSBOX")


def on_terminal(argv, typed=b"", after=b"", cwd=None):
    """(wait status, what the terminal showed) of a program that has a terminal of its own; typed goes in once `after` is shown."""
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(cwd)
        os.execv(argv[0], argv)
    shown, end = b"", time.monotonic() + 60
    while time.monotonic() < end:
        if typed and after in shown:
            os.write(terminal, typed)
            typed = b""
        if select.select([terminal], [], [], 0.2)[0]:
            try:
                part = os.read(terminal, 4096)
            except OSError:  # nobody has it open any more
                break
            if not part:
                break
            shown += part
    _, status = os.waitpid(child, 0)
    os.close(terminal)
    return status, shown


class Terminal(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="glassbox-terminal-")
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        os.environ["GLASSBOX_STORE"] = folder.name + "/store"

    def both(self, script, options=(), **more):
        """Status and output of the bare job and of the recorded one."""
        job = ["/bin/sh", "-c", script]
        bare = on_terminal(job, cwd=self.folder, **more)
        recorded = on_terminal([RECORDER, "run", "-q", *options, "--"] + job, cwd=self.folder, **more)
        return bare, recorded

    def console(self):
        said = subprocess.run([RECORDER, "records", "last", "--json"], cwd=self.folder, capture_output=True, check=True).stdout
        return [r["body"] for r in json.loads(said)["records"] if r["kind"] == "console"]

    def test_it_is_a_terminal_and_in_front(self):
        script = ("test -t 0 && test -t 1 && test -t 2 && echo all; stty -a | head -1; "
                  f"{sys.executable} -c 'import os; print(os.tcgetpgrp(0) == os.getpgrp())'; exit 7")
        bare, recorded = self.both(script)
        self.assertEqual(recorded, bare)
        self.assertIn(b"all", bare[1])
        self.assertIn(b"True", bare[1])
        self.assertEqual(os.waitstatus_to_exitcode(bare[0]), 7)

    def test_what_is_typed_arrives(self):
        bare, recorded = self.both("echo ready; read line; echo got:$line", typed=b"words\n", after=b"ready")
        self.assertEqual(recorded, bare)
        self.assertIn(b"got:words", bare[1])

    def test_ctrl_c_ends_the_job_and_the_record_says_so(self):
        bare, recorded = self.both("echo ready; exec sleep 60", typed=b"\x03", after=b"ready")
        self.assertEqual(recorded[1], bare[1])
        self.assertEqual(os.waitstatus_to_exitcode(bare[0]), -2)
        self.assertIn(os.waitstatus_to_exitcode(recorded[0]), (-2, 130))
        said = subprocess.run([RECORDER, "show", "last"], cwd=self.folder, capture_output=True, text=True, check=True).stdout
        self.assertIn("signal 2", said)

    def test_a_job_that_handles_ctrl_c_goes_on(self):
        script = "trap 'echo caught; exit 5' INT; echo ready; while :; do sleep 0.1; done"
        bare, recorded = self.both(script, typed=b"\x03", after=b"ready")
        self.assertEqual(recorded, bare)
        self.assertIn(b"caught", bare[1])
        self.assertEqual(os.waitstatus_to_exitcode(recorded[0]), 5)

    # With a relay

    def test_through_a_relay_it_stays_a_terminal(self):
        script = ("test -t 0 && test -t 1 && test -t 2 && echo all; stty -a; "
                  f"{sys.executable} -c 'import os; print(os.tcgetpgrp(0) == os.getpgrp(), os.get_terminal_size(1))'; printf ' 1%%\\r 2%%\\n'; echo err >&2; exit 7")
        bare, recorded = self.both(script, options=["--console=keep"])
        self.assertEqual(recorded, bare)
        self.assertIn(b"all", bare[1])
        seen, = self.console()
        self.assertEqual((seen["stream"], seen["size"]), ("both", len(seen["head"])))
        self.assertEqual(seen["head"].replace("\n", "\r\n"), bare[1].decode().replace(" 1%\r", ""))

    def test_through_a_relay_keys_and_signals_are_the_jobs(self):
        bare, recorded = self.both("echo ready; read line; echo got:$line", options=["--console=keep"], typed=b"words\n", after=b"ready")
        self.assertEqual(recorded, bare)
        bare, recorded = self.both("echo ready; exec sleep 60", options=["--console=keep"], typed=b"\x03", after=b"ready")
        self.assertEqual(recorded[1], bare[1])
        self.assertIn(os.waitstatus_to_exitcode(recorded[0]), (-2, 130))

    def test_through_a_relay_the_size_changes(self):
        job = ("import os, signal\ndef changed(*_):\n    if os.get_terminal_size(1).columns == 123: print('now 123', flush=True), os._exit(0)\n"
               "signal.signal(signal.SIGWINCH, changed)\nprint('ready', flush=True)\nwhile True: signal.pause()")
        child, terminal = pty.fork()
        if child == 0:
            os.chdir(self.folder)
            os.execv(RECORDER, [RECORDER, "run", "-q", "--console=keep", "--", sys.executable, "-c", job])
        shown = b""
        while b"ready" not in shown:
            shown += os.read(terminal, 100)
        fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 123, 0, 0))
        while b"now 123" not in shown:
            shown += os.read(terminal, 100)
        self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), 0)
        os.close(terminal)

    def test_ctrl_c_at_the_passphrase_leaves_the_echo(self):
        for typed, ended in ((b"\x03", True), (b"\x1c", True), (b"wrong\n", False)):
            self.sign_with_typing(typed, ended)

    def sign_with_typing(self, typed, ended):
        """`glassbox sign` of a run with a locked key: the terminal is silent while it asks, and as before afterwards."""
        folder = tempfile.mkdtemp(dir=self.folder)
        key, secret = folder + "/key.pem", folder + "/secret"
        with open(os.open(secret, os.O_CREAT | os.O_WRONLY, 0o600), "w") as f:
            f.write("right\n")
        for argv in (["key", "new", "--name", "o", "--key", key, "--passphrase-file", secret], ["run", "-q", "--", "true"]):
            subprocess.run([RECORDER, *argv], cwd=folder, check=True, capture_output=True)
        terminal, theirs = pty.openpty()
        before = termios.tcgetattr(theirs)

        def own():
            os.setsid()
            fcntl.ioctl(theirs, termios.TIOCSCTTY, 0)
        asking = subprocess.Popen([RECORDER, "sign", "last", "--key", key], cwd=folder, stdin=theirs, stderr=subprocess.PIPE, preexec_fn=own)
        while termios.tcgetattr(theirs)[3] & termios.ECHO:
            self.assertIsNone(asking.poll())
        os.write(terminal, typed)
        said = asking.communicate(timeout=60)[1]
        self.assertEqual(asking.returncode < 0, ended, said)
        self.assertEqual(termios.tcgetattr(theirs), before)
        os.close(terminal)
        os.close(theirs)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        sys.argv[1] = "Terminal." + sys.argv[1]
    unittest.main()
