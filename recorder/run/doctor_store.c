/* Where the store is, what it lies on, and how much room there is. */
#include <stdio.h>
#include <sys/statvfs.h>

#include "base/mem.h"
#include "run/doctor_checks.h"
#include "store/filesystem.h"

#define MIB (1024u * 1024)
#define LEAST_BYTES (16u * MIB)         /* a small run's records, files and snapshot */
#define COMFORTABLE_BYTES (1024ull * MIB)

/* As `run` finds it: made where it is not there, so that it was tried. */
void gbx_doctor_store(struct gbx_patient *p, struct gbx_finding *f)
{
	struct gbx_store_choice choice = p->o->store;
	struct gbx_store before = {0};
	struct gbx_error ignored;

	choice.create = false;
	bool was_there = gbx_store_find(&choice, &before, &ignored) == 0;
	choice.create = true;
	if (gbx_store_find(&choice, &p->store, &p->why)) {
		gbx_store_free(&before);
		gbx_find(f, GBX_HEALTH_PROBLEM, "name a folder of your own with --store or GLASSBOX_STORE", "%s", p->why.line);
		return;
	}
	bool is_new = !was_there || strcmp(before.path, p->store.path) != 0;
	gbx_store_free(&before);
	if (p->store.why)
		gbx_find(f, GBX_HEALTH_GAP, "make that folder yours alone to write (chmod go-w), or name another with --store",
			 "'%s' is used, since %s", p->store.path, p->store.why);
	else
		gbx_find(f, GBX_HEALTH_OK, NULL, "'%s'%s", p->store.path, is_new ? " can be made" : " is yours, and nobody else's to write");
	/* Only what is empty goes: nobody began to record there meanwhile. */
	if (is_new)
		(void)!gbx_remove_dir(p->store.path, NULL);
}

/* The folder of the store, or the nearest above it that is there. */
static char *place_of(const struct gbx_patient *p)
{
	char *path = p->store.path ? gbx_strdup(p->store.path) : NULL;

	while (path && !gbx_exists(path)) {
		char *slash = strrchr(path, '/');
		if (slash == path || !slash)
			slash = path + 1;
		*slash = 0;
	}
	return path;
}

void gbx_doctor_filesystem(struct gbx_patient *p, struct gbx_finding *f)
{
	GBX_AUTO_STRING char *path = place_of(p);
	struct gbx_filesystem fs = path ? gbx_filesystem_of(path) : (struct gbx_filesystem){0};

	if (!path)
		gbx_find(f, GBX_HEALTH_OK, NULL, "there is no store to look at");
	else if (fs.fleeting)
		gbx_find(f, GBX_HEALTH_GAP, "name a folder on a disk with --store or GLASSBOX_STORE",
			 "the store lies on %s: what it holds may be gone with this machine's or container's next start", fs.name);
	else if (fs.shared)
		gbx_find(f, GBX_HEALTH_GAP, "a store on a disk of this machine has neither; publish runs to carry them elsewhere",
			 "the store lies on %s, which machines may share: runs of another machine are silent until 'glassbox seal RUN --dead' says that "
			 "they are over, and locks do not reach there", fs.name);
	else
		gbx_find(f, GBX_HEALTH_OK, NULL, "the store lies on a filesystem of this machine");
}

void gbx_doctor_space(struct gbx_patient *p, struct gbx_finding *f)
{
	GBX_AUTO_STRING char *path = place_of(p);
	struct statvfs fs;

	if (!path || statvfs(path, &fs)) {
		gbx_find(f, GBX_HEALTH_OK, NULL, "there is no store to look at");
		return;
	}
	uint64_t free_bytes = (uint64_t)fs.f_bavail * fs.f_frsize;
	/* A filesystem that has no count of its files says 0 of all. */
	if (free_bytes < LEAST_BYTES || (fs.f_files && fs.f_favail == 0))
		gbx_find(f, GBX_HEALTH_PROBLEM, "make room ('glassbox gc' may help, 'glassbox du' says what takes it), or name another place with --store",
			 "%llu MiB and %llu files are free where the store lies", (unsigned long long)(free_bytes / MIB),
			 (unsigned long long)fs.f_favail);
	else
		gbx_find(f, free_bytes < COMFORTABLE_BYTES ? GBX_HEALTH_GAP : GBX_HEALTH_OK,
			 free_bytes < COMFORTABLE_BYTES ? "make room: a journal that meets the end of the disk loses records, and says so" : NULL,
			 "%llu MiB are free where the store lies", (unsigned long long)(free_bytes / MIB));
}
