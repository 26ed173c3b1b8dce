/* Makes a store of sealed runs as `glassbox run` would have recorded them, without the jobs: make_store STORE RUNS RECORDS [PARAMETERS].
 * Each run has so many records, so many of them parameters (50); of what is left one in four is a block of 16 points of a metric, the
 * others are heartbeats. Nothing is synced. */
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "journal/streams.h"
#include "run/facts.h"
#include "store/journals.h"

struct made {
	struct gbx_recorder recorder;
	uint64_t left; /* records that the run still needs, the last two apart */
	unsigned number;
	uint64_t random;
};

static void check(int rc, const struct gbx_error *err)
{
	if (rc) {
		fprintf(stderr, "make_store: %s\n", err->line);
		exit(1);
	}
}

static unsigned pick(struct made *m, unsigned below)
{
	m->random = m->random * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(m->random >> 33) % below;
}

static void put(struct made *m, Glassbox__Body__BodyCase kind, void *message)
{
	Glassbox__Body body = GLASSBOX__BODY__INIT;

	body.body_case = kind;
	body.heartbeat = message; /* all members are one pointer */
	if (m->left && gbx_put(&m->recorder, &body, NULL))
		m->left--;
}

static void put_parameter(struct made *m, const char *name, char *number)
{
	Glassbox__Parameter p = GLASSBOX__PARAMETER__INIT;

	p.name = (char *)(uintptr_t)name;
	p.value_case = GLASSBOX__PARAMETER__VALUE_NUMBER;
	p.number = number;
	p.source = GLASSBOX__PARAMETER__SOURCE__OPTION;
	put(m, GLASSBOX__BODY__BODY_PARAMETER, &p);
}

static void put_parameters(struct made *m, unsigned count)
{
	char name[40], value[40];

	snprintf(value, sizeof value, "0.%03u", 1 + pick(m, 999));
	put_parameter(m, "lr", value);
	for (unsigned i = 1; i < count; i++) {
		snprintf(name, sizeof name, "model.layer%u.width", i);
		snprintf(value, sizeof value, "%u", pick(m, 4096));
		put_parameter(m, name, value);
	}
}

static void put_code(struct made *m)
{
	static uint8_t id[GBX_SHA256_LEN];
	Glassbox__Code c = GLASSBOX__CODE__INIT;
	Glassbox__Git g = GLASSBOX__GIT__INIT;

	id[0] = (uint8_t)pick(m, 256);
	c.head_commit = c.head_tree = c.tree = gbx_pb_bytes(id, GBX_SHA1_LEN);
	c.root = c.manifest = gbx_pb_bytes(id, sizeof id);
	c.files = 1;
	c.complete = true;
	put(m, GLASSBOX__BODY__BODY_CODE, &c);
	g.fact_case = GLASSBOX__GIT__FACT_BRANCH;
	g.branch = (char *)(uintptr_t) "main";
	put(m, GLASSBOX__BODY__BODY_GIT, &g);
}

static void put_dataset(struct made *m)
{
	static uint8_t root[GBX_SHA256_LEN] = {7};
	Glassbox__Dataset d = GLASSBOX__DATASET__INIT;
	Glassbox__Path path = GLASSBOX__PATH__INIT;

	path.root = (char *)(uintptr_t) "repo";
	path.path = gbx_pb_bytes("data", 4);
	d.name = (char *)(uintptr_t) "train";
	d.path = &path;
	d.files = 1000;
	d.bytes = 1u << 30;
	d.root = d.salted_root = gbx_pb_bytes(root, sizeof root);
	put(m, GLASSBOX__BODY__BODY_DATASET, &d);
}

static void put_points(struct made *m, uint64_t first)
{
	static uint8_t ring[GBX_STREAM_LEN] = {1};
	Glassbox__Metric p = GLASSBOX__METRIC__INIT;
	uint64_t step[16], nanos[16];
	double value[16];

	for (unsigned i = 0; i < 16; i++) {
		step[i] = first + i;
		nanos[i] = gbx_now_nanos();
		value[i] = 1.0 / (double)(1 + first + pick(m, 16));
	}
	p.name = (char *)(uintptr_t) "loss";
	p.ring = gbx_pb_bytes(ring, sizeof ring);
	p.first = first;
	p.n_step = p.n_value = p.n_time_unix_nanos = 16;
	p.step = step;
	p.value = value;
	p.time_unix_nanos = nanos;
	put(m, GLASSBOX__BODY__BODY_METRIC, &p);
}

static void put_end(struct made *m)
{
	Glassbox__RunEnd e = GLASSBOX__RUN_END__INIT;

	e.outcome_case = GLASSBOX__RUN_END__OUTCOME_EXIT;
	e.exit = pick(m, 10) ? 0 : 1;
	e.started_unix_nanos = gbx_now_nanos();
	e.ended_unix_nanos = e.started_unix_nanos + pick(m, 3600) * (uint64_t)1000000000;
	m->left++;
	put(m, GLASSBOX__BODY__BODY_RUN_END, &e);
}

