/* glassbox publish: a run as a bundle for strangers. Seals and signs it first where that is left to do. */
#include <string.h>

#include "base/mem.h"
#include "cli/publishing.h"

static const struct gbx_option options[] = {
	{"out", 'o', "PATH", "the bundle: a folder, or one file where it ends in .tar; must not exist"},
	{"profile", 0, "public|full", "public (the default) withholds what should not be public by accident; full withholds nothing"},
	{"withhold", 0, "SELECTOR", "withhold these records, too: KIND or KIND:GLOB, such as 'param:lr*'; may be repeated"},
	{"reason", 0, "TEXT", "why, for the --withhold before it; it is published"},
	{"key", 'k', "FILE", "sign with this key; else GLASSBOX_KEY or the user's own"},
	{"passphrase-file", 0, "FILE", "the key's passphrase"},
	{"store", 0, "DIR", "the store"},
	{"quiet", 'q', NULL, "say nothing but what went wrong"},
	{"help", 'h', NULL, "print this"},
	{0},
};

/* Each --reason goes to the --withhold before it. */
static int read_withholds(const struct gbx_given *given, struct gbx_withhold *list, size_t *len, struct gbx_error *err)
{
	struct gbx_withhold *last = NULL;

	for (size_t i = 0; i < given->sets; i++) {
		const char *name = given->set[i].option->name, *value = given->set[i].value;
		if (strcmp(name, "withhold") == 0) {
			last = &list[(*len)++];
			last->selector = value;
		} else if (strcmp(name, "reason") == 0) {
			if (!last)
				return gbx_fail(err, GBX_E_USAGE, "publish: --reason belongs behind a --withhold SELECTOR");
			if (last->reason)
				return gbx_fail(err, GBX_E_USAGE, "publish: a second --reason for --withhold '%s'; expected one", last->selector);
			last->reason = value;
		}
	}
	return 0;
}

static int read_options(const struct gbx_given *given, struct gbx_withhold *withhold, struct gbx_publish_options *o, struct gbx_error *err)
{
	const char *profile = gbx_value(given, "profile");
	int rc = gbx_publishing_out(given, &o->out, err);

	if (rc)
		return rc;
	o->profile = profile && strcmp(profile, "full") == 0 ? GBX_PROFILE_FULL : GBX_PROFILE_PUBLIC;
	if (profile && strcmp(profile, "full") != 0 && strcmp(profile, "public") != 0)
		return gbx_fail(err, GBX_E_USAGE, "publish: --profile '%s': expected public or full", profile);
	rc = read_withholds(given, withhold, &o->withholds, err);
	o->withhold = withhold;
	return rc ? rc : gbx_publish_parse(o, err);
}

static int cmd_publish(const struct gbx_given *given)
{
	struct gbx_withhold *withhold = gbx_calloc(given->sets + 1, sizeof *withhold);
	struct gbx_publish_options o = {0};
	struct gbx_error err;
	int rc = withhold ? read_options(given, withhold, &o, &err) : gbx_fail(&err, GBX_E_NOMEM, "no memory for options");
	int status = rc ? gbx_complain(&err) : gbx_publishing_do(given, &o);

	gbx_free(withhold);
	return status;
}

const struct gbx_command gbx_cmd_publish = {
	.name = "publish",
	.usage = "RUN -o DIR|FILE.tar [--profile public|full] [--withhold SELECTOR [--reason TEXT]]...",
	.summary = "publish a run as a bundle that anyone can verify",
	.options = options,
	.least = 1,
	.most = 1,
	.usage_status = GBX_EXIT_USAGE,
	.run = cmd_publish,
};
