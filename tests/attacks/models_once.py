"""What a run has once: the end of its job, which its own record and the Seal tell, its start, its name, the folder of each root."""
from case import Case, model
from bundles import KINDS, field_bytes, varint
from forge import LEAD, MEMBER, Owner, Run, Stream, varint_fixed64

CONTRADICTS = 1
OUTCOMES = {"exit 0": (1, 0), "exit 1": (1, 1), "exit 137": (1, 137), "signal 9": (2, 9), "signal 15": (2, 15), "not started, errno 2": (3, 2)}
STATES = {1: "EXITED", 2: "SIGNALED", 3: "NOT_STARTED", 4: "NO_END"}


def run_end(outcome):
    number, value = OUTCOMES[outcome]
    return bytes([number << 3]) + varint(value) + varint_fixed64(5, 1) + varint_fixed64(6, 2)


def run_of(*outcomes):
    """A run whose lead stream has these ends and no other."""
    run = Run()
    run.lead.frames.pop()
    for outcome in outcomes:
        run.lead.add("run-end", run_end(outcome))
    return run


def signed(run, state):
    run.seal(state=state)
    return run.sign(run.bundle(), Owner())


def stream_that_sorts(run, before, role):
    for i in range(64):
        stream = Stream(run, b"s%d" % i, role)
        if (stream.id < run.lead.id) == before:
            run.streams.append(stream)
            return stream
    raise AssertionError("64 ids on one side")


@model
def ends():
    """Each outcome below each state of the Seal; two ends in one stream or two; an end that a member's stream tells."""
    for state, name in STATES.items():
        for outcome, (number, _) in OUTCOMES.items():
            right = number == state
            yield Case(f"{outcome}, sealed {name}", signed(run_of(outcome), state), 0 if right else CONTRADICTS,
                       () if right else ("the seal says otherwise how the job ended than its own record",))
        yield Case(f"no end, sealed {name}", signed(run_of(), state), 0 if state == 4 else CONTRADICTS,
                   () if state == 4 else ("the seal says how the job ended, and no record does",))
    for first in OUTCOMES:
        for second in OUTCOMES:
            state, same = OUTCOMES[first][0], first == second
            yield Case(f"{first}, then {second}", signed(run_of(first, second), state), 0 if same else CONTRADICTS,
                       () if same else ("the job ended in another way than an earlier record says",))
    for before in (True, False):
        for outcome in OUTCOMES:
            run = run_of("exit 137")
            stream_that_sorts(run, before, MEMBER).add("run-end", run_end(outcome))
            yield Case(f"a member's stream {'before' if before else 'behind'} the lead's tells of {outcome}", signed(run, 1), CONTRADICTS,
                       ("in a stream that is not a lead stream",))
            run = run_of("exit 137")
            stream_that_sorts(run, before, LEAD).add("run-end", run_end(outcome))
            same = outcome == "exit 137"
            yield Case(f"another lead stream {'before' if before else 'behind'} tells of {outcome}", signed(run, 1), 0 if same else CONTRADICTS,
                       () if same else ("the job ended in another way than an earlier record says",))


@model
def facts_twice():
    """A start, a name or a root a second time in a run: the same, which nothing refuses, or another, before or behind the first."""
    facts = {"run-start": (lambda text: field_bytes(1, text)), "name": (lambda text: field_bytes(1, text)),
             "root": (lambda text: field_bytes(1, b"repo") + field_bytes(2, b"/" + text))}
    for kind, body in facts.items():
        for before in (None, True, False):
            for n, (first, second) in enumerate([(b"one", b"one")] + [(b"one", b"two%d" % i) for i in range(6)]):
                run = Run(plain=True)
                run.lead.frames = [f for f in run.lead.frames if f.kind != KINDS[kind]]
                run.lead.add(kind, body(first))
                stream = run.lead if before is None else stream_that_sorts(run, before, LEAD)
                stream.add(kind, body(second))
                yield Case(f"{kind} {second} beside {first}, in {'one stream' if before is None else 'an earlier one' if before else 'a later one'}, {n}",
                           signed(run, 4), 0 if first == second else CONTRADICTS, () if first == second else ("says otherwise than record",))
    for n in range(8):
        run = Run()
        run.lead.add("root", field_bytes(1, b"repo") + field_bytes(2, b"/here"))
        run.lead.add("root", field_bytes(1, b"cwd%d" % n) + field_bytes(2, b"/there"))
        yield Case(f"roots of two names, {n}", signed(run, 1), 0)
