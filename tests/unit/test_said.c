/* What a record says in words, and whether that tells what another holds. */
#include <string.h>

#include "base/unescape.h"
#include "run/said.h"
#include "run/told.h"
#include "scratch.h"

#define PATH(root_, path_) &(Glassbox__Path){.base = PROTOBUF_C_MESSAGE_INIT(&glassbox__path__descriptor), .root = root_, .path = {sizeof path_ - 1, (uint8_t *)path_}}
#define BODY(case_, member_) &(Glassbox__Body){.base = PROTOBUF_C_MESSAGE_INIT(&glassbox__body__descriptor), .body_case = GLASSBOX__BODY__BODY_##case_, member_}

static void each_field_of_bytes_is_a_text_or_a_digest(void **state)
{
	static const char *const digest[] = {"stream", "root", "sha256", "head_commit", "head_tree", "tree", "manifest", "listing", "salted_root",
					     "machine", "commit", "archive", "record", "build_id", "ring", "run", "uuid", "digest"};
	size_t texts = 0;

	(void)state;
	for (unsigned i = 0; i < glassbox__body__descriptor.n_fields; i++) {
		const ProtobufCMessageDescriptor *m = glassbox__body__descriptor.fields[i].descriptor;
		for (unsigned n = 0; n < m->n_fields; n++) {
			bool known = m->fields[n].type != PROTOBUF_C_TYPE_BYTES || gbx_is_said(&m->fields[n]);
			texts += gbx_is_said(&m->fields[n]);
			for (size_t k = 0; !known && k < sizeof digest / sizeof *digest; k++)
				known = strcmp(m->fields[n].name, digest[k]) == 0;
			if (!known)
				fail_msg("%s.%s: a text (then run/said.c has to know it), or a digest (then it belongs here)?", m->name, m->fields[n].name);
		}
	}
	assert_in_range(texts, 4, 20);
}

