/* The children beside the job, over made-up roots, and over a library that works, fails, crashes and hangs (cli/fake_nvml.c). */
#include "capture/environment.h"
#include "capture/gpu.h"
#include "scratch.h"

/* What was told, as the recorder gets it. */
struct told {
	pthread_mutex_t lock;
	size_t gpus, gaps;
	struct gbx_environment_gap gap;
	char model[8][64], uuid[8][64], part[64];
	Glassbox__Gpu last; /* texts are gone; numbers and modes are looked at */
	char driver[64], cuda[16], vbios[64], pci[64], capability[16], compute_mode[32];
};

static void copy(char *to, size_t size, const char *from)
{
	snprintf(to, size, "%s", from);
}

static void take_body(void *arg, Glassbox__Body *body)
{
	struct told *t = arg;

	pthread_mutex_lock(&t->lock);
	assert_int_equal(body->body_case, GLASSBOX__BODY__BODY_DEVICE);
	assert_int_equal(body->device->device_case, GLASSBOX__DEVICE__DEVICE_GPU);
	const Glassbox__Gpu *g = body->device->gpu;
	if (t->gpus < 8) {
		copy(t->model[t->gpus], 64, g->model);
		copy(t->uuid[t->gpus], 64, g->uuid);
	}
	copy(t->driver, sizeof t->driver, g->driver);
	copy(t->cuda, sizeof t->cuda, g->cuda);
	copy(t->vbios, sizeof t->vbios, g->vbios);
	copy(t->pci, sizeof t->pci, g->pci);
	copy(t->capability, sizeof t->capability, g->compute_capability);
	copy(t->compute_mode, sizeof t->compute_mode, g->compute_mode);
	copy(t->part, sizeof t->part, g->n_mig_instance ? g->mig_instance[0] : "");
	t->last = *g;
	t->gpus++;
	pthread_mutex_unlock(&t->lock);
}

static void take_gap(void *arg, const struct gbx_environment_gap *gap)
{
	struct told *t = arg;

	pthread_mutex_lock(&t->lock);
	t->gap = *gap;
	t->gaps++;
	pthread_mutex_unlock(&t->lock);
}

static struct told capture(const char *what, const char *root, unsigned nvidia, unsigned deadline_ms)
{
	struct gbx_environment e = {0};
	struct told t = {.lock = PTHREAD_MUTEX_INITIALIZER};
	struct gbx_environment_options o = {.root = root, .deadline_ms = deadline_ms, .bus = GLASSBOX__BUS__INIT};
	struct gbx_environment_sink sink = {&t, take_body, take_gap};

	assert_int_equal(gbx_gpu_bus(root, &o.bus, NULL), 0);
	o.bus.nvidia += nvidia;
	setenv("FAKE_NVML", what, 1);
	gbx_environment_start(&e, &o, &sink);
	gbx_environment_finish(&e, gbx_monotonic_nanos() + 20000000000u, NULL);
	return t;
}

static void reads_eight_gpus(void **state)
{
	(void)state;
	setenv("FAKE_NVML_COUNT", "8", 1);
	struct told t = capture("work", *state, 8, 20000);

	assert_int_equal(t.gaps, 0);
	assert_int_equal(t.gpus, 8);
	assert_string_equal(t.model[0], "NVIDIA H100 80GB HBM3");
	assert_string_equal(t.uuid[3], "GPU-00000003-0000-0000-0000-000000000000");
	assert_string_equal(t.driver, "555.42\\x1b[31m");
	assert_string_equal(t.cuda, "12.5");
	assert_string_equal(t.vbios, "96.00.61.00.01");
	assert_string_equal(t.pci, "00000000:07:00.0");
	assert_string_equal(t.capability, "9.0");
	assert_string_equal(t.compute_mode, "exclusive-process");
	assert_string_equal(t.part, "NVIDIA H100 MIG 1g.10gb");
	assert_int_equal(t.last.index, 7);
	assert_int_equal(t.last.n_mig_instance, 2);
	assert_int_equal(t.last.mig, GLASSBOX__GPU__MODE__ON);
	assert_int_equal(t.last.ecc, GLASSBOX__GPU__MODE__ON);
	assert_int_equal(t.last.persistence, GLASSBOX__GPU__MODE__ON);
	assert_true(t.last.memory_bytes == 85520809984u);
	assert_int_equal(t.last.graphics_mhz, 1980);
	assert_int_equal(t.last.memory_mhz, 2619);
	assert_int_equal(t.last.power_limit_milliwatts, 700000);
}

