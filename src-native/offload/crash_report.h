// Says which external function it was when one ends the process. The only state of greenfiber that belongs to the
// process and not to an environment, because signals do.
#pragma once

#include "offload/batch.h"

namespace greenfiber::offload {

// From now on; once is enough. What handled the signals before still does.
void report_crashes();

// The function that the calling thread runs, or null.
void note_running(const Target* target);

// For the life of a pool's thread: a stack to report from when its own has overflowed.
class SignalStack {
 public:
  SignalStack();
  ~SignalStack();
  SignalStack(const SignalStack&) = delete;
  SignalStack& operator=(const SignalStack&) = delete;

 private:
  std::unique_ptr<std::byte[]> memory_;
};

}  // namespace greenfiber::offload
