// Unwinders cross from a running flow into its resumer, and on to main: the frame-pointer walk of
// perf, the DWARF unwinder of libgcc, and gdb. Where a flow's stack lies in memory must not matter.
//
//   main -> host -> outer flow -> middle flow -> inner flow -> observe
#include <unwind.h>

#include <cstdlib>

#include "check.h"
#include "context_fixture.h"

namespace greenfiber::test {
namespace {

constexpr int kFlows = 3;

struct Observation {
  void (*observe)(Observation&) = nullptr;
  Flow* flows[kFlows] = {};
  void* flow_frames[kFlows] = {};  // The frame pointer of each entry function ...
  void* host_frame = nullptr;      // ... and of the functions below them.
  int inner_visits = 0;

  // What a walk came across.
  bool met_flow[kFlows] = {};
  bool met_host = false;
  bool met_main = false;
  bool in_order = true;
  int steps = 0;
};

void* main_frame = nullptr;

}  // namespace

// With external linkage, so that gdb and the unwinder see them under their plain names.
[[gnu::noinline]] void inner_flow(Transfer transfer, void* argument) {
  Observation& seen = *static_cast<Observation*>(argument);
  Flow& self = *seen.flows[2];
  arrive(self);
  seen.flow_frames[2] = __builtin_frame_address(0);
  for (;;) {
    ++seen.inner_visits;
    seen.observe(seen);
    transfer = yield(self, transfer.from);
  }
}

[[gnu::noinline]] void middle_flow(Transfer transfer, void* argument) {
  Observation& seen = *static_cast<Observation*>(argument);
  arrive(*seen.flows[1]);
  seen.flow_frames[1] = __builtin_frame_address(0);
  for (;;) {
    resume<context::switch_to_out_of_line>(*seen.flows[2]);
    transfer = yield(*seen.flows[1], transfer.from);
  }
}

[[gnu::noinline]] void outer_flow(Transfer transfer, void* argument) {
  Observation& seen = *static_cast<Observation*>(argument);
  arrive(*seen.flows[0]);
  seen.flow_frames[0] = __builtin_frame_address(0);
  for (;;) {
    resume(*seen.flows[1]);
    transfer = yield(*seen.flows[0], transfer.from);
  }
}

// Resumes the three nested flows `times` times: the first entry links by itself, later resumes by
// link_resumer, each time from another place.
[[gnu::noinline]] void host(Observation& seen, const std::size_t (&order)[kFlows], int times) {
  Stacks stacks(kFlows);
  Flow outer(stacks, order[0], outer_flow, &seen);
  Flow middle(stacks, order[1], middle_flow, &seen);
  Flow inner(stacks, order[2], inner_flow, &seen);
  seen.flows[0] = &outer;
  seen.flows[1] = &middle;
  seen.flows[2] = &inner;
  seen.host_frame = __builtin_frame_address(0);
  for (int i = 0; i < times; ++i) {
    if (i % 2 == 0) {
      resume(outer);
    } else {
      resume<context::switch_to_out_of_line>(outer);
    }
  }
}

namespace {

constexpr std::size_t kOrders[][kFlows] = {{0, 1, 2}, {2, 1, 0}, {1, 2, 0}};

// Frames are met from the inside out: met(i) only after everything inside i.
void meet(Observation& seen, bool inner_ones_met, bool& which) {
  seen.in_order &= inner_ones_met;
  which = true;
}

__attribute__((no_sanitize("address", "undefined"))) void walk_frame_pointers(Observation& seen) {
  for (bool& met : seen.met_flow) met = false;
  seen.met_host = seen.met_main = false;
  void** frame = static_cast<void**>(__builtin_frame_address(0));
  for (seen.steps = 0; frame != nullptr && seen.steps < 100; ++seen.steps) {
    if (frame == seen.flow_frames[2]) meet(seen, true, seen.met_flow[2]);
    if (frame == seen.flow_frames[1]) meet(seen, seen.met_flow[2], seen.met_flow[1]);
    if (frame == seen.flow_frames[0]) meet(seen, seen.met_flow[1], seen.met_flow[0]);
    if (frame == seen.host_frame) meet(seen, seen.met_flow[0], seen.met_host);
    if (frame == main_frame) {
      meet(seen, seen.met_host, seen.met_main);
      return;
    }
    if (frame[1] == nullptr) return;
    frame = static_cast<void**>(frame[0]);
  }
}

// Called with each frame. The region is the function that contains it; main, which compilers split
// and rename, is recognised by its frame pointer.
#if defined(__x86_64__)
constexpr int kFramePointer = 6;  // as DWARF numbers registers
#elif defined(__aarch64__)
constexpr int kFramePointer = 29;
#endif

_Unwind_Reason_Code meet_frame(_Unwind_Context* context, void* argument) {
  Observation& seen = *static_cast<Observation*>(argument);
  if (++seen.steps > 100) return _URC_END_OF_STACK;
  const auto is_in = [context](auto* function) {
    return _Unwind_GetRegionStart(context) == reinterpret_cast<std::uintptr_t>(function);
  };
  if (is_in(inner_flow)) meet(seen, true, seen.met_flow[2]);
  if (is_in(middle_flow)) meet(seen, seen.met_flow[2], seen.met_flow[1]);
  if (is_in(outer_flow)) meet(seen, seen.met_flow[1], seen.met_flow[0]);
  if (is_in(host)) meet(seen, seen.met_flow[0], seen.met_host);
  if (_Unwind_GetGR(context, kFramePointer) == reinterpret_cast<std::uintptr_t>(main_frame)) {
    meet(seen, seen.met_host, seen.met_main);
  }
  return _URC_NO_REASON;
}

void walk_with_libgcc(Observation& seen) {
  for (bool& met : seen.met_flow) met = false;
  seen.met_host = seen.met_main = false;
  seen.steps = 0;
  _Unwind_Backtrace(meet_frame, &seen);
}

void check_walk(void (*observe)(Observation&)) {
  for (const auto& order : kOrders) {
    Observation seen;
    seen.observe = observe;
    for (int times = 1; times <= 3; ++times) {
      seen.inner_visits = 0;
      host(seen, order, times);
      CHECK(seen.inner_visits == times);
      CHECK(seen.met_flow[2] && seen.met_flow[1] && seen.met_flow[0]);
      CHECK(seen.met_host);
      CHECK(seen.met_main);
      CHECK(seen.in_order);
      CHECK(seen.steps < 100);
    }
  }
}

TEST(a_frame_pointer_walk_crosses_three_flows_into_main) { check_walk(walk_frame_pointers); }

TEST(unwind_backtrace_crosses_three_flows_into_main) { check_walk(walk_with_libgcc); }

}  // namespace

extern "C" [[gnu::noinline]] void stop_here_for_gdb() { asm volatile("" : : : "memory"); }

namespace {

// Run this program again under gdb, stop inside the inner flow, and read the backtrace.
std::string backtrace_of_gdb(const char* program, const char* order) {
  std::string command = std::string("gdb -nx --batch -ex 'set startup-with-shell off'") +
                        " -ex 'set confirm off' -ex 'break stop_here_for_gdb' -ex run" +
                        " -ex continue -ex backtrace -ex kill --args " + program +
                        " --stop-in-flow " + order + " 2>&1";
  std::string text;
  FILE* pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) return text;
  char line[4096];
  while (std::fgets(line, sizeof line, pipe) != nullptr) text += line;
  pclose(pipe);
  return text;
}

const char* this_program = nullptr;

TEST(gdb_backtrace_crosses_three_flows_into_main) {
  if (is_emulated()) return skip("gdb would see the emulator");
  if (std::system("gdb --version > /dev/null 2>&1") != 0) return skip("gdb is not installed");
  for (const char* order : {"0", "1", "2"}) {
    const std::string text = backtrace_of_gdb(this_program, order);
    if (text.find("ptrace: Operation not permitted") != std::string::npos) {
      return skip("ptrace is not permitted here");
    }
    std::size_t position = text.rfind("#0 ");
    CHECK(position != std::string::npos);
    for (const char* frame :
         {"stop_here_for_gdb", "inner_flow", "middle_flow", "outer_flow", "host", " main "}) {
      position = text.find(frame, position == std::string::npos ? 0 : position);
      if (!CHECK(position != std::string::npos)) {
        std::printf("      no '%s' in order %s:\n%s\n", frame, order, text.c_str());
        break;
      }
    }
  }
}

}  // namespace
}  // namespace greenfiber::test

int main(int argc, char** argv) {
  using namespace greenfiber::test;
  main_frame = __builtin_frame_address(0);
  this_program = "/proc/self/exe";
  static char path[4096];
  if (realpath(this_program, path) != nullptr) this_program = path;
  if (argc == 3 && std::strcmp(argv[1], "--stop-in-flow") == 0) {
    Observation seen;
    seen.observe = [](Observation&) { stop_here_for_gdb(); };
    host(seen, kOrders[std::atoi(argv[2])], 2);
    return 0;
  }
  return run_all(argc, argv);
}
