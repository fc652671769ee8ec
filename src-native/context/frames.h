// The words that two control flows exchange when one continues the other.
#pragma once

#include <cstddef>

namespace greenfiber::context {

// A suspended control flow: two words on its own stack, the lowest ones that are alive there;
// whoever gives back the unused part of a stack may take everything below.
//
// They have the shape of the frame record that every function prologue makes (saved frame pointer,
// return address), so a frame-pointer walk can step *through* a SuspendedFrame into the flow it
// describes: see BottomFrame. The stack pointer needs no word, it is found at a fixed distance.
struct SuspendedFrame {
  void* frame_pointer;
  void* resume_address;
};

static_assert(offsetof(SuspendedFrame, frame_pointer) == 0);
static_assert(offsetof(SuspendedFrame, resume_address) == 8);
static_assert(sizeof(SuspendedFrame) == 16);

// What a flow receives when it is continued. Both words travel in registers: a continued flow must
// not have to load them from its own stack, which is cold after a long sleep.
struct Transfer {
  SuspendedFrame* from;  // Who switched to us; null if that flow is finished (switch_to_final).
  void* payload;
};

// The body of a new flow. It must end in switch_to_final and let no exception escape.
using Entry = void (*)(Transfer first, void* argument);

// The highest words of a stack, below which `entry` runs.
//
// `frame` has two lives. Until the first switch it is the SuspendedFrame to switch to. From then on
// it is the frame record of the entry trampoline: its `frame_pointer` word links to the resumer's
// SuspendedFrame (one store, see link_resumer) and unwinders go on from there.
struct alignas(16) BottomFrame {
  SuspendedFrame frame;
  Entry entry;
  void* argument;
};

static_assert(offsetof(BottomFrame, frame) == 0);
static_assert(offsetof(BottomFrame, entry) == 16);
static_assert(offsetof(BottomFrame, argument) == 24);
static_assert(sizeof(BottomFrame) == 32, "the stack pointer of the first call stays aligned by 16");

// The fixed slots just below `top`, which is aligned by 16.
inline BottomFrame* bottom_frame(void* top) { return static_cast<BottomFrame*>(top) - 1; }

// Record who resumed the flow on this stack, so that debuggers and profilers cross from it into the
// resumer. The resumed flow calls it with `Transfer::from` when it lands; the first entry does it
// by itself. A link is valid only while the flow runs: the words it leads to are on the resumer's
// stack.
inline void link_resumer(BottomFrame* bottom, SuspendedFrame* resumer) {
  bottom->frame.frame_pointer = resumer;
}

}  // namespace greenfiber::context
