// What has to outlive the isolate.
//
// Frames that sleep on a stack of ours have told V8 where they lie: JSON.stringify, for one, has a cache in its frame
// that is to be emptied after each collection. V8 collects until the isolate is gone, which is after the end of the
// environment; so the stacks stay until then.
#pragma once

#include <node.h>

namespace greenfiber::v8_state {

class AfterIsolate {
 public:
  // For the environment of the current context.
  explicit AfterIsolate(v8::Isolate* isolate);

  // Calls `release(data)` when the isolate is gone. Where the process ends before, it is never called.
  void call(void (*release)(void* data), void* data) const;

 private:
  v8::Isolate* isolate_;
  node::MultiIsolatePlatform* platform_ = nullptr;
};

}  // namespace greenfiber::v8_state
