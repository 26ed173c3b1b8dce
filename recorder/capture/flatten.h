/* A config's tree as parameters with dotted names (parameters.h). */
#ifndef GBX_CAPTURE_FLATTEN_H
#define GBX_CAPTURE_FLATTEN_H

#include "capture/document.h"
#include "capture/parameters.h"

/* Adds the parameters of a value, their names below prefix, which may be empty where the value is a map. *skipped grows by those whose names are over GBX_LIMIT_PATH. GBX_E_LIMIT where there are more than
 * GBX_LIMIT_PARAMETERS, or more than GBX_LIMIT_PARAMETER_BYTES of them. */
int gbx_flatten(struct gbx_slice prefix, const struct gbx_value *value, struct gbx_parameters *list, uint64_t *skipped,
		struct gbx_error *err) GBX_MUST_USE;

#endif
