/* The system's clock: records carry its times, and nothing in them depends on it. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/timex.h>

#include "run/doctor_checks.h"

#define SECOND 1000000000u
/* 2025-01-01, before this was written, and 2100-01-01. */
#define EARLIEST (1735689600ull * SECOND)
#define LATEST (4102444800ull * SECOND)

static const char set_it[] = "set the clock (timedatectl set-ntp true, or chrony or ntpd)";

/* When the newest run of the store began, by its id; 0 where there is none. */
static uint64_t newest_run(const struct gbx_patient *p)
{
	GBX_CLEANUP(gbx_names_free) struct gbx_names runs = {0};
	uint8_t ulid[GBX_ULID_LEN];
	struct gbx_error ignored;
	uint64_t ms = 0;

	if (!p->store.path || gbx_run_names(&p->store, &runs, &ignored) || runs.len == 0 ||
	    !gbx_ulid_parse(gbx_slice_text(runs.name[runs.len - 1]), ulid))
		return 0;
	for (int i = 0; i < 6; i++)
		ms = ms << 8 | ulid[i];
	return ms * 1000000u;
}

void gbx_doctor_clock(struct gbx_patient *p, struct gbx_finding *f)
{
	uint64_t now = gbx_now_nanos(), newest = newest_run(p);
	int64_t jump = (int64_t)(now - gbx_monotonic_nanos() - p->offset);
	char text[32];

	gbx_time_text(now, text);
	if (now < EARLIEST || now >= LATEST)
		gbx_find(f, GBX_HEALTH_GAP, set_it, "it is not %s: the clock is not set, and records carry its times", text);
	else if (llabs(jump) >= SECOND)
		gbx_find(f, GBX_HEALTH_GAP, set_it, "the clock was set %s by %lld s a moment ago", jump < 0 ? "back" : "forth",
			 (llabs(jump) + SECOND / 2) / (long long)SECOND);
	else if (newest > now + SECOND)
		gbx_find(f, GBX_HEALTH_GAP, set_it, "it is %s, and the newest run of the store began %llu s later: the clock was set back", text,
			 (unsigned long long)((newest - now) / SECOND));
	else
		gbx_find(f, GBX_HEALTH_OK, NULL, "it is %s", text);
}

void gbx_doctor_clock_sync(struct gbx_patient *p, struct gbx_finding *f)
{
	struct timex t = {0};
	int state = adjtimex(&t);

	(void)p;
	if (state < 0)
		gbx_find(f, GBX_HEALTH_OK, NULL, "the kernel does not say whether the clock is kept by a time server");
	else if (state == TIME_ERROR || (t.status & STA_UNSYNC))
		gbx_find(f, GBX_HEALTH_GAP, set_it, "the kernel says that no time server keeps the clock: times in records are no better than that");
	else
		gbx_find(f, GBX_HEALTH_OK, NULL, "a time server keeps the clock");
}
