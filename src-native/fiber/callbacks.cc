#include "fiber/callbacks.h"

#include "v8_state/safepoint.h"

namespace greenfiber::fiber {

namespace {

struct Definition {
  const char* name;
  v8::FunctionCallback callback;
};

constexpr Definition kDefinitions[] = {
    {"resume", resume},
    {"raise", raise_in},
    {"kill", kill},
    {"condemn", condemn},
    {"yield", yield},
    {"transfer", transfer},
    {"transferToMain", transfer_to_main},
    {"start", start},
    {"startTask", start_task},
    {"startOver", start_over},
    {"startTransfer", start_transfer},
    {"finish", finish},
    {"fail", fail},
    {"finishTask", finish_task},
    {"restart", restart},
    {"sweep", sweep},
    {"leave", leave},
    {"enter", enter},
    {"enterRaise", enter_raise},
    {"enterKill", enter_kill},
    {"handOver", hand_over},
    {"beginHandled", begin_handled},
    {"perform", perform},
    {"isAsleep", is_asleep},
    {"limited", limited},
    {"endedIn", ended_in},
    {"watchSlowTasks", watch_slow_tasks},
    {"slowFrames", slow_frames},
    {"current", current},
    {"isYieldable", is_yieldable},
    {"isParkable", is_parkable},
    {"state", state},
    {"mainState", main_state},
    {"resumedBy", resumed_by},
    {"inspect", inspect},
    {"currentFrame", current_frame},
    {"fulfilledValue", fulfilled_value},
};

}  // namespace

bool define_callbacks(Runtime& runtime, v8::Local<v8::Object> target) {
  v8::Isolate* isolate = runtime.isolate();
  v8::Local<v8::Context> context = runtime.context();
  const auto define = [&](const char* name, v8::Local<v8::Value> value) {
    v8_state::safepoint(isolate);
    v8::Local<v8::String> key;
    return v8::String::NewFromUtf8(isolate, name).ToLocal(&key) &&
           target->Set(context, key, value).FromMaybe(false);
  };
  for (const Definition& definition : kDefinitions) {
    v8::Local<v8::FunctionTemplate> shape = v8::FunctionTemplate::New(isolate, definition.callback);
    shape->RemovePrototype();
    shape->SetClassName(
        v8::String::NewFromUtf8(isolate, definition.name).FromMaybe(v8::String::Empty(isolate)));
    v8::Local<v8::Function> function;
    if (!shape->GetFunction(context).ToLocal(&function)) return false;
    if (!define(definition.name, function)) return false;
  }
  v8::Local<v8::String> failure;
  return v8::String::NewFromUtf8(isolate, runtime.direct_failure().c_str()).ToLocal(&failure) &&
         define("isDirect", v8::Boolean::New(isolate, runtime.is_direct())) &&
         define("directFailure", failure);
}

}  // namespace greenfiber::fiber
