/* The number type of the whole model, and its exponential and logarithm.
 *
 * The model is trained in float. The gradient check compiles the same files with CHARLM_DOUBLE,
 * because a finite difference in float keeps hardly three digits.
 *
 * Why not expf() and logf() of the C library: they may differ in the last bit from one CPU or
 * library version to the next, and one bit is enough to end with other weights. What stands here
 * uses only operations that IEEE 754 defines to the last bit (+ - * / and, elsewhere, the square
 * root), so whoever repeats a published run gets the same bytes. It is faster too: gcc vectorises
 * a loop around it.
 */
#ifndef CHARLM_REAL_H
#define CHARLM_REAL_H

#include <float.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

#if FLT_EVAL_METHOD != 0
#error "floats must be computed as floats; on 32-bit x86 use -msse2 -mfpmath=sse"
#endif

#ifdef CHARLM_DOUBLE

typedef double real;

static inline real real_exp(real x)
{
	return exp(x);
}

static inline real real_sqrt(real x)
{
	return sqrt(x);
}

#else

typedef float real;

/* e^x with an error below 1 unit in the last place; x is clamped to [-87, 88], where e^x is a
 * normal float. x = n ln 2 + r with n whole, so e^x = 2^n e^r, and a polynomial gives e^r. */
static inline real real_exp(real x)
{
	const float round_off = 12582912.0f; /* 1.5 * 2^23: adding it leaves no fraction bits */
	const uint32_t round_off_bits = 0x4b400000u;

	x = x < -87.0f ? -87.0f : x;
	x = x > 88.0f ? 88.0f : x;
	const float shifted = x * 1.44269504f + round_off;
	const float n = shifted - round_off;
	const float r = (x - n * 0.693359375f) - n * -2.12194440e-4f; /* ln 2 in two parts */

	float p = 1.9875691500e-4f;
	p = p * r + 1.3981999507e-3f;
	p = p * r + 8.3334519073e-3f;
	p = p * r + 4.1665795894e-2f;
	p = p * r + 1.6666665459e-1f;
	p = p * r + 5.0000001201e-1f;
	p = p * (r * r) + r + 1.0f;

	uint32_t bits; /* of the float 2^n: only its exponent field is not zero */
	memcpy(&bits, &shifted, sizeof bits);
	bits = (bits - round_off_bits + 127u) << 23;
	float power;
	memcpy(&power, &bits, sizeof power);
	return p * power;
}

static inline real real_sqrt(real x)
{
	return sqrtf(x);
}

#endif

/* ln x for x > 0: x = m 2^e with m near 1, and ln m = 2 artanh((m - 1) / (m + 1)) as a series. */
static inline double portable_log(double x)
{
	int exponent;
	double m = frexp(x, &exponent);
	if (m < 0.70710678118654752) {
		m *= 2;
		exponent--;
	}
	const double s = (m - 1) / (m + 1);
	double sum = 0;
	for (int k = 21; k >= 1; k -= 2)
		sum = sum * (s * s) + 1.0 / k;
	return 2 * s * sum + exponent * 0.69314718055994531;
}

#endif
