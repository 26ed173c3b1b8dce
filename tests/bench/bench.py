#!/usr/bin/env python3
"""What recording costs, as medians of paired runs: bench.py BUILD_DIR [--pairs N] [--long].

A pair is the bare command and the recorded one, one after the other, in an order that changes from pair to pair. What is
printed is the median over the pairs of the difference, or of the ratio. Nothing here passes or fails by a time.
"""
import argparse
import collections
import json
import os
import platform
import re
import resource
import shutil
import statistics
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

KINDS = {1: "stream-start", 2: "run-start", 3: "run-end", 5: "seal", 11: "root", 13: "arg", 20: "code", 40: "host", 43: "process"}


def machine_line(folder):
    cpu = re.search(r"model name\s*:\s*(.*)", Path("/proc/cpuinfo").read_text())
    filesystem = subprocess.run(["stat", "-f", "-c", "%T", folder], capture_output=True, text=True).stdout.strip()
    return (f"{cpu[1] if cpu else platform.machine()}, {os.cpu_count()} processors, Linux {platform.release()}, "
            f"{filesystem}, load {os.getloadavg()[0]:.1f} before")


def timed(argv, cwd):
    """Milliseconds on the wall."""
    return timed_twice(argv, cwd)[0]


def timed_twice(argv, cwd):
    """Milliseconds on the wall, and of the processors."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.perf_counter_ns()
    done = subprocess.run(argv, cwd=cwd, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    took = time.perf_counter_ns() - start
    if done.returncode:
        sys.exit(f"bench: {' '.join(argv)}: exit status {done.returncode}: {done.stderr.decode(errors='replace')}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return took / 1e6, used * 1e3


def pairs(count, bare, recorded, before=lambda: None):
    """[(bare, recorded)] in milliseconds; one pair first that does not count."""
    out = []
    for i in range(count + 1):
        before()
        if i % 2:
            b, a = recorded(), bare()
        else:
            a, b = bare(), recorded()
        out.append((a, b))
    return out[1:]


def spread(values):
    low, middle, high = statistics.quantiles(values, n=4)
    return f"{middle:7.2f}  (quartiles {low:.2f} to {high:.2f})"


def make_repository(folder, files):
    folder.mkdir()
    for i in range(files):
        path = folder / f"part-{i % 20:02}" / f"file-{i:04}.c"
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"/* file {i} */\n" + f"int value_{i}(void);\n" * (20 + i % 200))
    git = ["git", "-c", "user.name=bench", "-c", "user.email=bench@example.org"]
    for words in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "files"]):
        subprocess.run(git + words, cwd=folder, check=True)


def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:
            return value, at


def fields(data):
    at = 0
    while at < len(data):
        tag, at = varint(data, at)
        if tag & 7 == 0:
            value, at = varint(data, at)
        elif tag & 7 == 1:
            value, at = struct.unpack_from("<Q", data, at)[0], at + 8
        else:
            size, at = varint(data, at)
            value, at = data[at:at + size], at + size
        yield tag >> 3, value


def record_times(journal):
    """[(kind, nanoseconds since 1970)] of every record."""
    data, at = journal.read_bytes(), 0
    while at < len(data):
        size = struct.unpack_from("<Q", data, at)[0]
        entry = dict(fields(dict(fields(data[at + 12:at + 12 + size]))[1]))
        yield KINDS.get(entry.get(4), ""), entry[3]
        at += 16 + size


def stages(store, recorded):
    """How long one run took up to each of its records, in milliseconds."""
    shutil.rmtree(store / "runs", ignore_errors=True)
    began = time.time_ns()
    recorded()
    ended = time.time_ns()
    records = list(record_times(next(store.glob("runs/*/journal/*.tfrecord"))))
    first, last = {}, {}
    for kind, when in records:
        first.setdefault(kind, when)
        last[kind] = when
    marks = [("until the first record (linking, finding the repository and the store)", first["stream-start"]),
             ("that record's sync, and the first records", first["host"]),
             ("the machine, and code and arguments at hand", first["root"]),
             ("code, arguments, paths; the last record before the job ends", last["process"]),
             ("the job, and its end", first["run-end"]),
             ("the seal", first["seal"]),
             ("signature, syncs, exit", ended)]
    out, before = [], began
    for name, when in marks:
        out.append((name, (when - before) / 1e6))
        before = when
    return out


def syncs(recorded, cwd):
    """Calls of each kind of sync in one run and what they took, in milliseconds, as strace sees them."""
    if not shutil.which("strace"):
        return None
    with tempfile.NamedTemporaryFile("r") as trace:
        subprocess.run(["strace", "-f", "-qq", "-T", "-o", trace.name, "-e", "trace=fsync,fdatasync,syncfs"] + recorded, cwd=cwd,
                       check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        found = collections.defaultdict(list)
        for line in trace:
            call = re.search(r"(fsync|fdatasync|syncfs)\b.*<([0-9.]+)>$", line)
            if call:
                found[call[1]].append(float(call[2]) * 1e3)
    return found


def bench_true(build, work, count):
    repository = work / "repository"
    make_repository(repository, 1000)
    store = repository / ".git" / "glassbox"
    program = str(build / "recorder" / "glassbox")
    key = str(work / "key.pem")
    subprocess.run([program, "key", "new", "--name", "bench@example.org", "--key", key], check=True, stdout=subprocess.DEVNULL)
    truth = shutil.which("true")
    keys = {"with a key": ["--key", key], "without a key": []}

    def bare():
        return timed([truth], repository)

    print(f"\nglassbox run -q -- true, in a repository of 1,000 files: milliseconds over true, median of {count} pairs")
    for title, words in keys.items():
        argv = [program, "run", "-q"] + words + ["--", truth]
        for when, before in (("the first run in a store", lambda: shutil.rmtree(store, ignore_errors=True)), ("later runs", lambda: None)):
            took = pairs(count, bare, lambda: timed(argv, repository), before)
            print(f"  {when + ', ' + title:<42} {spread([b - a for a, b in took])}")
    print(f"  {'true itself, for scale':<42} {spread([a for a, _ in took])}")
    version = pairs(count, bare, lambda: timed([program, '--version'], repository))
    print(f"  {'glassbox --version: linking and starting':<42} {spread([b - a for a, b in version])}")

    for title, words in keys.items():
        argv = [program, "run", "-q"] + words + ["--", truth]
        rows = [stages(store, lambda: timed(argv, repository)) for _ in range(count)]
        print(f"\nwhere a later run's time goes, {title}, by the times of its records: milliseconds, median of {count}")
        for i, (name, _) in enumerate(rows[0]):
            print(f"  {name:<72} {statistics.median(row[i][1] for row in rows):6.2f}")
        rows = [syncs(argv, repository) for _ in range(count)]
        for name in ("fdatasync", "fsync", "syncfs"):
            if rows[0] is None:
                print("  syncs: not counted, there is no strace")
                break
            if any(row[name] for row in rows):
                print(f"  {name}: {statistics.median(len(row[name]) for row in rows):.0f} calls, "
                      f"{statistics.median(sum(row[name]) for row in rows):.2f} ms together, beside other work, under strace")


def bench_training(build, source, work, count, whole):
    config = json.loads((source / "examples/charlm/config.json").read_text())
    if not whole:
        config.update(steps=500, checkpoint_every=100)
    project = work / "project"
    project.mkdir()
    (project / "config.json").write_text(json.dumps(config, indent=1))
    subprocess.run(["git", "init", "-q"], cwd=project, check=True)
    subprocess.run(["git", "add", "."], cwd=project, check=True)
    subprocess.run(["git", "-c", "user.name=bench", "-c", "user.email=bench@example.org", "commit", "-q", "-m", "config"], cwd=project,
                   check=True)
    job = [str(build / "examples/charlm/charlm"), "--config", "config.json", "--out", "out"]
    argv = [str(build / "recorder/glassbox"), "run", "-q", "--key", str(work / "key.pem"), "--config", "config.json", "--data",
            "licenses=/usr/share/common-licenses", "--output", "out", "--"] + job
    both = pairs(count, lambda: timed_twice(job, project), lambda: timed_twice(argv, project))
    took = [(a[0], b[0]) for a, b in both]
    used = [(a[1], b[1]) for a, b in both]
    print(f"\ncharlm, {config['steps']} steps, with --config, --data, --output and a key: median of {count} pairs")
    print(f"  bare, seconds                              {spread([a / 1e3 for a, _ in took])}")
    print(f"  recorded, seconds                          {spread([b / 1e3 for _, b in took])}")
    print(f"  more by, milliseconds                      {spread([b - a for a, b in took])}")
    print(f"  more by, per cent                          {spread([(b / a - 1) * 100 for a, b in took])}")
    print(f"  more time of processors, per cent          {spread([(b / a - 1) * 100 for a, b in used])}")


def peak_kilobytes(argv, cwd):
    """The peak memory of one run. Of a small parent's child: a process begins with the peak of the one that it was made from."""
    said = ("import os, resource, sys; os.spawnv(os.P_WAIT, sys.argv[1], sys.argv[1:]); "
            "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)")
    done = subprocess.run([sys.executable, "-S", "-c", said] + argv, cwd=cwd, check=True, capture_output=True, text=True)
    return int(done.stdout.splitlines()[-1])


