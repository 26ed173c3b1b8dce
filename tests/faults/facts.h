/* What is in a store, for tests to compare. */
#ifndef GBX_TEST_FACTS_H
#define GBX_TEST_FACTS_H

#include "place.h"
#include "store/runs.h"

enum { FACTS_KINDS = 64 };

struct facts {
	bool found;           /* there is a run with a record */
	char run[GBX_ULID_TEXT + 1];
	enum gbx_run_state state;
	bool is_signed, has_end, intact;
	size_t streams;
	uint64_t gaps, luck;  /* luck: gaps that are not among them */
	unsigned kind[FACTS_KINDS]; /* records of each kind */
	uint8_t sum[GBX_SHA256_LEN]; /* of what they say, but for what is another in each run */
};

/* The store of the place. */
const struct gbx_store *facts_store(void);
/* Of a run; with run NULL of the newest that has a record. */
void facts_of(const char *run, struct facts *f);
/* The same facts, gaps and their places left aside. */
bool facts_same(const struct facts *a, const struct facts *b);
/* In words. */
const char *facts_differ(const struct facts *a, const struct facts *b);

#endif
