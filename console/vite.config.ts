import { defineConfig } from 'vite'

/** What several pages share is named after all of them. */
const withoutPages = (name: string): string => name.split('~')[0] ?? name

// Nothing is inlined, so that the policy of the page can forbid whatever is not a file of this server.
export default defineConfig({
  root: import.meta.dirname,
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    target: 'es2023',
    // These know `light-dark()`, which follows the theme that the reader has chosen; put into other words it would not.
    cssTarget: ['chrome123', 'firefox120', 'safari17.5'],
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    manifest: 'manifest.json',
    // For the notices of the package (tools/package).
    license: { fileName: 'licenses.json' },
    rolldownOptions: {
      output: {
        // Each file is a request: what every page starts with is one, and what few pages share goes with what nearly the same pages share.
        chunkFileNames: ({ name }) => `assets/${withoutPages(name)}-[hash].js`,
        assetFileNames: ({ names: [name = ''] }) =>
          `assets/${withoutPages(name.replace(/\.\w+$/, ''))}-[hash][extname]`,
        codeSplitting: {
          groups: [
            { name: 'shell', tags: ['$initial'], test: /(?<!main\.tsx|index\.html)$/, priority: 1 },
            { name: 'shared', minShareCount: 2, entriesAware: true, entriesAwareMergeThreshold: 24_000 },
          ],
        },
      },
      onLog: (level, log, say) => {
        // "use client" speaks to servers that render, and there is none here; how long a plugin took is no news.
        if (log.code !== 'MODULE_LEVEL_DIRECTIVE' && log.code !== 'PLUGIN_TIMINGS') say(level, log)
      },
    },
  },
  worker: { format: 'es' },
  // `npx vite console` beside a running Weir, while pages are being written.
  server: { proxy: { '/api': 'http://127.0.0.1:8080' } },
})
