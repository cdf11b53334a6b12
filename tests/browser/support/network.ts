import type { BrowserContext, WebSocketRoute } from '@playwright/test'

/** The way from a browser to Kefu, which tests can cut. Pages are still served: what is tested is what runs in them. */
export class Network {
  private up = true
  private sockets = new Set<WebSocketRoute>()

  private constructor(private readonly context: BrowserContext) {}

  /** Takes hold of the calls and sockets of a browser; before its first page is opened. */
  static async of(page: { context(): BrowserContext }): Promise<Network> {
    const network = new Network(page.context())
    await network.context.route('**/api/**', (route) =>
      network.up ? route.fallback() : route.abort('internetdisconnected'),
    )
    await network.context.routeWebSocket('**/ws', (socket) => {
      if (!network.up) return void socket.close({ code: 1006 })
      socket.connectToServer()
      network.sockets.add(socket)
    })
    return network
  }

  /** Nothing gets through any more, and the browser knows. */
  async cut(): Promise<void> {
    this.up = false
    for (const socket of this.sockets) await socket.close()
    this.sockets.clear()
    for (const page of this.context.pages()) await page.evaluate(() => dispatchEvent(new Event('offline')))
  }

  async restore(): Promise<void> {
    this.up = true
    for (const page of this.context.pages()) await page.evaluate(() => dispatchEvent(new Event('online')))
  }
}

/** A proxy that lets no WebSocket through. */
export async function withoutWebSocket(page: { context(): BrowserContext }): Promise<void> {
  await page.context().routeWebSocket('**/ws', (socket) => socket.close({ code: 1011 }))
}
