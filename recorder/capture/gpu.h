/* GPUs: NVIDIA's by their own library (NVML), AMD's by sysfs. */
#ifndef GBX_CAPTURE_GPU_H
#define GBX_CAPTURE_GPU_H

#include "capture/environment.h"

/* What the PCI bus below root shows: display controllers and accelerators by vendor. All 0 where there is no bus; an error where there is
 * one that could not be looked at whole. */
int gbx_gpu_bus(const char *root, Glassbox__Bus *out, struct gbx_error *err) GBX_MUST_USE;

/* Whether there may be a GPU that a child has to ask about. */
bool gbx_gpu_is_there(const struct gbx_environment_options *o);

/* The section "gpu" of the environment: one Device record for each GPU. NVIDIA's on the bus without their library are a gap
 * (LIBRARY_MISSING), a library that does not work is one, too (LIBRARY_FAILED). */
int gbx_read_gpus(const struct gbx_environment_options *o, struct gbx_teller *t, struct gbx_error *err) GBX_MUST_USE;

/* Its two halves. */
int gbx_read_gpus_nvidia(const struct gbx_environment_options *o, struct gbx_teller *t, struct gbx_error *err) GBX_MUST_USE;
int gbx_read_gpus_amd(const struct gbx_environment_options *o, struct gbx_teller *t, struct gbx_error *err) GBX_MUST_USE;

/* NVML's library by dlopen, from where the loader finds it or from where some systems keep it; NULL, and why, where it is not there.
 * In a child: loading it runs its code. */
void *gbx_nvml_load(char *why, size_t size);
/* A function of it into *function, a pointer to a function; NULL where it lacks it. */
void gbx_nvml_find(void *library, const char *name, void *function);

#endif
