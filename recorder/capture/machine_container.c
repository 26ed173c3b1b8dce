/* The container that a process is in, by the marks that each kind leaves. Declared in machine.h. */
#include <stdio.h>

#include "base/limits.h"
#include "base/mem.h"
#include "base/pb.h"
#include "base/text.h"
#include "capture/machine.h"
#include "capture/machine_file.h"
#include "digest/hash.h"

struct found {
	const char *runtime; /* NULL: none seen */
	char image[1024];
	char digest[7 + 2 * GBX_SHA256_LEN + 1]; /* "sha256:...", of the image's config, as the runtime says it */
};

/* The first that says more than another stays. */
static void take(struct found *f, const char *runtime)
{
	if (!f->runtime)
		f->runtime = runtime;
}

static struct gbx_slice variable(const struct gbx_machine_options *o, const char *name)
{
	size_t len = strlen(name);

	for (char *const *e = o->environment; e && *e; e++)
		if (strncmp(*e, name, len) == 0 && (*e)[len] == '=')
			return gbx_slice_text(*e + len + 1);
	return (struct gbx_slice){0};
}

static struct gbx_slice unquote(struct gbx_slice text)
{
	text = gbx_machine_trim(text);
	return text.len >= 2 && text.data[0] == '"' && text.data[text.len - 1] == '"' ? gbx_slice(text.data + 1, text.len - 2) : text;
}

static void take_podman_line(struct found *f, struct gbx_slice line)
{
	const uint8_t *equals = line.len ? memchr(line.data, '=', line.len) : NULL;
	uint8_t digest[GBX_SHA256_LEN];

	if (!equals)
		return;
	struct gbx_slice name = gbx_slice(line.data, (size_t)(equals - line.data));
	struct gbx_slice value = unquote(gbx_slice(equals + 1, line.len - name.len - 1));
	if (gbx_slice_is(name, "image"))
		gbx_printable_in(value, f->image, sizeof f->image);
	if (gbx_slice_is(name, "imageid") && gbx_unhex(value, digest, sizeof digest))
		snprintf(f->digest, sizeof f->digest, "sha256:%.*s", (int)value.len, (const char *)value.data);
}

static void look_for_podman(const struct gbx_machine_options *o, struct found *f)
{
	GBX_AUTO_BYTES struct gbx_bytes text = {0};
	struct gbx_slice rest, line;

	if (!gbx_machine_load(o, "/run/.containerenv", &text))
		return;
	take(f, "podman");
	rest = gbx_slice_of(&text);
	while (gbx_take_line(&rest, &line))
		take_podman_line(f, line);
}

/* What apptainer tells the processes in its container. */
static void look_for_apptainer(const struct gbx_machine_options *o, struct found *f)
{
	static const struct {
		const char *image, *name;
		const char *runtime;
	} table[] = {{"APPTAINER_CONTAINER", "APPTAINER_NAME", "apptainer"}, {"SINGULARITY_CONTAINER", "SINGULARITY_NAME", "singularity"}};

	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		struct gbx_slice image = variable(o, table[i].image), name = variable(o, table[i].name);
		if (image.len == 0 && name.len == 0)
			continue;
		if (!f->runtime)
			gbx_printable_in(image.len ? image : name, f->image, sizeof f->image);
		take(f, table[i].runtime);
	}
	if (gbx_machine_is_file(o, "/.singularity.d/runscript"))
		take(f, "apptainer");
}

/* "docker", "systemd-nspawn" and the like: what a manager of containers says of itself. */
static void take_word(struct found *f, struct gbx_slice word)
{
	static const struct {
		const char *word;
		const char *runtime;
	} table[] = {{"docker", "docker"}, {"podman", "podman"}, {"systemd-nspawn", "systemd-nspawn"}, {"lxc", "lxc"},
		     {"lxc-libvirt", "lxc"}, {"wsl", "wsl"}};

	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		if (gbx_slice_is(word, table[i].word)) {
			take(f, table[i].runtime);
			return;
		}
	if (word.len)
		take(f, "other");
}

