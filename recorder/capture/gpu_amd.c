/* AMD's GPUs as the kernel's driver shows them in sysfs. Declared in gpu.h. */
#include <stdio.h>

#include "base/limits.h"
#include "base/text.h"
#include "capture/gpu.h"
#include "capture/sysfile.h"

#define DRM "/sys/class/drm"

/* "card0", and not its connectors: "card0-DP-1". */
static bool is_card(const char *name)
{
	return strncmp(name, "card", 4) == 0 && name[4] && strspn(name + 4, "0123456789") == strlen(name + 4);
}

static bool read_text(const char *root, const char *card, const char *name, char *out, size_t size)
{
	char path[300];

	snprintf(path, sizeof path, DRM "/%s/device/%s", card, name);
	return gbx_sysfile_text(root, path, out, size);
}

static uint64_t read_number(const char *root, const char *card, const char *name)
{
	char path[300];
	uint64_t value = 0;

	snprintf(path, sizeof path, DRM "/%s/device/%s", card, name);
	return gbx_sysfile_number(root, path, &value) ? value : 0;
}

/* What a line of uevent says: "PCI_SLOT_NAME=0000:03:00.0". */
static void read_slot(const char *root, const char *card, char *out, size_t size)
{
	char path[300];
	GBX_AUTO_BYTES struct gbx_bytes text = {0};
	struct gbx_slice rest, line;
	struct gbx_error ignored;
	static const char key[] = "PCI_SLOT_NAME=";

	*out = 0;
	snprintf(path, sizeof path, DRM "/%s/device/uevent", card);
	if (gbx_sysfile_load(root, path, &text, &ignored))
		return;
	rest = gbx_slice_of(&text);
	while (gbx_take_line(&rest, &line))
		if (gbx_slice_starts(line, key))
			gbx_printable_in(gbx_slice(line.data + sizeof key - 1, line.len - (sizeof key - 1)), out, size);
}

static int tell_card(const struct gbx_environment_options *o, const char *card, uint32_t index, struct gbx_teller *t,
		     struct gbx_error *err)
{
	Glassbox__Body body = GLASSBOX__BODY__INIT;
	Glassbox__Device device = GLASSBOX__DEVICE__INIT;
	Glassbox__Gpu gpu = GLASSBOX__GPU__INIT;
	char model[128], uuid[64], vbios[64], driver[64], pci[32];

	if (!read_text(o->root, card, "product_name", model, sizeof model))
		snprintf(model, sizeof model, "1002:%04llx", (unsigned long long)read_number(o->root, card, "device"));
	read_text(o->root, card, "unique_id", uuid, sizeof uuid);
	read_text(o->root, card, "vbios_version", vbios, sizeof vbios);
	gbx_sysfile_text(o->root, "/sys/module/amdgpu/version", driver, sizeof driver);
	read_slot(o->root, card, pci, sizeof pci);
	gpu.vendor = (char *)(uintptr_t) "amd";
	gpu.index = index;
	gpu.model = model;
	gpu.uuid = uuid;
	gpu.vbios = vbios;
	gpu.driver = driver;
	gpu.pci = pci;
	gpu.memory_bytes = read_number(o->root, card, "mem_info_vram_total");
	device.device_case = GLASSBOX__DEVICE__DEVICE_GPU;
	device.gpu = &gpu;
	body.body_case = GLASSBOX__BODY__BODY_DEVICE;
	body.device = &device;
	return gbx_tell(t, &body, err);
}

int gbx_read_gpus_amd(const struct gbx_environment_options *o, struct gbx_teller *t, struct gbx_error *err)
{
	GBX_CLEANUP(gbx_names_free) struct gbx_names names = {0};
	uint32_t index = 0;
	int rc = 0;

	gbx_sysfile_names(o->root, DRM, &names);
	for (size_t i = 0; rc == 0 && i < names.len && index < GBX_LIMIT_GPUS; i++)
		if (is_card(names.name[i]) && read_number(o->root, names.name[i], "vendor") == 0x1002)
			rc = tell_card(o, names.name[i], index++, t, err);
	return rc;
}
