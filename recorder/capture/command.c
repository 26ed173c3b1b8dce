#include "capture/command.h"

#include "base/json.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/text.h"
#include "capture/decimal.h"
#include "capture/flatten.h"
#include "capture/launchers.h"

struct reader {
	const struct gbx_slice *word;
	size_t n, at;
	struct gbx_command *out;
	struct gbx_bytes name; /* of the parameter at hand */
	struct gbx_error *err;
};

/* An option as it is written: `--lr=1`, `-b32`. */
struct option {
	struct gbx_slice name; /* without dashes and value */
	struct gbx_slice value;
	bool has_value;
};

void gbx_command_free(struct gbx_command *c)
{
	gbx_parameters_free(&c->parameters);
	gbx_free(c->config);
	*c = (struct gbx_command){0};
}

static bool is_number(struct gbx_slice s)
{
	GBX_AUTO_BYTES struct gbx_bytes ignored = {0};
	bool is = false;

	return s.len < 400 && gbx_decimal_from(s, &ignored, &is, NULL) == 0 && is;
}

/* "-1" is a value. */
static bool is_option(struct gbx_slice s)
{
	return s.len > 1 && s.data[0] == '-' && !is_number(s);
}

static bool is_letter(uint8_t c)
{
	return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}

static bool split_option(struct gbx_slice word, struct option *o)
{
	size_t dashes = word.len > 2 && word.data[1] == '-' ? 2 : 1;
	struct gbx_slice rest = gbx_slice(word.data + dashes, word.len - dashes);
	const uint8_t *equals = memchr(rest.data, '=', rest.len);

	*o = (struct option){.name = rest};
	if (equals) {
		o->name.len = (size_t)(equals - rest.data);
		o->value = gbx_slice(equals + 1, rest.len - o->name.len - 1);
		o->has_value = true;
	} else if (dashes == 1 && rest.len > 1 && is_letter(rest.data[0]) && is_number(gbx_slice(rest.data + 1, rest.len - 1))) {
		*o = (struct option){gbx_slice(rest.data, 1), gbx_slice(rest.data + 1, rest.len - 1), true};
	}
	for (size_t i = 0; i < o->name.len; i++)
		if (o->name.data[i] <= ' ' || strchr("\"'`{}()<>;|&", o->name.data[i]))
			return false;
	return o->name.len > 0;
}

/* "lr=1", "+model/layer@a.b=x", "++x=1", "~x=1", "a[0]=1": as Hydra and OmegaConf have it. The length of what stands before '='. */
static size_t override_length(struct gbx_slice s)
{
	const uint8_t *equals = s.len ? memchr(s.data, '=', s.len) : NULL;
	size_t len = equals ? (size_t)(equals - s.data) : 0, at = 0;

	while (at < len && at < 2 && s.data[at] == '+')
		at++;
	if (at == 0 && len && s.data[0] == '~')
		at = 1;
	if (at >= len || (!is_letter(s.data[at]) && s.data[at] != '_'))
		return 0;
	for (; at < len; at++) {
		uint8_t c = s.data[at];
		if (!is_letter(c) && !(c >= '0' && c <= '9') && !(c && strchr("_./@-[]$", c)))
			return 0;
	}
	return len;
}

/* argparse, click and absl call `--batch-size` batch_size. */
static int append_name(struct reader *r, struct gbx_slice option)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < option.len; i++)
		rc = gbx_bytes_append(&r->name, option.data[i] == '-' ? "_" : (const char *)&option.data[i], 1, r->err);
	return rc;
}

/* Parameters that were added since there were `from` of them come from these words. */
static void note_words(struct reader *r, size_t from, struct gbx_words words)
{
	struct gbx_parameters *list = &r->out->parameters;

	for (size_t i = from; i < list->len; i++)
		list->parameter[i].words = words;
}

static struct gbx_typed typed(struct gbx_slice text, struct gbx_bytes *number)
{
	struct gbx_typed t = {.kind = GBX_PARAMETER_TEXT, .text = text};
	bool is = false;

