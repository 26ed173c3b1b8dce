/* Which runs were signed since they went into the index. */
#include <fcntl.h>
#include <stdio.h>

#include "base/mem.h"
#include "store/index_parts.h"

static bool is_signed(int runs, const char *run)
{
	char name[GBX_ULID_TEXT + 32];
	struct stat st;

	snprintf(name, sizeof name, "%s/signature/seal.proof", run);
	return gbx_fstatat(runs, name, &st, NULL) == 0;
}

static int note(struct gbx_db *db, const struct gbx_index_list *list, struct gbx_error *err)
{
	GBX_AUTO_STATEMENT struct gbx_statement *sign = NULL;
	int rc = gbx_db_prepare(db, "UPDATE run SET signed = 1 WHERE id = ? AND signed = 0", &sign, err);

	if (rc == 0)
		rc = gbx_db_run(db, "BEGIN IMMEDIATE", err);
	for (size_t i = 0; rc == 0 && i < list->len; i++)
		if (list->row[i].signed_since) {
			gbx_bind_text(sign, 1, list->row[i].view.run);
			rc = gbx_statement_done(sign, err);
		}
	return rc ? rc : gbx_db_run(db, "COMMIT", err);
}

int gbx_index_look_signed(struct gbx_index *index, struct gbx_index_list *list, struct gbx_error *err)
{
	GBX_AUTO_STRING char *path = gbx_path_join(index->store->path, "runs");
	GBX_AUTO_FD int runs = -1;
	bool any = false;

	if (!path)
		return gbx_fail(err, GBX_E_NOMEM, "no memory for a path");
	for (size_t i = 0; i < list->len; i++) {
		struct gbx_index_row *row = &list->row[i];
		if (row->view.is_signed)
			continue;
		/* A run that is gone by now was not signed. */
		if (runs < 0 && gbx_open_dir(AT_FDCWD, path, false, &runs, NULL))
			return 0;
		row->signed_since = row->view.is_signed = is_signed(runs, row->view.run);
		any |= row->signed_since;
	}
	/* What cannot be noted is looked at again the next time. */
	int rc = any ? note(index->db, list, err) : 0;
	if (rc)
		(void)!gbx_db_run(index->db, "ROLLBACK", NULL);
	return rc == GBX_E_MALFORMED ? rc : 0;
}
