#include "run/run.h"

#include <stdio.h>

#include "base/mem.h"
#include "run/background.h"
#include "run/code.h"
#include "run/configs.h"
#include "run/environment.h"
#include "run/job.h"
#include "run/facts.h"
#include "run/seal.h"
#include "run/sign.h"
#include "run/software.h"
#include "run/variables.h"
#include "run/written.h"
#include "store/hold.h"

#define HEARTBEAT_MS 60000
/* How long the capture of the code may go on beside the job. */
#define CODE_MORE_MS 60000
#define ENVIRONMENT_LINGER_MS 250 /* how long the capture of the environment may go on when the job has ended */
#define SOFTWARE_DEADLINE_MS 5000

/* Everything that one run holds. */
struct session {
	const struct gbx_run_options *o;
	char *cwd, *work_tree, *git_dir;
	struct gbx_store store;
	struct gbx_hold hold;
	struct gbx_recorder recorder;
	struct gbx_job child;
	struct gbx_declared_list declared;
	struct gbx_names written; /* folders in which the job may write configs */
	struct gbx_identity identity;
	bool has_identity;
	Glassbox__Gap__Reason no_identity; /* why there is none */
	struct gbx_background background;
	struct gbx_environment environment;
	Glassbox__Bus bus;
	struct gbx_software_facts software;
	uint64_t began; /* monotonic, as is the job's: what a clock says that is set meanwhile is no duration */
	uint64_t job_nanos;
	struct gbx_printed printed;
	bool recording;
	bool collected; /* somebody tidies the store meanwhile */
	struct gbx_run_code code;
};

/* What is recorded of the job's command. */
struct command {
	struct gbx_arguments arguments;
	struct gbx_config_files configs;
	const char **question; /* their paths, for the capture of the code */
};

static void free_command(struct command *c)
{
	gbx_arguments_free(&c->arguments);
	gbx_config_files_free(&c->configs);
	gbx_free(c->question);
}

static void say(const struct session *s, const char *line)
{
	if (s->o->say)
		s->o->say(line);
}

static void warn(const struct session *s, const char *line)
{
	if (s->o->warn)
		s->o->warn(line);
}

static void free_session(struct session *s)
{
	gbx_printed_free(&s->printed);
	gbx_run_code_free(&s->code);
	gbx_recorder_free(&s->recorder);
	gbx_declared_free(&s->declared);
	gbx_names_free(&s->written);
	if (s->has_identity)
		gbx_identity_free(&s->identity);
	gbx_hold_release(&s->hold);
	gbx_store_free(&s->store);
	gbx_free(s->cwd);
	gbx_free(s->work_tree);
	gbx_free(s->git_dir);
}

static int read_options(struct session *s, struct gbx_error *err)
{
	const struct gbx_run_options *o = s->o;
	struct gbx_slice name;
	const char *path;
	int rc = gbx_getcwd(&s->cwd, err);

	for (size_t i = 0; rc == 0 && i < o->roots; i++)
		rc = gbx_root_parse(o->root[i], &name, &path, err);
	for (size_t i = 0; rc == 0 && i < o->data_len; i++)
		rc = gbx_declared_add(&s->declared, GLASSBOX__DECLARATION__ROLE__DATA, o->data[i], s->cwd, err);
	for (size_t i = 0; rc == 0 && i < o->output_len; i++)
		rc = gbx_declared_add(&s->declared, GLASSBOX__DECLARATION__ROLE__OUTPUT, o->output[i], s->cwd, err);
	return rc;
}

static int open_recorder(struct session *s, struct gbx_error *err)
{
	static const uint8_t new_run[GBX_ULID_LEN];
	struct gbx_store_choice choice = s->o->store;
	struct gbx_error why;

	int found = gbx_git_find(s->cwd, &s->work_tree, &s->git_dir, &why);
	if (found)
		s->git_dir = NULL;
	if (found && found != GBX_E_NOTFOUND)
		warn(s, why.line);
	choice.create = true;
	choice.git_dir = s->git_dir;
	int rc = gbx_store_find(&choice, &s->store, err);
	if (rc)
		return rc;
	s->collected = !gbx_hold_store(&s->store, &s->hold);
	s->recorder.say = s->o->warn;
	s->recorder.secrets = s->o->secrets;
	rc = gbx_recorder_begin(&s->recorder, &s->store, new_run, NULL, err);
	s->recording = rc == 0;
	return rc;
}

