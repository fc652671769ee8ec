// What was looked for before an engine was offered, one step behind the other, and what each missed: a bug report says it
// all, where the engine's own failure is the last one only.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace greenfiber::v8_state {

struct Step {
  const char* part;  // "process", "node", "direct" or "locker"
  const char* name;
  std::string missed;  // empty: it was found
};

class Steps {
 public:
  // Notes what came of a step, and hands it on.
  std::string note(const char* part, const char* name, std::string missed) {
    all_.push_back({part, name, missed});
    return missed;
  }
  // Takes back what was noted since there were `count`: the steps are gone through once more.
  void forget_from(std::size_t count) { all_.resize(count); }
  std::size_t count() const { return all_.size(); }
  const std::vector<Step>& all() const { return all_; }

 private:
  std::vector<Step> all_;
};

}  // namespace greenfiber::v8_state
