#include "matmul.h"

#include <assert.h>

/* The work is cut into tiles of 4 x 8 results, which stay in registers while the loop runs over
 * the inner dimension: on plain x86-64 they fill 8 of the 16 vector registers. What a tile reads
 * is first copied ("packed") into panels where it lies in the order of reading, padded with zeros
 * at the edges, so that the one loop that matters has no strides and no special cases. */
enum {
	TILE_ROWS = 4,
	TILE_COLS = 8,
	BLOCK_INNER = 256,
	BLOCK_COLS = 128,
};

struct panel_a {
	real at[BLOCK_INNER][TILE_ROWS];
};

struct panel_b {
	real at[BLOCK_INNER][TILE_COLS];
};

struct matrix matrix_view(const real *at, size_t rows, size_t cols, size_t row_step)
{
	return (struct matrix){at, rows, cols, row_step, 1};
}

struct matrix matrix_transposed(struct matrix m)
{
	return (struct matrix){m.at, m.cols, m.rows, m.col_step, m.row_step};
}

static size_t smaller(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* The part of m from (row, col) on, at most rows x cols. */
static struct matrix part(struct matrix m, size_t row, size_t col, size_t rows, size_t cols)
{
	m.at += row * m.row_step + col * m.col_step;
	m.rows = smaller(rows, m.rows - row);
	m.cols = smaller(cols, m.cols - col);
	return m;
}

static void pack_a(struct panel_a *restrict panel, struct matrix a)
{
	for (size_t k = 0; k < a.cols; k++)
		for (size_t r = 0; r < TILE_ROWS; r++)
			panel->at[k][r] = r < a.rows ? a.at[r * a.row_step + k * a.col_step] : 0;
}

static void pack_b(struct panel_b *restrict panel, struct matrix b)
{
	for (size_t k = 0; k < b.rows; k++)
		for (size_t c = 0; c < TILE_COLS; c++)
			panel->at[k][c] = c < b.cols ? b.at[k * b.row_step + c * b.col_step] : 0;
}

/* The loop that matters: tile = a b over the first inner places of both panels. */
static void multiply_tile(real tile[restrict TILE_ROWS][TILE_COLS],
		const struct panel_a *restrict a, const struct panel_b *restrict b, size_t inner)
{
	real sum[TILE_ROWS][TILE_COLS] = {{0}};
	for (size_t k = 0; k < inner; k++)
		for (size_t r = 0; r < TILE_ROWS; r++)
			for (size_t c = 0; c < TILE_COLS; c++)
				sum[r][c] += a->at[k][r] * b->at[k][c];
	memcpy(tile, sum, sizeof sum);
}

static void add_tile(real *restrict out, size_t out_step, real tile[TILE_ROWS][TILE_COLS],
		size_t rows, size_t cols)
{
	for (size_t r = 0; r < rows; r++)
		for (size_t c = 0; c < cols; c++)
			out[r * out_step + c] += tile[r][c];
}

/* out += a b for one block: all rows of a, and a b that fits into the panels. */
static void multiply_block(real *restrict out, size_t out_step, struct matrix a, struct matrix b)
{
	struct panel_a panel_a;
	struct panel_b panels_b[BLOCK_COLS / TILE_COLS];
	real tile[TILE_ROWS][TILE_COLS];

	for (size_t c = 0; c < b.cols; c += TILE_COLS)
		pack_b(&panels_b[c / TILE_COLS], part(b, 0, c, b.rows, TILE_COLS));

	for (size_t r = 0; r < a.rows; r += TILE_ROWS) {
		const size_t rows = smaller(TILE_ROWS, a.rows - r);
		pack_a(&panel_a, part(a, r, 0, rows, a.cols));
		for (size_t c = 0; c < b.cols; c += TILE_COLS) {
			multiply_tile(tile, &panel_a, &panels_b[c / TILE_COLS], a.cols);
			add_tile(&out[r * out_step + c], out_step, tile, rows,
					smaller(TILE_COLS, b.cols - c));
		}
	}
}

void matmul_add(real *out, size_t out_step, struct matrix a, struct matrix b)
{
	assert(a.cols == b.rows);
	for (size_t k = 0; k < b.rows; k += BLOCK_INNER)
		for (size_t c = 0; c < b.cols; c += BLOCK_COLS)
			multiply_block(out + c, out_step, part(a, 0, k, a.rows, BLOCK_INNER),
					part(b, k, c, BLOCK_INNER, BLOCK_COLS));
}
