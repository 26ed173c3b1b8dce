/* glassbox key new|show|list|export: the keys that runs are signed with. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "cli/cli.h"

static const struct gbx_option options[] = {
	{"name", 0, "NAME", "new: the owner's name, as others shall see it"},
	{"key", 'k', "FILE", "the private key's file; else GLASSBOX_KEY or the user's own"},
	{"passphrase-file", 0, "FILE", "new: encrypt the key with this passphrase"},
	{"vkey", 0, NULL, "export: one line, as C2SP's signed notes have it, instead of PEM"},
	{"json", 0, NULL, "show, list: print one JSON object"},
	{"help", 'h', NULL, "print this"},
	{0},
};

/* What is public about a key: never needs its passphrase. */
struct key_info {
	char *path;
	uint8_t key[GBX_PUBLIC_KEY_LEN];
	char owner[GBX_NAME_MAX + 1];
	char origin[GBX_NAME_MAX + 1]; /* empty: nothing was signed with it here */
};

static void free_info(struct key_info *k)
{
	gbx_free(k->path);
}

static int sibling_text(const char *path, const char *suffix, struct gbx_bytes *out, struct gbx_error *err)
{
	GBX_AUTO_STRING char *name = gbx_key_sibling(path, suffix);

	return name ? gbx_load_file(name, GBX_LIMIT_NOTE, out, err) : gbx_fail(err, GBX_E_NOMEM, "no memory for a path");
}

static int load_info(const char *path, struct key_info *k, struct gbx_error *err)
{
	GBX_AUTO_STRING char *public_path = gbx_key_sibling(path, ".pub");
	GBX_AUTO_STRING char *log = gbx_key_sibling(path, ".log");
	GBX_AUTO_BYTES struct gbx_bytes text = {0};
	uint8_t key[GBX_PUBLIC_KEY_LEN];
	struct gbx_slice rest, line;
	struct gbx_error ignored;

	*k = (struct key_info){.path = gbx_strdup(path)};
	if (!public_path || !log || !k->path)
		return gbx_fail(err, GBX_E_NOMEM, "no memory for a path");
	int rc = gbx_public_load(public_path, k->key, err);
	if (rc == GBX_E_NOTFOUND)
		rc = gbx_public_load(path, k->key, err);
	if (rc == GBX_E_NOTFOUND)
		return gbx_fail(err, GBX_E_NOTFOUND, "no key at '%s': make one with 'glassbox key new --name YOU'", path);
	if (rc)
		return rc;
	if (sibling_text(path, ".vkey", &text, &ignored) == 0) {
		rest = gbx_slice_of(&text);
		if (!gbx_take_line(&rest, &line) || gbx_vkey_parse(line, k->owner, key, &ignored) || memcmp(key, k->key, sizeof key) != 0)
			k->owner[0] = 0;
	}
	if (gbx_owner_log_find(log, k->key, k->origin, &ignored))
		k->origin[0] = 0;
	return 0;
}

static int write_public(const char *path, const char *suffix, const struct gbx_bytes *text, struct gbx_error *err)
{
	GBX_AUTO_STRING char *name = gbx_key_sibling(path, suffix);

	return name ? gbx_replace_file(name, gbx_slice_of(text), 0644, err) : gbx_fail(err, GBX_E_NOMEM, "no memory for a path");
}

static int save(const char *path, const char *owner, struct gbx_slice passphrase, struct gbx_error *err)
{
	GBX_AUTO_KEY struct gbx_key *key = NULL;
	GBX_AUTO_BYTES struct gbx_bytes pem = {0}, vkey = {0};
	GBX_AUTO_STRING char *dir = gbx_strdup(path);
	char *slash = dir ? strrchr(dir, '/') : NULL;
	int rc = dir ? gbx_key_generate(&key, err) : gbx_fail(err, GBX_E_NOMEM, "no memory for a path");

	if (rc == 0 && slash && slash != dir) {
		*slash = 0;
		rc = gbx_make_dirs(dir, 0700, err);
	}
	if (rc == 0)
		rc = gbx_public_pem(gbx_key_public(key), &pem, err);
	if (rc == 0)
		rc = gbx_vkey_format(owner, gbx_key_public(key), &vkey, err);
	if (rc == 0)
		rc = gbx_bytes_append(&vkey, "\n", 1, err);
	if (rc == 0)
		rc = gbx_key_save(key, path, passphrase, err);
	if (rc == 0)
		rc = write_public(path, ".pub", &pem, err);
	return rc ? rc : write_public(path, ".vkey", &vkey, err);
}

static int key_new(const struct gbx_given *given, const char *path, struct gbx_error *err)
{
	GBX_CLEANUP(gbx_bytes_wipe) struct gbx_bytes passphrase = {0};
	GBX_AUTO_STRING char *public_path = gbx_key_sibling(path, ".pub");
	const char *owner = gbx_value(given, "name");

	if (!owner || !gbx_is_note_name(gbx_slice_text(owner)) || strlen(owner) > GBX_OWNER_MAX)
		return gbx_fail(err, GBX_E_USAGE, "key new: expected --name NAME, 1 to %u bytes without white space and '+', such as an address",
				(unsigned)GBX_OWNER_MAX);
	int rc = gbx_read_passphrase(given, &passphrase, err);
	if (rc == 0)
		rc = save(path, owner, gbx_slice_of(&passphrase), err);
	if (rc == GBX_E_EXISTS)
		return gbx_fail(err, GBX_E_EXISTS, "'%s' is there already; a key is never replaced; name another file with --key", path);
	if (rc)
		return rc;
	printf("private key  %s  (keep it to yourself)\npublic key   %s  (give it to those who verify)\n", path, public_path);
	return gbx_end_output(GBX_EXIT_OK);
}

