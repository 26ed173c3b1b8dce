/* Named roots: a home folder, user or machine name in a path stands in one record, which can be withheld, and in no other.
 * Declared in recorder.h. */
#include "base/mem.h"
#include "run/recorder.h"

int gbx_shuffle(size_t *index, size_t n, struct gbx_error *err)
{
	for (size_t i = 0; i < n; i++)
		index[i] = i;
	uint64_t random[64];
	for (size_t i = n; i > 1; i--) {
		/* One call of the system for 64 of them. */
		size_t at = (n - i) % 64;
		int rc = at ? 0 : gbx_random(random, sizeof random, err);
		if (rc)
			return rc;
		size_t j = (size_t)(random[at] % i);
		size_t was = index[i - 1];
		index[i - 1] = index[j];
		index[j] = was;
	}
	return 0;
}

static int add_root(struct gbx_recorder *r, const char *name, const char *path, struct gbx_error *err)
{
	int rc = gbx_grow((void **)&r->root, &r->roots_cap, r->roots, sizeof *r->root, err);

	if (rc)
		return rc;
	struct gbx_root root = {gbx_strdup(name), gbx_strdup(path), false};
	if (!root.name || !root.path) {
		gbx_free(root.name);
		gbx_free(root.path);
		return gbx_fail(err, GBX_E_NOMEM, "no memory for a root");
	}
	r->root[r->roots++] = root;
	return 0;
}

int gbx_add_root(struct gbx_recorder *r, const char *name, const char *path, struct gbx_error *err)
{
	pthread_mutex_lock(&r->roots_lock);
	int rc = add_root(r, name, path, err);
	pthread_mutex_unlock(&r->roots_lock);
	return rc;
}

static bool has_path(const struct gbx_recorder *r, const char *path)
{
	for (size_t i = 0; i < r->roots; i++)
		if (strcmp(r->root[i].path, path) == 0)
			return true;
	return false;
}

static bool is_ours(struct gbx_slice name)
{
	return gbx_slice_is(name, "repo") || gbx_slice_is(name, "cwd") || gbx_slice_is(name, "home") || gbx_slice_is(name, "config") ||
	       gbx_slice_is(name, "data") || gbx_slice_is(name, "output");
}

