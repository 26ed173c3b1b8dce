/* Pseudo terminals: what a program writes to one is read from its other end. */
#ifndef GBX_BASE_PTY_H
#define GBX_BASE_PTY_H

#include "base/error.h"

/* Makes one like the terminal `like`, with its settings and size; bytes that are written to *terminal come out of *master as they are. It is
 * nobody's controlling terminal. Both are close-on-exec. */
int gbx_pty_open(int like, int *master, int *terminal, struct gbx_error *err) GBX_MUST_USE;

/* Gives the terminal behind master the size of `like`; true where it had another. */
bool gbx_pty_resize(int like, int master);

/* Waits until fd can be read (or written) or its other end is gone, at most so many milliseconds (-1: for ever). */
bool gbx_wait_readable(int fd, int ms);
bool gbx_wait_writable(int fd, int ms);

#endif
