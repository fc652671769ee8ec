// Some of many, the same for the same seed.

export function sample(items, count, seed) {
  const rest = [...items];
  let state = seed >>> 0;
  const below = (limit) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
  const chosen = [];
  while (chosen.length < count && rest.length > 0)
    chosen.push(...rest.splice(below(rest.length), 1));
  return chosen;
}
