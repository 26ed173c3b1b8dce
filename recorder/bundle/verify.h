/* Verification of a bundle: everything that can be said about it offline, with nothing but the bundle and keys.
 *
 * It reads a stranger's bytes: every size is bounded (limits.h), memory does not grow with the bundle beyond its list of layers and
 * the bounded lists of the report, and nothing in it is followed out of it. */
#ifndef GBX_BUNDLE_VERIFY_H
#define GBX_BUNDLE_VERIFY_H

#include "bundle/report.h"

struct gbx_verify_options {
	const uint8_t (*trusted)[32]; /* public keys, Ed25519 */
	size_t trusted_len;
	bool asked_for_keys;          /* the user named keys: a signature by another one is a failure */
	const char *const *data;      /* folders or files to compare with datasets: PATH or NAME=PATH */
	size_t data_len;
	const char *artifacts;        /* the same for artifacts; or NULL */
	const char *against;          /* another bundle of the same run, to compare with; or NULL */
	unsigned threads;             /* for hashing those; 0: processors online */
};

/* Fills *report (free it with gbx_report_free) and returns 0, whatever the bundle is like; an error only where the verifier itself
 * could not work (GBX_E_NOMEM, GBX_E_CRYPTO): then nothing of what it found is told, since every later finding may follow from it. */
int gbx_verify(const char *bundle, const struct gbx_verify_options *options, struct gbx_report *report, struct gbx_error *err) GBX_MUST_USE;

#endif
