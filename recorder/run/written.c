#include "run/written.h"

#include <fcntl.h>

#include "base/limits.h"
#include "base/mem.h"

/* outputs/DATE/TIME, multirun/DATE/TIME/JOB */
#define DEEPEST 3
/* The grain of a file's time. */
#define GRAIN 20000000u

static int add_place(const char *cwd, const char *path, struct gbx_names *out, struct gbx_error *err)
{
	GBX_AUTO_STRING char *joined = *path == '/' ? NULL : gbx_path_join(cwd, path);

	if (*path != '/' && !joined)
		return gbx_fail(err, GBX_E_NOMEM, "no memory for a path");
	const char *place = joined ? joined : path;
	for (size_t i = 0; i < out->len; i++)
		if (strcmp(out->name[i], place) == 0)
			return 0;
	return gbx_names_add(out, place, err);
}

static bool is_folder_option(const struct gbx_parameter *p)
{
	bool named = strcmp(p->name, "hydra.run.dir") == 0 || strcmp(p->name, "hydra.sweep.dir") == 0;

	return named && p->kind == GBX_PARAMETER_TEXT && *p->text && !strchr(p->text, '$');
}

int gbx_written_places(const struct gbx_arguments *a, const struct gbx_declared_list *declared, const char *cwd, struct gbx_names *out,
		       struct gbx_error *err)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < declared->len; i++)
		if (declared->item[i].role == GLASSBOX__DECLARATION__ROLE__OUTPUT && declared->item[i].path)
			rc = add_place(cwd, declared->item[i].path, out, err);
	for (size_t i = 0; rc == 0 && i < a->said.parameters.len; i++)
		if (is_folder_option(&a->said.parameters.parameter[i]))
			rc = add_place(cwd, a->said.parameters.parameter[i].text, out, err);
	if (rc == 0)
		rc = add_place(cwd, "outputs", out, err);
	return rc ? rc : add_place(cwd, "multirun", out, err);
}

struct search {
	struct gbx_recorder *r;
	unsigned folders, found;
};

static bool is_new(const struct search *s, const struct stat *st)
{
	return gbx_mtime_nanos(st) + GRAIN >= s->r->job_started_nanos;
}

/* Of hydra.yaml, which describes Hydra itself, the choices of the defaults list are wanted; overrides.yaml says again what the command does. */
static const struct {
	const char *name, *only;
} files[] = {{"config.yaml", NULL}, {"hydra.yaml", "hydra.runtime.choices."}, {"overrides.yaml", ""}};

static void put_folder(struct search *s, const char *folder)
{
	for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
		struct gbx_error ignored;
		struct stat st;
		struct gbx_config_file file = {.path = gbx_path_join(folder, files[i].name), .only = files[i].only, .written = true};
		bool there = file.path && gbx_lstat(file.path, &st, &ignored) == 0 && S_ISREG(st.st_mode);
		if (there && is_new(s, &st))
			gbx_put_config(s->r, &file, NULL);
		s->found += i == 0 && there && is_new(s, &st);
		gbx_free(file.path);
		/* Without a config.yaml of now it is not this job's. */
		if (i == 0 && (!there || !is_new(s, &st)))
			return;
	}
}

static void search_folder(struct search *s, const char *path, unsigned depth)
{
	GBX_CLEANUP(gbx_names_free) struct gbx_names names = {0};
	GBX_AUTO_STRING char *hydra = gbx_path_join(path, ".hydra");
	struct gbx_error ignored;
	struct stat st;

	if (!hydra || ++s->folders > GBX_LIMIT_WRITTEN_FOLDERS || s->found == GBX_LIMIT_FOUND_CONFIGS)
		return;
	if (gbx_lstat(hydra, &st, &ignored) == 0 && S_ISDIR(st.st_mode))
		put_folder(s, hydra);
	if (depth == DEEPEST || gbx_list_dir_bounded(AT_FDCWD, path, GBX_LIMIT_WRITTEN_FOLDERS, &names, &ignored))
		return;
	for (size_t i = 0; i < names.len; i++) {
		GBX_AUTO_STRING char *below = *names.name[i] == '.' ? NULL : gbx_path_join(path, names.name[i]);
		if (below && gbx_lstat(below, &st, &ignored) == 0 && S_ISDIR(st.st_mode) && is_new(s, &st))
			search_folder(s, below, depth + 1);
	}
}

void gbx_put_written(struct gbx_recorder *r, const struct gbx_names *places)
{
	struct search s = {.r = r};

	for (size_t i = 0; r->job_started_nanos && i < places->len; i++)
		search_folder(&s, places->name[i], 0);
}
