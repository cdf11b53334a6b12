import { describe, expect, it } from 'vitest'
import { fitWithin, jpegName, needsShrinking } from '../src/image.ts'

describe('image', () => {
  it.each([
    [4000, 3000, 1600, 1200],
    [3000, 4000, 1200, 1600],
    [800, 600, 800, 600],
    [1600, 1, 1600, 1],
    [30_000, 2, 1600, 1],
    [0, 0, 1, 1],
  ])('fits %ix%i into 1600 as %ix%i', (width, height, wantedWidth, wantedHeight) => {
    expect(fitWithin(width, height, 1600)).toEqual({ width: wantedWidth, height: wantedHeight })
  })

  it('draws anew what is large, heavy, or of a type the server does not take', () => {
    expect(needsShrinking('image/jpeg', 100_000, 1200, 900)).toBe(false)
    expect(needsShrinking('image/jpeg', 3_000_000, 1200, 900)).toBe(true)
    expect(needsShrinking('image/jpeg', 100_000, 4000, 900)).toBe(true)
    expect(needsShrinking('image/png', 900_000, 1080, 1500)).toBe(false)
    expect(needsShrinking('image/heic', 100_000, 800, 600)).toBe(true)
    expect(needsShrinking('image/gif', 3_000_000, 4000, 4000)).toBe(false)
  })

  it('names the result after what it is', () => {
    expect([jpegName('IMG_1.HEIC'), jpegName('a.b.png'), jpegName('')]).toEqual(['IMG_1.jpg', 'a.b.jpg', 'image.jpg'])
  })
})
