/* Programs that start other programs, as data: which of a command's arguments are theirs, and where those of the training script begin.
 *
 * Options of a launcher are known by one of two lists, whichever is shorter: those that take a value, or those that take none. What is
 * not on the list is of the other sort. Where that goes wrong for an option that is newer than the table, at worst an option of
 * the launcher is taken for one of the script. */
#ifndef GBX_CAPTURE_LAUNCHERS_H
#define GBX_CAPTURE_LAUNCHERS_H

#include "base/bytes.h"

struct gbx_launcher {
	const char *name;     /* of the program or Python module; `*` at its end: any rest */
	const char *verb;     /* words that have to come first, or NULL */
	const char *valued;   /* options that take a value, with spaces between; NULL: all but those that are alone */
	const char *alone;
	const char *pairs;    /* options that take two; or NULL */
	unsigned words;       /* that stand before the program: a mask, a duration, an image */
	bool assigns;         /* NAME=VALUE may stand before the program */
	bool code;            /* -c has the program itself behind it */
	const char *tells;    /* its options are parameters, with this before their names; NULL: they say nothing of the training */
};

/* Of a program or module by its last component, with the word behind it; NULL: no launcher. */
const struct gbx_launcher *gbx_launcher_find(struct gbx_slice program, struct gbx_slice verb);
/* The whole table, ended by one without a name. */
const struct gbx_launcher *gbx_launchers(void);

/* Whether a word is in a list with spaces between. */
bool gbx_is_listed(const char *list, struct gbx_slice word);

#endif
