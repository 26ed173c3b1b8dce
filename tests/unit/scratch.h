/* A folder for a test's files, and other programs to check ours against. */
#ifndef GBX_TEST_SCRATCH_H
#define GBX_TEST_SCRATCH_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "test.h"

/* Makes a folder and goes there; *state is its path. */
static inline int scratch_enter(void **state)
{
	const char *tmp = getenv("TMPDIR");
	char *path = gbx_asprintf("%s/glassbox-test-XXXXXX", tmp && *tmp ? tmp : "/tmp");

	if (!path || !mkdtemp(path) || chdir(path))
		return -1;
	*state = path;
	return 0;
}

static inline int scratch_leave(void **state)
{
	int rc = chdir("/") || gbx_remove_tree(*state, NULL);

	gbx_free(*state);
	return rc;
}

static inline bool have_program(const char *name)
{
	GBX_AUTO_STRING char *command = gbx_asprintf("command -v %s >/dev/null 2>&1", name);

	return system(command) == 0;
}

static inline void put_file(const char *path, const void *data, size_t len)
{
	assert_int_equal(gbx_replace_file(path, gbx_slice(data, len), 0644, NULL), 0);
}

static inline void get_file(const char *path, struct gbx_bytes *out)
{
	out->len = 0;
	assert_int_equal(gbx_load_file(path, 64u << 20, out, NULL), 0);
}

#endif
