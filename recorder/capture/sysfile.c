#include "capture/sysfile.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/limits.h"
#include "base/mem.h"
#include "base/text.h"

int gbx_sysfile_load(const char *root, const char *path, struct gbx_bytes *out, struct gbx_error *err)
{
	char full[GBX_LIMIT_PATH];

	if (snprintf(full, sizeof full, "%s%s", root, path) >= (int)sizeof full)
		return gbx_fail(err, GBX_E_LIMIT, "a path of more than %u bytes", GBX_LIMIT_PATH);
	return gbx_load_file(full, GBX_LIMIT_SYSTEM_FILE, out, err);
}

static bool is_space(uint8_t c)
{
	return c <= ' ';
}

bool gbx_sysfile_text(const char *root, const char *path, char *out, size_t size)
{
	GBX_AUTO_BYTES struct gbx_bytes text = {0};
	struct gbx_error ignored;

	*out = 0;
	if (gbx_sysfile_load(root, path, &text, &ignored))
		return false;
	struct gbx_slice s = gbx_slice_of(&text);
	while (s.len && is_space(s.data[s.len - 1]))
		s.len--;
	for (; s.len && is_space(*s.data); s.len--)
		s.data++;
	gbx_printable_in(s, out, size);
	return s.len != 0;
}

bool gbx_sysfile_number(const char *root, const char *path, uint64_t *out)
{
	char text[64], *end;

	if (!gbx_sysfile_text(root, path, text, sizeof text) || *text < '0' || *text > '9')
		return false;
	uint64_t value = strtoull(text, &end, text[1] == 'x' ? 16 : 10);
	*out = value;
	return end != text;
}

void gbx_sysfile_names(const char *root, const char *path, struct gbx_names *out)
{
	GBX_AUTO_STRING char *full = gbx_asprintf("%s%s", root, path);
	struct gbx_error ignored;

	if (full && gbx_list_dir_bounded(AT_FDCWD, full, 65536, out, &ignored))
		return;
}
