#include "run/told.h"

#include <ctype.h>

#include "base/mem.h"
#include "run/said.h"

/* A value shorter than this stands in other records by chance. */
#define LONG 6

void gbx_secret_free(struct gbx_secret *s)
{
	gbx_free(s->label);
	gbx_free(s->name);
	gbx_free(s->text);
	gbx_free(s->more);
	gbx_free(s->root);
	gbx_free(s->path);
	*s = (struct gbx_secret){0};
}

static bool same_ref(const struct gbx_ref *at, const Glassbox__Ref *ref)
{
	return ref && at->seq == ref->seq && memcmp(at->stream, ref->stream.data, GBX_STREAM_LEN) == 0;
}

static bool keep(char **out, struct gbx_slice text)
{
	*out = gbx_memdup(text.data, text.len);
	return *out != NULL;
}

static bool keep_path(struct gbx_secret *s, const Glassbox__Path *p)
{
	return !p || (keep(&s->root, gbx_slice_text(p->root)) && keep(&s->path, gbx_pb_slice(p->path)));
}

static bool keep_root(struct gbx_secret *s, ProtobufCBinaryData root)
{
	s->has_digest = root.len == GBX_SHA256_LEN;
	if (s->has_digest)
		memcpy(s->digest, root.data, GBX_SHA256_LEN);
	return true;
}

static bool keep_file(struct gbx_secret *s, const Glassbox__Blob *blob)
{
	s->has_file = blob->size > 0;
	memcpy(s->file, blob->sha256.data, GBX_SHA256_LEN);
	return true;
}

/* A parameter's value as it would stand in a command line; empty for a blob. */
static struct gbx_slice parameter_text(const Glassbox__Parameter *p)
{
	switch (p->value_case) {
	case GLASSBOX__PARAMETER__VALUE_TEXT:
		return gbx_slice_text(p->text);
	case GLASSBOX__PARAMETER__VALUE_NUMBER:
		return gbx_slice_text(p->number);
	case GLASSBOX__PARAMETER__VALUE_JSON:
		return gbx_slice_text(p->json);
	case GLASSBOX__PARAMETER__VALUE_BOOLEAN:
		return gbx_slice_text(p->boolean ? "true" : "false");
	default:
		return (struct gbx_slice){0};
	}
}

static bool take_parameter(struct gbx_secret *s, const Glassbox__Parameter *p)
{
	s->has_source = p->config != NULL;
	s->first = p->argument;
	s->count = p->arguments;
	if (p->config) {
		s->source.seq = p->config->seq;
		memcpy(s->source.stream, p->config->stream.data, GBX_STREAM_LEN);
	}
	if (p->value_case == GLASSBOX__PARAMETER__VALUE_BLOB)
		keep_file(s, p->blob);
	return keep(&s->name, gbx_slice_text(p->name)) && keep(&s->text, parameter_text(p));
}

static bool take_argument(struct gbx_secret *s, const Glassbox__Argument *a)
{
	s->first = a->index;
	s->count = 1;
	return a->content_case == GLASSBOX__ARGUMENT__CONTENT_BLOB ? keep_file(s, a->blob) : keep(&s->text, gbx_pb_slice(a->value));
}

static bool take_variable(struct gbx_secret *s, const Glassbox__Variable *v)
{
	if (v->content_case == GLASSBOX__VARIABLE__CONTENT_BLOB)
		return keep_file(s, v->blob);
	return v->content_case == GLASSBOX__VARIABLE__CONTENT__NOT_SET || keep(&s->text, gbx_pb_slice(v->value));
}

