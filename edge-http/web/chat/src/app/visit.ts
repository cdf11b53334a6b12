/** A customer's visit: where the customer stands, from the link to the rating. The server knows the truth; what is here
 *  is read anew whenever the page is opened. */
import type { Session, VerifyRegisterLinkResponse } from '@kefu/sdk'
import { reactive, watch } from 'vue'
import { kefu, reasonOf, signedOut } from './kefu.ts'
import { wording } from './wording.ts'
import { submitChosen } from '../steps/form/chosen.ts'
import { written } from './drafts.ts'
import { linkToken } from './link.ts'

/** What the page shows. */
export type Step = 'opening' | 'failed' | 'link' | 'form' | 'returning' | 'talk'

/** What is wrong with the link. */
export type LinkProblem = 'none' | 'invalid' | 'expired'

/** How long an unrated service is shown again when the customer comes back. */
const RATE_WITHIN_MS = 24 * 3600 * 1000

/** The visit as it stands. */
export const visit = reactive({
  step: 'opening' as Step,
  /** What could not be read, in words. */
  failure: '',
  linkProblem: 'none' as LinkProblem,
  link: null as VerifyRegisterLinkResponse | null,
  /** The session shown, or the last one of a returning customer. */
  session: null as Session | null,
  /** The queue had no room: the question was left as a message instead. */
  wasFull: false,
  /** The list of earlier sessions lies over the step. */
  history: false,
  /** The login had ended: the form says why it is there again. */
  wasSignedOut: false,
})

// While this tab itself signs in or out, it needs no telling.
let acting = false
let wasSignedIn = kefu.signedIn

/** Reads where the customer stands and shows that. */
export async function openVisit(quietly = false): Promise<void> {
  if (!quietly) visit.step = 'opening'
  visit.history = false
  try {
    const [link, sessions] = await Promise.all([readLink(), ownSessions()])
    visit.link = link
    place(sessions)
  } catch (error) {
    visit.failure = wording(error)
    visit.step = 'failed'
  }
}

function place(sessions: Session[]) {
  const open = sessions.find((session) => session.status !== 'CLOSED')
  const last = sessions[0] ?? null
  visit.session = open ?? last
  if (open || (last && awaitsRating(last))) visit.step = 'talk'
  else if (last) visit.step = 'returning'
  else visit.step = visit.link ? 'form' : 'link'
}

/** Whether the customer has been served of late and has not said how it was. */
function awaitsRating(session: Session): boolean {
  const closed = session.closeTime ? Date.now() - new Date(session.closeTime).getTime() : Infinity
  return session.assignTime !== null && session.rating === null && closed < RATE_WITHIN_MS
}

async function readLink(): Promise<VerifyRegisterLinkResponse | null> {
  const token = linkToken()
  visit.linkProblem = 'none'
  if (!token) return null
  try {
    return await kefu.verifyRegisterLink({ token })
  } catch (error) {
    const reason = reasonOf(error)
    if (reason === 'LINK_EXPIRED') visit.linkProblem = 'expired'
    else if (reason === 'LINK_INVALID' || reason === 'INVALID_ARGUMENT') visit.linkProblem = 'invalid'
    else throw error
    return null
  }
}

/** The customer's sessions, newest first; none without a login that still holds. */
async function ownSessions(): Promise<Session[]> {
  if (!kefu.signedIn) return []
  try {
    return (await kefu.listSessions({ size: 20, sort: '-createTime' })).list
  } catch (error) {
    const reason = reasonOf(error)
    if (reason !== 'UNAUTHENTICATED' && reason !== 'PERMISSION_DENIED') throw error
    visit.wasSignedOut = true
    return []
  }
}

/** Shows a session; of one session only a newer version. */
export function showSession(session: Session): void {
  const known = visit.session
  // What was still being written when it ended goes on in the next one.
  if (known?.status === 'CLOSED') written.move(known.id, session.id)
  if (known?.id === session.id && known.version > session.version) return
  visit.session = session
  visit.step = 'talk'
}

/** Takes over what the server says of the session shown. */
export function updateSession(session: Session): void {
  if (visit.session?.id === session.id) showSession(session)
}

/** The form as the server wants it. */
export interface Registration {
  name: string
  phone: string
  code: string
  institution: string
  position: string
  emergencyPhone: string
  problemType: string
  question: string
}

/** What becomes of the question: it waits for an agent, it is left as a message instead of waiting, or it is left with
 *  the form itself because the queue takes nobody. */
export type Manner = 'wait' | 'leave' | 'leaveAtOnce'

/** Registers the customer. */
export async function register(form: Registration, manner: Manner): Promise<void> {
  acting = true
  try {
    const question = manner === 'leave' ? '' : form.question
    const { session } = await kefu.register({ ...form, question, linkToken: linkToken() })
    visit.wasSignedOut = false
    visit.wasFull = manner !== 'leave' && session?.status === 'MESSAGE_LEFT'
    if (!session) return await openVisit()
    submitChosen(session.id)
    showSession(manner === 'leave' ? await leftInstead(session, form.question) : session)
  } finally {
    wasSignedIn = kefu.signedIn
    acting = false
  }
}

/** Leaves a message for a waiting session. An agent may have come a moment before: then it is simply said. */
async function leftInstead(session: Session, content: string): Promise<Session> {
  if (session.status === 'ACTIVE') {
    await kefu.sendMessage({ id: session.id, clientMsgId: `left-${session.id}-${session.version}`, content })
    return session
  }
  return kefu.leaveMessage({ id: session.id, content })
}

/** Leaves a message instead of waiting on. */
export async function leaveMessage(content: string): Promise<void> {
  if (visit.session) updateSession(await leftInstead(visit.session, content))
}

/** Asks again without the form. Where a message is given it is left instead of waiting for an agent. */
export async function askAgain(message = ''): Promise<void> {
  const request = {
    // What was not solved goes back to its team; who comes again, to the link's.
    teamId: (visit.step === 'returning' && visit.link?.teamId) || visit.session?.teamId,
    problemType: visit.link?.problemType || visit.session?.problemType || '',
  }
  if (!message) return showSession(await kefu.createSession(request))
  try {
    showSession(await leftInstead(await kefu.createSession(request), message))
  } catch (error) {
    if (reasonOf(error) !== 'QUEUE_FULL') throw error
    visit.wasFull = true
    showSession(await kefu.createSession({ ...request, question: message }))
  }
}

/** Forgets who was here, for somebody else on the same device. */
export async function changePerson(): Promise<void> {
  acting = true
  try {
    await kefu.logout()
  } catch {
    // Offline: the tokens are gone from here all the same.
  } finally {
    wasSignedIn = false
    acting = false
  }
  visit.session = null
  await openVisit()
}

/** Follows logins and logouts: of this tab by time, of the other tabs by what they do. */
export function followLogin(): void {
  watch(signedOut, () => {
    if (visit.step !== 'talk' && visit.step !== 'returning') return
    wasSignedIn = false
    visit.wasSignedOut = true
    visit.session = null
    void openVisit()
  })
  kefu.tokens.onChange?.(() => {
    if (acting || kefu.signedIn === wasSignedIn) return
    wasSignedIn = kefu.signedIn
    if (wasSignedIn || visit.step === 'talk' || visit.step === 'returning') void openVisit()
  })
}
