/* What a machine is, by a /proc and /sys that the test makes up. */
#include <fcntl.h>

#include "capture/machine.h"
#include "scratch.h"

/* Bodies as they come. */
struct seen {
	char text[16384];
	size_t len, bodies;
};

static void say(struct seen *s, const char *fmt, ...) GBX_PRINTF(2, 3);
static void say(struct seen *s, const char *fmt, ...)
{
	va_list list;

	va_start(list, fmt);
	s->len += (size_t)vsnprintf(s->text + s->len, sizeof s->text - s->len, fmt, list);
	va_end(list);
	assert_true(s->len < sizeof s->text);
}

static int take(void *arg, const Glassbox__Body *b, struct gbx_error *err)
{
	struct seen *s = arg;
	const Glassbox__Limits *l = b->limits;
	const Glassbox__Container *c = b->container;

	(void)err;
	s->bodies++;
	if (b->body_case == GLASSBOX__BODY__BODY_DEVICE)
		say(s, "node %u: %s, %llu\n", b->device->numa->node, b->device->numa->cpus, (unsigned long long)b->device->numa->memory_bytes);
	if (b->body_case == GLASSBOX__BODY__BODY_LIMITS)
		say(s, "limits v%u %llu %llu/%llu [%s] [%s]\n", l->version, (unsigned long long)l->memory_bytes,
		    (unsigned long long)l->cpu_quota_micros, (unsigned long long)l->cpu_period_micros, l->cpus,
		    l->memory_nodes);
	if (b->body_case == GLASSBOX__BODY__BODY_CONTAINER)
		say(s, "%s [%s] %.11s\n", c->runtime, c->image, c->digest);
	return 0;
}

static void file_at(const char *path, const char *text)
{
	GBX_AUTO_STRING char *whole = gbx_asprintf("root%s", path), *folder = gbx_strdup(whole);

	*strrchr(folder, '/') = 0;
	assert_int_equal(gbx_make_dirs(folder, 0700, NULL), 0);
	put_file(whole, text, strlen(text));
}

typedef int (*part_fn)(const struct gbx_machine_options *o, gbx_body_fn put, void *arg, struct gbx_error *err);

static const char *read_part(part_fn fn, char *const *environment)
{
	static struct seen seen;
	GBX_AUTO_FD int root = -1;
	struct gbx_error err;

	seen = (struct seen){0};
	assert_int_equal(gbx_make_dirs("root", 0700, NULL), 0);
	assert_int_equal(gbx_open_dir(AT_FDCWD, "root", false, &root, NULL), 0);
	struct gbx_machine_options o = {.root = root, .pid = 7, .environment = environment};
	if (fn(&o, take, &seen, &err))
		fail_msg("%s", err.line);
	return seen.text;
}

/* Flags with spaces between, and the microcode. */
static const char *read_cpu(const char *cpuinfo)
{
	static char text[2048];
	GBX_AUTO_FD int root = -1;
	struct gbx_cpu_features f;

	file_at("/proc/cpuinfo", cpuinfo);
	assert_int_equal(gbx_open_dir(AT_FDCWD, "root", false, &root, NULL), 0);
	gbx_machine_cpu(root, &f);
	*text = 0;
	for (size_t i = 0; i < f.flags; i++)
		sprintf(text + strlen(text), "%s ", f.flag[i]);
	return strcat(text, f.microcode);
}

