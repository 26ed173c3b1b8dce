#include "power.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "place.h"

enum { NAMES = 4096 };

/* A file of the store before or a name in the tree that a state comes to. */
struct name {
	char *path;
	uint64_t file; /* 0: a folder */
};

struct tree {
	struct name name[NAMES];
	size_t len;
};

struct content {
	uint64_t file;
	struct gbx_bytes bytes;
};

struct power_log {
	const char *const *below;
	struct tree before;
	struct content *content;
	size_t contents;
	const struct seam_entry **op;
	size_t ops;
	unsigned char *memory;
	bool no_syncs;
};

static void broken(const char *what)
{
	fprintf(stderr, "power: %s\n", what);
	abort();
}

static struct name *find(struct tree *t, const char *path)
{
	for (size_t i = 0; i < t->len; i++)
		if (strcmp(t->name[i].path, path) == 0)
			return &t->name[i];
	return NULL;
}

static void add(struct tree *t, const char *path, uint64_t file)
{
	if (t->len == NAMES)
		broken("too many names");
	t->name[t->len++] = (struct name){strdup(path), file};
}

static void drop(struct tree *t, const char *path)
{
	struct name *n = find(t, path);

	if (!n)
		return;
	free(n->path);
	*n = t->name[--t->len];
}

static void free_tree(struct tree *t)
{
	for (size_t i = 0; i < t->len; i++)
		free(t->name[i].path);
	t->len = 0;
}

/* Folders move with all that is in them. */
static void move(struct tree *t, const char *from, const char *to)
{
	size_t len = strlen(from);

	drop(t, to);
	for (size_t i = 0; i < t->len; i++) {
		char *path = t->name[i].path, *moved;
		if (strncmp(path, from, len) != 0 || (path[len] && path[len] != '/'))
			continue;
		moved = gbx_asprintf("%s%s", to, path + len);
		t->name[i].path = strdup(moved);
		gbx_free(moved);
		free(path);
	}
}

static void take_before(struct power_log *l, const char *path)
{
	GBX_CLEANUP(gbx_names_free) struct gbx_names names = {0};
	struct stat st;

	if (lstat(path, &st))
		return;
	add(&l->before, path, S_ISDIR(st.st_mode) ? 0 : st.st_ino);
	if (!S_ISDIR(st.st_mode)) {
		l->content = realloc(l->content, (l->contents + 1) * sizeof *l->content);
		struct content *c = &l->content[l->contents++];
		*c = (struct content){.file = st.st_ino};
		if (gbx_load_file(path, 16 << 20, &c->bytes, NULL))
			broken("a file that was there cannot be read");
		return;
	}
	if (gbx_list_dir(AT_FDCWD, path, &names, NULL))
		broken("a folder cannot be listed");
	for (size_t i = 0; i < names.len; i++) {
		GBX_AUTO_STRING char *inside = gbx_path_join(path, names.name[i]);
		take_before(l, inside);
	}
}

struct power_log *power_before(const char *const *below)
{
	struct power_log *l = calloc(1, sizeof *l);

	l->below = below;
	for (; *below; below++)
		take_before(l, place_path(*below));
	return l;
}

void power_after(struct power_log *l)
{
	size_t bytes = 0;

	for (const struct seam_entry *e = seam_log(NULL); e; e = seam_log(e)) {
		bytes += e->size;
		l->ops++;
	}
	l->memory = malloc(bytes);
	l->op = calloc(l->ops + 1, sizeof *l->op);
	if (!l->memory || !l->op)
		broken("no memory");
	bytes = l->ops = 0;
	for (const struct seam_entry *e = seam_log(NULL); e; e = seam_log(e)) {
		memcpy(l->memory + bytes, e, e->size);
		l->op[l->ops++] = (const struct seam_entry *)(l->memory + bytes);
		bytes += e->size;
	}
}

void power_free(struct power_log *l)
{
	free_tree(&l->before);
	for (size_t i = 0; i < l->contents; i++)
		gbx_bytes_free(&l->content[i].bytes);
	free(l->content);
	free(l->op);
	free(l->memory);
	free(l);
}

