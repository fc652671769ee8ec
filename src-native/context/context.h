// Leave one native stack, enter another. This folder knows nothing of V8.
//
//   context::SuspendedFrame* frame = context::prepare(stack_top, entry, argument);
//   context::Transfer back = context::switch_to(frame, payload);  // runs entry until it yields
//
// This header only selects: one file per architecture and ABI implements the functions, and
// frames.h holds the words they exchange. `kSupported` says at run time whether there is one.
#pragma once

#if defined(__x86_64__) && defined(__LP64__) && defined(__ELF__)
#include "context_x86_64_sysv.h"  // IWYU pragma: export
#elif defined(__aarch64__) && defined(__LP64__) && defined(__ELF__)
#include "context_aarch64_aapcs64.h"  // IWYU pragma: export
#else
#include "context_unsupported.h"  // IWYU pragma: export
#endif
