import { runBeforeImport } from './run-main.js';
import './index.js';

await runBeforeImport();
