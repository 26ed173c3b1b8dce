/* The owner log: one append-only Merkle log per signing key and machine. Its leaves say `run, start or seal, head`; signing a run is
 * appending a leaf and signing the log's head note. The rule that everything here serves: never two trees under one origin.
 *
 * Files, in a folder beside the key (mode 0700), named by the random part of the origin:
 *   <16 hex>.log    proto/owner_log.proto: a LogHeader, then one LogLeaf a record; grows only
 *   <16 hex>.note   the last head note that was signed; replaced in one step, before anybody gets to see the note
 *   <16 hex>.lock   one per key and machine; held (flock) while the log is open
 *
 * Which log is the active one. The one whose header holds the public key, this machine, and the device and inode of the file itself.
 * A copied or restored folder has other inodes and another machine's files another machine, so there a new log with a new origin
 * begins and the old files stay as they are. "This machine" is the machine id with the host name, since nodes that start from one
 * image share the id ("<id>@<host>"); where there is no machine id, the boot id ("boot:<id>"), so the log ends with the boot. Where
 * neither can be read, or the filesystem knows no locks, each opening begins a new log: more logs, never two trees. What this cannot
 * see is a whole machine that was rolled back or cloned together with its disk; a witness can.
 *
 * What was cut. A leaf is synced when append returns, and only one is written at a time, so a crash leaves at most one unfinished
 * record at the end that nobody was told of and no note covers. It is cut off at the next opening, and the log goes on. A longer bad
 * tail, an unreadable record before the end, or fewer leaves than (or others than) the last note says, is not what a crash leaves: it is
 * refused, and the line says how to begin anew. */
#ifndef GBX_TRUST_LOG_H
#define GBX_TRUST_LOG_H

#include "trust/proof.h"

/* An open log, for one thread. Other processes that open it wait. */
struct gbx_owner_log;

#define GBX_AUTO_OWNER_LOG GBX_CLEANUP(gbx_owner_log_release)

/* Opens the active log of this key on this machine in dir (made where it is missing), and begins one with the origin
 * "<owner>/<16 hex>" where there is none. Waits while another process has it open. A log that is there keeps its origin whatever
 * owner says. The caller closes *out. Memory: about 120 bytes a leaf.
 *
 * GBX_E_USAGE: owner is not a name (gbx_is_note_name, at most GBX_OWNER_MAX bytes). GBX_E_REFUSED: the log went back, contradicts
 * its last note or is damaged. */
int gbx_owner_log_open(const char *dir, const struct gbx_key *key, const char *owner, struct gbx_owner_log **out,
		       struct gbx_error *err) GBX_MUST_USE;
/* log may be NULL. */
void gbx_owner_log_close(struct gbx_owner_log *log);
void gbx_owner_log_release(struct gbx_owner_log **log);

/* Valid until the log is closed. */
const char *gbx_owner_log_origin(const struct gbx_owner_log *log);
/* Leaves. */
uint64_t gbx_owner_log_size(const struct gbx_owner_log *log);

/* Appends a leaf: when it returns 0 the leaf survives a power cut. The same leaf again is not appended and has the index that it
 * has. After a failure that could not be undone the log must be opened again (GBX_E_REFUSED). */
int gbx_owner_log_append(struct gbx_owner_log *log, const struct gbx_log_leaf *leaf, uint64_t *index,
			 struct gbx_error *err) GBX_MUST_USE;

/* Signs the head by key, which must be the log's (else GBX_E_USAGE), keeps the note beside the log so that it survives a power cut,
 * and appends its text to *note. While the size is the same, it is the same note. */
int gbx_owner_log_sign(struct gbx_owner_log *log, const struct gbx_key *key, struct gbx_bytes *note,
		       struct gbx_error *err) GBX_MUST_USE;

/* A tlog-proof of the leaf at index against note, which this log signed now or earlier (cosignatures may have been added); appended.
 * GBX_E_NOTFOUND where the note does not cover the index; GBX_E_BAD where the note is not this log's. */
int gbx_owner_log_prove(struct gbx_owner_log *log, uint64_t index, struct gbx_slice note, struct gbx_bytes *proof,
			struct gbx_error *err) GBX_MUST_USE;

/* The origin of the active log, without making or locking one: GBX_E_NOTFOUND where there is none. */
int gbx_owner_log_find(const char *dir, const uint8_t public_key[GBX_PUBLIC_KEY_LEN], char origin[GBX_NAME_MAX + 1],
		       struct gbx_error *err) GBX_MUST_USE;

#endif
