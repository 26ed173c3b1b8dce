#include "journal/gap.h"

#include <stddef.h>

struct name {
	int value;
	const char *name;
	const char *words;
};

static const struct name kinds[] = {
	{GLASSBOX__GAP__KIND__CODE, "code", "the code"},
	{GLASSBOX__GAP__KIND__UNTRACKED, "untracked", "files that git does not track"},
	{GLASSBOX__GAP__KIND__SUBMODULE, "submodule", "the content of submodules"},
	{GLASSBOX__GAP__KIND__LFS, "lfs", "files kept by Git LFS"},
	{GLASSBOX__GAP__KIND__CODE_FILE, "code-file", "tracked files"},
	{GLASSBOX__GAP__KIND__DATA, "data", "declared data"},
	{GLASSBOX__GAP__KIND__OUTPUT, "output", "declared outputs"},
	{GLASSBOX__GAP__KIND__CONFIG, "config", "a config file"},
	{GLASSBOX__GAP__KIND__PARAMETER, "param", "parameters"},
	{GLASSBOX__GAP__KIND__ENVIRONMENT, "environment", "the environment"},
	{GLASSBOX__GAP__KIND__JOURNAL, "journal", "records of the journal"},
	{GLASSBOX__GAP__KIND__SIGNATURE, "signature", "the signature at the start"},
	{GLASSBOX__GAP__KIND__HASH_PENDING, "hash-pending", "hashes that were not finished"},
	{GLASSBOX__GAP__KIND__ARGUMENT, "argument", "arguments of the command"},
	{GLASSBOX__GAP__KIND__CONSOLE, "console", "what the job printed"},
	{GLASSBOX__GAP__KIND__METRIC, "metric", "points of metrics"},
	{GLASSBOX__GAP__KIND__PACKAGE, "package", "packages"},
	{GLASSBOX__GAP__KIND__LIBRARY, "library", "programs and shared objects of the job"},
	{GLASSBOX__GAP__KIND__VARIABLE, "var", "variables of the environment"},
	{GLASSBOX__GAP__KIND__DEVICE, "device", "what GPUs are there"},
};

static const struct name reasons[] = {
	{GLASSBOX__GAP__REASON__NOT_SUPPORTED, "not-supported", "this version does not capture it"},
	{GLASSBOX__GAP__REASON__NOT_FOUND, "not-found", "not found"},
	{GLASSBOX__GAP__REASON__NO_PERMISSION, "no-permission", "no permission"},
	{GLASSBOX__GAP__REASON__IO_ERROR, "io-error", "could not be read or written"},
	{GLASSBOX__GAP__REASON__CHANGED, "changed", "changed while or after it was read"},
	{GLASSBOX__GAP__REASON__TIMED_OUT, "timed-out", "took too long"},
	{GLASSBOX__GAP__REASON__CRASHED, "crashed", "the capturing process died"},
	{GLASSBOX__GAP__REASON__TOO_LARGE, "too-large", "too large"},
	{GLASSBOX__GAP__REASON__MALFORMED, "malformed", "not in a form that can be read"},
	{GLASSBOX__GAP__REASON__NO_REPOSITORY, "no-repository", "no git repository"},
	{GLASSBOX__GAP__REASON__DUBIOUS_OWNERSHIP, "dubious-ownership", "the repository belongs to somebody else"},
	{GLASSBOX__GAP__REASON__NO_SPACE, "no-space", "the disk is full"},
	{GLASSBOX__GAP__REASON__NOT_REGULAR, "not-regular", "neither file, folder nor link"},
	{GLASSBOX__GAP__REASON__NO_KEY, "no-key", "no key"},
	{GLASSBOX__GAP__REASON__KEY_LOCKED, "key-locked", "the key needs a passphrase"},
	{GLASSBOX__GAP__REASON__JOB_ENDED, "job-ended", "the job ended first"},
	{GLASSBOX__GAP__REASON__FAILED, "failed", "failed"},
	{GLASSBOX__GAP__REASON__NOT_WRITTEN, "not-written", "there before the job, which did not change them"},
	{GLASSBOX__GAP__REASON__TORN_TAIL, "torn-tail", "the file ends within a record"},
	{GLASSBOX__GAP__REASON__DAMAGED, "damaged", "damaged, with intact records behind the damage"},
	{GLASSBOX__GAP__REASON__SECRET, "secret", "a secret in it was left out"},
	{GLASSBOX__GAP__REASON__NOT_PARSED, "not-parsed", "recorded by its bytes only: it was not parsed"},
	{GLASSBOX__GAP__REASON__NO_FILE, "no-file", "no file to read it from afterwards; --console=keep would relay it"},
	{GLASSBOX__GAP__REASON__NOT_ASKED, "not-asked", "left out, as was asked for"},
	{GLASSBOX__GAP__REASON__UNSEEN, "unseen", "ended before anybody looked"},
	{GLASSBOX__GAP__REASON__LIBRARY_MISSING, "library-missing", "a device is there and its library is not"},
	{GLASSBOX__GAP__REASON__LIBRARY_FAILED, "library-failed", "the device's library does not work, or not with this driver"},
};

static const struct name *find(const struct name *table, size_t len, int value)
{
	static const struct name unknown = {0, "unknown", "unknown"};

	for (size_t i = 0; i < len; i++)
		if (table[i].value == value)
			return &table[i];
	return &unknown;
}

static const struct name *find_kind(Glassbox__Gap__Kind kind)
{
	return find(kinds, sizeof kinds / sizeof *kinds, (int)kind);
}

static const struct name *find_reason(Glassbox__Gap__Reason reason)
{
	return find(reasons, sizeof reasons / sizeof *reasons, (int)reason);
}

const char *gbx_gap_kind_name(Glassbox__Gap__Kind kind)
{
	return find_kind(kind)->name;
}

const char *gbx_gap_kind_words(Glassbox__Gap__Kind kind)
{
	return find_kind(kind)->words;
}

const char *gbx_gap_reason_name(Glassbox__Gap__Reason reason)
{
	return find_reason(reason)->name;
}

const char *gbx_gap_reason_words(Glassbox__Gap__Reason reason)
{
	return find_reason(reason)->words;
}
