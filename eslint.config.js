// Lints of the pages, the SDK and the browser tests; formatting is prettier's.
import prettier from 'eslint-config-prettier'
import vue from 'eslint-plugin-vue'
import globals from 'globals'
import ts from 'typescript-eslint'

export default ts.config(
  { ignores: ['**/dist/**', 'target/**', 'edge-http/src/**', 'data/**', '**/generated/**', '**/*.d.ts'] },
  ...ts.configs.recommended,
  ...vue.configs['flat/recommended'],
  { files: ['**/*.vue'], languageOptions: { parserOptions: { parser: ts.parser } } },
  { languageOptions: { globals: { ...globals.browser } } },
  {
    rules: {
      'vue/multi-word-component-names': 'off',
      // Types say it already.
      'vue/require-default-prop': 'off',
      'no-undef': 'off',
      'no-console': 'error',
      eqeqeq: 'error',
    },
  },
  prettier,
)