static void open_identity(struct session *s)
{
	struct gbx_error err;

	s->no_identity = GLASSBOX__GAP__REASON__NO_KEY;
	if (!s->o->key)
		return;
	if (gbx_identity_open(s->o->key, s->o->passphrase, &s->identity, &err) == 0) {
		s->has_identity = true;
		return;
	}
	if (err.code == GBX_E_NOTFOUND && !s->o->key_asked_for)
		return;
	s->no_identity = gbx_gap_reason(&err);
	warn(s, err.line);
}

/* A key that the user named and that cannot be used: with --strict nothing is started. */
static int check_identity(const struct session *s, struct gbx_error *err)
{
	if (s->has_identity || !s->o->strict || !s->o->key_asked_for)
		return 0;
	return gbx_fail(err, GBX_E_USAGE, "the key '%s' cannot be used (%s), and --strict asks for it", s->o->key,
			gbx_gap_reason_words(s->no_identity));
}

static void put_roots(struct session *s, const struct gbx_code_result *c)
{
	struct gbx_error err;
	const char *repo = s->code.pending ? s->work_tree : c->captured ? c->repo : NULL;
	int rc = repo ? gbx_add_root(&s->recorder, "repo", repo, &err) : 0;

	if (rc == 0)
		rc = gbx_add_root(&s->recorder, "cwd", s->cwd, &err);
	if (rc == 0 && s->o->home && *s->o->home == '/')
		rc = gbx_add_root(&s->recorder, "home", s->o->home, &err);
	for (size_t i = 0; rc == 0 && i < s->o->roots; i++)
		rc = gbx_add_named_root(&s->recorder, s->o->root[i], &err);
	if (rc)
		warn(s, err.line);
	gbx_put_roots(&s->recorder);
}

static void put_command(struct session *s, struct command *command, const struct gbx_code_result *c)
{
	const struct gbx_run_options *o = s->o;

	gbx_put_arguments(&s->recorder, &command->arguments);
	gbx_put_params(&s->recorder, o->param, o->param_len);
	for (size_t i = 0; i < command->configs.len; i++)
		gbx_put_config(&s->recorder, &command->configs.file[i], c->captured && i < c->answers ? &c->answer[i] : NULL);
}

/* The facts that stand before the job starts. The code is captured by a child meanwhile. */
static void put_start(struct session *s, struct command *command)
{
	GBX_CLEANUP(gbx_code_result_free) struct gbx_code_result code = {0};
	struct gbx_code_options o = {
		.start = s->cwd, .ceilings = s->o->ceilings, .start_ms = s->o->snapshot_deadline_ms,
		.deadline_ms = s->o->snapshot_deadline_ms + CODE_MORE_MS, .untracked_limit = s->o->snapshot_limit, .questions = command->question,
		.count = command->configs.len, .write_all = s->collected,
	};
	gbx_run_code_start(&s->code, &s->recorder, &o);

	/* The stream's start is synced while libgit2 starts in the child. */
	struct gbx_error unsynced;
	if (gbx_writer_sync(s->recorder.writer, &unsynced))
		warn(s, unsynced.line);
	gbx_put_run_start(&s->recorder);
	if (s->o->name)
		gbx_put_name(&s->recorder, s->o->name);
	gbx_put_machine(&s->recorder, s->o->environment, &s->bus);
	if (s->o->environment)
		gbx_put_variables(&s->recorder, s->o->environment);
	open_identity(s);
	gbx_run_code_wait(&s->code, &code);
	put_roots(s, &code);
	put_command(s, command, &code);
	gbx_run_code_put(&s->code, &code);
	for (size_t i = 0; i < s->declared.len; i++)
		if (s->declared.item[i].role == GLASSBOX__DECLARATION__ROLE__OUTPUT)
			gbx_declared_begin(&s->recorder, &s->declared.item[i]);
}

