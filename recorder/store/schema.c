#include "store/schema.h"

/* Steps are never changed once they were released; a new version is a step more. Enums are stored by their numbers in record.proto,
 * times in nanoseconds since 1970, digests and object ids in hex. */
const char *const gbx_schema[] = {
	"CREATE TABLE run ("
	" n INTEGER NOT NULL UNIQUE,"     /* what the other tables know it by */
	" id TEXT PRIMARY KEY,"           /* the ULID's text */
	" stamp BLOB,"                    /* what its journals were when they were read; NULL: sealed, they are not looked at again */
	" name TEXT, repo TEXT, head TEXT, branch TEXT, host TEXT, user TEXT,"
	" sealed INTEGER NOT NULL, ended INTEGER NOT NULL,"
	" seal INTEGER NOT NULL, outcome INTEGER NOT NULL, outcome_value INTEGER NOT NULL,"
	" started INTEGER NOT NULL, last INTEGER NOT NULL,"
	" job_started INTEGER NOT NULL, job_ended INTEGER NOT NULL,"
	" records INTEGER NOT NULL, gaps INTEGER NOT NULL, signed INTEGER NOT NULL,"
	" boot TEXT NOT NULL, pid_namespace INTEGER NOT NULL, machine BLOB,"
	" pid INTEGER NOT NULL, start_ticks INTEGER NOT NULL, job_pid INTEGER NOT NULL, job_start_ticks INTEGER NOT NULL,"
	" trouble TEXT"                   /* lines on what could not be read */
	") STRICT, WITHOUT ROWID;"
	"CREATE INDEX run_name ON run (name, id);"
	/* The parameter that counts is the first by source (gbx_parameter_rank, not the enum), and of these the last. */
	"CREATE TABLE parameter ("
	" run INTEGER NOT NULL REFERENCES run (n) ON DELETE CASCADE,"
	" name TEXT NOT NULL, source INTEGER NOT NULL, place INTEGER NOT NULL,"
	" type TEXT NOT NULL, value TEXT,"
	" PRIMARY KEY (run, name, source, place)"
	") STRICT, WITHOUT ROWID;"
	"CREATE TABLE files ("
	" run INTEGER NOT NULL REFERENCES run (n) ON DELETE CASCADE,"
	" role INTEGER NOT NULL, name TEXT NOT NULL, place INTEGER NOT NULL,"
	" files INTEGER NOT NULL, bytes INTEGER NOT NULL, root TEXT, uri TEXT,"
	" PRIMARY KEY (run, role, name, place)"
	") STRICT, WITHOUT ROWID;"
	/* Never point by point. What is NULL is not a number. */
	"CREATE TABLE metric ("
	" run INTEGER NOT NULL REFERENCES run (n) ON DELETE CASCADE,"
	" name TEXT NOT NULL, count INTEGER NOT NULL,"
	" first_step INTEGER NOT NULL, last_step INTEGER NOT NULL, last REAL, min REAL, max REAL,"
	" PRIMARY KEY (run, name)"
	") STRICT, WITHOUT ROWID;",
};

const int64_t gbx_schema_version = sizeof gbx_schema / sizeof *gbx_schema;
