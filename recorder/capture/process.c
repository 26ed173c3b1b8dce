#include "capture/process.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/io.h"
#include "base/limits.h"
#include "base/text.h"

static void name_in(uint64_t pid, const char *name, char out[96])
{
	snprintf(out, 96, "/proc/%llu/%s", (unsigned long long)pid, name);
}

static struct gbx_slice take_word(struct gbx_slice *in)
{
	size_t n = 0;

	while (n < in->len && in->data[n] != ' ' && in->data[n] != '\n')
		n++;
	struct gbx_slice word = {in->data, n};
	n += n < in->len;
	*in = gbx_slice(in->data + n, in->len - n);
	return word;
}

bool gbx_process_stat_parse(struct gbx_slice text, struct gbx_process_stat *out)
{
	struct gbx_process_stat s = {0};
	size_t end = text.len;

	/* The name stands in brackets and may have more of them: the last one closes it. */
	while (end && text.data[end - 1] != ')')
		end--;
	if (end == 0 || end + 1 >= text.len || text.data[end] != ' ')
		return false;
	text = gbx_slice(text.data + end + 1, text.len - end - 1);
	struct gbx_slice state = take_word(&text);
	if (state.len != 1)
		return false;
	s.state = (char)state.data[0];
	for (int field = 4; field <= 23; field++) {
		struct gbx_slice word = take_word(&text);
		uint64_t *to = field == 4 ? &s.parent : field == 11 ? &s.child_faults : field == 22 ? &s.start : field == 23 ? &s.size : NULL;
		if (to && !gbx_parse_u63(word, to))
			return false;
	}
	*out = s;
	return true;
}

int gbx_process_stat(uint64_t pid, struct gbx_process_stat *out, struct gbx_error *err)
{
	GBX_AUTO_FD int fd = -1;
	char path[96], text[1024];
	size_t got;

	name_in(pid, "stat", path);
	int rc = gbx_open_read(path, &fd, err);
	if (rc == 0)
		rc = gbx_read(fd, text, sizeof text, &got, err);
	if (rc)
		return rc;
	return gbx_process_stat_parse(gbx_slice(text, got), out) ? 0 : gbx_fail(err, GBX_E_MALFORMED, "'%s' is not in the form of proc(5)", path);
}

int gbx_process_text(uint64_t pid, const char *name, struct gbx_bytes *out, struct gbx_error *err)
{
	GBX_AUTO_FD int fd = -1;
	char path[96];
	size_t got = 1, limit = out->len + GBX_LIMIT_PROCESS_TEXT;

	name_in(pid, name, path);
	int rc = gbx_open_read(path, &fd, err);
	while (rc == 0 && got && out->len < limit) {
		rc = gbx_bytes_reserve(out, 4096, err);
		if (rc == 0)
			rc = gbx_read(fd, out->data + out->len, 4096, &got, err);
		if (rc == 0)
			out->len += got;
	}
	return rc;
}

int gbx_process_link(uint64_t pid, const char *name, struct gbx_bytes *out, struct gbx_error *err)
{
	char path[96];

	name_in(pid, name, path);
	return gbx_readlinkat(AT_FDCWD, path, out, err);
}

struct walk {
	uint64_t pid;
	gbx_process_fn each;
	void *arg;
	struct gbx_bytes text;
};

static int take_thread(void *arg, const char *thread, enum gbx_name_type type, struct gbx_error *err)
{
	struct walk *w = arg;
	char name[64];
	uint64_t child;
	struct gbx_error why;
	int rc = 0;

	(void)type;
	snprintf(name, sizeof name, "task/%.20s/children", thread);
	w->text.len = 0;
	/* A thread may end meanwhile. */
	if (gbx_process_text(w->pid, name, &w->text, &why)) {
		name[strlen(name) - strlen("/children")] = 0;
		char path[96];
		name_in(w->pid, name, path);
		return gbx_exists(path) ? gbx_fail(err, GBX_E_VERSION, "this kernel does not list the children of a process") : 0;
	}
	struct gbx_slice rest = gbx_slice_of(&w->text);
	while (rc == 0 && rest.len)
		if (gbx_parse_u63(take_word(&rest), &child))
			rc = w->each(w->arg, child, err);
	return rc;
}

static void free_walk(struct walk *w)
{
	gbx_bytes_free(&w->text);
}

int gbx_process_each_child(uint64_t pid, gbx_process_fn each, void *arg, struct gbx_error *err)
{
	GBX_CLEANUP(free_walk) struct walk w = {.pid = pid, .each = each, .arg = arg};
	GBX_AUTO_FD int fd = -1;
	char path[96];

	name_in(pid, "task", path);
	int rc = gbx_open_dir(AT_FDCWD, path, false, &fd, err);
	return rc ? rc : gbx_each_name(fd, take_thread, &w, err);
}

uint64_t gbx_process_newest(void)
{
	GBX_AUTO_FD int fd = -1;
	char text[128];
	size_t got = 0;
	uint64_t pid = 0;

	/* Its last word. */
	if (gbx_open_read("/proc/loadavg", &fd, NULL) || gbx_read(fd, text, sizeof text, &got, NULL))
		return 0;
	struct gbx_slice rest = gbx_slice(text, got), word = {0};
	while (rest.len)
		word = take_word(&rest);
	return gbx_parse_u63(word, &pid) ? pid : 0;
}

int gbx_process_check(struct gbx_error *err)
{
	GBX_AUTO_BYTES struct gbx_bytes self = {0};
	uint64_t pid;
	int rc = gbx_readlinkat(AT_FDCWD, "/proc/self", &self, err);

	if (rc)
		return rc;
	if (!gbx_parse_u63(gbx_slice_of(&self), &pid) || pid != (uint64_t)getpid())
		return gbx_fail(err, GBX_E_VERSION, "/proc is that of another pid namespace");
	return 0;
}