size_t power_ops(const struct power_log *l)
{
	return l->ops;
}

const struct seam_entry *power_op(const struct power_log *l, size_t i)
{
	return l->op[i];
}

void power_forget_syncs(struct power_log *l)
{
	l->no_syncs = true;
}

void power_swap_renames(struct power_log *l)
{
	for (size_t i = 0; i + 1 < l->ops; i++)
		if (l->op[i]->op == SEAM_OP_SYNC && l->op[i + 1]->op == SEAM_OP_RENAME) {
			const struct seam_entry *sync = l->op[i];
			l->op[i] = l->op[i + 1];
			l->op[++i] = sync;
		}
}

static bool in_folder(const struct seam_entry *e, uint32_t at, const char *folder)
{
	const char *path = seam_text(e, at), *slash = path ? strrchr(path, '/') : NULL;

	return slash && (size_t)(slash - path) == strlen(folder) && strncmp(path, folder, strlen(folder)) == 0;
}

static bool changes_names(const struct seam_entry *e)
{
	return e->path && e->op != SEAM_OP_ACK && e->op != SEAM_OP_SYNC_DIR;
}

/* One behind the last change of a name before `cut` that has to be there. */
size_t power_least_names(const struct power_log *l, size_t cut)
{
	for (size_t i = cut; i > 0 && !l->no_syncs; i--) {
		const struct seam_entry *sync = l->op[i - 1];
		if (sync->op == SEAM_OP_SYNC_ALL)
			return i - 1;
		if (sync->op != SEAM_OP_SYNC_DIR)
			continue;
		for (size_t j = i - 1; j > 0; j--) {
			const struct seam_entry *e = l->op[j - 1];
			const char *folder = seam_text(sync, sync->path);
			if (changes_names(e) && (in_folder(e, e->path, folder) || in_folder(e, e->to, folder))) {
				/* An earlier sync may have come to more. */
				size_t earlier = power_least_names(l, i - 1);
				return j > earlier ? j : earlier;
			}
		}
	}
	return 0;
}

static void apply_name(struct tree *t, const struct seam_entry *e)
{
	const char *path = seam_text(e, e->path), *to = seam_text(e, e->to);
	struct name *n;

	switch (e->op) {
	case SEAM_OP_CREATE:
		add(t, path, e->file);
		break;
	case SEAM_OP_MKDIR:
		add(t, path, 0);
		break;
	case SEAM_OP_RENAME:
		move(t, path, to);
		break;
	case SEAM_OP_LINK:
		n = find(t, path);
		if (n)
			add(t, to, n->file);
		break;
	case SEAM_OP_UNLINK:
	case SEAM_OP_RMDIR:
		drop(t, path);
		break;
	default:
		break;
	}
}

static void names_of(const struct power_log *l, size_t upto, struct tree *t)
{
	t->len = 0;
	for (size_t i = 0; i < l->before.len; i++)
		add(t, l->before.name[i].path, l->before.name[i].file);
	for (size_t i = 0; i < upto; i++)
		if (changes_names(l->op[i]))
			apply_name(t, l->op[i]);
}

static bool writes_to(const struct seam_entry *e, uint64_t file)
{
	return e->file == file && (e->op == SEAM_OP_WRITE || e->op == SEAM_OP_TRUNCATE);
}

static void set_len(struct gbx_bytes *b, size_t len)
{
	if (len > b->len) {
		if (gbx_bytes_reserve(b, len - b->len + 1, NULL))
			broken("no memory");
		memset(b->data + b->len, 0, len - b->len);
	}
	b->len = len;
}

/* zero: only the length of what it writes. */
static void apply_write(struct gbx_bytes *b, const struct seam_entry *e, size_t len, bool zero)
{
	if (e->op == SEAM_OP_TRUNCATE) {
		set_len(b, e->offset);
		return;
	}
	if (e->offset + len > b->len)
		set_len(b, e->offset + len);
	if (len && !zero)
		memcpy(b->data + e->offset, seam_text(e, e->data), len);
}

