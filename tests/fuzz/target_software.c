/* The texts that say what software a process has: the first byte says which. What is found lies in the text and has its bounds. */
#include "base/json.h"
#include "base/limits.h"
#include "base/text.h"
#include "capture/direct_url.h"
#include "capture/json_skim.h"
#include "capture/maps.h"
#include "capture/metadata.h"
#include "capture/process.h"
#include "capture/rpm_header.h"
#include "target.h"

static bool lies_in(struct gbx_slice part, struct gbx_slice whole)
{
	return part.len == 0 || (part.data >= whole.data && part.data + part.len <= whole.data + whole.len);
}

static void check_maps(struct gbx_slice text)
{
	static struct gbx_bytes path;
	struct gbx_slice rest = text, line;
	struct gbx_mapping m;

	while (gbx_take_line(&rest, &line)) {
		if (!gbx_mapping_parse(line, &m))
			continue;
		FUZZ_HOLDS(lies_in(m.path, line) && lies_in(m.range, line) && m.path.len && m.path.data[0] == '/' && m.inode);
		path.len = 0;
		FUZZ_HOLDS(gbx_mapping_path(m.path, &path, NULL) == 0 && path.len <= m.path.len);
	}
}

static void check_metadata(struct gbx_slice text)
{
	struct gbx_metadata m;
	struct gbx_error err;
	bool ended;

	if (gbx_metadata_parse(text, &ended, &m, &err))
		return;
	FUZZ_HOLDS(gbx_is_package_text(gbx_slice_text(m.name)) && (!*m.version || gbx_is_package_text(gbx_slice_text(m.version))));
	FUZZ_HOLDS(memmem(text.data, text.len, m.name, strlen(m.name)) && memmem(text.data, text.len, m.version, strlen(m.version)));
	char normal[GBX_LIMIT_PACKAGE_NAME + 1], again[GBX_LIMIT_PACKAGE_NAME + 1];
	gbx_package_normal(m.name, normal);
	gbx_package_normal(normal, again);
	FUZZ_HOLDS(strcmp(normal, again) == 0 && strlen(normal) <= strlen(m.name));
}

static void check_lines(struct gbx_slice text)
{
	struct gbx_slice rest = text, path;
	size_t n = 0;

	while (gbx_pth_take(&rest, &path))
		FUZZ_HOLDS(lies_in(path, text) && path.len && path.data[0] != '#' && ++n <= text.len);
	rest = text;
	for (n = 0; gbx_record_take(&rest, &path); n++)
		FUZZ_HOLDS(lies_in(path, text) && n <= text.len);
	if (gbx_pyvenv_value(text, "home", &path))
		FUZZ_HOLDS(lies_in(path, text));
}

static void check_process(struct gbx_slice text)
{
	struct gbx_process_stat s;

	(void)gbx_python_options(text);
	const char *value = gbx_environment_value(text, "PATH");
	FUZZ_HOLDS(!value || lies_in(gbx_slice(value, strlen(value) + 1), text));
	if (gbx_process_stat_parse(text, &s))
		FUZZ_HOLDS(memchr(text.data, ')', text.len) && memchr(text.data, s.state, text.len));
}

static void check_rpm(struct gbx_slice blob)
{
	static const enum gbx_rpm_tag tags[] = {GBX_RPM_NAME, GBX_RPM_EPOCH, GBX_RPM_DIRINDEXES, GBX_RPM_BASENAMES, GBX_RPM_DIRNAMES};
	struct gbx_rpm_header h;
	struct gbx_slice text;
	uint32_t number;

	if (gbx_rpm_header(blob, &h, NULL))
		return;
	for (size_t i = 0; i < sizeof tags / sizeof *tags; i++)
		for (uint32_t k = 0; k < 3; k++) {
			if (gbx_rpm_text(&h, tags[i], k, &text))
				FUZZ_HOLDS(lies_in(gbx_slice(text.data, text.len + 1), h.data) && text.data[text.len] == 0);
			FUZZ_HOLDS(!gbx_rpm_number(&h, tags[i], k, &number) || h.data.len >= 4);
		}
}

static int count(void *arg, struct gbx_slice key, struct gbx_slice text, bool in_list, struct gbx_error *err)
{
	(void)err;
	(void)in_list;
	FUZZ_HOLDS(key.len <= GBX_LIMIT_PATH && text.len <= GBX_LIMIT_PATH);
	++*(size_t *)arg;
	return 0;
}

/* What is read in pieces is what is read at once; what our own parser takes is taken here, too. */
static void check_json(struct gbx_slice text)
{
	struct fuzz_input pieces;
	struct gbx_memory_input whole;
	size_t a = 0, b = 0;
	struct gbx_error err;

	gbx_memory_input(&whole, text);
	pieces = (struct fuzz_input){{fuzz_input_read}, text, 3};
	int rc = gbx_json_skim(&whole.in, count, &a, &err);
	FUZZ_HOLDS(gbx_json_skim(&pieces.in, count, &b, &err) == rc && a == b && a <= text.len);
	GBX_AUTO_JSON json_t *json = NULL;
	if (gbx_json_parse(text, GBX_LIMIT_METADATA, "input", &json, &err) == 0 && json_is_object(json))
		FUZZ_HOLDS(rc == 0);
}

static void check_direct_url(struct gbx_slice text)
{
	GBX_AUTO_SOFTWARE struct gbx_software s = {0};
	struct gbx_error err;
	Glassbox__Package *p = gbx_software_package(&s, &err);

	FUZZ_HOLDS(p);
	if (gbx_direct_url_read(&s, text, p, &err))
		return;
	FUZZ_HOLDS(p->commit.len == 0 || p->commit.len == 20 || p->commit.len == 32);
	FUZZ_HOLDS(p->archive.len == 0 || p->archive.len == 32);
	FUZZ_HOLDS(gbx_is_utf8(gbx_slice_text(p->url)) && (!p->source || p->source->path.data[0] == '/'));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const checks[])(struct gbx_slice) = {check_maps, check_metadata, check_lines, check_process, check_rpm, check_json,
							    check_direct_url};

	if (size)
		checks[data[0] % (sizeof checks / sizeof *checks)](gbx_slice(data + 1, size - 1));
	return 0;
}
