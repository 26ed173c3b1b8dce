#include "run/doctor.h"

#include <stdarg.h>
#include <stdio.h>

#include "run/doctor_checks.h"

/* The clock comes last: it also says whether it jumped while the others ran. */
static const struct {
	const char *name;
	void (*check)(struct gbx_patient *p, struct gbx_finding *f);
} checks[GBX_DOCTOR_CHECKS] = {
	{"store", gbx_doctor_store},     {"filesystem", gbx_doctor_filesystem}, {"space", gbx_doctor_space},
	{"key", gbx_doctor_key},         {"git", gbx_doctor_git},               {"seccomp", gbx_doctor_seccomp},
	{"nvml", gbx_doctor_nvml},       {"clock-sync", gbx_doctor_clock_sync}, {"clock", gbx_doctor_clock},
};

const char *gbx_health_name(enum gbx_health health)
{
	static const char *const name[] = {"ok", "gap", "problem"};

	return name[health];
}

void gbx_find(struct gbx_finding *f, enum gbx_health health, const char *mend, const char *fmt, ...)
{
	char plain[sizeof f->detail];
	va_list args;

	f->health = health;
	va_start(args, fmt);
	vsnprintf(plain, sizeof plain, fmt, args);
	va_end(args);
	gbx_make_plain(plain);
	memcpy(f->detail, plain, sizeof plain);
	snprintf(f->mend, sizeof f->mend, "%s", mend ? mend : "");
}

void gbx_doctor(const struct gbx_doctor_options *o, struct gbx_finding out[GBX_DOCTOR_CHECKS])
{
	struct gbx_patient p = {.o = o, .offset = gbx_now_nanos() - gbx_monotonic_nanos()};

	for (size_t i = 0; i < GBX_DOCTOR_CHECKS; i++) {
		out[i] = (struct gbx_finding){.name = checks[i].name};
		checks[i].check(&p, &out[i]);
	}
	gbx_store_free(&p.store);
}