def verified(title, argv, cwd, count, things, bytes_there):
    """How fast a bundle is verified, on one processor and on all."""
    for where, words in (("one processor", ["taskset", "-c", "0"]), (f"{os.cpu_count()} processors", [])):
        took = [timed_twice(words + argv, cwd) for _ in range(count + 1)][1:]
        wall = statistics.median(t[0] for t in took)
        used = statistics.median(t[1] for t in took)
        print(f"  {title + ', ' + where:<46} {wall:8.1f} ms, {things / wall / 1e3:5.2f} million/s, {bytes_there / wall / 1e6:5.2f} GB/s, "
              f"{used:8.1f} ms of processors")
    print(f"  {title + ', peak memory':<46} {peak_kilobytes(argv, cwd) / 1024:8.1f} MiB")


def bench_verify(build, work, count):
    """Bundles of a million records, and of a dataset with a million files."""
    recorder, verifier, key = str(build / "recorder/glassbox"), str(build / "recorder/glassbox-verify"), str(work / "key.pem")
    project = work / "verify"
    (project / "data").mkdir(parents=True)
    (project / ".gitignore").write_text("data\nconfig.json\n")
    git = ["git", "-c", "user.name=bench", "-c", "user.email=bench@example.org"]
    for words in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "start"]):
        subprocess.run(git + words, cwd=project, check=True)
    parameters = 990000
    (project / "config.json").write_text("{" + ",".join(f'"p{i:06}":{i}' for i in range(parameters)) + "}")
    for folder in range(1000):
        (project / f"data/shard-{folder:03}").mkdir()
        for i in range(1000):
            (project / f"data/shard-{folder:03}/part-{i:04}").touch()
    truth = shutil.which("true")
    print(f"\nglassbox-verify, median of {count}")
    for title, words, things in (("records", ["--config", "config.json"], None), ("files of a manifest", ["--data", "data"], 1000000)):
        subprocess.run([recorder, "run", "-q", "--key", key] + words + ["--", truth], cwd=project, check=True)
        # A million files may outlast the time that run waits for them: what is left is done here.
        subprocess.run([recorder, "seal", "-q", "last"], cwd=project, check=False, stderr=subprocess.DEVNULL)
        subprocess.run([recorder, "publish", "-q", "--key", key, "last", "--profile", "full", "-o", f"{project}/b.tar"], cwd=project, check=True)
        found = json.loads(subprocess.run([recorder, "show", "last", "--json"], cwd=project, check=True, capture_output=True).stdout) if not things else {}
        size = (project / "b.tar").stat().st_size
        verified(f"{things or found['records']:,} {title}", [verifier, f"{project}/b.tar", "--key", str(work / "key.pub"), "-q"], project, count,
                 things or found["records"], size)
        (project / "b.tar").unlink()