static bool take(struct gbx_secret *s, const Glassbox__Body *b)
{
	switch (b->body_case) {
	case GLASSBOX__BODY__BODY_PARAMETER:
		return take_parameter(s, b->parameter);
	case GLASSBOX__BODY__BODY_ARGUMENT:
		return take_argument(s, b->argument);
	case GLASSBOX__BODY__BODY_VARIABLE:
		return take_variable(s, b->variable);
	case GLASSBOX__BODY__BODY_CONFIG:
		return (!b->config->content || keep_file(s, b->config->content)) && keep_path(s, b->config->path);
	case GLASSBOX__BODY__BODY_DECLARATION:
		return keep(&s->name, gbx_slice_text(b->declaration->name)) && keep(&s->text, gbx_slice_text(b->declaration->uri)) &&
		       keep_path(s, b->declaration->path);
	case GLASSBOX__BODY__BODY_DATASET:
		return keep(&s->name, gbx_slice_text(b->dataset->name)) && keep(&s->text, gbx_slice_text(b->dataset->uri)) &&
		       keep_path(s, b->dataset->path) && keep_root(s, b->dataset->root);
	case GLASSBOX__BODY__BODY_ARTIFACT:
		return keep(&s->name, gbx_slice_text(b->artifact->name)) && keep_path(s, b->artifact->path) &&
		       keep_root(s, b->artifact->root);
	case GLASSBOX__BODY__BODY_PACKAGE:
		return keep(&s->name, gbx_slice_text(b->package->name)) && keep(&s->text, gbx_slice_text(b->package->url));
	case GLASSBOX__BODY__BODY_LIBRARY:
		return keep_path(s, b->library->path);
	case GLASSBOX__BODY__BODY_INTERPRETER:
		return keep_path(s, b->interpreter->path);
	case GLASSBOX__BODY__BODY_ROOT:
		return keep(&s->text, gbx_pb_slice(b->root->path));
	case GLASSBOX__BODY__BODY_NAME:
		return keep(&s->text, gbx_slice_text(b->name->name));
	case GLASSBOX__BODY__BODY_HOST:
		return keep(&s->text, gbx_slice_text(b->host->hostname)) && keep(&s->more, gbx_slice_text(b->host->user));
	case GLASSBOX__BODY__BODY_GIT:
		return keep(&s->text, gbx_slice_text(b->git->fact_case == GLASSBOX__GIT__FACT_REMOTE ? b->git->remote->url : b->git->branch));
	default:
		return true;
	}
}

int gbx_secret_take(const Glassbox__Body *body, struct gbx_secret *out, struct gbx_error *err)
{
	struct gbx_secret s = *out;

	if (!take(&s, body)) {
		gbx_secret_free(&s);
		return gbx_fail(err, GBX_E_NOMEM, "no memory for what is withheld");
	}
	*out = s;
	return 0;
}

/* What is '-' in an option is '_' in the parameter's name, and in the name of many a package. */
static bool same_letter(char a, char b)
{
	return a == b || (a == '-' && b == '_') || (a == '_' && b == '-');
}

static bool same_letters(const uint8_t *text, const char *part, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!same_letter((char)text[i], part[i]))
			return false;
	return true;
}

/* The longest run of letters that are the same as themselves only; of a part without any, all of it. */
static struct gbx_slice anchor_of(const char *part)
{
	struct gbx_slice longest = gbx_slice(part, 0);

	for (const char *at = part; *at; at += strspn(at, "-_")) {
		size_t len = strcspn(at, "-_");
		if (len > longest.len)
			longest = gbx_slice(at, len);
		at += len;
	}
	return longest.len ? longest : gbx_slice_text(part);
}

/* The first place of part in text, or NULL. */
static const uint8_t *find(struct gbx_slice text, const char *part)
{
	struct gbx_slice anchor = anchor_of(part);
	size_t len = strlen(part), before = (size_t)(anchor.data - (const uint8_t *)part);

	while (text.len >= len && len) {
		const uint8_t *at = memmem(text.data + before, text.len - before, anchor.data, anchor.len);
		size_t skip = at ? (size_t)(at - before - text.data) : text.len;
		if (text.len - skip < len)
			return NULL;
		if (same_letters(text.data + skip, part, len))
			return text.data + skip;
		text = gbx_slice(text.data + skip + 1, text.len - skip - 1);
	}
	return NULL;
}

static bool holds(struct gbx_slice text, const char *part)
{
	return part && strlen(part) >= LONG && find(text, part) != NULL;
}

/* With nothing on either side that would make another word or file name of it: `-I/home/me/include` has "/home/me". */
static bool holds_word(struct gbx_slice text, const char *word)
{
	size_t len = word ? strlen(word) : 0;
	const uint8_t *begin = text.data, *at, *end;

	while (len >= 2 && (at = find(text, word)) != NULL) {
		end = text.data + text.len;
		if ((at == begin || !isalnum(at[-1]) || !isalnum((uint8_t)*word)) && (at + len == end || !isalnum(at[len])))
			return true;
		text = gbx_slice(at + 1, (size_t)(end - at - 1));
	}
	return false;
}

static bool same_name(struct gbx_slice said, const char *name)
{
	return said.len == strlen(name) && same_letters(said.data, name, said.len);
}

enum naming { NO_NAME, LAST_PART, WHOLE_NAME };

/* "--model.width", "-width", "+model.width" */
static enum naming names_parameter(struct gbx_slice said, const char *name)
{
	const char *last = strrchr(name, '.');

	while (said.len && (*said.data == '-' || *said.data == '+'))
		said = gbx_slice(said.data + 1, said.len - 1);
	if (said.len && same_name(said, name))
		return WHOLE_NAME;
	return said.len && last && same_name(said, last + 1) ? LAST_PART : NO_NAME;
}

