"""Genuine parts put together wrongly: old ones, those of other runs, of other logs, cut short, in another order."""
import base64
import itertools
import json

from case import Case, changed, model, signed
from forge import Owner, Run, field_number, head, honest, leaf_text, parameter, published, sha256
from bundles import tar_of, write_tfrecords

NOTES = ("head.note", "start.proof", "seal.proof")


def combine(bundles, choice):
    """The layers of the first, each from the bundle that the choice says."""
    b = bundles[0].copy()
    for title, i in choice.items():
        b.layer[title] = bundles[i].layer[title]
    return b


def log_of_others(owner, count):
    for i in range(count):
        owner.append(leaf_text(sha256(b"other run", bytes([i]))[:16], "seal", bytes(16), i + 1, sha256(bytes([i]))))


@model
def rollback():
    """Three publications of one run, each of which shows one more record, and the log as it was at each. An older whole is genuine,
    and nobody can tell offline; parts of several contradict each other."""
    owner, run, _ = signed()
    bundles, previous = [], None
    for i in range(3):
        log_of_others(owner, 3 * i)
        if i:
            run.lead.frames[2 + i].shown = True
        b = run.sign(run.bundle(), owner)
        bundles.append(run.state(b, owner, sequence=i + 1, previous=previous))
        previous = statement_digest(bundles[-1])
    titles = ("publication.json", "journal/0.tfrecord", *NOTES)
    for choice in itertools.product(range(3), repeat=len(titles)):
        statement, journal, *notes = choice
        what = f"statement {statement}, journal {journal}, log {notes}"
        if statement != journal:
            case = Case(what, None, 1, ("journal/0.tfrecord", "another digest"))
        elif len(set(notes)) > 1:
            title = "seal.proof" if notes[2] != notes[0] else "start.proof"
            case = Case(what, None, 1, (title, "head note is not head.note"))
        else:
            case = Case(what + ": genuine", None, 0)
        yield case._replace(form=combine(bundles, dict(zip(titles, choice))))
    b = bundles[0].copy()
    b.remove("start.proof")
    yield Case("start.proof left out: what it proved is not said any more", b, 0)


@model
def freeze():
    """The owner's log as it was before the run was sealed, for ever: a genuine head note that does not know of the seal."""
    owner = Owner()
    log_of_others(owner, 70)
    run, b = honest(owner)
    start, seal = (owner.leaves.index(t) for t in (run.start_leaf(), run.seal_leaf()))
    for size in range(1, seal + 1):
        c = b.copy()
        note = c.layer["head.note"] = owner.head_note(size)
        for title, index, text in (("start.proof", start, run.start_leaf()), ("seal.proof", seal, run.seal_leaf())):
            c.layer[title] = owner.proof(text, note, max(size, index + 1), index)
        yield Case(f"the log's head at {size} of {seal + 1}", c, 1, ("seal.proof", f"leaf {seal}"))
    log_of_others(owner, 90)
    yield Case("the bundle as it was, though the log went on", b, 0)


