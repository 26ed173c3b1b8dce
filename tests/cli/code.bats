load helper

# What git says: the tree with every file, tracked or not, that is not ignored, as it is in the work tree.
tree_of_work() {
	local index=$D/index-of-test
	rm -f "$index"
	cp "$(git rev-parse --git-path index)" "$index"
	GIT_INDEX_FILE=$index GIT_OBJECT_DIRECTORY=$D/objects GIT_ALTERNATE_OBJECT_DIRECTORIES=$(git rev-parse --git-path objects) \
		git add -A > /dev/null
	GIT_INDEX_FILE=$index GIT_OBJECT_DIRECTORY=$D/objects GIT_ALTERNATE_OBJECT_DIRECTORIES=$(git rev-parse --git-path objects) \
		git write-tree --missing-ok
}

# code FIELD of the last run; ids in hex.
code() {
	records
	json "$D/records.json" "[r['body'].get('$1', '') for r in d['records'] if r['kind'] == 'code'][0]"
}

# Layer code/N.tar of the bundle $D/b, by plain tar into $D/out.
unpack() {
	local blob
	blob=$(python3 -c "
import json
d = json.load(open('$D/b/index.json'))['manifests'][0]['digest'][7:]
print([l['digest'][7:] for l in json.load(open('$D/b/blobs/sha256/' + d))['layers'] if l['annotations']['org.opencontainers.image.title'] == 'code/$1.tar'][0])")
	mkdir -p "$D/out"
	tar -xf "$D/b/blobs/sha256/$blob" -C "$D/out"
}

prepare() {
	in_repo
	mkdir -p "$D/objects"
}

# Nothing in .git changes but refs/glassbox/runs/* and the store.
state_of_git() {
	find .git -path .git/glassbox -prune -o -path '.git/refs/glassbox*' -prune -o -path .git/logs -prune -o -type f -print0 |
		sort -z | xargs -0 sha256sum
	git for-each-ref | grep -v refs/glassbox/runs/ || true
	git stash list
	find . -path ./.git -prune -o -printf '%p %s %T@ %i %m\n' | sort
}

@test "a clean work tree" {
	prepare
	"$G" run -q -- true
	is "$(code tree)" "$(git rev-parse 'HEAD^{tree}')"
	is "$(code head_tree)" "$(git rev-parse 'HEAD^{tree}')"
	is "$(code head_commit)" "$(git rev-parse HEAD)"
	is "$(code complete) $(code files)" "1 3"
}

@test "changed, staged, deleted, mode changed and staged new files" {
	prepare
	echo more >> train.py
	echo staged >> lib/model.py; git add lib/model.py; echo 'and changed again' >> lib/model.py
	echo new > new.py; git add new.py
	ln -s train.py link; git add link
	echo x > tool; chmod +x tool; git add tool
	rm config.json
	want=$(tree_of_work)
	"$G" run -q -- true
	is "$(code tree)" "$want"
	is "$(code head_tree)" "$(git rev-parse 'HEAD^{tree}')"
	[ "$(code tree)" != "$(code head_tree)" ]
}

@test "names with odd bytes" {
	prepare
	for n in 'a b' $'new\nline' $'\xff\xfe' 'ünï' '-dash' 'a.b' 'a-b' 'a/b'; do mkdir -p "$(dirname "./$n")"; echo "$n" > "./$n"; done
	git add -A
	git commit -q -m names
	echo changed > './-dash'
	want=$(tree_of_work)
	"$G" run -q -- true
	is "$(code tree)" "$want"
}

@test "an untracked file is in the tree, over a limit it is a gap" {
	prepare
	echo x > untracked.py; chmod +x untracked.py; ln -s /etc link; mkdir new; truncate -s 1000 new/data
	echo ignored.py > .gitignore; git add .gitignore; git commit -q -m ignore
	echo x > ignored.py
	want=$(tree_of_work)
	"$G" run -q -- true
	is "$(code tree) $(code complete)" "$want 1"
	"$G" run -q --snapshot-limit 0K -- true
	shown=$("$G" show last)
	has "$shown" untracked.py
	hasnt "$shown" ignored.py
	rm untracked.py link
	"$G" run -q --snapshot-limit 999 -- true
	is "$(code tree) $(code complete)" "$(git rev-parse 'HEAD^{tree}') 0"
	has "$("$G" show last)" new/data
}

@test "a published snapshot with untracked files is verified, and unpacks to the work tree" {
	prepare
	with_key
	mkdir new; echo x > new/tool; chmod +x new/tool; ln -s ../../elsewhere new/link; printf 'y\n' > "$(printf 'b\377')"
	printf 'crlf text eol=crlf\n' > .gitattributes; printf 'a\r\n' > crlf
	"$G" run -q -- true
	"$G" publish -q last --profile full -o "$D/b"
	"$V" -q "$D/b" --key "$PUB"
	unpack 0
	diff -r --no-dereference -x .git . "$D/out"
	[ -x "$D/out/new/tool" ]
	[ ! -x "$D/out/train.py" ]
}

@test "a submodule is a gap and its work tree is not touched" {
	prepare
	git init -q "$D/sub"; (cd "$D/sub"; echo s > s; git add s; git commit -q -m s)
	git -c protocol.file.allow=always submodule --quiet add "$D/sub" sub
	git commit -q -m submodule
	before=$(find sub -printf '%p %s %T@\n'; git -C sub rev-parse HEAD)
	"$G" run -q -- true
	is "$(code tree)" "$(git rev-parse 'HEAD^{tree}')"
	has "$("$G" show last)" submodule
	is "$(find sub -printf '%p %s %T@\n'; git -C sub rev-parse HEAD)" "$before"
}

@test "a git LFS pointer is a file" {
	prepare
	printf 'version https://git-lfs.github.com/spec/v1\noid sha256:%064d\nsize 12\n' 7 > model.bin
	echo 'model.bin filter=lfs diff=lfs merge=lfs -text' > .gitattributes
	git add -A; git commit -q -m pointer
	"$G" run -q -- true
	is "$(code tree) $(code complete)" "$(git rev-parse 'HEAD^{tree}') 1"
}

@test "a linked work tree" {
	prepare
	git worktree add -q "$D/linked" -b side
	cd "$D/linked"
	echo changed >> train.py
	want=$(tree_of_work)
	"$G" run -q -- true
	is "$(code tree)" "$want"
	[ -d "$D/repo/.git/glassbox/runs" ]
	has "$(records; bodies git)" side
}

@test "a detached head" {
	prepare
	git checkout -q --detach
	"$G" run -q -- true
	is "$(code head_commit)" "$(git rev-parse HEAD)"
	is "$(records; bodies git)" ""
}

@test "no commit yet" {
	mkdir "$D/repo" "$D/objects"; cd "$D/repo"; git init -q .
	echo x > staged; git add staged
	want=$(git write-tree)
	run "$G" run -q -- sh -c 'exit 3'
	is "$status" 3
	is "$(code tree)" "$want"
	is "$(code head_commit)" ""
	with_key
	"$G" publish -q last --profile full -o "$D/b"
	"$V" -q "$D/b" --key "$PUB"
}

@test "the original repository is not touched" {
	prepare
	with_key
	echo changed >> train.py
	echo staged >> config.json; git add config.json
	touch -d '2001-01-01' lib/model.py
	printf '#!/bin/sh\ntouch "%s/hook-ran"\n' "$D" > .git/hooks/post-index-change; chmod +x .git/hooks/post-index-change
	before=$(state_of_git)
	"$G" run -q -- true
	is "$(state_of_git)" "$before"
	is "$(git for-each-ref --format='%(refname)' | grep glassbox)" "refs/glassbox/runs/$("$G" ls --json > "$D/ls"; json "$D/ls" "d['runs'][0]['run']")"
	"$G" publish -q last --profile full -o "$D/b"
	is "$(state_of_git)" "$before"
	[ ! -e "$D/hook-ran" ]
}

@test "user's git configuration changes nothing" {
	prepare
	echo changed >> train.py
	want=$(tree_of_work)
	printf '[diff]\n\texternal = /bin/false\n\tnoprefix = true\n[core]\n\tfsmonitor = /bin/false\n\tpager = false\n' > "$D/gitconfig"
	GIT_CONFIG_GLOBAL=$D/gitconfig "$G" run -q -- true
	is "$(code tree)" "$want"
}

@test "a published snapshot unpacks to the work tree" {
	prepare
	with_key
	echo changed >> train.py
	ln -s lib/model.py link; git add link
	"$G" run -q -- true
	"$G" publish -q last --profile full -o "$D/b"
	"$V" -q "$D/b" --key "$PUB"
	unpack 0
	for f in $(git ls-files); do [ -L "$f" ] && is "$(readlink "$D/out/$f")" "$(readlink "$f")" || cmp "$f" "$D/out/$f"; done
}

@test "the recorder's objects outlive a history that is thrown away" {
	prepare
	with_key
	"$G" run -q -- true
	git checkout -q --orphan other; git rm -rqf .; echo y > y; git add y; git commit -q -m other
	git branch -q -D main
	git reflog expire --expire=now --all; git gc -q --prune=now
	"$G" publish -q last --profile full -o "$D/b"
	"$V" -q "$D/b" --key "$PUB"
}

@test "files that the job changes are told, and a gap" {
	prepare
	with_key
	echo u > notes
	run "$G" run -- sh -c 'echo more >> train.py; rm notes; echo new > results; touch config.json'
	has "$output" "changed since the start: notes, train.py"
	is "$(code complete)" 1
	shown=$("$G" show last)
	has "$shown" "changed while or after it was read (2)"
	"$G" publish -q last --profile full -o "$D/b"
	"$V" -q "$D/b" --key "$PUB"
	run "$G" run -- sh -c 'for i in 1 2 3 4 5 6; do echo > f$i; done'
	hasnt "$output" "changed since"
	run "$G" run -- sh -c 'for i in 1 2 3 4 5 6; do echo $i > f$i; done'
	has "$output" "changed since the start: f1, f2, f3, f4 and 2 more"
}

@test "the job starts at the deadline, and the snapshot is finished beside it" {
	prepare
	with_key
	sleep 0.02
	run "$G" run --snapshot-deadline 0 --param x=1 -- sh -c 'exit 3'
	is "$status" 3
	is "$(code tree) $(code complete)" "$(git rev-parse 'HEAD^{tree}') 1"
	"$G" publish -q last --profile full -o "$D/b"
	"$V" -q "$D/b" --key "$PUB"
	head -c 200000000 /dev/zero > large; git add large
	run "$G" run --snapshot-deadline 0 --linger 0 -- true
	is "$status" 0
	has "$("$G" show last)" "the job ended first"
	"$G" publish -q last --profile full -o "$D/c"
	"$V" -q "$D/c" --key "$PUB"
}
