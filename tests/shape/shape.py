#!/usr/bin/env python3
"""Holds the source to its shape: shape.py CHECK SOURCE_DIR. Each check is one case of CTest."""
import ast
import re
import sys
from pathlib import Path

# The order of dependencies. An include points to the same room or to one before it.
ROOMS = ["base", "digest", "journal", "trust", "bundle", "store", "capture", "run", "openness", "cli"]

# One seam for each outside world: who may include what.
LIBRARIES = [
    (r"git2(\.h|/)", r"capture/git.*\.[ch]", "libgit2"),
    (r"sqlite3\.h", r"store/db\.c", "SQLite"),
    (r"yaml\.h", r"capture/document_yaml\.c", "libyaml"),
    (r"openssl/", r"(trust/key.*|digest/hash)\.[ch]", "OpenSSL"),
    (r"jansson\.h", r"(base/json|cli/.*|bundle/.*|trust/.*|capture/(parameters|direct_url)|run/.*)\.[ch]", "jansson"),
]

# Only base/ talks to the C library's files and memory. The others, with the reason:
CALLS = "open openat read write pread pwrite fsync fdatasync syncfs rename renameat unlink unlinkat mkdir mkdirat opendir " \
        "fdopendir malloc calloc realloc free fopen"
CALLS_ALLOWED = {
    # file: {call: reason}
}

# Bounds on what is read are in base/limits.h. These bound something else:
BOUNDS_ALLOWED = {
    "bundle/tar_block.h": {"GBX_TAR_NAME_MAX", "GBX_TAR_SIZE_MAX"},  # fields of the format
    "capture/git.h": {"GBX_GIT_ID_MAX"},                             # the longer of git's two
    "digest/pool.c": {"MOST_THREADS"},
    "journal/ahead.c": {"MOST_THREADS"},
    "trust/log_file.c": {"LEAF_FRAME_MAX"},                          # what an unfinished write can have left
}

LINES_OF_FILE = 600
LINES_OF_FUNCTION = 100
LONGER = {}  # "file" or "file:function": reason


def sources(root, pattern="*.[ch]"):
    return sorted((root / "recorder").glob("*/" + pattern))


def name(root, path):
    return str(path.relative_to(root / "recorder"))


