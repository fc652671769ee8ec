// State that C and C++ keep per thread although it belongs to a stack.
#include <cerrno>
#include <cfenv>
#include <exception>
#include <string>

#include "call.h"

namespace other_addon {

namespace {

// whileHandling(message, fn): runs fn in a catch block, then throws the exception on with `throw;`.
// Answers the message that arrives.
void while_handling(const Info& info) {
  v8::Isolate* isolate = info.GetIsolate();
  v8::String::Utf8Value message(isolate, info[0]);
  std::string arrived;
  try {
    try {
      throw std::string(*message);
    } catch (const std::string&) {
      v8::Local<v8::Value> ignored;
      if (!info[1]
               .As<v8::Function>()
               ->Call(isolate->GetCurrentContext(), v8::Undefined(isolate), 0, nullptr)
               .ToLocal(&ignored)) {
        return;
      }
      throw;
    }
  } catch (const std::string& outer) {
    arrived = outer;
  }
  info.GetReturnValue().Set(v8::String::NewFromUtf8(isolate, arrived.c_str()).ToLocalChecked());
}

struct CallsWhenUnwound {
  const Info& info;
  ~CallsWhenUnwound() { (void)call_first(info).IsEmpty(); }
};

// whileUnwinding(fn): runs fn in a destructor while an exception is in flight. Answers how many were in
// flight afterwards.
void while_unwinding(const Info& info) {
  struct Counts {
    int& count;
    ~Counts() { count = std::uncaught_exceptions(); }
  };
  int count = -1;
  try {
    Counts counts{count};
    CallsWhenUnwound calls{info};
    throw 1;
  } catch (int) {
  }
  info.GetReturnValue().Set(count);
}

// exceptionsInFlight()
void exceptions_in_flight(const Info& info) {
  info.GetReturnValue().Set(std::uncaught_exceptions());
}

// isHandling(): whether a catch block is active.
void is_handling(const Info& info) {
  info.GetReturnValue().Set(std::current_exception() != nullptr);
}

// setErrno(n), getErrno()
void set_errno(const Info& info) { errno = info[0].As<v8::Int32>()->Value(); }
void get_errno(const Info& info) { info.GetReturnValue().Set(errno); }

// whileRounding(mode, fn): with the rounding mode set, a FE_ of <cfenv>; answers the mode after fn.
void while_rounding(const Info& info) {
  const int before = std::fegetround();
  std::fesetround(info[0].As<v8::Int32>()->Value());
  v8::Isolate* isolate = info.GetIsolate();
  v8::MaybeLocal<v8::Value> result = info[1].As<v8::Function>()->Call(
      isolate->GetCurrentContext(), v8::Undefined(isolate), 0, nullptr);
  const int after = std::fegetround();
  std::fesetround(before);
  if (!result.IsEmpty()) info.GetReturnValue().Set(after);
}

// roundingMode()
void rounding_mode(const Info& info) { info.GetReturnValue().Set(std::fegetround()); }

}  // namespace

void define_control_flow(v8::Local<v8::Object> exports) {
  NODE_SET_METHOD(exports, "whileHandling", while_handling);
  NODE_SET_METHOD(exports, "whileUnwinding", while_unwinding);
  NODE_SET_METHOD(exports, "exceptionsInFlight", exceptions_in_flight);
  NODE_SET_METHOD(exports, "isHandling", is_handling);
  NODE_SET_METHOD(exports, "setErrno", set_errno);
  NODE_SET_METHOD(exports, "getErrno", get_errno);
  NODE_SET_METHOD(exports, "whileRounding", while_rounding);
  NODE_SET_METHOD(exports, "roundingMode", rounding_mode);
}

}  // namespace other_addon
