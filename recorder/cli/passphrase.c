/* Passphrases: from a file, else from the terminal; never asked for while a job runs. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base/io.h"
#include "base/limits.h"
#include "base/mem.h"
#include "cli/cli.h"

static void cut_newline(struct gbx_bytes *b)
{
	while (b->len && (b->data[b->len - 1] == '\n' || b->data[b->len - 1] == '\r'))
		b->data[--b->len] = 0;
}

/* One line: what the openssl program would take from such a file, so that it opens the key as well. */
static int check_line(const struct gbx_bytes *line, const char *path, struct gbx_error *err)
{
	if (line->len == 0)
		return gbx_fail(err, GBX_E_USAGE, "--passphrase-file '%s' is empty; expected one line of text", path);
	if (line->len > GBX_LIMIT_PASSPHRASE)
		return gbx_fail(err, GBX_E_USAGE, "--passphrase-file '%s': expected at most %u bytes, which a passphrase can have", path,
				GBX_LIMIT_PASSPHRASE);
	if (memchr(line->data, 0, line->len))
		return gbx_fail(err, GBX_E_USAGE, "--passphrase-file '%s' holds a NUL byte; expected one line of text", path);
	if (memchr(line->data, '\n', line->len))
		return gbx_fail(err, GBX_E_USAGE, "--passphrase-file '%s' has more than one line; expected one", path);
	return 0;
}

/* Told and not refused: containers hand out secrets that way, and the key itself is closed to others. */
static void warn_of_others(const char *path)
{
	char line[600];
	struct stat st;
	struct gbx_error ignored;

	if (gbx_stat(path, &st, &ignored) || (st.st_mode & 077) == 0)
		return;
	snprintf(line, sizeof line, "warning: others may read the passphrase in '%.400s' (mode %03o); chmod 600 helps", path,
		 (unsigned)st.st_mode & 0777);
	gbx_say(line);
}

int gbx_read_passphrase(const struct gbx_given *given, struct gbx_bytes *out, struct gbx_error *err)
{
	const char *path = gbx_value(given, "passphrase-file");

	if (!path)
		return 0;
	int rc = gbx_load_file(path, GBX_LIMIT_PASSPHRASE + 2, out, err);
	if (rc) {
		rc = gbx_fail_context(err, "--passphrase-file");
		/* What the option names is wrong, which says nothing of the key. */
		return gbx_is_outage(rc) ? rc : (err->code = GBX_E_USAGE);
	}
	cut_newline(out);
	rc = check_line(out, path, err);
	if (rc == 0)
		warn_of_others(path);
	return rc;
}

/* The terminal as it was, for the signals that end us while somebody types. */
static struct termios typed_on;
static const int ending[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
#define ENDING (sizeof ending / sizeof *ending)

static void end_with_echo(int sig)
{
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &typed_on);
	raise(sig); /* its handler is the default again */
}

/* Reads a line without echo. Ctrl-Z is no key meanwhile: a stopped program would leave the terminal silent. */
static char *read_silently(const char *key_path, char *line, int size)
{
	const struct sigaction end = {.sa_handler = end_with_echo, .sa_flags = (int)SA_RESETHAND};
	struct sigaction was[ENDING];
	struct termios silent = typed_on;

	silent.c_lflag &= ~(tcflag_t)ECHO;
	silent.c_cc[VSUSP] = _POSIX_VDISABLE;
	for (size_t i = 0; i < ENDING; i++) {
		sigaction(ending[i], NULL, &was[i]);
		if (was[i].sa_handler != SIG_IGN)
			sigaction(ending[i], &end, NULL);
	}
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
	fprintf(stderr, "passphrase of %s: ", key_path);
	char *got = fgets(line, size, stdin);
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &typed_on);
	for (size_t i = 0; i < ENDING; i++)
		sigaction(ending[i], &was[i], NULL);
	return got;
}

static int ask(const char *key_path, struct gbx_bytes *out, struct gbx_error *err)
{
	char line[GBX_LIMIT_PASSPHRASE + 2];

	if (!isatty(STDIN_FILENO) || tcgetattr(STDIN_FILENO, &typed_on))
		return gbx_fail(err, GBX_E_LOCKED, "the key '%s' needs a passphrase: give --passphrase-file, or use a terminal", key_path);
	char *got = read_silently(key_path, line, sizeof line);
	fprintf(stderr, "\n");
	int rc = got ? gbx_bytes_append(out, line, strlen(line), err)
		     : gbx_fail(err, GBX_E_LOCKED, "no passphrase was given for the key '%s': type it, or give --passphrase-file", key_path);
	explicit_bzero(line, sizeof line);
	cut_newline(out);
	return rc;
}

static int open_with(const struct gbx_given *given, const char *path, struct gbx_bytes *passphrase, struct gbx_identity *out,
		     struct gbx_error *err)
{
	int rc = gbx_read_passphrase(given, passphrase, err);

	if (rc)
		return rc;
	rc = gbx_identity_open(path, gbx_slice_of(passphrase), out, err);
	/* A file that is there and is no key of ours was named by mistake. */
	if (rc == GBX_E_MALFORMED || rc == GBX_E_LIMIT)
		return err->code = GBX_E_REFUSED;
	if (rc != GBX_E_LOCKED || passphrase->len)
		return rc;
	rc = ask(path, passphrase, err);
	return rc ? rc : gbx_identity_open(path, gbx_slice_of(passphrase), out, err);
}

int gbx_open_identity(const struct gbx_given *given, struct gbx_identity *out, struct gbx_error *err)
{
	GBX_CLEANUP(gbx_bytes_wipe) struct gbx_bytes passphrase = {0};
	GBX_AUTO_STRING char *path = NULL;
	bool asked;
	int rc = gbx_key_path(given, &path, &asked, err);

	if (rc)
		return rc;
	if (!path)
		return gbx_fail(err, GBX_E_NOTFOUND, "no key: there is no home folder; name one with --key");
	rc = open_with(given, path, &passphrase, out, err);
	if (rc == GBX_E_NOTFOUND)
		return gbx_fail(err, GBX_E_NOTFOUND, "no key at '%s': make one with 'glassbox key new --name YOU', or name one with --key", path);
	return rc;
}
