/* Names that git, or some file system, takes for the folder in which git keeps its own files. Declared in gittree.h. */
#include "digest/gittree.h"

/* Code points that HFS+ leaves out when it compares names: U+200C to 200F, 202A to 202E, 206A to 206F, FEFF. */
static bool is_ignored(struct gbx_slice rest)
{
	const uint8_t *p = rest.data;

	if (rest.len < 3)
		return false;
	if (p[0] == 0xe2 && p[1] == 0x80)
		return (p[2] >= 0x8c && p[2] <= 0x8f) || (p[2] >= 0xaa && p[2] <= 0xae);
	if (p[0] == 0xe2 && p[1] == 0x81)
		return p[2] >= 0xaa && p[2] <= 0xaf;
	return p[0] == 0xef && p[1] == 0xbb && p[2] == 0xbf;
}

/* NTFS leaves out dots and spaces at the end and what follows a colon, and knows .git as git~1, too. */
static bool is_dot_git(struct gbx_slice name)
{
	char plain[8];
	size_t len = 0;

	for (size_t i = 0; i < name.len && name.data[i] != ':'; i++) {
		char c = (char)name.data[i];
		if (is_ignored(gbx_slice(name.data + i, name.len - i)))
			i += 2;
		else if (len < sizeof plain)
			plain[len++] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
		else if (c != '.' && c != ' ')
			return false;
	}
	while (len && (plain[len - 1] == '.' || plain[len - 1] == ' '))
		len--;
	struct gbx_slice folded = gbx_slice(plain, len);
	return gbx_slice_is(folded, ".git") || gbx_slice_is(folded, "git~1");
}

bool gbx_has_dot_git(struct gbx_slice path)
{
	size_t start = 0;

	for (size_t i = 0; i <= path.len; i++) {
		if (i < path.len && path.data[i] != '/' && path.data[i] != '\\')
			continue;
		if (is_dot_git(gbx_slice(path.data + start, i - start)))
			return true;
		start = i + 1;
	}
	return false;
}
