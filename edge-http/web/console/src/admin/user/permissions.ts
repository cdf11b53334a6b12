import { Permission } from '@kefu/sdk'

/** A noun, and what may be done with it. */
export interface PermissionGroup {
  group: string
  codes: string[]
}

/** All permission codes by their noun, in the order of the contract. */
export function permissionGroups(): PermissionGroup[] {
  const groups = new Map<string, string[]>()
  for (const code of Object.values(Permission)) {
    const group = code.split(':')[0] ?? code
    groups.set(group, [...(groups.get(group) ?? []), code])
  }
  return [...groups].map(([group, codes]) => ({ group, codes }))
}

/** The key of what a permission is called: `session:read` is `admin.permission.session.read`. */
export function permissionKey(code: string): string {
  return `admin.permission.${code.replace(':', '.')}`
}
