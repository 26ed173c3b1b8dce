/* Reading a snapshot's files back from the store. libgit2 does so in a child process, as in code.h. */
#ifndef GBX_CAPTURE_EXPORT_H
#define GBX_CAPTURE_EXPORT_H

#include "base/io.h"
#include "digest/manifest.h"

/* Where a snapshot lies: what gbx_code_options and gbx_code_result said when it was taken. */
struct gbx_code_place {
	const char *store;
	const char *blobs;
	const char *manifest_path;
	const uint8_t *tree;
	size_t id_len;
};

/* One file's entry and bytes. What the callback does not read is read for it; what it returns, unless 0, ends the export. */
typedef int (*gbx_code_file_fn)(void *arg, const struct gbx_entry *e, struct gbx_input *content, struct gbx_error *err);

/* Calls file for each entry of the manifest but submodules, in its order. Every content is compared with its size and SHA-256 after
 * the callback has read it: GBX_E_BAD where it differs, GBX_E_NOTFOUND where it is gone, each naming the path, so what the callback
 * made of the bytes counts only when all of this returned 0. GBX_E_TIMEOUT after 30 s without a byte. */
int gbx_code_export(const struct gbx_code_place *place, gbx_code_file_fn file, void *arg, struct gbx_error *err) GBX_MUST_USE;

#endif
