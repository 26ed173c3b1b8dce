#include "capture/software.h"

#include <errno.h>

#include "base/mem.h"
#include "digest/files.h"

void gbx_software_free(struct gbx_software *s)
{
	gbx_free(s->package);
	gbx_free(s->library);
	gbx_free(s->interpreter);
	gbx_gaps_free(&s->gaps);
	gbx_arena_free(&s->memory);
	*s = (struct gbx_software){0};
}

void *gbx_software_bytes(struct gbx_software *s, size_t len, struct gbx_error *err)
{
	void *p = gbx_arena_alloc(&s->memory, len);

	if (!p)
		gbx_fail(err, GBX_E_NOMEM, "no memory for what was found of the software");
	return p;
}

char *gbx_software_text(struct gbx_software *s, struct gbx_slice text, struct gbx_error *err)
{
	char *copy = gbx_software_bytes(s, text.len + 1, err);

	if (!copy)
		return NULL;
	if (text.len)
		memcpy(copy, text.data, text.len);
	copy[text.len] = 0;
	return copy;
}

Glassbox__Path *gbx_software_path(struct gbx_software *s, struct gbx_slice path, struct gbx_error *err)
{
	Glassbox__Path *p = gbx_software_bytes(s, sizeof *p, err);
	char *copy = p ? gbx_software_text(s, path, err) : NULL;

	if (!copy)
		return NULL;
	glassbox__path__init(p);
	p->path = gbx_pb_bytes(copy, path.len);
	return p;
}

/* Room for one more in a list, and the message itself. */
static void *new_message(struct gbx_software *s, void ***list, size_t *cap, size_t *len, size_t size)
{
	struct gbx_error ignored;
	void *m = gbx_grow((void **)list, cap, *len, sizeof **list, &ignored) ? NULL : gbx_arena_alloc(&s->memory, size);

	if (m)
		(*list)[(*len)++] = m;
	return m;
}

Glassbox__Package *gbx_software_package(struct gbx_software *s, struct gbx_error *err)
{
	Glassbox__Package *m = new_message(s, (void ***)&s->package, &s->packages_cap, &s->packages, sizeof *m);

	if (m)
		glassbox__package__init(m);
	else
		gbx_fail(err, GBX_E_NOMEM, "no memory for a package");
	return m;
}

Glassbox__Library *gbx_software_library(struct gbx_software *s, struct gbx_error *err)
{
	Glassbox__Library *m = new_message(s, (void ***)&s->library, &s->libraries_cap, &s->libraries, sizeof *m);

	if (m)
		glassbox__library__init(m);
	else
		gbx_fail(err, GBX_E_NOMEM, "no memory for a library");
	return m;
}

Glassbox__Interpreter *gbx_software_interpreter(struct gbx_software *s, struct gbx_error *err)
{
	Glassbox__Interpreter *m = new_message(s, (void ***)&s->interpreter, &s->interpreters_cap, &s->interpreters, sizeof *m);

	if (m)
		glassbox__interpreter__init(m);
	else
		gbx_fail(err, GBX_E_NOMEM, "no memory for an interpreter");
	return m;
}

int gbx_software_own(struct gbx_software *s, Glassbox__Library *library, const Glassbox__Owner *owner, struct gbx_error *err)
{
	Glassbox__Owner *o = gbx_software_bytes(s, sizeof *o, err);
	char *name = o ? gbx_software_text(s, gbx_slice_text(owner->name), err) : NULL;
	char *version = name ? gbx_software_text(s, gbx_slice_text(owner->version), err) : NULL;
	char *architecture = version ? gbx_software_text(s, gbx_slice_text(owner->architecture), err) : NULL;

	if (!architecture)
		return GBX_E_NOMEM;
	glassbox__owner__init(o);
	o->database = owner->database;
	o->name = name;
	o->version = version;
	o->architecture = architecture;
	library->owner = o;
	return 0;
}

int gbx_software_gap(struct gbx_software *s, Glassbox__Gap__Kind kind, const struct gbx_error *why, const char *path, struct gbx_error *err)
{
	if (why->code == GBX_E_NOMEM) {
		*err = *why;
		return why->code;
	}
	/* Links that lead around in a circle, where nobody checks for links: no change of what was a file. */
	bool circle = why->sys == ELOOP;
	return gbx_gaps_add(&s->gaps, kind, circle ? GLASSBOX__GAP__REASON__MALFORMED : gbx_gap_reason(why), gbx_slice_text(path), err);
}
