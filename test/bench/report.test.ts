import test from 'ava';

import { bench } from '../helpers/bench';

const cell = (median: number) => ({ min: median * 0.9, median, spread: 0.1, repetitions: 7 });

const report = {
  date: '2026-01-02',
  commit: 'abc1234',
  commands: ['npm run bench -- --long'],
  machine: { cpu: 'A </script> CPU', cpus: 2, memory: 24, os: 'Linux 6', load: 0.1 },
  size: 'full',
  repetitions: { microbenchmarks: 15, programs: 7 },
  milliseconds: 150,
  peers: [
    { name: 'native', version: '12.2.0' },
    { name: 'Ruby', missing: 'spawn ruby ENOENT' },
  ],
  programs: [{ name: 'sieve', size: 8100, operations: 33_054_559 }],
  results: [
    {
      node: '20.1.0',
      cells: {
        'resume + yield': cell(50),
        'await of a value': cell(40),
        'sieve: fibers': cell(2e9),
        'sieve: fibers, bytes per fiber': cell(4321),
        'sieve: generators': { failed: 'crashed with SIGSEGV' },
      },
    },
    { node: '26.1.0', cells: { 'resume + yield': cell(60), 'await of a value': cell(40) } },
  ],
  common: { 'sieve: native': cell(2.5e8), 'sieve: Ruby': { missing: 'spawn ruby ENOENT' } },
};

test('a goal is judged for each Node version', async (t) => {
  const { judge } = await bench('js/report.mjs');
  const goal = { over: ['resume + yield', 'await of a value'], atMost: 1.25 };
  t.deepEqual(judge(report, goal), [
    { text: '1.25x pass', verdict: 'pass' },
    { text: '1.50x falls short', verdict: 'falls short' },
  ]);
});

test('a goal against a peer uses the one measurement of the peer', async (t) => {
  const { judge } = await bench('js/report.mjs');
  const goal = { over: ['sieve: fibers', 'sieve: native'], atMost: 7 };
  t.deepEqual(judge(report, goal), [
    { text: '8.00x falls short', verdict: 'falls short' },
    { text: 'missing', verdict: 'none' },
  ]);
});

test('the tables hold every kind of cell once', async (t) => {
  const markdown = await bench('js/report.mjs');
  const lines = (text: string) => text.split('\n').slice(2);
  t.deepEqual(lines(markdown.cellTable(report)), [
    '| resume + yield | 50 | 60 |',
    '| await of a value | 40 | 40 |',
  ]);
  t.deepEqual(lines(markdown.programTable(report, true)), [
    '| sieve: fibers | 1,800 / 2,000 ± 10% |  |',
    '| sieve: generators | failed |  |',
  ]);
  t.deepEqual(lines(markdown.figureTable(report)), [
    '| sieve: fibers, bytes per fiber | 4,321 |  |',
  ]);
  t.deepEqual(lines(markdown.peerTable(report)), ['| sieve |  | 250 | missing |']);
});

test('what failed or is missing is listed with its reason', async (t) => {
  const { problemList, provenance } = await bench('js/report.mjs');
  t.is(
    problemList(report),
    '- sieve: Ruby: missing: spawn ruby ENOENT\n' +
      '- sieve: generators (Node 20.1.0): failed: crashed with SIGSEGV',
  );
  t.regex(provenance(report), /Peers: native 12\.2\.0\. Missing: Ruby\./);
});

test('the page is one file, and no text in the results can break out of its place', async (t) => {
  const { page } = await bench('page/page.mjs');
  const html: string = page(report);
  t.notRegex(html, /<(script|link|img)[^>]+(src|href)=/);
  t.false(html.includes('A </script> CPU'));
  t.is(html.split('</script>').length - 1, html.split('<script>').length - 1);
});
