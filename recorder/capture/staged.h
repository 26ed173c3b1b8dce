/* The blobs that are staged: in the index, and not at their place in HEAD. */
#ifndef GBX_CAPTURE_STAGED_H
#define GBX_CAPTURE_STAGED_H

#include "capture/git.h"

struct gbx_staged {
	uint8_t (*id)[GBX_GIT_ID_MAX]; /* sorted */
	size_t len, cap;
	size_t id_len;
};

/* Fills *out, to be freed with gbx_staged_free. */
int gbx_staged_find(struct gbx_git *git, const struct gbx_git_head *head, struct gbx_staged *out, struct gbx_error *err) GBX_MUST_USE;
void gbx_staged_free(struct gbx_staged *s);
bool gbx_staged_has(const struct gbx_staged *s, const uint8_t *id);

#endif
