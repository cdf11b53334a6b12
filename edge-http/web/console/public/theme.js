// Sets the theme and the language of the document before anything is painted. The stores keep both afterwards.
;(function () {
  var preferences = {}
  try {
    preferences = JSON.parse(localStorage.getItem('kefu.console.preferences') || '{}')
  } catch {
    // No storage: the defaults do.
  }
  var dark =
    preferences.theme === 'dark' ||
    (preferences.theme !== 'light' && matchMedia('(prefers-color-scheme: dark)').matches)
  document.documentElement.classList.toggle('dark', dark)
  if (preferences.language) document.documentElement.lang = preferences.language
})()
