#include "corpus.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { HELD_OUT_PART = 10 }; /* one of so many characters */

/* ---- the names ---- */

static int is_regular(int folder, const struct dirent *entry)
{
	struct stat status;
	if (fstatat(folder, entry->d_name, &status, AT_SYMLINK_NOFOLLOW) < 0)
		return -1;
	return S_ISREG(status.st_mode);
}

struct names {
	char **at;
	size_t count;
};

static int names_add(struct names *names, const char *name)
{
	char **more = realloc(names->at, (names->count + 1) * sizeof *more);
	if (!more)
		return -1;
	names->at = more;
	more[names->count] = strdup(name);
	if (!more[names->count])
		return -1;
	names->count++;
	return 0;
}

static void names_free(struct names *names)
{
	for (size_t i = 0; i < names->count; i++)
		free(names->at[i]);
	free(names->at);
}

/* Byte order, whatever the locale says: strcmp compares as unsigned char. */
static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* -1 with errno. */
static int list_files(DIR *folder, struct names *names)
{
	struct dirent *entry;
	errno = 0;
	while ((entry = readdir(folder)) != NULL) {
		const int regular = is_regular(dirfd(folder), entry);
		if (regular < 0 || (regular && names_add(names, entry->d_name) < 0))
			return -1;
		errno = 0;
	}
	if (errno)
		return -1;
	if (names->count > 0)
		qsort(names->at, names->count, sizeof *names->at, compare_names);
	return 0;
}

/* ---- the texts ---- */

static int text_append(struct text *text, const uint8_t *bytes, size_t length)
{
	if (length == 0)
		return 0;
	uint8_t *more = realloc(text->tokens, text->length + length);
	if (!more)
		return -1;
	memcpy(more + text->length, bytes, length);
	text->tokens = more;
	text->length += length;
	return 0;
}

static int append_rest_of(struct text *text, int file)
{
	uint8_t part[65536];
	ssize_t got;
	while ((got = read(file, part, sizeof part)) != 0) {
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0 || text_append(text, part, (size_t)got) < 0)
			return -1;
	}
	return 0;
}

/* -1 with errno. */
static int read_file(int folder, const char *name, struct text *text)
{
	const int file = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (file < 0)
		return -1;
	const int result = append_rest_of(text, file);
	const int reason = errno;
	close(file);
	errno = reason;
	return result;
}

/* The beginning is for training, the last tenth is held out. */
static int divide(struct corpus *corpus, const struct text *text)
{
	const size_t held_out = text->length / HELD_OUT_PART;
	const size_t train = text->length - held_out;
	corpus->files++;
	if (text->length == 0)
		return 0;
	if (text_append(&corpus->train, text->tokens, train) < 0 ||
			text_append(&corpus->held_out, text->tokens + train, held_out) < 0)
		return -1;
	return 0;
}

static int read_files(struct corpus *corpus, const char *path, int folder,
		const struct names *names, struct error *error)
{
	for (size_t i = 0; i < names->count; i++) {
		struct text text = {0};
		const bool good = read_file(folder, names->at[i], &text) == 0
				&& divide(corpus, &text) == 0;
		const int reason = errno;
		free(text.tokens);
		if (!good)
			return fail(error, "%s/%s: can't be read: %s; --data needs files that can "
					"be read", path, names->at[i], strerror(reason));
	}
	return 0;
}

/* ---- the tokens ---- */

static void mark(bool seen[256], const struct text *text)
{
	for (size_t i = 0; i < text->length; i++)
		seen[text->tokens[i]] = true;
}

static void replace(struct text *text, const uint8_t token[256])
{
	for (size_t i = 0; i < text->length; i++)
		text->tokens[i] = token[text->tokens[i]];
}

static void bytes_to_tokens(struct corpus *corpus)
{
	bool seen[256] = {false};
	uint8_t token[256] = {0};

	mark(seen, &corpus->train);
	mark(seen, &corpus->held_out);
	for (int byte = 0; byte < 256; byte++)
		if (seen[byte]) {
			token[byte] = (uint8_t)corpus->vocabulary_size;
			corpus->vocabulary[corpus->vocabulary_size++] = (uint8_t)byte;
		}
	replace(&corpus->train, token);
	replace(&corpus->held_out, token);
}

int corpus_read(struct corpus *corpus, const char *path, struct error *error)
{
	*corpus = (struct corpus){0};
	DIR *folder = opendir(path);
	if (!folder)
		return fail(error, "%s: can't be opened: %s; give a folder with text files with "
				"--data", path, strerror(errno));

	struct names names = {0};
	int result = list_files(folder, &names);
	if (result < 0)
		fail(error, "%s: can't be listed: %s", path, strerror(errno));
	else
		result = read_files(corpus, path, dirfd(folder), &names, error);
	names_free(&names);
	closedir(folder);
	if (result == 0 && corpus->files == 0)
		result = fail(error, "%s: no regular file in it (links and folders are left out); "
				"give a folder with text files with --data", path);
	if (result == 0)
		bytes_to_tokens(corpus);
	return result;
}

void corpus_free(struct corpus *corpus)
{
	free(corpus->train.tokens);
	free(corpus->held_out.tokens);
	*corpus = (struct corpus){0};
}
