"""Planted secrets of the kinds that users lose, in every place that is recorded: not one is in any byte that is written, in any spelling.

Values are made up here, in the issuers' formats. Each test is a CTest case of its own: secrets.py NAME."""
import base64
import hashlib
import json
import os
import random
import re
import string
import subprocess
import sys
import tempfile
import unittest
import urllib.parse
import zlib

RECORDER, VERIFIER = os.environ.pop("GLASSBOX"), os.environ["GLASSBOX_VERIFY"]
SEED = 5005
ALNUM = string.ascii_letters + string.digits
COUNT = 500


def pick(rng, alphabet, length):
    return "".join(rng.choice(alphabet) for _ in range(length))


# kind: what stands around the value, and the value that must not be found
def hugging_face(rng):
    value = "hf" + "_" + pick(rng, ALNUM, 34)
    return value, value


def github(rng):
    value = rng.choice(["ghp", "gho"]) + "_" + pick(rng, ALNUM, 36)
    return value, value


def github_fine(rng):
    value = "github" + "_pat_" + pick(rng, ALNUM, 22) + "_" + pick(rng, ALNUM, 59)
    return value, value


def gitlab(rng):
    value = "glpat" + "-" + pick(rng, ALNUM + "_", 20)
    return value, value


def openai(rng):
    value = "sk" + rng.choice(["-", "-proj-", "-ant-api03-"]) + pick(rng, ALNUM, 48)
    return value, value


def aws(rng):
    value = rng.choice(["AKIA", "ASIA"]) + pick(rng, string.ascii_uppercase + string.digits, 16)
    return value, value


def slack(rng):
    value = "xox" + rng.choice("abp") + "-" + pick(rng, string.digits, 12) + "-" + pick(rng, ALNUM, 24)
    return value, value


def google(rng):
    value = "AIza" + pick(rng, ALNUM + "-_", 35)
    return value, value


def jwt(rng):
    def part(claims):
        return base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    value = ".".join([part({"alg": "HS256"}), part({"sub": pick(rng, ALNUM, 12)}), pick(rng, ALNUM + "-_", 43)])
    return value, value


def pem(rng):
    body = pick(rng, ALNUM + "+/", 64)
    kind = rng.choice(["", "RSA ", "EC ", "OPENSSH "])
    return f"-----BEGIN {kind}PRIVATE KEY-----\n{body}\n-----END {kind}PRIVATE KEY-----", body


def url(rng):
    value = pick(rng, ALNUM, 14)
    return f"https://user:{value}@example.org/repo.git", value


BASE64 = ALNUM + "+/"
HEX = "0123456789abcdef"


def around(before, alphabet, length, after=""):
    """A value of which the words around it tell what it is."""
    def make(rng):
        value = pick(rng, alphabet, length)
        return before + value + after, value
    return make


def encoded(before, after=""):
    """user:password in base64; neither form may be found."""
    def make(rng):
        value = base64.b64encode(("me:" + pick(rng, ALNUM, 15)).encode()).decode()
        return before + value + after, value
    return make


MORE = [
    around("api" + "_org_", ALNUM, 34), around("npm" + "_", ALNUM, 36), around("pypi" + "-AgEIcHlwaS5vcmc", ALNUM + "-_", 80),
    around("sk" + "-proj-", ALNUM + "-_", 120), around("sk" + "-ant-api03-", ALNUM + "-_", 95), around("nvapi" + "-", ALNUM + "-_", 64),
    around("gsk" + "_", ALNUM, 52), around("dapi", HEX, 32), around("dckr" + "_pat_", ALNUM + "-_", 27),
    around("WANDB_API_KEY=", HEX, 40), around("wandb login ", HEX, 40), around("machine api.wandb.ai login user password ", HEX, 40),
    around("aws_secret_access_key = ", BASE64, 40), around("export AWS_SECRET_ACCESS_KEY=", BASE64, 40),
    around("postgres://me:", ALNUM, 12, "@db:5432/x"), around("mongodb+srv://me:", ALNUM, 12, "@cluster.example.net/x"),
    around("redis://:", ALNUM, 12, "@cache:6379/0"), around("Server=db;Uid=me;Password=", ALNUM, 12, ";Encrypt=yes"),
    around("DefaultEndpointsProtocol=https;AccountName=x;AccountKey=", BASE64, 86, "=="), around("https://x.example.net/c?sv=1&sig=", ALNUM, 44, "%3D"),
    around("https://hooks.slack.com/services/T" + "0A1B2C3D/B0A1B2C3D/", ALNUM, 24), around("https://", ALNUM, 30, "@git.example.org/x.git"),
    around("curl -u me:", ALNUM, 12, " https://x.example"), around("Authorization: Bearer ", ALNUM, 32),
    encoded("Authorization: Basic "), encoded('{"auths": {"ghcr.io": {"auth": "', '"}}}'), encoded("_auth="),
    around('{"type": "service_account", "private_key_id": "', HEX, 40, '"}'), around('{"username": "me", "key": "', HEX, 32, '"}'),
]
PREFIXED = [hugging_face, github, github_fine, gitlab, openai, aws, slack, google, jwt, pem, url, *MORE]
NAMES = ["hf-token", "hub_token", "wandb-api-key", "api_key", "db-password", "client-secret", "auth-token", "my.secret"]


