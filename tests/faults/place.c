#include "place.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/io.h"
#include "base/json.h"
#include "base/mem.h"
#include "capture/gitlib.h"
#include "trust/key.h"

enum { ARGS = 40, DESCRIPTORS = 64, PATIENCE_MS = 30000, IDS = 16 /* names as long as that are ids */ };

int glassbox_main(int argc, char **argv);        /* cli/main.c's main */
int glassbox_verify_main(int argc, char **argv); /* cli/main_verify.c's main */

char place[PLACE_PATH];
char place_said_out[PLACE_TEXT], place_said_err[PLACE_TEXT];
static pid_t owner;

static const char *const made[] = {"repo/.git/glassbox", "repo/.git/refs/glassbox", "config/glassbox/key.log", "out"};
enum { MADE = sizeof made / sizeof *made };

static const char fixture[] =
	"set -e; unset $(env | grep -o '^GIT_[A-Z_]*') GLASSBOX_STORE GLASSBOX_KEY || true\n"
	"export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1 GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@x GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@x\n"
	"mkdir -p home config data/sub out repo/lib; cd repo; git init -q -b main .\n"
	"echo 'print(1)' > train.py; echo 'layers = 4' > lib/model.py; echo '{\"lr\": 0.5, \"model\": {\"width\": 64}}' > config.json\n"
	"git add -A; git commit -q -m begin; echo 'layers = 5' > lib/model.py\n"
	"echo one > ../data/a; echo two > ../data/sub/b\n";

static void remove_place(void)
{
	if (getpid() == owner && chdir("/") == 0 && gbx_remove_tree(place, NULL))
		fprintf(stderr, "cannot remove '%s'\n", place);
}

const char *place_path(const char *name)
{
	static char text[8][1024];
	static unsigned turn;
	char *out = text[turn++ % 8];

	snprintf(out, sizeof text[0], "%s/%s", place, name);
	return out;
}

static void die(const char *what)
{
	fprintf(stderr, "cannot make a place to test in: %s\n", what);
	exit(1);
}

static void environment(void)
{
	clearenv();
	setenv("PATH", "/usr/local/bin:/usr/bin:/bin", 1);
	setenv("HOME", place_path("home"), 1);
	setenv("XDG_CONFIG_HOME", place_path("config"), 1);
	setenv("XDG_STATE_HOME", place_path("state"), 1);
	setenv("GIT_CEILING_DIRECTORIES", place, 1);
	setenv("GIT_CONFIG_NOSYSTEM", "1", 1);
}

/* What OpenSSL and libgit2 set up once is most of the time of a short program; the children find it done. */
static void warm_up(void)
{
	GBX_AUTO_KEY struct gbx_key *key = NULL;
	uint8_t signature[GBX_SIGNATURE_LEN];
	struct gbx_error err;
	int rc = gbx_gitlib_start(&err);

	if (rc == 0)
		rc = gbx_key_load(place_path("config/glassbox/key.pem"), (struct gbx_slice){0}, &key, &err);
	if (rc == 0)
		rc = gbx_key_sign(key, gbx_slice_text("warm"), signature, &err);
	if (rc == 0)
		rc = gbx_signature_verify(gbx_key_public(key), gbx_slice_text("warm"), signature, &err);
	if (rc)
		die(err.line);
}

void place_make(void)
{
	static const char *const key[] = {"glassbox", "key", "new", "--name", "owner.example", NULL};
	static const char *const hash[] = {"glassbox", "hash", "train.py", NULL};
	const char *tmp = getenv("TMPDIR");
	char path[PLACE_PATH];
	json_t *json = NULL;

	/* Many small files that nobody keeps: memory is the place for them. */
	snprintf(path, sizeof path, "%s/glassbox-faults-XXXXXX", access("/dev/shm", W_OK | X_OK) == 0 ? "/dev/shm" : tmp && *tmp ? tmp : "/tmp");
	if (!mkdtemp(path) || !realpath(path, place) || chdir(place))
		die(strerror(errno));
	owner = getpid();
	atexit(remove_place);
	if (system(fixture))
		die("git");
	environment();
	if (chdir(place_path("repo")) || place_call(key) || place_call(hash))
		die(place_said_err);
	warm_up();
	/* From here on jansson's memory is ours, and counted. */
	if (gbx_json_parse(gbx_slice_text("{}"), 2, "", &json, NULL))
		die("JSON");
	json_decref(json);
	umask(077);
}

static void remove_bundles(void)
{
	GBX_CLEANUP(gbx_names_free) struct gbx_names names = {0};

	if (gbx_list_dir(AT_FDCWD, place, &names, NULL))
		die("listing");
	for (size_t i = 0; i < names.len; i++)
		if (strncmp(names.name[i], "bundle", 6) == 0 && gbx_remove_tree(place_path(names.name[i]), NULL))
			die("removing");
}

