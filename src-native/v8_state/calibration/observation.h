// What the callbacks of a calibration step report to.
#pragma once

#include <vector>

#include "v8_state/layout.h"
#include "v8_state/memory_probe.h"

namespace greenfiber::v8_state {

struct Observation {
  const Layout* layout;
  const MemoryProbe* probe;
  int depth = 0;
  std::vector<std::size_t> candidates = {};
  std::vector<Word> values = {};  // of the candidates when they were found
  std::vector<std::vector<std::byte>> snapshots = {};
  const Tagged* watched = nullptr;
};

// An observation as the data of a callback, and back. Where V8 wants to know what kind of pointer it is, 0 is any.
template <typename External = v8::External>
v8::Local<v8::Value> wrap(v8::Isolate* isolate, Observation* observation) {
  if constexpr (requires { External::New(isolate, observation, 0); }) {
    return External::New(isolate, observation, 0);
  } else {
    return External::New(isolate, observation);
  }
}

template <typename External = v8::External>
Observation* unwrap(v8::Local<v8::Value> data) {
  v8::Local<External> external = data.As<External>();
  if constexpr (requires { external->Value(0); }) {
    return static_cast<Observation*>(external->Value(0));
  } else {
    return static_cast<Observation*>(external->Value());
  }
}

}  // namespace greenfiber::v8_state
