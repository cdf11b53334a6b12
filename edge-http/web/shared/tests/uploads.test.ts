import { KefuError, type Kefu, type NewMessage } from '@kefu/sdk'
import { beforeEach, describe, expect, it, vi } from 'vitest'

import type { FileShelf, KeptFile } from '../src/fileShelf.ts'
import { Uploads } from '../src/uploads.ts'

/** A shelf that copies, as IndexedDB does. */
function shelf(): FileShelf & { held: Map<string, KeptFile>; full: boolean } {
  const held = new Map<string, KeptFile>()
  const self = {
    held,
    full: false,
    put: (kept: KeptFile) => {
      if (!self.full) held.set(kept.id, { ...kept })
      return Promise.resolve(!self.full)
    },
    remove: (id: string) => Promise.resolve(void held.delete(id)),
    read: (id: string) => Promise.resolve(held.get(id)),
    list: (owner: string) => Promise.resolve([...held.values()].filter((kept) => kept.owner === owner)),
  }
  return self
}

/** Answers of the server in a row; the last one for all further calls. */
type Answer = 'ok' | 'never' | KefuError

const lost = new KefuError({ status: 0, reason: 'NETWORK', message: '没有网络' })
const refused = new KefuError({ status: 415, reason: 'INVALID_ARGUMENT', message: '不支持的文件' })
const text = (name: string) => new File(['x'], name, { type: 'text/plain' })

function page(kept: ReturnType<typeof shelf>, answers: Answer[] = ['ok'], owner = 'USER:1') {
  const sent: (NewMessage & { sessionId: string })[] = []
  const uploaded: string[] = []
  const kefu = {
    tokens: { read: () => ({ owner }) },
    uploadFile: ({ name }: { name: string }, { signal }: { signal: AbortSignal }) => {
      const answer = answers.length > 1 ? answers.shift() : answers[0]
      if (answer === 'never') {
        return new Promise((_, reject) =>
          signal.addEventListener('abort', () =>
            reject(new KefuError({ status: 0, reason: 'ABORTED', message: '已取消' })),
          ),
        )
      }
      if (answer instanceof KefuError) return Promise.reject(answer)
      uploaded.push(name)
      return Promise.resolve({ id: `file-${uploaded.length}`, contentType: 'text/plain' })
    },
  }
  const uploads = new Uploads({
    kefu: kefu as unknown as Kefu,
    shelf: kept,
    send: (sessionId, message) => void sent.push({ sessionId, ...message }),
    refuse: (file) => (file.size === 0 ? '这是空文件' : ''),
    words: (error) => (error instanceof KefuError ? error.message : '?'),
  })
  return { uploads, sent, uploaded }
}

let kept: ReturnType<typeof shelf>
beforeEach(() => (kept = shelf()))

describe('files on their way', () => {
  it('become messages in their order, and are forgotten', async () => {
    const { uploads, sent, uploaded } = page(kept)
    uploads.add('7', [text('一.txt'), text('二.txt')])
    await vi.waitFor(() => expect(sent).toHaveLength(2))
    expect(uploaded).toEqual(['一.txt', '二.txt'])
    expect(sent.map(({ fileId }) => fileId)).toEqual(['file-1', 'file-2'])
    await vi.waitFor(() => expect(kept.held.size).toBe(0))
    expect(uploads.of('7')).toEqual([])
  })

  it('go on after a reload under the same id', async () => {
    const before = page(kept, ['never'])
    before.uploads.add('7', [text('一.txt')])
    await vi.waitFor(() => expect(kept.held.size).toBe(1))
    expect(before.uploads.atRisk).toBe(false)
    const [id] = [...kept.held.keys()]
    const after = page(kept)
    await after.uploads.resume()
    await vi.waitFor(() => expect(after.sent).toMatchObject([{ sessionId: '7', clientMsgId: id, fileId: 'file-1' }]))
  })

  it('are not uploaded twice when only the message was missing', async () => {
    const stored = { fileId: '99', contentType: 'FILE' as const }
    await kept.put({ id: 'c1', owner: 'USER:1', sessionId: '7', name: '一.txt', file: text('一.txt'), stored })
    const { uploads, sent, uploaded } = page(kept)
    await uploads.resume()
    await vi.waitFor(() => expect(sent).toMatchObject([{ clientMsgId: 'c1', fileId: '99' }]))
    expect(uploaded).toEqual([])
  })

  it("are nobody else's", async () => {
    await kept.put({ id: 'c1', owner: 'USER:1', sessionId: '7', name: '一.txt', file: text('一.txt') })
    const { uploads, sent } = page(kept, ['ok'], 'USER:2')
    await uploads.resume()
    expect(uploads.of('7')).toEqual([])
    expect(sent).toEqual([])
    expect(kept.held.size).toBe(1)
  })

  it('wait for the network, and hold back the next ones so that the order stays', async () => {
    const { uploads, sent, uploaded } = page(kept, [lost, 'ok'])
    uploads.add('7', [text('一.txt'), text('二.txt')])
    await vi.waitFor(() => expect(kept.held.size).toBe(2))
    await vi.waitFor(() => expect(uploads.of('7').map(({ state }) => state)).toEqual(['waiting', 'waiting']))
    await uploads.resume()
    await vi.waitFor(() => expect(sent).toHaveLength(2))
    expect(uploaded).toEqual(['一.txt', '二.txt'])
  })

  it('say why they were refused, and let the next ones pass', async () => {
    const { uploads, sent } = page(kept, [refused, 'ok'])
    uploads.add('7', [text('一.exe'), new File([], '空.txt'), text('二.txt')])
    await vi.waitFor(() => expect(sent).toHaveLength(1))
    expect(uploads.of('7').map(({ failure }) => failure)).toEqual(['不支持的文件', '这是空文件'])
    const [first, second] = uploads.of('7')
    uploads.retry(first?.id ?? '')
    await vi.waitFor(() => expect(sent).toHaveLength(2))
    uploads.remove(second?.id ?? '')
    await vi.waitFor(() => expect(kept.held.size).toBe(0))
  })

  it('do not come back when they were given up', async () => {
    const { uploads } = page(kept, ['never'])
    uploads.add('7', [text('一.txt')])
    uploads.remove(uploads.of('7')[0]?.id ?? '')
    const after = page(kept)
    await vi.waitFor(() => expect(kept.held.size).toBe(0))
    await after.uploads.resume()
    expect(after.sent).toEqual([])
  })

  it('are at risk only where they cannot be kept', async () => {
    kept.full = true
    const { uploads } = page(kept, ['never'])
    uploads.add('7', [text('一.txt')])
    expect(uploads.atRisk).toBe(true)
    uploads.stop()
    expect(uploads.atRisk).toBe(false)
  })
})
