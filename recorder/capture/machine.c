#include "capture/machine.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/limits.h"
#include "base/text.h"
#include "capture/machine_file.h"

/* What changes which kernels a library takes, and in which order they add. */
static const char *const arithmetic[] = {
	/* x86 */
	"sse3", "pni", "ssse3", "sse4_1", "sse4_2", "sse4a", "avx", "f16c", "fma", "fma4", "avx2", "avx_vnni", "avx_vnni_int8", "avx_vnni_int16",
	"avx_ifma", "avx_ne_convert", "avx10", "avx10_1", "avx10_2", "amx_tile", "amx_int8", "amx_bf16", "amx_fp16", "amx_complex",
	/* Arm, where both spellings are of bfloat16 and of int8 products of matrices */
	"asimd", "asimdhp", "asimddp", "asimdfhm", "fphp", "sve", "sve2", "svei8mm", "svebf16", "svef32mm", "svef64mm", "i8mm", "bf16", "sme", "sme2",
	/* POWER, z, RISC-V */
	"vsx", "vx", "vxe", "vxe2", NULL};

static bool changes_arithmetic(struct gbx_slice flag)
{
	for (const char *const *name = arithmetic; *name; name++)
		if (gbx_slice_is(flag, *name))
			return true;
	return gbx_slice_starts(flag, "avx512");
}

static void take_flag(struct gbx_cpu_features *out, struct gbx_slice flag)
{
	size_t used = out->flags ? (size_t)(out->flag[out->flags - 1] - out->text) + strlen(out->flag[out->flags - 1]) + 1 : 0;

	if (out->flags == GBX_CPU_FLAGS || used + flag.len + 1 > sizeof out->text || !changes_arithmetic(flag))
		return;
	out->flag[out->flags++] = memcpy(out->text + used, flag.data, flag.len);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The words of a list of flags that count. */
static void pick_flags(struct gbx_slice list, struct gbx_cpu_features *out)
{
	size_t from = 0;

	for (size_t i = 0; i <= list.len; i++) {
		if (i < list.len && list.data[i] > ' ')
			continue;
		if (i > from)
			take_flag(out, gbx_slice(list.data + from, i - from));
		from = i + 1;
	}
	if (out->flags)
		qsort(out->flag, out->flags, sizeof *out->flag, by_name);
}

/* Only the first processor's lines: an empty one ends them. */
static void read_cpuinfo(struct gbx_slice text, struct gbx_cpu_features *out)
{
	struct gbx_slice line;

	while (gbx_take_line(&text, &line) && line.len) {
		const uint8_t *colon = memchr(line.data, ':', line.len);
		size_t len = colon ? (size_t)(colon - line.data) : 0;
		struct gbx_slice key = gbx_machine_trim(gbx_slice(line.data, len));
		struct gbx_slice value = colon ? gbx_machine_trim(gbx_slice(colon + 1, line.len - len - 1)) : key;
		if (!out->flags && (gbx_slice_is(key, "flags") || gbx_slice_is(key, "Features")))
			pick_flags(value, out);
		if (gbx_slice_is(key, "microcode"))
			gbx_printable_in(value, out->microcode, sizeof out->microcode);
	}
}

void gbx_machine_cpu(int root, struct gbx_cpu_features *out)
{
	GBX_AUTO_BYTES struct gbx_bytes text = {0};

	*out = (struct gbx_cpu_features){0};
	/* The first processors; the first is enough. */
	if (gbx_rooted_start(root, "/proc/cpuinfo", 8192, &text, NULL, NULL) == 0)
		read_cpuinfo(gbx_slice_of(&text), out);
}

/* "Node 0 MemTotal:       16384 kB" */
static uint64_t memory_of(const struct gbx_machine_options *o, const char *node)
{
	GBX_AUTO_BYTES struct gbx_bytes text = {0};
	char path[128];
	struct gbx_slice rest, line;

	snprintf(path, sizeof path, "/sys/devices/system/node/%.64s/meminfo", node);
	if (!gbx_machine_load(o, path, &text))
		return 0;
	rest = gbx_slice_of(&text);
	while (gbx_take_line(&rest, &line)) {
		const uint8_t *at = line.len ? memmem(line.data, line.len, "MemTotal:", 9) : NULL;
		/* The line ends with a newline, and the text with a NUL. */
		if (at)
			return strtoull((const char *)at + 9, NULL, 10) * 1024;
	}
	return 0;
}

static bool node_number(const char *name, uint64_t *out)
{
	return strncmp(name, "node", 4) == 0 && gbx_parse_u63(gbx_slice_text(name + 4), out) && *out <= UINT32_MAX;
}

int gbx_machine_numa(const struct gbx_machine_options *o, gbx_body_fn put, void *arg, struct gbx_error *err)
{
	GBX_CLEANUP(gbx_names_free) struct gbx_names names = {0};
	char path[128], cpus[1024];
	uint64_t number;
	int rc = gbx_machine_list(o->root, "/sys/devices/system/node", &names, err);

	for (size_t i = 0; rc == 0 && i < names.len; i++) {
		Glassbox__Body body = GLASSBOX__BODY__INIT;
		Glassbox__Device device = GLASSBOX__DEVICE__INIT;
		Glassbox__Numa node = GLASSBOX__NUMA__INIT;
		if (!node_number(names.name[i], &number))
			continue;
		snprintf(path, sizeof path, "/sys/devices/system/node/%.64s/cpulist", names.name[i]);
		gbx_machine_text(o, path, cpus, sizeof cpus);
		node.node = (uint32_t)number;
		node.cpus = cpus;
		node.memory_bytes = memory_of(o, names.name[i]);
		device.device_case = GLASSBOX__DEVICE__DEVICE_NUMA;
		device.numa = &node;
		body.body_case = GLASSBOX__BODY__BODY_DEVICE;
		body.device = &device;
		rc = put(arg, &body, err);
	}
	return rc;
}

int gbx_machine_read(const struct gbx_machine_options *o, gbx_body_fn put, void *arg, struct gbx_error *err)
{
	struct gbx_error trouble = {0};
	struct gbx_machine_options all = *o;

	all.trouble = &trouble;
	int rc = gbx_machine_numa(&all, put, arg, err);
	if (rc == 0)
		rc = gbx_machine_limits(&all, put, arg, err);
	if (rc == 0)
		rc = gbx_machine_container(&all, put, arg, err);
	if (rc == 0 && trouble.code && err)
		*err = trouble;
	return rc ? rc : trouble.code;
}
