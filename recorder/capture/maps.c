#include "capture/maps.h"

static struct gbx_slice take_until(struct gbx_slice *in, char end)
{
	const uint8_t *at = in->len ? memchr(in->data, end, in->len) : NULL;
	struct gbx_slice word = {in->data, at ? (size_t)(at - in->data) : in->len};

	*in = gbx_slice(in->data + word.len + !!at, in->len - word.len - !!at);
	return word;
}

static bool parse_number(struct gbx_slice text, unsigned base, uint64_t *out)
{
	uint64_t n = 0;

	for (size_t i = 0; i < text.len; i++) {
		uint8_t c = text.data[i];
		unsigned digit = c >= '0' && c <= '9' ? c - 48u : c >= 'a' && c <= 'f' ? c - 87u : 16;
		if (digit >= base || n > (UINT64_MAX - digit) / base)
			return false;
		n = n * base + digit;
	}
	*out = n;
	return text.len > 0;
}

static bool ends_with(struct gbx_slice text, const char *end)
{
	size_t len = strlen(end);

	return text.len >= len && memcmp(text.data + text.len - len, end, len) == 0;
}

bool gbx_mapping_parse(struct gbx_slice line, struct gbx_mapping *out)
{
	static const char deleted[] = " (deleted)";
	struct gbx_mapping m = {.range = take_until(&line, ' ')};
	struct gbx_slice permissions = take_until(&line, ' '), device;
	uint64_t major, minor;

	take_until(&line, ' ');
	device = take_until(&line, ' ');
	if (permissions.len != 4 || !parse_number(take_until(&device, ':'), 16, &major) || !parse_number(device, 16, &minor) ||
	    major > UINT32_MAX || minor > UINT32_MAX || !parse_number(take_until(&line, ' '), 10, &m.inode) || m.inode == 0)
		return false;
	while (line.len && *line.data == ' ')
		line = gbx_slice(line.data + 1, line.len - 1);
	m.executable = permissions.data[2] == 'x';
	m.major = (uint32_t)major;
	m.minor = (uint32_t)minor;
	m.deleted = ends_with(line, deleted);
	m.path = gbx_slice(line.data, line.len - (m.deleted ? sizeof deleted - 1 : 0));
	*out = m;
	return m.path.len && *m.path.data == '/';
}

int gbx_mapping_path(struct gbx_slice path, struct gbx_bytes *out, struct gbx_error *err)
{
	int rc = 0;

	while (rc == 0 && path.len) {
		size_t plain = 0;
		while (plain < path.len && !(path.len - plain >= 4 && memcmp(path.data + plain, "\\012", 4) == 0))
			plain++;
		rc = gbx_bytes_append(out, path.data, plain, err);
		if (rc == 0 && plain < path.len)
			rc = gbx_bytes_append(out, "\n", 1, err);
		plain += plain < path.len ? 4 : 0;
		path = gbx_slice(path.data + plain, path.len - plain);
	}
	return rc;
}
