#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum type { WHOLE, NUMBER };

/* min and max belong to the range. */
struct key {
	const char *name;
	enum type type;
	size_t offset;
	double min, max;
};

#define KEY(name, type, min, max) {#name, type, offsetof(struct config, name), min, max}

static const struct key keys[] = {
	KEY(seed, WHOLE, 0, 9007199254740991.0), /* 2^53 - 1: any JSON reader gets it right */
	KEY(steps, WHOLE, 1, 999999),
	KEY(batch_size, WHOLE, 1, 4096),
	KEY(context, WHOLE, 1, 4096),
	KEY(layers, WHOLE, 1, 64),
	KEY(heads, WHOLE, 1, 64),
	KEY(width, WHOLE, 1, 4096),
	KEY(learning_rate, NUMBER, 0, 1),
	KEY(warmup_steps, WHOLE, 0, 999999),
	KEY(adam_beta1, NUMBER, 0, 0.999999),
	KEY(adam_beta2, NUMBER, 0, 0.999999),
	KEY(grad_clip, NUMBER, 0.000001, 1000000),
	KEY(checkpoint_every, WHOLE, 0, 999999),
	KEY(eval_every, WHOLE, 1, 999999),
	KEY(sample_length, WHOLE, 0, 1000000),
	KEY(sample_temperature, NUMBER, 0.01, 100),
};

enum { KEY_COUNT = sizeof keys / sizeof keys[0] };

static const struct key *find_key(const char *name)
{
	for (size_t i = 0; i < KEY_COUNT; i++)
		if (strcmp(keys[i].name, name) == 0)
			return &keys[i];
	return NULL;
}

/* "a whole number from 1 to 64": what every message about a value ends with. */
static const char *expectation(const struct key *key, char text[80])
{
	const char *what = key->type == WHOLE ? "a whole number" : "a number";
	snprintf(text, 80, "%s from %.16g to %.16g", what, key->min, key->max);
	return text;
}

static bool in_range(const struct key *key, double value)
{
	return value >= key->min && value <= key->max;
}

static int64_t *whole_at(struct config *config, const struct key *key)
{
	return (int64_t *)(void *)((char *)config + key->offset);
}

static double *number_at(struct config *config, const struct key *key)
{
	return (double *)(void *)((char *)config + key->offset);
}

/* ---- reading the file ---- */

static int fail_unknown(const char *path, const char *name, struct error *error)
{
	char list[400] = "";
	for (size_t i = 0; i < KEY_COUNT; i++) {
		const size_t used = strlen(list);
		snprintf(list + used, sizeof list - used, "%s%s", i ? ", " : "", keys[i].name);
	}
	return fail(error, "%s: unknown key \"%.60s\"; the keys are %s", path, name, list);
}

static int fail_value(const char *path, const struct key *key, const json_t *value,
		struct error *error)
{
	char expected[80];
	char *found = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
	fail(error, "%s: \"%s\" is %.60s; expected %s", path, key->name, found ? found : "wrong",
			expectation(key, expected));
	free(found);
	return -1;
}

static int set_key(struct config *config, const struct key *key, const json_t *value)
{
	const bool right_type = key->type == WHOLE ? json_is_integer(value) : json_is_number(value);
	if (!right_type || !in_range(key, json_number_value(value)))
		return -1;
	if (key->type == WHOLE)
		*whole_at(config, key) = json_integer_value(value);
	else
		*number_at(config, key) = json_number_value(value);
	return 0;
}

static int set_keys(struct config *config, const char *path, json_t *object, struct error *error)
{
	const char *name;
	json_t *value;
	json_object_foreach(object, name, value) {
		const struct key *key = find_key(name);
		if (!key)
			return fail_unknown(path, name, error);
		if (set_key(config, key, value) < 0)
			return fail_value(path, key, value, error);
	}
	return 0;
}

static int find_missing(const char *path, const json_t *object, struct error *error)
{
	char expected[80];
	for (size_t i = 0; i < KEY_COUNT; i++)
		if (!json_object_get(object, keys[i].name))
			return fail(error, "%s: the key \"%s\" is missing; expected %s", path,
					keys[i].name, expectation(&keys[i], expected));
	return 0;
}

int config_read(struct config *config, const char *path, struct error *error)
{
	json_error_t problem;
	json_auto_t *object = json_load_file(path, JSON_REJECT_DUPLICATES, &problem);
	if (!object && problem.line < 0)
		return fail(error, "%s; give an existing file with --config", problem.text);
	if (!object)
		return fail(error, "%s:%d:%d: %s; expected one JSON object with each key once",
				path, problem.line, problem.column, problem.text);
	if (!json_is_object(object))
		return fail(error, "%s: expected one JSON object, { \"seed\": ... }", path);

	struct config result = {0};
	if (set_keys(&result, path, object, error) < 0 || find_missing(path, object, error) < 0)
		return -1;
	*config = result;
	return 0;
}

/* ---- options and checks ---- */

int config_set(struct config *config, const char *name, const char *text, struct error *error)
{
	const struct key *key = find_key(name);
	char expected[80], *end;

	errno = 0;
	const long long value = strtoll(text, &end, 10);
	if (errno || end == text || *end || !in_range(key, (double)value))
		return fail(error, "--%s is \"%.60s\"; expected %s", name, text,
				expectation(key, expected));
	*whole_at(config, key) = value;
	return 0;
}

int config_check(const struct config *config, const char *path, struct error *error)
{
	if (config->width % config->heads != 0)
		return fail(error, "%s: \"width\" is %" PRId64 " and \"heads\" is %" PRId64
				"; expected a width that is a multiple of heads",
				path, config->width, config->heads);
	if (config->warmup_steps >= config->steps)
		return fail(error, "%s: \"warmup_steps\" is %" PRId64 " and steps is %" PRId64
				"; expected fewer warmup steps than steps",
				path, config->warmup_steps, config->steps);
	return 0;
}
