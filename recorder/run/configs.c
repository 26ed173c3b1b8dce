#include "run/configs.h"

#include <stdio.h>

#include "base/limits.h"
#include "base/mem.h"
#include "capture/config.h"

void gbx_config_files_free(struct gbx_config_files *list)
{
	for (size_t i = 0; i < list->len; i++)
		gbx_free(list->file[i].path);
	gbx_free(list->file);
	*list = (struct gbx_config_files){0};
}

/* Takes path over. */
static int add(struct gbx_config_files *list, struct gbx_config_file file, struct gbx_error *err)
{
	int rc = file.path ? gbx_grow((void **)&list->file, &list->cap, list->len, sizeof *list->file, err)
			   : gbx_fail(err, GBX_E_NOMEM, "no memory for a path");

	if (rc)
		gbx_free(file.path);
	else
		list->file[list->len++] = file;
	return rc;
}

int gbx_config_files_add(struct gbx_config_files *list, const char *said, const char *cwd, struct gbx_error *err)
{
	struct gbx_config_file file = {0};

	if (gbx_realpath(said, &file.path, err) == GBX_E_NOMEM)
		return GBX_E_NOMEM;
	if (!file.path)
		file.path = *said == '/' ? gbx_strdup(said) : gbx_path_join(cwd, said);
	return add(list, file, err);
}

static bool is_there(const struct gbx_config_files *list, const char *path)
{
	for (size_t i = 0; i < list->len; i++)
		if (strcmp(list->file[i].path, path) == 0)
			return true;
	return false;
}

/* Data that the job reads is often JSON, too: what only looks like a config has to be small to be one. */
static bool fits(const char *path, bool named, const struct stat *st)
{
	size_t len = strlen(path);
	bool json = len > 5 && strcmp(path + len - 5, ".json") == 0;

	return named || st->st_size <= (json ? GBX_LIMIT_GUESSED_JSON : GBX_LIMIT_GUESSED_CONFIG);
}

/* Adds a regular file, unless it is there already; what is none is none. */
static int find_one(struct gbx_config_files *list, const char *said, const struct gbx_config_word *word, struct gbx_error *err)
{
	GBX_AUTO_STRING char *path = NULL;
	struct gbx_error ignored;
	struct stat st;

	if (gbx_stat(said, &st, &ignored) || !S_ISREG(st.st_mode) || !fits(said, word->named, &st))
		return 0;
	if (gbx_realpath(said, &path, &ignored) == GBX_E_NOMEM)
		return gbx_fail(err, GBX_E_NOMEM, "no memory for a path");
	if (!path || is_there(list, path))
		return 0;
	struct gbx_config_file file = {.path = gbx_strdup(path), .argument = word->index, .guessed = !word->named};
	return add(list, file, err);
}

static const struct gbx_parameter *find_parameter(const struct gbx_parameters *list, const char *const *names)
{
	for (; *names; names++)
		for (size_t i = list->len; i > 0; i--)
			if (strcmp(list->parameter[i - 1].name, *names) == 0 && list->parameter[i - 1].kind == GBX_PARAMETER_TEXT)
				return &list->parameter[i - 1];
	return NULL;
}

/* The file that Hydra's --config-path and --config-name mean: the path counts from the script's folder, that of --config-dir from here. */
static int find_hydra(struct gbx_config_files *list, const struct gbx_arguments *a, struct gbx_error *err)
{
	static const char *const names[] = {"config_name", "cn", NULL}, *const paths[] = {"config_path", "cp", NULL}, *const dirs[] = {"config_dir", "cd", NULL};
	const struct gbx_parameter *name = find_parameter(&a->said.parameters, names);
	const struct gbx_parameter *path = find_parameter(&a->said.parameters, paths), *dir = find_parameter(&a->said.parameters, dirs);

	if (!name || (!path && !dir))
		return 0;
	const char *script = (const char *)a->word[a->said.script].data;
	int base = path && *path->text != '/' ? (int)(gbx_path_base(script) - script) : 0;
	size_t len = strlen(name->text);
	bool whole = len > 5 && (strcmp(name->text + len - 5, ".yaml") == 0 || strcmp(name->text + len - 4, ".yml") == 0);
	GBX_AUTO_STRING char *said = gbx_asprintf("%.*s%s/%s%s", base, script, path ? path->text : dir->text, name->text, whole ? "" : ".yaml");
	struct gbx_config_word word = {.index = name->words.first, .named = true};
	return said ? find_one(list, said, &word, err) : gbx_fail(err, GBX_E_NOMEM, "no memory for a path");
}