static void tell_start(const struct session *s)
{
	char line[1200], path[700];

	if (s->store.why) {
		snprintf(line, sizeof line, "recording elsewhere, since %s", s->store.why);
		warn(s, line);
	}
	snprintf(line, sizeof line, "recording run %s in %s%s%s%s", s->recorder.run_text,
		 gbx_printable_in(gbx_slice_text(s->store.path), path, sizeof path), s->store.fleeting ? " (a " : "",
		 s->store.fleeting ? s->store.fleeting : "", s->store.fleeting ? ", which may not outlive this machine's next start)" : "");
	say(s, line);
	if (s->has_identity)
		snprintf(line, sizeof line, "%s; signed by %s", s->code.line, s->identity.owner);
	else
		snprintf(line, sizeof line, "%s; not signed: %s", s->code.line,
			 s->no_identity == GLASSBOX__GAP__REASON__NO_KEY
				 ? "no key; make one with 'glassbox key new --name YOU'"
				 : "the key cannot be used; sign later with 'glassbox sign RUN --key FILE'");
	say(s, line);
}

static void put_heartbeat(struct session *s)
{
	Glassbox__Body body = GLASSBOX__BODY__INIT;
	Glassbox__Heartbeat m = GLASSBOX__HEARTBEAT__INIT;

	m.seconds = (gbx_monotonic_nanos() - s->began) / 1000000000u;
	body.body_case = GLASSBOX__BODY__BODY_HEARTBEAT;
	body.heartbeat = &m;
	gbx_put(&s->recorder, &body, NULL);
}

static int wait_for_job(struct session *s, struct gbx_job_end *end, struct gbx_error *err)
{
	int rc, every = s->o->heartbeat_ms ? (int)s->o->heartbeat_ms : HEARTBEAT_MS;

	while ((rc = gbx_job_wait(&s->child, s->recording ? every : -1, end, err)) == 0)
		put_heartbeat(s);
	return rc;
}

static void put_run_end(struct session *s, const struct gbx_job_end *end, int exec_errno)
{
	Glassbox__Body body = GLASSBOX__BODY__INIT;
	Glassbox__RunEnd m = GLASSBOX__RUN_END__INIT;

	if (exec_errno) {
		m.outcome_case = GLASSBOX__RUN_END__OUTCOME_NOT_STARTED;
		m.not_started = (uint32_t)exec_errno;
	} else if (end->exited) {
		m.outcome_case = GLASSBOX__RUN_END__OUTCOME_EXIT;
		m.exit = (uint32_t)end->status;
	} else {
		m.outcome_case = GLASSBOX__RUN_END__OUTCOME_SIGNAL;
		m.signal = (uint32_t)end->status;
		m.core = end->core;
	}
	if (!exec_errno) {
		m.started_unix_nanos = s->child.started_nanos;
		m.ended_unix_nanos = end->ended_nanos;
	}
	body.body_case = GLASSBOX__BODY__BODY_RUN_END;
	body.run_end = &m;
	gbx_put(&s->recorder, &body, NULL);
}

static void put_usage(struct session *s, const struct gbx_job_end *end)
{
	Glassbox__Body body = GLASSBOX__BODY__INIT;
	Glassbox__Usage m = GLASSBOX__USAGE__INIT;

	m.user_micros = end->user_micros;
	m.system_micros = end->system_micros;
	m.max_rss_bytes = end->max_rss_bytes;
	body.body_case = GLASSBOX__BODY__BODY_USAGE;
	body.usage = &m;
	gbx_put(&s->recorder, &body, NULL);
}

