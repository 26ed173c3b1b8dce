#include "capture/tidy.h"

#include <stdio.h>

#include "base/child.h"
#include "base/mem.h"
#include "base/text.h"
#include "capture/gittidy.h"

/* What the child sends first; it is a copy of this program, so a struct means the same to both. */
struct answer {
	int code;
	char line[512];
	struct gbx_code_use use;
};

static int answer(int out, int rc, const struct gbx_error *err, const struct gbx_code_use *use)
{
	struct answer a = {.code = rc, .use = *use};

	if (rc)
		gbx_printable_in(gbx_slice_text(err->line), a.line, sizeof a.line);
	return gbx_write(out, &a, sizeof a, NULL);
}

/* Exactly len bytes. */
static int take(struct gbx_child_input *in, void *to, size_t len, struct gbx_error *err)
{
	size_t got = 1;
	int rc = 0;

	for (uint8_t *p = to; rc == 0 && len; p += got, len -= got) {
		rc = in->in.read(&in->in, p, len, &got, err);
		if (rc == 0 && got == 0)
			return gbx_fail(err, GBX_E_IO, "the process that reads the git objects died");
	}
	return rc;
}

/* Starts the child, and takes its answer and `more` bytes behind it. */
static int ask(gbx_child_fn fn, void *arg, unsigned deadline_ms, struct gbx_code_use *use, void *to, size_t more, struct gbx_error *err)
{
	struct gbx_child child;
	struct gbx_child_input in;
	struct answer a;
	int rc = gbx_child_start(fn, arg, &child, err);

	if (rc)
		return rc;
	gbx_child_input(&in, child.fd, gbx_monotonic_nanos() + (uint64_t)deadline_ms * 1000000u, 0);
	rc = take(&in, &a, sizeof a, err);
	if (rc == 0 && a.code)
		rc = gbx_fail(err, a.code, "%s", a.line);
	if (rc == 0 && more)
		rc = take(&in, to, more, err);
	gbx_child_kill(&child, NULL);
	if (rc == 0)
		*use = a.use;
	return rc;
}

static int forget_child(void *arg, int out)
{
	const struct gbx_code_forget *f = arg;
	struct gbx_code_use none = {0};
	struct gbx_error err;
	/* Killed with its parent, it would leave the lock of a ref, and nobody could delete that ref any more. */
	gbx_child_outlive(1 + f->deadline_ms / 1000);
	int rc = gbx_git_forget(f->store, f->run, &err);

	return answer(out, rc, &err, &none) ? 1 : 0;
}

int gbx_code_forget(const struct gbx_code_forget *f, struct gbx_error *err)
{
	struct gbx_code_forget copy = *f;
	struct gbx_code_use none;

	return ask(forget_child, &copy, f->deadline_ms, &none, NULL, 0, err);
}

static int tidy_child(void *arg, int out)
{
	const struct gbx_code_tidy *o = arg;
	struct gbx_code_use use = {0};
	struct gbx_error err;
	uint64_t *runs = gbx_calloc(o->runs + 1, sizeof *runs);
	int rc = runs ? gbx_git_tidy(o, &use, runs, &err) : gbx_fail(&err, GBX_E_NOMEM, "no memory to count");

	if (answer(out, rc, &err, &use) || rc)
		return 1;
	return gbx_write(out, runs, o->runs * sizeof *runs, NULL) ? 1 : 0;
}

int gbx_code_tidy(const struct gbx_code_tidy *o, struct gbx_code_use *use, uint64_t *run_bytes, struct gbx_error *err)
{
	struct gbx_code_tidy copy = *o;

	return ask(tidy_child, &copy, o->deadline_ms, use, run_bytes, run_bytes ? o->runs * sizeof *run_bytes : 0, err);
}
