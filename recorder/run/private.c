#include "run/private.h"

#include "base/mem.h"
#include "run/said.h"

void gbx_private_free(struct gbx_private *p)
{
	for (size_t i = 0; i < p->len; i++)
		gbx_secret_free(&p->item[i]);
	gbx_free(p->item);
	*p = (struct gbx_private){0};
}

/* Names and folders that thousands of machines have tell of none, and stand in many arguments. */
static void forget_common(char **name)
{
	static const char *const common[] = {"root", "user", "admin", "ubuntu", "debian", "ec2-user", "jovyan", "nobody", "localhost",
					     "/tmp", "/var/tmp", "/dev/shm", "/root", "/workspace", "/app", "/data", "/mnt", "/opt", "/srv", NULL};

	for (const char *const *word = common; *name && *word; word++)
		if (strcmp(*name, *word) == 0) {
			gbx_free(*name);
			*name = NULL;
		}
}

int gbx_private_gather(struct gbx_private *p, const struct gbx_record *r, struct gbx_error *err)
{
	struct gbx_secret taken = {.kind = r->kind};

	if (r->kind->kind != GLASSBOX__KIND__ROOT && r->kind->kind != GLASSBOX__KIND__HOST)
		return 0;
	int rc = gbx_grow((void **)&p->item, &p->cap, p->len, sizeof *p->item, err);
	if (rc == 0)
		rc = gbx_secret_take(r->body, &taken, err);
	if (rc)
		return rc;
	forget_common(&taken.text);
	forget_common(&taken.more);
	p->item[p->len++] = taken;
	return 0;
}

const char *gbx_private_kind(Glassbox__Kind kind)
{
	switch (kind) {
	case GLASSBOX__KIND__ROOT:
		return "folders of the machine";
	case GLASSBOX__KIND__PLACE:
		return "file names outside the published code";
	case GLASSBOX__KIND__HOST:
		return "names of machine and user";
	case GLASSBOX__KIND__CONSOLE:
		return "what the job printed";
	case GLASSBOX__KIND__GIT:
		return "branch and remotes";
	default:
		return NULL;
	}
}

static const char folder_in_it[] = "it has a folder of the machine in it";
static const char name_in_it[] = "it has the name of machine or user in it";

bool gbx_private_says(Glassbox__Kind kind, const char *reason)
{
	const char *why = gbx_private_kind(kind);

	return why ? strcmp(reason, why) == 0 : strcmp(reason, folder_in_it) == 0 || strcmp(reason, name_in_it) == 0;
}

static const char *reason_of(const struct gbx_private *p, struct gbx_slice text)
{
	for (size_t i = 0; i < p->len; i++)
		if (gbx_tells_identity(text, &p->item[i]))
			return p->item[i].kind->kind == GLASSBOX__KIND__ROOT ? folder_in_it : name_in_it;
	return NULL;
}

int gbx_private_content(const struct gbx_private *p, const struct gbx_store *store, const char *run, const Glassbox__Body *body,
			const char **reason, struct gbx_error *err)
{
	GBX_AUTO_BYTES struct gbx_bytes said = {0};
	int rc = gbx_said(store, run, body, &said, err);

	if (rc == 0)
		*reason = reason_of(p, gbx_slice_of(&said));
	return rc;
}
