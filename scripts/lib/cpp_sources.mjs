// Our own C++ files.
import { filesIn } from './files.mjs';

const ofKind = (kind) => filesIn('src-native', 'test/native', 'bench').filter((f) => kind.test(f));

export const cppFiles = () => ofKind(/\.(cc|h)$/);
