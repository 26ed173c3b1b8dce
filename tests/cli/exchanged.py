"""A folder that somebody changes while it is verified: what is read twice must be one thing. inotify says when it was read."""
import ctypes
import os
import struct
import subprocess
import sys
import tempfile
import threading
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "attacks"))
sys.path.insert(0, str(Path(__file__).resolve().parent))
from case import write
from forge import Owner, Run, code_tar, field_bytes, field_number, git_tree, leaf_text, page, roots, sha256

ACCESSED, CLOSED = 0x1, 0x10


def exchange_when_read(path, other):
    """Puts other into path's place as soon as somebody has read path and closed it; the thread, to be joined."""
    libc = ctypes.CDLL(None, use_errno=True)
    fd = libc.inotify_init()
    libc.inotify_add_watch(fd, os.fsencode(path), ACCESSED | CLOSED)

    def wait():
        read = False
        while True:
            events, at = os.read(fd, 4096), 0
            while at < len(events):
                _, mask, _, name = struct.unpack_from("iIII", events, at)
                at += 16 + name
                read = read or mask & ACCESSED
                if read and mask & CLOSED:
                    os.replace(other, path)
                    os.close(fd)
                    return

    thread = threading.Thread(target=wait, daemon=True)
    thread.start()
    return thread


class Exchanged(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.owner = Owner()
        self.key = self.path("key.pub")
        Path(self.key).write_bytes(self.owner.pem())

    def path(self, name):
        return os.path.join(self.folder.name, name)

    def blob(self, content):
        return self.path("bundle/blobs/sha256/" + sha256(content).hex())

    def verify(self):
        done = subprocess.run([os.environ["GLASSBOX_VERIFY"], self.path("bundle"), "--key", self.key], capture_output=True, timeout=120)
        return done.returncode, done.stdout.decode()

    def check(self, path, other, said):
        self.assertEqual(self.verify()[0], 1, "as it stands")
        thread = exchange_when_read(path, other)
        status, text = self.verify()
        thread.join(timeout=60)
        self.assertFalse(thread.is_alive(), "it was not read twice")
        self.assertEqual(status, 1, text)
        self.assertIn(said, text)

    def test_the_manifest_of_code(self):
        told, there = [(b"train.py", b"print('honest')\n")], [(b"train.py", b"print('wicked')\n")]
        run = Run(plain=True)
        run.add_layer("manifest", page(told))
        run.add_layer("code", code_tar(there))
        run.manifests += 1
        tree = git_tree(there)
        run.lead.add("code", field_bytes(1, sha256(b"commit")[:20]) + field_bytes(2, tree) + field_bytes(3, tree) + field_bytes(4, roots(told)[0]) +
                     field_number(5, 1) + field_number(6, len(told[0][1])) + field_bytes(7, sha256(page(told))) + field_number(8, 1))
        run.add_data(b"big", [(b"%07d" % i, b"x") for i in range(30000)])  # read between the two readings
        run.seal()
        write(run.sign(run.bundle(), self.owner), self.path("bundle"))
        Path(self.path("other")).write_bytes(page(there))
        self.check(self.blob(page(told)), self.path("other"), "manifest/0.tfrecord")

    def test_the_proof_of_the_start(self):
        run = Run()
        for i in range(30000):
            run.lead.add("heartbeat", field_number(1, i + 1))
        run.seal()
        run.start_leaf = lambda: leaf_text(run.id, "start", run.lead.id, 3, sha256(b"another history"))
        bundle = run.sign(run.bundle(), self.owner)
        write(bundle, self.path("bundle"))
        proof = self.blob(bundle.layer["start.proof"])
        os.rename(proof, self.path("other"))
        Path(proof).write_bytes(b"x" * len(bundle.layer["start.proof"]))
        self.check(proof, self.path("other"), "start.proof changed while it was read")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        sys.argv[1] = "Exchanged." + sys.argv[1]
    unittest.main()