int gbx_config_files_find(struct gbx_config_files *list, const struct gbx_arguments *a, struct gbx_error *err)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < a->said.configs && list->len < GBX_LIMIT_FOUND_CONFIGS; i++) {
		const struct gbx_config_word *word = &a->said.config[i];
		GBX_AUTO_STRING char *said = gbx_memdup(word->path.data, word->path.len);
		rc = said ? find_one(list, said, word, err) : gbx_fail(err, GBX_E_NOMEM, "no memory for a path");
	}
	return rc ? rc : find_hydra(list, a, err);
}

/* Keeps the parameters that are wanted of it. */
static void keep_only(struct gbx_parameters *list, const char *only)
{
	size_t kept = 0;

	for (size_t i = 0; i < list->len; i++) {
		struct gbx_parameter p = list->parameter[i];
		if (*only && strncmp(p.name, only, strlen(only)) == 0) {
			list->parameter[i] = list->parameter[kept];
			list->parameter[kept++] = p;
		}
	}
	gbx_parameters_cut(list, kept);
}

/* Where it was named, for a gap. */
static void name_place(const struct gbx_config_file *file, char out[32])
{
	snprintf(out, 32, file->argument ? "argument %u" : file->written ? "written by the job" : "--config", file->argument);
}

/* A config outside all roots is a root of its own: "config/1", "config/2", ... */
static int locate_config(struct gbx_recorder *r, const char *path, Glassbox__Path *out, struct gbx_error *err)
{
	unsigned n = 1;
	char name[32];

	for (size_t i = 0; i < r->roots; i++)
		n += strncmp(r->root[i].name, "config/", 7) == 0;
	snprintf(name, sizeof name, "config/%u", n);
	return gbx_locate(r, path, name, out, err);
}

static void put_config(struct gbx_recorder *r, const struct gbx_config_file *file, const struct gbx_config *config, bool in_head, bool secret)
{
	Glassbox__Body body = GLASSBOX__BODY__INIT;
	Glassbox__Config m = GLASSBOX__CONFIG__INIT;
	Glassbox__Blob blob = GLASSBOX__BLOB__INIT;
	Glassbox__Path at;
	uint8_t sha256[GBX_SHA256_LEN];
	struct gbx_ref ref;
	struct gbx_error err;
	char place[32];

	name_place(file, place);
	if (locate_config(r, file->path, &at, &err)) {
		gbx_put_gap_option(r, GLASSBOX__GAP__KIND__CONFIG, gbx_gap_reason(&err), place);
		return;
	}
	/* Published as a file of its own; one with a secret leaves nothing that depends on it. */
	if (!secret && gbx_put_blob(r, gbx_slice_of(&config->content), sha256, &err)) {
		gbx_put_gap_option(r, GLASSBOX__GAP__KIND__CONFIG, gbx_gap_reason(&err), place);
		return;
	}
	blob.sha256 = gbx_pb_bytes(config->sha256, GBX_SHA256_LEN);
	blob.size = config->content.len;
	m.path = &at;
	m.format = (char *)(uintptr_t)config->format;
	m.content = secret ? NULL : &blob;
	m.in_head = in_head && !secret;
	body.body_case = GLASSBOX__BODY__BODY_CONFIG;
	body.config = &m;
	if (gbx_put(r, &body, &ref))
		gbx_put_parameters(r, &config->parameters, file->written ? GLASSBOX__PARAMETER__SOURCE__WRITTEN : GLASSBOX__PARAMETER__SOURCE__CONFIG,
				   &ref);
}

