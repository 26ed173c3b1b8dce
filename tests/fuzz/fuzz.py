#!/usr/bin/env python3
"""Runs the fuzz targets one after the other: fuzz.py --build DIR [--seconds N | --runs N] [TARGET...].

DIR is built with the preset `fuzz`. The last target, `bundles`, is mutate.py over the programs. A line a target: runs, runs a second,
edges of the code that were reached and size of the corpus. What was found before is kept in DIR/corpus and gone on from; an input that
broke something lies in DIR/found. Exits 0 only where nothing was found.
"""
import argparse
import fcntl
import hashlib
import os
import re
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
# The longest input of a target: as short as it can be with everything in it that the reader knows, since short ones run faster.
LONGEST = {
    "ahead": 1500, "config": 512, "dsse": 700, "elf": 2048, "entry": 256, "folder": 49152, "image_manifest": 1300, "index": 700, "journal": 1500, "json": 512,
    "key": 400, "layout": 128, "leaf": 256, "manifest": 600, "note": 700, "pb": 512, "pipe": 49152, "proof": 1400, "publication": 1500,
    "record": 1024, "ring": 512, "secrets": 256, "software": 1024, "streams": 128, "tar": 4096, "text": 64, "tfrecord": 256, "verify": 49152, "vkey": 400,
}
READER_LIMITS = ["-malloc_limit_mb=64", "-rss_limit_mb=512", "-timeout=5"]
VERIFIER_LIMITS = ["-malloc_limit_mb=64", "-rss_limit_mb=1024", "-timeout=20"]
# Another target whose seeds and inputs it starts from, too.
SAME = {"ahead": "journal", "folder": "verify", "pipe": "verify"}


def make_seeds(build):
    """A folder of seeds for each state of the program that makes them; whole or not there, and made by one of those that ask."""
    with open(build / "seeds.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        program = (build / "recorder/glassbox").read_bytes() + (HERE / "seeds.py").read_bytes()
        seeds = build / "seeds" / hashlib.sha256(program).hexdigest()[:16]
        if not seeds.is_dir():
            half = seeds.with_suffix(".half")
            subprocess.run([sys.executable, "-B", str(HERE / "seeds.py"), "--build", str(build), "--out", str(half)], check=True)
            half.rename(seeds)
        return seeds


def command(build, name, given):
    corpus, found = build / "corpus" / name, build / "found"
    corpus.mkdir(parents=True, exist_ok=True)
    found.mkdir(parents=True, exist_ok=True)
    words = [str(build / "tests/fuzz" / f"fuzz_{name}"), f"-max_len={LONGEST[name]}", f"-artifact_prefix={found}/{name}-", "-print_final_stats=1"]
    words += VERIFIER_LIMITS if name in ("verify", "folder", "pipe") else READER_LIMITS
    words.append(f"-runs={given.runs}" if given.runs else f"-max_total_time={given.seconds}")
    dictionary = HERE / f"{name}.dict"
    if dictionary.exists():
        words.append(f"-dict={dictionary}")
    start = SAME.get(name, name)
    return words + [str(p) for p in (corpus, given.seeds / start, HERE / "corpus" / start) if p.is_dir()]


def number(pattern, text):
    found = re.findall(pattern, text)
    return found[-1] if found else "?"


def fuzz(build, name, given):
    environment = dict(os.environ, ASAN_OPTIONS="quarantine_size_mb=1:malloc_context_size=1:max_malloc_fill_size=64", FUZZ_SEEDS=str(given.seeds))
    done = subprocess.run(["nice", "-n", "10", *command(build, name, given)], capture_output=True, text=True, errors="replace", env=environment)
    said = done.stderr
    print(f"{name:16}{number(r'number_of_executed_units: (.*)', said):>12}{number(r'average_exec_per_sec: *(.*)', said):>10}"
          f"{number(r'cov: ([0-9]+)', said):>8}{number(r'corp: ([0-9]+)', said):>8}"
          f"   {'nothing found' if done.returncode == 0 else 'FOUND: see ' + str(build / 'found')}", flush=True)
    if done.returncode:
        print(said[-4000:])
    return done.returncode == 0


def fuzz_bundles(build, given):
    length = ["--count", str(given.runs), "--seconds", "1e9"] if given.runs else ["--seconds", str(given.seconds)]
    return subprocess.run(["nice", "-n", "10", sys.executable, "-B", str(HERE / "mutate.py"), "--build", str(build), *length]).returncode == 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--build", type=Path, required=True)
    parser.add_argument("--seconds", type=int, default=60, help="for each target")
    parser.add_argument("--runs", type=int, default=None, help="of each target, however long that takes")
    parser.add_argument("target", nargs="*", choices=[[], *sorted(LONGEST), "bundles"])
    given = parser.parse_args()
    build = given.build.resolve()
    given.seeds = make_seeds(build)
    print(f"{'target':16}{'runs':>12}{'a second':>10}{'edges':>8}{'corpus':>8}")
    fine = [fuzz_bundles(build, given) if name == "bundles" else fuzz(build, name, given) for name in given.target or [*sorted(LONGEST), "bundles"]]
    sys.exit(0 if all(fine) else 1)


main()
