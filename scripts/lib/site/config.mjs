// VitePress reads this beside the pages, where site.mjs puts it together with contents.mjs and the reference's sidebar.
import { readFileSync } from 'node:fs';
import { defineConfig } from 'vitepress';
import { contents } from './contents.mjs';

const besides = (file) => JSON.parse(readFileSync(new URL(file, import.meta.url), 'utf8'));
const { description, repository } = besides('package.json');
const reference = besides('../reference/typedoc-sidebar.json');

export default defineConfig({
  title: 'greenfiber',
  description,
  base: process.env.GREENFIBER_SITE_BASE ?? '/',
  outDir: '../../build/site', // from .site/pages
  cleanUrls: true,
  lastUpdated: false,
  // Links that lead nowhere fail the build.
  ignoreDeadLinks: false,
  themeConfig: {
    nav: [
      { text: 'Guides', link: '/guides/plugins' },
      { text: 'API', link: '/api' },
      { text: 'Reference', link: '/reference/' },
    ],
    sidebar: { '/reference/': reference, '/': contents },
    outline: [2, 3],
    search: { provider: 'local' },
    socialLinks: [{ icon: 'github', link: repository.url.replace(/^git\+|\.git$/g, '') }],
  },
});
