import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

import type { Kefu } from '@kefu/sdk'

const BINARY = process.env.KEFU_TEST_BIN ?? join(import.meta.dirname, '../../../target/debug/kefu')

/** A Kefu of one's own, on SQLite, with its data in a temporary folder. */
export class Server {
  /** Where its pages are. */
  origin = ''
  /** The administrator's calls, once somebody has logged in. */
  admin: Kefu | null = null
  /** The first password of `admin`. */
  firstPassword = ''
  private readonly folder = mkdtempSync(join(tmpdir(), 'kefu-browser-'))
  private process: ChildProcess | null = null
  private log: string[] = []

  private constructor(
    private readonly settings: Record<string, string>,
    private readonly flags: string[],
  ) {}

  /** Starts a server with settings beside the defaults, as `{ KEFU_AUTH_ACCESS_MINUTES: '1' }`. */
  static async start(settings: Record<string, string> = {}, flags: string[] = []): Promise<Server> {
    const server = new Server(settings, flags)
    await server.launch()
    return server
  }

  /** Ends it as a power failure would. */
  async kill(): Promise<void> {
    const { process } = this
    this.process = null
    if (!process || process.exitCode !== null) return
    const ended = once(process, 'exit')
    process.kill('SIGKILL')
    await ended
  }

  /** Starts it again, on the same data and port. */
  async startAgain(): Promise<void> {
    await this.launch()
  }

  /** Ends it for good. */
  async end(): Promise<void> {
    await this.kill()
    rmSync(this.folder, { recursive: true, force: true })
  }

  private async launch(): Promise<void> {
    this.log = []
    // The kernel ends it with this process, however that ends.
    const command = ['--pdeathsig', 'KILL', '--', BINARY, 'serve', ...this.flags]
    const process_ = spawn('setpriv', command, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        ...process.env,
        KEFU_HTTP_LISTEN: this.origin ? new URL(this.origin).host : '127.0.0.1:0',
        KEFU_GRPC_LISTEN: '127.0.0.1:0',
        KEFU_DATA_DIR: this.folder,
        // All customers of these tests come from one address.
        KEFU_AUTH_CODES_PER_ADDRESS: '1000000',
        KEFU_REALTIME_SENDS_PER_SECOND: '1000',
        // Only builds for tests read this: a real password hash takes a quarter of a second, and each user some of them.
        KEFU_TEST_PASSWORD_COST: '4',
        ...this.settings,
      },
    })
    this.process = process_
    createInterface({ input: process_.stderr }).on('line', (line) => this.log.push(line))
    for await (const line of createInterface({ input: process_.stdout })) {
      this.log.push(line)
      const said = parsed(line)
      if (said.username === 'admin' && said.password) this.firstPassword = said.password
      if (said.ready) {
        this.origin = `http://${said.http}`
        process_.stdout.resume()
        return
      }
    }
    throw new Error(`kefu does not start:\n${this.log.join('\n')}`)
  }
}

/** What the server says at its start; everything else is its log. */
interface Said {
  ready?: boolean
  http?: string
  username?: string
  password?: string
}

function parsed(line: string): Said {
  try {
    return JSON.parse(line) as Said
  } catch {
    return {}
  }
}
