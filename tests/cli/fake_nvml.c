/* A libnvidia-ml.so.1 that does what FAKE_NVML says: work, hang, crash, fail, mismatch (of library and driver), hang-late (at the third
 * GPU), many (1000 GPUs) or bad (names that are none). */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define API __attribute__((visibility("default")))
#define CALL(name, ...) \
	API int name(__VA_ARGS__); \
	API int name(__VA_ARGS__)

static int is(const char *what)
{
	const char *said = getenv("FAKE_NVML");

	return said && strcmp(said, what) == 0;
}

static void hang(void)
{
	for (;;)
		pause();
}

CALL(nvmlInit_v2, void)
{
	if (is("hang"))
		hang();
	if (is("crash"))
		abort();
	return is("fail") ? 9 : is("mismatch") ? 18 : 0;
}

CALL(nvmlDeviceGetCount_v2, unsigned *count)
{
	const char *said = getenv("FAKE_NVML_COUNT");

	*count = is("many") ? 1000 : said ? (unsigned)atoi(said) : 3;
	return 0;
}

CALL(nvmlSystemGetDriverVersion, char *version, unsigned length)
{
	snprintf(version, length, "555.42\033[31m");
	return 0;
}

CALL(nvmlSystemGetCudaDriverVersion_v2, int *version)
{
	*version = 12050;
	return 0;
}

CALL(nvmlDeviceGetHandleByIndex_v2, unsigned index, void **device)
{
	if (is("hang-late") && index == 2)
		hang();
	if (is("crash-late") && index == 2)
		abort();
	*device = (void *)(uintptr_t)(index + 1);
	return 0;
}

static unsigned index_of(const void *device)
{
	return (unsigned)(uintptr_t)device - 1;
}

CALL(nvmlDeviceGetName, void *device, char *name, unsigned length)
{
	if (is("bad"))
		memset(name, 0xff, length);
	else if (index_of(device) >= 1000)
		snprintf(name, length, "NVIDIA H100 MIG 1g.10gb");
	else
		snprintf(name, length, "NVIDIA H100 80GB HBM3");
	return 0;
}

CALL(nvmlDeviceGetUUID, void *device, char *uuid, unsigned length)
{
	snprintf(uuid, length, "GPU-%08x-0000-0000-0000-000000000000", index_of(device));
	return 0;
}

CALL(nvmlDeviceGetSerial, void *device, char *serial, unsigned length)
{
	(void)device;
	snprintf(serial, length, "1320021000001");
	return 0;
}

CALL(nvmlDeviceGetVbiosVersion, void *device, char *version, unsigned length)
{
	(void)device;
	snprintf(version, length, "96.00.61.00.01");
	return 0;
}

CALL(nvmlDeviceGetPciInfo_v3, void *device, void *out)
{
	memset(out, 0, 68);
	snprintf((char *)out + 36, 32, "00000000:%02X:00.0", index_of(device));
	return 0;
}

CALL(nvmlDeviceGetMemoryInfo, void *device, unsigned long long *out)
{
	(void)device;
	out[0] = 85520809984ull;
	return 0;
}

CALL(nvmlDeviceGetCudaComputeCapability, void *device, int *major, int *minor)
{
	(void)device;
	*major = 9;
	*minor = 0;
	return 0;
}

CALL(nvmlDeviceGetEccMode, void *device, unsigned *now, unsigned *pending)
{
	(void)device;
	*now = 1;
	*pending = 0;
	return 0;
}

/* The last of eight is divided. */
CALL(nvmlDeviceGetMigMode, void *device, unsigned *now, unsigned *pending)
{
	*now = index_of(device) == 7;
	*pending = *now;
	return 0;
}

CALL(nvmlDeviceGetMaxMigDeviceCount, void *device, unsigned *count)
{
	(void)device;
	*count = 7;
	return 0;
}

CALL(nvmlDeviceGetMigDeviceHandleByIndex, void *device, unsigned index, void **part)
{
	(void)device;
	*part = (void *)(uintptr_t)(1001 + index);
	return index < 2 ? 0 : 6;
}

CALL(nvmlDeviceGetPersistenceMode, void *device, unsigned *mode)
{
	(void)device;
	*mode = 1;
	return 0;
}

CALL(nvmlDeviceGetComputeMode, void *device, unsigned *mode)
{
	(void)device;
	*mode = 3;
	return 0;
}

CALL(nvmlDeviceGetApplicationsClock, void *device, unsigned clock, unsigned *megahertz)
{
	(void)device;
	*megahertz = clock == 0 ? 1980 : 2619;
	return 0;
}

CALL(nvmlDeviceGetPowerManagementLimit, void *device, unsigned *milliwatts)
{
	(void)device;
	*milliwatts = 700000;
	return 0;
}
