/* Looking into the runs of a store, by reading their journals. */
#ifndef GBX_STORE_RUNS_H
#define GBX_STORE_RUNS_H

#include "journal/damage.h"
#include "journal/reader.h"
#include "store/alive.h"
#include "store/store.h"

enum gbx_run_state {
	GBX_RUNNING,     /* its recorder is alive on this machine */
	GBX_SILENT,      /* no end was found, and nobody here can say whether it lives */
	GBX_INTERRUPTED, /* no end was found, and its recorder is gone */
	GBX_ENDED,       /* ended, and not sealed yet */
	GBX_SEALED,
};

struct gbx_stream_view {
	char *path;
	struct gbx_head head;    /* as far as the file is intact and belongs to the run: store/journals.h */
	struct gbx_head follows; /* size 0: none */
	uint64_t expected;       /* the size that the seal's list, or the stream that goes on from it, says; 0: nobody does */
	Glassbox__StreamStart__Role role;
	bool ended;              /* its last record is a stream-end or seal */
	bool sealed;
	bool intact;             /* nothing bad was met among the records of the run */
	char trouble[256];       /* what is wrong where it is not */
	struct gbx_damage damage; /* what lies behind the last good record then */
};

struct gbx_run_view {
	char run[GBX_ULID_TEXT + 1];
	uint8_t ulid[GBX_ULID_LEN];
	char *name;                  /* NULL: none was given */
	char *repo;                  /* root of the repository that it ran in, or NULL */
	enum gbx_run_state state;
	struct gbx_stream_view *stream; /* sorted by stream id */
	size_t streams, cap;
	size_t lead;                 /* index of the lead stream that no other follows; means nothing without has_lead */
	bool has_lead;               /* false where nothing was recorded, or that stream is lost */
	size_t seals;                /* more than one: it was sealed on several machines at once, and the first by its time counts */
	uint8_t list_root[GBX_SHA256_LEN]; /* sealed: names the list, streams/<hex>.tfrecord */
	size_t strange;              /* files in the journal folder that are no part of the run */
	bool unlisted;               /* sealed, and the list of streams that the Seal names is missing or another */
	bool unreadable;             /* the system refused to read one of the files */
	char trouble[400];           /* what is wrong with the first of these */
	bool ended, sealed;          /* as the lead is */
	uint64_t records, gaps;
	uint64_t started_nanos; /* first record of the first stream */
	uint64_t last_nanos;    /* the latest time of a record */
	uint64_t clock_back;    /* how far the clock was set back within a stream, at most; 0: it was not (journal/clock.h) */
	bool has_end;
	Glassbox__RunEnd__OutcomeCase outcome;
	uint32_t outcome_value;      /* exit status, signal or errno */
	uint64_t job_started_nanos, job_ended_nanos;
	bool is_signed;              /* a seal proof is there */
	/* To tell whether the recorder lives. */
	struct gbx_host host;
	uint64_t pid, start_ticks;
	uint64_t job_pid, job_start_ticks;
	Glassbox__Seal__State seal;  /* what the seal says of the end; 0: not sealed */
};

/* Called for each intact record; a non-zero result ends the scan and is returned. */
typedef int (*gbx_record_fn)(void *arg, const struct gbx_stream_view *stream, const struct gbx_record *record, struct gbx_error *err);

/* Reads what belongs to a run of each of its journals, up to the first bad frame. fn may be NULL. A run with nothing intact in it is
 * silent since its id was made. Free *out with gbx_run_view_free. */
int gbx_run_scan(const struct gbx_store *s, const char *run, gbx_record_fn fn, void *arg, struct gbx_run_view *out,
		 struct gbx_error *err) GBX_MUST_USE;
/* The same for who goes on from what is there: GBX_E_IO where the system refused to read a part of it now, which says nothing of what is
 * there. */
int gbx_run_scan_whole(const struct gbx_store *s, const char *run, gbx_record_fn fn, void *arg, struct gbx_run_view *out,
		       struct gbx_error *err) GBX_MUST_USE;
void gbx_run_view_free(struct gbx_run_view *v);

/* The state that it is in at the moment, from what its journals said, and of one that died before it said which process it is, from
 * its journals' locks. */
enum gbx_run_state gbx_run_state_now(const struct gbx_store *s, const struct gbx_run_view *v);

/* Whether it has the records that say on which machine and as which process its recorder runs. */
bool gbx_run_says_who(const struct gbx_run_view *v);

/* True where the job itself is seen to live, whatever its recorder does. */
bool gbx_run_job_lives(const struct gbx_run_view *v);

/* Appends a line for each thing that is wrong: journals that could not be read to their end, how far and why; files that are no part
 * of the run. A running run's last record may be on its way, which looks the same. */
int gbx_run_trouble(const struct gbx_run_view *v, struct gbx_bytes *out, struct gbx_error *err) GBX_MUST_USE;

/* For a record that the store's own journal has without its body: fills *err and returns GBX_E_BAD. */
int gbx_fail_no_body(const struct gbx_stream_view *stream, const struct gbx_record *r, struct gbx_error *err);

/* 0 where the run is sealed, else GBX_E_REFUSED. */
int gbx_need_sealed(const struct gbx_run_view *v, struct gbx_error *err) GBX_MUST_USE;

/* "running", ... */
const char *gbx_run_state_name(enum gbx_run_state state);
/* The same for a person: of a silent run also the time of its last record, "silent since 2026-11-22T17:53:00Z". */
void gbx_run_state_text(const struct gbx_run_view *v, char out[48]);

#endif
