import type { Role } from '@kefu/sdk'
import { useI18n } from 'vue-i18n'

const PRESETS = ['administrator', 'supervisor', 'agent', 'customer']

/** What a role is called: the ones that came with Kefu are called so in each language. */
export function useRoleName(): (role: Pick<Role, 'code' | 'name' | 'preset'>) => string {
  const { t } = useI18n()
  return (role) => (role.preset && PRESETS.includes(role.code) ? t(`admin.roleName.${role.code}`) : role.name)
}
