/*
 * What offloaded calls are compared with: queueWork(callback) runs nothing on libuv's pool with uv_queue_work, and calls
 * back. Node-API and libuv are the same for all supported versions, so one binary serves them all.
 */
#define NAPI_VERSION 8
#include <node_api.h>
#include <stdlib.h>
#include <uv.h>

typedef struct {
  uv_work_t work;
  napi_env env;
  napi_ref callback;
  napi_async_context context;
} job;

static void run(uv_work_t* work) { (void)work; }

static void done(uv_work_t* work, int status) {
  (void)status;
  job* self = (job*)work;
  napi_handle_scope scope;
  napi_open_handle_scope(self->env, &scope);
  napi_value callback, global;
  napi_get_reference_value(self->env, self->callback, &callback);
  napi_get_global(self->env, &global);
  napi_make_callback(self->env, self->context, global, callback, 0, NULL, NULL);
  napi_async_destroy(self->env, self->context);
  napi_delete_reference(self->env, self->callback);
  napi_close_handle_scope(self->env, scope);
  free(self);
}

static napi_value queue_work(napi_env env, napi_callback_info info) {
  size_t count = 1;
  napi_value callback, name;
  uv_loop_t* loop;
  napi_get_cb_info(env, info, &count, &callback, NULL, NULL);
  napi_get_uv_event_loop(env, &loop);
  job* self = calloc(1, sizeof *self);
  if (self == NULL) return NULL;
  self->env = env;
  napi_create_reference(env, callback, 1, &self->callback);
  napi_create_string_utf8(env, "queueWork", NAPI_AUTO_LENGTH, &name);
  napi_async_init(env, NULL, name, &self->context);
  uv_queue_work(loop, &self->work, run, done);
  return NULL;
}

NAPI_MODULE_INIT() {
  napi_value function;
  napi_create_function(env, "queueWork", NAPI_AUTO_LENGTH, queue_work, NULL, &function);
  napi_set_named_property(env, exports, "queueWork", function);
  return exports;
}
