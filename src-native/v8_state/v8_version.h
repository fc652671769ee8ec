// What a binary knows of its V8 before it runs: all of it is compiled in, so that copies are a handful of instructions and
// a switch does not ask. Calibration measures the same and refuses what differs. A new V8 is looked up here first.
#pragma once

#include <v8-version.h>

#include <cstddef>

namespace greenfiber::v8_state {

// Where the compiler must not even see what another V8 lacks.
#define GREENFIBER_V8_SINCE(major, minor) \
  (V8_MAJOR_VERSION > (major) || (V8_MAJOR_VERSION == (major) && V8_MINOR_VERSION >= (minor)))
#define GREENFIBER_HAS_INTERCEPTED GREENFIBER_V8_SINCE(12, 4)  // what an interceptor returns
#define GREENFIBER_HAS_CONTINUATION_DATA GREENFIBER_V8_SINCE(12, 0)
#define GREENFIBER_HAS_MINOR_MARK_SWEEP GREENFIBER_V8_SINCE(12, 0)  // was called MinorMarkCompact

constexpr bool v8_since(int major, int minor = 0) { return GREENFIBER_V8_SINCE(major, minor); }

// next, limit, level and, up to V8 11, the canonical scope.
inline constexpr std::size_t kHandleScopeDataSize = v8_since(12) ? 24 : 32;

inline constexpr std::size_t kImplementerSize = v8_since(13) ? 128 : v8_since(12) ? 120 : 152;
inline constexpr std::size_t kScopeDataInImplementer = v8_since(13) ? 104 : v8_since(12) ? 96 : 120;

// Room for an archived thread: 568 bytes in V8 12, 584 later, and 16 more when malloc does not split the rest off.
inline constexpr std::size_t kArchiveWords = v8_since(13) ? 75 : v8_since(12) ? 73 : 80;

// Up to V8 12 one limit for JavaScript and one for C++.
inline constexpr std::size_t kStackLimitCount = v8_since(13) ? 1 : 2;

// Some of V8's own checks ask whether they run on the thread's own stack, not on one of WebAssembly's: whether the stack
// pointer is between where V8 believes the thread's stack to start and that less its size.
inline constexpr bool kHasStackExtent = v8_since(13);

// A vector of objects to destroy before a sudden shutdown: { begin, end, capacity }. Came with V8 12 (Node 22) and went
// before 12.9 (Node 23).
inline constexpr bool kHasSuddenShutdownVector = v8_since(12) && !v8_since(12, 9);

// AsyncLocalStorage's frame lies in the isolate: the continuation-preserved embedder data.
inline constexpr bool kHasContinuationData = GREENFIBER_HAS_CONTINUATION_DATA;

// WebAssembly has stacks of its own, which suspendable exports run on.
inline constexpr bool kHasWasmStacks = v8_since(13);

// Optimised code calls C++ functions without a frame that V8 could walk.
inline constexpr bool kHasFastApiCalls = v8_since(12);

// The generic wrapper of imports is wrong when an import that is exported again is called in itself.
inline constexpr bool kHasUnsoundWasmWrapper = v8_since(12) && !v8_since(13);

// Below the exit frame that an entry frame keeps lies that of a fast API call.
inline constexpr bool kKeepsFastCall = v8_since(13);

// ThreadLocalTop's word that V8's walk does not visit: the context of the script that called C++. 0 before V8 12.
inline constexpr std::size_t kScriptContextInTop = v8_since(12) ? 3 : 0;

// A buffer with a key that is detached without it: V8 and Node throw. Before, both take it for impossible and end the
// process.
inline constexpr bool kRefusesDetaching = v8_since(13);

}  // namespace greenfiber::v8_state
