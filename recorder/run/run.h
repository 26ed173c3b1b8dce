/* `glassbox run`: records a job while it runs. */
#ifndef GBX_RUN_RUN_H
#define GBX_RUN_RUN_H

#include "run/printed.h"
#include "store/store.h"

/* Texts are borrowed until gbx_run returns. The library reads no environment: who calls it fills these from there. */
struct gbx_run_options {
	char *const *argv;              /* the job's command, ended by NULL */
	const char *name;               /* or NULL */
	const char *const *data, *const *output, *const *config, *const *param;
	size_t data_len, output_len, config_len, param_len;
	char *const *environment;       /* that the job is started with, ended by NULL; or NULL: not known */
	const char *const *root;        /* "NAME=DIR": folders that paths are told relative to, the user's first */
	size_t roots;
	struct gbx_store_choice store;  /* create and git_dir are filled in here */
	const char *home;               /* HOME or the passwd entry's, or NULL */
	const char *ceilings;           /* GIT_CEILING_DIRECTORIES, or NULL */
	const char *library_path;       /* LD_LIBRARY_PATH, or NULL */
	const char *key;                /* path of the private key, or NULL */
	bool key_asked_for;             /* the user named it: it is told where it is missing */
	struct gbx_slice passphrase;
	const struct gbx_secret_user *secrets; /* the user's rules and exceptions, or NULL */
	enum gbx_console_mode console;  /* what is recorded of the job's output */
	bool strict;                    /* the recorder failing makes the run fail */
	unsigned heartbeat_ms;          /* between heartbeats; 0: 60 s */
	unsigned snapshot_deadline_ms;  /* when the job starts even where the snapshot of the code is not complete */
	uint64_t snapshot_limit;        /* as gbx_code_options.untracked_limit */
	unsigned linger_ms;             /* how long hashing may go on when the job has ended */
	void (*say)(const char *line);  /* what is going on, for a person */
	void (*warn)(const char *line); /* what went wrong, for a person */
};

struct gbx_run_result {
	int status; /* what the program exits with: the job's, 128 + N for a signal, 125 to 127 where it did not start */
	char run[GBX_ULID_TEXT + 1]; /* empty where nothing was recorded */
	bool started; /* also where gbx_run fails: there is or was a job */
};

/* Runs the job and records it. The recorder never harms the job: where nothing can be recorded the job runs bare, and one line says
 * so. Fails only where the job was not started: wrong options (GBX_E_USAGE), strict and no record, or no process can be made; signals
 * are then as they were before, and the caller can become the job by itself. */
int gbx_run(const struct gbx_run_options *options, struct gbx_run_result *result, struct gbx_error *err) GBX_MUST_USE;

#endif
