/* Git's ignore patterns: gitignore(5). libgit2's own status takes six times as long as git's where many ignored files lie about. */
#ifndef GBX_CAPTURE_IGNORE_H
#define GBX_CAPTURE_IGNORE_H

#include "base/bytes.h"

/* Files of patterns, those that count less first. */
struct gbx_ignore {
	bool fold_case;
	struct gbx_ignore_list *list;
	size_t len, cap;
};

void gbx_ignore_free(struct gbx_ignore *ignore);

/* Adds the patterns of a file's text (copied), which count for paths that begin with `base` ("" or a folder with its slash) and
 * count more than those added before. */
int gbx_ignore_push(struct gbx_ignore *ignore, struct gbx_slice base, struct gbx_slice text, struct gbx_error *err) GBX_MUST_USE;
/* Takes away all but the first len files. */
void gbx_ignore_pop(struct gbx_ignore *ignore, size_t len);

/* What the patterns say of path, which no ignored folder holds. */
bool gbx_ignore_match(const struct gbx_ignore *ignore, struct gbx_slice path, bool folder);

/* Whether text matches a pattern: '*', '?' and '[...]' match no '/'; "**" between slashes matches any number of folders. */
bool gbx_wildmatch(const char *pattern, const char *text, bool fold_case);

#endif
