// One CommonJS instance serves `require` and `import`.
import Future from './future.js';

export default Future;
