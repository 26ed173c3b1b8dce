"""What the attack models share: a case, the owner, and how a case comes to be a folder or a file."""
import os
import shutil
from typing import NamedTuple

from forge import Owner, honest  # the first, for where it finds the others
from bundles import Bundle, write_folder

ALL = {}
OWNER = Owner()


class Case(NamedTuple):
    what: str
    form: object   # a Bundle, {path: bytes} for a folder, bytes for a file, or a function that makes it at a path
    status: int    # 1: parts contradict each other; 3: something is malformed, missing or over a limit; 0: nobody can see it offline
    says: tuple = ()
    against: object = None  # another bundle, given with --against


def model(function):
    ALL[function.__name__] = function
    return function


def write(form, path):
    if callable(form):
        form(path)
    elif isinstance(form, Bundle):
        form.write(path)
    elif isinstance(form, dict):
        write_folder(path, form)
    else:
        with open(path, "wb") as f:
            f.write(form)


def remove(path):
    if os.path.isdir(path) and not os.path.islink(path):
        shutil.rmtree(path)
    elif os.path.lexists(path):
        os.unlink(path)


def signed():
    """A fresh owner's log each time, one key: (owner, run, bundle)."""
    owner = Owner()
    return (owner, *honest(owner))


def changed(bundle, title, data):
    """The layer's bytes, covered up: every digest that nobody signed fits."""
    b = bundle.copy()
    b.layer[title] = data
    return b


def named(bundle):
    """Titles that the statement names."""
    return [t for t in bundle.layer if t not in ("publication.json", "head.note", "start.proof", "seal.proof")]
