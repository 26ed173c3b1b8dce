#include "store/runs.h"

#include <fcntl.h>
#include <stdio.h>

#include "base/mem.h"
#include "journal/clock.h"
#include "store/hold.h"
#include "store/journals.h"

void gbx_run_view_free(struct gbx_run_view *v)
{
	for (size_t i = 0; i < v->streams; i++)
		gbx_free(v->stream[i].path);
	gbx_free(v->stream);
	gbx_free(v->name);
	gbx_free(v->repo);
	*v = (struct gbx_run_view){0};
}

const char *gbx_run_state_name(enum gbx_run_state state)
{
	static const char *const name[] = {"running", "silent", "interrupted", "ended", "sealed"};

	return name[state];
}

void gbx_run_state_text(const struct gbx_run_view *v, char out[48])
{
	char since[32];

	gbx_time_text(v->last_nanos, since);
	if (v->state == GBX_SILENT)
		snprintf(out, 48, "silent since %.19sZ", since);
	else
		snprintf(out, 48, "%s", gbx_run_state_name(v->state));
}

static void take_end(const Glassbox__RunEnd *e, struct gbx_run_view *v)
{
	v->has_end = true;
	v->outcome = e->outcome_case;
	v->outcome_value = e->outcome_case == GLASSBOX__RUN_END__OUTCOME_EXIT     ? e->exit
			 : e->outcome_case == GLASSBOX__RUN_END__OUTCOME_SIGNAL ? e->signal
										: e->not_started;
	v->job_started_nanos = e->started_unix_nanos;
	v->job_ended_nanos = e->ended_unix_nanos;
}

static int take_name(const Glassbox__Name *n, struct gbx_run_view *v, struct gbx_error *err)
{
	gbx_free(v->name);
	v->name = gbx_strdup(n->name);
	return v->name ? 0 : gbx_fail(err, GBX_E_NOMEM, "no memory for a name");
}

static int take_root(const Glassbox__Root *r, struct gbx_run_view *v, struct gbx_error *err)
{
	if (strcmp(r->name, "repo") != 0)
		return 0;
	gbx_free(v->repo);
	v->repo = gbx_memdup(r->path.data, r->path.len);
	return v->repo ? 0 : gbx_fail(err, GBX_E_NOMEM, "no memory for a path");
}

static void take_process(const Glassbox__Process *p, struct gbx_run_view *v)
{
	if (p->role == GLASSBOX__PROCESS__ROLE__JOB) {
		v->job_pid = p->pid;
		v->job_start_ticks = p->start_ticks;
	} else {
		v->pid = p->pid;
		v->start_ticks = p->start_ticks;
	}
}

static void take_host(const Glassbox__Host *h, struct gbx_host *host)
{
	*host = (struct gbx_host){.pid_namespace = h->pid_namespace, .has_machine = h->machine.len == GBX_MACHINE_LEN};
	gbx_printable_in(gbx_slice_text(h->boot_id), host->boot_id, sizeof host->boot_id);
	if (host->has_machine)
		memcpy(host->machine, h->machine.data, GBX_MACHINE_LEN);
}

/* What a record says of its run, for lists. */
static int take_record(const struct gbx_record *r, const struct gbx_stream_view *stream, struct gbx_run_view *v, struct gbx_error *err)
{
	v->records++;
	/* A clock that is set back makes later records earlier ones. */
	if (r->seq == 0 && (v->started_nanos == 0 || r->time_nanos < v->started_nanos))
		v->started_nanos = r->time_nanos;
	if (r->time_nanos > v->last_nanos)
		v->last_nanos = r->time_nanos;
	switch (r->kind->kind) {
	case GLASSBOX__KIND__GAP:
		v->gaps++;
		break;
	case GLASSBOX__KIND__RUN_END:
		take_end(r->body->run_end, v);
		break;
	case GLASSBOX__KIND__SEAL:
		v->seal = r->body->seal->state;
		memcpy(v->list_root, r->body->seal->root.data, GBX_SHA256_LEN);
		break;
	case GLASSBOX__KIND__NAME:
		return r->body ? take_name(r->body->name, v, err) : 0;
	case GLASSBOX__KIND__ROOT:
		return r->body ? take_root(r->body->root, v, err) : 0;
	case GLASSBOX__KIND__PROCESS:
		if (r->body && stream->role == GLASSBOX__STREAM_START__ROLE__LEAD)
			take_process(r->body->process, v);
		break;
	case GLASSBOX__KIND__HOST:
		if (r->body && stream->role == GLASSBOX__STREAM_START__ROLE__LEAD)
			take_host(r->body->host, &v->host);
		break;
	default:
		break;
	}
	return 0;
}

