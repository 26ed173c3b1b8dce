#include "run/collect.h"

#include <fcntl.h>
#include <stdio.h>

#include "base/limits.h"
#include "base/mem.h"
#include "run/orphans.h"
#include "run/recover.h"
#include "run/remove.h"
#include "run/snapshots.h"
#include "store/hold.h"
#include "store/removed.h"
#include "store/usage.h"

#define GIT_DEADLINE_MS 600000u
/* The longest a stream can be that was torn while its first record was written: nothing in it was ever acknowledged. */
#define TORN_START 1024u

struct collector {
	const struct gbx_store *store;
	bool dry_run;
	void (*say)(const char *line);
	uint64_t keep_from;
	struct gbx_snapshots snapshots;
	struct gbx_names sealed, unbegun; /* unbegun: old enough to go */
	struct gbx_collected done;
};

static void free_collector(struct collector *c)
{
	gbx_snapshots_free(&c->snapshots);
	gbx_names_free(&c->sealed);
	gbx_names_free(&c->unbegun);
}

/* Whether a run's folder is one in which no record ever was: no journal longer than a torn first record. */
static bool never_began(const struct gbx_store *s, const char *run)
{
	GBX_AUTO_STRING char *dir = gbx_run_path(s, run, "journal");
	GBX_CLEANUP(gbx_names_free) struct gbx_names names = {0};
	struct stat st;

	int rc = dir ? gbx_list_dir(AT_FDCWD, dir, &names, NULL) : GBX_E_NOMEM;
	if (rc && rc != GBX_E_NOTFOUND)
		return false;
	for (size_t i = 0; i < names.len; i++) {
		GBX_AUTO_STRING char *path = gbx_path_join(dir, names.name[i]);
		if (!path || gbx_lstat(path, &st, NULL) || !S_ISREG(st.st_mode) || st.st_size > TORN_START)
			return false;
	}
	return true;
}

static int take_unbegun(struct collector *c, const char *run, struct gbx_error *err)
{
	GBX_AUTO_STRING char *dir = gbx_run_path(c->store, run, NULL);
	struct stat st;

	if (!dir)
		return gbx_fail(err, GBX_E_NOMEM, "no memory for a path");
	if (gbx_lstat(dir, &st, NULL) || gbx_mtime_nanos(&st) >= c->keep_from)
		return 0;
	return gbx_names_add(&c->unbegun, run, err);
}

/* What lies behind damage is not read, and may name what would be deleted. A torn tail was acknowledged to nobody. */
static int check_whole(const struct gbx_run_view *v, struct gbx_error *err)
{
	bool damaged = v->unreadable || v->strange;

	for (size_t i = 0; i < v->streams; i++)
		damaged |= v->stream[i].damage.intact > 0;
	return damaged ? gbx_fail(err, GBX_E_REFUSED, "run %s cannot be read to its end, so what it needs is not known; 'glassbox show %s' says "
				  "more", v->run, v->run) : 0;
}

static int check_state(const struct gbx_run_view *v, struct gbx_error *err)
{
	if (v->state == GBX_RUNNING || gbx_run_job_lives(v))
		return gbx_fail(err, GBX_E_REFUSED, "run %s is running: gc has to wait until it has ended", v->run);
	if (v->state == GBX_SILENT)
		return gbx_fail(err, GBX_E_REFUSED, "run %s has no end, and whether it still runs cannot be seen from here: gc has to wait; "
				"if it does not: glassbox seal %s --dead", v->run, v->run);
	return check_whole(v, err);
}

static int look_at(struct collector *c, const char *run, struct gbx_error *err)
{
	GBX_CLEANUP(gbx_run_view_free) struct gbx_run_view v = {0};
	int rc = gbx_run_scan(c->store, run, gbx_snapshots_take, &c->snapshots, &v, err);

	if (rc)
		return rc;
	if (v.records == 0 && never_began(c->store, run))
		return take_unbegun(c, run, err);
	rc = check_state(&v, err);
	if (rc == 0)
		rc = gbx_snapshots_take_ref(&c->snapshots, c->store, run, err);
	return rc == 0 && v.state == GBX_SEALED ? gbx_names_add(&c->sealed, run, err) : rc;
}

/* All runs are looked at before anything is deleted. */
static int look(struct collector *c, struct gbx_error *err)
{
	GBX_CLEANUP(gbx_names_free) struct gbx_names runs = {0}, again = {0};
	int rc = gbx_run_names(c->store, &runs, err);

	for (size_t i = 0; rc == 0 && i < runs.len; i++)
		rc = look_at(c, runs.name[i], err);
	if (rc == 0)
		rc = gbx_run_names(c->store, &again, err);
	if (rc == 0 && (again.len != runs.len || (runs.len && strcmp(again.name[runs.len - 1], runs.name[runs.len - 1]) != 0)))
		return gbx_fail(err, GBX_E_REFUSED, "store '%s': a run began meanwhile; gc has to wait until it has ended", c->store->path);
	return rc;
}

