/* Whole bundles: written, read back, copied by other tools, and changed. */
#include <unistd.h>


#include "base/limits.h"
#include "bundle/source.h"
#include "bundle/write.h"
#include "scratch.h"

static const char *const content[][3] = {
	{"journal/0.tfrecord", GBX_MEDIA_JOURNAL, "the journal"},
	{"journal/1.tfrecord", GBX_MEDIA_JOURNAL, "another journal"},
	{"manifest/0.tfrecord", GBX_MEDIA_MANIFEST, "same bytes"},
	{"manifest/1.tfrecord", GBX_MEDIA_MANIFEST, "same bytes"},
	{"file/44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a", GBX_MEDIA_JSON, "{}"},
	{"head.note", GBX_MEDIA_HEAD, ""},
	{"attestation/openness.json", GBX_MEDIA_IN_TOTO, "{\"a\":1}"},
};
#define CONTENTS (sizeof content / sizeof *content)

static int produce_text(void *arg, struct gbx_output *out, struct gbx_error *err)
{
	return out->write(out, arg, strlen(arg), err);
}

static void add_contents(struct gbx_bundle_writer *w)
{
	for (size_t i = 0; i < CONTENTS; i++) {
		struct gbx_memory_input in;
		gbx_memory_input(&in, gbx_slice_text(content[i][2]));
		if (i % 2)
			assert_int_equal(gbx_bundle_add_produced(w, content[i][0], content[i][1], produce_text,
								 (void *)(uintptr_t)content[i][2], NULL), 0);
		else
			assert_int_equal(gbx_bundle_add(w, content[i][0], content[i][1], &in.in, NULL), 0);
	}
}

static void write_bundle(const char *path, bool tar)
{
	GBX_AUTO_BUNDLE_WRITER struct gbx_bundle_writer *w = NULL;
	struct gbx_error err;

	assert_int_equal(gbx_bundle_create(path, tar, &w, &err), 0);
	add_contents(w);
	assert_int_equal(gbx_bundle_layers(w)->len, CONTENTS);
	assert_int_equal(gbx_bundle_finish(w, gbx_slice_text("{\"payload\":\"\"}"), &err), 0);
}

static void shell(const char *command)
{
	if (system(command) != 0)
		fail_msg("%s", command);
}

/* What verify does with layout and digests. */
struct found {
	unsigned layout, digests; /* problems told */
	int opened;               /* what gbx_source_open returned */
	int first;                /* the first code that was not 0 */
	char all[8192];           /* every line */
};

static void note(struct found *f, const struct gbx_error *err)
{
	size_t len = strlen(f->all);

	snprintf(f->all + len, sizeof f->all - len, "%s\n", err->line);
	if (!f->first)
		f->first = err->code;
}

static void on_problem(void *arg, const char *check, const struct gbx_error *err)
{
	struct found *f = arg;

	if (strcmp(check, "digests") == 0)
		f->digests++;
	else
		f->layout++;
	note(f, err);
}

static void check_layers(const struct gbx_source *s, struct found *f)
{
	const struct gbx_layers *layers = gbx_source_layers(s);

	for (size_t i = 0; i < layers->len; i++) {
		GBX_AUTO_BLOB struct gbx_blob *b = NULL;
		struct gbx_error err;
		int rc = gbx_source_blob(s, &layers->layer[i], &b, &err);
		if (rc == 0)
			rc = gbx_blob_finish(b, &err);
		if (rc == 0)
			continue;
		f->digests++;
		note(f, &err);
	}
}

static struct found check(const char *path)
{
	GBX_AUTO_SOURCE struct gbx_source *s = NULL;
	struct found f = {0};
	struct gbx_error err;

	f.opened = gbx_source_open(path, on_problem, &f, &s, &err);
	if (f.opened == 0)
		check_layers(s, &f);
	return f;
}

static void assert_whole(const char *path)
{
	struct found f = check(path);
	GBX_AUTO_SOURCE struct gbx_source *s = NULL;
	struct gbx_error err;

	if (f.first)
		fail_msg("%s: %s", path, f.all);
	assert_int_equal(gbx_source_open(path, NULL, NULL, &s, &err), 0);
	const struct gbx_layers *layers = gbx_source_layers(s);
	assert_int_equal(layers->len, CONTENTS + 1);
	assert_string_equal(layers->layer[0].title, "publication.json");
	for (size_t i = 0; i < CONTENTS; i++) {
		GBX_AUTO_BYTES struct gbx_bytes data = {0};
		assert_string_equal(layers->layer[i + 1].title, content[i][0]);
		assert_string_equal(layers->layer[i + 1].media_type, content[i][1]);
		assert_int_equal(gbx_source_load(s, &layers->layer[i + 1], 100, &data, &err), 0);
		assert_true(gbx_slice_is(gbx_slice_of(&data), content[i][2]));
	}
}

