/* The types of plain YAML scalars: what PyYAML makes of them, and of numbers what people mean (docs/decisions/yaml.md). */
#ifndef GBX_CAPTURE_YAML_SCALAR_H
#define GBX_CAPTURE_YAML_SCALAR_H

#include "capture/document.h"

/* Fills kind, text and boolean of *value from a scalar without quotes; a number is appended to *number, where value->text then points
 * until it grows again. */
int gbx_yaml_plain(struct gbx_slice scalar, struct gbx_bytes *number, struct gbx_value *value, struct gbx_error *err) GBX_MUST_USE;

#endif
