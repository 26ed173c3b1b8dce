/* An executable or shared object: whatever it is, what is told of it has its bounds, and reading it again tells the same. */
#include <sys/mman.h>
#include <unistd.h>

#include "base/text.h"
#include "capture/elf.h"
#include "target.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static int fd = -1;
	struct gbx_elf a, b;
	struct gbx_error err = {0};
	uint8_t value[8];
	bool big;

	if (fd < 0)
		fd = memfd_create("elf", MFD_CLOEXEC);
	FUZZ_HOLDS(fd >= 0 && ftruncate(fd, 0) == 0 && pwrite(fd, data, size, 0) == (ssize_t)size);
	memset(&a, 0, sizeof a);
	memset(&b, 0, sizeof b);
	int rc = gbx_elf_read(fd, &a, &err);
	FUZZ_HOLDS(rc <= 0 && (rc == 0 || *err.line));
	FUZZ_HOLDS(gbx_elf_read(fd, &b, &err) == rc && memcmp(&a, &b, sizeof a) == 0);
	if (rc == 0) {
		FUZZ_HOLDS(a.build_id_len <= GBX_LIMIT_BUILD_ID && a.build_id_len <= size);
		FUZZ_HOLDS(strlen(a.soname) <= GBX_LIMIT_SONAME && gbx_is_utf8(gbx_slice_text(a.soname)));
		FUZZ_HOLDS(memcmp(data, "\177ELF", 4) == 0);
	}
	if (gbx_elf_symbol(fd, "Py_Version", value, sizeof value, &big, &err) == 0)
		FUZZ_HOLDS(memmem(data, size, "Py_Version", sizeof "Py_Version") && memmem(data, size, value, sizeof value));
	return 0;
}
