// An addon that uses V8's and Node's C++ interfaces in every way that depends on the native stack.
#include "call.h"

namespace other_addon {

namespace {

// enterAndLeave(): what embedders do before they touch an isolate.
void enter_and_leave(const Info& info) {
  info.GetIsolate()->Enter();
  info.GetIsolate()->Exit();
}

// insideIsolateScope(fn)
void inside_isolate_scope(const Info& info) {
  v8::Isolate::Scope scope(info.GetIsolate());
  answer(info, call_first(info));
}

// insideHandleScope(fn): with a local that has to survive the call.
void inside_handle_scope(const Info& info) {
  v8::Isolate* isolate = info.GetIsolate();
  v8::EscapableHandleScope scope(isolate);
  v8::Local<v8::Array> kept = v8::Array::New(isolate, 3);
  v8::Local<v8::Value> result;
  if (!call_first(info).ToLocal(&result)) return;
  if (kept->Length() != 3) result = v8::String::NewFromUtf8Literal(isolate, "the local is lost");
  info.GetReturnValue().Set(scope.Escape(result));
}

v8::internal::Address* open_slot = nullptr;

// insideOpenSlot(fn): meanwhile writeOpenSlot(value) writes to the slot of a local of this call.
void inside_open_slot(const Info& info) {
  v8::EscapableHandleScope scope(info.GetIsolate());
  v8::Local<v8::Value> local = v8::Local<v8::Value>::New(info.GetIsolate(), info[0]);
  static_assert(sizeof local == sizeof open_slot);
  __builtin_memcpy(&open_slot, static_cast<const void*>(&local), sizeof open_slot);
  v8::Local<v8::Value> result;
  if (call_first(info).ToLocal(&result)) info.GetReturnValue().Set(scope.Escape(result));
}

void write_open_slot(const Info& info) {
  v8::internal::Address* slot;
  v8::Local<v8::Value> value = info[0];
  __builtin_memcpy(&slot, static_cast<const void*>(&value), sizeof slot);
  *open_slot = *slot;
}

// insideTryCatch(fn): answers what was thrown.
void inside_try_catch(const Info& info) {
  v8::TryCatch try_catch(info.GetIsolate());
  v8::MaybeLocal<v8::Value> result = call_first(info);
  answer(info, try_catch.HasCaught() ? try_catch.Exception() : result);
}

node::async_context context_of(const Info& info) {
  v8::Local<v8::Context> context = info.GetIsolate()->GetCurrentContext();
  return {info[1]->NumberValue(context).FromMaybe(0), info[2]->NumberValue(context).FromMaybe(0)};
}

// makeCallback(fn, asyncId, triggerId): how addons enter JavaScript from the event loop; drains
// nextTicks and microtasks afterwards when it is the outermost.
void make_callback(const Info& info) {
  v8::Isolate* isolate = info.GetIsolate();
  answer(info, node::MakeCallback(isolate, v8::Object::New(isolate), info[0].As<v8::Function>(), 0,
                                  nullptr, context_of(info)));
}

// insideCallbackScope(fn, asyncId, triggerId)
void inside_callback_scope(const Info& info) {
  v8::Isolate* isolate = info.GetIsolate();
  node::CallbackScope scope(isolate, v8::Object::New(isolate), context_of(info));
  answer(info, call_first(info));
}

// performCheckpoint(): drains the microtask queue on this very stack.
void perform_checkpoint(const Info& info) { info.GetIsolate()->PerformMicrotaskCheckpoint(); }

// insideMicrotasksScope(fn): drains when it ends.
void inside_microtasks_scope(const Info& info) {
  v8::MicrotasksScope scope(info.GetIsolate()->GetCurrentContext(),
                            v8::MicrotasksScope::kRunMicrotasks);
  answer(info, call_first(info));
}

// withoutMicrotasks(fn)
void without_microtasks(const Info& info) {
  v8::Isolate::SuppressMicrotaskExecutionScope scope(info.GetIsolate());
  answer(info, call_first(info));
}

// insideJavaScriptBan(): JavaScript would throw or crash in here; only that nothing stays of it matters.
void inside_javascript_ban(const Info& info) {
  v8::Isolate::DisallowJavascriptExecutionScope scope(
      info.GetIsolate(), v8::Isolate::DisallowJavascriptExecutionScope::THROW_ON_FAILURE);
  v8::TryCatch try_catch(info.GetIsolate());
  v8::MaybeLocal<v8::Value> result = call_first(info);
  info.GetReturnValue().Set(result.IsEmpty());
}

}  // namespace

}  // namespace other_addon

NODE_MODULE_INIT() {
  (void)module;
  (void)context;
  using namespace other_addon;
  NODE_SET_METHOD(exports, "enterAndLeave", enter_and_leave);
  NODE_SET_METHOD(exports, "insideIsolateScope", inside_isolate_scope);
  NODE_SET_METHOD(exports, "insideHandleScope", inside_handle_scope);
  NODE_SET_METHOD(exports, "insideOpenSlot", inside_open_slot);
  NODE_SET_METHOD(exports, "writeOpenSlot", write_open_slot);
  NODE_SET_METHOD(exports, "insideTryCatch", inside_try_catch);
  NODE_SET_METHOD(exports, "makeCallback", make_callback);
  NODE_SET_METHOD(exports, "insideCallbackScope", inside_callback_scope);
  NODE_SET_METHOD(exports, "performCheckpoint", perform_checkpoint);
  NODE_SET_METHOD(exports, "insideMicrotasksScope", inside_microtasks_scope);
  NODE_SET_METHOD(exports, "withoutMicrotasks", without_microtasks);
  NODE_SET_METHOD(exports, "insideJavaScriptBan", inside_javascript_ban);
  define_control_flow(exports);
}
