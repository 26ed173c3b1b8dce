/* Repositories made by real git, in a folder of their own, with no settings of the user's. */
#ifndef GBX_TEST_REPO_H
#define GBX_TEST_REPO_H

#include "capture/code.h"

#define RUN "01ARZ3NDEKTSV4RRFFQ69G5FAV"

/* The folder that a test works in; made by repo_setup, removed by repo_teardown. */
extern char *repo_dir;

/* For cmocka: a group's setup and teardown, and a test's. */
int repo_group_setup(void **state);
int repo_group_teardown(void **state);
int repo_setup(void **state);
int repo_teardown(void **state);

/* Runs a shell script in repo_dir; "repo" is a repository there with a few files. Its status must be 0. */
void repo_sh(const char *script);
/* The first line that a script prints; valid until the next call. */
const char *repo_line(const char *script);

/* What the next captures are asked for; repo_setup resets it, and repo_place fills in the folders. */
extern struct gbx_code_options repo_options;
/* From repo_dir/<start>, with the store at repo_dir/<store>, which is made; the manifest is repo_dir/manifest. */
void repo_place(const char *start, const char *store);
/* Captures from repo_dir/<start> with the store at repo_dir/<store>, which is made. */
void repo_capture(const char *start, const char *store, struct gbx_code_result *out);
/* The only gap of a kind must have this reason and count; 0: no gap of that kind. */
void repo_expect_gap(const struct gbx_code_result *r, Glassbox__Gap__Kind kind, Glassbox__Gap__Reason reason, uint64_t count);
/* The result is a snapshot with this tree, in hex. */
void repo_expect_tree(const struct gbx_code_result *r, const char *hex);
/* Nothing was captured, for this reason, and no manifest file is there. */
void repo_expect_failed(const struct gbx_code_result *r, Glassbox__Gap__Reason reason);

#endif