static void take_position(const struct gbx_record *r, struct gbx_stream_view *stream)
{
	stream->sealed = r->kind->kind == GLASSBOX__KIND__SEAL;
	stream->ended = stream->sealed || r->kind->kind == GLASSBOX__KIND__STREAM_END;
	if (r->seq == 0)
		stream->role = r->body->stream_start->role;
}

/* A tail that was being written when its writer died, or damage. */
static int tell_break(int fd, uint64_t offset, const struct gbx_error *bad, struct gbx_stream_view *stream, struct gbx_error *err)
{
	char why[160];

	int rc = gbx_damage_look(fd, offset, &stream->damage, err);
	if (rc)
		return rc;
	gbx_printable_in(gbx_slice_text(bad->line), why, sizeof why);
	if (stream->damage.intact)
		snprintf(stream->trouble, sizeof stream->trouble, "damaged: %llu intact records behind a bad one (%s)",
			 (unsigned long long)stream->damage.intact, why);
	else
		snprintf(stream->trouble, sizeof stream->trouble, "a torn tail of %llu bytes (%s)", (unsigned long long)stream->damage.bytes,
			 why);
	return 0;
}

/* Records that somebody names and that are not there, or are others. */
static void check_expected(const struct gbx_journal *j, struct gbx_stream_view *stream)
{
	const struct gbx_head *seen = &stream->head;

	stream->expected = j->is_limited ? j->limit : 0;
	if (!j->is_limited || seen->size == j->limit || !stream->intact)
		return;
	stream->intact = false;
	snprintf(stream->trouble, sizeof stream->trouble, "cut short: %llu records are there, %llu were counted on",
		 (unsigned long long)seen->size, (unsigned long long)j->limit);
}

int gbx_fail_no_body(const struct gbx_stream_view *stream, const struct gbx_record *r, struct gbx_error *err)
{
	return gbx_fail(err, GBX_E_BAD, "'%s': record %llu has no body; a store's own journal has them all: restore the file from a copy",
			stream->path, (unsigned long long)r->seq);
}

int gbx_need_sealed(const struct gbx_run_view *v, struct gbx_error *err)
{
	if (v->state == GBX_SEALED)
		return 0;
	return gbx_fail(err, GBX_E_REFUSED, "run %s is %s, not sealed; seal it first: glassbox seal %s", v->run,
			gbx_run_state_name(v->state), v->run);
}

/* One journal that is read. */
struct reading {
	const struct gbx_journal *journal;
	int fd;
	gbx_record_fn fn;
	void *arg;
	struct gbx_run_view *v;
	struct gbx_stream_view *stream;
};

static int scan_records(const struct reading *at, struct gbx_reader *reader, struct gbx_error *err)
{
	const struct gbx_journal *j = at->journal;
	struct gbx_clock clock = {0};
	struct gbx_error bad;
	int rc = 0, read = 0;

	while (rc == 0 && !(j->is_limited && reader->chain.tree.size == j->limit) && (read = gbx_reader_next(reader, &bad)) == 1) {
		take_position(&reader->record, at->stream);
		gbx_clock_take(&clock, reader->record.seq, reader->record.time_nanos);
		rc = take_record(&reader->record, at->stream, at->v, err);
		if (rc == 0 && at->fn)
			rc = at->fn(at->arg, at->stream, &reader->record, err);
	}
	if (rc == 0 && (read == GBX_E_NOMEM || read == GBX_E_CRYPTO))
		rc = gbx_fail(err, read, "%s", bad.line);
	if (clock.back > at->v->clock_back)
		at->v->clock_back = clock.back;
	at->stream->intact = read >= 0;
	at->v->unreadable |= read == GBX_E_IO;
	if (rc == 0 && read < 0)
		rc = tell_break(at->fd, reader->offset, &bad, at->stream, err);
	return rc ? rc : gbx_chain_head(&reader->chain, &at->stream->head, err);
}

