/* The schema of the index, in the order of its versions. */
#ifndef GBX_STORE_SCHEMA_H
#define GBX_STORE_SCHEMA_H

#include <stddef.h>
#include <stdint.h>

/* In the header of the file: whose database it is (PRAGMA application_id). */
#define GBX_INDEX_APPLICATION 0x67627869 /* gbxi */

/* gbx_schema[v] brings an index of version v (PRAGMA user_version; 0: an empty file) to v + 1. */
extern const char *const gbx_schema[];
/* The version that this program writes. */
extern const int64_t gbx_schema_version;

#endif
