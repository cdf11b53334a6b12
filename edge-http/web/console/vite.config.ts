import vue from '@vitejs/plugin-vue'
import { ElementPlusResolver } from 'unplugin-vue-components/resolvers'
import components from 'unplugin-vue-components/vite'
import { defaultClientConditions, defineConfig } from 'vite'

// While developing, the pages come from here and the API from a running Kefu.
const origin = process.env.KEFU_ORIGIN ?? 'http://127.0.0.1:8080'

export default defineConfig({
  base: '/console/',
  plugins: [vue(), components({ dts: false, dirs: [], resolvers: [ElementPlusResolver({ importStyle: 'css' })] })],
  resolve: { conditions: ['source', ...defaultClientConditions] },
  define: { __VUE_I18N_LEGACY_API__: false, __INTLIFY_PROD_DEVTOOLS__: false },
  build: { assetsInlineLimit: 0, reportCompressedSize: false },
  server: { proxy: { '/api': origin, '/openapi.json': origin, '/ws': { target: origin, ws: true } } },
})
