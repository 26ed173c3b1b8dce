/* glassbox doctor: what would be a gap here, and how to mend it. */
#include <stdio.h>
#include <stdlib.h>

#include "base/json.h"
#include "base/mem.h"
#include "cli/cli.h"
#include "run/doctor.h"

static const struct gbx_option options[] = {
	{"key", 'k', "FILE", "the key; else GLASSBOX_KEY or the user's own"},
	{"json", 0, NULL, "print one JSON object"},
	{"store", 0, "DIR", "the store"},
	{"help", 'h', NULL, "print this"},
	{0},
};

static int print_json(const struct gbx_finding *f, int status)
{
	json_t *checks = json_array();

	for (size_t i = 0; i < GBX_DOCTOR_CHECKS; i++)
		gbx_json_push(&checks, json_pack("{s:s, s:s, s:o, s:o}", "name", f[i].name, "status", gbx_health_name(f[i].health), "detail",
						 gbx_json_bytes(gbx_slice_text(f[i].detail)), "mend",
						 *f[i].mend ? gbx_json_bytes(gbx_slice_text(f[i].mend)) : json_null()));
	return gbx_print_json(json_pack("{s:s, s:o}", "format", "glassbox.doctor/1", "checks", checks), status);
}

static int print(const struct gbx_finding *f, int status)
{
	char shown[1100];

	for (size_t i = 0; i < GBX_DOCTOR_CHECKS; i++) {
		printf("%-7s  %-10s  %s\n", gbx_health_name(f[i].health), f[i].name,
		       gbx_printable_in(gbx_slice_text(f[i].detail), shown, sizeof shown));
		if (*f[i].mend)
			printf("%21s%s\n", "", f[i].mend);
	}
	return fflush(stdout) || ferror(stdout) ? GBX_EXIT_UNSURE : status;
}

static int cmd_doctor(const struct gbx_given *given)
{
	GBX_AUTO_STRING char *cwd = NULL, *work_tree = NULL, *git_dir = NULL, *key = NULL;
	struct gbx_finding found[GBX_DOCTOR_CHECKS];
	struct gbx_doctor_options o = {.ceilings = getenv("GIT_CEILING_DIRECTORIES")};
	struct gbx_error err;
	int status = GBX_EXIT_OK;
	bool asked;

	if (gbx_getcwd(&cwd, &err))
		return gbx_complain(&err);
	gbx_store_choice(given, &o.store);
	if (gbx_git_find(cwd, &work_tree, &git_dir, &err) == 0)
		o.store.git_dir = git_dir;
	if (gbx_key_path(given, &key, &asked, &err))
		return gbx_complain(&err);
	o.cwd = cwd;
	o.key = key;
	gbx_doctor(&o, found);
	for (size_t i = 0; i < GBX_DOCTOR_CHECKS; i++)
		if (found[i].health == GBX_HEALTH_PROBLEM)
			status = GBX_EXIT_UNSURE;
	return gbx_flag(given, "json") ? print_json(found, status) : print(found, status);
}

const struct gbx_command gbx_cmd_doctor = {
	.name = "doctor",
	.usage = "[--json]",
	.summary = "what would be missing in a run recorded here, and how to mend it",
	.options = options,
	.usage_status = GBX_EXIT_USAGE,
	.run = cmd_doctor,
};
