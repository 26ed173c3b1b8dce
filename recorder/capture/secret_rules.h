/* The rules by which secrets are known, as data. */
#ifndef GBX_CAPTURE_SECRET_RULES_H
#define GBX_CAPTURE_SECRET_RULES_H

#include <stdbool.h>

#define GBX_RULE_CASES 4

struct gbx_secret_rule {
	const char *name;    /* what is left of a hit: {secret:<name>} */
	const char *pattern; /* secret_pattern.h */
	unsigned variety;    /* at least so many different bytes (gbx_secret_variety), and */
	unsigned solid;      /* letters and digits in one stretch; 0: any */
	bool to_end;         /* everything behind it is part of it */
	const char *hit[GBX_RULE_CASES];      /* texts in which it finds something; a test holds it to them */
	const char *harmless[GBX_RULE_CASES]; /* and nothing */
};

/* What a user adds: rules of their own, ended by one without a name, and patterns of what is no secret though a rule says so, ended by NULL.
 * Either may be NULL. */
struct gbx_secret_user {
	const struct gbx_secret_rule *rules;
	const char *const *allowed;
};

/* Ended by one without a name. */
extern const struct gbx_secret_rule gbx_secret_rules[];

#endif
