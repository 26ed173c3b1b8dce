#include "cli/veil.h"

#include <stdlib.h>
#include <sys/prctl.h>

#include "base/mem.h"
#include "capture/secrets.h"

extern char **environ;

void gbx_veil_memory(void)
{
	(void)prctl(PR_SET_DUMPABLE, 0);
}

/* The words without their secrets, with blanks between them and a NUL at the end; *hits: how many there were. */
static int make_title(const struct gbx_scanner *s, char **argv, struct gbx_bytes *out, size_t *hits, struct gbx_error *err)
{
	int rc = 0;

	for (char **a = argv; rc == 0 && *a; a++) {
		struct gbx_slice before = gbx_slice_text(a > argv ? a[-1] : "");
		rc = a > argv ? gbx_bytes_append(out, " ", 1, err) : 0;
		if (rc == 0)
			rc = gbx_secrets_mask_argument(s, before, gbx_slice_text(*a), out, hits, err);
	}
	return rc ? rc : gbx_bytes_append(out, "", 1, err);
}

/* The kernel laid them out one behind the other; *end is behind the last NUL. False where somebody moved one. */
static bool is_one_piece(char **argv, char **end)
{
	*end = argv[0];
	for (; *argv; argv++) {
		if (*argv != *end)
			return false;
		*end += strlen(*argv) + 1;
	}
	return true;
}

static char **copy_of(char **list)
{
	size_t n = 0;

	while (list[n])
		n++;
	char **copy = gbx_calloc(n + 1, sizeof *copy);
	for (size_t i = 0; copy && i < n; i++) {
		copy[i] = gbx_strdup(list[i]);
		if (!copy[i])
			return NULL; /* the process goes on with the list that it has */
	}
	return copy;
}

/* A last byte that is no NUL tells the kernel that this is a title: it is shown up to its own end, so that not even a length is left. */
static void show_title(struct gbx_slice title, char *begin, char *end)
{
	size_t room = (size_t)(end - begin);
	struct gbx_slice kept = title.len < room ? title : gbx_slice("glassbox run", sizeof "glassbox run");

	explicit_bzero(begin, room);
	if (kept.len < room) {
		memcpy(begin, kept.data, kept.len);
		end[-1] = '.';
	}
}

static bool is_secret(const struct gbx_scanner *s, const char *variable, const char *equals)
{
	GBX_AUTO_BYTES struct gbx_bytes out = {0};
	struct gbx_slice name = gbx_slice(variable, (size_t)(equals - variable));
	struct gbx_error err;
	size_t hits = 0;

	return gbx_secrets_mask_value(s, name, gbx_slice_text(equals + 1), &out, &hits, &err) || hits > 0;
}

/* Who may read our environment is told the names. */
static void veil_environment(const struct gbx_scanner *s)
{
	for (char **e = environ; e && *e; e++) {
		char *equals = strchr(*e, '=');
		if (!equals || !is_secret(s, *e, equals))
			continue;
		/* The C library keeps the copy for as long as the environment lives. Of one name twice only the first is replaced. */
		GBX_AUTO_STRING char *name = gbx_memdup(*e, (size_t)(equals - *e));
		char *before = *e;
		if (!name || setenv(name, equals + 1, 1))
			return;
		if (*e != before)
			explicit_bzero(equals + 1, strlen(equals + 1));
	}
}

static char **taken; /* argv as we use it */
static char *shown, *shown_end; /* and as the kernel shows it */

char **gbx_veil_take(char **argv)
{
	char **copy = is_one_piece(argv, &shown_end) ? copy_of(argv) : NULL;

	shown = copy ? argv[0] : NULL;
	taken = copy;
	return copy ? copy : argv;
}

void gbx_veil_arguments(const struct gbx_secret_user *user)
{
	GBX_AUTO_SCANNER struct gbx_scanner *scanner = NULL;
	GBX_AUTO_BYTES struct gbx_bytes title = {0};
	struct gbx_error err;
	size_t hits = 0;

	if (gbx_scanner_for(user, &scanner, &err))
		return;
	veil_environment(scanner);
	if (taken && make_title(scanner, taken, &title, &hits, &err) == 0 && hits)
		show_title(gbx_slice_of(&title), shown, shown_end);
}
