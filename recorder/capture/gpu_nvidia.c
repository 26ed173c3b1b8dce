/* NVIDIA's GPUs as their library tells of them. Declared in gpu.h. */
#include <dlfcn.h>
#include <stdio.h>

#include "base/limits.h"
#include "base/text.h"
#include "capture/gpu.h"

void *gbx_nvml_load(char *why, size_t size)
{
	/* WSL's, NixOS's and that of Google's nodes are often not where the loader looks. */
	static const char *const names[] = {"libnvidia-ml.so.1", "/usr/lib/wsl/lib/libnvidia-ml.so.1",
					    "/run/opengl-driver/lib/libnvidia-ml.so.1", "/usr/local/nvidia/lib64/libnvidia-ml.so.1"};
	void *library = NULL;

	*why = 0;
	for (size_t i = 0; !library && i < sizeof names / sizeof *names; i++) {
		library = dlopen(names[i], RTLD_NOW | RTLD_LOCAL);
		const char *said = library ? NULL : dlerror();
		if (said && !*why)
			gbx_printable_in(gbx_slice_text(said), why, size);
	}
	return library;
}

/* C has no conversion from an object's pointer to a function's; POSIX says that the bytes are the same. */
void gbx_nvml_find(void *library, const char *name, void *function)
{
	void *symbol = dlsym(library, name);

	memcpy(function, &symbol, sizeof symbol);
}

/* NVML's own types: handles are opaque, results and modes are enums, 0 is success and off. */
typedef void *handle;
typedef int (*init_fn)(void);
typedef int (*text_fn)(char *text, unsigned length);
typedef int (*int_fn)(int *value);
typedef int (*count_fn)(unsigned *count);
typedef int (*handle_fn)(unsigned index, handle *device);
typedef int (*device_text_fn)(handle device, char *text, unsigned length);
typedef int (*device_number_fn)(handle device, unsigned *value);
typedef int (*device_two_fn)(handle device, unsigned *first, unsigned *second);
typedef int (*device_clock_fn)(handle device, unsigned clock, unsigned *megahertz);
typedef int (*device_part_fn)(handle device, unsigned index, handle *part);
typedef int (*device_any_fn)(handle device, void *out);

struct pci_info {
	char legacy[16];
	unsigned domain, bus, device, id, subsystem;
	char address[32];
};

struct memory_info {
	unsigned long long total, free, used;
};

/* One GPU's texts, which its message points to. */
struct gpu {
	void *library;
	handle device;
	Glassbox__Gpu message;
	char model[96], uuid[96], vbios[64], capability[32], part[GBX_LIMIT_GPU_PARTS][96];
	char *parts[GBX_LIMIT_GPU_PARTS];
	struct pci_info pci;
};

/* A name that this version of the library lacks, and what it does not support, is left empty. */
static void ask_text(const struct gpu *g, const char *name, char *out, size_t size)
{
	char said[96] = "";
	device_text_fn ask;

	gbx_nvml_find(g->library, name, &ask);
	if (!ask || ask(g->device, said, sizeof said - 1))
		*said = 0;
	gbx_printable_in(gbx_slice_text(said), out, size);
}

static unsigned ask_number(const struct gpu *g, const char *name, bool *known)
{
	unsigned value = 0;
	device_number_fn ask;

	gbx_nvml_find(g->library, name, &ask);
	bool ok = ask && ask(g->device, &value) == 0;
	if (known)
		*known = ok;
	return ok ? value : 0;
}

static Glassbox__Gpu__Mode mode(bool known, unsigned value)
{
	return !known ? GLASSBOX__GPU__MODE__MODE_UNSPECIFIED : value ? GLASSBOX__GPU__MODE__ON : GLASSBOX__GPU__MODE__OFF;
}

/* Of modes that change at the next start, the one that holds now. */
static Glassbox__Gpu__Mode ask_mode(const struct gpu *g, const char *name)
{
	unsigned now = 0, pending = 0;
	device_two_fn ask;

	gbx_nvml_find(g->library, name, &ask);
	bool known = ask && ask(g->device, &now, &pending) == 0;
	return mode(known, now);
}

static unsigned ask_clock(const struct gpu *g, unsigned clock)
{
	unsigned megahertz = 0;
	device_clock_fn ask;

	gbx_nvml_find(g->library, "nvmlDeviceGetApplicationsClock", &ask);
	return ask && ask(g->device, clock, &megahertz) == 0 ? megahertz : 0;
}

static void ask_policy(struct gpu *g)
{
	static const char *const compute[] = {"default", "exclusive-thread", "prohibited", "exclusive-process"};
	bool known;
	unsigned value = ask_number(g, "nvmlDeviceGetPersistenceMode", &known);

	g->message.persistence = mode(known, value);
	value = ask_number(g, "nvmlDeviceGetComputeMode", &known);
	if (known && value < 4)
		g->message.compute_mode = (char *)(uintptr_t)compute[value];
	g->message.ecc = ask_mode(g, "nvmlDeviceGetEccMode");
	g->message.mig = ask_mode(g, "nvmlDeviceGetMigMode");
	g->message.graphics_mhz = ask_clock(g, 0);
	g->message.memory_mhz = ask_clock(g, 2);
	g->message.power_limit_milliwatts = ask_number(g, "nvmlDeviceGetPowerManagementLimit", NULL);
}

