import { defineConfig } from 'vitest/config'

export default defineConfig({
  // The SDK from its sources, as the pages take it.
  ssr: { resolve: { conditions: ['source', 'import', 'default'] } },
})
