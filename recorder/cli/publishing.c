#include "cli/publishing.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "run/seal.h"
#include "run/sign.h"

/* A name that promises what is not written. */
static bool is_compressed(const char *out)
{
	static const char *const ending[] = {".gz", ".tgz", ".zst", ".xz", ".bz2", ".zip"};
	size_t len = strlen(out);

	for (size_t i = 0; i < sizeof ending / sizeof *ending; i++)
		if (len > strlen(ending[i]) && strcmp(out + len - strlen(ending[i]), ending[i]) == 0)
			return true;
	return false;
}

int gbx_publishing_out(const struct gbx_given *given, const char **out, struct gbx_error *err)
{
	const char *me = given->command->name, *said = gbx_value(given, "out");

	if (!said || !*said)
		return gbx_fail(err, GBX_E_USAGE, "%s: expected -o DIR or -o FILE.tar", me);
	if (is_compressed(said))
		return gbx_fail(err, GBX_E_USAGE, "%s: -o '%s': bundles are not compressed; expected a folder or FILE.tar", me, said);
	*out = said;
	return 0;
}

/* Without a key it is published unsigned, and said so; a key that cannot be used is an error. */
static int sign(const struct gbx_store *store, const char *run, const struct gbx_given *given, struct gbx_identity *id, bool *has_id,
		struct gbx_error *err)
{
	GBX_AUTO_STRING char *path = NULL;
	bool asked;
	char owner[GBX_NAME_MAX + 1];
	uint8_t key[GBX_PUBLIC_KEY_LEN];
	struct gbx_error ignored;

	int rc = gbx_key_path(given, &path, &asked, err);
	if (rc)
		return rc;
	rc = gbx_open_identity(given, id, err);
	*has_id = rc == 0;
	if (rc == 0 && !asked && gbx_signed_by(store, run, owner, key, &ignored) == 0 &&
	    memcmp(key, gbx_key_public(id->key), sizeof key) != 0)
		return gbx_fail(err, GBX_E_REFUSED,
				"run %s is signed by %s, whose key is not yours; name the key to publish it with: --key FILE", run, owner);
	if (rc == GBX_E_NOTFOUND && !asked)
		return 0;
	return rc ? rc : gbx_sign_run(store, run, id, err);
}

static void tell(const struct gbx_publish_options *o, const struct gbx_published *p)
{
	char line[800], shown[500], disclosed[64] = "";

	if (o->disclosures)
		snprintf(disclosed, sizeof disclosed, ", %llu of them disclosed now", (unsigned long long)p->disclosed);
	snprintf(line, sizeof line, "published %s: %llu of %llu records shown%s, statement %llu%s",
		 gbx_printable_in(gbx_slice_text(o->out), shown, sizeof shown), (unsigned long long)p->shown,
		 (unsigned long long)p->records, disclosed, (unsigned long long)p->sequence, p->reused ? " (the one made before)" : "");
	gbx_say(line);
	if (!o->id)
		gbx_say("not signed: no key; make one with 'glassbox key new --name YOU' and publish again, to another path");
}

int gbx_publishing_do(const struct gbx_given *given, struct gbx_publish_options *o)
{
	GBX_CLEANUP(gbx_store_free) struct gbx_store store = {0};
	GBX_CLEANUP(gbx_identity_free) struct gbx_identity id = {0};
	char run[GBX_ULID_TEXT + 1];
	struct gbx_published published;
	struct gbx_error err;
	bool has_id = false, changed;
	int rc = gbx_open_run(given, &store, run, &err);

	o->run = run;
	o->say = gbx_say;
	if (rc == 0 && gbx_exists(o->out))
		rc = gbx_fail(&err, GBX_E_EXISTS, "%s: -o '%s' is there already and nothing was written; name another", given->command->name, o->out);
	if (rc == 0 && o->disclosures == 0)
		rc = gbx_seal_run(&store, run, false, gbx_say, &changed, &err);
	/* What is refused is not signed first. */
	if (rc == 0 && (o->disclosures || o->withholds))
		rc = gbx_publish_check(&store, o, &err);
	if (rc == 0)
		rc = sign(&store, run, given, &id, &has_id, &err);
	o->id = has_id ? &id : NULL;
	if (rc == 0)
		rc = gbx_publish(&store, o, &published, &err);
	o->run = NULL;
	if (rc)
		return gbx_complain(&err);
	if (!gbx_flag(given, "quiet"))
		tell(o, &published);
	return GBX_EXIT_OK;
}
