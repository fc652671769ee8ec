#include "node_state/stopping.h"

namespace greenfiber::node_state {

// Node-API asks that before it looks at arguments, of which there are none.
bool is_stopping(napi_env env) {
  return napi_has_own_property(env, nullptr, nullptr, nullptr) != napi_invalid_arg;
}

}  // namespace greenfiber::node_state
