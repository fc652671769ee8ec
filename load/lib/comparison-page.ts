import { comparedCharts } from './charts';
import { changeTexts, type Change } from './compare';
import { escaped, pageOf } from './page-frame';
import { registryOf, type Results } from './results';
import { latencyOf } from './summary';

const CLASSES = { better: 'pass', worse: 'fail', 'no difference': '' } as const;

/** The comparison of two runs as one page. */
export function comparisonPage(
  before: Results,
  after: Results,
  changes: readonly Change[],
): string {
  const title = `${before.name} compared with ${after.name}`;
  const worse = changes.filter(({ verdict }) => verdict === 'worse');
  const better = changes.filter(({ verdict }) => verdict === 'better');
  const said =
    worse.length > 0
      ? `Worse: ${worse.map(({ figure }) => figure).join(', ')}`
      : better.length > 0
        ? `Better: ${better.map(({ figure }) => figure).join(', ')}`
        : 'No difference';
  const rows = changes.map((change) => {
    const { figure, before: was, after: is, span, sure } = changeTexts(change);
    const cells = [was, is, span].map((text) => `<td class="number">${escaped(text)}</td>`);
    return (
      `<tr class="${CLASSES[change.verdict]}"><td>${escaped(figure)}</td>${cells.join('')}` +
      `<td>${escaped(sure)}</td></tr>`
    );
  });
  const head = ['figure', 'before', 'after', 'change, and between what it lies', 'verdict'];
  const body = `<header>
<h1>${escaped(title)}</h1>
${[before, after].map((run) => `<p>${escaped(provenanceOf(run))}</p>`).join('')}
<p id="verdict" class="${worse.length > 0 ? 'fail' : better.length > 0 ? 'pass' : ''}">${escaped(said)}</p>
</header>
<main>
<section><h2>Figures</h2><div class="scroll"><table id="changes"><thead><tr>${head
    .map((text) => `<th>${text}</th>`)
    .join('')}</tr></thead><tbody>${rows.join('')}</tbody></table></div>
<p class="note">The change lies in the span in 95 of 100 cases; only a span without zero is a difference.</p></section>
<section><h2>Both</h2><div id="charts"></div></section>
</main>`;
  const latencies = [before, after].map((results) => latencyOf(registryOf(results)));
  return pageOf(title, body, comparedCharts(before, after, latencies));
}

const provenanceOf = ({ name, started, seconds }: Results): string =>
  `${name}, ${started.replace('T', ' ').slice(0, 19)} UTC, ${seconds.toFixed(1)} s`;
