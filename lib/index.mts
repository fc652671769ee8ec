// One CommonJS instance serves `require` and `import`, so that both share the same fibers.
export {
  configure,
  engine,
  Fiber,
  FiberError,
  FiberKilled,
  isSupported,
  stats,
  type Configuration,
  type FiberErrorCode,
  type FiberOptions,
  type FiberState,
  type Stats,
} from './index.js';
