#include "capture/ignore.h"

#include <ctype.h>

#include "base/mem.h"

struct pattern {
	char *text;     /* points into its list's text */
	bool negative;  /* '!': what it matches is not ignored after all */
	bool folder;    /* matches folders only */
	bool name;      /* without '/': matches the last component alone */
	bool literal;   /* without any special character */
};

struct gbx_ignore_list {
	size_t base; /* length of the folder's path, with its slash */
	char *text;
	struct pattern *pattern;
	size_t len, cap;
};

void gbx_ignore_pop(struct gbx_ignore *ignore, size_t len)
{
	while (ignore->len > len) {
		struct gbx_ignore_list *l = ignore->list + --ignore->len;
		gbx_free(l->text);
		gbx_free(l->pattern);
	}
}

void gbx_ignore_free(struct gbx_ignore *ignore)
{
	gbx_ignore_pop(ignore, 0);
	gbx_free(ignore->list);
	*ignore = (struct gbx_ignore){0};
}

/* Spaces at the end do not count unless a backslash stands before them. */
static void trim_spaces(char *line)
{
	char *end = NULL;

	for (char *p = line; *p; p++) {
		if (*p == ' ') {
			end = end ? end : p;
			continue;
		}
		end = NULL;
		if (*p == '\\' && p[1])
			p++;
	}
	if (end)
		*end = 0;
}

static int add_pattern(struct gbx_ignore_list *l, char *line, struct gbx_error *err)
{
	struct pattern p = {.negative = *line == '!'};

	trim_spaces(line);
	if (!*line || *line == '#')
		return 0;
	line += p.negative;
	size_t len = strlen(line);
	p.folder = len && line[len - 1] == '/';
	if (p.folder)
		line[--len] = 0;
	p.name = !strchr(line, '/');
	p.text = line + (*line == '/');
	p.literal = !strpbrk(line, "*?[\\");
	if (!*p.text)
		return 0;
	int rc = gbx_grow((void **)&l->pattern, &l->cap, l->len, sizeof *l->pattern, err);
	if (rc == 0)
		l->pattern[l->len++] = p;
	return rc;
}

static int add_lines(struct gbx_ignore_list *l, char *text, struct gbx_error *err)
{
	if (strncmp(text, "\xef\xbb\xbf", 3) == 0)
		text += 3;
	while (text) {
		char *line = text, *end = strchr(text, '\n');
		text = end ? end + 1 : NULL;
		if (end)
			*end = 0;
		if (end && end > line && end[-1] == '\r')
			end[-1] = 0;
		int rc = add_pattern(l, line, err);
		if (rc)
			return rc;
	}
	return 0;
}

int gbx_ignore_push(struct gbx_ignore *ignore, struct gbx_slice base, struct gbx_slice text, struct gbx_error *err)
{
	struct gbx_ignore_list l = {.base = base.len, .text = gbx_memdup(text.data, text.len)};
	int rc = l.text ? add_lines(&l, l.text, err) : gbx_fail(err, GBX_E_NOMEM, "no memory for ignore patterns");

	if (rc == 0)
		rc = gbx_grow((void **)&ignore->list, &ignore->cap, ignore->len, sizeof *ignore->list, err);
	if (rc) {
		gbx_free(l.text);
		gbx_free(l.pattern);
		return rc;
	}
	ignore->list[ignore->len++] = l;
	return 0;
}

static int fold(char c, bool fold_case)
{
	unsigned char u = (unsigned char)c;

	return fold_case && u < 128 ? tolower(u) : u;
}

/* "[:alpha:]" and its kin at p, behind "[:". Moves *p behind it; false where it is none. */
static bool in_class(const char **p, int c, bool *in)
{
	static const struct {
		const char *name;
		int (*is)(int);
	} class[] = {{"alnum", isalnum}, {"alpha", isalpha}, {"blank", isblank}, {"cntrl", iscntrl}, {"digit", isdigit},
		     {"graph", isgraph}, {"lower", islower}, {"print", isprint}, {"punct", ispunct}, {"space", isspace},
		     {"upper", isupper}, {"xdigit", isxdigit}};

	for (size_t i = 0; i < sizeof class / sizeof *class; i++) {
		size_t len = strlen(class[i].name);
		if (strncmp(*p, class[i].name, len) || strncmp(*p + len, ":]", 2))
			continue;
		*in = *in || (c < 128 && class[i].is(c));
		*p += len + 2;
		return true;
	}
	return false;
}

