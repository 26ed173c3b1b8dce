/* The owner log's files; for log.c only. What they are and which one is active is said in log.h. */
#ifndef GBX_TRUST_LOG_FILE_H
#define GBX_TRUST_LOG_FILE_H

#include "base/io.h"
#include "trust/log.h"

/* Whose log, and where. */
struct gbx_log_place {
	const char *dir;
	const uint8_t *public_key;         /* GBX_PUBLIC_KEY_LEN bytes */
	char machine[GBX_MACHINE_MAX + 1]; /* "<machine id>@<host>", "boot:<boot id>", or "": nothing to know this machine by */
};

void gbx_log_place(struct gbx_log_place *place, const char *dir, const uint8_t public_key[GBX_PUBLIC_KEY_LEN]);

/* Waits for the lock of this key and machine in dir, which is held until *fd is closed. 1, and no lock, where the filesystem knows no
 * locks. */
int gbx_log_lock(const struct gbx_log_place *place, int *fd, struct gbx_error *err) GBX_MUST_USE;

/* A log file that is open. */
struct gbx_log_file {
	int fd;
	char *path;
	char *note_path;
	char origin[GBX_NAME_MAX + 1];
};

#define GBX_AUTO_LOG_FILE GBX_CLEANUP(gbx_log_file_close)

/* {-1} is a closed one. */
void gbx_log_file_close(struct gbx_log_file *file);

/* Opens the active log for reading; GBX_E_NOTFOUND where there is none, always so for the machine "". */
int gbx_log_file_find(const struct gbx_log_place *place, struct gbx_log_file *out, struct gbx_error *err) GBX_MUST_USE;
/* Opens the file that was found again, for appending. */
int gbx_log_file_writable(struct gbx_log_file *file, struct gbx_error *err) GBX_MUST_USE;
/* Begins a new log, open for appending; it survives a power cut. */
int gbx_log_file_create(const struct gbx_log_place *place, const char *owner, struct gbx_log_file *out,
			struct gbx_error *err) GBX_MUST_USE;

/* Calls leaf for each leaf in order, cuts off the one record that a crash may have left unfinished, and syncs. *end is the length of the
 * file then. GBX_E_REFUSED where it is damaged. */
int gbx_log_file_read(const struct gbx_log_file *file, int (*leaf)(void *arg, const struct gbx_log_leaf *leaf, struct gbx_error *err),
		      void *arg, uint64_t *end, struct gbx_error *err) GBX_MUST_USE;

/* Writes one leaf behind *end and syncs; on success *end is moved. What a failure left is cut off; *broken is set where that failed. */
int gbx_log_file_append(const struct gbx_log_file *file, const struct gbx_log_leaf *leaf, uint64_t *end, bool *broken,
			struct gbx_error *err) GBX_MUST_USE;

/* GBX_E_REFUSED with why, and what the owner can do: the line that every refusal of a log ends with. */
int gbx_log_refuse(const struct gbx_log_file *file, const char *why, struct gbx_error *err);

#endif
