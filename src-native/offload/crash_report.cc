#include "offload/crash_report.h"

#include <unistd.h>

#include <csignal>
#include <cstring>
#include <mutex>

#include "initial_exec.h"

namespace greenfiber::offload {

namespace {

constexpr std::size_t kStackBytes = 64 * 1024;
constexpr int kSignals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};

GREENFIBER_INITIAL_EXEC thread_local const Target* running = nullptr;

struct sigaction previous[NSIG];

void write_text(const char* text) {
  // Nothing can be done about a failure.
  if (write(STDERR_FILENO, text, std::strlen(text)) < 0) return;
}

// Only what a signal handler may call.
void report(const Target& target, int signal) {
  const char number[] = {static_cast<char>('0' + signal / 10), static_cast<char>('0' + signal % 10),
                         '\0'};
  write_text("greenfiber: the external function ");
  write_text(target.name.c_str());
  write_text(" of ");
  write_text(target.library.c_str());
  write_text(" crashed (signal ");
  write_text(number[0] == '0' ? number + 1 : number);
  write_text(")\n");
}

void on_signal(int signal, siginfo_t* information, void* context) {
  const Target* target = running;
  running = nullptr;
  if (target != nullptr) report(*target, signal);
  const struct sigaction& before = previous[signal];
  if ((before.sa_flags & SA_SIGINFO) != 0) {
    before.sa_sigaction(signal, information, context);
  } else if (before.sa_handler == SIG_DFL) {
    // What was interrupted is tried again, and then ends the process; abort() does so by itself.
    sigaction(signal, &before, nullptr);
    if (information->si_code <= 0) raise(signal);  // somebody sent it
  } else if (before.sa_handler != SIG_IGN) {
    before.sa_handler(signal);
  }
}

}  // namespace

void report_crashes() {
  static std::once_flag once;
  std::call_once(once, [] {
    for (const int signal : kSignals) {
      struct sigaction action = {};
      action.sa_sigaction = on_signal;
      action.sa_flags = SA_SIGINFO | SA_ONSTACK;
      sigemptyset(&action.sa_mask);
      // Read before it is needed: the handler may run as soon as it is in place.
      sigaction(signal, nullptr, &previous[signal]);
      sigaction(signal, &action, nullptr);
    }
  });
}

void note_running(const Target* target) { running = target; }

SignalStack::SignalStack() : memory_(std::make_unique<std::byte[]>(kStackBytes)) {
  stack_t stack = {};
  stack.ss_sp = memory_.get();
  stack.ss_size = kStackBytes;
  sigaltstack(&stack, nullptr);
}

SignalStack::~SignalStack() {
  stack_t none = {};
  none.ss_flags = SS_DISABLE;
  sigaltstack(&none, nullptr);
}

}  // namespace greenfiber::offload