static void ask_parts(struct gpu *g)
{
	unsigned most = g->message.mig == GLASSBOX__GPU__MODE__ON ? ask_number(g, "nvmlDeviceGetMaxMigDeviceCount", NULL) : 0;
	device_part_fn ask;

	gbx_nvml_find(g->library, "nvmlDeviceGetMigDeviceHandleByIndex", &ask);
	for (unsigned i = 0; ask && i < most && i < GBX_LIMIT_GPU_PARTS; i++) {
		struct gpu part = {.library = g->library};
		size_t n = g->message.n_mig_instance;
		if (ask(g->device, i, &part.device))
			continue;
		ask_text(&part, "nvmlDeviceGetName", g->part[n], sizeof g->part[n]);
		g->parts[n] = g->part[n];
		g->message.n_mig_instance++;
	}
	g->message.mig_instance = g->parts;
}

static void ask_sizes(struct gpu *g)
{
	struct memory_info memory = {0};
	int major = 0, minor = 0;
	device_any_fn ask;
	int (*capability)(handle device, int *major, int *minor);

	gbx_nvml_find(g->library, "nvmlDeviceGetMemoryInfo", &ask);
	if (ask && ask(g->device, &memory) == 0)
		g->message.memory_bytes = memory.total;
	gbx_nvml_find(g->library, "nvmlDeviceGetPciInfo_v3", &ask);
	if (ask && ask(g->device, &g->pci))
		g->pci.address[0] = 0;
	g->pci.address[sizeof g->pci.address - 1] = 0;
	gbx_make_plain(g->pci.address);
	gbx_nvml_find(g->library, "nvmlDeviceGetCudaComputeCapability", &capability);
	if (capability && capability(g->device, &major, &minor) == 0)
		snprintf(g->capability, sizeof g->capability, "%d.%d", major, minor);
}

/* What all GPUs of the machine share. */
struct driver {
	void *library;
	char version[96], cuda[32];
};

static int tell_gpu(const struct driver *d, handle device, uint32_t index, struct gbx_teller *t, struct gbx_error *err)
{
	Glassbox__Body body = GLASSBOX__BODY__INIT;
	Glassbox__Device message = GLASSBOX__DEVICE__INIT;
	struct gpu g = {.library = d->library, .device = device, .message = GLASSBOX__GPU__INIT};

	ask_text(&g, "nvmlDeviceGetName", g.model, sizeof g.model);
	ask_text(&g, "nvmlDeviceGetUUID", g.uuid, sizeof g.uuid);
	ask_text(&g, "nvmlDeviceGetVbiosVersion", g.vbios, sizeof g.vbios);
	ask_sizes(&g);
	ask_policy(&g);
	ask_parts(&g);
	g.message.vendor = (char *)(uintptr_t) "nvidia";
	g.message.index = index;
	g.message.model = g.model;
	g.message.uuid = g.uuid;
	g.message.vbios = g.vbios;
	g.message.pci = g.pci.address;
	g.message.compute_capability = g.capability;
	g.message.driver = (char *)(uintptr_t)d->version;
	g.message.cuda = (char *)(uintptr_t)d->cuda;
	message.device_case = GLASSBOX__DEVICE__DEVICE_GPU;
	message.gpu = &g.message;
	body.body_case = GLASSBOX__BODY__BODY_DEVICE;
	body.device = &message;
	return gbx_tell(t, &body, err);
}

static void ask_driver(struct driver *d)
{
	char said[96] = "";
	int cuda = 0;
	text_fn text;
	int_fn number;

	gbx_nvml_find(d->library, "nvmlSystemGetDriverVersion", &text);
	if (!text || text(said, sizeof said - 1))
		*said = 0;
	gbx_printable_in(gbx_slice_text(said), d->version, sizeof d->version);
	gbx_nvml_find(d->library, "nvmlSystemGetCudaDriverVersion_v2", &number);
	if (number && number(&cuda) == 0 && cuda > 0)
		snprintf(d->cuda, sizeof d->cuda, "%d.%d", cuda / 1000, cuda % 1000 / 10);
}

static int gap(struct gbx_teller *t, Glassbox__Gap__Reason reason, uint64_t count, struct gbx_error *err)
{
	return gbx_tell_gap(t, &(struct gbx_environment_gap){GLASSBOX__GAP__KIND__DEVICE, reason, count, NULL}, err);
}

static int tell_gpus(const struct driver *d, unsigned count, handle_fn get, struct gbx_teller *t, struct gbx_error *err)
{
	uint64_t failed = 0;
	int rc = 0;

	for (unsigned i = 0; rc == 0 && i < count; i++) {
		handle device;
		if (get(i, &device))
			failed++;
		else
			rc = tell_gpu(d, device, i, t, err);
	}
	return rc || !failed ? rc : gap(t, GLASSBOX__GAP__REASON__LIBRARY_FAILED, failed, err);
}

int gbx_read_gpus_nvidia(const struct gbx_environment_options *o, struct gbx_teller *t, struct gbx_error *err)
{
	char why[256];
	struct driver d = {gbx_nvml_load(why, sizeof why), "", ""};
	uint64_t seen = o->bus.nvidia ? o->bus.nvidia : 1;
	init_fn init;
	count_fn count;
	handle_fn get;
	unsigned n = 0;

	if (!d.library)
		return o->bus.nvidia ? gap(t, GLASSBOX__GAP__REASON__LIBRARY_MISSING, seen, err) : 0;
	gbx_nvml_find(d.library, "nvmlInit_v2", &init);
	gbx_nvml_find(d.library, "nvmlDeviceGetCount_v2", &count);
	gbx_nvml_find(d.library, "nvmlDeviceGetHandleByIndex_v2", &get);
	if (!init || !count || !get || init() || count(&n))
		return gap(t, GLASSBOX__GAP__REASON__LIBRARY_FAILED, seen, err);
	ask_driver(&d);
	return tell_gpus(&d, n < GBX_LIMIT_GPUS ? n : GBX_LIMIT_GPUS, get, t, err);
}
