/* Repositories as they come, against real git: the snapshot's tree is the one that `git add -A` makes. */
#include "as_git.h"
#include "repo.h"
#include "test.h"

/* A stand-in for git-lfs, which git runs and the recorder does not. */
#define LFS \
	"cat > ../lfs << 'END'\n#!/bin/sh\ncat > ../lfs.in\nif head -c 7 ../lfs.in | grep -q version; then cat ../lfs.in; exit; fi\n" \
	"test -s ../lfs.in || exit 0\necho version https://git-lfs.github.com/spec/v1\necho \"oid sha256:$(sha256sum < ../lfs.in | cut -d' ' -f1)\"\n" \
	"echo \"size $(wc -c < ../lfs.in)\"\nEND\nchmod +x ../lfs && git config filter.lfs.clean ../lfs && git config filter.lfs.smudge cat && " \
	"echo '*.bin filter=lfs diff=lfs merge=lfs -text' > .gitattributes && "
#define POINTER "printf 'version https://git-lfs.github.com/spec/v1\\noid sha256:%064d\\nsize 12\\n' 7"

#define NEW(path) "git init -q " path " && (cd " path " && echo l > l && git add l && git commit -q -m l) && "
#define SUB "git -c protocol.file.allow=always submodule "
#define LIB NEW("../lib") SUB "add -q ../lib vendor/lib && git commit -q -m sub && "
#define CLONE(options) "cd .. && mv repo source && git clone -q " options " repo 2> /dev/null && cd repo && echo more >> a && echo x > new"

