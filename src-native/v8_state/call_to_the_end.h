// Calls functions of ours that nothing may cut short.
#pragma once

#include <v8.h>

#include "v8_state/safepoint.h"

namespace greenfiber::v8_state {

// V8 serves a termination (worker.terminate(), vm's timeout) wherever a function starts, in our own bookkeeping too,
// which would stay half done; and the next call from C++ into JavaScript would forget it. So such a call is begun
// again, and the termination asked for anew: the JavaScript that we return to or switch to is ended by it. `function`
// can be begun again and runs nothing of the user's. Empty: it threw, and what it threw is pending.
inline v8::MaybeLocal<v8::Value> call_to_the_end(v8::Isolate* isolate,
                                                 v8::Local<v8::Context> context,
                                                 v8::Local<v8::Function> function,
                                                 v8::Local<v8::Value> argument) {
  v8::MaybeLocal<v8::Value> result;
  bool ask_again = false;
  do {
    if (isolate->IsExecutionTerminating()) {
      isolate->CancelTerminateExecution();
      ask_again = true;
    }
    safepoint(isolate);
    result = function->Call(context, v8::Undefined(isolate), 1, &argument);
  } while (result.IsEmpty() && isolate->IsExecutionTerminating());
  if (ask_again) isolate->TerminateExecution();
  return result;
}

}  // namespace greenfiber::v8_state
