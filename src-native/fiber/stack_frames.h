// Stack traces as text, without running JavaScript.
#pragma once

#include <v8.h>

#include <string>

namespace greenfiber::fiber {

class Runtime;

// Empty unless it is a string.
std::string text_of(v8::Isolate* isolate, v8::Local<v8::Value> value);

// One line a frame, as V8 writes them, without those of scripts in the folder `leave_out`.
std::string frames_of(v8::Isolate* isolate, v8::Local<v8::StackTrace> trace,
                      const std::string& leave_out = "");

// Where greenfiber's own JavaScript lies; empty where it is part of a bundle, and the program's own code, too.
std::string own_folder(Runtime& runtime);

}  // namespace greenfiber::fiber
