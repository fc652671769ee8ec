// state, with effects in place of bare yields: a loop counts up in a variable that only a handler knows. Every read
// and every write is an effect: 3 * size + 2 of them.
import { answer, effect, handle } from 'greenfiber';

export const sizes = { test: 1000, quick: 1_000_000, full: 10_000_000 };
export const expected = (size) => size;
export const operations = (size) => 3 * size + 2;

const Get = effect('Get');
const Put = effect('Put');

export const variants = {
  fibers(limit) {
    let state = 0;
    return handle(
      () => {
        while (Get.perform() < limit) Put.perform(Get.perform() + 1);
        return Get.perform();
      },
      answer(Get, () => state),
      answer(Put, (value) => {
        state = value;
      }),
    );
  },
};