def bench_store(build, work, runs, records):
    """A store of many runs: how long it takes to look into it, and to build its index anew."""
    store, program = work / "many", str(build / "recorder/glassbox")
    subprocess.run([str(build / "tests/bench/make_store"), str(store), str(runs), str(records)], check=True)
    size = sum(f.stat().st_size for f in store.glob("runs/*/journal/*"))
    print(f"\na store of {runs:,} sealed runs of {records:,} records, {size / 1e9:.2f} GB: median, and processors' time")
    looks = [("reindex", ["reindex", "-q"], 3), ("ls, all of them", ["ls"], 15), ("ls --limit 20", ["ls", "--limit", "20"], 15),
             ("ls --json", ["ls", "--json"], 15), ("ls --param 'lr<0.5' --sort param.lr", ["ls", "--param", "lr<0.5", "--sort", "param.lr"], 15),
             ("show last", ["show", "last"], 15), ("show, by a name", ["show", "sweep-007"], 15),
             ("completion of a name", ["completion", "words", "glassbox", "show", "--store", str(store), "sweep-0"], 15)]
    for title, words, count in looks:
        argv = [program] + words + ([] if words[0] == "completion" else ["--store", str(store)])
        took = [timed_twice(argv, work) for _ in range(count)]
        print(f"  {title:<42} {statistics.median(t[0] for t in took):8.1f} ms  {statistics.median(t[1] for t in took):8.1f} ms")
    print(f"  {'the index':<42} {sum(f.stat().st_size for f in store.glob('index/*')) / 1e6:8.1f} MB")


