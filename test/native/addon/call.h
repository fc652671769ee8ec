// What the callbacks of the V8 test addon share.
#pragma once

#include <node.h>
#include <v8.h>

namespace other_addon {

using Info = v8::FunctionCallbackInfo<v8::Value>;

// Calls the function that is the callback's first argument and answers what it answers.
inline v8::MaybeLocal<v8::Value> call_first(const Info& info) {
  v8::Isolate* isolate = info.GetIsolate();
  return info[0].As<v8::Function>()->Call(isolate->GetCurrentContext(), v8::Undefined(isolate), 0,
                                          nullptr);
}

inline void answer(const Info& info, v8::MaybeLocal<v8::Value> result) {
  v8::Local<v8::Value> value;
  if (result.ToLocal(&value)) info.GetReturnValue().Set(value);
}

// control_flow.cc
void define_control_flow(v8::Local<v8::Object> exports);

}  // namespace other_addon
