/* Untracked paths against `git status`, and git's patterns against a table. */
#include <stdio.h>

#include "base/mem.h"
#include "capture/ignore.h"
#include "random.h"
#include "repo.h"
#include "test.h"

static const char as_git_shows[] = "cd repo && git status --porcelain -z -unormal | tr '\\0' '\\n' | grep '^[?][?]' | cut -c4- | sort | tr '\\n' '|'";

static void untracked_of(const struct gbx_code_result *r, struct gbx_bytes *out, uint64_t *count)
{
	*count = 0;
	assert_int_equal(gbx_bytes_append(out, "", 0, NULL), 0);
	for (size_t i = 0; i < r->gaps.len; i++) {
		const struct gbx_gap *g = r->gaps.gap + i;
		if (g->kind != GLASSBOX__GAP__KIND__UNTRACKED)
			continue;
		assert_int_equal(g->reason, GLASSBOX__GAP__REASON__NOT_SUPPORTED);
		*count = g->count;
		for (size_t k = 0; k < g->paths; k++)
			assert_int_equal(gbx_bytes_printf(out, NULL, "%s|", (const char *)g->path[k].data), 0);
	}
}

static const char *const scenes[] = {
	"true",
	"echo x > new && mkdir -p n/m/o && echo y > n/m/o/y && echo z > src/z",
	"mkdir empty-folder && mkdir -p nested/empty/folders",
	"echo '*.o' > .gitignore && echo x > x.o && echo x > src/y.o && mkdir only && echo z > only/z.o && mkdir mixed && echo z > mixed/z.o && "
	"echo z > mixed/z.c",
	"printf '/top\\nany\\nfold/\\na/b\\n' > .gitignore && mkdir -p src/fold fold x/a a2 && for f in top any src/top src/any fold/f x/a/b "
	"a2/top; do echo $f > $f; done && echo f > src/deep/fold",
	"printf '*\\n!*.c\\n!.gitignore\\n' > .gitignore && echo 1 > x.c && echo 2 > y.h && mkdir d && echo 3 > d/z.c",
	"printf '*\\n!*/\\n!*.c\\n' > .gitignore && echo 1 > x.c && mkdir d e && echo 3 > d/z.c && echo 4 > e/z.h",
	"printf 'build/\\n!build/keep\\n' > .gitignore && mkdir build && echo 1 > build/keep",
	"printf 'src/\\n' > .gitignore && echo 1 > src/new && echo 2 > src/deep/new",
	"printf '*.log\\n' > .gitignore && printf '!keep.log\\n' > src/.gitignore && echo 1 > src/keep.log && echo 2 > src/other.log && "
	"echo 3 > keep.log",
	"printf '**/gen\\nout/**\\nx/**/y\\n' > .gitignore && mkdir -p gen p/q/gen out/1/2 x/y x/1/2/y x/z && for f in gen p/q/gen out out/1/2 "
	"x/y x/1/2/y x/z; do echo 1 > $f/f; done",
	"printf '# comment\\n\\\\#file\\n\\\\!file\\ntrail  \\nkept\\\\ \\n\\n' > .gitignore && echo 1 > '#file' && echo 1 > '!file' && "
	"echo 1 > trail && echo 1 > 'kept ' && echo 1 > 'trail  '",
	"printf '\\357\\273\\277bom\\r\\ncr\\r\\n' > .gitignore && echo 1 > bom && echo 2 > cr",
	"printf '[a-c].txt\\n[!x]z\\nq?\\n*[0-9]\\n[[:upper:]]*\\n' > .gitignore && for f in a.txt d.txt xz yz q qq qqq v1 w Up UP; do echo 1 > "
	"$f; done",
	"echo excluded > .git/info/exclude && echo 1 > excluded && echo 2 > other",
	"git config core.excludesFile \"$PWD/../patterns\" && echo mine > ../patterns && echo 1 > mine && echo 2 > yours",
	"mkdir -p $HOME/.config/git && echo from-home > $HOME/.config/git/ignore && echo 1 > from-home && echo 2 > not",
	"git config core.ignoreCase true && printf '*.TMP\\nBuild/\\n' > .gitignore && echo 1 > x.tmp && mkdir build && echo 2 > build/x",
	"git init -q nested && echo 1 > nested/file && git init -q src/nested-empty && mkdir hold && git init -q hold/inner",
	"echo x > y.ignored && echo '*.ignored' > .gitignore && git init -q n.ignored",
	"rm -r src && echo file > src",
	"rm -r src/deep && ln -s .. src/deep && ln -s nowhere dangling && ln -s src folder-link && printf 'folder-link/\\n' > .gitignore",
	"git rm -q --cached a && echo new > src-e && git mv src/b moved && echo b > src/b",
	"echo n > new && git add -N new && echo s > staged && git add staged",
	"mkfifo pipe && mkdir p && mkfifo p/pipe",
	"mkdir -p src-d.d srcx && echo 1 > src-d.d/1 && echo 2 > srcx/2 && mkdir 'sp ace' && echo 3 > 'sp ace/x y'",
	"mkdir -p deep/1/2/3/4/5 && echo '*' > deep/.gitignore && echo 1 > deep/1/2/3/4/5/f",
	"mkdir -p t && echo f > t/tracked && git add -f t && echo 't' > .gitignore && echo u > t/untracked",
	"git checkout -q -b o && echo o > a && git commit -q -a -m o && git checkout -q main && echo m > a && git commit -q -a -m m && "
	"! git merge o > /dev/null && cp a a.orig",
};