/* "--lr=0.1", "lr=0.1", "--flag", and "0.1" behind "--lr". Where only the last part of its name is said, the value must be its own. */
static bool says_parameter(struct gbx_slice argument, const char *option, const struct gbx_secret *w)
{
	const uint8_t *equals = argument.len ? memchr(argument.data, '=', argument.len) : NULL;
	size_t len = equals ? (size_t)(equals - argument.data) : argument.len;
	struct gbx_slice name = gbx_slice(argument.data, len), value = equals ? gbx_slice(equals + 1, argument.len - len - 1) : gbx_slice_text("true");

	if (equals || gbx_slice_starts(argument, "-")) {
		enum naming naming = names_parameter(name, w->name);
		return naming == WHOLE_NAME || (naming == LAST_PART && gbx_slice_is(value, w->text));
	}
	return option && names_parameter(gbx_slice_text(option), w->name) && gbx_slice_is(argument, w->text);
}

static bool is_within(uint32_t index, uint32_t first, uint32_t count)
{
	return index >= first && index - first < count;
}

/* Another parameter with the same value is no source of this one. */
static bool tells_parameter(const struct gbx_telling *d, const struct gbx_secret *w)
{
	const Glassbox__Argument *a = d->body->body_case == GLASSBOX__BODY__BODY_ARGUMENT ? d->body->argument : NULL;
	bool value = a && a->content_case == GLASSBOX__ARGUMENT__CONTENT_VALUE;

	if (d->body->body_case == GLASSBOX__BODY__BODY_CONFIG && w->has_source && w->source.seq == d->at.seq &&
	    memcmp(w->source.stream, d->at.stream, GBX_STREAM_LEN) == 0)
		return true;
	if (d->body->body_case == GLASSBOX__BODY__BODY_PARAMETER)
		return false;
	if (a && (is_within(a->index, w->first, w->count) || (value && says_parameter(gbx_pb_slice(a->value), d->option, w))))
		return true;
	return holds(d->said, w->text);
}

/* The argument, or what stands behind its '='; a parameter that it says. */
static bool tells_argument(const struct gbx_telling *d, const struct gbx_secret *w)
{
	const Glassbox__Parameter *p = d->body->body_case == GLASSBOX__BODY__BODY_PARAMETER ? d->body->parameter : NULL;
	const char *value = w->text ? strchr(w->text, '=') : NULL;

	if (p && is_within(w->first, p->argument, p->arguments))
		return true;
	return holds(d->said, w->text) || (value && holds(d->said, value + 1));
}

static bool is_under(struct gbx_slice path, const char *folder)
{
	size_t len = strlen(folder);

	return gbx_slice_starts(path, folder) && (path.len == len || path.data[len] == '/');
}

static const Glassbox__Path *path_of(const Glassbox__Body *b)
{
	switch (b->body_case) {
	case GLASSBOX__BODY__BODY_CONFIG:
		return b->config->path;
	case GLASSBOX__BODY__BODY_DECLARATION:
		return b->declaration->path;
	case GLASSBOX__BODY__BODY_DATASET:
		return b->dataset->path;
	case GLASSBOX__BODY__BODY_ARTIFACT:
		return b->artifact->path;
	case GLASSBOX__BODY__BODY_PACKAGE:
		return b->package->path;
	case GLASSBOX__BODY__BODY_LIBRARY:
		return b->library->path;
	case GLASSBOX__BODY__BODY_INTERPRETER:
		return b->interpreter->path;
	default:
		return NULL;
	}
}

/* The path at which something declared is, or one below it. A root of its own has its name. */
static bool tells_path(const Glassbox__Body *b, const struct gbx_secret *w)
{
	const Glassbox__Path *path = path_of(b);
	bool own = w->root && strchr(w->root, '/') && strcmp(w->root, "/") != 0;

	if (!w->root)
		return false;
	if (b->body_case == GLASSBOX__BODY__BODY_ROOT)
		return own && strcmp(b->root->name, w->root) == 0;
	if (path)
		return strcmp(path->root, w->root) == 0 && (own || (*w->path && is_under(gbx_pb_slice(path->path), w->path)));
	if (b->body_case != GLASSBOX__BODY__BODY_PLACE || b->place->place_case != GLASSBOX__PLACE__PLACE_PATHS ||
	    strcmp(b->place->paths->root, w->root) != 0)
		return false;
	for (size_t i = 0; i < b->place->paths->n_path; i++)
		if (own || (*w->path && is_under(gbx_pb_slice(b->place->paths->path[i]), w->path)))
			return true;
	return false;
}

