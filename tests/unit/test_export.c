/* Reading snapshots back: the bytes that lay in the work tree, from the store alone, and every way in which they may be gone. */
#include <stdio.h>
#include <sys/wait.h>

#include "base/mem.h"
#include "base/text.h"
#include "capture/export.h"
#include "repo.h"
#include "test.h"

static const char work_tree[] =
	"cd repo && printf '*.crlf text eol=crlf\\n*.id ident\\n' > .gitattributes && printf 'a\\nb\\n' > x.crlf && printf '$Id$\\n' > y.id && "
	"git add . && git commit -q -m attr && rm x.crlf y.id && git checkout -q . && head -c 300000 /dev/urandom > big && "
	"head -c 65536 /dev/urandom > even && git add big even && echo changed >> a && echo staged > src/b && git add src/b && echo s > "
	"\"$(printf 'n\\377')\" && git add n* && rm src-d && ln -sf other link";

/* What the callback has seen, one line a file. */
struct seen {
	struct gbx_bytes lines;
	size_t piece;    /* bytes asked for at once; 0: the callback reads nothing */
	int answer;      /* what the callback returns */
	unsigned files;
};

static int see(void *arg, const struct gbx_entry *e, struct gbx_input *content, struct gbx_error *err)
{
	GBX_AUTO_BYTES struct gbx_bytes bytes = {0};
	struct seen *s = arg;
	uint8_t sha256[GBX_SHA256_LEN], piece[100000];
	char hex[2 * GBX_SHA256_LEN + 1];
	size_t got = s->piece;

	s->files++;
	while (got) {
		int rc = content->read(content, piece, s->piece, &got, err);
		if (rc == 0)
			rc = gbx_bytes_append(&bytes, piece, got, err);
		if (rc)
			return rc;
	}
	if (s->piece) {
		assert_int_equal(gbx_sha256(gbx_slice_of(&bytes), sha256, err), 0);
		gbx_hex(sha256, sizeof sha256, hex);
		assert_int_equal(gbx_bytes_printf(&s->lines, err, "%s  %.*s|", hex, (int)e->path.len, (const char *)e->path.data), 0);
	}
	return s->answer;
}

static int export_snapshot(const struct gbx_code_result *r, struct seen *s, struct gbx_error *err)
{
	struct gbx_code_place place = {.store = repo_options.store, .blobs = repo_options.blobs,
				       .manifest_path = repo_options.manifest_path, .tree = r->tree, .id_len = r->id_len};

	int rc = gbx_code_export(&place, see, s, err);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	return rc;
}

static void free_seen(struct seen *s)
{
	gbx_bytes_free(&s->lines);
}

/* A symbolic link's bytes are its target. */
static const char sums[] = "cd copy && git ls-files -z | LC_ALL=C sort -z | while IFS= read -r -d '' f; do if test -L \"$f\"; then printf "
			   "'%s  %s|' $(printf %s \"$(readlink \"$f\")\" | sha256sum | cut -d' ' -f1) \"$f\"; elif test -e \"$f\"; then "
			   "printf '%s  %s|' $(sha256sum < \"$f\" | cut -d' ' -f1) \"$f\"; fi; done";

static void round_trip(const char *store, size_t piece)
{
	GBX_CLEANUP(gbx_code_result_free) struct gbx_code_result r = {0};
	GBX_CLEANUP(free_seen) struct seen s = {.piece = piece};
	GBX_AUTO_STRING char *script = gbx_asprintf("cat > sums.sh <<'END'\n%s\nEND\nbash sums.sh", sums);
	struct gbx_error err;

	repo_sh(work_tree);
	repo_capture("repo", store, &r);
	assert_true(r.captured && r.complete);
	repo_sh("cp -a repo copy && cd repo && git reset -q --hard && git reflog expire --expire=now --all && git gc -q --prune=now");
	int rc = export_snapshot(&r, &s, &err);
	if (rc)
		print_error("%s\n", err.line);
	assert_int_equal(rc, 0);
	assert_int_equal(s.files, r.sum.files);
	assert_string_equal((char *)s.lines.data, repo_line(script));
}