static json_t *info_json(const struct key_info *k)
{
	return json_pack("{s:o, s:o, s:o, s:o}", "path", gbx_json_bytes(gbx_slice_text(k->path)), "key", gbx_json_hex(k->key, sizeof k->key),
			 "name", *k->owner ? json_string(k->owner) : json_null(), "origin", *k->origin ? json_string(k->origin) : json_null());
}

static void print_info(const struct key_info *k)
{
	char hex[2 * GBX_PUBLIC_KEY_LEN + 1];

	gbx_hex(k->key, sizeof k->key, hex);
	printf("%s  %s  %s%s%s\n", hex, *k->owner ? k->owner : "-", k->path, *k->origin ? "  log " : "", k->origin);
}

static int key_show(const struct gbx_given *given, const char *path, struct gbx_error *err)
{
	GBX_CLEANUP(free_info) struct key_info k = {0};
	int rc = load_info(path, &k, err);

	if (rc)
		return rc;
	if (gbx_flag(given, "json"))
		return gbx_print_json(json_pack("{s:s, s:o}", "format", "glassbox.key/1", "key", info_json(&k)), GBX_EXIT_OK);
	print_info(&k);
	return gbx_end_output(GBX_EXIT_OK);
}

/* Every key with a public half in the folder of the key's default place. */
static int key_list(const struct gbx_given *given, const char *path, struct gbx_error *err)
{
	GBX_CLEANUP(gbx_names_free) struct gbx_names names = {0};
	GBX_AUTO_STRING char *dir = gbx_memdup(path, (size_t)(gbx_path_base(path) - path));
	json_t *list = json_array();
	int rc = 0, status = GBX_EXIT_OK;

	if (dir && gbx_exists(*dir ? dir : "."))
		rc = gbx_list_dir(AT_FDCWD, *dir ? dir : ".", &names, err);
	for (size_t i = 0; rc == 0 && i < names.len; i++) {
		GBX_CLEANUP(free_info) struct key_info k = {0};
		size_t len = strlen(names.name[i]);
		if (len < 5 || strcmp(names.name[i] + len - 4, ".pub") != 0)
			continue;
		GBX_AUTO_STRING char *pem = gbx_asprintf("%s%.*s.pem", dir, (int)len - 4, names.name[i]);
		if (!pem || load_info(pem, &k, err)) {
			gbx_say(pem ? err->line : "no memory for a path");
			status = GBX_EXIT_UNSURE;
			continue;
		}
		if (gbx_flag(given, "json"))
			json_array_append_new(list, info_json(&k));
		else
			print_info(&k);
	}
	if (rc == 0 && gbx_flag(given, "json"))
		return gbx_print_json(json_pack("{s:s, s:o}", "format", "glassbox.key/1", "keys", list), status);
	json_decref(list);
	return rc ? rc : gbx_end_output(status);
}

/* The vkey's name is the log's origin, under which its notes are signed; before the first signature the owner's name. */
static int key_export(const struct gbx_given *given, const char *path, struct gbx_error *err)
{
	GBX_CLEANUP(free_info) struct key_info k = {0};
	GBX_AUTO_BYTES struct gbx_bytes text = {0};
	int rc = load_info(path, &k, err);

	if (rc == 0 && !gbx_flag(given, "vkey"))
		rc = gbx_public_pem(k.key, &text, err);
	else if (rc == 0)
		rc = gbx_vkey_format(*k.origin ? k.origin : *k.owner ? k.owner : "owner", k.key, &text, err);
	if (rc)
		return rc;
	printf("%s%s", (char *)text.data, gbx_flag(given, "vkey") ? "\n" : "");
	return gbx_end_output(GBX_EXIT_OK);
}

/* Each returns an exit status, or a negative gbx_code with *err filled. */
static const struct {
	const char *name;
	int (*run)(const struct gbx_given *given, const char *path, struct gbx_error *err);
} actions[] = {{"new", key_new}, {"show", key_show}, {"list", key_list}, {"export", key_export}};
#define ACTIONS (sizeof actions / sizeof *actions)

static const char *action_name(size_t i)
{
	return actions[i].name;
}

static int cmd_key(const struct gbx_given *given)
{
	const char *said = given->argument[0];
	GBX_AUTO_STRING char *path = NULL;
	struct gbx_error err;
	bool asked;

	if (gbx_key_path(given, &path, &asked, &err))
		return gbx_complain(&err);
	for (size_t i = 0; i < ACTIONS; i++)
		if (strcmp(said, actions[i].name) == 0) {
			int rc = path ? actions[i].run(given, path, &err)
				      : gbx_fail(&err, GBX_E_USAGE, "there is no home folder: name the key's file with --key");
			return rc < 0 ? gbx_complain(&err) : rc;
		}
	const char *near = gbx_nearest(said, action_name, ACTIONS);
	int rc = gbx_fail(&err, GBX_E_USAGE, "key: unknown '%.40s'; expected new, show, list or export%s%s%s", said, near ? "; did you mean '" : "",
			  near ? near : "", near ? "'?" : "");
	return rc ? gbx_complain(&err) : GBX_EXIT_USAGE;
}

const struct gbx_command gbx_cmd_key = {
	.name = "key",
	.usage = "new --name NAME | show | list | export [--vkey]",
	.summary = "make and show the keys that runs are signed with",
	.options = options,
	.least = 1,
	.most = 1,
	.usage_status = GBX_EXIT_USAGE,
	.run = cmd_key,
};
