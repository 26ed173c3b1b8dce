#include "store/index.h"

#include <stdio.h>

#include "base/mem.h"
#include "store/index_parts.h"
#include "store/schema.h"

void gbx_index_close(struct gbx_index **index)
{
	struct gbx_index *i = *index;

	if (!i)
		return;
	gbx_db_close(&i->db);
	gbx_free(i->folder);
	gbx_free(i->failure);
	gbx_free(i);
	*index = NULL;
}

const struct gbx_index_failure *gbx_index_failures(const struct gbx_index *index, size_t *count)
{
	*count = index->failures;
	return index->failure;
}

static int bring(struct gbx_index *index, struct gbx_error *err)
{
	int rc = gbx_index_file_open(index, err);

	return rc ? rc : gbx_index_update(index, err);
}

static void say(const struct gbx_index *index, const struct gbx_error *why, const char *what)
{
	char line[sizeof why->line + 512], shown[400];

	snprintf(line, sizeof line, "the index in '%s' %s: %s", gbx_printable_in(gbx_slice_text(index->folder), shown, sizeof shown), what,
		 why->line);
	if (index->say)
		index->say(line);
}

static bool is_of_the_index(int rc)
{
	return rc == GBX_E_MALFORMED || rc == GBX_E_IO || rc == GBX_E_TIMEOUT || rc == GBX_E_VERSION;
}

/* After a failure: a damaged index is replaced, once; with everything else that is wrong with it, the answers come from memory. */
static int mend(struct gbx_index *index, const struct gbx_error *why, struct gbx_error *err)
{
	struct gbx_error again = *why;
	int rc = why->code;

	if (rc == GBX_E_MALFORMED && index->folder && !index->replaced) {
		say(index, why, "is damaged and is made anew");
		index->replaced = true;
		rc = gbx_index_file_replace(index, &again);
		if (rc == 0)
			rc = bring(index, &again);
		if (!is_of_the_index(rc)) {
			if (rc && err)
				*err = again;
			return rc;
		}
	}
	if (!index->folder)
		return gbx_fail(err, rc, "%s", again.line);
	say(index, &again, rc == GBX_E_VERSION ? "was made by a newer glassbox and is left as it is; the journals are read"
					       : "cannot be used; the journals are read");
	gbx_db_close(&index->db);
	gbx_free(index->folder);
	index->folder = NULL;
	return bring(index, err);
}

int gbx_index_open(const struct gbx_store *s, const struct gbx_index_options *o, struct gbx_index **out, struct gbx_error *err)
{
	GBX_AUTO_INDEX struct gbx_index *index = gbx_calloc(1, sizeof *index);
	struct gbx_error why;

	if (!index)
		return gbx_fail(err, GBX_E_NOMEM, "no memory for an index");
	index->store = s;
	index->say = o->say;
	int rc = gbx_index_place(s, o->cache, &index->folder, err);
	if (rc)
		return rc;
	rc = bring(index, &why);
	if (is_of_the_index(rc))
		rc = mend(index, &why, err);
	else if (rc && err)
		*err = why;
	if (rc)
		return rc;
	*out = index;
	index = NULL;
	return 0;
}

static int list(struct gbx_index *index, const struct gbx_index_query *q, struct gbx_index_list *out, struct gbx_error *err)
{
	struct gbx_index_list found = {0};
	int rc = gbx_index_read_list(index, q, &found, err);

	if (rc == 0)
		rc = gbx_index_look_signed(index, &found, err);
	if (rc)
		gbx_index_list_free(&found);
	else
		*out = found;
	return rc;
}

int gbx_index_list(struct gbx_index *index, const struct gbx_index_query *q, struct gbx_index_list *out, struct gbx_error *err)
{
	struct gbx_error why;
	int rc = list(index, q, out, &why);

	if (is_of_the_index(rc)) {
		rc = mend(index, &why, err);
		return rc ? rc : list(index, q, out, err);
	}
	if (rc && err)
		*err = why;
	return rc;
}

int gbx_index_newest(struct gbx_index *index, const char *name, const char *repo, char run[GBX_ULID_TEXT + 1], struct gbx_error *err)
{
	struct gbx_error why;
	int rc = gbx_index_read_newest(index->db, name, repo, run, &why);

	if (is_of_the_index(rc)) {
		rc = mend(index, &why, err);
		return rc ? rc : gbx_index_read_newest(index->db, name, repo, run, err);
	}
	if (rc && err)
		*err = why;
	return rc;
}

static int fill(struct gbx_index *index, struct gbx_index_built *built, struct gbx_error *err)
{
	int64_t count;
	int rc = gbx_index_update(index, err);

	if (rc == 0)
		rc = gbx_db_number(index->db, "SELECT count(*) FROM run", &count, err);
	if (rc == 0)
		*built = (struct gbx_index_built){(uint64_t)count, index->failures};
	return rc;
}

/* What is there is looked at for one thing only: whether a newer program made it. */
static int check_newer(struct gbx_index *index, struct gbx_error *err)
{
	struct gbx_error why;
	int rc = gbx_index_file_open(index, &why);

	gbx_db_close(&index->db);
	if (rc != GBX_E_VERSION)
		return 0;
	return gbx_fail(err, GBX_E_REFUSED, "the index in '%s' was made by a newer glassbox (%s) and is left as it is: run that, or remove the file", index->folder, why.line);
}

int gbx_index_rebuild(const struct gbx_store *s, const struct gbx_index_options *o, struct gbx_index_built *built, struct gbx_error *err)
{
	GBX_AUTO_INDEX struct gbx_index *index = gbx_calloc(1, sizeof *index);
	GBX_AUTO_STRING char *path = NULL;

	if (!index)
		return gbx_fail(err, GBX_E_NOMEM, "no memory for an index");
	index->store = s;
	index->say = o->say;
	int rc = gbx_index_place(s, o->cache, &index->folder, err);
	if (rc == 0 && !index->folder)
		rc = gbx_fail(err, GBX_E_IO, "there is no place for an index: neither '%s' nor a cache folder of this machine can be written; expected one that you may write to", s->path);
	if (rc == 0)
		rc = check_newer(index, err);
	if (rc == 0)
		rc = gbx_index_file_begin(index, &path, err);
	if (rc)
		return rc;
	rc = fill(index, built, err);
	if (rc == 0)
		rc = gbx_index_file_commit(index, path, err);
	else
		(void)!gbx_unlink(path, NULL);
	for (size_t i = 0; i < index->failures; i++)
		if (index->say)
			index->say(index->failure[i].why.line);
	return rc;
}
