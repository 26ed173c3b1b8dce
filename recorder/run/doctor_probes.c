/* What is probed in a child: the repository, the kernel's filter for system calls, and the GPUs. */
#include <stdio.h>
#include <string.h>

#include "capture/probe.h"
#include "run/doctor_checks.h"

#define GIT_DEADLINE_MS 5000u
#define SECCOMP_DEADLINE_MS 2000u
#define NVML_DEADLINE_MS 10000u /* drivers that are not kept loaded take seconds to start */

void gbx_doctor_git(struct gbx_patient *p, struct gbx_finding *f)
{
	struct gbx_git_probe git = {0};
	struct gbx_error err;
	char version[48];

	if (gbx_probe_git(p->o->cwd, p->o->ceilings, GIT_DEADLINE_MS, &git, &err)) {
		gbx_find(f, GBX_HEALTH_GAP, "git fsck says whether the repository is damaged; without it runs have no code", "libgit2: %s", err.line);
		return;
	}
	snprintf(version, sizeof version, "libgit2 %d.%d.%d", git.version[0], git.version[1], git.version[2]);
	if (git.code == GBX_E_NOTFOUND)
		gbx_find(f, GBX_HEALTH_GAP, "start the job within a git repository (git init)", "%s: no repository around '%s': runs have no code", version,
			 p->o->cwd);
	else if (git.code == GBX_E_REFUSED)
		gbx_find(f, GBX_HEALTH_GAP, "git config --global --add safe.directory FOLDER, if you trust who owns it",
			 "%s: the repository belongs to somebody else: %s", version, git.line);
	else if (git.code)
		gbx_find(f, GBX_HEALTH_GAP, "runs have no code until git can read the repository", "%s: %s", version, git.line);
	else if (git.submodules || git.lfs)
		gbx_find(f, GBX_HEALTH_GAP, "declare what the job needs of them with --data",
			 "%s: '%s' has %llu tracked files; of %llu submodules the commit is recorded, and of %llu files of git LFS "
			 "the content only up to 1 MiB each", version, git.root, (unsigned long long)git.files, (unsigned long long)git.submodules,
			 (unsigned long long)git.lfs);
	else
		gbx_find(f, GBX_HEALTH_OK, NULL, "%s: '%s' has %llu tracked files", version, git.root, (unsigned long long)git.files);
}

/* What observing opened files will need; runs do not do it yet. */
void gbx_doctor_seccomp(struct gbx_patient *p, struct gbx_finding *f)
{
	struct gbx_seccomp_probe s = {0};
	struct gbx_error err;

	(void)p;
	if (gbx_probe_seccomp(SECCOMP_DEADLINE_MS, &s, &err))
		gbx_find(f, GBX_HEALTH_GAP, NULL, "whether files can be observed is not known: %s", err.line);
	else if (!s.available)
		gbx_find(f, GBX_HEALTH_GAP, "Linux 6.6 or later with seccomp has it", "Linux %s has no seccomp user notification: opened files cannot be "
			 "observed", s.release);
	else if (s.installing)
		gbx_find(f, GBX_HEALTH_GAP, "allow seccomp filters in this container or sandbox", "Linux %s has seccomp user notification, and no filter "
			 "can be set here: %s", s.release, strerror(s.installing));
	else if (s.major < 6 || (s.major == 6 && s.minor < 6))
		gbx_find(f, GBX_HEALTH_GAP, "Linux 6.6 or later does it fast", "Linux %s has seccomp user notification, and it is slow before 6.6", s.release);
	else
		gbx_find(f, GBX_HEALTH_OK, NULL, "Linux %s has seccomp user notification%s, for a later glassbox: this one does not record which "
			 "files a job opens", s.release, s.privileged ? "" : " (with no_new_privs, so not for setuid commands)");
}

void gbx_doctor_nvml(struct gbx_patient *p, struct gbx_finding *f)
{
	static const char mend[] = "install the driver's libnvidia-ml.so.1, or let the container have it (nvidia-container-toolkit)";
	struct gbx_nvml_probe n = {0};
	struct gbx_error err;
	int rc = gbx_probe_nvml(NVML_DEADLINE_MS, &n, &err);

	(void)p;
	if (rc == GBX_E_TIMEOUT)
		gbx_find(f, GBX_HEALTH_GAP, "the driver hangs: nvidia-smi shows the same, a restart may help", "NVML does not answer within %u s",
			 NVML_DEADLINE_MS / 1000);
	else if (rc)
		gbx_find(f, GBX_HEALTH_GAP, "nvidia-smi may say more", "the process that asks NVML died");
	else if (!n.found && n.on_bus)
		gbx_find(f, GBX_HEALTH_GAP, mend, "%u NVIDIA GPUs are on the PCI bus, and NVML cannot be loaded: %s", n.on_bus, n.why);
	else if (!n.found)
		gbx_find(f, GBX_HEALTH_OK, NULL, "no NVIDIA GPU is on the PCI bus");
	else if (n.result)
		gbx_find(f, GBX_HEALTH_GAP, "nvidia-smi may say more", "NVML is there and does not start (nvmlInit_v2: %d); %u GPUs are on the PCI bus", n.result,
			 n.on_bus);
	else
		gbx_find(f, GBX_HEALTH_OK, NULL, "NVML: driver %s, %u GPUs", n.driver, n.devices);
}
