# A place of its own for each test: home, keys, store, repository. Programs: $G and $V.
bats_require_minimum_version 1.5.0

setup() {
	G=$GLASSBOX V=$GLASSBOX_VERIFY D=$BATS_TEST_TMPDIR
	unset GLASSBOX GLASSBOX_VERIFY GLASSBOX_STORE GLASSBOX_KEY
	unset "${!GIT_@}"
	export HOME=$D/home XDG_CONFIG_HOME=$D/config XDG_STATE_HOME=$D/state XDG_CACHE_HOME=$D/cache LC_ALL=C.UTF-8
	export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1 GIT_CEILING_DIRECTORIES=$D
	export GIT_AUTHOR_NAME=A GIT_AUTHOR_EMAIL=a@example.org GIT_COMMITTER_NAME=A GIT_COMMITTER_EMAIL=a@example.org
	KEY=$XDG_CONFIG_HOME/glassbox/key.pem PUB=$XDG_CONFIG_HOME/glassbox/key.pub
	mkdir "$HOME" "$D/plain"
	cd "$D/plain" || return 1
}

# A repository with one commit, and in it.
in_repo() {
	mkdir -p "$D/repo/lib"
	cd "$D/repo" || return 1
	git init -q -b main .
	echo 'print(1)' > train.py
	echo 'layers = 4' > lib/model.py
	echo '{"lr": 0.125, "model": {"width": 64, "bias": true}}' > config.json
	git add -A
	git commit -q -m begin
}

with_key() { "$G" key new --name owner.example > /dev/null; }

# json FILE EXPRESSION: the value of a Python expression over the document d; true and false as 1 and 0.
json() {
	python3 -c 'import json, sys
v = eval(sys.argv[2], {"json": json, "d": json.load(open(sys.argv[1]))})
print(int(v) if isinstance(v, bool) else "null" if v is None else v)' "$1" "$2"
}

# records [RUN]: the records as JSON in $D/records.json. bodies KIND: their bodies, one a line.
records() { "$G" records "${1:-last}" --json > "$D/records.json"; }
bodies() { json "$D/records.json" "'\n'.join(json.dumps(r['body'], sort_keys=True) for r in d['records'] if r['kind'] == '$1')" ; }
# Less that of the console, which is there where the test's own output goes into no file, and those of libraries: whether a job that is over
# at once was seen is a matter of luck.
gaps() { "$G" records "${1:-last}" --json > "$D/records.json"; json "$D/records.json" "sum(r['kind'] == 'gap' and r['body']['kind'] not in ('console', 'library') for r in d['records'])"; }

# A command as somebody who is not root: a root caller becomes nobody.
as_user() {
	if [ "$(id -u)" != 0 ]; then
		"$@"
	else
		command -v setpriv > /dev/null || skip "setpriv is not there"
		setpriv --reuid 65534 --regid 65534 --clear-groups "$@"
	fi
}

# Gives the place to that somebody.
give_place() {
	[ "$(id -u)" = 0 ] || return 0
	local up=$D
	mkdir -p "$D/bin"
	cp "$G" "$V" "$D/bin"
	G=$D/bin/glassbox V=$D/bin/glassbox-verify
	chown -R 65534:65534 "$D"
	while [ "$up" != / ] && [ "$up" != /tmp ]; do
		chmod a+x "$up"
		up=$(dirname "$up")
	done
}

is() { [ "$1" = "$2" ] || { echo "got '$1', expected '$2'"; return 1; }; }
has() { [[ "$1" == *"$2"* ]] || { echo "no '$2' in: $1"; return 1; }; }
hasnt() { [[ "$1" != *"$2"* ]] || { echo "'$2' in: $1"; return 1; }; }
