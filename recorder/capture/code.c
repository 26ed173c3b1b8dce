#include "capture/code.h"

#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>

#include "base/limits.h"
#include "base/mem.h"
#include "base/text.h"
#include "capture/report.h"
#include "capture/snapshot.h"

int gbx_code_start(struct gbx_code_capture *c, const struct gbx_code_options *o, struct gbx_error *err)
{
	uint8_t ulid[GBX_ULID_LEN];
	struct gbx_code_capture made = {.options = *o};

	if (!gbx_ulid_parse(gbx_slice_text(o->run), ulid))
		return gbx_fail(err, GBX_E_USAGE, "'%s' is not the id of a run", o->run);
	made.began = gbx_now_nanos();
	made.late = gbx_monotonic_nanos() + (uint64_t)o->start_ms * 1000000;
	made.deadline = made.late - (uint64_t)o->start_ms * 1000000 + (uint64_t)o->deadline_ms * 1000000;
	int rc = gbx_child_start(gbx_snapshot_child, &made, &made.child, err);
	if (rc == 0)
		*c = made;
	return rc;
}

bool gbx_code_ready(const struct gbx_code_capture *c, uint64_t until)
{
	return gbx_child_ready(&c->child, until);
}

void gbx_code_cancel(struct gbx_code_capture *c)
{
	gbx_child_kill(&c->child, NULL);
	(void)!gbx_unlink(c->options.manifest_path, NULL);
}

/* The one frame that the child writes. */
static int read_report(struct gbx_code_capture *c, struct gbx_code_result *out, struct gbx_error *err)
{
	GBX_AUTO_TFRECORD struct gbx_tfrecord_reader reader = {0};
	struct gbx_child_input in;
	struct gbx_slice message;

	gbx_child_input(&in, c->child.fd, c->deadline, 0);
	int rc = gbx_tfrecord_reader_init(&reader, &in.in, GBX_LIMIT_CODE_REPORT, err);
	if (rc == 0)
		rc = gbx_tfrecord_next(&reader, &message, err);
	if (rc == 0)
		return gbx_fail(err, GBX_E_MALFORMED, "the process that reads the repository ended without a word");
	return rc < 0 ? rc : gbx_report_parse(message, c->options.count, out, err);
}

/* Nothing came back: all that is known is how the child ended. */
static int no_report(const struct gbx_code_capture *c, Glassbox__Gap__Reason reason, const char *why, struct gbx_code_result *out,
		     struct gbx_error *err)
{
	GBX_CLEANUP(gbx_code_result_free) struct gbx_code_result r = {0};

	r.answer = gbx_calloc(c->options.count, sizeof *r.answer);
	r.why = gbx_strdup(why);
	if (!r.answer || !r.why)
		return gbx_fail(err, GBX_E_NOMEM, "no memory for the report of a capture");
	r.answers = c->options.count;
	int rc = gbx_gaps_add(&r.gaps, GLASSBOX__GAP__KIND__CODE, reason, gbx_slice("", 0), err);
	if (rc)
		return rc;
	*out = r;
	r = (struct gbx_code_result){0};
	return 0;
}

static int timed_out(struct gbx_code_capture *c, struct gbx_code_result *out, struct gbx_error *err)
{
	char why[128];

	gbx_child_kill(&c->child, NULL);
	snprintf(why, sizeof why, "reading the repository took too long");
	return no_report(c, GLASSBOX__GAP__REASON__TIMED_OUT, why, out, err);
}

static int crashed(struct gbx_code_capture *c, struct gbx_code_result *out, struct gbx_error *err)
{
	char why[128];
	int status;

	gbx_child_kill(&c->child, &status);
	if (status != -1 && WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM)
		return timed_out(c, out, err);
	if (status != -1 && WIFSIGNALED(status))
		snprintf(why, sizeof why, "the process that reads the repository died of signal %d", WTERMSIG(status));
	else
		snprintf(why, sizeof why, "the process that reads the repository ended without a report");
	return no_report(c, GLASSBOX__GAP__REASON__CRASHED, why, out, err);
}

int gbx_code_wait(struct gbx_code_capture *c, struct gbx_code_result *out, struct gbx_error *err)
{
	struct gbx_error why;
	int rc = read_report(c, out, &why);

	if (rc == 0) {
		/* All that it had to do is done. */
		gbx_child_kill(&c->child, NULL);
		if (!out->captured)
			(void)!gbx_unlink(c->options.manifest_path, NULL);
		return 0;
	}
	rc = rc == GBX_E_TIMEOUT ? timed_out(c, out, err) : crashed(c, out, err);
	(void)!gbx_unlink(c->options.manifest_path, NULL);
	return rc;
}

int gbx_code_capture(const struct gbx_code_options *o, struct gbx_code_result *out, struct gbx_error *err)
{
	struct gbx_code_capture c;
	int rc = gbx_code_start(&c, o, err);

	return rc ? rc : gbx_code_wait(&c, out, err);
}