@model
def older_than_a_copy():
    """What the bundle and the key alone cannot tell, and a reader with a copy of his own can: older publications, forks of them, and
    another end of the same run."""
    owner, run, b = signed()
    said, previous = [], None
    for i in range(11):
        def reasons(s, i=i):
            s["predicate"]["withheld"][0]["reason"] = f"reason {i}"
        said.append(run.state(b.copy(), owner, reasons, sequence=i + 1, previous=previous))
        previous = statement_digest(said[-1])
    for i, j in itertools.permutations(range(len(said)), 2):
        if i < j:
            yield Case(f"statement {i + 1}, who knows {j + 1}", said[i], 1, ("older statement",), said[j])
        elif i - j < 3:
            yield Case(f"statement {i + 1}, who knows {j + 1}", said[i], 0, (), said[j])
    for i in range(1, len(said)):
        def forked(s, i=i):
            s["predicate"]["withheld"][0]["reason"] = "another"
        other = run.state(b.copy(), owner, forked, sequence=i + 1, previous=statement_digest(said[i - 1]))
        yield Case(f"another statement {i + 1}", other, 1, ("two different ones",), said[i])
        yield Case(f"statement {i + 1} after another than statement {i}",
                   run.state(b.copy(), owner, sequence=i + 1, previous="sha256:" + "0" * 64), 1, ("as the one before it",), said[i - 1])
    again = Run()
    again.lead.add("param", parameter("more", "1"))
    again.seal()
    again = again.sign(again.bundle(), Owner())
    yield Case("another end of the run", again, 1, ("different heads",), b)
    yield Case("the end of the run, who knows another", b, 1, ("different heads",), again)
    yield Case("another run", honest(Owner(), b"other")[1], 1, ("that is run",), b)
    stranger = Run().seal()
    stranger = stranger.sign(stranger.bundle(), Owner(seed=b"stranger"), lambda s: s["predicate"].update(sequence=9, previous="sha256:" + "0" * 64))
    yield Case("an honest one, beside a stranger's that says to be newer", said[0], 3, ("proves nothing",), stranger)
    for tail in (b"", bytes(512), tar_of(b.files())[:9000]):
        yield Case(f"an honest one, beside {len(tail)} bytes of a tar", said[0], 3, (), tail)


def statement_digest(bundle):
    return "sha256:" + sha256(base64.b64decode(json.loads(bundle.layer["publication.json"])["payload"])).hex()


@model
def mix_and_match():
    """Two runs of one owner, in one log: each layer from one or the other."""
    owner = Owner()
    runs = [Run(name, code=[(b"train.py", b"print('%s')\n" % name)], data=[(b"a.txt", name)]).seal() for name in (b"first", b"second")]
    bundles = [r.bundle() for r in runs]
    for _ in range(2): # the second time the log has all of both
        for r, b in zip(runs, bundles):
            r.sign(b, owner)
    titles = ["publication.json", "journal/0.tfrecord", "streams.tfrecord", "manifest/0.tfrecord", "code/0.tar", "manifest/1.tfrecord",
              "start.proof", "seal.proof"]
    for choice in itertools.product((0, 1), repeat=len(titles)):
        status = 0 if len(set(choice)) == 1 else 1
        first = combine(bundles, {t: 1 for t in bundles[0].layer}) if choice[0] else bundles[0].copy()
        for title, i in zip(titles, choice):
            first.layer[title] = bundles[i].layer[title]
        what = ", ".join(t for t, i in zip(titles, choice) if i != choice[0]) + f" of run {1 - choice[0]}"
        yield Case(what, first, status)


