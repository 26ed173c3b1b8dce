#include "capture/metadata.h"

#include "base/text.h"

static struct gbx_slice trim_end(struct gbx_slice s)
{
	while (s.len && (s.data[s.len - 1] == ' ' || s.data[s.len - 1] == '\t' || s.data[s.len - 1] == '\r'))
		s.len--;
	return s;
}

static struct gbx_slice trim(struct gbx_slice s)
{
	while (s.len && (s.data[0] == ' ' || s.data[0] == '\t' || s.data[0] == '\r'))
		s = gbx_slice(s.data + 1, s.len - 1);
	return trim_end(s);
}

/* The last line may have no newline. */
static bool take_line(struct gbx_slice *in, struct gbx_slice *line)
{
	if (gbx_take_line(in, line))
		return true;
	*line = *in;
	*in = gbx_slice(in->data, 0);
	return line->len > 0;
}

static uint8_t lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c | 0x20) : c;
}

static bool is_key(struct gbx_slice text, const char *key)
{
	if (text.len != strlen(key))
		return false;
	for (size_t i = 0; i < text.len; i++)
		if (lower(text.data[i]) != lower((uint8_t)key[i]))
			return false;
	return true;
}

/* Divides a line at the first `between`; false where it has none. */
static bool divide(struct gbx_slice line, char between, struct gbx_slice *key, struct gbx_slice *value)
{
	const uint8_t *at = line.len ? memchr(line.data, between, line.len) : NULL;

	if (!at)
		return false;
	*key = trim(gbx_slice(line.data, (size_t)(at - line.data)));
	*value = trim(gbx_slice(at + 1, line.len - (size_t)(at - line.data) - 1));
	return true;
}

bool gbx_is_package_text(struct gbx_slice text)
{
	for (size_t i = 0; i < text.len; i++)
		if (text.data[i] < 0x20 || text.data[i] == 0x7f)
			return false;
	return text.len && text.len <= GBX_LIMIT_PACKAGE_NAME && gbx_is_utf8(text);
}

static int take_value(const char *key, struct gbx_slice value, char *out, struct gbx_error *err)
{
	/* The first counts. */
	if (*out)
		return 0;
	if (!gbx_is_package_text(value))
		return gbx_fail(err, GBX_E_MALFORMED, "the metadata of a package: no %s that can be read", key);
	memcpy(out, value.data, value.len);
	out[value.len] = 0;
	return 0;
}

int gbx_metadata_parse(struct gbx_slice text, bool *ended, struct gbx_metadata *out, struct gbx_error *err)
{
	struct gbx_metadata m = {{0}, {0}};
	struct gbx_slice line, key, value;
	int rc = 0;

	*ended = false;
	/* A line that is cut off is not looked at. */
	while (rc == 0 && gbx_take_line(&text, &line)) {
		if (trim(line).len == 0) {
			*ended = true;
			break;
		}
		if (line.data[0] == ' ' || line.data[0] == '\t' || !divide(line, ':', &key, &value))
			continue;
		if (is_key(key, "Name"))
			rc = take_value("Name", value, m.name, err);
		else if (is_key(key, "Version"))
			rc = take_value("Version", value, m.version, err);
	}
	if (rc)
		return rc;
	if (!*m.name)
		return gbx_fail(err, GBX_E_MALFORMED, "the metadata of a package: no Name");
	*out = m;
	return 0;
}

bool gbx_pyvenv_value(struct gbx_slice text, const char *key, struct gbx_slice *out)
{
	struct gbx_slice line, name, value;

	while (take_line(&text, &line))
		if (divide(line, '=', &name, &value) && is_key(name, key)) {
			*out = value;
			return true;
		}
	return false;
}

bool gbx_pth_take(struct gbx_slice *text, struct gbx_slice *path)
{
	struct gbx_slice line;

	while (take_line(text, &line)) {
		if (gbx_slice_starts(line, "#") || gbx_slice_starts(line, "import ") || gbx_slice_starts(line, "import\t"))
			continue;
		/* Python keeps white space before it. */
		*path = trim_end(line);
		if (path->len)
			return true;
	}
	return false;
}

bool gbx_record_take(struct gbx_slice *text, struct gbx_slice *path)
{
	struct gbx_slice line;

	if (!take_line(text, &line))
		return false;
	bool quoted = line.len && line.data[0] == '"';
	if (quoted)
		line = gbx_slice(line.data + 1, line.len - 1);
	const uint8_t *end = line.len ? memchr(line.data, quoted ? '"' : ',', line.len) : NULL;
	*path = gbx_slice(line.data, end ? (size_t)(end - line.data) : 0);
	return true;
}

static struct gbx_slice take_argument(struct gbx_slice *arguments)
{
	size_t len = strnlen((const char *)arguments->data, arguments->len);
	struct gbx_slice one = {arguments->data, len};
	size_t taken = len + (len < arguments->len);

	*arguments = gbx_slice(arguments->data + taken, arguments->len - taken);
	return one;
}

/* One argument of options such as "-Es"; false where Python's own end with it. */
static bool take_options(struct gbx_slice one, struct gbx_slice *rest, struct gbx_python_options *out)
{
	for (size_t i = 1; i < one.len; i++) {
		switch (one.data[i]) {
		case 'c':
		case 'm':
			return false;
		case 'W':
		case 'X':
			if (i + 1 == one.len && rest->len)
				take_argument(rest);
			return true;
		case 'I':
			out->no_environment = out->no_user = true;
			break;
		case 'E':
			out->no_environment = true;
			break;
		case 's':
			out->no_user = true;
			break;
		case 'S':
			out->no_site = true;
			break;
		default:
			break;
		}
	}
	return true;
}

struct gbx_python_options gbx_python_options(struct gbx_slice arguments)
{
	struct gbx_python_options o = {0};

	if (arguments.len)
		take_argument(&arguments);
	while (arguments.len) {
		struct gbx_slice one = take_argument(&arguments);
		if (gbx_slice_is(one, "--check-hash-based-pycs") && arguments.len)
			take_argument(&arguments);
		else if (one.len < 2 || one.data[0] != '-' || one.data[1] == '-' || !take_options(one, &arguments, &o))
			break;
	}
	return o;
}

const char *gbx_environment_value(struct gbx_slice environment, const char *name)
{
	size_t len = strlen(name);

	/* What was cut off has no NUL behind it. */
	while (environment.len) {
		struct gbx_slice one = take_argument(&environment);
		if (one.len > len && memcmp(one.data, name, len) == 0 && one.data[len] == '=' && one.data + one.len < environment.data)
			return (const char *)one.data + len + 1;
	}
	return NULL;
}

void gbx_package_normal(const char *name, char *out)
{
	for (; *name; name++) {
		bool dash = *name == '-' || *name == '_' || *name == '.';
		if (!dash)
			*out++ = (char)lower((uint8_t)*name);
		else if (name[1] != '-' && name[1] != '_' && name[1] != '.')
			*out++ = '-';
	}
	*out = 0;
}
