/* Processors. */
#ifndef GBX_BASE_PROCESSORS_H
#define GBX_BASE_PROCESSORS_H

/* How many this process may use; at least 1. */
unsigned gbx_processors(void);

#endif
