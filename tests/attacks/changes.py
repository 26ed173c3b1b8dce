#!/usr/bin/env python3
"""Every change to a small bundle is found: changes.py FORM --changes PROGRAM [--seed N] [--flips N] [--others N] [--every-bit] [--through N]

FORM is what kind of bundle: whole (nothing withheld), withheld, disclosed (later, by a publication of its own), tar, open (two
streams that had not ended when the run was sealed). It has 24 KiB at most. The program changes.c changes each byte in its own
process; --through flips so many bits and asks glassbox-verify itself. Then parts that are genuine elsewhere are put in: a body of
another record, a statement of another publication, a stream left out."""
import argparse
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import time

from forge import Owner, Run
from bundles import Bundle, Place, tar_of

MOST = 24 * 1024


class Made:
    """A small bundle, another publication of its run, and the key."""

    def __init__(self, place, form):
        self.place, self.path, self.form = place, place.path("bundle.tar" if form == "tar" else "bundle"), form
        self.other = None  # as Bundle
        if form == "open":
            self.by_hand()
        else:
            self.by_program()
        self.bundle = self.as_bundle()

    def by_hand(self):
        """The recorder has no streams but its own yet."""
        run = Run(b"open")
        for name in (b"rank 1", b"rank 2"):
            run.add_stream(name, ended=False)
        run.seal()
        owner = Owner()
        run.sign(run.bundle(), owner).write(self.path)
        self.key = self.place.write("key.pub", owner.pem())
        run.lead.frames[3].shown = True
        b = run.bundle()
        self.other = run.state(run.sign(b, owner), owner, sequence=2, previous="sha256:" + "0" * 64)

    def by_program(self):
        p = self.place
        p.write("repo/train.py", "print(1)\n")
        p.call("git", "init", "-q", "-b", "main", ".")
        p.call("git", "add", "-A")
        p.call("git", "commit", "-q", "-m", "begin")
        p.box("key", "new", "--name", "owner.example")
        usual, p.env = p.env, {name: p.env[name] for name in ("PATH", "HOME", "XDG_CONFIG_HOME")}  # each variable is a record
        p.box("run", "-q", "--name", "small", "--param", "seed=7", "--", "true", "quietly")
        p.env = usual
        run, other = p.last_run(), p.path("other")
        self.key = p.path("config/glassbox/key.pub")
        if self.form == "disclosed":
            p.box("publish", run, "-q", "--withhold", "arg", "-o", other)
            p.box("disclose", run, "arg", "-q", "-o", self.path)
        else:
            full = ["--profile", "full"]
            # 24 KiB of a tar have no room for everything; libraries of so short a job may have been seen or not.
            kinds = {r["kind"] for r in json.loads(p.box("records", run, "--json").stdout)["records"]}
            less = [word for kind in ("library", "device", "var") if kind in kinds for word in ("--withhold", kind)]
            p.box("publish", run, "-q", "-o", self.path, *(full if self.form == "whole" else less))
            p.box("publish", run, "-q", "-o", other, *([] if self.form == "whole" else full))
        self.other = Bundle(other)

    def as_bundle(self):
        if self.form != "tar":
            return Bundle(self.path)
        folder = self.place.path("unpacked")
        os.mkdir(folder)
        self.place.call("tar", "-xf", self.path, "-C", folder, cwd="/")
        return Bundle(folder)

    def size(self):
        if self.form == "tar":
            return os.path.getsize(self.path)
        return sum(os.path.getsize(os.path.join(d, f)) for d, _, fs in os.walk(self.path) for f in fs)

    def verify(self, path):
        said = self.place.call(self.place.verifier, path, "--key", self.key, ok=False, cwd="/")
        return said.returncode, (said.stdout + said.stderr).decode()

    def refused(self, bundle, words, what):
        """In the form that this bundle has: exit status 1, and one line with the words."""
        with tempfile.TemporaryDirectory(dir=self.place.folder) as folder:
            path = os.path.join(folder, "b")
            if self.form == "tar":
                with open(path, "wb") as f:
                    f.write(tar_of(bundle.files()))
            else:
                bundle.write(path)
            status, text = self.verify(path)
        lines = [line for line in text.split("\n") if all(w in line for w in words)]
        assert status == 1 and lines, f"{what}: exit status {status}, no line with {words}\n{text}"


