/* What the commands share: where store and key are by the environment, and how things are printed. */
#ifndef GBX_CLI_CLI_H
#define GBX_CLI_CLI_H

#include <jansson.h>

#include "base/text.h"
#include "capture/secret_rules.h"
#include "cli/options.h"
#include "run/identity.h"
#include "store/index.h"

/* Exit statuses of every command but run. */
#define GBX_EXIT_OK 0
#define GBX_EXIT_BAD 1
#define GBX_EXIT_USAGE 2
#define GBX_EXIT_UNSURE 3

/* One file a command: its options, its help and one function. */
extern const struct gbx_command gbx_cmd_run, gbx_cmd_ls, gbx_cmd_show, gbx_cmd_records, gbx_cmd_seal, gbx_cmd_sign, gbx_cmd_publish,
	gbx_cmd_disclose, gbx_cmd_hash, gbx_cmd_verify, gbx_cmd_key, gbx_cmd_reindex, gbx_cmd_rm, gbx_cmd_gc, gbx_cmd_du, gbx_cmd_doctor,
	gbx_cmd_diff, gbx_cmd_completion;
/* All of them, in the order in which they are listed. */
const struct gbx_command *const *gbx_commands(size_t *count);
/* The sections of `show`, divided by '|'. */
extern const char gbx_show_sections[];

/* Where run's command line could not even be taken apart: becomes the job behind its "--". Returns 125 where it may not or cannot. */
int gbx_run_without_memory(char **argv);

/* The user's rules of secrets, for what is said from now on; NULL: ours alone. Borrowed. */
void gbx_use_secrets(const struct gbx_secret_user *user);
/* What in a line for a person looks like a secret becomes the name of a rule; size is that of line's array. */
void gbx_hide_secrets(char *line, size_t size);
/* Prints "glassbox: line" on standard error, without secrets. */
void gbx_say(const char *line);
/* Says each of several lines, which may be NULL. */
void gbx_say_lines(const char *lines);
/* Says which journals of a run could not be read to their end, and why; false where there are none. */
bool gbx_tell_trouble(const struct gbx_run_view *v);
/* Prints an error and returns the exit status that its code amounts to. */
int gbx_complain(const struct gbx_error *err);

/* Fills a store choice from --store and the environment. */
void gbx_store_choice(const struct gbx_given *given, struct gbx_store_choice *out);
/* Opens the store that is there. */
int gbx_open_store(const struct gbx_given *given, struct gbx_store *out, struct gbx_error *err) GBX_MUST_USE;
/* Opens a store's index; what is wrong with it is said. */
int gbx_open_index(const struct gbx_store *store, struct gbx_index **out, struct gbx_error *err) GBX_MUST_USE;
/* The same as gbx_index_rebuild. */
int gbx_rebuild_index(const struct gbx_store *store, struct gbx_index_built *built, struct gbx_error *err) GBX_MUST_USE;
/* Opens the store and finds the run that the first argument says. */
int gbx_open_run(const struct gbx_given *given, struct gbx_store *store, char run[GBX_ULID_TEXT + 1], struct gbx_error *err) GBX_MUST_USE;
/* The same for the first two arguments. */
int gbx_open_runs(const struct gbx_given *given, struct gbx_store *store, char run[2][GBX_ULID_TEXT + 1], struct gbx_error *err) GBX_MUST_USE;

/* The home folder: HOME, or the passwd entry's; NULL where there is none. */
const char *gbx_home(void);
/* --key, GLASSBOX_KEY, or the default place; freed by the caller, NULL where there is no home folder. *asked: the user named it.
 * GBX_E_NOMEM. */
int gbx_key_path(const struct gbx_given *given, char **path, bool *asked, struct gbx_error *err) GBX_MUST_USE;
/* The passphrase in --passphrase-file without its last newline, appended; nothing where the option is not given. */
int gbx_read_passphrase(const struct gbx_given *given, struct gbx_bytes *out, struct gbx_error *err) GBX_MUST_USE;
/* The identity at that key, with --passphrase-file or a question on the terminal where it is needed. GBX_E_NOTFOUND without a key. */
int gbx_open_identity(const struct gbx_given *given, struct gbx_identity *out, struct gbx_error *err) GBX_MUST_USE;

/* The exit status where all that was printed is written; else says that it is not, and returns 3. */
int gbx_end_output(int status);
/* One JSON object on standard output; takes json over. Returns the exit status, 3 where it could not be written. */
int gbx_print_json(json_t *json, int status);
json_t *gbx_json_hex(const uint8_t *data, size_t len);
json_t *gbx_json_time(uint64_t nanos);
/* Bytes as JSON text: themselves where they are UTF-8, else escaped for reading. */
json_t *gbx_json_bytes(struct gbx_slice text);

#endif
