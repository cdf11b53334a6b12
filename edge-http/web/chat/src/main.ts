import '@kefu/shared/tokens.css'
import './app/base.css'
import { createApp } from 'vue'
import App from './App.vue'
import { followKeyboard, followTheme } from './app/device.ts'
import { followLogin, openVisit } from './app/visit.ts'
import { preferredLanguage, useLanguage } from './i18n/index.ts'

followTheme()
followKeyboard()
followLogin()
// The calls need not wait for the texts.
void openVisit()
void useLanguage(preferredLanguage())
  .catch(() => useLanguage('zh-CN'))
  .then(() => {
    createApp(App).mount('#app')
    document.documentElement.classList.add('ready')
  })
