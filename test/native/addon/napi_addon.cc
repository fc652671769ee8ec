// An addon that uses Node-API only and calls JavaScript in every way that it offers.
#include <node_api.h>

#include <cstdlib>

namespace {

napi_value first_argument(napi_env env, napi_callback_info info) {
  std::size_t count = 1;
  napi_value argument = nullptr;
  napi_get_cb_info(env, info, &count, &argument, nullptr, nullptr);
  return argument;
}

napi_value undefined(napi_env env) {
  napi_value value = nullptr;
  napi_get_undefined(env, &value);
  return value;
}

// A null result leaves the exception pending, and Node throws it when the callback returns.
napi_value call(napi_env env, napi_value function) {
  napi_value result = nullptr;
  napi_call_function(env, undefined(env), function, 0, nullptr, &result);
  return result;
}

// plain(fn): the usual pattern.
napi_value plain(napi_env env, napi_callback_info info) {
  return call(env, first_argument(env, info));
}

// insideHandleScope(fn): a handle scope is open across the call.
napi_value inside_handle_scope(napi_env env, napi_callback_info info) {
  napi_value function = first_argument(env, info);
  napi_handle_scope scope = nullptr;
  napi_open_handle_scope(env, &scope);
  napi_value result = call(env, function);
  napi_close_handle_scope(env, scope);
  return result == nullptr ? nullptr : undefined(env);
}

// insideEscapableScope(fn): answers what fn answers.
napi_value inside_escapable_scope(napi_env env, napi_callback_info info) {
  napi_value function = first_argument(env, info);
  napi_escapable_handle_scope scope = nullptr;
  napi_open_escapable_handle_scope(env, &scope);
  napi_value result = call(env, function), escaped = nullptr;
  if (result != nullptr) napi_escape_handle(env, scope, result, &escaped);
  napi_close_escapable_handle_scope(env, scope);
  return escaped;
}

// insideCallbackScope(fn)
napi_value inside_callback_scope(napi_env env, napi_callback_info info) {
  napi_value function = first_argument(env, info);
  napi_value resource = nullptr, name = nullptr;
  napi_async_context context = nullptr;
  napi_callback_scope scope = nullptr;
  napi_create_object(env, &resource);
  napi_create_string_utf8(env, "other-addon", NAPI_AUTO_LENGTH, &name);
  napi_async_init(env, resource, name, &context);
  napi_open_callback_scope(env, resource, context, &scope);
  napi_value result = call(env, function);
  napi_close_callback_scope(env, scope);
  napi_async_destroy(env, context);
  return result;
}

// makeCallback(fn)
napi_value make_callback(napi_env env, napi_callback_info info) {
  napi_value function = first_argument(env, info);
  napi_value resource = nullptr, name = nullptr, receiver = nullptr, result = nullptr;
  napi_async_context context = nullptr;
  napi_create_object(env, &resource);
  napi_create_object(env, &receiver);
  napi_create_string_utf8(env, "other-addon", NAPI_AUTO_LENGTH, &name);
  napi_async_init(env, resource, name, &context);
  napi_make_callback(env, context, receiver, function, 0, nullptr, &result);
  napi_async_destroy(env, context);
  return result;
}

// catching(fn): answers what fn threw.
napi_value catching(napi_env env, napi_callback_info info) {
  napi_value result = call(env, first_argument(env, info));
  bool pending = false;
  napi_is_exception_pending(env, &pending);
  if (pending) napi_get_and_clear_last_exception(env, &result);
  return result;
}

// fromEventLoop(fn): calls fn from a threadsafe function.
napi_value from_event_loop(napi_env env, napi_callback_info info) {
  napi_value function = first_argument(env, info);
  napi_value name = nullptr;
  napi_threadsafe_function queue = nullptr;
  napi_create_string_utf8(env, "other-addon", NAPI_AUTO_LENGTH, &name);
  napi_create_threadsafe_function(env, function, nullptr, name, 0, 1, nullptr, nullptr, nullptr,
                                  nullptr, &queue);
  napi_call_threadsafe_function(queue, nullptr, napi_tsfn_blocking);
  napi_release_threadsafe_function(queue, napi_tsfn_release);
  return undefined(env);
}

napi_value initialize(napi_env env, napi_value exports) {
  struct {
    const char* name;
    napi_callback callback;
  } const functions[] = {
      {"plain", plain},
      {"insideHandleScope", inside_handle_scope},
      {"insideEscapableScope", inside_escapable_scope},
      {"insideCallbackScope", inside_callback_scope},
      {"makeCallback", make_callback},
      {"catching", catching},
      {"fromEventLoop", from_event_loop},
  };
  for (const auto& [name, callback] : functions) {
    napi_value function = nullptr;
    napi_create_function(env, name, NAPI_AUTO_LENGTH, callback, nullptr, &function);
    napi_set_named_property(env, exports, name, function);
  }
  return exports;
}

}  // namespace

NAPI_MODULE(NODE_GYP_MODULE_NAME, initialize)
