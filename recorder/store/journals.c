#include "store/journals.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/limits.h"
#include "base/mem.h"
#include "base/text.h"
#include "journal/reader.h"
#include "journal/streams.h"

void gbx_journals_free(struct gbx_journals *j)
{
	for (size_t i = 0; i < j->len; i++)
		gbx_free(j->journal[i].path);
	gbx_free(j->journal);
	*j = (struct gbx_journals){0};
}

char *gbx_list_path(const char *lists, const uint8_t root[GBX_SHA256_LEN])
{
	char hex[2 * GBX_SHA256_LEN + 1];

	gbx_hex(root, GBX_SHA256_LEN, hex);
	return gbx_asprintf("%s/%s.tfrecord", lists, hex);
}

/* Something that is no part of the run; the first is kept in words. */
static void strange(struct gbx_journals *j, const char *path, const char *why)
{
	char shown[160];

	if (j->strange++ == 0)
		snprintf(j->trouble, sizeof j->trouble, "'%s': %.230s", gbx_printable_in(gbx_slice_text(gbx_path_base(path)), shown, sizeof shown),
			 why);
}

static void copy_head(struct gbx_head *to, const Glassbox__Head *from)
{
	to->size = from->size;
	memcpy(to->stream, from->stream.data, GBX_STREAM_LEN);
	memcpy(to->root, from->root.data, GBX_SHA256_LEN);
}

static void take_seal(const struct gbx_record *r, struct gbx_journal *j)
{
	j->is_sealed = true;
	j->sealed_nanos = r->time_nanos;
	memcpy(j->list_root, r->body->seal->root.data, GBX_SHA256_LEN);
}

/* The last frame that its CRCs let pass; whether the chain leads to it is seen when the stream is read. */
static int find_seal(struct gbx_reader *reader, struct gbx_journal *j, struct gbx_error *err)
{
	GBX_AUTO_BYTES struct gbx_bytes last = {0};
	struct gbx_record r;
	struct gbx_slice data;
	struct gbx_error why;
	int rc = 0, read = 0;

	while (rc == 0 && (read = gbx_tfrecord_next(&reader->records, &data, &why)) == 1) {
		last.len = 0;
		rc = gbx_bytes_append(&last, data.data, data.len, err);
	}
	if (rc == 0 && gbx_is_outage(read))
		rc = gbx_fail(err, read, "%s", why.line);
	if (rc == 0 && last.len && gbx_record_decode(reader->chain.hash, gbx_slice_of(&last), &reader->memory, &r, NULL) == 0 &&
	    r.kind->kind == GLASSBOX__KIND__SEAL)
		take_seal(&r, j);
	return rc;
}

/* One file that is looked into. */
struct looking {
	const char *path;
	const uint8_t *run;
	bool alone;      /* the only journal of its folder: nothing of it can be limited, so its Seal is not looked for */
	const char *why; /* why it is no journal of the run */
};

/* 1 where the file begins with a stream-start of this run under its own name; 0 where not, and why. */
static int read_start(struct gbx_reader *reader, struct looking *at, struct gbx_journal *j, struct gbx_error *err)
{
	char name[2 * GBX_STREAM_LEN + sizeof ".tfrecord"];
	int rc = gbx_reader_next(reader, err);

	if (gbx_is_outage(rc))
		return rc;
	if (rc < 1) {
		at->why = rc ? "no intact record at its beginning: nothing in it counts" : "empty: nothing was recorded in it";
		return 0;
	}
	gbx_hex(reader->chain.stream, GBX_STREAM_LEN, name);
	strcat(name, ".tfrecord");
	at->why = memcmp(reader->chain.run, at->run, GBX_RUN_LEN) != 0 ? "a stream of another run"
		  : strcmp(name, gbx_path_base(at->path)) != 0	       ? "its stream has another id than its name says"
								       : NULL;
	if (at->why)
		return 0;
	const Glassbox__StreamStart *s = reader->record.body->stream_start;
	memcpy(j->stream.stream, reader->chain.stream, GBX_STREAM_LEN);
	j->is_lead = s->role == GLASSBOX__STREAM_START__ROLE__LEAD;
	if (s->follows)
		copy_head(&j->follows, s->follows);
	return 1;
}

static int look_into(int fd, struct looking *at, struct gbx_journal *j, struct gbx_error *err)
{
	GBX_AUTO_READER struct gbx_reader reader = {0};
	struct gbx_file_input in;

	gbx_file_input(&in, fd);
	int rc = gbx_reader_init(&reader, &in.in, err);
	if (rc == 0)
		rc = read_start(&reader, at, j, err);
	if (rc != 1)
		return rc;
	rc = j->is_lead && !at->alone ? find_seal(&reader, j, err) : 0;
	return rc ? rc : 1;
}

