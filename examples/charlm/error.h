/* How a failure travels: the function that meets it fills a struct error and returns -1, the
 * functions above pass both on, and main prints the text. */
#ifndef CHARLM_ERROR_H
#define CHARLM_ERROR_H

#include <stdarg.h>
#include <stdio.h>

struct error {
	char text[600];
};

/* Writes the text (cut off at the size) and returns -1, so that one can say: return fail(...). */
__attribute__((format(printf, 2, 3))) static inline int fail(
		struct error *error, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(error->text, sizeof error->text, format, arguments);
	va_end(arguments);
	return -1;
}

#endif
