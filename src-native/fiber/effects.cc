// Effects: suspension to the nearest handler, however many fibers lie in between.
//
// A handled body is a fiber whose resumer runs the handler. perform(tag) walks from the running fiber along the
// resumers to the first handled body that lists the tag, and suspends the chain up to it (chain.cc); the handler
// continues it, or keeps it. This is the stack walk of the WebAssembly stack-switching proposal (wasmfx).
//
//     main -> body handling A -> fiber -> body handling B -> tip      perform(B) suspends { body, tip },
//                                                                     perform(A) all four
//
// Nobody sees the fibers of handled bodies: a yield in one leaves the fiber around it, with the body on top.
#include <algorithm>

#include "fiber/callbacks.h"
#include "fiber/chain.h"

namespace greenfiber::fiber {

namespace {

bool handles(const Fiber& body, double tag) {
  const std::vector<double>& tags = body.handled_tags;
  return std::find(tags.begin(), tags.end(), tag) != tags.end();
}

// The handled body whose handler is nearest; null: none. A task has no handlers but its own.
Fiber* find_handler(Runtime& runtime, double tag) {
  for (Fiber* fiber = &runtime.running(); fiber->is_waited_for(); fiber = fiber->resumer) {
    if (fiber->is_handled) {
      if (handles(*fiber, tag)) return fiber;
    } else if (fiber->belongs_to_task) {
      return nullptr;
    }
  }
  return nullptr;
}

double tag_argument(const Info& info, int index) { return info[index].As<v8::Number>()->Value(); }

}  // namespace

// beginHandled(...tags): makes the running fiber a handled body. Answers its handle.
void begin_handled(const Info& info) {
  Runtime& runtime = *Runtime::current();
  Fiber& self = runtime.running();
  self.belongs_to_task = self.is_handled = true;
  self.handled_tags.clear();
  for (int i = 0; i < info.Length(); ++i) self.handled_tags.push_back(tag_argument(info, i));
  info.GetReturnValue().Set(runtime.stacks().handle_of(self));
}

// perform(tag, request): suspends up to the nearest handler of `tag`, who is answered `request`; answers what the
// handler continues with. Where there is no handler, or no engine, answers `request` itself.
void perform(const Info& info) {
  Runtime* const current = Runtime::current();
  Fiber* root = current == nullptr ? nullptr : find_handler(*current, tag_argument(info, 0));
  if (root == nullptr) [[unlikely]]
    return info.GetReturnValue().Set(info[1]);
  Runtime& runtime = *current;
  const Refusal refusal = why_not_parkable(runtime, *root);
  if (refusal != Refusal::kNone) [[unlikely]] {
    return refuse_suspension(runtime, runtime.running(), refusal);
  }
  leave_chain(info, runtime, *root, info[1]);
}

// isAsleep(root): whether the chain can be continued.
void is_asleep(const Info& info) {
  info.GetReturnValue().Set(fiber_argument(info, *Runtime::current()).is_asleep_chain());
}

Refusal why_not_yieldable_around(Runtime& runtime, Fiber& self, Fiber*& owner) {
  owner = &self;
  while (owner->is_handled) {
    if (!owner->is_waited_for()) return Refusal::kTransfer;
    owner = owner->resumer;
  }
  if (owner->is_main()) return Refusal::kNotInFiber;
  if (owner->belongs_to_task) return Refusal::kTask;
  return owner->is_waited_for() ? why_not_parkable(runtime, *owner) : Refusal::kTransfer;
}

void yield_around(const Info& info, Runtime& runtime, Fiber& self) {
  Fiber* owner = nullptr;
  const Refusal refusal = why_not_yieldable_around(runtime, self, owner);
  if (refusal != Refusal::kNone) return refuse_suspension(runtime, self, refusal);
  leave_chain(info, runtime, *owner, info[0]);
}

}  // namespace greenfiber::fiber
