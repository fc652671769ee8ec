import type { MetricType } from './registry';

/** What is recorded anyway. Thresholds are checked against these, and those that a scenario has declared. */
const BUILT_IN: Readonly<Record<string, MetricType>> = {
  iterations: 'counter',
  iteration_duration: 'trend',
  failed_iterations: 'counter',
  interrupted_iterations: 'counter',
  late_iterations: 'counter',
  dropped_iterations: 'counter',
  data_received: 'counter',
  data_sent: 'counter',
  http_reqs: 'counter',
  http_req_failed: 'rate',
  http_req_duration: 'trend',
  http_req_blocked: 'trend',
  http_req_dns: 'trend',
  http_req_connecting: 'trend',
  http_req_tls_handshaking: 'trend',
  http_req_sending: 'trend',
  http_req_waiting: 'trend',
  http_req_receiving: 'trend',
  grpc_req_duration: 'trend',
  grpc_streams: 'counter',
  grpc_streams_msgs_sent: 'counter',
  grpc_streams_msgs_received: 'counter',
  tcp_connects: 'counter',
  tcp_connecting: 'trend',
  tls_connects: 'counter',
  tls_connecting: 'trend',
  ws_connects: 'counter',
  ws_connecting: 'trend',
  checks: 'rate',
  errors: 'counter',
};

/** Of this thread; a scenario makes its metrics while it is loaded. */
const declared = new Map<string, MetricType>();

export function isBuiltIn(name: string): boolean {
  return Object.hasOwn(BUILT_IN, name);
}

/** A metric of a scenario's own is there from now on. */
export function declare(name: string, type: MetricType): void {
  declared.set(name, type);
}

/** The type of a metric that is known; undefined for any other. */
export function typeOf(name: string): MetricType | undefined {
  return isBuiltIn(name) ? BUILT_IN[name] : declared.get(name);
}

export function knownNames(): string[] {
  return [...Object.keys(BUILT_IN), ...declared.keys()];
}
