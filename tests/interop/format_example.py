#!/usr/bin/env python3
"""The worked example of proto/FORMAT.md, section 13.

usage: format_example.py --check FORMAT.md             computes the example again from the hex in it and compares
       format_example.py --make JOURNAL FORMAT.md      writes a new example from the first three records of a journal
"""
import os
import struct
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import oracle  # noqa: E402

BEGIN, END = "<!-- example begin -->\n", "<!-- example end -->\n"
RECORDS = 3


def lines_of(data, width=32):
    return "".join("    %s\n" % data[i:i + width].hex() for i in range(0, len(data), width))


def frame(data):
    head = struct.pack("<Q", len(data))
    return head + struct.pack("<I", oracle.masked_crc(head)) + data + struct.pack("<I", oracle.masked_crc(data))


def example(journal):
    out, leaves, stream = [], [], None
    for seq, data in enumerate(list(oracle.tfrecords(journal, 65536))[:RECORDS]):
        r = oracle.Record(data)
        if seq == 0:
            stream = r.body["stream"]
            out.append("The stream is `%s`, the run `%s`, which is `%s`.\n" %
                       (stream.hex(), r.body["run"].hex(), oracle.ulid_text(r.body["run"])))
        framed, committed = frame(data), oracle.commitment(stream, seq, r.salt, r.body_bytes)
        oracle.need(r.seq == seq and r.prev == (leaves[-1] if leaves else b"") and r.commitment == committed, "record", seq)
        leaves.append(r.leaf)
        out.append("### Record %d: `%s`\n" % (seq, r.kind))
        out.append("In the file, %d bytes: length, its CRC, the frame, its CRC:\n" % len(framed))
        out.append(lines_of(framed))
        out.append("The frame's members, each behind its tag and length (`0a`, `12 20`, `1a`):\n")
        out.append("    entry %s\n    salt  %s\n    body  %s\n" % (r.entry_bytes.hex(), r.salt.hex(), r.body_bytes.hex()))
        out.append("Commitment, SHA-256 of\n")
        out.append("    %s  \"glassbox/body/v1\" 0x00\n    %s  stream\n    %s  seq\n    the salt and the body as above\n" %
                   (b"glassbox/body/v1\0".hex(), stream.hex(), oracle.be64(seq).hex()))
        out.append("which is what the entry ends with:\n")
        out.append("    %s\n" % committed.hex())
        out.append("Leaf, SHA-256 of `00` and the entry%s:\n" % (", the next record's `prev`" if seq + 1 < RECORDS else ""))
        out.append("    %s\n" % r.leaf.hex())
    out.append("### The head after these records\n")
    out.append("    leaf 0, leaf 1    SHA-256(01 || leaf 0 || leaf 1) = %s\n    root, size %d      SHA-256(01 || that || leaf 2)   = %s\n" %
               (oracle.sha256(b"\1", *leaves[:2]).hex(), RECORDS, oracle.root_of(leaves).hex()))
    withheld = frame(b"\x0a" + bytes([len(r.entry_bytes)]) + r.entry_bytes)
    out.append("Withheld, the last of them is this in a bundle, %d bytes, with the same leaf:\n" % len(withheld))
    out.append(lines_of(withheld).rstrip("\n") + "\n")
    oracle.need(oracle.Record(next(oracle.tfrecords(withheld, 65536))).leaf == leaves[-1], "withheld")
    return "\n" + "\n".join(out) + "\n"


def journal_in(section):
    """The hex of the records' files, from a section that was written by example()."""
    journal = b""
    for part in section.split("In the file, ")[1:]:
        lines = part.split("\n\n")[1].split("\n")
        journal += bytes.fromhex("".join(line.strip() for line in lines))
    return journal


def main(arguments):
    if len(arguments) not in (2, 3) or arguments[0] not in ("--check", "--make"):
        print(__doc__, file=sys.stderr)
        return 2
    with open(arguments[-1], encoding="utf-8") as f:
        before, _, rest = f.read().partition(BEGIN)
    section, _, after = rest.partition(END)
    if arguments[0] == "--make":
        with open(arguments[1], "rb") as f:
            made = example(f.read())
        with open(arguments[-1], "w", encoding="utf-8") as f:
            f.write(before + BEGIN + made + END + after)
        return 0
    if not section or example(journal_in(section)) != section:
        print("%s: the example is not what its own bytes come to" % arguments[-1])
        return 1
    print("%s: the example holds" % arguments[-1])
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
