import { defineConfig } from 'vite'

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
    rolldownOptions: {
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
