#!/usr/bin/env bash
# Records a real training run, shows it, publishes it, verifies it, changes one byte and shows the verification fail.
#
#   examples/quickstart.sh [--no-install]
#
# Installs what the build needs (apt; --no-install never does and names what is missing). Everything else happens in
# build/quickstart and in a new temporary folder, with a key of its own: keys and settings of the user are not touched.
set -euo pipefail

case "$#:${1-}" in
0:) ;;
1:--no-install) ;;
1:--help | 1:-h)
	sed -n '2,7s/^# \{0,1\}//p' "$0"
	exit 0
	;;
*)
	echo "quickstart: '$*': expected nothing or --no-install" >&2
	exit 2
	;;
esac
source=$(cd "$(dirname "$0")/.." && pwd)
build=$source/build/quickstart

say() { printf '\n# %s\n' "$1"; }
show() { # prints the command as one would type it, and runs it
	printf '$ %s\n' "$*"
	"$@"
}
quietly() { # the same, with its output only where it fails
	local log=$build.log
	printf '$ %s\n' "${*//$source\//}"
	"$@" >"$log" 2>&1 || { tail -n 40 "$log" >&2; echo "quickstart: this failed: $*" >&2; exit 1; }
}

"$source/.ci/packages.sh" "$@" build
cd "$source"
mkdir -p build
say 'Build it.'
quietly cmake --preset release -B "$build" -DGLASSBOX_TESTS=OFF
quietly cmake --build "$build"

work=$(mktemp -d "${TMPDIR:-/tmp}/glassbox-quickstart.XXXXXX")
export PATH=$build/recorder:$build/examples/charlm:$PATH
export HOME=$work/home XDG_CONFIG_HOME=$work/home/.config XDG_STATE_HOME=$work/home/.local/state
export GIT_CONFIG_NOSYSTEM=1 LC_ALL=C
unset GLASSBOX GLASSBOX_STORE GLASSBOX_KEY GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE
mkdir "$HOME" "$work/project"

say 'A project: a small language model in C, its configuration, and one commit.'
cd "$work/project"
cp "$source"/examples/charlm/*.[ch] "$source"/examples/charlm/config.json "$source"/examples/charlm/CMakeLists.txt .
echo /out/ >.gitignore
git init -q
git add .
git -c user.name=Quickstart -c user.email=quickstart@example.org commit -q -m 'a character-level language model'
git log --oneline --stat | sed -n '1p;$p'

say 'A key to sign with.'
show glassbox key new --name quickstart@example.org --key ../key.pem

say 'Train. The job knows nothing of glassbox; what comes after -- is its own command line.'
show glassbox run --name charlm --key ../key.pem --config config.json --data licenses=/usr/share/common-licenses \
	--output weights=out -- charlm --config config.json --out out

say 'What was recorded.'
show glassbox show last

say 'Publish it. Host, folders and remotes are withheld unless --profile full is given.'
show glassbox publish last --key ../key.pem -o ../bundle
cd "$work"

say 'A stranger has the bundle, the public key and glassbox-verify: no repository, no store, no network.'
show glassbox-verify --key key.pub bundle

say 'The same, with the data and the weights at hand.'
show glassbox-verify --key key.pub --data licenses=/usr/share/common-licenses --artifacts project/out bundle | sed -n '1,2p'

say 'Somebody claims another learning rate: one byte of the published journal is changed.'
cp -r bundle tampered
digest=$(cat bundle/blobs/sha256/* | grep -ao 'glassbox.journal.v1","digest":"sha256:[0-9a-f]*' | sed 's/.*://')
journal=tampered/blobs/sha256/$digest
value=$(sed -n 's/.*"learning_rate": *\([0-9.]*\).*/\1/p' project/config.json)
at=$(LC_ALL=C grep -abo "learning_rate" "$journal" | sed -n '1s/:.*//p')
at=$((at + $(tail -c +$((at + 1)) "$journal" | LC_ALL=C grep -abo "$value" | sed -n '1s/:.*//p') + ${#value} - 1))
printf '$ printf 9 | dd of=%s bs=1 seek=%s conv=notrunc status=none\n' "$journal" "$at"
printf 9 | dd of="$journal" bs=1 seek="$at" conv=notrunc status=none
status=0
show glassbox-verify --key key.pub tampered >verdict.txt || status=$?
cat verdict.txt
if [ "$status" != 1 ] || ! grep -q "fail: journal/0.tfrecord: record [0-9]" verdict.txt; then
	echo "quickstart: the changed bundle was expected to fail with exit status 1, naming file and record; status $status" >&2
	exit 1
fi

printf '\nThe changed bundle failed (exit status 1), the true one is verified. It is here:\n  %s\n' "$work/bundle"
