#include "store/filesystem.h"

#include <stddef.h>
#include <stdint.h>
#ifdef __linux__
#include <sys/vfs.h>
#endif

static const struct {
	unsigned long type;
	struct gbx_filesystem kind;
} known[] = {
	{0x01021994, {"tmpfs", true, false}},
	{0x794c7630, {"overlay", true, false}},
	{0x00006969, {"NFS", false, true}},
	{0xff534d42, {"CIFS", false, true}},
	{0xfe534d42, {"SMB2", false, true}},
	{0x0000517b, {"SMB", false, true}},
	{0x0bd00bd0, {"Lustre", false, true}},
	{0x47504653, {"GPFS", false, true}},
	{0x19830326, {"BeeGFS", false, true}},
	{0x00c36400, {"Ceph", false, true}},
	{0x65735546, {"FUSE", false, true}},
	{0x01021997, {"9p", false, true}},
	{0x5346414f, {"AFS", false, true}},
	{0x6b414653, {"AFS", false, true}},
	{0x73757245, {"Coda", false, true}},
	{0x20030528, {"OrangeFS", false, true}},
	{0x7461636f, {"OCFS2", false, true}},
	{0x01161970, {"GFS2", false, true}},
	{0xaad7aaea, {"PanFS", false, true}},
	{0x013111a8, {"IBRIX", false, true}},
	{0x786f4256, {"VirtualBox", false, true}},
	{0xbacbacbc, {"VMware", false, true}},
};

struct gbx_filesystem gbx_filesystem_of_type(unsigned long type)
{
	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (known[i].type == (uint32_t)type)
			return known[i].kind;
	return (struct gbx_filesystem){0};
}

struct gbx_filesystem gbx_filesystem_of(const char *path)
{
#ifdef __linux__
	struct statfs fs;

	if (statfs(path, &fs) == 0)
		return gbx_filesystem_of_type((unsigned long)fs.f_type);
#else
	(void)path;
#endif
	return (struct gbx_filesystem){0};
}