FILE = 16 << 20


def bench_parameters(build, work, count):
    """A config of 100,000 parameters: what it takes longer than the same job without one, signing included."""
    recorder, project = str(build / "recorder/glassbox"), work / "parameters"
    project.mkdir()
    groups = {f"group{g}": {f"param_{k}": [k / 7, f"text value {k}", k % 2 == 0, k, None][k % 5] for k in range(100)} for g in range(1000)}
    (project / "c.json").write_text(json.dumps(groups))
    (project / "c.yaml").write_text("".join(f"{g}:\n" + "".join(f"  {k}: {json.dumps(v)}\n" for k, v in m.items()) for g, m in groups.items()))
    (project / "c.toml").write_text((project / "c.yaml").read_text())
    run = [recorder, "run", "-q", "--key", str(work / "key.pem"), "--store", str(project / "store")]
    print(f"\nglassbox run --config FILE -- true, median of {count}: 100,000 parameters")
    for name in ("c.json", "c.yaml", "c.toml"):
        took = [timed_twice([*run, "--config", name, "--", shutil.which("true")], project) for _ in range(count + 1)][1:]
        wall, used = (statistics.median(t[i] for t in took) for i in (0, 1))
        print(f"  {name + (', which is not parsed' if name == 'c.toml' else ', sealed and signed'):<36} {wall:8.1f} ms, {used:8.1f} ms of processors")
    shutil.rmtree(project)


def make_files(folder, count):
    """Files of 16 MiB that differ."""
    folder.mkdir()
    filler = os.urandom(FILE - 8)
    for i in range(count):
        (folder / f"part-{i:03}").write_bytes(struct.pack("<Q", i) + filler)
    return [str(p) for p in sorted(folder.iterdir())]


def bytes_a_second(title, argv, cwd, count, size):
    for where, words in (("one processor", ["taskset", "-c", "0"]), (f"{os.cpu_count()} processors", [])):
        took = [timed_twice(words + argv, cwd) for _ in range(count + 1)][1:]
        wall, used = (statistics.median(t[i] for t in took) for i in (0, 1))
        print(f"  {title + ', ' + where:<52} {size / wall / 1e6:5.2f} GB/s, {size / used / 1e6:5.2f} GB a second of processors")


