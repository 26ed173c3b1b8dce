#include "run/private.h"

#include "base/mem.h"
#include "capture/variable_names.h"
#include "run/said.h"

void gbx_private_free(struct gbx_private *p)
{
	for (size_t i = 0; i < p->len; i++)
		gbx_secret_free(&p->item[i]);
	gbx_free(p->item);
	*p = (struct gbx_private){0};
}

/* What is common tells of none, and stands in many arguments. */
static void forget_common(char **name)
{
	if (!gbx_is_common(*name))
		return;
	gbx_free(*name);
	*name = NULL;
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

static const char address_in_it[] = "it says where the job ran and for whom";
static const char own_variable[] = "a variable that no table names";

/* A folder that a distribution, or an image that everybody uses, has: it tells of no machine. */
static bool is_public_path(struct gbx_slice path)
{
	static const char *const folders[] = {"/usr", "/bin", "/sbin", "/lib", "/lib64", "/etc", "/dev", "/proc", "/sys",
					      "/opt/conda", "/opt/nvidia", "/opt/rocm", "/opt/hpcx", "/opt/venv", NULL};

	for (const char *const *f = folders; *f; f++) {
		size_t len = strlen(*f);
		if (gbx_slice_starts(path, *f) && (path.len == len || strchr("/:;, \"'", path.data[len])))
			return true;
	}
	return false;
}

/* Whether an absolute path of another sort, or an address, stands in a list of any kind. */
static bool has_own_path(struct gbx_slice text)
{
	for (size_t i = 0; i < text.len; i++) {
		bool begins = text.data[i] == '/' && (i == 0 || strchr(":=;, \"'@", text.data[i - 1]));
		if (begins && !is_public_path(gbx_slice(text.data + i, text.len - i)))
			return true;
	}
	return false;
}

const char *gbx_private_variable(const Glassbox__Variable *v)
{
	if (v->content_case == GLASSBOX__VARIABLE__CONTENT__NOT_SET)
		return own_variable;
	if (gbx_variable_use(gbx_slice_text(v->name)) == GBX_VARIABLE_PRIVATE)
		return address_in_it;
	return v->content_case == GLASSBOX__VARIABLE__CONTENT_VALUE && has_own_path(gbx_pb_slice(v->value)) ? folder_in_it : NULL;
}

bool gbx_private_says(Glassbox__Kind kind, const char *reason)
{
	const char *why = gbx_private_kind(kind);

	if (kind == GLASSBOX__KIND__VARIABLE && (strcmp(reason, address_in_it) == 0 || strcmp(reason, own_variable) == 0))
		return true;
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
