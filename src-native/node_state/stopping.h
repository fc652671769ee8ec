// Whether Node is about to end this environment: then a termination was asked for.
#pragma once

#include <node_api.h>

namespace greenfiber::node_state {

bool is_stopping(napi_env env);

}  // namespace greenfiber::node_state
