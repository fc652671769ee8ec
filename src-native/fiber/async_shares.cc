#include "fiber/async_shares.h"

namespace greenfiber::fiber {

void AsyncShares::install_line(Fiber& first, const Fiber& tip) {
  for (Fiber* fiber = &first;; fiber = fiber->resuming) {
    install(*fiber);
    if (fiber == &tip) return;
  }
}

void AsyncShares::uninstall_all() {
  while (top_ != nullptr) take_off_top();
}

void AsyncShares::install_all(Fiber& tip) {
  if (tip.is_main()) return;
  Fiber* first = &tip;
  while (first->resumer != nullptr && !first->resumer->is_main()) first = first->resumer;
  install_line(*first, tip);
}

}  // namespace greenfiber::fiber
