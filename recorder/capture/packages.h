/* The packages that an interpreter can import, by what installers wrote beside them, and those of its conda environment.
 *
 * Of packages of one name that lie in several folders only those of the first count, as for Python. */
#ifndef GBX_CAPTURE_PACKAGES_H
#define GBX_CAPTURE_PACKAGES_H

#include "capture/python.h"
#include "capture/software.h"
#include "capture/wanted.h"

/* Appends the packages of p to *out, with a gap for each that could not be read. Libraries of *wanted that one of them installed get it as
 * their owner; their paths are as p's root has them, and *out holds them. */
int gbx_packages_read(int root, const struct gbx_python *p, struct gbx_wanted *wanted, struct gbx_software *out,
		      struct gbx_error *err) GBX_MUST_USE;

/* What packages.c and packages_conda.c share. */
struct gbx_packages_read {
	int root;
	struct gbx_wanted *wanted;
	struct gbx_software *out;
	struct gbx_bytes buffer, text;
	struct gbx_hash *hash;
};
int gbx_packages_conda(struct gbx_packages_read *r, const char *prefix, struct gbx_error *err) GBX_MUST_USE;

#endif
