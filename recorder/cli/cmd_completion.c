/* glassbox completion: what a shell needs to complete our command lines. */
#include <stdio.h>

#include "cli/cli.h"
#include "cli/completion.h"

static const struct gbx_option options[] = {
	{"help", 'h', NULL, "print this"},
	{0},
};

static const char bash[] =
	"# glassbox for bash: eval \"$(glassbox completion bash)\"\n"
	"_glassbox() {\n"
	"\tlocal word rest\n"
	"\tCOMPREPLY=()\n"
	"\twhile IFS=$'\\t' read -r word rest; do\n"
	"\t\tif [ \"$word\" = :files ]; then\n"
	"\t\t\tcompopt -o default 2>/dev/null\n"
	"\t\telse\n"
	"\t\t\tprintf -v word %q \"$word\"\n"
	"\t\t\tCOMPREPLY+=(\"$word\")\n"
	"\t\tfi\n"
	"\tdone < <(glassbox completion words \"${COMP_WORDS[@]:0:COMP_CWORD+1}\" 2>/dev/null)\n"
	"}\n"
	"complete -F _glassbox glassbox\n";

static const char zsh[] =
	"#compdef glassbox\n"
	"# glassbox for zsh: eval \"$(glassbox completion zsh)\" behind compinit, or this as a file _glassbox in $fpath\n"
	"_glassbox() {\n"
	"\tlocal word rest files\n"
	"\tlocal -a found\n"
	"\twhile IFS=$'\\t' read -r word rest; do\n"
	"\t\tif [[ $word == :files ]]; then\n"
	"\t\t\tfiles=1\n"
	"\t\telse\n"
	"\t\t\tfound+=(\"${word//:/\\\\:}${rest:+:$rest}\")\n"
	"\t\tfi\n"
	"\tdone < <(glassbox completion words \"${(@)words[1,CURRENT]}\" 2>/dev/null)\n"
	"\t(( $#found )) && _describe -V glassbox found\n"
	"\t[[ -n $files ]] && _files\n"
	"}\n"
	"if [[ $funcstack[1] == _glassbox ]]; then _glassbox \"$@\"; else compdef _glassbox glassbox; fi\n";

static const char fish[] =
	"# glassbox for fish: glassbox completion fish | source\n"
	"function __glassbox_complete\n"
	"\tset -l typed (commandline -opc) (commandline -ct)\n"
	"\tfor line in (glassbox completion words $typed 2>/dev/null)\n"
	"\t\tif test \"$line\" = :files\n"
	"\t\t\t__fish_complete_path (commandline -ct)\n"
	"\t\telse\n"
	"\t\t\techo $line\n"
	"\t\tend\n"
	"\tend\n"
	"end\n"
	"complete -c glassbox -f -k -a '(__glassbox_complete)'\n";

static const struct {
	const char *name, *script;
} shells[] = {{"bash", bash}, {"zsh", zsh}, {"fish", fish}};
#define SHELLS (sizeof shells / sizeof *shells)

static const char *shell_name(size_t i)
{
	return shells[i].name;
}

static int unknown(const char *said)
{
	const char *near = gbx_nearest(said, shell_name, SHELLS);
	struct gbx_error err;

	gbx_fail(&err, GBX_E_USAGE, "completion: '%.40s'; expected bash, zsh or fish%s%s%s", said, near ? "; did you mean '" : "",
		 near ? near : "", near ? "'?" : "");
	return gbx_complain(&err);
}

static int cmd_completion(const struct gbx_given *given)
{
	const char *said = given->argument[0], *script = NULL;

	for (size_t i = 0; i < SHELLS; i++)
		if (strcmp(said, shells[i].name) == 0)
			script = shells[i].script;
	/* What the scripts ask. */
	bool words = strcmp(said, "words") == 0;
	if (!words && (!script || given->arguments > 1))
		return unknown(script ? given->argument[1] : said);
	if (words)
		gbx_complete(given->argument + 1, given->arguments - 1);
	else
		fputs(script, stdout);
	return gbx_end_output(GBX_EXIT_OK);
}

const struct gbx_command gbx_cmd_completion = {
	.name = "completion",
	.usage = "bash|zsh|fish",
	.summary = "print a script that completes command lines, ids and names of runs",
	.options = options,
	.least = 1,
	.most = SIZE_MAX,
	.takes_command = true,
	.usage_status = GBX_EXIT_USAGE,
	.run = cmd_completion,
};