static void as_git_status(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof scenes / sizeof *scenes; i++) {
		GBX_CLEANUP(gbx_code_result_free) struct gbx_code_result r = {0};
		GBX_AUTO_STRING char *script = gbx_asprintf("cd repo && %s", scenes[i]);
		GBX_AUTO_BYTES struct gbx_bytes found = {0};
		uint64_t count;
		repo_setup(NULL);
		repo_sh(script);
		repo_capture("repo", "store", &r);
		assert_true(r.captured);
		untracked_of(&r, &found, &count);
		if (strcmp((const char *)found.data, repo_line(as_git_shows)) != 0)
			print_error("scene: %s\n", scenes[i]);
		assert_string_equal((const char *)found.data, repo_line(as_git_shows));
		repo_sh("rm -rf ../.config");
		repo_teardown(NULL);
	}
}

static void many_are_counted_and_some_named(void **state)
{
	GBX_CLEANUP(gbx_code_result_free) struct gbx_code_result r = {0};
	GBX_AUTO_BYTES struct gbx_bytes found = {0};
	uint64_t count;

	(void)state;
	repo_sh("cd repo && for i in $(seq 300 -1 100); do echo > u$i; done && mkdir folder && for i in $(seq 200); do echo > folder/$i; done");
	repo_capture("repo", "store", &r);
	untracked_of(&r, &found, &count);
	assert_int_equal(count, 202);
	assert_string_equal((const char *)found.data,
			    repo_line("cd repo && { echo folder/; seq -f u%g 100 300; } | head -64 | tr '\\n' '|'"));
}

/* git status leaves out a folder in the place of a tracked file, though git add -A takes what is in it; a gap must not. */
static void a_folder_in_the_place_of_a_file_counts(void **state)
{
	GBX_CLEANUP(gbx_code_result_free) struct gbx_code_result r = {0};
	GBX_AUTO_BYTES struct gbx_bytes found = {0};
	uint64_t count;

	(void)state;
	repo_sh("cd repo && rm a && mkdir a && echo 1 > a/x");
	repo_capture("repo", "store", &r);
	untracked_of(&r, &found, &count);
	assert_string_equal((const char *)found.data, "a/|");
}

/* The same by trying everything, for patterns of letters, '?' and stars. */
static bool slow_match(const char *start, const char *p, const char *text)
{
	if (*p != '*')
		return *p ? *text && (*p == *text || (*p == '?' && *text != '/')) && slow_match(start, p + 1, text + 1) : !*text;
	const char *behind = p + strspn(p, "*");
	bool folders = behind - p == 2 && (p == start || p[-1] == '/') && (!*behind || *behind == '/');
	if (folders && *behind && slow_match(start, behind + 1, text))
		return true;
	for (;; text++) {
		if (slow_match(start, behind, text))
			return true;
		if (!*text || (*text == '/' && !folders))
			return false;
	}
}

static void random_word(const char *letters, size_t most, char *out)
{
	size_t len = random_number(most + 1);

	for (size_t i = 0; i < len; i++)
		out[i] = letters[random_number(strlen(letters))];
	out[len] = 0;
}

static void wildmatch_of_any_pattern(void **state)
{
	char pattern[16], text[16];
	unsigned matched = 0;

	(void)state;
	for (int i = 0; i < 200000; i++) {
		random_word("ab/**?", 12, pattern);
		random_word("aab/", 12, text);
		bool expected = slow_match(pattern, pattern, text);
		matched += expected;
		if (gbx_wildmatch(pattern, text, false) != expected)
			fail_msg("'%s' and '%s': expected %d", pattern, text, expected);
	}
	assert_true(matched > 1000);
}

/* Tried one by one, the places of the stars are more than can be counted. */
static void wildmatch_of_many_stars(void **state)
{
	char pattern[600] = "", text[4001];

	(void)state;
	memset(text, 'a', sizeof text - 1);
	text[sizeof text - 1] = 0;
	for (int i = 0; i < 100; i++)
		strcat(pattern, i % 10 ? "*a" : "/**/*a");
	strcat(pattern, "*b");
	for (int i = 40; i < 4000; i += 40)
		text[i] = '/';
	assert_false(gbx_wildmatch(pattern + 1, text, false));
	assert_false(gbx_wildmatch(pattern + 4, text, false));
}

