#include "acks.h"

#include <string.h>

#include "journal/writer.h"
#include "seam.h"

int __real_gbx_writer_put(struct gbx_writer *w, const Glassbox__Body *body, struct gbx_ref *ref, struct gbx_error *err);
int __real_gbx_writer_sync(struct gbx_writer *w, struct gbx_error *err);
int __real_gbx_replace_file(const char *path, struct gbx_slice data, mode_t mode, struct gbx_error *err);
void __real_gbx_say(const char *line);

int __wrap_gbx_writer_put(struct gbx_writer *w, const Glassbox__Body *body, struct gbx_ref *ref, struct gbx_error *err);
int __wrap_gbx_writer_put(struct gbx_writer *w, const Glassbox__Body *body, struct gbx_ref *ref, struct gbx_error *err)
{
	struct gbx_ref at;
	struct ack_head head;
	int rc = __real_gbx_writer_put(w, body, &at, err);

	if (rc)
		return rc;
	memcpy(head.stream, at.stream, sizeof head.stream);
	head.size = at.seq + 1;
	seam_ack(ACK_PUT, NULL, &head, sizeof head);
	if (ref)
		*ref = at;
	return 0;
}

/* The head is taken before: what other threads put meanwhile may or may not be synced. */
int __wrap_gbx_writer_sync(struct gbx_writer *w, struct gbx_error *err);
int __wrap_gbx_writer_sync(struct gbx_writer *w, struct gbx_error *err)
{
	struct gbx_head before;
	struct ack_head head;
	int known = gbx_writer_head(w, &before, NULL);
	int rc = __real_gbx_writer_sync(w, err);

	if (rc || known)
		return rc;
	memcpy(head.stream, before.stream, sizeof head.stream);
	head.size = before.size;
	seam_ack(ACK_SYNCED, NULL, &head, sizeof head);
	return 0;
}

int __wrap_gbx_replace_file(const char *path, struct gbx_slice data, mode_t mode, struct gbx_error *err);
int __wrap_gbx_replace_file(const char *path, struct gbx_slice data, mode_t mode, struct gbx_error *err)
{
	int rc = __real_gbx_replace_file(path, data, mode, err);

	if (rc == 0)
		seam_ack(ACK_FILE, path, data.data ? data.data : (const void *)"", data.len);
	return rc;
}

void __wrap_gbx_say(const char *line);
void __wrap_gbx_say(const char *line)
{
	__real_gbx_say(line);
	seam_ack(ACK_SAID, NULL, line, strlen(line));
}
