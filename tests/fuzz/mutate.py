#!/usr/bin/env python3
"""Changes published bundles at random and verifies them: mutate.py --build DIR [--seconds N] [--seed N].

The verifier has to say no (1) or that it could not tell (3), never yes (0), and never die of it. A change alone stops at the
digests, so half of the changes are covered up the way an attacker would: the record's CRC, the blob's name and the image
manifest are made to agree again. A bundle that got through is kept. (Keys, ids and
times in the bundles are new each time, so a seed alone doesn't make it again.)
"""
import argparse
import hashlib
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "cli"))
from bundles import read_tfrecords, write_tfrecords

INTERESTING = [0, 1, 0x7f, 0x80, 0xff, 0x0a, 0x20, 0x22, 0x2f, 0x5c]
TIME_LIMIT = 60


def change(rng, data):
    """Another string of bytes: one to four small changes."""
    out = bytearray(data)
    for _ in range(rng.choice([1, 1, 1, 2, 4])):
        at = rng.randrange(len(out) + 1) if out else 0
        size = min(rng.choice([1, 1, 2, 4, 8, 32, 600]), max(len(out) - at, 1))
        how = rng.randrange(7)
        if how == 0 and at < len(out):
            out[at] ^= 1 << rng.randrange(8)
        elif how == 1 and at < len(out):
            out[at] = rng.choice(INTERESTING)
        elif how == 2:
            del out[at:at + size]
        elif how == 3:
            out[at:at] = rng.randbytes(size)
        elif how == 4:
            out[at:at] = out[rng.randrange(len(out) + 1):][:size]
        elif how == 5:
            del out[at:]
        else:
            out[at:at + size] = rng.randbytes(size)
    return bytes(out)


def change_records(rng, data):
    """The same for a file of records, with CRCs that fit."""
    records = read_tfrecords(data)
    i = rng.randrange(len(records))
    how = rng.randrange(6)
    if how == 0:
        del records[i]
    elif how == 1:
        records.insert(rng.randrange(len(records) + 1), records[i])
    elif how == 2:
        j = rng.randrange(len(records))
        records[i], records[j] = records[j], records[i]
    else:
        records[i] = change(rng, records[i])
    return write_tfrecords(records)


class Bundle:
    """A bundle in memory: path within it -> bytes."""

    def __init__(self, folder):
        self.files = {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}
        self.manifest = self.blob(json.loads(self.files["index.json"])["manifests"][0]["digest"])
        self.titles = {self.blob(layer["digest"]): layer["annotations"]["org.opencontainers.image.title"]
                       for layer in json.loads(self.files[self.manifest])["layers"]}

    @staticmethod
    def blob(digest):
        return "blobs/sha256/" + digest.split(":")[1]

    def replaced(self, path, data):
        """The bundle with another blob in that one's place, and everything that names it made to agree."""
        files = dict(self.files)
        for holder in (self.manifest, "index.json"):
            if path == "index.json":
                break
            old, new = path.rsplit("/", 1)[1], hashlib.sha256(data).hexdigest()
            size = len(files.pop(path))
            files["blobs/sha256/" + new] = data
            if path == self.manifest:
                holder = "index.json"
            named = re.compile(rf'(sha256:){old}(","size":){size}\b'.encode())
            path, data = holder, named.sub(rf"\g<1>{new}\g<2>{len(data)}".encode(), files[holder])
            if holder == "index.json":
                files[holder] = data
                break
        return files


def mutate(rng, bundle):
    """(what was done, files)"""
    path = rng.choice(list(bundle.files))
    title = bundle.titles.get(path, path)
    how = rng.randrange(10)
    if how == 0:
        return f"{title}: removed", {p: d for p, d in bundle.files.items() if p != path}
    if how == 1:
        other = rng.choice(list(bundle.files))
        files = dict(bundle.files)
        files[path], files[other] = files[other], files[path]
        return f"{title} and {other}: swapped", files
    if how < 5 or not path.startswith("blobs/"):
        return f"{title}: changed", {**bundle.files, path: change(rng, bundle.files[path])}
    records = title.endswith(".tfrecord") and rng.randrange(4)
    data = (change_records if records else change)(rng, bundle.files[path])
    return f"{title}: changed and covered up", bundle.replaced(path, data)


def write(folder, files):
    shutil.rmtree(folder, ignore_errors=True)
    for path, data in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)


def clean_environment():
    for name in [n for n in os.environ if n.startswith("GLASSBOX") or n in ("GIT_DIR", "GIT_WORK_TREE")]:
        del os.environ[name]


