// One CommonJS instance serves `require` and `import`.
import Fiber from './fibers.js';

export default Fiber;
