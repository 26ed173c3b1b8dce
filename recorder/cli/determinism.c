#include "cli/determinism.h"

#include <stdio.h>
#include <strings.h>

#include "base/json.h"
#include "base/text.h"
#include "cli/cli.h"

/* What a value has to be. */
enum wanted {
	SAME,   /* what the other run has, whatever that is: of one run alone nothing follows */
	NUMBER, /* a number, and not "random" */
	ONE_OF, /* one of those in `good` */
	HOLDS,  /* `good` is a part of it */
};

/* Variables that decide whether a run repeats. */
static const struct rule {
	const char *name;
	enum wanted wanted;
	const char *good; /* with spaces between */
	const char *why, *how;
} rules[] = {
	{"PYTHONHASHSEED", NUMBER, NULL, "hashes of text, and with them the order of sets, differ from process to process", "PYTHONHASHSEED=0"},
	{"CUBLAS_WORKSPACE_CONFIG", ONE_OF, ":4096:8 :16:8", "cuBLAS may take another workspace, and add in another order, when streams run at once",
	 "CUBLAS_WORKSPACE_CONFIG=:4096:8"},
	{"NVIDIA_TF32_OVERRIDE", SAME, NULL, "whether products are made in TF32 is left to the libraries", "NVIDIA_TF32_OVERRIDE=0"},
	{"TORCH_ALLOW_TF32_CUBLAS_OVERRIDE", SAME, NULL, "whether PyTorch's products are made in TF32 is left to its version",
	 "TORCH_ALLOW_TF32_CUBLAS_OVERRIDE=0"},
	{"NCCL_ALGO", SAME, NULL, "NCCL picks the order in which ranks are added by what it finds of the network", "NCCL_ALGO=Ring"},
	{"NCCL_PROTO", SAME, NULL, "NCCL picks its protocol, and with it the sizes of what is added, by what it finds", "NCCL_PROTO=Simple"},
	{"OMP_NUM_THREADS", SAME, NULL, "sums are split over as many threads as there are processors", "OMP_NUM_THREADS=N"},
	{"MKL_NUM_THREADS", SAME, NULL, "MKL splits over as many threads as it thinks best", "MKL_NUM_THREADS=N"},
	{"MKL_CBWR", SAME, NULL, "MKL takes other kernels on other processors and for other alignments", "MKL_CBWR=COMPATIBLE"},
	{"TF_DETERMINISTIC_OPS", ONE_OF, "1 true", "TensorFlow may take operations that do not repeat", "TF_DETERMINISTIC_OPS=1"},
	{"XLA_FLAGS", HOLDS, "--xla_gpu_deterministic_ops=true", "XLA tunes by measuring, which differs from run to run",
	 "XLA_FLAGS=\"--xla_gpu_deterministic_ops=true --xla_gpu_autotune_level=0\""},
	{"JAX_ENABLE_X64", SAME, NULL, "JAX computes in 32 bits where the program does not say otherwise", "JAX_ENABLE_X64=0 or 1"},
	{"PYTORCH_CUDA_ALLOC_CONF", SAME, NULL, "where tensors lie may choose a kernel; the allocator's default changes with versions",
	 "PYTORCH_CUDA_ALLOC_CONF=..., the same in both runs"},
	{"CUDA_VISIBLE_DEVICES", SAME, NULL, "another GPU of the machine may be of another model", "CUDA_VISIBLE_DEVICES=0,..."},
};
#define RULES (sizeof rules / sizeof *rules)
_Static_assert(RULES <= GBX_DETERMINISM_VARIABLES, "a place for each variable");

void gbx_determinism_free(struct gbx_determinism *d)
{
	gbx_arena_free(&d->memory);
}

static int take_variable(struct gbx_determinism *d, const Glassbox__Variable *v, struct gbx_error *err)
{
	d->variables = true;
	for (size_t i = 0; i < RULES; i++) {
		if (!gbx_slice_is(gbx_slice_text(v->name), rules[i].name) || v->content_case != GLASSBOX__VARIABLE__CONTENT_VALUE)
			continue;
		char *copy = gbx_arena_alloc(&d->memory, 256);
		if (!copy)
			return gbx_fail(err, GBX_E_NOMEM, "no memory for a variable");
		d->value[i] = gbx_printable_in(gbx_pb_slice(v->value), copy, 256);
	}
	return 0;
}

static void take_gap(struct gbx_determinism *d, const Glassbox__Gap *g)
{
	switch (g->kind) {
	case GLASSBOX__GAP__KIND__UNTRACKED:
	case GLASSBOX__GAP__KIND__CODE_FILE:
	case GLASSBOX__GAP__KIND__SUBMODULE:
	case GLASSBOX__GAP__KIND__LFS:
		d->untracked += g->count;
		break;
	case GLASSBOX__GAP__KIND__DATA:
	case GLASSBOX__GAP__KIND__HASH_PENDING:
		d->unhashed += g->count;
		break;
	default:
		break;
	}
}

/* "seed", "training.random_seed", "--data-seed": a name whose last part has it. */
static bool names_seed(const char *name)
{
	const char *last = strrchr(name, '.');

	return strcasestr(last ? last : name, "seed") != NULL;
}

static void take_device(struct gbx_determinism *d, const Glassbox__Device *m)
{
	d->devices = d->devices || m->device_case == GLASSBOX__DEVICE__DEVICE_BUS;
	d->gpus += m->device_case == GLASSBOX__DEVICE__DEVICE_GPU;
}