def own_environment(folder):
    os.environ.update(HOME=folder, XDG_CONFIG_HOME=folder + "/config", XDG_STATE_HOME=folder + "/state", GIT_CONFIG_NOSYSTEM="1")


def make_bundles(build, work):
    """Three runs' bundles, a public one, a full one and a small one, and the key's file."""
    program = str(build / "recorder/glassbox")

    def run(*words, cwd=None):
        done = subprocess.run(words, cwd=cwd or project, capture_output=True, text=True)
        if done.returncode:
            sys.exit(f"fuzz: {' '.join(words)}: exit status {done.returncode}: {done.stderr}")

    project = work / "project"
    (project / "data").mkdir(parents=True)
    (project / "config.json").write_text('{"steps": 3, "rate": 0.5, "layers": [1, 2], "name": "tiny"}\n')
    (project / "train.sh").write_text("#!/bin/sh\nmkdir -p out\ncat data/* >out/weights\n")
    (project / "train.sh").chmod(0o755)
    for i in range(3):
        (project / "data" / f"text-{i}").write_text(f"text {i}\n" * 50)
    git = ["git", "-c", "user.name=fuzz", "-c", "user.email=fuzz@example.org"]
    run("git", "init", "-q")
    run(*git, "add", "config.json", "train.sh")
    run(*git, "commit", "-q", "-m", "a job")
    key = str(work / "key.pem")
    run(program, "key", "new", "--name", "fuzz@example.org", "--key", key)
    bundles = []
    for profile in ("public", "full"):
        run(program, "run", "-q", "--key", key, "--config", "config.json", "--data", "texts=data", "--output", "out", "--param", "seed=7",
            "--", "./train.sh")
        (project / "train.sh").write_text((project / "train.sh").read_text() + "# changed\n")
        out = work / profile
        run(program, "publish", "last", "-q", "--key", key, "--profile", profile, "-o", str(out))
        run(program, "publish", "last", "-q", "--key", key, "--profile", profile, "-o", str(out) + ".tar")
        bundles.append(Bundle(out))
    plain = work / "plain"
    plain.mkdir()
    run(program, "run", "-q", "--key", key, "--", "true", cwd=plain)
    run(program, "publish", "last", "-q", "--key", key, "-o", str(work / "small"), cwd=plain)
    run(program, "publish", "last", "-q", "--key", key, "-o", str(work / "small.tar"), cwd=plain)
    bundles.append(Bundle(work / "small"))
    return bundles, str(work / "key.pub")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--build", type=Path, required=True)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=None, help="the first seed; each change has its own, one after the other")
    parser.add_argument("--count", type=int, default=None, help="stop after so many changes")
    given = parser.parse_args()
    clean_environment()
    seed = first = time.time_ns() % 1_000_000_000 if given.seed is None else given.seed
    failures = 0
    statuses = {}
    with tempfile.TemporaryDirectory(prefix="glassbox-fuzz.") as folder:
        work = Path(folder)
        own_environment(folder)
        bundles, key = make_bundles(given.build.resolve(), work)
        verifier = [str(given.build.resolve() / "recorder/glassbox-verify"), "--key", key]
        end = time.monotonic() + given.seconds
        while time.monotonic() < end and failures < 10 and (given.count is None or seed - first < given.count):
            rng = random.Random(seed)
            bundle = rng.choice(bundles)
            what, files = mutate(rng, bundle)
            seed += 1
            if files == bundle.files:
                continue
            write(work / "changed", files)
            try:
                done = subprocess.run(verifier + [str(work / "changed")], capture_output=True, timeout=TIME_LIMIT)
                status, said = done.returncode, done.stdout + done.stderr
            except subprocess.TimeoutExpired:
                status, said = "more than a minute", b""
            statuses[status] = statuses.get(status, 0) + 1
            if status in (1, 3) and b"Sanitizer" not in said and b"runtime error" not in said:
                continue
            failures += 1
            kept = given.build.resolve() / "fuzz" / str(seed - 1)
            write(kept / "bundle", files)
            shutil.copy(key, kept / "key.pub")
            print(f"seed {seed - 1}: {what}: exit status {status}; kept in {kept}\n{said.decode(errors='replace')[-1500:]}")
    counts = ", ".join(f"{count} x {status}" for status, count in sorted(statuses.items(), key=str))
    print(f"fuzz: {seed - first} changes from seed {first} on; exit statuses: {counts}; {failures} failed")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
