/** An SVG path through values from left to right, the least at the bottom; unknown values leave a gap, and a value alone
    between gaps is a dot. Empty where less than two are known: one makes no trend. */
export function sparkline(values: readonly (number | null)[], width: number, height: number): string {
  const known = values.filter((value): value is number => value !== null)
  if (known.length < 2) return ''
  const [low, high] = [Math.min(...known), Math.max(...known)]
  const pad = 2
  const x = (index: number) => pad + (values.length > 1 ? (index / (values.length - 1)) * (width - 2 * pad) : 0)
  // A flat line lies at the bottom where it is nothing, else in the middle.
  const share = (value: number) => (high > low ? (value - low) / (high - low) : value === 0 ? 0 : 0.5)
  const y = (value: number) => height - pad - share(value) * (height - 2 * pad)
  const round = (value: number) => Math.round(value * 10) / 10
  let path = ''
  let isOn = false
  values.forEach((value, index) => {
    if (value === null) {
      isOn = false
      return
    }
    const point = `${round(x(index))} ${round(y(value))}`
    const isAlone = !isOn && (values[index + 1] ?? null) === null
    path += isAlone ? `M${point}h0.1` : `${isOn ? 'L' : 'M'}${point}`
    isOn = true
  })
  return path
}
