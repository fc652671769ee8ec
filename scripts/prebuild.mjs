// npm run prebuildify: the binaries of every supported ABI, into prebuilds/.
import { makePrebuilds } from './lib/prebuilds.mjs';

makePrebuilds();