/* One behind the last sync of the file before the cut. */
static size_t synced(const struct power_log *l, uint64_t file, size_t cut)
{
	for (size_t i = cut; i > 0 && !l->no_syncs; i--)
		if (l->op[i - 1]->op == SEAM_OP_SYNC_ALL || (l->op[i - 1]->op == SEAM_OP_SYNC && l->op[i - 1]->file == file))
			return i;
	return 0;
}

static void content_of(const struct power_log *l, const struct power_state *s, uint64_t file, struct gbx_bytes *out)
{
	size_t safe = synced(l, file, s->cut), loose = 0, n = 0;
	unsigned choice = (unsigned)(file % (sizeof s->data / sizeof *s->data));

	out->len = 0;
	for (size_t i = 0; i < l->contents; i++)
		if (l->content[i].file == file && gbx_bytes_append(out, l->content[i].bytes.data, l->content[i].bytes.len, NULL))
			broken("no memory");
	for (size_t i = safe; i < s->cut; i++)
		loose += writes_to(l->op[i], file);
	size_t whole = (loose * s->data[choice].part + 254) / 255;
	for (size_t i = 0; i < s->cut; i++) {
		const struct seam_entry *e = l->op[i];
		if (!writes_to(e, file))
			continue;
		bool sure = i < safe || n < whole;
		n += i >= safe;
		if (sure)
			apply_write(out, e, e->data_len, false);
		else if (s->data[choice].tail == POWER_ZERO)
			apply_write(out, e, e->data_len, true);
		else if (s->data[choice].tail == POWER_TORN && n == whole + 1)
			apply_write(out, e, e->data_len / 2, false);
	}
}

static uint64_t mix(uint64_t h, const void *data, size_t len)
{
	const unsigned char *p = data;

	for (size_t i = 0; i < len; i++)
		h = (h ^ p[i]) * 0x100000001b3u;
	return h ^ (h >> 29);
}

/* The order of the names is none of the state. */
struct power_sums power_hash(const struct power_log *l, const struct power_state *s, const char *apart)
{
	static struct tree t;
	GBX_AUTO_BYTES struct gbx_bytes b = {0};
	struct power_sums sum = {0};
	size_t len = strlen(apart);

	names_of(l, s->names, &t);
	for (size_t i = 0; i < t.len; i++) {
		uint64_t h = mix(0xcbf29ce484222325u, t.name[i].path, strlen(t.name[i].path));
		if (t.name[i].file) {
			content_of(l, s, t.name[i].file, &b);
			h = mix(h, b.data, b.len);
		}
		*(strncmp(t.name[i].path, apart, len) == 0 ? &sum.apart : &sum.rest) += h * 0x9e3779b97f4a7c15u;
	}
	free_tree(&t);
	return sum;
}

static int by_path(const void *a, const void *b)
{
	return strcmp(((const struct name *)a)->path, ((const struct name *)b)->path);
}

static void make_file(const struct name *n, const struct gbx_bytes *b)
{
	size_t len = strlen(n->path);
	struct stat st;
	int fd = open(n->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd < 0 || (b->len && write(fd, b->data, b->len) != (ssize_t)b->len))
		broken(n->path);
	/* An owner log knows its own inode. */
	if (len > 4 && strcmp(n->path + len - 4, ".log") == 0 && fstat(fd, &st) == 0)
		seam_pretend(st.st_ino, n->file);
	close(fd);
}

void power_make(const struct power_log *l, const struct power_state *s)
{
	static struct tree t;
	GBX_AUTO_BYTES struct gbx_bytes b = {0};

	seam_pretend(0, 0);
	place_reset();
	for (const char *const *below = l->below; *below; below++)
		if (gbx_remove_tree(place_path(*below), NULL))
			broken("cannot remove a state");
	names_of(l, s->names, &t);
	qsort(t.name, t.len, sizeof *t.name, by_path);
	for (size_t i = 0; i < t.len; i++) {
		if (!t.name[i].file) {
			if (mkdir(t.name[i].path, 0700) && errno != EEXIST)
				broken(t.name[i].path);
			continue;
		}
		content_of(l, s, t.name[i].file, &b);
		make_file(&t.name[i], &b);
	}
	free_tree(&t);
}