static int add_file(struct gbx_journals *all, struct looking *at, struct gbx_error *err)
{
	GBX_AUTO_FD int fd = -1;
	struct gbx_journal j = {0};
	struct stat st;
	struct gbx_error refused;
	int rc = gbx_grow((void **)&all->journal, &all->cap, all->len, sizeof *all->journal, err);

	if (rc)
		return rc;
	rc = gbx_open_regular_stat(AT_FDCWD, at->path, &fd, &st, &refused);
	j.bytes = rc ? 0 : (uint64_t)st.st_size;
	if (rc == 0)
		rc = look_into(fd, at, &j, &refused);
	if (rc == GBX_E_NOMEM || rc == GBX_E_CRYPTO)
		return gbx_fail(err, rc, "%s", refused.line);
	all->unreadable |= rc == GBX_E_IO;
	if (rc < 1) {
		strange(all, at->path, rc ? refused.line : at->why);
		return 0;
	}
	j.path = gbx_strdup(at->path);
	if (!j.path)
		return gbx_fail(err, GBX_E_NOMEM, "no memory for a path");
	all->journal[all->len++] = j;
	return 0;
}

static bool is_journal_name(const char *name)
{
	size_t len = strlen(name);

	return len > 9 && strcmp(name + len - 9, ".tfrecord") == 0;
}

static int by_stream(const void *a, const void *b)
{
	const struct gbx_journal *x = a, *y = b;

	return memcmp(x->stream.stream, y->stream.stream, GBX_STREAM_LEN);
}

static struct gbx_journal *find(const struct gbx_journals *all, const uint8_t stream[GBX_STREAM_LEN])
{
	struct gbx_journal key;

	memcpy(key.stream.stream, stream, GBX_STREAM_LEN);
	return all->len ? bsearch(&key, all->journal, all->len, sizeof key, by_stream) : NULL;
}

/* What others go on from counts up to there. A job's own streams are members: they say nothing of the recorder's. */
static void limit_followed(struct gbx_journals *all)
{
	for (size_t i = 0; i < all->len; i++) {
		const struct gbx_head *f = &all->journal[i].follows;
		struct gbx_journal *old = f->size ? find(all, f->stream) : NULL;
		if (!old || old == &all->journal[i] || old->is_lead != all->journal[i].is_lead)
			continue;
		if (!old->is_limited || f->size > old->limit)
			old->limit = f->size;
		old->is_limited = true;
	}
}

/* Of two lead streams that no other goes on from. */
static bool is_better(const struct gbx_journal *a, const struct gbx_journal *b)
{
	if (a->is_sealed != b->is_sealed)
		return a->is_sealed;
	if (a->is_sealed)
		return a->sealed_nanos < b->sealed_nanos;
	return a->before != b->before ? a->before > b->before : a->bytes > b->bytes;
}

/* Streams that go on from each other in a circle end this, too. */
static size_t count_before(const struct gbx_journals *all, const struct gbx_journal *j)
{
	size_t steps = 0;

	while (steps < all->len && j->follows.size && (j = find(all, j->follows.stream)))
		steps++;
	return steps;
}

/* A Seal in a stream that another goes on from does not count: the other begins before it. */
static void choose_lead(struct gbx_journals *all)
{
	all->lead = GBX_NO_JOURNAL;
	for (size_t i = 0; i < all->len; i++) {
		struct gbx_journal *j = &all->journal[i];
		if (!j->is_lead || j->is_limited)
			continue;
		j->before = count_before(all, j);
		const struct gbx_journal *best = all->lead == GBX_NO_JOURNAL ? NULL : &all->journal[all->lead];
		all->seals += j->is_sealed;
		if (!best || is_better(j, best))
			all->lead = i;
	}
	all->is_sealed = all->lead != GBX_NO_JOURNAL && all->journal[all->lead].is_sealed;
}

/* Takes the streams out that are no part of the run. */
static void leave_out(struct gbx_journals *all, bool (*belongs)(const struct gbx_journals *, const struct gbx_journal *), const char *why)
{
	size_t kept = 0, lead = all->lead;

	for (size_t i = 0; i < all->len; i++)
		all->journal[i].left_out = !belongs(all, &all->journal[i]);
	for (size_t i = 0; i < all->len; i++) {
		struct gbx_journal j = all->journal[i];
		if (i == lead)
			all->lead = kept;
		if (!j.left_out) {
			all->journal[kept++] = j;
			continue;
		}
		strange(all, j.path, why);
		gbx_free(j.path);
	}
	all->len = kept;
}

/* A member, the lead, or a stream that the lead goes on from; streams that go on from each other in a circle end it, too. */
static bool leads_here(const struct gbx_journals *all, const struct gbx_journal *j)
{
	const struct gbx_journal *at = all->lead == GBX_NO_JOURNAL ? NULL : &all->journal[all->lead];

	for (size_t steps = 0; at && steps < all->len && at != j; steps++)
		at = at->follows.size ? find(all, at->follows.stream) : NULL;
	return !j->is_lead || at == j;
}

