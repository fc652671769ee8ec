// Moving a sleeping fiber into a tight block and back: the experiment of docs/internals/tucked-stacks.md.
//
//   slot     | .......... | callback | frames of JavaScript | bottom | Fiber | handles | ....... |
//                          as pattern                        as pattern
//   block    | Fiber | words that the patterns do not tell | handles | frames | TryCatch |
//
// While it is tucked, V8's list leads to the copy of the record, and every link that V8 follows from there leads
// into the block. All else in the copy still means the slot, and is right again when it is copied back.
#pragma once

#include <unordered_map>

#include "fiber/runtime.h"
#include "pattern.h"

namespace greenfiber::tucked {

using fiber::Fiber;
using fiber::Tagged;

// Why a fiber cannot be tucked.
enum class Refusal {
  kNone,
  kAwake,       // it runs, waits for a fiber that it resumed, or is parked
  kInChain,     // it sleeps together with others
  kUnarchived,  // it has state that greenfiber swaps by hand
  kHandles,     // more than one block of them
  kFrames,      // JavaScript was entered more than once, or the frames are not understood
};

// What becomes of the slot meanwhile.
enum class Slot {
  kKept,       // as it is: for measuring
  kGivenBack,  // its pages go back to the kernel
  kForbidden,  // whoever touches it faults, and so does whoever reads behind the block
};

// A sleeping stack from its low end.
struct Anatomy {
  Word suspended;  // C++: the callback in which the fiber sleeps
  Word frames;     // what V8 reads of it
  Word exit;       // the frame that JavaScript was left by, where V8's walk begins
  Word entry;      // the frame that JavaScript was entered by, where it ends
  Word try_catch;  // C++: V8's call and ours, with the one object that V8 visits
  Word top;
};

class Attic {
 public:
  explicit Attic(Word isolate) : isolate_(isolate) {}

  Refusal why_not(const Fiber& fiber, Anatomy& anatomy) const;
  // False, and nothing has changed: see why_not.
  bool tuck(Fiber& fiber, Slot slot);
  // False: it is not tucked. Else it is where it was before.
  bool untuck(Fiber& fiber);

  std::size_t size() const { return blocks_.size(); }
  std::size_t patterns() const { return patterns_.size(); }
  // The sums over all that were ever tucked.
  struct Sums {
    double refusals[6];  // by reason
    double blocks, callback, javascript, bottom, handles, differences;
  };
  const Sums& sums() const { return sums_; }

  template <typename Use>
  void for_each(Use use) {
    for (auto at = blocks_.begin(); at != blocks_.end();) {
      Fiber& home = *at->first;
      ++at;
      use(home);
    }
  }

 private:
  // `memory` is where it is; with nullptr the same tells how large it is.
  struct Block {
    std::byte* memory;
    Slot slot;
    std::uint32_t callback_pattern, bottom_pattern;
    std::uint32_t callback_differences, bottom_differences;
    std::uint32_t handle_bytes, frame_bytes;

    Fiber& fiber() const { return *reinterpret_cast<Fiber*>(memory); }
    Difference* differences() const {
      return reinterpret_cast<Difference*>(memory + fiber::kFiberSize);
    }
    Word handles() const {
      return reinterpret_cast<Word>(differences() + callback_differences + bottom_differences);
    }
    Word frames() const { return handles() + handle_bytes; }
    Word try_catch() const { return frames() + frame_bytes + kGap; }
    std::size_t size() const {
      return try_catch() + kTryCatchSize - reinterpret_cast<Word>(memory);
    }
  };
  static constexpr std::size_t kTryCatchSize = (sizeof(v8::TryCatch) + 15) & ~std::size_t{15};
  // So that the end of the frames is no place in the next part.
  static constexpr std::size_t kGap = 16;

  static std::byte* allocate(std::size_t size, Slot slot);
  static void release(std::byte* memory, std::size_t size, Slot slot);

  Word isolate_;
  Patterns patterns_;
  struct Stored {
    Block block;
    Anatomy anatomy;
  };
  std::unordered_map<Fiber*, Stored> blocks_;
  Sums sums_{};
};

}  // namespace greenfiber::tucked
