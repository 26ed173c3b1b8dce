#include "base/pty.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "base/io.h"

/* What is written is not changed on its way: the true terminal does that. */
static int be_like(int like, int terminal)
{
	struct termios t;

	if (tcgetattr(like, &t))
		return -1;
	t.c_oflag &= ~(tcflag_t)OPOST;
	return tcsetattr(terminal, TCSANOW, &t);
}

int gbx_pty_open(int like, int *master, int *terminal, struct gbx_error *err)
{
	char name[64];
	int here = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC), there = -1;

	if (here >= 0 && grantpt(here) == 0 && unlockpt(here) == 0 && ptsname_r(here, name, sizeof name) == 0)
		there = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (there < 0 || be_like(like, there)) {
		int sys = errno;
		gbx_close(&here);
		gbx_close(&there);
		return gbx_fail_errno(err, sys, "cannot make a terminal for the job's output");
	}
	(void)gbx_pty_resize(like, here);
	*master = here;
	*terminal = there;
	return 0;
}

bool gbx_pty_resize(int like, int master)
{
	struct winsize want, have;

	if (ioctl(like, TIOCGWINSZ, &want) || ioctl(master, TIOCGWINSZ, &have) || memcmp(&want, &have, sizeof want) == 0)
		return false;
	return ioctl(master, TIOCSWINSZ, &want) == 0;
}

static bool wait_for(int fd, short events, int ms)
{
	struct pollfd p = {.fd = fd, .events = events};

	return poll(&p, 1, ms) > 0;
}

bool gbx_wait_readable(int fd, int ms)
{
	return wait_for(fd, POLLIN, ms);
}

bool gbx_wait_writable(int fd, int ms)
{
	return wait_for(fd, POLLOUT, ms);
}
