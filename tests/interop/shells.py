"""Completion in zsh and fish, as bash's in tests/cli/complete.py. Each test is a CTest case: shells.py NAME."""
import os
import shutil
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../cli"))
from complete import Complete, typed_in


class Shells(Complete):
    def test_zsh(self):
        if not shutil.which("zsh"):
            self.skipTest("no zsh")
        typed_in(["zsh", "-f", "-i"], self.place, b'autoload -U compinit; compinit -D -u; eval "$(glassbox completion zsh)"\n'
                 b"glassbox sho\tseco\t| head -n 1\n", b"  second\r\n")
        typed_in(["zsh", "-f", "-i"], self.place, b'autoload -U compinit; compinit -D -u; eval "$(glassbox completion zsh)"\n'
                 b"glassbox show with\t| head -n 1\n", b"  with a space\r\n")

    def test_fish(self):
        if not shutil.which("fish"):
            self.skipTest("no fish")

        def offered(line):
            done = self.place.call("fish", "--no-config", "-c", f"glassbox completion fish | source; complete -C '{line}'")
            return [word.split("\t")[0] for word in done.stdout.decode().splitlines()]

        self.assertEqual(offered("glassbox show fir"), ["first"])
        self.assertEqual(offered("glassbox sho"), ["show"])
        self.assertEqual(offered("glassbox show with"), ["with a space"])
        self.assertIn("train.py", offered("glassbox hash tr"))


if __name__ == "__main__":
    if len(sys.argv) > 1:
        sys.argv[1] = "Shells." + sys.argv[1]
    unittest.main()
