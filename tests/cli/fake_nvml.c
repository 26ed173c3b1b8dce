/* A libnvidia-ml.so.1 that does what FAKE_NVML says: work, hang, crash or fail. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int nvmlInit_v2(void);
int nvmlDeviceGetCount_v2(unsigned *count);
int nvmlSystemGetDriverVersion(char *version, unsigned length);

int nvmlInit_v2(void)
{
	const char *what = getenv("FAKE_NVML");

	if (what && strcmp(what, "hang") == 0)
		for (;;)
			pause();
	if (what && strcmp(what, "crash") == 0)
		abort();
	return what && strcmp(what, "fail") == 0 ? 9 : 0;
}

int nvmlDeviceGetCount_v2(unsigned *count)
{
	*count = 3;
	return 0;
}

int nvmlSystemGetDriverVersion(char *version, unsigned length)
{
	snprintf(version, length, "555.42\033[31m");
	return 0;
}
