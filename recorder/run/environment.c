#include "run/environment.h"

/* Kinds of records with paths are to have them put below the roots here, by gbx_relate. */
static void take_body(void *arg, Glassbox__Body *body)
{
	gbx_put(arg, body, NULL);
}

/* A path that no root of the run holds is told below "/". */
static void take_gap(void *arg, const struct gbx_environment_gap *gap)
{
	struct gbx_recorder *r = arg;
	Glassbox__Path at;
	struct gbx_place place = {.paths = 1};
	struct gbx_error ignored;

	if (!gap->path || gbx_relate(r, gap->path, &at, &ignored)) {
		gbx_put_gap(r, gap->kind, gap->reason, gap->count, NULL);
		return;
	}
	struct gbx_slice path = gbx_pb_slice(at.path);
	place.root = at.root;
	place.path = &path;
	gbx_put_gap(r, gap->kind, gap->reason, gap->count, &place);
}

void gbx_record_environment_start(struct gbx_environment *e, struct gbx_recorder *r, const struct gbx_environment_options *options)
{
	struct gbx_environment_options o = *options;
	struct gbx_environment_sink sink = {r, take_body, take_gap};

	o.scanner = r->scanner;
	gbx_environment_start(e, &o, &sink);
}