static void folder_and_tar_round_trip(void **state)
{
	(void)state;
	write_bundle("dir", false);
	write_bundle("file.tar", true);
	assert_whole("dir");
	assert_whole("file.tar");
	shell("test \"$(ls)\" = \"$(printf 'dir\\nfile.tar')\"");
}

static void the_same_input_gives_the_same_bytes(void **state)
{
	(void)state;
	write_bundle("dir2", false);
	write_bundle("file2.tar", true);
	shell("diff -r dir dir2 && cmp file.tar file2.tar");
	shell("mkdir unpacked && tar -xf file.tar -C unpacked && diff -r dir unpacked");
	shell("test \"$(stat -c %a dir dir/blobs dir/blobs/sha256 | sort -u)\" = 755");
	shell("test \"$(find dir file.tar -type f -exec stat -c %a {} + | sort -u)\" = 644");
}

static void the_tar_is_in_the_order_of_the_image_manifest(void **state)
{
	(void)state;
	shell("sha() { printf %s \"$1\" | sha256sum | cut -c1-64; };"
	      "{ echo oci-layout; echo index.json; echo blobs/sha256/$(sed 's/.*sha256:\\([0-9a-f]*\\).*/\\1/' dir/index.json);"
	      "echo blobs/sha256/$(sha '{}'); echo blobs/sha256/$(sha '{\"payload\":\"\"}'); echo blobs/sha256/$(sha 'the journal');"
	      "echo blobs/sha256/$(sha 'another journal'); echo blobs/sha256/$(sha 'same bytes'); echo blobs/sha256/$(sha '');"
	      "echo blobs/sha256/$(sha '{\"a\":1}'); } >want; tar -tf file.tar | cmp - want");
}

static void a_path_that_exists_is_refused(void **state)
{
	struct gbx_bundle_writer *w = NULL;

	(void)state;
	assert_int_equal(gbx_bundle_create("dir", false, &w, NULL), GBX_E_EXISTS);
	assert_int_equal(gbx_bundle_create("dir/", true, &w, NULL), GBX_E_EXISTS);
	assert_int_equal(gbx_bundle_create("file.tar", true, &w, NULL), GBX_E_EXISTS);
	shell("ln -s nowhere dangling");
	assert_int_equal(gbx_bundle_create("dangling", false, &w, NULL), GBX_E_EXISTS);
	assert_int_equal(gbx_bundle_create("no/such/folder/x", false, &w, NULL), GBX_E_NOTFOUND);
	assert_null(w);
}

static void one_made_meanwhile_is_not_replaced(void **state)
{
	(void)state;
	for (int tar = 0; tar < 2; tar++) {
		GBX_AUTO_BUNDLE_WRITER struct gbx_bundle_writer *w = NULL;
		assert_int_equal(gbx_bundle_create("late", tar, &w, NULL), 0);
		add_contents(w);
		shell(tar ? "echo mine >late" : "mkdir late");
		struct gbx_error err;
		assert_int_equal(gbx_bundle_finish(w, gbx_slice_text("p"), &err), GBX_E_EXISTS);
		shell(tar ? "test \"$(cat late)\" = mine && rm late" : "rmdir late");
		shell("! ls -A | grep -q tmp");
	}
}

static int fail_halfway(void *arg, struct gbx_output *out, struct gbx_error *err)
{
	(void)arg;
	int rc = out->write(out, "half", 4, err);
	return rc ? rc : gbx_fail(err, GBX_E_IO, "the disk is gone");
}

