#include "base/mem.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void *gbx_calloc(size_t count, size_t size)
{
	return calloc(count ? count : 1, size ? size : 1);
}

void *gbx_realloc(void *p, size_t count, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(count, size, &bytes))
		return NULL;
	return realloc(p, bytes ? bytes : 1);
}

void gbx_free(void *p)
{
	free(p);
}

char *gbx_strdup(const char *s)
{
	return gbx_memdup(s, strlen(s));
}

void *gbx_memdup(const void *p, size_t len)
{
	char *copy = gbx_calloc(len + 1, 1);

	if (copy && len)
		memcpy(copy, p, len);
	return copy;
}

char *gbx_asprintf(const char *fmt, ...)
{
	va_list args;
	char *out = NULL;

	va_start(args, fmt);
	int len = vasprintf(&out, fmt, args);
	va_end(args);
	return len < 0 ? NULL : out;
}

int gbx_grow(void **array, size_t *cap, size_t len, size_t size, struct gbx_error *err)
{
	if (len < *cap)
		return 0;
	size_t more = *cap ? *cap * 2 : 16;
	void *p = gbx_realloc(*array, more, size);
	if (!p)
		return gbx_fail(err, GBX_E_NOMEM, "no memory for %zu elements of %zu bytes", more, size);
	*array = p;
	*cap = more;
	return 0;
}

void gbx_free_string(char **s)
{
	gbx_free(*s);
}