static void processors_and_what_they_can(void **state)
{
	GBX_AUTO_BYTES struct gbx_bytes many = {0};

	(void)state;
	assert_string_equal(read_cpu("processor\t: 0\nmicrocode\t: 0xa0011d5\nflags\t\t: fpu sse sse4_2 avx avx2 fma f16c avx512f avx512_bf16 amx_tile avxy rdrand\n"
				     "\nprocessor\t: 1\nflags\t: avx10\n"),
			    "amx_tile avx avx2 avx512_bf16 avx512f f16c fma sse4_2 0xa0011d5");
	assert_string_equal(read_cpu("processor\t: 0\nFeatures\t: fp asimd evtstrm sve i8mm bf16 svei8mm\n\n"), "asimd bf16 i8mm sve svei8mm ");
	assert_string_equal(read_cpu("flags: \nflags"), "");
	assert_string_equal(read_cpu(""), "");
	/* As many as there is room for. */
	assert_int_equal(gbx_bytes_printf(&many, NULL, "flags: avx"), 0);
	for (unsigned i = 0; i < 300; i++)
		assert_int_equal(gbx_bytes_printf(&many, NULL, " avx512_x%u", i), 0);
	assert_int_equal(gbx_bytes_printf(&many, NULL, "\n"), 0);
	const char *said = read_cpu((char *)many.data);
	assert_true(strncmp(said, "avx avx512_x0 ", 14) == 0 && strlen(said) < 1024 + 64);
}

static void numa_nodes(void **state)
{
	(void)state;
	assert_string_equal(read_part(gbx_machine_numa, NULL), "");
	file_at("/sys/devices/system/node/online", "0-1\n");
	file_at("/sys/devices/system/node/node0/cpulist", "0-15,32-47\n");
	file_at("/sys/devices/system/node/node0/meminfo", "Node 0 MemTotal:       16384 kB\nNode 0 MemFree: 1 kB\n");
	file_at("/sys/devices/system/node/node1/cpulist", "\n");
	file_at("/sys/devices/system/node/nodex/cpulist", "9\n");
	assert_string_equal(read_part(gbx_machine_numa, NULL), "node 0: 0-15,32-47, 16777216\nnode 1: , 0\n");
}

static void limits_of_version_two(void **state)
{
	(void)state;
	assert_string_equal(read_part(gbx_machine_limits, NULL), "");
	file_at("/proc/7/cgroup", "0::/a/b\n");
	assert_string_equal(read_part(gbx_machine_limits, NULL), "");
	file_at("/sys/fs/cgroup/a/b/memory.max", "max\n");
	file_at("/sys/fs/cgroup/a/b/cpu.max", "400000 100000\n");
	file_at("/sys/fs/cgroup/a/b/cpuset.cpus.effective", "2-3\n");
	file_at("/sys/fs/cgroup/a/memory.max", "1073741824\n");
	file_at("/sys/fs/cgroup/a/cpu.max", "50000 100000\n");
	file_at("/sys/fs/cgroup/memory.max", "2147483648\n");
	file_at("/sys/fs/cgroup/cpuset.cpus.effective", "0-7\n");
	assert_string_equal(read_part(gbx_machine_limits, NULL), "limits v2 1073741824 50000/100000 [2-3] []\n");
	/* A container whose /sys/fs/cgroup is its own. */
	file_at("/proc/7/cgroup", "0::/../../elsewhere\n");
	assert_string_equal(read_part(gbx_machine_limits, NULL), "limits v2 2147483648 0/0 [0-7] []\n");
	file_at("/proc/7/cgroup", "0\n:\n0:\n\n");
	assert_string_equal(read_part(gbx_machine_limits, NULL), "");
}