static void put_beginning(struct made *m, const char *repo)
{
	char *argv[] = {(char[]){"python"}, (char[]){"train.py"}, (char[]){"--epochs"}, (char[]){"10"}, NULL};
	char name[40];
	struct gbx_error err;

	gbx_put_run_start(&m->recorder);
	snprintf(name, sizeof name, "sweep-%03u", m->number % 100);
	gbx_put_name(&m->recorder, name);
	check(gbx_add_root(&m->recorder, "repo", repo, &err), &err);
	gbx_put_roots(&m->recorder);
	gbx_put_arguments(&m->recorder, argv);
	gbx_put_machine(&m->recorder);
	m->left -= 13; /* with the stream's start */
}

/* As gbx_seal_write does, without its syncs. */
static void seal(struct made *m)
{
	GBX_AUTO_BYTES struct gbx_bytes list = {0};
	GBX_AUTO_HASH struct gbx_hash *h = NULL;
	GBX_AUTO_STRING char *dir = gbx_run_path(m->recorder.store, m->recorder.run_text, "streams");
	GBX_AUTO_FD int fd = -1;
	struct gbx_tree tree = {0};
	struct gbx_stream_entry e = {.state = GBX_STREAM_ENDED};
	Glassbox__Seal s = GLASSBOX__SEAL__INIT;
	uint8_t leaf[GBX_SHA256_LEN], root[GBX_SHA256_LEN];
	struct gbx_error err;

	check(gbx_hash_new(&h, GBX_SHA256, &err), &err);
	check(gbx_writer_head(m->recorder.writer, &e.head, &err), &err);
	check(gbx_stream_leaf(h, &e, leaf, &err), &err);
	check(gbx_tree_append(&tree, h, leaf, &err), &err);
	check(gbx_tree_root(&tree, h, root, &err), &err);
	check(gbx_stream_entry_write(&e, &list, &err), &err);
	check(gbx_make_dirs(dir, 0700, &err), &err);
	GBX_AUTO_STRING char *path = gbx_list_path(dir, root);
	check(gbx_create_new(path, 0600, &fd, &err), &err);
	check(gbx_write(fd, list.data, list.len, &err), &err);
	s.state = GLASSBOX__SEAL__STATE__EXITED;
	s.streams = 1;
	s.root = gbx_pb_bytes(root, sizeof root);
	m->left = 1;
	put(m, GLASSBOX__BODY__BODY_SEAL, &s);
}

static void make_run(struct gbx_store *store, unsigned number, uint64_t records, unsigned parameters)
{
	struct made m = {.left = records - 2, .number = number, .random = number};
	Glassbox__Heartbeat beat = GLASSBOX__HEARTBEAT__INIT;
	uint8_t run[GBX_ULID_LEN] = {0}, time[8];
	struct gbx_error err;

	/* One a minute since September 2020; the number is also what is random in its id, so that a store can be made again. */
	gbx_put_be64(time, 1600000000000u + number * (uint64_t)60000);
	memcpy(run, time + 2, 6);
	gbx_put_be32(run + 12, number * 2654435761u);
	check(gbx_recorder_begin(&m.recorder, store, run, NULL, &err), &err);
	put_beginning(&m, number % 3 ? "/home/somebody/src/training" : "/home/somebody/src/another");
	put_code(&m);
	put_dataset(&m);
	put_parameters(&m, parameters);
	for (uint64_t i = 0; m.left; i++) {
		beat.seconds = 60 * i;
		if (i % 4)
			put(&m, GLASSBOX__BODY__BODY_HEARTBEAT, &beat);
		else
			put_points(&m, i * 4);
	}
	put_end(&m);
	seal(&m);
	gbx_recorder_free(&m.recorder);
}

int main(int argc, char **argv)
{
	GBX_CLEANUP(gbx_store_free) struct gbx_store store = {0};
	struct gbx_store_choice choice = {.option = argc > 1 ? argv[1] : NULL, .create = true};
	struct gbx_error err;

	if (argc < 4) {
		fprintf(stderr, "usage: make_store STORE RUNS RECORDS [PARAMETERS]\n");
		return 2;
	}
	unsigned runs = (unsigned)strtoul(argv[2], NULL, 10), parameters = argc > 4 ? (unsigned)strtoul(argv[4], NULL, 10) : 50;
	uint64_t records = strtoull(argv[3], NULL, 10);
	check(gbx_store_find(&choice, &store, &err), &err);
	for (unsigned i = 0; i < runs; i++)
		make_run(&store, i, records < 40 ? 40 : records, parameters);
	return 0;
}
