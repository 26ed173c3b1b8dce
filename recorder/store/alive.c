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

/* The machine id is not for others to see (machine-id(5)), so only its hash is recorded. */
static bool hash_machine(uint8_t out[GBX_MACHINE_LEN])
{
	static const char tag[] = "glassbox/machine/v1";
	char text[sizeof tag + GBX_MACHINE_MAX + 1];
	uint8_t digest[GBX_SHA256_LEN];

	memcpy(text, tag, sizeof tag);
	gbx_machine_name(text + sizeof tag);
	if (!text[sizeof tag] || gbx_sha256(gbx_slice(text, sizeof tag + strlen(text + sizeof tag)), digest, NULL))
		return false;
	memcpy(out, digest, GBX_MACHINE_LEN);
	return true;
}

void gbx_host_here(struct gbx_host *out)
{
	*out = (struct gbx_host){0};
	gbx_boot_id(out->boot_id);
	out->pid_namespace = gbx_pid_namespace();
	out->has_machine = gbx_in_first_pid_namespace() && hash_machine(out->machine);
}

enum gbx_process_state gbx_process_look(const struct gbx_host *here, const struct gbx_host *there, uint64_t pid, uint64_t start_ticks)
{
	if (!*there->boot_id || !*here->boot_id)
		return GBX_PROCESS_UNKNOWN;
	if (strcmp(there->boot_id, here->boot_id) != 0)
		return there->has_machine && here->has_machine && memcmp(there->machine, here->machine, GBX_MACHINE_LEN) == 0
			       ? GBX_PROCESS_GONE
			       : GBX_PROCESS_UNKNOWN;
	if (pid == 0 || there->pid_namespace == 0 || there->pid_namespace != here->pid_namespace)
		return GBX_PROCESS_UNKNOWN;
	return gbx_process_alive(pid, start_ticks) ? GBX_PROCESS_ALIVE : GBX_PROCESS_GONE;
}
