#include "journal/damage.h"

#include "base/crc32c.h"
#include "base/io.h"
#include "base/limits.h"
#include "base/tfrecord.h"
#include "journal/record.h"

enum { WINDOW = 4 * GBX_LIMIT_RECORD };

/* The bytes of an intact record at the front of in, framing included; 0 where there is none. */
static size_t intact_record(struct gbx_slice in)
{
	struct gbx_record record;

	if (in.len < GBX_TFRECORD_OVERHEAD)
		return 0;
	uint64_t len = gbx_get_le64(in.data);
	if (len == 0 || len > GBX_LIMIT_RECORD || len > in.len - GBX_TFRECORD_OVERHEAD)
		return 0;
	if (gbx_get_le32(in.data + 8) != gbx_crc32c_masked(in.data, 8) ||
	    gbx_get_le32(in.data + 12 + len) != gbx_crc32c_masked(in.data + 12, (size_t)len))
		return 0;
	return gbx_record_read(gbx_slice(in.data + 12, (size_t)len), &record, NULL) ? 0 : (size_t)len + GBX_TFRECORD_OVERHEAD;
}

/* Goes over what is there, and says how much of it needs no further look: less than a record's length may be left over. */
static size_t count_intact(struct gbx_slice in, bool at_end, uint64_t *intact)
{
	size_t at = 0;

	while (at < in.len && (at_end || in.len - at >= GBX_LIMIT_RECORD + GBX_TFRECORD_OVERHEAD)) {
		size_t record = intact_record(gbx_slice(in.data + at, in.len - at));
		*intact += record != 0;
		at += record ? record : 1;
	}
	return at;
}

static int look(int fd, uint64_t offset, uint64_t end, struct gbx_damage *out, struct gbx_error *err)
{
	GBX_AUTO_BYTES struct gbx_bytes window = {0};
	int rc = gbx_bytes_reserve(&window, WINDOW, err);

	while (rc == 0 && (offset < end || window.len)) {
		size_t more = end - offset < WINDOW - window.len ? (size_t)(end - offset) : WINDOW - window.len;
		rc = gbx_pread(fd, window.data + window.len, more, offset, err);
		if (rc)
			break;
		window.len += more;
		offset += more;
		size_t done = count_intact(gbx_slice_of(&window), offset == end, &out->intact);
		memmove(window.data, window.data + done, window.len - done);
		window.len -= done;
	}
	return rc;
}

int gbx_damage_look(int fd, uint64_t offset, struct gbx_damage *out, struct gbx_error *err)
{
	struct gbx_damage damage = {0};
	struct stat st;
	int rc = gbx_fstat(fd, &st, err);

	if (rc)
		return rc;
	if ((uint64_t)st.st_size > offset)
		damage.bytes = (uint64_t)st.st_size - offset;
	uint64_t looked = damage.bytes < GBX_LIMIT_DAMAGE ? damage.bytes : GBX_LIMIT_DAMAGE;
	rc = look(fd, offset, offset + looked, &damage, err);
	if (rc == 0)
		*out = damage;
	return rc;
}
