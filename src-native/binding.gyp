# The addon's build. It lies here and not in the root because npm, pnpm and Yarn compile a package
# with a root binding.gyp at every install, and we ship the binaries. From an installed package:
#
#   npx node-gyp rebuild --directory node_modules/greenfiber/src-native
#
# The result is build/Release/greenfiber.node in the root, where node-gyp-build looks first.
# On anything but Linux x86-64 there is nothing to compile: the build succeeds, and the load-time
# error of lib/binding.ts tells what is missing.
{
  'targets': [
    {
      'target_name': 'greenfiber',
      'conditions': [
        ['OS=="linux" and target_arch=="x64"', {
          # Every source in the folders of the addon; a new file needs no edit here.
          'sources': [
            '<!@(node -p "require(\'node:fs\').readdirSync(\'.\', { recursive: true }).filter((name) => !name.startsWith(\'build\') && /[.](cc|S)$/.test(name)).sort().join(\' \')")',
          ],
          'include_dirs': ['.', '../include'],
          'defines': [
            'NAPI_VERSION=9',
            'NAPI_DISABLE_CPP_EXCEPTIONS',
            'NODE_ADDON_API_DISABLE_DEPRECATED',
            # A worker may be terminated in the middle of a call.
            'NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS',
          ],
          'cflags!': ['-Wno-unused-parameter'],
          'cflags': [
            # Headers that are not ours count as system headers: no warning in them stops our build.
            '-isystem<(node_root_dir)/include/node',
            '-isystem../<!(node -p "require(\'node-addon-api\').include_dir")',
            '-isystem../third_party',
            '-Wall',
            '-Wextra',
            '-Werror',
            '-O3',
            '-g',
            '-fPIC',
            '-fvisibility=hidden',
            '-fno-omit-frame-pointer',
          ],
          # A symbol that this Node lacks is an error when the addon is loaded, not the end of the process later.
          'ldflags': ['-Wl,-z,now'],
          'cflags_cc!': ['-std=gnu++17', '-std=gnu++20'],
          'cflags_cc': ['-std=c++20', '-fno-exceptions', '-fno-rtti', '-fvisibility-inlines-hidden'],
        }, {
          'type': 'none',
        }],
      ],
    },
    {
      'target_name': 'install',
      'type': 'none',
      'dependencies': ['greenfiber'],
      'conditions': [
        ['OS=="linux" and target_arch=="x64"', {
          'copies': [
            {
              'files': ['<(PRODUCT_DIR)/greenfiber.node'],
              'destination': '<(module_root_dir)/../build/<(CONFIGURATION_NAME)',
            },
          ],
        }],
      ],
    },
  ],
}