static void expect_gap(const struct told *t, Glassbox__Gap__Reason reason, uint64_t count, size_t gpus)
{
	assert_int_equal(t->gaps, 1);
	assert_int_equal(t->gap.kind, GLASSBOX__GAP__KIND__DEVICE);
	assert_int_equal(t->gap.reason, reason);
	assert_int_equal(t->gap.count, count);
	assert_int_equal(t->gpus, gpus);
}

static void a_library_that_does_not_fit_the_driver_is_a_gap(void **state)
{
	struct told t = capture("mismatch", *state, 8, 20000);

	(void)state;
	expect_gap(&t, GLASSBOX__GAP__REASON__LIBRARY_FAILED, 8, 0);
}

static void a_call_that_never_returns_costs_what_comes_after_it(void **state)
{
	struct told t = capture("hang", *state, 8, 1);

	(void)state;
	expect_gap(&t, GLASSBOX__GAP__REASON__TIMED_OUT, 1, 0);
}

static void what_was_told_before_a_crash_is_kept(void **state)
{
	struct told t = capture("crash-late", *state, 8, 20000);

	(void)state;
	expect_gap(&t, GLASSBOX__GAP__REASON__CRASHED, 1, 2);
	t = capture("crash", *state, 8, 20000);
	expect_gap(&t, GLASSBOX__GAP__REASON__CRASHED, 1, 0);
}

static struct told *watched;

static bool two_came(void)
{
	pthread_mutex_lock(&watched->lock);
	bool two = watched->gpus == 2;
	pthread_mutex_unlock(&watched->lock);
	return two;
}

/* The job ended, and somebody waits. */
static void the_job_does_not_wait_for_it(void **state)
{
	struct gbx_environment e = {0};
	struct told t = {.lock = PTHREAD_MUTEX_INITIALIZER};
	struct gbx_environment_options o = {.root = *state, .bus = GLASSBOX__BUS__INIT};
	struct gbx_environment_sink sink = {&t, take_body, take_gap};

	(void)state;
	o.bus.nvidia = 8;
	watched = &t;
	setenv("FAKE_NVML", "hang-late", 1);
	gbx_environment_start(&e, &o, &sink);
	gbx_environment_finish(&e, UINT64_MAX, two_came);
	expect_gap(&t, GLASSBOX__GAP__REASON__JOB_ENDED, 1, 2);
	/* Not at all. */
	t = (struct told){.lock = PTHREAD_MUTEX_INITIALIZER};
	setenv("FAKE_NVML", "hang", 1);
	gbx_environment_start(&e, &o, &sink);
	gbx_environment_finish(&e, 0, NULL);
	expect_gap(&t, GLASSBOX__GAP__REASON__JOB_ENDED, 1, 0);
}

static void nonsense_is_bounded(void **state)
{
	struct told t = capture("many", *state, 8, 20000);

	(void)state;
	assert_int_equal(t.gpus, 256);
	t = capture("bad", *state, 8, 20000);
	assert_int_equal(t.gpus, 8);
	assert_int_equal(t.gaps, 0);
	assert_memory_equal(t.model[0], "\\xff\\xff", 8);
}

static void put_text(const char *path, const char *text)
{
	GBX_AUTO_STRING char *folder = gbx_memdup(path, (size_t)(gbx_path_base(path) - path));

	assert_int_equal(gbx_make_dirs(folder, 0755, NULL), 0);
	put_file(path, text, strlen(text));
}

static void make_device(const char *root, const char *address, const char *vendor, const char *class)
{
	GBX_AUTO_STRING char *a = gbx_asprintf("%s/sys/bus/pci/devices/%s/vendor", root, address);
	GBX_AUTO_STRING char *b = gbx_asprintf("%s/sys/bus/pci/devices/%s/class", root, address);

	put_text(a, vendor);
	put_text(b, class);
}

static void put_below(const char *root, const char *path, const char *text)
{
	GBX_AUTO_STRING char *full = gbx_asprintf("%s%s", root, path);

	put_text(full, text);
}