@model
def fork():
    """Two seals, rightly signed; two logs under one origin; two ends of one run."""
    for behind in range(20):
        run = Run().seal()
        for i in range(behind):
            run.lead.add("heartbeat", field_number(1, i + 1))
        run.lead.add("seal", run.lead.frames[-1 - behind].body[2:])
        run.chain()
        yield Case(f"a second seal, {behind} records behind the first", run.sign(run.bundle(), Owner()), 1,
                   ("journal/0.tfrecord", f"record {len(run.lead.frames) - 1}", "a second seal"))
    for i in range(15):
        run = Run()
        other = run.add_stream(b"other %d" % i, role=1 + i % 2, ended=False, records=i)
        run.seal()
        other.frames.append(type(run.lead.frames[-1]).of("seal", run.lead.frames[-1].body[2:], bytes(32)))
        other.frames[-1].shown = True
        run.chain()
        yield Case(f"a seal in a second stream of {i + 2} records", run.sign(run.bundle(), Owner()), 1, ("journal/0.tfrecord", "seal"))
    logs, bundles = [Owner(), Owner()], []
    run = Run().seal()
    for i, owner in enumerate(logs):
        log_of_others(owner, 2 + 3 * i)
        bundles.append(run.sign(run.bundle(), owner))
    for choice in itertools.product((0, 1), repeat=3):
        status = 1 if len(set(choice)) > 1 else 0
        yield Case(f"two logs under one origin, {dict(zip(NOTES, choice))}", combine(bundles, dict(zip(NOTES, choice))), status,
                   ("head note is not head.note",) if status else ())
    for size in range(12):
        owner, other = Owner(), Owner()
        log_of_others(other, size + 1)
        run, b = honest(owner)
        other.leaves += [t for t in owner.leaves]
        note = other.head_note()
        c = b.copy()
        c.layer["head.note"] = note
        for title in ("start.proof", "seal.proof"):
            c.layer[title] = b.layer[title].split(b"\n\n")[0] + b"\n\n" + note
        yield Case(f"proofs of one log below the head note of another with {size + 1} leaves more", c, 1, ("seal.proof",))
    ends = []
    for state, code in ((1, 0), (2, 9)):
        run = Run()
        run.lead.frames[-1] = type(run.lead.frames[-1]).of("run-end", field_number(1 if state == 1 else 2, code) or b"\x08\0", bytes(32))
        run.lead.frames[-1].shown = True
        run.seal(state)
        ends.append(run.sign(run.bundle(), Owner()))
        yield Case(f"one run, sealed twice: end {state} is genuine", ends[-1], 0)
    titles = ("publication.json", "journal/0.tfrecord", "streams.tfrecord", "seal.proof")
    for choice in itertools.product((0, 1), repeat=4):
        if len(set(choice)) > 1:
            yield Case(f"one run, sealed twice, {dict(zip(titles, choice))}", combine(ends, dict(zip(titles, choice))), 1)