static void from_a_store_inside(void **state)
{
	(void)state;
	round_trip("repo/.git/glassbox", 100000);
}

static void from_a_store_outside(void **state)
{
	(void)state;
	round_trip("store", 1000);
}

static void what_is_not_read_is_checked_all_the_same(void **state)
{
	GBX_CLEANUP(gbx_code_result_free) struct gbx_code_result r = {0};
	struct seen s = {0}, stops = {.answer = 7}, fails = {.answer = GBX_E_IO};
	struct gbx_error err = {.code = GBX_E_IO};

	(void)state;
	repo_sh(work_tree);
	repo_capture("repo", "store", &r);
	assert_int_equal(export_snapshot(&r, &s, &err), 0);
	assert_int_equal(s.files, r.sum.files);
	assert_int_equal(export_snapshot(&r, &stops, &err), 7);
	assert_int_equal(stops.files, 1);
	assert_int_equal(export_snapshot(&r, &fails, &err), GBX_E_IO);
}

struct damage {
	const char *script;
	int code;
	const char *path;
};

/* The blob of `a` as it was changed; x.crlf is kept by its SHA-256. */
static const struct damage damages[] = {
	{"h=$(git hash-object repo/a) && rm -f store/git/objects/$(echo $h | cut -c1-2)/$(echo $h | cut -c3-)", GBX_E_NOTFOUND, "'a'"},
	{"h=$(git hash-object repo/a) && f=store/git/objects/$(echo $h | cut -c1-2)/$(echo $h | cut -c3-) && g=$(echo other | git "
	 "--git-dir=store/git hash-object -w --stdin) && cp store/git/objects/$(echo $g | cut -c1-2)/$(echo $g | cut -c3-) other && rm -f $f && "
	 "mv other $f",
	 GBX_E_NOTFOUND, "'a'"},
	{"f=store/blobs/$(sha256sum < repo/x.crlf | cut -d' ' -f1) && printf 'A\\r\\nb\\r\\n' > $f", GBX_E_BAD, "'x.crlf'"},
	{"f=store/blobs/$(sha256sum < repo/x.crlf | cut -d' ' -f1) && printf 'x' >> $f", GBX_E_BAD, "'x.crlf'"},
	{"f=store/blobs/$(sha256sum < repo/x.crlf | cut -d' ' -f1) && : > $f", GBX_E_BAD, "'x.crlf'"},
	{"rm store/blobs/$(sha256sum < repo/x.crlf | cut -d' ' -f1)", GBX_E_NOTFOUND, "'x.crlf'"},
	{"rm -r store/git", GBX_E_NOTFOUND, "'.gitattributes'"},
	{"rm manifest", GBX_E_NOTFOUND, "manifest"},
	{"truncate -s -1 manifest", GBX_E_MALFORMED, ""},
};

static void every_damage_is_found(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof damages / sizeof *damages; i++) {
		GBX_CLEANUP(gbx_code_result_free) struct gbx_code_result r = {0};
		struct seen s = {.piece = 0};
		struct gbx_error err;
		repo_setup(NULL);
		repo_sh(work_tree);
		repo_capture("repo", "store", &r);
		repo_sh(damages[i].script);
		int rc = export_snapshot(&r, &s, &err);
		print_message("%s\n", err.line);
		assert_int_equal(rc, damages[i].code);
		assert_non_null(strstr(err.line, damages[i].path));
		repo_teardown(NULL);
	}
}

#define IN_REPO(f) cmocka_unit_test_setup_teardown(f, repo_setup, repo_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_REPO(from_a_store_inside),
		IN_REPO(from_a_store_outside),
		IN_REPO(what_is_not_read_is_checked_all_the_same),
		cmocka_unit_test(every_damage_is_found),
	};

	return cmocka_run_group_tests(tests, repo_group_setup, repo_group_teardown);
}
