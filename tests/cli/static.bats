# glassbox-verify of the preset `static`.
load helper

@test "glassbox-verify is one file that loads no other" {
	run readelf --program-headers --dynamic --wide "$V"
	is "$status" 0
	has "$output" LOAD
	hasnt "$output" INTERP
	hasnt "$output" NEEDED
}

@test "glassbox-verify verifies where nothing else is" {
	in_repo
	with_key
	"$G" run -q -- true
	"$G" publish -q last -o "$D/b"
	"$V" --key "$PUB" -q "$D/b"
	[ "$(id -u)" = 0 ] || skip "only root can change the root folder"
	mkdir "$D/root"
	cp -r "$V" "$PUB" "$D/b" "$D/root"
	run env -i "$(command -v chroot)" "$D/root" /glassbox-verify --key /key.pub /b
	is "$status" 0
	has "${lines[0]}" "verified: signed by owner.example/"
}
