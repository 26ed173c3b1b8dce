#include "capture/launchers.h"

#define TORCHRUN "--standalone -m --module --no-python --no_python --run-path --run_path --use-env --use_env"
#define PYTHON "-W -X --check-hash-based-pycs"
#define CONTAINER "-B --bind --pwd --env --env-file -H --home -W --workdir --overlay -o --network --security --app --add-caps --drop-caps --mount -S --scratch --nv-ccli"
#define DOCKER "-v --volume -e --env --env-file --name --gpus --shm-size --ipc --network --net -w --workdir -u --user --ulimit --mount -p " \
	"--publish --device --entrypoint --cpus --cpuset-cpus -m --memory --hostname -h -l --label --runtime --platform --pid --restart --tmpfs " \
	"--cap-add --cap-drop --security-opt --volumes-from --log-driver --add-host --userns"

static const struct gbx_launcher launchers[] = {
	/* launches training */
	{.name = "torchrun", .alone = TORCHRUN, .tells = "torchrun"},
	{.name = "torch.distributed.run", .alone = TORCHRUN, .tells = "torchrun"},
	{.name = "torch.distributed.launch", .alone = TORCHRUN, .tells = "torchrun"},
	{.name = "tune", .verb = "run", .alone = TORCHRUN, .tells = "torchrun"},
	{.name = "accelerate", .verb = "launch",
	 .alone = "--cpu --multi_gpu --tpu --ipex --xpu --use_xpu --use_deepspeed --use_fsdp --use_megatron_lm --use_parallelism_config --use_tpu -m "
		  "--module --no_python --quiet -q --debug --same_network --dynamo_use_fullgraph --dynamo_use_dynamic --enable_cpu_affinity "
		  "--tpu_cluster --no_tpu_cluster --downcast_bf16 --dynamo_use_regional_compilation", .tells = "accelerate"},
	{.name = "accelerate.commands.launch",
	 .alone = "--cpu --multi_gpu --tpu --ipex --use_xpu --use_deepspeed --use_fsdp --use_megatron_lm -m --module --no_python --quiet -q --debug "
		  "--same_network --dynamo_use_fullgraph --dynamo_use_dynamic --enable_cpu_affinity", .tells = "accelerate"},
	{.name = "deepspeed",
	 .alone = "--force_multi --no_ssh --no_ssh_check --module --no_python --no_local_rank --save_pid --elastic_training --bind_cores_to_rank", .tells = "deepspeed"},
	{.name = "composer", .alone = "-v --verbose -m --module_mode -c --command_mode", .tells = "composer"},
	{.name = "fabric", .verb = "run", .alone = "--main-process", .tells = "fabric"},
	{.name = "horovodrun", .alone = "--verbose --disable-cache --check-build --gloo --mpi --autotune", .tells = "horovodrun"},
	{.name = "srun",
	 .alone = "-l --label -u --unbuffered -Q --quiet -v -vv --verbose -X --disable-status -O --overcommit -s --oversubscribe -E --preserve-env -Z "
		  "--no-allocate -k --no-kill --overlap --exact --contiguous -H --hold --pty --exclusive --kill-on-bad-exit -K --multi-prog --reboot "
		  "--mem-bind-verbose --interactive -j --join",
	 .tells = "srun"},
	{.name = "mpirun",
	 .alone = "--allow-run-as-root --oversubscribe -oversubscribe --nooversubscribe --tag-output -tag-output --display-map --report-bindings "
		  "--display-allocation --timestamp-output -q --quiet -v --verbose --use-hwthread-cpus --nolocal --do-not-launch --merge-stderr-to-stdout "
		  "-prepend-rank -l",
	 .pairs = "--mca -mca --gmca -gmca -genv --genv", .tells = "mpirun"},
	{.name = "mpiexec",
	 .alone = "--allow-run-as-root --oversubscribe --tag-output --display-map --report-bindings -q --quiet -v --verbose -l -prepend-rank",
	 .pairs = "--mca -mca --gmca -gmca -genv --genv", .tells = "mpirun"},
	{.name = "orterun", .alone = "--allow-run-as-root --oversubscribe -q -v", .pairs = "--mca -mca --gmca -gmca", .tells = "mpirun"},
	{.name = "ray", .verb = "job submit",
	 .valued = "--working-dir --runtime-env --runtime-env-json --address --submission-id --entrypoint-num-cpus --entrypoint-num-gpus "
		   "--entrypoint-memory --entrypoint-resources --metadata-json"},
	/* finds an interpreter and its packages */
	{.name = "uv", .verb = "run",
	 .valued = "--with --with-editable --with-requirements --python -p --extra --group --only-group --no-group --env-file --project --directory "
		   "--package --index --default-index --index-url -i --extra-index-url --find-links -f --cache-dir --config-file --color -w"},
	{.name = "poetry", .verb = "run", .valued = "-C --directory -P --project"},
	{.name = "pipenv", .verb = "run", .valued = ""},
	{.name = "pdm", .verb = "run", .valued = "-p --project --venv"},
	{.name = "hatch", .verb = "run", .valued = "-e --env"},
	{.name = "rye", .verb = "run", .valued = "-f --pyproject"},
	{.name = "pixi", .verb = "run", .valued = "-e --environment --manifest-path"},
	{.name = "conda", .verb = "run", .valued = "-n --name -p --prefix --cwd"},
	{.name = "mamba", .verb = "run", .valued = "-n --name -p --prefix --cwd"},
	{.name = "micromamba", .verb = "run", .valued = "-n --name -p --prefix --cwd -r --root-prefix -e --env -a --attach"},
	{.name = "apptainer", .verb = "exec", .valued = CONTAINER, .words = 1},
	{.name = "apptainer", .verb = "run", .valued = CONTAINER, .words = 1},
	{.name = "singularity", .verb = "exec", .valued = CONTAINER, .words = 1},
	{.name = "singularity", .verb = "run", .valued = CONTAINER, .words = 1},
	{.name = "docker", .verb = "run", .valued = DOCKER, .words = 1},
	{.name = "podman", .verb = "run", .valued = DOCKER, .words = 1},
	/* watches */
	{.name = "nsys", .verb = "profile", .valued = "-o -t -s -c -d -y -w -b -x -f -e -p -n"},
	{.name = "ncu", .valued = "-o -k -c -s --set --section --metrics --target-processes --kernel-name --launch-count --launch-skip --nvtx-include"},
	{.name = "py-spy", .verb = "record", .valued = "-o --output -d --duration -r --rate -f --format"},
	{.name = "memray", .verb = "run", .valued = "-o --output"},
	{.name = "coverage", .verb = "run", .valued = "--source --omit --include --rcfile --data-file --concurrency"},
	{.name = "viztracer", .valued = "-o --output_file --max_stack_depth --tracer_entries"},
	{.name = "kernprof", .valued = "-o --outfile -s --setup"},
	{.name = "cProfile", .valued = "-o -s"},
	{.name = "pdb", .valued = "-c"},
	{.name = "debugpy", .valued = "--listen --connect --log-to"},
	{.name = "strace", .valued = "-o -e -p -s -u -P -a"},
	/* changes what a process is given */
	{.name = "env", .valued = "-u --unset -C --chdir -S --split-string", .assigns = true, .tells = "env"},
	{.name = "nohup", .valued = ""},
	{.name = "setsid", .valued = ""},
	{.name = "time", .valued = "-f --format -o --output"},
	{.name = "nice", .valued = "-n --adjustment"},
	{.name = "ionice", .valued = "-c --class -n --classdata"},
	{.name = "chrt", .valued = "", .words = 1},
	{.name = "taskset", .valued = "", .words = 1},
	{.name = "numactl", .valued = "-C --physcpubind -m --membind -N --cpunodebind -p --preferred -i --interleave -w --weighted-interleave"},
	{.name = "timeout", .valued = "-s --signal -k --kill-after", .words = 1},
	{.name = "stdbuf", .valued = "-i --input -o --output -e --error"},
	{.name = "xvfb-run", .valued = "-n --server-num -s --server-args -e --error-file -f --auth-file -p --xauth-protocol"},
	{.name = "sudo", .valued = "-u --user -g --group -C --close-from -h --host -p --prompt -D --chdir", .assigns = true},
	{.name = "flock", .valued = "-w --timeout -E --conflict-exit-code", .words = 1},
	{.name = "chronic", .valued = ""},
	{.name = "unbuffer", .valued = ""},
	/* interprets */
	{.name = "python*", .valued = PYTHON, .code = true},
	{.name = "pypy*", .valued = PYTHON, .code = true},
	{.name = "ipython*", .valued = "", .code = true},
	{.name = "sh", .valued = "-o", .code = true},
	{.name = "bash", .valued = "-o -O --rcfile --init-file", .code = true},
	{.name = "dash", .valued = "-o", .code = true},
	{.name = "zsh", .valued = "-o", .code = true},
	{.name = "julia", .valued = "-p --procs -t --threads -J --sysimage --project -L --load"},
	{.name = "Rscript", .valued = ""},
	{0},
};

const struct gbx_launcher *gbx_launchers(void)
{
	return launchers;
}

bool gbx_is_listed(const char *list, struct gbx_slice word)
{
	while (list && *list) {
		size_t len = strcspn(list, " ");
		if (gbx_slice_equal(gbx_slice(list, len), word))
			return true;
		list += len + (list[len] == ' ');
	}
	return false;
}

static bool is_named(const struct gbx_launcher *l, struct gbx_slice program)
{
	size_t len = strlen(l->name);

	if (l->name[len - 1] != '*')
		return gbx_slice_is(program, l->name);
	return program.len >= len - 1 && memcmp(program.data, l->name, len - 1) == 0;
}

const struct gbx_launcher *gbx_launcher_find(struct gbx_slice program, struct gbx_slice verb)
{
	for (const struct gbx_launcher *l = launchers; l->name; l++)
		if (is_named(l, program) && (!l->verb || gbx_slice_equal(gbx_slice(l->verb, strcspn(l->verb, " ")), verb)))
			return l;
	return NULL;
}
