/* SHA-256 (FIPS 180-4, section 6.2) of sixteen messages at a time, a 32-bit lane of AVX-512 for each, or of eight with AVX2. Declared in
 * many.h. */
#include "digest/many.h"

#ifdef __x86_64__
#include <immintrin.h>

#include "digest/sha256_lanes.h"

#define LANES GBX_SHA256_LANES
#define LANE_CODE __attribute__((target("avx512f,avx512bw")))

static const uint32_t first_state[8] = {
	0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
};

/* One message in a lane: what is left of it, and its last one or two blocks with the padding. */
struct lane {
	const uint8_t *next;
	size_t blocks;        /* whole ones from next on */
	size_t tail_blocks;   /* of tail that are left */
	const uint8_t *tail_next;
	uint8_t tail[2 * GBX_SHA256_BLOCK];
	uint8_t *digest;      /* NULL: the lane is empty */
};

struct lanes {
	_Alignas(64) uint32_t state[8][LANES];
	struct lane lane[LANES];
};

LANE_CODE static inline __m512i big_sigma(__m512i x, int which)
{
	return which ? _mm512_ternarylogic_epi32(_mm512_ror_epi32(x, 6), _mm512_ror_epi32(x, 11), _mm512_ror_epi32(x, 25), 0x96)
		     : _mm512_ternarylogic_epi32(_mm512_ror_epi32(x, 2), _mm512_ror_epi32(x, 13), _mm512_ror_epi32(x, 22), 0x96);
}

LANE_CODE static inline __m512i small_sigma(__m512i x, int which)
{
	return which ? _mm512_ternarylogic_epi32(_mm512_ror_epi32(x, 17), _mm512_ror_epi32(x, 19), _mm512_srli_epi32(x, 10), 0x96)
		     : _mm512_ternarylogic_epi32(_mm512_ror_epi32(x, 7), _mm512_ror_epi32(x, 18), _mm512_srli_epi32(x, 3), 0x96);
}

/* w[i] gets word i of all lanes' blocks, in the processor's byte order. */
LANE_CODE static inline void load_words(const uint8_t *const block[LANES], __m512i w[16])
{
	const __m512i swap = _mm512_broadcast_i32x4(_mm_set_epi8(12, 13, 14, 15, 8, 9, 10, 11, 4, 5, 6, 7, 0, 1, 2, 3));
	__m512i a[16], b[16];

	for (int i = 0; i < 16; i++)
		a[i] = _mm512_shuffle_epi8(_mm512_loadu_si512(block[i]), swap);
	/* A transposition of 16 by 16 words: by words, by pairs, then by quarters of the registers. */
	for (int i = 0; i < 16; i += 2) {
		b[i] = _mm512_unpacklo_epi32(a[i], a[i + 1]);
		b[i + 1] = _mm512_unpackhi_epi32(a[i], a[i + 1]);
	}
	for (int i = 0; i < 16; i += 4) {
		a[i] = _mm512_unpacklo_epi64(b[i], b[i + 2]);
		a[i + 1] = _mm512_unpackhi_epi64(b[i], b[i + 2]);
		a[i + 2] = _mm512_unpacklo_epi64(b[i + 1], b[i + 3]);
		a[i + 3] = _mm512_unpackhi_epi64(b[i + 1], b[i + 3]);
	}
	for (int i = 0; i < 4; i++) {
		b[i] = _mm512_shuffle_i32x4(a[i], a[i + 4], 0x88);
		b[i + 4] = _mm512_shuffle_i32x4(a[i], a[i + 4], 0xdd);
		b[i + 8] = _mm512_shuffle_i32x4(a[i + 8], a[i + 12], 0x88);
		b[i + 12] = _mm512_shuffle_i32x4(a[i + 8], a[i + 12], 0xdd);
	}
	for (int i = 0; i < 4; i++) {
		w[i] = _mm512_shuffle_i32x4(b[i], b[i + 8], 0x88);
		w[i + 8] = _mm512_shuffle_i32x4(b[i], b[i + 8], 0xdd);
		w[i + 4] = _mm512_shuffle_i32x4(b[i + 4], b[i + 12], 0x88);
		w[i + 12] = _mm512_shuffle_i32x4(b[i + 4], b[i + 12], 0xdd);
	}
}