/* Takes the sizes of the list, and its root. */
static int read_list(struct gbx_journals *all, const char *path, uint8_t root[GBX_SHA256_LEN], struct gbx_error *err)
{
	GBX_AUTO_TFRECORD struct gbx_tfrecord_reader list = {0};
	GBX_AUTO_HASH struct gbx_hash *h = NULL;
	GBX_AUTO_FD int fd = -1;
	struct gbx_file_input in;
	struct gbx_tree tree = {0};
	struct gbx_stream_entry e;
	struct gbx_slice data;
	uint8_t leaf[GBX_SHA256_LEN];
	int rc = gbx_open_regular(AT_FDCWD, path, &fd, err);

	gbx_file_input(&in, fd);
	if (rc == 0)
		rc = gbx_hash_new(&h, GBX_SHA256, err);
	if (rc == 0)
		rc = gbx_tfrecord_reader_init(&list, &in.in, GBX_LIMIT_RECORD, err);
	while (rc == 0 && (rc = gbx_tfrecord_next(&list, &data, err)) == 1) {
		rc = gbx_stream_entry_read(data, &e, err);
		if (rc == 0)
			rc = gbx_stream_leaf(h, &e, leaf, err);
		if (rc == 0)
			rc = gbx_tree_append(&tree, h, leaf, err);
		struct gbx_journal *j = rc == 0 ? find(all, e.head.stream) : NULL;
		if (j)
			j->stream.size = e.head.size;
	}
	return rc ? rc : gbx_tree_root(&tree, h, root, err);
}

static bool is_listed(const struct gbx_journals *all, const struct gbx_journal *j)
{
	(void)all;
	return j->stream.size != 0;
}

bool gbx_list_is(const char *path, const uint8_t root[GBX_SHA256_LEN])
{
	struct gbx_journals none = {0};
	struct gbx_error ignored;
	uint8_t is[GBX_SHA256_LEN];

	return read_list(&none, path, is, &ignored) == 0 && memcmp(is, root, sizeof is) == 0;
}

/* The sealed list rules: what it does not name is no part of the run. The lead itself ends with its Seal. */
static void limit_sealed(struct gbx_journals *all, const char *lists, struct gbx_error *err)
{
	const struct gbx_journal *lead = &all->journal[all->lead];
	GBX_AUTO_STRING char *path = gbx_list_path(lists, lead->list_root);
	uint8_t root[GBX_SHA256_LEN];

	int rc = path ? read_list(all, path, root, err) : GBX_E_NOMEM;
	if (rc || memcmp(root, lead->list_root, sizeof root) != 0) {
		all->unlisted = true;
		all->unreadable |= gbx_is_outage(rc);
		strange(all, path ? path : lists, "the sealed list of streams is missing, or not the one that the Seal names");
		return;
	}
	for (size_t i = 0; i < all->len; i++) {
		all->journal[i].is_limited = i != all->lead;
		all->journal[i].limit = all->journal[i].stream.size;
	}
	leave_out(all, is_listed, "its stream is not in the sealed list, and no part of the run");
}

static int find_all(const char *dir, const char *lists, const uint8_t run[GBX_RUN_LEN], struct gbx_journals *all, struct gbx_error *err)
{
	GBX_CLEANUP(gbx_names_free) struct gbx_names names = {0};
	struct gbx_error ignored;
	size_t journals = 0;
	int rc = gbx_list_dir(AT_FDCWD, dir, &names, err);

	if (rc == GBX_E_NOTFOUND)
		rc = 0;
	for (size_t i = 0; i < names.len; i++)
		journals += is_journal_name(names.name[i]);
	for (size_t i = 0; rc == 0 && i < names.len; i++) {
		if (!is_journal_name(names.name[i]))
			continue;
		GBX_AUTO_STRING char *path = gbx_path_join(dir, names.name[i]);
		struct looking at = {.path = path, .run = run, .alone = journals == 1};
		rc = path ? add_file(all, &at, err) : gbx_fail(err, GBX_E_NOMEM, "no memory for a path");
	}
	if (rc)
		return rc;
	if (all->len)
		qsort(all->journal, all->len, sizeof *all->journal, by_stream);
	limit_followed(all);
	choose_lead(all);
	if (all->is_sealed)
		limit_sealed(all, lists, &ignored);
	else
		leave_out(all, leads_here, "a lead stream that the run's own does not go on from: of a recovery that was not finished, or of one elsewhere");
	return 0;
}

int gbx_journals_find(const char *dir, const char *lists, const uint8_t run[GBX_RUN_LEN], struct gbx_journals *out, struct gbx_error *err)
{
	struct gbx_journals all = {0};
	int rc = find_all(dir, lists, run, &all, err);

	if (rc)
		gbx_journals_free(&all);
	else
		*out = all;
	return rc;
}
