/* Which runs were signed since they went into the index. */
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>

#include "base/mem.h"
#include "base/processors.h"
#include "store/index_parts.h"

/* A look takes two microseconds; for fewer no thread is started. */
#define WORTH_A_THREAD 1000u

static bool is_signed(int runs, const char *run)
{
	char name[GBX_ULID_TEXT + 32];
	struct stat st;

	snprintf(name, sizeof name, "%s/signature/seal.proof", run);
	return gbx_fstatat(runs, name, &st, NULL) == 0;
}

/* A part of the list, for one thread. */
struct part {
	int runs;
	struct gbx_index_row *row;
	size_t len;
};

static void *look(void *arg)
{
	struct part *p = arg;

	for (size_t i = 0; i < p->len; i++)
		if (!p->row[i].view.is_signed)
			p->row[i].signed_since = p->row[i].view.is_signed = is_signed(p->runs, p->row[i].view.run);
	return NULL;
}

static void look_at_all(struct gbx_index_list *list, int runs)
{
	size_t half = list->len < WORTH_A_THREAD || gbx_processors() < 2 ? 0 : list->len / 2;
	struct part mine = {runs, list->row + half, list->len - half}, others = {runs, list->row, half};
	pthread_t helper;

	if (half && pthread_create(&helper, NULL, look, &others) == 0) {
		look(&mine);
		pthread_join(helper, NULL);
	} else {
		look(&others);
		look(&mine);
	}
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
	bool any = false, all = true;

	if (!path)
		return gbx_fail(err, GBX_E_NOMEM, "no memory for a path");
	for (size_t i = 0; i < list->len; i++)
		all &= list->row[i].view.is_signed;
	/* Runs that are gone by now were not signed. */
	if (all || gbx_open_dir(AT_FDCWD, path, false, &runs, NULL))
		return 0;
	look_at_all(list, runs);
	for (size_t i = 0; i < list->len; i++)
		any |= list->row[i].signed_since;
	/* What cannot be noted is looked at again the next time. */
	int rc = any ? note(index->db, list, err) : 0;
	if (rc)
		(void)!gbx_db_run(index->db, "ROLLBACK", NULL);
	return rc == GBX_E_MALFORMED ? rc : 0;
}
