#include "base/machine.h"

#include <stdio.h>
#include <sys/utsname.h>

#include "base/io.h"
#include "base/text.h"

/* PROC_PID_INIT_INO of the kernel's proc_fs.h. */
#define FIRST_PID_NAMESPACE 0xeffffffcu

/* The first line of a file of the system; "" where it can't be read, is too long or is not text. */
static void read_id(const char *path, char out[GBX_LIMIT_MACHINE_ID + 1])
{
	GBX_AUTO_BYTES struct gbx_bytes text = {0};
	struct gbx_slice line;

	out[0] = 0;
	if (gbx_load_file(path, 4096, &text, NULL))
		return;
	struct gbx_slice in = gbx_slice_of(&text);
	if (!gbx_take_line(&in, &line) || line.len > GBX_LIMIT_MACHINE_ID || !gbx_is_utf8(line))
		return;
	snprintf(out, GBX_LIMIT_MACHINE_ID + 1, "%.*s", (int)line.len, (const char *)line.data);
}

void gbx_machine_name(char out[GBX_MACHINE_MAX + 1])
{
	char id[GBX_LIMIT_MACHINE_ID + 1];
	struct utsname host;
	uint8_t bytes[16];

	out[0] = 0;
	read_id("/etc/machine-id", id);
	/* machine-id(5): 32 hex digits; "uninitialized" while the system is being set up. */
	if (gbx_unhex(gbx_slice_text(id), bytes, sizeof bytes) && uname(&host) >= 0 && gbx_is_utf8(gbx_slice_text(host.nodename)))
		snprintf(out, GBX_MACHINE_MAX + 1, "%s@%s", id, host.nodename);
}

void gbx_boot_id(char out[GBX_LIMIT_MACHINE_ID + 1])
{
	read_id("/proc/sys/kernel/random/boot_id", out);
}

uint64_t gbx_pid_namespace(void)
{
	struct stat st;

	return gbx_stat("/proc/self/ns/pid", &st, NULL) ? 0 : (uint64_t)st.st_ino;
}

bool gbx_in_first_pid_namespace(void)
{
	return gbx_pid_namespace() == FIRST_PID_NAMESPACE;
}
