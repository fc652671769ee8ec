#include "v8_state/engines/direct_engine.h"

#include <new>

namespace greenfiber::v8_state {

DirectEngine::DirectEngine(v8::Isolate* isolate, const Layout& layout, ThreadRecord& main,
                           Running running)
    : top_(layout.thread_local_top()),
      scope_data_(layout.handle_scope_data),
      relocatable_top_(layout.relocatable_top),
      stack_start_(layout.stack_starts[0]),
      thread_stack_start_(layout.thread_stack_start),
      stack_size_(layout.stack_size),
      implementer_place_(layout.implementer_place),
      main_implementer_(layout.main_implementer),
      has_more_stack_starts_(layout.stack_start_count > 1),
      isolate_(isolate),
      layout_(layout),
      running_(running),
      main_(main) {
  make_empty_archive(layout, empty_archive_);
  generations_.emplace(isolate, layout, empty_archive_);
  main.is_main = true;
  main.stack_limit = layout.main_stack_limit;
  main.stack_start = layout.main_stack_start;
  main.stack_size = layout.main_stack_size;
  main.node.id = kFiberThreadId;
  main.node.thread_manager = layout.thread_manager;
  link(main.node, layout.in_use_anchor, empty_archive_);
  wasm_stacks_.emplace(isolate, layout, empty_archive_);
  isolate->AddGCPrologueCallback(before_gc, this);
}

DirectEngine::~DirectEngine() {
  isolate_->RemoveGCPrologueCallback(before_gc, this);
  const ThreadRecord& running = running_();
  if (!running.is_main) {
    enter(main_);
    set_stack_extent(running);  // V8 goes on in its frames
  }
  for_each_record([&](ThreadRecord& record) {
    // V8 goes on in frames of the stack that runs.
    if (!record.is_main && &record != &running) free_vectors(record);
    unlink(record.node);
  });
}

void DirectEngine::adopt(ThreadRecord& record, std::byte* handles, const StackBounds& bounds) {
  record.set_bounds(bounds);
  record.node.id = kFiberThreadId;
  record.node.thread_manager = layout_.thread_manager;
  copy_words<kImplementerWords + kTopWords>(record.archive, empty_archive_);
  record.archive[layout_.spare_in_implementer / sizeof(Word)] = reinterpret_cast<Word>(handles);
  generations_->insert(record);
}

void DirectEngine::forget(ThreadRecord& record) {
  generations_->remove(record);
  free_vectors(record);
}

void DirectEngine::free_vectors(ThreadRecord& record) const {
  const std::size_t spare = layout_.spare_in_implementer / sizeof(Word);
  for (std::size_t at = kFirstVector; at + kVectorWords <= spare; at += kVectorWords) {
    ::operator delete[](reinterpret_cast<void*>(record.archive[at]));  // a DetachableVector
  }
  ::operator delete(reinterpret_cast<void*>(record.sudden_shutdown[0]));  // a std::vector
}

// Whoever enters the isolate in a fiber, another addon say, makes V8 believe that the thread's own stack runs.
void DirectEngine::before_gc(v8::Isolate*, v8::GCType, v8::GCCallbackFlags, void* self) {
  auto* engine = static_cast<DirectEngine*>(self);
  ++engine->collections_;
  engine->set_stack_extent(engine->running_());
}

}  // namespace greenfiber::v8_state
