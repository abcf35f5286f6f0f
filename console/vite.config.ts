import { defineConfig } from 'vite'
import { docsIndex } from './docs-index.ts'

/** Shared chunks would be named after all of their pages. */
const withoutPages = (name: string): string => name.split('~')[0] ?? name

/** Texts of the shell and of Flows. */
const firstTexts =
  /console\/src\/text\/(?:app|conversations|filter|flow-fields|flows|general|live|nouns|overview|parts|presets|status|time|why)\.ts$/

// No inlining, so that the CSP can allow files of this server only.
export default defineConfig({
  root: import.meta.dirname,
  plugins: [docsIndex()],
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    target: 'es2023',
    // These support `light-dark()`; a fallback would ignore the chosen theme.
    cssTarget: ['chrome123', 'firefox120', 'safari17.5'],
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    manifest: 'manifest.json',
    // For the notices of the package (release/).
    license: { fileName: 'licenses.json' },
    rolldownOptions: {
      output: {
        // Merged chunks may import each other. Without it, a constant of one is read before it exists.
        strictExecutionOrder: true,
        // Fewer requests: one chunk for the shell, and one for pages that share nearly the same modules.
        chunkFileNames: ({ name }) => `assets/${withoutPages(name)}-[hash].js`,
        assetFileNames: ({ names: [name = ''] }) =>
          `assets/${withoutPages(name.replace(/\.\w+$/, ''))}-[hash][extname]`,
        codeSplitting: {
          groups: [
            { name: 'shell', tags: ['$initial'], test: /(?<!main\.tsx|index\.html)$/, priority: 1 },
            // Constants of modules read texts when they load: in a separate chunk, no chunk can precede them.
            { name: 'text', test: firstTexts, minShareCount: 2 },
            { name: 'texts', test: /console\/src\/text\//, minShareCount: 2 },
            // Merged with parts of a page, they would load that page's texts everywhere.
            { name: 'answers', test: /console\/src\/api\/use-(?:last-answer|pages)\.ts$/, minShareCount: 2 },
            { name: 'shared', minShareCount: 2, entriesAware: true, entriesAwareMergeThreshold: 2000 },
          ],
        },
      },
      onLog: (level, log, say) => {
        // "use client" has no meaning without server rendering.
        if (log.code !== 'MODULE_LEVEL_DIRECTIVE' && log.code !== 'PLUGIN_TIMINGS') say(level, log)
      },
    },
  },
  worker: { format: 'es' },
  // `npx vite console` proxies to a running Weir.
  server: { proxy: { '/api': 'http://127.0.0.1:8080' } },
})
