#include "capture/system.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/utsname.h>
#include <unistd.h>
#ifdef __GLIBC__
#include <gnu/libc-version.h>
#endif
#if defined(__x86_64__) || defined(__i386__)
#include <cpuid.h>
#endif

#include "base/io.h"
#include "base/limits.h"
#include "base/text.h"

/* Copies text of any origin: cut to the room there is, other bytes than UTF-8 and control characters escaped. */
static void put(char *out, size_t size, struct gbx_slice text)
{
	gbx_printable_in(text, out, size);
}

/* The beginning of a small file, as much as one read gives; false where it cannot be read. */
static bool read_start(const char *path, char *out, size_t size)
{
	GBX_AUTO_FD int fd = -1;
	size_t got;

	if (gbx_open_read(path, &fd, NULL) || gbx_read(fd, out, size - 1, &got, NULL))
		return false;
	out[got] = 0;
	return true;
}

static struct gbx_slice trim(struct gbx_slice s)
{
	while (s.len && (s.data[0] == ' ' || s.data[0] == '\t' || s.data[0] == '\n')) {
		s.data++;
		s.len--;
	}
	while (s.len && (s.data[s.len - 1] == ' ' || s.data[s.len - 1] == '\t' || s.data[s.len - 1] == '\n'))
		s.len--;
	return s;
}

static void read_kernel(struct gbx_system *s)
{
	struct utsname u;
	char kernel[2 * sizeof u.release];

	if (uname(&u))
		return;
	snprintf(kernel, sizeof kernel, "%s %s", u.sysname, u.release);
	put(s->hostname, sizeof s->hostname, gbx_slice_text(u.nodename));
	put(s->kernel, sizeof s->kernel, gbx_slice_text(kernel));
	put(s->kernel_version, sizeof s->kernel_version, gbx_slice_text(u.version));
	put(s->machine, sizeof s->machine, gbx_slice_text(u.machine));
}

static void read_libc(struct gbx_system *s)
{
#ifdef __GLIBC__
	snprintf(s->libc, sizeof s->libc, "glibc %s", gnu_get_libc_version());
#else
	(void)s;
#endif
}

static void read_clock(struct gbx_system *s)
{
	char text[64];

	if (read_start("/sys/devices/system/clocksource/clocksource0/current_clocksource", text, sizeof text))
		put(s->clock_source, sizeof s->clock_source, trim(gbx_slice_text(text)));
}

/* Takes text up to a colon. */
static struct gbx_slice take_field(struct gbx_slice *line)
{
	const uint8_t *colon = line->len ? memchr(line->data, ':', line->len) : NULL;
	struct gbx_slice field = {line->data, colon ? (size_t)(colon - line->data) : line->len};

	line->data += field.len + !!colon;
	line->len -= field.len + !!colon;
	return field;
}

/* The file and not getpwuid: that may ask a directory server over the network, and wait for it. */
static void read_user(struct gbx_system *s)
{
	GBX_AUTO_BYTES struct gbx_bytes passwd = {0};
	struct gbx_slice line;
	uint64_t uid;

	snprintf(s->user, sizeof s->user, "%lu", (unsigned long)getuid());
	if (gbx_load_file("/etc/passwd", 1024 * 1024, &passwd, NULL))
		return;
	struct gbx_slice rest = gbx_slice_of(&passwd);
	while (gbx_take_line(&rest, &line)) {
		struct gbx_slice name = take_field(&line);
		take_field(&line);
		if (name.len && gbx_parse_u63(take_field(&line), &uid) && uid == getuid()) {
			put(s->user, sizeof s->user, name);
			return;
		}
	}
}

/* Takes the shell quoting of os-release(5) away. */
static size_t unquote(struct gbx_slice in, char *out, size_t size)
{
	char quote = in.len && (in.data[0] == '"' || in.data[0] == '\'') ? (char)in.data[0] : 0;
	size_t n = 0;

	for (size_t i = quote != 0; i < in.len && n < size; i++) {
		if (quote && in.data[i] == (uint8_t)quote)
			break;
		if (in.data[i] == '\\' && quote != '\'' && i + 1 < in.len)
			i++;
		out[n++] = (char)in.data[i];
	}
	return n;
}

