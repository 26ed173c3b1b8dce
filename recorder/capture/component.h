/* Libraries whose versions people ask for: CUDA, cuDNN, NCCL, MKL and their kin, known by the names of their files. */
#ifndef GBX_CAPTURE_COMPONENT_H
#define GBX_CAPTURE_COMPONENT_H

#include "base/arena.h"
#include "record.pb-c.h"

/* Fills component, and version where it is known: from the file's name (libcudnn.so.9.1.0), else from its owner, whose version then is the
 * component's. Call it when the owner is known. The texts are constant, the owner's, or in memory. */
int gbx_component_name(Glassbox__Library *library, struct gbx_arena *memory, struct gbx_error *err) GBX_MUST_USE;

#endif
