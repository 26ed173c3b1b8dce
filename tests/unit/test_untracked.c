/* Untracked paths against `git status`, and git's patterns against a table. */
#include <stdio.h>
#include <unistd.h>

#include "base/mem.h"
#include "capture/ignore.h"
#include "capture/untracked.h"
#include "random.h"
#include "repo.h"
#include "test.h"

static const char as_git_shows[] = "cd repo && git status --porcelain -z -uall | tr '\\0' '\\n' | grep '^[?][?]' | cut -c4- | sort | tr '\\n' '|'";

/* What is found in repo_dir/repo, each followed by '|'; a repository with a slash, as git shows it. Read in this process. */
static void find(const char *store, struct gbx_bytes *out, struct gbx_gaps *gaps)
{
	GBX_AUTO_STRING char *repo = gbx_path_join(repo_dir, "repo");
	GBX_AUTO_STRING char *folder = gbx_path_join(repo_dir, store);
	GBX_CLEANUP(gbx_untracked_free) struct gbx_untracked u = {0};
	GBX_AUTO_GIT struct gbx_git *git = NULL;
	struct gbx_error err;

	assert_int_equal(gbx_git_open(repo, NULL, &git, &err), 0);
	assert_int_equal(gbx_untracked_find(git, folder, &u, gaps, &err), 0);
	assert_int_equal(gbx_bytes_append(out, "", 0, NULL), 0);
	for (size_t i = 0; i < u.len; i++)
		assert_int_equal(gbx_bytes_printf(out, NULL, "%s%s|", (const char *)u.file[i].path.data, u.file[i].type == GBX_GITLINK ? "/" : ""), 0);
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
		GBX_AUTO_STRING char *script = gbx_asprintf("cd repo && %s", scenes[i]);
		GBX_AUTO_BYTES struct gbx_bytes found = {0};
		GBX_CLEANUP(gbx_gaps_free) struct gbx_gaps gaps = {0};
		repo_setup(NULL);
		repo_sh(script);
		find("store", &found, &gaps);
		if (strcmp((const char *)found.data, repo_line(as_git_shows)) != 0)
			print_error("scene: %s\n", scenes[i]);
		assert_string_equal((const char *)found.data, repo_line(as_git_shows));
		assert_int_equal(gaps.len, 0);
		repo_sh("rm -rf ../.config");
		repo_teardown(NULL);
	}
}

/* git status leaves out a folder in the place of a tracked file, though git add -A takes what is in it. */
static void a_folder_in_the_place_of_a_file_counts(void **state)
{
	GBX_AUTO_BYTES struct gbx_bytes found = {0};
	GBX_CLEANUP(gbx_gaps_free) struct gbx_gaps gaps = {0};

	(void)state;
	repo_sh("cd repo && rm a && mkdir a && echo 1 > a/x");
	find("store", &found, &gaps);
	assert_string_equal((const char *)found.data, "a/x|");
}

static void the_store_is_not_looked_into(void **state)
{
	GBX_AUTO_BYTES struct gbx_bytes found = {0};
	GBX_CLEANUP(gbx_gaps_free) struct gbx_gaps gaps = {0};

	(void)state;
	repo_sh("cd repo && mkdir -p records/store records/other && echo 1 > records/store/x && echo 2 > records/other/x");
	find("repo/records/store", &found, &gaps);
	assert_string_equal((const char *)found.data, "records/other/x|");
}

static void what_cannot_be_looked_into_is_a_gap(void **state)
{
	GBX_CLEANUP(gbx_code_result_free) struct gbx_code_result r = {0};

	(void)state;
	repo_sh("cd repo && git init -q odd && echo '[[[' > odd/.git/config && echo 1 > odd/x");
	repo_capture("repo", "store", &r);
	repo_expect_gap(&r, GLASSBOX__GAP__KIND__SUBMODULE, GLASSBOX__GAP__REASON__MALFORMED, 1);
	assert_false(r.complete);
	if (geteuid() == 0)
		return;
	gbx_code_result_free(&r);
	repo_sh("cd repo && rm -r odd && mkdir closed && echo 1 > closed/x && chmod 0 closed");
	repo_capture("repo", "store", &r);
	repo_expect_gap(&r, GLASSBOX__GAP__KIND__UNTRACKED, GLASSBOX__GAP__REASON__NO_PERMISSION, 1);
	assert_string_equal((char *)r.gaps.gap[0].path[0].data, "closed/");
	assert_false(r.complete);
}

static void limits(void **state)
{
	GBX_CLEANUP(gbx_code_result_free) struct gbx_code_result one = {0}, all = {0}, none = {0};

	(void)state;
	repo_options.untracked_limit = 1000;
	repo_sh("cd repo && head -c 1000 /dev/zero > fits && head -c 1001 /dev/zero > large");
	repo_capture("repo", "store", &one);
	repo_expect_gap(&one, GLASSBOX__GAP__KIND__UNTRACKED, GLASSBOX__GAP__REASON__TOO_LARGE, 1);
	assert_string_equal((char *)one.gaps.gap[0].path[0].data, "large");
	assert_int_equal(one.sum.files, 8);
	assert_false(one.complete);
	/* 49 more are the last that fit, whatever is smaller than what is left comes behind them. */
	repo_sh("cd repo && rm large && for i in $(seq 100 160); do head -c 1000 /dev/zero > g$i; done && echo small > h && : > i");
	repo_capture("repo", "store", &all);
	repo_expect_gap(&all, GLASSBOX__GAP__KIND__UNTRACKED, GLASSBOX__GAP__REASON__TOO_LARGE, 13);
	assert_string_equal((char *)all.gaps.gap[0].path[0].data, "g149");
	assert_int_equal(all.sum.files, 7 + 50 + 1);
	repo_options.untracked_limit = 0;
	repo_capture("repo", "store", &none);
	repo_expect_gap(&none, GLASSBOX__GAP__KIND__UNTRACKED, GLASSBOX__GAP__REASON__TOO_LARGE, 63);
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
		cmocka_unit_test_setup_teardown(the_store_is_not_looked_into, repo_setup, repo_teardown),
		cmocka_unit_test_setup_teardown(what_cannot_be_looked_into_is_a_gap, repo_setup, repo_teardown),
		cmocka_unit_test_setup_teardown(limits, repo_setup, repo_teardown),
	};

	return cmocka_run_group_tests(tests, repo_group_setup, repo_group_teardown);
}
