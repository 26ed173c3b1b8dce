load helper

# A filesystem of so many KiB at $D/disk, in a name space of its own; then the commands. Sizes are pages, so a run ends within a record.
on_a_disk_of() {
	mkdir -p "$D/disk"
	unshare --map-root-user --mount bash -c 'mount -t tmpfs -o size=$1k disk "$2" && shift 2 && "$@"' - "$1" "$D/disk" "${@:2}"
}

# The job is the bare job; with room again the run is sealed, published and verified, or it is told that there is none.
run_on_it() {
	local status=0
	"$G" run --store "$D/disk/s" --name small --data set="$D/set" -- sh -c 'echo out; exit 5' > "$D/out" 2> "$D/err" || status=$?
	[ $status = 5 ] && [ "$(cat "$D/out")" = out ] || { cat "$D/err"; return 1; }
	mount -o remount,size=16m "$D/disk"
	rm -rf "$D/b"
	if ! "$G" ls --store "$D/disk/s" 2> /dev/null | grep -q small; then
		grep -q 'without a record' "$D/err"
		return
	fi
	"$G" seal --store "$D/disk/s" --dead small &&
		"$G" publish --store "$D/disk/s" small -q -o "$D/b" && "$V" --key "$PUB" "$D/b" > "$D/said" || { cat "$D/err"; return 1; }
	grep -q '^verified' "$D/said"
}

@test "a disk that is full at any page leaves the job alone, and the run is sealed later" {
	unshare --map-root-user --mount mount -t tmpfs none /mnt 2> /dev/null || skip "no name spaces for mounts here"
	mkdir "$D/set"
	echo data > "$D/set/a"
	with_key
	export -f run_on_it
	export G V D PUB
	for size in 4 8 12 16 20 24 28 32 36 40 48 64 128; do
		on_a_disk_of $size bash -c run_on_it || { echo "$size KiB"; return 1; }
	done
}
