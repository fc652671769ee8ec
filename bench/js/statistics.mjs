// Minimum, median and spread of a handful of samples. The spread is the distance of the quartiles, as a
// share of the median.
export function summarize(samples) {
  const sorted = [...samples].sort((a, b) => a - b);
  const median = quantile(sorted, 0.5);
  return {
    min: sorted[0],
    median,
    spread: (quantile(sorted, 0.75) - quantile(sorted, 0.25)) / median,
    repetitions: sorted.length,
  };
}

function quantile(sorted, share) {
  const at = share * (sorted.length - 1);
  const low = sorted[Math.floor(at)];
  return low + (sorted[Math.ceil(at)] - low) * (at % 1);
}
