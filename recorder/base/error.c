#include "base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

GBX_PRINTF(4, 0) static void fill(struct gbx_error *err, int code, int sys, const char *fmt, va_list args)
{
	err->code = code;
	err->sys = sys;
	err->has_seq = false;
	vsnprintf(err->line, sizeof err->line, fmt, args);
}

int gbx_fail(struct gbx_error *err, int code, const char *fmt, ...)
{
	if (err) {
		va_list args;
		va_start(args, fmt);
		fill(err, code, 0, fmt, args);
		va_end(args);
	}
	return code;
}

static int code_of_errno(int sys)
{
	switch (sys) {
	case ENOENT:
	case ENOTDIR:
		return GBX_E_NOTFOUND;
	case EEXIST:
	case ENOTEMPTY:
		return GBX_E_EXISTS;
	case ENOMEM:
		return GBX_E_NOMEM;
	default:
		return GBX_E_IO;
	}
}

int gbx_fail_errno(struct gbx_error *err, int sys, const char *fmt, ...)
{
	int code = code_of_errno(sys);

	if (err) {
		va_list args;
		va_start(args, fmt);
		fill(err, code, sys, fmt, args);
		va_end(args);
		size_t len = strlen(err->line);
		snprintf(err->line + len, sizeof err->line - len, ": %s", strerror(sys));
	}
	return code;
}

int gbx_fail_context(struct gbx_error *err, const char *fmt, ...)
{
	char was[sizeof err->line];
	char prefix[512];
	va_list args;

	if (!err)
		return GBX_E_IO;
	va_start(args, fmt);
	vsnprintf(prefix, sizeof prefix, fmt, args);
	va_end(args);
	memcpy(was, err->line, sizeof was);
	int len = snprintf(err->line, sizeof err->line, "%s: ", prefix);
	size_t room = sizeof err->line - (size_t)len;
	size_t keep = strnlen(was, sizeof was - 1);
	if (keep >= room)
		keep = room - 1;
	memcpy(err->line + len, was, keep);
	err->line[(size_t)len + keep] = 0;
	return err->code;
}
