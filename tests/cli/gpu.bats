#!/usr/bin/env bats
# GPUs, told by children beside the job, through a library that does what it is told (fake_nvml.c).

load helper

machine() { "$G" show last machine; }

@test "eight GPUs are told beside the job, their serial numbers never, and each is withheld by its name" {
	export LD_LIBRARY_PATH=$GLASSBOX_FAKE_NVML
	FAKE_NVML_COUNT=8 "$G" run -q -- true
	is "$(machine | grep -c 'GPU [0-7] NVIDIA H100 80GB HBM3, 85520809984 bytes, driver 555.42')" 8
	is "$(machine | grep -c 'MIG on, 2 instances')" 1
	records
	hasnt "$(cat "$D/records.json")" 1320021000001
	"$G" publish last -o "$D/b" --withhold 'device:gpu3' 2> /dev/null
	is "$(grep -laE 'GPU-00000003-0000' -r "$D/b" | wc -l)" 0
	is "$(grep -laE 'GPU-00000004-0000' -r "$D/b" | wc -l)" 1
}

@test "a driver's library that hangs, crashes or does not fit costs its own part, and the job nothing" {
	export LD_LIBRARY_PATH=$GLASSBOX_FAKE_NVML
	for what in 'hang:the job ended first' 'mismatch:the library' 'crash:the capturing process died'; do
		FAKE_NVML=${what%%:*} "$G" run -q -- sh -c 'exit 7' || is $? 7
		has "$("$G" show last gaps)" "what GPUs are there"
	done
	FAKE_NVML=hang-late "$G" run -q -- true
	is "$(machine | grep -c 'GPU [01] NVIDIA')" 2
	has "$("$G" show last gaps)" "what GPUs are there: the job ended first"
}
