# The other addons of the hazard tests: code that is not ours and calls JavaScript from C++. Built on
# demand by test/helpers/test-addon.ts.
{
  'target_defaults': {
    'cflags!': ['-Wno-unused-parameter'],
    'cflags': ['-Wall', '-Wextra', '-isystem<(node_root_dir)/include/node'],
    'cflags_cc!': ['-fno-exceptions'],
    'cflags_cc': ['-fexceptions'],
  },
  'targets': [
    {
      'target_name': 'v8_addon',
      'sources': ['v8_addon.cc', 'control_flow.cc'],
    },
    {
      'target_name': 'napi_addon',
      'sources': ['napi_addon.cc'],
      'defines': ['NAPI_VERSION=8'],
    },
  ],
}