	if (gbx_slice_is(text, "true") || gbx_slice_is(text, "True") || gbx_slice_is(text, "TRUE"))
		t = (struct gbx_typed){.kind = GBX_PARAMETER_BOOLEAN, .boolean = true};
	else if (gbx_slice_is(text, "false") || gbx_slice_is(text, "False") || gbx_slice_is(text, "FALSE"))
		t = (struct gbx_typed){.kind = GBX_PARAMETER_BOOLEAN};
	else if (gbx_slice_is(text, "null"))
		t.kind = GBX_PARAMETER_NULL;
	else if (text.len < 4096 && gbx_decimal_from(text, number, &is, NULL) == 0 && is)
		t = (struct gbx_typed){.kind = GBX_PARAMETER_NUMBER, .text = gbx_slice_of(number)};
	return t;
}

/* Adds a value under the name at hand; what is no text is counted. */
static int add(struct reader *r, const struct gbx_typed *value, struct gbx_words words)
{
	struct gbx_command *c = r->out;
	size_t from = c->parameters.len;

	if (r->name.len > GBX_LIMIT_PATH || !gbx_is_utf8(gbx_slice_of(&r->name)) || (value->text.len && !gbx_is_utf8(value->text)) ||
	    from == GBX_LIMIT_PARAMETERS) {
		c->skipped++;
		return 0;
	}
	int rc = gbx_parameters_add(&c->parameters, gbx_slice_of(&r->name), value, r->err);
	note_words(r, from, words);
	return rc;
}

/* "[0.9,0.95]", "{a: 1}": true in *is where it is one and was added. What stands for a secret looks like one, too. */
static int add_container(struct reader *r, struct gbx_slice text, struct gbx_words words, bool *is)
{
	GBX_AUTO_DOCUMENT struct gbx_document d = {0};
	struct gbx_command *c = r->out;
	struct gbx_error why;
	size_t from = c->parameters.len;

	*is = false;
	if (text.len < 2 || (text.data[0] != '[' && text.data[0] != '{') || memmem(text.data, text.len, "{secret:", 8))
		return 0;
	int rc = gbx_document_yaml(text, "", &d, &why);
	if (rc == 0 && d.top && d.strange == 0 && gbx_is_utf8(gbx_slice_of(&r->name)))
		rc = gbx_flatten(gbx_slice_of(&r->name), d.top, &c->parameters, &c->skipped, &why);
	else if (rc != GBX_E_NOMEM)
		return 0;
	if (rc == GBX_E_NOMEM)
		return gbx_fail(r->err, rc, "%s", why.line);
	if (rc) {
		gbx_parameters_cut(&c->parameters, from);
		return 0;
	}
	*is = true;
	note_words(r, from, words);
	return 0;
}

static int add_text(struct reader *r, struct gbx_slice text, struct gbx_words words)
{
	GBX_AUTO_BYTES struct gbx_bytes number = {0};
	bool is;
	int rc = add_container(r, text, words, &is);

	if (rc || is)
		return rc;
	struct gbx_typed value = typed(text, &number);
	return add(r, &value, words);
}

static int write_item(struct gbx_slice text, struct gbx_bytes *out, struct gbx_error *err)
{
	GBX_AUTO_BYTES struct gbx_bytes number = {0};
	struct gbx_typed t = typed(text, &number);

	if (t.kind == GBX_PARAMETER_TEXT)
		return gbx_json_quote(text, out, err);
	const char *word = t.kind == GBX_PARAMETER_NULL ? "null" : t.boolean ? "true" : "false";
	struct gbx_slice json = t.kind == GBX_PARAMETER_NUMBER ? t.text : gbx_slice_text(word);
	return gbx_bytes_append(out, json.data, json.len, err);
}

/* "--betas 0.9 0.95": a list. */
static int add_list(struct reader *r, const struct gbx_slice *text, size_t n, struct gbx_words words)
{
	GBX_AUTO_BYTES struct gbx_bytes json = {0};
	int rc = gbx_bytes_append(&json, "[", 1, r->err);

	for (size_t i = 0; rc == 0 && i < n; i++) {
		if (i)
			rc = gbx_bytes_append(&json, ",", 1, r->err);
		if (rc == 0)
			rc = write_item(text[i], &json, r->err);
	}
	if (rc == 0)
		rc = gbx_bytes_append(&json, "]", 1, r->err);
	struct gbx_typed value = {.kind = GBX_PARAMETER_JSON, .text = gbx_slice_of(&json)};
	return rc ? rc : add(r, &value, words);
}

