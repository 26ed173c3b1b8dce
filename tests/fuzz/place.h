/* Where the bundle of an input stands while it is verified. */
#ifndef GBX_TESTS_FUZZ_PLACE_H
#define GBX_TESTS_FUZZ_PLACE_H

#include <stddef.h>
#include <stdint.h>

/* Puts a bundle, in a tar, there: place_tar.c as it is, place_folder.c unpacked, place_pipe.c to be read once. The path is good
 * until the next call. */
const char *fuzz_place(const uint8_t *tar, size_t size);

#endif
