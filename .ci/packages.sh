#!/usr/bin/env bash
# Installs what this machine lacks for some of: build, test, interop, bench, fuzz, clang, static.
#
#   .ci/packages.sh [--no-install] build test ...
#
# For Debian 12 and 13, Ubuntu 22.04 and 24.04, by apt; sudo where not root. Where nothing is missing it changes nothing
# and asks nobody. With --no-install, and on other systems, it names what is missing and exits 1.
set -euo pipefail

# group | what is looked for | package | why.   cmd: a program; lib: a pkg-config module; file: a header; py: a Python module; clang: a library of clang's own
needs='
build   | cmd:cc               | gcc                   | the compiler
build   | file:stdio.h         | libc6-dev             | the C library to compile against
build   | cmd:cmake            | cmake                 | configures the build
build   | cmd:ninja            | ninja-build           | builds
build   | cmd:pkg-config       | pkg-config            | finds the libraries
build   | lib:libcrypto        | libssl-dev            | SHA-256 and Ed25519
build   | lib:libprotobuf-c    | libprotobuf-c-dev     | reads and writes the records
build   | cmd:protoc-c         | protobuf-c-compiler   | compiles the schemas
build   | lib:jansson          | libjansson-dev        | JSON
build   | lib:libgit2          | libgit2-dev           | reads the code that is recorded
build   | lib:sqlite3          | libsqlite3-dev        | the index of runs
build   | lib:yaml-0.1         | libyaml-dev           | reads config files
build   | cmd:git              | git                   | makes the repository of the example
test    | lib:cmocka           | libcmocka-dev         | unit tests
test    | cmd:bats             | bats                  | tests of the command line
test    | cmd:python3          | python3               | readers of the formats that are not ours; checks of the source
test    | py:yaml              | python3-yaml          | reads config files by other means
test    | cmd:openssl          | openssl               | checks a signature by other means
test    | cmd:protoc           | protobuf-compiler     | reads the records by other means
static  | arch:libz            | zlib1g-dev            | what a libcrypto in the program itself needs
static  | arch:libzstd         | libzstd-dev           | the same
clang   | cmd:clang            | clang                 | the second compiler
fuzz    | cmd:clang            | clang                 | compiles the fuzz targets
fuzz    | clang:fuzzer         | libclang-rt-dev       | libFuzzer and the sanitizers
interop | cmd:skopeo           | skopeo                | copies bundles as registries do
interop | cmd:zsh              | zsh                   | completes command lines
interop | cmd:fish             | fish                  | completes command lines
bench   | cmd:python3          | python3               | runs the pairs and takes the medians
bench   | cmd:strace           | strace                | says what the syncs cost
fuzz    | cmd:python3          | python3               | changes bundles at random
'
cmake_least=3.25

have() { # cmd:NAME, lib:NAME, file:NAME, py:NAME, clang:NAME, or arch:libNAME: an archive, where libcrypto's needs it
	case $1 in
	cmd:*) command -v "${1#cmd:}" >/dev/null ;;
	lib:*) command -v pkg-config >/dev/null && pkg-config --exists "${1#lib:}" ;;
	file:*) [ -e "/usr/include/${1#file:}" ] ;;
	py:*) python3 -c "import ${1#py:}" 2>/dev/null ;;
	arch:lib*)
		case " $(pkg-config --static --libs libcrypto 2>/dev/null) " in
		*" -l${1#arch:lib} "*) [ -e "$(cc -print-file-name="${1#arch:}.a")" ] && [ "$(cc -print-file-name="${1#arch:}.a")" != "${1#arch:}.a" ] ;;
		esac
		;;
	clang:*) [ -e "$(clang --print-file-name="libclang_rt.${1#clang:}-$(uname -m).a" 2>/dev/null)" ] ;;
	esac
}

missing=() # "package|why", as often as it is asked for
find_missing() {
	local group probe package why wanted
	missing=()
	while IFS='|' read -r group probe package why; do
		group=${group// /} probe=${probe// /} package=${package// /} why=${why# }
		for wanted in "$@"; do
			if [ "$group" = "$wanted" ] && ! have "$probe" && [[ " ${missing[*]-} " != *" $package|"* ]]; then
				missing+=("$package|$why")
			fi
		done
	done <<<"$needs"
}

name_missing() {
	local m
	for m in "${missing[@]}"; do
		printf '  %-22s %s\n' "${m%%|*}" "${m#*|}"
	done
}

check_cmake() {
	local found
	found=$(cmake --version | sed -n '1s/[^0-9]*\([0-9.]*\).*/\1/p')
	if [ "$(printf '%s\n%s\n' "$cmake_least" "$found" | sort -V | head -n 1)" != "$cmake_least" ]; then
		cat >&2 <<-END
			packages: CMake $cmake_least or newer is needed and $(command -v cmake) is $found.
			Ubuntu 22.04 has no newer one of its own. Either of these puts one beside it; then run this again:
			  sudo snap install cmake --classic
			  python3 -m pip install --user 'cmake>=$cmake_least'    (and put ~/.local/bin first in PATH)
		END
		return 1
	fi
}

install=yes
groups=()
for word in "$@"; do
	case $word in
	--no-install) install=no ;;
	build | test | interop | bench | fuzz | clang | static) groups+=("$word") ;;
	*)
		echo "packages: '$word': expected --no-install, build, test, interop, bench, fuzz, clang or static" >&2
		exit 2
		;;
	esac
done

find_missing ${groups[@]+"${groups[@]}"}
if [ ${#missing[@]} -gt 0 ]; then
	packages=("${missing[@]%%|*}")
	as_root=()
	[ "$(id -u)" = 0 ] || as_root=(sudo)
	if [ $install = no ] || ! command -v apt-get >/dev/null || { [ "$(id -u)" != 0 ] && ! command -v sudo >/dev/null; }; then
		echo "packages: missing on this machine (Debian's and Ubuntu's names):" >&2
		name_missing >&2
		echo "install them as root: apt-get install ${packages[*]}" >&2
		exit 1
	fi
	echo "packages: installing what is missing, by ${as_root[*]-}${as_root[*]:+ }apt-get:"
	name_missing
	log=$(mktemp)
	trap 'rm -f "$log"' EXIT
	apt() { ${as_root[@]+"${as_root[@]}"} env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=120 "$@" </dev/null >"$log" 2>&1; }
	apt update || { tail -n 5 "$log" >&2; echo "packages: apt-get update failed; going on with the lists that are here" >&2; }
	if ! apt install -y --no-install-recommends "${packages[@]}"; then
		tail -n 20 "$log" >&2
		echo "packages: apt-get install ${packages[*]}: failed (see above)" >&2
		exit 1
	fi
	find_missing "${groups[@]}"
	if [ ${#missing[@]} -gt 0 ]; then
		echo "packages: installed, and still not found:" >&2
		name_missing >&2
		exit 1
	fi
fi
case " ${groups[*]-} " in
*" build "*) check_cmake ;;
esac
