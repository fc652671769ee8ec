// OpenTelemetry's own packages: the context of a span goes where a task goes.
import { createServer as createHttpServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';

import { context, trace, type Span } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
  type ReadableSpan,
} from '@opentelemetry/sdk-trace-base';
import test from 'ava';
import { all, group, sleep, spawn, wait, yieldNow } from 'greenfiber';

import { answerOf } from '../helpers/answer';

const exporter = new InMemorySpanExporter();
const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
trace.setGlobalTracerProvider(provider);
context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
const tracer = trace.getTracer('test');

/** Runs `body` in a span of this name. */
function inSpan<T>(name: string, body: (span: Span) => T): T {
  return tracer.startActiveSpan(name, (span) => {
    try {
      return body(span);
    } finally {
      span.end();
    }
  });
}

/** Every span of a trace by its name, with that of its parent. */
function parents(traceId: string): Record<string, string | undefined> {
  const spans = exporter
    .getFinishedSpans()
    .filter((span: ReadableSpan) => span.spanContext().traceId === traceId);
  const nameOf = (id: string | undefined): string | undefined =>
    spans.find((span) => span.spanContext().spanId === id)?.name;
  return Object.fromEntries(
    spans.map((span) => [span.name, nameOf(span.parentSpanContext?.spanId)]),
  );
}

test('spans nest across waits, sleeps and yields', async (t) => {
  const id = await spawn(() =>
    inSpan('root', (root) => {
      inSpan('before', () => undefined);
      wait(new Promise((resolve) => setImmediate(resolve)));
      inSpan('after a wait', () => {
        sleep(1);
        inSpan('inner', () => {
          yieldNow();
          inSpan('innermost', () => undefined);
        });
      });
      inSpan('after all', () => undefined);
      return root.spanContext().traceId;
    }),
  );
  t.deepEqual(parents(id), {
    root: undefined,
    before: 'root',
    'after a wait': 'root',
    inner: 'after a wait',
    innermost: 'inner',
    'after all': 'root',
  });
});

test('a member of a group, and a task, begin in the span of who made them', async (t) => {
  const id = await spawn(() =>
    inSpan('root', (root) => {
      group((g) => {
        for (const name of ['first', 'second']) {
          g.spawn(() =>
            inSpan(name, () => {
              sleep(1);
              inSpan(`in ${name}`, () => undefined);
            }),
          );
        }
      });
      all([() => inSpan('one of all', () => sleep(1)), () => inSpan('other of all', yieldNow)]);
      const task = inSpan('spawning', () => spawn(() => inSpan('spawned', () => sleep(1))));
      task.join();
      return root.spanContext().traceId;
    }),
  );
  t.deepEqual(parents(id), {
    root: undefined,
    first: 'root',
    'in first': 'first',
    second: 'root',
    'in second': 'second',
    'one of all': 'root',
    'other of all': 'root',
    spawning: 'root',
    spawned: 'spawning',
  });
});

test('tasks that take turns do not see the spans of each other', async (t) => {
  const ids = await Promise.all(
    ['left', 'right'].map((name) =>
      spawn(() =>
        inSpan(name, (root) => {
          for (let i = 0; i < 5; i++) {
            inSpan(`${name} ${String(i)}`, () => {
              if (i % 2 === 0) yieldNow();
              else sleep(1);
              t.is(trace.getActiveSpan()?.spanContext().traceId, root.spanContext().traceId);
            });
          }
          t.is(trace.getActiveSpan(), root);
          return root.spanContext().traceId;
        }),
      ),
    ),
  );
  for (const [i, name] of ['left', 'right'].entries()) {
    const found = parents(ids[i]!);
    t.is(Object.keys(found).length, 6);
    t.true(Object.values(found).every((parent) => parent === undefined || parent === name));
  }
  t.is(trace.getActiveSpan(), undefined);
});

test('HTTP that is instrumented keeps its parent from client to handler to client', async (t) => {
  const answer = await answerOf(t, 'test/fixtures/opentelemetry-http.cjs');
  t.deepEqual(answer, {
    chain: [
      'GET inner server',
      'GET inner client',
      'work',
      'GET outer server',
      'GET outer client',
      'root',
    ],
    traces: 1,
  });
});

test('fetch leaves the span of the task in place', async (t) => {
  const server = createHttpServer((_request, response) => response.end('hello'));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  await spawn(() =>
    inSpan('root', (root) => {
      const response = wait(fetch(`http://127.0.0.1:${String(port)}/`));
      t.is(trace.getActiveSpan(), root);
      t.is(wait(response.text()), 'hello');
      t.is(trace.getActiveSpan(), root);
    }),
  );
  server.close();
  server.closeAllConnections();
});
