#include "store/alive.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/io.h"

/* State and field 22 of /proc/PID/stat. The name in field 2 may hold anything, ")" too, so fields are counted behind the last. */
static bool read_stat(uint64_t pid, char *state, uint64_t *ticks)
{
	GBX_AUTO_BYTES struct gbx_bytes stat = {0};
	char path[64];

	snprintf(path, sizeof path, "/proc/%llu/stat", (unsigned long long)pid);
	if (gbx_load_file(path, 8192, &stat, NULL) || stat.len == 0)
		return false;
	const char *at = strrchr((char *)stat.data, ')');
	if (!at || at[1] != ' ')
		return false;
	*state = at[2];
	for (int field = 2; at && field < 22; field++)
		at = strchr(at + 1, ' ');
	if (!at)
		return false;
	*ticks = strtoull(at + 1, NULL, 10);
	return true;
}

uint64_t gbx_process_start_ticks(uint64_t pid)
{
	uint64_t ticks;
	char state;

	return read_stat(pid, &state, &ticks) ? ticks : 0;
}

bool gbx_process_alive(uint64_t pid, uint64_t start_ticks)
{
	uint64_t ticks;
	char state;

	if (pid == 0 || pid > INT32_MAX)
		return false;
	if (read_stat(pid, &state, &ticks))
		return (start_ticks == 0 || ticks == start_ticks) && state != 'Z' && state != 'X';
	/* /proc may be missing, or hide the processes of others. */
	return kill((pid_t)pid, 0) == 0 || errno == EPERM;
}

void gbx_boot_id(char out[64])
{
	GBX_AUTO_BYTES struct gbx_bytes id = {0};

	out[0] = 0;
	if (gbx_load_file("/proc/sys/kernel/random/boot_id", 63, &id, NULL) == 0 && id.len)
		snprintf(out, 64, "%.*s", (int)strcspn((char *)id.data, "\n"), (char *)id.data);
}

uint64_t gbx_pid_namespace(void)
{
	struct stat st;

	return gbx_stat("/proc/self/ns/pid", &st, NULL) ? 0 : (uint64_t)st.st_ino;
}

enum gbx_process_state gbx_process_look(const char *boot_id, uint64_t pid_namespace, uint64_t pid, uint64_t start_ticks)
{
	char here[64];

	gbx_boot_id(here);
	if (!*boot_id || !*here || pid == 0)
		return GBX_PROCESS_UNKNOWN;
	if (strcmp(boot_id, here) != 0 || pid_namespace == 0 || pid_namespace != gbx_pid_namespace())
		return GBX_PROCESS_UNKNOWN;
	return gbx_process_alive(pid, start_ticks) ? GBX_PROCESS_ALIVE : GBX_PROCESS_GONE;
}
