#include "run/relay.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "base/io.h"
#include "base/pty.h"

#define PIECE (64u * 1024)
#define STEP 4096u  /* a pipe that is ready takes so much without waiting */
#define LOOK_MS 100 /* how often a terminal's size, or whether somebody waits, is looked at */

void gbx_relay_init(struct gbx_relay *r)
{
	*r = (struct gbx_relay){0};
	for (int i = 0; i < 2; i++)
		r->stream[i] = (struct gbx_relayed){.from = -1, .job = -1, .to = i + 1, .relay = r};
}

static bool are_one(int a, int b)
{
	struct stat x, y;

	return gbx_fstat(a, &x, NULL) == 0 && gbx_fstat(b, &y, NULL) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

static int open_stream(struct gbx_relay *r, int i, const struct gbx_scanner *scanner, struct gbx_error *err)
{
	struct gbx_relayed *s = &r->stream[i];
	bool terminal = isatty(s->to) == 1;
	int rc = terminal ? gbx_pty_open(s->to, &s->from, &s->job, err) : gbx_pipe(&s->from, &s->job, err);

	r->terminal = r->terminal || (rc == 0 && terminal);
	return rc ? rc : gbx_console_new(scanner, &s->console, err);
}

int gbx_relay_open(struct gbx_relay *r, const struct gbx_scanner *scanner, const bool asked[2], struct gbx_error *err)
{
	int rc = 0;

	r->stream[0].both = asked[0] && asked[1] && are_one(1, 2);
	for (int i = 0; rc == 0 && i < 2; i++)
		if (asked[i] && !(i == 1 && r->stream[0].both))
			rc = open_stream(r, i, scanner, err);
	if (rc) {
		gbx_relay_free(r);
		gbx_relay_init(r);
	}
	return rc;
}

int gbx_relay_end_of_job(const struct gbx_relay *r, int stream)
{
	return r->stream[stream == 1 && r->stream[0].both ? 0 : stream].job;
}

/* False where nobody takes it: the other end is gone, or does not read while somebody waits for us. */
static bool pass_on(const struct gbx_relayed *s, struct gbx_slice text)
{
	struct gbx_relay *r = s->relay;

	while (text.len) {
		if (!gbx_wait_writable(s->to, LOOK_MS)) {
			if (atomic_load(&r->ended) && r->hurried())
				return false;
			continue;
		}
		size_t n = text.len < STEP ? text.len : STEP;
		if (gbx_write(s->to, text.data, n, NULL))
			return false;
		text = gbx_slice(text.data + n, text.len - n);
	}
	return true;
}

static void follow_size(struct gbx_relay *r, const struct gbx_relayed *s)
{
	/* Told by the true terminal it may have asked for the size before it was known. */
	if (r->terminal && gbx_pty_resize(s->to, s->from) && !atomic_load(&r->ended))
		(void)kill(r->job, SIGWINCH);
}

static void *relay(void *arg)
{
	struct gbx_relayed *s = arg;
	uint8_t piece[PIECE];
	struct gbx_error err;

	for (;;) {
		bool ended = atomic_load(&s->relay->ended);
		size_t got = 0;
		follow_size(s->relay, s);
		if (!gbx_wait_readable(s->from, ended ? 0 : LOOK_MS)) {
			if (ended)
				break;
			continue;
		}
		/* The end of a pipe, or of a terminal that nobody has open any more. */
		if (gbx_read(s->from, piece, sizeof piece, &got, NULL) || got == 0)
			break;
		struct gbx_slice text = gbx_slice(piece, got);
		s->deaf = s->deaf || gbx_console_put(s->console, text, &err);
		if (!pass_on(s, text))
			break;
	}
	/* Whoever still writes is told that nobody reads. */
	gbx_close(&s->from);
	return NULL;
}

void gbx_relay_start(struct gbx_relay *r, pid_t job)
{
	r->job = job;
	for (int i = 0; i < 2; i++) {
		struct gbx_relayed *s = &r->stream[i];
		gbx_close(&s->job);
		s->started = s->from >= 0 && pthread_create(&s->thread, NULL, relay, s) == 0;
		if (!s->started)
			gbx_close(&s->from);
	}
}

void gbx_relay_finish(struct gbx_relay *r, bool (*hurried)(void))
{
	r->hurried = hurried;
	atomic_store(&r->ended, true);
	for (int i = 0; i < 2; i++) {
		if (r->stream[i].started)
			pthread_join(r->stream[i].thread, NULL);
		r->stream[i].started = false;
	}
}

void gbx_relay_free(struct gbx_relay *r)
{
	for (int i = 0; i < 2; i++) {
		gbx_close(&r->stream[i].from);
		gbx_close(&r->stream[i].job);
		gbx_console_release(&r->stream[i].console);
	}
}
