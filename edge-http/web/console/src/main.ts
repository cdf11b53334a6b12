import { createPinia } from 'pinia'
import { createApp } from 'vue'

import '@kefu/shared/tokens.css'
import 'element-plus/es/components/base/style/css'
import 'element-plus/theme-chalk/dark/css-vars.css'
import './styles/element.css'
import './styles/app.css'

import App from './app/App.vue'
import { router } from './app/router.ts'
import { i18n } from './i18n/index.ts'

createApp(App).use(createPinia()).use(i18n).use(router).mount('#app')