class Plants:
    def __init__(self, seed):
        self.rng = random.Random(seed)
        self.values = []

    def known(self):
        text, value = self.rng.choice(PREFIXED)(self.rng)
        self.values.append(value)
        return text

    def plain(self):
        """One that may be the name of a file."""
        value = self.rng.choice([hugging_face, github, github_fine, gitlab, openai, aws, slack])(self.rng)[1]
        self.values.append(value)
        return value

    def unnamed(self, length=24):
        """A value that only its name gives away."""
        value = pick(self.rng, ALNUM, length - 3) + "a7Q"
        self.values.append(value)
        return value


def spellings(value):
    raw = value.encode()
    yield raw
    for start in range(3):  # base64 of a longer text that holds it
        text = base64.b64encode(b"\0" * start + raw)
        yield text[[0, 2, 3][start] + (2 if start else 0):-4]
    yield raw.hex().encode()
    yield raw.hex().upper().encode()
    yield urllib.parse.quote(value, safe="").encode()
    yield json.dumps(value)[1:-1].encode()
    yield json.dumps(value)[1:-1].replace("/", "\\/").encode()
    yield raw[::-1]


def inflated(data):
    """The content of each zlib or gzip stream that begins anywhere in data."""
    for at in range(len(data) - 2):
        if data[at] == 0x78 and (data[at] << 8 | data[at + 1]) % 31 == 0 or data[at:at + 2] == b"\x1f\x8b":
            for bits in (15, 31):
                try:
                    yield zlib.decompressobj(bits).decompress(data[at:])
                except zlib.error:
                    pass