def without_comments(text):
    """Comments and strings blanked, lines kept."""
    def blank(match):
        return re.sub(r"[^\n]", " ", match[0])
    return re.sub(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', blank, text, flags=re.S)


def code_lines(path):
    return enumerate(without_comments(path.read_text()).split("\n"), 1)


def includes(root):
    for path in sources(root):
        here = ROOMS.index(path.parent.name) if path.parent.name in ROOMS else -1
        if here < 0:
            yield f"{name(root, path)}: the room '{path.parent.name}' is not in the list of rooms"
        for number, line in enumerate(path.read_text().split("\n"), 1):
            found = re.match(r'\s*#\s*include\s+"([^"]+)"', line)
            if not found or found[1].endswith(".pb-c.h"):
                continue
            room = found[1].split("/")[0]
            if "/" not in found[1] or room not in ROOMS or not (root / "recorder" / found[1]).is_file():
                yield f"{name(root, path)}:{number}: '{found[1]}': expected \"ROOM/FILE.h\" of this source"
            elif ROOMS.index(room) > here:
                yield f"{name(root, path)}:{number}: {path.parent.name} may not include '{found[1]}': {room} comes after it"


def libraries(root):
    for path in sources(root):
        for number, line in enumerate(path.read_text().split("\n"), 1):
            found = re.match(r"\s*#\s*include\s+[<\"]([^>\"]+)", line)
            for header, who, what in LIBRARIES:
                if found and re.match(header, found[1]) and not re.fullmatch(who, name(root, path)):
                    yield f"{name(root, path)}:{number}: {what} belongs to {who}"


def calls(root):
    pattern = re.compile(r"(?<![\w.>])(" + "|".join(CALLS.split()) + r")\s*\(")
    used = set()
    for path in sources(root, "*.c"):
        if path.parent.name == "base":
            continue
        allowed = CALLS_ALLOWED.get(name(root, path), {})
        for number, line in code_lines(path):
            for call in pattern.findall(line):
                used.add((name(root, path), call))
                if call not in allowed:
                    yield f"{name(root, path)}:{number}: {call}() belongs to base/"
    for file, allowed in CALLS_ALLOWED.items():
        for call in allowed:
            if (file, call) not in used:
                yield f"tests/shape/shape.py: {file} no longer calls {call}(): take it off the list"


def functions(path):
    """(name, first line, lines) of each function: from its opening brace in the first column to the closing one."""
    start, title, before = 0, "", ""
    for number, line in code_lines(path):
        if line == "{":
            start, title = number, before
        elif line == "}" and start:
            found = re.search(r"(\w+)\s*\(", title)
            yield found[1] if found else "?", start, number - start + 1
            start = 0
        if re.match(r"\w.*\(", line):
            before = line


def sizes(root):
    for path in sources(root):
        lines = len(path.read_text().splitlines())
        if lines > LINES_OF_FILE and name(root, path) not in LONGER:
            yield f"{name(root, path)}: {lines} lines; more than {LINES_OF_FILE}"
        for function, start, length in functions(path):
            if length > LINES_OF_FUNCTION and f"{name(root, path)}:{function}" not in LONGER:
                yield f"{name(root, path)}:{start}: {function} has {length} lines; more than {LINES_OF_FUNCTION}"


def limits(root):
    """Every bound on what is read is in base/limits.h."""
    for path in sources(root):
        if name(root, path) == "base/limits.h":
            continue
        for number, line in code_lines(path):
            for found in re.findall(r"#\s*define\s+(\w*(?:LIMIT|MAX|MOST)\w*)|\b(\w*(?:LIMIT|MAX|MOST)\w*)\s*=", line):
                bound = found[0] or found[1]
                if bound not in BOUNDS_ALLOWED.get(name(root, path), set()) and bound != "GBX_E_LIMIT":
                    yield f"{name(root, path)}:{number}: {bound} belongs to base/limits.h"


def goto(root):
    for path in sources(root):
        for number, line in code_lines(path):
            if re.search(r"\bgoto\b", line):
                yield f"{name(root, path)}:{number}: goto"


def headers(root):
    for path in sources(root, "*.h"):
        text = path.read_text()
        if not text.startswith("/*"):
            yield f"{name(root, path)}: a header begins with a comment that says what it is for"
        if not re.search(r"^#pragma once$|^#ifndef (\w+)\n#define \1$", text, flags=re.M):
            yield f"{name(root, path)}: no include guard"


def listed(root):
    """Every source file is in the build."""
    cmake = (root / "recorder/CMakeLists.txt").read_text()
    for path in sources(root, "*.c"):
        if not re.search(rf"(?<![\w/]){re.escape(name(root, path))}(?![\w.])", cmake):
            yield f"{name(root, path)}: not in recorder/CMakeLists.txt"


def crypto(root):
    """What OpenSSL answers is compared with the one value that is success: less than 0 is no truth either."""
    for path in sources(root, "*.c"):
        text = without_comments(path.read_text())
        for call in re.finditer(r"\b(EVP_\w*(?:Verify|Sign|Digest|Init|Update|Final)\w*|EVP_PKEY_get_raw\w*|PEM_(?:read|write)\w*)\s*\(", text):
            depth, end = 1, call.end()
            while depth:
                depth += {"(": 1, ")": -1}.get(text[end], 0)
                end += 1
            kept = re.search(r"\bint (\w+) = $", text[:call.start()])
            compared = re.match(r"\s*[!=]= 1\b", text[end:]) or \
                (kept and re.match(rf";\s*if \({kept[1]} == 1\)\s*return 0;", text[end:]))
            if not compared:
                number = text.count("\n", 0, call.start()) + 1
                yield f"{name(root, path)}:{number}: compare the result of {call[1]} with 1"


def proto(root):
    for path in sorted((root / "proto").glob("*.proto")):
        text = re.sub(r"//[^\n]*", "", path.read_text())
        for number, line in enumerate(text.split("\n"), 1):
            found = re.match(r"\s*repeated\s+(\S+)", line)
            # base/pb.c reads the repeated fields of a record, cli/body_json.c prints them.
            if found and found[1] in ("bool", "int32", "uint32", "sint32", "fixed32", "sfixed32", "float") and path.name == "record.proto":
                yield f"proto/{path.name}:{number}: repeated {found[1]}: cli/body_json.c relies on numbers of 64 bits"
            if re.search(r"\bmap\s*<|^\s*(float|double)\s|^\s*(optional|required)\s", line):
                yield f"proto/{path.name}:{number}: no maps, floats or optional fields: {line.strip()}"


# Where what fails is told to the user.
FAILING = ("cli", "run", "store")
STRING = r'"(?:\\.|[^"\\\n])*"'


def formats(root):
    """(file:line, format) of each gbx_fail and gbx_fail_errno of those rooms but the ones for want of memory, and of what cli says literally."""
    call = re.compile(r"\bgbx_(?:fail|fail_errno|say)\(((?:[^;\"]|\n)*?)((?:%s\s*)+)[,)]" % STRING)
    for path in (p for room in FAILING for p in sorted((root / "recorder" / room).glob("*.c"))):
        text = re.sub(r"/\*.*?\*/", lambda m: re.sub(r"[^\n]", " ", m[0]), path.read_text(), flags=re.S)
        for found in call.finditer(text):
            if "GBX_E_NOMEM" not in found[1] or "?" in found[1]:
                said = "".join(s[1:-1] for s in re.findall(STRING, found[2])).replace('\\"', '"')
                if said != "%s":  # what another room said
                    yield f"{name(root, path)}:{text.count(chr(10), 0, found.start()) + 1}", said


def said_in_tests(root):
    """The formats of which tests/cli/failures.py has a case, and those that it excuses."""
    tree = ast.parse((root / "tests/cli/failures.py").read_text())
    excused = next(ast.literal_eval(n.value) for n in tree.body if isinstance(n, ast.Assign) and n.targets[0].id == "EXCUSED")
    cases = {n.value for n in ast.walk(tree) if isinstance(n, ast.Constant) and isinstance(n.value, str)} - set(excused)
    return cases, set(excused)


def failures(root):
    """Every way to fail that the user is told of has a case in tests/cli/failures.py, and no two are told in the same words."""
    cases, excused = said_in_tests(root)
    seen = {}
    for where, said in formats(root):
        if said in seen:
            yield f"{where}: '{said}' is what {seen[said]} says: one of them in other words, or both by one function"
        elif said not in cases and said not in excused:
            yield f"{where}: '{said}' has no case in tests/cli/failures.py"
        seen[said] = where
    for said in excused - set(seen):
        yield f"tests/cli/failures.py: nothing says '{said}' any more: take it out of EXCUSED"


CHECKS = {f.__name__: f for f in (includes, libraries, calls, sizes, goto, headers, listed, crypto, limits, proto, failures)}


def main():
    if len(sys.argv) != 3 or sys.argv[1] not in CHECKS:
        sys.exit("shape: expected CHECK SOURCE_DIR, CHECK one of: " + " ".join(CHECKS))
    found = list(CHECKS[sys.argv[1]](Path(sys.argv[2])))
    for line in found:
        print(line)
    print(f"{sys.argv[1]}: {len(found)} found" if found else f"{sys.argv[1]}: ok")
    sys.exit(1 if found else 0)


main()
