import type { NotificationFrame, Session, StatusUpdate } from '../generated/types.js'

/** The newest of everything that has versions: tells news from what is old, or comes twice. */
export class Knowledge {
  private readonly sessions = new Map<string, Session>()
  private readonly statuses = new Map<string, number>()
  private notification = ''

  /** A session as known last. */
  session(id: string): Session | undefined {
    return this.sessions.get(id)
  }

  /** The cursor of notifications. */
  get notificationId(): string | undefined {
    return this.notification || undefined
  }

  /** Whether a session is not older than what is known; the place in the queue changes within a version. */
  learnSession(session: Session): boolean {
    const known = this.sessions.get(session.id)
    if (known && known.version > session.version) return false
    this.sessions.set(session.id, session)
    return true
  }

  /** Whether a status is news. */
  learnStatus({ principal, version }: StatusUpdate): boolean {
    const key = `${principal?.kind}:${principal?.id}`
    if ((this.statuses.get(key) ?? -1) >= version) return false
    this.statuses.set(key, version)
    return true
  }

  /** Whether a notification is news. Ids are 64-bit integers as strings. */
  learnNotification({ notificationId }: NotificationFrame): boolean {
    const known = this.notification
    const longer = notificationId.length - known.length
    if (longer < 0 || (longer === 0 && notificationId <= known)) return false
    this.notification = notificationId
    return true
  }

  /** Forgets everything: the database is another one. */
  reset(): void {
    this.sessions.clear()
    this.statuses.clear()
    this.notification = ''
  }
}
