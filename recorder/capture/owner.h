/* The package of the distribution that a file belongs to, by its database, read directly: no program is run, nothing is locked.
 *
 * Libraries are asked for by their paths as root has them. A path below /usr is also found where a package has it below / (merged /usr). */
#ifndef GBX_CAPTURE_OWNER_H
#define GBX_CAPTURE_OWNER_H

#include "capture/software.h"
#include "capture/wanted.h"

/* Gives the libraries of *wanted that have no owner the one that a database knows; memory comes from *out. *found: there is such a
 * database. A database that is there and cannot be read is an error; what was found until then stays. */
int gbx_owner_dpkg(int root, struct gbx_wanted *wanted, struct gbx_software *out, bool *found, struct gbx_error *err) GBX_MUST_USE;
/* Only rpm's SQLite database, and only of our own root; GBX_E_VERSION for its older ones. */
int gbx_owner_rpm(int root, struct gbx_wanted *wanted, struct gbx_software *out, bool *found, struct gbx_error *err) GBX_MUST_USE;
/* The same for a database that lies elsewhere. */
int gbx_owner_rpm_database(const char *uri, struct gbx_wanted *wanted, struct gbx_software *out, struct gbx_error *err) GBX_MUST_USE;

/* True for libraries without an owner whose paths a distribution's packages use. */
bool gbx_owner_is_asked(const Glassbox__Library *library);

#endif
