#include "capture/console.h"

#include "base/mem.h"

#define LINE (64u * 1024)     /* of a line, what a carriage return can go back over */
#define WINDOW (256u * 1024)  /* what is searched at once */
#define OVERLAP (16u * 1024)  /* of it, what is searched again with what follows; no secret but a private key is longer */
#define CONTEXT 1024u         /* what was passed on already and may name the value behind it */

struct gbx_console {
	const struct gbx_scanner *scanner;
	struct gbx_hash *hash;
	struct gbx_bytes out; /* of one window */
	uint8_t line[LINE];
	size_t line_len;
	bool returned; /* a carriage return stands at the end of the line */
	uint8_t window[WINDOW];
	size_t len, done; /* before `done` all is passed on */
	size_t in_key;    /* a private key goes on: so many bytes of it at most */
	bool in_word;     /* so does the word of another secret */
	uint8_t head[GBX_LIMIT_CONSOLE], tail[2 * GBX_LIMIT_CONSOLE];
	size_t head_len, tail_len;
	uint64_t size, secrets;
};

int gbx_console_new(const struct gbx_scanner *scanner, struct gbx_console **out, struct gbx_error *err)
{
	struct gbx_console *c = gbx_calloc(1, sizeof *c);

	if (!c)
		return gbx_fail(err, GBX_E_NOMEM, "no memory for what the job prints");
	int rc = gbx_hash_new(&c->hash, GBX_SHA256, err);
	if (rc) {
		gbx_free(c);
		return rc;
	}
	gbx_hash_start(c->hash);
	c->scanner = scanner;
	*out = c;
	return 0;
}

void gbx_console_release(struct gbx_console **c)
{
	if (!*c)
		return;
	gbx_hash_release(&(*c)->hash);
	gbx_bytes_free(&(*c)->out);
	gbx_free(*c);
	*c = NULL;
}

static void keep_head(struct gbx_console *c, struct gbx_slice text)
{
	size_t room = sizeof c->head - c->head_len;
	size_t n = text.len < room ? text.len : room;

	if (n)
		memcpy(c->head + c->head_len, text.data, n);
	c->head_len += n;
}

static void keep_tail(struct gbx_console *c, struct gbx_slice text)
{
	size_t most = sizeof c->tail;

	if (text.len > most)
		text = gbx_slice(text.data + (text.len - most), most);
	size_t over = c->tail_len + text.len > most ? c->tail_len + text.len - most : 0;
	if (over)
		memmove(c->tail, c->tail + over, c->tail_len - over);
	c->tail_len -= over;
	if (text.len)
		memcpy(c->tail + c->tail_len, text.data, text.len);
	c->tail_len += text.len;
}

/* Text without secrets. */
static void keep(struct gbx_console *c)
{
	struct gbx_slice text = gbx_slice_of(&c->out);

	gbx_hash_update(c->hash, text.data, text.len);
	keep_head(c, text);
	keep_tail(c, text);
	c->size += text.len;
	c->out.len = 0;
}

static bool parts_words(uint8_t byte)
{
	return byte <= ' ' || byte == '"' || byte == '\'';
}

/* What goes on from a secret of the window before. */
static void skip_rest(struct gbx_console *c, bool last)
{
	static const char end[] = "-----END";

	while (c->in_word && c->done < c->len && !parts_words(c->window[c->done]))
		c->done++;
	c->in_word = c->in_word && c->done == c->len;
	if (!c->in_key)
		return;
	const uint8_t *from = c->window + c->done;
	size_t most = c->len - c->done < c->in_key ? c->len - c->done : c->in_key;
	const uint8_t *found = memmem(from, most, end, sizeof end - 1);
	if (!found && !last && most > sizeof end)
		most -= sizeof end; /* half of it may stand there */
	const uint8_t *stop = found ? memchr(found, '\n', (size_t)(c->window + c->len - found)) : NULL;
	size_t skipped = stop ? (size_t)(stop - from) : most;
	c->done += skipped;
	c->in_key = stop || skipped >= c->in_key ? 0 : c->in_key - skipped;
}

/* A private key ends with the line that says so. Without one it is taken to be as long as the longest. */
static void find_end(const struct gbx_console *c, struct gbx_secret_hit *hit)
{
	static const char mark[] = "-----END";
	size_t most = c->len - hit->from < OVERLAP ? c->len - hit->from : OVERLAP;
	const uint8_t *end = memmem(c->window + hit->from, most, mark, sizeof mark - 1);
	const uint8_t *line = end ? memchr(end, '\n', (size_t)(c->window + c->len - end)) : NULL;

	hit->to = line ? (size_t)(line - c->window) : end ? c->len : hit->from + most;
}

static int pass(struct gbx_console *c, size_t to, struct gbx_error *err)
{
	int rc = to > c->done ? gbx_bytes_append(&c->out, c->window + c->done, to - c->done, err) : 0;

	c->done = to > c->done ? to : c->done;
	return rc;
}

static int hide(struct gbx_console *c, const struct gbx_secret_hit *hit, struct gbx_error *err)
{
	int rc = pass(c, hit->from, err);

	if (rc == 0)
		rc = gbx_bytes_printf(&c->out, err, "{secret:%s}", hit->rule);
	c->done = hit->to;
	c->secrets++;
	return rc;
}

/* A hit that reaches the end may go on behind it. One that is whole, or that began too early to be looked at again, is hidden now. */
static int take_hit(struct gbx_console *c, struct gbx_secret_hit hit, size_t cut, struct gbx_error *err)
{
	bool key = strcmp(hit.rule, "private-key") == 0;

	if (key)
		find_end(c, &hit);
	gbx_secrets_widen(gbx_slice(c->window, c->len), c->done, &hit);
	if (hit.to <= c->done || hit.from >= cut)
		return 0;
	int rc = hide(c, &hit, err);
	if (hit.to == c->len) {
		c->in_word = !key;
		c->in_key = key && c->len - hit.from < OVERLAP ? OVERLAP - (c->len - hit.from) : 0;
	}
	return rc;
}

