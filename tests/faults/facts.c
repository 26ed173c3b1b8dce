#include "facts.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/pb.h"
#include "digest/hash.h"
#include "journal/gap.h"

const struct gbx_store *facts_store(void)
{
	static struct gbx_store store;

	store.path = (char *)(uintptr_t)place_path("repo/.git/glassbox");
	return &store;
}

/* The records have been checked: what cannot be packed here is a failure of the test. */
static void add(struct facts *f, const Glassbox__Body *body)
{
	GBX_AUTO_BYTES struct gbx_bytes bytes = {0};
	uint8_t sum[GBX_SHA256_LEN];

	if (gbx_pb_pack(&body->base, &bytes, NULL) || gbx_sha256(gbx_slice_of(&bytes), sum, NULL))
		abort();
	for (size_t i = 0; i < sizeof sum; i++)
		f->sum[i] ^= sum[i];
}

static void add_data(struct facts *f, const Glassbox__Body *body)
{
	Glassbox__Body b = *body;
	Glassbox__Dataset m = *body->dataset;

	m.salted_root = (ProtobufCBinaryData){0};
	b.dataset = &m;
	add(f, &b);
}

static void add_artifact(struct facts *f, const Glassbox__Body *body)
{
	Glassbox__Body b = *body;
	Glassbox__Artifact m = *body->artifact;

	m.salted_root = m.manifest = (ProtobufCBinaryData){0};
	b.artifact = &m;
	add(f, &b);
}

static void add_parameter(struct facts *f, const Glassbox__Body *body)
{
	Glassbox__Body b = *body;
	Glassbox__Parameter m = *body->parameter;

	m.config = NULL;
	b.parameter = &m;
	add(f, &b);
}

/* Whether the programs and libraries of a job that is over at once were seen is a matter of luck. */
static bool is_luck(const struct gbx_record *r)
{
	Glassbox__Kind kind = r->kind->kind;
	Glassbox__Gap__Kind missing = r->body->body_case == GLASSBOX__BODY__BODY_GAP ? r->body->gap->kind : GLASSBOX__GAP__KIND__KIND_UNSPECIFIED;

	return kind == GLASSBOX__KIND__LIBRARY || kind == GLASSBOX__KIND__PACKAGE || kind == GLASSBOX__KIND__INTERPRETER ||
	       missing == GLASSBOX__GAP__KIND__LIBRARY || missing == GLASSBOX__GAP__KIND__PACKAGE;
}

static int take(void *arg, const struct gbx_stream_view *stream, const struct gbx_record *r, struct gbx_error *err)
{
	struct facts *f = arg;

	(void)stream, (void)err;
	if (is_luck(r)) {
		f->luck += r->kind->kind == GLASSBOX__KIND__GAP;
		return 0;
	}
	f->kind[(unsigned)r->kind->kind % FACTS_KINDS]++;
	switch (r->kind->kind) {
	case GLASSBOX__KIND__NAME:
	case GLASSBOX__KIND__ARGUMENT:
	case GLASSBOX__KIND__CONFIG:
	case GLASSBOX__KIND__CODE:
	case GLASSBOX__KIND__GIT:
	case GLASSBOX__KIND__ROOT:
	case GLASSBOX__KIND__DECLARATION:
		add(f, r->body);
		break;
	case GLASSBOX__KIND__PARAMETER:
		add_parameter(f, r->body);
		break;
	case GLASSBOX__KIND__DATASET:
		add_data(f, r->body);
		break;
	case GLASSBOX__KIND__ARTIFACT:
		add_artifact(f, r->body);
		break;
	default:
		break;
	}
	return 0;
}

static bool look(const char *run, struct facts *f)
{
	struct gbx_run_view v;
	struct facts seen = {0};

	if (gbx_run_scan(facts_store(), run, take, &seen, &v, NULL))
		return false;
	for (int k = 0; k < FACTS_KINDS; k++)
		seen.found = seen.found || seen.kind[k]; /* a folder without a record is no run yet */
	snprintf(seen.run, sizeof seen.run, "%s", run);
	seen.state = v.state;
	seen.is_signed = v.is_signed;
	seen.has_end = v.has_end;
	seen.streams = v.streams;
	seen.gaps = v.gaps - seen.luck;
	seen.intact = true;
	for (size_t i = 0; i < v.streams; i++)
		seen.intact = seen.intact && v.stream[i].intact;
	gbx_run_view_free(&v);
	*f = seen;
	return seen.found;
}

void facts_of(const char *run, struct facts *f)
{
	GBX_CLEANUP(gbx_names_free) struct gbx_names names = {0};

	*f = (struct facts){0};
	if (run) {
		(void)!look(run, f);
		return;
	}
	if (gbx_run_names(facts_store(), &names, NULL))
		return;
	for (size_t i = names.len; i > 0; i--)
		if (look(names.name[i - 1], f))
			return;
}

const char *facts_differ(const struct facts *a, const struct facts *b)
{
	static char text[400];
	int len = 0;

	for (int k = 0; k < FACTS_KINDS; k++)
		if (a->kind[k] != b->kind[k])
			len += snprintf(text + len, sizeof text - 32 - (size_t)len, "kind %d: %u, usually %u; ", k, a->kind[k], b->kind[k]);
	snprintf(text + len, 32, "%s", memcmp(a->sum, b->sum, sizeof a->sum) ? "other words" : "the same words");
	return text;
}

bool facts_same(const struct facts *a, const struct facts *b)
{
	for (int k = 0; k < FACTS_KINDS; k++)
		/* A stream that goes on from a broken one says so by itself. */
		if (k != GLASSBOX__KIND__GAP && k != GLASSBOX__KIND__PLACE && k != GLASSBOX__KIND__STREAM_START && a->kind[k] != b->kind[k])
			return false;
	return memcmp(a->sum, b->sum, sizeof a->sum) == 0 && a->state == b->state && a->is_signed == b->is_signed &&
	       a->found == b->found;
}