static void read_os(struct gbx_system *s)
{
	static const char key[] = "PRETTY_NAME=";
	char text[4096], name[256];
	struct gbx_slice line, rest;

	if (!read_start("/etc/os-release", text, sizeof text) && !read_start("/usr/lib/os-release", text, sizeof text))
		return;
	rest = gbx_slice_text(text);
	while (gbx_take_line(&rest, &line)) {
		if (!gbx_slice_starts(line, key))
			continue;
		struct gbx_slice value = gbx_slice(line.data + sizeof key - 1, line.len - (sizeof key - 1));
		put(s->os, sizeof s->os, gbx_slice(name, unquote(trim(value), name, sizeof name)));
	}
}

#if defined(__x86_64__) || defined(__i386__)
/* From the processor itself: on kernels before 5.18 opening /proc/cpuinfo asks all processors for their frequency and waits 10 ms. */
static void read_cpu(struct gbx_system *s)
{
	uint32_t a, b, c, d;
	uint32_t model[12] = {0};

	if (__get_cpuid(0, &a, &b, &c, &d)) {
		uint32_t vendor[3] = {b, d, c};
		put(s->cpu_vendor, sizeof s->cpu_vendor, gbx_slice(vendor, sizeof vendor));
	}
	for (uint32_t i = 0; i < 3; i++)
		if (!__get_cpuid(0x80000002u + i, &model[4 * i], &model[4 * i + 1], &model[4 * i + 2], &model[4 * i + 3]))
			return;
	put(s->cpu_model, sizeof s->cpu_model, trim(gbx_slice(model, strnlen((const char *)model, sizeof model))));
}
#else
static void put_cpu_line(struct gbx_system *s, struct gbx_slice key, struct gbx_slice value)
{
	static const char *const models[] = {"model name", "cpu model", "cpu", "CPU part", "uarch"};

	if (gbx_slice_is(key, "vendor_id") || gbx_slice_is(key, "CPU implementer"))
		put(s->cpu_vendor, sizeof s->cpu_vendor, value);
	for (size_t i = 0; i < sizeof models / sizeof *models; i++)
		if (!*s->cpu_model && gbx_slice_is(key, models[i]))
			put(s->cpu_model, sizeof s->cpu_model, value);
}

/* One read gives the first processors; the first is enough. */
static void read_cpu(struct gbx_system *s)
{
	char text[4096];
	struct gbx_slice line, rest;

	if (!read_start("/proc/cpuinfo", text, sizeof text))
		return;
	rest = gbx_slice_text(text);
	while (gbx_take_line(&rest, &line) && line.len) {
		struct gbx_slice key = trim(take_field(&line));
		put_cpu_line(s, key, trim(line));
	}
}
#endif

static void read_counts(struct gbx_system *s)
{
	long online = sysconf(_SC_NPROCESSORS_ONLN), pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);

	if (online > 0)
		s->cpu_online = (uint32_t)online;
	if (pages > 0 && page > 0)
		s->memory_bytes = (uint64_t)pages * (uint64_t)page;
}

void gbx_system_read(struct gbx_system *out)
{
	*out = (struct gbx_system){0};
	read_kernel(out);
	read_libc(out);
	read_clock(out);
	read_user(out);
	gbx_host_here(&out->host);
	read_os(out);
	read_cpu(out);
	read_counts(out);
}

/* protobuf-c's texts are not const. */
static char *text(const char *s)
{
	return (char *)(uintptr_t)s;
}

void gbx_system_host(const struct gbx_system *s, Glassbox__Host *host)
{
	glassbox__host__init(host);
	host->hostname = text(s->hostname);
	host->user = text(s->user);
	host->boot_id = text(s->host.boot_id);
	host->pid_namespace = s->host.pid_namespace;
	host->machine = gbx_pb_bytes(s->host.machine, s->host.has_machine ? GBX_MACHINE_LEN : 0);
}

void gbx_system_system(const struct gbx_system *s, Glassbox__System *system)
{
	glassbox__system__init(system);
	system->os = text(s->os);
	system->kernel = text(s->kernel);
	system->kernel_version = text(s->kernel_version);
	system->machine = text(s->machine);
	system->libc = text(s->libc);
	system->clock_source = text(s->clock_source);
}

void gbx_system_cpu(const struct gbx_system *s, Glassbox__Cpu *cpu)
{
	glassbox__cpu__init(cpu);
	cpu->model = text(s->cpu_model);
	cpu->vendor = text(s->cpu_vendor);
	cpu->logical = s->cpu_online;
}

void gbx_system_memory(const struct gbx_system *s, Glassbox__Memory *memory)
{
	glassbox__memory__init(memory);
	memory->bytes = s->memory_bytes;
}