/* Searches the window and passes on what lies before the cut. */
static int search(struct gbx_console *c, bool last, struct gbx_error *err)
{
	size_t cut = last || c->len < OVERLAP ? c->len + last : c->len - OVERLAP;
	struct gbx_secret_hit hit;
	struct gbx_scan scan;
	int rc = 0;

	skip_rest(c, last);
	gbx_scan_begin(&scan, c->scanner, gbx_slice(c->window, c->len));
	while (rc == 0 && gbx_scan_next(&scan, &hit))
		if (hit.to > c->done)
			rc = take_hit(c, hit, cut, err);
	if (rc == 0)
		rc = pass(c, cut < c->len ? cut : c->len, err);
	keep(c);
	size_t from = c->done > CONTEXT ? c->done - CONTEXT : 0;
	memmove(c->window, c->window + from, c->len - from);
	c->len -= from;
	c->done -= from;
	return rc;
}

static int put_plain(struct gbx_console *c, struct gbx_slice text, struct gbx_error *err)
{
	int rc = 0;

	while (rc == 0 && text.len) {
		size_t room = WINDOW - c->len, n = text.len < room ? text.len : room;
		memcpy(c->window + c->len, text.data, n);
		c->len += n;
		text = gbx_slice(text.data + n, text.len - n);
		if (c->len == WINDOW)
			rc = search(c, false, err);
	}
	return rc;
}

static int end_line(struct gbx_console *c, struct gbx_error *err)
{
	int rc = put_plain(c, gbx_slice(c->line, c->line_len), err);

	c->line_len = 0;
	return rc;
}

/* A piece of a line without carriage returns. Of a line that is too long the first part stays. */
static int put_piece(struct gbx_console *c, struct gbx_slice piece, struct gbx_error *err)
{
	if (piece.len && c->returned)
		c->line_len = 0;
	c->returned = c->returned && piece.len == 0;
	if (piece.len <= LINE - c->line_len) {
		if (piece.len)
			memcpy(c->line + c->line_len, piece.data, piece.len);
		c->line_len += piece.len;
		return 0;
	}
	int rc = end_line(c, err);
	return rc ? rc : put_plain(c, piece, err);
}

/* What lies before the next end of a line. */
static int put_line(struct gbx_console *c, struct gbx_slice text, struct gbx_error *err)
{
	const uint8_t *at;
	int rc = 0;

	while (rc == 0 && text.len && (at = memchr(text.data, '\r', text.len))) {
		rc = put_piece(c, gbx_slice(text.data, (size_t)(at - text.data)), err);
		c->returned = true;
		text = gbx_slice(at + 1, text.len - (size_t)(at + 1 - text.data));
	}
	return rc ? rc : put_piece(c, text, err);
}

/* Whole lines without a carriage return need not be looked at one by one. */
static int put_lines(struct gbx_console *c, struct gbx_slice *text, struct gbx_error *err)
{
	const uint8_t *turn = memchr(text->data, '\r', text->len);
	size_t plain = turn ? (size_t)(turn - text->data) : text->len;
	const uint8_t *last = memrchr(text->data, '\n', plain);
	const uint8_t *first = memchr(text->data, '\n', text->len);

	if (!first) {
		struct gbx_slice rest = *text;
		text->len = 0;
		return put_line(c, rest, err);
	}
	const uint8_t *stop = last ? last : first;
	int rc = put_line(c, gbx_slice(text->data, (size_t)(first - text->data)), err);
	if (rc == 0)
		rc = end_line(c, err);
	c->returned = false;
	if (rc == 0)
		rc = put_plain(c, gbx_slice(first, (size_t)(stop + 1 - first)), err);
	*text = gbx_slice(stop + 1, text->len - (size_t)(stop + 1 - text->data));
	return rc;
}

int gbx_console_put(struct gbx_console *c, struct gbx_slice text, struct gbx_error *err)
{
	int rc = 0;

	while (rc == 0 && text.len)
		rc = put_lines(c, &text, err);
	return rc;
}

/* Whole lines only, where there are some. */
static struct gbx_slice head_of(const struct gbx_console *c)
{
	const uint8_t *last = memrchr(c->head, '\n', c->head_len);

	return gbx_slice(c->head, c->size > c->head_len && last ? (size_t)(last + 1 - c->head) : c->head_len);
}

static struct gbx_slice tail_of(const struct gbx_console *c, size_t head)
{
	uint64_t left = c->size - head;
	size_t len = left < GBX_LIMIT_CONSOLE ? (size_t)left : GBX_LIMIT_CONSOLE;
	struct gbx_slice tail = gbx_slice(c->tail + (c->tail_len - len), len);
	const uint8_t *line = len < left ? memchr(tail.data, '\n', len - 1) : NULL;

	return line ? gbx_slice(line + 1, len - (size_t)(line + 1 - tail.data)) : tail;
}

int gbx_console_end(struct gbx_console *c, struct gbx_console_text *out, struct gbx_error *err)
{
	struct gbx_console_text text = {0};
	int rc = end_line(c, err);

	if (rc == 0)
		rc = search(c, true, err);
	if (rc == 0)
		rc = gbx_hash_final(c->hash, text.sha256, err);
	if (rc)
		return rc;
	text.head = head_of(c);
	text.tail = tail_of(c, text.head.len);
	text.size = c->size;
	text.secrets = c->secrets;
	*out = text;
	return 0;
}
