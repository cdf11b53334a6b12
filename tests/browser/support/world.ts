import { Kefu, type RegisterLink, type Team } from '@kefu/sdk'

import type { Server } from './server.ts'

/** The password that everybody here ends up with. */
export const PASSWORD = 'browser tests 2026'

/** Somebody of the staff. */
export interface Person {
  id: string
  username: string
  name: string
  kefu: Kefu
}

/** What a test works with: a team of its own, and who is in it. */
export class World {
  private count = 0

  private constructor(
    /** Where the pages are. */
    readonly origin: string,
    /** The administrator's calls. */
    readonly admin: Kefu,
    private readonly mark: string,
    /** The team. */
    readonly team: Team,
  ) {}

  /** Makes a team on a server whose administrator has changed the first password. */
  static async on(server: Server, admin: Kefu): Promise<World> {
    const mark = Math.random().toString(36).slice(2, 8)
    const team = await admin.createTeam({ name: `疾控产品组 ${mark}` })
    return new World(server.origin, admin, mark, team)
  }

  /** Makes a user with a role, who is in the team unless told otherwise, and has changed the first password. */
  async person(role: 'agent' | 'supervisor' | 'administrator', name: string, maxSessions = 5): Promise<Person> {
    const person = await this.newcomer(role, name, maxSessions)
    await person.kefu.login({ username: person.username, password: FIRST_PASSWORD })
    await person.kefu.changePassword({ oldPassword: FIRST_PASSWORD, newPassword: PASSWORD })
    await person.kefu.login({ username: person.username, password: PASSWORD })
    return person
  }

  /** Makes a user who has never logged in. */
  async newcomer(role: string, name: string, maxSessions = 5): Promise<Person> {
    const username = `${role}-${this.mark}-${++this.count}`
    const { list } = await this.admin.listRoles()
    const found = list.find((one) => one.code === role)
    if (!found) throw new Error(`no role ${role}`)
    const user = { username, name, password: FIRST_PASSWORD, roleIds: [found.id], maxSessions }
    const { id } = await this.admin.createUser(user)
    await this.admin.addTeamMembers({ id: this.team.id, userIds: [id] })
    return { id, username, name, kefu: new Kefu({ baseUrl: this.origin }) }
  }

  /** Makes a link by which customers come to the team; its address on this server. */
  async link(): Promise<string> {
    const { list } = await this.admin.createRegisterLinks({ teamId: this.team.id, expireHours: 1 })
    const link = list[0] as RegisterLink
    const { pathname, search } = new URL(link.url)
    return this.origin + pathname + search
  }

  /** The code that was last sent to a phone. */
  async code(phone: string): Promise<string> {
    const { list } = await this.admin.listSentMessages({ target: phone })
    const code = /\d{6}/.exec(list[0]?.content ?? '')?.[0]
    if (!code) throw new Error(`no code was sent to ${phone}`)
    return code
  }

  /** A customer who registers by the API and waits with a question. */
  async waiting(name: string, question: string): Promise<{ kefu: Kefu; sessionId: string; phone: string }> {
    const kefu = new Kefu({ baseUrl: this.origin })
    const phone = newPhone()
    const linkToken = new URL(await this.link()).searchParams.get('link') ?? ''
    await kefu.sendCode({ phone, purpose: 'REGISTER', linkToken })
    const code = await this.code(phone)
    const answer = await kefu.register({ linkToken, phone, code, name, institution: '朝阳区疾控中心', question })
    return { kefu, sessionId: answer.session?.id ?? '', phone }
  }
}

export const FIRST_PASSWORD = 'first password'

/** A phone number that nobody has used. */
export function newPhone(): string {
  return `139${String(Math.floor(Math.random() * 1e8)).padStart(8, '0')}`
}
