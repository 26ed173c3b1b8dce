/* Which variables are recorded with their values, and what becomes of odd ones. */
#include "base/limits.h"
#include "capture/variable_names.h"
#include "run/variables.h"
#include "scratch.h"
#include "store/runs.h"

static enum gbx_variable_use use(const char *name)
{
	return gbx_variable_use(gbx_slice_text(name));
}

/* The launchers and settings that users ask for. */
static void what_users_ask_for_has_a_value(void **state)
{
	static const char *const shown[] = {
		"RANK", "LOCAL_RANK", "GROUP_RANK", "WORLD_SIZE", "LOCAL_WORLD_SIZE", "MASTER_PORT", "TORCHELASTIC_RUN_ID", "TORCHELASTIC_RESTART_COUNT",
		"OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_LOCAL_RANK", "PMIX_NAMESPACE", "PMIX_RANK", "PMI_RANK", "PMI_SIZE",
		"MV2_COMM_WORLD_RANK", "FLUX_TASK_RANK", "PALS_RANKID", "SLURM_JOB_ID", "SLURM_STEP_ID", "SLURM_PROCID", "SLURM_LOCALID",
		"SLURM_NODEID", "SLURM_NTASKS", "SLURM_NNODES", "SLURM_ARRAY_JOB_ID", "SLURM_ARRAY_TASK_ID", "SLURM_RESTART_COUNT",
		"JOB_COMPLETION_INDEX", "RAY_JOB_ID", "JAX_PROCESS_ID", "TPU_WORKER_ID", "PBS_JOBID", "LSB_JOBID", "PYTHONHASHSEED",
		"CUBLAS_WORKSPACE_CONFIG", "NVIDIA_TF32_OVERRIDE", "TORCH_ALLOW_TF32_CUBLAS_OVERRIDE", "CUDA_VISIBLE_DEVICES", "CUDA_LAUNCH_BLOCKING",
		"NCCL_ALGO", "NCCL_PROTO", "OMP_NUM_THREADS", "MKL_CBWR", "MKL_NUM_THREADS", "TF_DETERMINISTIC_OPS", "XLA_FLAGS", "JAX_ENABLE_X64",
		"TORCHINDUCTOR_FREEZING", "PYTORCH_CUDA_ALLOC_CONF", "LANG", "LC_ALL", "TZ", "PATH", "LD_LIBRARY_PATH", "VIRTUAL_ENV", "CONDA_PREFIX",
	};
	static const char *const private[] = {"MASTER_ADDR", "SLURM_JOB_NODELIST", "SLURM_CLUSTER_NAME", "SM_CURRENT_HOST", "TF_CONFIG"};
	static const char *const named[] = {"SLURM_JWT", "SLURM_JWT_2", "TF_VAR_password", "TF_TOKEN_app", "HF_TOKEN", "AWS_SECRET_ACCESS_KEY", "HOME",
					    "USER", "TORCH_HUB_TOKEN", "PYTHON_API_KEY", "RANKS", "PAT", "SLURM_CONF", "", "*", "\xff"};

	(void)state;
	for (size_t i = 0; i < sizeof shown / sizeof *shown; i++)
		if (use(shown[i]) != GBX_VARIABLE_SHOWN)
			fail_msg("%s", shown[i]);
	for (size_t i = 0; i < sizeof private / sizeof *private; i++)
		if (use(private[i]) != GBX_VARIABLE_PRIVATE)
			fail_msg("%s", private[i]);
	for (size_t i = 0; i < sizeof named / sizeof *named; i++)
		if (use(named[i]) != GBX_VARIABLE_NAME)
			fail_msg("%s", named[i]);
}

/* A list whose names are parted by more than one space has an empty name. */
static void lists_are_well_formed(void **state)
{
	(void)state;
	for (const struct gbx_variable_names *t = gbx_variable_names(); t->names; t++) {
		assert_null(strstr(t->names, "  "));
		assert_true(*t->names && *t->names != ' ' && t->names[strlen(t->names) - 1] != ' ');
		assert_null(strstr(t->names, "* *"));
	}
}

/* What was recorded, in one text: "NAME=value;", "NAME;" of one without a value, "gap:REASON*COUNT;". */
struct seen {
	struct gbx_bytes text;
	size_t variables, valued;
};

static int take(void *arg, const struct gbx_stream_view *stream, const struct gbx_record *r, struct gbx_error *err)
{
	struct seen *seen = arg;
	const Glassbox__Variable *v = r->kind->kind == GLASSBOX__KIND__VARIABLE ? r->body->variable : NULL;

	(void)stream;
	if (r->kind->kind == GLASSBOX__KIND__GAP && r->body->gap->kind == GLASSBOX__GAP__KIND__VARIABLE)
		return gbx_bytes_printf(&seen->text, err, "gap:%d*%d;", (int)r->body->gap->reason, (int)r->body->gap->count);
	if (!v)
		return 0;
	seen->variables++;
	seen->valued += v->content_case != GLASSBOX__VARIABLE__CONTENT__NOT_SET;
	if (seen->variables > 100)
		return 0;
	int rc = gbx_bytes_printf(&seen->text, err, "%s", v->name);
	if (rc == 0 && v->content_case == GLASSBOX__VARIABLE__CONTENT_VALUE)
		rc = gbx_bytes_printf(&seen->text, err, "=%.*s", (int)v->value.len, (const char *)v->value.data);
	if (rc == 0 && v->content_case == GLASSBOX__VARIABLE__CONTENT_BLOB)
		rc = gbx_bytes_printf(&seen->text, err, "=blob of %d", (int)v->blob->size);
	return rc ? rc : gbx_bytes_append(&seen->text, ";", 1, err);
}