def bench_bytes(build, work, count):
    """A code tar of 256 MiB and a dataset of 2 GiB, read from the page cache, beside openssl over the same files: all by one, and half by each of two.
    More code is not captured within the 2 s that a capture may take."""
    recorder, verifier, key = str(build / "recorder/glassbox"), str(build / "recorder/glassbox-verify"), str(work / "key.pem")
    git = ["git", "-c", "user.name=bench", "-c", "user.email=bench@example.org", "-c", "core.compression=0"]
    print(f"\nglassbox-verify over much data, median of {count}")
    for title, files, words in (("a code tar of 256 MiB", 16, []), ("--data of 2 GiB", 128, ["--data", f"set={work}/bytes/files"])):
        project = work / "bytes"
        project.mkdir()
        names = make_files(project / "files", files)
        if words:
            (project / ".gitignore").write_text("files\n")
        for call in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "start"]):
            subprocess.run(git + call, cwd=project, check=True)
        subprocess.run([recorder, "run", "-q", "--key", key, *words, "--linger", "1000", "--", shutil.which("true")], cwd=project, check=True)
        subprocess.run([recorder, "publish", "-q", "--key", key, "last", "-o", f"{project}/b.tar"], cwd=project, check=True)
        if not words and (project / "b.tar").stat().st_size < files * FILE:
            print(f"  {title}: not captured in time; try again when the machine has less to do")
            shutil.rmtree(project)
            continue
        argv = [verifier, f"{project}/b.tar", "--key", str(work / "key.pub"), "-q", *words]
        halves = " & ".join("openssl dgst -sha256 " + " ".join(half) for half in (names[::2], names[1::2]))
        bytes_a_second(title, argv, project, count, files * FILE)
        bytes_a_second("openssl dgst, the same files", ["openssl", "dgst", "-sha256", *names], project, count, files * FILE)
        bytes_a_second("two of openssl dgst, half each", ["sh", "-c", halves + " & wait"], project, count, files * FILE)
        print(f"  {title + ', peak memory':<52} {peak_kilobytes(argv, project) / 1024:8.1f} MiB")
        shutil.rmtree(project)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("build", type=Path)
    parser.add_argument("--pairs", type=int, default=20, help="how many pairs (20)")
    parser.add_argument("--runs", type=int, default=10000, help="runs in the store that is looked into (10,000 of 1,000 records; 0: none)")
    parser.add_argument("--long", action="store_true", help="train as long as the example does (about 18 s a run)")
    given = parser.parse_args()
    if given.pairs < 2:
        parser.error("--pairs: expected 2 or more")
    source = Path(__file__).resolve().parents[2]
    with tempfile.TemporaryDirectory(prefix="glassbox-bench.") as folder:
        work = Path(folder)
        for name in [n for n in os.environ if n.startswith("GLASSBOX") or n in ("GIT_DIR", "GIT_WORK_TREE")]:
            del os.environ[name]
        os.environ.update(HOME=folder, XDG_CONFIG_HOME=folder + "/config", XDG_STATE_HOME=folder + "/state", GIT_CONFIG_NOSYSTEM="1")
        print(machine_line(folder))
        bench_true(given.build.resolve(), work, given.pairs)
        sys.stdout.flush()
        bench_parameters(given.build.resolve(), work, min(given.pairs, 5))
        sys.stdout.flush()
        bench_verify(given.build.resolve(), work, given.pairs)
        sys.stdout.flush()
        if given.runs:
            bench_store(given.build.resolve(), work, given.runs, 1000)
        bench_bytes(given.build.resolve(), work, given.pairs)
        sys.stdout.flush()
        bench_training(given.build.resolve(), source, work, given.pairs, given.long)


main()
