// The native half of the error codes. lib/base/errors.ts turns each into a FiberError with its message; the two
// lists have the same order.
#pragma once

namespace greenfiber::fiber {

enum class ErrorCode {
  kNotInFiber,    // ERR_FIBER_NOT_IN_FIBER
  kRunning,       // ERR_FIBER_RUNNING
  kFinished,      // ERR_FIBER_FINISHED
  kNotYieldable,  // ERR_FIBER_NOT_YIELDABLE
  kTransfer,      // ERR_FIBER_TRANSFER
  kNesting,       // ERR_FIBER_NESTING
  kOutOfMemory,   // ERR_FIBER_OUT_OF_MEMORY
  kTask,          // ERR_FIBER_NOT_YIELDABLE, on the root of a task
  kOutside,       // ERR_FIBER_NOT_IN_FIBER, what would be suspended is not around the call
  kWaits,         // ERR_FIBER_RUNNING, a fiber that waits for the caller is to be unwound
  kNoWatchdog,    // ERR_FIBER_UNSUPPORTED, no thread can be had
};

}  // namespace greenfiber::fiber
