/* What was found of the software of a job, until it is told: packages, libraries, interpreters, and what could not be looked at.
 *
 * The paths of the messages are absolute, as the job sees them, with no root; who records them names the root. */
#ifndef GBX_CAPTURE_SOFTWARE_H
#define GBX_CAPTURE_SOFTWARE_H

#include "base/arena.h"
#include "capture/gaps.h"
#include "base/pb.h"

struct gbx_software {
	struct gbx_arena memory; /* holds the messages */
	Glassbox__Package **package;
	size_t packages, packages_cap;
	Glassbox__Library **library;
	size_t libraries, libraries_cap;
	Glassbox__Interpreter **interpreter;
	size_t interpreters, interpreters_cap;
	struct gbx_gaps gaps; /* paths absolute, too */
};

#define GBX_AUTO_SOFTWARE GBX_CLEANUP(gbx_software_free)

void gbx_software_free(struct gbx_software *s);

/* Memory that lives as long as *s; NULL, and *err filled, where there is none. The text has a NUL behind it. */
char *gbx_software_text(struct gbx_software *s, struct gbx_slice text, struct gbx_error *err);
void *gbx_software_bytes(struct gbx_software *s, size_t len, struct gbx_error *err);
/* A path without a root. */
Glassbox__Path *gbx_software_path(struct gbx_software *s, struct gbx_slice path, struct gbx_error *err);

/* New messages at the end of their lists, initialised; NULL without memory. */
Glassbox__Package *gbx_software_package(struct gbx_software *s, struct gbx_error *err);
Glassbox__Library *gbx_software_library(struct gbx_software *s, struct gbx_error *err);
Glassbox__Interpreter *gbx_software_interpreter(struct gbx_software *s, struct gbx_error *err);
/* Fills an owner, which may be NULL before. */
int gbx_software_own(struct gbx_software *s, Glassbox__Library *library, const Glassbox__Owner *owner, struct gbx_error *err) GBX_MUST_USE;

/* A gap about one path, for the reason of an error. */
int gbx_software_gap(struct gbx_software *s, Glassbox__Gap__Kind kind, const struct gbx_error *why, const char *path,
		     struct gbx_error *err) GBX_MUST_USE;

#endif
