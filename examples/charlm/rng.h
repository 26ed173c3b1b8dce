/* Random numbers: xoshiro256** 1.0 of Blackman and Vigna, its state filled by splitmix64.
 * Both are defined by their reference code (prng.di.unimi.it), so a seed gives the same numbers
 * on every machine, which rand() does not promise. Not for secrets. */
#ifndef CHARLM_RNG_H
#define CHARLM_RNG_H

#include <stdint.h>

struct rng {
	uint64_t state[4];
};

/* Any seed is good, 0 too. */
void rng_seed(struct rng *rng, uint64_t seed);

/* 64 random bits. */
uint64_t rng_next(struct rng *rng);

/* A double in [0, 1), a multiple of 2^-53. */
double rng_uniform(struct rng *rng);

/* A whole number in [0, bound), each with the same probability. bound must not be 0. */
uint64_t rng_below(struct rng *rng, uint64_t bound);

/* A number from the normal distribution with mean 0 and standard deviation 1. */
double rng_gaussian(struct rng *rng);

#endif
