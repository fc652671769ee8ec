# The addon's build. Nothing compiles at install time, since package.json says "gypfile": false and the package has the
# binaries. From an installed package:
#
#   npx node-gyp rebuild --directory node_modules/greenfiber
#
# The result is build/Release/greenfiber.node, where node-gyp-build looks first.
# On anything but Linux on x86-64 or AArch64 there is nothing to compile: the build succeeds, and the load-time
# error of lib/native/binding.ts tells what is missing.
{
  'targets': [
    {
      'target_name': 'greenfiber',
      'conditions': [
        ['OS=="linux" and (target_arch=="x64" or target_arch=="arm64")', {
          # Every source in the folders of the addon; a new file needs no edit here. Of the assembly only what is the
          # architecture's: an empty object would take its property notes from the whole.
          'sources': [
            '<!@(node -p "require(\'node:fs\').readdirSync(\'src-native\', { recursive: true }).filter((name) => name.endsWith(\'.cc\') || name.endsWith({ x64: \'_x86_64_sysv.S\', arm64: \'_aarch64_aapcs64.S\' }[\'<(target_arch)\'])).sort().map((name) => \'src-native/\' + name).join(\' \')")',
          ],
          'include_dirs': ['src-native', 'include'],
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
            '-isystem../src-native/third_party',
            '-Wall',
            '-Wextra',
            '-Werror',
            '-O3',
            '-g',
            '-fPIC',
            '-fvisibility=hidden',
            '-fno-omit-frame-pointer',
            # What nothing calls does not travel: see ldflags.
            '-ffunction-sections',
            '-fdata-sections',
          ],
          # A symbol that this Node lacks is an error when the addon is loaded, not the end of the process later.
          'ldflags': ['-Wl,-z,now', '-Wl,--gc-sections'],
          'cflags_cc!': ['-std=gnu++17', '-std=gnu++20'],
          'cflags_cc': ['-std=c++20', '-fno-exceptions', '-fno-rtti', '-fvisibility-inlines-hidden'],
        }, {
          'type': 'none',
        }],
      ],
    },
  ],
}