def put_in(made):
    """Genuine parts in the wrong place; every digest that nobody signed fits."""
    b, count = made.bundle, 0
    frames = b.frames()
    shown = [i for i, f in enumerate(frames) if f.body]
    for i, j in zip(shown, shown[1:] + shown[:1]):
        c, changed = b.copy(), b.frames()
        changed[i].salt, changed[i].body = frames[j].salt, frames[j].body
        c.set_frames(changed)
        made.refused(c, ("journal/0.tfrecord", "record "), f"the body of record {j} in record {i}")
        count += 1
    starts = [i for i, f in enumerate(frames) if f.kind == 1] + [len(frames)]
    for first, end in zip(starts, starts[1:]):
        c = b.copy()
        c.set_frames(frames[:first] + frames[end:])
        made.refused(c, ("journal/0.tfrecord", "another digest"), f"without the stream of records {first} to {end - 1}")
        count += 1
    c = b.copy()
    c.layer["publication.json"] = made.other.layer["publication.json"]
    made.refused(c, ("journal/0.tfrecord", "another digest"), "the statement of another publication")
    c = b.copy()
    c.layer["journal/0.tfrecord"] = made.other.layer["journal/0.tfrecord"]
    made.refused(c, ("journal/0.tfrecord", "another digest"), "the journal of another publication")
    return count + 2


def through(made, count, seed):
    """Single bits, and the program itself."""
    rng = random.Random(seed)
    names = [made.path] if made.form == "tar" else [os.path.join(d, f) for d, _, fs in os.walk(made.path) for f in sorted(fs)]
    sizes = [os.path.getsize(n) for n in names]
    for _ in range(count):
        name = rng.choices(names, sizes)[0]
        at, bit = rng.randrange(os.path.getsize(name)), rng.randrange(8)
        flip(name, at, bit)
        status, text = made.verify(made.path)
        flip(name, at, bit)
        what = f"bit {bit} of byte {at} of {name}: exit status {status}\n{text}"
        assert status in (1, 3), what
        digest = os.path.basename(name)
        assert made.form == "tar" or digest in text or made.bundle.title_of(digest) in text, what
        assert made.form != "tar" or re.search(r"byte \d+|blobs/sha256|tfrecord|\.tar|\.proof|\.note|\.vkey|\.json|oci-layout", text), what
    assert made.verify(made.path)[0] == 0, "the bundle is not as it was"


def flip(name, at, bit):
    with open(name, "r+b") as f:
        f.seek(at)
        was = f.read(1)[0]
        f.seek(at)
        f.write(bytes([was ^ 1 << bit]))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("form", choices=["whole", "withheld", "disclosed", "tar", "open"])
    parser.add_argument("--changes", required=True)
    parser.add_argument("--seed", type=int, default=time.time_ns() % 1_000_000_000)
    parser.add_argument("--flips", type=int, default=1)
    parser.add_argument("--others", type=int, default=1)
    parser.add_argument("--every-bit", action="store_true")
    parser.add_argument("--through", type=int, default=0)
    given = parser.parse_args()
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None # a disk has better things to do
    with tempfile.TemporaryDirectory(prefix="glassbox-changes-", dir=memory) as folder:
        made = Made(Place(folder), given.form)
        assert made.verify(made.path)[0] == 0 and made.size() <= MOST, f"{made.size()} bytes, {made.verify(made.path)[1]}"
        print(f"{given.form}: {made.size()} bytes; seed {given.seed}", flush=True)
        parts = put_in(made)
        through(made, given.through, given.seed)
        print(f"{given.form}: {parts} times a genuine part in the wrong place, {given.through} bits through the program: all refused", flush=True)
        done = subprocess.run([given.changes, made.path, made.key, "--seed", str(given.seed), "--flips", str(given.flips), "--others",
                               str(given.others), *(["--every-bit"] if given.every_bit else [])])
        assert made.verify(made.path)[0] == 0
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