static const struct as_git_scene scenes[] = {
	{"untracked", "echo x > new && mkdir -p n/m && echo y > n/m/y && echo z > src/z && : > n/none && mkdir -p nothing/in/here"},
	{"ignored", "printf '*.o\\nout/\\n!keep.o\\n' > .gitignore && mkdir out && echo x > x.o && echo x > out/x && echo k > src/keep.o"},
	{"modes", "echo x > x && chmod 755 x && echo y > y && chmod 700 y && echo z > z && chmod 611 z"},
	{"modes not trusted", "git config core.fileMode false && echo x > x && chmod 755 x"},
	{"links", "ln -s /etc/passwd out && ln -s ../../outside out2 && ln -s nowhere dangling && ln -s src folder && ln -s . self"},
	{"names", "echo 1 > \"$(printf 'b\\377\\376')\" && mkdir \"$(printf 'd\\300')\" && echo 2 > \"$(printf 'd\\300/\\001')\" && "
		  "echo 3 > \"$(printf 'a\\nb')\" && echo 4 > ' ' && echo 5 > '\"' && echo 6 > .hidden && echo 7 > a-b && mkdir a.d && echo 8 > a.d/x"},
	{"names around those that are tracked", "echo 1 > src.c && echo 2 > src0 && mkdir src-e && echo 3 > src-e/f && echo 4 > 'src/b!' && echo 5 > src/deep.c"},
	{"line ends", "git config core.autocrlf input && printf 'x\\r\\ny\\r\\n' > new && printf 'x\\r\\0' > bin"},
	{"attributes", "printf '*.t text eol=crlf\\n*.i ident\\n*.b -text\\n' > .gitattributes && printf 'x\\r\\n' > x.t && printf '$Id: 1 $\\n' > y.i && "
		       "printf 'z\\r\\n' > z.b && mkdir s && echo '*.t -text' > s/.gitattributes && printf 'x\\r\\n' > s/x.t"},
	{"a folder and a file change places", "rm -r src a && echo s > src && mkdir -p a/b && echo 1 > a/b/c"},
	{"a folder becomes a link", "mv src else && ln -s else src"},
	{"renamed", "git mv a b && mv src source && echo more >> source/b"},
	{"removed from the index", "git rm -q --cached a && git rm -rq --cached src"},
	{"LFS pointers without git-lfs", "echo '*.bin filter=lfs -text' > .gitattributes && " POINTER " > w.bin && git add . && git commit -q -m lfs && touch w.bin"},
	{"LFS files", LFS "head -c 5000 /dev/zero > w.bin && git add . && git commit -q -m lfs && head -c 6000 /dev/zero > v.bin && : > e.bin && " POINTER " > p.bin"},
	{"LFS files, changed", LFS "head -c 5000 /dev/zero > w.bin && git add . && git commit -q -m lfs && echo more >> w.bin"},
	{"shallow", "git commit -q --allow-empty -m 2 && " CLONE("--depth 1 \"file://$PWD/source\"")},
	{"partial", "git config uploadpack.allowFilter true && echo 2 > a && git commit -q -a -m 2 && " CLONE("--filter=blob:none \"file://$PWD/source\"")},
	{"a git folder elsewhere", "mv .git ../separate && echo \"gitdir: $PWD/../separate\" > .git && echo x > new"},
	{"alternates", CLONE("-s source")},
	{"merge in progress", "git checkout -q -b o && echo o > o && git add o && git commit -q -m o && git checkout -q main && echo m > m && git add m && "
			      "git commit -q -m m && git merge -q --no-commit o && echo x > new"},
	{"rebase in progress", "git checkout -q -b o && echo o > a && git commit -q -a -m o && git checkout -q main && echo m > a && git commit -q -a -m m && "
			       "! git rebase -q o > /dev/null 2>&1 && echo x > new"},
	{"bisect", "for i in 1 2 3 4; do echo $i > a; git commit -q -a -m $i; done && git bisect start -q HEAD HEAD~4 > /dev/null && echo x > new"},
	{"index of version 4 with an untracked cache", "git update-index --index-version 4 --untracked-cache && git status > /dev/null && echo x > new"},
	{"detached", "git checkout -q --detach && echo x > new"},
	{"unborn", "rm -r .git && git init -q . && echo x > src/new"},
	{"a repository within", NEW("nested") "(cd nested && echo more >> l) && mkdir hold && cp -r nested hold/in"},
	{"a repository within, ignored", "echo nested > .gitignore && " NEW("nested") "true"},
	{"what only looks like one", "mkdir -p odd/.git && echo x > odd/x && mkdir odd2 && echo 'gitdir: nowhere' > odd2/.git && echo y > odd2/y"},
	{"a repository in the place of a file", "rm a && " NEW("a") "true"},
	{"submodule", LIB "true"},
	{"submodule, dirty", LIB "echo more >> vendor/lib/l && echo x > vendor/lib/new"},
	{"submodule, moved on", LIB "(cd vendor/lib && echo 2 > l && git commit -q -a -m 2)"},
	{"submodule, missing", LIB SUB "-q deinit -f --all && test -d vendor/lib"},
	{"submodule, removed", LIB "rm -r vendor"},
	{"submodule, renamed", LIB "git mv vendor/lib vendor/other"},
	{"submodule, moved by hand", LIB "mv vendor/lib vendor/hand && echo \"gitdir: $PWD/.git/modules/vendor/lib\" > vendor/hand/.git && "
				     "git config -f .git/modules/vendor/lib/config core.worktree ../../../../vendor/hand"},
	{"submodule within a submodule", NEW("../lib") NEW("../mid") "(cd ../mid && " SUB "add -q ../lib lib && git commit -q -m lib) && " SUB "add -q ../mid mid && "
				     SUB "-q update --init --recursive && git commit -q -m mid && echo more >> mid/lib/l"},
	{"submodule, added and not committed", NEW("../lib") SUB "add -q ../lib vendor/lib"},
	{"submodule replaced by a file", LIB "rm -r vendor/lib && echo f > vendor/lib"},
	{"submodule replaced by a folder", LIB "git rm -q --cached vendor/lib && rm vendor/lib/.git"},
	{"sparse checkout with strangers", "git sparse-checkout set src && mkdir -p other && echo x > other/x && echo y > src/y"},
	{"index lock held", "echo x > new && : > .git/index.lock && touch ../hold"},
};

static void each_as_git_adds_it(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof scenes / sizeof *scenes; i++) {
		print_message("scene: %s\n", scenes[i].name);
		as_git_check_scene(scenes + i, i % 2 ? "repo/.git/glassbox" : "store");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(each_as_git_adds_it)};

	return cmocka_run_group_tests(tests, repo_group_setup, repo_group_teardown);
}
