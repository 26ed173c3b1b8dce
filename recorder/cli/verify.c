/* What `glassbox verify` and the program glassbox-verify do. Links core only. */
#include "cli/verify.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "bundle/verify.h"
#include "cli/verify_print.h"
#include "trust/key.h"

const struct gbx_option gbx_verify_options[] = {
	{"key", 'k', "FILE", "trust this public key (PEM, vkey or key.pem); may be repeated"},
	{"data", 0, "[NAME=]DIR", "compare this folder with the data that the run recorded; may be repeated"},
	{"artifacts", 0, "[NAME=]DIR", "compare this folder with the outputs that the run recorded"},
	{"against", 0, "OLD", "compare with another bundle of the same run: nothing was changed, and what is shown now"},
	{"require", 0, "LIST", "checks, with commas between them, that must pass: anything else of theirs is exit status 3; may be repeated"},
	{"json", 0, NULL, "print one JSON object"},
	{"verbose", 'v', NULL, "list every withheld record and every gap"},
	{"quiet", 'q', NULL, "print nothing; the exit status says it"},
	{"help", 'h', NULL, "print this"},
	{"version", 0, NULL, "print the version"},
	{0},
};

static void complain(const struct gbx_given *given, struct gbx_error *err)
{
	gbx_make_plain(err->line);
	fprintf(stderr, "%s: %s\n", given->program, err->line);
}

struct keys {
	uint8_t (*key)[GBX_PUBLIC_KEY_LEN];
	size_t len;
};

static int load_keys(const struct gbx_given *given, const char *own_key, struct keys *keys, bool *asked, struct gbx_error *err)
{
	size_t named;
	const char **path = gbx_values(given, "key", &named);
	struct gbx_error ignored;
	int rc = 0;

	*asked = named > 0;
	keys->key = gbx_calloc(named + 1, sizeof *keys->key);
	if (!path || !keys->key)
		rc = gbx_fail(err, GBX_E_NOMEM, "no memory for keys");
	for (size_t i = 0; rc == 0 && i < named; i++)
		rc = gbx_public_load(path[i], keys->key[keys->len++], err);
	if (rc == 0 && named == 0 && own_key && gbx_public_load(own_key, keys->key[0], &ignored) == 0)
		keys->len = 1;
	gbx_free(path);
	return rc;
}

static int read_required(const char *list, bool require[GBX_CHECKS], struct gbx_error *err)
{
	char name[32];

	do {
		size_t len = strcspn(list, ",");
		snprintf(name, sizeof name, "%.*s", (int)(len < 31 ? len : 31), list);
		enum gbx_check check = gbx_check_named(name);
		if (check == GBX_CHECKS)
			return gbx_fail(err, GBX_E_USAGE,
					"--require: '%s' is no check; expected some of layout, digests, records, chain, streams, commitments, publication, signature, code, manifests, data, artifacts, attestations, timestamps",
					name);
		require[check] = true;
		list += len + (list[len] == ',');
	} while (*list);
	return 0;
}

/* All that was asked for: a check that a second --require does not name is asked for all the same. */
static int read_all_required(const struct gbx_given *given, bool require[GBX_CHECKS], struct gbx_error *err)
{
	size_t lists;
	const char **list = gbx_values(given, "require", &lists);
	int rc = list ? 0 : gbx_fail(err, GBX_E_NOMEM, "no memory");

	for (size_t i = 0; rc == 0 && i < lists; i++)
		rc = read_required(list[i], require, err);
	gbx_free(list);
	return rc;
}

/* One of two would be left out unseen. */
static int check_once(const struct gbx_given *given, const char *name, struct gbx_error *err)
{
	size_t count;
	const char **list = gbx_values(given, name, &count);

	gbx_free(list);
	return count > 1 ? gbx_fail(err, GBX_E_USAGE, "--%s is there %zu times; expected it once", name, count) : 0;
}

static int verify(const struct gbx_given *given, const struct gbx_verify_options *o, const bool require[GBX_CHECKS])
{
	struct gbx_report report = {0};
	struct gbx_error err;

	if (gbx_verify(given->argument[0], o, &report, &err)) {
		complain(given, &err);
		return 3;
	}
	enum gbx_verdict verdict = gbx_report_verdict(&report, require);
	int rc = 0;
	if (gbx_flag(given, "json"))
		rc = gbx_print_report_json(&report, verdict, &err);
	else if (!gbx_flag(given, "quiet"))
		rc = gbx_print_report(&report, verdict, gbx_flag(given, "verbose"), &err);
	gbx_report_free(&report);
	if (rc)
		complain(given, &err);
	return rc ? 3 : (int)verdict;
}

/* Before anything was verified: what the user said is wrong, or this machine cannot do it. */
static int status_of(const struct gbx_error *err)
{
	return gbx_is_outage(err->code) ? 3 : 2;
}

int gbx_verify_command(const struct gbx_given *given, const char *own_key)
{
	bool require[GBX_CHECKS] = {false};
	struct gbx_verify_options o = {.artifacts = gbx_value(given, "artifacts"), .against = gbx_value(given, "against")};
	struct keys keys = {0};
	struct gbx_error err;
	const char **data = gbx_values(given, "data", &o.data_len);
	int rc = data ? load_keys(given, own_key, &keys, &o.asked_for_keys, &err) : gbx_fail(&err, GBX_E_NOMEM, "no memory");

	if (rc == 0)
		rc = read_all_required(given, require, &err);
	if (rc == 0)
		rc = check_once(given, "artifacts", &err);
	if (rc == 0)
		rc = check_once(given, "against", &err);
	o.data = data;
	o.trusted = (const uint8_t(*)[32])keys.key;
	o.trusted_len = keys.len;
	if (rc)
		complain(given, &err);
	int status = rc ? status_of(&err) : verify(given, &o, require);
	gbx_free(data);
	gbx_free(keys.key);
	return status;
}