@model
def truncation():
    """Records and bytes cut from the end: by a stranger, by another key, and by the owner's own hand."""
    owner, run, b = signed()
    for keep in range(1, len(run.lead.frames)):
        frames = run.lead.frames[:keep]
        yield Case(f"{keep} records left", changed(b, "journal/0.tfrecord", published(frames)), 1, ("journal/0.tfrecord", "another digest"))
        for who, status in (("a stranger's key", 1), ("the owner's key", 3)):
            cut = Run()
            cut.lead.frames = frames[:]
            cut.files = dict(run.files)
            cut.files["streams.tfrecord"] = write_tfrecords([head(*cut.lead.head()) + field_number(4, 2)])
            shown = {"manifest/%d.tfrecord" % i: at for i, at in enumerate(s for s, f in enumerate(run.lead.frames) if f.kind in (20, 32, 33))}
            cut.files = {t: d for t, d in cut.files.items() if shown.get(t.replace("code", "manifest").replace("tar", "tfrecord"), 0) < keep
                         and not (t.startswith("file/") and keep < 7)}
            cut.start = cut.start if cut.start <= keep else 0
            signer = Owner() if status == 3 else Owner(seed=b"stranger")
            c = cut.sign(cut.bundle(), signer)
            c.remove("seal.proof")
            yield Case(f"{keep} records left, signed by {who}", c, status, ("no stream ends with a seal",) if status == 3 else ("--key",))
    for title in ("streams.tfrecord", "manifest/1.tfrecord", "code/0.tar", "key/%s.vkey" % owner.id.hex(), "head.note", "seal.proof"):
        for part in (0, 1, 3):
            data = b.layer[title]
            yield Case(f"{title}, {part} quarters left", changed(b, title, data[:len(data) * part // 4]), 3 if title in NOTES else 1, (title,))
    tar = tar_of(b.files())
    for keep in range(0, len(tar) - 1024, 1024 + 512):
        yield Case(f"a tar, {keep} bytes left", tar[:keep], 3)


@model
def reordering():
    """Records, streams, entries, layers and files in another order."""
    owner, run, b = signed()
    for i, j in itertools.combinations(range(1, len(run.lead.frames)), 2):
        frames = run.lead.frames[:]
        frames[i], frames[j] = frames[j], frames[i]
        says = ("journal/0.tfrecord", f"record {j}")
        yield Case(f"records {i} and {j}", changed(b, "journal/0.tfrecord", published(frames)), 1, says)
    titles = list(b.layer)
    for i, j in itertools.combinations(range(len(titles)), 2):
        order = titles[:]
        order[i], order[j] = order[j], order[i]
        c = b.copy()
        c.layer = {t: b.layer[t] for t in order}
        unnamed = ("head.note", "start.proof", "seal.proof")
        if i == 0:
            yield Case(f"layers {titles[i]} and {titles[j]}", c, 3, ("publication.json", "image manifest"))
        elif sorted(named_order(order), key=titles.index) != named_order(order):
            yield Case(f"layers {titles[i]} and {titles[j]}", c, 1, ("publication.json", "order"))
    for i in range(12):
        run = Run()
        for n in range(3):
            run.add_stream(b"member %d %d" % (i, n))
        run.seal()
        order = sorted(run.streams, key=lambda s: s.id)
        at = i % 3
        order[at], order[at + 1] = order[at + 1], order[at]
        c = run.bundle()
        c.layer["journal/0.tfrecord"] = b"".join(published(s.frames) for s in order)
        yield Case(f"streams {at} and {at + 1}", run.sign(c, Owner()), 1, ("streams are not sorted",))
        run = Run(b"listed")
        for n in range(3):
            run.add_stream(b"member %d %d" % (i, n))
        run.chain()
        listed = run.listed()
        listed[at], listed[at + 1] = listed[at + 1], listed[at]
        run.seal(listed=listed)
        yield Case(f"streams {at} and {at + 1} of the list", run.sign(run.bundle(), Owner()), 1, ("stream",))
    files = [(b"%02d" % i, b"x%d" % i) for i in range(8)]
    for i in range(7):
        run, order = Run(plain=True), files[:]
        order[i], order[i + 1] = order[i + 1], order[i]
        run.add_data(b"set", order)
        run.seal()
        yield Case(f"files {i} and {i + 1} of a manifest", run.sign(run.bundle(), Owner()), 3, ("manifest/0.tfrecord", f"entry {i + 1}"))
    parts = list(b.files().items())
    for i in range(1, len(parts) - 1): # a tar that begins with another file is another tool's, in whose order nobody reads
        order = parts[:]
        order[i], order[i + 1] = order[i + 1], order[i]
        yield Case(f"files {i} and {i + 1} of a tar", tar_of(dict(order)), 3, ("order",))


def named_order(titles):
    return [t for t in titles if t not in ("head.note", "start.proof", "seal.proof", "publication.json")]


@model
def replayed_bodies():
    """Salt and body of one record in the place of another, of this run and of another run's same place."""
    owner, run, b = signed()
    other = honest(owner, b"other")[0]
    for i, j in itertools.permutations(range(len(run.lead.frames)), 2):
        if i > 0 and run.lead.frames[i].shown and j > 0:
            frames = [type(f)(f.bytes()) for f in run.lead.frames]
            for f, g in zip(frames, run.lead.frames):
                f.shown = g.shown
            frames[i].salt, frames[i].body = run.lead.frames[j].salt, run.lead.frames[j].body
            yield Case(f"the body of record {j} in record {i}", changed(b, "journal/0.tfrecord", published(frames)), 1,
                       ("journal/0.tfrecord", f"record {i}"))
    for i in range(1, len(run.lead.frames)):
        frames = [type(f)(f.bytes()) for f in run.lead.frames]
        frames[i].salt, frames[i].body = other.lead.frames[i].salt, other.lead.frames[i].body
        for f, g in zip(frames, run.lead.frames):
            f.shown = g.shown or f is frames[i]
        yield Case(f"the body of record {i} of another run", changed(b, "journal/0.tfrecord", published(frames)), 1,
                   ("journal/0.tfrecord", f"record {i}"))