static void wildmatch(void **state)
{
	/* From git's t3070-wildmatch.sh, as ignore patterns with a slash match. */
	static const struct {
		bool is;
		const char *text, *pattern;
	} row[] = {
		{true, "foo", "foo"}, {false, "foo", "bar"}, {true, "", ""}, {true, "foo", "???"}, {false, "foo", "??"}, {true, "foo", "*"},
		{true, "foo", "f*"}, {false, "foo", "*f"}, {true, "foo", "*foo*"}, {true, "foobar", "*ob*a*r*"},
		{true, "aaaaaaabababab", "*ab"}, {true, "foo*", "foo\\*"}, {false, "foobar", "foo\\*bar"}, {true, "f\\oo", "f\\\\oo"},
		{true, "ball", "*[al]?"}, {false, "ten", "[ten]"}, {true, "ten", "**[!te]"}, {false, "ten", "**[!ten]"},
		{true, "ten", "t[a-g]n"}, {false, "ten", "t[!a-g]n"}, {true, "ton", "t[!a-g]n"}, {true, "ton", "t[^a-g]n"},
		{true, "a]b", "a[]]b"}, {true, "a-b", "a[]-]b"}, {true, "a]b", "a[]-]b"}, {false, "aab", "a[]-]b"}, {true, "aab", "a[]a-]b"},
		{true, "]", "]"}, {false, "foo/baz/bar", "foo*bar"}, {false, "foo/baz/bar", "foo**bar"}, {true, "foobazbar", "foo**bar"},
		{true, "foo/baz/bar", "foo/**/bar"}, {false, "foo/baz/bar", "foo/**/**/bar/x"}, {true, "foo/b/a/z/bar", "foo/**/bar"},
		{true, "foo/b/a/z/bar", "foo/**/**/bar"}, {true, "foo/bar", "foo/**/bar"}, {true, "foo/bar", "foo/**/**/bar"},
		{false, "foo/bar", "foo?bar"}, {false, "foo/bar", "foo[/]bar"}, {false, "foo/bar", "foo[^a-z]bar"},
		{false, "foo/bar", "f[^eiu][^eiu][^eiu][^eiu][^eiu]r"}, {true, "foo-bar", "f[^eiu][^eiu][^eiu][^eiu][^eiu]r"},
		{true, "foo", "**/foo"}, {true, "XXX/foo", "**/foo"}, {true, "bar/baz/foo", "**/foo"}, {false, "bar/baz/foo", "*/foo"},
		{false, "foo/bar/baz", "**/bar*"}, {true, "deep/foo/bar/baz", "**/bar/*"}, {false, "deep/foo/bar/baz/", "**/bar/*"},
		{true, "deep/foo/bar/baz/", "**/bar/**"}, {false, "deep/foo/bar", "**/bar/*"}, {true, "deep/foo/bar/", "**/bar/**"},
		{false, "foo/bar/baz", "**/bar**"}, {true, "foo/bar/baz/x", "*/bar/**"}, {false, "deep/foo/bar/baz/x", "*/bar/**"},
		{true, "deep/foo/bar/baz/x", "**/bar/*/*"}, {true, "a1B", "[[:alpha:]][[:digit:]][[:upper:]]"},
		{false, "a", "[[:digit:][:upper:][:space:]]"}, {true, "A", "[[:digit:][:upper:][:space:]]"}, {false, "A", "[[:digit:][:upper:][:spaci:]]"},
		{true, "5", "[[:xdigit:]]"}, {true, "_", "[[:alnum:][:alpha:][:blank:][:cntrl:][:digit:][:graph:][:lower:][:print:][:punct:]]"},
		{true, "-adobe-courier", "-*-*"}, {false, "[", "["}, {true, "\\", "\\\\"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
		bool is = gbx_wildmatch(row[i].pattern, row[i].text, false);
		if (is != row[i].is)
			print_error("'%s' and '%s': %d\n", row[i].pattern, row[i].text, is);
		assert_int_equal(is, row[i].is);
	}
	assert_true(gbx_wildmatch("*.TMP", "x.tmp", true));
	assert_true(gbx_wildmatch("[A-C]x", "bX", true));
	assert_false(gbx_wildmatch("*.TMP", "x.tmp", false));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(wildmatch),
		cmocka_unit_test(wildmatch_of_any_pattern),
		cmocka_unit_test(wildmatch_of_many_stars),
		cmocka_unit_test(as_git_status),
		cmocka_unit_test_setup_teardown(a_folder_in_the_place_of_a_file_counts, repo_setup, repo_teardown),
		cmocka_unit_test_setup_teardown(many_are_counted_and_some_named, repo_setup, repo_teardown),
	};

	return cmocka_run_group_tests(tests, repo_group_setup, repo_group_teardown);
}
