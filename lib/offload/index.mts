export {
  Offload,
  OffloadError,
  type CloseOptions,
  type ExternalArgument,
  type ExternalFn,
  type ExternalLibrary,
  type ExternalResult,
  type Kernels,
  type OffloadOptions,
  type OffloadStats,
  type Returned,
  type SelfContained,
} from './index.js';
