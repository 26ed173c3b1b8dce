#!/usr/bin/env python3
"""Makes what the fault tests verify, by the real program: bundles_to_fail.py FOLDER.

A run with code, data, outputs, config, withheld records and gaps, as folder and as tar; and bundles that are bad in one thing only,
which their owner signed."""
import base64
import json
import os
import shutil
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "cli"))
from bundles import KINDS, Bundle, Place, compact, sha256  # noqa: E402


def sign_statement(place, bundle, key):
    """The owner's own statement over the layers as they are now."""
    bundle.forge_statement()
    envelope = json.loads(bundle.layer["publication.json"])
    payload, kind = base64.b64decode(envelope["payload"]), envelope["payloadType"].encode()
    said = place.write("pae", b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload))
    signature = place.call("openssl", "pkeyutl", "-sign", "-inkey", key, "-rawin", "-in", said).stdout
    public = place.call("openssl", "pkey", "-in", key, "-pubout", "-outform", "DER").stdout[-32:]
    envelope["signatures"] = [{"keyid": sha256(public).hex(), "sig": base64.b64encode(signature).decode()}]
    bundle.layer["publication.json"] = compact(envelope)


def change(bundle, title, old, new):
    assert len(old) == len(new) and old in bundle.layer[title]
    bundle.layer[title] = bundle.layer[title].replace(old, new)


def main(folder):
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    p = Place(folder)
    p.write("data/a.txt", "some data\n" * 50)
    p.write("data/sub/b.bin", bytes(range(256)))
    p.write("out/weights", "weights\n" * 100)
    p.make_repo()
    p.box("key", "new", "--name", "owner.example")
    p.box("run", "--name", "first", "--data", "set=" + p.path("data"), "--data", "gone=" + p.path("nowhere"), "--output",
          "out=" + p.path("out"), "--config", "config.json", "--param", "seed=7", "--", "true")
    key = p.path("config/glassbox/key.pem")
    shutil.copy(p.path("config/glassbox/key.pub"), p.path("key.pub"))
    run = p.last_run()
    p.box("publish", run, "-o", p.path("good"))
    p.box("publish", run, "-o", p.path("good.tar"))
    p.box("run", "--name", "second", "--", "true")
    p.box("publish", p.last_run(), "-o", p.path("another"))

    # Each of these fails one check, or leaves one open, and passes the others.
    bad = Bundle(p.path("good"))
    change(bad, "code/0.tar", b"layers = 4", b"layers = 5")
    sign_statement(p, bad, key)
    bad.write(p.path("bad-code"))

    bad = Bundle(p.path("good"))
    frames = bad.frames()
    named = next(f for f in frames if f.kind == KINDS["name"] and f.body)
    named.body = named.body.replace(b"first", b"other")
    bad.set_frames(frames)
    sign_statement(p, bad, key)
    bad.write(p.path("bad-record"))

    bad = Bundle(p.path("good"))
    note = bad.layer["head.note"].split(b"\n")
    note[1] = b"%d" % (int(note[1]) + 1)
    bad.layer["head.note"] = b"\n".join(note)
    bad.write(p.path("bad-note"))

    bad = Bundle(p.path("good"))
    bad.forge_statement()
    bad.write(p.path("bad-statement"))

    p.write("other/a.txt", "some data\n" * 49 + "same data\n")
    p.write("other/sub/b.bin", bytes(range(256)))


main(os.path.abspath(sys.argv[1]))
