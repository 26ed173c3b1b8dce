/* Repositories that are damaged, hostile or somebody else's: whatever libgit2 makes of them, the capture comes back in time with a
 * snapshot or with one gap that says why. */
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "repo.h"
#include "test.h"

/* The loose object of a revision, writable. */
#define OBJ "obj() { h=$(git rev-parse \"$1\") && f=.git/objects/$(echo $h | cut -c1-2)/$(echo $h | cut -c3-) && chmod u+w $f && echo $f; } && "
#define PACK "git gc -q && chmod u+w .git/objects/pack/* && p=$(ls .git/objects/pack/*.pack) && i=$(ls .git/objects/pack/*.idx) && "
#define ZLIB "python3 -c 'import zlib,sys; open(sys.argv[1],\"wb\").write(zlib.compress(sys.argv[2].encode().decode(\"unicode_escape\").encode(\"latin1\")))' "
#define ROOT "test $(id -u) = 0 && "

enum outcome { TAKEN, GAP, EITHER };

static const struct damage {
	const char *name, *script;
	enum outcome outcome;
} damages[] = {
	{"commit cut", OBJ "truncate -s 60 $(obj HEAD)", GAP},
	{"commit empty", OBJ ": > $(obj HEAD)", GAP},
	{"commit is noise", OBJ "head -c 200 /dev/urandom > $(obj HEAD)", GAP},
	{"commit missing", OBJ "rm $(obj HEAD)", GAP},
	{"commit is a folder", OBJ "f=$(obj HEAD) && rm $f && mkdir $f", GAP},
	{"commit is a pipe", OBJ "f=$(obj HEAD) && rm $f && mkfifo $f", GAP},
	{"commit is a loop of links", OBJ "f=$(obj HEAD) && rm $f && ln -s $PWD/$f $f", GAP},
	{"commit is a blob", OBJ "cp $(obj HEAD:a) $(obj HEAD)", GAP},
	{"commit is another commit's", OBJ "git commit -q --allow-empty -m 2 && cp $(obj HEAD~1) $(obj HEAD)", EITHER},
	{"commit says it is huge", OBJ "f=$(obj HEAD) && " ZLIB "$f 'commit 99999999999\\0tree x'", GAP},
	{"commit with a negative size", OBJ "f=$(obj HEAD) && " ZLIB "$f 'commit -1\\0tree x'", GAP},
	{"commit without a tree", OBJ "f=$(obj HEAD) && " ZLIB "$f 'commit 8\\0author x'", GAP},
	{"object of an unknown type", OBJ "f=$(obj HEAD) && " ZLIB "$f 'thing 8\\0author x'", GAP},
	{"tree cut", OBJ "truncate -s 20 $(obj HEAD^{tree})", EITHER},
	{"tree missing", OBJ "rm $(obj HEAD^{tree})", GAP},
	{"tree is noise", OBJ "head -c 200 /dev/urandom > $(obj HEAD^{tree})", GAP},
	{"tree without its ends", OBJ "f=$(obj HEAD^{tree}) && " ZLIB "$f 'tree 10\\0100644 abc'", GAP},
	{"tree of a folder missing", OBJ "rm $(obj HEAD:src)", EITHER},
	{"blob cut", OBJ "truncate -s 5 $(obj HEAD:a) && echo more >> a", TAKEN},
	{"blob missing", OBJ "rm $(obj HEAD:a) && git checkout-index -f -a 2> /dev/null; true", TAKEN},
	{"staged blob cut", OBJ "echo new > new && git add new && truncate -s 5 $(obj :new)", EITHER},
	{"pack cut", PACK "truncate -s -30 $p", EITHER},
	{"pack empty", PACK ": > $p", EITHER},
	{"pack is noise", PACK "head -c 900 /dev/urandom > $p", EITHER},
	{"pack with one byte changed", PACK "printf x | dd of=$p bs=1 seek=40 conv=notrunc 2> /dev/null", EITHER},
	{"pack missing", PACK "rm $p", GAP},
	{"pack index cut", PACK "truncate -s 500 $i", GAP},
	{"pack index is noise", PACK "head -c 1200 /dev/urandom > $i", GAP},
	{"pack index with a wrong offset", PACK "printf '\\377\\377' | dd of=$i bs=1 seek=1250 conv=notrunc 2> /dev/null", EITHER},
	{"pack index says it has many", PACK "printf '\\177\\377\\377\\377' | dd of=$i bs=1 seek=1028 conv=notrunc 2> /dev/null", EITHER},
	{"pack is a pipe", PACK "rm $p && mkfifo $p", GAP},
	{"a multi-pack index is noise", PACK "head -c 300 /dev/urandom > .git/objects/pack/multi-pack-index", EITHER},
	{"a commit graph is noise", "mkdir -p .git/objects/info && head -c 300 /dev/urandom > .git/objects/info/commit-graph", EITHER},
	{"alternates to itself", "mkdir -p .git/objects/info && echo \"$PWD/.git/objects\" > .git/objects/info/alternates", EITHER},
	{"alternates in a circle", "git clone -q -s . ../other && mkdir -p .git/objects/info && echo \"$PWD/../other/.git/objects\" > .git/objects/info/alternates", EITHER},
	{"alternates to nowhere", "mkdir -p .git/objects/info && printf '/nowhere\\n\\n#\\n\\0\\n' > .git/objects/info/alternates", EITHER},
	{"alternates are a pipe", "mkdir -p .git/objects/info && mkfifo .git/objects/info/alternates", EITHER},
	{"objects missing", "rm -r .git/objects", GAP},
	{"objects are a file", "rm -r .git/objects && echo > .git/objects", GAP},
	{"objects are a loop", "rm -r .git/objects && ln -s objects .git/objects", GAP},
	{"HEAD missing", "rm .git/HEAD", GAP},
	{"HEAD empty", ": > .git/HEAD", GAP},
	{"HEAD is noise", "head -c 4000 /dev/urandom > .git/HEAD", GAP},
	{"HEAD is a folder", "rm .git/HEAD && mkdir .git/HEAD", GAP},
	{"HEAD is a pipe", "rm .git/HEAD && mkfifo .git/HEAD", GAP},
	{"HEAD names itself", "echo 'ref: HEAD' > .git/HEAD", GAP},
	{"HEAD names a path outside", "echo 'ref: ../../etc/passwd' > .git/HEAD", EITHER},
	{"refs in a circle", "echo 'ref: refs/heads/x' > .git/refs/heads/main && echo 'ref: refs/heads/main' > .git/refs/heads/x", GAP},
	{"a ref is noise", "echo zzzz > .git/refs/heads/main", GAP},
	{"a ref is a pipe", "rm .git/refs/heads/main && mkfifo .git/refs/heads/main", GAP},
	{"packed refs are noise", "git pack-refs --all && head -c 300 /dev/urandom > .git/packed-refs", GAP},
	{"packed refs are a pipe", "rm .git/refs/heads/main && mkfifo .git/packed-refs", EITHER},
	{"index empty", ": > .git/index", EITHER},
	{"index is noise", "head -c 900 /dev/urandom > .git/index", GAP},
	{"index cut", "truncate -s 100 .git/index", GAP},
	{"index says it has many", "printf '\\377\\377\\377\\377' | dd of=.git/index bs=1 seek=8 conv=notrunc 2> /dev/null", GAP},
	{"index is a pipe", "rm .git/index && mkfifo .git/index", GAP},
	{"index is a folder", "rm .git/index && mkdir .git/index", GAP},
	{"index with a path out of the tree", "python3 -c 'p=\".git/index\"; d=open(p,\"rb\").read(); open(p,\"wb\").write(d.replace(b\"src/b\",b\"../ab\"))'", EITHER},
	{"settings are noise", "head -c 300 /dev/urandom > .git/config", EITHER},
	{"settings include themselves", "printf '[include]\\npath = config\\n' >> .git/config", EITHER},
	{"settings include a pipe", "mkfifo .git/inc && printf '[include]\\npath = inc\\n' >> .git/config", EITHER},
	{"settings of a version to come", "git config core.repositoryformatversion 99", GAP},
	{"settings with an unknown extension", "git config core.repositoryformatversion 1 && git config extensions.fromTheFuture true", GAP},
	{"work tree elsewhere", "git config core.worktree /nowhere", GAP},
	{"work tree is the root folder", "git config core.worktree /proc/self", EITHER},
	{"settings are a pipe", "rm .git/config && mkfifo .git/config", GAP},
	{".git points nowhere", "rm -r .git && echo 'gitdir: /nowhere/at/all' > .git", GAP},
	{".git points to itself", "rm -r .git && echo 'gitdir: .git' > .git", GAP},
	{".git is noise", "rm -r .git && head -c 300 /dev/urandom > .git", GAP},
	{".git is a pipe", "rm -r .git && mkfifo .git", GAP},
	{".git is a loop", "rm -r .git && ln -s .git .git", GAP},
	{"common folder missing", "git worktree add -q ../linked && rm -r .git && mv ../linked/.git .git", GAP},
	{"attributes are a pipe", "mkfifo .git/info/attributes; mkdir -p .git/info; touch a", EITHER},
	{"attributes are noise", "mkdir -p .git/info && head -c 3000 /dev/urandom > .git/info/attributes && head -c 3000 /dev/urandom > .gitattributes", EITHER},
	{"ignore patterns are a pipe", "mkfifo .gitignore; rm -f .git/info/exclude; mkdir -p .git/info && mkfifo .git/info/exclude", EITHER},
	{"a submodule that is noise", "mkdir -p sub/.git && head -c 99 /dev/urandom > sub/.git/HEAD && mkdir sub/.git/objects sub/.git/refs", EITHER},
	{"a repository of somebody else", ROOT "chown -R 12345 . || rm .git/HEAD", GAP},
	{"a git folder of somebody else", ROOT "chown -R 12345 .git || rm .git/HEAD", EITHER},
	{"objects that cannot be read", "chmod -R a-rwx .git/objects", EITHER},
	{"an index that cannot be read", "chmod a-rwx .git/index", EITHER},
};

