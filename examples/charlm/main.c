/* charlm: trains a small character-level language model. See README.md. */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "corpus.h"
#include "error.h"
#include "outdir.h"
#include "train.h"

enum { EXIT_WRONG_USAGE = 2 };

struct options {
	const char *config, *data, *out, *seed, *steps;
	int help;
};

static const char usage[] =
	"usage: charlm --config FILE [--data DIR] [--out DIR] [--seed N] [--steps N]\n"
	"\n"
	"  --config FILE  JSON file with the hyperparameters, such as config.json\n"
	"  --data DIR     folder with the text to learn (/usr/share/common-licenses)\n"
	"  --out DIR      folder for weights, log and sample, made where there is none (out)\n"
	"  --seed N       in place of \"seed\" in the config file\n"
	"  --steps N      in place of \"steps\" in the config file\n"
	"  --help         this text\n"
	"\n"
	"Exit status: 0 done, 1 the run failed, 2 wrong usage or configuration.\n";

static int parse_options(struct options *options, int argc, char **argv)
{
	static const struct option known[] = {
		{"config", required_argument, NULL, 'c'},
		{"data", required_argument, NULL, 'd'},
		{"out", required_argument, NULL, 'o'},
		{"seed", required_argument, NULL, 's'},
		{"steps", required_argument, NULL, 'n'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	int option;
	while ((option = getopt_long(argc, argv, "", known, NULL)) != -1)
		switch (option) {
		case 'c': options->config = optarg; break;
		case 'd': options->data = optarg; break;
		case 'o': options->out = optarg; break;
		case 's': options->seed = optarg; break;
		case 'n': options->steps = optarg; break;
		case 'h': options->help = 1; break;
		default: return -1; /* getopt_long has said what is wrong */
		}
	if (optind == argc)
		return 0;
	fprintf(stderr, "charlm: unexpected argument \"%s\"; everything is given by options\n",
			argv[optind]);
	return -1;
}

static int complain(const struct error *error, int status)
{
	fprintf(stderr, "charlm: %s\n", error->text);
	if (status == EXIT_WRONG_USAGE)
		fprintf(stderr, "Try 'charlm --help'.\n");
	return status;
}

/* The file, and over it what the options say. */
static int configure(struct config *config, const struct options *options, struct error *error)
{
	if (!options->config)
		return fail(error, "--config is missing; expected --config FILE, such as "
				"config.json");
	if (config_read(config, options->config, error) < 0)
		return -1;
	if (options->seed && config_set(config, "seed", options->seed, error) < 0)
		return -1;
	if (options->steps && config_set(config, "steps", options->steps, error) < 0)
		return -1;
	return config_check(config, options->config, error);
}

static int run(const struct config *config, const struct options *options, struct error *error)
{
	struct corpus corpus;
	int result = corpus_read(&corpus, options->data, error);
	if (result == 0) {
		printf("corpus: %zu file%s, %zu characters to train on, %zu held out, "
				"vocabulary of %zu\n", corpus.files, corpus.files == 1 ? "" : "s",
				corpus.train.length, corpus.held_out.length,
				corpus.vocabulary_size);
		result = outdir_make(options->out, error);
	}
	if (result == 0)
		result = train(config, &corpus, options->out, error);
	if ((fflush(stdout) != 0 || ferror(stdout)) && result == 0)
		result = fail(error, "standard output can't be written; all files in --out are "
				"whole");
	corpus_free(&corpus);
	return result;
}

int main(int argc, char **argv)
{
	struct options options = {.data = "/usr/share/common-licenses", .out = "out"};
	struct config config;
	struct error error;

	setvbuf(stdout, NULL, _IOLBF, 0); /* progress is for people, also through a pipe */
	if (parse_options(&options, argc, argv) < 0) {
		fprintf(stderr, "Try 'charlm --help'.\n");
		return EXIT_WRONG_USAGE;
	}
	if (options.help) {
		fputs(usage, stdout);
		return EXIT_SUCCESS;
	}
	if (configure(&config, &options, &error) < 0)
		return complain(&error, EXIT_WRONG_USAGE);
	if (run(&config, &options, &error) < 0)
		return complain(&error, EXIT_FAILURE);
	return EXIT_SUCCESS;
}