static void look_for_words(const struct gbx_machine_options *o, struct found *f)
{
	static const char *const files[] = {"/run/host/container-manager", "/run/systemd/container"};
	char word[64];

	for (size_t i = 0; i < sizeof files / sizeof *files; i++)
		if (gbx_machine_text(o, files[i], word, sizeof word))
			take_word(f, gbx_slice_text(word));
	take_word(f, variable(o, "container"));
}

/* Runtimes name cgroups and mounted files. */
static void look_for_marks(struct gbx_slice text, struct found *f)
{
	static const struct {
		const char *mark;
		const char *runtime;
	} table[] = {
		{"/kubepods", "kubernetes"}, {"/kubelet/pods/", "kubernetes"}, {"/libpod-", "podman"},
		{"/overlay-containers/", "podman"}, {"/docker/containers/", "docker"}, {"/docker-", "docker"},
		{"/docker/", "docker"}, {"/cri-containerd-", "containerd"}, {"/crio-", "containerd"},
		{"/io.containerd.", "containerd"}, {"/lxc.payload", "lxc"}, {"/lxc/", "lxc"},
	};

	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		if (text.len && memmem(text.data, text.len, table[i].mark, strlen(table[i].mark)))
			take(f, table[i].runtime);
}

static void look_at_cgroup(const struct gbx_machine_options *o, struct found *f)
{
	GBX_AUTO_BYTES struct gbx_bytes text = {0};
	char path[64];

	snprintf(path, sizeof path, "/proc/%llu/cgroup", (unsigned long long)o->pid);
	if (gbx_machine_load(o, path, &text))
		look_for_marks(gbx_slice_of(&text), f);
}

/* A field of a line of mountinfo, from 1. */
static struct gbx_slice field(struct gbx_slice line, unsigned number)
{
	size_t from = 0, to = 0;

	for (unsigned i = 0; i < number && to < line.len; i++)
		for (from = to ? to + 1 : 0, to = from; to < line.len && line.data[to] != ' ';)
			to++;
	return gbx_slice(line.data + from, to - from);
}

/* A runtime mounts a file of its own over /etc/hosts; the host's path of that file names it. */
static void look_at_mounts(const struct gbx_machine_options *o, struct found *f)
{
	GBX_AUTO_BYTES struct gbx_bytes text = {0};
	struct gbx_slice rest, line;
	char path[64];

	snprintf(path, sizeof path, "/proc/%llu/mountinfo", (unsigned long long)o->pid);
	if (!gbx_machine_load(o, path, &text))
		return;
	rest = gbx_slice_of(&text);
	while (gbx_take_line(&rest, &line)) {
		struct gbx_slice at = field(line, 5);
		if (gbx_slice_is(at, "/etc/hosts") || gbx_slice_is(at, "/etc/hostname"))
			look_for_marks(field(line, 4), f);
	}
}

static void look_for_windows(const struct gbx_machine_options *o, struct found *f)
{
	char release[256];

	if (gbx_machine_text(o, "/proc/sys/kernel/osrelease", release, sizeof release) &&
	    (strstr(release, "microsoft") || strstr(release, "Microsoft")))
		take(f, "wsl");
}

static void look(const struct gbx_machine_options *o, struct found *f)
{
	look_for_apptainer(o, f);
	if (variable(o, "KUBERNETES_SERVICE_HOST").len)
		take(f, "kubernetes");
	look_for_podman(o, f);
	if (gbx_machine_is_file(o, "/.dockerenv"))
		take(f, "docker");
	look_for_words(o, f);
	look_at_cgroup(o, f);
	look_at_mounts(o, f);
	look_for_windows(o, f);
}

int gbx_machine_container(const struct gbx_machine_options *o, gbx_body_fn put, void *arg, struct gbx_error *err)
{
	Glassbox__Body body = GLASSBOX__BODY__INIT;
	Glassbox__Container m = GLASSBOX__CONTAINER__INIT;
	struct found f = {0};

	look(o, &f);
	if (!f.runtime)
		return 0;
	m.runtime = (char *)(uintptr_t)f.runtime;
	m.image = f.image;
	m.digest = f.digest;
	body.body_case = GLASSBOX__BODY__BODY_CONTAINER;
	body.container = &m;
	return put(arg, &body, err);
}
