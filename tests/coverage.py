#!/usr/bin/env python3
"""Says which lines and branches of recorder/ the tests reached: coverage.py --build DIR [--missed FILE].

DIR is built with gcc's --coverage and its tests have run. Processes that end by _exit, like the one that captures code, are not
counted. --missed lists the lines of one file, say bundle/tar_read.c, that were never run.
"""
import argparse
import json
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

SOURCE = Path(__file__).resolve().parent.parent / "recorder"


def counted(build):
    """file -> (line -> runs, (line, branch) -> times taken), summed over all programs that hold the file."""
    lines, branches = defaultdict(lambda: defaultdict(int)), defaultdict(lambda: defaultdict(int))
    notes = [str(p) for p in sorted(build.rglob("*.gcda"))]
    for i in range(0, len(notes), 50):
        said = subprocess.run(["gcov", "--json-format", "--stdout", "--branch-probabilities", *notes[i:i + 50]], cwd=build, capture_output=True, check=True)
        for text in said.stdout.splitlines():
            for file in json.loads(text)["files"]:
                path = (build / file["file"]).resolve()
                if not path.is_relative_to(SOURCE):
                    continue
                name = str(path.relative_to(SOURCE))
                for line in file["lines"]:
                    lines[name][line["line_number"]] += line["count"]
                    for k, branch in enumerate(line["branches"]):
                        branches[name][line["line_number"], k] += branch["count"]
    return lines, branches


def share(counts):
    reached = sum(1 for n in counts if n)
    return f"{reached:7} of {len(counts):6}{100 * reached / len(counts) if counts else 100:7.1f} %"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--build", type=Path, required=True)
    parser.add_argument("--missed", metavar="FILE")
    given = parser.parse_args()
    lines, branches = counted(given.build.resolve())
    if given.missed:
        text = (SOURCE / given.missed).read_text().split("\n")
        for number in sorted(n for n, runs in lines[given.missed].items() if not runs):
            print(f"{number:5}  {text[number - 1]}")
        return
    if not lines:
        sys.exit(f"coverage: nothing was counted in {given.build}: build the preset coverage and run its tests")
    print(f"{'':32}{'lines':>25}{'branches':>25}")
    rooms = defaultdict(lambda: ([], []))
    for name in sorted(lines):
        for total in (rooms[name.split("/")[0] + "/"], rooms["all"]):
            total[0].extend(lines[name].values())
            total[1].extend(branches[name].values())
        print(f"{name:32}{share(lines[name].values())}{share(branches[name].values())}")
    print()
    for room, (of_lines, of_branches) in rooms.items():
        print(f"{room:32}{share(of_lines)}{share(of_branches)}")


main()