class Secrets(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="glassbox-secrets-")
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.repo, self.store = folder.name + "/repo", folder.name + "/store"
        os.mkdir(self.repo)
        self.environment = dict(os.environ, GLASSBOX_STORE=self.store, HOME=folder.name, XDG_CONFIG_HOME=folder.name + "/config",
                                GIT_CONFIG_NOSYSTEM="1", GIT_AUTHOR_NAME="a", GIT_AUTHOR_EMAIL="a@b", GIT_COMMITTER_NAME="a",
                                GIT_COMMITTER_EMAIL="a@b")
        self.git("init", "-q")
        self.write("train.py", "print(1)\n")
        self.git("add", ".")
        self.git("commit", "-qm", "first")

    def git(self, *words):
        subprocess.run(["git", *words], cwd=self.repo, env=self.environment, check=True)

    def write(self, name, text):
        with open(os.path.join(self.repo, name), "w", encoding="utf-8") as f:
            f.write(text)

    def glassbox(self, *words, status=0):
        done = subprocess.run([RECORDER, *words], cwd=self.repo, env=self.environment, capture_output=True)
        self.assertEqual(done.returncode, status, done.stderr.decode())
        self.said = done.stdout + done.stderr
        return done.stdout

    def search(self, values, *folders, also=()):
        spelled = {text for value in values for text in spellings(value) if len(text) >= 8}
        pieces = list(self.contents(folders, also))
        everything = b"\n".join(data for data, where in pieces)
        self.assertGreater(len(everything), 2000)
        for text in spelled:
            if text in everything:
                data, where = next((data, where) for data, where in pieces if text in data)
                at = data.index(text)
                self.fail(f"{where}: {data[max(at - 60, 0):at + 12]}...")

    @staticmethod
    def contents(folders, also):
        for data in also:
            yield data, "what was said"
        for folder in folders:
            for path, names, files in os.walk(folder):
                yield "\n".join(names + files).encode(), path
                for name in files:
                    with open(os.path.join(path, name), "rb") as f:
                        data = f.read()
                    yield data, os.path.join(path, name)
                    for inner in inflated(data):
                        yield inner, os.path.join(path, name) + " (inflated)"

    def everywhere(self, seed, count):
        plants = Plants(seed)
        argv, params, config, changed = [], [], {"lr": 0.1}, ["x = 1"]
        data, outputs, wide = [], [], []
        while len(plants.values) < count:
            n = len(plants.values)
            name = plants.rng.choice(NAMES)
            place = n % 12
            if place == 0:
                argv.append(plants.known())
            elif place == 1:
                argv.append(f"--{name}={plants.unnamed()}")
            elif place == 2:
                argv += [f"--{name}", plants.unnamed(9)]
            elif place == 3:
                params += ["--param", f"p{n}={plants.known()}"]
            elif place == 4:
                params += ["--param", f"{name}.{n}.{name}={plants.unnamed()}"]
            elif place == 5:
                config[f"c{n}"] = {"nested": [plants.known()], name: plants.unnamed()}
            elif place == 6:
                changed.append(f'{name.replace("-", "_").replace(".", "_")} = "{plants.unnamed()}"')
            elif place == 7:
                changed.append(f"# {plants.known()}")
            elif place == 8:
                data.append(plants.plain())
            elif place == 9:
                outputs.append(plants.plain())
            elif place == 10:
                argv += plants.rng.choice([lambda: ["-u", "me:" + plants.unnamed(12)], lambda: ["-p" + plants.unnamed()],
                                           lambda: [f"--user=me:{plants.unnamed(12)}"], lambda: [plants.unnamed() + "@git.example.org:a/b.git"]])()
            else:
                wide.append(plants.known())
        options = self.declare(plants, data, outputs)
        with open(self.repo + "/wide.txt", "wb") as f:
            f.write("\n".join(wide).encode("utf-16"))
        self.git("add", "wide.txt")
        self.write("config.json", json.dumps(config))
        self.write("train.py", "\n".join(changed) + "\n")
        os.mkdir(self.repo + "/lib")
        for name in (plants.plain(), "lib/x" + "-" + plants.plain()):  # names of the snapshot
            self.write(name, "fine\n")
            self.git("add", name)
        self.write("staged.sh", plants.known())
        self.git("add", "staged.sh")
        self.write("staged.sh", "echo fine\n")
        self.write(f"name-{hugging_face(plants.rng)[0]}", "x")
        plants.values.append(re.search("hf_[A-Za-z0-9]*", " ".join(os.listdir(self.repo)))[0])
        self.git("checkout", "-qb", "work/" + github(plants.rng)[0])
        plants.values.append(subprocess.run(["git", "branch", "--show-current"], cwd=self.repo, env=self.environment, capture_output=True,
                                            text=True, check=True).stdout.strip()[5:])
        self.git("remote", "add", "origin", url(plants.rng)[0])
        plants.values.append(re.search("user:(.*)@", subprocess.run(["git", "remote", "-v"], cwd=self.repo, env=self.environment,
                                                                    capture_output=True, text=True, check=True).stdout)[1])
        return plants.values, argv, params + options

    def declare(self, plants, data, outputs):
        """Folders whose files have such names; and folders, names and addresses with one in them."""
        for folder, names in ((self.folder + "/data", data), (self.folder + "/out", outputs)):
            os.mkdir(folder)
            for name in [*names, "plain"]:
                with open(os.path.join(folder, name), "w", encoding="utf-8") as f:
                    f.write("x")
        secret, root = (os.path.join(self.folder, plants.plain()) for _ in range(2))
        for folder in (secret, root):
            os.mkdir(folder)
            with open(folder + "/file", "w", encoding="utf-8") as f:
                f.write("y")
        with open(root + "/more.json", "w", encoding="utf-8") as f:
            f.write('{"plain": 1}')
        return ["--data", "set=" + self.folder + "/data", "--output", "made=" + self.folder + "/out", "--data", secret, "--output", root + "/file",
                "--config", root + "/more.json", "--data", f"{plants.plain()}=/usr/share/common-licenses", "--data", f"bucket=s3://AK:{plants.unnamed()}@bucket/x",
                "--data", f"signed=https://example.org/x?token={plants.unnamed()}", "--data", f"path=https://example.org/{plants.plain()}/x",
                "--name", "run " + plants.known()]

    def test_500_planted_secrets_and_not_one_written(self):
        values, argv, params = self.everywhere(SEED, COUNT)
        self.assertGreaterEqual(len(values), COUNT)
        self.glassbox("run", "--config", "config.json", *params, "--", "sh", "-c", "true", *argv)
        self.search(values, self.store, also=[self.said])
        records = json.loads(self.glassbox("records", "last", "--json"))["records"]
        self.assertEqual({r["body"]["files"] for r in records if r["kind"] in ("data", "artifact") and r["body"]["name"] in ("set", "made")}, {1})
        self.glassbox("key", "new", "--name", "me@example.org")
        self.glassbox("publish", "last", "--profile", "full", "-o", self.folder + "/bundle")
        done = subprocess.run([VERIFIER, self.folder + "/bundle", "--json"], env=self.environment, capture_output=True, check=False)
        self.assertEqual(json.loads(done.stdout)["verdict"], "undetermined", done.stdout)  # for want of a trusted key only
        self.search(values, self.store, self.folder + "/bundle", also=[self.said])
        for words in (["show", "last"], ["records", "last", "--json"], ["show", "last", "--json"]):
            self.glassbox(*words)
            self.search(values, also=[self.said])

    def test_the_search_itself_finds(self):
        """What the test above would see if one got through."""
        value = "hf" + "_" + pick(random.Random(1), ALNUM, 34)
        os.mkdir(self.store)
        for data in (value.encode(), zlib.compress(b"some text before " + value.encode()), base64.b64encode(b"ab" + value.encode() + b"yz"),
                     value.encode().hex().encode()):
            with open(self.store + "/file", "wb") as f:
                f.write(b"x" * 3000 + data)
            with self.assertRaises(AssertionError):
                self.search([value], self.store)

    def test_the_job_sees_everything_unchanged(self):
        text, _ = hugging_face(random.Random(2))
        out = self.glassbox("run", "--", "sh", "-c", 'printf %s "$1"', "sh", text)
        self.assertEqual(out.decode(), text)

    def test_the_recorders_own_entry_in_proc_has_none(self):
        """Nor have those of the processes that it forks; the job's own stays as it is."""
        plants = Plants(7)
        known, named, variable = plants.known(), plants.unnamed(), plants.unnamed()
        self.environment["MY_TOKEN"] = variable
        script = ('mkdir seen; cat /proc/$$/cmdline >job; printenv MY_TOKEN >>job; for p in $PPID $(cat /proc/$PPID/task/*/children); do '
                  'test $p = $$ || { echo . >>processes; cat /proc/$p/cmdline /proc/$p/environ >>seen/$p; }; done 2>/dev/null; true')
        self.glassbox("run", "-q", "--param", "p=" + known, "--", "sh", "-c", script, "sh", known, "--token=" + named, "shown")
        os.mkdir(self.folder + "/big")
        with open(self.folder + "/big/x", "w", encoding="utf-8") as f:
            f.write("x" * 3000)
        self.search(plants.values, self.repo + "/seen", self.folder + "/big")
        with open(self.repo + "/job", "rb") as f:
            job = f.read()
        for value in (known, named, variable):
            self.assertIn(value.encode(), job)
        seen = b"".join(data for data, where in self.contents([self.repo + "/seen"], []))
        self.assertIn(b"--token={secret:named} shown\0", seen)
        self.assertNotIn(b"shown\0.", seen)  # what was there is not told by its length

    def test_the_recorder_leaves_no_core_and_the_job_does_as_ever(self):
        script = f"import resource, os, signal, sys; os.chdir({self.repo!r}); resource.setrlimit(resource.RLIMIT_CORE, resource.getrlimit(resource.RLIMIT_CORE)[1:] * 2)\n"
        bare = subprocess.run([sys.executable, "-c", script + "os.kill(os.getpid(), signal.SIGABRT)"], cwd=self.folder, env=self.environment, check=False)
        self.assertEqual(bare.returncode, -6)
        pid = os.posix_spawn(sys.executable, [sys.executable, "-c", script + "os.kill(os.getpid(), signal.SIGABRT)"], self.environment)
        dumps = os.WCOREDUMP(os.waitpid(pid, 0)[1])
        recorded = [RECORDER, "run", "-q", "--", sys.executable, "-c"]
        subprocess.run([*recorded, script + "os.kill(os.getpid(), signal.SIGABRT)"], cwd=self.repo, env=self.environment, check=False)
        end = next(r for r in json.loads(self.glassbox("records", "last", "--json"))["records"] if r["kind"] == "run-end")
        self.assertEqual(bool(end["body"].get("core")), dumps)
        pid = os.posix_spawn(sys.executable, [sys.executable, "-c", script + f"os.execv({RECORDER!r}, "
                                              f"{recorded + ['import os, signal; os.kill(os.getppid(), signal.SIGTRAP)']!r})"], self.environment)
        status = os.waitpid(pid, 0)[1]
        self.assertEqual((os.WIFSIGNALED(status), os.WCOREDUMP(status)), (True, False))

    def test_each_hit_is_told(self):
        token = hugging_face(random.Random(3))[0]
        self.write("train.py", f"token = '{token}'\n")
        self.write("config.json", json.dumps({"lr": 0.1, "token": token}))
        self.glassbox("run", "--config", "config.json", "--param", f"key={token}", "--", "true", "--hf-token", token, token)
        records = json.loads(self.glassbox("records", "last", "--json"))["records"]
        arguments = {r["body"]["index"]: r["body"] for r in records if r["kind"] == "arg"}
        self.assertIn("{secret:named}", json.dumps(arguments[2]))
        self.assertIn("{secret:hugging-face}", json.dumps(arguments[3]))
        parameters = {r["body"]["name"]: r["body"] for r in records if r["kind"] == "param"}
        self.assertEqual(parameters["lr"].get("number"), "0.1")
        self.assertEqual(parameters["token"].get("text"), "{secret:named}")
        self.assertEqual(parameters["key"].get("text"), "{secret:hugging-face}")
        self.assertNotIn("content", next(r["body"] for r in records if r["kind"] == "config"))
        shown = self.glassbox("show", "last", "--gaps").decode()
        for place in ("argument 2", "argument 3", "--param", "--config", "train.py"):
            self.assertIn(place, shown)

    def test_a_public_bundle_names_no_folder_and_no_machine(self):
        """Nor a file, argument or parameter in which one of them stands; what else there is of these is shown."""
        machine = os.uname().nodename
        self.write("mine.json", json.dumps({"lr": 0.1, "cache": self.folder + "/cache"}))
        self.write("plain.json", json.dumps({"momentum": 0.9}))
        os.mkdir(self.folder + "/data")
        with open(self.folder + "/data/a", "w", encoding="utf-8") as f:
            f.write("x")
        self.glassbox("run", "--name", "at-" + machine, "--config", "mine.json", "--config", "plain.json", "--data", self.folder + "/data", "--param",
                      f"from={self.folder}/data", "--param", "steps=7", "--", "sh", "-c", "true", self.folder + "/train.py", "--out=" + self.folder, "--shown",
                      f"--master={machine}:29500", "L" * 40000 + self.folder)
        self.glassbox("key", "new", "--name", "me@example.org")
        self.glassbox("publish", "last", "-o", self.folder + "/bundle")
        self.search([self.folder, machine], self.folder + "/bundle")
        done = subprocess.run([VERIFIER, self.folder + "/bundle", "--json"], env=self.environment, capture_output=True, check=False)
        reasons = [(w["kind"], w["reason"]) for w in json.loads(done.stdout)["withheld"]]
        folder, name = "it has a folder of the machine in it", "it has the name of machine or user in it"
        self.assertEqual(sorted(r for r in reasons if r[0] not in ("root", "place", "host", "git", "code", "var")),
                         [("arg", folder)] * 3 + [("arg", name), ("config", folder), ("name", name)] + [("param", folder)] * 3 + [("param", name)])
        everything = b"".join(data for data, where in self.contents([self.folder + "/bundle"], []))
        for shown in (b"--shown", b"momentum", b"plain.json", b"steps"):
            self.assertIn(shown, everything)

    def test_scratch_and_other_roots(self):
        for name in ("scratch", "node", "shared"):
            os.mkdir(self.folder + "/" + name)
            with open(f"{self.folder}/{name}/a", "w", encoding="utf-8") as f:
                f.write("x")
        self.environment.update(HOME="/none", SCRATCH=self.folder + "/scratch", SLURM_TMPDIR=self.folder + "/node", TMPDIR=self.folder + "/node")
        self.glassbox("run", "--root", f"lab={self.folder}/shared", "--data", f"{self.folder}/scratch/a", "--data", f"n={self.folder}/node/a", "--data",
                      f"s={self.folder}/shared/a", "--", "true")
        records = json.loads(self.glassbox("records", "last", "--json"))["records"]
        roots = {r["body"]["name"]: r["body"]["path"] for r in records if r["kind"] == "root"}
        self.assertLessEqual({("scratch", self.folder + "/scratch"), ("scratch-slurm", self.folder + "/node"), ("lab", self.folder + "/shared")},
                             set(roots.items()))
        self.assertNotIn("scratch-tmp", roots)  # it has a name already
        places = {(r["body"]["path"]["root"], r["body"]["path"]["path"]) for r in records if r["kind"] == "data"}
        self.assertEqual(places, {("scratch", "a"), ("scratch-slurm", "a"), ("lab", "a")})

    # What the job prints

    def console(self, script, out, err=None, options=()):
        """The Console records of a job whose output goes to open files."""
        done = subprocess.run([RECORDER, "run", "-q", *options, "--", "sh", "-c", script], cwd=self.repo, env=self.environment, stdout=out, stderr=err or out,
                              check=False)
        self.assertEqual(done.returncode, 0)
        records = json.loads(self.glassbox("records", "last", "--json"))["records"]
        self.gaps = [(r["body"]["reason"], r["body"]["count"]) for r in records if r["kind"] == "gap" and r["body"]["kind"] == "console"]
        seen = [r["body"] for r in records if r["kind"] == "console"]
        self.assertEqual(len({body["stream"] for body in seen}), len(seen))
        return {body["stream"]: body for body in seen}

    def test_what_goes_into_files_is_read_from_there(self):
        token = hugging_face(random.Random(5))[0]
        name = self.folder + "/out"
        with open(name, "wb") as f:
            f.write(b"of somebody else\n")
        for mode in ("ab", "r+b"):
            size = os.path.getsize(name)
            with open(name, mode) as out, open(self.folder + "/err", "wb") as err:
                if mode == "r+b":
                    out.seek(size)
                seen = self.console(f"echo start; printf ' 1%%\\r 2%%\\n'; echo {token}; mv {name} {name}.old; echo other >&2; cat /dev/null", out, err)
            os.rename(name + ".old", name)
            self.assertEqual(seen["stdout"]["head"], "start\n 2%\n{secret:hugging-face}\n")
            self.assertEqual((seen["stdout"]["size"], seen["stdout"]["secrets"]), (len(seen["stdout"]["head"]), 1))
            self.assertEqual(seen["stderr"]["head"], "other\n")
            self.assertEqual(seen["stdout"]["sha256"], hashlib.sha256(seen["stdout"]["head"].encode()).hexdigest())
            self.assertEqual(self.gaps, [("secret", 1)])
            with open(name, "rb") as f:  # the job's own text is what it was
                self.assertEqual(f.read()[size:].count(token.encode()), 1)
        self.search([token], self.store)

    def test_one_file_for_both_and_one_that_was_cut_off(self):
        with open(self.folder + "/both", "wb") as out:
            seen = self.console("echo a; echo b >&2; echo c", out, out)
        self.assertEqual([(k, v["head"]) for k, v in seen.items()], [("both", "a\nb\nc\n")])
        with open(self.folder + "/both", "ab") as out:
            seen = self.console(f"echo long long line; : >{self.folder}/both; echo b", out, out)
        self.assertEqual(seen["both"]["head"], "b\n")
        self.assertEqual(self.gaps, [("changed", 1)])

    def test_a_long_text_has_head_and_tail(self):
        with open(self.folder + "/out", "wb") as out, open(self.folder + "/err", "wb") as err:
            seen = self.console("seq 1000000", out, err)["stdout"]
            digest = self.console("seq 1000000", out, err, ["--console=digest"])["stdout"]  # not relayed as well: console() looks
            self.assertEqual(self.console("seq 3", out, err, ["--console=off"]), {})
        self.assertEqual(self.gaps, [("not-asked", 2)])
        text = "".join(f"{n}\n" for n in range(1, 1000001))
        self.assertEqual((seen["size"], seen["sha256"]), (len(text), hashlib.sha256(text.encode()).hexdigest()))
        self.assertTrue(text.startswith(seen["head"]) and text.endswith(seen["tail"]) and seen["tail"].startswith("99"))
        self.assertTrue(16000 < len(seen["head"]) <= 16384 and 16000 < len(seen["tail"]) <= 16384)
        self.assertEqual({k: v for k, v in seen.items() if k not in ("head", "tail")}, digest)

    def test_a_text_that_is_not_read_to_its_end(self):
        """No time is left for it: the last lines are there all the same, whole ones, and no digest."""
        token = hugging_face(random.Random(9))[0]
        with open(self.folder + "/out", "wb") as out, open(self.folder + "/err", "wb") as err:
            seen = self.console(f"seq 20000; echo {token}; seq 3", out, err, ["--linger=0"])["stdout"]
        self.assertNotIn("sha256", seen)
        self.assertTrue(seen["tail"].endswith("20000\n{secret:hugging-face}\n1\n2\n3\n"), seen["tail"][-100:])
        self.assertRegex(seen["tail"], "^1[0-9]{4}\n")
        self.assertIn(("timed-out", 1), self.gaps)
        self.search([token], self.store)

    def test_what_goes_elsewhere_is_a_gap(self):
        seen = self.console("echo a", subprocess.DEVNULL)
        self.assertEqual((seen, self.gaps), ({}, [("no-file", 2)]))

    def test_a_relay_passes_on_every_byte(self):
        token = hugging_face(random.Random(6))[0]
        job = ("import os, random; r = random.Random(1); [os.write(1 + n % 2, r.randbytes(20000)) for n in range(100)]; "
               f"os.write(1, b' {token} '); os.close(1)")
        bare = subprocess.run([sys.executable, "-c", job], capture_output=True, check=True)
        for mode in ("keep", "digest"):
            done = subprocess.run([RECORDER, "run", "-q", "--console=" + mode, "--", sys.executable, "-c", job], cwd=self.repo, env=self.environment,
                                  capture_output=True, check=True)
            self.assertEqual((done.stdout, done.stderr), (bare.stdout, bare.stderr))
            records = json.loads(self.glassbox("records", "last", "--json"))["records"]
            seen = {r["body"]["stream"]: r["body"] for r in records if r["kind"] == "console"}
            self.assertEqual((seen["stdout"]["secrets"], "head" in seen["stdout"], len(seen)), (1, mode == "keep", 2))
        self.search([token], self.store)

    def test_a_relay_ends_as_a_pipe_does(self):
        """Who stops reading stops the job; what the job leaves behind is not waited for."""
        def begin(script):
            return subprocess.Popen([RECORDER, "run", "-q", "--console=keep", "--", "sh", "-c", script], cwd=self.repo, env=self.environment,
                                    stdout=subprocess.PIPE)
        with begin("yes; echo $? >status; exit 3") as running:
            running.stdout.read(100)
            running.stdout.close()
            self.assertEqual(running.wait(), 3)
        with open(self.repo + "/status", encoding="utf-8") as f:
            self.assertEqual(f.read(), "141\n")
        with begin("sleep 300 & echo $! >left; echo done") as running:
            self.assertEqual(running.communicate()[0], b"done\n")
        with open(self.repo + "/left", encoding="utf-8") as f:
            os.kill(int(f.read()), 9)

    def test_the_console_is_withheld(self):
        with open(self.folder + "/out", "wb") as out:
            self.console("a=words; echo $a-of-the-log", out, options=["--name", "words-of-the-log"])
        self.glassbox("key", "new", "--name", "me@example.org")
        self.glassbox("publish", "last", "-o", self.folder + "/bundle", "--withhold", "name")
        self.search(["words-of-the-log"], self.folder + "/bundle")
        self.glassbox("publish", "last", "-o", self.folder + "/no", "--profile", "full", "--withhold", "name", status=2)
        self.assertIn(b"(console 'stdout') would be shown", self.said)

    # glassbox.yml

    def test_settings_are_defaults(self):
        self.write("glassbox.yml", "name: of the file\nparam: {lr: 0.1, seed: 7}\nconfig: c.json\ndata:\n  train: d\n  other: s3://bucket/x\n"
                                   "output:\n- made=o\nconsole: off\nquiet: true\nlinger: 5\n")
        self.write("c.json", '{"momentum": 0.9}')
        for folder in ("d", "sub"):
            os.mkdir(self.repo + "/" + folder)
        self.write("d/a", "x")
        done = subprocess.run([RECORDER, "run", "--param", "lr=0.5", "--name", "mine", "--data", "more=../d", "--", "sh", "-c", "echo w >../o"],
                              cwd=self.repo + "/sub", env=self.environment, capture_output=True, check=True)
        self.assertEqual(done.stderr, b"")
        bodies = {}
        for r in json.loads(self.glassbox("records", "last", "--json"))["records"]:
            bodies.setdefault(r["kind"], []).append(r["body"])
        self.assertEqual([b["name"] for b in bodies["name"]], ["mine"])
        self.assertIn(("console", "not-asked"), {(b["kind"], b["reason"]) for b in bodies["gap"]})
        self.assertEqual([(b["name"], b.get("number") or b.get("text")) for b in bodies["param"] if b["source"] == "option" and b["name"] == "lr"][-1][1], "0.5")
        self.assertEqual({b["name"] for b in bodies["data"]}, {"train", "other", "more"})
        self.assertEqual({b["name"] for b in bodies["artifact"]}, {"made"})
        self.assertEqual({b["path"]["path"] for b in bodies["config"]}, {"c.json"})
        self.assertIn("momentum", {b["name"] for b in bodies["param"]})

    def test_rules_and_exceptions_of_the_user(self):
        rng = random.Random(8)
        ours, fine, token = "acme_" + pick(rng, ALNUM, 24), "acme_ForTheDocumentation0000001", hugging_face(rng)[0]
        self.write("glassbox.yml", "secrets:\n  rules:\n  - {name: acme, pattern: '\\bacme_[A-Za-z0-9]{20,}', variety: 6}\n"
                                   f"  allow: [{fine}, '{token[:10]}[A-Za-z0-9]{{4,}}']\n")
        self.write("train.py", f"key = 1  # {ours}\n")
        self.glassbox("run", "--param", "a=" + ours, "--name", "run of " + ours, "--", "sh", "-c", "tr '\\0' ' ' </proc/$PPID/cmdline >seen", "sh", ours, fine,
                      token, "--token", fine)
        records = json.loads(self.glassbox("records", "last", "--json"))["records"]
        arguments = [r["body"]["value"] for r in sorted((r for r in records if r["kind"] == "arg"), key=lambda r: r["body"]["index"])]
        self.assertEqual(arguments[4:], ["{secret:acme}", fine, token, "--token", fine])
        self.assertIn("train.py", self.glassbox("show", "last", "--gaps").decode())
        self.search([ours], self.store, also=[self.said])
        with open(self.repo + "/seen", encoding="utf-8") as f:
            seen = f.read()
        self.assertIn("{secret:acme}", seen)
        self.assertNotIn(ours, seen)

    def test_a_broken_file_stops_no_job(self):
        for text, words in (("lr: [", "line"), ("nam: x", "did you mean --name"), ("- 1", "expected options of run by their names"),
                            ("linger: soon", "expected seconds"), ("data: [x, x]", "is there already"), ("param: {a: [1]}", "expected a text, a number"),
                            ("secrets: {rules: [{name: x, pattern: 'ab'}]}", "three plain bytes"), ("secrets: {rules: [{name: X, pattern: abc}]}", "small letters"),
                            ("secrets: {rules: [{name: x, pattern: abc, variety: 999}]}", "0 to 256"), ("secrets: {allow: x}", "each a list"),
                            ("secrets: {rules: [{name: x}]}", "a name and a pattern"), ("secrets: [1]", "rules and allow"), ("name: [1, {a: 2}]", "a text, a number"),
                            ("secrets: {rules: [x]}", "a list of {name"), ("secrets: {rules: [{nom: x}]}", "name, pattern, variety"),
                            ("secrets: {rules: [{name: 1}]}", "expected a text")):
            self.write("glassbox.yml", text)
            if text in ("lr: [", "linger: soon", "data: [x, x]"):  # read, taken apart, used
                self.glassbox("run", "-q", "--", "sh", "-c", "exit 5", status=5)
                self.assertIn(words.encode(), self.said, text)
                self.assertIn(b"glassbox.yml is not used", self.said)
            self.glassbox("run", "-q", "--strict", "--", "touch", self.folder + "/ran", status=125)
            self.assertIn(words.encode(), self.said, text)
            self.assertFalse(os.path.exists(self.folder + "/ran"))

    def test_200_harmless_strings_stay(self):
        rng = random.Random(SEED)
        harmless = ["--tokenizer", "gpt2", "--max-tokens", "2048", "--pad-token=<pad>", "num_tokens=4096", "hf_hub_download", "sk-learn",
                    "task-runner-with-a-long-name-0", "https://example.org:8080/@user", "ssh://git@example.org/x.git", "--lr=3e-4",
                    "eyJ", "AKIA", "xoxo", "AIza", "ghp_import", "sk-2024-baseline-run-with-a-long-name",
                    "--use-secret-sauce", "--password-file=/run/secrets/x", "--token-budget", "300", "eos_token_id=2", "model.tokenizer=bert-base-uncased"]
        while len(harmless) < 200:
            harmless.append(rng.choice([
                lambda: pick(rng, "0123456789abcdef", 40),           # a commit
                lambda: "sha256:" + pick(rng, "0123456789abcdef", 64),
                lambda: "-".join(pick(rng, "0123456789abcdef", n) for n in (8, 4, 4, 4, 12)),  # a UUID
                lambda: base64.b64encode(rng.randbytes(30)).decode(),
                lambda: "run-" + pick(rng, string.ascii_lowercase, 20),
                lambda: "/data/" + pick(rng, ALNUM, 12) + ".parquet",
                lambda: f"layer.{rng.randrange(99)}.weight={rng.random()}",
            ])())
        self.glassbox("run", "--", "true", *harmless)
        records = json.loads(self.glassbox("records", "last", "--json"))["records"]
        hidden = [r["body"] for r in records if r["kind"] == "arg" and "secret:" in json.dumps(r["body"])]
        self.assertEqual(hidden, [])


if __name__ == "__main__":
    if len(sys.argv) > 1:
        sys.argv[1] = "Secrets." + sys.argv[1]
    unittest.main()
