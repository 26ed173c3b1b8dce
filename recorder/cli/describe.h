/* A record in words, and as JSON. */
#ifndef GBX_CLI_DESCRIBE_H
#define GBX_CLI_DESCRIBE_H

#include <jansson.h>

#include "journal/record.h"

/* One line for a person, into a fixed buffer; safe for a terminal. */
void gbx_describe(const Glassbox__Body *body, char *out, size_t size);

/* The same for a parameter whose config, where it has one, is called so. */
void gbx_describe_parameter(const Glassbox__Parameter *p, const char *config, char *out, size_t size);

/* The body's members by their names in the schema: digests and ids in hex, paths and values as text, members that are not set left out. */
json_t *gbx_body_json(const Glassbox__Body *body);

#endif