/* The next stream of the view. */
static int add_stream(struct gbx_run_view *v, const struct gbx_journal *j, struct gbx_stream_view **out, struct gbx_error *err)
{
	int rc = gbx_grow((void **)&v->stream, &v->cap, v->streams, sizeof *v->stream, err);
	struct gbx_stream_view stream = {.path = gbx_strdup(j->path), .follows = j->follows};

	if (rc || !stream.path) {
		gbx_free(stream.path);
		return rc ? rc : gbx_fail(err, GBX_E_NOMEM, "no memory for a path");
	}
	memcpy(stream.head.stream, j->stream.stream, GBX_STREAM_LEN);
	*out = &v->stream[v->streams++];
	**out = stream;
	return 0;
}

static int scan_file(const struct gbx_journal *j, gbx_record_fn fn, void *arg, struct gbx_run_view *v, struct gbx_error *err)
{
	GBX_AUTO_FD int fd = -1;
	GBX_AUTO_READER struct gbx_reader reader = {0};
	struct reading at = {.journal = j, .fn = fn, .arg = arg, .v = v};
	struct gbx_file_input in;
	int rc = gbx_open_regular(AT_FDCWD, j->path, &fd, err);

	if (rc)
		return rc;
	gbx_file_input(&in, fd);
	at.fd = fd;
	rc = gbx_reader_init(&reader, &in.in, err);
	if (rc == 0)
		rc = add_stream(v, j, &at.stream, err);
	if (rc == 0)
		rc = scan_records(&at, &reader, err);
	if (rc == 0)
		check_expected(j, at.stream);
	return rc;
}

/* What can be seen from here of a process of the run. */
static enum gbx_process_state look(const struct gbx_run_view *v, uint64_t pid, uint64_t start_ticks)
{
	struct gbx_host here;

	gbx_host_here(&here);
	return gbx_process_look(&here, &v->host, pid, start_ticks);
}

bool gbx_run_job_lives(const struct gbx_run_view *v)
{
	return v->job_pid && v->job_start_ticks && !v->has_end && look(v, v->job_pid, v->job_start_ticks) == GBX_PROCESS_ALIVE;
}

bool gbx_run_says_who(const struct gbx_run_view *v)
{
	return *v->host.boot_id && v->pid;
}

/* Between its first record and those of host and process a recorder lives for milliseconds; who is killed there leaves only its lock.
 * Damage that hides those records is no such moment. */
static enum gbx_process_state look_at_recorder(const struct gbx_store *s, const struct gbx_run_view *v)
{
	bool locks = !gbx_run_says_who(v) && v->has_lead && v->records && !v->unreadable && !v->strange;

	for (size_t i = 0; i < v->streams; i++)
		locks = locks && v->stream[i].damage.intact == 0;
	return locks ? gbx_hold_look(s, v->run) : look(v, v->pid, v->start_ticks);
}

enum gbx_run_state gbx_run_state_now(const struct gbx_store *s, const struct gbx_run_view *v)
{
	if (v->sealed)
		return GBX_SEALED;
	if (v->ended)
		return GBX_ENDED;
	switch (look_at_recorder(s, v)) {
	case GBX_PROCESS_ALIVE:
		return GBX_RUNNING;
	case GBX_PROCESS_GONE:
		return v->has_end ? GBX_ENDED : GBX_INTERRUPTED;
	default:
		return v->has_end ? GBX_ENDED : GBX_SILENT;
	}
}

