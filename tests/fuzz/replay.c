/* Runs a target over files, as a test: replay [--changes N] [--keep FILE] PATH...
 *
 * A folder stands for the files in it. With --changes each input is followed by N changed ones, the same for the same input. With
 * --keep each input is written to FILE before it is run: what is there after a crash is the one that did it. */
#include <dirent.h>

#include "target.h"

#pragma weak LLVMFuzzerInitialize
#pragma weak LLVMFuzzerCustomMutator

enum { LARGEST = 4 << 20 };

static unsigned long changes, runs;
static const char *keep;
static uint64_t state = 1;

static size_t below(size_t n)
{
	state = state * 6364136223846793005u + 1442695040888963407u;
	return (size_t)(state >> 33) % n;
}

static size_t insert(uint8_t *data, size_t size, size_t max)
{
	size_t at = below(size + 1), len = 1 + below(8);

	if (len > max - size)
		return size;
	memmove(data + at + len, data + at, size - at);
	for (size_t i = 0; i < len; i++)
		data[at + i] = (uint8_t)below(256);
	return size + len;
}

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max)
{
	size_t how = below(4), at = size ? below(size) : 0;

	if (size == 0 || how == 0)
		return insert(data, size, max);
	if (how == 1)
		data[at] ^= (uint8_t)(1u << below(8));
	else if (how == 2)
		data[at] = (uint8_t)below(256);
	else {
		size_t len = 1 + below(size - at);
		memmove(data + at, data + at + len, size - at - len);
		size -= len;
	}
	return size;
}

static void save(const uint8_t *data, size_t size)
{
	FILE *f = fopen(keep, "wb");

	FUZZ_HOLDS(f && fwrite(data, 1, size, f) == size && fclose(f) == 0);
}

/* On a copy of its very size, so that reading behind it is seen. */
static void run(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size ? size : 1);

	FUZZ_HOLDS(copy);
	memcpy(copy, data, size);
	if (keep)
		save(data, size);
	LLVMFuzzerTestOneInput(copy, size);
	runs++;
	free(copy);
}

static void run_changed(const uint8_t *data, size_t size)
{
	size_t max = 2 * size + 4096;
	uint8_t *changed = malloc(max);

	FUZZ_HOLDS(changed);
	for (unsigned long i = 0; i < changes; i++) {
		size_t len = size;
		memcpy(changed, data, size);
		for (size_t times = 1 + below(4); times; times--)
			len = LLVMFuzzerCustomMutator ? LLVMFuzzerCustomMutator(changed, len, max, (unsigned)below(1u << 30))
						      : LLVMFuzzerMutate(changed, len, max);
		FUZZ_HOLDS(len <= max);
		run(changed, len);
	}
	free(changed);
}

static void run_file(const char *path)
{
	static uint8_t data[LARGEST];
	FILE *f = fopen(path, "rb");

	FUZZ_HOLDS(f);
	size_t size = fread(data, 1, sizeof data, f);
	FUZZ_HOLDS(size < sizeof data && fclose(f) == 0);
	fprintf(stderr, "%s\n", path);
	state = size + 1;
	run(data, size);
	run_changed(data, size);
}

static void run_path(const char *path)
{
	struct dirent **name;
	char file[4096];
	int n = scandir(path, &name, NULL, alphasort);

	if (n < 0)
		run_file(path);
	for (int i = 0; i < n; i++) {
		snprintf(file, sizeof file, "%s/%s", path, name[i]->d_name);
		if (name[i]->d_name[0] != '.')
			run_file(file);
		free(name[i]);
	}
	if (n >= 0)
		free(name);
}

int main(int argc, char **argv)
{
	if (LLVMFuzzerInitialize)
		LLVMFuzzerInitialize(&argc, &argv);
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--changes") == 0 && i + 1 < argc)
			changes = strtoul(argv[++i], NULL, 10);
		else if (strcmp(argv[i], "--keep") == 0 && i + 1 < argc)
			keep = argv[++i];
		else
			run_path(argv[i]);
	}
	fprintf(stderr, "%lu runs\n", runs);
	return runs ? 0 : 1;
}
