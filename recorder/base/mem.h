/* Memory: the only callers of malloc and its kin. */
#ifndef GBX_BASE_MEM_H
#define GBX_BASE_MEM_H

#include <stddef.h>

#include "base/error.h"

/* Zeroed memory for count things of size bytes each, or NULL (also on overflow). Free with gbx_free. */
void *gbx_calloc(size_t count, size_t size);
/* Grows or shrinks; NULL on failure, and then the old memory stands. */
void *gbx_realloc(void *p, size_t count, size_t size);
void gbx_free(void *p);
/* Copies, NUL-terminated; NULL on failure. */
char *gbx_strdup(const char *s);
void *gbx_memdup(const void *p, size_t len);
/* printf into memory; NULL on failure. */
char *gbx_asprintf(const char *fmt, ...) GBX_PRINTF(1, 2);

/* Makes room for one more element in an array of *cap elements; doubles it. 0 or GBX_E_NOMEM. */
int gbx_grow(void **array, size_t *cap, size_t len, size_t size, struct gbx_error *err) GBX_MUST_USE;

/* For GBX_CLEANUP on a char * or other single pointer. */
void gbx_free_string(char **s);

#define GBX_AUTO_STRING GBX_CLEANUP(gbx_free_string)

#endif