static void what_fails_leaves_nothing(void **state)
{
	(void)state;
	for (int tar = 0; tar < 2; tar++) {
		GBX_AUTO_BUNDLE_WRITER struct gbx_bundle_writer *w = NULL;
		struct gbx_error err;
		assert_int_equal(gbx_bundle_create("failed", tar, &w, &err), 0);
		add_contents(w);
		assert_int_equal(gbx_bundle_add_produced(w, "code/0.tar", GBX_MEDIA_CODE, fail_halfway, NULL, &err), GBX_E_IO);
		assert_string_equal(err.line, "code/0.tar: the disk is gone");
		assert_int_equal(gbx_bundle_finish(w, gbx_slice_text("p"), &err), GBX_E_USAGE);
		gbx_bundle_release(&w);
		shell("! ls -A | grep -q -e tmp -e failed");
	}
}

static void wrong_layers_are_refused(void **state)
{
	static const char *const bad[][2] = {{"publication.json", GBX_MEDIA_IN_TOTO}, {"nothing", GBX_MEDIA_JOURNAL},
					     {"code/0.tar", GBX_MEDIA_JOURNAL}, {"journal/1.tfrecord", GBX_MEDIA_JOURNAL}};
	static const int code[] = {GBX_E_USAGE, GBX_E_MALFORMED, GBX_E_MALFORMED, GBX_E_EXISTS};

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		GBX_AUTO_BUNDLE_WRITER struct gbx_bundle_writer *w = NULL;
		struct gbx_memory_input in;
		gbx_memory_input(&in, gbx_slice_text("x"));
		assert_int_equal(gbx_bundle_create("wrong", false, &w, NULL), 0);
		add_contents(w);
		assert_int_equal(gbx_bundle_add(w, bad[i][0], bad[i][1], &in.in, NULL), code[i]);
		assert_int_equal(gbx_bundle_finish(w, gbx_slice_text("p"), NULL), GBX_E_USAGE);
	}
	assert_false(gbx_exists("wrong"));
}

/* Makes "copy" from dir or file.tar by a command and says what is found. */
static struct found changed(const char *command)
{
	shell("rm -rf copy copy.tar && cp -r dir copy");
	shell(command);
	return check(gbx_exists("copy.tar") ? "copy.tar" : "copy");
}

#define J0 "copy/blobs/sha256/$(printf 'the journal' | sha256sum | cut -c1-64)"
#define J1 "copy/blobs/sha256/$(printf 'another journal' | sha256sum | cut -c1-64)"
#define CONFIG "copy/blobs/sha256/$(printf '{}' | sha256sum | cut -c1-64)"
#define MANIFEST "copy/blobs/sha256/$(sed 's/.*sha256:\\([0-9a-f]*\\).*/\\1/' copy/index.json)"

static void a_missing_blob_does_not_stop_the_others(void **state)
{
	struct found f = changed("rm " J0 "; printf X >>" J1);

	(void)state;
	assert_int_equal(f.opened, 0);
	assert_int_equal(f.layout, 1);
	assert_int_equal(f.digests, 2);
	assert_int_equal(f.first, GBX_E_NOTFOUND);
	assert_non_null(strstr(f.all, "journal/0.tfrecord: blobs/sha256/"));
	assert_non_null(strstr(f.all, "journal/1.tfrecord (blobs/sha256/"));
	assert_non_null(strstr(f.all, "is 16 bytes long, its descriptor says 15"));
}

static void swapped_blobs_are_bad(void **state)
{
	struct found f = changed("mv " J0 " x; mv " J1 " " J0 "; mv x " J1);

	(void)state;
	assert_int_equal(f.layout, 0);
	assert_int_equal(f.digests, 2);
	assert_int_equal(f.first, GBX_E_BAD);
	f = changed("printf 'The journal' >" J0);
	assert_int_equal(f.digests, 1);
	assert_int_equal(f.first, GBX_E_BAD);
	assert_non_null(strstr(f.all, "its bytes were changed"));
}

static void extra_files_are_named(void **state)
{
	static const char *const extra[] = {
		"echo >copy/readme", "mkdir copy/folder", "echo >copy/blobs/x", "mkdir copy/blobs/sha512", "echo >copy/blobs/sha256/x",
		"echo >copy/blobs/sha256/0000000000000000000000000000000000000000000000000000000000000000",
		"echo >copy/blobs/sha256/.hidden", "f=" J0 "; cp $f ${f%/*}/$(echo ${f##*/} | tr a-f A-F)", "ln -s / copy/root",
		"touch \"$(printf 'copy/\\033[31m')\"",
	};

	(void)state;
	for (size_t i = 0; i < sizeof extra / sizeof *extra; i++) {
		struct found f = changed(extra[i]);
		assert_int_equal(f.opened, 0);
		assert_int_equal(f.layout, 1);
		assert_int_equal(f.digests, 0);
		assert_int_equal(f.first, GBX_E_MALFORMED);
		assert_non_null(strstr(f.all, "is not part of the bundle"));
		assert_null(strchr(f.all, '\033'));
	}
}

