/** Tells whoever has asked; one that fails does not keep the others from hearing. */
export class Emitter<Events> {
  private readonly listeners = new Map<keyof Events, Set<(value: never) => void>>()

  /** Asks to be told; returns how to stop that. */
  on<K extends keyof Events>(event: K, fn: (value: Events[K]) => void): () => void {
    const listeners = this.listeners.get(event) ?? new Set()
    this.listeners.set(event, listeners.add(fn))
    return () => void listeners.delete(fn)
  }

  /** Tells. */
  emit<K extends keyof Events>(event: K, value: Events[K]): void {
    for (const fn of [...(this.listeners.get(event) ?? [])] as ((value: Events[K]) => void)[]) safely(() => fn(value))
  }
}

/** Runs somebody else's code: its errors are its own. */
export function safely(fn: () => void): void {
  try {
    fn()
  } catch (error) {
    queueMicrotask(() => {
      throw error
    })
  }
}
