#include "v8_state/after_isolate.h"

#include <dlfcn.h>

namespace greenfiber::v8_state {

namespace {

// Node closes the addons of a worker before it disposes of the isolate.
bool stays_mapped() {
  static const bool stays = [] {
    static const char here = 0;
    Dl_info self;
    return dladdr(&here, &self) != 0 &&
           dlopen(self.dli_fname, RTLD_LAZY | RTLD_NOLOAD | RTLD_NODELETE) != nullptr;
  }();
  return stays;
}

}  // namespace

AfterIsolate::AfterIsolate(v8::Isolate* isolate) : isolate_(isolate) {
  node::Environment* environment = node::GetCurrentEnvironment(isolate->GetCurrentContext());
  if (environment != nullptr) platform_ = node::GetMultiIsolatePlatform(environment);
}

void AfterIsolate::call(void (*release)(void* data), void* data) const {
  if (platform_ == nullptr || !stays_mapped()) return;
  platform_->AddIsolateFinishedCallback(isolate_, release, data);
}

}  // namespace greenfiber::v8_state
