load helper

# check NAME MEMBER: of what doctor --json said last, in $D/doctor.json.
check() { json "$D/doctor.json" "next(c for c in d['checks'] if c['name'] == '$1')['$2']"; }

doctor() { # STATUS [OPTION...]
	local expected=$1 status=0
	"$G" doctor --json "${@:2}" > "$D/doctor.json" || status=$?
	is "$status" "$expected"
	is "$(json "$D/doctor.json" "(d['format'], len(d['checks']), {c['status'] for c in d['checks']} <= {'ok', 'gap', 'problem'})")" \
		"('glassbox.doctor/1', 9, True)"
	is "$(json "$D/doctor.json" "all(c['detail'] and (c['mend'] or c['status'] != 'problem') for c in d['checks'])")" 1
}

@test "doctor looks at everything and changes nothing" {
	in_repo
	before=$(find "$D" ! -name doctor.json | sort)
	doctor 0
	is "$(json "$D/doctor.json" "' '.join(c['name'] for c in d['checks'])")" "store filesystem space key git seccomp nvml clock-sync clock"
	is "$(check store status) $(check git status)" "ok ok"
	has "$(check store detail)" "$D/repo/.git/glassbox"
	has "$(check git detail)" "3 tracked files"
	is "$(find "$D" ! -name doctor.json | sort)" "$before"
	[ ! -e .git/glassbox ]
	"$G" doctor > said
	grep -qE '^(ok|gap|problem) +store +' said
	grep -q "glassbox key new" said
}

@test "a store that cannot be used is a problem, another place than the first a gap" {
	in_repo
	mkdir -m 770 "$D/open"
	chmod 770 "$D/open"
	doctor 3 --store "$D/open"
	is "$(check store status)" problem
	has "$(check store detail)" "others may write"
	doctor 3 --store /proc/nothing
	is "$(check store status)" problem
	mkdir .git/glassbox
	chmod 777 .git/glassbox
	doctor 0
	is "$(check store status)" gap
	has "$(check store detail)" "$XDG_STATE_HOME/glassbox' is used, since others may write to '$D/repo/.git/glassbox"
}

@test "a store in memory is a gap" {
	shm=$(mktemp -d /dev/shm/glassbox-XXXXXX 2> /dev/null) || skip "there is no /dev/shm"
	[ "$(stat -f -c %T "$shm")" = tmpfs ] || skip "/dev/shm is no tmpfs"
	doctor 0 --store "$shm/s" || code=$?
	rm -rf "$shm"
	is "${code:-0}" 0
	is "$(check filesystem status)" gap
	has "$(check filesystem detail)" tmpfs
}

@test "the key: none, one, one that others can read, one with a passphrase, a log that is damaged" {
	doctor 0
	is "$(check key status) $(check key mend)" "gap glassbox key new --name YOU"
	with_key
	doctor 0
	is "$(check key status)" ok
	has "$(check key detail)" "begins with the next signature"
	"$G" run -q -- true
	doctor 0
	is "$(check key status)" ok
	has "$(check key detail)" "its owner log is owner.example/"
	chmod 644 "$KEY"
	doctor 0
	is "$(check key status)" gap
	has "$(check key mend)" "chmod 600"
	echo secret > pass
	"$G" key new --name two --key "$D/two.pem" --passphrase-file pass > /dev/null
	doctor 0 --key "$D/two.pem" < /dev/null
	is "$(check key status)" ok
	has "$(check key detail)" "passphrase"
}

@test "the repository: none, submodules, git LFS, of somebody else" {
	doctor 0
	is "$(check git status)" gap
	has "$(check git detail)" "no repository"
	in_repo
	echo '*.bin filter=lfs' > .gitattributes
	echo pointer > a.bin
	git -c filter.lfs.clean=cat add .gitattributes a.bin
	git config filter.lfs.clean cat
	git update-index --add --cacheinfo "160000,$(git rev-parse HEAD),sub"
	doctor 0
	is "$(check git status)" gap
	has "$(check git detail)" "of 1 submodules"
	has "$(check git detail)" "of 1 files of git LFS"
	[ "$(id -u)" = 0 ] || return 0
	command -v setpriv > /dev/null || return 0
	give_place
	chown -R 12345 "$D/repo"
	chmod -R a+rX "$D/repo"
	as_user "$G" doctor --json > "$D/doctor.json"
	is "$(check git status)" gap
	has "$(check git mend)" "safe.directory"
}

@test "NVML that works, fails, crashes or never answers" {
	export LD_LIBRARY_PATH=$GLASSBOX_FAKE_NVML
	doctor 0
	is "$(check nvml status)" ok
	has "$(check nvml detail)" "driver 555.42"
	hasnt "$(check nvml detail)" $'\033'
	for what in fail crash hang; do
		FAKE_NVML=$what doctor 0
		is "$(check nvml status)" gap
	done
	has "$(check nvml detail)" "does not answer"
}

@test "a clock that is not set, or was set back" {
	G=$GLASSBOX_JUMPING
	doctor 0
	is "$(check clock status)" ok
	JUMP_SECONDS=-1700000000 doctor 0
	is "$(check clock status)" gap
	has "$(check clock detail)" "the clock is not set"
	JUMP_SECONDS=3600 "$G" run -q -- true
	doctor 0
	is "$(check clock status)" gap
	has "$(check clock detail)" "was set back"
	JUMP_AFTER=1 JUMP_SECONDS=7200 doctor 0
	is "$(check clock status)" gap
	has "$(check clock detail)" "forth by 7200 s a moment ago"
}