/* "--no-cuda" says that cuda is false. */
static int add_flag(struct reader *r, struct gbx_words words)
{
	struct gbx_typed value = {.kind = GBX_PARAMETER_BOOLEAN, .boolean = true};

	if (r->name.len > 3 && memcmp(r->name.data, "no_", 3) == 0) {
		memmove(r->name.data, r->name.data + 3, r->name.len - 3);
		r->name.len -= 3;
		value.boolean = false;
	}
	return add(r, &value, words);
}

/* Words that a name is made of: "model_config" says config, "confidence" does not. */
static bool says_config(struct gbx_slice name)
{
	static const char words[] = "config configs cfg cfgs conf configfile cfgfile flagfile argfile hparams hyperparameters hyp hps recipe settings "
				    "deepspeed yaml yml experiment";
	size_t start = 0;

	for (size_t i = 0; i <= name.len; i++)
		if (i == name.len || strchr("_.-", name.data[i])) {
			if (gbx_is_listed(words, gbx_slice(name.data + start, i - start)))
				return true;
			start = i + 1;
		}
	return false;
}

static bool ends_with(struct gbx_slice path, const char *list)
{
	size_t dot = path.len;

	while (dot > 0 && path.data[dot - 1] != '.' && path.data[dot - 1] != '/')
		dot--;
	return dot > 1 && path.data[dot - 1] == '.' && gbx_is_listed(list, gbx_slice(path.data + dot, path.len - dot));
}

/* Data is not written in these. */
#define CONFIG_ONLY "yaml yml toml ini cfg conf gin jsonnet libsonnet json5 jsonc"

/* name: of the option that the word stands behind; empty where there is none. */
static int note_config(struct reader *r, struct gbx_slice name, struct gbx_slice path, size_t index)
{
	struct gbx_command *c = r->out;
	bool named = name.len && says_config(name), at = !name.len && path.len > 1 && path.data[0] == '@';
	bool config = named || at || ends_with(path, CONFIG_ONLY) || (!name.len && ends_with(path, "json py"));

	if (!config || path.len == 0 || path.len > GBX_LIMIT_PATH)
		return 0;
	if (at)
		path = gbx_slice(path.data + 1, path.len - 1);
	int rc = gbx_grow((void **)&c->config, &c->configs_cap, c->configs, sizeof *c->config, r->err);
	if (rc == 0)
		c->config[c->configs++] = (struct gbx_config_word){path, (uint32_t)index, named || at};
	return rc;
}

static int take_override(struct reader *r, size_t len)
{
	struct gbx_slice word = r->word[r->at];
	struct gbx_slice value = gbx_slice(word.data + len + 1, word.len - len - 1);
	size_t plus = 0;

	while (word.data[plus] == '+')
		plus++;
	r->name.len = 0;
	int rc = gbx_bytes_append(&r->name, word.data + plus, len - plus, r->err);
	if (rc == 0)
		rc = add_text(r, value, (struct gbx_words){(uint32_t)r->at, 1});
	if (rc == 0)
		rc = note_config(r, gbx_slice(word.data + plus, len - plus), value, r->at);
	r->at++;
	return rc;
}

/* How many words behind an option are its values: all up to the next option or override. Behind numbers a text is no value any more
 * (`--lr 0.1 data/`), unless numbers come again. */
static size_t count_values(const struct reader *r)
{
	size_t n = 0, numbers = 0, texts = 0;

	while (r->at + 1 + n < r->n) {
		struct gbx_slice word = r->word[r->at + 1 + n];
		if (is_option(word) || (n && override_length(word)))
			break;
		bool number = is_number(word);
		if (number && texts && numbers)
			numbers = SIZE_MAX / 2;
		numbers += number && texts == 0;
		texts += !number;
		n++;
	}
	bool mixed = numbers && texts && numbers < SIZE_MAX / 2;
	return mixed ? numbers : n;
}

/* Options that stand for what comes behind them, and those of Hydra that never have a value. */
#define CARRIERS "set cfg_options overrides override opts options option o D gin_bindings gin_param config_overrides config_override"
#define HYDRA_FLAGS "multirun m resolve r"

