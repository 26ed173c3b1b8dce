/* The texts that say which Python packages are installed, and the words of a Python's command line: parsed, without files. */
#ifndef GBX_CAPTURE_METADATA_H
#define GBX_CAPTURE_METADATA_H

#include "base/bytes.h"
#include "base/limits.h"

struct gbx_metadata {
	char name[GBX_LIMIT_PACKAGE_NAME + 1];
	char version[GBX_LIMIT_PACKAGE_NAME + 1]; /* empty: not said */
};

/* Reads the headers of METADATA or PKG-INFO; text may be only its beginning. *ended: the end of the headers was seen. GBX_E_MALFORMED
 * where what was seen has no Name, or a Name or Version that is too long, no UTF-8 or has control characters. */
int gbx_metadata_parse(struct gbx_slice text, bool *ended, struct gbx_metadata *out, struct gbx_error *err) GBX_MUST_USE;

/* A value of pyvenv.cfg; false where it is not there. */
bool gbx_pyvenv_value(struct gbx_slice text, const char *key, struct gbx_slice *out);

/* Takes the next line of a .pth file that is a path; lines that are code are for Python alone. False at the end. */
bool gbx_pth_take(struct gbx_slice *text, struct gbx_slice *path);

/* Takes a line of RECORD: its path, without the quotes that a comma needs. False at the end; a line that is none has no path. */
bool gbx_record_take(struct gbx_slice *text, struct gbx_slice *path);

/* What Python's own options say (they stand before the script). */
struct gbx_python_options {
	bool no_environment; /* -E, -I */
	bool no_user;        /* -s, -I */
	bool no_site;        /* -S */
};
/* arguments: as /proc/PID/cmdline has them, each with a NUL behind it. */
struct gbx_python_options gbx_python_options(struct gbx_slice arguments);

/* The value of a variable, as /proc/PID/environ has it; NULL where it is not there. */
const char *gbx_environment_value(struct gbx_slice environment, const char *name);

/* The name under which a package is the same as another (PEP 503): lower case, runs of "-", "_" and "." one "-". out has room for
 * strlen(name) + 1. */
void gbx_package_normal(const char *name, char *out);

/* Text of a package that may be recorded: UTF-8 without control characters, not empty, and no longer than a name may be. */
bool gbx_is_package_text(struct gbx_slice text);

#endif
