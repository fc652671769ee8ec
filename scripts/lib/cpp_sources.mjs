// Our own C++ files.
import { filesIn } from './files.mjs';

const ofKind = (kind) =>
  filesIn('include', 'src-native', 'test/native', 'test/fixtures', 'bench', 'examples').filter(
    (file) => kind.test(file) && !file.includes('third_party'),
  );

export const cppFiles = () => ofKind(/\.(c|cc|h)$/);
