/* cmocka needs these four in this order. */
#ifndef GBX_TEST_H
#define GBX_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#endif
