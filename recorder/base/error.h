/* Errors: one code and one line for a person, in a struct that the caller owns; filling it never allocates.
 *
 * Every function that can fail returns 0 or a negative gbx_code, and leaves its outputs alone when it fails. */
#ifndef GBX_BASE_ERROR_H
#define GBX_BASE_ERROR_H

#include <stdbool.h>
#include <stdint.h>

#define GBX_MUST_USE __attribute__((warn_unused_result))
#define GBX_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#define GBX_CLEANUP(fn) __attribute__((cleanup(fn)))

enum gbx_code {
	GBX_OK = 0,
	/* Could not tell, or could not do. */
	GBX_E_USAGE = -1,     /* an option or argument is wrong */
	GBX_E_NOMEM = -2,     /* no memory */
	GBX_E_IO = -3,        /* the system refused; `sys` says why */
	GBX_E_NOTFOUND = -4,  /* a file, record or name is not there */
	GBX_E_EXISTS = -5,    /* it is there already and is not replaced */
	GBX_E_MALFORMED = -6, /* bytes that do not have the form that they should have */
	GBX_E_LIMIT = -7,     /* over a limit of limits.h */
	GBX_E_VERSION = -8,   /* a format that this program does not know */
	GBX_E_REFUSED = -9,   /* asked for something that would do harm */
	GBX_E_LOCKED = -10,   /* a passphrase is needed */
	GBX_E_TIMEOUT = -11,  /* a deadline passed */
	GBX_E_CRYPTO = -12,   /* the crypto library failed */
	/* The evidence is bad: bytes are well formed and contradict what was hashed or signed. */
	GBX_E_BAD = -13,
};

struct gbx_error {
	int code;       /* a gbx_code */
	int sys;        /* errno, or 0 */
	uint64_t seq;   /* record, where has_seq */
	bool has_seq;
	char line[1024]; /* what happened, what was expected, what to do; no newline at its end */
};

/* No memory, a call that the system refused, or OpenSSL failing: it says something of this machine and nothing of what was read. */
static inline bool gbx_is_outage(int code)
{
	return code == GBX_E_NOMEM || code == GBX_E_IO || code == GBX_E_CRYPTO;
}

/* Fills *err (may be NULL) and returns code, for `return gbx_fail(...)`. */
int gbx_fail(struct gbx_error *err, int code, const char *fmt, ...) GBX_PRINTF(3, 4);

/* The same with errno's text behind it; ENOENT becomes GBX_E_NOTFOUND, EEXIST GBX_E_EXISTS, ENOMEM GBX_E_NOMEM. */
int gbx_fail_errno(struct gbx_error *err, int sys, const char *fmt, ...) GBX_PRINTF(3, 4);

/* Puts "prefix: " before an error's line; returns the code that err holds. Without an err (NULL) the code is lost and GBX_E_IO is
 * returned: callers that tell codes apart pass one. */
int gbx_fail_context(struct gbx_error *err, const char *fmt, ...) GBX_PRINTF(2, 3);

#endif