static void links_and_special_files_are_not_followed(void **state)
{
	struct found f = changed("cp " J0 " target; f=" J0 "; rm $f; ln -s ../../../target $f");

	(void)state;
	assert_int_equal(f.layout, 1);
	assert_int_equal(f.digests, 1);
	assert_int_equal(f.first, GBX_E_MALFORMED);
	assert_non_null(strstr(f.all, "symbolic link"));
	f = changed("f=" J0 "; rm $f; mkfifo $f");
	assert_int_equal(f.first, GBX_E_MALFORMED);
	f = changed("f=" J0 "; rm $f; mkdir $f");
	assert_int_equal(f.first, GBX_E_MALFORMED);
	f = changed("mv copy/index.json target; ln -s ../target copy/index.json");
	assert_int_equal(f.opened, GBX_E_MALFORMED);
	f = changed("mv copy/oci-layout target; ln -s ../target copy/oci-layout");
	assert_int_equal(f.first, GBX_E_MALFORMED);
	f = changed("rm -rf moved; mv copy/blobs moved; ln -s ../moved copy/blobs");
	assert_int_equal(f.opened, GBX_E_MALFORMED);
	f = changed("rm -rf moved; mv copy/blobs/sha256 moved; ln -s ../../moved copy/blobs/sha256");
	assert_int_equal(f.opened, GBX_E_MALFORMED);
}

static void documents_that_are_missing_or_changed(void **state)
{
	struct found f = changed("rm copy/oci-layout");

	(void)state;
	assert_int_equal(f.opened, 0);
	assert_int_equal(f.first, GBX_E_NOTFOUND);
	f = changed("rm copy/index.json");
	assert_int_equal(f.opened, GBX_E_NOTFOUND);
	assert_int_equal(f.layout, 1);
	f = changed("rm -r copy/blobs");
	assert_int_equal(f.opened, GBX_E_NOTFOUND);
	f = changed("rm " MANIFEST);
	assert_int_equal(f.opened, GBX_E_NOTFOUND);
	assert_non_null(strstr(f.all, "image manifest"));
	f = changed("rm " CONFIG);
	assert_int_equal(f.opened, 0);
	assert_int_equal(f.first, GBX_E_NOTFOUND);
	f = changed("printf '[]' >" CONFIG);
	assert_int_equal(f.first, GBX_E_BAD);
	f = changed("f=" MANIFEST "; sed -i s/journal.v1/journal.v2/ $f");
	assert_int_equal(f.opened, GBX_E_BAD);
	assert_int_equal(f.digests, 1);
	f = changed("printf '{\"imageLayoutVersion\": \"1.0.0\"}' >copy/oci-layout");
	assert_int_equal(f.first, GBX_E_MALFORMED);
	f = changed("printf '\\n' >>copy/index.json");
	assert_int_equal(f.opened, GBX_E_MALFORMED);
	f = changed("head -c 70000 /dev/zero >copy/index.json");
	assert_int_equal(f.opened, GBX_E_LIMIT);
	f = changed("truncate -s 100G copy/index.json");
	assert_int_equal(f.opened, GBX_E_LIMIT);
	f = changed("truncate -s 100G " J0);
	assert_int_equal(f.first, GBX_E_BAD);
}

/* In the others a layer has the same two bytes. */
static void a_config_that_no_layer_shares_is_checked(void **state)
{
	GBX_AUTO_BUNDLE_WRITER struct gbx_bundle_writer *w = NULL;

	(void)state;
	assert_int_equal(gbx_bundle_create("bare", false, &w, NULL), 0);
	assert_int_equal(gbx_bundle_finish(w, gbx_slice_text("p"), NULL), 0);
	assert_int_equal(check("bare").first, 0);
	shell("printf '[]' >bare/blobs/sha256/44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a");
	struct found f = check("bare");
	assert_int_equal(f.digests, 1);
	assert_int_equal(f.first, GBX_E_BAD);
}

