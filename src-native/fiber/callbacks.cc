#include "fiber/callbacks.h"

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
    {"current", current},
    {"isYieldable", is_yieldable},
    {"isParkable", is_parkable},
    {"state", state},
    {"innermost", innermost},
    {"resumedBy", resumed_by},
    {"inspect", inspect},
    {"currentFrame", current_frame},
    {"fulfilledValue", fulfilled_value},
};

}  // namespace

void define_callbacks(v8::Isolate* isolate, v8::Local<v8::Context> context,
                      v8::Local<v8::Object> target) {
  for (const Definition& definition : kDefinitions) {
    v8::Local<v8::String> name = v8::String::NewFromUtf8(isolate, definition.name).ToLocalChecked();
    v8::Local<v8::FunctionTemplate> shape = v8::FunctionTemplate::New(isolate, definition.callback);
    shape->RemovePrototype();
    shape->SetClassName(name);
    target->Set(context, name, shape->GetFunction(context).ToLocalChecked()).Check();
  }
}

}  // namespace greenfiber::fiber
