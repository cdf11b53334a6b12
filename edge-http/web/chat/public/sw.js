// Shows the page's notifications on Android, where a page alone may not. It keeps nothing and answers no requests.
self.addEventListener('notificationclick', (event) => {
  event.notification.close()
  event.waitUntil(
    self.clients.matchAll({ type: 'window', includeUncontrolled: true }).then((pages) => {
      const page = pages.find(({ url }) => new URL(url).pathname.startsWith('/chat/'))
      return page ? page.focus() : self.clients.openWindow('/chat/')
    }),
  )
})
