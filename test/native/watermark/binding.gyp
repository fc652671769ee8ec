# The test addon of scripts/measure_stack.mjs, built on demand. It uses Node-API only, so one build
# serves every Node version.
{
  'targets': [
    {
      'target_name': 'watermark',
      'sources': ['watermark.cc'],
      'defines': ['NAPI_VERSION=8'],
      'cflags': ['-Wall', '-Wextra', '-Werror', '-O2', '-fno-omit-frame-pointer'],
    },
  ],
}