static bool is_in_head(const struct gbx_code_answer *head, const struct gbx_config *config)
{
	return head && head->in_head && memcmp(head->sha256, config->sha256, GBX_SHA256_LEN) == 0;
}

static void tell(const struct gbx_recorder *r, const struct gbx_config_file *file, const char *why)
{
	char line[2000], shown[600], place[32];

	name_place(file, place);
	snprintf(line, sizeof line, "%s '%s': %s", place, gbx_printable_in(gbx_slice_text(file->path), shown, sizeof shown), why);
	if (r->say)
		r->say(line);
}

/* What is missing of it. That a Python file was not parsed is no news to who named it. */
static void put_gaps(struct gbx_recorder *r, const struct gbx_config_file *file, const struct gbx_config *config)
{
	char place[32];

	name_place(file, place);
	bool unparsed = config->reason == GLASSBOX__GAP__REASON__NOT_PARSED;
	if (config->reason && !(unparsed && (file->argument || file->only)))
		tell(r, file, config->why);
	if (config->reason && !(unparsed && file->only))
		gbx_put_gap_option(r, GLASSBOX__GAP__KIND__CONFIG, (Glassbox__Gap__Reason)config->reason, place);
	if (config->strange)
		gbx_put_gap(r, GLASSBOX__GAP__KIND__PARAMETER, GLASSBOX__GAP__REASON__NOT_PARSED, config->strange, NULL);
	if (config->skipped)
		gbx_put_gap(r, GLASSBOX__GAP__KIND__PARAMETER, GLASSBOX__GAP__REASON__TOO_LARGE, config->skipped, NULL);
}

/* Masks its parameters; *secret where anything in it looks like a secret. False where that could not be seen: nothing is recorded then. */
static bool look_for_secrets(struct gbx_recorder *r, struct gbx_config *config, const char *place, bool *secret)
{
	struct gbx_error err;
	size_t hits = 0;
	int rc = gbx_config_scan(config, r->scanner, secret, &err);

	if (rc == 0)
		rc = gbx_parameters_mask(&config->parameters, r->scanner, &hits, &err);
	if (rc)
		gbx_put_gap_option(r, GLASSBOX__GAP__KIND__CONFIG, gbx_gap_reason(&err), place);
	else
		gbx_put_gap_secret(r, GLASSBOX__GAP__KIND__CONFIG, place, hits ? hits : *secret);
	*secret = *secret || hits;
	return rc == 0;
}

/* JSON without names at its top that no option calls a config is data. */
static bool is_data(const struct gbx_config_file *file, const struct gbx_config *config)
{
	size_t len = strlen(file->path);

	return file->guessed && config->reason && len > 5 && strcmp(file->path + len - 5, ".json") == 0;
}

void gbx_put_config(struct gbx_recorder *r, const struct gbx_config_file *file, const struct gbx_code_answer *head)
{
	GBX_AUTO_CONFIG struct gbx_config config = {0};
	struct gbx_error err;
	char place[32];
	bool secret = false;

	name_place(file, place);
	if (gbx_config_read(file->path, &config, &err)) {
		gbx_put_gap_option(r, GLASSBOX__GAP__KIND__CONFIG, gbx_gap_reason(&err), place);
		return;
	}
	if (is_data(file, &config) || !look_for_secrets(r, &config, place, &secret))
		return;
	if (file->only)
		keep_only(&config.parameters, file->only);
	if (config.read)
		put_config(r, file, &config, is_in_head(head, &config), secret);
	if (head && !head->compared)
		gbx_put_gap_option(r, GLASSBOX__GAP__KIND__CONFIG, GLASSBOX__GAP__REASON__IO_ERROR, place);
	put_gaps(r, file, &config);
}