static void limits_of_version_one(void **state)
{
	(void)state;
	file_at("/proc/7/cgroup", "9:cpu,cpuacct:/docker/x\n4:memory:/docker/x\n3:cpuset:/docker/x\n2:pids:/docker/x\n1:name=systemd:/\n0::/\n");
	file_at("/sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
	assert_string_equal(read_part(gbx_machine_limits, NULL), "limits v1 0 0/0 [] []\n");
	file_at("/sys/fs/cgroup/memory/docker/x/memory.limit_in_bytes", "4096\n");
	file_at("/sys/fs/cgroup/cpu/docker/x/cpu.cfs_quota_us", "-1\n");
	file_at("/sys/fs/cgroup/cpu/docker/x/cpu.cfs_period_us", "100000\n");
	file_at("/sys/fs/cgroup/cpuset/docker/x/cpuset.cpus", "0-1\n");
	file_at("/sys/fs/cgroup/cpuset/docker/x/cpuset.mems", "0\n");
	assert_string_equal(read_part(gbx_machine_limits, NULL), "limits v1 4096 0/0 [0-1] [0]\n");
	file_at("/sys/fs/cgroup/cpu/docker/cpu.cfs_quota_us", "150000\n");
	file_at("/sys/fs/cgroup/cpu/docker/cpu.cfs_period_us", "100000\n");
	assert_string_equal(read_part(gbx_machine_limits, NULL), "limits v1 4096 150000/100000 [0-1] [0]\n");
}

#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define TEXT(t) ((char[]){t})

static void empty_root(void)
{
	assert_int_equal(gbx_remove_tree("root", NULL), 0);
}

static void containers_by_their_marks(void **state)
{
	char *const apptainer[] = {TEXT("APPTAINER_NAME=t.sif"), TEXT("APPTAINER_CONTAINER=/images/t.sif"), NULL};
	char *const kubernetes[] = {TEXT("KUBERNETES_SERVICE_HOST=10.0.0.1"), NULL}, *const nspawn[] = {TEXT("container=systemd-nspawn"), NULL};

	(void)state;
	assert_string_equal(read_part(gbx_machine_container, NULL), "");
	assert_string_equal(read_part(gbx_machine_container, apptainer), "apptainer [/images/t.sif] \n");
	assert_string_equal(read_part(gbx_machine_container, kubernetes), "kubernetes [] \n");
	assert_string_equal(read_part(gbx_machine_container, nspawn), "systemd-nspawn [] \n");
	file_at("/run/.containerenv", "engine=\"podman-4.3.1\"\nname=\"x\"\nid=\"" ID "\"\nimage=\"docker.io/library/debian:12\"\nimageid=\"" ID "\"\nrootless=1\n");
	assert_string_equal(read_part(gbx_machine_container, NULL), "podman [docker.io/library/debian:12] sha256:0123\n");
	file_at("/run/.containerenv", "");
	assert_string_equal(read_part(gbx_machine_container, NULL), "podman [] \n");
	empty_root();
	file_at("/.dockerenv", "");
	file_at("/proc/7/mountinfo", "1 2 8:1 /var/lib/docker/containers/" ID "/hostname /etc/hostname rw - ext4 /dev/sda1 rw\n");
	assert_string_equal(read_part(gbx_machine_container, NULL), "docker [] \n");
	empty_root();
	file_at("/proc/7/cgroup", "0::/kubepods.slice/kubepods-pod1.slice/cri-containerd-" ID ".scope\n");
	assert_string_equal(read_part(gbx_machine_container, NULL), "kubernetes [] \n");
	file_at("/proc/7/cgroup", "0::/user.slice/docker-0123.scope\n");
	assert_string_equal(read_part(gbx_machine_container, NULL), "docker [] \n");
	/* A host that runs containers has their mounts in its table. */
	file_at("/proc/7/cgroup", "0::/user.slice\n");
	file_at("/proc/7/mountinfo", "1 2 8:1 / /var/lib/docker/containers/" ID "/mounts/shm rw - tmpfs shm rw\n");
	assert_string_equal(read_part(gbx_machine_container, NULL), "");
	file_at("/proc/sys/kernel/osrelease", "5.15.90.1-microsoft-standard-WSL2\n");
	assert_string_equal(read_part(gbx_machine_container, NULL), "wsl [] \n");
	file_at("/run/systemd/container", "something-new\n");
	assert_string_equal(read_part(gbx_machine_container, NULL), "other [] \n");
}

/* Whatever is there. */
static void this_machine(void **state)
{
	struct gbx_machine_options o = {.root = -1, .pid = (uint64_t)getpid()};
	struct seen seen = {0};

	(void)state;
	assert_int_equal(gbx_machine_read(&o, take, &seen, NULL), 0);
}

#define CASE(fn) cmocka_unit_test_setup_teardown(fn, scratch_enter, scratch_leave)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(processors_and_what_they_can), CASE(numa_nodes), CASE(limits_of_version_two), CASE(limits_of_version_one),
		CASE(containers_by_their_marks), CASE(this_machine),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
