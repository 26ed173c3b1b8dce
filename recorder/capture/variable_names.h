/* Which variables of a job's environment are recorded with their values, as data: what launchers say of a job and its ranks, what
 * changes its results, and where programs and libraries are looked for. Of all others the name is recorded, and the value not looked at. */
#ifndef GBX_CAPTURE_VARIABLE_NAMES_H
#define GBX_CAPTURE_VARIABLE_NAMES_H

#include "base/bytes.h"

enum gbx_variable_use {
	GBX_VARIABLE_NAME,    /* its name alone */
	GBX_VARIABLE_SHOWN,   /* its value, too */
	GBX_VARIABLE_PRIVATE, /* its value, which says where the job ran or for whom: the public profile withholds it */
};

struct gbx_variable_names {
	const char *about;
	enum gbx_variable_use use;
	const char *names; /* with spaces between; `*` at the end of one: any rest */
};

/* The table, ended by one without names. The first that names a variable counts. */
const struct gbx_variable_names *gbx_variable_names(void);

/* A name that says that its value is a secret (secret_names.h) is never more than a name. */
enum gbx_variable_use gbx_variable_use(struct gbx_slice name);

#endif
