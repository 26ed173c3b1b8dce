"""Records that name other records: a parameter its config, a gap its place, data-files their dataset. What is named has to be in the run
and of its kind, whether it is shown or withheld; nobody but the owner can sign it otherwise."""
from case import Case, model
from forge import NAME_OF_KIND, Owner, Run, field, field_bytes, field_number, page, path_of, ref, sha256
from bundles import fields

CONTRADICTS = 1
KIND_OF = {"param": "config", "gap": "place", "data-files": "data"}


def put_naming(run, kind, at):
    """A record that names the one at `at`, (stream, seq)."""
    if kind == "param":
        return run.lead.add(kind, field_bytes(1, b"named") + field(2, b"x") + field_number(8, 2) + field(9, ref(*at)))
    if kind == "gap":
        return run.lead.add(kind, field_number(1, 6) + field_number(2, 2) + field_number(3, 1) + field(4, ref(*at)))
    pages = page(Run.DATA, [sha256(b"file salt", b"set", p) for p, _ in Run.DATA])
    run.add_layer("manifest", pages)
    run.manifests += 1
    return run.lead.add(kind, field(1, ref(*at)) + field_bytes(2, sha256(pages)))


def run_with_places():
    """(run, {what: seq of the lead stream}); a config, a place and a dataset are among them, and a member's stream that was left open."""
    run = Run()
    seqs = {f"a {name} record": next(i for i, f in enumerate(run.lead.frames) if f.kind == number)
            for name, number in (("stream-start", 1), ("run-start", 2), ("name", 12), ("withheld arg", 13), ("config", 14), ("param", 15),
                                 ("code", 20), ("data", 31), ("data-files", 32), ("artifact", 33), ("run-end", 3))}
    seqs["a place record"] = run.lead.add("place", field(2, b"--data"))
    run.add_stream(b"member", ended=False)
    return run, seqs


def signed(run):
    run.seal()
    return run.sign(run.bundle(), Owner())


def wrong(run, seqs, kind):
    """(what, stream, seq) that a record of this kind, which comes next, must not name."""
    lead, here, member = run.lead.id, len(run.lead.frames), run.streams[-1]
    right = seqs[f"a {KIND_OF[kind]} record"]
    yield from ((what, lead, seq) for what, seq in seqs.items() if seq != right)
    yield "itself", lead, here
    yield "the seal", lead, here + 1
    yield "what would come behind the seal", lead, here + 2
    yield "record 2^63", lead, 1 << 63
    yield "record 2^64 - 1", lead, (1 << 64) - 1
    yield "a stream of no id", bytes(16), right
    yield "a stream that is not in the run", sha256(b"another")[:16], right
    yield "another run's lead stream", Run(b"another").lead.id, right
    yield "a heartbeat of another stream", member.id, 1
    yield "what would come behind an open stream", member.id, len(member.frames)


def hide(run, seq):
    """Withholds a record, and the file that only it names."""
    run.lead.frames[seq].shown = False
    if NAME_OF_KIND[run.lead.frames[seq].kind] == "config":
        run.files = {title: data for title, data in run.files.items() if not title.startswith("file/")}


def copy(stream, frame):
    """The same fact once more, at the end of a stream: (stream, seq)."""
    return stream.id, stream.add(NAME_OF_KIND[frame.kind], dict(fields(frame.body))[frame.kind])


def stream_that_sorts(run, before):
    """A member's stream whose id is below or above the lead's."""
    for i in range(64):
        stream = run.add_stream(b"m%d" % i, ended=False)
        if (stream.id < run.lead.id) == before:
            return stream
        run.streams.remove(stream)
    raise AssertionError("64 ids on one side")


def put_rightly(run, kind, seq, how):
    frame = run.lead.frames[seq]
    if how == "withheld":
        hide(run, seq)
    if how.endswith("stream"):
        put_naming(run, kind, copy(stream_that_sorts(run, how == "in an earlier stream"), frame))
    elif how == "behind it":
        put_naming(run, kind, (run.lead.id, len(run.lead.frames) + 1))
        copy(run.lead, frame)
    else:
        put_naming(run, kind, (run.lead.id, seq))


@model
def names_of_records():
    """Each kind that names another: what is not there or not of that kind; and each way to name one rightly, which nothing refuses."""
    for kind, named in KIND_OF.items():
        for i, _ in enumerate(wrong(*run_with_places(), kind)):
            run, seqs = run_with_places()
            what, stream, seq = list(wrong(run, seqs, kind))[i]
            at = put_naming(run, kind, (stream, seq))
            yield Case(f"{kind} that names {what}", signed(run), CONTRADICTS, (f"record {at} ({kind}) names record {seq} of stream", f"no {named} record"))
        for how in ("before it", "withheld", "behind it", "in an earlier stream", "in a later stream"):
            run, seqs = run_with_places()
            put_rightly(run, kind, seqs[f"a {named} record"], how)
            yield Case(f"{kind} that names a {named} record {how}", signed(run), 0)
    run, _ = run_with_places()
    put_naming(run, "param", (run.lead.id, run.lead.add("config", field(1, path_of(b"secret.json")) + field_bytes(2, b"json"))))
    yield Case("param that names a config without content", signed(run), 0)


def put_missing(run, at, reason=19):
    return run.lead.add("gap", field_number(1, 11) + field_number(2, reason) + field_number(3, 0) + field(5, ref(*at)) + field_number(6, 7))


@model
def records_that_are_missing():
    """A gap that says a record is missing which the bundle has, shown or withheld, before or behind it; and records that are not there."""
    _, seqs = run_with_places()
    there = [(what, lambda run, seq=seq: (run.lead.id, seq)) for what, seq in seqs.items()]
    there += [("itself", lambda run: (run.lead.id, len(run.lead.frames))), ("the seal", lambda run: (run.lead.id, len(run.lead.frames) + 1)),
              ("another stream's start", lambda run: (run.streams[-1].id, 0)),
              ("another stream's last record", lambda run: (run.streams[-1].id, len(run.streams[-1].frames) - 1))]
    for before, reason in ((True, 19), (True, 20), (False, 19), (False, 20)):
        for what, place in there:
            run, _ = run_with_places()
            stream_that_sorts(run, before)
            stream, seq = place(run)
            at = put_missing(run, (stream, seq), reason)
            yield Case(f"gap that misses {what}, a stream {'before' if before else 'behind'} the lead's, reason {reason}", signed(run), CONTRADICTS,
                       (f"record {at} (gap) says that record {seq} of stream", "is missing, which is in the bundle"))
    gone = [("what would come behind an open stream", lambda run: (run.streams[-1].id, len(run.streams[-1].frames))),
            ("what would come behind the seal", lambda run: (run.lead.id, len(run.lead.frames) + 2)),
            ("a stream that is not there", lambda run: (sha256(b"torn")[:16], 0)), ("record 2^64 - 1", lambda run: (run.lead.id, (1 << 64) - 1))]
    for n in range(5):
        for what, place in gone:
            run, _ = run_with_places()
            for i in range(n):
                run.add_stream(b"more%d%d" % (n, i), ended=i % 2 == 0)
            put_missing(run, place(run))
            yield Case(f"gap that misses {what}, {n} more streams", signed(run), 0)
