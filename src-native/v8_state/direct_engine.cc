#include "v8_state/direct_engine.h"

#include <cstdlib>

namespace greenfiber::v8_state {

namespace {

// The implementer's vectors begin behind the isolate and end before the spare block: { data, capacity, size }.
constexpr std::size_t kFirstVector = sizeof(Word);
constexpr std::size_t kVectorSize = 3 * sizeof(Word);

}  // namespace

DirectEngine::DirectEngine(v8::Isolate* isolate, const Layout& layout, ThreadRecord& main)
    : isolate_(isolate), layout_(layout), running_(&main), main_(main) {
  std::memset(empty_archive_, 0, sizeof empty_archive_);
  std::memcpy(empty_archive_, layout.fresh_implementer, layout.implementer_size);
  std::memcpy(empty_archive_ + layout.implementer_size, layout.fresh_thread_local_top,
              kThreadLocalTopSize);
  main.is_main = true;
  main.stack_limit = layout.main_stack_limit;
  main.stack_start = layout.main_stack_start;
  main.node.id = kFiberThreadId;
  main.node.thread_manager = layout.thread_manager;
  link(main.node, layout.in_use_anchor, empty_archive_);
  isolate->AddGCPrologueCallback(before_gc, this);
  isolate->AddGCEpilogueCallback(after_gc, this);
}

DirectEngine::~DirectEngine() {
  isolate_->RemoveGCPrologueCallback(before_gc, this);
  isolate_->RemoveGCEpilogueCallback(after_gc, this);
  if (running_ != &main_) enter(main_);
  for_each_record([](ThreadRecord& record) { unlink(record.node); });
}

void DirectEngine::adopt(ThreadRecord& record, std::byte* handles, Word stack_start,
                         Word stack_limit) {
  record.stack_start = stack_start;
  record.stack_limit = stack_limit;
  record.node.id = kFiberThreadId;
  record.node.thread_manager = layout_.thread_manager;
  std::memcpy(record.archive, empty_archive_, layout_.implementer_size + kThreadLocalTopSize);
  std::memcpy(record.archive + layout_.spare_in_implementer, &handles, sizeof handles);
  link(record.node, layout_.in_use_anchor, record.archive);
}

void DirectEngine::forget(ThreadRecord& record) {
  unlink(record.node);
  for (std::size_t at = kFirstVector; at + kVectorSize <= layout_.spare_in_implementer;
       at += kVectorSize) {
    void* data;
    std::memcpy(&data, record.archive + at, sizeof data);
    std::free(data);
  }
  std::free(reinterpret_cast<void*>(record.sudden_shutdown[0]));
}

void DirectEngine::set_stack_start(Word start) {
  for (Word* place : layout_.stack_starts) *place = start;
}

// The conservative scan of the C++ stack goes from the stack pointer to the stack's start, so while a fiber
// collects garbage the start must be the fiber's own.
void DirectEngine::before_gc(v8::Isolate*, v8::GCType, v8::GCCallbackFlags, void* self) {
  auto* engine = static_cast<DirectEngine*>(self);
  if (engine->running_ != &engine->main_) engine->set_stack_start(engine->running_->stack_start);
}

void DirectEngine::after_gc(v8::Isolate*, v8::GCType, v8::GCCallbackFlags, void* self) {
  auto* engine = static_cast<DirectEngine*>(self);
  if (engine->running_ != &engine->main_) engine->set_stack_start(engine->main_.stack_start);
}

}  // namespace greenfiber::v8_state
