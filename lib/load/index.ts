/**
 * Load tests whose virtual users are fibers: what a scenario imports, and what runs one.
 *
 * @packageDocumentation
 */
import { isServedByAnotherCopy } from '../copies';

// @ts-expect-error -- a CommonJS module is a function, and can end here
if (isServedByAnotherCopy(module)) return;
import '../reports';

export { sleep } from '../scheduler/blocking';
export { check } from './check';
export { http, type RequestOptions } from './clients/http';
export type { HandlerRequest, HandlerResponse, InProcessHandler } from './clients/in-process';
export { LoadResponse, type RequestFailure } from './clients/response';
export { tcp, tlsClient as tls } from './clients/socket';
export { ws, WebSocketSession, type WebSocketOptions } from './clients/websocket';
export type { FailureKind } from './failure';
export { Histogram, type EncodedHistogram } from './histogram';
export { measure } from './measure';
export { Counter, Gauge, Rate, Trend } from './metrics';
export type { LoadOptions } from './plan';
export type { ErrorCount } from './recorder';
export { Registry, type MetricData, type MetricType, type SeriesData, type Tags } from './registry';
export { checkResults, mergeResults, registryOf, type Results } from './results';
export { run, type RunOptions } from './run';
export { requestScenario, type Scenario } from './scenario';
export { judge, type Threshold, type ThresholdResult, type ThresholdsByMetric } from './thresholds';
export type { Point } from './timeline';
export { tagged, vu, VirtualUser } from './vu';