static void take_journals(const struct gbx_journals *j, struct gbx_run_view *v)
{
	v->has_lead = j->lead != GBX_NO_JOURNAL;
	v->lead = v->has_lead ? j->lead : 0;
	v->ended = v->has_lead && v->stream[v->lead].ended;
	v->sealed = v->has_lead && v->stream[v->lead].sealed;
	v->seals = j->seals;
	v->strange = j->strange;
	v->unreadable |= j->unreadable;
	v->unlisted = j->unlisted;
	memcpy(v->trouble, j->trouble, sizeof v->trouble);
	/* Without a record it began when its id was made: the id's first 48 bits are milliseconds. */
	if (v->records == 0)
		for (int i = 0; i < 6; i++)
			v->started_nanos = v->started_nanos << 8 | v->ulid[i];
	if (v->records == 0)
		v->last_nanos = v->started_nanos *= 1000000u;
}

int gbx_run_trouble(const struct gbx_run_view *v, struct gbx_bytes *out, struct gbx_error *err)
{
	char shown[200];
	int rc = 0;

	if (v->strange)
		rc = gbx_bytes_printf(out, err, "run %s: %s%s; it is left out\n", v->run, v->trouble, v->strange > 1 ? " (and others)" : "");
	if (rc == 0 && v->seals > 1)
		rc = gbx_bytes_printf(out, err, "run %s was sealed %zu times, on several machines at once; the first seal by its time counts\n",
				      v->run, v->seals);
	for (size_t i = 0; rc == 0 && i < v->streams; i++) {
		const struct gbx_stream_view *s = &v->stream[i];
		if (!s->intact)
			rc = gbx_bytes_printf(out, err, "run %s: journal '%s' cannot be read behind its first %llu records, which are what is shown: %s\n", v->run,
					      gbx_printable_in(gbx_slice_text(gbx_path_base(s->path)), shown, sizeof shown),
					      (unsigned long long)s->head.size, s->trouble);
	}
	return rc;
}

static int scan(const struct gbx_store *s, const char *run, gbx_record_fn fn, void *arg, struct gbx_run_view *v,
		struct gbx_error *err)
{
	GBX_AUTO_STRING char *dir = gbx_run_path(s, run, "journal");
	GBX_AUTO_STRING char *lists = gbx_run_path(s, run, "streams");
	GBX_AUTO_STRING char *proof = gbx_run_path(s, run, "signature/seal.proof");
	GBX_AUTO_JOURNALS struct gbx_journals journals = {0};

	if (!dir || !lists || !proof)
		return gbx_fail(err, GBX_E_NOMEM, "no memory for a path");
	int rc = gbx_journals_find(dir, lists, v->ulid, &journals, err);
	for (size_t i = 0; rc == 0 && i < journals.len; i++)
		rc = scan_file(&journals.journal[i], fn, arg, v, err);
	if (rc)
		return rc;
	take_journals(&journals, v);
	v->state = gbx_run_state_now(s, v);
	v->is_signed = gbx_exists(proof);
	return 0;
}

int gbx_run_scan(const struct gbx_store *s, const char *run, gbx_record_fn fn, void *arg, struct gbx_run_view *out,
		 struct gbx_error *err)
{
	struct gbx_run_view v = {0};

	if (!gbx_ulid_parse(gbx_slice_text(run), v.ulid))
		return gbx_fail(err, GBX_E_USAGE, "'%s' is not a run id", run);
	memcpy(v.run, run, sizeof v.run);
	int rc = scan(s, run, fn, arg, &v, err);
	if (rc)
		gbx_run_view_free(&v);
	else
		*out = v;
	return rc;
}

int gbx_run_scan_whole(const struct gbx_store *s, const char *run, gbx_record_fn fn, void *arg, struct gbx_run_view *out,
		       struct gbx_error *err)
{
	struct gbx_run_view v;
	int rc = gbx_run_scan(s, run, fn, arg, &v, err);

	if (rc)
		return rc;
	if (v.unreadable) {
		const char *why = v.trouble;
		for (size_t i = 0; !*why && i < v.streams; i++)
			why = v.stream[i].trouble;
		rc = gbx_fail(err, GBX_E_IO, "run %s: a journal cannot be read: %s; see to it that it can, and try again", run, why);
		gbx_run_view_free(&v);
		return rc;
	}
	*out = v;
	return 0;
}
