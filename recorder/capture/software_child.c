#include "capture/software_child.h"

#include "base/pty.h"
#include "base/tfrecord.h"
#include "capture/software_report.h"
#include "capture/watch.h"

/* Looks are an eighth of the time apart that has passed. A job that has loaded nothing new for SETTLED_MS is read; one that goes on loading,
 * after IMPATIENT_MS. Without a way to be told of its end it is asked for every second. */
#define SOONEST_MS 5u
#define SETTLED_MS 200u
#define IMPATIENT_MS 10000u
#define SLOWEST_MS 60000u
#define BLIND_MS 1000u

struct beside {
	struct gbx_watch watch;
	int end, out;
	bool gone; /* the job has ended, as the system says; /proc may not */
	uint64_t began, found, news; /* monotonic: the last look that found something, the first whose news wait (0: none do) */
};

static int tell(struct beside *b, bool last, struct gbx_error *err)
{
	GBX_AUTO_SOFTWARE struct gbx_software s = {0};
	GBX_AUTO_BYTES struct gbx_bytes message = {0};
	GBX_AUTO_BYTES struct gbx_bytes frame = {0};
	int rc = gbx_watch_read(&b->watch, &s, err);

	b->news = 0;
	if (rc == 0)
		rc = gbx_software_pack(&s, last, &message, err);
	if (rc == 0)
		rc = gbx_tfrecord_frame(gbx_slice_of(&message), &frame, err);
	return rc ? rc : gbx_write(b->out, frame.data, frame.len, err);
}

static bool is_time(struct beside *b, bool found)
{
	uint64_t now = gbx_monotonic_nanos();

	if (!gbx_watch_has_news(&b->watch))
		return false;
	if (found)
		b->found = now;
	if (b->news == 0)
		b->news = now;
	return now - b->found >= SETTLED_MS * 1000000ull || now - b->news >= IMPATIENT_MS * 1000000ull;
}

/* True where the job has ended. */
static bool wait_for_next(const struct beside *b)
{
	uint64_t ms = (gbx_monotonic_nanos() - b->began) / 8000000u, most = b->end < 0 ? BLIND_MS : SLOWEST_MS;

	return gbx_wait_readable(b->end, (int)(ms < SOONEST_MS ? SOONEST_MS : ms > most ? most : ms));
}

static int watch(struct beside *b, struct gbx_error *err)
{
	bool found, ended = false;
	int rc = 0;

	b->began = gbx_monotonic_nanos();
	while (rc == 0 && !ended) {
		rc = gbx_watch_look(&b->watch, &found, &ended, err);
		ended = ended || b->gone;
		if (rc == 0 && !ended && is_time(b, found))
			rc = tell(b, false, err);
		if (rc == 0 && !ended)
			b->gone = wait_for_next(b);
	}
	return rc ? rc : tell(b, true, err);
}

static void free_beside(struct beside *b)
{
	gbx_watch_free(&b->watch);
	gbx_close(&b->end);
}

static int work(void *arg, int out)
{
	const struct gbx_software_child *c = arg;
	GBX_CLEANUP(free_beside) struct beside b = {.watch.pid = c->pid, .end = -1, .out = out};
	struct gbx_error err;

	/* A signal for the whole group is for the job. */
	gbx_child_ignore_signals();
	gbx_child_stand_back();
	/* Where the kernel cannot tell of it, the end is asked for; it may have come already. */
	int rc = gbx_process_open((pid_t)c->pid, &b.end, &err);
	b.gone = rc && rc != GBX_E_VERSION;
	return watch(&b, &err) ? 1 : 0;
}

int gbx_software_child_start(struct gbx_software_child *c, uint64_t pid, struct gbx_error *err)
{
	c->pid = pid;
	return gbx_child_start(work, c, &c->child, err);
}
