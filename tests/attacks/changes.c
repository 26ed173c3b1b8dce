/* Every change is found: changes BUNDLE KEY [--seed N] [--every-bit] [--flips N] [--others N]
 *
 * BUNDLE, a folder or a tar that is small, is changed in place, verified in this process, and put back: of each byte one bit (or each
 * bit), each byte left out, a byte put in at each of 500 places, and the file cut at each of 500 places. Never verified; the exit
 * status is the one that follows from where the change is, and a finding names the place: the file, in a journal the record, in the
 * form of a tar the byte. --flips N flips in one byte in N, --others N makes one in N of the other changes. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "bundle/source.h"
#include "bundle/tar.h"
#include "bundle/verify.h"
#include "trust/key.h"

enum { PLACES = 500, MOST = 64, NAME = 200 };

/* A file of the bundle: content at start of what is changed, which is the file itself or the tar. */
struct part {
	char path[NAME];  /* in the bundle */
	char title[NAME]; /* of the layer; else as path */
	bool journal, document; /* document: oci-layout and index.json */
	size_t start, len;
};

static struct {
	const char *bundle;
	struct gbx_verify_options options;
	uint64_t seed;
	unsigned flips, others;
	bool every_bit, tar;
	struct part part[MOST];
	size_t parts;
	unsigned long changes, wrong;
} g;

/* What is being changed: a file of the folder, or the tar. */
struct target {
	int fd;
	uint8_t *data, *changed;
	size_t len;
	struct part *part; /* NULL: the tar, whose parts are all */
};

struct change {
	const char *how;
	size_t at;
	int status; /* that it must have */
	bool shifts; /* what is behind it stands in another place */
};

__attribute__((noreturn)) static void stop(const char *why)
{
	fprintf(stderr, "changes: %s\n", why);
	exit(2);
}

