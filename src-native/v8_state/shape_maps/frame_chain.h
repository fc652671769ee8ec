// Reads how a suspended stack is made up, or says why that is not plain.
//
// Plain is what V8 walks by nothing but its code, its frame pointers and its stack pointers: frames of JavaScript and of
// its built-ins, between exit and entry frames, all of whose return addresses lie where no code of WebAssembly does.
#pragma once

#include "v8_state/shape_maps/stack_shape.h"
#include "v8_state/thread_record.h"

namespace greenfiber::v8_state {

class FrameChain {
 public:
  // `breaks`: leaves out what it should not, for a test.
  FrameChain(const Layout& layout, bool breaks) : layout_(layout), breaks_(breaks) {}

  // Null: `shape` is that of the stack. Else why it is not plain, and `shape` is of no use.
  const char* read(const ThreadRecord& record, StackShape& shape);

  // A guess at the shape: equal for equal shapes.
  Word hash(const ThreadRecord& record) const;

  // Where the slots of a stack may lie: between its innermost frame and the end of its handles.
  static AddressRange extent(const ThreadRecord& record);

 private:
  const char* read_record();
  const char* read_objects(Word head, std::size_t link, bool typed);
  const char* read_frames(Word exit_frame);
  const char* read_exit_frame(Word frame);
  // To the frame that called `frame`, which is put in its place.
  const char* read_caller(Word& frame, bool& is_entry);

  bool inside(Word at) const {
    return at >= low_ && at + 2 * sizeof(Word) <= record_ && (at & 7) == 0;
  }
  bool is_plain_kind(Word kind) const;

  const Layout& layout_;
  const bool breaks_;
  const ThreadRecord* of_ = nullptr;
  StackShape* shape_ = nullptr;
  Word record_ = 0, low_ = 0;
  std::size_t frames_ = 0;
};

}  // namespace greenfiber::v8_state