static void escapes_are_resolved(void **state)
{
	static const char *const row[][3] = {
		{"plain", "plain", "plain"}, {"/a\\\"b\\\\c\\/d", "/a\"b\\c/d", NULL}, {"jos\\u00e9 \\u20ac \\x41", "jos\xc3\xa9 \xe2\x82\xac A", NULL},
		{"\\ud83d\\ude00|\\ud83d", "\xf0\x9f\x98\x80|\xed\xa0\xbd", NULL}, {"\\U0001F600", "\xf0\x9f\x98\x80", NULL}, {"a\\tb\\n", "a\tb\n", NULL},
		{"\\", "\\", NULL}, {"\\u12", "\\u12", NULL}, {"\\q\\xg", "\\q\\xg", NULL}, {"\\UFFFFFFFF", "\\UFFFFFFFF", NULL},
		{"%2Fhome%2fann%", "%2Fhome%2fann%", "/home/ann%"}, {"%4", "%4", "%4"}, {"%zz%C3%A9", "%zz%C3%A9", "%zz\xc3\xa9"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
		GBX_AUTO_BYTES struct gbx_bytes one = {0}, two = {0};
		assert_int_equal(gbx_unescape(gbx_slice_text(row[i][0]), &one, NULL), 0);
		assert_string_equal((const char *)one.data, row[i][1]);
		assert_int_equal(gbx_unpercent(gbx_slice_text(row[i][0]), &two, NULL), 0);
		assert_string_equal((const char *)two.data, row[i][2] ? row[i][2] : row[i][0]);
	}
}

static bool says(const Glassbox__Body *b, const char *word)
{
	GBX_AUTO_BYTES struct gbx_bytes said = {0};

	assert_int_equal(gbx_said(&(struct gbx_store){.path = "."}, "run", b, &said, NULL), 0);
	return said.len && memmem(said.data, said.len, word, strlen(word));
}

static void a_record_says_names_values_paths_and_its_file(void **state)
{
	Glassbox__Body b = GLASSBOX__BODY__INIT;
	Glassbox__Parameter param = GLASSBOX__PARAMETER__INIT;
	Glassbox__Place place = GLASSBOX__PLACE__INIT;
	Glassbox__PathList list = GLASSBOX__PATH_LIST__INIT;
	Glassbox__Config config = GLASSBOX__CONFIG__INIT;
	Glassbox__Blob blob = GLASSBOX__BLOB__INIT;
	uint8_t sha256[GBX_SHA256_LEN] = {0};
	char file[] = "runs/run/blob/0000000000000000000000000000000000000000000000000000000000000000";
	char value[] = "[\"/x/a\\\"b/1\",\"{\\\"p\\\": \\\"/y/a\\\\\\\"b\\\"}\",\"file:///jos%C3%A9\"]";

	(void)state;
	b.body_case = GLASSBOX__BODY__BODY_PARAMETER;
	b.parameter = &param;
	param.name = (char[]){"weights./home/ann"};
	param.value_case = GLASSBOX__PARAMETER__VALUE_JSON;
	param.json = value;
	for (const char *const *word = (const char *const[]){"weights./home/ann", "/x/a\"b/1", "/y/a\"b", "/jos\xc3\xa9", value, NULL}; *word; word++)
		assert_true(says(&b, *word));
	b.body_case = GLASSBOX__BODY__BODY_PLACE;
	b.place = &place;
	place.place_case = GLASSBOX__PLACE__PLACE_PATHS;
	place.paths = &list;
	list.root = (char[]){"/"};
	list.path = (ProtobufCBinaryData[]){{3, (uint8_t *)"abc"}, {8, (uint8_t *)"home/ann"}};
	list.n_path = 2;
	assert_true(says(&b, "/home/ann"));
	assert_int_equal(system("mkdir -p runs/run/blob"), 0);
	put_file(file, "x = \"PLAIN\\u0056ALUE\"", 20);
	b.body_case = GLASSBOX__BODY__BODY_CONFIG;
	b.config = &config;
	config.path = PATH("repo", "acme.toml");
	config.content = &blob;
	blob.sha256 = gbx_pb_bytes(sha256, sizeof sha256);
	assert_true(says(&b, "acme.toml"));
	assert_true(says(&b, "PLAINVALUE"));
	assert_int_equal(remove(file), 0);
	assert_false(says(&b, "PLAINVALUE"));
}

static void what_kind_of_machine_it_was_is_no_text(void **state)
{
	Glassbox__Body b = GLASSBOX__BODY__INIT;
	Glassbox__System system = GLASSBOX__SYSTEM__INIT;

	(void)state;
	b.body_case = GLASSBOX__BODY__BODY_SYSTEM;
	b.system = &system;
	system.os = (char[]){"Debian"};
	assert_false(says(&b, "Debian"));
}

static bool tells(const Glassbox__Body *shown, const Glassbox__Body *withheld)
{
	GBX_AUTO_BYTES struct gbx_bytes said = {0};
	struct gbx_secret secret = {.kind = gbx_kind_find((Glassbox__Kind)withheld->body_case)};
	struct gbx_telling telling = {.at.seq = 1, .body = shown};

	assert_int_equal(gbx_secret_take(withheld, &secret, NULL), 0);
	assert_int_equal(gbx_said(&(struct gbx_store){.path = "."}, "run", shown, &said, NULL), 0);
	telling.said = gbx_slice_of(&said);
	bool told = gbx_tells(&telling, &secret);
	gbx_secret_free(&secret);
	return told;
}

static void software_tells_of_software(void **state)
{
	Glassbox__Owner owner = GLASSBOX__OWNER__INIT;
	Glassbox__Package numpy = GLASSBOX__PACKAGE__INIT, again = GLASSBOX__PACKAGE__INIT, stubs = GLASSBOX__PACKAGE__INIT;
	Glassbox__Library in_numpy = GLASSBOX__LIBRARY__INIT, other = GLASSBOX__LIBRARY__INIT;
	Glassbox__Interpreter python = GLASSBOX__INTERPRETER__INIT;
	Glassbox__Name name = GLASSBOX__NAME__INIT;

	(void)state;
	numpy.name = again.name = owner.name = (char[]){"numpy"};
	stubs.name = (char[]){"numpy-stubs"};
	numpy.path = again.path = stubs.path = PATH("home", "site-packages/x.dist-info");
	numpy.url = (char[]){"https://git.example.org/numpy"};
	in_numpy.owner = &owner;
	in_numpy.path = PATH("/", "opt/lib/core.so");
	other.path = PATH("/", "opt/bin/python3");
	python.path = python.prefix = other.path;
	name.name = (char[]){"of-git.example.org/numpy"};
	const Glassbox__Body *package = BODY(PACKAGE, .package = &numpy), *library = BODY(LIBRARY, .library = &other);
	assert_true(tells(BODY(PACKAGE, .package = &again), package));
	assert_true(tells(BODY(LIBRARY, .library = &in_numpy), package));
	assert_false(tells(BODY(PACKAGE, .package = &stubs), package));
	assert_false(tells(library, package));
	assert_true(tells(BODY(INTERPRETER, .interpreter = &python), library));
	assert_true(tells(library, BODY(INTERPRETER, .interpreter = &python)));
	assert_false(tells(BODY(LIBRARY, .library = &in_numpy), library));
	assert_false(tells(BODY(NAME, .name = &name), package));
	name.name = (char[]){"from https://git.example.org/numpy.git"};
	assert_true(tells(BODY(NAME, .name = &name), package));
}

static void a_dash_may_be_an_underscore(void **state)
{
	Glassbox__Parameter param = GLASSBOX__PARAMETER__INIT;
	Glassbox__Name name = GLASSBOX__NAME__INIT;
	Glassbox__Host host = GLASSBOX__HOST__INIT;

	(void)state;
	param.name = (char[]){"acme-_acme_churn_size"};
	name.name = (char[]){"acme-churn"};
	assert_true(tells(BODY(PARAMETER, .parameter = &param), BODY(NAME, .name = &name)));
	name.name = (char[]){"-churn-acme"};
	assert_false(tells(BODY(PARAMETER, .parameter = &param), BODY(NAME, .name = &name)));
	host.hostname = (char[]){"gpu-box-1"};
	param.name = (char[]){"at.gpu_box_12.gpu_box_1"};
	assert_true(tells(BODY(PARAMETER, .parameter = &param), BODY(HOST, .host = &host)));
	param.name = (char[]){"at.gpu_box_12.agpu_box_1"};
	assert_false(tells(BODY(PARAMETER, .parameter = &param), BODY(HOST, .host = &host)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_field_of_bytes_is_a_text_or_a_digest),
		cmocka_unit_test(escapes_are_resolved),
		cmocka_unit_test_setup_teardown(a_record_says_names_values_paths_and_its_file, scratch_enter, scratch_leave),
		cmocka_unit_test(what_kind_of_machine_it_was_is_no_text),
		cmocka_unit_test(software_tells_of_software),
		cmocka_unit_test(a_dash_may_be_an_underscore),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
