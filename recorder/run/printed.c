#include "run/printed.h"

#include <fcntl.h>
#include <stdio.h>

#include "base/mem.h"

#define PIECE (256u * 1024)
#define LAST (64u * 1024) /* of a text that is too long to be read whole */

/* The kernel's name of a descriptor leads to the file itself, whatever its name is by now. */
static int open_again(int fd, int *out, struct gbx_error *err)
{
	char path[32];

	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	return gbx_open_read(path, out, err);
}

static void open_file(struct gbx_printed_file *f, int fd)
{
	struct gbx_error err;
	struct stat st;

	*f = (struct gbx_printed_file){.fd = -1, .why = GLASSBOX__GAP__REASON__NO_FILE};
	if (gbx_fstat(fd, &st, &err) || !S_ISREG(st.st_mode))
		return;
	int rc = open_again(fd, &f->fd, &err);
	f->appends = fcntl(fd, F_GETFL) & O_APPEND;
	if (rc == 0)
		rc = f->appends ? 0 : gbx_position(fd, &f->from, &err);
	f->from = f->appends ? (uint64_t)st.st_size : f->from;
	f->why = rc ? gbx_gap_reason(&err) : 0;
	if (rc)
		gbx_close(&f->fd);
}

static bool are_one(int a, int b)
{
	struct stat x, y;

	return gbx_fstat(a, &x, NULL) == 0 && gbx_fstat(b, &y, NULL) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

void gbx_printed_init(struct gbx_printed *p)
{
	*p = (struct gbx_printed){.mode = GBX_CONSOLE_OFF, .file = {{.fd = -1, .why = GLASSBOX__GAP__REASON__NOT_ASKED}, {.fd = -1, .why = GLASSBOX__GAP__REASON__NOT_ASKED}}};
	gbx_relay_init(&p->relay);
}

static void open_files(struct gbx_printed *p)
{
	for (int i = 0; i < 2; i++)
		open_file(&p->file[i], i + 1);
	p->both = p->file[0].fd >= 0 && p->file[1].fd >= 0 && are_one(1, 2);
	if (!p->both)
		return;
	if (p->file[1].from < p->file[0].from)
		p->file[0].from = p->file[1].from;
	gbx_close(&p->file[1].fd);
	p->file[1].why = 0;
}

/* What is no file and can be written to. */
static void open_relay(struct gbx_printed *p, const struct gbx_recorder *r, int output[2])
{
	bool asked[2];
	struct gbx_error err;

	for (int i = 0; i < 2; i++)
		asked[i] = p->file[i].why == GLASSBOX__GAP__REASON__NO_FILE && (fcntl(i + 1, F_GETFL) & O_ACCMODE) != O_RDONLY;
	if (gbx_relay_open(&p->relay, r->scanner, asked, &err)) {
		if (r->say)
			r->say(err.line);
		return;
	}
	for (int i = 0; i < 2; i++)
		if (asked[i]) {
			output[i] = gbx_relay_end_of_job(&p->relay, i);
			p->file[i].why = 0;
		}
}

void gbx_printed_begin(struct gbx_printed *p, const struct gbx_recorder *r, enum gbx_console_mode mode, int output[2])
{
	p->mode = mode;
	if (mode != GBX_CONSOLE_OFF)
		open_files(p);
	if (mode == GBX_CONSOLE_KEEP || mode == GBX_CONSOLE_DIGEST)
		open_relay(p, r, output);
}

void gbx_printed_start(struct gbx_printed *p, pid_t job)
{
	gbx_relay_start(&p->relay, job);
}

void gbx_printed_free(struct gbx_printed *p)
{
	for (int i = 0; i < 2; i++)
		gbx_close(&p->file[i].fd);
	gbx_relay_free(&p->relay);
}

static void put(struct gbx_recorder *r, const struct gbx_printed *p, Glassbox__Console *m, const struct gbx_console_text *t)
{
	Glassbox__Body body = GLASSBOX__BODY__INIT;

	if (p->mode != GBX_CONSOLE_DIGEST) {
		m->head = gbx_pb_bytes(t->head.data, t->head.len);
		m->tail = gbx_pb_bytes(t->tail.data, t->tail.len);
	}
	m->size = t->size;
	m->secrets = t->secrets;
	body.body_case = GLASSBOX__BODY__BODY_CONSOLE;
	body.console = m;
	gbx_put(r, &body, NULL);
	if (t->secrets)
		gbx_put_gap(r, GLASSBOX__GAP__KIND__CONSOLE, GLASSBOX__GAP__REASON__SECRET, t->secrets, NULL);
}

/* Where the job's text ends. Of a file that was cut off meanwhile all that is there is taken. */
static int find_end(struct gbx_printed_file *f, int fd, uint64_t *end, bool *cut, struct gbx_error *err)
{
	struct stat st;
	uint64_t position = 0;
	int rc = gbx_fstat(f->fd, &st, err);

	if (rc == 0 && !f->appends)
		rc = gbx_position(fd, &position, err);
	if (rc)
		return rc;
	*end = (uint64_t)st.st_size;
	*cut = *end < f->from;
	f->from = *cut ? 0 : f->from;
	if (!f->appends && position >= f->from && position < *end)
		*end = position;
	return 0;
}

struct until {
	uint64_t nanos;
	bool (*hurried)(void);
};

/* *at: where it stopped, before `end` where the time was over. */
static int read_text(struct gbx_console *c, int fd, uint64_t *at, uint64_t end, const struct until *u, struct gbx_error *err)
{
	GBX_AUTO_BYTES struct gbx_bytes piece = {0};
	int rc = gbx_bytes_reserve(&piece, PIECE, err);

	while (rc == 0 && *at < end && (!u || (gbx_monotonic_nanos() < u->nanos && !u->hurried()))) {
		size_t n = end - *at < PIECE ? (size_t)(end - *at) : PIECE;
		rc = gbx_pread(fd, piece.data, n, *at, err);
		if (rc == 0)
			rc = gbx_console_put(c, gbx_slice(piece.data, n), err);
		*at += n;
	}
	return rc;
}

/* The last lines of a text of which the middle was not read: whole ones, since half a secret is not known for one. */
static int read_last(const struct gbx_scanner *s, int fd, uint64_t end, struct gbx_console **out, struct gbx_console_text *text,
		     struct gbx_error *err)
{
	uint64_t at = end - LAST;
	int rc = gbx_console_new(s, out, err);

	if (rc == 0)
		rc = read_text(*out, fd, &at, end, NULL, err);
	if (rc == 0)
		rc = gbx_console_end(*out, text, err);
	if (rc)
		return rc;
	struct gbx_slice tail = text->tail.len ? text->tail : text->head;
	const uint8_t *line = tail.len ? memchr(tail.data, '\n', tail.len) : NULL;
	text->tail = line ? gbx_slice(line + 1, tail.len - (size_t)(line + 1 - tail.data)) : (struct gbx_slice){0};
	return 0;
}

static Glassbox__Console__Stream stream_of(int i, bool both)
{
	return both ? GLASSBOX__CONSOLE__STREAM__BOTH : i ? GLASSBOX__CONSOLE__STREAM__STDERR : GLASSBOX__CONSOLE__STREAM__STDOUT;
}

static int put_file(struct gbx_printed *p, int i, struct gbx_recorder *r, const struct until *u, struct gbx_error *err)
{
	struct gbx_printed_file *f = &p->file[i];
	GBX_AUTO_CONSOLE struct gbx_console *c = NULL;
	GBX_AUTO_CONSOLE struct gbx_console *behind = NULL;
	struct gbx_console_text text, last = {0};
	Glassbox__Console m = GLASSBOX__CONSOLE__INIT;
	uint64_t end = 0;
	bool cut = false;
	int rc = find_end(f, i + 1, &end, &cut, err);

	uint64_t at = f->from;
	if (rc == 0)
		rc = gbx_console_new(r->scanner, &c, err);
	if (rc == 0)
		rc = read_text(c, f->fd, &at, end, u, err);
	if (rc == 0)
		rc = gbx_console_end(c, &text, err);
	bool whole = at >= end;
	if (rc == 0 && !whole && end - at > LAST)
		rc = read_last(r->scanner, f->fd, end, &behind, &last, err);
	if (rc)
		return rc;
	m.stream = stream_of(i, p->both);
	if (whole) {
		m.sha256 = gbx_pb_bytes(text.sha256, GBX_SHA256_LEN);
	} else {
		text.tail = last.tail;
		text.size += last.size;
	}
	put(r, p, &m, &text);
	if (cut || !whole)
		gbx_put_gap(r, GLASSBOX__GAP__KIND__CONSOLE, cut ? GLASSBOX__GAP__REASON__CHANGED : GLASSBOX__GAP__REASON__TIMED_OUT, 1, NULL);
	return 0;
}

/* One gap for both streams where they lack for one reason. */
static void put_gaps(const struct gbx_printed *p, struct gbx_recorder *r)
{
	bool same = p->file[0].why == p->file[1].why;

	for (int i = 0; i < 2; i++)
		if (p->file[i].why && (i == 0 || !same))
			gbx_put_gap(r, GLASSBOX__GAP__KIND__CONSOLE, p->file[i].why, same ? 2 : 1, NULL);
}

static int put_relayed(struct gbx_printed *p, int i, struct gbx_recorder *r, struct gbx_error *err)
{
	struct gbx_relayed *s = &p->relay.stream[i];
	Glassbox__Console m = GLASSBOX__CONSOLE__INIT;
	struct gbx_console_text text;

	if (!s->console)
		return 0;
	if (s->deaf)
		return gbx_fail(err, GBX_E_NOMEM, "what the job printed was not all taken");
	int rc = gbx_console_end(s->console, &text, err);
	if (rc)
		return rc;
	m.stream = stream_of(i, s->both);
	m.sha256 = gbx_pb_bytes(text.sha256, GBX_SHA256_LEN);
	put(r, p, &m, &text);
	return 0;
}

void gbx_printed_end(struct gbx_printed *p, struct gbx_recorder *r, unsigned ms, bool (*hurried)(void))
{
	struct until u = {gbx_monotonic_nanos() + (uint64_t)ms * 1000000u, hurried};
	struct gbx_error err;

	gbx_relay_finish(&p->relay, hurried);
	for (int i = 0; i < 2; i++) {
		if (put_relayed(p, i, r, &err))
			p->file[i].why = gbx_gap_reason(&err);
		if (p->file[i].fd < 0)
			continue;
		/* A file that is cut off while it is read is not there to its end. */
		int rc = put_file(p, i, r, &u, &err);
		p->file[i].why = rc == 0 ? 0 : rc == GBX_E_MALFORMED ? GLASSBOX__GAP__REASON__CHANGED : gbx_gap_reason(&err);
	}
	put_gaps(p, r);
	gbx_printed_free(p);
}