/* "--opts SOLVER.LR 0.1 MODEL.DEPTH 50": names and values in turn, as detectron2 has them. */
static bool are_pairs(const struct gbx_slice *word, size_t n)
{
	if (n == 0 || n % 2)
		return false;
	for (size_t i = 0; i < n; i += 2)
		if (!word[i].len || !is_letter(word[i].data[0]) || !memchr(word[i].data, '.', word[i].len))
			return false;
	return true;
}

static int add_pairs(struct reader *r, size_t n)
{
	int rc = 0;

	for (size_t i = r->at + 1; rc == 0 && i < r->at + 1 + n; i += 2) {
		r->name.len = 0;
		rc = gbx_bytes_append(&r->name, r->word[i].data, r->word[i].len, r->err);
		if (rc == 0)
			rc = add_text(r, r->word[i + 1], (struct gbx_words){(uint32_t)i, 2});
	}
	return rc;
}

/* Whether the option at hand has no value, whatever comes behind it: "--no-cuda x.py", "--multirun lr=1". */
static bool is_flag(const struct reader *r, struct gbx_slice behind)
{
	struct gbx_slice name = gbx_slice_of(&r->name);

	return (gbx_slice_starts(name, "no_") && !is_number(behind)) || (override_length(behind) && gbx_is_listed(HYDRA_FLAGS, name));
}

static int take_values(struct reader *r, const struct option *o)
{
	const struct gbx_slice *value = &r->word[r->at + 1];
	size_t n = count_values(r);
	bool carries = gbx_is_listed(CARRIERS, gbx_slice_of(&r->name)), overrides = n && override_length(value[0]);
	int rc = 0;

	if (n && is_flag(r, value[0]))
		n = 0;
	struct gbx_words words = {(uint32_t)r->at, (uint32_t)(1 + n)};
	/* `--set a=1 b=2`: the overrides are read as those that stand alone. */
	if (carries && overrides)
		n = 0;
	else if (carries && are_pairs(value, n))
		rc = add_pairs(r, n);
	else if (n == 0)
		rc = add_flag(r, words);
	else
		rc = n == 1 ? add_text(r, value[0], words) : add_list(r, value, n, words);
	for (size_t i = 0; rc == 0 && i < n; i++)
		rc = note_config(r, o->name, value[i], r->at + 1 + i);
	r->at += 1 + n;
	return rc;
}

static int take_inline(struct reader *r, const struct option *o)
{
	struct gbx_words words = {(uint32_t)r->at, 1};
	size_t len = override_length(o->value);
	int rc;

	/* --set=a.b=1 */
	if (len && gbx_is_listed(CARRIERS, gbx_slice_of(&r->name))) {
		r->name.len = 0;
		rc = gbx_bytes_append(&r->name, o->value.data, len, r->err);
		if (rc == 0)
			rc = add_text(r, gbx_slice(o->value.data + len + 1, o->value.len - len - 1), words);
	} else {
		rc = add_text(r, o->value, words);
	}
	if (rc == 0)
		rc = note_config(r, o->name, o->value, r->at);
	r->at++;
	return rc;
}

static int take_argument(struct reader *r, bool *options)
{
	struct gbx_slice word = r->word[r->at];
	size_t len = override_length(word);
	struct option o;

	if (*options && gbx_slice_is(word, "--")) {
		*options = false;
		r->at++;
		return 0;
	}
	if (*options && is_option(word) && split_option(word, &o)) {
		r->name.len = 0;
		int rc = append_name(r, o.name);
		return rc ? rc : o.has_value ? take_inline(r, &o) : take_values(r, &o);
	}
	if (len)
		return take_override(r, len);
	/* "~key" takes key out. */
	if (word.len > 1 && word.data[0] == '~' && is_letter(word.data[1])) {
		struct gbx_typed nothing = {.kind = GBX_PARAMETER_NULL};
		r->name.len = 0;
		int rc = gbx_bytes_append(&r->name, word.data, word.len, r->err);
		return rc ? rc : add(r, &nothing, (struct gbx_words){(uint32_t)r->at++, 1});
	}
	return note_config(r, (struct gbx_slice){0}, word, r->at++);
}