/* The next block of each lane into its state. */
LANE_CODE static void compress(uint32_t state[8][LANES], const uint8_t *const block[LANES])
{
	__m512i w[16], s[8];

	load_words(block, w);
	for (int i = 0; i < 8; i++)
		s[i] = _mm512_load_si512(state[i]);
	__m512i a = s[0], b = s[1], c = s[2], d = s[3], e = s[4], f = s[5], g = s[6], h = s[7];
	for (int i = 0; i < 64; i += 16) {
#define ROUND(j)                                                                                                                           \
	do {                                                                                                                               \
		__m512i t = _mm512_add_epi32(_mm512_add_epi32(h, big_sigma(e, 1)),                                                         \
					     _mm512_add_epi32(_mm512_ternarylogic_epi32(e, f, g, 0xca),                                   \
							      _mm512_add_epi32(_mm512_set1_epi32((int)gbx_sha256_constant[i + (j)]), w[j])));  \
		h = g, g = f, f = e;                                                                                                       \
		e = _mm512_add_epi32(d, t);                                                                                                \
		__m512i u = _mm512_add_epi32(big_sigma(a, 0), _mm512_ternarylogic_epi32(a, b, c, 0xe8));                                   \
		d = c, c = b, b = a;                                                                                                       \
		a = _mm512_add_epi32(t, u);                                                                                                \
		w[j] = _mm512_add_epi32(_mm512_add_epi32(w[j], small_sigma(w[((j) + 1) & 15], 0)),                                         \
					_mm512_add_epi32(w[((j) + 9) & 15], small_sigma(w[((j) + 14) & 15], 1)));                          \
	} while (0)
		ROUND(0);
		ROUND(1);
		ROUND(2);
		ROUND(3);
		ROUND(4);
		ROUND(5);
		ROUND(6);
		ROUND(7);
		ROUND(8);
		ROUND(9);
		ROUND(10);
		ROUND(11);
		ROUND(12);
		ROUND(13);
		ROUND(14);
		ROUND(15);
#undef ROUND
	}
	_mm512_store_si512(state[0], _mm512_add_epi32(s[0], a));
	_mm512_store_si512(state[1], _mm512_add_epi32(s[1], b));
	_mm512_store_si512(state[2], _mm512_add_epi32(s[2], c));
	_mm512_store_si512(state[3], _mm512_add_epi32(s[3], d));
	_mm512_store_si512(state[4], _mm512_add_epi32(s[4], e));
	_mm512_store_si512(state[5], _mm512_add_epi32(s[5], f));
	_mm512_store_si512(state[6], _mm512_add_epi32(s[6], g));
	_mm512_store_si512(state[7], _mm512_add_epi32(s[7], h));
}

static void begin(struct lanes *l, size_t at, const struct gbx_message *m)
{
	struct lane *lane = &l->lane[at];
	size_t whole = m->len / GBX_SHA256_BLOCK, rest = m->len % GBX_SHA256_BLOCK;

	lane->next = m->data;
	lane->blocks = whole;
	lane->tail_blocks = rest + 9 <= GBX_SHA256_BLOCK ? 1 : 2;
	lane->tail_next = lane->tail;
	lane->digest = m->digest;
	if (rest)
		memcpy(lane->tail, m->data + whole * GBX_SHA256_BLOCK, rest);
	lane->tail[rest] = 0x80;
	memset(lane->tail + rest + 1, 0, lane->tail_blocks * GBX_SHA256_BLOCK - rest - 9);
	gbx_put_be64(lane->tail + lane->tail_blocks * GBX_SHA256_BLOCK - 8, (uint64_t)m->len * 8);
	for (int i = 0; i < 8; i++)
		l->state[i][at] = first_state[i];
}

static void finish(struct lanes *l, size_t at)
{
	for (int i = 0; i < 8; i++)
		gbx_put_be32(l->lane[at].digest + 4 * i, l->state[i][at]);
	l->lane[at].digest = NULL;
}

/* The lane's next block; an empty lane has one that nobody looks at. */
static const uint8_t *take_block(struct lane *lane)
{
	static const uint8_t nothing[GBX_SHA256_BLOCK];
	const uint8_t *block = nothing;

	if (!lane->digest)
		return block;
	if (lane->blocks) {
		block = lane->next;
		lane->next += GBX_SHA256_BLOCK;
		lane->blocks--;
	} else {
		block = lane->tail_next;
		lane->tail_next += GBX_SHA256_BLOCK;
		lane->tail_blocks--;
	}
	return block;
}

enum gbx_lanes gbx_lanes_here(void)
{
	if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw"))
		return GBX_SIXTEEN_LANES;
	return __builtin_cpu_supports("avx2") ? GBX_EIGHT_LANES : GBX_NO_LANES;
}

void gbx_sha256_lanes(enum gbx_lanes lanes, const struct gbx_message *message, size_t count)
{
	struct lanes l;
	const uint8_t *block[LANES];
	size_t next = 0, busy = 0, width = (size_t)lanes;

	for (size_t i = 0; i < LANES; i++)
		l.lane[i].digest = NULL;
	memset(l.state, 0, sizeof l.state);
	for (;;) {
		for (size_t i = 0; i < width; i++) {
			if (!l.lane[i].digest && next < count) {
				begin(&l, i, &message[next++]);
				busy++;
			}
			block[i] = take_block(&l.lane[i]);
		}
		if (!busy)
			return;
		if (lanes == GBX_SIXTEEN_LANES)
			compress(l.state, block);
		else
			gbx_sha256_compress_eight(l.state, block);
		for (size_t i = 0; i < width; i++)
			if (l.lane[i].digest && l.lane[i].blocks == 0 && l.lane[i].tail_blocks == 0) {
				finish(&l, i);
				busy--;
			}
	}
}
#else
enum gbx_lanes gbx_lanes_here(void)
{
	return GBX_NO_LANES;
}

void gbx_sha256_lanes(enum gbx_lanes lanes, const struct gbx_message *message, size_t count)
{
	(void)lanes, (void)message, (void)count;
}
#endif
