#include "run/remove.h"

#include <stdio.h>

#include "base/mem.h"
#include "capture/tidy.h"
#include "run/sign.h"
#include "store/hold.h"
#include "store/removed.h"
#include "store/runs.h"

#define REFS_DEADLINE_MS 5000u

/* A run that cannot be read is taken for one of which nobody can say whether it lives. */
static int look(const struct gbx_store *s, const char *run, enum gbx_run_state *state, bool *job_lives, struct gbx_error *err)
{
	GBX_CLEANUP(gbx_run_view_free) struct gbx_run_view v = {0};
	struct gbx_error why;
	int rc = gbx_run_scan(s, run, NULL, NULL, &v, &why);

	*state = rc ? GBX_SILENT : v.state;
	*job_lives = rc == 0 && gbx_run_job_lives(&v);
	return gbx_is_outage(rc) ? gbx_fail(err, rc, "%s", why.line) : 0;
}

static int check_alive(const struct gbx_store *s, const char *run, bool dead, struct gbx_error *err)
{
	enum gbx_run_state state;
	bool job_lives;
	int rc = look(s, run, &state, &job_lives, err);

	if (rc)
		return rc;
	if (state == GBX_RUNNING)
		return gbx_fail(err, GBX_E_REFUSED, "run %s is running; it can be removed when its job has ended", run);
	if (job_lives && !dead)
		return gbx_fail(err, GBX_E_REFUSED,
				"run %s: its recorder is gone, and its job still runs; remove it when that has ended, or with --dead", run);
	if (state == GBX_SILENT && !dead)
		return gbx_fail(err, GBX_E_REFUSED,
				"run %s has no end, and whether it still runs cannot be seen from here; if it does not: glassbox rm %s --dead", run,
				run);
	return 0;
}

static bool is_published(const struct gbx_store *s, const char *run)
{
	GBX_AUTO_STRING char *first = gbx_run_path(s, run, "publication/1.json");

	return first && gbx_exists(first);
}

int gbx_remove_check(const struct gbx_store *s, const char *run, const struct gbx_remove_options *o, bool *needs_key,
		     struct gbx_error *err)
{
	bool known = false;
	int rc = check_alive(s, run, o->dead, err);

	if (rc == 0)
		rc = gbx_sign_known(s, run, &known, err);
	if (rc)
		return rc;
	if (!o->force && is_published(s, run))
		return gbx_fail(err, GBX_E_REFUSED, "run %s was published: who has a bundle keeps it, and no other can be made when the run is gone; "
				"if that is meant: glassbox rm %s --force", run, run);
	if (!o->force && known)
		return gbx_fail(err, GBX_E_REFUSED, "run %s is signed: the owner log goes on holding it, and will say that it was removed; if that "
				"is meant: glassbox rm %s --force", run, run);
	*needs_key = known;
	return 0;
}

static void tell(void (*say)(const char *), const char *run, const char *where, const struct gbx_error *why)
{
	char line[1600];

	if (!say)
		return;
	snprintf(line, sizeof line, "run %s: its ref in %s stays (%s); to delete it: git update-ref -d refs/glassbox/runs/%s", run, where,
		 why->line, run);
	say(line);
}

int gbx_remove_rest(const struct gbx_store *s, const char *run, void (*say)(const char *), struct gbx_error *err)
{
	struct gbx_code_forget forget = {.store = s->path, .run = run, .deadline_ms = REFS_DEADLINE_MS};
	struct gbx_error why;

	/* The repository around the store, the only one in which a run ever has a ref. */
	if (gbx_code_forget(&forget, &why))
		tell(say, run, "the repository", &why);
	return gbx_removed_finish(s, run, err);
}

int gbx_remove_run(const struct gbx_store *s, const char *run, const struct gbx_remove_options *o, struct gbx_error *err)
{
	GBX_AUTO_HOLD struct gbx_hold hold = GBX_HOLD_NONE;
	GBX_AUTO_BYTES struct gbx_bytes proof = {0};
	bool needs_key;
	int rc = gbx_hold_run(s, run, &hold, err);

	if (rc == 0)
		rc = gbx_remove_check(s, run, o, &needs_key, err);
	if (rc)
		return rc;
	if (needs_key && !o->id)
		return gbx_fail(err, GBX_E_USAGE, "run %s is signed; its removal needs the key", run);
	if (needs_key)
		rc = gbx_sign_removed(s, run, o->id, &proof, err);
	if (rc == 0)
		rc = gbx_removed_bury(s, run, gbx_slice_of(&proof), err);
	return rc ? rc : gbx_remove_rest(s, run, o->say, err);
}
