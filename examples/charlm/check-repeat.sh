#!/bin/sh
# Trains twice with one configuration and compares every output file, byte for byte.
# usage: check-repeat.sh CHARLM CONFIG DIR [OPTION...]      DIR/1 and DIR/2 are made anew
set -eu
charlm=$1 config=$2 dir=$3
shift 3

rm -rf "$dir/1" "$dir/2"
mkdir -p "$dir"
for run in 1 2; do
    "$charlm" --config "$config" --out "$dir/$run" "$@" >"$dir/$run.stdout"
done
cmp "$dir/1.stdout" "$dir/2.stdout"
diff -r "$dir/1" "$dir/2"
echo "same bytes: $(find "$dir/1" -type f | wc -l) files and standard output"
