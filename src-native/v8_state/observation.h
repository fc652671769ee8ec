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

// An observation as the data of a callback, and back.
inline v8::Local<v8::Value> wrap(v8::Isolate* isolate, Observation* observation) {
#if V8_MAJOR_VERSION >= 14
  return v8::External::New(isolate, observation, v8::kExternalPointerTypeTagDefault);
#else
  return v8::External::New(isolate, observation);
#endif
}

inline Observation* unwrap(v8::Local<v8::Value> data) {
#if V8_MAJOR_VERSION >= 14
  return static_cast<Observation*>(
      data.As<v8::External>()->Value(v8::kExternalPointerTypeTagDefault));
#else
  return static_cast<Observation*>(data.As<v8::External>()->Value());
#endif
}

}  // namespace greenfiber::v8_state
