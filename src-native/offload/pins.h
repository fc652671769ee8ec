// Buffers that calls under way read and write: their memory stays, and from V8 13 on nobody can detach them meanwhile.
#pragma once

#include <v8.h>

#include <cstdint>
#include <memory>
#include <unordered_map>
#include <vector>

namespace greenfiber::offload {

class Pins {
 public:
  struct Pin {
    std::shared_ptr<v8::BackingStore> memory;
    v8::Global<v8::ArrayBuffer> buffer;  // empty where it cannot be detached anyway
    std::uint32_t count = 0;
  };
  // One for each run of calls on the same buffer.
  using List = std::vector<v8::BackingStore*>;

  explicit Pins(v8::Isolate* isolate) : isolate_(isolate) {}

  // `buffer` is an ArrayBuffer or SharedArrayBuffer that is neither detached nor resizable.
  void add(v8::Local<v8::Value> buffer, const std::shared_ptr<v8::BackingStore>& memory,
           List& list);
  // Lets go of everything in the list.
  void release(List& list);

 private:
  v8::Isolate* isolate_;
  std::unordered_map<v8::BackingStore*, Pin> pins_;
};

}  // namespace greenfiber::offload
