load helper

# Files with every kind of name.
a_folder() {
	mkdir -p "$D/f/sub/deep" "$D/f/sub-b" "$D/f/empty"
	echo one > "$D/f/sub/a"
	echo two > "$D/f/sub-b/a"
	printf 'no line end' > "$D/f/sub/deep/with space"
	: > "$D/f/nothing"
	echo odd > "$D/f/$(printf 'a\nb')"
	echo odder > "$D/f/$(printf 'c\rd')"
	echo oddest > "$D/f/e\\f"
	printf '\377' > "$D/f/$(printf 'g\377')"
	ln -s sub/a "$D/f/link"
	mkfifo "$D/f/fifo"
}

sums() { find "$@" -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum; }

@test "hash --sum prints what find, sort and sha256sum print" {
	a_folder
	cd "$D"
	mkdir o
	for where in f f/ ./f "$D/f" f/sub f/nothing 'f/e\f'; do
		sums "$where" > o/want
		"$G" hash --sum "$where" > o/got
		cmp o/got o/want
	done
	sums f/sub f/sub-b f/nothing > o/want
	"$G" hash --sum f/sub f/sub-b f/nothing > o/got
	cmp o/got o/want
	cd f
	sums . > ../o/want
	"$G" hash --sum . > ../o/got
	cmp ../o/got ../o/want
}

@test "hash prints each file and the root that a run records of it" {
	a_folder
	rm "$D/f/fifo"
	"$G" run -q --store "$D/s" --data set="$D/f" -- true
	GLASSBOX_STORE=$D/s records
	root=$(json "$D/records.json" "next(r['body']['root'] for r in d['records'] if r['kind'] == 'data')")
	run "$G" hash "$D/f"
	is "$status" 0
	has "$output" "root $root  9 files, "
	has "$output" "$(printf 'no line end' | sha256sum | cut -c -64)            11  file  sub/deep/with space"
	has "$output" 'file  a\x0ab'
	has "$output" 'link  link'
	"$G" hash --json "$D/f" > "$D/h.json"
	is "$(json "$D/h.json" "d['format'] + ' ' + d['paths'][0]['root'] + ' ' + str(len(d['paths'][0]['files']))")" "glassbox.hash/1 $root 9"
}

@test "hash: what cannot be hashed is named, there is no root, and the exit status is 3" {
	a_folder
	run --separate-stderr "$G" hash "$D/f"
	is "$status" 3
	has "$stderr" "fifo: a FIFO"
	hasnt "$output" "root "
	has "$output" "no root: not all was hashed of $D/f"
	run --separate-stderr "$G" hash --json "$D/f"
	is "$status" 3
	has "$output" '"whole":false,"root":null'
	run --separate-stderr "$G" hash --sum "$D/f/sub" "$D/not-there"
	is "$status" 3
	has "$stderr" not-there
	has "$output" "$D/f/sub/a"
	rm "$D/f/fifo"
	chmod 0 "$D/f/sub/a" "$D/f/sub-b"
	give_place
	for how in --sum --json -- ; do
		run --separate-stderr as_user "$G" hash $how "$D/f"
		is "$status" 3
		has "$stderr" "sub/a"
		has "$stderr" "sub-b"
		hasnt "$output" '"root":"'
		hasnt "$output" "root "
	done
}

@test "hash: an output that cannot be written is no success" {
	a_folder
	for how in --sum --json ''; do
		run bash -c '"$@" > /dev/full' - "$G" hash $how "$D/f/sub"
		is "$status" 3
	done
	run "$G" hash --sum --json "$D/f"
	is "$status" 2
}
