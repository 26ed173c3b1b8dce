/* The limits of a process's cgroups, of both versions. Declared in machine.h. */
#include <stdio.h>
#include <stdlib.h>

#include "base/limits.h"
#include "base/mem.h"
#include "base/processors.h"
#include "base/text.h"
#include "capture/machine.h"
#include "capture/machine_file.h"

/* From here on a limit of version 1 is none: the greatest number of pages, in bytes. */
#define UNBOUNDED (UINT64_MAX / 4)

struct limits {
	bool found; /* a file of a cgroup was read */
	uint32_t version;
	uint64_t memory;            /* 0: no limit */
	uint64_t quota, period;     /* microseconds; the narrowest share */
	char cpus[1024], nodes[256];
};

static void narrow(uint64_t *limit, uint64_t to)
{
	if (to < UNBOUNDED && (*limit == 0 || to < *limit))
		*limit = to;
}

static void narrow_share(struct limits *l, uint64_t quota, uint64_t period)
{
	if (quota == 0 || period == 0 || quota >= UNBOUNDED)
		return;
	if (l->period == 0 || (double)quota / (double)period < (double)l->quota / (double)l->period) {
		l->quota = quota;
		l->period = period;
	}
}

/* A cgroup's file: folder is its hierarchy's mount point, path the cgroup within it. */
static bool read_text(const struct gbx_machine_options *o, const char *folder, const char *path, const char *name, char *out, size_t size)
{
	GBX_AUTO_STRING char *file = gbx_asprintf("%s%s/%s", folder, path, name);

	return file && gbx_machine_text(o, file, out, size);
}

static bool read_number(const struct gbx_machine_options *o, const char *folder, const char *path, const char *name, uint64_t *out)
{
	char text[32];

	return read_text(o, folder, path, name, text, sizeof text) && gbx_parse_u63(gbx_slice_text(text), out);
}

/* The cgroup and those above it; one that is not there (the hierarchy's root is this container's own) is passed over. */
typedef void (*level_fn)(const struct gbx_machine_options *o, const char *folder, const char *path, struct limits *l);

static void each_level(const struct gbx_machine_options *o, const char *folder, const char *path, level_fn fn, struct limits *l)
{
	GBX_AUTO_STRING char *level = gbx_strdup(path);
	char *slash;

	while (level && *level) {
		fn(o, folder, level, l);
		slash = strrchr(level, '/');
		if (!slash)
			break;
		*slash = 0;
	}
	fn(o, folder, "", l);
}

static void take_sets(const struct gbx_machine_options *o, const char *folder, const char *path, const char *const name[2], struct limits *l)
{
	if (!*l->cpus && read_text(o, folder, path, name[0], l->cpus, sizeof l->cpus))
		l->found = true;
	if (!*l->nodes && read_text(o, folder, path, name[1], l->nodes, sizeof l->nodes))
		l->found = true;
}

/* "max 100000", "50000 100000" */
static void take_cpu_max(const char *text, struct limits *l)
{
	unsigned long long quota, period;

	if (sscanf(text, "%llu %llu", &quota, &period) == 2)
		narrow_share(l, quota, period);
}

static void level_v2(const struct gbx_machine_options *o, const char *folder, const char *path, struct limits *l)
{
	static const char *const sets[] = {"cpuset.cpus.effective", "cpuset.mems.effective"};
	char text[64];
	uint64_t number;

	if (read_text(o, folder, path, "memory.max", text, sizeof text)) {
		l->found = true;
		if (gbx_parse_u63(gbx_slice_text(text), &number))
			narrow(&l->memory, number);
	}
	if (read_text(o, folder, path, "cpu.max", text, sizeof text)) {
		l->found = true;
		take_cpu_max(text, l);
	}
	take_sets(o, folder, path, sets, l);
}

static void level_memory(const struct gbx_machine_options *o, const char *folder, const char *path, struct limits *l)
{
	uint64_t number;

	if (read_number(o, folder, path, "memory.limit_in_bytes", &number)) {
		l->found = true;
		narrow(&l->memory, number);
	}
}