static int collect_files(struct collector *c, struct gbx_error *err)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < c->sealed.len; i++) {
		struct gbx_orphans o = {.store = c->store, .run = c->sealed.name[i], .keep_from = c->keep_from, .remove = !c->dry_run};
		rc = gbx_orphans_collect(&o, err);
		c->done.files.count += o.count;
		c->done.files.bytes += o.bytes;
	}
	return rc;
}

static int collect_ring(struct collector *c, const char *run, const char *ring, struct gbx_error *err)
{
	GBX_AUTO_STRING char *name = gbx_path_join("journal", ring);
	GBX_AUTO_STRING char *path = name ? gbx_run_path(c->store, run, name) : NULL;
	struct stat st;
	int rc = path ? gbx_lstat(path, &st, err) : gbx_fail(err, GBX_E_NOMEM, "no memory for a path");

	if (rc || gbx_mtime_nanos(&st) >= c->keep_from)
		return rc;
	c->done.rings.count++;
	c->done.rings.bytes += (uint64_t)st.st_size;
	return c->dry_run ? 0 : gbx_unlink(path, err);
}

static int collect_rings(struct collector *c, struct gbx_error *err)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < c->sealed.len; i++) {
		GBX_CLEANUP(gbx_names_free) struct gbx_names spent = {0};
		rc = gbx_spent_rings(c->store, c->sealed.name[i], &spent, err);
		for (size_t r = 0; rc == 0 && r < spent.len; r++)
			rc = collect_ring(c, c->sealed.name[i], spent.name[r], err);
	}
	return rc;
}

static int collect_objects(struct collector *c, struct gbx_error *err)
{
	struct gbx_code_use use;
	struct gbx_code_tidy o = {
		.store = c->store->path, .tree = c->snapshots.tree, .trees = c->snapshots.len, .runs = c->snapshots.run + 1,
		.keep_from = c->keep_from, .remove = !c->dry_run, .deadline_ms = GIT_DEADLINE_MS,
	};
	int rc = gbx_code_tidy(&o, &use, NULL, err);

	if (rc)
		return gbx_fail_context(err, "the git objects of the store");
	c->done.objects = (struct gbx_usage){use.unneeded, use.freed};
	return 0;
}

static int collect_removed(struct collector *c, struct gbx_error *err)
{
	GBX_CLEANUP(gbx_names_free) struct gbx_names names = {0};
	int rc = gbx_removed_names(c->store, &names, err);

	for (size_t i = 0; rc == 0 && i < names.len; i++) {
		GBX_AUTO_STRING char *path = gbx_removed_path(c->store, names.name[i], NULL);
		struct gbx_usage use = {0, 0};
		if (!gbx_removed_unfinished(c->store, names.name[i]))
			continue;
		rc = path ? gbx_usage_of(path, &use, err) : gbx_fail(err, GBX_E_NOMEM, "no memory for a path");
		c->done.removed.count++;
		c->done.removed.bytes += use.bytes;
		if (rc == 0 && !c->dry_run)
			rc = gbx_remove_rest(c->store, names.name[i], c->say, err);
	}
	return rc;
}

static int collect_unbegun(struct collector *c, struct gbx_error *err)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < c->unbegun.len; i++) {
		GBX_AUTO_STRING char *path = gbx_run_path(c->store, c->unbegun.name[i], NULL);
		struct gbx_usage use = {0, 0};
		rc = path ? gbx_usage_of(path, &use, err) : gbx_fail(err, GBX_E_NOMEM, "no memory for a path");
		c->done.runs.count++;
		c->done.runs.bytes += use.bytes;
		if (rc == 0 && !c->dry_run)
			rc = gbx_remove_tree(path, err);
	}
	return rc;
}

int gbx_collect(const struct gbx_store *s, bool dry_run, void (*say)(const char *line), struct gbx_collected *out,
		struct gbx_error *err)
{
	GBX_AUTO_HOLD struct gbx_hold hold = GBX_HOLD_NONE;
	GBX_CLEANUP(free_collector) struct collector c = {
		.store = s, .dry_run = dry_run, .say = say, .keep_from = gbx_now_nanos() - (uint64_t)GBX_COLLECT_GRACE_SECONDS * 1000000000u,
	};
	int rc = gbx_hold_alone(s, &hold, err);

	if (rc == 0)
		rc = look(&c, err);
	if (rc == 0)
		rc = collect_objects(&c, err);
	if (rc == 0)
		rc = collect_files(&c, err);
	if (rc == 0)
		rc = collect_rings(&c, err);
	if (rc == 0)
		rc = collect_removed(&c, err);
	if (rc == 0)
		rc = collect_unbegun(&c, err);
	if (rc == 0)
		rc = gbx_temporary_collect(s->path, c.keep_from, !dry_run, &c.done.temporary, err);
	if (rc == 0)
		*out = c.done;
	return rc;
}
