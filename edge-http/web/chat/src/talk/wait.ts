/** The expected wait in whole minutes, rounded up; null when it cannot be told. Too low is worse than none. */
export function waitMinutes(minSeconds: number, maxSeconds: number): { min: number; max: number } | null {
  if (minSeconds < 0 || maxSeconds < 0) return null
  const min = Math.max(1, Math.ceil(minSeconds / 60))
  return { min, max: Math.max(min, Math.ceil(maxSeconds / 60)) }
}