/* Seals and signs. The line says how that went; false where something went wrong. */
static bool finish_record(struct session *s, Glassbox__Seal__State state, bool whole, char *line, size_t size)
{
	const char *run = s->recorder.run_text;
	struct gbx_error err;
	int rc;

	if (!whole) {
		rc = gbx_end_write(&s->recorder, &err);
		snprintf(line, size, "not sealed: hashing was not finished%s%s; finish with: glassbox seal %s", rc ? ", and " : "",
			 rc ? err.line : "", run);
		return rc == 0;
	}
	rc = gbx_seal_write(&s->recorder, state, &err);
	if (rc) {
		snprintf(line, size, "not sealed: %s; try again with: glassbox seal %s", err.line, run);
		return false;
	}
	if (!s->has_identity) {
		snprintf(line, size, "sealed, not signed; sign with: glassbox sign %s", run);
		return true;
	}
	rc = gbx_sign_run(&s->store, run, &s->identity, &err);
	if (rc)
		snprintf(line, size, "sealed, not signed: %s; try again with: glassbox sign %s", err.line, run);
	else
		snprintf(line, size, "sealed and signed by %s; publish with: glassbox publish %s -o DIR", s->identity.owner, run);
	return rc == 0;
}

static void tell_end(const struct session *s, const struct gbx_job_end *end, int exec_errno)
{
	char line[512];
	double seconds = (double)s->job_nanos / 1e9;
	struct gbx_head head;
	struct gbx_error ignored;

	if (exec_errno)
		snprintf(line, sizeof line, "run %s: the job did not start", s->recorder.run_text);
	else
		snprintf(line, sizeof line, "run %s: the job ended with %s %d after %.1f s", s->recorder.run_text,
			 end->exited ? "exit status" : "signal", end->status, seconds);
	say(s, line);
	if (gbx_writer_head(s->recorder.writer, &head, &ignored) == 0) {
		snprintf(line, sizeof line, "%llu records, %llu gap%s; see them with: glassbox show %s", (unsigned long long)head.size,
			 (unsigned long long)s->recorder.gaps, s->recorder.gaps == 1 ? "" : "s", s->recorder.run_text);
		say(s, line);
	}
}

static Glassbox__Seal__State seal_state(const struct gbx_job_end *end, int exec_errno)
{
	if (exec_errno)
		return GLASSBOX__SEAL__STATE__NOT_STARTED;
	return end->exited ? GLASSBOX__SEAL__STATE__EXITED : GLASSBOX__SEAL__STATE__SIGNALED;
}

static void record_end(struct session *s, const struct gbx_job_end *end, int exec_errno)
{
	char last[1400];
	uint64_t patience = gbx_monotonic_nanos() + (uint64_t)ENVIRONMENT_LINGER_MS * 1000000u;

	gbx_software_end(&s->software, SOFTWARE_DEADLINE_MS, gbx_job_hurried);
	bool whole = gbx_background_finish(&s->background, s->o->linger_ms, gbx_job_hurried);

	gbx_put_written(&s->recorder, &s->written);
	if (!exec_errno)
		gbx_printed_end(&s->printed, &s->recorder, s->o->linger_ms, gbx_job_hurried);
	gbx_environment_finish(&s->environment, patience, gbx_job_hurried);
	if (!exec_errno)
		put_usage(s, end);
	put_run_end(s, end, exec_errno);
	bool fine = finish_record(s, seal_state(end, exec_errno), whole, last, sizeof last);
	tell_end(s, end, exec_errno);
	if (fine)
		say(s, last);
	else
		warn(s, last);
}

static int status_of(const struct session *s, const struct gbx_job_end *end, int exec_errno)
{
	if (exec_errno)
		return gbx_job_exec_status(exec_errno);
	if (s->o->strict && s->recorder.lost_ever)
		return 125;
	return end->exited ? end->status : 128 + end->status;
}

static void tell_exec(const struct session *s, int exec_errno)
{
	char line[700], shown[512];

	snprintf(line, sizeof line, "cannot start '%s': %s", gbx_printable_in(gbx_slice_text(s->o->argv[0]), shown, sizeof shown),
		 strerror(exec_errno));
	warn(s, line);
}

/* Before the threads are: a child of theirs could keep a lock for ever. */
static void start_environment(struct session *s)
{
	struct gbx_environment_options o = {.root = "", .job = s->child.pid, .library_path = s->o->library_path, .bus = s->bus};

	if (s->child.pid)
		gbx_record_environment_start(&s->environment, &s->recorder, &o);
}

