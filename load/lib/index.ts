/**
 * Load tests whose virtual users are fibers: what a scenario imports, and what runs one.
 *
 * @packageDocumentation
 */
export { sleep } from 'greenfiber';

export { check } from './check';
export { data, DataSet, type DataOptions } from './data';
export { file, type FileOptions } from './clients/file';
export { grpc, GrpcApi, type GrpcCallOptions, type GrpcLoadOptions } from './clients/grpc';
export { GrpcStream, type GrpcResponse } from './clients/grpc-stream';
export { http } from './clients/http';
export type { RequestHeaders } from './clients/headers';
export type { HandlerRequest, HandlerResponse, InProcessHandler } from './clients/in-process';
export type { RequestOptions } from './clients/request';
export { LoadResponse, type RequestFailure } from './clients/response';
export type { Timings } from './clients/timings';
export { tcp, tlsClient as tls } from './clients/socket';
export { ws, WebSocketSession, type WebSocketOptions } from './clients/websocket';
export type { FailureKind } from './failure';
export { Histogram, type EncodedHistogram } from './histogram';
export { measure } from './measure';
export { Counter, Gauge, Rate, Trend } from './metrics';
export type { LevelOptions } from './load';
export type { HttpVersion, NetworkOptions, TlsOptions } from './network-options';
export type { LoadOptions } from './plan';
export type { ErrorCount } from './recorder';
export { Registry, type MetricData, type MetricType, type SeriesData, type Tags } from './registry';
export { checkResults, mergeResults, registryOf, type Results } from './results';
export { run, type RunOptions } from './run';
export { requestScenario, type Scenario } from './scenario';
export type { ScenarioOptions } from './scenario-options';
export {
  judge,
  type Threshold,
  type ThresholdOptions,
  type ThresholdResult,
  type ThresholdsByMetric,
} from './thresholds';
export type { Point } from './timeline';
export { tagged, vu, VirtualUser } from './vu';
