#!/usr/bin/env python3
"""What it costs to capture a Python with many packages: software.py BENCH_SOFTWARE [PACKAGES]

Makes a virtual environment of this Python with so many packages (400), each with metadata and a list of files of usual sizes, starts it,
and lets bench_software (cmake --build --preset release --target bench_software) look at it."""
import subprocess
import sys
import tempfile
from pathlib import Path

METADATA = "Metadata-Version: 2.1\nName: package-{0}\nVersion: 1.{0}\nSummary: one of many\n\n" + "What it is for.\n" * 800
LINE = "package_{0}/module_{1}.py,sha256=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU,1234\n"


def make(folder, packages):
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    site = next(Path(folder).glob("lib/python*/site-packages"))
    for n in range(packages):
        info = site / f"package_{n}-1.{n}.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(METADATA.format(n))
        (info / "INSTALLER").write_text("pip\n")
        (info / "RECORD").write_text("".join(LINE.format(n, m) for m in range(200)))
        (info / "WHEEL").write_text("Wheel-Version: 1.0\n")


def main():
    with tempfile.TemporaryDirectory() as folder:
        make(folder, int(sys.argv[2]) if len(sys.argv) > 2 else 400)
        job = subprocess.Popen([folder + "/bin/python", "-c", "import ssl, sqlite3, ctypes; print(flush=True); input()"],
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        job.stdout.readline()
        for _ in range(5):
            subprocess.run([sys.argv[1], str(job.pid)], check=True)
        job.communicate(b"\n")


main()