/* splitmix64 of the seed and a place, so that each choice can be made again alone. */
static uint64_t chance(uint64_t place)
{
	uint64_t z = (g.seed ^ place) + 0x9e3779b97f4a7c15u;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

/* The start of the record in which byte `at` of a journal as it was stands; its length where at is behind the last. */
static size_t record_at(const uint8_t *journal, size_t len, size_t at)
{
	size_t start = 0;

	while (start < len) {
		size_t end = start + 16 + (size_t)gbx_get_le64(journal + start);
		if (at < end)
			return start;
		start = end;
	}
	return len;
}

/* The part that holds byte `at`, or the last before it. */
static const struct part *part_at(const struct target *t, size_t at)
{
	const struct part *p = t->part ? t->part : &g.part[0];

	for (size_t i = 0; !t->part && i < g.parts; i++)
		if (g.part[i].start <= at)
			p = &g.part[i];
	return p;
}

static bool inside(const struct part *p, size_t at)
{
	return at >= p->start && at - p->start < p->len;
}

/* A number behind "byte " that is between two places, or within two blocks of them. */
static bool names_byte(const char *detail, size_t from, size_t to)
{
	for (const char *p = strstr(detail, "byte "); p; p = strstr(p + 1, "byte ")) {
		unsigned long long n = strtoull(p + 5, NULL, 10);
		if (n + 2 * GBX_TAR_BLOCK >= from && n <= to + 2 * GBX_TAR_BLOCK)
			return true;
	}
	return false;
}

static bool row_names(const struct gbx_row *row, const struct target *t, const struct part *p, const struct change *c)
{
	char record[40];

	if (row->status == GBX_STATUS_PASS || !row->counts || !row->detail)
		return false;
	bool file = strstr(row->detail, p->title) || strstr(row->detail, p->path);
	/* What is zero, and zero again when it is moved, is noticed at its end. */
	size_t last = p == &g.part[g.parts - 1] ? t->len : p->start + p->len;
	if (!t->part && c->shifts && names_byte(row->detail, c->at, last))
		return true;
	if (!inside(p, c->at)) /* between the files of a tar, or at an end */
		return file || names_byte(row->detail, c->at, c->at);
	if (!p->journal)
		return file;
	size_t start = record_at(t->data + p->start, p->len, c->at - p->start);
	snprintf(record, sizeof record, "at byte %zu:", start);
	return file && (strstr(row->detail, record) || c->at - p->start == start);
}

static void complain(const struct gbx_report *r, const struct part *p, const struct change *c, int status, const char *why)
{
	if (g.wrong++ >= 10)
		return;
	printf("%s: %s at byte %zu (%s, byte %zu of %zu): status %d, %s\n", g.bundle, c->how, c->at, p->title, c->at - p->start, p->len, status, why);
	for (size_t i = 0; i < r->rows; i++)
		if (r->row[i].status != GBX_STATUS_PASS && r->row[i].counts)
			printf("    %s: %s\n", gbx_check_name(r->row[i].check), r->row[i].detail);
}

/* Verifies the bundle as it is now, with this change in it. */
static void judge(const struct target *t, const struct change *c)
{
	const bool require[GBX_CHECKS] = {false};
	const struct part *p = part_at(t, c->at);
	struct gbx_report report = {0};
	struct gbx_error err;
	bool named = false;

	if (gbx_verify(g.bundle, &g.options, &report, &err))
		stop(err.line);
	int status = (int)gbx_report_verdict(&report, require);
	for (size_t i = 0; i < report.rows && !named; i++)
		named = row_names(&report.row[i], t, p, c);
	g.changes++;
	if (status != c->status)
		complain(&report, p, c, status, c->status == 1 ? "expected 1" : "expected 3");
	else if (!named)
		complain(&report, p, c, status, "the place is not named");
	gbx_report_free(&report);
}

static void put(const struct target *t, const uint8_t *data, size_t len)
{
	if (pwrite(t->fd, data, len, 0) != (ssize_t)len || ftruncate(t->fd, (off_t)len))
		stop("cannot write the bundle");
}

static void put_byte(const struct target *t, size_t at, uint8_t byte)
{
	if (pwrite(t->fd, &byte, 1, (off_t)at) != 1)
		stop("cannot write the bundle");
}

/* index.json that is still one, and tells another size of the image manifest: that contradicts. Else it is malformed, or names what
 * is not there. */
static int status_of_index(const uint8_t *was, size_t was_len, const uint8_t *now, size_t now_len)
{
	static const char key[] = "\"size\":";
	const uint8_t *at = memmem(was, was_len, key, sizeof key - 1);
	size_t head = (size_t)(at - was) + sizeof key - 1, i = head;

	if (!at || now_len < head || memcmp(was, now, head) != 0)
		return 3;
	while (i < now_len && now[i] >= '0' && now[i] <= '9')
		i++;
	size_t digits = i - head, tail = now_len - i;
	bool number = digits > 0 && digits < 7 && (now[head] != '0' || digits == 1);
	return number && tail < was_len && memcmp(was + was_len - tail, now + i, tail) == 0 && was[was_len - tail - 1] >= '0' &&
			       was[was_len - tail - 1] <= '9' && was[was_len - tail] == ','
		       ? 1
		       : 3;
}

static int status_of_part(const struct target *t, const struct part *p, size_t changed_len)
{
	if (!p->document)
		return 1;
	if (strcmp(p->path, "index.json") != 0)
		return 3;
	return status_of_index(t->data + p->start, p->len, t->changed + p->start, changed_len);
}

/* A header that says another sum than its bytes have contradicts itself; in any other form than the one, it is malformed. */
static int status_of_header(const uint8_t *header)
{
	const char *said = (const char *)header + 148;
	unsigned sum = 8 * ' ';
	char *end;

	for (size_t i = 0; i < GBX_TAR_BLOCK; i++)
		sum += i < 148 || i >= 156 ? header[i] : 0;
	return strspn(said, "01234567") == 6 && said[6] == 0 && said[7] == ' ' && strtoul(said, &end, 8) != sum ? 1 : 3;
}

/* A tar whose first other byte, of those that it has left, is at `at`. What lies before is as it was, and so is the place of each file there:
 * the part that holds the byte has the status, 1 or 3, and what comes behind can add no more than 3. Between the files are zeros: 3. */
static int status_of_tar(const struct target *t, size_t at, size_t changed_len)
{
	for (size_t i = 0; i < g.parts && at < changed_len; i++) {
		const struct part *p = &g.part[i];
		if (inside(p, at))
			return status_of_part(t, p, p->len);
		if (at < p->start && at >= p->start - GBX_TAR_BLOCK)
			return status_of_header(t->changed + p->start - GBX_TAR_BLOCK);
	}
	return 3;
}

static void flip(struct target *t, size_t at, unsigned bit)
{
	const struct part *p = part_at(t, at);

	t->changed[at] ^= (uint8_t)(1u << bit);
	struct change c = {"a bit flipped", at, t->part ? status_of_part(t, p, p->len) : status_of_tar(t, at, t->len), false};
	put_byte(t, at, t->changed[at]);
	judge(t, &c);
	t->changed[at] = t->data[at];
	put_byte(t, at, t->data[at]);
}

/* The first byte that is another one than it was: one of several equal ones that is left out or doubled might as well be the last. */
static size_t first_other(const struct target *t, size_t at, size_t changed_len)
{
	while (at < t->len && at < changed_len && t->data[at] == t->changed[at])
		at++;
	return at;
}

static void leave_out(struct target *t, size_t at)
{
	size_t len = t->len - 1;

	memmove(t->changed + at, t->data + at + 1, len - at);
	put(t, t->changed, len);
	size_t other = first_other(t, at, len);
	judge(t, &(struct change){"a byte left out", other, t->part ? status_of_part(t, t->part, len) : status_of_tar(t, other, len), true});
	memcpy(t->changed + at, t->data + at, t->len - at);
	put(t, t->data, t->len);
}

static void put_in(struct target *t, size_t at)
{
	size_t len = t->len + 1;

	memmove(t->changed + at + 1, t->data + at, t->len - at);
	t->changed[at] = (uint8_t)chance(at + (1ull << 40));
	put(t, t->changed, len);
	size_t other = first_other(t, at, len);
	judge(t, &(struct change){"a byte put in", other, t->part ? status_of_part(t, t->part, len) : status_of_tar(t, other, len), true});
	memcpy(t->changed + at, t->data + at, t->len - at);
	put(t, t->data, t->len);
}

static void cut(struct target *t, size_t at)
{
	put(t, t->data, at);
	judge(t, &(struct change){"cut", at, t->part ? status_of_part(t, t->part, at) : 3, true});
	put(t, t->data, t->len);
}

static void change_all(struct target *t)
{
	size_t places = t->len < PLACES ? t->len : PLACES;

	for (size_t at = 0; at < t->len; at++) {
		unsigned first = g.every_bit ? 0 : (unsigned)(chance(at) >> 32) % 8;
		for (unsigned bit = first; bit <= (g.every_bit ? 7 : first) && chance(at) % g.flips == 0; bit++)
			flip(t, at, bit);
		if (chance(at) % g.others == 0)
			leave_out(t, at);
	}
	for (size_t i = 0; i < places; i++) {
		if (chance(i) % g.others)
			continue;
		put_in(t, i * (t->len + 1) / places);
		cut(t, i * t->len / places);
	}
}

static void change_file(const char *path, struct part *part)
{
	GBX_AUTO_BYTES struct gbx_bytes data = {0};
	struct gbx_error err;

	if (gbx_load_file(path, 1 << 20, &data, &err))
		stop(err.line);
	struct target t = {.fd = open(path, O_RDWR | O_CLOEXEC), .data = data.data, .len = data.len, .part = part};
	t.changed = gbx_calloc(1, t.len + 1);
	if (t.fd < 0 || !t.changed)
		stop("cannot change the bundle");
	memcpy(t.changed, t.data, t.len);
	change_all(&t);
	gbx_free(t.changed);
	gbx_close(&t.fd);
}

static void add_part(const char *path, const char *title, size_t len)
{
	if (g.parts == MOST)
		stop("too many files for a small bundle");
	struct part *p = &g.part[g.parts++];
	snprintf(p->path, NAME, "%s", path);
	snprintf(p->title, NAME, "%s", title);
	p->len = len;
	p->journal = strncmp(title, "journal/", 8) == 0;
	p->document = strncmp(path, "blobs/", 6) != 0;
}

static void add_blob(const uint8_t sha256[GBX_SHA256_LEN], const char *title, uint64_t len)
{
	char path[GBX_BLOB_NAME_SIZE];

	gbx_blob_name(sha256, path);
	add_part(path, title, (size_t)len);
}

static size_t size_of(const char *name)
{
	char path[4096];
	GBX_AUTO_BYTES struct gbx_bytes data = {0};
	struct gbx_error err;

	snprintf(path, sizeof path, "%s/%s", g.bundle, name);
	if (gbx_load_file(path, 1 << 20, &data, &err))
		stop(err.line);
	return data.len;
}

/* In the order of a tar: so their places in it follow. */
static void list_parts(void)
{
	GBX_AUTO_SOURCE struct gbx_source *s = NULL;
	struct gbx_error err;

	if (gbx_source_open(g.bundle, NULL, NULL, &s, &err))
		stop(err.line);
	const struct gbx_layers *layers = gbx_source_layers(s);
	add_part(GBX_LAYOUT_FILE, GBX_LAYOUT_FILE, g.tar ? 30 : size_of(GBX_LAYOUT_FILE));
	add_part(GBX_INDEX_FILE, GBX_INDEX_FILE, 0);
	add_blob(gbx_source_manifest(s)->sha256, "image manifest", gbx_source_manifest(s)->size);
	add_blob(gbx_empty_config.sha256, "config", gbx_empty_config.size);
	for (size_t i = 0; i < layers->len; i++)
		add_blob(layers->layer[i].sha256, layers->layer[i].title, layers->layer[i].size);
}

/* Sizes and places as the headers of the tar say. */
static void place_parts(void)
{
	GBX_AUTO_BYTES struct gbx_bytes tar = {0};
	struct gbx_error err;
	size_t at = 0;

	if (gbx_load_file(g.bundle, 1 << 20, &tar, &err))
		stop(err.line);
	for (size_t i = 0; i < g.parts; i++) {
		struct part *p = &g.part[i];
		if (strcmp((char *)tar.data + at, p->path) != 0)
			stop("another file in the tar than was expected");
		p->len = strtoul((char *)tar.data + at + 124, NULL, 8);
		p->start = at + GBX_TAR_BLOCK;
		at = p->start + (p->len + GBX_TAR_BLOCK - 1) / GBX_TAR_BLOCK * GBX_TAR_BLOCK;
	}
}

static void check_whole(const char *when)
{
	const bool require[GBX_CHECKS] = {false};
	struct gbx_report report = {0};
	struct gbx_error err;

	if (gbx_verify(g.bundle, &g.options, &report, &err) || gbx_report_verdict(&report, require) != GBX_VERIFIED)
		stop(when);
	gbx_report_free(&report);
}

static void change_folder(void)
{
	char path[4096];

	for (size_t i = 0; i < g.parts; i++) {
		if (!g.part[i].len)
			g.part[i].len = size_of(g.part[i].path);
		snprintf(path, sizeof path, "%s/%s", g.bundle, g.part[i].path);
		change_file(path, &g.part[i]);
	}
}

static void read_options(int argc, char **argv, uint8_t key[1][GBX_PUBLIC_KEY_LEN])
{
	struct gbx_error err;

	if (argc < 3)
		stop("changes BUNDLE KEY [--seed N] [--every-bit] [--flips N] [--others N]");
	g.bundle = argv[1];
	g.flips = g.others = 1;
	if (gbx_public_load(argv[2], key[0], &err))
		stop(err.line);
	for (int i = 3; i < argc; i++) {
		if (strcmp(argv[i], "--every-bit") == 0)
			g.every_bit = true;
		else if (i + 1 < argc && strcmp(argv[i], "--seed") == 0)
			g.seed = strtoull(argv[++i], NULL, 10);
		else if (i + 1 < argc && strcmp(argv[i], "--flips") == 0)
			g.flips = (unsigned)strtoul(argv[++i], NULL, 10);
		else if (i + 1 < argc && strcmp(argv[i], "--others") == 0)
			g.others = (unsigned)strtoul(argv[++i], NULL, 10);
		else
			stop("unknown option");
	}
	if (!g.flips || !g.others)
		stop("--flips and --others are at least 1");
	g.options = (struct gbx_verify_options){.trusted = (const uint8_t(*)[32])key, .trusted_len = 1, .asked_for_keys = true, .threads = 1};
}

int main(int argc, char **argv)
{
	static uint8_t key[1][GBX_PUBLIC_KEY_LEN];

	read_options(argc, argv, key);
	g.tar = strlen(g.bundle) > 4 && strcmp(g.bundle + strlen(g.bundle) - 4, ".tar") == 0;
	check_whole("the bundle does not verify as it is");
	list_parts();
	if (g.tar) {
		place_parts();
		change_file(g.bundle, NULL);
	} else {
		change_folder();
	}
	check_whole("the bundle does not verify any more after all changes were taken back");
	printf("%s: %zu files, %lu changes, seed %llu: %lu not found as they should be\n", g.bundle, g.parts, g.changes,
	       (unsigned long long)g.seed, g.wrong);
	return g.wrong ? 1 : 0;
}
