// The whole test framework of the native layers: one file, no dependency.
//
//   TEST(a_switch_keeps_local_values) { CHECK(1 + 1 == 2); }
//   TEST_MAIN()                        // once per test program
//
// Prints one sentence per test (the underscores become spaces) and `N passed, N failed` last; the
// exit code is 0 only if nothing failed. An argument runs only the tests whose sentence contains
// it.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

namespace greenfiber::test {

struct Test {
  std::string sentence;
  void (*run)();
};

inline std::vector<Test>& all_tests() {
  static std::vector<Test> tests;
  return tests;
}

// State of the test that is running now. `skip_reason` marks a test that could not run here.
struct Outcome {
  int failed_checks = 0;
  std::string skip_reason;
};

inline Outcome& current_outcome() {
  static Outcome outcome;
  return outcome;
}

struct Registration {
  Registration(const char* name, void (*run)()) {
    std::string sentence = name;
    for (char& c : sentence) {
      if (c == '_') c = ' ';
    }
    all_tests().push_back({sentence, run});
  }
};

inline bool check(bool holds, const char* condition, const char* file, int line) {
  if (!holds) {
    ++current_outcome().failed_checks;
    std::printf("    %s:%d: CHECK(%s)\n", file, line, condition);
  }
  return holds;
}

// Whether an emulator of another machine runs us, whose kernel is not quite Linux: the makefiles tell.
inline bool is_emulated() {
  const char* told = std::getenv("GREENFIBER_EMULATED");
  return told != nullptr && *told != '\0';
}

// Say why the running test cannot say anything on this machine, then return from it.
inline void skip(const char* reason) { current_outcome().skip_reason = reason; }

inline int run_all(int argc, char** argv) {
  const char* wanted = argc > 1 ? argv[1] : "";
  int passed = 0;
  int failed = 0;
  int skipped = 0;
  std::setvbuf(stdout, nullptr, _IOLBF, 0);  // What was printed survives a crash.
  for (const Test& test : all_tests()) {
    if (test.sentence.find(wanted) == std::string::npos) continue;
    current_outcome() = Outcome{};
    test.run();
    const Outcome& outcome = current_outcome();
    if (outcome.failed_checks > 0) {
      ++failed;
      std::printf("not ok  %s\n", test.sentence.c_str());
    } else if (!outcome.skip_reason.empty()) {
      ++skipped;
      std::printf("skip    %s (%s)\n", test.sentence.c_str(), outcome.skip_reason.c_str());
    } else {
      ++passed;
      std::printf("ok      %s\n", test.sentence.c_str());
    }
  }
  if (skipped > 0) std::printf("%d skipped\n", skipped);
  std::printf("%d passed, %d failed\n", passed, failed);
  return failed == 0 ? 0 : 1;
}

}  // namespace greenfiber::test

#define TEST(name)                                                                       \
  static void test_##name();                                                             \
  static const ::greenfiber::test::Registration registration_##name(#name, test_##name); \
  static void test_##name()

// Evaluates to the condition, so that a test can stop early: if (!CHECK(p)) return;
#define CHECK(...) \
  ::greenfiber::test::check(static_cast<bool>(__VA_ARGS__), #__VA_ARGS__, __FILE__, __LINE__)

#define TEST_MAIN() \
  int main(int argc, char** argv) { return ::greenfiber::test::run_all(argc, argv); }
