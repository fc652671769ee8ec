// Limits of processor time: a function is ended by V8's termination when it and what it waits for in its own chain have
// used up what they were given, and the termination ends at the call that opened the limit.
//
// The watchdog has V8 interrupt what runs. The interrupt charges what was used since the last one to the limits of the
// chain that runs: a sample, so a switch costs nothing. It never runs JavaScript, and changes nothing that JavaScript
// sees: optimised loops rely on that (docs/internals/preemption.md).
//
// Between the interrupt that asks for a termination and the next place where V8 serves it, the program may leave the
// stack. Such a switch takes the request back (on_switch), as does the end of the function: a termination never meets
// anybody else, and a limit that is still used up is found by the next sample.
//
// It is asked for only where the program's own code is on top, and that code is deoptimised first: optimised code may
// have functions of Node's and ours inlined, and the next place would be in the middle of them. As it is, the next place
// is in the program's own function, or at the very beginning of one that it calls.
#pragma once

#include <string>

#include "fiber/runtime.h"
#include "fiber/watchdog.h"

namespace greenfiber::fiber {

// One open limit; it lies in the frame of the call that opened it.
struct Limit {
  Limit* outer;
  Nanoseconds left;
  bool inside_drain;     // microtasks were being drained around it
  bool is_fresh = true;  // no sample has seen it: what was used before is not known to be its
};

class CpuLimits {
 public:
  CpuLimits(Runtime& runtime, Watchdog& watchdog);

  void open(Limit& limit);
  // True: the termination that is under way ends here.
  bool close(Limit& limit);
  // For Runtime::watch_next_switch: the running flow is about to be left.
  void on_switch() { take_back(); }
  // Where what was last ended was, as frames of a stack trace.
  const std::string& ended_in() const { return ended_in_; }
  // In the watchdog's interrupt.
  void sample();

 private:
  Nanoseconds used_by_running();
  // The innermost limit that is used up; null: none, or it cannot be enforced here.
  Limit* charge(Nanoseconds used);
  void end(Limit& limit);
  // Does not cancel the termination of an environment that is being stopped.
  void take_back();
  // Whether it is the program's own code that runs, and not that of Node or of ours, which nothing may cut short.
  bool is_program(v8::Local<v8::StackTrace> trace) const;
  bool is_internal(v8::Local<v8::StackFrame> frame) const;

  Runtime& runtime_;
  Watchdog& watchdog_;
  std::string own_folder_;
  Nanoseconds last_ = 0;     // processor time at the last sample
  Limit* ending_ = nullptr;  // for which a termination was asked
  std::string ended_in_;
};

}  // namespace greenfiber::fiber