/* A set at p, behind its '['. Moves *p behind its end; false where the set has none. */
static bool in_set(const char **p, int c, bool fold_case, bool *in)
{
	const char *s = *p;
	bool negative = *s == '!' || *s == '^';
	bool found = false;

	s += negative;
	for (bool first = true; *s && (first || *s != ']'); first = false) {
		if (s[0] == '[' && s[1] == ':') {
			s += 2;
			if (!in_class(&s, c, &found))
				return false;
			continue;
		}
		s += *s == '\\' && s[1];
		int low = fold(*s++, fold_case), high = low;
		if (*s == '-' && s[1] && s[1] != ']') {
			s += 1 + (s[1] == '\\' && s[2]);
			high = fold(*s++, fold_case);
		}
		found = found || (low <= c && c <= high);
	}
	if (*s != ']')
		return false;
	*p = s + 1;
	*in = found != negative;
	return true;
}

/* What a pattern's rest comes to at a place of the text. The last two spare the stars before it what cannot help: with it, what is behind
 * them was looked for at all places that are left, and the work is bounded by the product of the lengths. */
enum match {
	NO,
	YES,
	NOT_IN_FOLDER, /* nor further on before the next slash */
	NOT_BEHIND,    /* nor anywhere further on */
};

static enum match match_from(const char *start, const char *p, const char *text, bool fold_case);

/* A run of '*' at p; start is the pattern's beginning. */
static enum match match_star(const char *start, const char *p, const char *text, bool fold_case)
{
	const char *behind = p + strspn(p, "*");
	bool folders = behind - p == 2 && (p == start || p[-1] == '/') && (!*behind || *behind == '/');
	/* A "**" that ends with a slash may stand for no folder at all. */
	enum match m = folders && *behind ? match_from(start, behind + 1, text, fold_case) : NO;

	if (m == YES || m == NOT_BEHIND)
		return m;
	if (!*behind)
		return folders || !strchr(text, '/') ? YES : NOT_IN_FOLDER;
	for (;; text++) {
		m = match_from(start, behind, text, fold_case);
		if (m == YES || m == NOT_BEHIND || (m == NOT_IN_FOLDER && !folders))
			return m;
		if (!*text)
			return NOT_BEHIND;
		if (*text == '/' && !folders)
			return NOT_IN_FOLDER;
	}
}

/* One character of the pattern, which is no '*', against c; moves *p behind it. */
static bool match_one(const char **p, int c, bool fold_case)
{
	bool in = false;

	if (**p == '[') {
		(*p)++;
		return in_set(p, c, fold_case, &in) && in && c != '/';
	}
	if (**p == '?') {
		(*p)++;
		return c != '/';
	}
	*p += **p == '\\' && (*p)[1];
	return fold(*(*p)++, fold_case) == c;
}

static enum match match_from(const char *start, const char *p, const char *text, bool fold_case)
{
	for (; *p; text++) {
		if (*p == '*')
			return match_star(start, p, text, fold_case);
		if (!*text)
			return NOT_BEHIND;
		if (!match_one(&p, fold(*text, fold_case), fold_case))
			return NO;
	}
	return *text ? NO : YES;
}

bool gbx_wildmatch(const char *pattern, const char *text, bool fold_case)
{
	return match_from(pattern, pattern, text, fold_case) == YES;
}

static bool matches(const struct pattern *p, const char *path, const char *name, bool folder, bool fold_case)
{
	const char *text = p->name ? name : path;

	if (p->folder && !folder)
		return false;
	if (p->literal && !fold_case)
		return strcmp(p->text, text) == 0;
	return gbx_wildmatch(p->text, text, fold_case);
}

bool gbx_ignore_match(const struct gbx_ignore *ignore, struct gbx_slice path, bool folder)
{
	const char *text = (const char *)path.data;
	const char *slash = strrchr(text, '/');
	const char *name = slash ? slash + 1 : text;

	for (size_t i = ignore->len; i-- > 0;) {
		const struct gbx_ignore_list *l = ignore->list + i;
		for (size_t k = l->len; k-- > 0;)
			if (matches(l->pattern + k, text + l->base, name, folder, ignore->fold_case))
				return !l->pattern[k].negative;
	}
	return false;
}
