#include "fiber/stack_frames.h"

#include <cstdint>
#include <string_view>

#include "fiber/runtime.h"

namespace greenfiber::fiber {

namespace {

std::string place_of(v8::Isolate* isolate, v8::Local<v8::StackFrame> frame) {
  const std::string script = text_of(isolate, frame->GetScriptNameOrSourceURL());
  if (frame->GetLineNumber() <= 0) return script.empty() ? "<anonymous>" : script;
  return (script.empty() ? "<anonymous>" : script) + ":" + std::to_string(frame->GetLineNumber()) +
         ":" + std::to_string(frame->GetColumn());
}

}  // namespace

std::string text_of(v8::Isolate* isolate, v8::Local<v8::Value> value) {
  if (value.IsEmpty() || !value->IsString()) return "";
  const v8::String::Utf8Value text(isolate, value);
  return *text == nullptr ? "" : *text;
}

std::string frames_of(v8::Isolate* isolate, v8::Local<v8::StackTrace> trace,
                      const std::string& leave_out) {
  std::string frames;
  for (int i = 0; i < trace->GetFrameCount(); ++i) {
    v8::Local<v8::StackFrame> frame = trace->GetFrame(isolate, static_cast<std::uint32_t>(i));
    if (!leave_out.empty() && text_of(isolate, frame->GetScriptName()).starts_with(leave_out))
      continue;
    const std::string name = text_of(isolate, frame->GetFunctionName());
    const std::string place = place_of(isolate, frame);
    if (!frames.empty()) frames += '\n';
    frames += "    at ";
    frames += frame->IsConstructor() && !name.empty() ? "new " : "";
    frames += name;
    frames += name.empty() ? "" : " (";
    frames += place;
    frames += name.empty() ? "" : ")";
  }
  return frames;
}

std::string own_folder(Runtime& runtime) {
  v8::Isolate* isolate = runtime.isolate();
  const v8::HandleScope scope(isolate);
  const std::string file =
      text_of(isolate, runtime.hooks().nothing.Get(isolate)->GetScriptOrigin().ResourceName());
  constexpr std::string_view kOwnFile = "/native/runtime.js";
  return file.ends_with(kOwnFile) ? file.substr(0, file.size() - kOwnFile.size() + 1) : "";
}

}  // namespace greenfiber::fiber
