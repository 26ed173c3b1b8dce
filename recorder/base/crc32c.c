#include "base/crc32c.h"

#include <pthread.h>

#include "base/bytes.h"

/* Slicing by eight: table[k][b] is the CRC of byte b followed by k zero bytes. */
static uint32_t table[8][256];
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void fill_table(void)
{
	for (uint32_t b = 0; b < 256; b++) {
		uint32_t crc = b;
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78u : 0);
		table[0][b] = crc;
	}
	for (int k = 1; k < 8; k++)
		for (int b = 0; b < 256; b++)
			table[k][b] = table[k - 1][b] >> 8 ^ table[0][table[k - 1][b] & 255];
}

#ifdef __x86_64__
/* The processor's own instruction, which is for this very polynomial. */
__attribute__((target("sse4.2"))) static uint32_t by_instruction(const uint8_t *p, size_t len, uint32_t crc)
{
	uint64_t wide = crc;

	for (; len >= 8; p += 8, len -= 8)
		wide = __builtin_ia32_crc32di(wide, gbx_get_le64(p));
	crc = (uint32_t)wide;
	for (; len; p++, len--)
		crc = __builtin_ia32_crc32qi(crc, *p);
	return crc;
}

static bool has_instruction(void)
{
	return __builtin_cpu_supports("sse4.2");
}
#else
static uint32_t by_instruction(const uint8_t *p, size_t len, uint32_t crc)
{
	(void)p, (void)len;
	return crc;
}

static bool has_instruction(void)
{
	return false;
}
#endif

uint32_t gbx_crc32c_by_table(const void *data, size_t len)
{
	const uint8_t *p = data;
	uint32_t crc = 0xffffffffu;

	pthread_once(&once, fill_table);
	for (; len >= 8; p += 8, len -= 8) {
		uint32_t a = gbx_get_le32(p) ^ crc;
		uint32_t b = gbx_get_le32(p + 4);
		crc = table[7][a & 255] ^ table[6][a >> 8 & 255] ^ table[5][a >> 16 & 255] ^ table[4][a >> 24] ^
		      table[3][b & 255] ^ table[2][b >> 8 & 255] ^ table[1][b >> 16 & 255] ^ table[0][b >> 24];
	}
	for (; len; p++, len--)
		crc = crc >> 8 ^ table[0][(crc ^ *p) & 255];
	return crc ^ 0xffffffffu;
}

uint32_t gbx_crc32c(const void *data, size_t len)
{
	return has_instruction() ? by_instruction(data, len, 0xffffffffu) ^ 0xffffffffu : gbx_crc32c_by_table(data, len);
}

uint32_t gbx_crc32c_masked(const void *data, size_t len)
{
	uint32_t crc = gbx_crc32c(data, len);

	return (crc >> 15 | crc << 17) + 0xa282ead8u;
}
