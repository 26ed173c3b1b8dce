/* The machine as others see it: uname, hostname, id, getconf, /proc. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/io.h"
#include "base/text.h"
#include "capture/system.h"
#include "store/alive.h"
#include "test.h"

/* What a shell command prints, without the last newline. */
static const char *said(const char *command, char out[512])
{
	FILE *f = popen(command, "r");
	size_t n = f ? fread(out, 1, 511, f) : 0;

	assert_non_null(f);
	pclose(f);
	out[n] = 0;
	out[strcspn(out, "\n")] = 0;
	return out;
}

static void agrees_with_the_tools(void **state)
{
	struct gbx_system s;
	char text[512];

	(void)state;
	gbx_system_read(&s);
	assert_string_equal(s.hostname, said("uname -n", text));
	assert_string_equal(s.kernel, said("uname -sr", text));
	assert_string_equal(s.kernel_version, said("uname -v", text));
	assert_string_equal(s.machine, said("uname -m", text));
	assert_int_equal(s.cpu_online, atoi(said("getconf _NPROCESSORS_ONLN", text)));
	assert_string_equal(s.os, said("test -r /etc/os-release && . /etc/os-release; echo \"$PRETTY_NAME\"", text));
	assert_string_equal(s.host.boot_id, said("cat /proc/sys/kernel/random/boot_id", text));
	assert_int_equal(s.host.pid_namespace, strtoull(said("stat -Lc %i /proc/self/ns/pid", text), NULL, 10));
	assert_int_equal(s.memory_bytes / 1024, strtoull(said("awk '/^MemTotal/{print $2}' /proc/meminfo", text), NULL, 10));
	if (*said("getconf GNU_LIBC_VERSION", text))
		assert_string_equal(s.libc, text);
	said("awk -F: -v u=$(id -ru) '$3==u{print $1; exit}' /etc/passwd", text);
	if (!*text)
		said("id -ru", text);
	assert_string_equal(s.user, text);
}

static void knows_the_processor(void **state)
{
	struct gbx_system s;
	char text[512];

	(void)state;
	gbx_system_read(&s);
	/* Arm's /proc/cpuinfo has no such lines. */
	if (*said("sed -n 's/^model name[^:]*: *//p' /proc/cpuinfo | head -1", text))
		assert_string_equal(s.cpu_model, text);
	if (*said("sed -n 's/^vendor_id[^:]*: *//p' /proc/cpuinfo | head -1", text))
		assert_string_equal(s.cpu_vendor, text);
}

static void fills_the_records(void **state)
{
	struct gbx_system s;
	Glassbox__Host host;
	Glassbox__System system_message;
	Glassbox__Cpu cpu;
	Glassbox__Memory memory;

	(void)state;
	gbx_system_read(&s);
	gbx_system_host(&s, &host);
	gbx_system_system(&s, &system_message);
	gbx_system_cpu(&s, &cpu);
	gbx_system_memory(&s, &memory);
	assert_ptr_equal(host.hostname, s.hostname);
	assert_ptr_equal(system_message.libc, s.libc);
	assert_true(cpu.logical == s.cpu_online && memory.bytes == s.memory_bytes);
	assert_true(glassbox__host__get_packed_size(&host) > 0);
	assert_true(glassbox__system__get_packed_size(&system_message) > 0);
	assert_true(gbx_is_utf8(gbx_slice_text(s.hostname)) && gbx_is_utf8(gbx_slice_text(s.os)));
}

static void is_cheap(void **state)
{
	struct gbx_system s;

	(void)state;
	uint64_t start = gbx_monotonic_nanos();
	gbx_system_read(&s);
	printf("gbx_system_read: %.3f ms\n", (double)(gbx_monotonic_nanos() - start) / 1e6);
}

/* A process whose name looks like the rest of its own stat line. */
static void a_name_cannot_hide_the_start(void **state)
{
	static const char *const names[] = {"x", ") R 1 1 1", "a) (b", "((((", ")))) )", " "};
	char command[128], text[512];

	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		prctl(PR_SET_NAME, names[i]);
		/* Counted from the end: field 22 is 30 before the last of 52. */
		snprintf(command, sizeof command, "awk '{print $(NF-30)}' /proc/%d/stat", (int)getpid());
		assert_int_equal(gbx_process_start_ticks((uint64_t)getpid()), strtoull(said(command, text), NULL, 10));
		assert_true(gbx_process_start_ticks((uint64_t)getpid()) > 0);
	}
}