void place_reset(void)
{
	for (int i = 0; i < MADE; i++)
		if (gbx_remove_tree(place_path(made[i]), NULL))
			die("removing");
	remove_bundles();
	if (mkdir(place_path("out"), 0700))
		die("out");
}

static void copy_tree(const char *from, const char *to)
{
	GBX_CLEANUP(gbx_names_free) struct gbx_names names = {0};
	GBX_AUTO_BYTES struct gbx_bytes content = {0};
	struct stat st;

	if (lstat(from, &st))
		return;
	if (!S_ISDIR(st.st_mode)) {
		int fd = -1;
		if (gbx_load_file(from, 16 << 20, &content, NULL) || gbx_create_new(to, st.st_mode & 0777, &fd, NULL) ||
		    gbx_write(fd, content.data, content.len, NULL))
			die("copying");
		close(fd);
		return;
	}
	if (gbx_make_dirs(to, 0700, NULL) || gbx_list_dir(AT_FDCWD, from, &names, NULL))
		die("copying a folder");
	for (size_t i = 0; i < names.len; i++) {
		GBX_AUTO_STRING char *a = gbx_path_join(from, names.name[i]);
		GBX_AUTO_STRING char *b = gbx_path_join(to, names.name[i]);
		copy_tree(a, b);
	}
}

/* A copied owner log is another machine's by its inode: it begins a new log, as it should. */
void place_keep(const char *name)
{
	char inside[PLACE_PATH];

	for (int i = 0; i < MADE; i++) {
		snprintf(inside, sizeof inside, "%s/%d", name, i);
		copy_tree(place_path(made[i]), place_path(inside));
	}
}

void place_restore(const char *name)
{
	char inside[PLACE_PATH];

	place_reset();
	for (int i = 0; i < MADE; i++) {
		snprintf(inside, sizeof inside, "%s/%d", name, i);
		copy_tree(place_path(inside), place_path(made[i]));
	}
}

static void age_tree(const char *path)
{
	GBX_CLEANUP(gbx_names_free) struct gbx_names names = {0};
	struct stat st;

	if (lstat(path, &st))
		return;
	const struct timespec then[2] = {{.tv_sec = st.st_atime - 7200}, {.tv_sec = st.st_mtime - 7200}};
	if (S_ISDIR(st.st_mode) && gbx_list_dir(AT_FDCWD, path, &names, NULL))
		die("listing");
	for (size_t i = 0; i < names.len; i++) {
		GBX_AUTO_STRING char *inside = gbx_path_join(path, names.name[i]);
		age_tree(inside);
	}
	if (utimensat(AT_FDCWD, path, then, AT_SYMLINK_NOFOLLOW))
		die("times");
}

void place_age(void)
{
	for (int i = 0; i < MADE; i++)
		age_tree(place_path(made[i]));
}

static uint64_t mix(uint64_t h, const void *data, size_t len)
{
	const unsigned char *p = data;

	for (size_t i = 0; i < len; i++)
		h = (h ^ p[i]) * 0x100000001b3u;
	return h ^ (h >> 29);
}

static uint64_t mix_name(uint64_t h, const char *name)
{
	size_t len = strlen(name);

	return len < IDS ? mix(h, name, len) : mix(h, &len, sizeof len);
}

/* Names of one folder in the order of their hashes would need sorting; a sum needs none. */
static uint64_t sum_tree(const char *path, uint64_t above, bool exact)
{
	GBX_CLEANUP(gbx_names_free) struct gbx_names names = {0};
	GBX_AUTO_BYTES struct gbx_bytes content = {0};
	uint64_t h = mix_name(above, gbx_path_base(path));
	struct stat st;

	if (lstat(path, &st) || (!exact && (strstr(path, "/journal/") || strstr(path, "/index/"))))
		return 0;
	if (!S_ISDIR(st.st_mode)) {
		if (!exact)
			return mix(h, &st.st_size, sizeof st.st_size);
		if (gbx_load_file(path, 16 << 20, &content, NULL))
			die("reading");
		return mix(h, content.data, content.len);
	}
	uint64_t sum = h;
	if (gbx_list_dir(AT_FDCWD, path, &names, NULL))
		die("listing");
	for (size_t i = 0; i < names.len; i++) {
		GBX_AUTO_STRING char *inside = gbx_path_join(path, names.name[i]);
		sum += sum_tree(inside, h, exact) * 0x9e3779b97f4a7c15u;
	}
	return sum;
}

uint64_t place_sum(bool exact)
{
	GBX_CLEANUP(gbx_names_free) struct gbx_names names = {0};
	uint64_t sum = 0;

	for (int i = 0; i < MADE; i++)
		sum += sum_tree(place_path(made[i]), (uint64_t)i + 1, exact) * 0x9e3779b97f4a7c15u;
	if (gbx_list_dir(AT_FDCWD, place, &names, NULL))
		die("listing");
	for (size_t i = 0; i < names.len; i++)
		if (strncmp(names.name[i], "bundle", 6) == 0)
			sum += sum_tree(place_path(names.name[i]), MADE + 1, exact) * 0x9e3779b97f4a7c15u;
	return sum;
}