int gbx_determinism_take(struct gbx_determinism *d, const struct gbx_record *r, struct gbx_error *err)
{
	const Glassbox__Body *b = r->body;

	switch (b->body_case) {
	case GLASSBOX__BODY__BODY_VARIABLE:
		return take_variable(d, b->variable, err);
	case GLASSBOX__BODY__BODY_GAP:
		take_gap(d, b->gap);
		break;
	case GLASSBOX__BODY__BODY_DEVICE:
		take_device(d, b->device);
		break;
	case GLASSBOX__BODY__BODY_CODE:
		d->code = true;
		d->code_complete = b->code->complete;
		break;
	case GLASSBOX__BODY__BODY_DATASET:
		d->datasets++;
		d->unhashed += b->dataset->root.len == 0;
		break;
	case GLASSBOX__BODY__BODY_PARAMETER:
		d->seed = d->seed || names_seed(b->parameter->name);
		break;
	default:
		break;
	}
	return 0;
}

/* One thing, as it is told. */
struct told {
	const char *name, *state, *value;
	int repeats; /* 1 yes, 0 no, -1 not known */
	const char *why, *how;
};

#define OTHERS 5

static bool is_one_of(const char *list, const char *value)
{
	size_t len = strlen(value);

	for (const char *at = list; at; at = strchr(at, ' ') ? strchr(at, ' ') + 1 : NULL)
		if (strncasecmp(at, value, len) == 0 && (at[len] == ' ' || !at[len]))
			return true;
	return false;
}

static int judge(const struct rule *r, const char *value)
{
	switch (r->wanted) {
	case NUMBER:
		return *value && strspn(value, "0123456789") == strlen(value);
	case ONE_OF:
		return *value && is_one_of(r->good, value);
	case HOLDS:
		return strstr(value, r->good) != NULL;
	default:
		return -1;
	}
}

static struct told tell_variable(const struct gbx_determinism *d, size_t i)
{
	const struct rule *r = &rules[i];
	const char *value = d->value[i];

	if (value)
		return (struct told){r->name, "set", value, judge(r, value), r->why, r->how};
	return (struct told){r->name, d->variables ? "not set" : "not looked at", NULL, d->variables && r->wanted != SAME ? 0 : -1, r->why, r->how};
}

/* What is not a variable. Nobody looks into the process. */
static struct told tell_other(const struct gbx_determinism *d, size_t i, char text[64])
{
	switch (i) {
	case 0:
		snprintf(text, 64, "%s", d->code_complete && !d->untracked ? "complete" : "incomplete");
		return (struct told){"code", d->code ? "seen" : "not looked at", d->code ? text : NULL, d->code ? d->code_complete && !d->untracked : -1,
				     "files that the record does not hold may have been read", "commit them, or let git track them"};
	case 1:
		snprintf(text, 64, "%llu declared, %llu not hashed", (unsigned long long)d->datasets, (unsigned long long)d->unhashed);
		return (struct told){"data", d->datasets || d->unhashed ? "seen" : "not looked at", d->datasets || d->unhashed ? text : NULL,
				     d->datasets || d->unhashed ? d->unhashed == 0 : -1, "data that was not hashed may be other data next time",
				     "run --data NAME=PATH"};
	case 2:
		return (struct told){"seed", d->seed ? "seen" : "not seen", d->seed ? "a parameter names one" : NULL, d->seed ? -1 : 0,
				     "without a seed of its own a program takes one from the clock", "a parameter such as --seed, which the program obeys"};
	case 3:
		snprintf(text, 64, "%llu", (unsigned long long)d->gpus);
		return (struct told){"GPUs", d->devices ? "seen" : "not looked at", d->devices ? text : NULL, -1,
				     "other models, drivers and numbers of GPUs add in other orders", "the same models, as `show RUN machine` names them"};
	default:
		return (struct told){"in the process", "not looked at", NULL, -1,
				     "the program may ask for operations that do not repeat, or let cuDNN choose by measuring",
				     "torch.use_deterministic_algorithms(True); torch.backends.cudnn.benchmark = False"};
	}
}

static struct told tell(const struct gbx_determinism *d, size_t i, char text[64])
{
	return i < RULES ? tell_variable(d, i) : tell_other(d, i - RULES, text);
}

void gbx_determinism_print(const struct gbx_determinism *d)
{
	char text[64];

	printf("\nwhat may keep this run from repeating bit for bit, as far as its record tells\n");
	for (size_t i = 0; i < RULES + OTHERS; i++) {
		struct told t = tell(d, i, text);
		printf("  %-32s %s%s%s", t.name, t.state, t.value ? strcmp(t.state, "set") == 0 ? " to " : ": " : "", t.value ? t.value : "");
		/* What is set is as somebody wanted it, unless it is known to be of no use. */
		if (t.repeats == 0 || (t.repeats < 0 && strcmp(t.state, "set") != 0))
			printf("; %s: %s", t.why, t.how);
		printf("\n");
	}
}

json_t *gbx_determinism_json(const struct gbx_determinism *d)
{
	json_t *list = json_array();
	char text[64];

	for (size_t i = 0; list && i < RULES + OTHERS; i++) {
		struct told t = tell(d, i, text);
		gbx_json_push(&list, json_pack("{s:s, s:s, s:o, s:o, s:s, s:s}", "name", t.name, "state", t.state, "value",
					       t.value ? json_string(t.value) : json_null(), "repeats",
					       t.repeats < 0 ? json_null() : json_boolean(t.repeats), "why", t.why, "how", t.how));
	}
	return list;
}