static void what_is_no_bundle(void **state)
{
	struct found f = check("not-there");

	(void)state;
	assert_int_equal(f.opened, GBX_E_NOTFOUND);
	shell("mkdir empty && : >nothing && head -c 5000 /dev/zero >zeros && echo text >text && tar -cf other.tar text");
	assert_int_equal(check("empty").opened, GBX_E_NOTFOUND);
	assert_int_equal(check("nothing").opened, GBX_E_MALFORMED);
	assert_int_equal(check("zeros").opened, GBX_E_NOTFOUND);
	assert_int_equal(check("text").opened, GBX_E_MALFORMED);
	assert_int_equal(check("other.tar").opened, GBX_E_NOTFOUND);
	assert_int_equal(check("/dev/null").opened, GBX_E_USAGE);
}

static void flip(const char *path, size_t byte, unsigned bit)
{
	FILE *f = fopen(path, "r+b");

	assert_non_null(f);
	assert_int_equal(fseek(f, (long)byte, SEEK_SET), 0);
	int was = fgetc(f);
	assert_true(was != EOF && fseek(f, (long)byte, SEEK_SET) == 0);
	assert_int_equal(fputc(was ^ 1 << bit, f), was ^ 1 << bit);
	assert_int_equal(fclose(f), 0);
}

static void every_byte_of_a_tar_counts(void **state)
{
	GBX_AUTO_BYTES struct gbx_bytes tar = {0};

	(void)state;
	get_file("file.tar", &tar);
	shell("cp file.tar flipped.tar");
	for (size_t i = 0; i < tar.len; i++) {
		unsigned bit = (unsigned)(i * 5 + i / 512) % 8;
		flip("flipped.tar", i, bit);
		struct found f = check("flipped.tar");
		assert_true(f.first < 0 && f.all[0]);
		flip("flipped.tar", i, bit);
	}
	assert_whole("flipped.tar");
	shell("printf '\\0' >>flipped.tar");
	assert_int_equal(check("flipped.tar").first, GBX_E_MALFORMED);
}

static void every_cut_of_a_tar_is_found(void **state)
{
	GBX_AUTO_BYTES struct gbx_bytes tar = {0};

	(void)state;
	get_file("file.tar", &tar);
	shell("cp file.tar cut.tar");
	for (size_t len = tar.len - 1; len > 37; len -= 37) {
		assert_int_equal(truncate("cut.tar", (off_t)len), 0);
		assert_true(check("cut.tar").first < 0);
	}
}

static void a_damaged_tar_is_read_as_far_as_it_goes(void **state)
{
	GBX_AUTO_BYTES struct gbx_bytes tar = {0};

	(void)state;
	get_file("file.tar", &tar);
	put_file("cut.tar", tar.data, tar.len - 2048);
	struct found f = check("cut.tar");
	assert_int_equal(f.opened, 0);
	assert_int_equal(f.layout, 1);
	assert_non_null(strstr(f.all, "the tar ends at byte"));
	assert_non_null(strstr(f.all, "behind the damage"));
}

static void other_tars_of_the_folder_are_read(void **state)
{
	(void)state;
	shell("rm -f copy.tar; tar -C dir -cf copy.tar .");
	assert_whole("copy.tar");
	shell("tar -C dir --format=posix -cf copy.tar index.json oci-layout blobs");
	assert_whole("copy.tar");
	if (have_program("python3"))
		shell("python3 -c 'import tarfile; t = tarfile.open(\"copy.tar\", \"w\"); t.add(\"dir\", \".\"); t.close()'");
	assert_whole("copy.tar");
	struct found f = changed("tar -C dir -cf copy.tar . && tar -rf copy.tar dir");
	assert_int_equal(f.first, GBX_E_MALFORMED);
	f = changed("tar -C dir -cf copy.tar . && tar -C dir -rf copy.tar ./index.json");
	assert_non_null(strstr(f.all, "twice"));
	f = changed("tar -C dir -cf copy.tar . && tar -C dir -rf copy.tar $(cd dir && ls blobs/sha256/* | head -1)");
	assert_non_null(strstr(f.all, "twice"));
	f = changed("cd copy && ln $(ls blobs/sha256/* | head -1) blobs/sha256/x && tar -cf ../copy.tar .");
	assert_int_equal(f.first, GBX_E_MALFORMED);
	f = changed("mkdir copy/more && tar -C copy -cf copy.tar .");
	assert_int_equal(f.layout, 1);
}

