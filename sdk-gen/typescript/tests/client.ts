import { Kefu, Realtime, browserTokens, type KefuError, type Message, type RealtimeOptions } from '../src/index'
import { ME, SESSION, pass, type Server } from './server'

/** A client, signed in as the customer, and what it has been told. */
export function client(server: Server, options: RealtimeOptions = {}, key = 'tokens') {
  const signedOut: KefuError[] = []
  const tokens = browserTokens(key)
  const { accessToken, refreshToken } = server
  tokens.write({ accessToken, refreshToken, expiresAt: Date.now() + 7_200_000, owner: `${ME.kind}:${ME.id}` })
  const kefu = new Kefu({ tokens, onSignedOut: (error) => signedOut.push(error) })
  const realtime = new Realtime(kefu, options)
  const told = { states: [] as string[], messages: [] as Message[], recalls: [] as number[], errors: [] as KefuError[] }
  realtime.on('state', (state) => told.states.push(state))
  realtime.on('message', (message) => told.messages.push(message))
  realtime.on('recall', (message) => told.recalls.push(message.seq))
  realtime.on('error', (error) => told.errors.push(error))
  return { kefu, realtime, tokens, told, signedOut, conversation: realtime.conversation(SESSION) }
}

/** A client that is online with its conversation open. */
export async function talking(server: Server, options: RealtimeOptions = {}, key = 'tokens') {
  const all = client(server, options, key)
  all.realtime.start()
  void all.conversation.open()
  await pass(200)
  return all
}

/** The sequences of messages. */
export function seqs(messages: readonly Message[]): number[] {
  return messages.map((message) => message.seq)
}