static const char *declared_name(const Glassbox__Body *b)
{
	switch (b->body_case) {
	case GLASSBOX__BODY__BODY_DECLARATION:
		return b->declaration->name;
	case GLASSBOX__BODY__BODY_DATASET:
		return b->dataset->name;
	case GLASSBOX__BODY__BODY_ARTIFACT:
		return b->artifact->name;
	default:
		return NULL;
	}
}

static bool same_root(const Glassbox__Body *b, const struct gbx_secret *w)
{
	struct gbx_slice root = {0};

	if (b->body_case == GLASSBOX__BODY__BODY_DATASET)
		root = gbx_pb_slice(b->dataset->root);
	if (b->body_case == GLASSBOX__BODY__BODY_ARTIFACT)
		root = gbx_pb_slice(b->artifact->root);
	return w->has_digest && gbx_slice_equal(root, gbx_slice(w->digest, GBX_SHA256_LEN));
}

/* A declaration, what came of it, and the same folder or files under another name. */
static bool tells_declared(const struct gbx_telling *d, const struct gbx_secret *w)
{
	const Glassbox__Body *b = d->body;
	const char *name = declared_name(b);

	if (b->body_case == GLASSBOX__BODY__BODY_DATASET_FILES)
		return same_ref(&w->at, b->dataset_files->dataset);
	if ((name && strcmp(name, w->name) == 0) || same_root(b, w) || tells_path(b, w))
		return true;
	return holds(d->said, w->name) || holds(d->said, w->path) || holds(d->said, w->text);
}

/* The same package of another interpreter, what belongs to it, and its name or address. Other packages have a name with its name in it. */
static bool tells_package(const struct gbx_telling *d, const struct gbx_secret *w)
{
	const Glassbox__Body *b = d->body;

	if (b->body_case == GLASSBOX__BODY__BODY_PACKAGE)
		return strcmp(b->package->name, w->name) == 0 || holds(d->said, w->text);
	if (b->body_case == GLASSBOX__BODY__BODY_LIBRARY && b->library->owner && strcmp(b->library->owner->name, w->name) == 0)
		return true;
	return holds(d->said, w->name) || holds(d->said, w->text);
}

bool gbx_is_common(const char *name)
{
	static const char *const common[] = {"root", "user", "admin", "ubuntu", "debian", "ec2-user", "jovyan", "nobody", "localhost",
					     "/tmp", "/var/tmp", "/dev/shm", "/root", "/workspace", "/app", "/data", "/mnt", "/opt", "/srv", NULL};

	for (const char *const *word = common; name && *word; word++)
		if (strcmp(name, *word) == 0)
			return true;
	return false;
}

/* PATH and its kind have such folders on all machines. */
static bool variable_tells_identity(struct gbx_slice text, const struct gbx_secret *w)
{
	return (!gbx_is_common(w->text) && holds_word(text, w->text)) || (!gbx_is_common(w->more) && holds_word(text, w->more));
}

bool gbx_tells_identity(struct gbx_slice text, const struct gbx_secret *w)
{
	return holds_word(text, w->text) || holds_word(text, w->more);
}

bool gbx_tells(const struct gbx_telling *shown, const struct gbx_secret *withheld)
{
	const Glassbox__Blob *file = gbx_body_file(shown->body);

	if (withheld->has_file && file && memcmp(file->sha256.data, withheld->file, GBX_SHA256_LEN) == 0)
		return true;
	switch (withheld->kind->kind) {
	case GLASSBOX__KIND__PARAMETER:
		return tells_parameter(shown, withheld);
	case GLASSBOX__KIND__ARGUMENT:
		return tells_argument(shown, withheld);
	case GLASSBOX__KIND__DECLARATION:
	case GLASSBOX__KIND__DATASET:
	case GLASSBOX__KIND__ARTIFACT:
		return tells_declared(shown, withheld);
	case GLASSBOX__KIND__CONFIG:
	case GLASSBOX__KIND__LIBRARY:
	case GLASSBOX__KIND__INTERPRETER:
		return tells_path(shown->body, withheld) || holds(shown->said, withheld->path);
	case GLASSBOX__KIND__PACKAGE:
		return tells_package(shown, withheld);
	case GLASSBOX__KIND__ROOT:
	case GLASSBOX__KIND__HOST:
		if (shown->body->body_case == GLASSBOX__BODY__BODY_VARIABLE)
			return variable_tells_identity(shown->said, withheld);
		return gbx_tells_identity(shown->said, withheld);
	case GLASSBOX__KIND__NAME:
	case GLASSBOX__KIND__GIT:
	case GLASSBOX__KIND__VARIABLE:
		return holds(shown->said, withheld->text);
	default:
		return false;
	}
}
