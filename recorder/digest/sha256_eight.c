/* Eight blocks of SHA-256 at a time, a 32-bit lane of AVX2 for each. Declared in sha256_lanes.h. */
#ifdef __x86_64__
#include "digest/sha256_lanes.h"

#include <immintrin.h>

#define LANE_CODE __attribute__((target("avx2")))
#define INLINE __attribute__((always_inline)) static inline

const uint32_t gbx_sha256_constant[64] = {
	0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be,
	0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa,
	0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85,
	0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3,
	0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f,
	0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

LANE_CODE INLINE __m256i rotate(__m256i x, int n)
{
	return _mm256_or_si256(_mm256_srli_epi32(x, n), _mm256_slli_epi32(x, 32 - n));
}

LANE_CODE INLINE __m256i xor3(__m256i a, __m256i b, __m256i c)
{
	return _mm256_xor_si256(_mm256_xor_si256(a, b), c);
}

LANE_CODE INLINE __m256i add3(__m256i a, __m256i b, __m256i c)
{
	return _mm256_add_epi32(_mm256_add_epi32(a, b), c);
}

/* Eight words of each lane's block, from byte `at` on, in the processor's byte order: w[i] gets word i of all lanes. */
LANE_CODE INLINE void load_words(const uint8_t *const block[GBX_SHA256_LANES], int at, __m256i w[8])
{
	const __m256i swap = _mm256_broadcastsi128_si256(_mm_set_epi8(12, 13, 14, 15, 8, 9, 10, 11, 4, 5, 6, 7, 0, 1, 2, 3));
	__m256i a[8], b[8];

	for (int i = 0; i < 8; i++)
		a[i] = _mm256_shuffle_epi8(_mm256_loadu_si256((const __m256i *)(block[i] + at)), swap);
	/* A transposition of 8 by 8 words: by words, by pairs, then by halves of the registers. */
	for (int i = 0; i < 8; i += 2) {
		b[i] = _mm256_unpacklo_epi32(a[i], a[i + 1]);
		b[i + 1] = _mm256_unpackhi_epi32(a[i], a[i + 1]);
	}
	for (int i = 0; i < 8; i += 4) {
		a[i] = _mm256_unpacklo_epi64(b[i], b[i + 2]);
		a[i + 1] = _mm256_unpackhi_epi64(b[i], b[i + 2]);
		a[i + 2] = _mm256_unpacklo_epi64(b[i + 1], b[i + 3]);
		a[i + 3] = _mm256_unpackhi_epi64(b[i + 1], b[i + 3]);
	}
	for (int i = 0; i < 4; i++) {
		w[i] = _mm256_permute2x128_si256(a[i], a[i + 4], 0x20);
		w[i + 4] = _mm256_permute2x128_si256(a[i], a[i + 4], 0x31);
	}
}

/* Word i + 16 of the schedule in the place of word i. */
LANE_CODE INLINE void schedule(__m256i w[16], int i)
{
	__m256i x = w[(i + 1) & 15], y = w[(i + 14) & 15];
	__m256i s0 = xor3(rotate(x, 7), rotate(x, 18), _mm256_srli_epi32(x, 3));
	__m256i s1 = xor3(rotate(y, 17), rotate(y, 19), _mm256_srli_epi32(y, 10));

	w[i] = _mm256_add_epi32(add3(w[i], s0, w[(i + 9) & 15]), s1);
}

/* Round i + j. s is a to h, with a in s[-j mod 8]: nothing moves from round to round but the names. */
LANE_CODE INLINE void take_round(__m256i s[8], __m256i w[16], int i, int j)
{
	__m256i k_and_w = _mm256_add_epi32(_mm256_set1_epi32((int)gbx_sha256_constant[i + j]), w[j]);
	__m256i a = s[(0 - j) & 7], b = s[(1 - j) & 7], c = s[(2 - j) & 7], e = s[(4 - j) & 7], f = s[(5 - j) & 7], g = s[(6 - j) & 7];
	__m256i choice = _mm256_xor_si256(g, _mm256_and_si256(e, _mm256_xor_si256(f, g)));
	__m256i majority = _mm256_or_si256(_mm256_and_si256(a, b), _mm256_and_si256(c, _mm256_or_si256(a, b)));
	__m256i t = _mm256_add_epi32(add3(s[(7 - j) & 7], k_and_w, choice), xor3(rotate(e, 6), rotate(e, 11), rotate(e, 25)));

	s[(3 - j) & 7] = _mm256_add_epi32(s[(3 - j) & 7], t);
	s[(7 - j) & 7] = add3(t, majority, xor3(rotate(a, 2), rotate(a, 13), rotate(a, 22)));
	schedule(w, j);
}

LANE_CODE void gbx_sha256_compress_eight(uint32_t state[8][GBX_SHA256_LANES], const uint8_t *const block[GBX_SHA256_LANES])
{
	__m256i w[16], s[8];

	load_words(block, 0, w);
	load_words(block, 32, w + 8);
	for (int i = 0; i < 8; i++)
		s[i] = _mm256_load_si256((const __m256i *)state[i]);
	for (int i = 0; i < 64; i += 16) {
		take_round(s, w, i, 0);
		take_round(s, w, i, 1);
		take_round(s, w, i, 2);
		take_round(s, w, i, 3);
		take_round(s, w, i, 4);
		take_round(s, w, i, 5);
		take_round(s, w, i, 6);
		take_round(s, w, i, 7);
		take_round(s, w, i, 8);
		take_round(s, w, i, 9);
		take_round(s, w, i, 10);
		take_round(s, w, i, 11);
		take_round(s, w, i, 12);
		take_round(s, w, i, 13);
		take_round(s, w, i, 14);
		take_round(s, w, i, 15);
	}
	for (int i = 0; i < 8; i++) {
		__m256i *to = (__m256i *)state[i];
		_mm256_store_si256(to, _mm256_add_epi32(_mm256_load_si256(to), s[i]));
	}
}
#endif
