/** Where the page stands on the device: colours, and the room the keyboard leaves. */

const root = document.documentElement

/** Follows the device's choice between light and dark. */
export function followTheme(): void {
  const dark = window.matchMedia('(prefers-color-scheme: dark)')
  const apply = () => root.classList.toggle('dark', dark.matches)
  apply()
  // Safari before 14 has only the older of the two.
  if (dark.addEventListener) dark.addEventListener('change', apply)
  else dark.addListener(apply)
}

/** Writes the height of the on-screen keyboard into `--kb` where it lies over the page, as on iOS. Where the page
 *  shrinks by itself this stays 0. */
export function followKeyboard(): void {
  const view = window.visualViewport
  if (!view) return
  const apply = () => {
    // Pinching makes the visible part smaller as well.
    const hidden = view.scale > 1.01 ? 0 : window.innerHeight - view.height
    const height = hidden > 80 ? Math.round(hidden) : 0
    root.style.setProperty('--kb', `${height}px`)
    root.classList.toggle('keyboard', height > 0)
    // iOS scrolls the whole page up to show the input; the shell has made room already.
    if (height > 0) window.scrollTo(0, 0)
  }
  view.addEventListener('resize', apply)
  view.addEventListener('scroll', apply)
  apply()
}
