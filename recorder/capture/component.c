#include "capture/component.h"

#include <string.h>

/* by_name: the numbers behind ".so." are the component's version, and not only that of its interface. */
static const struct {
	const char *file, *component;
	bool by_name;
} components[] = {
	{"libcuda.so", "cuda-driver", true},   {"libnvidia-ml.so", "cuda-driver", true}, {"libcudart.so", "cuda", true},
	{"libcublas.so", "cublas", true},      {"libcublasLt.so", "cublas", true},       {"libcudnn.so", "cudnn", true},
	{"libcudnn_", "cudnn", true},          {"libnccl.so", "nccl", true},             {"libcusparse.so", "cusparse", true},
	{"libcusolver.so", "cusolver", true},  {"libcufft.so", "cufft", true},           {"libcurand.so", "curand", true},
	{"libnvrtc.so", "nvrtc", true},        {"libnvJitLink.so", "nvjitlink", true},   {"libnvshmem_host.so", "nvshmem", true},
	{"libmkl_", "mkl", false},             {"libiomp5.so", "openmp", false},         {"libgomp", "openmp", false},
	{"libomp.so", "openmp", false},        {"libopenblas", "openblas", false},       {"libmpi.so", "mpi", false},
	{"libamdhip64.so", "hip", true},       {"librccl.so", "rccl", false},            {"libMIOpen.so", "miopen", false},
	{"librocblas.so", "rocblas", false},   {"libtorch.so", "torch", false},          {"libtorch_cpu.so", "torch", false},
	{"libtorch_cuda.so", "torch", false},  {"libtensorflow_framework.so", "tensorflow", false}, {"libc.so.6", "libc", false},
};

/* "9.1.0" of libcudnn.so.9.1.0: at least two numbers, since one alone is the interface. */
static const char *version_of(const char *name)
{
	const char *so = strstr(name, ".so.");

	if (!so || strspn(so + 4, "0123456789.") != strlen(so + 4) || !strchr(so + 4, '.'))
		return NULL;
	return so + 4;
}

int gbx_component_name(Glassbox__Library *library, struct gbx_arena *memory, struct gbx_error *err)
{
	const ProtobufCBinaryData *path = &library->path->path;
	const char *name = (const char *)path->data + path->len, *version;
	size_t i = 0;

	while (name > (const char *)path->data && name[-1] != '/')
		name--;
	while (i < sizeof components / sizeof *components && strncmp(name, components[i].file, strlen(components[i].file)) != 0)
		i++;
	if (i == sizeof components / sizeof *components)
		return 0;
	library->component = (char *)(uintptr_t)components[i].component;
	version = components[i].by_name ? version_of(name) : NULL;
	if (version) {
		char *copy = gbx_arena_alloc(memory, strlen(version) + 1);
		if (!copy)
			return gbx_fail(err, GBX_E_NOMEM, "no memory for a version");
		library->version = strcpy(copy, version);
		library->version_from = GLASSBOX__LIBRARY__VERSION_FROM__FILE_NAME;
	} else if (library->owner && *library->owner->version) {
		library->version = library->owner->version;
		library->version_from = GLASSBOX__LIBRARY__VERSION_FROM__OWNER;
	}
	return 0;
}
