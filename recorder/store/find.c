/* Which run is meant. Declared in index.h. */
#include <stdio.h>

#include "base/mem.h"
#include "store/index.h"
#include "store/removed.h"

bool gbx_run_is_said(const char *run, const char *said)
{
	size_t len = strlen(said), all = strlen(run);

	if (len < 6 || len > all)
		return false;
	return strncasecmp(run, said, len) == 0 || strcasecmp(run + all - len, said) == 0;
}

static int several(const struct gbx_names *runs, const char *said, struct gbx_error *err)
{
	char list[600] = "";
	size_t len = 0;

	for (size_t i = 0; i < runs->len && len + 40 < sizeof list; i++)
		if (gbx_run_is_said(runs->name[i], said))
			len += (size_t)sprintf(list + len, " %s", runs->name[i]);
	return gbx_fail(err, GBX_E_USAGE, "'%s' matches several runs:%s; give more of the id", said, list);
}

/* By its id alone. */
static int find_id(const struct gbx_store *s, const char *said, char run[GBX_ULID_TEXT + 1], struct gbx_error *err)
{
	GBX_CLEANUP(gbx_names_free) struct gbx_names names = {0};
	size_t found = 0, at = 0;
	int rc = gbx_run_names(s, &names, err);

	if (rc)
		return rc;
	for (size_t i = 0; i < names.len; i++)
		if (gbx_run_is_said(names.name[i], said)) {
			found++;
			at = i;
		}
	if (found > 1)
		return several(&names, said, err);
	if (found == 0)
		return gbx_fail(err, GBX_E_NOTFOUND, "no run has this id");
	memcpy(run, names.name[at], GBX_ULID_TEXT + 1);
	return 0;
}

static int find_newest(struct gbx_index *index, const char *said, const char *repo, char run[GBX_ULID_TEXT + 1], struct gbx_error *err)
{
	int rc = strcmp(said, "last") == 0 ? gbx_index_newest(index, NULL, repo, run, err) : GBX_E_NOTFOUND;

	return rc == GBX_E_NOTFOUND ? gbx_index_newest(index, said, NULL, run, err) : rc;
}

int gbx_run_resolve(const struct gbx_store *s, const struct gbx_index_options *o, const char *said, const char *repo,
		    char run[GBX_ULID_TEXT + 1], struct gbx_error *err)
{
	GBX_AUTO_INDEX struct gbx_index *index = NULL;
	int rc = find_id(s, said, run, err);

	if (rc != GBX_E_NOTFOUND)
		return rc;
	rc = gbx_index_open(s, o, &index, err);
	if (rc == 0)
		rc = find_newest(index, said, repo, run, err);
	if (rc == GBX_E_NOTFOUND)
		return gbx_removed_tell(s, said, err);
	return rc;
}