static void counts_what_the_bus_shows(void **state)
{
	Glassbox__Bus bus;

	GBX_AUTO_STRING char *root = gbx_asprintf("%s/bus", (char *)*state);
	make_device(root, "0000:01:00.0", "0x10de\n", "0x030200\n");
	make_device(root, "0000:02:00.0", "0x10de\n", "0x030000\n");
	make_device(root, "0000:02:00.1", "0x10de\n", "0x040300\n"); /* its sound */
	make_device(root, "0000:03:00.0", "0x1002\n", "0x120000\n"); /* an accelerator */
	make_device(root, "0000:04:00.0", "0x8086\n", "0x038000\n");
	make_device(root, "0000:05:00.0", "0x8086\n", "0x020000\n");
	make_device(root, "0000:06:00.0", "nonsense", "0x030000\n");
	assert_int_equal(gbx_gpu_bus(root, &bus, NULL), 0);
	assert_int_equal(bus.nvidia, 2);
	assert_int_equal(bus.amd, 1);
	assert_int_equal(bus.intel, 1);
	GBX_AUTO_STRING char *none = gbx_asprintf("%s/none", (char *)*state);
	assert_int_equal(gbx_make_dirs(none, 0755, NULL), 0);
	assert_int_equal(gbx_gpu_bus(none, &bus, NULL), 0);
	assert_int_equal(bus.nvidia + bus.amd + bus.intel, 0);
	/* What could not be looked at is not taken for a bus without GPUs. */
	GBX_AUTO_STRING char *odd = gbx_asprintf("%s/odd", (char *)*state);
	put_below(odd, "/sys/bus/pci/devices", "a file");
	struct gbx_error err;
	assert_int_not_equal(gbx_gpu_bus(odd, &bus, &err), 0);
}

static void reads_amd_by_sysfs(void **state)
{
	GBX_AUTO_STRING char *root = gbx_asprintf("%s/amd", (char *)*state);

	make_device(root, "0000:c3:00.0", "0x1002\n", "0x038000\n");
	put_below(root, "/sys/class/drm/card1/device/vendor", "0x1002\n");
	put_below(root, "/sys/class/drm/card1/device/device", "0x740f\n");
	put_below(root, "/sys/class/drm/card1/device/product_name", "AMD Instinct MI210\n");
	put_below(root, "/sys/class/drm/card1/device/unique_id", "1c2f0e1a5d7b9c3e\n");
	put_below(root, "/sys/class/drm/card1/device/vbios_version", "113-D67301V-073\n");
	put_below(root, "/sys/class/drm/card1/device/mem_info_vram_total", "68702699520\n");
	put_below(root, "/sys/class/drm/card1/device/uevent", "DRIVER=amdgpu\nPCI_SLOT_NAME=0000:c3:00.0\n");
	put_below(root, "/sys/class/drm/card2/device/vendor", "0x1002\n");
	put_below(root, "/sys/class/drm/card2/device/device", "0x1681\n");
	put_below(root, "/sys/class/drm/card0/device/vendor", "0x1a03\n"); /* a console's */
	put_below(root, "/sys/class/drm/card1-DP-1/status", "disconnected\n");
	put_below(root, "/sys/module/amdgpu/version", "6.7.0\n");
	setenv("FAKE_NVML_COUNT", "0", 1);
	struct told t = capture("work", root, 0, 20000);
	assert_int_equal(t.gaps, 0);
	assert_int_equal(t.gpus, 2);
	assert_string_equal(t.model[0], "AMD Instinct MI210");
	assert_string_equal(t.uuid[0], "1c2f0e1a5d7b9c3e");
	assert_string_equal(t.model[1], "1002:1681");
	assert_string_equal(t.driver, "6.7.0");
}

static void without_gpus_there_is_no_child(void **state)
{
	struct gbx_environment_options o = {.root = *state, .bus = GLASSBOX__BUS__INIT};

	(void)state;
	assert_false(gbx_gpu_is_there(&o));
	o.library_path = "/nowhere::/also/nowhere:";
	assert_false(gbx_gpu_is_there(&o));
	o.library_path = getenv("LD_LIBRARY_PATH");
	assert_true(gbx_gpu_is_there(&o));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_eight_gpus),
		cmocka_unit_test(a_library_that_does_not_fit_the_driver_is_a_gap),
		cmocka_unit_test(a_call_that_never_returns_costs_what_comes_after_it),
		cmocka_unit_test(what_was_told_before_a_crash_is_kept),
		cmocka_unit_test(the_job_does_not_wait_for_it),
		cmocka_unit_test(nonsense_is_bounded),
		cmocka_unit_test(counts_what_the_bus_shows),
		cmocka_unit_test(reads_amd_by_sysfs),
		cmocka_unit_test(without_gpus_there_is_no_child),
	};

	return cmocka_run_group_tests(tests, scratch_enter, scratch_leave);
}
