#!/usr/bin/env python3
"""Bundles that an attacker made, each refused as design and FORMAT.md say: refuse.py MODEL --verifier FILE [--seconds N] [--mib N] [--every N]

Each model (models.py) makes at least 50 bundles. Each is verified with the owner's key: the exit status is the one that follows
from what was done to it, one line says what is wrong and names the place, nothing in the output steers a terminal, and the
verifier keeps to its time and memory. --every N takes one bundle in N."""
import argparse
import collections
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

import models

HERE = os.path.dirname(os.path.abspath(__file__))
VERDICT = {0: "verified: ", 1: "failed: ", 3: "undetermined: "}
REASON = re.compile(r"^(?: +|against the other bundle: )(?:fail|absent|skipped): (.*)$", re.MULTILINE)
# Control characters but the newline, and those that turn the direction of writing.
STEERS = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


class Verifier:
    def __init__(self, given):
        self.given = given
        self.server = subprocess.Popen([sys.executable, "-B", os.path.join(HERE, "limited.py")], stdin=subprocess.PIPE,
                                       stdout=subprocess.PIPE, text=True, encoding="utf-8")

    def run(self, path, *options):
        argv = [self.given.verifier, path, *options]
        self.server.stdin.write(json.dumps({"argv": argv, "seconds": 15 * self.given.seconds}) + "\n")
        self.server.stdin.flush()
        return json.loads(self.server.stdout.readline())

    def close(self):
        self.server.stdin.close()
        self.server.wait()


def wrong(case, got, given):
    """What is not as it should be, or None."""
    if got["status"] == -9:
        return "it did not end"
    if got["status"] != case.status:
        return f"exit status {got['status']}, expected {case.status}"
    if got["seconds"] > given.seconds:
        return f"{got['seconds']:.1f} s of a processor"
    if given.mib and got["kib"] > given.mib * 1024:
        return f"{got['kib'] / 1024:.0f} MiB of memory"
    if not got["said"].startswith(VERDICT[case.status]):
        return "another first line"
    if STEERS.search(got["said"]):
        return "characters that steer a terminal"
    if case.says and not any(all(word in line for word in case.says) for line in REASON.findall(got["said"])):
        return f"no line that says why with {case.says}"
    return None


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("model", choices=sorted(models.ALL))
    parser.add_argument("--verifier", required=True)
    parser.add_argument("--seconds", type=float, default=2, help="of a processor, for each bundle")
    parser.add_argument("--mib", type=float, default=64, help="of memory; 0: any")
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--verbose", action="store_true", help="say what each bundle took")
    parser.add_argument("--keep", help="a folder for bundles that were not refused as they should be")
    given = parser.parse_args()
    verifier = Verifier(given)
    bad, made, most, longest = 0, collections.Counter(), 0, 0
    with tempfile.TemporaryDirectory(prefix="glassbox-attack-") as folder:
        key = os.path.join(folder, "key.pub")
        with open(key, "wb") as f:
            f.write(models.OWNER.pem())
        for number, case in enumerate(models.ALL[given.model]()):
            made[case.status] += 1
            if number % given.every:
                continue
            path = os.path.join(folder, "bundle")
            models.write(case.form, path)
            options = ["--key", key]
            if case.against is not None:
                models.write(case.against, path + "-old")
                options += ["--against", path + "-old"]
            got = verifier.run(path, *options)
            most, longest = max(most, got["kib"]), max(longest, got["seconds"])
            why = wrong(case, got, given)
            if given.verbose:
                print(f"{number}: {case.what}: {got['seconds']:.2f} s, {got['kib'] / 1024:.0f} MiB")
            if why:
                bad += 1
                print(f"{given.model}, bundle {number}, {case.what}: {why}\n{got['said'][:1500]}")
                if given.keep:
                    shutil.rmtree(os.path.join(given.keep, str(number)), ignore_errors=True)
                    shutil.move(path, os.path.join(given.keep, str(number)))
            models.remove(path)
            models.remove(path + "-old")
    verifier.close()
    refused = made[1] + made[3]
    counts = ", ".join(f"{n} x {status}" for status, n in sorted(made.items()))
    print(f"{given.model}: {sum(made.values())} bundles, exit statuses {counts}; at most {longest:.2f} s and {most / 1024:.0f} MiB; {bad} wrong")
    if refused < 50:
        print(f"{given.model}: only {refused} bundles to refuse, expected 50")
    return 1 if bad or refused < 50 else 0


if __name__ == "__main__":
    sys.exit(main())
