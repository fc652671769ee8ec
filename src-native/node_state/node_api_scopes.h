// The scopes that Node-API addons have open on the running stack.
//
// Node counts each addon's open handle scopes and callback scopes, and aborts when a callback of the addon ends with
// other counts than it began with. The counts belong to the stack that the callbacks run on, so a stack that is left takes
// them along, and whoever runs next begins with none.
#pragma once

#include <node_api.h>

#include <string>
#include <unordered_map>
#include <vector>

#include "node_state/async_places.h"

namespace greenfiber::node_state {

class NodeApiScopes {
 public:
  // `own`: this addon's environment of Node-API, which shows where the others keep their counts. Answers an empty string
  // or what was missed. CAUTION: runs JavaScript, if async hooks are on.
  static std::string find(napi_env own, v8::Isolate* isolate, const AsyncPlaces& async,
                          NodeApiScopes& found);

  bool any_open() {
    if (*loaded_addons_ != known_addons_) [[unlikely]]
      look_for_addons();
    Word open = 0;
    for (const Word* counts : counts_) open |= *counts;
    return open != 0;
  }

  // For the stack that `owner` names: what is open on it when it is left, and again when it is continued.
  void take(const void* owner);
  void put_back(const void* owner);

 private:
  struct Taken {
    Word* place;
    Word counts;
  };
  // A cleanup hook of Node's environment, in an std::unordered_set as libstdc++ lays it out.
  struct CleanupHook {
    const CleanupHook* next;
    void (*function)(void*);
    Word* argument;
    std::uint64_t order;
  };

  void look_for_addons();
  bool find_counts(v8::Isolate* isolate, const AsyncPlaces& async);

  // Every environment of Node-API has a hook with this function, and is its argument.
  const CleanupHook* const* hooks_ = nullptr;
  void (*end_of_addon_)(void*) = nullptr;
  const Word* loaded_addons_ = nullptr;  // how many there are: the size of an std::list
  Word known_addons_ = 0;
  Word* own_ = nullptr;
  std::size_t counts_at_ = 0;  // the word with both counters in a Node-API environment
  std::vector<Word*> counts_;  // of the other addons
  std::unordered_multimap<const void*, Taken> taken_;
};

}  // namespace greenfiber::node_state