static size_t values_of(const struct gbx_launcher *l, const struct reader *r, struct gbx_slice word)
{
	bool next = r->at + 1 < r->n && !is_option(r->word[r->at + 1]);
	bool attached = word.len > 2 && word.data[1] != '-' && word.data[2] >= '0' && word.data[2] <= '9';

	if (gbx_is_listed(l->pairs, word))
		return r->at + 2 < r->n ? 2 : 0;
	if (memchr(word.data, '=', word.len) || attached)
		return 0;
	return next && (l->valued ? gbx_is_listed(l->valued, word) : !gbx_is_listed(l->alone, word));
}

/* "--mca btl self": the first value is part of the name. */
static int tell_option(struct reader *r, const struct gbx_launcher *l, struct gbx_slice word, size_t values)
{
	struct gbx_words words = {(uint32_t)r->at, (uint32_t)(1 + values)};
	struct option o;

	if (!split_option(word, &o))
		return 0;
	r->name.len = 0;
	int rc = gbx_bytes_printf(&r->name, r->err, "%s.", l->tells);
	if (rc == 0)
		rc = append_name(r, o.name);
	if (rc == 0 && values == 2)
		rc = gbx_bytes_printf(&r->name, r->err, ".%.*s", (int)r->word[r->at + 1].len, (const char *)r->word[r->at + 1].data);
	struct gbx_slice value = o.has_value ? o.value : values ? r->word[r->at + values] : gbx_slice_text("true");
	if (rc == 0)
		rc = add_text(r, value, words);
	return rc || (!o.has_value && !values) ? rc : note_config(r, o.name, value, r->at + values);
}

static int tell_assignment(struct reader *r, const struct gbx_launcher *l, size_t len)
{
	struct gbx_slice word = r->word[r->at];

	if (!l->tells)
		return 0;
	r->name.len = 0;
	int rc = gbx_bytes_printf(&r->name, r->err, "%s.%.*s", l->tells, (int)len, (const char *)word.data);
	struct gbx_typed value = {.kind = GBX_PARAMETER_TEXT, .text = gbx_slice(word.data + len + 1, word.len - len - 1)};
	return rc ? rc : add(r, &value, (struct gbx_words){(uint32_t)r->at, 1});
}

/* Behind a launcher's name; *code where -c has the program in it. */
static int pass_options(struct reader *r, const struct gbx_launcher *l, bool *code)
{
	int rc = 0;

	while (rc == 0 && r->at < r->n && !*code) {
		struct gbx_slice word = r->word[r->at];
		size_t assigned = l->assigns ? override_length(word) : 0;
		if (gbx_slice_is(word, "--")) {
			r->at++;
			break;
		}
		if (!assigned && !is_option(word))
			break;
		*code = l->code && word.data[1] != '-' && word.data[word.len - 1] == 'c';
		size_t values = assigned ? 0 : *code ? 1 : values_of(l, r, word);
		if (assigned)
			rc = tell_assignment(r, l, assigned);
		else if (l->tells)
			rc = tell_option(r, l, word, values);
		r->at += 1 + values;
	}
	return rc;
}

static struct gbx_slice last_part(struct gbx_slice path)
{
	size_t from = path.len;

	while (from > 0 && path.data[from - 1] != '/')
		from--;
	return gbx_slice(path.data + from, path.len - from);
}

static size_t words_of(const char *verb)
{
	return !verb ? 0 : strchr(verb, ' ') ? 2 : 1;
}

/* To the first argument of the program that no launcher starts, or of the last script. */
static int pass_launchers(struct reader *r)
{
	bool code = false;
	int rc = 0;

	while (rc == 0 && r->at < r->n && !code) {
		struct gbx_slice verb = r->at + 1 < r->n ? r->word[r->at + 1] : (struct gbx_slice){0};
		const struct gbx_launcher *l = gbx_launcher_find(last_part(r->word[r->at]), verb);
		r->out->script = r->at++;
		if (!l)
			break;
		r->at += words_of(l->verb);
		rc = pass_options(r, l, &code);
		r->at += l->words;
	}
	return rc;
}

int gbx_command_read(const struct gbx_slice *word, size_t n, struct gbx_command *out, struct gbx_error *err)
{
	struct reader r = {.word = word, .n = n, .out = out, .err = err};
	bool options = true;
	int rc = pass_launchers(&r);

	while (rc == 0 && r.at < n)
		rc = take_argument(&r, &options);
	gbx_bytes_free(&r.name);
	return rc;
}
