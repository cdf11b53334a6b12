import vue from '@vitejs/plugin-vue'
import { defaultClientConditions, defineConfig } from 'vite'

// While developing, the page comes from here and the API from a running Kefu.
const origin = process.env.KEFU_ORIGIN ?? 'http://127.0.0.1:8080'

export default defineConfig({
  base: '/chat/',
  plugins: [vue()],
  resolve: { conditions: ['source', ...defaultClientConditions] },
  define: { __VUE_OPTIONS_API__: false },
  build: {
    // Cheap phones keep the WebView they were sold with; WeChat's own engine is of the same age.
    target: ['chrome69', 'safari13'],
    manifest: true,
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    reportCompressedSize: false,
    // The form in one piece: on a slow line each file costs a round trip. What the entry imports at once goes with it.
    rolldownOptions: { output: { codeSplitting: { groups: [{ name: 'first', test: /[\\/]src[\\/]main\.ts$/ }] } } },
  },
  server: { proxy: { '/api': origin, '/ws': { target: origin, ws: true } } },
})
