#include "v8_state/engines/wasm_stacks.h"

#include <utility>

#include "v8_state/memory_probe.h"

namespace greenfiber::v8_state {

namespace {

constexpr std::size_t kBegin = 0, kEnd = 1;

// What V8 knows of a stack begins { limit, size, whether it is V8's, where it was left { sp, fp, pc, ... } }.
constexpr std::size_t kLookBytes = 128;

}  // namespace

WasmStacks::WasmStacks(v8::Isolate* isolate, const Layout& layout, const Word* empty_archive)
    : isolate_(isolate),
      list_(layout.wasm_stacks),
      left_for_wasm_at_(layout.thread_local_top() + kLeftForWasmAt),
      at_first_(layout, *this),
      at_last_(layout, *this),
      first_(layout, empty_archive),
      last_(layout, empty_archive) {
  if (list_ == nullptr) return;
  first_.lead_to(at_first_);
  last_.lead_to(at_last_);
  link(first_.node, layout.in_use_anchor, first_.archive);
  link(last_.node, layout.in_use_anchor->previous, last_.archive);
  isolate->AddGCPrologueCallback(before_gc, this);
  isolate->AddGCEpilogueCallback(after_gc, this);
}

WasmStacks::~WasmStacks() {
  if (list_ == nullptr) return;
  isolate_->RemoveGCPrologueCallback(before_gc, this);
  isolate_->RemoveGCEpilogueCallback(after_gc, this);
  show();
  unlink(first_.node);
  unlink(last_.node);
}

void WasmStacks::hide() {
  if (hidden_ || state_at_ == 0) return;
  const auto* stack = reinterpret_cast<const Word*>(list_[kBegin]);
  const auto* const end = reinterpret_cast<const Word*>(list_[kEnd]);
  while (stack != end && state_of(*stack) != kActive) ++stack;
  if (stack == end) return;
  active_ = *stack;
  all_[kBegin] = std::exchange(list_[kBegin], reinterpret_cast<Word>(&active_));
  all_[kEnd] = std::exchange(list_[kEnd], reinterpret_cast<Word>(&active_ + 1));
  hidden_ = true;
}

void WasmStacks::show() {
  if (!hidden_) return;
  list_[kBegin] = all_[kBegin];
  list_[kEnd] = all_[kEnd];
  hidden_ = false;
}

void WasmStacks::before_gc(v8::Isolate*, v8::GCType type, v8::GCCallbackFlags, void* self) {
  if (type == v8::kGCTypeScavenge) static_cast<WasmStacks*>(self)->hide();
}

void WasmStacks::after_gc(v8::Isolate*, v8::GCType, v8::GCCallbackFlags, void* self) {
  static_cast<WasmStacks*>(self)->show();
}

void WasmStacks::look() {
  if (looks_.empty()) left_before_ = *left_for_wasm_at_;
  Look look(kLookBytes / sizeof(std::int32_t));
  if (list_ == nullptr ||
      !MemoryProbe::read(reinterpret_cast<void*>(own_stack()), look.data(), kLookBytes)) {
    look.clear();
  }
  looks_.push_back(look);
}

bool WasmStacks::learn() {
  std::vector<Look> looks;
  looks.swap(looks_);
  if (find_state(looks)) {
    // What was called before is over; the locker engine, which may have to serve after us, goes by the word alone.
    if (state_of(own_stack()) == kActive) *left_for_wasm_at_ = 0;
    return true;
  }
  *left_for_wasm_at_ = left_before_;
  return false;
}

bool WasmStacks::find_state(const std::vector<Look>& looks) {
  if (looks.size() != 5) return false;
  for (const Look& look : looks) {
    if (look.empty()) return false;
  }
  std::size_t found = 0;
  for (std::size_t i = 0; i < looks[0].size(); ++i) {
    bool follows = true;
    for (std::size_t k = 0; k < looks.size(); ++k) {
      follows = follows && looks[k][i] == (k % 2 == 0 ? kActive : kLeft);
    }
    if (!follows) continue;
    if (found != 0) return false;
    found = i;
  }
  if (found == 0) return false;
  state_at_ = found * sizeof(std::int32_t);
  return true;
}

}  // namespace greenfiber::v8_state
