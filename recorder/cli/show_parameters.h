/* Parameters that several sources tell, for `show`: who says what, and who usually counts. */
#ifndef GBX_CLI_SHOW_PARAMETERS_H
#define GBX_CLI_SHOW_PARAMETERS_H

#include <jansson.h>

#include "base/arena.h"
#include "journal/record.h"
#include "store/runs.h"

/* One source of one parameter; texts in the list's memory. */
struct gbx_shown_parameter {
	const char *name, *type, *value;
	const char *said;    /* the line that describes it */
	const char *rival;   /* what another source, which usually counts, is called; NULL: none says otherwise */
	const char *source;  /* "argument 5", "<repo>/train.yaml" */
	int rank;
	size_t place;
	uint8_t stream[GBX_STREAM_LEN];
	uint64_t seq;
};

struct gbx_shown_config;

/* {0} is an empty one. */
struct gbx_shown_parameters {
	struct gbx_shown_config *config; /* the newest first */
	struct gbx_shown_parameter *parameter;
	size_t len, cap;
	struct gbx_arena memory;
};

void gbx_shown_parameters_free(struct gbx_shown_parameters *list);
/* Takes a config or a parameter; configs stand before the parameters that come from them. */
int gbx_shown_parameters_add(struct gbx_shown_parameters *list, const struct gbx_stream_view *stream, const struct gbx_record *r,
			     struct gbx_error *err) GBX_MUST_USE;
/* When all are there: sorts them by name and by who usually counts, and fills rival. */
void gbx_shown_parameters_compare(struct gbx_shown_parameters *list);
/* The names of which sources say different things, as [{"name", "told": [{"stream", "seq", "source", "type", "value"}]}], who usually
 * counts first; NULL without memory. */
json_t *gbx_shown_conflicts(const struct gbx_shown_parameters *list);

#endif