static void put_process(struct session *s)
{
	gbx_put_job_process(&s->recorder, (uint64_t)s->child.pid);
	gbx_software_begin(&s->software, &s->recorder, (uint64_t)s->child.pid);
}

static int run_job(struct session *s, struct gbx_run_result *result, struct gbx_error *err)
{
	struct gbx_job_end end = {0};
	int exec_errno = 0;
	uint64_t began = gbx_monotonic_nanos();
	if (s->recording)
		gbx_printed_begin(&s->printed, &s->recorder, s->o->console, s->child.output);
	int rc = gbx_job_start(s->o->argv, NULL, &s->child, &exec_errno, err);

	if (rc)
		return rc;
	result->started = true;
	if (s->child.pid)
		gbx_printed_start(&s->printed, s->child.pid);
	if (exec_errno)
		tell_exec(s, exec_errno);
	if (s->recording) {
		if (!exec_errno)
			put_process(s);
		s->recorder.job_started_nanos = exec_errno ? 0 : s->child.started_nanos;
		start_environment(s);
		gbx_software_listen(&s->software);
		s->background.code = &s->code;
		gbx_background_start(&s->background, &s->recorder, &s->declared, s->has_identity ? &s->identity : NULL, s->no_identity);
	}
	if (!exec_errno && wait_for_job(s, &end, err) < 0)
		return err->code;
	s->job_nanos = gbx_monotonic_nanos() - began;
	if (s->recording)
		record_end(s, &end, exec_errno);
	result->status = status_of(s, &end, exec_errno);
	return 0;
}

static int read_command(const struct session *s, struct command *c, struct gbx_error *err)
{
	int rc = gbx_arguments_read(s->recorder.scanner, s->o->argv, &c->arguments, err);

	for (size_t i = 0; rc == 0 && i < s->o->config_len; i++)
		rc = gbx_config_files_add(&c->configs, s->o->config[i], s->cwd, err);
	if (rc == 0)
		rc = gbx_config_files_find(&c->configs, &c->arguments, err);
	c->question = rc ? NULL : gbx_calloc(c->configs.len, sizeof *c->question);
	if (rc == 0 && !c->question)
		rc = gbx_fail(err, GBX_E_NOMEM, "no memory for paths");
	for (size_t i = 0; rc == 0 && i < c->configs.len; i++)
		c->question[i] = c->configs.file[i].path;
	return rc;
}

static int record_start(struct session *s, struct gbx_error *err)
{
	GBX_CLEANUP(free_command) struct command command = {0};
	int rc = read_command(s, &command, err);

	if (rc == 0)
		rc = gbx_written_places(&command.arguments, &s->declared, s->cwd, &s->written, err);
	if (rc == 0) {
		put_start(s, &command);
		rc = check_identity(s, err);
	}
	if (rc == 0)
		tell_start(s);
	return rc;
}

static int run(struct session *s, struct gbx_run_result *result, struct gbx_error *err)
{
	struct gbx_error why;
	char line[sizeof why.line + 64];
	int rc = read_options(s, err);

	if (rc == 0)
		rc = gbx_job_prepare(&s->child, err);
	if (rc)
		return rc;
	rc = open_recorder(s, &why);
	if (rc == 0)
		rc = record_start(s, &why);
	if (rc && s->o->strict) {
		*err = why;
		return rc;
	}
	if (rc) {
		snprintf(line, sizeof line, "the job runs without a record: %s", why.line);
		warn(s, line);
		s->recording = false;
	}
	rc = run_job(s, result, err);
	if (s->recording)
		memcpy(result->run, s->recorder.run_text, sizeof result->run);
	return rc;
}

int gbx_run(const struct gbx_run_options *options, struct gbx_run_result *result, struct gbx_error *err)
{
	struct session s = {.o = options, .hold = GBX_HOLD_NONE, .began = gbx_monotonic_nanos()};

	*result = (struct gbx_run_result){0};
	gbx_printed_init(&s.printed);
	int rc = run(&s, result, err);
	gbx_job_release(&s.child);
	if (!result->started)
		gbx_job_restore(&s.child);
	free_session(&s);
	return rc;
}
