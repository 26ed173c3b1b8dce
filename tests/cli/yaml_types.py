"""The types of YAML: what the recorder makes of a config beside what PyYAML makes of it. Each test is a CTest case of its own."""
import json
import os
import re
import subprocess
import sys
import tempfile
import unittest

import yaml

RECORDER = os.environ.pop("GLASSBOX")

# Where we say otherwise, and why: docs/decisions/yaml.md.
NUMBERS_THAT_PYYAML_READS_AS_TEXT = ["1e-3", "1e5", "3E-4", "1.5e3", "-.5", "+.5", "2.5e10", "1e+3"]
TEXT_THAT_PYYAML_READS_AS_SOMETHING_ELSE = [".inf", "-.Inf", ".NaN", "2026-11-25", "2026-11-25 08:00:00", "1:30.5", "190:20:30.15", "00.5", "0_1.5",
                                            "0xfffffffffffffffff"]

ALIKE = """
1 -1 +1 0 -0 12345678901234567890123456789012345678901234567890 1_000 1_0_0 010 0o10 08 0777 -010 0x1F -0xff 0b1010 0b12 0xg 0x 1:30 16:9 1:60 01:30
12:30:45 -1:30 1.5 1. .5 0.1 -0.1 +0.1 1.0e-3 1.0e+3 1.5E-10 3.14159265358979323846264338327950288 1.e-3 1_000.5 1e 1e- e1 1.2.3 -- .e5 . .. ._ _1
1__0 1,000 1/2 0.30000000000000004 true True TRUE tRUE false False FALSE yes Yes YES yEs no No NO on On ON off Off OFF y Y n N t f null Null NULL nULL ~
None none nan NaN inf Infinity .INF. gpt2 a.b a:b a/b ${model.width} http://example.org/x?y=1 1a 0.1s 10GB 1-2 1+2 2026-11 v1.0 'true' 'null' '1' "1e-3" ''
""".split()


def expected(value):
    if isinstance(value, bool):
        return "boolean", value
    if value is None:
        return "null", True
    if isinstance(value, (int, float)):
        return "number", value
    return "text" if isinstance(value, str) else type(value).__name__, value


def got(body):
    kind = next(k for k in ("text", "number", "boolean", "null", "json") if k in body)
    value = body[kind]
    if kind == "number":
        value = float(value) if re.search("[.eE]", value) else int(value)
    return kind, value


class Types(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="glassbox-yaml.")
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.env = {"PATH": os.environ["PATH"], "HOME": folder.name, "GLASSBOX_STORE": os.path.join(folder.name, "store"), "LC_ALL": "C.UTF-8",
                    "GIT_CEILING_DIRECTORIES": folder.name, **{k: v for k, v in os.environ.items() if k.endswith("SAN_OPTIONS")}}

    def parameters(self, text):
        with open(os.path.join(self.folder, "c.yaml"), "w", encoding="utf-8") as f:
            f.write(text)
        for words in (["run", "-q", "--config", "c.yaml", "--", "true"], ["records", "last", "--kind", "param", "--json"]):
            done = subprocess.run([RECORDER, *words], cwd=self.folder, env=self.env, capture_output=True, check=False)
            self.assertEqual(done.returncode, 0, done.stderr)
        return {r["body"]["name"]: got(r["body"]) for r in json.loads(done.stdout)["records"]}

    def test_every_scalar_has_the_type_that_pyyaml_gives_it_or_is_on_a_list(self):
        scalars = list(dict.fromkeys(ALIKE + NUMBERS_THAT_PYYAML_READS_AS_TEXT + TEXT_THAT_PYYAML_READS_AS_SOMETHING_ELSE))
        text = "".join(f"k{i}: {s}\n" for i, s in enumerate(scalars))
        found, wrong = self.parameters(text), []
        for i, scalar in enumerate(scalars):
            want = expected(yaml.safe_load(f"k: {scalar}")["k"])
            if scalar in NUMBERS_THAT_PYYAML_READS_AS_TEXT:
                self.assertEqual(want[0], "text", scalar)
                want = "number", float(scalar)
            elif scalar in TEXT_THAT_PYYAML_READS_AS_SOMETHING_ELSE:
                self.assertNotEqual(want[0], "text", scalar + " is no exception any more")
                want = "text", scalar
            if found[f"k{i}"] != want:
                wrong.append((scalar, found[f"k{i}"], want))
        self.assertEqual(wrong, [])
        self.assertGreater(len(scalars), 120)

    def test_nested_values_have_the_names_that_pyyaml_gives_them(self):
        text = """
base: &base {lr: 0.1, betas: [0.9, 0.95]}
other: &other {lr: 0.2, decay: 0.01}
a: {<<: *base, lr: 0.3}
b:
  <<: [*base, *other]
  steps: 5
c: *base
layers:
  - {width: 1, &x act: gelu}
  - width: 2
    act: |
      two
      lines
empty: {}
none: []
twice: 1
twice: 2
7: one
true: yes
"""
        def flat(value, name):
            if isinstance(value, dict) and value:
                for k, v in value.items():
                    yield from flat(v, name + [str(k).lower() if isinstance(k, bool) else str(k)])
            elif isinstance(value, list) and any(isinstance(v, (dict, list)) for v in value):
                for i, v in enumerate(value):
                    yield from flat(v, name + [str(i)])
            elif isinstance(value, (dict, list)):
                yield ".".join(name), ("json", json.dumps(value, separators=(",", ":")))
            else:
                yield ".".join(name), expected(value)
        self.assertEqual(self.parameters(text), dict(flat(yaml.safe_load(text), [])))


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *(f"Types.{name}" for name in sys.argv[1:])])
