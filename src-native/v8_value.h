// Node-API values and V8 handles are the same words.
#pragma once

#include <napi.h>
#include <v8.h>

#include <cstring>

namespace greenfiber {

inline v8::Local<v8::Value> to_v8(Napi::Value value) {
  napi_value raw = value;
  v8::Local<v8::Value> local;
  static_assert(sizeof local == sizeof raw);
  std::memcpy(static_cast<void*>(&local), &raw, sizeof raw);
  return local;
}

inline Napi::Value to_napi(Napi::Env env, v8::Local<v8::Value> value) {
  napi_value raw;
  static_assert(sizeof value == sizeof raw);
  std::memcpy(&raw, static_cast<void*>(&value), sizeof raw);
  return {env, raw};
}

}  // namespace greenfiber