static void our_form_in_another_order_is_refused(void **state)
{
	struct found f;

	(void)state;
	if (!have_program("python3"))
		skip();
	/* Blocks as we write them, the two last blobs' places exchanged. */
	shell("python3 -c 'import tarfile\n"
	      "d = open(\"file.tar\", \"rb\").read(); m = tarfile.open(\"file.tar\").getmembers(); o = [x.offset for x in m]\n"
	      "e = len(d) - 1024; open(\"order.tar\", \"wb\").write(d[:o[-2]] + d[o[-1]:e] + d[o[-2]:o[-1]] + d[e:])'");
	f = check("order.tar");
	assert_int_equal(f.layout, 1);
	assert_int_equal(f.digests, 0);
	assert_non_null(strstr(f.all, "order"));
}

static void skopeo_copies_it(void **state)
{
	(void)state;
	/* Reading an archive without folder entries, skopeo 1.9.3 gives the folders that it makes to root, so only root can. */
	if (!have_program("skopeo") || geteuid() != 0)
		skip();
	shell("skopeo copy -q oci:dir oci:sk1 && skopeo copy -q oci-archive:file.tar oci:sk2");
	assert_whole("sk1");
	assert_whole("sk2");
	shell("skopeo copy -q oci:dir oci-archive:sk3.tar && skopeo copy -q oci-archive:file.tar oci-archive:sk4.tar:tagged");
	assert_whole("sk3.tar");
	assert_whole("sk4.tar");
	shell("skopeo copy -q oci:dir oci:sk5:v1");
	assert_whole("sk5");
}

static void a_big_layer_takes_little_memory(void **state)
{
	GBX_AUTO_BUNDLE_WRITER struct gbx_bundle_writer *w = NULL;
	GBX_AUTO_SOURCE struct gbx_source *s = NULL;
	GBX_AUTO_BYTES struct gbx_bytes out = {0};
	struct gbx_range_input in;
	GBX_AUTO_FD int fd = -1;

	(void)state;
	shell("truncate -s 30000000 hole");
	assert_int_equal(gbx_open_read("hole", &fd, NULL), 0);
	gbx_range_input(&in, fd, 0, 30000000);
	assert_int_equal(gbx_bundle_create("big.tar", true, &w, NULL), 0);
	assert_int_equal(gbx_bundle_add(w, "code/0.tar", GBX_MEDIA_CODE, &in.in, NULL), 0);
	assert_int_equal(gbx_bundle_finish(w, gbx_slice_text("p"), NULL), 0);
	assert_int_equal(check("big.tar").first, 0);
	assert_int_equal(gbx_source_open("big.tar", NULL, NULL, &s, NULL), 0);
	assert_int_equal(gbx_source_load(s, gbx_layers_find(gbx_source_layers(s), "code/0.tar"), 1000, &out, NULL), GBX_E_LIMIT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(folder_and_tar_round_trip),
		cmocka_unit_test(the_same_input_gives_the_same_bytes),
		cmocka_unit_test(the_tar_is_in_the_order_of_the_image_manifest),
		cmocka_unit_test(a_path_that_exists_is_refused),
		cmocka_unit_test(one_made_meanwhile_is_not_replaced),
		cmocka_unit_test(what_fails_leaves_nothing),
		cmocka_unit_test(wrong_layers_are_refused),
		cmocka_unit_test(a_missing_blob_does_not_stop_the_others),
		cmocka_unit_test(swapped_blobs_are_bad),
		cmocka_unit_test(extra_files_are_named),
		cmocka_unit_test(links_and_special_files_are_not_followed),
		cmocka_unit_test(documents_that_are_missing_or_changed),
		cmocka_unit_test(a_config_that_no_layer_shares_is_checked),
		cmocka_unit_test(what_is_no_bundle),
		cmocka_unit_test(every_byte_of_a_tar_counts),
		cmocka_unit_test(every_cut_of_a_tar_is_found),
		cmocka_unit_test(a_damaged_tar_is_read_as_far_as_it_goes),
		cmocka_unit_test(other_tars_of_the_folder_are_read),
		cmocka_unit_test(our_form_in_another_order_is_refused),
		cmocka_unit_test(skopeo_copies_it),
		cmocka_unit_test(a_big_layer_takes_little_memory),
	};

	umask(022);
	return cmocka_run_group_tests(tests, scratch_enter, scratch_leave);
}
