#include "capture/rpm_header.h"

#include "base/limits.h"

enum { ENTRY = 16, TYPE_NUMBER = 4, TYPE_TEXT = 6, TYPE_TEXTS = 8, TYPE_TRANSLATED = 9 };

static uint32_t number_at(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

int gbx_rpm_header(struct gbx_slice blob, struct gbx_rpm_header *out, struct gbx_error *err)
{
	struct gbx_slice start;

	if (!gbx_take(&blob, 8, &start))
		return gbx_fail(err, GBX_E_MALFORMED, "the header of a package: shorter than it should be");
	uint32_t entries = number_at(start.data), data = number_at(start.data + 4);
	if (entries > GBX_LIMIT_RPM_TAGS)
		return gbx_fail(err, GBX_E_LIMIT, "the header of a package: more than %u entries", GBX_LIMIT_RPM_TAGS);
	if (!gbx_take(&blob, (size_t)entries * ENTRY, &out->entries) || !gbx_take(&blob, data, &out->data))
		return gbx_fail(err, GBX_E_MALFORMED, "the header of a package: shorter than it should be");
	return 0;
}

/* What lies behind the start of a tag's data. */
static bool find(const struct gbx_rpm_header *h, enum gbx_rpm_tag tag, uint32_t *type, uint32_t *count, struct gbx_slice *data)
{
	for (size_t at = 0; at + ENTRY <= h->entries.len; at += ENTRY) {
		const uint8_t *entry = h->entries.data + at;
		uint32_t offset = number_at(entry + 8);
		if (number_at(entry) != (uint32_t)tag)
			continue;
		*type = number_at(entry + 4);
		*count = number_at(entry + 12);
		*data = gbx_slice(h->data.data + offset, offset < h->data.len ? h->data.len - offset : 0);
		return offset < h->data.len;
	}
	return false;
}

bool gbx_rpm_number(const struct gbx_rpm_header *h, enum gbx_rpm_tag tag, uint32_t index, uint32_t *out)
{
	struct gbx_slice data;
	uint32_t type, count;

	if (!find(h, tag, &type, &count, &data) || type != TYPE_NUMBER || index >= count || data.len / 4 <= index)
		return false;
	*out = number_at(data.data + 4 * (size_t)index);
	return true;
}

bool gbx_rpm_text(const struct gbx_rpm_header *h, enum gbx_rpm_tag tag, uint32_t index, struct gbx_slice *out)
{
	struct gbx_slice data;
	uint32_t type, count;

	if (!find(h, tag, &type, &count, &data) || (type != TYPE_TEXT && type != TYPE_TEXTS && type != TYPE_TRANSLATED) || index >= count)
		return false;
	for (;; index--) {
		const uint8_t *end = data.len ? memchr(data.data, 0, data.len) : NULL;
		if (!end)
			return false;
		size_t len = (size_t)(end - data.data);
		*out = gbx_slice(data.data, len);
		data = gbx_slice(end + 1, data.len - len - 1);
		if (index == 0)
			return true;
	}
}
