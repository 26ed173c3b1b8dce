#include "capture/machine_file.h"

#include <errno.h>
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

bool gbx_machine_load(int root, const char *path, struct gbx_bytes *out)
{
	return gbx_rooted_start(root, path, GBX_LIMIT_MACHINE_FILE, out, NULL, NULL) == 0;
}

bool gbx_machine_text(int root, const char *path, char *out, size_t size)
{
	GBX_AUTO_BYTES struct gbx_bytes text = {0};

	*out = 0;
	if (!gbx_machine_load(root, path, &text))
		return false;
	gbx_printable_in(gbx_machine_trim(gbx_slice_of(&text)), out, size);
	return true;
}

bool gbx_machine_number(int root, const char *path, uint64_t *out)
{
	char text[32], *end;

	if (!gbx_machine_text(root, path, text, sizeof text) || *text < '0' || *text > '9')
		return false;
	errno = 0;
	unsigned long long value = strtoull(text, &end, text[1] == 'x' ? 16 : 10);
	if (errno || *end)
		return false;
	*out = value;
	return true;
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
