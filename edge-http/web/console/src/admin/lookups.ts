// What forms and filters choose from: teams, agents, roles, consultation types.
import { Permission, type Agent, type Role, type Team } from '@kefu/sdk'
import { shallowRef, type ShallowRef } from 'vue'

import { useAuth } from '../app/auth.ts'
import { kefu } from '../app/kefu.ts'
import { toastError } from '../app/notify.ts'
import { readAll } from '../table/readAll.ts'

/** Rows to choose from; empty until they are read, or where they may not be read. */
function lookup<Row>(permission: string, load: () => Promise<Row[]>): ShallowRef<Row[]> {
  const rows = shallowRef<Row[]>([])
  if (useAuth().may(permission)) load().then((list) => (rows.value = list), toastError)
  return rows
}

/** The teams. */
export function useTeams(): ShallowRef<Team[]> {
  return lookup(Permission.TEAM_READ, () => readAll((page) => kefu.listTeams({ ...page, sort: 'name' })))
}

/** The agents. */
export function useAgents(): ShallowRef<Agent[]> {
  return lookup(Permission.AGENT_READ, () => readAll((page) => kefu.listAgents(page)))
}

/** Somebody to choose. */
export interface Person {
  id: string
  name: string
}

/** Everybody who works here; for those who may not see users, the agents. */
export function usePeople(): ShallowRef<Person[]> {
  if (!useAuth().may(Permission.USER_READ)) {
    return lookup(Permission.AGENT_READ, async () => {
      const agents = await readAll((page) => kefu.listAgents(page))
      return agents.map((agent) => ({ id: agent.userId, name: agent.name }))
    })
  }
  return lookup(Permission.USER_READ, () =>
    readAll((page) => kefu.listUsers({ ...page, sort: 'name', status: 'ENABLED' })),
  )
}

/** The roles that users can have. */
export function useRoles(): ShallowRef<Role[]> {
  return lookup(Permission.ROLE_READ, async () => {
    const roles = await readAll((page) => kefu.listRoles(page))
    return roles.filter((role) => role.code !== 'customer')
  })
}

/** The consultation types, as they are stored and shown. */
export function useProblemTypes(): ShallowRef<{ value: string; label: string }[]> {
  return lookup(Permission.DICTIONARY_READ, async () => (await kefu.listDictionaryItems({ code: 'problem_type' })).list)
}