static int open_descriptors(void)
{
	int n = 0;

	for (int fd = 0; fd < DESCRIPTORS; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

static int call_main(const char *const *argv)
{
	char *copy[ARGS + 1];
	int argc = 0;

	for (; argc < ARGS && argv[argc]; argc++)
		copy[argc] = (char *)(uintptr_t)argv[argc];
	copy[argc] = NULL;
	int status = strcmp(argv[0], "glassbox-verify") == 0 ? glassbox_verify_main(argc, copy) : glassbox_main(argc, copy);
	fflush(stdout);
	return status;
}

static int memory_file(void)
{
	int fd = memfd_create("said", MFD_CLOEXEC);

	/* Appended to: the job writes to it, too, and a memfd's position is not kept from races. */
	if (fd < 0 || fcntl(fd, F_SETFL, O_APPEND))
		die("memfd_create");
	return fd;
}

static void read_back(int fd, char text[PLACE_TEXT])
{
	ssize_t len = pread(fd, text, PLACE_TEXT - 1, 0);

	text[len > 0 ? len : 0] = 0;
}

int place_call(const char *const *argv)
{
	int out = memory_file(), err = memory_file(), was_out = dup(1), was_err = dup(2);

	fflush(stdout);
	dup2(out, 1);
	dup2(err, 2);
	int status = call_main(argv);
	dup2(was_out, 1);
	dup2(was_err, 2);
	close(was_out);
	close(was_err);
	read_back(out, place_said_out);
	read_back(err, place_said_err);
	close(out);
	close(err);
	return status;
}

_Noreturn static void be_program(const char *const *argv, const struct seam_plan *plan, struct place_started *s)
{
	struct place_outcome *o = s->shared;

	setpgid(0, 0);
	dup2(s->out, 1);
	dup2(s->err, 2);
	close(s->out);
	close(s->err);
	int before = open_descriptors();
	seam_arm(plan);
	int status = call_main(argv);
	seam_disarm();
	o->status = status;
	o->outstanding = seam_outstanding();
	o->descriptors = open_descriptors() - before;
	for (int l = 0; l < SEAM_LANES; l++)
		for (int c = 0; c < SEAM_CALLS; c++)
			o->count[l][c] = seam_count((enum seam_lane)l, (enum seam_call)c);
	o->written = seam_written();
	o->happened = seam_happened();
	o->returned = true;
	exit(0); /* LeakSanitizer looks now, where it is there */
}

void place_start(const char *const *argv, const struct seam_plan *plan, struct place_started *s)
{
	s->shared = mmap(NULL, sizeof *s->shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (s->shared == MAP_FAILED)
		die("mmap");
	s->out = memory_file();
	s->err = memory_file();
	fflush(stdout);
	s->pid = fork();
	if (s->pid == 0)
		be_program(argv, plan, s);
	if (s->pid < 0)
		die("fork");
}

/* False where it had to be killed. */
static bool wait_for(pid_t pid, int *status)
{
	int fd = (int)syscall(SYS_pidfd_open, pid, 0);
	struct pollfd p = {.fd = fd, .events = POLLIN};
	bool ended = poll(&p, 1, PATIENCE_MS) == 1;

	if (!ended)
		kill(-pid, SIGKILL), kill(pid, SIGKILL);
	close(fd);
	waitpid(pid, status, 0);
	return ended;
}

void place_wait(struct place_started *s, struct place_outcome *o)
{
	int status = 0;
	bool ended = wait_for(s->pid, &status);

	seam_disarm(); /* it may have become the job, or been killed */

	*o = *s->shared;
	munmap(s->shared, sizeof *s->shared);
	o->hung = !ended;
	o->became_job = !o->returned && ended && WIFEXITED(status) && WEXITSTATUS(status) == 7;
	if (o->became_job)
		o->status = 7;
	o->wait_status = status;
	o->returned = o->became_job || (o->returned && ended && WIFEXITED(status) && WEXITSTATUS(status) == 0);
	read_back(s->out, o->out);
	read_back(s->err, o->err);
	close(s->out);
	close(s->err);
}

void place_run(const char *const *argv, const struct seam_plan *plan, struct place_outcome *o)
{
	struct place_started s;

	place_start(argv, plan, &s);
	place_wait(&s, o);
}

int place_fork(int (*fn)(void *arg), void *arg)
{
	int status;

	fflush(stdout);
	pid_t pid = fork();
	if (pid == 0) {
		setpgid(0, 0);
		int rc = fn(arg);
		fflush(stdout);
		_exit(rc);
	}
	if (!wait_for(pid, &status) || !WIFEXITED(status))
		return 101;
	return WEXITSTATUS(status);
}