int gbx_root_parse(const char *said, struct gbx_slice *name, const char **path, struct gbx_error *err)
{
	size_t len = strspn(said, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.");
	char shown[200];

	if (len == 0 || len > 100 || said[len] != '=' || said[len + 1] != '/' || is_ours(gbx_slice(said, len)))
		return gbx_fail(err, GBX_E_USAGE, "--root '%s': expected NAME=DIR with an absolute path, and another name than repo, cwd, home, config, data and output",
				gbx_printable_in(gbx_slice_text(said), shown, sizeof shown));
	*name = gbx_slice(said, len);
	*path = said + len + 1;
	return 0;
}

int gbx_add_named_root(struct gbx_recorder *r, const char *said, struct gbx_error *err)
{
	struct gbx_slice name;
	const char *path;
	GBX_AUTO_STRING char *real = NULL;
	struct gbx_error ignored;
	int rc = gbx_root_parse(said, &name, &path, err);

	if (rc)
		return rc;
	/* Through the system, as declared paths are; one that is not there yet has no other name. */
	const char *known = gbx_realpath(path, &real, &ignored) == 0 ? real : path;
	/* Of two names the first stays: paths below are told from one. */
	if (strcmp(known, "/") == 0 || has_path(r, known))
		return 0;
	GBX_AUTO_STRING char *text = gbx_memdup(name.data, name.len);
	return text ? gbx_add_root(r, text, known, err) : gbx_fail(err, GBX_E_NOMEM, "no memory for a root");
}

int gbx_hide(const struct gbx_recorder *r, const char *text, char **out, struct gbx_error *err)
{
	GBX_AUTO_BYTES struct gbx_bytes clean = {0};
	size_t hits = 0;
	int rc = gbx_secrets_mask(r->scanner, gbx_slice_text(text), &clean, &hits, err);

	*out = NULL;
	if (rc == 0 && hits == 0)
		return 0;
	*out = rc == 0 ? gbx_memdup(clean.data, clean.len) : NULL;
	return 1;
}

/* Text as it is, or what is left of it without its secrets, which r keeps. */
static int clean(struct gbx_recorder *r, const char *text, const char **out, struct gbx_error *err)
{
	char *hidden;

	*out = text;
	if (gbx_hide(r, text, &hidden, err) == 0)
		return 0;
	int rc = hidden ? gbx_grow((void **)&r->kept, &r->kepts_cap, r->kepts, sizeof *r->kept, err) : gbx_fail(err, GBX_E_NOMEM, "no memory for a path");
	if (rc) {
		gbx_free(hidden);
		return rc;
	}
	*out = r->kept[r->kepts++] = hidden;
	gbx_put_gap(r, GLASSBOX__GAP__KIND__ENVIRONMENT, GLASSBOX__GAP__REASON__SECRET, 1, NULL);
	return 0;
}

static void put_root(struct gbx_recorder *r, struct gbx_root *root)
{
	Glassbox__Body body = GLASSBOX__BODY__INIT;
	Glassbox__Root message = GLASSBOX__ROOT__INIT;

	const char *path;
	struct gbx_error err;

	if (root->recorded)
		return;
	if (clean(r, root->path, &path, &err)) {
		gbx_put_gap(r, GLASSBOX__GAP__KIND__ENVIRONMENT, gbx_gap_reason(&err), 1, NULL);
		return;
	}
	message.name = root->name;
	message.path = gbx_pb_bytes(path, strlen(path));
	body.body_case = GLASSBOX__BODY__BODY_ROOT;
	body.root = &message;
	root->recorded = gbx_put(r, &body, NULL);
}

static void put_roots(struct gbx_recorder *r)
{
	size_t order[64];
	struct gbx_error ignored;
	size_t n = r->roots < 64 ? r->roots : 64;

	/* Without randomness in the plain order. */
	if (gbx_shuffle(order, n, &ignored))
		for (size_t i = 0; i < n; i++)
			order[i] = i;
	for (size_t i = 0; i < n; i++)
		put_root(r, &r->root[order[i]]);
	for (size_t i = n; i < r->roots; i++)
		put_root(r, &r->root[i]);
}

void gbx_put_roots(struct gbx_recorder *r)
{
	pthread_mutex_lock(&r->roots_lock);
	put_roots(r);
	pthread_mutex_unlock(&r->roots_lock);
}

static struct gbx_root *deepest(const struct gbx_recorder *r, const char *path)
{
	struct gbx_root *best = NULL;

	for (size_t i = 0; i < r->roots; i++) {
		struct gbx_root *root = &r->root[i];
		if (gbx_path_under(path, root->path) && (!best || strlen(root->path) > strlen(best->path)))
			best = root;
	}
	return best;
}

static int relate(struct gbx_recorder *r, const struct gbx_root *root, const char *path, Glassbox__Path *out, struct gbx_error *err)
{
	const char *under;
	int rc = clean(r, gbx_path_under(path, root ? root->path : "/"), &under, err);

	if (rc)
		return rc;
	glassbox__path__init(out);
	out->root = root ? root->name : (char *)(uintptr_t) "/";
	out->path = gbx_pb_bytes(under, strlen(under));
	return 0;
}

static int locate(struct gbx_recorder *r, const char *path, const char *base, const char *name, Glassbox__Path *out, struct gbx_error *err)
{
	struct gbx_root *root = deepest(r, path);

	if (!root) {
		int rc = add_root(r, name, base, err);
		if (rc)
			return rc;
		root = &r->root[r->roots - 1];
	}
	/* Nobody can read a path below a root that no record tells of. */
	put_root(r, root);
	if (!root->recorded)
		return gbx_fail(err, GBX_E_IO, "the root '%s' could not be recorded", root->name);
	return relate(r, root, path, out, err);
}

int gbx_locate(struct gbx_recorder *r, const char *path, const char *name, Glassbox__Path *out, struct gbx_error *err)
{
	pthread_mutex_lock(&r->roots_lock);
	int rc = locate(r, path, path, name, out, err);
	pthread_mutex_unlock(&r->roots_lock);
	return rc;
}

int gbx_relate(struct gbx_recorder *r, const char *path, Glassbox__Path *out, struct gbx_error *err)
{
	pthread_mutex_lock(&r->roots_lock);
	int rc = relate(r, deepest(r, path), path, out, err);
	pthread_mutex_unlock(&r->roots_lock);
	return rc;
}

/* Folders that are the same on many machines, and say nothing of who uses them. */
static bool is_system(const char *path)
{
	static const char *const folders[] = {"/usr", "/lib", "/lib32", "/lib64", "/libx32", "/bin", "/sbin", "/opt", "/etc", "/var/lib", "/nix/store"};

	for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
		if (gbx_path_under(path, folders[i]))
			return true;
	return false;
}

int gbx_locate_software(struct gbx_recorder *r, const char *path, const char *base, const char *kind, Glassbox__Path *out, struct gbx_error *err)
{
	size_t len = strlen(kind);
	unsigned n = 1;
	int rc = 0;

	pthread_mutex_lock(&r->roots_lock);
	if (!deepest(r, path) && is_system(path)) {
		glassbox__path__init(out);
		out->root = (char *)(uintptr_t) "/";
		out->path = gbx_pb_bytes(path + 1, strlen(path + 1));
	} else {
		for (size_t i = 0; i < r->roots; i++)
			n += strncmp(r->root[i].name, kind, len) == 0 && r->root[i].name[len] == '/';
		GBX_AUTO_STRING char *name = gbx_asprintf("%s/%u", kind, n);
		rc = name ? locate(r, path, base, name, out, err) : gbx_fail(err, GBX_E_NOMEM, "no memory for a root");
	}
	pthread_mutex_unlock(&r->roots_lock);
	return rc;
}