static void a_process_is_alive_until_it_has_ended(void **state)
{
	(void)state;
	pid_t pid = fork();
	if (pid == 0) {
		pause();
		_exit(0);
	}
	uint64_t ticks = gbx_process_start_ticks((uint64_t)pid);
	assert_true(ticks > 0);
	assert_true(gbx_process_alive((uint64_t)pid, ticks));
	assert_true(gbx_process_alive((uint64_t)pid, 0));
	/* Another process that has the pid now. */
	assert_false(gbx_process_alive((uint64_t)pid, ticks - 1));
	kill(pid, SIGKILL);
	siginfo_t si;
	assert_int_equal(waitid(P_PID, (id_t)pid, &si, WEXITED | WNOWAIT), 0);
	assert_false(gbx_process_alive((uint64_t)pid, ticks)); /* a zombie */
	waitpid(pid, NULL, 0);
	assert_false(gbx_process_alive((uint64_t)pid, ticks));
	assert_int_equal(gbx_process_start_ticks((uint64_t)pid), 0);
	assert_false(gbx_process_alive(0, 0));
	assert_false(gbx_process_alive(UINT64_MAX, 1));
}

/* From the same boot and pid namespace a process is looked for; from another boot of the same machine it is gone; from elsewhere
 * nobody can tell. */
static void judges_only_from_where_it_can(void **state)
{
	struct gbx_host here, there;
	uint64_t pid = (uint64_t)getpid(), ticks = gbx_process_start_ticks(pid);

	(void)state;
	gbx_host_here(&here);
	here.has_machine = true;
	memset(here.machine, 1, sizeof here.machine);
	there = here;
	assert_int_equal(gbx_process_look(&here, &there, pid, ticks), GBX_PROCESS_ALIVE);
	assert_int_equal(gbx_process_look(&here, &there, pid, ticks + 1), GBX_PROCESS_GONE);
	assert_int_equal(gbx_process_look(&here, &there, 0, 0), GBX_PROCESS_UNKNOWN);
	there.pid_namespace++;
	assert_int_equal(gbx_process_look(&here, &there, pid, ticks + 1), GBX_PROCESS_UNKNOWN);
	there.pid_namespace = 0;
	assert_int_equal(gbx_process_look(&here, &there, pid, ticks + 1), GBX_PROCESS_UNKNOWN);
	/* Another boot. */
	there = here;
	there.boot_id[0] ^= 1;
	assert_int_equal(gbx_process_look(&here, &there, pid, ticks), GBX_PROCESS_GONE);
	assert_int_equal(gbx_process_look(&here, &there, 0, 0), GBX_PROCESS_GONE);
	there.machine[15] ^= 1;
	assert_int_equal(gbx_process_look(&here, &there, pid, ticks), GBX_PROCESS_UNKNOWN);
	there = here;
	there.boot_id[0] ^= 1;
	there.has_machine = false;
	assert_int_equal(gbx_process_look(&here, &there, pid, ticks), GBX_PROCESS_UNKNOWN);
	there.has_machine = true;
	here.has_machine = false;
	assert_int_equal(gbx_process_look(&here, &there, pid, ticks), GBX_PROCESS_UNKNOWN);
	here.has_machine = true;
	there.boot_id[0] = 0;
	assert_int_equal(gbx_process_look(&here, &there, pid, ticks), GBX_PROCESS_UNKNOWN);
	there = here;
	here.boot_id[0] = 0;
	assert_int_equal(gbx_process_look(&here, &there, pid, ticks), GBX_PROCESS_UNKNOWN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(agrees_with_the_tools),
		cmocka_unit_test(knows_the_processor),
		cmocka_unit_test(fills_the_records),
		cmocka_unit_test(is_cheap),
		cmocka_unit_test(a_name_cannot_hide_the_start),
		cmocka_unit_test(a_process_is_alive_until_it_has_ended),
		cmocka_unit_test(judges_only_from_where_it_can),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
