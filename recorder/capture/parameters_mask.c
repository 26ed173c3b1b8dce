/* Parameters without their secrets. Declared in parameters.h. */
#include "base/mem.h"
#include "capture/parameters.h"

/* As text for the rules; of a flag or null nothing is secret. */
static struct gbx_slice value_of(const struct gbx_parameter *p)
{
	return p->text ? gbx_slice_text(p->text) : (struct gbx_slice){0};
}

static int mask(struct gbx_parameter *p, const struct gbx_scanner *scanner, size_t *hits, struct gbx_error *err)
{
	GBX_AUTO_BYTES struct gbx_bytes clean = {0};
	size_t found = 0;
	int rc = gbx_secrets_mask_value(scanner, gbx_slice_text(p->name), value_of(p), &clean, &found, err);

	if (rc || found == 0)
		return rc;
	*hits += found;
	char *text = gbx_memdup(clean.data, clean.len);
	if (!text)
		return gbx_fail(err, GBX_E_NOMEM, "no memory for a parameter");
	gbx_free(p->text);
	p->text = text;
	/* What stands for a number or a list is neither. */
	p->kind = GBX_PARAMETER_TEXT;
	return 0;
}

int gbx_parameters_mask(struct gbx_parameters *list, const struct gbx_scanner *scanner, size_t *hits, struct gbx_error *err)
{
	size_t kept = 0;
	int rc = 0;

	for (size_t i = 0; i < list->len; i++) {
		struct gbx_parameter *p = &list->parameter[i];
		bool named = gbx_scan_first(scanner, gbx_slice_text(p->name)) != NULL;
		if (named) {
			++*hits;
			gbx_free(p->name);
			gbx_free(p->text);
			continue;
		}
		rc = rc ? rc : mask(p, scanner, hits, err);
		list->parameter[kept++] = *p;
	}
	list->len = kept;
	return rc;
}