static void record(char *const *environment, struct seen *seen)
{
	static const uint8_t new_run[GBX_ULID_LEN];
	struct gbx_store store = {.path = (char[]){"store"}};
	struct gbx_recorder r = {0};
	struct gbx_run_view view = {0};
	struct gbx_error err;
	char run[GBX_ULID_TEXT + 1];

	assert_int_equal(gbx_make_dirs("store/runs", 0700, &err), 0);
	assert_int_equal(gbx_recorder_begin(&r, &store, new_run, NULL, &err), 0);
	memcpy(run, r.run_text, sizeof run);
	gbx_put_variables(&r, environment);
	gbx_recorder_free(&r);
	if (gbx_run_scan(&store, run, take, seen, &view, &err))
		fail_msg("%s", err.line);
	gbx_run_view_free(&view);
}

#define TEXT(t) ((char[]){t})

static bool said(const struct seen *seen, const char *text)
{
	return memmem(seen->text.data, seen->text.len, text, strlen(text)) != NULL;
}

static void values_by_the_table_and_no_secret(void **state)
{
	char *const environment[] = {TEXT("NCCL_ALGO=Ring"), TEXT("MASTER_ADDR=10.0.0.1"), TEXT("MY_THING=of-mine"), TEXT("LANG="),
				     TEXT("SLURM_JWT=eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhYmMifQ.c2lnbmF0dXJlc2lnbmF0dXJl"), TEXT("LC_X=a=b"),
				     TEXT("XLA_FLAGS=--x --key=hf_abcdefghijklmnopqrstuvwxyzABCDEF12"),
				     TEXT("ghp_abcdefghijklmnopqrstuvwxyzABCDEF1234=of-mine"), NULL};
	struct seen seen = {0};

	(void)state;
	record(environment, &seen);
	assert_int_equal(seen.variables, 8);
	assert_true(said(&seen, "NCCL_ALGO=Ring;") && said(&seen, "MASTER_ADDR=10.0.0.1;") && said(&seen, "MY_THING;") && said(&seen, "LANG=;"));
	assert_true(said(&seen, "SLURM_JWT;") && said(&seen, "LC_X=a=b;") && said(&seen, "XLA_FLAGS=--x --key={secret:") && said(&seen, "gap:21*1;"));
	assert_false(said(&seen, "of-mine") || said(&seen, "eyJ") || said(&seen, "abcdef"));
	gbx_bytes_free(&seen.text);
}

static void odd_ones_are_recorded_or_a_gap(void **state)
{
	static char large[100000] = "PATH=", long_name[5000];
	char *const environment[] = {TEXT("nothing"), TEXT("=C:=x"), TEXT(""), TEXT("PYTHONPATH=/a\xff/b"), TEXT("\xfe\x01=x"), large, long_name, NULL};
	struct seen seen = {0};

	(void)state;
	memset(large + 5, '/', sizeof large - 6);
	memset(long_name, 'a', sizeof long_name - 2);
	long_name[sizeof long_name - 2] = '=';
	record(environment, &seen);
	assert_int_equal(seen.variables, 3);
	assert_true(said(&seen, "PYTHONPATH=/a\xff/b;") && said(&seen, "\\xfe\\x01;") && said(&seen, "PATH=blob of 99994;"));
	assert_true(said(&seen, "gap:9*3;") && said(&seen, "gap:8*1;"));
	gbx_bytes_free(&seen.text);
}

static void very_many_are_bounded(void **state)
{
	enum { MANY = 100000 };
	char **environment = gbx_calloc(MANY + 1, sizeof *environment);
	struct seen seen = {0};

	(void)state;
	for (size_t i = 0; i < MANY; i++) {
		environment[i] = gbx_asprintf("%s%zu=1", i % 100 == 99 ? "NCCL_" : "MY_", i);
		assert_non_null(environment[i]);
	}
	record(environment, &seen);
	assert_int_equal(seen.variables, GBX_LIMIT_VARIABLES);
	assert_int_equal(seen.valued, MANY / 100);
	assert_true(said(&seen, "gap:8*90000;"));
	for (size_t i = 0; i < MANY; i++)
		gbx_free(environment[i]);
	gbx_free(environment);
	gbx_bytes_free(&seen.text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_users_ask_for_has_a_value),
		cmocka_unit_test(lists_are_well_formed),
		cmocka_unit_test_setup_teardown(values_by_the_table_and_no_secret, scratch_enter, scratch_leave),
		cmocka_unit_test_setup_teardown(odd_ones_are_recorded_or_a_gap, scratch_enter, scratch_leave),
		cmocka_unit_test_setup_teardown(very_many_are_bounded, scratch_enter, scratch_leave),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
