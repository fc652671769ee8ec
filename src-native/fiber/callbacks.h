// The functions that lib/native/native.ts calls. They are plain V8 function callbacks: what Node-API does
// around each call would be most of a switch.
#pragma once

#include <v8.h>

#include "fiber/switching.h"

namespace greenfiber::fiber {

// Puts the functions below on `target`, and what lib/native/native.ts wants to know of the engine. Raw handles of fibers are
// part of this interface: lib/fiber/fiber.ts keeps them in private fields, and drops one before its fiber can be reused.
// False: a termination came in between.
bool define_callbacks(Runtime& runtime, v8::Local<v8::Object> target);

// life.cc
void start(const Info& info);
void start_task(const Info& info);
void start_transfer(const Info& info);
void start_over(const Info& info);
void finish(const Info& info);
void fail(const Info& info);
void finish_task(const Info& info);
void restart(const Info& info);
void sweep(const Info& info);

// resume.cc
void resume(const Info& info);
void raise_in(const Info& info);
void kill(const Info& info);
void condemn(const Info& info);
void yield(const Info& info);
void transfer(const Info& info);
void transfer_to_main(const Info& info);

// chain.cc
void leave(const Info& info);
void enter(const Info& info);
void enter_raise(const Info& info);
void enter_kill(const Info& info);
void hand_over(const Info& info);

// effects.cc
void begin_handled(const Info& info);
void perform(const Info& info);
void is_asleep(const Info& info);
// The rest of yield, inside a handled body.
void yield_around(const Info& info, Runtime& runtime, Fiber& self);
Refusal why_not_yieldable_around(Runtime& runtime, Fiber& self, Fiber*& owner);

// cpu_limits.cc
void limited(const Info& info);
void ended_in(const Info& info);

// slow_tasks.cc
void watch_slow_tasks(const Info& info);
void slow_frames(const Info& info);

// inspection.cc
void current(const Info& info);
void is_yieldable(const Info& info);
void is_parkable(const Info& info);
void state(const Info& info);
void main_state(const Info& info);
void resumed_by(const Info& info);
void inspect(const Info& info);
void current_frame(const Info& info);
void fulfilled_value(const Info& info);

}  // namespace greenfiber::fiber