static void level_cpu(const struct gbx_machine_options *o, const char *folder, const char *path, struct limits *l)
{
	uint64_t quota, period;

	if (!read_number(o, folder, path, "cpu.cfs_period_us", &period))
		return;
	l->found = true;
	/* -1 is no limit, and no number here. */
	if (read_number(o, folder, path, "cpu.cfs_quota_us", &quota))
		narrow_share(l, quota, period);
}

static void level_cpuset(const struct gbx_machine_options *o, const char *folder, const char *path, struct limits *l)
{
	static const char *const effective[] = {"cpuset.effective_cpus", "cpuset.effective_mems"}, *const plain[] = {"cpuset.cpus", "cpuset.mems"};

	take_sets(o, folder, path, effective, l);
	take_sets(o, folder, path, plain, l);
}

static bool has_controller(struct gbx_slice list, const char *name)
{
	for (size_t i = 0; i < list.len;) {
		size_t from = i;
		while (i < list.len && list.data[i] != ',')
			i++;
		if (gbx_slice_is(gbx_slice(list.data + from, i - from), name))
			return true;
		i++;
	}
	return false;
}

static void read_v1(const struct gbx_machine_options *o, struct gbx_slice controllers, const char *path, struct limits *l)
{
	static const struct {
		const char *name;
		level_fn fn;
	} table[] = {{"memory", level_memory}, {"cpu", level_cpu}, {"cpuset", level_cpuset}};

	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		char folder[64];
		if (!has_controller(controllers, table[i].name))
			continue;
		snprintf(folder, sizeof folder, "/sys/fs/cgroup/%s", table[i].name);
		bool before = l->found;
		each_level(o, folder, path, table[i].fn, l);
		if (l->found && !before)
			l->version = 1;
	}
}

/* A line "4:memory:/path", or "0::/path" of version 2. */
static void read_line(const struct gbx_machine_options *o, struct gbx_slice line, struct limits *l)
{
	const uint8_t *first = memchr(line.data, ':', line.len);
	const uint8_t *second = first ? memchr(first + 1, ':', (size_t)(line.data + line.len - first - 1)) : NULL;

	if (!second)
		return;
	struct gbx_slice controllers = gbx_slice(first + 1, (size_t)(second - first - 1));
	GBX_AUTO_STRING char *path = gbx_memdup(second + 1, (size_t)(line.data + line.len - second - 1));
	if (!path || strlen(path) > GBX_LIMIT_PATH)
		return;
	/* "/" is the hierarchy's own root; what a cgroup namespace does not show begins with "/..". */
	const char *within = strcmp(path, "/") == 0 || strncmp(path, "/..", 3) == 0 ? "" : path;
	if (controllers.len) {
		read_v1(o, controllers, within, l);
		return;
	}
	bool before = l->found;
	each_level(o, "/sys/fs/cgroup", within, level_v2, l);
	if (l->found && !before)
		l->version = 2;
}

int gbx_machine_limits(const struct gbx_machine_options *o, gbx_body_fn put, void *arg, struct gbx_error *err)
{
	Glassbox__Body body = GLASSBOX__BODY__INIT;
	Glassbox__Limits m = GLASSBOX__LIMITS__INIT;
	GBX_AUTO_BYTES struct gbx_bytes text = {0};
	struct limits l = {0};
	struct gbx_slice rest, line;
	char path[64];

	snprintf(path, sizeof path, "/proc/%llu/cgroup", (unsigned long long)o->pid);
	if (!gbx_machine_load(o, path, &text))
		return 0;
	rest = gbx_slice_of(&text);
	while (gbx_take_line(&rest, &line))
		if (line.len)
			read_line(o, line, &l);
	if (!l.found)
		return 0;
	m.version = l.version;
	m.memory_bytes = l.memory;
	m.processors = gbx_processors();
	m.cpu_quota_micros = l.quota;
	m.cpu_period_micros = l.period;
	m.cpus = l.cpus;
	m.memory_nodes = l.nodes;
	body.body_case = GLASSBOX__BODY__BODY_LIMITS;
	body.limits = &m;
	return put(arg, &body, err);
}
