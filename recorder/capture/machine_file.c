#include "capture/machine_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

#include "base/limits.h"
#include "base/mem.h"
#include "base/text.h"

struct gbx_slice gbx_machine_trim(struct gbx_slice s)
{
	while (s.len && s.data[0] <= ' ')
		s = gbx_slice(s.data + 1, s.len - 1);
	while (s.len && s.data[s.len - 1] <= ' ')
		s.len--;
	return s;
}

/* Not there, or not to be had of this kernel, cgroup or process, is no trouble. */
static bool is_trouble(const struct gbx_error *why)
{
	return gbx_is_outage(why->code) && why->sys != EINVAL && why->sys != EOPNOTSUPP && why->sys != ENODATA && why->sys != ESRCH;
}

static bool is_fine(const struct gbx_machine_options *o, int rc, const struct gbx_error *why)
{
	if (rc && o->trouble && !o->trouble->code && is_trouble(why))
		*o->trouble = *why;
	return rc == 0;
}

bool gbx_machine_load(const struct gbx_machine_options *o, const char *path, struct gbx_bytes *out)
{
	struct gbx_error why;

	return is_fine(o, gbx_rooted_start(o->root, path, GBX_LIMIT_MACHINE_FILE, out, NULL, &why), &why);
}

bool gbx_machine_is_file(const struct gbx_machine_options *o, const char *path)
{
	GBX_AUTO_FD int fd = -1;
	struct gbx_error why;

	return is_fine(o, gbx_rooted_open(o->root, path, &fd, &why), &why);
}

bool gbx_machine_text(const struct gbx_machine_options *o, const char *path, char *out, size_t size)
{
	GBX_AUTO_BYTES struct gbx_bytes text = {0};

	*out = 0;
	if (!gbx_machine_load(o, path, &text))
		return false;
	gbx_printable_in(gbx_machine_trim(gbx_slice_of(&text)), out, size);
	return true;
}

bool gbx_machine_number(const struct gbx_machine_options *o, const char *path, uint64_t *out)
{
	char text[32], *end;

	if (!gbx_machine_text(o, path, text, sizeof text) || *text < '0' || *text > '9')
		return false;
	*out = strtoull(text, &end, text[1] == 'x' ? 16 : 10);
	return end != text;
}

int gbx_machine_root(const char *path, int *fd, struct gbx_error *err)
{
	*fd = -1;
	return *path ? gbx_open_dir(AT_FDCWD, path, false, fd, err) : 0;
}

int gbx_machine_list(int root, const char *path, struct gbx_names *out, struct gbx_error *err)
{
	GBX_AUTO_STRING char *real = NULL;
	GBX_AUTO_FD int fd = -1;
	int rc = gbx_rooted_folder(root, path, &fd, &real, err);

	if (rc == 0)
		rc = gbx_list_dir_bounded(fd, ".", GBX_LIMIT_MACHINE_NAMES, out, err);
	return rc == GBX_E_NOTFOUND ? 0 : rc;
}
