import { ref } from 'vue'

/** What a sound tells. */
export type Sound = 'session' | 'message'

// Two tones that rise for a new session, one for a message: told apart without looking.
const TONES: Record<Sound, readonly number[]> = { session: [660, 880], message: [740] }
const PAUSE_MS = 1500

/** Whether the browser lets sounds be played: only after somebody has touched the page. */
export const soundUnlocked = ref(false)

let context: AudioContext | undefined
let last = 0

/** Unlocks the sound; called within a touch or a key. */
export async function unlockSound(): Promise<void> {
  try {
    context ??= new AudioContext()
    await context.resume()
    soundUnlocked.value = context.state === 'running'
  } catch {
    soundUnlocked.value = false
  }
}

/** Unlocks the sound at the first touch or key, whatever it is for. */
export function unlockAtFirstGesture(): void {
  const unlock = () => {
    void unlockSound()
    removeEventListener('pointerdown', unlock)
    removeEventListener('keydown', unlock)
  }
  addEventListener('pointerdown', unlock)
  addEventListener('keydown', unlock)
}

/** Plays a sound, if it may; a shower of messages is one sound, in however many tabs it comes down. */
export function play(sound: Sound): void {
  if (!context || context.state !== 'running' || Date.now() - last < PAUSE_MS) return
  last = Date.now()
  // Where the page came without TLS there are no locks, and each tab plays for itself.
  if (!('locks' in navigator)) return ring(context, sound)
  const audio = context
  void navigator.locks.request('kefu.console.sound', { ifAvailable: true }, (lock) => {
    if (!lock) return undefined
    ring(audio, sound)
    return new Promise((resolve) => setTimeout(resolve, PAUSE_MS))
  })
}

function ring(audio: AudioContext, sound: Sound) {
  const { currentTime } = audio
  TONES[sound].forEach((frequency, index) => tone(audio, frequency, currentTime + index * 0.16))
}

function tone(audio: AudioContext, frequency: number, start: number) {
  const oscillator = audio.createOscillator()
  const volume = audio.createGain()
  oscillator.frequency.value = frequency
  volume.gain.setValueAtTime(0, start)
  volume.gain.linearRampToValueAtTime(0.18, start + 0.02)
  volume.gain.exponentialRampToValueAtTime(0.001, start + 0.22)
  oscillator.connect(volume).connect(audio.destination)
  oscillator.start(start)
  oscillator.stop(start + 0.24)
}
