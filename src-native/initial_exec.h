// For a thread-local on a hot path: its distance from the thread's pointer is known when the addon is loaded, so that
// reading it is one load. glibc keeps room for such variables of libraries that are loaded late; musl refuses to load
// these.
#pragma once

#include <features.h>

#if defined(__GLIBC__)
#define GREENFIBER_INITIAL_EXEC [[gnu::tls_model("initial-exec")]]
#else
#define GREENFIBER_INITIAL_EXEC
#endif