static void check(const struct damage *d, const struct gbx_code_result *r)
{
	GBX_AUTO_STRING char *manifest = gbx_path_join(repo_dir, "manifest");

	if (r->captured) {
		assert_true(d->outcome != GAP);
		assert_true(gbx_exists(manifest));
		return;
	}
	if (d->outcome == TAKEN)
		print_error("%s: not taken\n", d->name);
	assert_true(d->outcome != TAKEN);
	assert_int_equal(r->gaps.len, 1);
	assert_int_equal(r->gaps.gap[0].kind, GLASSBOX__GAP__KIND__CODE);
	assert_int_equal(r->gaps.gap[0].count, 1);
	assert_non_null(r->why);
	assert_false(gbx_exists(manifest));
}

static void each_comes_back(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof damages / sizeof *damages; i++) {
		GBX_CLEANUP(gbx_code_result_free) struct gbx_code_result r = {0};
		GBX_AUTO_STRING char *script = gbx_asprintf("cd repo && { %s\n} || :", damages[i].script);
		print_message("damage: %s\n", damages[i].name);
		repo_setup(NULL);
		repo_sh(script);
		repo_options.start_ms = repo_options.deadline_ms = 400;
		repo_capture("repo", "store", &r);
		check(damages + i, &r);
		assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
		repo_teardown(NULL);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(each_comes_back)};

	return cmocka_run_group_tests(tests, repo_group_setup, repo_group_teardown);
}
