// Where V8, called by us, may collect garbage or serve a termination. A build for tests, with GREENFIBER_SAFEPOINTS
// defined, makes it happen there: see safepoint.cc.
#pragma once

namespace v8 {
class Isolate;
}

namespace greenfiber::v8_state {

#ifdef GREENFIBER_SAFEPOINTS
// CAUTION: may allocate, and terminate.
void at_safepoint(v8::Isolate* isolate);
inline void safepoint(v8::Isolate* isolate) { at_safepoint(isolate); }
#else
inline void safepoint(v8::Isolate*) {}
#endif

}  // namespace greenfiber::v8_state
