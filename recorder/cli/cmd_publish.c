/* glassbox publish: a run as a bundle for strangers. Seals and signs it first where that is left to do. */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "cli/cli.h"
#include "run/publish.h"
#include "run/seal.h"
#include "run/sign.h"

static const struct gbx_option options[] = {
	{"out", 'o', "PATH", "the bundle: a folder, or one file where it ends in .tar; must not exist"},
	{"profile", 0, "public|full", "public (the default) withholds what should not be public by accident; full withholds nothing"},
	{"key", 'k', "FILE", "sign with this key; else GLASSBOX_KEY or the user's own"},
	{"passphrase-file", 0, "FILE", "the key's passphrase"},
	{"store", 0, "DIR", "the store"},
	{"quiet", 'q', NULL, "say nothing but what went wrong"},
	{"help", 'h', NULL, "print this"},
	{0},
};

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

static int read_options(const struct gbx_given *given, struct gbx_publish_options *o, struct gbx_error *err)
{
	const char *profile = gbx_value(given, "profile");

	o->out = gbx_value(given, "out");
	if (!o->out || !*o->out)
		return gbx_fail(err, GBX_E_USAGE, "publish: expected -o DIR or -o FILE.tar");
	if (is_compressed(o->out))
		return gbx_fail(err, GBX_E_USAGE, "publish: -o '%s': bundles are not compressed; expected a folder or FILE.tar", o->out);
	o->profile = profile && strcmp(profile, "full") == 0 ? GBX_PROFILE_FULL : GBX_PROFILE_PUBLIC;
	if (profile && strcmp(profile, "full") != 0 && strcmp(profile, "public") != 0)
		return gbx_fail(err, GBX_E_USAGE, "publish: --profile '%s': expected public or full", profile);
	return 0;
}

/* Without a key it is published unsigned, and said so; a key that cannot be used is an error. */
static int seal_and_sign(const struct gbx_store *store, const char *run, const struct gbx_given *given, struct gbx_identity *id,
			 bool *has_id, struct gbx_error *err)
{
	bool changed, asked;
	char owner[GBX_NAME_MAX + 1];
	uint8_t key[GBX_PUBLIC_KEY_LEN];
	struct gbx_error ignored;
	int rc = gbx_seal_run((struct gbx_store *)(uintptr_t)store, run, false, gbx_say, &changed, err);

	if (rc)
		return rc;
	gbx_free(gbx_key_path(given, &asked));
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
	char line[800], shown[500];

	snprintf(line, sizeof line, "published %s: %llu of %llu records shown, statement %llu%s",
		 gbx_printable_in(gbx_slice_text(o->out), shown, sizeof shown), (unsigned long long)p->shown,
		 (unsigned long long)p->records, (unsigned long long)p->sequence, p->reused ? " (the one made before)" : "");
	gbx_say(line);
	if (!o->id)
		gbx_say("not signed: no key; make one with 'glassbox key new --name YOU' and publish again, to another path");
}

static int cmd_publish(const struct gbx_given *given)
{
	GBX_CLEANUP(gbx_store_free) struct gbx_store store = {0};
	GBX_CLEANUP(gbx_identity_free) struct gbx_identity id = {0};
	char run[GBX_ULID_TEXT + 1];
	struct gbx_publish_options o = {.run = run};
	struct gbx_published published;
	struct gbx_error err;
	bool has_id = false;
	int rc = read_options(given, &o, &err);

	if (rc == 0)
		rc = gbx_open_run(given, &store, run, &err);
	if (rc == 0 && gbx_exists(o.out))
		rc = gbx_fail(&err, GBX_E_EXISTS, "publish: '%s' is there already; nothing was written", o.out);
	if (rc == 0)
		rc = seal_and_sign(&store, run, given, &id, &has_id, &err);
	o.id = has_id ? &id : NULL;
	if (rc == 0)
		rc = gbx_publish(&store, &o, &published, &err);
	if (rc)
		return gbx_complain(&err);
	if (!gbx_flag(given, "quiet"))
		tell(&o, &published);
	return GBX_EXIT_OK;
}

const struct gbx_command gbx_cmd_publish = {
	.name = "publish",
	.usage = "RUN -o DIR|FILE.tar [--profile public|full]",
	.summary = "publish a run as a bundle that anyone can verify",
	.options = options,
	.least = 1,
	.most = 1,
	.usage_status = GBX_EXIT_USAGE,
	.run = cmd_publish,
};
