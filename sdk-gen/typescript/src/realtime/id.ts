let lastTime = 0
let counter = 0

/** An id in the order of making (UUID version 7), also where `crypto.randomUUID` is not to be had. */
export function newId(): string {
  const now = Date.now()
  counter = now > lastTime ? 0 : counter + 1
  lastTime = Math.max(lastTime, now)
  const random = crypto.getRandomValues(new Uint8Array(8))
  const tail = Array.from(random, (byte) => byte.toString(16).padStart(2, '0')).join('')
  const time = lastTime.toString(16).padStart(12, '0')
  const count = (counter & 0xfff).toString(16).padStart(3, '0')
  return `${time.slice(0, 8)}-${time.slice(8)}-7${count}-8${tail.slice(0, 3)}-${tail.slice(3, 15)}`
}
