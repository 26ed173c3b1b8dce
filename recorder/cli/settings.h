/* glassbox.yml at the repository's root: defaults for the options of `run`, by the same names, and rules of secrets.
 *
 *   data:                   an option that may be given several times: a list, or NAME: VALUE
 *     train: data/train     paths are relative to the file
 *   console: keep
 *   secrets:
 *     rules:
 *       - {name: acme, pattern: '\bacme_[a-z0-9]{20,}', variety: 6, solid: 0}
 *     allow: [acme_for_the_documentation]
 */
#ifndef GBX_CLI_SETTINGS_H
#define GBX_CLI_SETTINGS_H

#include "capture/secret_rules.h"
#include "cli/options.h"

struct gbx_settings;

#define GBX_AUTO_SETTINGS GBX_CLEANUP(gbx_settings_release)

/* Reads the file in the repository that the working folder lies in. GBX_E_NOTFOUND where there is none; else the error names it and says
 * what was expected. */
int gbx_settings_read(const struct gbx_command *command, struct gbx_settings **out, struct gbx_error *err) GBX_MUST_USE;
void gbx_settings_release(struct gbx_settings **s);

/* The command line with the settings before it, so that what it says counts; borrows both. The arrays are freed by gbx_given_free. */
int gbx_settings_merge(const struct gbx_settings *s, const struct gbx_given *given, struct gbx_given *out, struct gbx_error *err) GBX_MUST_USE;
const struct gbx_secret_user *gbx_settings_secrets(const struct gbx_settings *s);

#endif
