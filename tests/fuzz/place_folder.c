#include "place.h"

#include <sys/stat.h>
#include <unistd.h>

#include "bundle/tar.h"
#include "target.h"

static char top[64], bundle[80];

static void remove_top(void)
{
	(void)!gbx_remove_tree(top, NULL);
}

static void make_top(void)
{
	snprintf(top, sizeof top, "%s/glassbox-fuzz.XXXXXX", access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	FUZZ_HOLDS(mkdtemp(top));
	snprintf(bundle, sizeof bundle, "%s/bundle", top);
	atexit(remove_top);
}

/* What cannot be made, a name below a file say, is left out. */
static void put(const struct gbx_tar_entry *e, struct gbx_slice content)
{
	char path[sizeof bundle + 512];

	if (e->path.len > 300)
		return;
	snprintf(path, sizeof path, "%s/%.*s", bundle, (int)e->path.len, (const char *)e->path.data);
	for (char *slash = path + strlen(bundle) + 1; (slash = strchr(slash, '/')); slash++) {
		*slash = 0;
		mkdir(path, 0700);
		*slash = '/';
	}
	if (e->folder) {
		mkdir(path, 0700);
		return;
	}
	FILE *f = fopen(path, "wb");
	if (f)
		FUZZ_HOLDS(fwrite(content.data, 1, content.len, f) == content.len && fclose(f) == 0);
}

const char *fuzz_place(const uint8_t *tar, size_t size)
{
	GBX_AUTO_TAR struct gbx_tar_reader r = {0};
	struct gbx_memory_input in;
	struct gbx_tar_entry e;

	if (!top[0])
		make_top();
	(void)!gbx_remove_tree(bundle, NULL);
	FUZZ_HOLDS(mkdir(bundle, 0700) == 0);
	gbx_memory_input(&in, gbx_slice(tar, size));
	gbx_tar_reader_init(&r, &in.in, false);
	while (gbx_tar_next(&r, &e, NULL) == 1) {
		uint64_t start = gbx_tar_content_start(&r);
		if (start <= size && e.size <= size - start)
			put(&e, gbx_slice(tar + start, (size_t)e.size));
	}
	return bundle;
}
