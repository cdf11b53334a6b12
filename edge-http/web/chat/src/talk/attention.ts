/** Ways to call a customer who looks elsewhere: title, sound, vibration, notification. */
import { lasting } from '@kefu/shared/storage.ts'
import { ref } from 'vue'

const KEY = 'kefu.chat.remind'

/** Whether the customer has asked to be called. */
export const reminding = ref(lasting?.getItem(KEY) === '1')

type AudioWindow = Window & { webkitAudioContext?: typeof AudioContext }
let audio: AudioContext | null = null

/** Browsers play nothing before somebody has touched the page; the first touch unlocks the sound. */
export function unlockSoundOnTouch(): void {
  const unlock = () => {
    removeEventListener('pointerdown', unlock)
    removeEventListener('keydown', unlock)
    unlockSound()
  }
  addEventListener('pointerdown', unlock)
  addEventListener('keydown', unlock)
}

function unlockSound() {
  try {
    const Context = window.AudioContext ?? (window as AudioWindow).webkitAudioContext
    if (Context) audio ??= new Context()
    void audio?.resume()
  } catch {
    // No sound on this device.
  }
}

/** The customer asks to be called: the only moment at which a browser lets the page ask, too. */
export async function remindMe(): Promise<void> {
  unlockSound()
  reminding.value = true
  try {
    lasting?.setItem(KEY, '1')
    if (!('Notification' in window)) return
    if (Notification.permission === 'default') await Notification.requestPermission()
    // Android shows the notifications of service workers only.
    if (Notification.permission === 'granted') await navigator.serviceWorker.register('/chat/sw.js')
  } catch {
    // The other ways are left.
  }
}

/** Calls: a sound where it is unlocked, a vibration where it matters, and a notification where the page is hidden. */
export function call(text: string, strongly: boolean): void {
  beep(strongly ? [660, 880] : [740])
  if (strongly && 'vibrate' in navigator) navigator.vibrate([200, 100, 200])
  if (document.visibilityState === 'visible' || !('Notification' in window)) return
  if (Notification.permission === 'granted') void notifyDevice(text).catch(() => undefined)
}

async function notifyDevice(text: string): Promise<void> {
  const options = { tag: 'kefu', icon: '/chat/icon-192.png' }
  const worker = await navigator.serviceWorker?.getRegistration('/chat/')
  if (worker) return worker.showNotification(text, options)
  const shown = new Notification(text, options)
  shown.onclick = () => {
    window.focus()
    shown.close()
  }
}

function beep(tones: number[]) {
  if (!audio || audio.state !== 'running') return
  tones.forEach((frequency, index) => {
    if (!audio) return
    const from = audio.currentTime + index * 0.18
    const tone = audio.createOscillator()
    const volume = audio.createGain()
    tone.frequency.value = frequency
    volume.gain.setValueAtTime(0.12, from)
    volume.gain.exponentialRampToValueAtTime(0.001, from + 0.16)
    tone.connect(volume).connect(audio.destination)
    tone.start(from)
    tone.stop(from + 0.17)
  })
}
